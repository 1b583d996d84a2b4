/* SPDX-License-Identifier: MIT */
#include "crypto/primitives.h"
#include "tests/unit/crypto_test.h"

static void x25519_agrees_with_rfc_7748(void **state)
{
	/* Section 5.2: one and a thousand rounds of k, u = X25519(k, u), k. */
	uint8_t k[32] = {9}, u[32] = {9}, next[32];
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_ok(baton_crypto_x25519(next, k, u));
		memcpy(u, k, sizeof(u));
		memcpy(k, next, sizeof(k));
		if (i == 0)
			assert_hex(k, "422c8e7a6227d7bca1350b3e2bb7279f"
				      "7897b87bb6854b783c60e80311ae3079");
	}
	assert_hex(k, "684cf59ba83309552800ef566f2f4d3c"
		      "1c3887c49360e3875f2eb94d99532c51");
}

static void x25519_base_is_the_multiple_of_nine(void **state)
{
	static const uint8_t nine[32] = {9};
	uint8_t scalar[32], a[32], b[32];

	(void)state;
	fill(scalar, sizeof(scalar), 1);
	baton_crypto_x25519_base(a, scalar);
	assert_ok(baton_crypto_x25519(b, scalar, nine));
	assert_memory_equal(a, b, sizeof(a));
}

static void x25519_may_overwrite_what_it_reads(void **state)
{
	uint8_t scalar[32], point[32], out[32], buf[32];

	(void)state;
	fill(scalar, sizeof(scalar), 1);
	fill(point, sizeof(point), 9);
	assert_ok(baton_crypto_x25519(out, scalar, point));
	memcpy(buf, scalar, sizeof(buf));
	assert_ok(baton_crypto_x25519(buf, buf, point));
	assert_memory_equal(buf, out, sizeof(out));
	memcpy(buf, point, sizeof(buf));
	assert_ok(baton_crypto_x25519(buf, scalar, buf));
	assert_memory_equal(buf, out, sizeof(out));
}

static void x25519_refuses_points_of_small_order(void **state)
{
	/* 0, 1, p - 1, p, p + 1: their multiples of eight are zero. */
	static const uint8_t ends[][2] = {
		{0x00, 0x00}, {0x01, 0x00}, {0xec, 0x7f},
		{0xed, 0x7f}, {0xee, 0x7f},
	};
	uint8_t scalar[32], point[32], out[32];
	size_t i;

	(void)state;
	fill(scalar, sizeof(scalar), 1);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		memset(point, ends[i][1] ? 0xff : 0, sizeof(point));
		point[0] = ends[i][0];
		point[31] = ends[i][1];
		memset(out, 0x55, sizeof(out));
		assert_int_equal(baton_crypto_x25519(out, scalar, point),
				 BATON_ERR_PEER_FORMAT);
		assert_zero(out, sizeof(out));
	}
}

static void sealing_in_place_gives_the_same(void **state)
{
	uint8_t key[32], nonce[12], ad[5], plain[100], out[116], buf[116];
	size_t len;

	(void)state;
	fill(key, sizeof(key), 1);
	fill(nonce, sizeof(nonce), 2);
	fill(ad, sizeof(ad), 3);
	fill(plain, sizeof(plain), 4);
	for (len = 0; len <= sizeof(plain); len++) {
		baton_crypto_seal(out, plain, len, ad, sizeof(ad), nonce, key);
		memcpy(buf, plain, len);
		baton_crypto_seal(buf, buf, len, ad, sizeof(ad), nonce, key);
		assert_memory_equal(buf, out, len + 16);
		assert_ok(baton_crypto_open(buf, buf, len + 16, ad, sizeof(ad),
					    nonce, key));
		assert_memory_equal(buf, plain, len);
	}
}

static void open_refuses_every_changed_bit_and_shows_nothing(void **state)
{
	uint8_t key[32], nonce[12], ad[2], plain[8], sealed[24], out[8];
	uint8_t *const parts[] = {key, nonce, ad, sealed};
	const size_t lens[] = {sizeof(key), sizeof(nonce), sizeof(ad),
			       sizeof(sealed)};
	size_t part, bit;

	(void)state;
	fill(key, sizeof(key), 1);
	fill(nonce, sizeof(nonce), 2);
	fill(ad, sizeof(ad), 3);
	fill(plain, sizeof(plain), 4);
	baton_crypto_seal(sealed, plain, sizeof(plain), ad, sizeof(ad), nonce,
			  key);
	for (part = 0; part < 4; part++) {
		for (bit = 0; bit < 8 * lens[part]; bit++) {
			parts[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
			memset(out, 0, sizeof(out));
			assert_int_equal(
				baton_crypto_open(out, sealed, sizeof(sealed),
						  ad, sizeof(ad), nonce, key),
				BATON_ERR_PEER_AUTH);
			assert_zero(out, sizeof(out));
			parts[part][bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
	assert_ok(baton_crypto_open(out, sealed, sizeof(sealed), ad, sizeof(ad),
				    nonce, key));
}

static void open_refuses_what_is_shorter_than_a_tag(void **state)
{
	uint8_t key[32] = {0}, nonce[12] = {0}, sealed[15] = {0}, out[1];
	size_t len;

	(void)state;
	for (len = 0; len < 16; len++)
		assert_int_equal(baton_crypto_open(out, sealed, len, NULL, 0,
						   nonce, key),
				 BATON_ERR_PEER_LENGTH);
}

static void sha256_agrees_with_fips_180(void **state)
{
	struct baton_crypto_sha256 sha;
	uint8_t out[32], block[1000];
	int i;

	(void)state;
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, NULL, 0);
	baton_crypto_sha256_final(&sha, out);
	assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb924"
			"27ae41e4649b934ca495991b7852b855");
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, (const uint8_t *)"abc", 3);
	baton_crypto_sha256_final(&sha, out);
	assert_hex(out, "ba7816bf8f01cfea414140de5dae2223"
			"b00361a396177a9cb410ff61f20015ad");
	memset(block, 'a', sizeof(block));
	baton_crypto_sha256_init(&sha);
	for (i = 0; i < 1000; i++)
		baton_crypto_sha256_update(&sha, block, sizeof(block));
	baton_crypto_sha256_final(&sha, out);
	assert_hex(out, "cdc76e5c9914fb9281a1c7e284d73e67"
			"f1809a48a497200e046d39ccc7112cd0");
}

static void sha256_goes_on_from_a_copied_state(void **state)
{
	struct baton_crypto_sha256 sha, copy;
	uint8_t data[200], want[32], got[32];
	size_t at;

	(void)state;
	fill(data, sizeof(data), 7);
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, data, sizeof(data));
	baton_crypto_sha256_final(&sha, want);
	for (at = 0; at <= sizeof(data); at++) {
		baton_crypto_sha256_init(&sha);
		baton_crypto_sha256_update(&sha, data, at);
		copy = sha;
		baton_crypto_sha256_final(&sha, got);
		baton_crypto_sha256_update(&copy, data + at, sizeof(data) - at);
		baton_crypto_sha256_final(&copy, got);
		assert_memory_equal(got, want, sizeof(want));
	}
}

static void hmac(uint8_t out[32], const uint8_t *key, size_t key_len,
		 const char *data, size_t step)
{
	struct baton_crypto_hmac state;
	size_t len = strlen(data);
	size_t n;

	baton_crypto_hmac_init(&state, key, key_len);
	for (; len > 0; data += n, len -= n) {
		n = len < step ? len : step;
		baton_crypto_hmac_update(&state, (const uint8_t *)data, n);
		baton_crypto_hmac_update(&state, NULL, 0);
	}
	baton_crypto_hmac_final(&state, out);
	assert_zero(&state, sizeof(state));
}

static void hmac_agrees_with_rfc_4231(void **state)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - "
				   "Hash Key First";
	uint8_t key[131], out[32];
	size_t step;

	(void)state;
	for (step = 1; step < 80; step++) {
		memset(key, 0x0b, 20);
		hmac(out, key, 20, "Hi There", step);
		assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b"
				"881dc200c9833da726e9376c2e32cff7");
		hmac(out, (const uint8_t *)"Jefe", 4,
		     "what do ya want for nothing?", step);
		assert_hex(out, "5bdcc146bf60754e6a042426089575c7"
				"5a003f089d2739839dec58b964ec3843");
		memset(key, 0xaa, sizeof(key));
		hmac(out, key, sizeof(key), text, step);
		assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f"
				"8e0bc6213728c5140546040f0ee37f54");
	}
}

static void hmac_takes_keys_and_data_of_no_bytes(void **state)
{
	uint8_t zero[64] = {0}, out[32], padded[32];

	(void)state;
	hmac(out, zero, 0, "", 1);
	assert_hex(out, "b613679a0814d9ec772f95d778c35fc5"
			"ff1697c493715653c6c712144292c5ad");
	hmac(padded, zero, sizeof(zero), "", 1);
	assert_memory_equal(padded, out, sizeof(out));
}

static void equal_sees_every_bit_and_wipe_clears_no_more(void **state)
{
	uint8_t a[33], b[33];
	size_t bit;

	(void)state;
	fill(a, sizeof(a), 1);
	memcpy(b, a, sizeof(b));
	assert_true(baton_crypto_equal(a, b, 32));
	for (bit = 0; bit < 256; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(baton_crypto_equal(a, b, 32));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	baton_crypto_wipe(a, 32);
	assert_zero(a, 32);
	assert_int_equal(a[32], 33);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x25519_agrees_with_rfc_7748),
		cmocka_unit_test(x25519_base_is_the_multiple_of_nine),
		cmocka_unit_test(x25519_may_overwrite_what_it_reads),
		cmocka_unit_test(x25519_refuses_points_of_small_order),
		cmocka_unit_test(sealing_in_place_gives_the_same),
		cmocka_unit_test(
			open_refuses_every_changed_bit_and_shows_nothing),
		cmocka_unit_test(open_refuses_what_is_shorter_than_a_tag),
		cmocka_unit_test(sha256_agrees_with_fips_180),
		cmocka_unit_test(sha256_goes_on_from_a_copied_state),
		cmocka_unit_test(hmac_agrees_with_rfc_4231),
		cmocka_unit_test(hmac_takes_keys_and_data_of_no_bytes),
		cmocka_unit_test(equal_sees_every_bit_and_wipe_clears_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
