/* SPDX-License-Identifier: MIT */

/* The numbers of messages, as an application sees them: session/session.h. */

#include "tests/unit/pair_world.h"

static bool delivered_to_watch(struct pair *pair)
{
	return pair->end[BATON_PHONE].delivered > 0;
}

static void messages_are_told_about_by_their_numbers(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
	static const struct baton_stream_id none = {BATON_CLASS_CONTROL, 3};
	uint64_t i;

	(void)state;
	assert_true(pair_bond(world));
	for (i = 0; i < 3; i++) {
		assert_true(baton_session_number(&phone->session, stream) == i);
		assert_int_equal(baton_session_send(&phone->session, stream,
						    (const uint8_t *)"a", 1, 0,
						    world->now_ms),
				 BATON_OK);
	}
	assert_int_equal(
		baton_session_begin(&phone->session, stream, 0, NULL, 0, 0),
		BATON_OK);
	assert_true(baton_session_number(&phone->session, stream) == 3);
	while (phone->delivered < 4)
		assert_true(pair_turn(world) || (world->now_ms += 50) < 60000);
	assert_true(baton_session_number(&phone->session, stream) == 4);
	assert_true(baton_session_number(&phone->session, none) == 0);
}

/* No number is given twice: a stream that used them up sends nothing. */
static void numbers_do_not_come_round(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
	const int at = BATON_STREAM_AT(BATON_CLASS_MESSAGE, 1);

	(void)state;
	assert_true(pair_bond(world));
	phone->session.outgoing.stream[at].next = BATON_MESSAGES_MAX - 1;
	phone->session.outgoing.stream[at].verified = BATON_MESSAGES_MAX - 1;
	world->end[BATON_WATCH].session.incoming.stream[at].messages =
		BATON_MESSAGES_MAX - 1;
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"a", 1, 0,
					    world->now_ms),
			 BATON_OK);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_true(phone->delivered == BATON_MESSAGES_MAX);
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"a", 1, 0,
					    world->now_ms),
			 BATON_ERR_EXHAUSTED);
	assert_int_equal(
		baton_session_begin(&phone->session, stream, 1, NULL, 0, 0),
		BATON_ERR_EXHAUSTED);
	assert_false(pair_closed(world));
}

static bool verified(struct pair *pair)
{
	const int at = BATON_STREAM_AT(BATON_CLASS_MESSAGE, 1);

	return pair->end[BATON_PHONE].session.outgoing.stream[at].verified > 0;
}

/* Else it would pass for delivered by what is told of the old numbers. */
static void
nothing_has_a_new_number_while_an_old_one_is_to_be_told(void **state)
{
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	phone->deaf = true;
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"a", 1, 0,
					    world->now_ms),
			 BATON_OK);
	assert_true(pair_run(world, verified, 60000));
	pair_down(world);
	pair_reboot(world, BATON_WATCH);
	pair_up(world);
	assert_true(pair_run(world, both_engines_secured, 60000));
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"b", 1, 0,
					    world->now_ms),
			 BATON_ERR_AGAIN);
	phone->deaf = false;
	pair_turn(world);
	assert_true(phone->delivered == 1);
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"b", 1, 0,
					    world->now_ms),
			 BATON_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(messages_are_told_about_by_their_numbers),
		T(numbers_do_not_come_round),
		T(nothing_has_a_new_number_while_an_old_one_is_to_be_told),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
