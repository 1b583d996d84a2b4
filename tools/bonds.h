/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BONDS_H
#define BATON_TOOLS_BONDS_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "port/linux/store.h"
#include "session/bond.h"
#include "session/config.h"

/*
 * What people know a bond by, beside the bond itself in the store: a name and
 * when it was made. Nothing of it is secret. BATON_EXIT_OUTPUT: the store
 * cannot be used.
 */
#define BATON_BOND_NAME_MAX 40 /* bytes */

/* A bond was made just now with a peer; it gets a name until it has another. */
BATON_MUST_CHECK
enum baton_err baton_bonds_note(struct baton_store *store,
				const uint8_t id[BATON_BOND_ID_LEN],
				enum baton_role own);

/* A bond is gone: its name goes, too. */
BATON_MUST_CHECK
enum baton_err baton_bonds_drop(struct baton_store *store,
				const uint8_t id[BATON_BOND_ID_LEN]);

/*
 * The bond that which names: the beginning of its id, or its whole name.
 * BATON_EXIT_USAGE: none, or several.
 */
gboolean baton_bonds_find(struct baton_store *store, const char *which,
			  uint8_t id[BATON_BOND_ID_LEN], GError **error);

/* As a person sees an id, NUL-terminated. */
#define BATON_BONDS_SHORT_LEN 9
void baton_bonds_short(const uint8_t id[BATON_BOND_ID_LEN],
		       char text[BATON_BONDS_SHORT_LEN]);

/*
 * All of them, as `baton bonds --json` prints it: "bonds", an array of objects
 * with "id", "name" and "made_s", and "tries". To be unreferenced.
 */
JsonObject *baton_bonds_list(struct baton_store *store, GError **error);

/* Call one by a name. BATON_EXIT_USAGE: it is none, or there is no such. */
gboolean baton_bonds_rename(struct baton_store *store, const char *which,
			    const char *name, GError **error);

/*
 * Delete a bond, its ticket and its name, in one step. What else is kept of it an
 * engine knows (bonds_apart.h); so does one that has loaded it (bonds_live.h).
 */
gboolean baton_bonds_delete(struct baton_store *store,
			    const uint8_t id[BATON_BOND_ID_LEN],
			    GError **error);

/* Let typed codes be tried again. */
gboolean baton_bonds_forgive(struct baton_store *store, GError **error);

#endif
