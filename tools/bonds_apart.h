/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BONDS_APART_H
#define BATON_TOOLS_BONDS_APART_H

#include "tools/bonds.h"

/*
 * Revoke a bond in a store that no program has: with an engine, which knows
 * what else is kept of it, and with what there is of files that were coming.
 * Of a bond that no engine can read its keys are deleted. BATON_EXIT_OUTPUT.
 */
gboolean baton_bonds_revoke_apart(struct baton_store *store,
				  const uint8_t id[BATON_BOND_ID_LEN],
				  GError **error);

#endif
