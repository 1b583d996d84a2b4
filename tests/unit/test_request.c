/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/request.h"

#define MAX 16
#define COUNT 3
#define ROOM 508

static struct baton_requests a, b;
static uint8_t memory_a[2 * COUNT * MAX], memory_b[2 * COUNT * MAX];
static struct baton_request_event event;
static uint8_t op, body[ROOM];
static size_t len;
static uint64_t now_ms;

static int setup(void **state)
{
	(void)state;
	now_ms = 1000;
	assert_int_equal(
		baton_requests_init(&a, MAX, COUNT, memory_a, sizeof(memory_a)),
		BATON_OK);
	assert_int_equal(
		baton_requests_init(&b, MAX, COUNT, memory_b, sizeof(memory_b)),
		BATON_OK);
	baton_requests_link(&a, true, ROOM, now_ms);
	baton_requests_link(&b, true, ROOM, now_ms);
	return 0;
}

static uint32_t ask(const char *text)
{
	uint32_t number;

	assert_int_equal(baton_requests_ask(&a, (const uint8_t *)text,
					    strlen(text), 5000, &number,
					    now_ms),
			 BATON_OK);
	return number;
}

static bool move(struct baton_requests *from, struct baton_requests *to)
{
	if (!baton_requests_tx(from, &op, body, sizeof(body), &len, now_ms))
		return false;
	assert_int_equal(baton_requests_rx(to, op, body, len, now_ms),
			 BATON_OK);
	return true;
}

static void run(void)
{
	while (move(&a, &b) || move(&b, &a))
		;
}

static void assert_asked(uint32_t number, const char *text)
{
	assert_true(baton_requests_next_event(&b, &event));
	assert_int_equal(event.type, BATON_REQUEST_ASKED);
	assert_int_equal(event.number, number);
	assert_int_equal((int)event.len, (int)strlen(text));
	assert_memory_equal(event.body, text, event.len);
}

static void assert_failed(uint32_t number, enum baton_request_failure failure)
{
	assert_true(baton_requests_next_event(&a, &event));
	assert_int_equal(event.type, BATON_REQUEST_FAILED);
	assert_int_equal(event.number, number);
	assert_int_equal(event.failure, failure);
}

static void answer(uint32_t number, const char *text)
{
	assert_int_equal(baton_requests_answer(&b, number,
					       (const uint8_t *)text,
					       strlen(text), now_ms),
			 BATON_OK);
}

static void an_answer_comes_to_what_was_asked(void **state)
{
	uint32_t first = ask("first"), second = ask("second");

	(void)state;
	run();
	assert_asked(first, "first");
	assert_int_equal((int)event.left_ms, 5000);
	assert_asked(second, "second");
	assert_false(baton_requests_next_event(&b, &event));
	answer(second, "2");
	run();
	answer(first, "1");
	run();
	assert_true(baton_requests_next_event(&a, &event));
	assert_int_equal(event.type, BATON_REQUEST_ANSWERED);
	assert_int_equal(event.number, first);
	assert_memory_equal(event.body, "1", 1);
	assert_true(baton_requests_next_event(&a, &event));
	assert_int_equal(event.number, second);
	assert_memory_equal(event.body, "2", 1);
	assert_false(baton_requests_next_event(&a, &event));
}

static void an_answer_is_given_once(void **state)
{
	uint32_t number = ask("x");

	(void)state;
	assert_int_equal(baton_requests_answer(&b, number, body, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	run();
	/* Nor before it was told. */
	assert_int_equal(baton_requests_answer(&b, number, body, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_asked(number, "x");
	answer(number, "y");
	assert_int_equal(baton_requests_answer(&b, number, body, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_requests_refuse(&b, number, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_true(baton_requests_tx(&b, &op, body, ROOM, &len, now_ms));
	assert_int_equal(baton_requests_rx(&a, op, body, len, now_ms),
			 BATON_OK);
	/* A second one of the peer's is dropped. */
	assert_int_equal(baton_requests_rx(&a, op, body, len, now_ms),
			 BATON_OK);
	assert_true(baton_requests_next_event(&a, &event));
	assert_false(baton_requests_next_event(&a, &event));
	assert_int_equal(baton_requests_rx(&a, op, body, len, now_ms),
			 BATON_OK);
	assert_false(baton_requests_next_event(&a, &event));
}

static void a_refusal_says_why(void **state)
{
	uint32_t number = ask("x");

	(void)state;
	run();
	assert_asked(number, "x");
	assert_int_equal(baton_requests_refuse(&b, number, 42, now_ms),
			 BATON_OK);
	run();
	assert_failed(number, BATON_REQUEST_REFUSED);
	assert_int_equal(event.reason, 42);
}

static void a_lost_link_fails_what_is_outstanding_at_once(void **state)
{
	uint32_t sent = ask("sent"), unsent, number;

	(void)state;
	run();
	assert_asked(sent, "sent");
	unsent = ask("unsent");
	baton_requests_link(&a, false, 0, now_ms);
	baton_requests_link(&b, false, 0, now_ms);
	assert_true(baton_requests_next_event(&a, &event));
	assert_int_equal(event.failure, BATON_REQUEST_LINK);
	assert_int_equal(event.number, sent);
	assert_failed(unsent, BATON_REQUEST_LINK);
	assert_true(baton_requests_next_event(&b, &event));
	assert_int_equal(event.type, BATON_REQUEST_GONE);
	assert_int_equal(baton_requests_answer(&b, sent, body, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_requests_ask(&a, body, 1, 1, &number, now_ms),
			 BATON_ERR_STATE);
	/* And is not sent on the next one. */
	baton_requests_link(&a, true, ROOM, now_ms);
	baton_requests_link(&b, true, ROOM, now_ms);
	run();
	assert_false(baton_requests_next_event(&b, &event));
}

static void time_ends_it_on_both_sides(void **state)
{
	uint32_t number = ask("x");

	(void)state;
	run();
	assert_asked(number, "x");
	assert_int_equal((int)baton_requests_deadline(&a), 6000);
	assert_int_equal((int)baton_requests_deadline(&b), 6000);
	now_ms = 5999;
	baton_requests_tick(&a, now_ms);
	assert_false(baton_requests_next_event(&a, &event));
	now_ms = 6000;
	baton_requests_tick(&a, now_ms);
	/* The peer hears of it: its own time began later. */
	assert_true(baton_requests_tx(&a, &op, body, ROOM, &len, now_ms));
	assert_int_equal(op, 3);
	assert_failed(number, BATON_REQUEST_TIMEOUT);
	assert_int_equal(baton_requests_answer(&b, number, body, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_true(baton_requests_next_event(&b, &event));
	assert_int_equal(event.type, BATON_REQUEST_GONE);
	assert_int_equal((int)baton_requests_deadline(&b), -1);
}

static void who_asks_no_more_tells_so(void **state)
{
	uint32_t number = ask("x");

	(void)state;
	run();
	assert_asked(number, "x");
	assert_int_equal(baton_requests_cancel(&a, number, now_ms), BATON_OK);
	assert_int_equal(baton_requests_cancel(&a, number, now_ms),
			 BATON_ERR_NOT_FOUND);
	run();
	assert_false(baton_requests_next_event(&a, &event));
	assert_true(baton_requests_next_event(&b, &event));
	assert_int_equal(event.type, BATON_REQUEST_GONE);
	/* One that was not sent yet is not sent. */
	number = ask("y");
	assert_int_equal(baton_requests_cancel(&a, number, now_ms), BATON_OK);
	assert_false(baton_requests_tx(&a, &op, body, ROOM, &len, now_ms));
}

static void too_many_are_refused_here_and_there(void **state)
{
	uint32_t number, i;

	(void)state;
	for (i = 0; i < COUNT; i++)
		ask("x");
	assert_int_equal(baton_requests_ask(&a, body, 1, 1, &number, now_ms),
			 BATON_ERR_AGAIN);
	run();
	/* A peer that asks beyond its places. */
	memset(body, 0, sizeof(body));
	baton_store_be32(body, 100);
	baton_store_be32(body + 4, 1000);
	assert_int_equal(baton_requests_rx(&b, 0, body, 9, now_ms), BATON_OK);
	assert_true(baton_requests_tx(&b, &op, body, ROOM, &len, now_ms));
	assert_int_equal(op, 2);
	assert_int_equal((int)baton_load_be32(body), 100);
	assert_int_equal(body[4], BATON_REQUEST_BUSY);
	for (i = 0; i < COUNT; i++)
		assert_true(baton_requests_next_event(&b, &event));
	assert_false(baton_requests_next_event(&b, &event));
}

static void places_come_back_however_a_request_ends(void **state)
{
	uint32_t number, i;

	(void)state;
	for (i = 0; i < 100; i++) {
		number = ask("x");
		run();
		assert_asked(number, "x");
		switch (i % 4) {
		case 0:
			answer(number, "y");
			break;
		case 1:
			assert_int_equal(
				baton_requests_refuse(&b, number, 1, now_ms),
				BATON_OK);
			break;
		case 2:
			assert_int_equal(
				baton_requests_cancel(&a, number, now_ms),
				BATON_OK);
			break;
		case 3:
			now_ms += 5000;
			break;
		}
		run();
		while (baton_requests_next_event(&a, &event) ||
		       baton_requests_next_event(&b, &event))
			;
	}
}

static void the_applications_mistakes_change_nothing(void **state)
{
	uint32_t number = 77;

	(void)state;
	assert_int_equal(baton_requests_ask(NULL, body, 1, 1, &number, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_requests_cancel(NULL, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_requests_answer(NULL, 1, body, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_requests_refuse(NULL, 1, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_requests_ask(&a, body, 1, 0, &number, now_ms),
			 BATON_ERR_ARG);
	assert_int_equal(baton_requests_ask(&a, body, 1,
					    BATON_REQUEST_TIMEOUT_MAX_MS + 1,
					    &number, now_ms),
			 BATON_ERR_ARG);
	assert_int_equal(
		baton_requests_ask(&a, body, MAX + 1, 1, &number, now_ms),
		BATON_ERR_TOO_LARGE);
	assert_int_equal(baton_requests_cancel(&a, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
	/* The peer has no such application. */
	baton_requests_link(&a, true, 0, now_ms);
	assert_int_equal(baton_requests_ask(&a, body, 1, 1, &number, now_ms),
			 BATON_ERR_NOT_FOUND);
	/* The link's records are short. */
	baton_requests_link(&a, true, BATON_REQUEST_HEADER + 4, now_ms);
	assert_int_equal(baton_requests_ask(&a, body, 5, 1, &number, now_ms),
			 BATON_ERR_TOO_LARGE);
	assert_int_equal(number, 77);
	assert_false(baton_requests_tx(&a, &op, body, ROOM, &len, now_ms));
	assert_false(baton_requests_next_event(&a, &event));
	baton_requests_link(&a, true, ROOM, now_ms);
	number = ask("x");
	run();
	assert_asked(number, "x");
	assert_int_equal(
		baton_requests_answer(&b, number, body, MAX + 1, now_ms),
		BATON_ERR_TOO_LARGE);
	answer(number, "y");
}

static void what_a_peer_may_not_send_is_dropped(void **state)
{
	static const struct {
		uint8_t op, len, body[24];
		enum baton_err err;
	} bad[] = {
		{0, 3, {0}, BATON_ERR_PEER_LENGTH},
		{0, 7, {0, 0, 0, 1}, BATON_ERR_PEER_LENGTH},
		{0, 8, {0, 0, 0, 1}, BATON_ERR_PEER_FORMAT}, /* no time */
		{0, 8, {0, 0, 0, 1, 1}, BATON_ERR_PEER_FORMAT}, /* too long */
		{0, 8, {0, 0, 0, 0, [7] = 1}, BATON_ERR_PEER_SEQ},
		{1, 5, {0, 0, 0, 1}, BATON_ERR_PEER_STATE},
		{2, 6, {0, 0, 0, 1, 3}, BATON_ERR_PEER_STATE},
		{2, 7, {0, 0, 0, 1, 3}, BATON_ERR_PEER_LENGTH},
		{2, 6, {0, 0, 0, 1, 1}, BATON_ERR_PEER_FORMAT},
		{2, 6, {0, 0, 0, 1, 6}, BATON_ERR_PEER_FORMAT},
		{3, 4, {0, 0, 0, 1}, BATON_ERR_PEER_STATE},
		{3, 5, {0, 0, 0, 1}, BATON_ERR_PEER_LENGTH},
		{4, 4, {0}, BATON_ERR_PEER_FORMAT},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(baton_requests_rx(&b, bad[i].op, bad[i].body,
						   bad[i].len, now_ms),
				 bad[i].err);
		assert_false(baton_requests_next_event(&b, &event));
		assert_false(
			baton_requests_tx(&b, &op, body, ROOM, &len, now_ms));
	}
}

static void what_is_too_large_for_the_other_side_fails(void **state)
{
	struct baton_requests big;
	uint8_t memory[2 * 64];
	uint32_t number;

	(void)state;
	assert_int_equal(
		baton_requests_init(&big, 64, 1, memory, sizeof(memory)),
		BATON_OK);
	baton_requests_link(&big, true, ROOM, now_ms);
	memset(body, 1, sizeof(body));
	assert_int_equal(
		baton_requests_ask(&big, body, 17, 1000, &number, now_ms),
		BATON_OK);
	assert_true(baton_requests_tx(&big, &op, body, ROOM, &len, now_ms));
	assert_int_equal(baton_requests_rx(&b, op, body, len, now_ms),
			 BATON_ERR_PEER_LIMIT);
	assert_true(move(&b, &big));
	assert_true(baton_requests_next_event(&big, &event));
	assert_int_equal(event.failure, BATON_REQUEST_TOO_LARGE);
	/* An answer that is too large for me. */
	number = ask("x");
	assert_true(move(&a, &big));
	assert_true(baton_requests_next_event(&big, &event));
	assert_int_equal(baton_requests_answer(&big, number, body, 17, now_ms),
			 BATON_OK);
	assert_true(baton_requests_tx(&big, &op, body, ROOM, &len, now_ms));
	assert_int_equal(baton_requests_rx(&a, op, body, len, now_ms),
			 BATON_ERR_PEER_LIMIT);
	assert_failed(number, BATON_REQUEST_TOO_LARGE);
}

static void nothing_is_left_of_what_is_over(void **state)
{
	uint32_t number = ask("secret");
	size_t i;

	(void)state;
	run();
	assert_asked(number, "secret");
	answer(number, "hidden");
	run();
	while (baton_requests_next_event(&a, &event))
		;
	for (i = 0; i < sizeof(memory_a); i++)
		assert_int_equal(memory_a[i] | memory_b[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup)
		T(an_answer_comes_to_what_was_asked),
		T(an_answer_is_given_once),
		T(a_refusal_says_why),
		T(a_lost_link_fails_what_is_outstanding_at_once),
		T(time_ends_it_on_both_sides),
		T(who_asks_no_more_tells_so),
		T(too_many_are_refused_here_and_there),
		T(places_come_back_however_a_request_ends),
		T(the_applications_mistakes_change_nothing),
		T(what_a_peer_may_not_send_is_dropped),
		T(what_is_too_large_for_the_other_side_fails),
		T(nothing_is_left_of_what_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
