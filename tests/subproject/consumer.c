/* SPDX-License-Identifier: MIT */
/* A program of somebody else that uses Baton through its public headers. */
#include <stdio.h>
#include <string.h>

#include <baton/base.h>
#include <baton/crypto.h>

int main(void)
{
	static const uint8_t key[BATON_CRYPTO_KEY_LEN] = {1};
	static const uint8_t nonce[BATON_CRYPTO_NONCE_LEN] = {2};
	uint8_t sealed[5 + BATON_CRYPTO_TAG_LEN];
	struct baton_crypto_sha256 sha;
	uint8_t hash[BATON_CRYPTO_HASH_LEN];
	uint8_t plain[5];
	enum baton_err err;

	baton_crypto_seal(sealed, (const uint8_t *)"baton", 5, NULL, 0, nonce,
			  key);
	err = baton_crypto_open(plain, sealed, sizeof(sealed), NULL, 0, nonce,
				key);
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, plain, sizeof(plain));
	baton_crypto_sha256_final(&sha, hash);
	puts(baton_err_text(err));
	return err != BATON_OK || memcmp(plain, "baton", 5) != 0;
}
