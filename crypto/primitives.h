/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_PRIMITIVES_H
#define BATON_CRYPTO_PRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The primitives that the core stands on and does not bring: a port. On
 * Linux primitives_sodium.c implements them with libsodium; a firmware brings
 * its own, with an accelerator or without. The tests of this header
 * (tests/unit/test_primitives.c) run against any of them.
 *
 * No function keeps a pointer, allocates, or fails in any other way than the
 * one stated. All of them run in a time that does not depend on secrets.
 */

#define BATON_CRYPTO_KEY_LEN 32 /* AEAD and HMAC keys, private keys */
#define BATON_CRYPTO_POINT_LEN 32 /* public keys, results of X25519 */
#define BATON_CRYPTO_HASH_LEN 32 /* SHA-256 */
#define BATON_CRYPTO_NONCE_LEN 12 /* AEAD nonce, IETF */
#define BATON_CRYPTO_TAG_LEN 16 /* what sealing adds, bytes */

/*
 * X25519 (RFC 7748): out = scalar * point. scalar is clamped here, the top
 * bit of point is ignored. out may be scalar or point.
 *
 * BATON_ERR_PEER_FORMAT: the result is all zero, so point has a small order
 * and came from no honest peer; out is zero. Drop what carried it.
 */
BATON_MUST_CHECK enum baton_err
baton_crypto_x25519(uint8_t out[BATON_CRYPTO_POINT_LEN],
		    const uint8_t scalar[BATON_CRYPTO_KEY_LEN],
		    const uint8_t point[BATON_CRYPTO_POINT_LEN]);

/* The public key of a private one: out = scalar * 9. Cannot fail. */
void baton_crypto_x25519_base(uint8_t out[BATON_CRYPTO_POINT_LEN],
			      const uint8_t scalar[BATON_CRYPTO_KEY_LEN]);

/*
 * ChaCha20-Poly1305 (RFC 8439): seal plain_len bytes and append the tag.
 *
 * out: room for plain_len + BATON_CRYPTO_TAG_LEN; may be plain (in place),
 * must not overlap it otherwise. ad: ad_len bytes that are authenticated but
 * not in out, NULL if ad_len is 0. A nonce is never used twice with a key.
 */
void baton_crypto_seal(uint8_t *out, const uint8_t *plain, size_t plain_len,
		       const uint8_t *ad, size_t ad_len,
		       const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
		       const uint8_t key[BATON_CRYPTO_KEY_LEN]);

/*
 * The reverse: check and open sealed_len bytes, tag included.
 *
 * out: room for sealed_len - BATON_CRYPTO_TAG_LEN; may be sealed (in place),
 * must not overlap it otherwise.
 *
 * BATON_ERR_PEER_LENGTH: shorter than a tag, nothing was touched.
 * BATON_ERR_PEER_AUTH: forged, damaged, or another key, nonce or ad. out then
 * holds nothing of the plaintext, and in place the input is lost.
 */
BATON_MUST_CHECK enum baton_err
baton_crypto_open(uint8_t *out, const uint8_t *sealed, size_t sealed_len,
		  const uint8_t *ad, size_t ad_len,
		  const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
		  const uint8_t key[BATON_CRYPTO_KEY_LEN]);

/*
 * SHA-256 in steps. The state is the port's business; its size is fixed so
 * that callers can own it. A state that saw secrets is wiped by its owner.
 */
#define BATON_CRYPTO_SHA256_SIZE 112

struct baton_crypto_sha256 {
	uint64_t opaque[BATON_CRYPTO_SHA256_SIZE / sizeof(uint64_t)];
};

void baton_crypto_sha256_init(struct baton_crypto_sha256 *sha);

/* data may be NULL if len is 0. */
void baton_crypto_sha256_update(struct baton_crypto_sha256 *sha,
				const uint8_t *data, size_t len);

/* The state is used up: it must be set again before its next use. */
void baton_crypto_sha256_final(struct baton_crypto_sha256 *sha,
			       uint8_t out[BATON_CRYPTO_HASH_LEN]);

/*
 * HMAC-SHA256 (RFC 2104) in steps; the state is the caller's, as above.
 *
 * key: key_len bytes, any length; it is not needed any more afterwards.
 */
#define BATON_CRYPTO_HMAC_SIZE 336

struct baton_crypto_hmac {
	uint64_t opaque[BATON_CRYPTO_HMAC_SIZE / sizeof(uint64_t)];
};

void baton_crypto_hmac_init(struct baton_crypto_hmac *hmac, const uint8_t *key,
			    size_t key_len);

/* data may be NULL if len is 0. */
void baton_crypto_hmac_update(struct baton_crypto_hmac *hmac,
			      const uint8_t *data, size_t len);

/* out may be what the key or the data were. The state is wiped. */
void baton_crypto_hmac_final(struct baton_crypto_hmac *hmac,
			     uint8_t out[BATON_CRYPTO_HASH_LEN]);

/*
 * What pairing by a typed code needs besides (crypto/cpace.h), and nothing
 * else does: a port without these simply does not offer that method.
 *
 * ristretto255 (RFC 9496): out = scalar * point, both little endian; of the
 * scalar the lower 255 bits count, which are not clamped. out may be scalar
 * or point.
 *
 * BATON_ERR_PEER_FORMAT: point is no canonical encoding, or the result is the
 * neutral element; out is zero. Drop what carried it.
 */
#define BATON_CRYPTO_SHA512_LEN 64

BATON_MUST_CHECK enum baton_err
baton_crypto_ristretto255(uint8_t out[BATON_CRYPTO_POINT_LEN],
			  const uint8_t scalar[BATON_CRYPTO_KEY_LEN],
			  const uint8_t point[BATON_CRYPTO_POINT_LEN]);

/* The element that 64 uniform bytes stand for (RFC 9496, 4.3.4). */
void baton_crypto_ristretto255_map(
	uint8_t out[BATON_CRYPTO_POINT_LEN],
	const uint8_t uniform[BATON_CRYPTO_SHA512_LEN]);

/* SHA-512 (FIPS 180-4) of len bytes, in one step. */
void baton_crypto_sha512(uint8_t out[BATON_CRYPTO_SHA512_LEN],
			 const uint8_t *data, size_t len);

/* True if the len bytes are the same, in a time that does not tell where. */
BATON_MUST_CHECK bool baton_crypto_equal(const uint8_t *a, const uint8_t *b,
					 size_t len);

/* Overwrite len bytes with zero; never optimised away. */
void baton_crypto_wipe(void *data, size_t len);

#endif
