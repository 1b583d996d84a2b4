/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/drbg.h"
#include "crypto/hkdf.h"

void baton_drbg_init(struct baton_drbg *drbg,
		     const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	/* Not the seed itself: it may be in use elsewhere as a key. */
	baton_kdf(drbg->key, seed, "drbg");
	drbg->seeded = true;
}

void baton_drbg_stir(struct baton_drbg *drbg,
		     const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	baton_kdf_of(drbg->key, drbg->key, "drbg stir", seed,
		     BATON_DRBG_SEED_LEN);
}

void baton_drbg_bytes(struct baton_drbg *drbg, uint8_t *out, size_t len)
{
	uint8_t piece[BATON_CRYPTO_KEY_LEN];
	size_t n;

	while (len) {
		n = len < sizeof(piece) ? len : sizeof(piece);
		baton_kdf(piece, drbg->key, "drbg out");
		baton_kdf(drbg->key, drbg->key, "drbg next");
		memcpy(out, piece, n);
		out += n;
		len -= n;
	}
	baton_crypto_wipe(piece, sizeof(piece));
}

void baton_drbg_wipe(struct baton_drbg *drbg)
{
	baton_crypto_wipe(drbg, sizeof(*drbg));
}
