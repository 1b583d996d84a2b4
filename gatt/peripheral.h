/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_PERIPHERAL_H
#define BATON_GATT_PERIPHERAL_H

#include "gatt/options.h"
#include "port/bearer.h"

/*
 * The watch's bearer: registers the service and its advert with bluetoothd
 * and offers the link of one central at a time; the link is up() with that
 * central's first write. SPEC.md; what BlueZ makes difficult: DESIGN.md.
 *
 * @options  what to choose, or NULL; copied
 * @events   the callbacks; kept by reference until close()
 * @user     handed to every callback
 *
 * Uses the thread's default main context, whose loop must run; no callback
 * comes before it does. Without Bluetooth on the machine, failed() follows;
 * a bluetoothd that goes away later is waited for. Never returns NULL; the
 * caller ends it with close().
 */
struct baton_bearer *
baton_gatt_peripheral_new(const struct baton_gatt_options *options,
			  const struct baton_bearer_events *events, void *user);

#endif
