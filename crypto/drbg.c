/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/drbg.h"
#include "crypto/hkdf.h"

/* What one key gives, beside the key that follows it. */
#define STEP_LEN 96

static const uint8_t out_label[] = "baton drbg out 1";

void baton_drbg_init(struct baton_drbg *drbg,
		     const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	/* Not the seed itself: it may be in use elsewhere as a key. */
	baton_kdf(drbg->key, seed, "baton drbg 1", NULL, 0);
	drbg->seeded = true;
}

void baton_drbg_stir(struct baton_drbg *drbg,
		     const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	baton_kdf(drbg->key, drbg->key, "baton drbg stir 1", seed,
		  BATON_DRBG_SEED_LEN);
}

enum baton_err baton_drbg_bytes(struct baton_drbg *drbg, uint8_t *out,
				size_t len)
{
	uint8_t step[BATON_CRYPTO_KEY_LEN + STEP_LEN];
	size_t n;

	if (!drbg->seeded)
		return BATON_ERR_RANDOM;
	while (len) {
		n = len < STEP_LEN ? len : STEP_LEN;
		/* Far below the one length that it refuses. */
		(void)!baton_hkdf_expand(step, BATON_CRYPTO_KEY_LEN + n,
					 drbg->key, out_label,
					 sizeof(out_label) - 1);
		memcpy(drbg->key, step, BATON_CRYPTO_KEY_LEN);
		memcpy(out, step + BATON_CRYPTO_KEY_LEN, n);
		out += n;
		len -= n;
	}
	baton_crypto_wipe(step, sizeof(step));
	return BATON_OK;
}

void baton_drbg_wipe(struct baton_drbg *drbg)
{
	baton_crypto_wipe(drbg, sizeof(*drbg));
}
