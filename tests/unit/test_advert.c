/* SPDX-License-Identifier: MIT */
#include "crypto/advert.h"
#include "tests/unit/crypto_test.h"

static struct baton_drbg drbg;
static uint8_t key[5][32];
static const uint8_t *keys[5];

static int setup(void **state)
{
	uint8_t seed[32];
	int i;

	(void)state;
	fill(seed, sizeof(seed), 0);
	baton_drbg_init(&drbg, seed);
	for (i = 0; i < 5; i++) {
		fill(key[i], 32, 0xc0u + 0x20u * (unsigned int)i);
		keys[i] = key[i];
	}
	return 0;
}

static void the_advert_is_that_of_the_specification(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN], nonce[16];

	(void)state;
	assert_ok(baton_advert_make(advert, &drbg, keys, 2));
	assert_hex(advert, "f6f83e1b1d14ae7f480f07348c0feb8b"
			   "c59fc5f0008262b3");
	baton_advert_nonce(nonce, advert);
	assert_hex(nonce, "c8c590dc9c8cb5547b21a84189765c25");
	fill(advert, sizeof(advert), 0x10);
	assert_false(baton_advert_match(advert, key[0]));
	memcpy(advert + 16, "\x79\x55\xb5\xda", 4);
	assert_true(baton_advert_match(advert, key[0]));
}

static void each_bond_knows_it_and_no_other_key_does(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN];
	size_t count, i;

	(void)state;
	for (count = 0; count <= 4; count++) {
		assert_ok(baton_advert_make(advert, &drbg, keys, count));
		for (i = 0; i < 5; i++)
			assert_int_equal(baton_advert_match(advert, key[i]),
					 i < count);
	}
}

static void a_changed_bit_is_not_known(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN];
	unsigned int bit, known = 0;

	(void)state;
	assert_ok(baton_advert_make(advert, &drbg, keys, 1));
	for (bit = 0; bit < 8 * BATON_ADVERT_LEN; bit++) {
		advert[bit / 8] ^= (uint8_t)(1u << bit % 8);
		known += baton_advert_match(advert, key[0]);
		advert[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* All but those in the three slots that are not the bond's. */
	assert_int_equal(known, 3 * 32);
}

static void two_adverts_share_no_nonce_of_a_link(void **state)
{
	uint8_t advert[2][BATON_ADVERT_LEN], nonce[2][16];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_ok(baton_advert_make(advert[i], &drbg, keys, 1));
		baton_advert_nonce(nonce[i], advert[i]);
	}
	assert_memory_not_equal(nonce[0], nonce[1], 16);
	/* Every byte of it counts, of an empty slot too. */
	for (i = 0; i < BATON_ADVERT_LEN; i++) {
		advert[0][i] ^= 1;
		baton_advert_nonce(nonce[1], advert[0]);
		assert_memory_not_equal(nonce[0], nonce[1], 16);
		advert[0][i] ^= 1;
	}
}

static void more_bonds_than_slots_are_refused(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN];

	(void)state;
	assert_int_equal(baton_advert_make(advert, &drbg, keys, 5),
			 BATON_ERR_ARG);
}

static void without_randomness_there_is_no_advert(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN] = {0};

	(void)state;
	baton_drbg_wipe(&drbg);
	assert_int_equal(baton_advert_make(advert, &drbg, keys, 1),
			 BATON_ERR_RANDOM);
	assert_zero(advert, sizeof(advert));
}

#define ADVERT_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ADVERT_TEST(the_advert_is_that_of_the_specification),
		ADVERT_TEST(each_bond_knows_it_and_no_other_key_does),
		ADVERT_TEST(a_changed_bit_is_not_known),
		ADVERT_TEST(two_adverts_share_no_nonce_of_a_link),
		ADVERT_TEST(more_bonds_than_slots_are_refused),
		ADVERT_TEST(without_randomness_there_is_no_advert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
