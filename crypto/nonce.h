/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_NONCE_H
#define BATON_CRYPTO_NONCE_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/primitives.h"

/*
 * Noise's nonce for ChaChaPoly: four zeros, the counter in little endian, which
 * stays below 2^32 here.
 */
static inline void baton_nonce_set(uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
				   uint32_t counter)
{
	memset(nonce, 0, BATON_CRYPTO_NONCE_LEN);
	baton_store_le32(nonce + 4, counter);
}

#endif
