/* SPDX-License-Identifier: MIT */
/*
 * A bare central on BlueZ, the other end of bare_watch.
 *
 *   ping COUNT SIZE  writes a value, waits for its echo, COUNT times
 *   receive COUNT    writes one value, then counts COUNT notifications
 *   send COUNT SIZE  writes one value, waits for its echo, then the others
 *                    as fast as BlueZ takes them
 *
 * SIZE 0 is the largest that arrives whole.
 */
#include "value.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#define BLUEZ "org.bluez"
#define FIND_MS 60000
#define IDLE_MS 10000

struct phone {
	GDBusObjectManager *objects;
	const char *service, *write, *notify;
	char *adapter; /* object paths */
	char *device;
	int write_fd, notify_fd;
	uint16_t mtu;
};

static bool has_text(GDBusProxy *proxy, const char *property, const char *text)
{
	g_autoptr(GVariant) v =
		g_dbus_proxy_get_cached_property(proxy, property);

	if (!v)
		return false;
	if (g_variant_is_of_type(v, G_VARIANT_TYPE_STRING_ARRAY)) {
		g_autofree const char **list = g_variant_get_strv(v, NULL);

		return g_strv_contains(list, text);
	}
	if (g_variant_is_of_type(v, G_VARIANT_TYPE_BOOLEAN))
		return g_variant_get_boolean(v);
	return g_str_equal(g_variant_get_string(v, NULL), text);
}

/* The object below a path that has this interface and property, or NULL. */
static GDBusProxy *find(struct phone *p, const char *below,
			const char *interface, const char *property,
			const char *text)
{
	GList *list = g_dbus_object_manager_get_objects(p->objects);
	GDBusProxy *found = NULL;

	for (GList *l = list; l && !found; l = l->next) {
		GDBusInterface *i =
			g_dbus_object_get_interface(l->data, interface);

		if (!i)
			continue;
		if (g_str_has_prefix(
			    g_dbus_proxy_get_object_path(G_DBUS_PROXY(i)),
			    below) &&
		    has_text(G_DBUS_PROXY(i), property, text))
			found = G_DBUS_PROXY(i);
		else
			g_object_unref(i);
	}
	g_list_free_full(list, g_object_unref);
	return found;
}

static gboolean set(gpointer flag)
{
	*(bool *)flag = true;
	return G_SOURCE_REMOVE;
}

/* Waits for such an object; the program ends if it does not come. */
static GDBusProxy *await(struct phone *p, const char *below,
			 const char *interface, const char *property,
			 const char *text)
{
	bool late = false;
	guint timer = g_timeout_add(FIND_MS, set, &late);
	GDBusProxy *found;

	while (!(found = find(p, below, interface, property, text))) {
		if (late)
			value_die("no %s with %s %s", interface, property,
				  text);
		g_main_context_iteration(NULL, TRUE);
	}
	g_source_remove(timer);
	return found;
}

static void must_call(GDBusProxy *proxy, const char *method, GVariant *args)
{
	g_autoptr(GVariant) answer = NULL;
	GError *error = NULL;

	answer = g_dbus_proxy_call_sync(proxy, method, args, 0, 60000, NULL,
					&error);
	if (!answer)
		value_die("%s: %s", method, error->message);
}

static int acquire(struct phone *p, const char *uuid, const char *method)
{
	g_autoptr(GDBusProxy) c = NULL;
	g_autoptr(GUnixFDList) list = NULL;
	g_autoptr(GVariant) answer = NULL;
	GError *error = NULL;

	c = await(p, p->device, "org.bluez.GattCharacteristic1", "UUID", uuid);
	answer = g_dbus_proxy_call_with_unix_fd_list_sync(
		c, method, g_variant_new_parsed("(@a{sv} {},)"), 0, 60000, NULL,
		&list, NULL, &error);
	if (!answer)
		value_die("%s: %s", method, error->message);
	g_variant_get_child(answer, 1, "q", &p->mtu);
	return g_unix_fd_list_get(list, 0, NULL);
}

static GDBusProxy *connect_watch(struct phone *p)
{
	g_autoptr(GDBusProxy) adapter = NULL;
	GDBusProxy *device;
	int64_t began_us = value_now_us(), found_us, connected_us;

	adapter = await(p, p->adapter, "org.bluez.Adapter1", "Powered", "yes");
	must_call(adapter, "SetDiscoveryFilter",
		  g_variant_new_parsed("({'UUIDs': <[%s]>,"
				       "'Transport': <'le'>},)",
				       p->service));
	must_call(adapter, "StartDiscovery", NULL);
	device = await(p, p->adapter, "org.bluez.Device1", "UUIDs", p->service);
	must_call(adapter, "StopDiscovery", NULL);
	p->device = g_strdup(g_dbus_proxy_get_object_path(device));
	found_us = value_now_us();

	must_call(device, "Connect", NULL);
	connected_us = value_now_us();
	g_object_unref(await(p, p->device, "org.bluez.Device1",
			     "ServicesResolved", "yes"));
	printf("found %.3f s, connected %.3f s, resolved %.3f s\n",
	       (double)(found_us - began_us) / 1e6,
	       (double)(connected_us - found_us) / 1e6,
	       (double)(value_now_us() - connected_us) / 1e6);
	p->notify_fd = acquire(p, p->notify, "AcquireNotify");
	p->write_fd = acquire(p, p->write, "AcquireWrite");
	printf("MTU %u\n", p->mtu);
	return device;
}

static void send_value(struct phone *p, uint32_t number, uint32_t size)
{
	uint8_t value[VALUE_MAX];
	struct pollfd pfd = {.fd = p->write_fd, .events = POLLOUT};

	value_fill(value, size, number);
	while (send(p->write_fd, value, size, MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN)
			value_die("cannot write: %s", strerror(errno));
		poll(&pfd, 1, -1);
	}
}

/* One notification; false if none came for a while. */
static bool get_value(struct phone *p, struct value_count *got)
{
	uint8_t value[VALUE_MAX];
	struct pollfd pfd = {.fd = p->notify_fd, .events = POLLIN};
	ssize_t n;

	while ((n = recv(p->notify_fd, value, sizeof(value), 0)) < 0) {
		if (errno != EAGAIN)
			value_die("cannot read: %s", strerror(errno));
		if (poll(&pfd, 1, IDLE_MS) == 0)
			return false;
	}
	if (n == 0)
		value_die("the link is gone");
	value_take(got, value, (size_t)n);
	return true;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void ping(struct phone *p, uint32_t count, uint32_t size)
{
	g_autofree int64_t *us = g_new(int64_t, count);
	struct value_count got = {0};

	for (uint32_t i = 0; i < count; i++) {
		us[i] = value_now_us();
		send_value(p, i, size);
		if (!get_value(p, &got))
			value_die("no echo of value %u", i);
		us[i] = value_now_us() - us[i];
	}
	if (got.wrong || got.out_of_order)
		value_die("%u wrong and %u out of order among %u", got.wrong,
			  got.out_of_order, count);
	qsort(us, count, sizeof(*us), by_size);
	printf("round trip of %u B: median %.1f ms, 90 %% %.1f ms, "
	       "longest %.1f ms\n",
	       size, (double)us[count / 2] / 1e3,
	       (double)us[count * 9 / 10] / 1e3, (double)us[count - 1] / 1e3);
}

static void receive(struct phone *p, uint32_t count)
{
	struct value_count got = {0};
	int64_t first_us = 0, last_us = 0;
	uint64_t first_len = 0;

	send_value(p, 0, VALUE_MIN);
	while (got.received < count && get_value(p, &got)) {
		last_us = value_now_us();
		if (got.received == 1) {
			first_us = last_us;
			first_len = got.bytes;
		}
	}
	printf("received %u of %u values, %" G_GUINT64_FORMAT " B, %u wrong, "
	       "%u out of order, %.0f B/s\n",
	       got.received, count, (guint64)got.bytes, got.wrong,
	       got.out_of_order,
	       (double)(got.bytes - first_len) * 1e6 /
		       (double)MAX(last_us - first_us, 1));
}

int main(int argc, char **argv)
{
	struct phone p = {.write_fd = -1, .notify_fd = -1};
	struct value_count got = {0};
	const char *mode = argc > 6 ? argv[5] : "";
	bool receiving = g_str_equal(mode, "receive") && argc == 7;
	bool pinging = g_str_equal(mode, "ping") && argc == 8;
	uint32_t count, size = 0;
	GDBusProxy *device;
	GError *error = NULL;

	if (!receiving && !pinging && (!g_str_equal(mode, "send") || argc != 8))
		value_die("usage: bare_phone ADAPTER SERVICE_UUID WRITE_UUID "
			  "NOTIFY_UUID ping COUNT SIZE | receive COUNT | "
			  "send COUNT SIZE");
	count = value_argument("COUNT", argv[6], 1, 1000000);
	if (!receiving)
		size = value_argument("SIZE", argv[7], 0, VALUE_MAX);
	setvbuf(stdout, NULL, _IOLBF, 0);
	p.adapter = g_strdup_printf("/org/bluez/%s", argv[1]);
	p.service = argv[2];
	p.write = argv[3];
	p.notify = argv[4];
	p.objects = g_dbus_object_manager_client_new_for_bus_sync(
		G_BUS_TYPE_SYSTEM, 0, BLUEZ, "/", NULL, NULL, NULL, NULL,
		&error);
	if (!p.objects)
		value_die("no BlueZ: %s", error->message);
	device = connect_watch(&p);
	size = size ? size : MIN(p.mtu - 3u, 509u);

	if (receiving) {
		receive(&p, count);
	} else if (pinging) {
		ping(&p, count, size);
	} else {
		send_value(&p, 0, size);
		if (!get_value(&p, &got))
			value_die("no echo of value 0");
		for (uint32_t i = 1; i < count; i++)
			send_value(&p, i, size);
		printf("sent %u values of %u B\n", count, size);
		/* Stay until the other end has said what it got. */
		pause();
	}
	must_call(device, "Disconnect", NULL);
	return 0;
}
