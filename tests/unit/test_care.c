/* SPDX-License-Identifier: MIT */

/* Advice for the link: session/SPEC.md 10. */

#include "session/care.h"
#include "tests/unit/pair_world.h"

static struct baton_care care[2]; /* by role */
static struct baton_care_advice advice;

static int setup(void **state)
{
	int i;

	setup_bonded(state);
	for (i = 0; i < 2; i++)
		baton_care_start(&care[i], &world->end[i].session,
				 world->now_ms);
	return 0;
}

static bool next(enum baton_role role)
{
	return baton_care_next(&care[role], &world->end[role].session,
			       world->now_ms, &advice);
}

/* The bearer says what the link is like now. */
static void set_facts(enum baton_role role, uint32_t interval_us, uint8_t phy)
{
	const struct baton_link_facts facts = {.mtu = world->mtu,
					       .ll_len = 251,
					       .interval_us = interval_us,
					       .phy = phy};

	baton_session_link_changed(&world->end[role].session, &facts);
}

/* To the deadline, and what is asked for there. */
static bool at_deadline(enum baton_role role)
{
	uint64_t due = baton_care_deadline(&care[role]);

	assert_true(due != UINT64_MAX && due >= world->now_ms);
	world->now_ms = due;
	return next(role);
}

static void a_quiet_link_may_sleep_after_5_s(void **state)
{
	uint64_t start = world->now_ms;

	(void)state;
	assert_false(next(BATON_PHONE));
	assert_true(at_deadline(BATON_PHONE));
	assert_int_equal(world->now_ms - start, 5000);
	assert_int_equal(advice.pace, BATON_CARE_IDLE);
	assert_int_equal(advice.interval_min_us, 180000);
	assert_int_equal(advice.latency, 4);
	/* It is so: nothing is to be done until something moves. */
	set_facts(BATON_PHONE, 195000, BATON_LINK_PHY_2M);
	assert_false(at_deadline(BATON_PHONE));
	assert_true(baton_care_deadline(&care[BATON_PHONE]) == UINT64_MAX);
}

static void bulk_wants_a_fast_link_at_once(void **state)
{
	(void)state;
	pair_send(world, BATON_PHONE, 100000);
	(void)pair_turn(world);
	assert_true(next(BATON_PHONE));
	assert_int_equal(advice.pace, BATON_CARE_FAST);
	assert_int_equal(advice.phy, BATON_LINK_PHY_2M);
	assert_int_equal(advice.ll_len, 251);
	assert_int_equal(advice.interval_max_us, 30000);
	assert_int_equal(advice.latency, 0);
	assert_false(next(BATON_PHONE));
}

static void a_receiver_of_bulk_wants_it_too(void **state)
{
	(void)state;
	pair_send(world, BATON_WATCH, 100000);
	while (world->end[BATON_PHONE].got_bytes < 50000)
		(void)pair_turn(world);
	assert_true(next(BATON_PHONE));
	assert_int_equal(advice.pace, BATON_CARE_FAST);
}

static void a_short_message_changes_nothing(void **state)
{
	(void)state;
	pair_send(world, BATON_PHONE, 200);
	while (pair_turn(world))
		assert_false(next(BATON_PHONE));
	assert_false(next(BATON_PHONE));
}

static void the_watch_leaves_the_phone_3_s(void **state)
{
	(void)state;
	pair_send(world, BATON_WATCH, 100000);
	(void)pair_turn(world);
	assert_false(next(BATON_WATCH));
	world->now_ms += 2999;
	assert_false(next(BATON_WATCH));
	world->now_ms++;
	assert_true(next(BATON_WATCH));
	assert_int_equal(advice.pace, BATON_CARE_FAST);
}

static void the_watch_asks_for_nothing_that_has_come(void **state)
{
	(void)state;
	pair_send(world, BATON_WATCH, 100000);
	(void)pair_turn(world);
	assert_false(next(BATON_WATCH));
	set_facts(BATON_WATCH, 30000, BATON_LINK_PHY_2M);
	world->now_ms += 3000;
	assert_false(next(BATON_WATCH));
}

static void what_does_not_come_is_asked_for_three_times(void **state)
{
	uint64_t start;
	int i;

	(void)state;
	assert_true(at_deadline(BATON_PHONE));
	start = world->now_ms;
	for (i = 0; i < 2; i++)
		assert_true(at_deadline(BATON_PHONE));
	assert_int_equal(world->now_ms - start, 10000);
	assert_true(baton_care_deadline(&care[BATON_PHONE]) == UINT64_MAX);
	world->now_ms += 1000000;
	assert_false(next(BATON_PHONE));
	/* Another pace is another matter. */
	pair_send(world, BATON_PHONE, 100000);
	(void)pair_turn(world);
	assert_true(next(BATON_PHONE));
	assert_int_equal(advice.pace, BATON_CARE_FAST);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(a_quiet_link_may_sleep_after_5_s),
		T(bulk_wants_a_fast_link_at_once),
		T(a_receiver_of_bulk_wants_it_too),
		T(a_short_message_changes_nothing),
		T(the_watch_leaves_the_phone_3_s),
		T(the_watch_asks_for_nothing_that_has_come),
		T(what_does_not_come_is_asked_for_three_times),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
