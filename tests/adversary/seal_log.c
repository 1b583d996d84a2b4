/* SPDX-License-Identifier: MIT */
#include "tests/adversary/seal_log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/primitives.h"
#include "tests/support/wrapped.h"

#define SLOTS (1u << 16) /* a power of two */

/* A pair as its hash; an empty slot is all zeros. */
static uint8_t seen[SLOTS][16];
static size_t count, repeated;

void seal_log_clear(void)
{
	memset(seen, 0, sizeof(seen));
	count = 0;
	repeated = 0;
}

size_t seal_log_count(void)
{
	return count;
}

size_t seal_log_repeated(void)
{
	return repeated;
}

static void note(const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
		 const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	static const uint8_t empty[16];
	struct baton_crypto_sha256 sha;
	uint8_t hash[BATON_CRYPTO_HASH_LEN];
	size_t at;

	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, key, BATON_CRYPTO_KEY_LEN);
	baton_crypto_sha256_update(&sha, nonce, BATON_CRYPTO_NONCE_LEN);
	baton_crypto_sha256_final(&sha, hash);
	if (++count > SLOTS / 2)
		abort();
	at = (size_t)(hash[16] << 8 | hash[17]) % SLOTS;
	while (memcmp(seen[at], empty, 16)) {
		if (!memcmp(seen[at], hash, 16)) {
			repeated++;
			return;
		}
		at = (at + 1) % SLOTS;
	}
	memcpy(seen[at], hash, 16);
}

WRAPPED(baton_crypto_seal);

void __wrap_baton_crypto_seal(uint8_t *out, const uint8_t *plain,
			      size_t plain_len, const uint8_t *ad,
			      size_t ad_len,
			      const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
			      const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	note(nonce, key);
	__real_baton_crypto_seal(out, plain, plain_len, ad, ad_len, nonce, key);
}
