/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_REMOTE_H
#define BATON_GATT_REMOTE_H

#include <stdbool.h>

#include "gatt/bluez-dbus.h"

/* The service as the central sees it; references, or NULL. */
struct baton_remote {
	BatonBluezGattCharacteristic1 *in;
	BatonBluezGattCharacteristic1 *out;
	BatonBluezGattCharacteristic1 *bulk; /* NULL: not offered */
};

/*
 * Finds the service of the device at a path by its UUIDs: object paths are
 * others after each registration. False: not, or not all of it, there.
 * What remote held before is given up.
 */
bool baton_remote_find(struct baton_remote *remote, GDBusObjectManager *objects,
		       const char *device);

void baton_remote_clear(struct baton_remote *remote);

#endif
