/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_CENTRAL_H
#define BATON_GATT_CENTRAL_H

#include "gatt/options.h"
#include "port/bearer.h"

/*
 * The phone's bearer: looks for adverts with the service, connects,
 * subscribes, and then the link is up(); after its end it looks again, with
 * a growing pause where that fails. Several watches in reach are tried in
 * turn. SPEC.md; what BlueZ makes difficult: DESIGN.md.
 *
 * The first PDU of a link is written alone: tx() answers BATON_ERR_AGAIN
 * until it has been answered, and writable() follows.
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
baton_gatt_central_new(const struct baton_gatt_options *options,
		       const struct baton_bearer_events *events, void *user);

#endif
