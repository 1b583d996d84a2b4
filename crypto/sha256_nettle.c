/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include <nettle/hmac.h>
#include <nettle/sha2.h>

#include "crypto/primitives.h"

/*
 * Nettle uses the processor's SHA instructions, which libsodium does not, and
 * SHA-256 is nearly all that a handshake does beside its multiplications.
 */

static_assert(sizeof(struct sha256_ctx) <= sizeof(struct baton_crypto_sha256),
	      "Nettle's SHA-256 state outgrew the port's");
static_assert(_Alignof(struct sha256_ctx) <=
		      _Alignof(struct baton_crypto_sha256),
	      "Nettle's SHA-256 state is aligned more strictly");

static struct sha256_ctx *sha_state(struct baton_crypto_sha256 *sha)
{
	return (struct sha256_ctx *)(void *)sha->opaque;
}

void baton_crypto_sha256_init(struct baton_crypto_sha256 *sha)
{
	sha256_init(sha_state(sha));
}

void baton_crypto_sha256_update(struct baton_crypto_sha256 *sha,
				const uint8_t *data, size_t len)
{
	if (len)
		sha256_update(sha_state(sha), len, data);
}

void baton_crypto_sha256_final(struct baton_crypto_sha256 *sha,
			       uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	sha256_digest(sha_state(sha), BATON_CRYPTO_HASH_LEN, out);
}

static_assert(sizeof(struct hmac_sha256_ctx) <=
		      sizeof(struct baton_crypto_hmac),
	      "Nettle's HMAC state outgrew the port's");

static struct hmac_sha256_ctx *hmac_state(struct baton_crypto_hmac *hmac)
{
	return (struct hmac_sha256_ctx *)(void *)hmac->opaque;
}

/*
 * Nettle leaves the padded key below the stack pointer. A sanitizer would put
 * something of its own between.
 */
__attribute__((noinline, no_sanitize_address)) static void wipe_stack(void)
{
	uint8_t below[1024];

	baton_crypto_wipe(below, sizeof(below));
}

void baton_crypto_hmac_init(struct baton_crypto_hmac *hmac, const uint8_t *key,
			    size_t key_len)
{
	hmac_sha256_set_key(hmac_state(hmac), key_len, key);
	wipe_stack();
}

void baton_crypto_hmac_update(struct baton_crypto_hmac *hmac,
			      const uint8_t *data, size_t len)
{
	if (len)
		hmac_sha256_update(hmac_state(hmac), len, data);
}

void baton_crypto_hmac_final(struct baton_crypto_hmac *hmac,
			     uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	hmac_sha256_digest(hmac_state(hmac), BATON_CRYPTO_HASH_LEN, out);
	baton_crypto_wipe(hmac, sizeof(*hmac));
}
