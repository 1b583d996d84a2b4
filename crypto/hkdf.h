/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_HKDF_H
#define BATON_CRYPTO_HKDF_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/primitives.h"

/*
 * HMAC-SHA256 (RFC 2104), HKDF (RFC 5869) in its two uses here, and the
 * labelled derivation of crypto/SPEC.md, "Derivation".
 */

/*
 * An HMAC key made ready: SHA-256 after the inner and the outer pad. Two
 * blocks are hashed once per key instead of once per use. Wipe it
 * (baton_crypto_wipe) like the key itself.
 */
struct baton_hmac_key {
	struct baton_crypto_sha256 inner;
	struct baton_crypto_sha256 outer;
};

/* key: key_len bytes, any length; more than 64 are hashed first. */
void baton_hmac_key_init(struct baton_hmac_key *hmac, const uint8_t *key,
			 size_t key_len);

/* out = HMAC(key, data). out may be data. */
void baton_hmac(uint8_t out[BATON_CRYPTO_HASH_LEN],
		const struct baton_hmac_key *hmac, const uint8_t *data,
		size_t data_len);

/* HKDF-Extract: prk = HMAC(salt, ikm). An empty salt is 32 zero bytes. */
void baton_hkdf_extract(uint8_t prk[BATON_CRYPTO_HASH_LEN], const uint8_t *salt,
			size_t salt_len, const uint8_t *ikm, size_t ikm_len);

/* The most that one expansion gives: 255 blocks. */
#define BATON_HKDF_MAX_LEN (255 * BATON_CRYPTO_HASH_LEN)

/*
 * HKDF-Expand: out_len bytes from prk under info. info must not overlap out.
 *
 * BATON_ERR_TOO_LARGE: out_len is above BATON_HKDF_MAX_LEN, nothing written.
 */
BATON_MUST_CHECK enum baton_err
baton_hkdf_expand(uint8_t *out, size_t out_len,
		  const uint8_t prk[BATON_CRYPTO_HASH_LEN], const uint8_t *info,
		  size_t info_len);

/*
 * HKDF as Noise has it (section 4.3): one to three outputs of 32 bytes from
 * a chaining key and ikm. out2 and out3 may be NULL where the output is not
 * wanted, and are then not computed. Any output may be ck or ikm.
 */
void baton_hkdf_noise(uint8_t out1[BATON_CRYPTO_HASH_LEN], uint8_t *out2,
		      uint8_t *out3, const uint8_t ck[BATON_CRYPTO_HASH_LEN],
		      const uint8_t *ikm, size_t ikm_len);

/*
 * Derive 32 bytes for one purpose: HKDF-Expand(secret, label || 0 || ctx).
 *
 * secret: 32 bytes that are already uniform. name: what the result is for; the
 * label is "baton <name> 1". ctx: ctx_len bytes that tell apart
 * several results of one label, NULL if 0. out may be secret.
 */
void baton_kdf(uint8_t out[BATON_CRYPTO_KEY_LEN],
	       const uint8_t secret[BATON_CRYPTO_KEY_LEN], const char *name,
	       const uint8_t *ctx, size_t ctx_len);

#endif
