/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <sodium.h>

#include "crypto/primitives.h"

/*
 * Everything works without it, but several times slower: it is what picks
 * the variants for this processor. Here, so that no program can forget it.
 */
__attribute__((constructor)) static void pick_variants(void)
{
	(void)!sodium_init();
}

enum baton_err baton_crypto_x25519(uint8_t out[BATON_CRYPTO_POINT_LEN],
				   const uint8_t scalar[BATON_CRYPTO_KEY_LEN],
				   const uint8_t point[BATON_CRYPTO_POINT_LEN])
{
	uint8_t result[BATON_CRYPTO_POINT_LEN] = {0};
	int fault;

	/*
	 * It refuses a point of small order before it multiplies, and result
	 * stays zero. No branch: the compiler cannot know that otherwise no
	 * product is.
	 */
	fault = crypto_scalarmult_curve25519(result, scalar, point);
	memcpy(out, result, sizeof(result));
	sodium_memzero(result, sizeof(result));
	return (enum baton_err)(fault & BATON_ERR_PEER_FORMAT);
}

void baton_crypto_x25519_base(uint8_t out[BATON_CRYPTO_POINT_LEN],
			      const uint8_t scalar[BATON_CRYPTO_KEY_LEN])
{
	uint8_t result[BATON_CRYPTO_POINT_LEN];

	(void)crypto_scalarmult_curve25519_base(result, scalar);
	memcpy(out, result, sizeof(result));
}

void baton_crypto_seal(uint8_t *out, const uint8_t *plain, size_t plain_len,
		       const uint8_t *ad, size_t ad_len,
		       const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
		       const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(
		out, NULL, plain, plain_len, ad, ad_len, NULL, nonce, key);
}

enum baton_err baton_crypto_open(uint8_t *out, const uint8_t *sealed,
				 size_t sealed_len, const uint8_t *ad,
				 size_t ad_len,
				 const uint8_t nonce[BATON_CRYPTO_NONCE_LEN],
				 const uint8_t key[BATON_CRYPTO_KEY_LEN])
{
	if (sealed_len < BATON_CRYPTO_TAG_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed,
						      sealed_len, ad, ad_len,
						      nonce, key))
		return BATON_ERR_PEER_AUTH;
	return BATON_OK;
}

bool baton_crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void baton_crypto_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}
