/* SPDX-License-Identifier: MIT */

/* Messages on their way in: transport/SPEC.md B.1 to B.3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/incoming.h"
#include "transport/timing.h"

#define LIMIT 100000

static struct baton_incoming incoming;
static struct baton_incoming_news news;
static struct baton_incoming_stream *stream;

static int setup(void **state)
{
	(void)state;
	memset(&incoming, 0, sizeof(incoming));
	incoming.message_max = LIMIT;
	stream = baton_incoming_stream(&incoming, 0);
	return 0;
}

static struct baton_frame data(size_t len)
{
	struct baton_frame frame = {.type = BATON_FRAME_DATA, .len = len};

	return frame;
}

/* The first frame of a message of total bytes, len of them in it. */
static struct baton_frame head(uint64_t total, size_t len)
{
	struct baton_frame frame = data(len);

	frame.marks = BATON_DATA_START | BATON_DATA_HEAD;
	frame.head = BATON_HEAD_TOTAL;
	frame.total = total;
	if (len == total)
		frame.marks |= BATON_DATA_FIN;
	return frame;
}

static enum baton_err give(struct baton_frame frame)
{
	enum baton_err err = baton_incoming_check(&incoming, &frame, &news);

	if (!err)
		baton_incoming_take(&incoming, &frame, 1000);
	return err;
}

static enum baton_err give_cancel(void)
{
	struct baton_frame frame = {.type = BATON_FRAME_CANCEL};

	return give(frame);
}

static struct baton_frame last(size_t len)
{
	struct baton_frame frame = data(len);

	frame.marks |= BATON_DATA_FIN;
	return frame;
}

static void a_message_comes_in_several_frames(void **state)
{
	(void)state;
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_true((news.tell & BATON_TELL_BEGIN) &&
		    (news.tell & BATON_TELL_DATA) &&
		    !(news.tell & BATON_TELL_END));
	assert_int_equal(give(data(10)), BATON_OK);
	assert_true(!(news.tell & BATON_TELL_BEGIN) &&
		    (news.tell & BATON_TELL_DATA) &&
		    !(news.tell & BATON_TELL_END));
	assert_int_equal(stream->offset, 20);
	assert_int_equal(give(last(10)), BATON_OK);
	assert_true((news.tell & BATON_TELL_DATA) &&
		    (news.tell & BATON_TELL_END));
	assert_int_equal(stream->messages, 1);
	assert_int_equal(stream->offset, 0);
}

static void an_empty_message_begins_and_ends(void **state)
{
	(void)state;
	assert_int_equal(give(head(0, 0)), BATON_OK);
	assert_true((news.tell & BATON_TELL_BEGIN) &&
		    !(news.tell & BATON_TELL_DATA) &&
		    (news.tell & BATON_TELL_END));
	assert_int_equal(stream->messages, 1);
}

static void nothing_counts_before_it_was_taken(void **state)
{
	struct baton_frame frame = head(30, 10);

	(void)state;
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
	assert_int_equal(stream->offset, 0);
	assert_true(baton_incoming_deadline(&incoming) == BATON_LINK_NEVER);
}

static void the_last_byte_stands_exactly_at_the_total(void **state)
{
	struct baton_frame frame;

	(void)state;
	assert_int_equal(give(head(30, 31)), BATON_ERR_PROTOCOL);
	setup(NULL);
	frame = head(30, 10);
	frame.marks |= BATON_DATA_FIN;
	assert_int_equal(give(frame), BATON_ERR_PROTOCOL);
	setup(NULL);
	frame = head(30, 30);
	frame.marks &= (uint8_t)~BATON_DATA_FIN;
	assert_int_equal(give(frame), BATON_ERR_PROTOCOL);
	setup(NULL);
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_int_equal(give(data(20)), BATON_ERR_PROTOCOL);
	assert_int_equal(give(last(19)), BATON_ERR_PROTOCOL);
	assert_int_equal(give(last(21)), BATON_ERR_PROTOCOL);
	assert_int_equal(give(data(21)), BATON_ERR_PROTOCOL);
	assert_int_equal(give(last(20)), BATON_OK);
}

static void a_message_begins_with_its_first_byte_and_once(void **state)
{
	(void)state;
	assert_int_equal(give(data(5)), BATON_ERR_PROTOCOL);
	assert_int_equal(give(last(5)), BATON_ERR_PROTOCOL);
	assert_int_equal(give_cancel(), BATON_ERR_PROTOCOL);
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_int_equal(give(head(30, 10)), BATON_ERR_PROTOCOL);
}

static void what_was_not_negotiated_is_refused(void **state)
{
	struct baton_frame frame = head(30, 10);

	(void)state;
	frame.head |= BATON_HEAD_CODEC;
	frame.codec = 1;
	assert_int_equal(give(frame), BATON_ERR_PROTOCOL);
	frame = head(30, 10);
	frame.head |= BATON_HEAD_PADDED;
	assert_int_equal(give(frame), BATON_ERR_PROTOCOL);
}

static void a_message_goes_on_exactly_where_it_was(void **state)
{
	static const struct {
		uint64_t offset, total;
		enum baton_err err;
	} rows[] = {
		{0, 30, BATON_ERR_PROTOCOL},  {9, 30, BATON_ERR_PROTOCOL},
		{11, 30, BATON_ERR_PROTOCOL}, {10, 31, BATON_ERR_PROTOCOL},
		{10, 30, BATON_OK},
	};
	struct baton_frame frame;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(NULL);
		assert_int_equal(give(head(30, 10)), BATON_OK);
		assert_false(baton_incoming_link_down(stream));
		frame = head(rows[i].total, 5);
		frame.head |= BATON_HEAD_CONTINUES;
		frame.offset = rows[i].offset;
		assert_int_equal(give(frame), rows[i].err);
	}
	assert_false((news.tell & BATON_TELL_BEGIN));
	assert_int_equal(stream->offset, 15);
	/* What has not begun cannot go on. */
	setup(NULL);
	assert_int_equal(give(frame), BATON_ERR_PROTOCOL);
}

static void too_long_a_message_is_refused_at_its_head(void **state)
{
	(void)state;
	assert_int_equal(give(head(LIMIT + 1, 10)), BATON_OK);
	assert_true(news.refuse && !(news.tell & BATON_TELL_BEGIN) &&
		    !(news.tell & BATON_TELL_DATA));
	assert_int_equal(stream->state, BATON_INCOMING_DISCARD);
	assert_int_equal(give(data(10)), BATON_OK);
	assert_false((news.tell & BATON_TELL_DATA));
	assert_int_equal(give_cancel(), BATON_OK);
	assert_false((news.tell & BATON_TELL_ABORTED));
	assert_int_equal(stream->messages, 1);
	assert_int_equal(give(head(LIMIT, 10)), BATON_OK);
	assert_true((news.tell & BATON_TELL_BEGIN));
}

static void a_refused_message_counts_at_its_end(void **state)
{
	(void)state;
	assert_int_equal(baton_incoming_refuse(stream), BATON_ERR_STATE);
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_int_equal(baton_incoming_refuse(stream), BATON_OK);
	assert_int_equal(baton_incoming_refuse(stream), BATON_ERR_STATE);
	assert_int_equal(give(last(20)), BATON_OK);
	assert_false((news.tell & BATON_TELL_DATA) ||
		     (news.tell & BATON_TELL_END));
	assert_int_equal(stream->messages, 1);
	/* Or when the link ends. */
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_int_equal(baton_incoming_refuse(stream), BATON_OK);
	assert_false(baton_incoming_link_down(stream));
	assert_int_equal(stream->messages, 2);
	assert_int_equal(stream->state, BATON_INCOMING_IDLE);
}

static void a_cancelled_message_is_aborted_and_counts(void **state)
{
	(void)state;
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_int_equal(give_cancel(), BATON_OK);
	assert_true((news.tell & BATON_TELL_ABORTED));
	assert_int_equal(stream->messages, 1);
	assert_int_equal(stream->offset, 0);
}

static void what_begun_without_a_byte_begins_anew(void **state)
{
	(void)state;
	assert_int_equal(give(head(30, 0)), BATON_OK);
	assert_true(baton_incoming_link_down(stream));
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_true((news.tell & BATON_TELL_BEGIN));
}

static void a_peer_that_counts_anew_drops_what_had_begun(void **state)
{
	(void)state;
	assert_false(baton_incoming_reset(stream));
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_true(baton_incoming_reset(stream));
	assert_int_equal(stream->messages, 0);
	assert_int_equal(stream->offset, 0);
	assert_int_equal(give(head(30, 10)), BATON_OK);
}

static void verified_waits_100_ms_and_a_second_at_most(void **state)
{
	struct baton_frame frame = head(90000, 10);
	uint64_t now_ms;

	(void)state;
	assert_int_equal(baton_incoming_check(&incoming, &frame, &news),
			 BATON_OK);
	baton_incoming_take(&incoming, &frame, 1000);
	assert_int_equal(baton_incoming_deadline(&incoming), 1100);
	frame = data(10);
	for (now_ms = 1050; now_ms < 3000; now_ms += 50)
		baton_incoming_take(&incoming, &frame, now_ms);
	assert_int_equal(baton_incoming_deadline(&incoming), 2000);
}

static void a_long_message_is_told_at_once(void **state)
{
	(void)state;
	assert_int_equal(give(head(16383, 16383)), BATON_OK);
	assert_int_equal(baton_incoming_deadline(&incoming), 1100);
	assert_int_equal(give(head(16384, 16384)), BATON_OK);
	assert_int_equal(baton_incoming_deadline(&incoming), 0);
}

static void every_stream_is_told_once(void **state)
{
	struct baton_frame frame;
	struct baton_frame first = head(30, 10);

	(void)state;
	assert_int_equal(give(head(16384, 16384)), BATON_OK);
	first.at = BATON_STREAM_AT(BATON_CLASS_BULK, 3);
	assert_int_equal(give(first), BATON_OK);
	assert_true(baton_incoming_next(&incoming, &frame));
	assert_int_equal(frame.at, 0);
	assert_int_equal(frame.message, 1);
	assert_int_equal(frame.offset, 0);
	baton_incoming_told(&incoming, &frame);
	assert_int_equal(baton_incoming_deadline(&incoming), 0);
	assert_true(baton_incoming_next(&incoming, &frame));
	assert_int_equal(frame.at, BATON_STREAM_AT(BATON_CLASS_BULK, 3));
	assert_int_equal(frame.message, 0);
	assert_int_equal(frame.offset, 10);
	baton_incoming_told(&incoming, &frame);
	assert_false(baton_incoming_next(&incoming, &frame));
	assert_true(baton_incoming_deadline(&incoming) == BATON_LINK_NEVER);
}

static void
a_refusal_is_told_at_once_before_where_its_stream_stands(void **state)
{
	struct baton_frame frame;

	(void)state;
	assert_int_equal(give(head(30, 10)), BATON_OK);
	assert_int_equal(baton_incoming_refuse(stream), BATON_OK);
	baton_incoming_owe_refuse(&incoming, 0, 3);
	assert_int_equal(baton_incoming_deadline(&incoming), 0);
	assert_true(baton_incoming_next(&incoming, &frame));
	assert_int_equal(frame.type, BATON_FRAME_REFUSE);
	assert_int_equal(frame.message, 0);
	assert_int_equal(frame.reason, 3);
	baton_incoming_told(&incoming, &frame);
	assert_true(baton_incoming_next(&incoming, &frame));
	assert_int_equal(frame.type, BATON_FRAME_VERIFIED);
	assert_int_equal(frame.offset, 10);
	baton_incoming_told(&incoming, &frame);
	assert_false(baton_incoming_next(&incoming, &frame));
	assert_true(baton_incoming_deadline(&incoming) == BATON_LINK_NEVER);
}

static void a_refusal_is_not_told_on_the_next_link(void **state)
{
	struct baton_frame frame;

	(void)state;
	assert_int_equal(give(head(30, 0)), BATON_OK);
	assert_int_equal(baton_incoming_refuse(stream), BATON_OK);
	baton_incoming_owe_refuse(&incoming, 0, 3);
	assert_false(baton_incoming_link_down(stream));
	while (baton_incoming_next(&incoming, &frame)) {
		assert_int_equal(frame.type, BATON_FRAME_VERIFIED);
		baton_incoming_told(&incoming, &frame);
	}
	assert_int_equal(stream->refused, stream->messages);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_message_comes_in_several_frames),
		T(an_empty_message_begins_and_ends),
		T(nothing_counts_before_it_was_taken),
		T(the_last_byte_stands_exactly_at_the_total),
		T(a_message_begins_with_its_first_byte_and_once),
		T(what_was_not_negotiated_is_refused),
		T(a_message_goes_on_exactly_where_it_was),
		T(too_long_a_message_is_refused_at_its_head),
		T(a_refused_message_counts_at_its_end),
		T(a_cancelled_message_is_aborted_and_counts),
		T(what_begun_without_a_byte_begins_anew),
		T(a_peer_that_counts_anew_drops_what_had_begun),
		T(verified_waits_100_ms_and_a_second_at_most),
		T(a_long_message_is_told_at_once),
		T(every_stream_is_told_once),
		T(a_refusal_is_told_at_once_before_where_its_stream_stands),
		T(a_refusal_is_not_told_on_the_next_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
