/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/token.h"

static const uint8_t channel[32] = {1}, other_channel[32] = {2};
static const uint8_t notes[8] = "notes", maps[8] = "maps";
static const uint8_t run[8] = "run", walk[8] = "walk";

static struct baton_tokens phone, watch;
static struct baton_token token;
static uint8_t bytes[BATON_TOKEN_LEN];

static int setup(void **state)
{
	(void)state;
	baton_tokens_init(&phone, BATON_PHONE);
	baton_tokens_init(&watch, BATON_WATCH);
	baton_tokens_link(&phone, channel, 1000);
	/* Clocks that have nothing in common. */
	baton_tokens_link(&watch, channel, 99000000);
	memset(&token, 0, sizeof(token));
	memcpy(token.audience, notes, sizeof(notes));
	memcpy(token.activity, run, sizeof(run));
	token.operations = 0x0003;
	token.life_ms = 60000;
	return 0;
}

static void issue(void)
{
	assert_int_equal(baton_tokens_issue(&phone, &token, bytes, 1000),
			 BATON_OK);
}

static void issue_and_take(void)
{
	issue();
	assert_int_equal(
		baton_tokens_take(&watch, bytes, sizeof(bytes), 99000000),
		BATON_OK);
}

static enum baton_token_verdict use(const uint8_t *audience,
				    const uint8_t *activity,
				    uint16_t operations, uint64_t after_ms)
{
	return baton_tokens_use(&watch, bytes, sizeof(bytes), audience,
				activity, operations, 99000000 + after_ms);
}

/* The refusal is told, with who asked. */
static void assert_told(enum baton_token_verdict verdict,
			const uint8_t *audience)
{
	struct baton_token_event event;

	assert_true(baton_tokens_next_event(&watch, &event));
	assert_int_equal(event.verdict, verdict);
	assert_memory_equal(event.audience, audience, 8);
	assert_false(baton_tokens_next_event(&watch, &event));
}

/* What one side sends, the other gets; how many frames there were. */
static int move(struct baton_tokens *from, struct baton_tokens *to,
		uint64_t now_ms)
{
	uint8_t code, body[BATON_FRAME_BODY_MAX];
	size_t len;
	int n = 0;

	for (; baton_tokens_tx(from, &code, body, &len); n++)
		assert_int_equal(baton_tokens_rx(to, code, body, len, now_ms),
				 BATON_OK);
	return n;
}

static void it_is_granted_once(void **state)
{
	struct baton_token_event event;

	(void)state;
	issue_and_take();
	assert_int_equal(use(notes, run, 1, 59999), BATON_TOKEN_GRANTED);
	assert_false(baton_tokens_next_event(&watch, &event));
	assert_int_equal(use(notes, run, 1, 59999), BATON_TOKEN_TWICE);
	assert_told(BATON_TOKEN_TWICE, notes);
	assert_int_equal(watch.refused, 1);
}

static void its_time_runs_on_the_receivers_clock(void **state)
{
	(void)state;
	issue_and_take();
	assert_int_equal(use(notes, run, 1, 60000), BATON_TOKEN_LATE);
	assert_told(BATON_TOKEN_LATE, notes);
	/* Nor does a clock that is set back bring it to life again. */
	assert_int_equal(use(notes, run, 1, 1), BATON_TOKEN_LATE);
}

static void a_clock_set_back_ends_it(void **state)
{
	(void)state;
	issue_and_take();
	assert_int_equal(baton_tokens_use(&watch, bytes, sizeof(bytes), notes,
					  run, 1, 98999999),
			 BATON_TOKEN_LATE);
}

static void another_application_cannot_use_or_spoil_it(void **state)
{
	(void)state;
	issue_and_take();
	assert_int_equal(use(maps, run, 1, 0), BATON_TOKEN_AUDIENCE);
	assert_told(BATON_TOKEN_AUDIENCE, maps);
	assert_int_equal(use(notes, walk, 1, 0), BATON_TOKEN_SCOPE);
	assert_told(BATON_TOKEN_SCOPE, notes);
	assert_int_equal(use(notes, run, 0x0005, 0), BATON_TOKEN_SCOPE);
	assert_int_equal(use(notes, run, 0x0003, 0), BATON_TOKEN_GRANTED);
	/* What became of it is none of its business either. */
	assert_int_equal(use(maps, run, 1, 0), BATON_TOKEN_AUDIENCE);
}

static void elsewhere_it_is_not_known(void **state)
{
	(void)state;
	issue_and_take();
	baton_tokens_link(&watch, other_channel, 99000000);
	assert_int_equal(
		baton_tokens_take(&watch, bytes, sizeof(bytes), 99000000),
		BATON_ERR_PEER_AUTH);
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_UNKNOWN);
	assert_told(BATON_TOKEN_UNKNOWN, notes);
	/* Not even on the same link, once that has gone. */
	baton_tokens_unlink(&watch);
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_UNKNOWN);
}

static void one_that_never_arrived_is_not_known(void **state)
{
	(void)state;
	issue();
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_UNKNOWN);
}

static void its_issuer_cannot_be_made_to_take_it(void **state)
{
	(void)state;
	issue();
	assert_int_equal(baton_tokens_take(&phone, bytes, sizeof(bytes), 1000),
			 BATON_ERR_PEER_AUTH);
	assert_int_equal(baton_tokens_use(&phone, bytes, sizeof(bytes), notes,
					  run, 1, 1000),
			 BATON_TOKEN_UNKNOWN);
}

static void every_changed_bit_is_noticed(void **state)
{
	size_t bit;

	(void)state;
	issue();
	for (bit = 0; bit < 8 * sizeof(bytes); bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(baton_tokens_take(&watch, bytes, sizeof(bytes),
						   99000000),
				 BATON_ERR_PEER_AUTH);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(
		baton_tokens_take(&watch, bytes, sizeof(bytes) - 1, 99000000),
		BATON_ERR_PEER_AUTH);
	assert_int_equal(
		baton_tokens_take(&watch, bytes, sizeof(bytes), 99000000),
		BATON_OK);
}

static void it_is_taken_once_even_when_it_is_forgotten(void **state)
{
	uint8_t first[BATON_TOKEN_LEN];
	uint64_t now_ms = 99000000;
	int i;

	(void)state;
	issue_and_take();
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
	memcpy(first, bytes, sizeof(first));
	assert_int_equal(
		baton_tokens_take(&watch, first, sizeof(first), now_ms),
		BATON_ERR_PEER_STATE);
	/* Its place is given to others once its time is over and its use told. */
	assert_int_equal(move(&watch, &phone, 1000), 1);
	now_ms += 60000;
	phone.now_ms = 0;
	for (i = 0; i < BATON_TOKENS; i++) {
		memset(phone.place, 0, sizeof(phone.place));
		issue();
		assert_int_equal(
			baton_tokens_take(&watch, bytes, sizeof(bytes), now_ms),
			BATON_OK);
	}
	assert_int_equal(
		baton_tokens_take(&watch, first, sizeof(first), now_ms),
		BATON_ERR_PEER_STATE);
	memcpy(bytes, first, sizeof(first));
	assert_int_equal(use(notes, run, 1, 60000), BATON_TOKEN_UNKNOWN);
}

static void take_number(int number, enum baton_err err)
{
	phone.issued = (uint64_t)number - 1;
	memset(phone.place, 0, sizeof(phone.place));
	memset(watch.place, 0, sizeof(watch.place));
	issue();
	assert_int_equal(
		baton_tokens_take(&watch, bytes, sizeof(bytes), 99000000), err);
}

static void they_are_taken_in_any_order_and_each_once(void **state)
{
	static const int numbers[] = {70, 68,  7,   69,	 6,  134,
				      71, 300, 237, 236, 235};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		/* Too far below the highest. */
		bool late = numbers[i] == 235;

		take_number(numbers[i], late ? BATON_ERR_PEER_STATE : BATON_OK);
		take_number(numbers[i], BATON_ERR_PEER_STATE);
	}
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		take_number(numbers[i], BATON_ERR_PEER_STATE);
}

static void the_phone_revokes(void **state)
{
	(void)state;
	issue_and_take();
	assert_int_equal(baton_tokens_revoke(&watch, token.id, 99000000),
			 BATON_ERR_STATE);
	assert_int_equal(baton_tokens_revoke(&phone, token.id, 1000), BATON_OK);
	assert_int_equal(baton_tokens_revoke(&phone, token.id, 1000),
			 BATON_ERR_STATE);
	assert_int_equal(baton_tokens_revoke(&phone, notes, 1000),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(move(&phone, &watch, 99000000), 1);
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_WITHDRAWN);
	assert_told(BATON_TOKEN_WITHDRAWN, notes);
}

static void the_phone_revokes_what_the_watch_issued_at_home(void **state)
{
	(void)state;
	assert_int_equal(baton_tokens_issue(&watch, &token, bytes, 99000000),
			 BATON_OK);
	assert_int_equal(baton_tokens_take(&phone, bytes, sizeof(bytes), 1000),
			 BATON_OK);
	assert_int_equal(baton_tokens_revoke(&phone, token.id, 1000), BATON_OK);
	assert_int_equal(move(&phone, &watch, 99000000), 0);
	assert_int_equal(baton_tokens_use(&phone, bytes, sizeof(bytes), notes,
					  run, 1, 1000),
			 BATON_TOKEN_WITHDRAWN);
}

static void a_watch_cannot_revoke_by_a_frame(void **state)
{
	(void)state;
	issue_and_take();
	assert_int_equal(
		baton_tokens_rx(&phone, 0x2b, token.id, sizeof(token.id), 1000),
		BATON_ERR_PEER_STATE);
	assert_int_equal(baton_tokens_introspect(&phone, token.id, NULL, 1000),
			 BATON_TOKEN_LIVE);
}

static void a_watch_cannot_revoke_its_own_either(void **state)
{
	(void)state;
	assert_int_equal(baton_tokens_issue(&watch, &token, bytes, 99000000),
			 BATON_OK);
	assert_int_equal(baton_tokens_take(&phone, bytes, sizeof(bytes), 1000),
			 BATON_OK);
	assert_int_equal(
		baton_tokens_rx(&phone, 0x2b, token.id, sizeof(token.id), 1000),
		BATON_ERR_PEER_STATE);
	assert_int_equal(baton_tokens_use(&phone, bytes, sizeof(bytes), notes,
					  run, 1, 1000),
			 BATON_TOKEN_GRANTED);
}

/* A person may hand over more often than tokens run out of time. */
static void what_was_used_is_remembered_until_its_place_is_wanted(void **state)
{
	uint8_t first[BATON_TOKEN_LEN];
	int i;

	(void)state;
	for (i = 0; i < BATON_TOKENS; i++) {
		issue_and_take();
		assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
		assert_int_equal(move(&watch, &phone, 1000), 1);
		if (i == 0)
			memcpy(first, bytes, sizeof(first));
	}
	assert_int_equal(baton_tokens_use(&watch, first, sizeof(first), notes,
					  run, 1, 99000000),
			 BATON_TOKEN_TWICE);
	issue_and_take();
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
	assert_int_equal(baton_tokens_use(&watch, first, sizeof(first), notes,
					  run, 1, 99000000),
			 BATON_TOKEN_UNKNOWN);
	assert_int_equal(
		baton_tokens_take(&watch, first, sizeof(first), 99000000),
		BATON_ERR_PEER_STATE);
}

/* A link that takes no frames for a while loses no report. */
static void a_report_of_use_is_not_lost_to_newer_tokens(void **state)
{
	struct baton_token_event event;
	uint64_t late_ms = 99000000 + 60000;
	int i;

	(void)state;
	issue_and_take();
	assert_int_equal(use(notes, run, 1, 59999), BATON_TOKEN_GRANTED);
	for (i = 0; i < BATON_TOKENS; i++) {
		memset(phone.place + 1, 0, sizeof(phone.place[1]));
		assert_int_equal(
			baton_tokens_issue(&phone, &token, bytes, 1000),
			BATON_OK);
		assert_int_equal(baton_tokens_take(&watch, bytes, sizeof(bytes),
						   late_ms),
				 i < BATON_TOKENS - 1 ? BATON_OK
						      : BATON_ERR_PEER_LIMIT);
	}
	assert_int_equal(move(&watch, &phone, 1000), 1);
	assert_true(baton_tokens_next_event(&phone, &event));
	assert_int_equal(event.verdict, BATON_TOKEN_GRANTED);
}

static void the_phone_sees_what_became_of_it(void **state)
{
	struct baton_token_event event;
	struct baton_token seen;

	(void)state;
	issue_and_take();
	assert_int_equal(baton_tokens_introspect(&phone, token.id, &seen, 1000),
			 BATON_TOKEN_LIVE);
	assert_memory_equal(&seen, &token, sizeof(seen));
	assert_int_equal(baton_tokens_introspect(&phone, token.id, NULL, 61000),
			 BATON_TOKEN_EXPIRED);
	assert_int_equal(
		baton_tokens_introspect(&watch, token.id, NULL, 99000000),
		BATON_TOKEN_NONE);
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
	assert_int_equal(move(&watch, &phone, 2000), 1);
	assert_int_equal(baton_tokens_introspect(&phone, token.id, NULL, 2000),
			 BATON_TOKEN_USED);
	assert_true(baton_tokens_next_event(&phone, &event));
	assert_int_equal(event.verdict, BATON_TOKEN_GRANTED);
}

static void a_use_before_the_revocation_stands(void **state)
{
	(void)state;
	issue_and_take();
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
	assert_int_equal(baton_tokens_revoke(&phone, token.id, 1000), BATON_OK);
	assert_int_equal(move(&phone, &watch, 99000000), 1);
	assert_int_equal(move(&watch, &phone, 1000), 1);
	assert_int_equal(baton_tokens_introspect(&phone, token.id, NULL, 1000),
			 BATON_TOKEN_USED);
}

static void there_is_room_for_eight(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < BATON_TOKENS; i++)
		issue_and_take();
	assert_int_equal(baton_tokens_issue(&phone, &token, bytes, 1000),
			 BATON_ERR_AGAIN);
	memset(phone.place, 0, sizeof(phone.place));
	issue();
	assert_int_equal(
		baton_tokens_take(&watch, bytes, sizeof(bytes), 99000000),
		BATON_ERR_PEER_LIMIT);
}

static void what_was_for_something_that_is_over_makes_room(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < BATON_TOKENS; i++)
		issue_and_take();
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
	baton_tokens_end(&phone, run, true);
	baton_tokens_end(&watch, run, false);
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_TWICE);
	for (i = 0; i < BATON_TOKENS - 1; i++)
		issue_and_take();
	assert_int_equal(use(notes, run, 1, 0), BATON_TOKEN_GRANTED);
}

static void bad_wishes_change_nothing(void **state)
{
	struct baton_tokens before = phone;

	(void)state;
	token.life_ms = 0;
	assert_int_equal(baton_tokens_issue(&phone, &token, bytes, 1000),
			 BATON_ERR_ARG);
	token.life_ms = BATON_TOKEN_LIFE_MAX_MS + 1;
	assert_int_equal(baton_tokens_issue(&phone, &token, bytes, 1000),
			 BATON_ERR_ARG);
	assert_int_equal(baton_tokens_rx(&phone, 0x2c, token.id, 7, 1000),
			 BATON_ERR_PEER_FORMAT);
	assert_int_equal(baton_tokens_rx(&phone, 0x2c, token.id, 8, 1000),
			 BATON_ERR_PEER_UNKNOWN);
	assert_memory_equal(&before, &phone, sizeof(before));
	baton_tokens_unlink(&phone);
	token.life_ms = 1000;
	assert_int_equal(baton_tokens_issue(&phone, &token, bytes, 1000),
			 BATON_ERR_STATE);
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_granted_once),
		T(its_time_runs_on_the_receivers_clock),
		T(a_clock_set_back_ends_it),
		T(another_application_cannot_use_or_spoil_it),
		T(elsewhere_it_is_not_known),
		T(one_that_never_arrived_is_not_known),
		T(its_issuer_cannot_be_made_to_take_it),
		T(every_changed_bit_is_noticed),
		T(it_is_taken_once_even_when_it_is_forgotten),
		T(they_are_taken_in_any_order_and_each_once),
		T(the_phone_revokes),
		T(the_phone_revokes_what_the_watch_issued_at_home),
		T(a_watch_cannot_revoke_by_a_frame),
		T(a_watch_cannot_revoke_its_own_either),
		T(what_was_used_is_remembered_until_its_place_is_wanted),
		T(a_report_of_use_is_not_lost_to_newer_tokens),
		T(the_phone_sees_what_became_of_it),
		T(a_use_before_the_revocation_stands),
		T(there_is_room_for_eight),
		T(what_was_for_something_that_is_over_makes_room),
		T(bad_wishes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
