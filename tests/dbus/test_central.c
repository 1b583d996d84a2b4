/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gatt/central.h"
#include "gatt/peripheral.h"
#include "tests/dbus/log.h"

#define KEY "\x20\x1f\x3d\xfb\xa2\x19\xa8\x76\x1a\xa3\x71\x0b\xcf\xfc\x7c\x35"

struct phone {
	struct mock *mock;
	struct log log;
};

static const struct baton_gatt_options hci1 = {.adapter = "hci1"};
static const struct baton_gatt_options hci1_fast = {.adapter = "hci1",
						    .fast_writes = true};

static void phone_start(struct phone *p, const struct mock_options *mock,
			const struct baton_gatt_options *options)
{
	memset(p, 0, sizeof(*p));
	p->mock = mock_new(mock);
	log_init(&p->log);
	p->log.bearer = baton_gatt_central_new(options, &log_events, &p->log);
}

/* It has found its watch and is connected to it. */
static void phone_link(struct phone *p, const struct mock_options *mock,
		       const struct baton_gatt_options *options)
{
	phone_start(p, mock, options);
	MOCK_UNTIL(p->log.ups == 1);
}

static void phone_end(struct phone *p)
{
	log_end(&p->log);
	mock_free(p->mock);
}

/* What WriteValue brought, as text; freed by the caller. */
static char *written(struct phone *p, size_t i)
{
	GBytes *bytes = g_ptr_array_index(p->mock->written, i);

	return g_strndup(g_bytes_get_data(bytes, NULL),
			 g_bytes_get_size(bytes));
}

static void assert_written(struct phone *p, size_t i, const char *how,
			   const char *text)
{
	char *value = written(p, i);

	assert_string_equal(g_ptr_array_index(p->mock->written_how, i), how);
	assert_string_equal(value, text);
	g_free(value);
}

/* The next packet that was written by the socket. */
static void assert_packet(struct phone *p, const char *text)
{
	char *packet = NULL;

	MOCK_UNTIL((packet = mock_packet(p->mock->watch_write_fd)));
	assert_string_equal(packet, text);
	g_free(packet);
}

static void the_first_write_is_alone_and_answered(void **state)
{
	struct mock_options options = {.hold_write = true, .mtu = 247};
	struct phone p;

	(void)state;
	phone_link(&p, &options, &hci1);
	assert_int_equal(p.log.mtu, 247);
	assert_int_equal(p.mock->written->len, 0);
	assert_int_equal(log_send(&p.log, "one"), BATON_OK);
	assert_int_equal(log_send(&p.log, "two"), BATON_ERR_AGAIN);
	MOCK_UNTIL(p.mock->held);
	mock_wait(50);
	assert_int_equal(log_send(&p.log, "two"), BATON_ERR_AGAIN);
	assert_int_equal(p.log.writables, 0);
	assert_null(mock_packet(p.mock->watch_write_fd));
	mock_answer(p.mock);
	MOCK_UNTIL(p.log.writables == 1);
	assert_int_equal(log_send(&p.log, "two"), BATON_OK);
	assert_int_equal(log_send(&p.log, "three"), BATON_OK);
	assert_packet(&p, "two");
	assert_packet(&p, "three");
	assert_int_equal(p.mock->written->len, 1);
	assert_written(&p, 0, "request", "one");
	phone_end(&p);
}

static const uint8_t advert_1[BATON_BEARER_ADVERT_LEN] = {1, 2, 3};
static const uint8_t advert_2[BATON_BEARER_ADVERT_LEN] = {4, 5, 6};

static void private_phone_start(struct phone *p, const uint8_t *shown)
{
	struct mock_options options = {.advert = shown};

	phone_start(p, &options, &hci1);
	p->log.known = advert_1;
	p->log.bearer->ops->meet(p->log.bearer, BATON_BEARER_PRIVATE, NULL);
}

static void a_known_advert_is_connected_to(void **state)
{
	struct phone p;

	(void)state;
	private_phone_start(&p, advert_1);
	MOCK_UNTIL(p.log.ups == 1);
	assert_true(p.log.by_advert);
	assert_memory_equal(p.log.advert, advert_1, sizeof(advert_1));
	phone_end(&p);
}

static void another_advert_is_left_alone_until_it_is_known(void **state)
{
	struct phone p;

	(void)state;
	private_phone_start(&p, advert_2);
	MOCK_UNTIL(p.log.heard >= 1);
	mock_wait(200);
	assert_int_equal(p.mock->connects, 0);
	mock_watch_show(p.mock, advert_1);
	MOCK_UNTIL(p.log.ups == 1);
	assert_memory_equal(p.log.advert, advert_1, sizeof(advert_1));
	phone_end(&p);
}

static void who_shows_the_service_is_the_last_choice(void **state)
{
	struct phone p;

	(void)state;
	private_phone_start(&p, NULL);
	mock_wait(4000);
	assert_int_equal(p.mock->connects, 0);
	MOCK_UNTIL(p.log.ups == 1);
	assert_false(p.log.by_advert);
	phone_end(&p);
}

static void a_phone_that_pairs_knows_no_advert(void **state)
{
	struct mock_options options = {.advert = advert_1};
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1);
	p.log.known = advert_1;
	MOCK_UNTIL(p.mock->discovering);
	mock_wait(200);
	assert_true(p.mock->narrow);
	assert_int_equal(p.log.heard, 0);
	assert_int_equal(p.mock->connects, 0);
	phone_end(&p);
}

/* What BlueZ remembers of it is not what it shows. */
static void a_phone_that_begins_to_pair_looks_anew(void **state)
{
	struct mock_options options = {.advert = advert_2, .remembered = true};
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1);
	p.log.known = advert_1;
	p.log.bearer->ops->meet(p.log.bearer, BATON_BEARER_PRIVATE, NULL);
	MOCK_UNTIL(p.log.heard >= 1);
	p.log.bearer->ops->meet(p.log.bearer, BATON_BEARER_OPEN, NULL);
	MOCK_UNTIL(p.mock->narrow);
	mock_wait(1000);
	assert_int_equal(p.mock->connects, 0);
	phone_end(&p);
}

static void notifications_arrive_by_socket(void **state)
{
	struct phone p;

	(void)state;
	phone_link(&p, NULL, &hci1);
	mock_watch_notify(p.mock, "a", 1);
	mock_watch_notify(p.mock, "b", 1);
	MOCK_UNTIL(p.log.got->len == 2);
	assert_string_equal(log_got(&p.log, 1), "b");
	phone_end(&p);
}

static void without_sockets_calls_and_signals_do(void **state)
{
	struct mock_options options = {.no_sockets = true, .mtu = 185};
	struct phone p;

	(void)state;
	phone_link(&p, &options, &hci1);
	assert_int_equal(p.log.mtu, 185);
	mock_watch_notify(p.mock, "by signal", 9);
	MOCK_UNTIL(p.log.got->len == 1);
	assert_string_equal(log_got(&p.log, 0), "by signal");
	assert_int_equal(log_send(&p.log, "one"), BATON_OK);
	assert_int_equal(log_send(&p.log, "two"), BATON_ERR_AGAIN);
	MOCK_UNTIL(p.log.writables == 1);
	assert_int_equal(log_send(&p.log, "two"), BATON_OK);
	MOCK_UNTIL(p.mock->written->len == 2);
	assert_written(&p, 0, "request", "one");
	assert_written(&p, 1, "command", "two");
	phone_end(&p);
}

static void calls_push_back(void **state)
{
	struct mock_options options = {.no_sockets = true};
	unsigned int sent = 0;
	struct phone p;

	(void)state;
	phone_link(&p, &options, &hci1);
	assert_int_equal(log_send(&p.log, "first"), BATON_OK);
	MOCK_UNTIL(p.mock->written->len == 1);
	mock_wait(30);
	while (log_send(&p.log, "x") == BATON_OK && sent < 1000)
		sent++;
	assert_int_equal(sent, 16);
	MOCK_UNTIL(p.log.writables == 1);
	phone_end(&p);
}

static void bulk_is_opened_with_the_key(void **state)
{
	struct mock_options options = {.bulk = true, .hold_write = true};
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1_fast);
	MOCK_UNTIL(p.mock->held);
	mock_wait(50);
	assert_int_equal(p.log.ups, 0);
	assert_written(&p, 0, "request", KEY);
	mock_answer(p.mock);
	MOCK_UNTIL(p.log.ups == 1);
	assert_int_equal(log_send(&p.log, "a"), BATON_OK);
	assert_int_equal(log_send(&p.log, "b"), BATON_OK);
	assert_packet(&p, "a");
	assert_packet(&p, "b");
	assert_int_equal(p.mock->written->len, 1);
	phone_end(&p);
}

static void no_link_comes_up_deaf(void **state)
{
	struct mock_options options = {.bulk = true, .hold_write = true};
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1_fast);
	MOCK_UNTIL(p.mock->held);
	close(p.mock->watch_notify_fd);
	p.mock->watch_notify_fd = -1;
	mock_wait(50);
	p.mock->options.hold_write = false;
	mock_answer(p.mock);
	MOCK_UNTIL(p.log.ups == 1);
	mock_watch_notify(p.mock, "heard", 5);
	MOCK_UNTIL(p.log.got->len == 1);
	assert_int_equal(p.mock->connects, 2);
	phone_end(&p);
}

static void where_bulk_is_refused_the_rest_serves(void **state)
{
	struct mock_options options = {.bulk = true, .refuse_bulk = true};
	struct phone p;

	(void)state;
	phone_link(&p, &options, &hci1_fast);
	assert_int_equal(log_send(&p.log, "first"), BATON_OK);
	MOCK_UNTIL(p.mock->written->len == 1);
	assert_written(&p, 0, "request", "first");
	phone_end(&p);
}

static void bulk_is_left_alone_unless_asked_for(void **state)
{
	struct mock_options options = {.bulk = true};
	struct phone p;

	(void)state;
	phone_link(&p, &options, &hci1);
	assert_int_equal(p.mock->written->len, 0);
	phone_end(&p);
}

static void a_lost_link_is_made_again_at_other_paths(void **state)
{
	struct phone p;

	(void)state;
	phone_start(&p, NULL, &hci1);
	for (unsigned int i = 1; i <= 3; i++) {
		MOCK_UNTIL(p.log.ups == i);
		mock_watch_notify(p.mock, "x", 1);
		MOCK_UNTIL(p.log.got->len == i);
		mock_watch_disconnect(p.mock);
		MOCK_UNTIL(p.log.downs == i);
		assert_int_equal(p.log.reason, BATON_BEARER_LOST);
		assert_int_equal(log_send(&p.log, "x"), BATON_ERR_CLOSED);
	}
	MOCK_UNTIL(p.log.ups == 4);
	assert_int_equal(p.mock->generation, 4);
	phone_end(&p);
}

#define LINKS 30

static void many_links_leave_no_descriptor(void **state)
{
	unsigned int before = 0;
	struct phone p;

	(void)state;
	phone_start(&p, NULL, &hci1);
	for (unsigned int i = 1; i <= LINKS; i++) {
		MOCK_UNTIL(p.log.ups == i);
		assert_int_equal(log_send(&p.log, "first"), BATON_OK);
		mock_watch_notify(p.mock, "answer", 6);
		MOCK_UNTIL(p.log.got->len == i);
		mock_watch_disconnect(p.mock);
		MOCK_UNTIL(p.log.downs == i);
		if (i == 2)
			before = mock_fds();
	}
	assert_int_equal(mock_fds(), before);
	phone_end(&p);
}

static void drop_ends_the_link_and_looks_again(void **state)
{
	struct phone p;

	(void)state;
	phone_link(&p, NULL, &hci1);
	p.log.bearer->ops->drop(p.log.bearer);
	assert_int_equal(p.log.downs, 0);
	MOCK_UNTIL(p.log.downs == 1);
	assert_int_equal(p.log.reason, BATON_BEARER_LOCAL);
	MOCK_UNTIL(p.log.ups == 2);
	assert_int_equal(p.mock->connects, 2);
	phone_end(&p);
}

static void a_watch_without_the_service_is_tried_again(void **state)
{
	struct mock_options options = {.no_service = true};
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1);
	MOCK_UNTIL(p.mock->connects == 1);
	mock_wait(500);
	assert_int_equal(p.log.ups, 0);
	mock_watch_disconnect(p.mock);
	p.mock->options.no_service = false;
	MOCK_UNTIL(p.log.ups == 1);
	assert_null(p.log.failed);
	phone_end(&p);
}

static void a_watch_behind_old_services_is_forgotten(void **state)
{
	struct mock_options options = {.stale = 1};
	struct phone p;

	(void)state;
	phone_link(&p, &options, &hci1);
	assert_int_equal(p.mock->options.stale, 0);
	phone_end(&p);
}

static void a_watch_that_comes_back_as_it_was_is_forgotten_again(void **state)
{
	struct mock_options options = {.stale = 3};
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1);
	MOCK_UNTIL(p.mock->options.stale == 2);
	mock_wait(1000);
	assert_int_equal(p.mock->options.stale, 2); /* not in the same scan */
	MOCK_UNTIL(p.log.ups == 1);
	assert_int_equal(p.mock->options.stale, 0);
	phone_end(&p);
}

static void a_silent_socket_end_ends_the_link(void **state)
{
	struct phone p;

	(void)state;
	phone_link(&p, NULL, &hci1);
	close(p.mock->watch_notify_fd);
	p.mock->watch_notify_fd = -1;
	mock_wait(100);
	assert_int_equal(p.log.downs, 0);
	MOCK_UNTIL(p.log.downs == 1);
	MOCK_UNTIL(p.log.ups == 2);
	phone_end(&p);
}

/* Of a program that was killed while BlueZ connected for it. */
static void a_link_that_was_left_behind_is_ended(void **state)
{
	const struct baton_gatt_options other = {
		.adapter = "hci1",
		.peer = "00:AA:01:00:00:99",
	};
	struct phone p;

	(void)state;
	phone_start(&p, NULL, &other);
	MOCK_UNTIL(p.mock->watch);
	g_dbus_connection_call(p.mock->bus, "org.bluez", MOCK_WATCH,
			       "org.bluez.Device1", "Connect", NULL, NULL,
			       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
	MOCK_UNTIL(p.mock->connects == 1);
	assert_true(baton_bluez_device1_get_connected(p.mock->watch));
	MOCK_UNTIL(!baton_bluez_device1_get_connected(p.mock->watch));
	phone_end(&p);
}

struct giver {
	struct mock *mock;
	int left; /* the client has, set from its thread */
	bool in_time; /* it had not when it was given the socket */
	int fd; /* bluetoothd's end */
};

static gpointer give_later(gpointer data)
{
	struct giver *giver = data;

	g_usleep(300000);
	giver->in_time = !g_atomic_int_get(&giver->left);
	giver->fd = mock_give_notify(giver->mock);
	return NULL;
}

/* bluetoothd 5.66 crashes where its client leaves the bus before. */
static void who_leaves_waits_for_the_socket_it_asked_for(void **state)
{
	const struct mock_options options = {.hold_notify = true};
	struct giver giver = {.left = 0};
	GThread *thread;
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1);
	MOCK_UNTIL(p.mock->held);
	giver.mock = p.mock;
	thread = g_thread_new("giver", give_later, &giver);
	log_end(&p.log);
	g_atomic_int_set(&giver.left, 1);
	g_thread_join(thread);
	assert_true(giver.in_time);
	assert_true(mock_fd_is_hup(giver.fd));
	close(giver.fd);
	mock_free(p.mock);
}

static void only_the_named_peer_is_connected_to(void **state)
{
	struct baton_gatt_options options = {.adapter = "hci1",
					     .peer = "00:AA:01:00:00:99"};
	struct phone p;

	(void)state;
	phone_start(&p, NULL, &options);
	MOCK_UNTIL(p.mock->watch);
	mock_wait(200);
	assert_int_equal(p.mock->connects, 0);
	phone_end(&p);
}

/* What it finds of us in memory is looked at under AddressSanitizer. */
static void a_note_may_close(void **state)
{
	static const char *const notes[] = {
		"scanning", "connecting", "the watch disconnected",
		"bluetoothd went away: waiting for it"};
	struct mock_options options = {.no_service = true};
	struct phone p;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(notes); i++) {
		phone_start(&p, &options, &hci1);
		p.log.close_on_note = notes[i];
		MOCK_UNTIL(!p.log.bearer || p.mock->connects);
		if (p.log.bearer)
			mock_wait(100);
		if (i == 2)
			mock_watch_disconnect(p.mock);
		if (i == 3)
			g_clear_pointer(&p.mock, mock_free);
		MOCK_UNTIL(!p.log.bearer);
		log_end(&p.log);
		g_clear_pointer(&p.mock, mock_free);
	}
}

static void bluetoothd_may_come_back(void **state)
{
	struct phone p;

	(void)state;
	phone_link(&p, NULL, &hci1);
	mock_free(p.mock);
	MOCK_UNTIL(p.log.downs == 1);
	assert_int_equal(p.log.reason, BATON_BEARER_STACK);
	mock_wait(50);
	p.mock = mock_new(NULL);
	MOCK_UNTIL(p.log.ups == 2);
	assert_null(p.log.failed);
	phone_end(&p);
}

static void both_roles_meet(void **state)
{
	static const struct baton_gatt_options hci0 = {.adapter = "hci0"};
	struct mock_options options = {.loop = true};
	enum { COUNT = 500 };
	unsigned int sent[2] = {0};
	struct log watch;
	struct phone p;

	(void)state;
	phone_start(&p, &options, &hci1);
	log_init(&watch);
	watch.bearer = baton_gatt_peripheral_new(&hci0, &log_events, &watch);
	MOCK_UNTIL(p.log.ups == 1);
	while (watch.got->len < COUNT || p.log.got->len < COUNT) {
		char text[16];

		for (int i = 0; i < 8; i++) {
			g_snprintf(text, sizeof(text), "%u", sent[0]);
			if (sent[0] < COUNT &&
			    log_send(&p.log, text) == BATON_OK)
				sent[0]++;
			g_snprintf(text, sizeof(text), "%u", sent[1]);
			if (sent[1] < COUNT &&
			    log_send(&watch, text) == BATON_OK)
				sent[1]++;
		}
		mock_iterate();
	}
	for (unsigned int i = 0; i < COUNT; i++) {
		assert_int_equal(atoi(log_got(&watch, i)), i);
		assert_int_equal(atoi(log_got(&p.log, i)), i);
	}
	log_end(&watch);
	phone_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_write_is_alone_and_answered),
		cmocka_unit_test(a_known_advert_is_connected_to),
		cmocka_unit_test(
			another_advert_is_left_alone_until_it_is_known),
		cmocka_unit_test(who_shows_the_service_is_the_last_choice),
		cmocka_unit_test(a_phone_that_pairs_knows_no_advert),
		cmocka_unit_test(a_phone_that_begins_to_pair_looks_anew),
		cmocka_unit_test(notifications_arrive_by_socket),
		cmocka_unit_test(without_sockets_calls_and_signals_do),
		cmocka_unit_test(calls_push_back),
		cmocka_unit_test(bulk_is_opened_with_the_key),
		cmocka_unit_test(no_link_comes_up_deaf),
		cmocka_unit_test(where_bulk_is_refused_the_rest_serves),
		cmocka_unit_test(bulk_is_left_alone_unless_asked_for),
		cmocka_unit_test(a_lost_link_is_made_again_at_other_paths),
		cmocka_unit_test(many_links_leave_no_descriptor),
		cmocka_unit_test(drop_ends_the_link_and_looks_again),
		cmocka_unit_test(a_watch_without_the_service_is_tried_again),
		cmocka_unit_test(a_watch_behind_old_services_is_forgotten),
		cmocka_unit_test(
			a_watch_that_comes_back_as_it_was_is_forgotten_again),
		cmocka_unit_test(a_silent_socket_end_ends_the_link),
		cmocka_unit_test(a_link_that_was_left_behind_is_ended),
		cmocka_unit_test(who_leaves_waits_for_the_socket_it_asked_for),
		cmocka_unit_test(only_the_named_peer_is_connected_to),
		cmocka_unit_test(a_note_may_close),
		cmocka_unit_test(bluetoothd_may_come_back),
		cmocka_unit_test(both_roles_meet),
	};
	int failed;

	mock_bus_start(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	mock_bus_stop();
	return failed;
}
