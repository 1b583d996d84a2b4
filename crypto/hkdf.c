/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "crypto/hkdf.h"

#define BLOCK_LEN 64

static void pad_hash(struct baton_crypto_sha256 *sha,
		     const uint8_t block[BLOCK_LEN], uint8_t pad)
{
	uint8_t padded[BLOCK_LEN];
	size_t i;

	for (i = 0; i < BLOCK_LEN; i++)
		padded[i] = block[i] ^ pad;
	baton_crypto_sha256_init(sha);
	baton_crypto_sha256_update(sha, padded, sizeof(padded));
	baton_crypto_wipe(padded, sizeof(padded));
}

void baton_hmac_key_init(struct baton_hmac_key *hmac, const uint8_t *key,
			 size_t key_len)
{
	struct baton_crypto_sha256 sha;
	uint8_t block[BLOCK_LEN] = {0};

	if (key_len > BLOCK_LEN) {
		baton_crypto_sha256_init(&sha);
		baton_crypto_sha256_update(&sha, key, key_len);
		baton_crypto_sha256_final(&sha, block);
		baton_crypto_wipe(&sha, sizeof(sha));
	} else if (key_len) {
		memcpy(block, key, key_len);
	}
	pad_hash(&hmac->inner, block, 0x36);
	pad_hash(&hmac->outer, block, 0x5c);
	baton_crypto_wipe(block, sizeof(block));
}

/* The outer hash, over what the inner one has seen; wipes inner. */
static void hmac_end(uint8_t out[BATON_CRYPTO_HASH_LEN],
		     const struct baton_hmac_key *hmac,
		     struct baton_crypto_sha256 *inner)
{
	uint8_t digest[BATON_CRYPTO_HASH_LEN];

	baton_crypto_sha256_final(inner, digest);
	*inner = hmac->outer;
	baton_crypto_sha256_update(inner, digest, sizeof(digest));
	baton_crypto_sha256_final(inner, out);
	baton_crypto_wipe(inner, sizeof(*inner));
	baton_crypto_wipe(digest, sizeof(digest));
}

void baton_hmac(uint8_t out[BATON_CRYPTO_HASH_LEN],
		const struct baton_hmac_key *hmac, const uint8_t *data,
		size_t data_len)
{
	struct baton_crypto_sha256 sha = hmac->inner;

	baton_crypto_sha256_update(&sha, data, data_len);
	hmac_end(out, hmac, &sha);
}

void baton_hkdf_extract(uint8_t prk[BATON_CRYPTO_HASH_LEN], const uint8_t *salt,
			size_t salt_len, const uint8_t *ikm, size_t ikm_len)
{
	struct baton_hmac_key hmac;

	/* Zero padding makes an empty salt and one of 32 zeros the same. */
	baton_hmac_key_init(&hmac, salt, salt_len);
	baton_hmac(prk, &hmac, ikm, ikm_len);
	baton_crypto_wipe(&hmac, sizeof(hmac));
}

enum baton_err baton_hkdf_expand(uint8_t *out, size_t out_len,
				 const uint8_t prk[BATON_CRYPTO_HASH_LEN],
				 const uint8_t *info, size_t info_len)
{
	struct baton_hmac_key hmac;
	struct baton_crypto_sha256 sha;
	uint8_t block[BATON_CRYPTO_HASH_LEN];
	uint8_t index = 0;
	size_t len;

	if (out_len > BATON_HKDF_MAX_LEN)
		return BATON_ERR_TOO_LARGE;
	baton_hmac_key_init(&hmac, prk, BATON_CRYPTO_HASH_LEN);
	while (out_len) {
		sha = hmac.inner;
		if (index)
			baton_crypto_sha256_update(&sha, block, sizeof(block));
		index++;
		baton_crypto_sha256_update(&sha, info, info_len);
		baton_crypto_sha256_update(&sha, &index, 1);
		hmac_end(block, &hmac, &sha);
		len = out_len < sizeof(block) ? out_len : sizeof(block);
		memcpy(out, block, len);
		out += len;
		out_len -= len;
	}
	baton_crypto_wipe(&hmac, sizeof(hmac));
	baton_crypto_wipe(block, sizeof(block));
	return BATON_OK;
}

void baton_hkdf_noise(uint8_t out1[BATON_CRYPTO_HASH_LEN], uint8_t *out2,
		      uint8_t *out3, const uint8_t ck[BATON_CRYPTO_HASH_LEN],
		      const uint8_t *ikm, size_t ikm_len)
{
	struct baton_hmac_key hmac;
	uint8_t block[BATON_CRYPTO_HASH_LEN + 1];

	baton_hmac_key_init(&hmac, ck, BATON_CRYPTO_HASH_LEN);
	baton_hmac(block, &hmac, ikm, ikm_len);
	baton_hmac_key_init(&hmac, block, BATON_CRYPTO_HASH_LEN);

	block[0] = 1;
	baton_hmac(block, &hmac, block, 1);
	memcpy(out1, block, BATON_CRYPTO_HASH_LEN);
	if (out2 || out3) {
		block[BATON_CRYPTO_HASH_LEN] = 2;
		baton_hmac(block, &hmac, block, sizeof(block));
	}
	if (out2)
		memcpy(out2, block, BATON_CRYPTO_HASH_LEN);
	if (out3) {
		block[BATON_CRYPTO_HASH_LEN] = 3;
		baton_hmac(out3, &hmac, block, sizeof(block));
	}
	baton_crypto_wipe(&hmac, sizeof(hmac));
	baton_crypto_wipe(block, sizeof(block));
}

void baton_kdf(uint8_t out[BATON_CRYPTO_KEY_LEN],
	       const uint8_t secret[BATON_CRYPTO_KEY_LEN], const char *name,
	       const uint8_t *ctx, size_t ctx_len)
{
	/* What is before the name, between it and ctx, and behind ctx. */
	static const uint8_t before[] = {'b', 'a', 't', 'o', 'n', ' '};
	static const uint8_t between[] = {' ', '1', 0};
	static const uint8_t one = 1;
	struct baton_hmac_key hmac;
	struct baton_crypto_sha256 sha;
	const char *end = name;

	while (*end)
		end++;
	baton_hmac_key_init(&hmac, secret, BATON_CRYPTO_KEY_LEN);
	/* HKDF-Expand of one block: T(1) = HMAC(secret, info || 1). */
	sha = hmac.inner;
	baton_crypto_sha256_update(&sha, before, sizeof(before));
	baton_crypto_sha256_update(&sha, (const uint8_t *)name,
				   (size_t)(end - name));
	baton_crypto_sha256_update(&sha, between, sizeof(between));
	baton_crypto_sha256_update(&sha, ctx, ctx_len);
	baton_crypto_sha256_update(&sha, &one, 1);
	hmac_end(out, &hmac, &sha);
	baton_crypto_wipe(&hmac, sizeof(hmac));
}
