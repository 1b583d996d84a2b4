/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BEARER_AIR_H
#define BATON_TOOLS_BEARER_AIR_H

#include <glib.h>

#include "port/bearer.h"
#include "session/config.h"

/*
 * A bearer over the simulated radio that `baton air PATH` runs
 * (tools/air_wire.h). NULL and BATON_EXIT_RADIO: there is none at path. One
 * that goes away later is waited for. events and user are kept until close().
 * Uses the default main context.
 */
struct baton_bearer *
baton_bearer_air_new(const char *path, enum baton_role role,
		     const struct baton_bearer_events *events, void *user,
		     GError **error);

/* Connect a packet socket to path; -1 with errno. */
int baton_air_connect(const char *path);

#endif
