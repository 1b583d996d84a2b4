/* SPDX-License-Identifier: MIT */

/* Files: what a peer gets wrong, and bytes that are not wanted. */

#include "tests/unit/file_world.h"

static void envelopes_of_every_length_change_nothing(void **state)
{
	static const size_t want[] = {17, 17, 8, 16, 8, 9, 8, 9, 8, 0};
	struct side before_a, before_b;
	unsigned int kind;
	size_t n;

	(void)state;
	accept(one, 100);
	give(one, 50);
	memset(body, 0, sizeof(body));
	before_a = a;
	before_b = b;
	for (kind = 0; kind < 16; kind++)
		for (n = 0; n <= ROOM; n++) {
			enum baton_err err = kind > FILE_REPEAT
						     ? BATON_ERR_PEER_FORMAT
						     : BATON_ERR_PEER_LENGTH;

			if (kind <= FILE_REPEAT && n == want[kind])
				continue;
			if (kind == FILE_OFFER && n > want[kind] &&
			    n <= want[kind] + BATON_FILE_META_MAX)
				continue;
			assert_int_equal(say(&a, (enum file_op)kind, one, n),
					 err);
			assert_int_equal(say(&b, (enum file_op)kind, one, n),
					 err);
		}
	assert_memory_equal(&before_a, &a, sizeof(a));
	assert_memory_equal(&before_b, &b, sizeof(b));
}

static void an_offer_that_changes_is_not_taken(void **state)
{
	struct side before;

	(void)state;
	accept(one, 100);
	before = b;
	baton_store_be64(body + 8, 101);
	memcpy(body + 17, "name", 4);
	assert_int_equal(say(&b, FILE_OFFER, one, 21), BATON_ERR_PEER_STATE);
	baton_store_be64(body + 8, 100);
	assert_int_equal(say(&b, FILE_OFFER, one, 20), BATON_ERR_PEER_STATE);
	body[17] = 'N';
	assert_int_equal(say(&b, FILE_OFFER, one, 21), BATON_ERR_PEER_STATE);
	assert_memory_equal(&before, &b, sizeof(b));
	baton_store_be64(body + 8, UINT64_MAX);
	assert_int_equal(say(&b, FILE_OFFER, two, 21), BATON_ERR_PEER_FORMAT);
	assert_memory_equal(&before, &b, sizeof(b));
}

static void go_that_cannot_be_is_not_obeyed(void **state)
{
	struct side before;

	(void)state;
	OK(baton_files_send(&a.files, one, 100, NULL, 0, NULL, 0));
	body[8] = 1;
	baton_store_be64(body + 9, 0);
	/* Nobody can know of it: it is not durable. */
	assert_int_equal(say(&a, FILE_GO, one, 17), BATON_ERR_PEER_STATE);
	assert_false(a.out[0].going);
	run();
	before = a;
	baton_store_be64(body + 9, 101);
	assert_int_equal(say(&a, FILE_GO, one, 17), BATON_ERR_PEER_FORMAT);
	assert_memory_equal(&before, &a, sizeof(a));
	baton_store_be64(body + 9, 100);
	OK(say(&a, FILE_GO, one, 17));
}

static void a_file_is_not_taken_before_it_was_offered(void **state)
{
	(void)state;
	OK(baton_files_send(&a.files, one, 100, NULL, 0, NULL, 0));
	assert_int_equal(say(&a, FILE_TAKEN, one, 8), BATON_ERR_PEER_STATE);
	body[8] = 1;
	assert_int_equal(say(&a, FILE_REFUSED, one, 9), BATON_ERR_PEER_STATE);
	run();
	assert_false(told(&a, BATON_FILE_DELIVERED));
	assert_int_equal(a.out[0].state, BATON_FILE_OUT_OFFERED);
}

static void an_end_is_not_changed_by_another(void **state)
{
	(void)state;
	offer(one, 100);
	OK(say(&a, FILE_TAKEN, one, 8));
	body[8] = 1;
	OK(say(&a, FILE_REFUSED, one, 9));
	assert_int_equal(say(&a, FILE_GONE, one, 8), BATON_ERR_PEER_STATE);
	run();
	assert_true(told(&a, BATON_FILE_DELIVERED));
	assert_false(told(&a, BATON_FILE_FAILED));
}

static void gone_means_nothing_unless_it_was_cancelled(void **state)
{
	(void)state;
	offer(one, 100);
	assert_int_equal(say(&a, FILE_GONE, one, 8), BATON_ERR_PEER_STATE);
	OK(baton_files_cancel(&a.files, one, 1));
	/* The cancellation is not durable. */
	assert_int_equal(say(&a, FILE_GONE, one, 8), BATON_ERR_PEER_STATE);
	assert_int_equal(a.out[0].state, BATON_FILE_OUT_CANCELLED);
}

static void progress_goes_up_and_not_beyond_the_end(void **state)
{
	(void)state;
	accept(one, 100);
	baton_store_be64(body + 8, 101);
	assert_int_equal(say(&a, FILE_KEPT, one, 16), BATON_ERR_PEER_FORMAT);
	baton_store_be64(body + 8, 60);
	OK(say(&a, FILE_KEPT, one, 16));
	assert_true(told(&a, BATON_FILE_PROGRESS));
	baton_store_be64(body + 8, 59);
	OK(say(&a, FILE_KEPT, one, 16));
	assert_false(told(&a, BATON_FILE_PROGRESS));
	assert_int_equal(a.out[0].progress, 60);
}

static void nothing_is_forgotten_that_was_not_told(void **state)
{
	(void)state;
	complete(one, 100);
	/* COMPLETE: the sender cannot know of an end. */
	OK(say(&b, FILE_FORGET, one, 8));
	assert_int_equal(b.in[0].state, BATON_FILE_IN_COMPLETE);
	OK(baton_files_done(&b.files, one, false));
	assert_int_equal(say(&b, FILE_FORGET, one, 8), BATON_ERR_PEER_STATE);
	assert_int_equal(b.in[0].state, BATON_FILE_IN_TAKEN);
}

static void a_sender_that_knows_nothing_of_it_ends_it(void **state)
{
	(void)state;
	accept(one, 100);
	give(one, 50);
	OK(say(&b, FILE_FORGET, one, 8));
	run();
	assert_true(told(&b, BATON_FILE_CANCELLED));
	assert_int_equal(event.reason, BATON_REASON_INTERNAL);
}

/* What is said of a file that is not here. */
static void what_is_not_known_is_answered(void **state)
{
	static const struct {
		enum file_op op;
		size_t len;
		enum baton_err err;
		int answer; /* -1: none */
	} rows[] = {
		{FILE_GO, 17, BATON_OK, FILE_FORGET},
		{FILE_HOLD, 8, BATON_ERR_PEER_STATE, -1},
		{FILE_KEPT, 16, BATON_ERR_PEER_STATE, -1},
		{FILE_TAKEN, 8, BATON_OK, FILE_FORGET},
		{FILE_REFUSED, 9, BATON_OK, FILE_FORGET},
		{FILE_GONE, 8, BATON_ERR_PEER_STATE, -1},
		{FILE_CANCEL, 9, BATON_OK, FILE_GONE},
		{FILE_FORGET, 8, BATON_OK, -1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(body, 0, sizeof(body));
		assert_int_equal(say(&b, rows[i].op, two, rows[i].len),
				 rows[i].err);
		assert_int_equal(baton_files_tx(&b.files, &op, body,
						sizeof(body), &len, now_ms),
				 rows[i].answer >= 0);
		if (rows[i].answer < 0)
			continue;
		assert_int_equal(op, rows[i].answer);
		assert_int_equal(len, 8);
		assert_memory_equal(body, two, 8);
	}
	assert_int_equal(values(&b), 0);
}

/* A file of 100 bytes that is over at the receiver, which has said so. */
static void end_at_receiver(enum baton_file_in_state state)
{
	setup(NULL);
	if (state == BATON_FILE_IN_TAKEN) {
		complete(one, 100);
		OK(baton_files_done(&b.files, one, false));
	} else {
		accept(one, 100);
		if (state == BATON_FILE_IN_REFUSED)
			OK(baton_files_refuse(&b.files, one, 1));
		else
			OK(say(&b, FILE_CANCEL, one, 9));
	}
	while (store(&b))
		;
	assert_int_equal(b.in[0].state, state);
	assert_true(baton_files_tx(&b.files, &op, body, sizeof(body), &len,
				   now_ms));
	assert_false(baton_files_tx(&b.files, &op, body, sizeof(body), &len,
				    now_ms));
}

/* Whoever asks again, because it has not heard or not kept it, is told again. */
static void what_is_over_is_answered_as_before(void **state)
{
	static const struct {
		enum baton_file_in_state state;
		enum file_op op;
		int answer; /* -1: none */
	} rows[] = {
		{BATON_FILE_IN_TAKEN, FILE_OFFER, FILE_TAKEN},
		{BATON_FILE_IN_TAKEN, FILE_CANCEL, FILE_TAKEN},
		{BATON_FILE_IN_TAKEN, FILE_REPEAT, FILE_TAKEN},
		{BATON_FILE_IN_REFUSED, FILE_OFFER, FILE_REFUSED},
		{BATON_FILE_IN_REFUSED, FILE_CANCEL, FILE_REFUSED},
		{BATON_FILE_IN_REFUSED, FILE_REPEAT, FILE_REFUSED},
		{BATON_FILE_IN_ABORTED, FILE_OFFER, -1},
		{BATON_FILE_IN_ABORTED, FILE_CANCEL, FILE_GONE},
		{BATON_FILE_IN_ABORTED, FILE_REPEAT, FILE_GONE},
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		end_at_receiver(rows[i].state);
		memcpy(body, one, 8);
		n = rows[i].op == FILE_CANCEL ? 9 : 0;
		if (rows[i].op == FILE_OFFER) {
			baton_store_be64(body + 8, 100);
			body[16] = 0;
			memcpy(body + 17, "name", 4);
			n = 21;
		}
		OK(baton_files_rx(&b.files, (uint8_t)rows[i].op, body, n,
				  now_ms));
		assert_int_equal(baton_files_tx(&b.files, &op, body,
						sizeof(body), &len, now_ms),
				 rows[i].answer >= 0);
		if (rows[i].answer >= 0)
			assert_int_equal(op, rows[i].answer);
	}
}

static void answers_that_have_no_place_are_asked_for_again(void **state)
{
	uint8_t id[BATON_FILE_ID_LEN] = "";
	unsigned int i, answers = 0;

	(void)state;
	for (i = 0; i < BATON_FILE_REPLIES + 2; i++) {
		id[0] = (uint8_t)i;
		assert_int_equal(say(&b, FILE_TAKEN, id, 8),
				 i < BATON_FILE_REPLIES ? BATON_OK
							: BATON_ERR_PEER_LIMIT);
		/* Twice is answered once. */
		if (i < BATON_FILE_REPLIES)
			OK(say(&b, FILE_TAKEN, id, 8));
	}
	while (baton_files_tx(&b.files, &op, body, sizeof(body), &len,
			      now_ms) &&
	       op == FILE_FORGET)
		answers++;
	assert_int_equal(answers, BATON_FILE_REPLIES);
	assert_int_equal(op, FILE_REPEAT);
	assert_int_equal(len, 0);
}

static void repeat_says_again_what_is_not_answered(void **state)
{
	(void)state;
	offer(one, 100);
	OK(baton_files_rx(&a.files, FILE_REPEAT, NULL, 0, now_ms));
	assert_true(baton_files_tx(&a.files, &op, body, sizeof(body), &len,
				   now_ms));
	assert_int_equal(op, FILE_OFFER);
	/* Once it goes there is nothing to say. */
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_accept(&b.files, one, 0));
	run();
	OK(baton_files_rx(&a.files, FILE_REPEAT, NULL, 0, now_ms));
	assert_false(baton_files_tx(&a.files, &op, body, sizeof(body), &len,
				    now_ms));
}

static void an_offer_that_crosses_go_is_not_answered_by_another(void **state)
{
	uint8_t said[ROOM], turn;
	size_t said_len;

	(void)state;
	accept(one, 100);
	link_all(false);
	link_all(true);
	assert_true(baton_files_tx(&a.files, &op, said, sizeof(said), &said_len,
				   now_ms));
	assert_int_equal(op, FILE_OFFER);
	assert_true(baton_files_tx(&b.files, &op, body, sizeof(body), &len,
				   now_ms));
	assert_int_equal(op, FILE_GO);
	turn = b.in[0].turn;
	OK(baton_files_rx(&b.files, FILE_OFFER, said, said_len, now_ms));
	OK(baton_files_rx(&a.files, FILE_GO, body, len, now_ms));
	run();
	assert_int_equal(b.in[0].turn, turn);
	assert_true(a.out[0].going);
	/* One that comes behind GO has not gone on. */
	file_interrupted(&a.out[0]);
	run();
	assert_int_not_equal(b.in[0].turn, turn);
	assert_true(a.out[0].going);
}

static void a_turn_is_never_0(void **state)
{
	(void)state;
	accept(one, 100);
	b.in[0].turn = UINT8_MAX;
	link_all(false);
	link_all(true);
	run();
	assert_int_equal(b.in[0].turn, 1);
	assert_int_equal(a.out[0].turn, 1);
}

/* ---- Bytes ---- */

static void bytes_that_are_not_wanted_are_not_taken(void **state)
{
	static const uint8_t bytes[EACH_MAX];
	uint8_t turn;

	(void)state;
	offer(one, 100);
	assert_true(told(&b, BATON_FILE_OFFERED));
	assert_false(file_slice(&b.files, one, 0, 0));
	assert_int_equal(file_data(&b.files, one, 0, 0, bytes, 10),
			 BATON_ERR_PEER_STATE);
	OK(baton_files_accept(&b.files, one, 0));
	run();
	turn = b.in[0].turn;
	assert_true(file_slice(&b.files, one, turn, 0));
	/* Another turn, file or offset; too many. */
	assert_false(file_slice(&b.files, one, turn + 1, 0));
	assert_false(file_slice(&b.files, two, turn, 0));
	assert_false(file_slice(&b.files, one, turn, 1));
	assert_int_equal(file_data(&b.files, one, turn + 1, 0, bytes, 10),
			 BATON_ERR_PEER_STATE);
	assert_int_equal(file_data(&b.files, two, turn, 0, bytes, 10),
			 BATON_ERR_PEER_STATE);
	assert_int_equal(file_data(&b.files, one, turn, 1, bytes, 10),
			 BATON_ERR_PEER_STATE);
	assert_int_equal(file_data(&b.files, one, turn, UINT64_MAX, bytes, 10),
			 BATON_ERR_PEER_STATE);
	assert_int_equal(file_data(&b.files, one, turn, 0, bytes, 101),
			 BATON_ERR_PEER_STATE);
	assert_false(told(&b, BATON_FILE_DATA));
	give(one, 100);
	assert_int_equal(file_data(&b.files, one, turn, 100, bytes, 1),
			 BATON_ERR_PEER_STATE);
}

static void bytes_of_a_paused_or_ended_file_are_not_taken(void **state)
{
	static const uint8_t bytes[10];

	(void)state;
	accept(one, 100);
	OK(file_data(&b.files, one, b.in[0].turn, 0, bytes, 10));
	OK(baton_files_pause(&b.files, one, true));
	/* What was here and not taken is dropped, too. */
	assert_false(told(&b, BATON_FILE_DATA));
	assert_false(file_slice(&b.files, one, b.in[0].turn, 0));
	OK(baton_files_pause(&b.files, one, false));
	run();
	give(one, 10);
	OK(file_data(&b.files, one, b.in[0].turn, 10, bytes, 10));
	OK(baton_files_refuse(&b.files, one, 1));
	assert_false(told(&b, BATON_FILE_DATA));
	assert_false(file_slice(&b.files, one, b.in[0].turn, 10));
}

static void bytes_that_were_not_taken_in_time_are_asked_for_again(void **state)
{
	static const uint8_t bytes[20];
	uint8_t turn;

	(void)state;
	accept(one, 100);
	turn = b.in[0].turn;
	OK(file_data(&b.files, one, turn, 0, bytes, 10));
	assert_int_equal(file_data(&b.files, one, turn, 10, bytes, 10),
			 BATON_ERR_PEER_STATE);
	assert_false(told(&b, BATON_FILE_DATA));
	run();
	assert_int_not_equal(b.in[0].turn, turn);
	assert_int_equal(a.out[0].at, 0);
	give(one, 10);
}

static void refused_bytes_of_an_old_turn_stop_nothing(void **state)
{
	(void)state;
	accept(one, 100);
	file_refused(&a.out[0], (uint8_t)(a.out[0].turn - 1));
	assert_true(a.out[0].going);
	file_refused(&a.out[0], a.out[0].turn);
	assert_false(a.out[0].going);
}

static void without_a_link_nothing_is_taken_or_sent(void **state)
{
	(void)state;
	offer(one, 100);
	link_all(false);
	assert_int_equal(say(&a, FILE_TAKEN, one, 8), BATON_ERR_PEER_STATE);
	assert_false(baton_files_tx(&a.files, &op, body, sizeof(body), &len,
				    now_ms));
	/* A link whose envelopes are too short for an offer is none. */
	baton_files_link(&a.files, true, BATON_FILE_BODY_MAX - 1, now_ms);
	assert_false(baton_files_tx(&a.files, &op, body, sizeof(body), &len,
				    now_ms));
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(envelopes_of_every_length_change_nothing),
		T(an_offer_that_changes_is_not_taken),
		T(go_that_cannot_be_is_not_obeyed),
		T(a_file_is_not_taken_before_it_was_offered),
		T(an_end_is_not_changed_by_another),
		T(gone_means_nothing_unless_it_was_cancelled),
		T(progress_goes_up_and_not_beyond_the_end),
		T(nothing_is_forgotten_that_was_not_told),
		T(a_sender_that_knows_nothing_of_it_ends_it),
		T(what_is_not_known_is_answered),
		T(what_is_over_is_answered_as_before),
		T(answers_that_have_no_place_are_asked_for_again),
		T(repeat_says_again_what_is_not_answered),
		T(an_offer_that_crosses_go_is_not_answered_by_another),
		T(a_turn_is_never_0),
		T(bytes_that_are_not_wanted_are_not_taken),
		T(bytes_of_a_paused_or_ended_file_are_not_taken),
		T(bytes_that_were_not_taken_in_time_are_asked_for_again),
		T(refused_bytes_of_an_old_turn_stop_nothing),
		T(without_a_link_nothing_is_taken_or_sent),
	};

	return cmocka_run_group_tests_name("files received", tests, NULL, NULL);
}
