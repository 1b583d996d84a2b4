/* SPDX-License-Identifier: MIT */

/* Who shares class BULK between two whole devices, and what holds it. */

#include "tests/unit/endpoint_pair.h"

#define SEEDS 8 /* of power cuts */

static unsigned int suspended;

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

/*
 * What was on its way when it was suspended comes after the session goes on, on
 * the same link.
 */
static void a_stream_goes_on_over_the_same_link(void **state)
{
	struct courier_stream *stream = &courier->stream[MAPS];
	struct baton_lifecycle *phone;
	unsigned int i;

	(void)state;
	courier_open(courier, MAPS);
	live_ms(1000);
	phone = baton_endpoint_lifecycle(&duo->end[BATON_PHONE].endpoint, 0);
	for (i = 0; i < 100; i++) {
		duo->drop_ppm = 300000;
		(void)courier_write(courier, BATON_PHONE, MAPS, 100);
		(void)courier_write(courier, BATON_WATCH, MAPS, 100);
		(void)duo_run(duo, never, 0);
		OK(baton_lifecycle_suspend(phone, clock_of(BATON_PHONE)));
		assert_true(duo_run(duo, is_suspended, 10000));
		/* So that it goes on in other pieces. */
		(void)courier_write(courier, BATON_PHONE, MAPS, 100);
		(void)courier_write(courier, BATON_WATCH, MAPS, 100);
		OK(baton_lifecycle_resume(phone, clock_of(BATON_PHONE)));
		assert_true(duo_run(duo, duo_active, 10000));
		duo->drop_ppm = 0;
		(void)duo_run(duo, never, 5000);
		assert_true(duo->up);
		assert_int_equal(stream->read[0], stream->written[1]);
		assert_int_equal(stream->read[1], stream->written[0]);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_suspended_session_holds_a_file),
		T(a_file_that_is_held_goes_on_over_the_same_link),
		T(two_applications_share_the_link),
		T(a_small_file_need_not_wait_for_large_ones),
		T(a_stream_flows_beside_a_large_file),
		T(a_stream_outlives_a_link_and_no_process),
		T(a_stream_goes_on_over_the_same_link),
		T(a_reader_that_sleeps_stops_the_writer),
		T(a_caller_may_take_one_event_between_two_pdus),
		T(files_and_streams_go_through_power_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
