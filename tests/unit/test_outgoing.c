/* SPDX-License-Identifier: MIT */

/* Messages on their way out: transport/SPEC.md part B. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/outgoing.h"

#define M BATON_CLASS_MESSAGE
#define CAP 512

static struct baton_outgoing outgoing;
static uint8_t memory[BATON_BATCHES_LEN(CAP)];
static struct baton_outgoing_stream *stream;
static struct baton_batch *batch;
static uint8_t bytes[2 * CAP];
static size_t taken;

static int setup(void **state)
{
	size_t i;

	(void)state;
	memset(&outgoing, 0, sizeof(outgoing));
	baton_outgoing_init(&outgoing, memory, CAP);
	stream = baton_outgoing_stream(&outgoing, 0);
	batch = &outgoing.batch[M];
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	return 0;
}

/* Decode frame number n of the batch. */
static struct baton_frame frame_at(int n)
{
	struct baton_frames frames = {batch->bytes + 2, batch->len, M};
	struct baton_frame frame = {0};

	do {
		assert_true(frames.len > 0);
		assert_int_equal(baton_frame_next(&frames, &frame), BATON_OK);
	} while (n-- > 0);
	return frame;
}

/* The batch became a record. */
static void seal(void)
{
	batch->len = 0;
	batch->tail_header = 0;
}

static enum baton_err begin(uint64_t total)
{
	return baton_outgoing_begin(&outgoing, 0, total, (const uint8_t *)"mm",
				    2);
}

static enum baton_err put(size_t len)
{
	return baton_outgoing_write(&outgoing, 0, bytes, len, &taken);
}

static enum baton_err send(size_t len)
{
	return baton_outgoing_send(&outgoing, 0, bytes, len, 0);
}

static enum baton_err verified(uint32_t messages)
{
	stream->tell = 0;
	return baton_outgoing_verified(stream, messages);
}

static enum baton_err sync(bool known, uint32_t messages, uint32_t offset)
{
	struct baton_position position = {.messages = messages,
					  .offset = offset};

	baton_outgoing_start(&outgoing, CAP);
	stream->tell = 0;
	return baton_outgoing_sync(stream, known, &position);
}

static void small_messages_share_a_record(void **state)
{
	struct baton_frame frame;
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(send((size_t)i * 10), BATON_OK);
	for (i = 0; i < 5; i++) {
		frame = frame_at(i);
		assert_int_equal(frame.marks,
				 BATON_DATA_START | BATON_DATA_FIN);
		assert_int_equal(frame.len, i * 10);
		assert_memory_equal(frame.bytes, bytes, frame.len);
	}
	assert_int_equal(stream->next, 5);
}

static void a_record_is_filled_to_its_last_byte(void **state)
{
	size_t len;

	(void)state;
	/* Every split of a record into two messages that just fit. */
	for (len = 0; len <= CAP - 2; len++) {
		setup(NULL);
		assert_int_equal(send(len), BATON_OK);
		while (send(1) == BATON_OK)
			;
		assert_true(batch->len <= CAP);
		assert_true(batch->len + 4 >= CAP);
		assert_int_equal(frame_at(0).len, len);
	}
}

static void a_message_too_long_for_a_record_is_refused(void **state)
{
	(void)state;
	assert_int_equal(send(CAP - 1), BATON_ERR_TOO_LARGE);
	/* As of a read() that failed. */
	assert_int_equal(send(SIZE_MAX), BATON_ERR_TOO_LARGE);
	assert_int_equal(stream->next, 0);
	assert_int_equal(send(CAP - 2), BATON_OK);
	assert_int_equal(send(1), BATON_ERR_AGAIN);
	assert_int_equal(stream->next, 1);
}

static void a_streamed_message_has_a_head_and_an_end(void **state)
{
	struct baton_frame frame;

	(void)state;
	assert_int_equal(begin(700), BATON_OK);
	assert_int_equal(put(700), BATON_OK);
	frame = frame_at(0);
	assert_int_equal(frame.marks, BATON_DATA_START | BATON_DATA_HEAD);
	assert_true(frame.head & BATON_HEAD_TOTAL);
	assert_int_equal(frame.total, 700);
	assert_int_equal(frame.meta_len, 2);
	assert_int_equal(frame.len, taken);
	assert_int_equal(batch->len, CAP);
	assert_int_equal(put(1), BATON_ERR_AGAIN);
	assert_int_equal(taken, 0);
	seal();
	assert_int_equal(put(700 - frame.len), BATON_OK);
	frame = frame_at(0);
	assert_int_equal(frame.marks, BATON_DATA_FIN);
	assert_int_equal(frame.len, taken);
	assert_int_equal(stream->state, BATON_OUTGOING_SENT);
	assert_int_equal(stream->next, 1);
}

static void more_than_the_total_is_the_callers_mistake(void **state)
{
	(void)state;
	assert_int_equal(begin(10), BATON_OK);
	assert_int_equal(put(11), BATON_ERR_TOO_LARGE);
	assert_int_equal(taken, 0);
	assert_int_equal(put(4), BATON_OK);
	assert_int_equal(put(7), BATON_ERR_TOO_LARGE);
	assert_int_equal(put(6), BATON_OK);
	assert_int_equal(put(1), BATON_ERR_STATE);
}

static void arguments_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_int_equal(begin(BATON_MESSAGE_MAX + 1), BATON_ERR_TOO_LARGE);
	assert_int_equal(baton_outgoing_begin(&outgoing, 0, 1, bytes, 256),
			 BATON_ERR_ARG);
}

static void a_stream_has_one_message_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(begin(10), BATON_OK);
	assert_int_equal(begin(10), BATON_ERR_STATE);
	assert_int_equal(send(1), BATON_ERR_STATE);
	/* Another stream may interleave. */
	assert_int_equal(put(4), BATON_OK);
	assert_int_equal(baton_outgoing_send(&outgoing, 1, bytes, 3, 0),
			 BATON_OK);
	assert_int_equal(put(6), BATON_OK);
	assert_int_equal(frame_at(0).len, 4);
	assert_int_equal(frame_at(1).at, 1);
	assert_int_equal(frame_at(2).len, 6);
	assert_int_equal(frame_at(2).marks, BATON_DATA_FIN);
}

static void cancelling_is_told_only_once_something_went_out(void **state)
{
	struct baton_frame frame;

	(void)state;
	assert_int_equal(baton_outgoing_cancel(stream, 1), BATON_ERR_STATE);
	assert_int_equal(begin(10), BATON_OK);
	assert_int_equal(baton_outgoing_cancel(stream, 1), BATON_OK);
	assert_int_equal(stream->state, BATON_OUTGOING_IDLE);
	assert_int_equal(stream->next, 0);
	assert_int_equal(batch->len, 0);
	assert_int_equal(begin(10), BATON_OK);
	assert_int_equal(put(4), BATON_OK);
	assert_int_equal(baton_outgoing_cancel(stream, 3), BATON_OK);
	assert_int_equal(baton_outgoing_flush(&outgoing, 0), BATON_OK);
	frame = frame_at(1);
	assert_int_equal(frame.type, BATON_FRAME_CANCEL);
	assert_int_equal(frame.reason, 3);
	assert_int_equal(stream->next, 1);
	assert_int_equal(stream->state, BATON_OUTGOING_IDLE);
}

static void verified_lets_the_sender_forget(void **state)
{
	(void)state;
	assert_false(baton_outgoing_unverified(&outgoing));
	assert_int_equal(begin(10), BATON_OK);
	assert_int_equal(put(10), BATON_OK);
	assert_true(baton_outgoing_unverified(&outgoing));
	assert_int_equal(verified(0), BATON_OK);
	assert_false(stream->tell & BATON_SENT_DELIVERED);
	assert_int_equal(verified(1), BATON_OK);
	assert_true(stream->tell & BATON_SENT_DELIVERED);
	assert_false(baton_outgoing_unverified(&outgoing));
	assert_int_equal(begin(10), BATON_OK);
}

static void positions_that_cannot_be_are_refused(void **state)
{
	(void)state;
	assert_int_equal(send(1), BATON_OK);
	assert_int_equal(send(1), BATON_OK);
	assert_int_equal(verified(3), BATON_ERR_PROTOCOL);
	assert_int_equal(verified(UINT32_MAX), BATON_ERR_PROTOCOL);
	assert_int_equal(verified(1), BATON_OK);
	assert_int_equal(verified(0), BATON_ERR_PROTOCOL);
	assert_int_equal(sync(true, 0, 0), BATON_ERR_PROTOCOL);
	assert_int_equal(sync(true, 4, 0), BATON_ERR_PROTOCOL);
	assert_int_equal(sync(true, 2, 1), BATON_ERR_PROTOCOL);
	assert_int_equal(begin(10), BATON_OK);
	assert_int_equal(put(4), BATON_OK);
	assert_int_equal(sync(true, 2, 5), BATON_ERR_PROTOCOL);
	assert_int_equal(sync(true, 2, 4), BATON_OK);
}

static void after_a_link_a_message_goes_on_from_its_offset(void **state)
{
	struct baton_frame frame;

	(void)state;
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(60), BATON_OK);
	assert_int_equal(sync(true, 0, 40), BATON_OK);
	assert_true(stream->tell & BATON_SENT_REWIND);
	assert_int_equal(stream->offset, 40);
	assert_int_equal(put(60), BATON_OK);
	frame = frame_at(0);
	assert_int_equal(frame.marks, BATON_DATA_MARKS);
	assert_true(frame.head & BATON_HEAD_CONTINUES);
	assert_int_equal(frame.offset, 40);
	assert_int_equal(frame.total, 100);
	assert_int_equal(frame.meta_len, 0);
}

/* The peer's hello is here, its SYNC is not: what it has is not known yet. */
static void a_cancel_before_the_sync_is_owed_to_who_has_a_part(void **state)
{
	int links;

	(void)state;
	for (links = 1; links <= 2; links++) {
		setup(NULL);
		assert_int_equal(begin(100), BATON_OK);
		assert_int_equal(put(60), BATON_OK);
		/* A link that went before its SYNC changes nothing. */
		baton_outgoing_start(&outgoing, CAP);
		if (links == 2)
			baton_outgoing_start(&outgoing, CAP);
		assert_int_equal(baton_outgoing_cancel(stream, 1), BATON_OK);
		assert_int_equal(sync(true, 0, 40), BATON_OK);
		assert_int_equal(baton_outgoing_flush(&outgoing, 0), BATON_OK);
		assert_int_equal(frame_at(0).type, BATON_FRAME_CANCEL);
		assert_int_equal(stream->next, 1);
	}
	setup(NULL);
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(60), BATON_OK);
	baton_outgoing_start(&outgoing, CAP);
	assert_int_equal(baton_outgoing_cancel(stream, 1), BATON_OK);
	assert_int_equal(sync(true, 0, 0), BATON_OK);
	assert_int_equal(stream->state, BATON_OUTGOING_IDLE);
	assert_int_equal(stream->next, 0);
}

static void what_was_sent_whole_and_lost_is_sent_again(void **state)
{
	(void)state;
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(100), BATON_OK);
	assert_int_equal(sync(true, 0, 100), BATON_OK);
	assert_true(stream->tell & BATON_SENT_REWIND);
	assert_int_equal(stream->offset, 100);
	setup(NULL);
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(100), BATON_OK);
	assert_int_equal(sync(true, 0, 0), BATON_OK);
	assert_int_equal(stream->tell, BATON_SENT_REWIND);
	assert_int_equal(stream->state, BATON_OUTGOING_SENDING);
	assert_int_equal(put(100), BATON_OK);
	assert_false(frame_at(0).head & BATON_HEAD_CONTINUES);
	assert_int_equal(frame_at(0).meta_len, 2);
}

static void what_arrived_with_the_last_link_is_delivered(void **state)
{
	(void)state;
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(100), BATON_OK);
	assert_int_equal(sync(true, 1, 0), BATON_OK);
	assert_int_equal(stream->tell, BATON_SENT_DELIVERED);
	assert_int_equal(stream->state, BATON_OUTGOING_IDLE);
}

static void short_messages_lost_with_a_link_are_reported(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(send(3), BATON_OK);
	assert_int_equal(sync(true, 2, 0), BATON_OK);
	assert_int_equal(stream->tell, BATON_SENT_DELIVERED | BATON_SENT_LOST);
	assert_int_equal(stream->lost_count, 3);
	assert_int_equal(stream->next, 2);
	assert_int_equal(stream->verified, 2);
}

static void a_peer_that_counts_anew_gets_it_from_the_start(void **state)
{
	(void)state;
	assert_int_equal(send(3), BATON_OK);
	assert_int_equal(send(3), BATON_OK);
	assert_int_equal(verified(1), BATON_OK);
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(60), BATON_OK);
	assert_int_equal(sync(false, 77, 88), BATON_OK);
	assert_int_equal(stream->tell, BATON_SENT_REWIND | BATON_SENT_LOST);
	assert_int_equal(stream->lost_count, 1);
	assert_int_equal(stream->offset, 0);
	assert_int_equal(stream->next, 0);
	assert_int_equal(stream->verified, 0);
}

static void a_refusal_stops_what_it_names(void **state)
{
	(void)state;
	assert_int_equal(send(1), BATON_OK);
	assert_int_equal(begin(100), BATON_OK);
	assert_int_equal(put(60), BATON_OK);
	assert_int_equal(baton_outgoing_refused(stream, 2, 9),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(baton_outgoing_refused(stream, 0, 9), BATON_OK);
	assert_int_equal(stream->tell, 0);
	assert_int_equal(baton_outgoing_refused(stream, 1, 9), BATON_OK);
	assert_int_equal(stream->tell, BATON_SENT_REFUSED);
	assert_int_equal(stream->refused_for, 9);
	assert_int_equal(stream->state, BATON_OUTGOING_CANCELLING);
	stream->tell = 0;
	assert_int_equal(baton_outgoing_refused(stream, 1, 9), BATON_OK);
	assert_int_equal(stream->tell, 0);
}

static void a_message_that_begins_makes_its_class_busy(void **state)
{
	(void)state;
	batch->busy = false;
	assert_int_equal(begin(100), BATON_OK);
	assert_true(batch->busy);
	/* A link that begins may find anything. */
	batch->busy = false;
	baton_outgoing_start(&outgoing, CAP);
	assert_true(batch->busy);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(small_messages_share_a_record),
		T(a_record_is_filled_to_its_last_byte),
		T(a_message_too_long_for_a_record_is_refused),
		T(a_streamed_message_has_a_head_and_an_end),
		T(more_than_the_total_is_the_callers_mistake),
		T(arguments_out_of_range_are_refused),
		T(a_stream_has_one_message_at_a_time),
		T(cancelling_is_told_only_once_something_went_out),
		T(verified_lets_the_sender_forget),
		T(positions_that_cannot_be_are_refused),
		T(after_a_link_a_message_goes_on_from_its_offset),
		T(a_cancel_before_the_sync_is_owed_to_who_has_a_part),
		T(what_was_sent_whole_and_lost_is_sent_again),
		T(what_arrived_with_the_last_link_is_delivered),
		T(short_messages_lost_with_a_link_are_reported),
		T(a_peer_that_counts_anew_gets_it_from_the_start),
		T(a_refusal_stops_what_it_names),
		T(a_message_that_begins_makes_its_class_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
