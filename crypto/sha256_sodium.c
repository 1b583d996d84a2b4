/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include <sodium.h>

#include "crypto/primitives.h"

static_assert(sizeof(crypto_hash_sha256_state) <=
		      sizeof(struct baton_crypto_sha256),
	      "libsodium's SHA-256 state outgrew the port's");
static_assert(_Alignof(crypto_hash_sha256_state) <=
		      _Alignof(struct baton_crypto_sha256),
	      "libsodium's SHA-256 state is aligned more strictly");

static crypto_hash_sha256_state *sha_state(struct baton_crypto_sha256 *sha)
{
	return (crypto_hash_sha256_state *)(void *)sha->opaque;
}

void baton_crypto_sha256_init(struct baton_crypto_sha256 *sha)
{
	(void)crypto_hash_sha256_init(sha_state(sha));
}

void baton_crypto_sha256_update(struct baton_crypto_sha256 *sha,
				const uint8_t *data, size_t len)
{
	if (len)
		(void)crypto_hash_sha256_update(sha_state(sha), data, len);
}

void baton_crypto_sha256_final(struct baton_crypto_sha256 *sha,
			       uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	(void)crypto_hash_sha256_final(sha_state(sha), out);
}

static_assert(sizeof(crypto_auth_hmacsha256_state) <=
		      sizeof(struct baton_crypto_hmac),
	      "libsodium's HMAC state outgrew the port's");

static crypto_auth_hmacsha256_state *hmac_state(struct baton_crypto_hmac *hmac)
{
	return (crypto_auth_hmacsha256_state *)(void *)hmac->opaque;
}

void baton_crypto_hmac_init(struct baton_crypto_hmac *hmac, const uint8_t *key,
			    size_t key_len)
{
	(void)crypto_auth_hmacsha256_init(hmac_state(hmac), key, key_len);
}

void baton_crypto_hmac_update(struct baton_crypto_hmac *hmac,
			      const uint8_t *data, size_t len)
{
	if (len)
		(void)crypto_auth_hmacsha256_update(hmac_state(hmac), data,
						    len);
}

void baton_crypto_hmac_final(struct baton_crypto_hmac *hmac,
			     uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	(void)crypto_auth_hmacsha256_final(hmac_state(hmac), out);
	sodium_memzero(hmac, sizeof(*hmac));
}
