/* SPDX-License-Identifier: MIT */
#include "crypto/hkdf.h"

#include <string.h>

void baton_hmac(uint8_t out[BATON_CRYPTO_HASH_LEN], const uint8_t *key,
		size_t key_len, const uint8_t *data, size_t data_len)
{
	struct baton_crypto_hmac hmac;

	baton_crypto_hmac_init(&hmac, key, key_len);
	baton_crypto_hmac_update(&hmac, data, data_len);
	baton_crypto_hmac_final(&hmac, out);
}

void baton_hkdf_noise(uint8_t (*out)[BATON_CRYPTO_HASH_LEN], uint8_t count,
		      const uint8_t ck[BATON_CRYPTO_HASH_LEN],
		      const uint8_t *ikm, size_t ikm_len)
{
	uint8_t block[BATON_CRYPTO_HASH_LEN + 1];
	uint8_t prk[BATON_CRYPTO_HASH_LEN];
	uint8_t *index = block + BATON_CRYPTO_HASH_LEN;
	size_t before = 0; /* of the block, in what makes the next */

	baton_hmac(prk, ck, BATON_CRYPTO_HASH_LEN, ikm, ikm_len);
	for (*index = 1; *index <= count; ++*index) {
		baton_hmac(block, prk, sizeof(prk), index - before, before + 1);
		memcpy(out++, block, BATON_CRYPTO_HASH_LEN);
		before = BATON_CRYPTO_HASH_LEN;
	}
	baton_crypto_wipe(prk, sizeof(prk));
	baton_crypto_wipe(block, sizeof(block));
}

void baton_kdf_of(uint8_t out[BATON_CRYPTO_KEY_LEN],
		  const uint8_t secret[BATON_CRYPTO_KEY_LEN], const char *label,
		  const uint8_t *ctx, size_t ctx_len)
{
	/* HKDF-Expand of one block: T(1) = HMAC(secret, info || 1). */
	static const uint8_t one = 1;
	struct baton_crypto_hmac hmac;

	baton_crypto_hmac_init(&hmac, secret, BATON_CRYPTO_KEY_LEN);
	/* With its closing zero. */
	do
		baton_crypto_hmac_update(&hmac, (const uint8_t *)label, 1);
	while (*label++);
	baton_crypto_hmac_update(&hmac, ctx, ctx_len);
	baton_crypto_hmac_update(&hmac, &one, 1);
	baton_crypto_hmac_final(&hmac, out);
}

void baton_kdf(uint8_t out[BATON_CRYPTO_KEY_LEN],
	       const uint8_t secret[BATON_CRYPTO_KEY_LEN], const char *label)
{
	baton_kdf_of(out, secret, label, NULL, 0);
}
