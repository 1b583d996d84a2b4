/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_HOST_H
#define BATON_GATT_HOST_H

#include <gio/gio.h>
#include <stdbool.h>

#include "gatt/bluez-dbus.h"

/*
 * This machine's Bluetooth: a connection of our own to the system bus,
 * bluetoothd on it, and one powered adapter. Calls to us from anyone but
 * bluetoothd are refused here, before any object of ours sees them.
 * Callbacks come from the main loop, and may free the host.
 */

#define BATON_BLUEZ "org.bluez"

struct baton_host_events {
	/* The adapter is there and on, for the first time or again. */
	void (*ready)(void *user);
	/* After ready: it is not; stack: with it went bluetoothd. */
	void (*gone)(void *user, bool stack);
	/* It cannot be had; one line for a person. Only free() may follow. */
	void (*failed)(void *user, const char *text);
	/* A device of the adapter appeared or changed, or, gone, went. */
	void (*device)(void *user, BatonBluezDevice1 *device, bool gone);
};

struct baton_host {
	GDBusConnection *bus;
	GDBusObjectManager *objects; /* NULL: no bluetoothd */
	char *adapter; /* the object path, while there is one */
	struct baton_host_private *priv;
};

/* adapter: "hci0", or NULL; copied. */
struct baton_host *baton_host_new(const char *adapter,
				  const struct baton_host_events *events,
				  void *user);

/* What BlueZ said, as one line; the caller frees it. */
char *baton_host_reason(const GError *error);

/*
 * The proxy for an interface ("Adapter1") of the object at path, or NULL;
 * the caller unrefs it.
 */
gpointer baton_host_proxy(struct baton_host *host, const char *path,
			  const char *interface);

/* Asks BlueZ to end a device's link; no answer is waited for. */
void baton_host_disconnect(struct baton_host *host, const char *device);

/* Sends what is still to be sent, and closes the connection. */
void baton_host_free(struct baton_host *host);

#endif
