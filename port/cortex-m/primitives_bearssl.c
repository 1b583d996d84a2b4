/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <bearssl.h>

#include "crypto/primitives.h"

/*
 * The primitives for a microcontroller, from BearSSL (MIT): portable C that is
 * small and runs in constant time where multiplying does. X25519 is the
 * Montgomery ladder for both uses, so there is no table for the base point.
 *
 * BATON_MUL_32 = 0 is for processors without a multiplication of 32 by 32 into
 * 64 bits (Cortex-M0, M0+, M1, M23) or with one whose time depends on what it
 * multiplies (Cortex-M3).
 */
#ifndef BATON_MUL_32
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_7M__) || \
	defined(__ARM_ARCH_8M_BASE__)
#define BATON_MUL_32 0
#else
#define BATON_MUL_32 1
#endif
#endif

#if BATON_MUL_32
#define CURVE br_ec_c25519_m31
#define CURVE_STACK 1024
#define AEAD br_poly1305_ctmul_run
#else
#define CURVE br_ec_c25519_m15
#define CURVE_STACK 1920
#define AEAD br_poly1305_ctmul32_run
#endif

/*
 * BearSSL leaves what it worked on below the stack pointer. These reach deeper
 * than its functions do on a Cortex-M, which trial.c checks there and
 * tests/unit/test_wiping.c elsewhere.
 */
#define AEAD_STACK 576
#define SHA256_STACK 480
#define HMAC_STACK 640

_Static_assert(sizeof(br_sha256_context) <= BATON_CRYPTO_SHA256_SIZE,
	       "the state of SHA-256 does not fit");

void baton_crypto_wipe(void *data, size_t len)
{
	memset(data, 0, len);
	/* Somebody may read it, as far as the compiler knows. */
	__asm__ volatile("" : : "r"(data) : "memory");
}

#define WIPE_STACK(name, size)                                  \
	__attribute__((noinline)) static void wipe_##name(void) \
	{                                                       \
		uint8_t below[size];                            \
                                                                \
		baton_crypto_wipe(below, sizeof(below));        \
	}

WIPE_STACK(curve, CURVE_STACK)
WIPE_STACK(aead, AEAD_STACK)
WIPE_STACK(sha256, SHA256_STACK)
WIPE_STACK(hmac, HMAC_STACK)

enum baton_err baton_crypto_x25519(uint8_t out[BATON_CRYPTO_POINT_LEN],
				   const uint8_t scalar[BATON_CRYPTO_KEY_LEN],
				   const uint8_t point[BATON_CRYPTO_POINT_LEN])
{
	uint8_t result[BATON_CRYPTO_POINT_LEN];
	uint8_t any = 0;
	size_t i;

	memcpy(result, point, sizeof(result));
	(void)CURVE.mul(result, sizeof(result), scalar, BATON_CRYPTO_KEY_LEN,
			BR_EC_curve25519);
	wipe_curve();
	for (i = 0; i < sizeof(result); i++)
		any |= result[i];
	memcpy(out, result, sizeof(result));
	baton_crypto_wipe(result, sizeof(result));
	return any ? BATON_OK : BATON_ERR_PEER_FORMAT;
}

void baton_crypto_x25519_base(uint8_t out[BATON_CRYPTO_POINT_LEN],
			      const uint8_t scalar[BATON_CRYPTO_KEY_LEN])
{
	static const uint8_t nine[BATON_CRYPTO_POINT_LEN] = {9};

	/* A multiple of 9 by a clamped scalar is never zero. */
	(void)!baton_crypto_x25519(out, scalar, nine);
}

void baton_crypto_seal(uint8_t *out, const uint8_t *plain, size_t plain_len,
		       const uint8_t *ad, size_t ad_len,
		       const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
		       const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	if (out != plain && plain_len > 0)
		memcpy(out, plain, plain_len);
	AEAD(key, nonce, out, plain_len, ad, ad_len, out + plain_len,
	     br_chacha20_ct_run, 1);
	wipe_aead();
}

enum baton_err baton_crypto_open(uint8_t *out, const uint8_t *sealed,
				 size_t sealed_len, const uint8_t *ad,
				 size_t ad_len,
				 const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
				 const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	uint8_t tag[BATON_CRYPTO_TAG_LEN];
	enum baton_err err = BATON_OK;
	size_t len;

	if (sealed_len < BATON_CRYPTO_TAG_LEN)
		return BATON_ERR_PEER_LENGTH;
	len = sealed_len - BATON_CRYPTO_TAG_LEN;
	if (out != sealed && len > 0)
		memcpy(out, sealed, len);
	AEAD(key, nonce, out, len, ad, ad_len, tag, br_chacha20_ct_run, 0);
	wipe_aead();
	if (!baton_crypto_equal(tag, sealed + len, sizeof(tag))) {
		if (len > 0)
			baton_crypto_wipe(out, len);
		err = BATON_ERR_PEER_AUTH;
	}
	/* The right tag of a forgery is as good as a key to it. */
	baton_crypto_wipe(tag, sizeof(tag));
	return err;
}

/*
 * The state goes to BearSSL as a copy: it has a type of its own, and the
 * compiler may assume that nobody else's pointer reaches it.
 */
void baton_crypto_sha256_init(struct baton_crypto_sha256 *sha)
{
	br_sha256_context context;

	br_sha256_init(&context);
	memcpy(sha->opaque, &context, sizeof(context));
}

void baton_crypto_sha256_update(struct baton_crypto_sha256 *sha,
				const uint8_t *data, size_t len)
{
	br_sha256_context context;

	if (len == 0)
		return;
	memcpy(&context, sha->opaque, sizeof(context));
	br_sha256_update(&context, data, len);
	wipe_sha256();
	memcpy(sha->opaque, &context, sizeof(context));
	baton_crypto_wipe(&context, sizeof(context));
}

void baton_crypto_sha256_final(struct baton_crypto_sha256 *sha,
			       uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	br_sha256_context context;

	memcpy(&context, sha->opaque, sizeof(context));
	br_sha256_out(&context, out);
	wipe_sha256();
	baton_crypto_wipe(&context, sizeof(context));
}

_Static_assert(sizeof(br_hmac_context) <= BATON_CRYPTO_HMAC_SIZE,
	       "the state of HMAC does not fit");

void baton_crypto_hmac_init(struct baton_crypto_hmac *hmac, const uint8_t *key,
			    size_t key_len)
{
	br_hmac_key_context ready;
	br_hmac_context context;

	br_hmac_key_init(&ready, &br_sha256_vtable, key, key_len);
	br_hmac_init(&context, &ready, 0);
	wipe_hmac();
	memcpy(hmac->opaque, &context, sizeof(context));
	baton_crypto_wipe(&ready, sizeof(ready));
	baton_crypto_wipe(&context, sizeof(context));
}

void baton_crypto_hmac_update(struct baton_crypto_hmac *hmac,
			      const uint8_t *data, size_t len)
{
	br_hmac_context context;

	if (len == 0)
		return;
	memcpy(&context, hmac->opaque, sizeof(context));
	br_hmac_update(&context, data, len);
	wipe_hmac();
	memcpy(hmac->opaque, &context, sizeof(context));
	baton_crypto_wipe(&context, sizeof(context));
}

void baton_crypto_hmac_final(struct baton_crypto_hmac *hmac,
			     uint8_t out[BATON_CRYPTO_HASH_LEN])
{
	br_hmac_context context;

	memcpy(&context, hmac->opaque, sizeof(context));
	(void)br_hmac_out(&context, out);
	wipe_hmac();
	baton_crypto_wipe(&context, sizeof(context));
	baton_crypto_wipe(hmac, sizeof(*hmac));
}

bool baton_crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	volatile uint8_t differ = 0;
	size_t i;

	for (i = 0; i < len; i++)
		differ = (uint8_t)(differ | (a[i] ^ b[i]));
	return differ == 0;
}
