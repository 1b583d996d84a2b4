/* SPDX-License-Identifier: MIT */

/* What messages leave in an engine's memory once their link is gone. */

#include "tests/unit/pair_world.h"

#define LEN 800

static const struct baton_stream_id streams[] = {{BATON_CLASS_MESSAGE, 1},
						 {BATON_CLASS_BULK, 1}};
static uint8_t message[LEN];

static int setup(void **state)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		message[i] = (uint8_t)(i * i / 3 + i);
	(void)setup_pair(state);
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	return 0;
}

/* Any 16 bytes of the message. */
static bool holds(const struct pair_end *end)
{
	const uint8_t *memory = end->memory;
	size_t len = end->session.memory_len, at, from;

	for (at = 0; at + 16 <= len; at++)
		for (from = 0; from + 16 <= LEN; from += 16)
			if (memcmp(memory + at, message + from, 16) == 0)
				return true;
	return false;
}

static void send_on(struct baton_stream_id stream)
{
	assert_int_equal(baton_session_send(&world->end[BATON_PHONE].session,
					    stream, message, LEN,
					    BATON_SEND_SECRET, world->now_ms),
			 BATON_OK);
	assert_true(holds(&world->end[BATON_PHONE]));
}

static void what_was_not_sent_yet_is_wiped(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		send_on(streams[i]);
		pair_down(world);
		assert_false(holds(&world->end[BATON_PHONE]));
		assert_true(pair_link(world));
		while (pair_turn(world))
			;
	}
}

static void what_came_in_the_first_flight_is_wiped(void **state)
{
	int deaf;

	(void)state;
	for (deaf = 0; deaf < 2; deaf++) {
		pair_down(world);
		send_on(streams[0]);
		world->end[BATON_WATCH].deaf = deaf;
		pair_up(world);
		(void)pair_run(world, pair_closed, 5000);
		assert_int_equal(world->kind, BATON_KIND_RESUME);
		assert_int_equal(world->end[BATON_WATCH].messages, 1);
		assert_true(!deaf || holds(&world->end[BATON_WATCH]));
		pair_down(world);
		assert_false(holds(&world->end[BATON_WATCH]));
		assert_false(holds(&world->end[BATON_PHONE]));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(what_was_not_sent_yet_is_wiped),
		T(what_came_in_the_first_flight_is_wiped),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
