/* SPDX-License-Identifier: MIT */
#include "gatt/central.h"

#include <gio/gunixfdlist.h>
#include <string.h>

#include "gatt/candidate.h"
#include "gatt/discovery.h"
#include "gatt/host.h"
#include "gatt/key.h"
#include "gatt/pipe.h"
#include "gatt/remote.h"
#include "gatt/writer.h"

/*
 *          host ready     seen            connected        found
 *   OFFLINE -----> SCANNING ---> CONNECTING ----> RESOLVING ---> SUBSCRIBING
 *      ^              ^              |                |               |  |
 *      |              | pause over   v       failed   v               |  |
 *      |            PAUSED <----------------------------- failed -----+  |
 *      |              ^                                    subscribed    |
 *      |              | disconnected, drop()                             v
 *      |              +------------------------------------------------ LINKED
 *      +--- host gone: from each
 */
enum central_state {
	CENTRAL_OFFLINE,
	CENTRAL_PAUSED,
	CENTRAL_SCANNING,
	CENTRAL_CONNECTING,
	CENTRAL_RESOLVING,
	CENTRAL_SUBSCRIBING,
	CENTRAL_LINKED,
};

/* No advert names it: whoever shows it has been connected. */
#define UUID_GATT "00001801-0000-1000-8000-00805f9b34fb"
#define CONNECT_MS 30000
#define RESOLVE_MS 20000
#define RESOLVE_POLL_MS 100
#define SUBSCRIBE_MS 10000
/* Another watch may answer to a name that was just tried in vain. */
#define SECOND_CHOICE_MS 500
#define HUP_MS 1000
#define PAUSE_MIN_MS 250
#define PAUSE_MAX_MS 8000
/* A link that lasted this long was none of the failing kind. */
#define GOOD_LINK_US (10 * G_USEC_PER_SEC)

struct central {
	struct baton_bearer bearer; /* first: ops find the rest by it */
	const struct baton_bearer_events *events; /* NULL: closed */
	void *user;
	struct baton_gatt_options options;
	enum central_state state;
	struct baton_host *host;
	GCancellable *cancel; /* of the calls of this state and its attempt */
	struct baton_discovery *discovery; /* of SCANNING */
	enum baton_bearer_way way;
	uint8_t advert[BATON_BEARER_ADVERT_LEN]; /* of the watch */
	bool by_advert; /* it led to this attempt */
	GHashTable *tried; /* object paths that disappointed */
	char *device; /* object path of the watch, from CONNECTING on */
	struct baton_remote remote; /* from SUBSCRIBING on */
	struct baton_pipe *notify; /* NULL: values come as signals */
	struct baton_writer *writer;
	bool tried_bulk;
	bool heard; /* something came on this link */
	bool was_connected; /* BlueZ said so in this attempt */
	uint16_t mtu;
	guint pause_ms;
	gint64 deadline_us; /* of RESOLVING */
	gint64 up_us;
	GSource *timer; /* one for each state */
	GSource *drop_idle; /* down(LOCAL) is on its way */
};

static void scan(struct central *c);
static void link_end(struct central *c, enum baton_bearer_reason reason);

static void source_stop(GSource **source)
{
	if (*source) {
		g_source_destroy(*source);
		g_clear_pointer(source, g_source_unref);
	}
}

static GSource *source_start(guint ms, GSourceFunc func, struct central *c)
{
	GSource *source = g_timeout_source_new(ms);

	g_source_set_callback(source, func, c, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

static void timer_start(struct central *c, guint ms, GSourceFunc func)
{
	source_stop(&c->timer);
	c->timer = source_start(ms, func, c);
}

static void note(struct central *c, const char *text)
{
	if (c->events && c->events->note)
		c->events->note(c->user, text);
}

static void attempt_forget(struct central *c)
{
	g_clear_pointer(&c->writer, baton_writer_free);
	g_clear_pointer(&c->notify, baton_pipe_free);
	if (c->remote.out)
		g_signal_handlers_disconnect_by_data(c->remote.out, c);
	baton_remote_clear(&c->remote);
	g_clear_pointer(&c->device, g_free);
	c->by_advert = false;
	c->tried_bulk = false;
	c->heard = false;
	c->was_connected = false;
}

/* Every change of state goes through here. */
static void state_set(struct central *c, enum central_state state)
{
	c->state = state;
	source_stop(&c->timer);
	baton_discovery_free(g_steal_pointer(&c->discovery),
			     state == CENTRAL_CONNECTING);
	if (c->cancel) {
		g_cancellable_cancel(c->cancel);
		g_clear_object(&c->cancel);
	}
	if (state < CENTRAL_CONNECTING)
		attempt_forget(c);
	if (state != CENTRAL_OFFLINE)
		c->cancel = g_cancellable_new();
}

static bool cancelled(GError **error)
{
	if (!g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return false;
	g_clear_error(error);
	return true;
}

static gboolean pause_over(gpointer data)
{
	scan(data);
	return G_SOURCE_REMOVE;
}

/* To PAUSED; longer from time to time, with some chance in it. */
static void rest(struct central *c, bool at_once)
{
	guint ms = c->pause_ms;

	state_set(c, CENTRAL_PAUSED);
	ms = at_once ? 0 : ms + (guint)g_random_int_range(0, (gint32)ms / 2);
	c->pause_ms = MIN(c->pause_ms * 2, PAUSE_MAX_MS);
	timer_start(c, ms, pause_over);
}

/*
 * This attempt failed. forget: what BlueZ remembers of the device may be the
 * cause; a device that is paired is somebody's, and is left alone.
 */
static void attempt_fail(struct central *c, const char *what, bool forget)
{
	BatonBluezDevice1 *device =
		baton_host_proxy(c->host, c->device, "Device1");

	if (forget && device && !baton_bluez_device1_get_paired(device))
		g_dbus_connection_call(
			c->host->bus, BATON_BLUEZ, c->host->adapter,
			BATON_BLUEZ ".Adapter1", "RemoveDevice",
			g_variant_new("(o)", c->device), NULL,
			G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
	else if (device)
		baton_host_disconnect(c->host, c->device);
	g_clear_object(&device);
	rest(c, false);
	note(c, what);
}

static gboolean attempt_late(gpointer data)
{
	attempt_fail(data, "the watch did not answer in time", true);
	return G_SOURCE_REMOVE;
}

static void link_up(struct central *c)
{
	struct baton_bearer_link link = {
		.mtu = c->mtu,
		.advert = c->by_advert ? c->advert : NULL,
	};

	state_set(c, CENTRAL_LINKED);
	c->up_us = g_get_monotonic_time();
	c->events->up(c->user, &link);
}

static void writer_answered(void *user)
{
	struct central *c = user;

	/* The key was: bulk is open. */
	if (c->state == CENTRAL_SUBSCRIBING)
		link_up(c);
}

static void writer_room(void *user)
{
	struct central *c = user;

	if (c->state == CENTRAL_LINKED)
		c->events->writable(c->user);
}

static void writer_start(struct central *c);

static void writer_refused(void *user, const char *why)
{
	struct central *c = user;
	char *text;

	if (c->state == CENTRAL_SUBSCRIBING) {
		writer_start(c);
		return;
	}
	text = g_strdup_printf("the watch refused the first write (%s)", why);
	c = g_rc_box_acquire(c);
	note(c, text);
	if (c->events && c->state == CENTRAL_LINKED)
		link_end(c, BATON_BEARER_LOST);
	g_rc_box_release(c);
	g_free(text);
}

static const struct baton_writer_events writer_events = {
	.answered = writer_answered,
	.room = writer_room,
	.refused = writer_refused,
};

/* Opens bulk with the key, or, the second time, takes "in". */
static void writer_start(struct central *c)
{
	g_clear_pointer(&c->writer, baton_writer_free);
	if (c->options.fast_writes && c->remote.bulk && !c->tried_bulk) {
		c->tried_bulk = true;
		c->writer = baton_writer_new(c->remote.bulk, &writer_events, c);
		/* The first send of a writer always succeeds. */
		(void)baton_writer_send(c->writer, baton_gatt_key,
					BATON_GATT_KEY_LEN);
		return;
	}
	c->writer = baton_writer_new(c->remote.in, &writer_events, c);
	link_up(c);
}

static void notify_rx(void *user, const uint8_t *data, size_t len)
{
	struct central *c = user;

	if (c->state != CENTRAL_LINKED)
		return;
	c->heard = true;
	c->events->rx(c->user, data, len);
}

static void notify_room(void *user)
{
	(void)user;
}

static gboolean still_deaf(gpointer data)
{
	link_end(data, BATON_BEARER_LOST);
	return G_SOURCE_REMOVE;
}

static void notify_hup(void *user)
{
	struct central *c = user;

	/* Mostly the link ends and BlueZ says so; else the service went. */
	g_clear_pointer(&c->notify, baton_pipe_free);
	if (c->state == CENTRAL_LINKED)
		timer_start(c, HUP_MS, still_deaf);
	else
		attempt_fail(c, "the watch ended the subscription", false);
}

static const struct baton_pipe_events notify_events = {
	.rx = notify_rx,
	.room = notify_room,
	.hup = notify_hup,
};

static void on_chrc(GDBusProxy *proxy, GVariant *changed,
		    const char *const *invalidated, gpointer data)
{
	struct central *c = data;
	const uint8_t *bytes;
	GVariant *value;
	uint16_t mtu;
	gsize len;

	(void)proxy;
	(void)invalidated;
	if (c->state != CENTRAL_LINKED)
		return;
	if (g_variant_lookup(changed, "MTU", "q", &mtu) && mtu != c->mtu &&
	    mtu >= 23 && mtu <= 517) {
		c->mtu = mtu;
		c->events->mtu(c->user, mtu);
		return;
	}
	if (c->notify)
		return;
	value = g_variant_lookup_value(changed, "Value",
				       G_VARIANT_TYPE_BYTESTRING);
	if (!value)
		return;
	bytes = g_variant_get_fixed_array(value, &len, 1);
	if (len >= 1 && len <= BATON_GATT_VALUE_MAX)
		notify_rx(c, bytes, len);
	g_variant_unref(value);
}

static void subscribed(struct central *c, uint16_t mtu)
{
	c->mtu = CLAMP(mtu, 23, 517);
	writer_start(c);
}

static void notify_started(GObject *source, GAsyncResult *result, gpointer data)
{
	struct central *c = data;
	GError *error = NULL;

	baton_bluez_gatt_characteristic1_call_start_notify_finish(
		BATON_BLUEZ_GATT_CHARACTERISTIC1(source), result, &error);
	if (cancelled(&error))
		return;
	if (error) {
		g_error_free(error);
		attempt_fail(c, "the watch refused the subscription", true);
		return;
	}
	subscribed(c, baton_bluez_gatt_characteristic1_get_mtu(c->remote.out));
}

static void notify_acquired(GObject *source, GAsyncResult *result,
			    gpointer data)
{
	struct central *c = data;
	GUnixFDList *fds = NULL;
	GVariant *handle = NULL;
	GError *error = NULL;
	uint16_t mtu = 0;
	int fd = -1;

	baton_bluez_gatt_characteristic1_call_acquire_notify_finish(
		BATON_BLUEZ_GATT_CHARACTERISTIC1(source), &handle, &mtu, &fds,
		result, &error);
	if (cancelled(&error))
		return;
	if (fds && handle)
		fd = g_unix_fd_list_get(fds, g_variant_get_handle(handle),
					NULL);
	g_clear_object(&fds);
	g_clear_pointer(&handle, g_variant_unref);
	g_clear_error(&error);
	if (fd < 0) {
		/* Also where another program holds it: then this fails too. */
		baton_bluez_gatt_characteristic1_call_start_notify(
			c->remote.out, c->cancel, notify_started, c);
		return;
	}
	c->notify = baton_pipe_new(fd, &notify_events, c);
	subscribed(c, mtu);
}

static gboolean resolve(gpointer data)
{
	struct central *c = data;
	BatonBluezDevice1 *device =
		baton_host_proxy(c->host, c->device, "Device1");
	bool resolved =
		device && baton_bluez_device1_get_services_resolved(device);

	g_clear_object(&device);
	if (!resolved ||
	    !baton_remote_find(&c->remote, c->host->objects, c->device)) {
		/* Resolved can come before the objects do: look again. */
		if (g_get_monotonic_time() >= c->deadline_us)
			attempt_fail(c,
				     resolved ? "the watch does not offer the "
						"service"
					      : "the watch's services were "
						"not found in time",
				     true);
		else
			timer_start(c, RESOLVE_POLL_MS, resolve);
		return G_SOURCE_REMOVE;
	}
	state_set(c, CENTRAL_SUBSCRIBING);
	timer_start(c, SUBSCRIBE_MS, attempt_late);
	g_signal_connect(c->remote.out, "g-properties-changed",
			 G_CALLBACK(on_chrc), c);
	baton_bluez_gatt_characteristic1_call_acquire_notify(
		c->remote.out, g_variant_new("a{sv}", NULL), NULL, c->cancel,
		notify_acquired, c);
	return G_SOURCE_REMOVE;
}

static void connected(GObject *source, GAsyncResult *result, gpointer data)
{
	struct central *c = data;
	GError *error = NULL;
	GVariant *answer = g_dbus_connection_call_finish(
		G_DBUS_CONNECTION(source), result, &error);

	if (cancelled(&error))
		return;
	if (error) {
		char *why = baton_host_reason(error);
		char *text = g_strdup_printf("could not connect (%s)", why);

		g_free(why);
		g_error_free(error);
		attempt_fail(c, text, false);
		g_free(text);
		return;
	}
	g_variant_unref(answer);
	state_set(c, CENTRAL_RESOLVING);
	c->deadline_us = g_get_monotonic_time() + RESOLVE_MS * 1000;
	resolve(c);
}

static void connect_to(struct central *c, const char *path)
{
	state_set(c, CENTRAL_CONNECTING);
	c->device = g_strdup(path);
	g_hash_table_add(c->tried, g_strdup(path));
	g_dbus_connection_call(c->host->bus, BATON_BLUEZ, path,
			       BATON_BLUEZ ".Device1", "Connect", NULL, NULL,
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, CONNECT_MS,
			       c->cancel, connected, c);
	note(c, "connecting");
}

/*
 * Of a device that was connected once BlueZ shows the services it had at the
 * end, whatever it advertises: a watch whose program ended a moment before
 * the link did would never be found again. Forgotten, it is seen as it is,
 * unless its link was just ending: then it comes back as it was.
 */
static void stale_check(struct central *c, BatonBluezDevice1 *device)
{
	const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(device));

	if (baton_discovery_is_narrow(c->discovery) &&
	    baton_candidate_has(device, UUID_GATT) &&
	    !baton_bluez_device1_get_paired(device))
		baton_discovery_forget(c->discovery, path);
}

static gboolean second_choice(gpointer data);

/* Is it, by its private advert, one of ours? */
static bool is_known(struct central *c, BatonBluezDevice1 *device,
		     uint8_t advert[BATON_BEARER_ADVERT_LEN])
{
	return c->way != BATON_BEARER_OPEN && c->events->heard &&
	       baton_candidate_advert(device, advert) &&
	       c->events->heard(c->user, advert);
}

static void candidate_check(struct central *c, BatonBluezDevice1 *device)
{
	const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(device));
	uint8_t advert[BATON_BEARER_ADVERT_LEN];
	bool known;

	if (!baton_candidate_seen(c->host, c->options.peer, device))
		return;
	known = is_known(c, device, advert);
	if (!known && !baton_candidate_has(device, BATON_GATT_UUID_SERVICE)) {
		stale_check(c, device);
	} else if (!known && !baton_discovery_is_narrow(c->discovery)) {
		/* Ours may still be heard; BlueZ may remember the service. */
		return;
	} else if (!g_hash_table_contains(c->tried, path)) {
		c->by_advert = known;
		if (known)
			memcpy(c->advert, advert, sizeof(c->advert));
		connect_to(c, path);
	} else if (!c->timer) {
		timer_start(c, SECOND_CHOICE_MS, second_choice);
	}
}

/* Those that BlueZ knew already, for instance from another program's scan. */
static void candidates_check(struct central *c)
{
	GList *objects = g_dbus_object_manager_get_objects(c->host->objects);
	struct central *ref = g_rc_box_acquire(c);

	for (GList *i = objects; i && c->state == CENTRAL_SCANNING;
	     i = i->next) {
		BatonBluezDevice1 *device =
			baton_bluez_object_peek_device1(i->data);

		if (device)
			candidate_check(c, device);
	}
	g_list_free_full(objects, g_object_unref);
	g_rc_box_release(ref);
}

/* Nobody new has shown up: any candidate is good again. */
static gboolean second_choice(gpointer data)
{
	struct central *c = data;

	source_stop(&c->timer);
	g_hash_table_remove_all(c->tried);
	candidates_check(c);
	return G_SOURCE_REMOVE;
}

static void scanning(void *user)
{
	struct central *c = user;

	/* One whose services were not found yet when this search began. */
	baton_candidate_end_leftovers(c->host);
	candidates_check(c);
}

static void scan_refused(void *user, const char *why)
{
	struct central *c = user;
	char *text = g_strdup_printf("could not scan (%s)", why);

	rest(c, false);
	note(c, text);
	g_free(text);
}

static const struct baton_discovery_events discovery_events = {
	.scanning = scanning,
	.refused = scan_refused,
};

static void scan(struct central *c)
{
	state_set(c, CENTRAL_SCANNING);
	baton_candidate_end_leftovers(c->host);
	c->discovery = baton_discovery_new(c->host, c->way != BATON_BEARER_OPEN,
					   &discovery_events, c);
	note(c, "scanning");
}

static void on_ready(void *user)
{
	struct central *c = user;

	c->pause_ms = PAUSE_MIN_MS;
	g_hash_table_remove_all(c->tried);
	scan(c);
}

static void on_gone(void *user, bool stack)
{
	struct central *c = g_rc_box_acquire(user);
	bool linked = c->state == CENTRAL_LINKED || c->drop_idle;

	source_stop(&c->drop_idle);
	state_set(c, CENTRAL_OFFLINE);
	note(c, stack ? "bluetoothd went away: waiting for it"
		      : "the adapter is off or gone: waiting for it");
	if (linked && c->events)
		c->events->down(c->user,
				stack ? BATON_BEARER_STACK : BATON_BEARER_LOST);
	g_rc_box_release(c);
}

static void on_failed(void *user, const char *text)
{
	struct central *c = user;

	state_set(c, CENTRAL_OFFLINE);
	c->events->failed(c->user, text);
}

static void on_device(void *user, BatonBluezDevice1 *device, bool gone)
{
	const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(device));
	struct central *c = user;
	bool ours = !g_strcmp0(path, c->device);
	bool off = false;

	/* Connect is answered before or after Connected is true. */
	if (ours && !gone && baton_bluez_device1_get_connected(device))
		c->was_connected = true;
	else if (ours)
		off = gone || c->was_connected;
	switch (c->state) {
	case CENTRAL_OFFLINE:
	case CENTRAL_PAUSED:
	case CENTRAL_CONNECTING: /* the answer to Connect decides */
		break;
	case CENTRAL_SCANNING:
		if (!gone)
			candidate_check(c, device);
		break;
	case CENTRAL_RESOLVING:
		if (off)
			attempt_fail(c, "the watch disconnected", false);
		else if (ours)
			resolve(c);
		break;
	case CENTRAL_SUBSCRIBING:
		if (off)
			attempt_fail(c, "the watch disconnected", false);
		break;
	case CENTRAL_LINKED:
		if (off)
			link_end(c, BATON_BEARER_LOST);
		break;
	}
}

static const struct baton_host_events host_events = {
	.ready = on_ready,
	.gone = on_gone,
	.failed = on_failed,
	.device = on_device,
};

/* Leaves LINKED for the next search; the caller still owes a down(). */
static void link_leave(struct central *c, bool wanted)
{
	bool lasted = g_get_monotonic_time() - c->up_us >= GOOD_LINK_US;
	bool heard = c->heard;

	baton_host_disconnect(c->host, c->device);
	/* A watch that was dropped soon was perhaps the wrong one. */
	if (!wanted || lasted)
		g_hash_table_remove(c->tried, c->device);
	if (heard)
		c->pause_ms = PAUSE_MIN_MS;
	rest(c, heard && !wanted);
}

static void link_end(struct central *c, enum baton_bearer_reason reason)
{
	link_leave(c, false);
	c->events->down(c->user, reason);
}

static enum baton_err bearer_tx(struct baton_bearer *bearer, const uint8_t *pdu,
				size_t len)
{
	struct central *c = (struct central *)bearer;

	if (c->state != CENTRAL_LINKED)
		return BATON_ERR_CLOSED;
	if (!len)
		return BATON_ERR_ARG;
	if (len > MIN(c->mtu - 3u, BATON_GATT_VALUE_MAX))
		return BATON_ERR_TOO_LARGE;
	return baton_writer_send(c->writer, pdu, len);
}

static gboolean dropped(gpointer data)
{
	struct central *c = data;

	source_stop(&c->drop_idle);
	c->events->down(c->user, BATON_BEARER_LOCAL);
	return G_SOURCE_REMOVE;
}

static void bearer_drop(struct baton_bearer *bearer)
{
	struct central *c = (struct central *)bearer;

	if (c->state != CENTRAL_LINKED)
		return;
	link_leave(c, true);
	c->drop_idle = source_start(0, dropped, c);
}

static void bearer_pace(struct baton_bearer *bearer,
			enum baton_bearer_pace pace)
{
	/* BlueZ has no call for it: DESIGN.md, "Link care". */
	(void)bearer;
	(void)pace;
}

static void bearer_meet(struct baton_bearer *bearer, enum baton_bearer_way way,
			const uint8_t *advert)
{
	struct central *c = (struct central *)bearer;
	bool other =
		(way == BATON_BEARER_OPEN) != (c->way == BATON_BEARER_OPEN);

	(void)advert;
	c->way = way;
	if (other && c->state == CENTRAL_SCANNING)
		rest(c, true);
}

static void bearer_close(struct baton_bearer *bearer)
{
	struct central *c = (struct central *)bearer;

	if (c->state >= CENTRAL_CONNECTING)
		baton_host_disconnect(c->host, c->device);
	c->events = NULL;
	source_stop(&c->drop_idle);
	state_set(c, CENTRAL_OFFLINE);
	baton_host_free(c->host);
	g_hash_table_unref(c->tried);
	g_free((char *)c->options.adapter);
	g_free((char *)c->options.peer);
	g_rc_box_release(c);
}

static const struct baton_bearer_ops central_ops = {
	.tx = bearer_tx,
	.drop = bearer_drop,
	.pace = bearer_pace,
	.meet = bearer_meet,
	.close = bearer_close,
};

struct baton_bearer *
baton_gatt_central_new(const struct baton_gatt_options *options,
		       const struct baton_bearer_events *events, void *user)
{
	struct central *c = g_rc_box_new0(struct central);

	c->bearer.ops = &central_ops;
	c->events = events;
	c->user = user;
	if (options)
		c->options = *options;
	c->options.adapter = g_strdup(c->options.adapter);
	c->options.peer = g_strdup(c->options.peer);
	c->pause_ms = PAUSE_MIN_MS;
	c->tried = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	c->host = baton_host_new(c->options.adapter, &host_events, c);
	return &c->bearer;
}
