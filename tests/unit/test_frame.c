/* SPDX-License-Identifier: MIT */

/* Frames inside records: transport/SPEC.md B.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/frame.h"

#define C BATON_CLASS_CONTROL
#define M BATON_CLASS_MESSAGE
#define B BATON_CLASS_BULK
#define BAD 0xff /* used: refused */

static struct baton_frame frame;
static size_t used;

/* Decode from memory of just that size, so that a byte too many is noticed. */
static enum baton_err decode(const uint8_t *bytes, size_t len, uint8_t class_id)
{
	uint8_t *copy = calloc(1, len > 0 ? len : 1);
	struct baton_frames frames = {copy, len, class_id};
	enum baton_err err;

	memcpy(copy, bytes, len);
	err = baton_frame_next(&frames, &frame);
	used = len - frames.len;
	free(copy);
	if (!err)
		assert_in_range(used, 1, len);
	return err;
}

struct row {
	uint8_t class_id;
	uint8_t bytes[40];
	size_t len;
	size_t used; /* BAD: the frame is refused */
};

static void check_rows(const struct row *rows, size_t n)
{
	enum baton_err err;
	size_t i;

	for (i = 0; i < n; i++) {
		err = decode(rows[i].bytes, rows[i].len, rows[i].class_id);
		if (rows[i].used == BAD) {
			if (err != BATON_ERR_PROTOCOL)
				fail_msg("row %zu was taken", i);
		} else if (err || used != rows[i].used) {
			fail_msg("row %zu: error %d, used %zu", i, (int)err,
				 used);
		}
	}
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void data_reaches_to_the_end_or_its_length(void **state)
{
	static const struct row rows[] = {
		{M, {0x70, 1, 2}, 3, 3},      {M, {0x78, 1, 2, 3}, 4, 3},
		{B, {0x73, 1, 2}, 3, 3},      {B, {0x7b, 0, 1}, 3, 2},
		{B, {0x40, 1}, 2, 2},	      {B, {0x50}, 1, 1},
		{M, {0x78, 3, 1, 2}, 4, BAD}, {M, {0x78, 0xf3}, 2, BAD},
		{M, {0x78, 0xe0, 0}, 3, BAD}, /* longer than need be */
		{M, {0x78}, 1, BAD},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void data_never_travels_in_control(void **state)
{
	static const struct row rows[] = {
		{C, {0x70, 1}, 2, BAD},
		{C, {0xb0, 0, 1}, 3, BAD},
		{C, {0x02, 0, 0}, 3, BAD},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void a_message_without_a_head_is_whole(void **state)
{
	static const struct row rows[] = {
		{M, {0x70, 1}, 2, 2}, /* first and last */
		{M, {0x60, 1}, 2, BAD}, /* first only */
		{M, {0x50, 1}, 2, 2}, /* last only */
		{M, {0x40, 1}, 2, 2}, /* neither */
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void only_the_first_frame_of_a_message_has_a_head(void **state)
{
	static const struct row rows[] = {
		{M, {0xa0, 0x00, 1}, 3, 3},
		{M, {0xb0, 0x00, 1}, 3, 3},
		{M, {0x80, 0x00, 1}, 3, BAD},
		{M, {0x90, 0x00, 1}, 3, BAD},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void a_head_gives_its_fields_in_order(void **state)
{
	static const uint8_t bytes[] = {0xab, 0x1f, 0xe1, 0x00, 2,   'm',
					'n',  0x21, 7,	  1,	'x', 0};
	struct baton_frames frames = {bytes, sizeof(bytes), B};

	(void)state;
	assert_int_equal(baton_frame_next(&frames, &frame), BATON_OK);
	assert_ptr_equal(frames.p, bytes + 11);
	assert_int_equal(frames.len, 1);
	assert_int_equal(frame.type, BATON_FRAME_DATA);
	assert_int_equal(frame.at, BATON_STREAM_AT(B, 3));
	assert_int_equal(frame.marks, BATON_DATA_START | BATON_DATA_HEAD);
	assert_int_equal(frame.head,
			 BATON_HEAD_TOTAL | BATON_HEAD_META | BATON_HEAD_CODEC |
				 BATON_HEAD_CONTINUES | BATON_HEAD_PADDED);
	assert_true(frame.total == 0x100);
	assert_int_equal(frame.meta_len, 2);
	assert_ptr_equal(frame.meta, bytes + 5);
	assert_int_equal(frame.codec, 0x21);
	assert_true(frame.offset == 7);
	assert_int_equal(frame.len, 1);
	assert_ptr_equal(frame.bytes, bytes + 10);
}

static void heads_with_reserved_flags_are_refused(void **state)
{
	uint8_t bytes[] = {0xa0, 0, 1, 1, 1, 1, 1, 1};
	uint8_t bit;

	(void)state;
	for (bit = 0x40; bit; bit = (uint8_t)(bit << 1)) {
		bytes[1] = bit;
		assert_int_equal(decode(bytes, sizeof(bytes), M),
				 BATON_ERR_PROTOCOL);
	}
}

static void heads_cut_at_every_length_are_refused(void **state)
{
	static const uint8_t bytes[] = {0xab, 0x1f, 0xf1, 1,	2,    3, 4, 2,
					'm',  'n',  0x21, 0xe1, 0x00, 2, 5, 6};
	size_t len;

	(void)state;
	assert_int_equal(decode(bytes, sizeof(bytes), M), BATON_OK);
	for (len = 1; len < sizeof(bytes); len++)
		assert_int_equal(decode(bytes, len, M), BATON_ERR_PROTOCOL);
}

static void meta_has_at_most_255_bytes(void **state)
{
	uint8_t bytes[300] = {0xa0, 0x02, 0xe0, 0xff};

	(void)state;
	assert_int_equal(decode(bytes, 4 + 255, M), BATON_OK);
	assert_int_equal(frame.meta_len, 255);
	assert_int_equal(decode(bytes, 4 + 254, M), BATON_ERR_PROTOCOL);
	bytes[2] = 0xe1; /* 256 */
	bytes[3] = 0x00;
	assert_int_equal(decode(bytes, 4 + 256, M), BATON_ERR_PROTOCOL);
	memset(bytes + 2, 0xff, 9); /* 2^64 - 1 */
	bytes[2] = 0xf2;
	assert_int_equal(decode(bytes, 300, M), BATON_ERR_PROTOCOL);
}

static void lengths_of_any_size_never_wrap(void **state)
{
	static const struct row rows[] = {
		{M,
		 {0x78, 0xf2, 255, 255, 255, 255, 255, 255, 255, 255, 1},
		 11,
		 BAD},
		{M, {0x78, 0xf2, 0, 0, 0, 1, 0, 0, 0, 1, 1}, 11, BAD},
		{C,
		 {0x10, 0xf2, 255, 255, 255, 255, 255, 255, 255, 255, 1},
		 11,
		 BAD},
		{C, {0x10, 0xf2, 0, 0, 0, 1, 0, 0, 0, 1, 1}, 11, BAD},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void padding_is_zeros_to_the_end(void **state)
{
	uint8_t bytes[20] = {0};
	size_t i;

	(void)state;
	assert_int_equal(decode(bytes, 1, C), BATON_OK);
	assert_int_equal(decode(bytes, 20, B), BATON_OK);
	assert_int_equal(frame.type, BATON_FRAME_PAD);
	assert_int_equal(used, 20);
	for (i = 1; i < 20; i++) {
		bytes[i] = 0x80;
		assert_int_equal(decode(bytes, 20, B), BATON_ERR_PROTOCOL);
		bytes[i] = 0;
	}
}

static void verified_cancel_and_refuse_keep_to_their_classes(void **state)
{
	static const struct row rows[] = {
		{C, {1, M, 0, 3, 4, 9}, 6, 5}, {C, {1, B, 3, 3, 4}, 5, 5},
		{C, {1, 0, 0, 3, 4}, 5, BAD},  {C, {1, 3, 0, 3, 4}, 5, BAD},
		{M, {1, M, 0, 3, 4}, 5, BAD},  {B, {1, M, 0, 3, 4}, 5, BAD},
		{M, {2, 0, 1, 9}, 4, 3},       {B, {2, 0, 1, 9}, 4, 3},
		{C, {3, M, 0, 3, 4, 9}, 6, 5}, {M, {3, M, 0, 3, 4}, 5, BAD},
		{C, {3, 0, 0, 3, 4}, 5, BAD},  {B, {3, M, 0, 3, 4}, 5, BAD},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void short_frames_cut_at_every_length_are_refused(void **state)
{
	static const struct row rows[] = {
		{C, {1, M, 0, 0xe1, 0, 0xf0, 0x20, 0}, 8, 8},
		{C, {3, B, 0, 0xf1, 1, 0, 0, 0, 4}, 9, 9},
		{M, {2, 0, 1}, 3, 3},
		{C, {0x10, 3, 1, 2, 3}, 5, 5},
		{M, {0x20, 3, 1, 2, 3}, 5, 5},
	};
	size_t i, len;

	(void)state;
	CHECK_ROWS(rows);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (len = 1; len < rows[i].len; len++)
			assert_int_equal(
				decode(rows[i].bytes, len, rows[i].class_id),
				BATON_ERR_PROTOCOL);
}

/* SPEC B.1: which first bytes there are, and in which class. */
static bool first_byte_may_stand(int first, uint8_t class_id)
{
	if (first == 0)
		return true;
	if (first == 1 || first == 3)
		return class_id == C;
	if (first == 2)
		return class_id != C;
	if (first >= 0x10 && first < 0x40)
		return class_id == C || (class_id == M && first >= 0x20);
	if (first < 0x40 || first >= 0xc0 || class_id == C ||
	    (first & 7) >= BATON_STREAMS)
		return false;
	/* First of a message: with a head, or also its last. */
	return first < 0x80 ? !(first & 0x20) || first & 0x10
			    : (first & 0x20) != 0;
}

static void every_first_byte_stands_only_where_it_may(void **state)
{
	uint8_t bytes[8];
	uint8_t class_id;
	int first;

	(void)state;
	for (class_id = C; class_id <= B; class_id++)
		for (first = 0; first < 256; first++) {
			memset(bytes, 0, sizeof(bytes));
			bytes[0] = (uint8_t)first;
			if (first == 1 || first == 3)
				bytes[1] = M;
			if ((decode(bytes, sizeof(bytes), class_id) ==
			     BATON_OK) != first_byte_may_stand(first, class_id))
				fail_msg("first byte %02x in class %d", first,
					 class_id);
		}
}

static void frames_come_back_as_they_were_put(void **state)
{
	static const uint8_t meta[255] = {7};
	struct baton_frame f = {.type = BATON_FRAME_DATA,
				.marks = BATON_DATA_START | BATON_DATA_HEAD,
				.head = BATON_HEAD_TOTAL | BATON_HEAD_META |
					BATON_HEAD_CODEC | BATON_HEAD_PADDED |
					BATON_HEAD_CONTINUES,
				.codec = 3,
				.at = BATON_STREAM_AT(B, 2),
				.total = BATON_NUMBER_MAX,
				.offset = BATON_NUMBER_MAX,
				.meta = meta,
				.meta_len = sizeof(meta)};
	uint8_t bytes[BATON_FRAME_HEADER_MAX + BATON_META_MAX + 8];
	size_t len;

	(void)state;
	memset(bytes, 0x55, sizeof(bytes));
	len = baton_frame_put_data(bytes, &f);
	assert_true(len <= BATON_FRAME_HEADER_MAX + BATON_META_MAX);
	assert_int_equal(bytes[len], 0x55);
	assert_int_equal(decode(bytes, len, B), BATON_OK);
	assert_int_equal(used, len);
	assert_int_equal(frame.at, f.at);
	assert_int_equal(frame.marks, f.marks);
	assert_int_equal(frame.head, f.head);
	assert_true(frame.total == BATON_NUMBER_MAX &&
		    frame.offset == BATON_NUMBER_MAX);
	assert_int_equal(frame.codec, 3);
	assert_int_equal(frame.meta_len, 255);
	baton_frame_set_fin(bytes);
	assert_int_equal(decode(bytes, len, B), BATON_OK);
	assert_int_equal(frame.marks, f.marks | BATON_DATA_FIN);
}

static void streams_beyond_the_last_are_refused(void **state)
{
	uint8_t data[] = {0x70}, head[] = {0xb0, 0}, cancel[] = {2, 0, 1};
	uint8_t verified[] = {1, B, 0, 1, 1}, refuse[] = {3, M, 0, 1, 1};
	int number;

	(void)state;
	for (number = 0; number < 256; number++) {
		enum baton_err expect =
			number < BATON_STREAMS ? BATON_OK : BATON_ERR_PROTOCOL;

		data[0] = (uint8_t)(0x70 | (number & 7));
		head[0] = (uint8_t)(0xb0 | (number & 7));
		cancel[1] = verified[2] = refuse[2] = (uint8_t)number;
		if (number < 8) {
			assert_int_equal(decode(data, 1, M), expect);
			assert_int_equal(decode(head, 2, B), expect);
		}
		assert_int_equal(decode(cancel, 3, M), expect);
		assert_int_equal(decode(verified, 5, C), expect);
		assert_int_equal(decode(refuse, 5, C), expect);
	}
}

static void a_closed_frame_lets_another_follow(void **state)
{
	static const size_t lens[] = {0, 1, 0xdf, 0xe0, 0xfff, 0x1000};
	static uint8_t bytes[0x1100];
	struct baton_frame f = {.type = BATON_FRAME_DATA, .at = 2};
	size_t i, n, moved;

	(void)state;
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(bytes, 0xee, sizeof(bytes));
		n = baton_frame_put_data(bytes, &f);
		memset(bytes + n, 0x33, lens[i]);
		moved = baton_frame_close_data(bytes, n, lens[i]);
		assert_int_equal(decode(bytes, sizeof(bytes), M), BATON_OK);
		assert_int_equal(used, n + moved + lens[i]);
		assert_int_equal(frame.len, lens[i]);
		assert_int_equal(bytes[used], 0xee);
		if (lens[i] > 0)
			assert_int_equal(bytes[used - 1], 0x33);
	}
}

static void a_number_beyond_2_to_the_31_is_refused(void **state)
{
	/* DATA with a head that gives a total; VERIFIED with an offset. */
	uint8_t data[] = {0xb0, 0x01, 0xf1, 0x80, 0x00, 0x00, 0x00};
	uint8_t verified[] = {0x01, B, 0, 0, 0xf1, 0x80, 0x00, 0x00, 0x00};

	(void)state;
	assert_int_equal(decode(data, sizeof(data), B), BATON_OK);
	assert_int_equal(decode(verified, sizeof(verified), C), BATON_OK);
	data[sizeof(data) - 1] = 1;
	verified[sizeof(verified) - 1] = 1;
	assert_int_equal(decode(data, sizeof(data), B), BATON_ERR_PROTOCOL);
	assert_int_equal(decode(verified, sizeof(verified), C),
			 BATON_ERR_PROTOCOL);
}

static void verified_and_refuse_come_back(void **state)
{
	struct baton_frame f = {.at = BATON_STREAM_AT(B, 3),
				.message = BATON_MESSAGES_MAX,
				.offset = 0x12345,
				.reason = 4,
				.type = BATON_FRAME_VERIFIED};
	uint8_t bytes[24];
	size_t len;

	(void)state;
	len = baton_frame_put_position(bytes, &f);
	assert_int_equal(decode(bytes, len, C), BATON_OK);
	assert_int_equal(frame.type, BATON_FRAME_VERIFIED);
	assert_int_equal(frame.at, f.at);
	assert_true(frame.message == f.message && frame.offset == f.offset);
	f.type = BATON_FRAME_REFUSE;
	len = baton_frame_put_position(bytes, &f);
	assert_int_equal(decode(bytes, len, C), BATON_OK);
	assert_int_equal(frame.type, BATON_FRAME_REFUSE);
	assert_true(frame.message == f.message);
	assert_int_equal(frame.reason, 4);
	len = baton_frame_put_cancel(bytes, 3, 5);
	assert_int_equal(decode(bytes, len, M), BATON_OK);
	assert_int_equal(frame.type, BATON_FRAME_CANCEL);
	assert_int_equal(frame.at, BATON_STREAM_AT(M, 3));
	assert_int_equal(frame.reason, 5);
}

static void numbers_of_messages_have_32_bits(void **state)
{
	static const uint8_t verified[] = {0x01, B, 0, 0xf2, 0, 0, 0,
					   1,	 0, 0, 0,    0, 0};
	static const uint8_t refuse[] = {0x03, B, 0, 0xf2, 0, 0, 0,
					 1,    0, 0, 0,	   0, 0};

	(void)state;
	assert_int_equal(decode(verified, sizeof(verified), C),
			 BATON_ERR_PROTOCOL);
	assert_int_equal(decode(refuse, sizeof(refuse), C), BATON_ERR_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_reaches_to_the_end_or_its_length),
		cmocka_unit_test(data_never_travels_in_control),
		cmocka_unit_test(a_message_without_a_head_is_whole),
		cmocka_unit_test(only_the_first_frame_of_a_message_has_a_head),
		cmocka_unit_test(a_head_gives_its_fields_in_order),
		cmocka_unit_test(heads_with_reserved_flags_are_refused),
		cmocka_unit_test(heads_cut_at_every_length_are_refused),
		cmocka_unit_test(meta_has_at_most_255_bytes),
		cmocka_unit_test(lengths_of_any_size_never_wrap),
		cmocka_unit_test(padding_is_zeros_to_the_end),
		cmocka_unit_test(
			verified_cancel_and_refuse_keep_to_their_classes),
		cmocka_unit_test(short_frames_cut_at_every_length_are_refused),
		cmocka_unit_test(every_first_byte_stands_only_where_it_may),
		cmocka_unit_test(frames_come_back_as_they_were_put),
		cmocka_unit_test(streams_beyond_the_last_are_refused),
		cmocka_unit_test(a_closed_frame_lets_another_follow),
		cmocka_unit_test(a_number_beyond_2_to_the_31_is_refused),
		cmocka_unit_test(verified_and_refuse_come_back),
		cmocka_unit_test(numbers_of_messages_have_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
