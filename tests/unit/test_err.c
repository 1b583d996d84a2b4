/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* The bands are part of the interface: 1..31, 32..63, 64..95. */
static const struct {
	enum baton_err err;
	int peer;
	int fatal;
} bands[] = {
	{BATON_OK, 0, 0},
	{BATON_ERR_ARG, 0, 0},
	{BATON_ERR_STATE, 0, 0},
	{BATON_ERR_SPACE, 0, 0},
	{BATON_ERR_AGAIN, 0, 0},
	{BATON_ERR_TOO_LARGE, 0, 0},
	{BATON_ERR_NOT_FOUND, 0, 0},
	{BATON_ERR_RANDOM, 0, 0},
	{BATON_ERR_PEER_LENGTH, 1, 0},
	{BATON_ERR_PEER_FORMAT, 1, 0},
	{BATON_ERR_PEER_SEQ, 1, 0},
	{BATON_ERR_PEER_STATE, 1, 0},
	{BATON_ERR_PEER_AUTH, 1, 0},
	{BATON_ERR_PEER_UNKNOWN, 1, 0},
	{BATON_ERR_PEER_LIMIT, 1, 0},
	{BATON_ERR_CLOSED, 0, 1},
	{BATON_ERR_VERSION, 0, 1},
	{BATON_ERR_AUTH, 0, 1},
	{BATON_ERR_PROTOCOL, 0, 1},
	{BATON_ERR_TIMEOUT, 0, 1},
	{BATON_ERR_EXHAUSTED, 0, 1},
	{BATON_ERR_STORE, 0, 1},
	{BATON_ERR_REFUSED, 0, 1},
	{BATON_ERR_NO_BOND, 0, 1},
};

#define N_BANDS (sizeof(bands) / sizeof(bands[0]))

static void every_error_is_in_its_band(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_BANDS; i++) {
		assert_int_equal(baton_err_is_peer(bands[i].err),
				 bands[i].peer);
		assert_int_equal(baton_err_is_fatal(bands[i].err),
				 bands[i].fatal);
	}
}

static void every_error_has_a_sentence_of_its_own(void **state)
{
	const char *text;
	size_t i, j;

	(void)state;
	for (i = 0; i < N_BANDS; i++) {
		text = baton_err_text(bands[i].err);
		assert_true(strlen(text) > 0);
		assert_string_not_equal(text, "unknown error");
		for (j = 0; j < i; j++)
			assert_string_not_equal(text,
						baton_err_text(bands[j].err));
	}
}

static void the_table_above_leaves_no_error_out(void **state)
{
	size_t known = 0;
	int value;

	(void)state;
	for (value = 0; value < 256; value++)
		if (strcmp(baton_err_text((enum baton_err)value),
			   "unknown error"))
			known++;
	assert_int_equal(known, N_BANDS);
}

static void a_sentence_fits_into_a_longer_one(void **state)
{
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < N_BANDS; i++) {
		text = baton_err_text(bands[i].err);
		assert_null(strchr(text, '\n'));
		assert_int_not_equal(text[strlen(text) - 1], '.');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_is_in_its_band),
		cmocka_unit_test(every_error_has_a_sentence_of_its_own),
		cmocka_unit_test(the_table_above_leaves_no_error_out),
		cmocka_unit_test(a_sentence_fits_into_a_longer_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
