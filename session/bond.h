/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BOND_H
#define BATON_SESSION_BOND_H

/* What two paired devices keep of each other (session/SPEC.md 3). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/noise.h"
#include "session/config.h"
#include "session/ticket.h"

#define BATON_BOND_ID_LEN 8
#define BATON_BOND_LEN 170 /* as stored */
#define BATON_BOND_KEY_LEN 22 /* "bond/", 16 hex digits, 0 */

struct baton_bond {
	struct baton_ticket ticket; /* stored by itself */
	/* Stored, in this order; ss is made again, and not kept. */
	uint8_t id[BATON_BOND_ID_LEN];
	uint8_t tag_key[BATON_CRYPTO_KEY_LEN];
	struct baton_noise_keys keys;
	bool numbered; /* its peer has our numbering, and its limits hold */
	bool unannounced; /* PAIRED was never told of it */
};

/* Write a bond as it is stored, but for its ticket. */
void baton_bond_encode(const struct baton_bond *bond, enum baton_role role,
		       uint8_t out[BATON_BOND_LEN]);

/*
 * Read it again. BATON_ERR_ARG: not a bond of this role; then no secret of
 * it is left in bond.
 */
BATON_MUST_CHECK
enum baton_err baton_bond_decode(const uint8_t *p, size_t len,
				 enum baton_role role, struct baton_bond *bond);

/* The key in the store of what belongs to a bond: prefix has 5 letters. */
void baton_bond_key(const char *prefix, const uint8_t id[BATON_BOND_ID_LEN],
		    char out[BATON_BOND_KEY_LEN]);

#endif
