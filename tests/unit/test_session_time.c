/* SPDX-License-Identifier: MIT */

/* The caller's clock and the time of a link: session/SPEC.md 1.4. */

#include "tests/unit/pair_world.h"

static void a_link_of_49_days_is_ended(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	struct baton_event event;
	uint64_t late_ms;

	(void)state;
	assert_true(pair_bond(world));
	assert_false(pair_run(world, pair_closed, 5000));
	late_ms = world->now_ms + UINT32_MAX - 120000;
	baton_session_tick(watch, late_ms);
	assert_int_equal(watch->state, BATON_SESSION_SECURED);
	assert_false(baton_session_next_event(watch, &event, late_ms));
	/* Here its time in 32 bits would begin anew, and for years hereafter. */
	late_ms += UINT64_C(365) * 24 * 3600000;
	baton_session_tick(watch, late_ms);
	assert_true(baton_session_next_event(watch, &event, late_ms));
	assert_int_equal(event.type, BATON_EVENT_LINK_CLOSE);
	assert_int_equal(event.u.closed.err, BATON_ERR_TIMEOUT);
}

static void a_clock_may_begin_at_0(void **state)
{
	struct baton_link_facts facts = {.mtu = 247};
	struct baton_session *watch = &world->end[BATON_WATCH].session;

	(void)state;
	assert_int_equal(baton_session_link_up(watch, &facts, 0), BATON_OK);
	assert_int_equal(baton_session_deadline(watch), 30000);
	baton_session_tick(watch, 29999);
	assert_int_equal(watch->state, BATON_SESSION_HANDSHAKE);
}

static void a_slow_link_has_longer_to_be_secured(void **state)
{
	struct baton_link_facts facts = {.mtu = 247, .interval_us = 1000000};
	struct baton_session *watch = &world->end[BATON_WATCH].session;

	(void)state;
	assert_int_equal(baton_session_link_up(watch, &facts, 1000), BATON_OK);
	assert_int_equal(baton_session_deadline(watch), 31000 + 64000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(a_link_of_49_days_is_ended),
		T(a_clock_may_begin_at_0),
		T(a_slow_link_has_longer_to_be_secured),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
