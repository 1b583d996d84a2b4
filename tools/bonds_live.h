/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BONDS_LIVE_H
#define BATON_TOOLS_BONDS_LIVE_H

#include "tools/bonds.h"
#include "tools/control.h"
#include "tools/runner.h"

/*
 * What `baton bonds` asks of a program that runs: the commands "bonds",
 * "bonds rename" ("which", "name"), "bonds revoke" ("which"), "bonds forgive".
 * A revoke is the engine's, so that the peer is told and no key is left; it is
 * answered when the store has deleted the bond: "id", and "linked", whether
 * the peer was at the other end of the link.
 */
struct baton_bonds_live;

/* All are used, not owned. */
struct baton_bonds_live *baton_bonds_live_new(struct baton_control *control,
					      struct baton_store *store,
					      struct baton_runner *runner);
/* NULL is allowed. */
void baton_bonds_live_free(struct baton_bonds_live *live);

/* A REVOKED of the endpoint. */
void baton_bonds_live_revoked(struct baton_bonds_live *live,
			      const struct baton_endpoint_event *event);

/* The store cannot be written, and the program ends: who waits is told. */
void baton_bonds_live_failed(struct baton_bonds_live *live);

#endif
