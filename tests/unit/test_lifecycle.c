/* SPDX-License-Identifier: MIT */

/* The session of a bond (session/LIFECYCLE.md). */

#include "base/bytes.h"
#include "tests/unit/lifecycle_world.h"

static void ended(enum baton_role role, enum baton_lifecycle_reason reason,
		  bool by_peer)
{
	const struct baton_lifecycle_event *last =
		&end[role].last[BATON_LIFECYCLE_EVENT_ENDED];

	assert_int_equal(end[role].told[BATON_LIFECYCLE_EVENT_ENDED], 1);
	assert_int_equal(last->reason, reason);
	assert_int_equal(last->by_peer, by_peer);
}

/* The session is over on both, the phone asks, and goes on with a new one. */
static void asks_and_goes_on(enum baton_lifecycle_reason reason)
{
	struct end *e = &end[BATON_PHONE];
	uint8_t before[BATON_LIFECYCLE_ID_LEN];

	memcpy(before, phone->kept.id, sizeof(before));
	both(BATON_LIFECYCLE_SECURED);
	assert_true(e->told[BATON_LIFECYCLE_EVENT_AUTHENTICATE] > 0);
	assert_int_equal(e->last[BATON_LIFECYCLE_EVENT_AUTHENTICATE].reason,
			 reason);
	relink();
	both(BATON_LIFECYCLE_SECURED);
	assert_int_equal(baton_lifecycle_approve(watch, DAY_S, now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(baton_lifecycle_approve(phone, DAY_S, now_ms),
			 BATON_OK);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
	assert_memory_not_equal(before, phone->kept.id, sizeof(before));
	assert_memory_equal(watch->kept.id, phone->kept.id, sizeof(before));
}

static void it_begins_with_the_bond(void **state)
{
	struct baton_lifecycle life;

	(void)state;
	baton_lifecycle_init(&life, BATON_WATCH, &end[0].device, end[0].value);
	assert_int_equal(life.state, BATON_LIFECYCLE_UNPAIRED);
	baton_lifecycle_pairing(&life, true);
	assert_int_equal(life.state, BATON_LIFECYCLE_PAIRING);
	baton_lifecycle_pairing(&life, false);
	assert_int_equal(life.state, BATON_LIFECYCLE_UNPAIRED);
	assert_int_equal(baton_lifecycle_suspend(&life, 0), BATON_ERR_STATE);
	assert_int_equal(baton_lifecycle_revoke(&life, 0), BATON_ERR_STATE);
	assert_int_equal(baton_lifecycle_bond(&life, bond[0]), BATON_OK);
	assert_int_equal(life.state, BATON_LIFECYCLE_BONDED);
	assert_int_equal(baton_lifecycle_bond(&life, bond[0]), BATON_ERR_STATE);
	baton_lifecycle_connecting(&life);
	assert_int_equal(life.state, BATON_LIFECYCLE_CONNECTING);
	baton_lifecycle_link(&life, true, 0, 0);
	assert_int_equal(life.state, BATON_LIFECYCLE_SECURED);
	baton_lifecycle_link(&life, false, 0, 0);
	assert_int_equal(life.state, BATON_LIFECYCLE_BONDED);
}

static void the_pairing_is_consent_for_the_first_session(void **state)
{
	(void)state;
	activate();
	assert_int_equal(end[0].told[BATON_LIFECYCLE_EVENT_ACTIVE], 1);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_ACTIVE], 1);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_AUTHENTICATE], 0);
	assert_int_equal(baton_lifecycle_left_s(phone, now_ms),
			 BATON_LIFE_DEFAULT_S);
	assert_int_equal(end[0].peer_errors + end[1].peer_errors, 0);
}

static void it_goes_on_without_a_person(void **state)
{
	uint8_t id[BATON_LIFECYCLE_ID_LEN];
	unsigned int writes;

	(void)state;
	activate();
	memcpy(id, watch->kept.id, sizeof(id));
	writes = end[0].writes + end[1].writes;
	relink();
	both(BATON_LIFECYCLE_ACTIVE);
	reboot(BATON_WATCH);
	activate();
	reboot(BATON_PHONE);
	activate();
	assert_memory_equal(id, watch->kept.id, sizeof(id));
	assert_memory_equal(id, phone->kept.id, sizeof(id));
	assert_int_equal(end[0].writes + end[1].writes, writes);
}

static void nothing_is_active_before_it_is_durable(void **state)
{
	(void)state;
	end[BATON_PHONE].stalls = true;
	link_up();
	run();
	both(BATON_LIFECYCLE_SECURED);
	assert_false(end[BATON_WATCH].op_out);
	end[BATON_PHONE].stalls = false;
	end[BATON_WATCH].stalls = true;
	run();
	both(BATON_LIFECYCLE_SECURED);
	end[BATON_WATCH].stalls = false;
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static void an_open_that_was_lost_makes_one_session(void **state)
{
	uint8_t id[BATON_LIFECYCLE_ID_LEN];

	(void)state;
	/* The watch has it, and its answer is lost. */
	end[BATON_WATCH].stalls = true;
	link_up();
	run();
	link_down();
	end[BATON_WATCH].stalls = false;
	run();
	assert_int_equal(watch->kept.hold, BATON_LIFECYCLE_LIVE);
	assert_int_equal(phone->kept.hold, BATON_LIFECYCLE_OPENING);
	memcpy(id, watch->kept.id, sizeof(id));
	reboot(BATON_PHONE);
	activate();
	assert_memory_equal(id, phone->kept.id, sizeof(id));
	assert_int_equal(phone->kept.hold, BATON_LIFECYCLE_LIVE);
}

static void the_key_is_of_the_session_and_the_link(void **state)
{
	uint8_t channel[32] = {1}, w[32], p[32], other[32];

	(void)state;
	assert_int_equal(baton_lifecycle_key(watch, channel, w),
			 BATON_ERR_STATE);
	activate();
	assert_int_equal(baton_lifecycle_key(watch, channel, w), BATON_OK);
	assert_int_equal(baton_lifecycle_key(phone, channel, p), BATON_OK);
	assert_memory_equal(w, p, 32);
	channel[0] = 2;
	assert_int_equal(baton_lifecycle_key(phone, channel, other), BATON_OK);
	assert_memory_not_equal(p, other, 32);
	channel[0] = 1;
	assert_int_equal(baton_lifecycle_end(phone, now_ms), BATON_OK);
	run();
	asks_and_goes_on(BATON_LIFECYCLE_PERSON);
	assert_int_equal(baton_lifecycle_key(phone, channel, other), BATON_OK);
	assert_memory_not_equal(p, other, 32);
}

static void a_suspend_holds_at_once_on_both(void **state)
{
	int role;

	for (role = 0; role < 2; role++) {
		setup(state);
		activate();
		end[0].stalls = end[1].stalls = true;
		assert_int_equal(
			baton_lifecycle_suspend(&end[role].life, now_ms),
			BATON_OK);
		assert_int_equal(end[role].life.state,
				 BATON_LIFECYCLE_SUSPENDED);
		run();
		both(BATON_LIFECYCLE_SUSPENDED);
		assert_int_equal(end[0].told[BATON_LIFECYCLE_EVENT_SUSPENDED],
				 1);
		assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_SUSPENDED],
				 1);
		assert_true(end[!role]
				    .last[BATON_LIFECYCLE_EVENT_SUSPENDED]
				    .by_peer);
		assert_int_equal(
			baton_lifecycle_suspend(&end[role].life, now_ms),
			BATON_ERR_STATE);
	}
}

static enum baton_err suspend_of_turn(uint32_t turn)
{
	uint8_t body[BATON_LIFECYCLE_ID_LEN + 4];

	memcpy(body, phone->kept.id, BATON_LIFECYCLE_ID_LEN);
	baton_store_be32(body + BATON_LIFECYCLE_ID_LEN, turn);
	return baton_lifecycle_rx(phone, 0x33, body, sizeof(body), now_ms);
}

static void a_watch_cannot_use_up_the_turns(void **state)
{
	(void)state;
	activate();
	(void)suspend_of_turn(UINT32_MAX);
	assert_int_equal(phone->state, BATON_LIFECYCLE_ACTIVE);
	assert_int_equal(suspend_of_turn(1), BATON_OK);
	assert_int_equal(baton_lifecycle_resume(phone, now_ms), BATON_OK);
	assert_int_equal(phone->kept.turn, 2);
}

static void a_watch_cannot_wear_the_store_out_by_turns(void **state)
{
	unsigned int writes;
	uint32_t turn;

	(void)state;
	activate();
	writes = end[BATON_PHONE].writes;
	for (turn = 0; turn < 100; turn++) {
		(void)suspend_of_turn(turn);
		(void)serve(BATON_PHONE);
	}
	assert_int_equal(end[BATON_PHONE].writes, writes + 1);
}

static void a_phone_cannot_wear_the_store_out_by_turns(void **state)
{
	unsigned int i;

	(void)state;
	activate();
	for (i = 0; i < 100; i++) {
		assert_int_equal(baton_lifecycle_suspend(phone, now_ms),
				 BATON_OK);
		run();
		assert_int_equal(baton_lifecycle_resume(phone, now_ms),
				 BATON_OK);
		run();
	}
	assert_int_equal(end[BATON_WATCH].writes, 8);
	/* What was said last is kept, and told, as soon as it may be. */
	now_ms = baton_lifecycle_deadline(watch);
	assert_in_range(now_ms, 1001, 2000);
	baton_lifecycle_tick(watch, now_ms);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static void a_suspended_session_outlives_links_and_reboots(void **state)
{
	int role;

	for (role = 0; role < 2; role++) {
		setup(state);
		activate();
		assert_int_equal(
			baton_lifecycle_suspend(&end[role].life, now_ms),
			BATON_OK);
		run();
		relink();
		both(BATON_LIFECYCLE_SUSPENDED);
		reboot(BATON_WATCH);
		reboot(BATON_PHONE);
		both(BATON_LIFECYCLE_SUSPENDED);
		link_up();
		run();
		both(BATON_LIFECYCLE_SUSPENDED);
		assert_int_equal(baton_lifecycle_resume(phone, now_ms),
				 BATON_OK);
		run();
		both(BATON_LIFECYCLE_ACTIVE);
		relink();
		both(BATON_LIFECYCLE_ACTIVE);
	}
}

static void the_watch_asks_and_the_phone_resumes(void **state)
{
	(void)state;
	activate();
	assert_int_equal(baton_lifecycle_resume(watch, now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(baton_lifecycle_suspend(watch, now_ms), BATON_OK);
	run();
	assert_int_equal(baton_lifecycle_resume(watch, now_ms), BATON_OK);
	run();
	both(BATON_LIFECYCLE_SUSPENDED);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_ASKED], 1);
	assert_int_equal(baton_lifecycle_resume(phone, now_ms), BATON_OK);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static void what_was_said_apart_is_put_in_order(void **state)
{
	(void)state;
	activate();
	link_down();
	/* The watch suspended last: it stands. */
	assert_int_equal(baton_lifecycle_suspend(watch, now_ms), BATON_OK);
	link_up();
	run();
	both(BATON_LIFECYCLE_SUSPENDED);
	/* The phone resumed after that: the watch hears it on the next link. */
	link_down();
	assert_int_equal(baton_lifecycle_resume(phone, now_ms), BATON_OK);
	expect(BATON_LIFECYCLE_SUSPENDED, BATON_LIFECYCLE_BONDED);
	run();
	reboot(BATON_PHONE);
	link_up();
	run();
	both(BATON_LIFECYCLE_ACTIVE);
	link_down();
	assert_int_equal(baton_lifecycle_suspend(phone, now_ms), BATON_OK);
	link_up();
	run();
	both(BATON_LIFECYCLE_SUSPENDED);
}

/* What hangs on the session has lost its link on the phone: here as well. */
static void a_suspension_that_was_over_before_it_was_heard_is_told(void **state)
{
	int i;

	(void)state;
	activate();
	assert_int_equal(baton_lifecycle_suspend(phone, now_ms), BATON_OK);
	assert_int_equal(baton_lifecycle_resume(phone, now_ms), BATON_OK);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
	for (i = 0; i < 2; i++) {
		assert_int_equal(end[i].told[BATON_LIFECYCLE_EVENT_SUSPENDED],
				 1);
		assert_int_equal(end[i].told[BATON_LIFECYCLE_EVENT_ACTIVE], 2);
	}
	assert_int_equal(end[0].peer_errors + end[1].peer_errors, 0);
}

static void a_resume_is_durable_before_it_is_said(void **state)
{
	(void)state;
	activate();
	assert_int_equal(baton_lifecycle_suspend(watch, now_ms), BATON_OK);
	run();
	end[BATON_PHONE].stalls = true;
	assert_int_equal(baton_lifecycle_resume(phone, now_ms), BATON_OK);
	run();
	expect(BATON_LIFECYCLE_SUSPENDED, BATON_LIFECYCLE_SECURED);
	end[BATON_PHONE].stalls = false;
	end[BATON_WATCH].stalls = true;
	run();
	expect(BATON_LIFECYCLE_SECURED, BATON_LIFECYCLE_SECURED);
	end[BATON_WATCH].stalls = false;
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static void either_ends_it_at_once(void **state)
{
	int role;

	for (role = 0; role < 2; role++) {
		setup(state);
		activate();
		end[role].stalls = true;
		assert_int_equal(baton_lifecycle_end(&end[role].life, now_ms),
				 BATON_OK);
		assert_int_equal(end[role].life.state, BATON_LIFECYCLE_CLOSING);
		run();
		ended((enum baton_role)role, BATON_LIFECYCLE_PERSON, false);
		ended((enum baton_role) !role, BATON_LIFECYCLE_PERSON, true);
		end[role].stalls = false;
		run();
		assert_int_equal(baton_lifecycle_end(&end[role].life, now_ms),
				 BATON_ERR_STATE);
		asks_and_goes_on(BATON_LIFECYCLE_PERSON);
	}
}

static void an_end_said_apart_is_said_until_it_is_heard(void **state)
{
	int role;

	for (role = 0; role < 2; role++) {
		setup(state);
		activate();
		link_down();
		assert_int_equal(baton_lifecycle_end(&end[role].life, now_ms),
				 BATON_OK);
		run();
		reboot((enum baton_role)role);
		assert_int_equal(end[role].life.state, BATON_LIFECYCLE_CLOSING);
		link_up();
		run();
		ended((enum baton_role) !role, BATON_LIFECYCLE_PERSON, true);
		asks_and_goes_on(BATON_LIFECYCLE_PERSON);
	}
}

static void both_may_end_it_at_the_same_time(void **state)
{
	(void)state;
	activate();
	assert_int_equal(baton_lifecycle_end(watch, now_ms), BATON_OK);
	assert_int_equal(baton_lifecycle_end(phone, now_ms), BATON_OK);
	run();
	asks_and_goes_on(BATON_LIFECYCLE_PERSON);
}

static void another_context_wants_consent(void **state)
{
	unsigned int what;

	for (what = 0; what < 6; what++) {
		struct end *e = &end[what / 3];

		setup(state);
		activate();
		switch (what % 3) {
		case 0:
			e->device.type ^= 1;
			break;
		case 1:
			e->device.version++;
			break;
		case 2:
			e->device.build[7] ^= 1;
			break;
		}
		reboot((enum baton_role)(what / 3));
		link_up();
		run();
		ended(BATON_PHONE, BATON_LIFECYCLE_CHANGED, false);
		ended(BATON_WATCH, BATON_LIFECYCLE_CHANGED, true);
		asks_and_goes_on(BATON_LIFECYCLE_CHANGED);
	}
}

static void a_store_put_back_wants_consent(void **state)
{
	(void)state;
	activate();
	link_down();
	link_up();
	baton_lifecycle_rolled_back(watch, now_ms);
	baton_lifecycle_rolled_back(phone, now_ms);
	run();
	ended(BATON_PHONE, BATON_LIFECYCLE_RESTORED, false);
	asks_and_goes_on(BATON_LIFECYCLE_RESTORED);
}

static void a_store_put_back_to_before_it_wants_consent(void **state)
{
	(void)state;
	activate();
	end[BATON_PHONE].has_value = false;
	reboot(BATON_PHONE);
	link_up();
	baton_lifecycle_rolled_back(phone, now_ms);
	run();
	assert_int_equal(phone->state, BATON_LIFECYCLE_SECURED);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_AUTHENTICATE], 1);
	relink();
	assert_int_equal(phone->state, BATON_LIFECYCLE_SECURED);
	assert_int_equal(baton_lifecycle_approve(phone, DAY_S, now_ms),
			 BATON_OK);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static void a_watch_that_lost_it_wants_consent(void **state)
{
	(void)state;
	activate();
	end[BATON_WATCH].has_value = false;
	reboot(BATON_WATCH);
	link_up();
	run();
	ended(BATON_PHONE, BATON_LIFECYCLE_RESTORED, true);
	asks_and_goes_on(BATON_LIFECYCLE_RESTORED);
}

static void a_wall_time_before_its_beginning_wants_consent(void **state)
{
	(void)state;
	activate();
	wall_s = WALL_S - DAY_S + 1;
	relink();
	both(BATON_LIFECYCLE_ACTIVE);
	wall_s--;
	relink();
	ended(BATON_PHONE, BATON_LIFECYCLE_TIME, false);
	asks_and_goes_on(BATON_LIFECYCLE_TIME);
}

static void a_value_that_cannot_be_read_wants_consent(void **state)
{
	char key[BATON_BOND_KEY_LEN];
	uint8_t seed[BATON_DRBG_SEED_LEN] = {99};

	(void)state;
	activate();
	link_down();
	baton_bond_key("sess/", bond[BATON_PHONE], key);
	end[BATON_PHONE].value[0] ^= 1;
	baton_lifecycle_init(phone, BATON_PHONE, &end[1].device, seed);
	assert_int_equal(baton_lifecycle_bond(phone, bond[1]), BATON_OK);
	assert_int_equal(baton_lifecycle_load(phone, "own/1", end[1].value,
					      BATON_LIFECYCLE_LEN, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_lifecycle_load(phone, key, end[1].value,
					      BATON_LIFECYCLE_LEN, now_ms),
			 BATON_ERR_ARG);
	link_up();
	run();
	assert_int_equal(phone->state, BATON_LIFECYCLE_SECURED);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_AUTHENTICATE], 1);
	assert_int_equal(baton_lifecycle_approve(phone, DAY_S, now_ms),
			 BATON_OK);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static void a_life_ends(void **state)
{
	(void)state;
	activate();
	wait_ms(BATON_LIFE_DEFAULT_S * UINT64_C(1000) * 7 / 8 - 1);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_EXPIRES], 0);
	wait_ms(1);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_EXPIRES], 1);
	wait_ms(BATON_LIFE_DEFAULT_S * UINT64_C(1000) / 8 - 1);
	both(BATON_LIFECYCLE_ACTIVE);
	assert_int_equal(baton_lifecycle_deadline(phone), now_ms + 1);
	wait_ms(1);
	ended(BATON_PHONE, BATON_LIFECYCLE_LIFE, false);
	asks_and_goes_on(BATON_LIFECYCLE_LIFE);
}

static void a_life_is_renewed_at_both(void **state)
{
	(void)state;
	activate();
	wait_ms(BATON_LIFE_DEFAULT_S * UINT64_C(900));
	assert_int_equal(baton_lifecycle_renew(watch, DAY_S, 0, now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(baton_lifecycle_renew(phone, BATON_LIFE_MAX_S + 1,
					       wall_s, now_ms),
			 BATON_ERR_ARG);
	assert_int_equal(baton_lifecycle_renew(phone, BATON_LIFE_DEFAULT_S,
					       wall_s, now_ms),
			 BATON_OK);
	run();
	both(BATON_LIFECYCLE_ACTIVE);
	wait_ms(BATON_LIFE_DEFAULT_S * UINT64_C(900));
	both(BATON_LIFECYCLE_ACTIVE);
	assert_true(baton_lifecycle_left_s(watch, now_ms) > 0);
	wait_ms(BATON_LIFE_DEFAULT_S * UINT64_C(100));
	both(BATON_LIFECYCLE_SECURED);
}

static void a_reboot_does_not_lengthen_a_life(void **state)
{
	uint32_t left;

	(void)state;
	activate();
	wait_ms(100 * HOUR_MS);
	left = baton_lifecycle_left_s(phone, now_ms);
	reboot(BATON_PHONE);
	assert_in_range(baton_lifecycle_left_s(phone, now_ms), left,
			left + 3600);
	/* What the phone did not count while it was off, its wall time did. */
	wall_s += BATON_LIFE_DEFAULT_S;
	link_up();
	run();
	ended(BATON_PHONE, BATON_LIFECYCLE_LIFE, false);
	both(BATON_LIFECYCLE_SECURED);
}

static void a_clock_that_runs_backwards_lengthens_no_life(void **state)
{
	uint32_t left;

	(void)state;
	activate();
	now_ms = 10 * HOUR_MS;
	wait_ms(HOUR_MS);
	left = baton_lifecycle_left_s(phone, now_ms);
	now_ms = 0;
	wait_ms(1000);
	assert_in_range(baton_lifecycle_left_s(phone, now_ms), left - 2, left);
}

static void a_revoke_holds_at_once_and_deletes(void **state)
{
	int role;

	for (role = 0; role < 2; role++) {
		struct end *e = &end[role];

		setup(state);
		activate();
		e->stalls = true;
		assert_int_equal(baton_lifecycle_revoke(&e->life, now_ms),
				 BATON_OK);
		assert_int_equal(e->life.state, BATON_LIFECYCLE_REVOKED);
		run();
		assert_int_equal(e->told[BATON_LIFECYCLE_EVENT_REVOKE], 1);
		assert_int_equal(e->told[BATON_LIFECYCLE_EVENT_REVOKED], 0);
		e->stalls = false;
		run();
		assert_int_equal(e->told[BATON_LIFECYCLE_EVENT_REVOKED], 1);
		assert_false(e->has_value);
		baton_lifecycle_link(&e->life, true, wall_s, now_ms);
		run();
		assert_int_equal(e->life.state, BATON_LIFECYCLE_REVOKED);
		assert_int_equal(baton_lifecycle_revoke(&e->life, now_ms),
				 BATON_ERR_STATE);
	}
}

static void a_revoke_outlives_a_write_that_is_out(void **state)
{
	(void)state;
	activate();
	end[BATON_WATCH].stalls = true;
	assert_int_equal(baton_lifecycle_suspend(watch, now_ms), BATON_OK);
	run();
	assert_true(end[BATON_WATCH].op_out);
	assert_int_equal(baton_lifecycle_revoke(watch, now_ms), BATON_OK);
	end[BATON_WATCH].stalls = false;
	run();
	assert_false(end[BATON_WATCH].has_value);
	assert_int_equal(end[0].told[BATON_LIFECYCLE_EVENT_REVOKED], 1);
}

static void a_write_that_failed_is_asked_for_again(void **state)
{
	(void)state;
	end[BATON_PHONE].fails = true;
	link_up();
	run();
	both(BATON_LIFECYCLE_SECURED);
	assert_int_equal(end[1].told[BATON_LIFECYCLE_EVENT_STORE_FAILED], 1);
	end[BATON_PHONE].fails = false;
	assert_int_equal(baton_lifecycle_deadline(phone), now_ms + 1000);
	wait_ms(1000);
	both(BATON_LIFECYCLE_ACTIVE);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_begins_with_the_bond),
		T(the_pairing_is_consent_for_the_first_session),
		T(it_goes_on_without_a_person),
		T(nothing_is_active_before_it_is_durable),
		T(an_open_that_was_lost_makes_one_session),
		T(the_key_is_of_the_session_and_the_link),
		T(a_suspend_holds_at_once_on_both),
		T(a_watch_cannot_use_up_the_turns),
		T(a_watch_cannot_wear_the_store_out_by_turns),
		T(a_phone_cannot_wear_the_store_out_by_turns),
		T(a_suspended_session_outlives_links_and_reboots),
		T(the_watch_asks_and_the_phone_resumes),
		T(what_was_said_apart_is_put_in_order),
		T(a_suspension_that_was_over_before_it_was_heard_is_told),
		T(a_resume_is_durable_before_it_is_said),
		T(either_ends_it_at_once),
		T(an_end_said_apart_is_said_until_it_is_heard),
		T(both_may_end_it_at_the_same_time),
		T(another_context_wants_consent),
		T(a_store_put_back_wants_consent),
		T(a_store_put_back_to_before_it_wants_consent),
		T(a_watch_that_lost_it_wants_consent),
		T(a_wall_time_before_its_beginning_wants_consent),
		T(a_value_that_cannot_be_read_wants_consent),
		T(a_life_ends),
		T(a_life_is_renewed_at_both),
		T(a_reboot_does_not_lengthen_a_life),
		T(a_clock_that_runs_backwards_lengthens_no_life),
		T(a_revoke_holds_at_once_and_deletes),
		T(a_revoke_outlives_a_write_that_is_out),
		T(a_write_that_failed_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
