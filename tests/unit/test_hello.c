/* SPDX-License-Identifier: MIT */

/* The hello, its versions, and the prologue: session/SPEC.md 1.1, 1.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/hello.h"

static const uint8_t good[BATON_HELLO_LEN] = {
	1, 1, 1, 1, 0, 0, 1, 0x10, 0x00, 0x01, 0xfd, 16, 32, 64, 1,
	2, 3, 4, 5, 6, 7, 8, 9,	   10,	 11,   12,   13, 14, 15, 16};

static struct baton_hello_bytes hello;

static enum baton_err take(const uint8_t *p, size_t len)
{
	uint8_t *copy = calloc(1, len + 1);
	enum baton_err err;

	memcpy(copy + 1, p, len);
	err = baton_hello_take(&hello, copy + 1, len, BATON_PHONE);
	free(copy);
	return err;
}

static void a_hello_is_read_field_by_field(void **state)
{
	(void)state;
	assert_int_equal(take(good, sizeof(good)), BATON_OK);
	assert_int_equal(hello.len, sizeof(good));
	assert_memory_equal(hello.bytes, good, sizeof(good));
	assert_int_equal(baton_hello_pairing(&hello), BATON_PAIR_COMPARE);
	assert_int_equal(baton_hello_record_max(&hello), 4096);
	assert_int_equal(baton_hello_pdu_max(&hello), 509);
	assert_memory_equal(baton_hello_window(&hello), good + 11, 3);
	assert_int_equal(baton_hello_codecs(&hello), 0);
}

static void codecs_follow_where_the_features_say_so(void **state)
{
	uint8_t bytes[BATON_HELLO_LEN + 4];

	(void)state;
	memcpy(bytes, good, sizeof(good));
	memcpy(bytes + BATON_HELLO_LEN, "\1\2\3\4", 4);
	assert_int_equal(take(bytes, sizeof(bytes)), BATON_OK);
	assert_int_equal(baton_hello_codecs(&hello), 0);
	bytes[5] = BATON_FEATURE_CODECS;
	assert_int_equal(take(bytes, sizeof(bytes)), BATON_OK);
	assert_int_equal(baton_hello_codecs(&hello), 0x01020304);
	assert_int_equal(take(bytes, sizeof(bytes) - 1), BATON_ERR_PEER_LENGTH);
}

static void a_hello_is_written_as_it_is_read(void **state)
{
	static const struct baton_hello said = {.version_max = 1,
						.version_min = 1,
						.role = BATON_PHONE,
						.bearer = 1,
						.pairing = BATON_PAIR_COMPARE,
						.record_max = 4096,
						.pdu_max = 509,
						.window = {16, 32, 64}};
	struct baton_hello_bytes out;

	(void)state;
	memcpy(out.bytes, good, sizeof(good));
	memset(out.bytes, 0xaa, BATON_HELLO_NONCE_AT);
	baton_hello_encode(&said, &out);
	assert_int_equal(out.len, sizeof(good));
	assert_memory_equal(out.bytes, good, sizeof(good));
}

static void hellos_cut_at_every_length_are_refused(void **state)
{
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(good); len++)
		assert_int_equal(take(good, len), BATON_ERR_PEER_LENGTH);
}

static void longer_hellos_are_kept_whole_up_to_64_bytes(void **state)
{
	uint8_t bytes[65];

	(void)state;
	memset(bytes, 0xaa, sizeof(bytes));
	memcpy(bytes, good, sizeof(good));
	assert_int_equal(take(bytes, 64), BATON_OK);
	assert_int_equal(hello.len, 64);
	assert_memory_equal(hello.bytes, bytes, 64);
	assert_int_equal(take(bytes, 65), BATON_ERR_PEER_LENGTH);
}

struct change {
	uint8_t at, value;
	uint8_t at2, value2;
};

static void values_out_of_range_are_refused_and_nothing_is_written(void **state)
{
	static const struct change table[] = {
		{2, 0, 2, 0}, /* role */
		{2, 2, 2, 2},	     {7, 0x01, 8, 0xff}, /* record_max 511 */
		{7, 0x20, 8, 0x01}, /* 8193 */
		{7, 0, 8, 0},	     {9, 0, 10, 17}, /* pdu_max */
		{9, 0x01, 10, 0xfe}, /* 510 */
		{9, 0xff, 10, 0xff}, {11, 0, 11, 0}, /* windows */
		{11, 15, 11, 15},    {11, 129, 11, 129}, {12, 0, 12, 0},
		{12, 129, 12, 129},  {13, 0, 13, 0},	 {13, 255, 13, 255},
	};
	struct baton_hello_bytes before;
	uint8_t bytes[BATON_HELLO_LEN];
	size_t i;

	(void)state;
	memset(&hello, 0x5a, sizeof(hello));
	memcpy(&before, &hello, sizeof(before));
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memcpy(bytes, good, sizeof(good));
		bytes[table[i].at] = table[i].value;
		bytes[table[i].at2] = table[i].value2;
		if (take(bytes, sizeof(bytes)) != BATON_ERR_PEER_FORMAT)
			fail_msg("row %zu was taken", i);
		assert_memory_equal(&hello, &before, sizeof(before));
	}
}

static void values_at_the_ends_of_their_ranges_are_taken(void **state)
{
	static const struct change table[] = {
		{7, 0x02, 8, 0x00},  {7, 0x20, 8, 0x00}, {9, 0, 10, 18},
		{9, 0x01, 10, 0xfd}, {11, 16, 11, 16},	 {11, 128, 12, 128},
		{12, 1, 13, 1},	     {13, 128, 13, 128},
	};
	uint8_t bytes[BATON_HELLO_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memcpy(bytes, good, sizeof(good));
		bytes[table[i].at] = table[i].value;
		bytes[table[i].at2] = table[i].value2;
		if (take(bytes, sizeof(bytes)))
			fail_msg("row %zu was refused", i);
	}
}

struct versions {
	uint8_t max, min, used;
};

static void the_highest_version_both_speak_is_used(void **state)
{
	static const struct versions table[] = {
		{1, 1, 1},     {2, 1, 1}, {255, 1, 1}, {255, 0, 1},
		{1, 0, 1},     {2, 2, 0}, {0, 0, 0},   {255, 2, 0},
		{255, 255, 0}, {1, 2, 0}, /* upside down */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(
			baton_hello_version(table[i].max, table[i].min),
			table[i].used);
}

static void another_version_may_lay_the_rest_out_otherwise(void **state)
{
	static const uint8_t later[2] = {9, 7};

	(void)state;
	assert_int_equal(take(later, 2), BATON_OK);
	assert_memory_equal(hello.bytes, later, 2);
	assert_int_equal(baton_hello_version(9, 7), 0);
	assert_int_equal(take(later, 1), BATON_ERR_PEER_LENGTH);
}

static void the_prologue_binds_everything_in_order(void **state)
{
	struct baton_hello_bytes phone = {.bytes = {1, 2, 3}, .len = 3};
	struct baton_hello_bytes watch = {.bytes = {4, 5}, .len = 2};
	static const uint8_t want[] = {'B', 'a', 't', 'o', 'n', 1, 0x10,
				       3,   1,	 2,   3,   2,	4, 5};
	uint8_t out[BATON_PROLOGUE_MAX];

	(void)state;
	assert_int_equal(
		baton_prologue(out, 1, BATON_KIND_RECONNECT, &phone, &watch),
		sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
}

static void the_longest_prologue_fits(void **state)
{
	static struct baton_hello_bytes longest = {.len = BATON_HELLO_MAX};
	uint8_t out[BATON_PROLOGUE_MAX + 1];

	(void)state;
	out[BATON_PROLOGUE_MAX] = 0x5a;
	assert_int_equal(baton_prologue(out, 1, 1, &longest, &longest),
			 BATON_PROLOGUE_MAX);
	assert_int_equal(out[BATON_PROLOGUE_MAX], 0x5a);
}

/* A bond is not asked how one could pair with the device today. */
static void what_is_kept_of_a_hello_is_what_does_not_vary(void **state)
{
	const struct baton_hello hello = {.version_max = 1,
					  .version_min = 1,
					  .record_max = 600,
					  .pdu_max = 100,
					  .window = {1, 2, 3}};
	struct baton_hello other = hello;
	struct baton_hello_bytes a, b;

	(void)state;
	other.bearer = 1;
	other.pairing = BATON_PAIR_OUT_OF_BAND;
	memset(&a, 0, sizeof(a));
	memset(&b, 7, sizeof(b));
	baton_hello_encode(&hello, &a);
	baton_hello_encode(&other, &b);
	assert_memory_not_equal(a.bytes, b.bytes, a.len);
	baton_hello_strip(a.bytes);
	baton_hello_strip(b.bytes);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	other.features = 0x8000;
	baton_hello_encode(&other, &b);
	baton_hello_strip(b.bytes);
	assert_memory_not_equal(a.bytes, b.bytes, a.len);
}

/* Whatever two devices say of themselves, both come to the same. */
static void both_sides_come_to_one_method_and_one_that_shows(void **state)
{
	unsigned int a, b, secret;
	uint8_t kind;
	bool shows;

	(void)state;
	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++)
			for (secret = 0; secret < 2; secret++) {
				kind = baton_hello_method((uint8_t)a,
							  (uint8_t)b, secret);
				assert_int_equal(baton_hello_method((uint8_t)b,
								    (uint8_t)a,
								    secret),
						 kind);
				shows = baton_hello_shows(kind, BATON_WATCH,
							  (uint8_t)a,
							  (uint8_t)b);
				assert_int_equal(baton_hello_shows(kind,
								   BATON_PHONE,
								   (uint8_t)b,
								   (uint8_t)a),
						 !shows);
			}
}

static void what_both_can_decides_how_they_pair_and_who_shows(void **state)
{
	enum {
		C = BATON_PAIR_COMPARE,
		D = BATON_PAIR_SECRET_SHOW, /* draws */
		S = BATON_PAIR_SECRET_TAKE, /* scans */
		H = BATON_PAIR_SHOW,
		T = BATON_PAIR_TYPE,
	};
	static const struct {
		uint8_t watch, phone, kind;
		bool watch_shows;
	} rows[] = {
		{C | D | S | H | T, C | D | S | H | T, BATON_KIND_COMPARE, 1},
		{C | D | S | H | T, D | S | H | T, BATON_KIND_OUT_OF_BAND, 1},
		{D, C | D | S | H | T, BATON_KIND_OUT_OF_BAND, 1},
		{S, C | D | S | H | T, BATON_KIND_OUT_OF_BAND, 0},
		{D | S, D, BATON_KIND_OUT_OF_BAND, 0},
		{D | H, S | T, BATON_KIND_OUT_OF_BAND, 1},
		{S | T, D | H, BATON_KIND_OUT_OF_BAND, 0},
		{D | H, D | T, BATON_KIND_TYPED, 1},
		{H | T, H | T, BATON_KIND_TYPED, 1},
		{T, H | T, BATON_KIND_TYPED, 0},
		{H | T, H, BATON_KIND_TYPED, 0},
		{C | H, C | T, BATON_KIND_COMPARE, 1},
		{D, D, 0, 0},
		{S, S, 0, 0},
		{D, T, 0, 0},
		{H, S, 0, 0},
		{C, D | S | H | T, 0, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			baton_hello_method(rows[i].watch, rows[i].phone, false),
			rows[i].kind);
		if (rows[i].kind == BATON_KIND_OUT_OF_BAND ||
		    rows[i].kind == BATON_KIND_TYPED)
			assert_int_equal(
				baton_hello_shows(rows[i].kind, BATON_WATCH,
						  rows[i].watch, rows[i].phone),
				rows[i].watch_shows);
	}
	/* With a secret at hand nothing else is spoken. */
	assert_int_equal(baton_hello_method(C | D, C | D, true),
			 BATON_KIND_OUT_OF_BAND);
	assert_int_equal(baton_hello_method(C | D, C, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_is_read_field_by_field),
		cmocka_unit_test(codecs_follow_where_the_features_say_so),
		cmocka_unit_test(a_hello_is_written_as_it_is_read),
		cmocka_unit_test(hellos_cut_at_every_length_are_refused),
		cmocka_unit_test(longer_hellos_are_kept_whole_up_to_64_bytes),
		cmocka_unit_test(
			values_out_of_range_are_refused_and_nothing_is_written),
		cmocka_unit_test(values_at_the_ends_of_their_ranges_are_taken),
		cmocka_unit_test(the_highest_version_both_speak_is_used),
		cmocka_unit_test(
			another_version_may_lay_the_rest_out_otherwise),
		cmocka_unit_test(the_prologue_binds_everything_in_order),
		cmocka_unit_test(the_longest_prologue_fits),
		cmocka_unit_test(what_is_kept_of_a_hello_is_what_does_not_vary),
		cmocka_unit_test(
			both_sides_come_to_one_method_and_one_that_shows),
		cmocka_unit_test(
			what_both_can_decides_how_they_pair_and_who_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
