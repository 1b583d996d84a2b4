/* SPDX-License-Identifier: MIT */
#include "crypto/hkdf.h"
#include "tests/unit/crypto_test.h"

static void hmac_agrees_with_rfc_4231(void **state)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - "
				   "Hash Key First";
	struct baton_hmac_key hmac;
	uint8_t key[131], out[32];

	(void)state;
	memset(key, 0x0b, 20);
	baton_hmac_key_init(&hmac, key, 20);
	baton_hmac(out, &hmac, (const uint8_t *)"Hi There", 8);
	assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b"
			"881dc200c9833da726e9376c2e32cff7");
	memset(key, 0xaa, sizeof(key));
	baton_hmac_key_init(&hmac, key, sizeof(key));
	baton_hmac(out, &hmac, (const uint8_t *)text, strlen(text));
	assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f"
			"8e0bc6213728c5140546040f0ee37f54");
}

static void a_key_made_ready_serves_many_times(void **state)
{
	struct baton_hmac_key hmac;
	uint8_t key[32], first[32], again[32];

	(void)state;
	fill(key, sizeof(key), 0);
	baton_hmac_key_init(&hmac, key, sizeof(key));
	baton_hmac(first, &hmac, key, sizeof(key));
	baton_hmac(again, &hmac, key, 5);
	assert_memory_not_equal(again, first, sizeof(first));
	memcpy(again, key, sizeof(again));
	baton_hmac(again, &hmac, again, sizeof(again));
	assert_memory_equal(again, first, sizeof(first));
}

static void hkdf_agrees_with_rfc_5869(void **state)
{
	uint8_t ikm[22], salt[13], info[10], prk[32], okm[42];

	(void)state;
	memset(ikm, 0x0b, sizeof(ikm));
	fill(salt, sizeof(salt), 0);
	fill(info, sizeof(info), 0xf0);
	baton_hkdf_extract(prk, salt, sizeof(salt), ikm, sizeof(ikm));
	assert_hex(prk, "077709362c2e32df0ddc3f0dc47bba63"
			"90b6c73bb50f9c3122ec844ad7c2b3e5");
	assert_ok(baton_hkdf_expand(okm, sizeof(okm), prk, info, sizeof(info)));
	assert_hex(okm, "3cb25f25faacd57a90434f64d0362f2a"
			"2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
			"34007208d5b887185865");
}

static void hkdf_expand_stops_at_255_blocks(void **state)
{
	static uint8_t okm[BATON_HKDF_MAX_LEN + 1];
	uint8_t prk[32] = {0};

	(void)state;
	memset(okm, 0x55, sizeof(okm));
	assert_int_equal(baton_hkdf_expand(okm, sizeof(okm), prk, NULL, 0),
			 BATON_ERR_TOO_LARGE);
	assert_int_equal(okm[0], 0x55);
	assert_ok(baton_hkdf_expand(okm, BATON_HKDF_MAX_LEN, prk, NULL, 0));
	assert_int_equal(okm[BATON_HKDF_MAX_LEN], 0x55);
}

/* Noise's HKDF is RFC 5869's with an empty info. */
static void noise_outputs_are_the_blocks_of_one_expansion(void **state)
{
	uint8_t ck[32], ikm[32], prk[32], okm[96], out[96];

	(void)state;
	fill(ck, sizeof(ck), 1);
	fill(ikm, sizeof(ikm), 2);
	baton_hkdf_extract(prk, ck, sizeof(ck), ikm, sizeof(ikm));
	assert_ok(baton_hkdf_expand(okm, sizeof(okm), prk, NULL, 0));
	baton_hkdf_noise(out, out + 32, out + 64, ck, ikm, sizeof(ikm));
	assert_memory_equal(out, okm, 96);
	memset(out, 0, sizeof(out));
	baton_hkdf_noise(out, out + 32, NULL, ck, ikm, sizeof(ikm));
	assert_memory_equal(out, okm, 64);
	memset(out, 0, sizeof(out));
	baton_hkdf_noise(out, NULL, out + 64, ck, ikm, sizeof(ikm));
	assert_memory_equal(out, okm, 32);
	assert_memory_equal(out + 64, okm + 64, 32);
	baton_hkdf_noise(ck, NULL, NULL, ck, ikm, sizeof(ikm));
	assert_memory_equal(ck, okm, 32);
}

static void kdf_is_an_expansion_of_label_zero_ctx(void **state)
{
	uint8_t secret[32], out[32], want[32];

	(void)state;
	fill(secret, sizeof(secret), 0);
	baton_kdf(out, secret, "test", (const uint8_t *)"ctx", 3);
	assert_hex(out, "2d2614b4f845dd0989c20884a3addfdb"
			"8a02c70b90d4a8ec7280db39fe689c0a");
	assert_ok(baton_hkdf_expand(want, sizeof(want), secret,
				    (const uint8_t *)"baton test 1\0ctx", 16));
	assert_memory_equal(out, want, sizeof(want));
	baton_kdf(secret, secret, "test", NULL, 0);
	assert_hex(secret, "9bc29bc53918c33c5f01a4ed5bfddd95"
			   "6ba8f3574305a33294ea165c3e2e9415");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_agrees_with_rfc_4231),
		cmocka_unit_test(a_key_made_ready_serves_many_times),
		cmocka_unit_test(hkdf_agrees_with_rfc_5869),
		cmocka_unit_test(hkdf_expand_stops_at_255_blocks),
		cmocka_unit_test(noise_outputs_are_the_blocks_of_one_expansion),
		cmocka_unit_test(kdf_is_an_expansion_of_label_zero_ctx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
