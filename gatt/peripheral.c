/* SPDX-License-Identifier: MIT */
#include "gatt/peripheral.h"

#include <glib.h>
#include <string.h>

#include "gatt/app.h"
#include "gatt/host.h"
#include "gatt/key.h"
#include "gatt/pipe.h"

/*
 *            host ready                registered
 *   OFFLINE ------------> REGISTERING -----------> OFFERING <-----------+
 *    ^  ^                      |                    |    ^              |
 *    |  +----- host gone ------+        first write |    | disconnected |
 *    |                                              v    |              |
 *    +--------- host gone: from each of these --- LINKED-+              |
 *                                                   | drop()      down()|
 *                                                   +---> DROPPING -----+
 */
enum peripheral_state {
	PERIPHERAL_OFFLINE,
	PERIPHERAL_REGISTERING,
	PERIPHERAL_OFFERING,
	PERIPHERAL_LINKED,
	PERIPHERAL_DROPPING, /* down() is on its way */
};

#define RETRY_MS 1000
#define ADVERT_TRIES 3 /* before a person is told, if it never worked */

struct peripheral {
	struct baton_bearer bearer; /* first: ops find the rest by it */
	const struct baton_bearer_events *events; /* NULL: closed */
	void *user;
	struct baton_gatt_options options;
	enum peripheral_state state;
	struct baton_host *host;
	struct baton_app *app;
	GCancellable *cancel; /* of the calls to this bluetoothd */
	char *active; /* object path of the central that has the link */
	char *draining; /* of one that was dropped and is still connected */
	uint16_t mtu;
	struct baton_pipe *notify; /* NULL: notify by signal */
	char *notify_device;
	uint16_t notify_mtu;
	struct baton_pipe *bulk;
	char *bulk_device;
	uint16_t bulk_mtu;
	bool bulk_open; /* the key came intact */
	/* What the advert shall show, and what it shows if it is on. */
	struct shown {
		enum baton_bearer_way way;
		uint8_t advert[BATON_BEARER_ADVERT_LEN];
	} wanted, shown;
	bool advert_on;
	bool app_once; /* it was registered before: a failure is temporary */
	bool advert_once; /* the same of the advert */
	unsigned int advert_failures; /* in a row */
	bool advert_busy; /* an answer is outstanding */
	bool stranger_noted; /* one note a link */
	GSource *advert_timer;
	GSource *app_timer;
	GSource *drop_idle;
};

static void advert_update(struct peripheral *p);

static void source_stop(GSource **source)
{
	if (*source) {
		g_source_destroy(*source);
		g_clear_pointer(source, g_source_unref);
	}
}

static GSource *source_start(guint ms, GSourceFunc func, struct peripheral *p)
{
	GSource *source = g_timeout_source_new(ms);

	g_source_set_callback(source, func, p, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

static void note(struct peripheral *p, const char *text)
{
	if (p->events && p->events->note)
		p->events->note(p->user, text);
}

static void notify_close(struct peripheral *p)
{
	g_clear_pointer(&p->notify, baton_pipe_free);
	g_clear_pointer(&p->notify_device, g_free);
}

static void bulk_close(struct peripheral *p)
{
	g_clear_pointer(&p->bulk, baton_pipe_free);
	g_clear_pointer(&p->bulk_device, g_free);
	p->bulk_open = false;
}

/* Every change of state goes through here. */
static void state_set(struct peripheral *p, enum peripheral_state state)
{
	bool ended = p->state == PERIPHERAL_LINKED;

	p->state = state;
	if (state != PERIPHERAL_DROPPING)
		source_stop(&p->drop_idle);
	if (ended || state == PERIPHERAL_OFFLINE) {
		/* bluetoothd would carry them into the next link. */
		notify_close(p);
		bulk_close(p);
		g_clear_pointer(&p->active, g_free);
	}
	p->stranger_noted = false;
	advert_update(p);
}

static void fail(struct peripheral *p, char *text)
{
	state_set(p, PERIPHERAL_OFFLINE);
	p->events->failed(p->user, text);
	g_free(text);
}

/*
 * The MTU as it counts for us. Where the phone can take it (BlueZ can),
 * bluetoothd sends each notification as one of several, which takes two bytes
 * more, and cuts off what does not fit. From 514 on the limit on values is
 * what counts. DESIGN.md, "Sizes".
 */
static uint16_t mtu_usable(uint16_t mtu)
{
	mtu = CLAMP(mtu, 23, 517);
	return mtu < BATON_GATT_VALUE_MAX + 5 ? mtu - 2 : mtu;
}

/*
 * OFFERING to LINKED. False: the caller's callback ended it again, perhaps
 * with p; the caller holds a reference.
 */
static bool link_up(struct peripheral *p, const char *device, uint16_t mtu)
{
	struct shown shown = p->shown; /* it is withdrawn now */
	struct baton_bearer_link link = {0};

	if (p->advert_on && shown.way == BATON_BEARER_PRIVATE)
		link.advert = shown.advert;
	/* It has served. */
	if (p->wanted.way == BATON_BEARER_PRIVATE)
		p->wanted.way = BATON_BEARER_HIDDEN;
	if (!mtu && !g_strcmp0(device, p->notify_device))
		mtu = p->notify_mtu;
	p->mtu = mtu_usable(mtu);
	link.mtu = p->mtu;
	p->active = g_strdup(device);
	state_set(p, PERIPHERAL_LINKED);
	p->events->up(p->user, &link);
	return p->events && p->state == PERIPHERAL_LINKED;
}

/*
 * A central that was dropped, or is gone, gets no link by what its writes still
 * bring.
 */
static bool may_link(struct peripheral *p, const char *path)
{
	BatonBluezDevice1 *device;
	bool gone;

	if (!g_strcmp0(path, p->draining))
		return false;
	device = baton_host_proxy(p->host, path, "Device1");
	gone = device && !baton_bluez_device1_get_connected(device);
	g_clear_object(&device);
	return !gone;
}

static void on_written(void *user, const char *device, uint16_t mtu,
		       const uint8_t *value, size_t len)
{
	struct peripheral *p = g_rc_box_acquire(user);
	bool ours = false;

	switch (p->state) {
	case PERIPHERAL_OFFLINE:
	case PERIPHERAL_REGISTERING:
	case PERIPHERAL_DROPPING:
		break;
	case PERIPHERAL_OFFERING:
		if (may_link(p, device))
			ours = link_up(p, device, mtu);
		break;
	case PERIPHERAL_LINKED:
		ours = !strcmp(device, p->active);
		if (ours && mtu && mtu_usable(mtu) != p->mtu) {
			p->mtu = mtu_usable(mtu);
			p->events->mtu(p->user, p->mtu);
			ours = p->events && p->state == PERIPHERAL_LINKED;
		} else if (!ours && !p->stranger_noted) {
			p->stranger_noted = true;
			note(p, "ignoring what another central writes");
		}
		break;
	}
	if (ours)
		p->events->rx(p->user, value, len);
	g_rc_box_release(p);
}

static void notify_rx(void *user, const uint8_t *data, size_t len)
{
	/* Confirmations of indications, which we never send. */
	(void)user;
	(void)data;
	(void)len;
}

static void notify_room(void *user)
{
	struct peripheral *p = user;

	if (p->state == PERIPHERAL_LINKED)
		p->events->writable(p->user);
}

static void notify_hup(void *user)
{
	struct peripheral *p = user;

	/* Device1.Connected ends the link, not this: go on by signal. */
	notify_close(p);
	notify_room(p);
}

static const struct baton_pipe_events notify_events = {
	.rx = notify_rx,
	.room = notify_room,
	.hup = notify_hup,
};

static int on_acquire_notify(void *user, const char *device, uint16_t mtu)
{
	struct peripheral *p = user;
	int fd;

	notify_close(p);
	p->notify = baton_pipe_pair(&fd, &notify_events, p);
	if (!p->notify)
		return -1;
	p->notify_device = g_strdup(device);
	p->notify_mtu = mtu;
	return fd;
}

/* The first value decides whether anything that follows is delivered. */
static void bulk_unlock(struct peripheral *p, const uint8_t *data, size_t len)
{
	bool open = false;

	if (len == BATON_GATT_KEY_LEN &&
	    !memcmp(data, baton_gatt_key, BATON_GATT_KEY_LEN)) {
		switch (p->state) {
		case PERIPHERAL_OFFLINE:
		case PERIPHERAL_REGISTERING:
		case PERIPHERAL_DROPPING:
			break;
		case PERIPHERAL_OFFERING:
			open = may_link(p, p->bulk_device);
			break;
		case PERIPHERAL_LINKED:
			open = !g_strcmp0(p->bulk_device, p->active);
			break;
		}
	}
	if (!open) {
		/* Closed, so that bluetoothd asks anew for the next writer. */
		bulk_close(p);
		note(p, "ignoring writes that did not begin with the key");
		return;
	}
	p->bulk_open = true;
	if (p->state == PERIPHERAL_OFFERING)
		link_up(p, p->bulk_device, p->bulk_mtu);
}

static void bulk_rx(void *user, const uint8_t *data, size_t len)
{
	struct peripheral *p = g_rc_box_acquire(user);

	if (!p->bulk_open)
		bulk_unlock(p, data, len);
	else if (p->state == PERIPHERAL_LINKED)
		p->events->rx(p->user, data, len);
	g_rc_box_release(p);
}

static void bulk_room(void *user)
{
	(void)user;
}

static void bulk_hup(void *user)
{
	bulk_close(user);
}

static const struct baton_pipe_events bulk_events = {
	.rx = bulk_rx,
	.room = bulk_room,
	.hup = bulk_hup,
};

static int on_acquire_write(void *user, const char *device, uint16_t mtu)
{
	struct peripheral *p = user;
	int fd;

	bulk_close(p);
	p->bulk = baton_pipe_pair(&fd, &bulk_events, p);
	if (!p->bulk)
		return -1;
	p->bulk_device = g_strdup(device);
	p->bulk_mtu = mtu;
	return fd;
}

static void on_advert_released(void *user)
{
	struct peripheral *p = user;

	p->advert_on = false;
	advert_update(p);
}

static const struct baton_app_events app_events = {
	.written = on_written,
	.acquire_notify = on_acquire_notify,
	.acquire_write = on_acquire_write,
	.advert_released = on_advert_released,
};

static gboolean advert_again(gpointer data)
{
	struct peripheral *p = data;

	source_stop(&p->advert_timer);
	advert_update(p);
	return G_SOURCE_REMOVE;
}

static bool call_finish(GObject *source, GAsyncResult *result, GError **error)
{
	GVariant *answer = g_dbus_connection_call_finish(
		G_DBUS_CONNECTION(source), result, error);

	if (answer)
		g_variant_unref(answer);
	return answer != NULL;
}

static void advert_registered(GObject *source, GAsyncResult *result,
			      gpointer data)
{
	struct peripheral *p = data;
	GError *error = NULL;

	if (!call_finish(source, result, &error) &&
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	p->advert_busy = false;
	p->advert_on = true;
	if (error) {
		char *why = baton_host_reason(error);
		char *text = g_strdup_printf(
			"the adapter cannot advertise (%s): stop other "
			"programs that advertise, or run 'systemctl restart "
			"bluetooth'",
			why);

		g_free(why);
		g_error_free(error);
		/* Refused, one may be there: of before, or told too late. */
		p->shown.way = BATON_BEARER_HIDDEN;
		p->advert_failures++;
		if (!p->advert_once && p->advert_failures >= ADVERT_TRIES) {
			fail(p, text);
			return;
		}
		p->advert_timer = source_start(RETRY_MS, advert_again, p);
		note(p, text);
		g_free(text);
		return;
	}
	p->advert_once = true;
	p->advert_failures = 0;
	advert_update(p);
	if (p->advert_on && !p->advert_busy)
		note(p, "advertising");
}

static void advert_withdrawn(GObject *source, GAsyncResult *result,
			     gpointer data)
{
	struct peripheral *p = data;
	GError *error = NULL;

	if (!call_finish(source, result, &error) &&
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	/* An error means that there was none. */
	g_clear_error(&error);
	p->advert_busy = false;
	p->advert_on = false;
	advert_update(p);
}

static void manager_call(struct peripheral *p, const char *interface,
			 const char *method, GVariant *arguments,
			 GAsyncReadyCallback done)
{
	g_dbus_connection_call(p->host->bus, BATON_BLUEZ, p->host->adapter,
			       interface, method, arguments, NULL,
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, p->cancel,
			       done, p);
}

/*
 * The advert is on while a central is looked for, and off while one has the
 * link: notifications go to all that subscribed, so nobody else is invited.
 */
static void advert_update(struct peripheral *p)
{
	bool want = p->state == PERIPHERAL_OFFERING &&
		    p->wanted.way != BATON_BEARER_HIDDEN;
	bool same = !memcmp(&p->wanted, &p->shown, sizeof(p->wanted));

	if (p->advert_busy || p->advert_timer ||
	    p->state == PERIPHERAL_OFFLINE ||
	    (want == p->advert_on && (!want || same)))
		return;
	p->advert_busy = true;
	if (!p->advert_on) {
		p->shown = p->wanted;
		baton_app_show(p->app, p->shown.way == BATON_BEARER_PRIVATE
					       ? p->shown.advert
					       : NULL);
	}
	if (!p->advert_on)
		manager_call(
			p, BATON_BLUEZ ".LEAdvertisingManager1",
			"RegisterAdvertisement",
			g_variant_new("(oa{sv})", BATON_APP_ADVERT_PATH, NULL),
			advert_registered);
	else
		manager_call(p, BATON_BLUEZ ".LEAdvertisingManager1",
			     "UnregisterAdvertisement",
			     g_variant_new("(o)", BATON_APP_ADVERT_PATH),
			     advert_withdrawn);
}

static void app_register(struct peripheral *p);

static gboolean app_again(gpointer data)
{
	struct peripheral *p = data;

	source_stop(&p->app_timer);
	app_register(p);
	return G_SOURCE_REMOVE;
}

static bool is_registered(const GError *error)
{
	char *remote = g_dbus_error_get_remote_error(error);
	bool is = !g_strcmp0(remote, "org.bluez.Error.AlreadyExists");

	g_free(remote);
	return is;
}

static void app_registered(GObject *source, GAsyncResult *result, gpointer data)
{
	struct peripheral *p = data;
	GError *error = NULL;

	if (!call_finish(source, result, &error) &&
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	/* It is still there where the adapter was only off for a while. */
	if (error && !is_registered(error)) {
		char *why = baton_host_reason(error);
		char *text = g_strdup_printf(
			"bluetoothd refused the GATT service (%s): see "
			"'baton doctor' and 'journalctl -u bluetooth'",
			why);

		g_free(why);
		g_error_free(error);
		if (!p->app_once) {
			fail(p, text);
			return;
		}
		p->app_timer = source_start(RETRY_MS, app_again, p);
		note(p, text);
		g_free(text);
		return;
	}
	g_clear_error(&error);
	p->app_once = true;
	state_set(p, PERIPHERAL_OFFERING);
}

static void app_register(struct peripheral *p)
{
	manager_call(p, BATON_BLUEZ ".GattManager1", "RegisterApplication",
		     g_variant_new("(oa{sv})", BATON_APP_PATH, NULL),
		     app_registered);
}

static void on_ready(void *user)
{
	struct peripheral *p = user;

	if (!p->app)
		p->app = baton_app_new(p->host->bus, &p->options, &app_events,
				       p);
	p->cancel = g_cancellable_new();
	state_set(p, PERIPHERAL_REGISTERING);
	app_register(p);
}

static void stack_forget(struct peripheral *p, bool stack)
{
	if (p->cancel) {
		g_cancellable_cancel(p->cancel);
		g_clear_object(&p->cancel);
	}
	source_stop(&p->advert_timer);
	source_stop(&p->app_timer);
	/*
	 * An adapter that is only off keeps the advert, and shows it again:
	 * it is withdrawn then, whatever shall be shown.
	 */
	p->advert_on = !stack && (p->advert_on || p->advert_busy);
	p->shown.way = BATON_BEARER_HIDDEN;
	p->advert_busy = false;
	g_clear_pointer(&p->draining, g_free);
}

static void on_gone(void *user, bool stack)
{
	struct peripheral *p = g_rc_box_acquire(user);
	bool linked = p->state == PERIPHERAL_LINKED ||
		      p->state == PERIPHERAL_DROPPING;

	stack_forget(p, stack);
	state_set(p, PERIPHERAL_OFFLINE);
	note(p, stack ? "bluetoothd went away: waiting for it"
		      : "the adapter is off or gone: waiting for it");
	if (linked && p->events)
		p->events->down(p->user,
				stack ? BATON_BEARER_STACK : BATON_BEARER_LOST);
	g_rc_box_release(p);
}

static void on_failed(void *user, const char *text)
{
	struct peripheral *p = user;

	fail(p, g_strdup(text));
}

static void on_device(void *user, BatonBluezDevice1 *device, bool gone)
{
	const char *path = g_dbus_proxy_get_object_path(G_DBUS_PROXY(device));
	struct peripheral *p = user;
	bool notified = !g_strcmp0(path, p->notify_device);

	if (!gone && baton_bluez_device1_get_connected(device))
		return;
	if (!g_strcmp0(path, p->draining))
		g_clear_pointer(&p->draining, g_free);
	if (notified)
		notify_close(p);
	if (!g_strcmp0(path, p->bulk_device))
		bulk_close(p);
	if (p->state == PERIPHERAL_LINKED && !strcmp(path, p->active)) {
		state_set(p, PERIPHERAL_OFFERING);
		/* BlueZ 5.66 does not say why. */
		p->events->down(p->user, BATON_BEARER_LOST);
	} else if (notified) {
		notify_room(p);
	}
}

static const struct baton_host_events host_events = {
	.ready = on_ready,
	.gone = on_gone,
	.failed = on_failed,
	.device = on_device,
};

static enum baton_err bearer_tx(struct baton_bearer *bearer, const uint8_t *pdu,
				size_t len)
{
	struct peripheral *p = (struct peripheral *)bearer;
	enum baton_err err;

	if (p->state != PERIPHERAL_LINKED)
		return BATON_ERR_CLOSED;
	if (!len)
		return BATON_ERR_ARG;
	if (len > MIN(p->mtu - 3u, BATON_GATT_VALUE_MAX))
		return BATON_ERR_TOO_LARGE;
	if (p->notify) {
		err = baton_pipe_send(p->notify, pdu, len);
		if (err != BATON_ERR_CLOSED)
			return err;
		notify_close(p);
	}
	baton_app_notify(p->app, pdu, len);
	return BATON_OK;
}

static gboolean dropped(gpointer data)
{
	struct peripheral *p = data;

	source_stop(&p->drop_idle);
	state_set(p, PERIPHERAL_OFFERING);
	p->events->down(p->user, BATON_BEARER_LOCAL);
	return G_SOURCE_REMOVE;
}

static void bearer_drop(struct baton_bearer *bearer)
{
	struct peripheral *p = (struct peripheral *)bearer;

	if (p->state != PERIPHERAL_LINKED)
		return;
	baton_host_disconnect(p->host, p->active);
	g_free(p->draining);
	p->draining = g_strdup(p->active);
	state_set(p, PERIPHERAL_DROPPING);
	p->drop_idle = source_start(0, dropped, p);
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
	struct peripheral *p = (struct peripheral *)bearer;

	memset(&p->wanted, 0, sizeof(p->wanted));
	p->wanted.way = way;
	if (way == BATON_BEARER_PRIVATE && advert)
		memcpy(p->wanted.advert, advert, sizeof(p->wanted.advert));
	advert_update(p);
}

static void bearer_close(struct baton_bearer *bearer)
{
	struct peripheral *p = (struct peripheral *)bearer;

	if (p->state == PERIPHERAL_LINKED)
		baton_host_disconnect(p->host, p->active);
	p->events = NULL;
	stack_forget(p, true);
	state_set(p, PERIPHERAL_OFFLINE);
	baton_app_free(p->app);
	baton_host_free(p->host);
	g_free((char *)p->options.adapter);
	g_rc_box_release(p);
}

static const struct baton_bearer_ops peripheral_ops = {
	.tx = bearer_tx,
	.drop = bearer_drop,
	.pace = bearer_pace,
	.meet = bearer_meet,
	.close = bearer_close,
};

struct baton_bearer *
baton_gatt_peripheral_new(const struct baton_gatt_options *options,
			  const struct baton_bearer_events *events, void *user)
{
	struct peripheral *p = g_rc_box_new0(struct peripheral);

	p->bearer.ops = &peripheral_ops;
	p->events = events;
	p->user = user;
	if (options)
		p->options = *options;
	p->options.adapter = g_strdup(p->options.adapter);
	p->options.peer = NULL;
	p->host = baton_host_new(p->options.adapter, &host_events, p);
	return &p->bearer;
}
