/* SPDX-License-Identifier: MIT */

/* Whose turn it is on class BULK, and what comes under nobody's name. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "tests/support/ferry.h"

#define LARGE 3000000

static struct ferry *ferry;

static int setup(void **state)
{
	(void)state;
	ferry = malloc(sizeof(*ferry));
	if (!ferry || !ferry_init(ferry, 5))
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

static uint64_t supplied(uint8_t app)
{
	return ferry->node[BATON_WATCH].app[app].supplied;
}

/* One round; time goes on where nothing else does. */
static void turn(void)
{
	if (!ferry_turn(ferry))
		ferry_run(ferry, 1);
}

static void until(uint8_t app, uint64_t bytes)
{
	unsigned int i;

	for (i = 0; supplied(app) < bytes && i < 100000; i++)
		turn();
	assert_true(supplied(app) >= bytes);
}

static uint64_t gap(uint64_t x, uint64_t y)
{
	return x > y ? x - y : y - x;
}

static struct ferry_file *send_file(uint8_t app, uint64_t total)
{
	struct ferry_file *file = ferry_send(ferry, BATON_WATCH, app, total);

	assert_non_null(file);
	return file;
}

static void keep_pace(uint8_t count, uint64_t most)
{
	uint64_t first[FERRY_APPS];
	uint8_t i;

	for (i = 0; i < count; i++)
		(void)send_file(i, LARGE);
	/* Each is asked at its own time; who was first has begun a long slice. */
	for (i = 0; i < count; i++)
		until(i, BATON_BULK_SLICE + 1);
	for (i = 0; i < count; i++)
		first[i] = supplied(i);
	while (supplied(0) < LARGE / 4) {
		turn();
		for (i = 1; i < count; i++)
			assert_true(gap(supplied(0) - first[0],
					supplied(i) - first[i]) <= most);
	}
	/* No slice came before the end of the one that it follows. */
	assert_int_equal(ferry->node[BATON_PHONE].bulk.refused, 0);
}

static void files_of_three_applications_go_at_the_same_pace(void **state)
{
	(void)state;
	keep_pace(BATON_BULK_LANES, 2 * BATON_BULK_QUANTUM);
}

static void more_than_there_are_lanes_take_turns(void **state)
{
	(void)state;
	keep_pace(FERRY_APPS, 8 * BATON_BULK_QUANTUM);
}

static void more_files_of_one_application_are_no_larger_share(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < FERRY_OUT - 1; i++)
		(void)send_file(0, LARGE);
	(void)send_file(1, LARGE);
	until(0, LARGE / 8);
	assert_true(gap(supplied(0), supplied(1)) <= 4 * BATON_BULK_QUANTUM);
}

static void who_comes_late_catches_nothing_up(void **state)
{
	uint64_t before;

	(void)state;
	(void)send_file(0, LARGE);
	until(0, LARGE / 8);
	(void)send_file(1, LARGE);
	until(1, 1);
	before = supplied(0);
	until(1, LARGE / 8);
	assert_true(gap(supplied(1), supplied(0) - before) <=
		    4 * BATON_BULK_QUANTUM);
}

/* It has begun a slice, and gives no more of it. */
static void fall_asleep(uint8_t app)
{
	uint64_t before = supplied(app);

	(void)send_file(app, LARGE);
	until(app, before + 1);
	ferry->node[BATON_WATCH].app[app].lazy = true;
}

static void who_does_not_supply_holds_nobody_up(void **state)
{
	struct ferry_file *file;

	(void)state;
	fall_asleep(0);
	file = send_file(1, 300000);
	ferry_run(ferry, 60000);
	assert_true(file->ended_well);
}

static void all_but_one_may_sleep(void **state)
{
	struct ferry_file *file;
	uint8_t i;

	(void)state;
	for (i = 1; i < FERRY_APPS; i++)
		fall_asleep(i);
	file = send_file(0, 300000);
	ferry_run(ferry, 60000);
	assert_true(file->ended_well);
	/* Who lost its lane knows from where to go on. */
	for (i = 1; i < FERRY_APPS; i++)
		assert_true(ferry->node[BATON_WATCH].app[i].out[0].going);
	/* Who wakes goes on. */
	for (i = 1; i < FERRY_APPS; i++)
		ferry->node[BATON_WATCH].app[i].lazy = false;
	/* A new link asks everybody again. */
	ferry_down(ferry);
	ferry_up(ferry);
	ferry_run(ferry, 600000);
	for (i = 0; i < FERRY_APPS; i++)
		assert_true(ferry->file[i].ended_well);
}

/* All that it gave is there, so there is nothing for the peer to refuse. */
static void who_is_held_leaves_its_lane_at_once(void **state)
{
	struct ferry_app *to;
	uint8_t i;

	(void)state;
	for (i = 1; i < FERRY_APPS; i++)
		fall_asleep(i);
	ferry_run(ferry, BATON_BULK_PATIENCE_MS / 4);
	for (i = 1; i < FERRY_APPS; i++) {
		to = &ferry->node[BATON_PHONE].app[i];
		assert_int_equal(
			baton_files_pause(&to->files, to->in[0].id, true),
			BATON_OK);
	}
	(void)send_file(0, 1000);
	ferry_run(ferry, BATON_BULK_PATIENCE_MS / 2);
	assert_int_equal(supplied(0), 1000);
}

static bool are_sent(uint8_t count)
{
	const struct ferry_node *watch = &ferry->node[BATON_WATCH];
	const struct baton_outgoing_stream *stream =
		&watch->end->session.outgoing
			 .stream[BATON_STREAM_AT(BATON_CLASS_BULK, 0)];
	uint8_t i;

	for (i = 0; i < count; i++)
		if (stream[i].state != BATON_OUTGOING_SENT)
			return false;
	return true;
}

/* The engine would begin them anew; but the peer says GO on the next link. */
static void lanes_of_slices_that_were_lost_are_free_again(void **state)
{
	struct ferry_file *file[BATON_BULK_LANES];
	uint8_t i;

	(void)state;
	for (i = 0; i < BATON_BULK_LANES; i++)
		file[i] = send_file(i, 100);
	for (i = 0; !are_sent(BATON_BULK_LANES) && i < 200; i++) {
		ferry_turn(ferry);
		/* Nothing of what was supplied arrives. */
		if (supplied(0) + supplied(1) + supplied(2) > 0)
			ferry->pair.lose[BATON_PHONE] = PAIR_QUEUE;
	}
	assert_true(are_sent(BATON_BULK_LANES));
	ferry_down(ferry);
	ferry->pair.lose[BATON_PHONE] = 0;
	ferry_up(ferry);
	ferry_run(ferry, 60000);
	for (i = 0; i < BATON_BULK_LANES; i++)
		assert_true(file[i]->ended_well);
}

/* The peer never says HOLD or REFUSED, and takes nothing. */
static void who_refuses_every_slice_is_not_sent_more(void **state)
{
	(void)state;
	(void)send_file(0, LARGE);
	until(0, BATON_BULK_SLICE / 2);
	ferry->node[BATON_PHONE].app[0].in[0].turn ^= 1;
	ferry_run(ferry, 60000);
	assert_true(supplied(0) <= 2 * BATON_BULK_SLICE);
}

static size_t lanes_of(const struct ferry_app *app)
{
	const struct baton_bulk *bulk = &ferry->node[BATON_WATCH].bulk;
	size_t i, n = 0;

	for (i = 0; i < BATON_BULK_LANES; i++)
		n += bulk->out[i].state == BATON_BULK_FILLING &&
		     bulk->out[i].file >= app->out &&
		     bulk->out[i].file < app->out + FERRY_OUT;
	return n;
}

/* The older file's turn comes when the slice of the newer one has ended. */
static void an_application_fills_one_lane_at_a_time(void **state)
{
	struct ferry_file *older, *newer;
	struct ferry_app *to = &ferry->node[BATON_PHONE].app[0];

	(void)state;
	ferry->asks = true;
	older = send_file(0, LARGE);
	newer = send_file(0, LARGE);
	ferry_run(ferry, 1000);
	newer->part = older->part = true;
	assert_int_equal(baton_files_accept(&to->files, newer->id, 0),
			 BATON_OK);
	until(0, BATON_BULK_SLICE / 2);
	assert_int_equal(baton_files_accept(&to->files, older->id, 0),
			 BATON_OK);
	while (supplied(0) < 8 * BATON_BULK_SLICE) {
		turn();
		assert_true(lanes_of(&ferry->node[BATON_WATCH].app[0]) <= 1);
	}
	assert_true(older->written > newer->written);
}

static void who_comes_to_full_lanes_gets_one(void **state)
{
	uint8_t i;

	(void)state;
	for (i = 0; i < BATON_BULK_LANES; i++)
		(void)send_file(i, LARGE / 10);
	for (i = 0; i < BATON_BULK_LANES; i++)
		until(i, 3 * BATON_BULK_QUANTUM);
	(void)send_file(BATON_BULK_LANES, LARGE / 10);
	ferry_run(ferry, 60000);
	for (i = 0; i <= BATON_BULK_LANES; i++)
		assert_true(ferry->file[i].ended_well);
}

static void open_stream(uint8_t app, const uint8_t *id)
{
	assert_int_equal(baton_bytestreams_open(
				 &ferry->node[BATON_WATCH].app[app].streams, id,
				 NULL, 0),
			 BATON_OK);
	ferry_run(ferry, 1000);
	assert_int_equal(
		baton_bytestreams_accept(
			&ferry->node[BATON_PHONE].app[app].streams, id),
		BATON_OK);
	ferry_run(ferry, 1000);
}

static size_t fill(uint8_t app, const uint8_t *id)
{
	static const uint8_t bytes[FERRY_RING];
	size_t taken;

	(void)!baton_bytestreams_write(
		&ferry->node[BATON_WATCH].app[app].streams, id, bytes,
		sizeof(bytes), &taken);
	return taken;
}

static size_t empty(uint8_t app, const uint8_t *id)
{
	uint8_t bytes[2 * FERRY_RING];
	size_t len;

	(void)!baton_bytestreams_read(
		&ferry->node[BATON_PHONE].app[app].streams, id, bytes,
		sizeof(bytes), &len);
	return len;
}

static void a_stream_and_a_file_share_alike(void **state)
{
	static const uint8_t id[BATON_BYTESTREAM_ID_LEN] = "s";
	uint64_t written = 0;
	unsigned int i;

	(void)state;
	open_stream(0, id);
	(void)send_file(1, LARGE);
	for (i = 0; i < 4000; i++) {
		written += fill(0, id);
		turn();
		(void)empty(0, id);
	}
	assert_true(written > 20000);
	/* A ring is shorter than its share: the file has the rest. */
	assert_true(supplied(1) + 4 * BATON_BULK_QUANTUM > written);
}

static void a_reader_that_sleeps_holds_nobody_up(void **state)
{
	static const uint8_t id[BATON_BYTESTREAM_ID_LEN] = "s";
	struct ferry_file *file;

	(void)state;
	open_stream(0, id);
	while (fill(0, id) > 0)
		ferry_run(ferry, 100);
	file = send_file(1, 300000);
	ferry_run(ferry, 60000);
	assert_true(file->ended_well);
	assert_int_equal(empty(0, id), FERRY_RING);
}

/* ---- What comes under nobody's name ---- */

#define META 19

static void put_meta(uint8_t meta[META], uint8_t kind, uint8_t channel)
{
	memset(meta, 0, META);
	meta[0] = kind;
	meta[1] = channel;
}

/* The watch begins a slice by itself; the phone refuses it, and goes on. */
static void refuse_slice(uint8_t lane, const uint8_t *meta, size_t meta_len)
{
	static const uint8_t bytes[1000];
	struct baton_stream_id stream = {BATON_CLASS_BULK, lane};
	struct ferry_node *phone = &ferry->node[BATON_PHONE];
	uint64_t refused = phone->bulk.refused, received = 0;
	struct ferry_file *file;
	size_t took, i;

	assert_int_equal(
		baton_session_begin(&ferry->node[BATON_WATCH].end->session,
				    stream, sizeof(bytes), meta, meta_len, 0),
		BATON_OK);
	(void)!baton_session_write(&ferry->node[BATON_WATCH].end->session,
				   stream, bytes, sizeof(bytes), &took,
				   ferry->pair.now_ms);
	ferry_run(ferry, 5000);
	assert_int_equal(phone->bulk.refused, refused + 1);
	for (i = 0; i < FERRY_APPS; i++)
		received += phone->app[i].received;
	assert_int_equal(received, 0);
	file = send_file(0, 70000);
	ferry_run(ferry, 60000);
	assert_true(file->ended_well);
}

static void a_slice_of_another_kind_is_refused(void **state)
{
	uint8_t meta[META];

	(void)state;
	put_meta(meta, 0x41, 0);
	refuse_slice(0, meta, META);
}

static void a_slice_of_no_application_is_refused(void **state)
{
	uint8_t meta[META];

	(void)state;
	put_meta(meta, 0x40, FERRY_APPS);
	refuse_slice(1, meta, META);
}

static void a_slice_without_its_meta_is_refused(void **state)
{
	uint8_t meta[META];

	(void)state;
	put_meta(meta, 0x40, 0);
	refuse_slice(2, meta, META - 1);
}

static void a_slice_of_a_file_that_nobody_wants_is_refused(void **state)
{
	uint8_t meta[META];

	(void)state;
	put_meta(meta, 0x40, 0);
	refuse_slice(0, meta, META);
}

static void a_slice_in_the_stream_of_chunks_is_refused(void **state)
{
	uint8_t meta[META];

	(void)state;
	put_meta(meta, 0x40, 0);
	refuse_slice(BATON_BULK_CHUNKS, meta, META);
}

static void chunks_of_nobody_are_dropped(void **state)
{
	static const struct {
		uint8_t bytes[6];
		uint8_t len;
	} rows[] = {
		{{0x51}, 1},
		{{0x50, 0, 0, 1, 0, 7}, 6},
		{{0x51, FERRY_APPS, 0, 1, 0, 7}, 6},
		{{0x51, 0, 0, 1, 0, 7}, 6}, /* no such stream */
		{{0x51, 0}, 2},
	};
	struct baton_event event = {
		.type = BATON_EVENT_MESSAGE,
		.stream = {BATON_CLASS_BULK, BATON_BULK_CHUNKS}};
	struct ferry_node *phone = &ferry->node[BATON_PHONE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		event.u.message.bytes = rows[i].bytes;
		event.u.message.len = rows[i].len;
		assert_int_not_equal(baton_bulk_event(&phone->bulk, &event, 0),
				     BATON_OK);
	}
	/* A chunk on a lane of files. */
	event.stream.number = 0;
	event.u.message.bytes = rows[3].bytes;
	event.u.message.len = rows[3].len;
	assert_int_not_equal(baton_bulk_event(&phone->bulk, &event, 0),
			     BATON_OK);
}

static void a_member_that_is_not_there_is_not_mapped(void **state)
{
	(void)state;
	assert_int_equal(
		baton_bulk_map(&ferry->node[BATON_PHONE].bulk, FERRY_APPS, 0),
		BATON_ERR_ARG);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(files_of_three_applications_go_at_the_same_pace),
		T(more_than_there_are_lanes_take_turns),
		T(more_files_of_one_application_are_no_larger_share),
		T(who_comes_late_catches_nothing_up),
		T(who_does_not_supply_holds_nobody_up),
		T(all_but_one_may_sleep),
		T(who_is_held_leaves_its_lane_at_once),
		T(lanes_of_slices_that_were_lost_are_free_again),
		T(who_refuses_every_slice_is_not_sent_more),
		T(an_application_fills_one_lane_at_a_time),
		T(who_comes_to_full_lanes_gets_one),
		T(a_stream_and_a_file_share_alike),
		T(a_reader_that_sleeps_holds_nobody_up),
		T(a_slice_of_another_kind_is_refused),
		T(a_slice_of_no_application_is_refused),
		T(a_slice_without_its_meta_is_refused),
		T(a_slice_of_a_file_that_nobody_wants_is_refused),
		T(a_slice_in_the_stream_of_chunks_is_refused),
		T(chunks_of_nobody_are_dropped),
		T(a_member_that_is_not_there_is_not_mapped),
	};

	return cmocka_run_group_tests_name("bulk", tests, NULL, NULL);
}
