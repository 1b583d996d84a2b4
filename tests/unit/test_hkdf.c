/* SPDX-License-Identifier: MIT */
#include "crypto/hkdf.h"
#include "tests/unit/crypto_test.h"

static void hmac_may_overwrite_what_it_reads(void **state)
{
	uint8_t key[32], data[32], want[32];

	(void)state;
	fill(key, sizeof(key), 0);
	fill(data, sizeof(data), 7);
	baton_hmac(want, key, sizeof(key), data, sizeof(data));
	baton_hmac(data, key, sizeof(key), data, sizeof(data));
	assert_memory_equal(data, want, sizeof(want));
	fill(data, sizeof(data), 7);
	baton_hmac(key, key, sizeof(key), data, sizeof(data));
	assert_memory_equal(key, want, sizeof(want));
}

/* Noise's HKDF is RFC 5869's with an empty info: its test case 3. */
static void noise_outputs_agree_with_rfc_5869(void **state)
{
	uint8_t ck[32] = {0}, ikm[22], out[2][32];

	(void)state;
	memset(ikm, 0x0b, sizeof(ikm));
	baton_hkdf_noise(out, 2, ck, ikm, sizeof(ikm));
	assert_hex(out[0], "8da4e775a563c18f715f802a063c5a31"
			   "b8a11f5c5ee1879ec3454e5f3c738d2d");
	assert_hex(out[1], "9d201395faa4b61a96c8");
}

/* RFC 5869: T(n) = HMAC(PRK, T(n - 1) || n), PRK = HMAC(salt, IKM). */
static void noise_outputs_are_as_many_as_asked_for(void **state)
{
	uint8_t ck[32], ikm[32], prk[32], block[33] = {0}, want[3][32];
	uint8_t out[4][32];
	uint8_t n, count;

	(void)state;
	fill(ck, sizeof(ck), 1);
	fill(ikm, sizeof(ikm), 2);
	baton_hmac(prk, ck, 32, ikm, 32);
	for (n = 0; n < 3; n++) {
		block[32] = (uint8_t)(n + 1);
		if (n == 0)
			baton_hmac(block, prk, 32, block + 32, 1);
		else
			baton_hmac(block, prk, 32, block, 33);
		memcpy(want[n], block, 32);
	}
	for (count = 1; count <= 3; count++) {
		memset(out, 0x55, sizeof(out));
		baton_hkdf_noise(out, count, ck, ikm, sizeof(ikm));
		assert_memory_equal(out, want, 32u * count);
		assert_int_equal(out[count][0], 0x55);
	}
}

static void noise_outputs_may_be_where_the_chaining_key_is(void **state)
{
	uint8_t want[2][32], out[2][32], ikm[32];

	(void)state;
	fill(out[0], 32, 1);
	fill(ikm, sizeof(ikm), 2);
	baton_hkdf_noise(want, 2, out[0], ikm, sizeof(ikm));
	baton_hkdf_noise(out, 2, out[0], ikm, sizeof(ikm));
	assert_memory_equal(out, want, sizeof(want));
}

static void kdf_is_an_expansion_of_label_zero_ctx(void **state)
{
	uint8_t secret[32], out[32], want[32];

	(void)state;
	fill(secret, sizeof(secret), 0);
	baton_kdf_of(out, secret, "test", (const uint8_t *)"ctx", 3);
	assert_hex(out, "1824cb8776f0357a30d00b481c83ba00"
			"f826ea77c8bc5e77e8e3e557b352b205");
	baton_hmac(want, secret, sizeof(secret), (const uint8_t *)"test\0ctx\1",
		   9);
	assert_memory_equal(out, want, sizeof(want));
	baton_kdf(secret, secret, "test");
	assert_hex(secret, "8635356bc4639270b0ae9beea4b44a28"
			   "fff747d1bb9d1817654fdfc155f69e96");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_may_overwrite_what_it_reads),
		cmocka_unit_test(noise_outputs_agree_with_rfc_5869),
		cmocka_unit_test(noise_outputs_are_as_many_as_asked_for),
		cmocka_unit_test(
			noise_outputs_may_be_where_the_chaining_key_is),
		cmocka_unit_test(kdf_is_an_expansion_of_label_zero_ctx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
