/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

/* Every byte differs and has its top bit set: a sign that spreads shows. */
static const uint8_t pattern[] = {0xf1, 0xe2, 0xd3, 0xc4,
				  0xb5, 0xa6, 0x97, 0x88};

static void big_endian_loads_put_the_first_byte_on_top(void **state)
{
	(void)state;
	assert_int_equal(baton_load_be16(pattern), 0xf1e2);
	assert_int_equal(baton_load_be32(pattern), 0xf1e2d3c4);
	assert_true(baton_load_be64(pattern) == UINT64_C(0xf1e2d3c4b5a69788));
}

static void little_endian_loads_put_the_first_byte_at_the_bottom(void **state)
{
	(void)state;
	assert_int_equal(baton_load_le16(pattern), 0xe2f1);
}

static void loads_do_not_need_alignment(void **state)
{
	uint8_t buf[16];
	size_t at;

	(void)state;
	for (at = 0; at < 8; at++) {
		memset(buf, 0, sizeof(buf));
		memcpy(buf + at, pattern, sizeof(pattern));
		assert_int_equal(baton_load_be16(buf + at), 0xf1e2);
		assert_int_equal(baton_load_be32(buf + at), 0xf1e2d3c4);
		assert_true(baton_load_be64(buf + at) ==
			    UINT64_C(0xf1e2d3c4b5a69788));
		assert_int_equal(baton_load_le16(buf + at), 0xe2f1);
	}
}

/* What is stored, and that not one byte beside it changes. */
static void check_stored(const uint8_t *buf, size_t buf_len,
			 const uint8_t *want, size_t want_len)
{
	size_t i;

	assert_memory_equal(buf + 1, want, want_len);
	assert_int_equal(buf[0], 0x55);
	for (i = 1 + want_len; i < buf_len; i++)
		assert_int_equal(buf[i], 0x55);
}

static void big_endian_stores_write_their_bytes_and_no_other(void **state)
{
	uint8_t buf[10];

	(void)state;
	memset(buf, 0x55, sizeof(buf));
	baton_store_be16(buf + 1, 0xf1e2);
	check_stored(buf, sizeof(buf), pattern, 2);

	memset(buf, 0x55, sizeof(buf));
	baton_store_be32(buf + 1, 0xf1e2d3c4);
	check_stored(buf, sizeof(buf), pattern, 4);

	memset(buf, 0x55, sizeof(buf));
	baton_store_be64(buf + 1, UINT64_C(0xf1e2d3c4b5a69788));
	check_stored(buf, sizeof(buf), pattern, 8);
}

static void little_endian_stores_write_their_bytes_and_no_other(void **state)
{
	uint8_t buf[10];

	(void)state;
	memset(buf, 0x55, sizeof(buf));
	baton_store_le16(buf + 1, 0xe2f1);
	check_stored(buf, sizeof(buf), pattern, 2);

	memset(buf, 0x55, sizeof(buf));
	baton_store_le32(buf + 1, 0xc4d3e2f1);
	check_stored(buf, sizeof(buf), pattern, 4);
}

static void what_is_stored_is_loaded_again(void **state)
{
	uint8_t buf[8];
	int bit;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		baton_store_be64(buf, UINT64_C(1) << bit);
		assert_true(baton_load_be64(buf) == UINT64_C(1) << bit);
	}
	for (bit = 0; bit < 32; bit++) {
		baton_store_be32(buf, UINT32_C(1) << bit);
		assert_true(baton_load_be32(buf) == UINT32_C(1) << bit);
	}
	for (bit = 0; bit < 16; bit++) {
		baton_store_be16(buf, (uint16_t)(1u << bit));
		assert_int_equal(baton_load_be16(buf), 1u << bit);
		baton_store_le16(buf, (uint16_t)(1u << bit));
		assert_int_equal(baton_load_le16(buf), 1u << bit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(big_endian_loads_put_the_first_byte_on_top),
		cmocka_unit_test(
			little_endian_loads_put_the_first_byte_at_the_bottom),
		cmocka_unit_test(loads_do_not_need_alignment),
		cmocka_unit_test(
			big_endian_stores_write_their_bytes_and_no_other),
		cmocka_unit_test(
			little_endian_stores_write_their_bytes_and_no_other),
		cmocka_unit_test(what_is_stored_is_loaded_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
