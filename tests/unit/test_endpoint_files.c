/* SPDX-License-Identifier: MIT */

/* Files between two whole devices (ENDPOINT.md). */

#include "tests/unit/endpoint_pair.h"

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

/* Another world, in which a file is sent either way. */
static void begin_anew(void **state, uint8_t watch_app)
{
	teardown(state);
	assert_int_equal(setup(state), 0);
	assert_non_null(courier_send(courier, BATON_PHONE, NOTES, 200000));
	assert_non_null(courier_send(courier, BATON_WATCH, watch_app, 200000));
}

static void revoking_leaves_nothing_of_a_file(void **state)
{
	uint64_t came;
	int role, by;

	for (by = 0; by < 2; by++) {
		begin_anew(state, MAPS);
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
		begin_anew(state, NOTES);
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
		begin_anew(state, NOTES);
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

/* Nor does it hand over what it has: nobody is there who could answer. */
static void an_application_that_was_erased_hands_nothing_over(void **state)
{
	static const uint8_t id[BATON_ACTIVITY_ID_LEN] = {1};
	struct baton_endpoint *phone = &duo->end[BATON_PHONE].endpoint;
	struct baton_handoff *handoff = baton_endpoint_handoff(phone, 0);
	uint64_t now_ms = clock_of(BATON_PHONE);

	(void)state;
	OK(baton_handoff_begin(handoff, NOTES, id, id, sizeof(id), now_ms));
	live_ms(1000);
	OK(baton_delivery_erase(baton_endpoint_delivery(phone, 0), NOTES,
				now_ms));
	live_ms(1000);
	assert_int_equal(baton_handoff_offer(handoff, NOTES, id, 60000, 1, NULL,
					     0, clock_of(BATON_PHONE)),
			 BATON_ERR_STATE);
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

static bool turns_are_over(struct duo *d)
{
	(void)is_done(d);
	return wanted-- == 0;
}

static void run_turns(unsigned int turns)
{
	wanted = turns;
	assert_true(duo_run(duo, turns_are_over, 10000));
}

/*
 * A pause drops what is on its way, and the engine tells the sender so of each
 * slice. What another file has begun by then in the same stream of the engine
 * is not to be taken for it.
 */
static void a_pause_at_any_moment_stops_no_file(void **state)
{
	struct baton_files *files;
	unsigned int at, pauses = 0;

	for (at = 0; at < 300; at++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		assert_non_null(
			courier_send(courier, BATON_PHONE, NOTES, 70000));
		assert_non_null(
			courier_send(courier, BATON_PHONE, MAPS, 70000));
		files = baton_endpoint_files(&duo->end[BATON_WATCH].endpoint, 0,
					     NOTES);
		run_turns(20 + at);
		if (baton_files_pause(files, courier->file[0].id, true))
			continue;
		pauses++;
		/* Or so short that HOLD never goes. */
		if (at % 3)
			run_turns(40);
		OK(baton_files_pause(files, courier->file[0].id, false));
		run_to_the_end();
		assert_int_equal(courier->file[0].renamed, 1);
		assert_int_equal(courier->file[1].renamed, 1);
	}
	print_message("%u pauses\n", pauses);
	assert_true(pauses > 100);
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

/* Memory is the caller's, all of it at the beginning. */
static void memory_is_what_the_limits_say(void **state)
{
	static const struct {
		uint8_t files_out, files_in, streams;
		uint32_t ring;
	} wrong[] = {
		{1, 0, 0, 0},	 {0, 1, 0, 0},
		{65, 1, 0, 0},	 {1, 65, 0, 0},
		{0, 0, 65, 600}, {0, 0, 1, 63},
		{0, 0, 1, 0},	 {0, 0, 1, (1u << 24) + 1},
	};
	struct baton_endpoint_application app = {
		.application = {.id = "notes", .rate = 10, .burst = 10},
	};
	struct baton_endpoint_config config = duo->end[0].endpoint.config;
	size_t none, len, i;

	(void)state;
	config.application = &app;
	config.applications = 1;
	config.peers = 1;
	none = baton_endpoint_memory_len(&config);
	assert_true(none > 0);
	app.application.files_out = 1;
	app.application.files_in = 1;
	len = baton_endpoint_memory_len(&config) - none;
	print_message("%zu bytes for a file each way\n", len);
	assert_true(len >= sizeof(struct baton_files) +
				   sizeof(struct baton_file_out) +
				   sizeof(struct baton_file_in));
	assert_true(len < 2048);
	app.application.files_out = 2;
	assert_true(baton_endpoint_memory_len(&config) - none - len <=
		    sizeof(struct baton_file_out) + 15);
	app.application.files_out = app.application.files_in = 0;
	app.application.streams = 2;
	app.application.stream_ring = 1000;
	len = baton_endpoint_memory_len(&config) - none;
	print_message("%zu bytes for two streams\n", len);
	assert_true(len >= 4000 && len < 5000);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		app.application.files_out = wrong[i].files_out;
		app.application.files_in = wrong[i].files_in;
		app.application.streams = wrong[i].streams;
		app.application.stream_ring = wrong[i].ring;
		assert_int_equal(baton_endpoint_memory_len(&config), 0);
	}
}

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
		T(an_application_that_was_erased_hands_nothing_over),
		T(more_files_than_places_wait_or_are_not_taken),
		T(a_pause_at_any_moment_stops_no_file),
		T(memory_is_what_the_limits_say),
		T(what_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
