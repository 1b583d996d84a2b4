/* SPDX-License-Identifier: MIT */
#include "gatt/discovery.h"

#include "gatt/options.h"

/*
 * The controller tells of an advert once for each scan. If that came too soon
 * for the host, only a new scan brings it again; BlueZ takes 10 s for that.
 */
#define RENEW_MS 3000
/* Of so many wide scans one is narrow: DESIGN.md, "The central's search". */
#define NARROW_EVERY 4

struct baton_discovery {
	struct baton_host *host;
	const struct baton_discovery_events *events;
	void *user;
	GCancellable *cancel;
	GSource *renew;
	GHashTable *forgot; /* object paths, since the timer renewed the scan */
	bool wide;
	bool narrow; /* the present scan */
	unsigned int scans;
};

static void adapter_call(struct baton_discovery *d, const char *method,
			 GVariant *args, GAsyncReadyCallback done)
{
	g_dbus_connection_call(d->host->bus, BATON_BLUEZ, d->host->adapter,
			       BATON_BLUEZ ".Adapter1", method, args, NULL,
			       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
			       done ? d->cancel : NULL, done, d);
}

/* False: the call was cancelled, data may be gone. */
static bool finish(GObject *source, GAsyncResult *result, GError **error)
{
	GVariant *answer = g_dbus_connection_call_finish(
		G_DBUS_CONNECTION(source), result, error);

	if (answer)
		g_variant_unref(answer);
	if (!g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return true;
	g_clear_error(error);
	return false;
}

static bool is_in_progress(const GError *error)
{
	char *remote = g_dbus_error_get_remote_error(error);
	bool is = !g_strcmp0(remote, "org.bluez.Error.InProgress");

	g_free(remote);
	return is;
}

static void started(GObject *source, GAsyncResult *result, gpointer data)
{
	struct baton_discovery *d = data;
	GError *error = NULL;
	char *why;

	if (!finish(source, result, &error))
		return;
	/* In progress: a scan of ours from before this one goes on. */
	if (!error || is_in_progress(error)) {
		g_clear_error(&error);
		d->events->scanning(d->user);
		return;
	}
	why = baton_host_reason(error);
	g_error_free(error);
	d->events->refused(d->user, why);
	g_free(why);
}

static void start(struct baton_discovery *d)
{
	const char *uuids[] = {BATON_GATT_UUID_SERVICE, NULL};
	GVariantBuilder filter;

	d->scans++;
	d->narrow = !d->wide || d->scans % NARROW_EVERY == 0;
	g_variant_builder_init(&filter, G_VARIANT_TYPE("a{sv}"));
	if (d->narrow)
		g_variant_builder_add(&filter, "{sv}", "UUIDs",
				      g_variant_new_strv(uuids, -1));
	g_variant_builder_add(&filter, "{sv}", "Transport",
			      g_variant_new_string("le"));
	adapter_call(d, "SetDiscoveryFilter", g_variant_new("(a{sv})", &filter),
		     NULL);
	adapter_call(d, "StartDiscovery", NULL, started);
}

static void stopped(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;

	if (!finish(source, result, &error))
		return;
	/* An error means that there was none. */
	g_clear_error(&error);
	start(data);
}

static void restart(struct baton_discovery *d)
{
	/* Until it has stopped, BlueZ refuses to start it: "in progress". */
	adapter_call(d, "StopDiscovery", NULL, stopped);
}

static gboolean renew(gpointer data)
{
	struct baton_discovery *d = data;

	g_hash_table_remove_all(d->forgot);
	restart(d);
	return G_SOURCE_CONTINUE;
}

struct baton_discovery *
baton_discovery_new(struct baton_host *host, bool wide,
		    const struct baton_discovery_events *events, void *user)
{
	struct baton_discovery *d = g_new0(struct baton_discovery, 1);

	d->host = host;
	d->events = events;
	d->user = user;
	d->wide = wide;
	d->cancel = g_cancellable_new();
	d->forgot =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	d->renew = g_timeout_source_new(RENEW_MS);
	g_source_set_callback(d->renew, renew, d, NULL);
	g_source_attach(d->renew, g_main_context_get_thread_default());
	/* What a wider one has seen must not pass for what this one sees. */
	restart(d);
	return d;
}

bool baton_discovery_is_narrow(const struct baton_discovery *discovery)
{
	return discovery->narrow;
}

static void forgotten(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;

	if (!finish(source, result, &error))
		return;
	g_clear_error(&error);
	restart(data);
}

void baton_discovery_forget(struct baton_discovery *discovery,
			    const char *device)
{
	if (g_hash_table_add(discovery->forgot, g_strdup(device)))
		adapter_call(discovery, "RemoveDevice",
			     g_variant_new("(o)", device), forgotten);
}

void baton_discovery_free(struct baton_discovery *discovery, bool stop)
{
	if (!discovery)
		return;
	if (stop)
		adapter_call(discovery, "StopDiscovery", NULL, NULL);
	g_cancellable_cancel(discovery->cancel);
	g_object_unref(discovery->cancel);
	g_source_destroy(discovery->renew);
	g_source_unref(discovery->renew);
	g_hash_table_unref(discovery->forgot);
	g_free(discovery);
}
