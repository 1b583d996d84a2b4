/* SPDX-License-Identifier: MIT */

/* The ownership machine above two engines that talk to each other. */

#include "base/bytes.h"
#include "session/ownership.h"
#include "tests/unit/pair_world.h"

#define LEASE_MS 600000

static const uint8_t run_id[BATON_ACTIVITY_ID_LEN] = "workout";

struct side {
	struct baton_ownership own;
	struct baton_activity table[4];
	uint8_t state[64]; /* version and contents */
	uint64_t version;
	bool linked, asked, frozen;
};

static struct side side[2];

static void on_frame(struct pair_end *end, const struct baton_event *event)
{
	int role = (int)(end - world->end);

	(void)baton_ownership_rx(&side[role].own, event->u.frame.code,
				 event->u.frame.body, event->u.frame.len,
				 world->now_ms);
}

/* A state: its version, then what it is. */
static void on_message(struct pair_end *end, const struct baton_event *event)
{
	int role = (int)(end - world->end);

	assert_int_equal(event->u.message.len, 64);
	memcpy(side[role].state, event->u.message.bytes, 64);
	assert_int_equal(
		baton_ownership_state(&side[role].own, run_id,
				      baton_load_be64(side[role].state),
				      world->now_ms),
		BATON_OK);
}

static int setup(void **state)
{
	static const uint8_t seed[32] = {9}, bond[BATON_BOND_ID_LEN] = {7};
	int i;

	setup_bonded(state);
	for (i = 0; i < 2; i++) {
		memset(&side[i], 0, sizeof(side[i]));
		assert_int_equal(baton_ownership_init(&side[i].own,
						      (enum baton_role)i, bond,
						      side[i].table, 4, seed),
				 BATON_OK);
		world->end[i].on_frame = on_frame;
		world->end[i].on_message = on_message;
	}
	return 0;
}

static void send_state(int role, uint64_t version)
{
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};

	baton_store_be64(side[role].state, version);
	(void)!baton_session_send(&world->end[role].session, stream,
				  side[role].state, 64, 0, world->now_ms);
}

static void take_events(int role)
{
	struct baton_ownership_event event;
	struct side *s = &side[role];

	while (baton_ownership_next_event(&s->own, &event)) {
		if (event.type == BATON_OWNERSHIP_OFFERED)
			s->asked = true;
		if (event.type == BATON_OWNERSHIP_FREEZE)
			s->frozen = true;
		if (event.type == BATON_OWNERSHIP_FREEZE ||
		    event.type == BATON_OWNERSHIP_STATE)
			send_state(role, event.version);
	}
}

/* One turn of a caller's loop, as a program would have it. */
static bool loop(struct pair *pair)
{
	uint8_t code, body[BATON_FRAME_BODY_MAX];
	struct baton_store_op op;
	size_t len;
	int i;

	for (i = 0; i < 2; i++) {
		struct side *s = &side[i];
		bool linked =
			pair->end[i].session.state == BATON_SESSION_SECURED;

		if (s->linked != linked)
			baton_ownership_link(&s->own, linked, pair->now_ms);
		s->linked = linked;
		baton_ownership_tick(&s->own, pair->now_ms);
		while (baton_ownership_next_store_op(&s->own, &op))
			baton_ownership_stored(&s->own, op.id, BATON_OK,
					       pair->now_ms);
		take_events(i);
		if (s->asked &&
		    !baton_ownership_accept(&s->own, run_id, pair->now_ms))
			s->asked = false;
		if (s->frozen &&
		    !baton_ownership_release(&s->own, run_id, pair->now_ms))
			s->frozen = false;
		while (linked && baton_ownership_tx(&s->own, &code, body, &len,
						    pair->now_ms))
			(void)!baton_session_frame(&pair->end[i].session, code,
						   body, len);
	}
	assert_false(
		baton_ownership_may_act(&side[0].own, run_id, pair->now_ms) &&
		baton_ownership_may_act(&side[1].own, run_id, pair->now_ms));
	return false;
}

static bool phone_acts(struct pair *pair)
{
	loop(pair);
	return baton_ownership_may_act(&side[BATON_PHONE].own, run_id,
				       pair->now_ms) &&
	       baton_ownership_hold(&side[BATON_WATCH].own, run_id) ==
		       BATON_HOLD_NONE;
}

static bool watch_acts(struct pair *pair)
{
	loop(pair);
	return baton_ownership_may_act(&side[BATON_WATCH].own, run_id,
				       pair->now_ms);
}

/* pair_run() goes from deadline to deadline of the engines; there are others. */
static bool run(bool (*done)(struct pair *pair), uint64_t limit_ms)
{
	uint64_t limit = world->now_ms + limit_ms;
	int i;

	while (!done(world) && world->now_ms < limit) {
		if (pair_turn(world))
			continue;
		world->now_ms += 10;
		for (i = 0; i < 2; i++)
			baton_session_tick(&world->end[i].session,
					   world->now_ms);
	}
	return done(world);
}

static void begin_on_the_watch(void)
{
	memset(side[BATON_WATCH].state, 'w', 64);
	assert_int_equal(baton_ownership_begin(&side[BATON_WATCH].own, run_id,
					       world->now_ms),
			 BATON_OK);
	loop(world);
	assert_true(watch_acts(world));
	assert_int_equal(baton_ownership_offer(&side[BATON_WATCH].own, run_id,
					       0, NULL, 0, world->now_ms),
			 BATON_OK);
}

static void an_activity_goes_over_a_link_and_back(void **state)
{
	(void)state;
	begin_on_the_watch();
	assert_true(run(phone_acts, 5000));
	assert_memory_equal(side[BATON_PHONE].state + 8,
			    side[BATON_WATCH].state + 8, 56);
	memset(side[BATON_PHONE].state, 'p', 64);
	assert_int_equal(baton_ownership_offer(&side[BATON_PHONE].own, run_id,
					       LEASE_MS, NULL, 0,
					       world->now_ms),
			 BATON_OK);
	assert_true(run(watch_acts, 5000));
	assert_int_equal(side[BATON_WATCH].state[20], 'p');
	assert_int_equal(baton_ownership_offer(&side[BATON_WATCH].own, run_id,
					       0, NULL, 0, world->now_ms),
			 BATON_OK);
	assert_true(run(phone_acts, 5000));
}

/* The link goes after so many PDUs, wherever in the handoff that is. */
static uint64_t cut_at;

static bool phone_acts_though_cut(struct pair *pair)
{
	if (cut_at && pair->pdus >= cut_at) {
		cut_at = 0;
		pair_down(pair);
		loop(pair);
		pair_up(pair);
	}
	return phone_acts(pair);
}

static void a_link_may_go_at_any_moment_of_it(void **state)
{
	uint64_t after;

	for (after = 1; after < 12; after++) {
		begin_on_the_watch();
		cut_at = world->pdus + after;
		assert_true(run(phone_acts_though_cut, 60000));
		assert_memory_equal(side[BATON_PHONE].state + 8,
				    side[BATON_WATCH].state + 8, 56);
		teardown_pair(state);
		setup(state);
	}
}

static void a_lossy_link_only_takes_longer(void **state)
{
	(void)state;
	world->drop_ppm = 200000;
	world->dup_ppm = 100000;
	world->swap_ppm = 100000;
	begin_on_the_watch();
	assert_true(run(phone_acts, 60000));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_activity_goes_over_a_link_and_back),
		T(a_link_may_go_at_any_moment_of_it),
		T(a_lossy_link_only_takes_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
