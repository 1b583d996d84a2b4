/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <sodium.h>

#include "crypto/primitives.h"

enum baton_err
baton_crypto_ristretto255(uint8_t out[BATON_CRYPTO_POINT_LEN],
			  const uint8_t scalar[BATON_CRYPTO_KEY_LEN],
			  const uint8_t point[BATON_CRYPTO_POINT_LEN])
{
	uint8_t result[BATON_CRYPTO_POINT_LEN] = {0};
	int fault;

	/* 0 or -1; where it is -1 result is or stays zero. */
	fault = crypto_scalarmult_ristretto255(result, scalar, point);
	memcpy(out, result, sizeof(result));
	sodium_memzero(result, sizeof(result));
	return (enum baton_err)(fault & BATON_ERR_PEER_FORMAT);
}

void baton_crypto_ristretto255_map(
	uint8_t out[BATON_CRYPTO_POINT_LEN],
	const uint8_t uniform[BATON_CRYPTO_SHA512_LEN])
{
	(void)crypto_core_ristretto255_from_hash(out, uniform);
}

void baton_crypto_sha512(uint8_t out[BATON_CRYPTO_SHA512_LEN],
			 const uint8_t *data, size_t len)
{
	(void)crypto_hash_sha512(out, data, len);
}
