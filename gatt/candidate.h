/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_CANDIDATE_H
#define BATON_GATT_CANDIDATE_H

/* Devices that BlueZ shows while a central looks for its watch. */

#include <stdbool.h>

#include "gatt/host.h"
#include "port/bearer.h"

/* True if the device shows a service of this UUID. */
bool baton_candidate_has(BatonBluezDevice1 *device, const char *uuid);

/*
 * True if the last that BlueZ heard of it was a private advert (crypto/SPEC.md
 * 12), which is copied. It may be an old one: BlueZ keeps what it has heard.
 */
bool baton_candidate_advert(BatonBluezDevice1 *device,
			    uint8_t advert[BATON_BEARER_ADVERT_LEN]);

/*
 * True if it was seen in this very scan of the host's adapter and may be one
 * that is looked for; peer is the address it must have, NULL for any.
 */
bool baton_candidate_seen(struct baton_host *host, const char *peer,
			  BatonBluezDevice1 *device);

/* End links that a program left behind when it ended: they hide the watch. */
void baton_candidate_end_leftovers(struct baton_host *host);

#endif
