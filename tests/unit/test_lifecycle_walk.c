/* SPDX-License-Identifier: MIT */

/* What a peer sends, and what chance does (session/LIFECYCLE.md). */

#include "tests/unit/lifecycle_world.h"

/* A peer's frame that is dropped, and changes nothing. */
static void dropped(enum baton_role role, uint8_t code, const uint8_t *body,
		    size_t len, enum baton_err err)
{
	struct baton_lifecycle before = end[role].life;

	before.now_ms = now_ms;
	assert_int_equal(
		baton_lifecycle_rx(&end[role].life, code, body, len, now_ms),
		err);
	assert_memory_equal(&before, &end[role].life, sizeof(before));
}

static void bad_frames_change_nothing(void **state)
{
	static const uint8_t lens[6][2] = {{13, 21}, {40, 40}, {40, 40},
					   {12, 12}, {8, 8},   {9, 9}};
	uint8_t body[BATON_URGENT_BODY_MAX + 1];
	int role;
	size_t i, len;

	(void)state;
	memset(body, 1, sizeof(body));
	dropped(BATON_WATCH, 0x30, body, 21, BATON_ERR_PEER_STATE);
	activate();
	for (role = 0; role < 2; role++)
		for (i = 0; i < 6; i++)
			for (len = 0; len < sizeof(body); len++)
				if (len != lens[i][!role])
					dropped((enum baton_role)role,
						(uint8_t)(0x30 + i), body, len,
						BATON_ERR_PEER_FORMAT);
	dropped(BATON_PHONE, 0x36, body, 1, BATON_ERR_PEER_FORMAT);
	/* Twice, by the wrong side, of another session. */
	dropped(BATON_WATCH, 0x30, body, 21, BATON_ERR_PEER_STATE);
	dropped(BATON_PHONE, 0x30, body, 13, BATON_ERR_PEER_STATE);
	memset(body + 12, 0, 4);
	dropped(BATON_PHONE, 0x31, body, 40, BATON_ERR_PEER_STATE);
	dropped(BATON_PHONE, 0x32, body, 40, BATON_ERR_PEER_STATE);
	dropped(BATON_WATCH, 0x31, body, 40, BATON_ERR_PEER_AUTH);
	dropped(BATON_PHONE, 0x33, body, 12, BATON_ERR_PEER_STATE);
	dropped(BATON_WATCH, 0x33, body, 12, BATON_ERR_PEER_STATE);
	dropped(BATON_WATCH, 0x34, body, 8, BATON_ERR_PEER_STATE);
	dropped(BATON_PHONE, 0x34, body, 8, BATON_ERR_PEER_STATE);
	body[8] = 100;
	dropped(BATON_PHONE, 0x35, body, 9, BATON_ERR_PEER_FORMAT);
	body[8] = 255;
	dropped(BATON_PHONE, 0x35, body, 9, BATON_ERR_PEER_STATE);
	/* A life that is too long. */
	memset(body + 12, 0xff, 4);
	dropped(BATON_WATCH, 0x31, body, 40, BATON_ERR_PEER_FORMAT);
	both(BATON_LIFECYCLE_ACTIVE);
}

static void a_suspend_of_an_earlier_turn_is_dropped(void **state)
{
	uint8_t body[12];

	(void)state;
	activate();
	memcpy(body, phone->kept.id, 8);
	memset(body + 8, 0, 4);
	assert_int_equal(baton_lifecycle_suspend(phone, now_ms), BATON_OK);
	run();
	assert_int_equal(baton_lifecycle_resume(phone, now_ms), BATON_OK);
	run();
	dropped(BATON_PHONE, 0x33, body, sizeof(body), BATON_ERR_PEER_STATE);
	dropped(BATON_WATCH, 0x33, body, sizeof(body), BATON_ERR_PEER_STATE);
	both(BATON_LIFECYCLE_ACTIVE);
}

static uint32_t random_below(uint32_t n)
{
	static uint64_t x = 1;

	x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(x >> 33) % n;
}

/* Nobody is ACTIVE who has suspended, ended or revoked, or has no link. */
static void never_active_against_its_own_word(void)
{
	int role;

	for (role = 0; role < 2; role++) {
		const struct baton_lifecycle *life = &end[role].life;

		if (life->state != BATON_LIFECYCLE_ACTIVE)
			continue;
		assert_true(up);
		assert_int_equal(life->kept.suspended, 0);
		assert_true(life->kept.hold == BATON_LIFECYCLE_LIVE);
		assert_true(end[role].has_value);
	}
}

static void a_random_step(void)
{
	enum baton_role role = (enum baton_role)random_below(2);
	struct baton_lifecycle *life = &end[role].life;

	switch (random_below(14)) {
	case 0:
	case 1:
		(void)!baton_lifecycle_suspend(life, now_ms);
		break;
	case 2:
		(void)!baton_lifecycle_resume(life, now_ms);
		break;
	case 3:
		if (random_below(4) == 0)
			(void)!baton_lifecycle_end(life, now_ms);
		break;
	case 4:
		(void)!baton_lifecycle_approve(life, DAY_S, now_ms);
		break;
	case 5:
		if (up)
			link_down();
		break;
	case 6:
		reboot(role);
		break;
	case 7:
		end[role].stalls = !end[role].stalls;
		break;
	case 8:
	case 9:
		if (!up)
			link_up();
		break;
	default:
		(void)deliver(role);
		(void)serve(role);
		break;
	}
}

static void whatever_happens_both_come_to_the_same(void **state)
{
	enum baton_lifecycle_state s;
	unsigned int round, step;
	unsigned int came_to[BATON_LIFECYCLE_REVOKED + 1] = {0};

	for (round = 0; round < 3000; round++) {
		setup(state);
		for (step = 0; step < 60; step++) {
			a_random_step();
			never_active_against_its_own_word();
		}
		end[0].stalls = end[1].stalls = false;
		if (!up)
			link_up();
		run();
		s = baton_lifecycle_state(watch);
		/* What was suspended before the watch had heard of it. */
		if (phone->kept.hold == BATON_LIFECYCLE_OPENING) {
			assert_int_equal(phone->state,
					 BATON_LIFECYCLE_SUSPENDED);
			assert_int_not_equal(s, BATON_LIFECYCLE_ACTIVE);
			assert_int_equal(baton_lifecycle_resume(phone, now_ms),
					 BATON_OK);
			run();
			s = baton_lifecycle_state(watch);
		}
		if (s != baton_lifecycle_state(phone))
			fail_msg("round %u: %d, %d", round, s,
				 baton_lifecycle_state(phone));
		came_to[s]++;
	}
	assert_true(came_to[BATON_LIFECYCLE_ACTIVE] > 30);
	assert_true(came_to[BATON_LIFECYCLE_SUSPENDED] > 30);
	assert_true(came_to[BATON_LIFECYCLE_SECURED] > 30);
	assert_int_equal(came_to[BATON_LIFECYCLE_ACTIVE] +
				 came_to[BATON_LIFECYCLE_SUSPENDED] +
				 came_to[BATON_LIFECYCLE_SECURED],
			 3000);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bad_frames_change_nothing),
		T(a_suspend_of_an_earlier_turn_is_dropped),
		T(whatever_happens_both_come_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
