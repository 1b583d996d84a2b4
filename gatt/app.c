/* SPDX-License-Identifier: MIT */
#include "gatt/app.h"

#include <gio/gunixfdlist.h>

#include "crypto/advert.h"
#include "gatt/app-dbus.h"
#include "gatt/bulk-dbus.h"

#define PATH_SERVICE BATON_APP_PATH "/service"
#define PATH_IN PATH_SERVICE "/in"
#define PATH_OUT PATH_SERVICE "/out"
#define PATH_BULK PATH_SERVICE "/bulk"

#define ERROR_LENGTH "org.bluez.Error.InvalidValueLength"
#define ERROR_OFFSET "org.bluez.Error.InvalidOffset"
#define ERROR_FAILED "org.bluez.Error.Failed"

struct baton_app {
	const struct baton_app_events *events;
	void *user;
	GDBusConnection *bus;
	GDBusObjectManagerServer *objects;
	BatonAppLEAdvertisement1 *advert;
	bool show_name;
};

/* What bluetoothd says about a call; device points into the options. */
struct call_options {
	const char *device;
	uint16_t mtu;
	uint16_t offset;
	gboolean prepare;
};

static struct call_options options_read(GVariant *dict)
{
	struct call_options options = {.device = ""};

	g_variant_lookup(dict, "device", "&o", &options.device);
	g_variant_lookup(dict, "mtu", "q", &options.mtu);
	g_variant_lookup(dict, "offset", "q", &options.offset);
	g_variant_lookup(dict, "prepare-authorize", "b", &options.prepare);
	return options;
}

static gboolean on_write(BatonAppGattCharacteristic1 *chrc,
			 GDBusMethodInvocation *call, GVariant *value,
			 GVariant *dict, gpointer data)
{
	struct call_options options = options_read(dict);
	struct baton_app *app = data;
	const uint8_t *bytes;
	gsize len;

	if (options.offset || options.prepare) {
		g_dbus_method_invocation_return_dbus_error(
			call, ERROR_OFFSET, "long writes are not supported");
		return TRUE;
	}
	bytes = g_variant_get_fixed_array(value, &len, 1);
	if (len < 1 || len > BATON_GATT_VALUE_MAX) {
		g_dbus_method_invocation_return_dbus_error(
			call, ERROR_LENGTH, "a PDU has 1 to 509 bytes");
		return TRUE;
	}
	/* Answered first: the callback may free the app, and the object. */
	g_variant_ref(value);
	g_variant_ref(dict);
	baton_app_gatt_characteristic1_complete_write_value(chrc, call);
	app->events->written(app->user, options.device, options.mtu, bytes,
			     len);
	g_variant_unref(dict);
	g_variant_unref(value);
	return TRUE;
}

/* Hands fd to bluetoothd, or says that there is none. */
static void give_fd(GDBusMethodInvocation *call, int fd, uint16_t mtu)
{
	GUnixFDList *fds;

	if (fd < 0) {
		g_dbus_method_invocation_return_dbus_error(
			call, ERROR_FAILED, "no file descriptors left");
		return;
	}
	fds = g_unix_fd_list_new_from_array(&fd, 1);
	g_dbus_method_invocation_return_value_with_unix_fd_list(
		call, g_variant_new("(hq)", 0, mtu ? mtu : 23), fds);
	g_object_unref(fds);
}

static gboolean on_acquire_notify(BatonAppGattCharacteristic1 *chrc,
				  GDBusMethodInvocation *call, GUnixFDList *fds,
				  GVariant *dict, gpointer data)
{
	struct call_options options = options_read(dict);
	struct baton_app *app = data;

	(void)chrc;
	(void)fds;
	give_fd(call,
		app->events->acquire_notify(app->user, options.device,
					    options.mtu),
		options.mtu);
	return TRUE;
}

static gboolean on_acquire_write(BatonBulkGattCharacteristic1 *chrc,
				 GDBusMethodInvocation *call, GUnixFDList *fds,
				 GVariant *dict, gpointer data)
{
	struct call_options options = options_read(dict);
	struct baton_app *app = data;

	(void)chrc;
	(void)fds;
	give_fd(call,
		app->events->acquire_write(app->user, options.device,
					   options.mtu),
		options.mtu);
	return TRUE;
}

static gboolean on_bulk_write(BatonBulkGattCharacteristic1 *chrc,
			      GDBusMethodInvocation *call, GVariant *value,
			      GVariant *dict, gpointer data)
{
	(void)chrc;
	(void)value;
	(void)dict;
	(void)data;
	/* bluetoothd falls back to this with values it has overwritten. */
	g_dbus_method_invocation_return_dbus_error(
		call, "org.bluez.Error.NotSupported", "use AcquireWrite");
	return TRUE;
}

/* Asked where AcquireNotify failed; then values go by signal anyway. */
static gboolean on_start_notify(BatonAppGattCharacteristic1 *chrc,
				GDBusMethodInvocation *call, gpointer data)
{
	(void)data;
	baton_app_gatt_characteristic1_complete_start_notify(chrc, call);
	return TRUE;
}

static gboolean on_stop_notify(BatonAppGattCharacteristic1 *chrc,
			       GDBusMethodInvocation *call, gpointer data)
{
	(void)data;
	baton_app_gatt_characteristic1_complete_stop_notify(chrc, call);
	return TRUE;
}

static gboolean on_release(BatonAppLEAdvertisement1 *advert,
			   GDBusMethodInvocation *call, gpointer data)
{
	struct baton_app *app = data;

	baton_app_leadvertisement1_complete_release(advert, call);
	app->events->advert_released(app->user);
	return TRUE;
}

static void export(struct baton_app *app, const char *path, gpointer interface)
{
	GDBusObjectSkeleton *object = g_dbus_object_skeleton_new(path);

	g_dbus_object_skeleton_add_interface(object, interface);
	g_dbus_object_manager_server_export(app->objects, object);
	g_object_unref(interface);
	g_object_unref(object);
}

static void export_in(struct baton_app *app)
{
	const char *flags[] = {"write", "write-without-response", NULL};
	BatonAppGattCharacteristic1 *chrc =
		g_object_new(BATON_APP_TYPE_GATT_CHARACTERISTIC1_SKELETON,
			     "uuid", BATON_GATT_UUID_IN, "service",
			     PATH_SERVICE, "flags", flags, NULL);

	g_signal_connect(chrc, "handle-write-value", G_CALLBACK(on_write), app);
	export(app, PATH_IN, chrc);
}

static void export_out(struct baton_app *app)
{
	const char *flags[] = {"notify", NULL};
	BatonAppGattCharacteristic1 *chrc =
		g_object_new(BATON_APP_TYPE_GATT_CHARACTERISTIC1_SKELETON,
			     "uuid", BATON_GATT_UUID_OUT, "service",
			     PATH_SERVICE, "flags", flags, NULL);

	g_signal_connect(chrc, "handle-acquire-notify",
			 G_CALLBACK(on_acquire_notify), app);
	g_signal_connect(chrc, "handle-start-notify",
			 G_CALLBACK(on_start_notify), app);
	g_signal_connect(chrc, "handle-stop-notify", G_CALLBACK(on_stop_notify),
			 app);
	export(app, PATH_OUT, chrc);
}

static void export_bulk(struct baton_app *app)
{
	const char *flags[] = {"write", "write-without-response", NULL};
	BatonBulkGattCharacteristic1 *chrc =
		g_object_new(BATON_BULK_TYPE_GATT_CHARACTERISTIC1_SKELETON,
			     "uuid", BATON_GATT_UUID_BULK, "service",
			     PATH_SERVICE, "flags", flags, NULL);

	g_signal_connect(chrc, "handle-acquire-write",
			 G_CALLBACK(on_acquire_write), app);
	g_signal_connect(chrc, "handle-write-value", G_CALLBACK(on_bulk_write),
			 app);
	export(app, PATH_BULK, chrc);
}

void baton_app_show(struct baton_app *app, const uint8_t *advert)
{
	const char *service[] = {BATON_GATT_UUID_SERVICE, NULL};
	const char *name[] = {"local-name", NULL};
	const char *nothing[] = {NULL};
	GVariantBuilder data;

	/* BlueZ puts the length, the type and the company in front. */
	g_variant_builder_init(&data, G_VARIANT_TYPE("a{qv}"));
	if (advert)
		g_variant_builder_add(
			&data, "{qv}", BATON_ADVERT_COMPANY,
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, advert,
						  BATON_ADVERT_LEN, 1));
	g_object_set(app->advert, "service-uuids", advert ? nothing : service,
		     "includes", app->show_name && !advert ? name : nothing,
		     "manufacturer-data", g_variant_builder_end(&data), NULL);
	/* Told now, not in the midst of the registration that follows. */
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(app->advert));
}

static void export_advert(struct baton_app *app)
{
	app->advert =
		g_object_new(BATON_APP_TYPE_LEADVERTISEMENT1_SKELETON, "type",
			     "peripheral", "discoverable", TRUE, NULL);
	baton_app_show(app, NULL);
	g_signal_connect(app->advert, "handle-release", G_CALLBACK(on_release),
			 app);
	g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(app->advert),
					 app->bus, BATON_APP_ADVERT_PATH, NULL);
}

struct baton_app *baton_app_new(GDBusConnection *bus,
				const struct baton_gatt_options *options,
				const struct baton_app_events *events,
				void *user)
{
	struct baton_app *app = g_new0(struct baton_app, 1);

	app->events = events;
	app->user = user;
	app->bus = g_object_ref(bus);
	app->objects = g_dbus_object_manager_server_new(BATON_APP_PATH);
	export(app, PATH_SERVICE,
	       g_object_new(BATON_APP_TYPE_GATT_SERVICE1_SKELETON, "uuid",
			    BATON_GATT_UUID_SERVICE, "primary", TRUE, NULL));
	export_in(app);
	export_out(app);
	if (options->fast_writes)
		export_bulk(app);
	g_dbus_object_manager_server_set_connection(app->objects, bus);
	app->show_name = options->show_name;
	export_advert(app);
	return app;
}

void baton_app_notify(struct baton_app *app, const uint8_t *value, size_t len)
{
	GVariantBuilder changed;

	/* Not a property of the skeleton: GLib would join two changes. */
	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(
		&changed, "{sv}", "Value",
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, value, len, 1));
	g_dbus_connection_emit_signal(
		app->bus, "org.bluez", PATH_OUT,
		"org.freedesktop.DBus.Properties", "PropertiesChanged",
		g_variant_new("(sa{sv}as)", "org.bluez.GattCharacteristic1",
			      &changed, NULL),
		NULL);
}

void baton_app_free(struct baton_app *app)
{
	if (!app)
		return;
	g_dbus_object_manager_server_set_connection(app->objects, NULL);
	g_object_unref(app->objects);
	g_dbus_interface_skeleton_unexport(
		G_DBUS_INTERFACE_SKELETON(app->advert));
	g_object_unref(app->advert);
	g_object_unref(app->bus);
	g_free(app);
}
