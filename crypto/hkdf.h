/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_HKDF_H
#define BATON_CRYPTO_HKDF_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/primitives.h"

/*
 * HMAC-SHA256 in one step, HKDF (RFC 5869) as Noise has it, and the labelled
 * derivation of crypto/SPEC.md, "Derivation".
 */

/* out = HMAC(key, data). key: key_len bytes, any length. out may be either. */
void baton_hmac(uint8_t out[BATON_CRYPTO_HASH_LEN], const uint8_t *key,
		size_t key_len, const uint8_t *data, size_t data_len);

/*
 * HKDF as Noise has it (section 4.3): count outputs, 1 to 3, from a chaining
 * key and ikm; out may be where these are.
 */
void baton_hkdf_noise(uint8_t (*out)[BATON_CRYPTO_HASH_LEN], uint8_t count,
		      const uint8_t ck[BATON_CRYPTO_HASH_LEN],
		      const uint8_t *ikm, size_t ikm_len);

/*
 * Derive 32 bytes for one purpose: HKDF-Expand(secret, label || 0 || ctx).
 *
 * secret: 32 bytes that are already uniform. label: what the result is for.
 * ctx: ctx_len bytes that tell apart several results of one label, NULL if 0.
 * out may be secret.
 */
void baton_kdf_of(uint8_t out[BATON_CRYPTO_KEY_LEN],
		  const uint8_t secret[BATON_CRYPTO_KEY_LEN], const char *label,
		  const uint8_t *ctx, size_t ctx_len);

/* The same without a ctx. */
void baton_kdf(uint8_t out[BATON_CRYPTO_KEY_LEN],
	       const uint8_t secret[BATON_CRYPTO_KEY_LEN], const char *label);

#endif
