/* SPDX-License-Identifier: MIT */
#include "tests/dbus/mock.h"

#include <gio/gunixfdlist.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/advert.h"
#include "gatt/options.h"

#define HCI0 "/org/bluez/hci0"
#define HCI1 "/org/bluez/hci1"
#define APP "/baton/app"
#define APP_IN APP "/service/in"
#define APP_OUT APP "/service/out"
#define APP_BULK APP "/service/bulk"
#define CHRC "org.bluez.GattCharacteristic1"

/* What can only go wrong after a failed test; the rest cannot go on then. */
static void wait_while(const int *value, int unset)
{
	gint64 end = g_get_monotonic_time() + MOCK_LIMIT_US;

	while (*value == unset) {
		if (g_get_monotonic_time() > end)
			g_error("the mock got no answer");
		mock_iterate();
	}
}

static uint16_t mtu(struct mock *mock)
{
	return mock->options.mtu ? mock->options.mtu : 517;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- hci0: the managers, and the app behind them --- */

static gboolean on_register_app(BatonBluezGattManager1 *manager,
				GDBusMethodInvocation *call, const char *path,
				GVariant *options, gpointer data)
{
	struct mock *mock = data;

	(void)options;
	g_assert_cmpstr(path, ==, APP);
	if (mock->apps++ < mock->options.refuse_apps) {
		g_dbus_method_invocation_return_dbus_error(
			call, "org.bluez.Error.Failed", "no such adapter");
		return TRUE;
	}
	g_free(mock->app);
	mock->app = g_strdup(g_dbus_method_invocation_get_sender(call));
	baton_bluez_gatt_manager1_complete_register_application(manager, call);
	return TRUE;
}

static void watch_appear(struct mock *mock);

static gboolean on_register_advert(BatonBluezLEAdvertisingManager1 *manager,
				   GDBusMethodInvocation *call,
				   const char *path, GVariant *options,
				   gpointer data)
{
	struct mock *mock = data;

	(void)path;
	(void)options;
	if (mock->advertising) {
		g_dbus_method_invocation_return_dbus_error(
			call, "org.bluez.Error.AlreadyExists",
			"Already Exists");
		return TRUE;
	}
	if (mock->adverts_refused < mock->options.refuse_adverts) {
		mock->adverts_refused++;
		g_dbus_method_invocation_return_dbus_error(
			call, "org.bluez.Error.Failed",
			"Failed to register advertisement");
		return TRUE;
	}
	mock->advertising = true;
	if (!mock->adverts++ && mock->options.late_advert) {
		g_dbus_method_invocation_return_dbus_error(
			call, "org.freedesktop.DBus.Error.NoReply", "");
		return TRUE;
	}
	baton_bluez_leadvertising_manager1_complete_register_advertisement(
		manager, call);
	if (mock->options.loop)
		watch_appear(mock);
	return TRUE;
}

static gboolean on_unregister_advert(BatonBluezLEAdvertisingManager1 *manager,
				     GDBusMethodInvocation *call,
				     const char *path, gpointer data)
{
	struct mock *mock = data;

	(void)path;
	mock->advertising = false;
	baton_bluez_leadvertising_manager1_complete_unregister_advertisement(
		manager, call);
	return TRUE;
}

static GVariant *options_of(struct mock *mock, const char *device,
			    uint16_t offset)
{
	GVariantBuilder options;

	g_variant_builder_init(&options, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&options, "{sv}", "device",
			      g_variant_new_object_path(device));
	g_variant_builder_add(&options, "{sv}", "mtu",
			      g_variant_new_uint16(mtu(mock)));
	g_variant_builder_add(&options, "{sv}", "link",
			      g_variant_new_string("LE"));
	if (offset)
		g_variant_builder_add(&options, "{sv}", "offset",
				      g_variant_new_uint16(offset));
	return g_variant_builder_end(&options);
}

static void on_fd(GObject *source, GAsyncResult *result, gpointer data)
{
	GUnixFDList *fds = NULL;
	GError *error = NULL;
	int *fd = data;
	GVariant *answer = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(source), &fds, result, &error);

	if (answer) {
		*fd = g_unix_fd_list_get(fds, 0, NULL);
		g_variant_unref(answer);
		g_object_unref(fds);
	} else {
		*fd = -2;
		g_error_free(error);
	}
}

/* Calls Acquire* of the app and waits for the answer. */
static int acquire(struct mock *mock, const char *device, const char *path,
		   const char *method)
{
	int fd = -1;

	g_dbus_connection_call_with_unix_fd_list(
		mock->bus, mock->app, path, CHRC, method,
		g_variant_new("(@a{sv})", options_of(mock, device, 0)), NULL,
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, on_fd, &fd);
	wait_while(&fd, -1);
	return fd < 0 ? -1 : fd;
}

void mock_phone_subscribe(struct mock *mock, const char *device)
{
	/* Like bluetoothd: the socket that is there serves everyone. */
	if (mock->notify_fd >= 0 && mock_fd_is_hup(mock->notify_fd))
		fd_close(&mock->notify_fd);
	if (mock->notify_fd < 0)
		mock->notify_fd =
			acquire(mock, device, APP_OUT, "AcquireNotify");
}

static void on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	struct mock *mock = data;
	GError *error = NULL;
	GVariant *answer = g_dbus_connection_call_finish(
		G_DBUS_CONNECTION(source), result, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	g_free(mock->error);
	mock->error =
		error ? g_dbus_error_get_remote_error(error) : g_strdup("");
	if (answer)
		g_variant_unref(answer);
	g_clear_error(&error);
}

void mock_phone_write_at(struct mock *mock, const char *device,
			 const void *value, size_t len, uint16_t offset)
{
	g_dbus_connection_call(
		mock->bus, mock->app, APP_IN, CHRC, "WriteValue",
		g_variant_new("(@ay@a{sv})",
			      g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE,
							value, len, 1),
			      options_of(mock, device, offset)),
		NULL, G_DBUS_CALL_FLAGS_NONE, -1, mock->cancel, on_written,
		mock);
}

void mock_phone_write(struct mock *mock, const char *device, const void *value,
		      size_t len)
{
	mock_phone_write_at(mock, device, value, len, 0);
}

void mock_phone_bulk(struct mock *mock, const char *device,
		     const char *const *values)
{
	size_t count = g_strv_length((char **)values);

	if (mock->bulk_fd >= 0 && mock_fd_is_hup(mock->bulk_fd))
		fd_close(&mock->bulk_fd);
	if (mock->bulk_fd >= 0) {
		for (size_t i = 0; i < count; i++)
			g_assert_cmpint(send(mock->bulk_fd, values[i],
					     strlen(values[i]), MSG_NOSIGNAL),
					>, 0);
		return;
	}
	mock->bulk_fd = acquire(mock, device, APP_BULK, "AcquireWrite");
	for (size_t i = 0; i < count; i++)
		send(mock->bulk_fd, values[count - 1],
		     strlen(values[count - 1]), MSG_NOSIGNAL);
}

static void on_signal(GDBusConnection *bus, const char *sender,
		      const char *path, const char *interface, const char *name,
		      GVariant *arguments, gpointer data)
{
	GVariant *changed = g_variant_get_child_value(arguments, 1);
	GVariant *value = g_variant_lookup_value(changed, "Value",
						 G_VARIANT_TYPE_BYTESTRING);
	struct mock *mock = data;

	(void)bus;
	(void)sender;
	(void)path;
	(void)interface;
	(void)name;
	if (value) {
		mock->signals++;
		g_clear_pointer(&mock->signal, g_bytes_unref);
		mock->signal = g_variant_get_data_as_bytes(value);
		g_variant_unref(value);
	}
	g_variant_unref(changed);
}

static void export(struct mock *mock, const char *path, gpointer interface)
{
	GDBusObjectSkeleton *object = g_dbus_object_skeleton_new(path);

	g_dbus_object_skeleton_add_interface(object, interface);
	g_dbus_object_manager_server_export(mock->objects, object);
	g_object_unref(object);
}

void mock_phone_connected(struct mock *mock, const char *device, bool yes)
{
	GDBusObject *object = g_dbus_object_manager_get_object(
		G_DBUS_OBJECT_MANAGER(mock->objects), device);
	BatonBluezDevice1 *interface;

	if (!object) {
		interface =
			g_object_new(BATON_BLUEZ_TYPE_DEVICE1_SKELETON,
				     "adapter", HCI0, "connected", yes, NULL);
		export(mock, device, interface);
		g_object_unref(interface);
		return;
	}
	interface = BATON_BLUEZ_DEVICE1(
		g_dbus_object_get_interface(object, "org.bluez.Device1"));
	baton_bluez_device1_set_connected(interface, yes);
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(interface));
	g_object_unref(interface);
	g_object_unref(object);
}

/* --- hci1: discovery, and the distant watch --- */

static gboolean on_start_discovery(BatonBluezAdapter1 *adapter,
				   GDBusMethodInvocation *call, gpointer data)
{
	struct mock *mock = data;

	if (mock->discovering) {
		g_dbus_method_invocation_return_dbus_error(
			call, "org.bluez.Error.InProgress", "in progress");
		return TRUE;
	}
	mock->discovering = true;
	baton_bluez_adapter1_complete_start_discovery(adapter, call);
	if (!mock->options.loop || mock->advertising)
		watch_appear(mock);
	return TRUE;
}

static gboolean on_stop_discovery(BatonBluezAdapter1 *adapter,
				  GDBusMethodInvocation *call, gpointer data)
{
	struct mock *mock = data;

	mock->discovering = false;
	mock_watch_heard(mock, false);
	baton_bluez_adapter1_complete_stop_discovery(adapter, call);
	return TRUE;
}

static gboolean on_filter(BatonBluezAdapter1 *adapter,
			  GDBusMethodInvocation *call, GVariant *filter,
			  gpointer data)
{
	const char *transport = "";
	const char **uuids = NULL;
	struct mock *mock = data;

	g_variant_lookup(filter, "Transport", "&s", &transport);
	g_assert_cmpstr(transport, ==, "le");
	mock->narrow = g_variant_lookup(filter, "UUIDs", "^a&s", &uuids);
	if (mock->narrow)
		g_assert_cmpstr(uuids[0], ==, BATON_GATT_UUID_SERVICE);
	g_free(uuids);
	baton_bluez_adapter1_complete_set_discovery_filter(adapter, call);
	return TRUE;
}

/* It comes back with its next advert, and perhaps with its old services. */
static void watch_forget(struct mock *mock)
{
	mock->options.stale--;
	g_dbus_object_manager_server_unexport(mock->objects, MOCK_WATCH);
	g_clear_object(&mock->watch);
}

static gboolean on_remove_device(BatonBluezAdapter1 *adapter,
				 GDBusMethodInvocation *call,
				 const char *device, gpointer data)
{
	struct mock *mock = data;

	g_assert_cmpstr(device, ==, MOCK_WATCH);
	baton_bluez_adapter1_complete_remove_device(adapter, call);
	if (mock->options.stale > 0)
		watch_forget(mock);
	mock_watch_disconnect(mock);
	return TRUE;
}

void mock_answer(struct mock *mock)
{
	g_dbus_method_invocation_return_value(g_steal_pointer(&mock->held),
					      NULL);
}

/* Like bluetoothd for write commands: no answer is asked for. */
static void forward(struct mock *mock, const void *value, size_t len)
{
	g_dbus_connection_call(
		mock->bus, mock->app, APP_IN, CHRC, "WriteValue",
		g_variant_new("(@ay@a{sv})",
			      g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE,
							value, len, 1),
			      options_of(mock, MOCK_PHONE, 0)),
		NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static gboolean on_remote_write(BatonBluezGattCharacteristic1 *chrc,
				GDBusMethodInvocation *call, GVariant *value,
				GVariant *options, gpointer data)
{
	bool bulk = !g_ascii_strcasecmp(
		baton_bluez_gatt_characteristic1_get_uuid(chrc),
		BATON_GATT_UUID_BULK);
	struct mock *mock = data;
	const char *type = "";

	if (bulk && mock->options.refuse_bulk) {
		g_dbus_method_invocation_return_dbus_error(
			call, "org.bluez.Error.Failed", "unlikely error");
		return TRUE;
	}
	g_variant_lookup(options, "type", "&s", &type);
	g_ptr_array_add(mock->written_how, g_strdup(type));
	g_ptr_array_add(mock->written, g_variant_get_data_as_bytes(value));
	if (mock->options.loop && mock->app)
		forward(mock, g_variant_get_data(value),
			g_variant_get_size(value));
	if (mock->options.hold_write && !strcmp(type, "request")) {
		g_assert_null(mock->held);
		mock->held = call;
		return TRUE;
	}
	g_dbus_method_invocation_return_value(call, NULL);
	return TRUE;
}

/* Keeps one end in *ours and answers with the other. */
static gboolean give_socket(struct mock *mock, GDBusMethodInvocation *call,
			    int *ours)
{
	GUnixFDList *fds;
	int pair[2];

	if (mock->options.no_sockets) {
		g_dbus_method_invocation_return_dbus_error(
			call, "org.bluez.Error.NotSupported", "not supported");
		return TRUE;
	}
	fd_close(ours);
	g_assert_cmpint(
		socketpair(AF_UNIX,
			   SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			   pair),
		==, 0);
	*ours = pair[0];
	fds = g_unix_fd_list_new_from_array(&pair[1], 1);
	g_dbus_method_invocation_return_value_with_unix_fd_list(
		call, g_variant_new("(hq)", 0, mtu(mock)), fds);
	g_object_unref(fds);
	return TRUE;
}

int mock_give_notify(struct mock *mock)
{
	int ours = -1;

	give_socket(mock, g_steal_pointer(&mock->held), &ours);
	return ours;
}

static gboolean on_remote_acquire_write(BatonBluezGattCharacteristic1 *chrc,
					GDBusMethodInvocation *call,
					GUnixFDList *fds, GVariant *options,
					gpointer data)
{
	struct mock *mock = data;

	(void)chrc;
	(void)fds;
	(void)options;
	return give_socket(mock, call, &mock->watch_write_fd);
}

static gboolean on_remote_acquire_notify(BatonBluezGattCharacteristic1 *chrc,
					 GDBusMethodInvocation *call,
					 GUnixFDList *fds, GVariant *options,
					 gpointer data)
{
	struct mock *mock = data;

	(void)chrc;
	(void)fds;
	(void)options;
	if (mock->options.hold_notify) {
		mock->held = call;
		return TRUE;
	}
	if (mock->options.loop)
		mock_phone_subscribe(mock, MOCK_PHONE);
	return give_socket(mock, call, &mock->watch_notify_fd);
}

static gboolean on_remote_start_notify(BatonBluezGattCharacteristic1 *chrc,
				       GDBusMethodInvocation *call,
				       gpointer data)
{
	(void)data;
	baton_bluez_gatt_characteristic1_complete_start_notify(chrc, call);
	return TRUE;
}

/* The path of an object of the distant service; freed by the caller. */
static char *remote_path(struct mock *mock, const char *name)
{
	return g_strdup_printf("%s/service%04x%s", MOCK_WATCH, mock->generation,
			       name);
}

static BatonBluezGattCharacteristic1 *
remote_chrc(struct mock *mock, const char *name, const char *uuid)
{
	char *service = remote_path(mock, "");
	char *path = remote_path(mock, name);
	BatonBluezGattCharacteristic1 *chrc = g_object_new(
		BATON_BLUEZ_TYPE_GATT_CHARACTERISTIC1_SKELETON, "uuid", uuid,
		"service", service, "mtu", mtu(mock), NULL);

	g_signal_connect(chrc, "handle-write-value",
			 G_CALLBACK(on_remote_write), mock);
	g_signal_connect(chrc, "handle-acquire-write",
			 G_CALLBACK(on_remote_acquire_write), mock);
	g_signal_connect(chrc, "handle-acquire-notify",
			 G_CALLBACK(on_remote_acquire_notify), mock);
	g_signal_connect(chrc, "handle-start-notify",
			 G_CALLBACK(on_remote_start_notify), mock);
	export(mock, path, chrc);
	g_free(service);
	g_free(path);
	return chrc;
}

/* Exports the distant service, after ServicesResolved as BlueZ may do it. */
static gboolean remote_export(gpointer data)
{
	struct mock *mock = data;
	char *path = remote_path(mock, "");
	BatonBluezGattService1 *service =
		g_object_new(BATON_BLUEZ_TYPE_GATT_SERVICE1_SKELETON, "uuid",
			     mock->options.no_service
				     ? "0000180d-0000-1000-8000-00805f9b34fb"
				     : BATON_GATT_UUID_SERVICE,
			     "device", MOCK_WATCH, NULL);

	mock->appearing = 0;
	export(mock, path, service);
	g_object_unref(service);
	g_free(path);
	g_object_unref(remote_chrc(mock, "/char0001", BATON_GATT_UUID_IN));
	mock->out = remote_chrc(mock, "/char0002", BATON_GATT_UUID_OUT);
	if (mock->options.bulk)
		g_object_unref(
			remote_chrc(mock, "/char0003", BATON_GATT_UUID_BULK));
	return G_SOURCE_REMOVE;
}

static gboolean on_connect(BatonBluezDevice1 *device,
			   GDBusMethodInvocation *call, gpointer data)
{
	struct mock *mock = data;

	mock->connects++;
	mock->generation++;
	baton_bluez_device1_complete_connect(device, call);
	baton_bluez_device1_set_connected(device, TRUE);
	if (mock->options.loop)
		mock_phone_connected(mock, MOCK_PHONE, true);
	baton_bluez_device1_set_services_resolved(device, TRUE);
	mock->appearing = g_timeout_add(20, remote_export, mock);
	return TRUE;
}

static gboolean on_disconnect(BatonBluezDevice1 *device,
			      GDBusMethodInvocation *call, gpointer data)
{
	baton_bluez_device1_complete_disconnect(device, call);
	mock_watch_disconnect(data);
	return TRUE;
}

void mock_watch_disconnect(struct mock *mock)
{
	static const char *const names[] = {"", "/char0001", "/char0002",
					    "/char0003"};

	fd_close(&mock->watch_notify_fd);
	fd_close(&mock->watch_write_fd);
	if (!mock->watch || !baton_bluez_device1_get_connected(mock->watch))
		return;
	g_clear_handle_id(&mock->appearing, g_source_remove);
	g_clear_object(&mock->out);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = remote_path(mock, names[i]);

		g_dbus_object_manager_server_unexport(mock->objects, path);
		g_free(path);
	}
	g_dbus_object_manager_server_unexport(mock->objects, MOCK_WATCH);
	g_clear_object(&mock->watch);
	if (mock->options.loop)
		mock_phone_connected(mock, MOCK_PHONE, false);
	if (mock->discovering && (!mock->options.loop || mock->advertising))
		watch_appear(mock);
}

static GVariant *manufacturer_data(const uint8_t *advert)
{
	GVariantBuilder data;

	g_variant_builder_init(&data, G_VARIANT_TYPE("a{qv}"));
	g_variant_builder_add(&data, "{qv}", 0x004c,
			      g_variant_new_bytestring("somebody's"));
	g_variant_builder_add(&data, "{qv}", 0xffff,
			      g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE,
							advert,
							BATON_ADVERT_LEN, 1));
	return g_variant_builder_end(&data);
}

void mock_watch_show(struct mock *mock, const uint8_t *advert)
{
	mock->options.advert = advert;
	baton_bluez_device1_set_manufacturer_data(mock->watch,
						  manufacturer_data(advert));
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(mock->watch));
}

static void watch_appear(struct mock *mock)
{
	const char *service[] = {BATON_GATT_UUID_SERVICE, NULL};
	const char *stale[] = {"00001801-0000-1000-8000-00805f9b34fb", NULL};
	const char *nothing[] = {NULL};
	bool hidden = mock->options.advert && !mock->options.remembered;
	const char **uuids = hidden		   ? nothing
			     : mock->options.stale ? stale
						   : service;

	if (!mock->discovering || (mock->options.advert && mock->narrow))
		return;
	if (mock->watch) {
		mock_watch_heard(mock, true);
		return;
	}
	mock->watch = g_object_new(BATON_BLUEZ_TYPE_DEVICE1_SKELETON, "adapter",
				   HCI1, "address", "00:AA:01:00:00:00",
				   "uuids", uuids, "rssi", -60, NULL);
	if (mock->options.advert)
		baton_bluez_device1_set_manufacturer_data(
			mock->watch, manufacturer_data(mock->options.advert));
	g_signal_connect(mock->watch, "handle-connect", G_CALLBACK(on_connect),
			 mock);
	g_signal_connect(mock->watch, "handle-disconnect",
			 G_CALLBACK(on_disconnect), mock);
	export(mock, MOCK_WATCH, mock->watch);
}

void mock_watch_notify(struct mock *mock, const void *value, size_t len)
{
	GVariantBuilder changed;
	char *path;

	if (mock->watch_notify_fd >= 0) {
		g_assert_cmpint(
			send(mock->watch_notify_fd, value, len, MSG_NOSIGNAL),
			==, (gssize)len);
		return;
	}
	path = remote_path(mock, "/char0002");
	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(
		&changed, "{sv}", "Value",
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, value, len, 1));
	g_dbus_connection_emit_signal(
		mock->bus, NULL, path, "org.freedesktop.DBus.Properties",
		"PropertiesChanged",
		g_variant_new("(sa{sv}as)", CHRC, &changed, NULL), NULL);
	g_free(path);
}

/* --- both --- */

/* With `loop`: carries packets between the two sides' sockets. */
static gboolean on_pump(gpointer data)
{
	struct mock *mock = data;
	char value[600];
	ssize_t len;

	while (mock->watch_write_fd >= 0 &&
	       (len = recv(mock->watch_write_fd, value, sizeof(value),
			   MSG_DONTWAIT)) > 0)
		forward(mock, value, (size_t)len);
	while (mock->notify_fd >= 0 && mock->watch_notify_fd >= 0 &&
	       (len = recv(mock->notify_fd, value, sizeof(value),
			   MSG_DONTWAIT)) > 0)
		mock_watch_notify(mock, value, (size_t)len);
	return G_SOURCE_CONTINUE;
}

static void on_named(GDBusConnection *bus, const char *name, gpointer data)
{
	struct mock *mock = data;

	(void)bus;
	(void)name;
	mock->named = 1;
}

/* Switched on, it goes off again. */
static void on_powered(GObject *adapter, GParamSpec *spec, gpointer data)
{
	(void)spec;
	(void)data;
	if (baton_bluez_adapter1_get_powered(BATON_BLUEZ_ADAPTER1(adapter)))
		g_object_set(adapter, "powered", FALSE, NULL);
}

static void adapter_export(struct mock *mock, const char *path)
{
	bool dark = mock->options.unpowered ||
		    (mock->options.blocked && !strcmp(path, HCI0));
	BatonBluezAdapter1 *adapter = g_object_new(
		BATON_BLUEZ_TYPE_ADAPTER1_SKELETON, "powered", !dark, NULL);
	BatonBluezGattManager1 *gatt = baton_bluez_gatt_manager1_skeleton_new();
	BatonBluezLEAdvertisingManager1 *adverts =
		baton_bluez_leadvertising_manager1_skeleton_new();
	GDBusObjectSkeleton *object = g_dbus_object_skeleton_new(path);

	if (dark)
		g_signal_connect(adapter, "notify::powered",
				 G_CALLBACK(on_powered), NULL);
	g_signal_connect(adapter, "handle-start-discovery",
			 G_CALLBACK(on_start_discovery), mock);
	g_signal_connect(adapter, "handle-stop-discovery",
			 G_CALLBACK(on_stop_discovery), mock);
	g_signal_connect(adapter, "handle-set-discovery-filter",
			 G_CALLBACK(on_filter), mock);
	g_signal_connect(adapter, "handle-remove-device",
			 G_CALLBACK(on_remove_device), mock);
	g_signal_connect(gatt, "handle-register-application",
			 G_CALLBACK(on_register_app), mock);
	g_signal_connect(adverts, "handle-register-advertisement",
			 G_CALLBACK(on_register_advert), mock);
	g_signal_connect(adverts, "handle-unregister-advertisement",
			 G_CALLBACK(on_unregister_advert), mock);
	g_dbus_object_skeleton_add_interface(
		object, G_DBUS_INTERFACE_SKELETON(adapter));
	g_dbus_object_skeleton_add_interface(object,
					     G_DBUS_INTERFACE_SKELETON(gatt));
	g_dbus_object_skeleton_add_interface(
		object, G_DBUS_INTERFACE_SKELETON(adverts));
	g_dbus_object_manager_server_export(mock->objects, object);
	g_object_unref(object);
	g_object_unref(adapter);
	g_object_unref(gatt);
	g_object_unref(adverts);
}

struct mock *mock_new(const struct mock_options *options)
{
	struct mock *mock = g_new0(struct mock, 1);

	if (options)
		mock->options = *options;
	mock->cancel = g_cancellable_new();
	mock->notify_fd = mock->bulk_fd = -1;
	mock->watch_notify_fd = mock->watch_write_fd = -1;
	mock->written =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	mock->written_how = g_ptr_array_new_with_free_func(g_free);
	mock->bus = g_dbus_connection_new_for_address_sync(
		g_getenv("DBUS_SYSTEM_BUS_ADDRESS"),
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, NULL);
	mock->objects = g_dbus_object_manager_server_new("/");
	if (!mock->options.no_adapter) {
		adapter_export(mock, HCI0);
		adapter_export(mock, HCI1);
	}
	g_dbus_object_manager_server_set_connection(mock->objects, mock->bus);
	mock->signal_watch = g_dbus_connection_signal_subscribe(
		mock->bus, NULL, "org.freedesktop.DBus.Properties",
		"PropertiesChanged", APP_OUT, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
		on_signal, mock, NULL);
	if (mock->options.loop)
		mock->pump = g_timeout_add(1, on_pump, mock);
	mock->name = g_bus_own_name_on_connection(mock->bus, "org.bluez",
						  G_BUS_NAME_OWNER_FLAGS_NONE,
						  on_named, NULL, mock, NULL);
	wait_while(&mock->named, 0);
	return mock;
}

void mock_free(struct mock *mock)
{
	g_cancellable_cancel(mock->cancel);
	g_object_unref(mock->cancel);
	if (mock->pump)
		g_source_remove(mock->pump);
	g_clear_handle_id(&mock->appearing, g_source_remove);
	g_dbus_connection_signal_unsubscribe(mock->bus, mock->signal_watch);
	g_bus_unown_name(mock->name);
	g_dbus_connection_close_sync(mock->bus, NULL, NULL);
	g_object_unref(mock->objects);
	g_object_unref(mock->bus);
	fd_close(&mock->notify_fd);
	fd_close(&mock->bulk_fd);
	fd_close(&mock->watch_notify_fd);
	fd_close(&mock->watch_write_fd);
	g_clear_object(&mock->watch);
	g_clear_object(&mock->out);
	g_clear_object(&mock->held);
	g_clear_pointer(&mock->signal, g_bytes_unref);
	g_ptr_array_unref(mock->written);
	g_ptr_array_unref(mock->written_how);
	g_free(mock->app);
	g_free(mock->error);
	g_free(mock);
}
