/* SPDX-License-Identifier: MIT */
#include "crypto/advert.h"

#include <string.h>

#include "base/bytes.h"
#include "crypto/hkdf.h"

static const char nonce_label[] = "baton advert nonce 1";

static void make_tag(uint8_t mac[BATON_CRYPTO_HASH_LEN],
		     const uint8_t tag_key[BATON_CRYPTO_KEY_LEN],
		     const uint8_t nonce[BATON_ADVERT_NONCE_LEN])
{
	uint8_t key[BATON_CRYPTO_KEY_LEN];

	baton_kdf(key, tag_key, "advert");
	baton_hmac(mac, key, sizeof(key), nonce, BATON_ADVERT_NONCE_LEN);
	baton_crypto_wipe(key, sizeof(key));
}

/* A random order of the slots; all 24 are as likely, but for 2^-28. */
static void shuffle(uint8_t order[BATON_ADVERT_SLOTS], uint32_t random)
{
	uint8_t i, j, swapped;

	for (i = 0; i < BATON_ADVERT_SLOTS; i++)
		order[i] = i;
	for (i = BATON_ADVERT_SLOTS; i > 1; i--) {
		j = (uint8_t)(random % i);
		random /= i;
		swapped = order[j];
		order[j] = order[i - 1];
		order[i - 1] = swapped;
	}
}

enum baton_err baton_advert_make(uint8_t out[BATON_ADVERT_LEN],
				 struct baton_drbg *drbg,
				 const uint8_t *const *tag_keys, size_t count)
{
	/* All of the advert, so that no slot is ever left empty, and 4 more. */
	uint8_t random[BATON_ADVERT_LEN + 4];
	uint8_t order[BATON_ADVERT_SLOTS];
	uint8_t mac[BATON_CRYPTO_HASH_LEN];
	size_t i;

	if (count > BATON_ADVERT_SLOTS)
		return BATON_ERR_ARG;
	if (!baton_drbg_is_seeded(drbg))
		return BATON_ERR_RANDOM;
	baton_drbg_bytes(drbg, random, sizeof(random));
	memcpy(out, random, BATON_ADVERT_LEN);
	shuffle(order, baton_load_be32(random + BATON_ADVERT_LEN));
	for (i = 0; i < count; i++) {
		make_tag(mac, tag_keys[i], out);
		memcpy(out + BATON_ADVERT_NONCE_LEN +
			       (size_t)order[i] * BATON_ADVERT_TAG_LEN,
		       mac, BATON_ADVERT_TAG_LEN);
	}
	baton_crypto_wipe(mac, sizeof(mac));
	baton_crypto_wipe(random, sizeof(random));
	baton_crypto_wipe(order, sizeof(order));
	return BATON_OK;
}

bool baton_advert_match(const uint8_t advert[BATON_ADVERT_LEN],
			const uint8_t tag_key[BATON_CRYPTO_KEY_LEN])
{
	uint8_t mac[BATON_CRYPTO_HASH_LEN];
	bool found = false;
	size_t at;

	make_tag(mac, tag_key, advert);
	for (at = BATON_ADVERT_NONCE_LEN; at < BATON_ADVERT_LEN;
	     at += BATON_ADVERT_TAG_LEN)
		found |= baton_crypto_equal(mac, advert + at,
					    BATON_ADVERT_TAG_LEN);
	baton_crypto_wipe(mac, sizeof(mac));
	return found;
}

void baton_advert_nonce(uint8_t nonce[BATON_BOND_NONCE_LEN],
			const uint8_t advert[BATON_ADVERT_LEN])
{
	struct baton_crypto_sha256 sha;
	uint8_t hash[BATON_CRYPTO_HASH_LEN];

	/* The label goes in with its closing zero. */
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, (const uint8_t *)nonce_label,
				   sizeof(nonce_label));
	baton_crypto_sha256_update(&sha, advert, BATON_ADVERT_LEN);
	baton_crypto_sha256_final(&sha, hash);
	memcpy(nonce, hash, BATON_BOND_NONCE_LEN);
}
