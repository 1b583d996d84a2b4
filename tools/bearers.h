/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BEARERS_H
#define BATON_TOOLS_BEARERS_H

#include <glib.h>

#include "port/bearer.h"
#include "session/config.h"

/*
 * Check what --bearer says: sim:PATH, bluez or bluez:hciN. BATON_EXIT_USAGE:
 * no such bearer; BATON_EXIT_RADIO: not in this build.
 */
gboolean baton_bearer_check(const char *spec, GError **error);

/*
 * Make the bearer that was checked. peer: connect to this Bluetooth address
 * only, or NULL. BATON_EXIT_RADIO: it is not there.
 */
struct baton_bearer *baton_bearer_open(const char *spec, enum baton_role role,
				       const char *peer,
				       const struct baton_bearer_events *events,
				       void *user, GError **error);

#endif
