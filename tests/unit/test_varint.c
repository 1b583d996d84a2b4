/* SPDX-License-Identifier: MIT */

/* Numbers of frames: transport/SPEC.md B.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/varint.h"

struct sample {
	uint64_t value;
	size_t len;
	uint8_t bytes[BATON_VARINT64_MAX];
};

/* Both sides of every change of length. */
static const struct sample samples[] = {
	{0, 1, {0x00}},
	{1, 1, {0x01}},
	{0xdf, 1, {0xdf}},
	{0xe0, 2, {0xe0, 0xe0}},
	{0xff, 2, {0xe0, 0xff}},
	{0x100, 2, {0xe1, 0x00}},
	{0xfff, 2, {0xef, 0xff}},
	{0x1000, 3, {0xf0, 0x10, 0x00}},
	{0xffff, 3, {0xf0, 0xff, 0xff}},
	{0x10000, 5, {0xf1, 0x00, 0x01, 0x00, 0x00}},
	{UINT32_MAX, 5, {0xf1, 0xff, 0xff, 0xff, 0xff}},
	{UINT64_C(0x100000000), 9, {0xf2, 0, 0, 0, 1, 0, 0, 0, 0}},
	{UINT64_MAX, 9, {0xf2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))
#define SHORT (SAMPLES - 2) /* of them are below 2^32 */

static void assert_refused(const uint8_t *bytes, size_t len)
{
	const uint8_t *p = bytes;
	size_t left = len;
	uint32_t value;
	uint64_t wide;

	assert_false(baton_varint_get(&p, &left, &value));
	assert_ptr_equal(p, bytes);
	assert_int_equal(left, len);
	assert_false(baton_varint64_get(&p, &left, &wide));
	assert_ptr_equal(p, bytes);
	assert_int_equal(left, len);
}

static void values_are_written_as_the_table_says(void **state)
{
	uint8_t bytes[BATON_VARINT64_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < SHORT; i++) {
		memset(bytes, 0x55, sizeof(bytes));
		assert_int_equal(baton_varint_len((uint32_t)samples[i].value),
				 samples[i].len);
		assert_int_equal(
			baton_varint_put(bytes, (uint32_t)samples[i].value),
			samples[i].len);
		assert_memory_equal(bytes, samples[i].bytes, samples[i].len);
		assert_int_equal(bytes[samples[i].len], 0x55);
	}
	for (i = 0; i < SAMPLES; i++) {
		memset(bytes, 0x55, sizeof(bytes));
		assert_int_equal(baton_varint64_put(bytes, samples[i].value),
				 samples[i].len);
		assert_memory_equal(bytes, samples[i].bytes, samples[i].len);
		assert_int_equal(bytes[samples[i].len], 0x55);
	}
}

static void values_are_read_and_no_byte_behind_them(void **state)
{
	uint8_t bytes[BATON_VARINT64_MAX + 2];
	const uint8_t *p;
	uint32_t value;
	uint64_t wide;
	size_t i, left;

	(void)state;
	for (i = 0; i < SAMPLES; i++) {
		memset(bytes, 0xff, sizeof(bytes));
		memcpy(bytes, samples[i].bytes, samples[i].len);
		p = bytes;
		left = samples[i].len + 2;
		assert_true(baton_varint64_get(&p, &left, &wide));
		assert_true(wide == samples[i].value);
		assert_int_equal(left, 2);
		assert_ptr_equal(p, bytes + samples[i].len);
		p = bytes;
		left = samples[i].len + 2;
		assert_int_equal(baton_varint_get(&p, &left, &value),
				 i < SHORT);
		if (i < SHORT)
			assert_true(value == samples[i].value);
		else
			assert_ptr_equal(p, bytes);
	}
}

static void values_cut_short_are_refused(void **state)
{
	uint8_t *bytes;
	size_t i, len;

	(void)state;
	for (i = 0; i < SAMPLES; i++)
		for (len = 0; len < samples[i].len; len++) {
			/* Its own memory, so that sanitizers see a byte too many. */
			bytes = calloc(1, len + 1);
			memcpy(bytes + 1, samples[i].bytes, len);
			assert_refused(bytes + 1, len);
			free(bytes);
		}
}

static void values_longer_than_need_be_are_refused(void **state)
{
	static const struct sample longer[] = {
		{0, 2, {0xe0, 0x00}},
		{0, 2, {0xe0, 0xdf}},
		{0, 3, {0xf0, 0x00, 0x00}},
		{0, 3, {0xf0, 0x0f, 0xff}},
		{0, 5, {0xf1, 0, 0, 0, 0}},
		{0, 5, {0xf1, 0, 0, 0xff, 0xff}},
		{0, 9, {0xf2, 0, 0, 0, 0, 0, 0, 0, 0}},
		{0, 9, {0xf2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(longer) / sizeof(longer[0]); i++)
		assert_refused(longer[i].bytes, longer[i].len);
}

static void reserved_first_bytes_are_refused(void **state)
{
	uint8_t bytes[16];
	int first;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	for (first = 0xf3; first <= 0xff; first++) {
		bytes[0] = (uint8_t)first;
		assert_refused(bytes, sizeof(bytes));
	}
}

static void every_value_of_three_bytes_comes_back(void **state)
{
	uint8_t bytes[BATON_VARINT_MAX];
	const uint8_t *p;
	uint32_t value, back;
	size_t left;

	(void)state;
	for (value = 0; value <= 0x10010; value++) {
		p = bytes;
		left = baton_varint_put(bytes, value);
		assert_true(baton_varint_get(&p, &left, &back));
		assert_true(back == value && left == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_written_as_the_table_says),
		cmocka_unit_test(values_are_read_and_no_byte_behind_them),
		cmocka_unit_test(values_cut_short_are_refused),
		cmocka_unit_test(values_longer_than_need_be_are_refused),
		cmocka_unit_test(reserved_first_bytes_are_refused),
		cmocka_unit_test(every_value_of_three_bytes_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
