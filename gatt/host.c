/* SPDX-License-Identifier: MIT */
#include "gatt/host.h"

#include <string.h>

#include "gatt/gate.h"

/*
 *            bus open        org.bluez there     objects read
 *   OPENING ---------> ABSENT ------------> LOADING ---------> SEARCHING
 *      |                 ^ ^                                    |     ^
 *      |                 | +-- org.bluez gone: from each --+    |     |
 *      v                 +---------------------------------+    v     |
 *   FAILED <---- not there in time at the start -----------   READY --+
 *                                                      adapter off or gone
 */
enum baton_host_state {
	HOST_OPENING,
	HOST_ABSENT,
	HOST_LOADING,
	HOST_SEARCHING,
	HOST_READY,
	HOST_FAILED,
};

/* An adapter may come after bluetoothd, and be busy when it comes. */
#define GRACE_MS 4000
#define LOADING_MS 20000 /* on a busy machine its answer takes seconds, too */
#define RETRY_MS 500
#define DARK_TRIES 4 /* before one that is on serves instead */
/* A bluetoothd that crashed is asked for so often, each time later. */
#define REVIVE_MS 1000
#define REVIVE_TRIES 4

struct baton_host_private {
	const struct baton_host_events *events;
	void *user;
	enum baton_host_state state;
	char *wanted; /* the adapter asked for, or NULL */
	bool was_ready; /* then everything else is waited for */
	unsigned int revivals; /* asked for, since READY */
	bool powering; /* an answer to Powered = true is outstanding */
	unsigned int dark; /* in vain so often */
	char *trouble; /* why the adapter could not be switched on */
	GCancellable *cancel; /* cancelled by free() */
	GCancellable *cancel_stack; /* cancelled when bluetoothd goes */
	guint watch;
	guint filter;
	GSource *grace; /* until it has failed, at the start */
	GSource *retry; /* to switch the adapter on, to revive bluetoothd */
	struct baton_gate *gate; /* freed by the filter once there is one */
};

static void search(struct baton_host *host);

char *baton_host_reason(const GError *error)
{
	GError *copy = g_error_copy(error);
	char *text;

	g_dbus_error_strip_remote_error(copy);
	text = g_strdup(copy->message);
	g_error_free(copy);
	return g_strdelimit(text, "\n\r", ' ');
}

static void timer_stop(GSource **timer)
{
	if (*timer) {
		g_source_destroy(*timer);
		g_clear_pointer(timer, g_source_unref);
	}
}

static void timer_start(struct baton_host *host, GSource **timer, guint ms,
			GSourceFunc func)
{
	timer_stop(timer);
	*timer = g_timeout_source_new(ms);
	g_source_set_callback(*timer, func, host, NULL);
	g_source_attach(*timer, g_main_context_get_thread_default());
}

static void timers_stop(struct baton_host_private *priv)
{
	timer_stop(&priv->grace);
	timer_stop(&priv->retry);
}

/* The caller returns at once: the callback may have freed the host. */
static void fail(struct baton_host *host, char *text)
{
	host->priv->state = HOST_FAILED;
	timers_stop(host->priv);
	host->priv->events->failed(host->priv->user, text);
	g_free(text);
}

gpointer baton_host_proxy(struct baton_host *host, const char *path,
			  const char *interface)
{
	char *name = g_strconcat(BATON_BLUEZ, ".", interface, NULL);
	GDBusInterface *proxy = NULL;

	if (host->objects)
		proxy = g_dbus_object_manager_get_interface(host->objects, path,
							    name);
	g_free(name);
	return proxy;
}

void baton_host_disconnect(struct baton_host *host, const char *device)
{
	if (host->bus)
		g_dbus_connection_call(
			host->bus, BATON_BLUEZ, device, BATON_BLUEZ ".Device1",
			"Disconnect", NULL, NULL,
			G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static const char *path_of(BatonBluezAdapter1 *adapter)
{
	return g_dbus_proxy_get_object_path(G_DBUS_PROXY(adapter));
}

/* The one that served comes first, one that stays off last. */
static int rank(struct baton_host *host, BatonBluezAdapter1 *adapter)
{
	if (!g_strcmp0(path_of(adapter), host->adapter))
		return 0;
	return host->priv->dark < DARK_TRIES ||
			       baton_bluez_adapter1_get_powered(adapter)
		       ? 1
		       : 2;
}

static bool is_better(struct baton_host *host, BatonBluezAdapter1 *adapter,
		      BatonBluezAdapter1 *than)
{
	int by = rank(host, adapter) - rank(host, than);

	return by ? by < 0 : strcmp(path_of(adapter), path_of(than)) < 0;
}

/* The adapter asked for, or the first; the caller unrefs it. */
static BatonBluezAdapter1 *adapter_find(struct baton_host *host)
{
	GList *objects = g_dbus_object_manager_get_objects(host->objects);
	BatonBluezAdapter1 *found = NULL;

	for (GList *i = objects; i; i = i->next) {
		const char *path = g_dbus_object_get_object_path(i->data);
		BatonBluezAdapter1 *adapter =
			baton_bluez_object_get_adapter1(i->data);
		char *name = g_path_get_basename(path);

		if (adapter && host->priv->wanted &&
		    strcmp(name, host->priv->wanted))
			g_clear_object(&adapter);
		if (adapter && found && !is_better(host, adapter, found))
			g_clear_object(&adapter);
		if (adapter) {
			g_clear_object(&found);
			found = adapter;
		}
		g_free(name);
	}
	g_list_free_full(objects, g_object_unref);
	return found;
}

static char *adapter_names(struct baton_host *host)
{
	GList *objects = g_dbus_object_manager_get_objects(host->objects);
	GString *names = g_string_new(NULL);

	for (GList *i = objects; i; i = i->next) {
		const char *path = g_dbus_object_get_object_path(i->data);

		if (baton_bluez_object_peek_adapter1(i->data))
			g_string_append_printf(names, "%s%s",
					       names->len ? ", " : "",
					       strrchr(path, '/') + 1);
	}
	g_list_free_full(objects, g_object_unref);
	return g_string_free(names, FALSE);
}

/* The grace at the start is over. */
static gboolean search_give_up(gpointer data)
{
	struct baton_host *host = data;
	struct baton_host_private *priv = host->priv;
	BatonBluezAdapter1 *adapter;
	char *names;
	char *text;

	timer_stop(&priv->grace);
	if (priv->state != HOST_SEARCHING) {
		fail(host, g_strdup("bluetoothd does not answer: run "
				    "'systemctl restart bluetooth'"));
		return G_SOURCE_REMOVE;
	}
	adapter = adapter_find(host);
	names = adapter_names(host);
	if (adapter)
		text = g_strdup_printf(
			"the Bluetooth adapter is off (%s): run 'rfkill "
			"unblock bluetooth' and 'bluetoothctl power on'",
			priv->trouble ? priv->trouble : "no answer");
	else if (priv->wanted && *names)
		text = g_strdup_printf("no Bluetooth adapter '%s' here: name "
				       "one of %s",
				       priv->wanted, names);
	else
		text = g_strdup("no Bluetooth adapter on this machine: plug "
				"one in, and see 'rfkill list' and 'dmesg'");
	g_free(names);
	g_clear_object(&adapter);
	fail(host, text);
	return G_SOURCE_REMOVE;
}

static gboolean search_again(gpointer data)
{
	struct baton_host *host = data;

	timer_stop(&host->priv->retry);
	search(host);
	return G_SOURCE_REMOVE;
}

static void powered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct baton_host *host = data;
	GError *error = NULL;
	GVariant *answer =
		g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	BatonBluezAdapter1 *adapter;
	bool on;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	host->priv->powering = false;
	host->priv->dark++;
	g_clear_pointer(&host->priv->trouble, g_free);
	if (error) {
		host->priv->trouble = baton_host_reason(error);
		g_error_free(error);
	} else {
		g_variant_unref(answer);
	}
	/* Busy for a moment, or not on yet; if it is, the signal was first. */
	adapter = adapter_find(host);
	on = adapter && baton_bluez_adapter1_get_powered(adapter);
	g_clear_object(&adapter);
	if (on)
		search(host);
	else
		timer_start(host, &host->priv->retry, RETRY_MS, search_again);
}

/*
 * SEARCHING to READY, where there is a powered adapter. It is switched on
 * when it appears; whoever switches it off later is not overruled.
 */
static void search(struct baton_host *host)
{
	struct baton_host_private *priv = host->priv;
	BatonBluezAdapter1 *adapter;
	const char *path;

	if (priv->state != HOST_SEARCHING || priv->powering)
		return;
	adapter = adapter_find(host);
	if (!adapter)
		return;
	path = path_of(adapter);
	if (!baton_bluez_adapter1_get_powered(adapter)) {
		if (g_strcmp0(host->adapter, path)) {
			priv->powering = true;
			g_dbus_proxy_call(
				G_DBUS_PROXY(adapter),
				"org.freedesktop.DBus.Properties.Set",
				g_variant_new("(ssv)", BATON_BLUEZ ".Adapter1",
					      "Powered",
					      g_variant_new_boolean(TRUE)),
				G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
				priv->cancel_stack, powered, host);
		}
		g_object_unref(adapter);
		return;
	}
	g_free(host->adapter);
	host->adapter = g_strdup(path);
	g_object_unref(adapter);
	timers_stop(priv);
	priv->state = HOST_READY;
	priv->was_ready = true;
	priv->revivals = 0;
	priv->dark = 0;
	priv->events->ready(priv->user);
}

/* READY to SEARCHING, where the adapter is off or gone. */
static void adapter_check(struct baton_host *host, bool removed)
{
	struct baton_host_private *priv = host->priv;
	BatonBluezAdapter1 *adapter;
	bool on;

	if (removed)
		g_clear_pointer(&host->adapter, g_free);
	if (priv->state == HOST_SEARCHING) {
		search(host);
		return;
	}
	if (priv->state != HOST_READY)
		return;
	adapter = removed ? NULL
			  : baton_host_proxy(host, host->adapter, "Adapter1");
	on = adapter && baton_bluez_adapter1_get_powered(adapter);
	g_clear_object(&adapter);
	if (on)
		return;
	priv->state = HOST_SEARCHING;
	/* Another one that is there already tells nothing. */
	if (removed)
		timer_start(host, &priv->retry, 0, search_again);
	priv->events->gone(priv->user, false);
}

static void interface_changed(struct baton_host *host, gpointer interface,
			      bool removed)
{
	struct baton_host_private *priv = host->priv;

	if (BATON_BLUEZ_IS_ADAPTER1(interface)) {
		const char *path = g_dbus_proxy_get_object_path(interface);

		/* Another adapter may be the one that is looked for. */
		if (!g_strcmp0(path, host->adapter))
			adapter_check(host, removed);
		else if (!removed)
			search(host);
		return;
	}
	if (priv->state == HOST_READY && BATON_BLUEZ_IS_DEVICE1(interface) &&
	    !g_strcmp0(baton_bluez_device1_get_adapter(interface),
		       host->adapter))
		priv->events->device(priv->user, interface, removed);
}

static void on_object(GDBusObject *object, struct baton_host *host,
		      bool removed)
{
	GDBusInterface *device =
		g_dbus_object_get_interface(object, BATON_BLUEZ ".Device1");
	GDBusInterface *adapter =
		g_dbus_object_get_interface(object, BATON_BLUEZ ".Adapter1");

	if (device)
		interface_changed(host, device, removed);
	else if (adapter)
		interface_changed(host, adapter, removed);
	g_clear_object(&device);
	g_clear_object(&adapter);
}

static void on_object_added(GDBusObjectManager *objects, GDBusObject *object,
			    gpointer host)
{
	(void)objects;
	on_object(object, host, false);
}

static void on_interface_added(GDBusObjectManager *objects, GDBusObject *object,
			       GDBusInterface *interface, gpointer host)
{
	(void)objects;
	(void)object;
	interface_changed(host, interface, false);
}

static void on_object_removed(GDBusObjectManager *objects, GDBusObject *object,
			      gpointer host)
{
	(void)objects;
	on_object(object, host, true);
}

static void on_properties(GDBusObjectManagerClient *objects,
			  GDBusObjectProxy *object, GDBusProxy *interface,
			  GVariant *changed, const char *const *invalidated,
			  gpointer host)
{
	(void)objects;
	(void)object;
	(void)changed;
	(void)invalidated;
	interface_changed(host, interface, false);
}

static void look_again(struct baton_host *host);

static gboolean retry_objects(gpointer data)
{
	look_again(data);
	return G_SOURCE_REMOVE;
}

static void on_objects(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;
	GDBusObjectManager *objects =
		baton_bluez_object_manager_client_new_finish(result, &error);
	struct baton_host *host = data;

	(void)source;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	if (baton_gate_load_end(host->priv->gate) ||
	    host->priv->state != HOST_LOADING) {
		g_clear_error(&error);
		g_clear_object(&objects);
		look_again(host);
		return;
	}
	if (error && host->priv->was_ready) {
		g_error_free(error);
		timer_start(host, &host->priv->retry, RETRY_MS, retry_objects);
		return;
	}
	if (error) {
		char *why = baton_host_reason(error);
		char *text = g_strdup_printf(
			"this user may not talk to bluetoothd (%s): add it to "
			"the group 'bluetooth' or see 'baton doctor'",
			why);

		g_free(why);
		g_error_free(error);
		fail(host, text);
		return;
	}
	host->objects = objects;
	g_signal_connect(objects, "object-added", G_CALLBACK(on_object_added),
			 host);
	g_signal_connect(objects, "object-removed",
			 G_CALLBACK(on_object_removed), host);
	g_signal_connect(objects, "interface-added",
			 G_CALLBACK(on_interface_added), host);
	g_signal_connect(objects, "interface-proxy-properties-changed",
			 G_CALLBACK(on_properties), host);
	host->priv->state = HOST_SEARCHING;
	if (!host->priv->was_ready)
		timer_start(host, &host->priv->grace, GRACE_MS, search_give_up);
	search(host);
}

static void on_bluez(GDBusConnection *bus, const char *name, const char *owner,
		     gpointer data)
{
	struct baton_host *host = data;
	struct baton_host_private *priv = host->priv;

	(void)name;
	if (priv->state != HOST_ABSENT)
		return;
	baton_gate_owner(priv->gate, owner);
	timer_stop(&priv->retry);
	priv->state = HOST_LOADING;
	priv->cancel_stack = g_cancellable_new();
	baton_gate_load_begin(priv->gate);
	if (!priv->was_ready)
		timer_start(host, &priv->grace, LOADING_MS, search_give_up);
	baton_bluez_object_manager_client_new(
		bus, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START,
		BATON_BLUEZ, "/", priv->cancel_stack, on_objects, host);
}

static void stack_forget(struct baton_host *host)
{
	struct baton_host_private *priv = host->priv;

	timers_stop(priv);
	baton_gate_owner(priv->gate, NULL);
	if (priv->cancel_stack) {
		g_cancellable_cancel(priv->cancel_stack);
		g_clear_object(&priv->cancel_stack);
	}
	priv->powering = false;
	priv->dark = 0;
	g_clear_pointer(&priv->trouble, g_free);
	g_clear_pointer(&host->adapter, g_free);
	if (host->objects) {
		g_signal_handlers_disconnect_by_data(host->objects, host);
		g_clear_object(&host->objects);
	}
}

/*
 * Debian's systemd does not start a bluetoothd again that crashed, but starts
 * it when a program asks the bus for it. Where nobody can, the answer is an
 * error, and it is waited for all the same.
 */
static gboolean revive(gpointer data)
{
	struct baton_host *host = data;
	struct baton_host_private *priv = host->priv;

	timer_stop(&priv->retry);
	g_dbus_connection_call(host->bus, "org.freedesktop.DBus",
			       "/org/freedesktop/DBus", "org.freedesktop.DBus",
			       "StartServiceByName",
			       g_variant_new("(su)", BATON_BLUEZ, 0), NULL,
			       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
	if (++priv->revivals < REVIVE_TRIES)
		timer_start(host, &priv->retry, REVIVE_MS << priv->revivals,
			    revive);
	return G_SOURCE_REMOVE;
}

static void on_no_bluez(GDBusConnection *bus, const char *name, gpointer data)
{
	struct baton_host *host = data;
	struct baton_host_private *priv = host->priv;
	bool was_ready = priv->state == HOST_READY;

	(void)name;
	if (priv->state == HOST_FAILED)
		return;
	if (bus && priv->state == HOST_LOADING) {
		baton_gate_miss(priv->gate);
		return;
	}
	stack_forget(host);
	if (!bus) {
		fail(host, g_strdup("the D-Bus system bus went away: start "
				    "again when it is back"));
		return;
	}
	priv->state = HOST_ABSENT;
	if (!priv->was_ready) {
		fail(host, g_strdup("bluetoothd is not running: install "
				    "'bluez' and run 'systemctl start "
				    "bluetooth'"));
		return;
	}
	/* One that a person stops switches its adapters off first. */
	if (was_ready || priv->revivals)
		timer_start(host, &priv->retry, REVIVE_MS, revive);
	if (was_ready)
		priv->events->gone(priv->user, true);
}

/* Is bluetoothd there, and from now on? */
static void look(struct baton_host *host)
{
	host->priv->watch = g_bus_watch_name_on_connection(
		host->bus, BATON_BLUEZ,
		host->priv->was_ready ? G_BUS_NAME_WATCHER_FLAGS_NONE
				      : G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
		on_bluez, on_no_bluez, host, NULL);
}

/* From LOADING: it went meanwhile, or does not answer. */
static void look_again(struct baton_host *host)
{
	struct baton_host_private *priv = host->priv;

	if (priv->state != HOST_LOADING)
		return;
	stack_forget(host);
	g_bus_unwatch_name(priv->watch);
	priv->state = HOST_ABSENT;
	look(host);
}

static void on_bus(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;
	GDBusConnection *bus =
		g_dbus_connection_new_for_address_finish(result, &error);
	struct baton_host *host = data;
	struct baton_host_private *priv;

	(void)source;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	if (error) {
		char *why = baton_host_reason(error);
		char *text = g_strdup_printf(
			"no D-Bus system bus (%s): install and start 'dbus'",
			why);

		g_free(why);
		g_error_free(error);
		fail(host, text);
		return;
	}
	priv = host->priv;
	host->bus = bus;
	priv->state = HOST_ABSENT;
	priv->filter = g_dbus_connection_add_filter(
		bus, baton_gate_filter, priv->gate, baton_gate_free);
	look(host);
}

static gboolean open_bus(gpointer data)
{
	struct baton_host *host = data;
	GError *error = NULL;
	char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL,
							&error);

	timer_stop(&host->priv->retry);
	if (!address) {
		char *text = g_strdup_printf("no D-Bus system bus (%s): "
					     "install and start 'dbus'",
					     error->message);

		g_error_free(error);
		fail(host, text);
		return G_SOURCE_REMOVE;
	}
	/* Of our own: what we export on it is for bluetoothd alone. */
	g_dbus_connection_new_for_address(
		address,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, host->priv->cancel, on_bus, host);
	g_free(address);
	return G_SOURCE_REMOVE;
}

struct baton_host *baton_host_new(const char *adapter,
				  const struct baton_host_events *events,
				  void *user)
{
	struct baton_host *host = g_new0(struct baton_host, 1);

	host->priv = g_new0(struct baton_host_private, 1);
	host->priv->events = events;
	host->priv->user = user;
	host->priv->wanted = g_strdup(adapter);
	host->priv->cancel = g_cancellable_new();
	host->priv->gate = baton_gate_new();
	timer_start(host, &host->priv->retry, 0, open_bus);
	return host;
}

/*
 * What we sent is sent, and bluetoothd has seen that our sockets are closed:
 * 5.66 crashes where it sees first that we have left the bus.
 */
static void leave_stack(struct baton_host *host)
{
	GVariant *answer;

	/* What the gate has not seen yet, it cannot wait for. */
	g_dbus_connection_flush_sync(host->bus, NULL, NULL);
	baton_gate_leave(host->priv->gate);
	answer = g_dbus_connection_call_sync(
		host->bus, BATON_BLUEZ, "/", "org.freedesktop.DBus.Peer",
		"Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
		BATON_GATE_LEAVE_MS, NULL, NULL);

	if (answer)
		g_variant_unref(answer);
}

void baton_host_free(struct baton_host *host)
{
	struct baton_host_private *priv = host->priv;

	if (priv->watch)
		g_bus_unwatch_name(priv->watch);
	g_cancellable_cancel(priv->cancel);
	g_object_unref(priv->cancel);
	stack_forget(host);
	g_free(priv->wanted);
	if (host->bus) {
		leave_stack(host);
		g_dbus_connection_remove_filter(host->bus, priv->filter);
		g_dbus_connection_close(host->bus, NULL, NULL, NULL);
		g_object_unref(host->bus);
	} else {
		baton_gate_free(priv->gate);
	}
	g_free(priv);
	g_free(host);
}
