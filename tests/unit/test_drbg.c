/* SPDX-License-Identifier: MIT */
#include "crypto/drbg.h"
#include "tests/unit/crypto_test.h"

static void the_bytes_are_those_of_the_specification(void **state)
{
	struct baton_crypto_sha256 sha;
	struct baton_drbg drbg;
	uint8_t seed[32], out[100];

	(void)state;
	fill(seed, sizeof(seed), 0);
	baton_drbg_init(&drbg, seed);
	baton_drbg_bytes(&drbg, out, sizeof(out));
	baton_crypto_sha256_init(&sha);
	baton_crypto_sha256_update(&sha, out, sizeof(out));
	baton_crypto_sha256_final(&sha, out);
	assert_hex(out, "8291af943ea3bdf6f2842e7a5e6d231c"
			"51998243ab4829217c20a9b450be316a");
	fill(seed, sizeof(seed), 0x40);
	baton_drbg_stir(&drbg, seed);
	baton_drbg_bytes(&drbg, out, 32);
	assert_hex(out, "77cd923d453d894b0e009135e21565d9"
			"af693f7219fd009835c5584df2a7f61e");
}

static void it_is_known_whether_a_generator_is_seeded(void **state)
{
	const uint8_t seed[32] = {0};
	struct baton_drbg drbg;

	(void)state;
	memset(&drbg, 0, sizeof(drbg));
	assert_false(baton_drbg_is_seeded(&drbg));
	baton_drbg_stir(&drbg, seed);
	assert_false(baton_drbg_is_seeded(&drbg));
	baton_drbg_init(&drbg, seed);
	assert_true(baton_drbg_is_seeded(&drbg));
	baton_drbg_wipe(&drbg);
	assert_zero(&drbg, sizeof(drbg));
	assert_false(baton_drbg_is_seeded(&drbg));
}

/* Who reads the state after an output must not find it or its key there. */
static void the_key_of_an_output_is_gone_after_it(void **state)
{
	struct baton_drbg drbg, before;
	uint8_t seed[32] = {1}, out[32];

	(void)state;
	baton_drbg_init(&drbg, seed);
	before = drbg;
	baton_drbg_bytes(&drbg, out, sizeof(out));
	assert_memory_not_equal(drbg.key, before.key, 32);
	assert_memory_not_equal(drbg.key, out, 32);
	baton_drbg_bytes(&drbg, out, 0);
}

/* No two of many outputs agree, and every bit is set about half the time. */
static void the_bytes_look_random(void **state)
{
	enum { N = 4096 };
	static uint8_t out[N][8];
	unsigned int ones[64] = {0};
	struct baton_drbg drbg;
	uint8_t seed[32] = {2};
	size_t i, j;

	(void)state;
	baton_drbg_init(&drbg, seed);
	for (i = 0; i < N; i++) {
		baton_drbg_bytes(&drbg, out[i], 8);
		for (j = 0; j < 64; j++)
			ones[j] += out[i][j / 8] >> j % 8 & 1;
		for (j = 0; j < i; j++)
			assert_true(memcmp(out[i], out[j], 8));
	}
	/* Six standard deviations, 32 each. */
	for (j = 0; j < 64; j++)
		assert_in_range(ones[j], N / 2 - 6 * 32, N / 2 + 6 * 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_the_specification),
		cmocka_unit_test(it_is_known_whether_a_generator_is_seeded),
		cmocka_unit_test(the_key_of_an_output_is_gone_after_it),
		cmocka_unit_test(the_bytes_look_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
