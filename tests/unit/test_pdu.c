/* SPDX-License-Identifier: MIT */

/* PDUs to blocks and back: transport/SPEC.md A.1, A.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/pdu.h"

static struct baton_block blocks[BATON_PDU_BLOCKS];
static size_t count;

/* Decode from memory of just that size, so that a byte too many is noticed. */
static enum baton_err decode(const uint8_t *pdu, size_t len)
{
	uint8_t *copy;
	enum baton_err err;

	copy = calloc(1, len + 1);
	memcpy(copy + 1, pdu, len);
	err = baton_pdu_decode(copy + 1, len, blocks, &count);
	free(copy);
	return err;
}

struct row {
	uint8_t bytes[24];
	size_t len;
	enum baton_err err;
};

static void check_rows(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (decode(rows[i].bytes, rows[i].len) != rows[i].err)
			fail_msg("row %zu", i);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void data_short_is_bulk_with_seven_bits(void **state)
{
	static const uint8_t pdu[] = {0x7f, 1, 2, 3};

	(void)state;
	assert_int_equal(baton_pdu_decode(pdu, 4, blocks, &count), BATON_OK);
	assert_int_equal(count, 1);
	assert_int_equal(blocks[0].type, BATON_BLOCK_SHORT);
	assert_int_equal(blocks[0].class_id, BATON_CLASS_BULK);
	assert_int_equal(blocks[0].number, 0x7f);
	assert_int_equal(blocks[0].offset, 0);
	assert_int_equal(blocks[0].total, 3);
	assert_int_equal(blocks[0].len, 3);
	assert_ptr_equal(blocks[0].bytes, pdu + 1);
}

static void data_long_has_a_class_and_twelve_bits(void **state)
{
	static const uint8_t pdu[] = {0x9a, 0xbc, 1, 2};

	(void)state;
	assert_int_equal(baton_pdu_decode(pdu, 4, blocks, &count), BATON_OK);
	assert_int_equal(blocks[0].type, BATON_BLOCK_LONG);
	assert_int_equal(blocks[0].class_id, BATON_CLASS_MESSAGE);
	assert_int_equal(blocks[0].number, 0xabc);
	assert_int_equal(blocks[0].total, 2);
	assert_ptr_equal(blocks[0].bytes, pdu + 2);
}

static void data_part_says_which_bytes_of_how_many(void **state)
{
	static const uint8_t pdu[] = {0xd6, 0x0a, 0xbc, 0xfc, 0xfa, 1, 2};

	(void)state;
	assert_int_equal(baton_pdu_decode(pdu, 7, blocks, &count), BATON_OK);
	assert_int_equal(blocks[0].type, BATON_BLOCK_PART);
	assert_int_equal(blocks[0].class_id, BATON_CLASS_BULK);
	assert_int_equal(blocks[0].number, 0xabc);
	assert_int_equal(blocks[0].total, 508);
	assert_int_equal(blocks[0].offset, 506);
	assert_int_equal(blocks[0].len, 2);
}

static void acks_have_bitmaps_of_four_lengths(void **state)
{
	static const uint8_t lens[] = {0, 2, 8, 16};
	uint8_t pdu[20] = {0xe4, 0x0a, 0xbc, 128, 0xf0};
	uint8_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		pdu[0] = (uint8_t)(0xe4 | i);
		assert_int_equal(
			baton_pdu_decode(pdu, 4u + lens[i], blocks, &count),
			BATON_OK);
		assert_int_equal(count, 1);
		assert_int_equal(blocks[0].type, BATON_BLOCK_ACK);
		assert_int_equal(blocks[0].class_id, BATON_CLASS_MESSAGE);
		assert_int_equal(blocks[0].number, 0xabc);
		assert_int_equal(blocks[0].credit, 128);
		assert_int_equal(blocks[0].len, lens[i]);
		assert_ptr_equal(blocks[0].bytes, pdu + 4);
	}
}

static void flight_pieces_tell_total_or_offset(void **state)
{
	static const uint8_t first[] = {0xf7, 0x84, 0x00, 9};
	static const uint8_t later[] = {0xf3, 0x03, 0xff, 9};

	(void)state;
	assert_int_equal(baton_pdu_decode(first, 4, blocks, &count), BATON_OK);
	assert_int_equal(blocks[0].type, BATON_BLOCK_FLIGHT);
	assert_int_equal(blocks[0].flight, 7);
	assert_int_equal(blocks[0].offset, 0);
	assert_int_equal(blocks[0].total, 1024);
	assert_int_equal(baton_pdu_decode(later, 4, blocks, &count), BATON_OK);
	assert_int_equal(blocks[0].flight, 3);
	assert_int_equal(blocks[0].offset, 1023);
	assert_int_equal(blocks[0].total, 0);
	assert_int_equal(blocks[0].len, 1);
}

static void acks_and_an_echo_go_in_front_of_others(void **state)
{
	static const uint8_t pdu[] = {0xe0, 0, 1, 2,	0xf9, 7,    0xe5,
				      0,    3, 4, 0xff, 0,    0x11, 1};

	(void)state;
	assert_int_equal(decode(pdu, sizeof(pdu)), BATON_OK);
	assert_int_equal(count, 4);
	assert_int_equal(blocks[0].type, BATON_BLOCK_ACK);
	assert_int_equal(blocks[1].type, BATON_BLOCK_ECHO);
	assert_int_equal(blocks[1].token, 7);
	assert_int_equal(blocks[2].type, BATON_BLOCK_ACK);
	assert_int_equal(blocks[2].len, 2);
	assert_int_equal(blocks[3].type, BATON_BLOCK_SHORT);
	assert_int_equal(blocks[3].len, 1);
}

static void a_fifth_block_makes_a_pdu_malformed(void **state)
{
	static const uint8_t acks[] = {0xe0, 0,	   0,	 0, 0xe0, 0,	0,
				       0,    0xe0, 0,	 0, 0,	  0xe0, 0,
				       0,    0,	   0xe0, 0, 0,	  0};
	/* An ECHO as the fourth has no room for the ACK that must follow. */
	static const uint8_t echo[] = {0xe0, 0, 0, 0,	 0xe0, 0,    0, 0, 0xe0,
				       0,    0, 0, 0xf9, 0,    0xe0, 0, 0, 0};

	(void)state;
	assert_int_equal(decode(acks, 16), BATON_OK);
	assert_int_equal(decode(acks, 20), BATON_ERR_PEER_FORMAT);
	assert_int_equal(decode(echo, sizeof(echo)), BATON_ERR_PEER_FORMAT);
}

static void a_bad_block_spoils_the_good_ones_before_it(void **state)
{
	static const struct row rows[] = {
		{{0xe0, 0, 0, 0, 0xfa, 1}, 6, BATON_ERR_PEER_FORMAT},
		{{0xe0, 0, 0, 0, 0x00}, 5, BATON_ERR_PEER_LENGTH},
		{{0xe0, 0, 0, 0, 0xe0}, 5, BATON_ERR_PEER_LENGTH},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void pdus_of_no_or_too_many_bytes_are_refused(void **state)
{
	static uint8_t pdu[600];

	(void)state;
	assert_int_equal(decode(pdu, 0), BATON_ERR_PEER_LENGTH);
	assert_int_equal(decode(pdu, 509), BATON_OK);
	assert_int_equal(decode(pdu, 510), BATON_ERR_PEER_LENGTH);
	assert_int_equal(decode(pdu, 600), BATON_ERR_PEER_LENGTH);
}

static void blocks_cut_short_are_refused(void **state)
{
	static const struct row rows[] = {
		{{0x00, 1}, 2, BATON_OK},
		{{0x80, 0, 1}, 3, BATON_OK},
		{{0xc0, 0, 0, 1, 0, 1}, 6, BATON_OK},
		{{0xe3, 0, 0, 0}, 20, BATON_OK},
		{{0xe2, 0, 0, 0}, 12, BATON_OK},
		{{0xe1, 0, 0, 0}, 6, BATON_OK},
		{{0xe0, 0, 0, 0}, 4, BATON_OK},
		{{0xf0, 0x80, 1, 1}, 4, BATON_OK},
		{{0xf0, 0, 1, 1}, 4, BATON_OK},
		{{0xf8, 0, 0}, 3, BATON_OK},
		{{0xf9, 0, 0xe0, 0, 0, 0}, 6, BATON_OK},
		{{0xf9, 0, 0xe3, 0, 0, 0}, 22, BATON_OK},
	};
	size_t i, len;

	(void)state;
	CHECK_ROWS(rows);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (len = 0; len < rows[i].len; len++)
			if (decode(rows[i].bytes, len) != BATON_ERR_PEER_LENGTH)
				fail_msg("row %zu cut to %zu", i, len);
}

static void reserved_values_are_refused(void **state)
{
	static const struct row rows[] = {
		{{0xb0, 0, 1}, 3, BATON_ERR_PEER_FORMAT}, /* class 3 */
		{{0xd8, 0, 0, 1, 0, 1}, 6, BATON_ERR_PEER_FORMAT},
		{{0xec, 0, 0, 0}, 4, BATON_ERR_PEER_FORMAT},
		{{0xf8, 3, 0}, 3, BATON_ERR_PEER_FORMAT},
		{{0xf8, 0xff, 0}, 3, BATON_ERR_PEER_FORMAT},
		{{0xc1, 0, 0, 1, 0, 1}, 6, BATON_ERR_PEER_FORMAT}, /* bit 0 */
		{{0xc0, 0x10, 0, 1, 0, 1}, 6, BATON_ERR_PEER_FORMAT},
		{{0xc0, 0x80, 0, 1, 0, 1}, 6, BATON_ERR_PEER_FORMAT},
		{{0xe0, 0x10, 0, 0}, 4, BATON_ERR_PEER_FORMAT}, /* number */
		{{0xe0, 0, 0, 129}, 4, BATON_ERR_PEER_FORMAT}, /* credit */
		{{0xe0, 0, 0, 255}, 4, BATON_ERR_PEER_FORMAT},
		{{0xf0, 0x90, 1, 1}, 4, BATON_ERR_PEER_FORMAT},
		{{0xf0, 0xa0, 1, 1}, 4, BATON_ERR_PEER_FORMAT},
		{{0xf0, 0xc0, 1, 1}, 4, BATON_ERR_PEER_FORMAT},
		{{0xf0, 0x10, 1, 1}, 4, BATON_ERR_PEER_FORMAT},
		{{0xf8, 0, 0, 0}, 4, BATON_ERR_PEER_LENGTH}, /* not the end */
		{{0xf9, 0, 0x00, 0, 0, 0}, 6, BATON_ERR_PEER_FORMAT},
		{{0xf9, 0, 0xf9, 0, 0, 0}, 6, BATON_ERR_PEER_FORMAT},
	};
	uint8_t pdu[8] = {0};
	int first;

	(void)state;
	CHECK_ROWS(rows);
	for (first = 0xfa; first <= 0xff; first++) {
		pdu[0] = (uint8_t)first;
		assert_int_equal(decode(pdu, 8), BATON_ERR_PEER_FORMAT);
	}
}

static void parts_that_contradict_their_total_are_refused(void **state)
{
	static const struct row rows[] = {
		{{0xc0, 0, 0, 2, 0, 1, 2}, 7, BATON_OK},
		{{0xc0, 0, 0, 2, 1, 1, 2}, 7, BATON_ERR_PEER_LENGTH},
		{{0xc0, 0, 0, 1, 0, 1, 2}, 7, BATON_ERR_PEER_LENGTH},
		{{0xc0, 0, 0, 0, 0, 1}, 6, BATON_ERR_PEER_LENGTH}, /* total 0 */
		{{0xc4, 0, 0, 0xfc, 0, 1}, 6, BATON_OK}, /* total 508 */
		{{0xc4, 0, 0, 0xfd, 0, 1}, 6, BATON_ERR_PEER_LENGTH},
		{{0xc6, 0, 0, 0xfc, 0xfb, 1}, 6, BATON_OK},
		{{0xc6, 0, 0, 0xfc, 0xfc, 1}, 6, BATON_ERR_PEER_LENGTH},
		{{0xc2, 0, 0, 0xff, 0, 1}, 6, BATON_ERR_PEER_LENGTH},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void flight_pieces_outside_a_flight_are_refused(void **state)
{
	static const struct row rows[] = {
		{{0xf0, 0x80, 0, 1}, 4, BATON_ERR_PEER_LENGTH}, /* total 0 */
		{{0xf0, 0x80, 1, 1, 2}, 5, BATON_ERR_PEER_LENGTH},
		{{0xf0, 0x84, 0x01, 1}, 4, BATON_ERR_PEER_LENGTH}, /* 1025 */
		{{0xf0, 0x8f, 0xff, 1}, 4, BATON_ERR_PEER_LENGTH},
		{{0xf0, 0x00, 0x00, 1}, 4, BATON_ERR_PEER_LENGTH}, /* offset */
		{{0xf0, 0x04, 0x00, 1}, 4, BATON_ERR_PEER_LENGTH},
		{{0xf0, 0x03, 0xff, 1, 2}, 5, BATON_ERR_PEER_LENGTH},
		{{0xf0, 0x0f, 0xff, 1}, 4, BATON_ERR_PEER_LENGTH},
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void headers_come_back_as_they_were_put(void **state)
{
	uint8_t pdu[32];
	uint32_t number;
	uint16_t total, offset;
	uint8_t c;

	(void)state;
	memset(pdu, 0, sizeof(pdu));
	for (number = 0; number < 5000; number += 7)
		for (c = 0; c < BATON_CLASSES; c++) {
			assert_int_equal(baton_pdu_put_short(pdu, number), 1);
			assert_int_equal(decode(pdu, 2), BATON_OK);
			assert_int_equal(blocks[0].number, number % 128);
			assert_int_equal(baton_pdu_put_long(pdu, c, number), 2);
			assert_int_equal(decode(pdu, 3), BATON_OK);
			assert_int_equal(blocks[0].number, number % 4096);
			assert_int_equal(blocks[0].class_id, c);
		}
	for (total = 1; total <= 508; total++)
		for (offset = 0; offset < total; offset += 3) {
			assert_int_equal(
				baton_pdu_put_part(pdu, 1, 4097, offset, total),
				5);
			assert_int_equal(decode(pdu, 6), BATON_OK);
			assert_int_equal(blocks[0].number, 1);
			assert_int_equal(blocks[0].total, total);
			assert_int_equal(blocks[0].offset, offset);
		}
	assert_int_equal(baton_pdu_put_probe(pdu, 2, 0x5a), 3);
	assert_int_equal(decode(pdu, 3), BATON_OK);
	assert_int_equal(blocks[0].class_id, 2);
	assert_int_equal(blocks[0].token, 0x5a);
}

struct ack_row {
	int bit; /* highest bit set, -1: none */
	size_t cap;
	size_t len;
};

static void a_bitmap_is_as_long_as_its_bits_or_the_room(void **state)
{
	static const struct ack_row rows[] = {
		{-1, 20, 4},  {0, 20, 6},   {15, 20, 6},   {16, 20, 12},
		{63, 20, 12}, {64, 20, 20}, {127, 20, 20}, {127, 19, 12},
		{64, 12, 12}, {64, 11, 6},  {16, 6, 6},	   {16, 5, 4},
		{0, 4, 4},
	};
	uint8_t bitmap[16], pdu[20];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(bitmap, 0, sizeof(bitmap));
		memset(pdu, 0x55, sizeof(pdu));
		if (rows[i].bit >= 0)
			bitmap[rows[i].bit / 8] =
				(uint8_t)(0x80 >> rows[i].bit % 8);
		assert_int_equal(baton_pdu_put_ack(pdu, rows[i].cap, 2, 0x1fff,
						   128, bitmap),
				 rows[i].len);
		if (rows[i].len < 20)
			assert_int_equal(pdu[rows[i].len], 0x55);
		assert_int_equal(decode(pdu, rows[i].len), BATON_OK);
		assert_int_equal(blocks[0].number, 0xfff);
		assert_int_equal(blocks[0].credit, 128);
		assert_memory_equal(pdu + 4, bitmap, rows[i].len - 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_short_is_bulk_with_seven_bits),
		cmocka_unit_test(data_long_has_a_class_and_twelve_bits),
		cmocka_unit_test(data_part_says_which_bytes_of_how_many),
		cmocka_unit_test(acks_have_bitmaps_of_four_lengths),
		cmocka_unit_test(flight_pieces_tell_total_or_offset),
		cmocka_unit_test(acks_and_an_echo_go_in_front_of_others),
		cmocka_unit_test(a_fifth_block_makes_a_pdu_malformed),
		cmocka_unit_test(a_bad_block_spoils_the_good_ones_before_it),
		cmocka_unit_test(pdus_of_no_or_too_many_bytes_are_refused),
		cmocka_unit_test(blocks_cut_short_are_refused),
		cmocka_unit_test(reserved_values_are_refused),
		cmocka_unit_test(parts_that_contradict_their_total_are_refused),
		cmocka_unit_test(flight_pieces_outside_a_flight_are_refused),
		cmocka_unit_test(headers_come_back_as_they_were_put),
		cmocka_unit_test(a_bitmap_is_as_long_as_its_bits_or_the_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
