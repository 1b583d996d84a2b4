/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_NONCE_H
#define BATON_CRYPTO_NONCE_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/primitives.h"

/* Noise's nonce for ChaChaPoly: four zeros, the counter in little endian. */
static inline void baton_nonce_set(uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
				   uint64_t counter)
{
	memset(nonce, 0, 4);
	baton_store_le64(nonce + 4, counter);
}

#endif
