/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BONDS_H
#define BATON_TOOLS_BONDS_H

#include <glib.h>

#include "port/linux/store.h"
#include "session/bond.h"
#include "session/config.h"

/*
 * What people know a bond by, beside the bond itself in the store: a name and
 * when it was made. Nothing of it is secret.
 */
#define BATON_BOND_NAME_MAX 40 /* bytes */

/* A bond was made just now with a peer; it gets a name until it has another. */
BATON_MUST_CHECK
enum baton_err baton_bonds_note(struct baton_store *store,
				const uint8_t id[BATON_BOND_ID_LEN],
				enum baton_role own);

/*
 * The bond that which names: the beginning of its id, or its whole name.
 * BATON_EXIT_USAGE: none, or several.
 */
gboolean baton_bonds_find(struct baton_store *store, const char *which,
			  uint8_t id[BATON_BOND_ID_LEN], GError **error);

/* `baton bonds`: list, rename, revoke, forgive. */
int baton_bonds_main(int argc, char **argv);

#endif
