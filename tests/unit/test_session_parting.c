/* SPDX-License-Identifier: MIT */

/* The last word of a link that ends: session/SPEC.md 2. */

#include "session/internal.h"
#include "tests/unit/pair_world.h"

static int setup(void **state)
{
	int i;

	(void)setup_pair(state);
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_pairing_open(
					 &world->end[i].session, world->now_ms),
				 BATON_OK);
	pair_up(world);
	return 0;
}

/* As after a flight that it cannot take. */
static void part(struct pair_end *end)
{
	const struct baton_reply reply = {
		.number = BATON_FLIGHT_REJECT, .bytes = {1, 1, 4}, .len = 3};

	session_send_reply(&end->session, &reply);
	session_clock(&end->session, world->now_ms);
	session_part(&end->session, BATON_ERR_REFUSED);
}

static void two_that_part_do_not_answer_each_other(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		part(&world->end[i]);
	for (i = 0; i < 100; i++)
		pair_turn(world);
	assert_int_equal(world->pdus, 2);
	assert_true(pair_run(world, pair_closed, 2000));
}

static void a_last_word_is_repeated_a_few_times_only(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	uint8_t hello[BATON_PDU_MAX], pdu[BATON_PDU_MAX];
	unsigned int words = 0;
	size_t len;
	int i;

	(void)state;
	len = baton_session_tx(&world->end[BATON_PHONE].session, hello,
			       sizeof(hello), world->now_ms);
	assert_true(len > 0);
	part(&world->end[BATON_WATCH]);
	for (i = 0; i < 100; i++) {
		words += baton_session_tx(watch, pdu, sizeof(pdu),
					  world->now_ms) > 0;
		assert_int_equal(
			baton_session_rx(watch, hello, len, world->now_ms),
			BATON_ERR_PEER_STATE);
	}
	assert_int_equal(words, 16);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(two_that_part_do_not_answer_each_other),
		T(a_last_word_is_repeated_a_few_times_only),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
