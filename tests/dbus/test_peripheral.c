/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gatt/peripheral.h"
#include "tests/dbus/log.h"

#define KEY "\x20\x1f\x3d\xfb\xa2\x19\xa8\x76\x1a\xa3\x71\x0b\xcf\xfc\x7c\x35"

struct watch {
	struct mock *mock;
	struct log log;
};

static const struct baton_gatt_options fast = {.fast_writes = true};

/* A watch that advertises. */
static void watch_start(struct watch *w, const struct mock_options *mock,
			const struct baton_gatt_options *options)
{
	memset(w, 0, sizeof(*w));
	w->mock = mock_new(mock);
	log_init(&w->log);
	w->log.bearer =
		baton_gatt_peripheral_new(options, &log_events, &w->log);
	MOCK_UNTIL(w->mock->advertising);
}

/* It is told how it is to be met; its advert of that number shows it. */
static void watch_show(struct watch *w, enum baton_bearer_way way,
		       const uint8_t *advert, unsigned int number)
{
	w->log.bearer->ops->meet(w->log.bearer, way, advert);
	MOCK_UNTIL(w->mock->adverts == number && w->mock->advertising);
}

static void watch_end(struct watch *w)
{
	log_end(&w->log);
	mock_free(w->mock);
}

/* Its phone has connected, subscribed, and written "first". */
static void watch_link(struct watch *w)
{
	unsigned int ups = w->log.ups;

	mock_phone_connected(w->mock, MOCK_PHONE, true);
	mock_phone_subscribe(w->mock, MOCK_PHONE);
	mock_phone_write(w->mock, MOCK_PHONE, "first", 5);
	MOCK_UNTIL(w->log.ups == ups + 1);
}

/* Waits for one notification. */
static void assert_notified(struct watch *w, const char *text)
{
	char *packet = NULL;

	MOCK_UNTIL((packet = mock_packet(w->mock->notify_fd)));
	assert_string_equal(packet, text);
	g_free(packet);
}

static void the_first_write_brings_the_link_up(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	mock_phone_connected(w.mock, MOCK_PHONE, true);
	mock_phone_subscribe(w.mock, MOCK_PHONE);
	mock_wait(50);
	assert_int_equal(w.log.ups, 0);
	assert_int_equal(log_send(&w.log, "early"), BATON_ERR_CLOSED);
	mock_phone_write(w.mock, MOCK_PHONE, "first", 5);
	MOCK_UNTIL(w.log.got->len == 1);
	assert_int_equal(w.log.ups, 1);
	assert_int_equal(w.log.mtu, 517);
	assert_string_equal(log_got(&w.log, 0), "first");
	assert_null(mock_packet(w.mock->notify_fd));
	assert_int_equal(log_send(&w.log, "answer"), BATON_OK);
	assert_notified(&w, "answer");
	watch_end(&w);
}

static const uint8_t advert_1[BATON_BEARER_ADVERT_LEN] = {1, 2, 3};
static const uint8_t advert_2[BATON_BEARER_ADVERT_LEN] = {4, 5, 6};

/* Nothing but this advert is shown, or, if NULL, nothing but the service. */
static void assert_shown(struct watch *w, const uint8_t *advert)
{
	GVariant *all = mock_advert(w->mock);
	GVariant *data = g_variant_lookup_value(all, "ManufacturerData", NULL);
	const char **includes = NULL;
	const char **uuids = NULL;
	GVariant *value = NULL;
	uint16_t company = 0;

	assert_true(g_variant_lookup(all, "ServiceUUIDs", "^a&s", &uuids));
	assert_int_equal(g_strv_length((char **)uuids), advert ? 0 : 1);
	g_variant_lookup(all, "Includes", "^a&s", &includes);
	assert_int_equal(g_strv_length((char **)includes), advert ? 0 : 1);
	assert_int_equal(g_variant_n_children(data), advert ? 1 : 0);
	if (advert) {
		g_variant_get_child(data, 0, "{qv}", &company, &value);
		assert_int_equal(company, 0xffff);
		assert_int_equal(g_variant_get_size(value),
				 BATON_BEARER_ADVERT_LEN);
		assert_memory_equal(g_variant_get_data(value), advert,
				    BATON_BEARER_ADVERT_LEN);
		g_variant_unref(value);
	}
	g_free(uuids);
	g_free(includes);
	g_variant_unref(data);
	g_variant_unref(all);
}

static void a_private_advert_is_all_that_is_shown(void **state)
{
	const struct baton_gatt_options named = {.show_name = true};
	struct watch w;

	(void)state;
	watch_start(&w, NULL, &named);
	assert_shown(&w, NULL);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_1, 2);
	assert_shown(&w, advert_1);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_2, 3);
	assert_shown(&w, advert_2);
	/* The same once more is no other. */
	w.log.bearer->ops->meet(w.log.bearer, BATON_BEARER_PRIVATE, advert_2);
	mock_wait(100);
	assert_int_equal(w.mock->adverts, 3);
	watch_show(&w, BATON_BEARER_OPEN, NULL, 4);
	assert_shown(&w, NULL);
	watch_end(&w);
}

static void a_hidden_watch_does_not_advertise(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	w.log.bearer->ops->meet(w.log.bearer, BATON_BEARER_HIDDEN, NULL);
	MOCK_UNTIL(!w.mock->advertising);
	mock_wait(100);
	assert_int_equal(w.mock->adverts, 1);
	watch_end(&w);
}

static void a_private_advert_serves_one_link(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	assert_false(w.log.by_advert);
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	MOCK_UNTIL(w.log.downs == 1);
	MOCK_UNTIL(w.mock->adverts == 2 && w.mock->advertising);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_1, 3);
	watch_link(&w);
	assert_true(w.log.by_advert);
	assert_memory_equal(w.log.advert, advert_1, sizeof(advert_1));
	MOCK_UNTIL(!w.mock->advertising);
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	MOCK_UNTIL(w.log.downs == 2);
	mock_wait(100);
	assert_false(w.mock->advertising);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_2, 4);
	watch_link(&w);
	assert_memory_equal(w.log.advert, advert_2, sizeof(advert_2));
	watch_end(&w);
}

/* Off, BlueZ keeps the advert, and shows it when the adapter is on again. */
static void an_advert_does_not_come_back_with_the_adapter(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_1, 2);
	mock_off(w.mock);
	mock_wait(100);
	w.log.bearer->ops->meet(w.log.bearer, BATON_BEARER_HIDDEN, NULL);
	mock_on(w.mock);
	MOCK_UNTIL(!w.mock->advertising);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_1, 3);
	mock_off(w.mock);
	mock_wait(100);
	w.log.bearer->ops->meet(w.log.bearer, BATON_BEARER_PRIVATE, advert_2);
	mock_on(w.mock);
	MOCK_UNTIL(w.mock->adverts == 4 && w.mock->advertising);
	assert_shown(&w, advert_2);
	watch_end(&w);
}

static void where_an_adapter_is_unplugged_another_serves(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	assert_int_equal(w.mock->apps, 1);
	mock_unplug(w.mock);
	MOCK_UNTIL(w.mock->advertising);
	assert_int_equal(w.mock->apps, 2);
	watch_end(&w);
}

/* As long as it starts, or where an adapter goes in the same moment. */
static void a_service_that_is_refused_later_is_offered_again(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	w.mock->options.refuse_apps = 2;
	mock_off(w.mock);
	mock_wait(100);
	w.mock->advertising = false;
	mock_on(w.mock);
	MOCK_UNTIL(w.mock->advertising);
	assert_int_equal(w.mock->apps, 3);
	assert_null(w.log.failed);
	watch_end(&w);
}

static void what_comes_after_the_end_of_a_link_is_no_link(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	mock_phone_write(w.mock, MOCK_PHONE, "late", 4);
	MOCK_UNTIL(w.log.downs == 1);
	mock_wait(100);
	assert_int_equal(w.log.ups, 1);
	watch_link(&w);
	watch_end(&w);
}

#define LINKS 100

static void many_links_leave_no_descriptor(void **state)
{
	const char *burst[] = {KEY, NULL};
	unsigned int before = 0;
	struct watch w;

	(void)state;
	watch_start(&w, NULL, &fast);
	for (unsigned int i = 1; i <= LINKS; i++) {
		mock_phone_connected(w.mock, MOCK_PHONE, true);
		mock_phone_subscribe(w.mock, MOCK_PHONE);
		if (i % 2)
			mock_phone_bulk(w.mock, MOCK_PHONE, burst);
		else
			mock_phone_write(w.mock, MOCK_PHONE, "first", 5);
		MOCK_UNTIL(w.log.ups == i);
		assert_int_equal(log_send(&w.log, "answer"), BATON_OK);
		if (i % 3 == 0)
			w.log.bearer->ops->drop(w.log.bearer);
		mock_phone_connected(w.mock, MOCK_PHONE, false);
		MOCK_UNTIL(w.log.downs == i && w.mock->advertising);
		if (i == 2)
			before = mock_fds();
	}
	assert_int_equal(mock_fds(), before);
	watch_end(&w);
}

static void a_burst_of_a_foreign_phone_arrives_whole(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	mock_phone_connected(w.mock, MOCK_PHONE, true);
	for (char i = 'a'; i <= 'z'; i++)
		mock_phone_write(w.mock, MOCK_PHONE, &i, 1);
	MOCK_UNTIL(w.log.got->len == 26);
	for (size_t i = 0; i < 26; i++)
		assert_int_equal(log_got(&w.log, i)[0], 'a' + (char)i);
	watch_end(&w);
}

static void on_call(GObject *source, GAsyncResult *result, gpointer data)
{
	GVariant *answer = g_dbus_connection_call_finish(
		G_DBUS_CONNECTION(source), result, data);

	if (answer)
		g_variant_unref(answer);
}

/* The name of the error that a stranger's call to the watch gets. */
static char *stranger_call(struct watch *w, const char *path,
			   const char *interface, const char *method,
			   GVariant *arguments)
{
	GDBusConnection *bus = g_dbus_connection_new_for_address_sync(
		g_getenv("DBUS_SYSTEM_BUS_ADDRESS"),
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, NULL);
	GError *error = NULL;
	char *name;

	g_dbus_connection_call(bus, w->mock->app, path, interface, method,
			       arguments, NULL, G_DBUS_CALL_FLAGS_NONE, 2000,
			       NULL, on_call, &error);
	MOCK_UNTIL(error);
	name = g_dbus_error_get_remote_error(error);
	g_error_free(error);
	g_dbus_connection_close_sync(bus, NULL, NULL);
	g_object_unref(bus);
	return name;
}

static void only_bluez_may_call(void **state)
{
	static const char denied[] = "org.freedesktop.DBus.Error.AccessDenied";
	GVariantBuilder options;
	struct watch w;
	char *error;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	g_variant_builder_init(&options, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&options, "{sv}", "device",
			      g_variant_new_object_path(MOCK_PHONE));
	error = stranger_call(&w, "/baton/app/service/in",
			      "org.bluez.GattCharacteristic1", "WriteValue",
			      g_variant_new("(^aya{sv})", "forged", &options));
	assert_string_equal(error, denied);
	g_free(error);
	error = stranger_call(&w, "/baton/app",
			      "org.freedesktop.DBus.ObjectManager",
			      "GetManagedObjects", NULL);
	assert_string_equal(error, denied);
	g_free(error);
	mock_phone_write(w.mock, MOCK_PHONE, "second", 6);
	MOCK_UNTIL(w.log.got->len == 2);
	assert_string_equal(log_got(&w.log, 1), "second");
	watch_end(&w);
}

static void a_second_central_is_ignored(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	mock_phone_connected(w.mock, MOCK_OTHER, true);
	mock_phone_subscribe(w.mock, MOCK_OTHER);
	mock_phone_write(w.mock, MOCK_OTHER, "other", 5);
	mock_phone_write(w.mock, MOCK_PHONE, "mine", 4);
	MOCK_UNTIL(w.log.got->len == 2);
	assert_string_equal(log_got(&w.log, 1), "mine");
	mock_phone_connected(w.mock, MOCK_OTHER, false);
	mock_wait(50);
	assert_int_equal(w.log.downs, 0);
	assert_int_equal(log_send(&w.log, "still"), BATON_OK);
	assert_notified(&w, "still");
	/* When the first one goes, the other may have the link. */
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	MOCK_UNTIL(w.log.downs == 1);
	mock_phone_connected(w.mock, MOCK_OTHER, true);
	mock_phone_write(w.mock, MOCK_OTHER, "now", 3);
	MOCK_UNTIL(w.log.got->len == 3);
	assert_int_equal(w.log.ups, 2);
	watch_end(&w);
}

static void a_link_ends_with_connected_and_closes_its_sockets(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	assert_false(mock_fd_is_hup(w.mock->notify_fd));
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	MOCK_UNTIL(w.log.downs == 1);
	assert_int_equal(w.log.reason, BATON_BEARER_LOST);
	assert_true(mock_fd_is_hup(w.mock->notify_fd));
	assert_int_equal(log_send(&w.log, "late"), BATON_ERR_CLOSED);
	watch_link(&w);
	assert_int_equal(log_send(&w.log, "again"), BATON_OK);
	assert_notified(&w, "again");
	watch_end(&w);
}

static void a_hang_up_alone_does_not_end_the_link(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	close(w.mock->notify_fd);
	w.mock->notify_fd = -1;
	mock_wait(50);
	assert_int_equal(w.log.downs, 0);
	assert_int_equal(log_send(&w.log, "signal"), BATON_OK);
	MOCK_UNTIL(w.mock->signals == 1);
	assert_int_equal(g_bytes_get_size(w.mock->signal), 6);
	/* A new subscription brings a new socket. */
	mock_phone_subscribe(w.mock, MOCK_PHONE);
	assert_int_equal(log_send(&w.log, "socket"), BATON_OK);
	assert_notified(&w, "socket");
	assert_int_equal(w.mock->signals, 1);
	watch_end(&w);
}

static void the_advert_is_off_while_linked(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	MOCK_UNTIL(!w.mock->advertising);
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	MOCK_UNTIL(w.mock->advertising);
	assert_int_equal(w.mock->adverts, 2);
	watch_end(&w);
}

static void an_advert_refused_at_first_is_tried_again(void **state)
{
	struct mock_options options = {.refuse_adverts = 2};
	struct watch w;

	(void)state;
	watch_start(&w, &options, NULL);
	assert_int_equal(w.mock->adverts_refused, 2);
	assert_null(w.log.failed);
	watch_end(&w);
}

static void an_advert_that_was_told_too_late_is_withdrawn(void **state)
{
	struct mock_options options = {.late_advert = true};
	struct watch w;

	(void)state;
	watch_start(&w, &options, NULL);
	w.log.bearer->ops->meet(w.log.bearer, BATON_BEARER_HIDDEN, NULL);
	MOCK_UNTIL(!w.mock->advertising);
	watch_show(&w, BATON_BEARER_PRIVATE, advert_1, 2);
	watch_end(&w);
}

static void an_adapter_that_never_advertises_is_told(void **state)
{
	struct mock_options options = {.refuse_adverts = UINT_MAX};
	struct watch w = {0};

	(void)state;
	w.mock = mock_new(&options);
	log_init(&w.log);
	w.log.bearer = baton_gatt_peripheral_new(NULL, &log_events, &w.log);
	MOCK_UNTIL(w.log.failed);
	assert_non_null(strstr(w.log.failed, "cannot advertise"));
	assert_int_equal(w.mock->adverts_refused, 3);
	watch_end(&w);
}

static void drop_ends_the_link_and_ignores_the_rest(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	w.log.bearer->ops->drop(w.log.bearer);
	assert_int_equal(w.log.downs, 0);
	MOCK_UNTIL(w.log.downs == 1);
	assert_int_equal(w.log.reason, BATON_BEARER_LOCAL);
	mock_phone_write(w.mock, MOCK_PHONE, "late", 4);
	mock_wait(50);
	assert_int_equal(w.log.ups, 1);
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	watch_link(&w);
	watch_end(&w);
}

static void no_value_is_longer_than_the_mtu_or_509(void **state)
{
	static const struct {
		uint16_t mtu;
		uint16_t usable;
		size_t max;
	} table[] = {{517, 517, 509},
		     {514, 514, 509},
		     {513, 511, 508},
		     {247, 245, 242},
		     {23, 21, 18}};
	uint8_t pdu[513];

	(void)state;
	memset(pdu, 'x', sizeof(pdu));
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		struct mock_options options = {.mtu = table[i].mtu};
		struct baton_bearer *bearer;
		struct watch w;
		char *packet = NULL;

		watch_start(&w, &options, NULL);
		watch_link(&w);
		bearer = w.log.bearer;
		assert_int_equal(w.log.mtu, table[i].usable);
		assert_int_equal(bearer->ops->tx(bearer, pdu, 0),
				 BATON_ERR_ARG);
		assert_int_equal(bearer->ops->tx(bearer, pdu, table[i].max + 1),
				 BATON_ERR_TOO_LARGE);
		assert_int_equal(bearer->ops->tx(bearer, pdu, table[i].max),
				 BATON_OK);
		MOCK_UNTIL((packet = mock_packet(w.mock->notify_fd)));
		assert_int_equal(strlen(packet), table[i].max);
		g_free(packet);
		watch_end(&w);
	}
}

static void values_of_a_wrong_length_or_offset_are_refused(void **state)
{
	uint8_t pdu[512];
	struct watch w;

	(void)state;
	memset(pdu, 'x', sizeof(pdu));
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	MOCK_UNTIL(w.mock->error);
	assert_string_equal(w.mock->error, "");
	mock_phone_write(w.mock, MOCK_PHONE, pdu, 0);
	MOCK_UNTIL(*w.mock->error);
	assert_string_equal(w.mock->error,
			    "org.bluez.Error.InvalidValueLength");
	g_clear_pointer(&w.mock->error, g_free);
	mock_phone_write(w.mock, MOCK_PHONE, pdu, 510);
	MOCK_UNTIL(w.mock->error);
	assert_string_equal(w.mock->error,
			    "org.bluez.Error.InvalidValueLength");
	g_clear_pointer(&w.mock->error, g_free);
	mock_phone_write_at(w.mock, MOCK_PHONE, pdu, 10, 4);
	MOCK_UNTIL(w.mock->error);
	assert_string_equal(w.mock->error, "org.bluez.Error.InvalidOffset");
	mock_phone_write(w.mock, MOCK_PHONE, pdu, 509);
	MOCK_UNTIL(w.log.got->len == 2);
	assert_int_equal(strlen(log_got(&w.log, 1)), 509);
	watch_end(&w);
}

static void a_full_socket_pushes_back(void **state)
{
	unsigned int sent = 0;
	enum baton_err err;
	struct watch w;
	char *packet;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	while ((err = log_send(&w.log, "x")) == BATON_OK && sent < 100000)
		sent++;
	assert_int_equal(err, BATON_ERR_AGAIN);
	mock_wait(30);
	assert_int_equal(w.log.writables, 0);
	for (unsigned int i = 0; i < sent; i++) {
		packet = mock_packet(w.mock->notify_fd);
		assert_non_null(packet);
		g_free(packet);
	}
	MOCK_UNTIL(w.log.writables == 1);
	assert_int_equal(log_send(&w.log, "y"), BATON_OK);
	assert_notified(&w, "y");
	watch_end(&w);
}

static void fill(struct watch *w)
{
	enum baton_err err = BATON_OK;

	for (unsigned int i = 0; i < 100000 && !err; i++)
		err = log_send(&w->log, "x");
	assert_int_equal(err, BATON_ERR_AGAIN);
}

/* It went with the central that it was made for, or another took its place. */
static void who_waits_for_a_socket_that_went_is_told(void **state)
{
	struct watch w;
	int old;

	(void)state;
	watch_start(&w, NULL, NULL);
	mock_phone_connected(w.mock, MOCK_OTHER, true);
	mock_phone_subscribe(w.mock, MOCK_OTHER);
	watch_link(&w);
	fill(&w);
	mock_phone_connected(w.mock, MOCK_OTHER, false);
	MOCK_UNTIL(w.log.writables == 1);
	mock_phone_subscribe(w.mock, MOCK_PHONE);
	fill(&w);
	old = w.mock->notify_fd;
	w.mock->notify_fd = -1;
	w.log.writables = 0;
	mock_phone_subscribe(w.mock, MOCK_PHONE);
	MOCK_UNTIL(w.log.writables == 1);
	close(old);
	watch_end(&w);
}

static void bulk_delivers_after_the_key(void **state)
{
	static const char *const key[] = {KEY, NULL};
	static const char *const burst[] = {"a", "b", "c", NULL};
	struct watch w;

	(void)state;
	watch_start(&w, NULL, &fast);
	mock_phone_connected(w.mock, MOCK_PHONE, true);
	mock_phone_subscribe(w.mock, MOCK_PHONE);
	mock_phone_bulk(w.mock, MOCK_PHONE, key);
	MOCK_UNTIL(w.log.ups == 1);
	assert_int_equal(w.log.got->len, 0);
	mock_phone_bulk(w.mock, MOCK_PHONE, burst);
	MOCK_UNTIL(w.log.got->len == 3);
	assert_string_equal(log_got(&w.log, 0), "a");
	assert_string_equal(log_got(&w.log, 2), "c");
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	MOCK_UNTIL(w.log.downs == 1);
	assert_true(mock_fd_is_hup(w.mock->bulk_fd));
	watch_end(&w);
}

static void bulk_delivers_nothing_of_an_overwritten_burst(void **state)
{
	static const char *const bursts[][4] = {
		{"a", "b", "c", NULL},
		{KEY, "b", "c", NULL},
		{KEY, KEY "c", NULL},
		{KEY, "as long as a key", NULL},
	};
	static const char *const key[] = {KEY, NULL};
	struct watch w;

	(void)state;
	watch_start(&w, NULL, &fast);
	mock_phone_connected(w.mock, MOCK_OTHER, true);
	for (size_t i = 0; i < G_N_ELEMENTS(bursts); i++) {
		mock_phone_bulk(w.mock, MOCK_OTHER, bursts[i]);
		MOCK_UNTIL(mock_fd_is_hup(w.mock->bulk_fd));
		mock_wait(20);
		assert_int_equal(w.log.ups, 0);
		assert_int_equal(w.log.got->len, 0);
	}
	/* The next one finds it open. */
	mock_phone_connected(w.mock, MOCK_PHONE, true);
	mock_phone_bulk(w.mock, MOCK_PHONE, key);
	MOCK_UNTIL(w.log.ups == 1);
	watch_end(&w);
}

static void bulk_is_not_there_unless_asked_for(void **state)
{
	static const char *const key[] = {KEY, NULL};
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	mock_phone_connected(w.mock, MOCK_PHONE, true);
	mock_phone_bulk(w.mock, MOCK_PHONE, key);
	assert_int_equal(w.mock->bulk_fd, -1);
	assert_int_equal(w.log.ups, 0);
	watch_end(&w);
}

static void bluetoothd_may_come_back(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	watch_link(&w);
	mock_free(w.mock);
	MOCK_UNTIL(w.log.downs == 1);
	assert_int_equal(w.log.reason, BATON_BEARER_STACK);
	assert_int_equal(log_send(&w.log, "x"), BATON_ERR_CLOSED);
	mock_wait(50);
	w.mock = mock_new(NULL);
	MOCK_UNTIL(w.mock->advertising);
	watch_link(&w);
	assert_int_equal(log_send(&w.log, "again"), BATON_OK);
	assert_notified(&w, "again");
	assert_null(w.log.failed);
	watch_end(&w);
}

static void a_callback_may_close_or_drop(void **state)
{
	struct watch w;

	(void)state;
	watch_start(&w, NULL, NULL);
	w.log.drop_on_rx = true;
	watch_link(&w);
	MOCK_UNTIL(w.log.downs == 1);
	mock_phone_connected(w.mock, MOCK_PHONE, false);
	w.log.close_on_up = true;
	watch_link(&w);
	assert_null(w.log.bearer);
	assert_int_equal(w.log.got->len, 1);
	watch_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_write_brings_the_link_up),
		cmocka_unit_test(a_private_advert_is_all_that_is_shown),
		cmocka_unit_test(a_hidden_watch_does_not_advertise),
		cmocka_unit_test(a_private_advert_serves_one_link),
		cmocka_unit_test(an_advert_does_not_come_back_with_the_adapter),
		cmocka_unit_test(where_an_adapter_is_unplugged_another_serves),
		cmocka_unit_test(
			a_service_that_is_refused_later_is_offered_again),
		cmocka_unit_test(what_comes_after_the_end_of_a_link_is_no_link),
		cmocka_unit_test(many_links_leave_no_descriptor),
		cmocka_unit_test(a_burst_of_a_foreign_phone_arrives_whole),
		cmocka_unit_test(only_bluez_may_call),
		cmocka_unit_test(a_second_central_is_ignored),
		cmocka_unit_test(
			a_link_ends_with_connected_and_closes_its_sockets),
		cmocka_unit_test(a_hang_up_alone_does_not_end_the_link),
		cmocka_unit_test(the_advert_is_off_while_linked),
		cmocka_unit_test(an_advert_refused_at_first_is_tried_again),
		cmocka_unit_test(an_advert_that_was_told_too_late_is_withdrawn),
		cmocka_unit_test(an_adapter_that_never_advertises_is_told),
		cmocka_unit_test(drop_ends_the_link_and_ignores_the_rest),
		cmocka_unit_test(no_value_is_longer_than_the_mtu_or_509),
		cmocka_unit_test(
			values_of_a_wrong_length_or_offset_are_refused),
		cmocka_unit_test(a_full_socket_pushes_back),
		cmocka_unit_test(who_waits_for_a_socket_that_went_is_told),
		cmocka_unit_test(bulk_delivers_after_the_key),
		cmocka_unit_test(bulk_delivers_nothing_of_an_overwritten_burst),
		cmocka_unit_test(bulk_is_not_there_unless_asked_for),
		cmocka_unit_test(bluetoothd_may_come_back),
		cmocka_unit_test(a_callback_may_close_or_drop),
	};
	int failed;

	mock_bus_start(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	mock_bus_stop();
	return failed;
}
