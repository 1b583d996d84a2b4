/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_GATE_H
#define BATON_GATT_GATE_H

#include <gio/gio.h>
#include <stdbool.h>

/*
 * Through it goes all that passes between a host and the bus: who may call us,
 * and what must wait. GDBus's own thread calls the filter.
 */
struct baton_gate;

/* A busy machine; only one that hangs takes it. */
#define BATON_GATE_LEAVE_MS 10000

struct baton_gate *baton_gate_new(void);
void baton_gate_free(gpointer gate);

/* For g_dbus_connection_add_filter(), with the gate. */
GDBusMessage *baton_gate_filter(GDBusConnection *bus, GDBusMessage *message,
				gboolean incoming, gpointer gate);

/* The unique name of org.bluez, who alone may call us; NULL: nobody. */
void baton_gate_owner(struct baton_gate *gate, const char *owner);

/*
 * Between these nobody hears that bluetoothd goes or comes. load_end: true if
 * it did, or if it was missed before.
 */
void baton_gate_load_begin(struct baton_gate *gate);
void baton_gate_miss(struct baton_gate *gate);
bool baton_gate_load_end(struct baton_gate *gate);

/*
 * Wait until a notify socket that is asked for has come, and was closed, or
 * does not come any more.
 */
void baton_gate_leave(struct baton_gate *gate);

#endif
