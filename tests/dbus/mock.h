/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_DBUS_MOCK_H
#define BATON_TESTS_DBUS_MOCK_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "gatt/bluez-dbus.h"

/*
 * A bluetoothd without a radio, on a bus of its own, in the test's own main
 * loop: hci0 takes what a peripheral registers, and the test says what distant
 * phones do to it; hci1 shows a central one distant watch. With `loop` that
 * watch is the peripheral at hci0.
 */

#define MOCK_PHONE "/org/bluez/hci0/dev_PHONE"
#define MOCK_OTHER "/org/bluez/hci0/dev_OTHER"
#define MOCK_WATCH "/org/bluez/hci1/dev_WATCH"

struct mock_options {
	bool no_adapter;
	bool unpowered; /* and it cannot be switched on */
	bool blocked; /* the same, of hci0 only */
	bool no_sockets; /* AcquireWrite, AcquireNotify are not supported */
	bool no_service; /* the distant watch offers something else */
	bool hold_write; /* WriteValue is not answered: mock_answer() */
	bool bulk; /* the distant watch offers bulk */
	bool refuse_bulk; /* but answers the key with an error */
	bool loop;
	const uint8_t
		*advert; /* the distant watch shows this, not the service */
	bool remembered; /* the service, all the same, by BlueZ */
	unsigned int refuse_adverts; /* so often, at first */
	bool late_advert; /* the first is shown, but that is told too late */
	unsigned int refuse_apps; /* so often, at first */
	bool hold_notify; /* AcquireNotify waits for mock_give_notify() */
	unsigned int stale; /* the watch is to be forgotten so often */
	uint16_t mtu; /* 0: 517 */
};

struct mock {
	struct mock_options options;
	GDBusConnection *bus;
	GCancellable *cancel;
	guint name;
	int named;
	GDBusObjectManagerServer *objects;
	/* hci0 */
	char *app; /* unique name of who registered, or NULL */
	unsigned int apps; /* how often that was asked for */
	bool advertising;
	unsigned int adverts; /* how often that began */
	unsigned int adverts_refused;
	int notify_fd; /* from AcquireNotify, or -1 */
	int bulk_fd; /* from AcquireWrite, or -1 */
	unsigned int signals; /* values that came by PropertiesChanged */
	GBytes *signal; /* the last one */
	guint signal_watch;
	char *error; /* of the last call to the app, or NULL */
	/* hci1 */
	BatonBluezDevice1 *watch;
	bool discovering;
	bool narrow; /* for the service only */
	unsigned int connects;
	unsigned int generation; /* in the paths of the distant service */
	BatonBluezGattCharacteristic1 *out;
	int watch_notify_fd; /* what it writes, the central gets; or -1 */
	int watch_write_fd; /* what the central wrote; or -1 */
	GPtrArray *written; /* of GBytes: by WriteValue */
	GPtrArray *written_how; /* the types, "request" or "command" */
	GDBusMethodInvocation *held;
	guint pump;
	guint appearing; /* the distant service */
};

/* Runs the default main loop until condition, evaluated again and again. */
#define MOCK_UNTIL(condition)                                             \
	do {                                                              \
		gint64 mock_end = g_get_monotonic_time() + MOCK_LIMIT_US; \
		bool mock_met = (condition);                              \
		while (!mock_met && g_get_monotonic_time() < mock_end) {  \
			mock_iterate();                                   \
			mock_met = (condition);                           \
		}                                                         \
		assert_true(mock_met);                                    \
	} while (0)
#define MOCK_LIMIT_US (15 * G_USEC_PER_SEC)

void mock_iterate(void);

/* Runs the main loop for some time, to see that nothing happens. */
void mock_wait(unsigned int ms);

/*
 * Starts a private bus and makes it the system bus of this process; services: a
 * folder of what it can start, or NULL.
 */
void mock_bus_start(const char *services);
void mock_bus_stop(void);

struct mock *mock_new(const struct mock_options *options);
void mock_free(struct mock *mock); /* as if bluetoothd were killed */

/*
 * Switches hci0 off, as bluetoothd does before it ends in good order, or on
 * again: what was registered stays.
 */
void mock_off(struct mock *mock);
void mock_on(struct mock *mock);
void mock_unplug(struct mock *mock); /* hci0 */

/* The properties of the advert that hci0 has registered; the caller's. */
GVariant *mock_advert(struct mock *mock);

/* What distant phones do to hci0; device is MOCK_PHONE or another path. */
void mock_phone_connected(struct mock *mock, const char *device, bool yes);
void mock_phone_subscribe(struct mock *mock, const char *device);
void mock_phone_write(struct mock *mock, const char *device, const void *value,
		      size_t len);
void mock_phone_write_at(struct mock *mock, const char *device,
			 const void *value, size_t len, uint16_t offset);
/*
 * A burst to bulk, as bluetoothd does it: it asks for a socket with the first
 * value, and whatever comes until it has it is overwritten by the last.
 */
void mock_phone_bulk(struct mock *mock, const char *device,
		     const char *const *values);

/* A packet from a socket as text, or NULL if there is none; freed by caller. */
char *mock_packet(int fd);
bool mock_fd_is_hup(int fd);
unsigned int mock_fds(void); /* that this process has */

/* The distant watch at hci1. */
void mock_watch_heard(struct mock *mock, bool yes);
void mock_watch_show(struct mock *mock, const uint8_t *advert);
void mock_watch_disconnect(struct mock *mock);
void mock_watch_notify(struct mock *mock, const void *value, size_t len);
void mock_answer(struct mock *mock);
/* From any thread; the end that is not given is the caller's. */
int mock_give_notify(struct mock *mock);

#endif
