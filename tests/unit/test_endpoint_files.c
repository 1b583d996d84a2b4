/* SPDX-License-Identifier: MIT */

/* Files and byte streams between two whole devices (ENDPOINT.md). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/courier.h"

#define NOTES 0
#define MAPS 1
#define SEEDS 8 /* of power cuts */

static struct duo *duo;
static struct courier *courier;
static unsigned int revoked[2], suspended;

#define OK(call) assert_int_equal(call, BATON_OK)

static uint64_t clock_of(int role)
{
	return duo_clock(duo, (enum baton_role)role);
}

static void on_event(struct duo *d, enum baton_role role,
		     const struct baton_endpoint_event *event)
{
	(void)d;
	/* All of class BULK is the endpoint's. */
	if (event->type == BATON_ENDPOINT_SESSION)
		assert_int_not_equal(event->u.session.stream.class_id,
				     BATON_CLASS_BULK);
	if (event->type == BATON_ENDPOINT_REVOKED) {
		revoked[role]++;
		courier_revoked(courier, role);
	}
	(void)courier_event(courier, role, event);
}

static void on_start(struct duo *d, enum baton_role role)
{
	(void)d;
	courier_start(courier, role);
}

static int setup_seed(uint64_t seed)
{
	duo = calloc(1, sizeof(*duo));
	courier = calloc(1, sizeof(*courier));
	duo_init(duo, seed);
	courier_init(courier, duo);
	memset(revoked, 0, sizeof(revoked));
	duo->on_event = on_event;
	duo->on_start = on_start;
	return duo_bond(duo) ? 0 : 1;
}

static int setup(void **state)
{
	(void)state;
	return setup_seed(1);
}

static int teardown(void **state)
{
	(void)state;
	duo_free(duo);
	free(duo);
	free(courier);
	return 0;
}

static bool is_done(struct duo *d)
{
	(void)d;
	courier_act(courier);
	return courier_is_done(courier);
}

/* How many values applications have whose names begin like this. */
static size_t values(enum baton_role role, const char *name)
{
	const struct duo_value *value = duo->end[role].stored;
	size_t n = 0;
	int i;

	for (i = 0; i < DUO_VALUES; i++, value++)
		n += value->len > 0 && !strncmp(value->key, "app/", 4) &&
		     !strncmp(strrchr(value->key, '/') + 1, name, strlen(name));
	return n;
}

/* Files of both directions and applications arrive whole. */
static void a_file_goes_to_the_other_device(void **state)
{
	static const struct {
		enum baton_role from;
		uint8_t app;
		uint64_t total;
	} files[] = {
		{BATON_PHONE, NOTES, 200000},
		{BATON_WATCH, NOTES, 100000},
		{BATON_PHONE, MAPS, 1},
		{BATON_WATCH, MAPS, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_non_null(courier_send(courier, files[i].from,
					     files[i].app, files[i].total));
	assert_true(duo_run(duo, is_done, 10000));
	assert_true(courier_is_right(courier));
	for (i = 0; i < courier->files; i++) {
		assert_int_equal(courier->file[i].renamed, 1);
		assert_true(courier->file[i].ended_well);
	}
	assert_int_equal(courier->received[BATON_WATCH][NOTES], 200000);
	assert_int_equal(courier->received[BATON_PHONE][NOTES], 100000);
}

/* Not yet; and what is owed is answered. */
static bool never(struct duo *d)
{
	(void)is_done(d);
	return false;
}

static uint64_t wanted; /* bytes at the receiver of the first file */

static bool has_come(struct duo *d)
{
	struct courier_file *file = &courier->file[0];

	(void)d;
	return courier->received[!file->from][file->app] >= wanted;
}

static void run_until(uint64_t bytes)
{
	wanted = bytes;
	assert_true(duo_run(duo, has_come, 10000));
}

static void run_to_the_end(void)
{
	duo_up(duo);
	assert_true(duo_run(duo, is_done, 20000));
	assert_true(courier_is_right(courier));
}

/* Time in which links come back. */
static void live_ms(uint64_t ms)
{
	uint64_t end_ms = duo->now_ms + ms;

	while (duo->now_ms < end_ms) {
		duo_up(duo);
		(void)duo_run(duo, never, 500);
	}
}

static void a_file_goes_on_over_a_lost_link(void **state)
{
	int role;

	(void)state;
	for (role = 0; role < 2; role++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		assert_non_null(courier_send(courier, (enum baton_role)role,
					     MAPS, 200000));
		run_until(80000);
		duo_down(duo);
		run_to_the_end();
		assert_int_equal(courier->file[0].renamed, 1);
		/* Each byte was given to the application once. */
		assert_int_equal(courier->received[!role][MAPS], 200000);
	}
}

static void a_file_goes_on_where_the_receivers_disk_stands(void **state)
{
	struct courier_file *file = &courier->file[0];
	uint64_t synced, lost;

	(void)state;
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 200000));
	run_until(80000);
	synced = file->synced;
	lost = file->written - file->synced;
	assert_true(synced > 50000 && synced < 200000);
	duo_reboot(duo, BATON_WATCH);
	run_to_the_end();
	assert_int_equal(file->resumed, 1);
	assert_true(file->resumed_at > 50000);
	assert_true(file->resumed_at <= synced);
	assert_int_equal(courier->received[BATON_WATCH][NOTES],
			 200000 + lost + synced - file->resumed_at);
}

static void a_file_goes_on_after_the_sender_was_restarted(void **state)
{
	(void)state;
	assert_non_null(courier_send(courier, BATON_WATCH, NOTES, 200000));
	run_until(80000);
	duo_reboot(duo, BATON_WATCH);
	run_to_the_end();
	assert_int_equal(courier->received[BATON_PHONE][NOTES], 200000);
	assert_int_equal(courier->file[0].renamed, 1);
}

/* The power goes at each of the writes that a file takes, on either side. */
static void a_file_survives_a_cut_at_every_write(void **state)
{
	unsigned int n, cuts = 0, keeps;
	struct duo_end *end;
	int role;

	for (role = 0; role < 2; role++)
		for (n = 1, keeps = 0; n < 100; keeps = !keeps, n += !keeps) {
			teardown(state);
			assert_int_equal(setup(state), 0);
			end = &duo->end[role];
			end->cut_at = end->writes + n;
			end->cut_keeps = keeps;
			assert_non_null(courier_send(courier, BATON_PHONE,
						     NOTES, 60000));
			live_ms(10000);
			run_to_the_end();
			/* One that was not durable was never sent. */
			assert_int_equal(courier->file[0].renamed,
					 !courier->file[0].lost);
			/* Nothing is kept of what is over. */
			live_ms(3000);
			assert_int_equal(values(BATON_WATCH, "f"), 0);
			assert_int_equal(values(BATON_PHONE, "f"), 0);
			if (end->boots == 1)
				break;
			cuts++;
		}
	print_message("%u power cuts\n", cuts);
	assert_true(cuts > 16);
}

static bool found(const void *memory, size_t len, const void *what,
		  size_t what_len)
{
	const uint8_t *p = memory;
	size_t i;

	for (i = 0; i + what_len <= len; i++)
		if (p[i] == *(const uint8_t *)what &&
		    !memcmp(p + i, what, what_len))
			return true;
	return false;
}

/* In the memory of a device. */
static bool is_left(int role, const void *what, size_t len)
{
	const struct duo_end *end = &duo->end[role];

	return found(end->memory, end->endpoint.memory_len, what, len) ||
	       found(&end->endpoint, sizeof(end->endpoint), what, len);
}

static void revoking_leaves_nothing_of_a_file(void **state)
{
	uint64_t came;
	int role, by;

	for (by = 0; by < 2; by++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		assert_non_null(
			courier_send(courier, BATON_PHONE, NOTES, 200000));
		assert_non_null(
			courier_send(courier, BATON_WATCH, MAPS, 200000));
		run_until(50000);
		assert_true(values(BATON_PHONE, "fo") == 1);
		assert_true(values(BATON_PHONE, "fi") == 1);
		assert_true(is_left(by, COURIER_META, strlen(COURIER_META)));
		OK(baton_endpoint_revoke(&duo->end[by].endpoint, 0,
					 clock_of(by)));
		came = courier->received[by][by ? MAPS : NOTES];
		assert_null(
			baton_endpoint_files(&duo->end[by].endpoint, 0, NOTES));
		live_ms(5000);
		/* Not another byte, at once. */
		assert_int_equal(courier->received[by][by ? MAPS : NOTES],
				 came);
		for (role = 0; role < 2; role++) {
			assert_int_equal(revoked[role], 1);
			assert_int_equal(duo_values(&duo->end[role]), 0);
			assert_false(is_left(role, COURIER_META,
					     strlen(COURIER_META)));
			assert_false(is_left(role, courier->file[0].id,
					     BATON_FILE_ID_LEN));
		}
	}
}

/* What the power leaves behind opens no more, and load says so. */
static void revoking_survives_a_cut_at_every_write(void **state)
{
	struct baton_endpoint *endpoint;
	unsigned int n, cuts = 0;
	struct duo_end *end;

	for (n = 1; n < 100; n++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		assert_non_null(
			courier_send(courier, BATON_PHONE, NOTES, 200000));
		assert_non_null(
			courier_send(courier, BATON_WATCH, NOTES, 200000));
		run_until(50000);
		end = &duo->end[BATON_PHONE];
		endpoint = &end->endpoint;
		end->cut_at = end->writes + n;
		end->cut_keeps = n & 1;
		OK(baton_endpoint_revoke(endpoint, 0, clock_of(BATON_PHONE)));
		live_ms(1000);
		if (end->boots == 1)
			break;
		cuts++;
		/* Files of a bond that is still there may go on: again. */
		if (!baton_endpoint_revoke(endpoint, 0, clock_of(BATON_PHONE)))
			live_ms(1000);
		else
			assert_null(baton_endpoint_files(endpoint, 0, NOTES));
		duo_reboot(duo, BATON_PHONE);
		assert_int_equal(duo->orphans, duo_values(end));
	}
	print_message("%u power cuts\n", cuts);
	assert_true(cuts > 3);
}

static bool third_is_named(struct duo *d)
{
	(void)is_done(d);
	return courier->file[2].renamed == 1;
}

/* An application is erased while its files are on their way. */
static void an_application_can_be_erased_in_mid_file(void **state)
{
	struct baton_delivery *delivery;
	int role, lane;

	for (role = 0; role < 2; role++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		assert_non_null(
			courier_send(courier, BATON_PHONE, NOTES, 200000));
		assert_non_null(
			courier_send(courier, BATON_WATCH, NOTES, 200000));
		courier_open(courier, NOTES);
		run_until(50000);
		delivery = baton_endpoint_delivery(&duo->end[role].endpoint, 0);
		OK(baton_delivery_erase(delivery, NOTES, clock_of(role)));
		courier_revoked(courier, (enum baton_role)role);
		(void)duo_run(duo, NULL, 2000);
		assert_int_equal(values((enum baton_role)role, "f"), 0);
		assert_null(baton_endpoint_files(&duo->end[role].endpoint, 0,
						 NOTES));
		assert_false(is_left(role, COURIER_META, strlen(COURIER_META)));
		/* A slice that had begun holds no stream of the engine. */
		for (lane = 0; lane < BATON_BULK_LANES; lane++)
			assert_int_equal(
				duo->end[role].endpoint.bulk.out[lane].state,
				BATON_BULK_FREE);
		assert_non_null(
			courier_send(courier, BATON_PHONE, MAPS, 100000));
		assert_true(duo_run(duo, third_is_named, 5000));
		assert_true(courier_is_right(courier));
	}
}

static bool is_suspended(struct duo *d)
{
	(void)d;
	return baton_endpoint_state(&duo->end[0].endpoint, 0) ==
		       BATON_LIFECYCLE_SUSPENDED &&
	       baton_endpoint_state(&duo->end[1].endpoint, 0) ==
		       BATON_LIFECYCLE_SUSPENDED;
}

static void a_suspended_session_holds_a_file(void **state)
{
	uint64_t came, before;
	int by;

	for (by = 0; by < 2; by++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		assert_non_null(
			courier_send(courier, BATON_PHONE, NOTES, 1000000));
		courier_open(courier, MAPS);
		run_until(200000);
		before = courier->received[BATON_WATCH][NOTES];
		OK(baton_lifecycle_suspend(
			baton_endpoint_lifecycle(&duo->end[by].endpoint, 0),
			clock_of(by)));
		assert_true(duo_run(duo, is_suspended, 1000));
		came = courier->received[BATON_WATCH][NOTES];
		print_message("%u bytes came before it was suspended\n",
			      (unsigned int)(came - before));
		/* It overtakes what is in the engine, and what waits there. */
		assert_true(came - before < 4096);
		live_ms(5000);
		duo_down(duo);
		live_ms(5000);
		assert_true(is_suspended(duo));
		assert_int_equal(courier->received[BATON_WATCH][NOTES], came);
		OK(baton_lifecycle_resume(
			baton_endpoint_lifecycle(&duo->end[1].endpoint, 0),
			clock_of(1)));
		run_to_the_end();
		assert_int_equal(courier->received[BATON_WATCH][NOTES],
				 1000000);
	}
}

static void a_file_that_is_held_goes_on_over_the_same_link(void **state)
{
	struct baton_lifecycle *phone;
	unsigned int i;

	(void)state;
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 1000000));
	assert_non_null(courier_send(courier, BATON_WATCH, NOTES, 1000000));
	phone = baton_endpoint_lifecycle(&duo->end[1].endpoint, 0);
	for (i = 1; i < 9; i++) {
		run_until(i * 100000);
		OK(baton_lifecycle_suspend(phone, clock_of(1)));
		assert_true(duo_run(duo, is_suspended, 1000));
		OK(baton_lifecycle_resume(phone, clock_of(1)));
		assert_true(duo_run(duo, duo_active, 1000));
	}
	run_to_the_end();
	assert_true(duo->up);
	assert_int_equal(courier->received[0][NOTES], 1000000);
	assert_int_equal(courier->received[1][NOTES], 1000000);
}

/*
 * Who is first fills what the engine holds, before the other one has anything
 * ready; from then on neither gets ahead.
 */
static void two_applications_share_the_link(void **state)
{
	int64_t least = INT64_MAX, most = INT64_MIN, ahead;
	uint64_t at;

	(void)state;
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 900000));
	assert_non_null(courier_send(courier, BATON_PHONE, MAPS, 900000));
	for (at = 100000; at <= 800000; at += 1000) {
		run_until(at);
		ahead = (int64_t)courier->received[BATON_WATCH][NOTES] -
			(int64_t)courier->received[BATON_WATCH][MAPS];
		if (ahead > most)
			most = ahead;
		if (ahead < least)
			least = ahead;
	}
	print_message("%d to %d bytes ahead\n", (int)least, (int)most);
	assert_true(least > -65536 && most < 3 * 65536);
	assert_true(most - least <= 3 * BATON_BULK_QUANTUM);
	run_to_the_end();
}

/* What another one has given to the engine before is all that is ahead. */
static void a_small_file_need_not_wait_for_large_ones(void **state)
{
	struct courier_file *small;
	uint64_t before, came;

	(void)state;
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 1000000));
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 1000000));
	run_until(300000);
	small = courier_send(courier, BATON_PHONE, MAPS, 1000);
	assert_non_null(small);
	before = courier->received[BATON_WATCH][NOTES];
	while (small->renamed == 0) {
		assert_true(duo_turn(duo));
		(void)is_done(duo);
	}
	came = courier->received[BATON_WATCH][NOTES] - before;
	print_message("%u bytes of the large file came before it\n",
		      (unsigned int)came);
	assert_true(came < 150000);
	run_to_the_end();
}

static void a_stream_flows_beside_a_large_file(void **state)
{
	uint64_t before, n = 0;

	(void)state;
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 1000000));
	courier_open(courier, MAPS);
	run_until(100000);
	assert_true(courier->stream[MAPS].here[BATON_PHONE]);
	before = courier->received[BATON_WATCH][NOTES];
	while (courier->stream[MAPS].read[BATON_WATCH] < 20000) {
		n += courier_write(courier, BATON_PHONE, MAPS, 500);
		(void)courier_write(courier, BATON_WATCH, MAPS, 500);
		assert_true(duo_turn(duo));
		(void)is_done(duo);
	}
	print_message(
		"%u bytes of the file came beside 20,000\n",
		(unsigned int)(courier->received[BATON_WATCH][NOTES] - before));
	assert_true(n >= 20000);
	assert_true(courier->stream[MAPS].read[BATON_PHONE] > 10000);
	assert_true(courier->received[BATON_WATCH][NOTES] - before < 400000);
	courier_finish(courier, BATON_WATCH, MAPS);
	courier_finish(courier, BATON_PHONE, MAPS);
	run_to_the_end();
	assert_true(courier->stream[MAPS].closed[0]);
	assert_true(courier->stream[MAPS].closed[1]);
	assert_int_equal(courier->stream[MAPS].read[0],
			 courier->stream[MAPS].written[1]);
	assert_int_equal(courier->stream[MAPS].read[1],
			 courier->stream[MAPS].written[0]);
}

/* A stream of which the peer's end is in a process that is gone. */
static void a_stream_outlives_a_link_and_no_process(void **state)
{
	struct courier_stream *stream = &courier->stream[NOTES];

	(void)state;
	courier_open(courier, NOTES);
	assert_int_equal(courier_write(courier, BATON_WATCH, NOTES, 500), 500);
	live_ms(1000);
	duo_down(duo);
	assert_true(courier_write(courier, BATON_WATCH, NOTES, 500) > 0);
	live_ms(5000);
	assert_int_equal(stream->read[BATON_PHONE],
			 stream->written[BATON_WATCH]);
	duo_reboot(duo, BATON_PHONE);
	live_ms(5000);
	assert_int_equal(courier->broken, 1);
	assert_false(stream->here[BATON_WATCH]);
	assert_true(courier_is_right(courier));
}

static void a_reader_that_sleeps_stops_the_writer(void **state)
{
	size_t n = 0, i;

	(void)state;
	courier_open(courier, NOTES);
	live_ms(1000);
	for (i = 0; i < 100; i++) {
		n += courier_write(courier, BATON_WATCH, NOTES, 500);
		(void)duo_run(duo, NULL, 10);
	}
	/* At most a ring at each of the two. */
	assert_true(n >= 600 && n <= 1200);
	live_ms(1000);
	assert_int_equal(courier->stream[NOTES].read[BATON_PHONE], n);
	assert_true(courier_write(courier, BATON_WATCH, NOTES, 500) > 0);
}

static void more_files_than_places_wait_or_are_not_taken(void **state)
{
	unsigned int i, taken = 0;

	(void)state;
	courier->asks = true;
	for (i = 0; i < 6; i++)
		taken +=
			courier_send(courier, BATON_PHONE, NOTES, 1000) != NULL;
	assert_int_equal(taken, 4);
	live_ms(1000);
	for (i = 0, taken = 0; i < 4; i++)
		taken += courier->file[i].offered;
	assert_int_equal(taken, 3);
	courier->asks = false;
	for (i = 0; i < 4; i++)
		if (courier->file[i].offered)
			courier_accept(courier, &courier->file[i], 0);
	run_to_the_end();
	assert_int_equal(courier->file[3].renamed, 1);
}

/* Bytes of a file are in the record that they came in. */
static void a_caller_may_take_one_event_between_two_pdus(void **state)
{
	(void)state;
	duo->one_event = true;
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 300000));
	assert_non_null(courier_send(courier, BATON_PHONE, MAPS, 300000));
	assert_non_null(courier_send(courier, BATON_WATCH, NOTES, 300000));
	courier_open(courier, MAPS);
	run_until(100000);
	while (courier->received[BATON_WATCH][NOTES] < 200000) {
		(void)courier_write(courier, BATON_PHONE, MAPS, 500);
		(void)duo_turn(duo);
		(void)is_done(duo);
	}
	run_to_the_end();
	assert_int_equal(courier->received[BATON_WATCH][NOTES], 300000);
	assert_int_equal(courier->received[BATON_WATCH][MAPS], 300000);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct baton_endpoint *endpoint = &duo->end[0].endpoint;
	struct baton_file_info info;
	uint8_t id[8] = {1};
	size_t n;

	(void)state;
	assert_null(baton_endpoint_files(endpoint, 1, NOTES));
	assert_null(baton_endpoint_files(endpoint, 0, 2));
	assert_null(baton_endpoint_streams(endpoint, 0, 2));
	assert_null(baton_endpoint_streams(endpoint, 255, NOTES));
	assert_int_equal(baton_files_send(NULL, id, 1, NULL, 0, NULL, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_write(NULL, id, id, 1, &n, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_accept(NULL, id, 0), BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_info(NULL, 0, &info), BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_bytestreams_open(NULL, id, NULL, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_bytestreams_read(NULL, id, id, 1, &n),
			 BATON_ERR_NOT_FOUND);
}

/* Whoever suspended it: the watch may only ask. */
static void resume(void)
{
	struct baton_lifecycle *phone;

	phone = baton_endpoint_lifecycle(&duo->end[BATON_PHONE].endpoint, 0);
	if (baton_lifecycle_state(phone) == BATON_LIFECYCLE_SUSPENDED)
		OK(baton_lifecycle_resume(phone, clock_of(BATON_PHONE)));
}

static void suspend_or_resume(void)
{
	int role = (int)(duo_random(duo) % 2);
	struct baton_lifecycle *life;

	life = baton_endpoint_lifecycle(&duo->end[role].endpoint, 0);
	if (courier_chance(courier, 100))
		suspended += !baton_lifecycle_suspend(life, clock_of(role));
	if (courier_chance(courier, 300))
		resume();
}

/* Everybody does something, if it is possible now. */
static void act(int role)
{
	uint8_t app = (uint8_t)(duo_random(duo) % 2);
	struct courier_file *file;

	if (courier_chance(courier, 200))
		(void)courier_send(courier, (enum baton_role)role, app,
				   duo_random(duo) % 8
					   ? duo_random(duo) % 3000
					   : duo_random(duo) % 100000);
	if (courier->files > 0 && courier_chance(courier, 50)) {
		file = &courier->file[duo_random(duo) % courier->files];
		courier_cancel(courier, file);
	}
	courier_open(courier, app);
	(void)courier_write(courier, (enum baton_role)role, app,
			    1 + (size_t)(duo_random(duo) % 500));
}

/* Links that last, and nobody who suspends; everything comes to its end. */
static void settle_down(void)
{
	unsigned int i;

	duo->drop_ppm = 0;
	duo->end[0].cut_at = duo->end[1].cut_at = 0;
	courier->slow_pm = 0;
	for (i = 0; i < 100 && !courier_is_done(courier); i++) {
		resume();
		live_ms(1000);
	}
	assert_true(courier_is_done(courier));
	assert_true(courier_is_right(courier));
	resume();
	live_ms(3000);
	assert_int_equal(values(BATON_WATCH, "f"), 0);
	assert_int_equal(values(BATON_PHONE, "f"), 0);
}

static unsigned int live_through_power_cuts(void)
{
	unsigned int i, cuts = 0, boots;
	struct duo_end *end;

	duo->drop_ppm = 5000;
	courier->slow_pm = 300;
	courier->refuse_pm = 50;
	for (i = 0; i < 400; i++) {
		duo_up(duo);
		act(BATON_WATCH);
		act(BATON_PHONE);
		suspend_or_resume();
		end = &duo->end[duo_random(duo) % 2];
		end->cut_at =
			end->writes + 1 + (unsigned int)(duo_random(duo) % 20);
		end->cut_keeps = duo_random(duo) & 1;
		boots = duo->end[0].boots + duo->end[1].boots;
		(void)duo_run(duo, never, duo_random(duo) % 600);
		cuts += duo->end[0].boots + duo->end[1].boots - boots;
		assert_true(courier_is_right(courier));
		if (courier_chance(courier, 80))
			duo_down(duo);
	}
	settle_down();
	return cuts;
}

static void files_and_streams_go_through_power_cuts(void **state)
{
	unsigned int cuts = 0, files = 0, whole = 0, broken = 0;
	uint64_t seed, streamed = 0;
	size_t i;

	suspended = 0;
	for (seed = 1; seed <= SEEDS; seed++) {
		teardown(state);
		assert_int_equal(setup_seed(seed), 0);
		cuts += live_through_power_cuts();
		for (i = 0; i < courier->files; i++)
			whole += courier->file[i].renamed;
		files += (unsigned int)courier->files;
		broken += courier->broken;
		streamed += courier->streamed;
	}
	print_message("%u cuts, %u suspended, %u of %u files whole, "
		      "%u streams broken, %u bytes streamed\n",
		      cuts, suspended, whole, files, broken,
		      (unsigned int)streamed);
	assert_true(cuts > SEEDS * 50);
	assert_true(whole > SEEDS * 30);
	assert_true(streamed > SEEDS * 10000);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_goes_to_the_other_device),
		T(a_file_goes_on_over_a_lost_link),
		T(a_file_goes_on_where_the_receivers_disk_stands),
		T(a_file_goes_on_after_the_sender_was_restarted),
		T(a_file_survives_a_cut_at_every_write),
		T(revoking_leaves_nothing_of_a_file),
		T(revoking_survives_a_cut_at_every_write),
		T(an_application_can_be_erased_in_mid_file),
		T(a_suspended_session_holds_a_file),
		T(a_file_that_is_held_goes_on_over_the_same_link),
		T(two_applications_share_the_link),
		T(a_small_file_need_not_wait_for_large_ones),
		T(a_stream_flows_beside_a_large_file),
		T(a_stream_outlives_a_link_and_no_process),
		T(a_reader_that_sleeps_stops_the_writer),
		T(more_files_than_places_wait_or_are_not_taken),
		T(a_caller_may_take_one_event_between_two_pdus),
		T(what_is_not_there_is_not_found),
		T(files_and_streams_go_through_power_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
