/* SPDX-License-Identifier: MIT */
#include "session/bond.h"

#include <string.h>

#define FORMAT 1
#define KEPT_AT 2 /* behind it and the role */
#define KEPT_LEN (BATON_BOND_LEN - KEPT_AT)

#define KEPT offsetof(struct baton_bond, id)

_Static_assert(offsetof(struct baton_bond, keys.ss) - KEPT == KEPT_LEN,
	       "what is stored of a bond stands in a row, as it is stored");

void baton_bond_encode(const struct baton_bond *bond, enum baton_role role,
		       uint8_t out[BATON_BOND_LEN])
{
	out[0] = FORMAT;
	out[1] = (uint8_t)role;
	memcpy(out + KEPT_AT, (const uint8_t *)bond + KEPT, KEPT_LEN);
}

enum baton_err baton_bond_decode(const uint8_t *p, size_t len,
				 enum baton_role role, struct baton_bond *bond)
{
	if (len != BATON_BOND_LEN || p[0] != FORMAT || p[1] != (uint8_t)role)
		return BATON_ERR_ARG;
	memset(bond, 0, sizeof(*bond));
	memcpy((uint8_t *)bond + KEPT, p + KEPT_AT, KEPT_LEN);
	if (baton_crypto_x25519(bond->keys.ss, bond->keys.s_priv,
				bond->keys.rs)) {
		baton_crypto_wipe(bond, sizeof(*bond));
		return BATON_ERR_ARG;
	}
	return BATON_OK;
}

void baton_bond_key(const char *prefix, const uint8_t id[BATON_BOND_ID_LEN],
		    char out[BATON_BOND_KEY_LEN])
{
	static const char digits[] = "0123456789abcdef";
	int i;

	memcpy(out, prefix, 5);
	for (i = 0; i < BATON_BOND_ID_LEN; i++) {
		out[5 + 2 * i] = digits[id[i] >> 4];
		out[6 + 2 * i] = digits[id[i] & 15];
	}
	out[BATON_BOND_KEY_LEN - 1] = '\0';
}
