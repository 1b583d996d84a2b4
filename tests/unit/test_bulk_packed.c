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
	assert_true(stats.link.tx_bytes < count * (uint64_t)TOTAL * 9 / 10);
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

/* It has begun a slice, and does not answer when it is asked for more. */
static const struct ferry_file *fall_asleep(uint8_t app)
{
	const struct ferry_file *file =
		ferry_send(ferry, BATON_WATCH, app, TOTAL);
	struct ferry_app *from = &ferry->node[BATON_WATCH].app[app];
	unsigned int i;

	assert_non_null(file);
	for (i = 0; from->supplied == 0 && i < 1000; i++)
		ferry_turn(ferry);
	assert_true(from->supplied > 0);
	from->lazy = true;
	return file;
}

/* It answers at last: all that it has, from where it is to go on. */
static void wake(const struct ferry_file *file)
{
	static uint8_t bytes[TOTAL];
	struct ferry_app *from = ferry_from(ferry, file);
	uint64_t at = from->out[0].at, i;
	size_t taken;

	for (i = at; i < TOTAL; i++)
		bytes[i] = ferry_byte(file, i);
	from->lazy = false;
	(void)!baton_files_write(&from->files, file->id, bytes + at,
				 (size_t)(TOTAL - at), &taken,
				 ferry->pair.now_ms);
}

/* What the encoder had of its slice went with the lane. */
static void who_lost_its_lane_asleep_goes_on_where_the_receiver_is(void **state)
{
	const struct ferry_file *file[FERRY_APPS];
	uint8_t i;

	(void)state;
	/* The first has the encoder, and its patience ends first. */
	for (i = 1; i < FERRY_APPS; i++) {
		file[i] = fall_asleep(i);
		ferry_run(ferry, BATON_BULK_PATIENCE_MS / 4);
	}
	file[0] = ferry_send(ferry, BATON_WATCH, 0, 30000);
	ferry_run(ferry, 60000);
	assert_true(file[0]->ended_well);
	for (i = 1; i < FERRY_APPS; i++)
		wake(file[i]);
	ferry_run(ferry, 60000);
	for (i = 1; i < FERRY_APPS; i++) {
		assert_false(file[i]->bad);
		assert_true(file[i]->ended_well);
	}
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_slice_overtakes_the_end_of_the_one_before),
		T(nor_where_more_files_go_than_there_are_lanes),
		T(who_lost_its_lane_asleep_goes_on_where_the_receiver_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
