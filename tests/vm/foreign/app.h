/* SPDX-License-Identifier: MIT */
/*
 * The D-Bus side of a bare peripheral: one service, one characteristic to
 * write, one that notifies, one advert. No test of who calls: in the guest
 * there is nobody else.
 */
#ifndef BATON_VM_APP_H
#define BATON_VM_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gio/gio.h>

struct app {
	/* Set by the caller, who keeps it all for the life of the program. */
	const char *service, *write, *notify; /* UUIDs */
	bool write_value; /* no AcquireWrite: a call per value */
	void (*take)(struct app *app, const uint8_t *value, size_t len);
	void (*subscribed)(struct app *app);

	/* Set here. */
	int notify_fd; /* -1 until somebody subscribes; never blocks */
	uint16_t mtu;
	GDBusConnection *bus;
	int write_fd;
	guint write_source;
};

/* Registers it all at an adapter ("hci0"); the program ends if BlueZ refuses.
 * Events come from GLib's main loop. */
void app_start(struct app *app, const char *adapter);

#endif
