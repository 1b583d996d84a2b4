/* SPDX-License-Identifier: MIT */
/*
 * A bare peripheral on BlueZ: one characteristic to write, one that notifies,
 * and nothing above them. What it can do is what BlueZ can do.
 *
 *   echo              every value written goes back as a notification
 *   sink COUNT        counts COUNT values; the first one goes back
 *   flood COUNT SIZE  the first value written starts COUNT notifications;
 *                     SIZE 0 is the largest that arrives whole
 *
 * With --write-value it leaves AcquireWrite out and gets a call per value.
 */
#include "value.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>

#define BLUEZ "org.bluez"
#define APP "/bare"
#define WRITE_PATH APP "/service/write"
#define NOTIFY_PATH APP "/service/notify"
#define ADVERT_PATH APP "/advert"
#define IDLE_S 10

enum mode { MODE_ECHO, MODE_SINK, MODE_FLOOD };

struct watch {
	GDBusConnection *bus;
	const char *service, *write, *notify;
	enum mode mode;
	bool write_value;
	uint32_t count, size;
	int write_fd, notify_fd;
	guint write_source, flood_source, idle_source;
	uint16_t mtu;
	uint32_t flooded;
	int64_t began_us;
	struct value_count got;
};

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

static GVariant *managed_objects(const struct watch *w)
{
	GVariant *write = g_variant_new_parsed(
		w->write_value ? WRITE_PROPERTIES "}"
			       : WRITE_PROPERTIES ACQUIRED "}",
		w->write);

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
		w->service, write, w->notify);
}

/* What the sink got, once all is there or nothing came for a while. */
static gboolean report(gpointer user)
{
	struct watch *w = user;
	int64_t us = value_now_us() - w->began_us;

	if (w->got.received < w->count)
		us -= IDLE_S * 1000000;
	printf("received %u of %u values, %" G_GUINT64_FORMAT " B, %u wrong, "
	       "%u out of order, %.3f s\n",
	       w->got.received, w->count, (guint64)w->got.bytes, w->got.wrong,
	       w->got.out_of_order, (double)us / 1e6);
	memset(&w->got, 0, sizeof(w->got));
	w->idle_source = 0;
	return G_SOURCE_REMOVE;
}

/* One notification; false when the socket is full. */
static bool notify(struct watch *w, const uint8_t *value, size_t len)
{
	if (send(w->notify_fd, value, len, MSG_NOSIGNAL) >= 0)
		return true;
	if (errno != EAGAIN)
		printf("cannot notify: %s\n", strerror(errno));
	return errno != EAGAIN;
}

static gboolean flood(gint fd, GIOCondition condition, gpointer user)
{
	struct watch *w = user;
	uint8_t value[VALUE_MAX];
	uint32_t size = w->size ? w->size : MIN(w->mtu - 3u, 509u);

	(void)fd;
	if (condition & (G_IO_HUP | G_IO_ERR))
		w->flooded = w->count;
	while (w->flooded < w->count) {
		value_fill(value, size, w->flooded);
		if (!notify(w, value, size))
			return G_SOURCE_CONTINUE;
		w->flooded++;
	}
	printf("flooded %u values of %u B\n", w->count, size);
	w->flood_source = 0;
	return G_SOURCE_REMOVE;
}

/* A value was written to us. */
static void take(struct watch *w, const uint8_t *value, size_t len)
{
	switch (w->mode) {
	case MODE_ECHO:
		notify(w, value, len);
		return;
	case MODE_FLOOD:
		if (w->flood_source || w->notify_fd < 0)
			return;
		w->flooded = 0;
		w->flood_source = g_unix_fd_add(
			w->notify_fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, flood, w);
		return;
	case MODE_SINK:
		if (w->got.received == 0) {
			w->began_us = value_now_us();
			if (w->notify_fd >= 0)
				notify(w, value, len);
		}
		value_take(&w->got, value, len);
		if (w->idle_source)
			g_source_remove(w->idle_source);
		w->idle_source = g_timeout_add_seconds(IDLE_S, report, w);
		if (w->got.received == w->count) {
			g_source_remove(w->idle_source);
			report(w);
		}
		return;
	}
}

static gboolean readable(gint fd, GIOCondition condition, gpointer user)
{
	struct watch *w = user;
	uint8_t value[VALUE_MAX];
	ssize_t n;

	while ((n = recv(fd, value, sizeof(value), 0)) > 0)
		take(w, value, (size_t)n);
	if (n < 0 && errno == EAGAIN && !(condition & (G_IO_HUP | G_IO_ERR)))
		return G_SOURCE_CONTINUE;
	w->write_source = 0;
	return G_SOURCE_REMOVE;
}

/* One end of a new pair for BlueZ, the other one in *ours. */
static void acquire(struct watch *w, GDBusMethodInvocation *call,
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
	w->mtu = 23;
	g_variant_lookup(options, "mtu", "q", &w->mtu);
	list = g_unix_fd_list_new_from_array(&pair[1], 1);
	g_dbus_method_invocation_return_value_with_unix_fd_list(
		call, g_variant_new("(hq)", 0, w->mtu), list);
}

static void called(GDBusConnection *bus, const char *sender, const char *path,
		   const char *interface, const char *method,
		   GVariant *arguments, GDBusMethodInvocation *call,
		   gpointer user)
{
	struct watch *w = user;
	GVariant *answer = NULL;

	(void)bus, (void)sender, (void)path, (void)interface;
	if (g_str_equal(method, "AcquireNotify")) {
		if (w->flood_source)
			g_source_remove(w->flood_source);
		w->flood_source = 0;
		acquire(w, call, arguments, &w->notify_fd);
		printf("subscribed at MTU %u\n", w->mtu);
		return;
	}
	if (g_str_equal(method, "AcquireWrite")) {
		if (w->write_source)
			g_source_remove(w->write_source);
		acquire(w, call, arguments, &w->write_fd);
		w->write_source = g_unix_fd_add(w->write_fd,
						G_IO_IN | G_IO_HUP | G_IO_ERR,
						readable, w);
		return;
	}
	if (g_str_equal(method, "GetManagedObjects"))
		answer = managed_objects(w);
	if (g_str_equal(method, "WriteValue")) {
		g_autoptr(GVariant) v = g_variant_get_child_value(arguments, 0);
		gsize len;
		const uint8_t *p = g_variant_get_fixed_array(v, &len, 1);

		take(w, p, len);
	}
	g_dbus_method_invocation_return_value(call, answer);
}

static GVariant *advert_get(GDBusConnection *bus, const char *sender,
			    const char *path, const char *interface,
			    const char *property, GError **error, gpointer user)
{
	struct watch *w = user;

	(void)bus, (void)sender, (void)path, (void)interface, (void)error;
	if (g_str_equal(property, "Type"))
		return g_variant_new_string("peripheral");
	return g_variant_new_strv(&w->service, 1);
}

static void export(struct watch *w)
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
			    w->bus, objects[i][0],
			    g_dbus_node_info_lookup_interface(node,
							      objects[i][1]),
			    &vtable, w, NULL, &error))
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

static void register_at(struct watch *w, const char *adapter,
			const char *interface, const char *method,
			const char *path)
{
	g_autofree char *object = g_strdup_printf("/org/bluez/%s", adapter);

	g_dbus_connection_call(w->bus, BLUEZ, object, interface, method,
			       g_variant_new_parsed("(%o, @a{sv} {})", path),
			       NULL, 0, 60000, NULL, registered,
			       (gpointer)method);
}

static void parse(struct watch *w, int argc, char **argv)
{
	if (argc > 1 && g_str_equal(argv[argc - 1], "--write-value")) {
		w->write_value = true;
		argc--;
	}
	if (argc == 6 && g_str_equal(argv[5], "echo")) {
		w->mode = MODE_ECHO;
	} else if (argc == 7 && g_str_equal(argv[5], "sink")) {
		w->mode = MODE_SINK;
		w->count = value_argument("COUNT", argv[6], 1, 1000000);
	} else if (argc == 8 && g_str_equal(argv[5], "flood")) {
		w->mode = MODE_FLOOD;
		w->count = value_argument("COUNT", argv[6], 1, 1000000);
		w->size = value_argument("SIZE", argv[7], 0, VALUE_MAX);
	} else {
		value_die("usage: bare_watch ADAPTER SERVICE_UUID WRITE_UUID "
			  "NOTIFY_UUID echo | sink COUNT | flood COUNT SIZE "
			  "[--write-value]");
	}
	w->service = argv[2];
	w->write = argv[3];
	w->notify = argv[4];
}

int main(int argc, char **argv)
{
	struct watch w = {.write_fd = -1, .notify_fd = -1};
	GError *error = NULL;

	parse(&w, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	w.bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
	if (!w.bus)
		value_die("no D-Bus: %s", error->message);
	export(&w);
	register_at(&w, argv[1], "org.bluez.GattManager1",
		    "RegisterApplication", APP);
	register_at(&w, argv[1], "org.bluez.LEAdvertisingManager1",
		    "RegisterAdvertisement", ADVERT_PATH);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
