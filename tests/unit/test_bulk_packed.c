/* SPDX-License-Identifier: MIT */

/*
 * Files that are compressed on their way (FILES.md 2, transport/SPEC.md B.4).
 * When all bytes of a slice were given the encoder holds the last of them, and
 * the next slice goes in another stream of the engine.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/linux/codec_zlib.h"
#include "tests/support/ferry.h"

#define TOTAL (6 * BATON_BULK_SLICE + 1000)

static struct ferry *ferry;

static int setup(void **state)
{
	(void)state;
	ferry = malloc(sizeof(*ferry));
	if (!ferry || !ferry_init_codec(ferry, 5, &baton_codec_zlib))
		return -1;
	ferry_run(ferry, 1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ferry_free(ferry);
	free(ferry);
	return 0;
}

/* All of them arrive, and no slice was refused. */
static void send_files(uint8_t count)
{
	const struct ferry_file *file[FERRY_APPS];
	struct baton_session_stats stats;
	uint8_t i;

	for (i = 0; i < count; i++) {
		file[i] = ferry_send(ferry, BATON_WATCH, i, TOTAL);
		assert_non_null(file[i]);
	}
	ferry_run(ferry, 60000);
	assert_int_equal(ferry->node[BATON_PHONE].bulk.refused, 0);
	for (i = 0; i < count; i++) {
		assert_false(file[i]->bad);
		assert_int_equal(file[i]->renamed, 1);
		assert_int_equal(file[i]->sender_done, 1);
	}
	/* There was something to compress. */
	baton_session_stats(&ferry->pair.end[BATON_WATCH].session, &stats);
	assert_true(stats.tx_bytes < count * (uint64_t)TOTAL * 9 / 10);
}

static void no_slice_overtakes_the_end_of_the_one_before(void **state)
{
	(void)state;
	send_files(1);
}

static void nor_where_more_files_go_than_there_are_lanes(void **state)
{
	(void)state;
	send_files(FERRY_APPS);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_slice_overtakes_the_end_of_the_one_before),
		T(nor_where_more_files_go_than_there_are_lanes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
