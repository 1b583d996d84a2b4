/* SPDX-License-Identifier: MIT */
#include "gatt/gate.h"

#include <stdbool.h>

#include "gatt/host.h"

/* GDBus's own thread has it, too. */
struct baton_gate {
	GMutex lock;
	char *owner; /* unique name of org.bluez, who may call us; or NULL */
	guint32 asked; /* serial of an AcquireNotify without answer; 0: none */
	gint64 asked_us;
	bool leaving; /* nobody takes its answer */
	GCond answered;
	bool loading; /* bluetoothd's objects, in a thread of GLib's */
	bool missed; /* it went or came meanwhile */
};

struct baton_gate *baton_gate_new(void)
{
	struct baton_gate *gate = g_new0(struct baton_gate, 1);

	g_mutex_init(&gate->lock);
	g_cond_init(&gate->answered);
	return gate;
}

/* False: the caller takes it no further. */
static bool may_call(struct baton_gate *gate, GDBusConnection *bus,
		     GDBusMessage *message)
{
	GDBusMessage *answer;

	if (gate->owner &&
	    !g_strcmp0(g_dbus_message_get_sender(message), gate->owner))
		return true;
	if (!(g_dbus_message_get_flags(message) &
	      G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)) {
		answer = g_dbus_message_new_method_error_literal(
			message, "org.freedesktop.DBus.Error.AccessDenied",
			"only org.bluez may call this");
		g_dbus_connection_send_message(bus, answer,
					       G_DBUS_SEND_MESSAGE_FLAGS_NONE,
					       NULL, NULL);
		g_object_unref(answer);
	}
	return false;
}

static void note_asked(struct baton_gate *gate, GDBusMessage *message)
{
	if (g_strcmp0(g_dbus_message_get_member(message), "AcquireNotify"))
		return;
	gate->asked = g_dbus_message_get_serial(message);
	gate->asked_us = g_get_monotonic_time();
}

/* False: it is the answer to what we ask no more, and ends with its socket. */
static bool note_answered(struct baton_gate *gate, GDBusMessage *message)
{
	if (!gate->asked ||
	    g_dbus_message_get_reply_serial(message) != gate->asked)
		return true;
	gate->asked = 0;
	g_cond_signal(&gate->answered);
	return !gate->leaving;
}

/*
 * GLib 2.74 uses freed memory where bluetoothd goes while a thread of GLib reads
 * its objects: it hears of that when the thread is done.
 */
static bool may_tell(struct baton_gate *gate, GDBusMessage *message)
{
	if (!gate->loading ||
	    g_strcmp0(g_dbus_message_get_member(message), "NameOwnerChanged") ||
	    g_strcmp0(g_dbus_message_get_arg0(message), BATON_BLUEZ))
		return true;
	gate->missed = true;
	return false;
}

GDBusMessage *baton_gate_filter(GDBusConnection *bus, GDBusMessage *message,
				gboolean incoming, gpointer data)
{
	GDBusMessageType type = g_dbus_message_get_message_type(message);
	bool call = type == G_DBUS_MESSAGE_TYPE_METHOD_CALL;
	struct baton_gate *gate = data;
	bool passes = true;

	g_mutex_lock(&gate->lock);
	if (type == G_DBUS_MESSAGE_TYPE_SIGNAL)
		passes = !incoming || may_tell(gate, message);
	else if (incoming)
		passes = call ? may_call(gate, bus, message)
			      : note_answered(gate, message);
	else if (call)
		note_asked(gate, message);
	g_mutex_unlock(&gate->lock);
	if (passes)
		return message;
	g_object_unref(message);
	return NULL;
}

void baton_gate_owner(struct baton_gate *gate, const char *owner)
{
	g_mutex_lock(&gate->lock);
	g_free(gate->owner);
	gate->owner = g_strdup(owner);
	g_mutex_unlock(&gate->lock);
}

void baton_gate_load_begin(struct baton_gate *gate)
{
	g_mutex_lock(&gate->lock);
	gate->loading = true;
	gate->missed = false;
	g_mutex_unlock(&gate->lock);
}

bool baton_gate_load_end(struct baton_gate *gate)
{
	bool missed;

	g_mutex_lock(&gate->lock);
	gate->loading = false;
	missed = gate->missed;
	g_mutex_unlock(&gate->lock);
	return missed;
}

void baton_gate_free(gpointer data)
{
	struct baton_gate *gate = data;

	g_mutex_clear(&gate->lock);
	g_cond_clear(&gate->answered);
	g_free(gate->owner);
	g_free(gate);
}

void baton_gate_miss(struct baton_gate *gate)
{
	g_mutex_lock(&gate->lock);
	gate->missed = true;
	g_mutex_unlock(&gate->lock);
}

void baton_gate_leave(struct baton_gate *gate)
{
	g_mutex_lock(&gate->lock);
	gate->leaving = true;
	while (gate->asked &&
	       g_cond_wait_until(&gate->answered, &gate->lock,
				 gate->asked_us + BATON_GATE_LEAVE_MS * 1000))
		;
	g_mutex_unlock(&gate->lock);
}
