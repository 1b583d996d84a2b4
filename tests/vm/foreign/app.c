/* SPDX-License-Identifier: MIT */
#include "app.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gunixfdlist.h>
#include <glib-unix.h>

#include "value.h"

#define BLUEZ "org.bluez"
#define APP "/bare"
#define WRITE_PATH APP "/service/write"
#define NOTIFY_PATH APP "/service/notify"
#define ADVERT_PATH APP "/advert"

static const char interfaces[] =
	"<node>"
	"<interface name='org.freedesktop.DBus.ObjectManager'>"
	"<method name='GetManagedObjects'>"
	"<arg type='a{oa{sa{sv}}}' direction='out'/></method></interface>"
	"<interface name='org.bluez.GattCharacteristic1'>"
	"<method name='WriteValue'><arg type='ay' direction='in'>"
	"<annotation name='org.gtk.GDBus.C.ForceGVariant' value='true'/></arg>"
	"<arg type='a{sv}' direction='in'/></method>"
	"<method name='AcquireWrite'><arg type='a{sv}' direction='in'/>"
	"<arg type='h' direction='out'/><arg type='q' direction='out'/>"
	"</method>"
	"<method name='AcquireNotify'><arg type='a{sv}' direction='in'/>"
	"<arg type='h' direction='out'/><arg type='q' direction='out'/>"
	"</method></interface>"
	"<interface name='org.bluez.LEAdvertisement1'>"
	"<method name='Release'/>"
	"<property name='Type' type='s' access='read'/>"
	"<property name='ServiceUUIDs' type='as' access='read'/>"
	"</interface></node>";

#define ACQUIRED ", 'WriteAcquired': <false>"
#define WRITE_PROPERTIES                                            \
	"{'UUID': <%s>, 'Service': <objectpath '" APP "/service'>," \
	"'Flags': <['write', 'write-without-response']>"

static GVariant *managed_objects(const struct app *app)
{
	GVariant *write = g_variant_new_parsed(
		app->write_value ? WRITE_PROPERTIES "}"
				 : WRITE_PROPERTIES ACQUIRED "}",
		app->write);

	return g_variant_new_parsed(
		"({"
		"objectpath '" APP "/service': {'org.bluez.GattService1': {"
		"'UUID': <%s>, 'Primary': <true>}},"
		"objectpath '" WRITE_PATH "':"
		"{'org.bluez.GattCharacteristic1': %@a{sv}},"
		"objectpath '" NOTIFY_PATH "':"
		"{'org.bluez.GattCharacteristic1': {"
		"'UUID': <%s>, 'Service': <objectpath '" APP "/service'>,"
		"'Flags': <['notify']>, 'NotifyAcquired': <false>}}},)",
		app->service, write, app->notify);
}

static gboolean readable(gint fd, GIOCondition condition, gpointer user)
{
	struct app *app = user;
	uint8_t value[VALUE_MAX];
	ssize_t n;

	while ((n = recv(fd, value, sizeof(value), 0)) > 0)
		app->take(app, value, (size_t)n);
	if (n < 0 && errno == EAGAIN && !(condition & (G_IO_HUP | G_IO_ERR)))
		return G_SOURCE_CONTINUE;
	app->write_source = 0;
	return G_SOURCE_REMOVE;
}

/* One end of a new pair for BlueZ, the other one in *ours. */
static void acquire(struct app *app, GDBusMethodInvocation *call,
		    GVariant *arguments, int *ours)
{
	g_autoptr(GVariant) options = g_variant_get_child_value(arguments, 0);
	g_autoptr(GUnixFDList) list = NULL;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, pair) < 0)
		value_die("socketpair: %s", strerror(errno));
	if (*ours >= 0)
		close(*ours);
	*ours = pair[0];
	app->mtu = 23;
	g_variant_lookup(options, "mtu", "q", &app->mtu);
	list = g_unix_fd_list_new_from_array(&pair[1], 1);
	g_dbus_method_invocation_return_value_with_unix_fd_list(
		call, g_variant_new("(hq)", 0, app->mtu), list);
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method,
		   GVariant *arguments, GDBusMethodInvocation *call,
		   gpointer user)
{
	struct app *app = user;
	GVariant *answer = NULL;

	(void)bus, (void)sender, (void)path, (void)interface;
	if (g_str_equal(method, "AcquireNotify")) {
		acquire(app, call, arguments, &app->notify_fd);
		app->subscribed(app);
		return;
	}
	if (g_str_equal(method, "AcquireWrite")) {
		if (app->write_source)
			g_source_remove(app->write_source);
		acquire(app, call, arguments, &app->write_fd);
		app->write_source = g_unix_fd_add(app->write_fd,
						  G_IO_IN | G_IO_HUP | G_IO_ERR,
						  readable, app);
		return;
	}
	if (g_str_equal(method, "GetManagedObjects"))
		answer = managed_objects(app);
	if (g_str_equal(method, "WriteValue")) {
		g_autoptr(GVariant) v = g_variant_get_child_value(arguments, 0);
		gsize len;
		const uint8_t *p = g_variant_get_fixed_array(v, &len, 1);

		app->take(app, p, len);
	}
	g_dbus_method_invocation_return_value(call, answer);
}

static GVariant *advert_get(GDBusConnection *bus, const char *sender,
			    const char *path, const char *interface,
			    const char *property, GError **error, gpointer user)
{
	struct app *app = user;

	(void)bus, (void)sender, (void)path, (void)interface, (void)error;
	if (g_str_equal(property, "Type"))
		return g_variant_new_string("peripheral");
	return g_variant_new_strv(&app->service, 1);
}

static void export(struct app *app)
{
	static const GDBusInterfaceVTable vtable = {
		called, advert_get, NULL, {NULL}};
	static const char *const objects[][2] = {
		{APP, "org.freedesktop.DBus.ObjectManager"},
		{WRITE_PATH, "org.bluez.GattCharacteristic1"},
		{NOTIFY_PATH, "org.bluez.GattCharacteristic1"},
		{ADVERT_PATH, "org.bluez.LEAdvertisement1"},
	};
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(interfaces, NULL);
	GError *error = NULL;

	g_assert(node);
	for (size_t i = 0; i < G_N_ELEMENTS(objects); i++)
		if (!g_dbus_connection_register_object(
			    app->bus, objects[i][0],
			    g_dbus_node_info_lookup_interface(node,
							      objects[i][1]),
			    &vtable, app, NULL, &error))
			value_die("cannot export: %s", error->message);
}

static void registered(GObject *bus, GAsyncResult *result, gpointer what)
{
	g_autoptr(GVariant) answer = NULL;
	GError *error = NULL;

	answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result,
					       &error);
	if (!answer)
		value_die("%s refused: %s", (const char *)what, error->message);
	printf("%s done\n", (const char *)what);
}

static void register_at(struct app *app, const char *adapter,
			const char *interface, const char *method,
			const char *path)
{
	g_autofree char *object = g_strdup_printf("/org/bluez/%s", adapter);

	g_dbus_connection_call(app->bus, BLUEZ, object, interface, method,
			       g_variant_new_parsed("(%o, @a{sv} {})", path),
			       NULL, 0, 60000, NULL, registered,
			       (gpointer)method);
}

void app_start(struct app *app, const char *adapter)
{
	GError *error = NULL;

	app->write_fd = app->notify_fd = -1;
	app->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
	if (!app->bus)
		value_die("no D-Bus: %s", error->message);
	export(app);
	register_at(app, adapter, "org.bluez.GattManager1",
		    "RegisterApplication", APP);
	register_at(app, adapter, "org.bluez.LEAdvertisingManager1",
		    "RegisterAdvertisement", ADVERT_PATH);
}
