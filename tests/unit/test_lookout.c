/* SPDX-License-Identifier: MIT */

/* Which adverts a phone connects to: session/SPEC.md 8. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/beacon.h"
#include "session/lookout.h"
#include "tests/support/pair.h"

static struct pair pair;
static struct baton_lookout lookout;
static uint8_t nonce[BATON_BOND_NONCE_LEN];

/* A phone with two bonds; the first byte of an id, and of a tag key. */
static int setup(void **state)
{
	struct baton_bond bond;
	uint8_t i;

	(void)state;
	memset(&lookout, 0, sizeof(lookout));
	pair_init(&pair, 5);
	memset(&bond, 0, sizeof(bond));
	memset(bond.keys.s_priv, 1, sizeof(bond.keys.s_priv));
	baton_crypto_x25519_base(bond.keys.rs, bond.keys.s_priv);
	for (i = 1; i <= 2; i++) {
		bond.id[0] = i;
		bond.tag_key[0] = i;
		assert_int_equal(
			pair_load_bond(&pair.end[BATON_PHONE].session, &bond),
			BATON_OK);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(&pair);
	return 0;
}

static struct baton_session *phone(void)
{
	return &pair.end[BATON_PHONE].session;
}

/* An advert of the watch whose bond has this tag key. */
static void make(uint8_t advert[BATON_ADVERT_LEN], uint8_t first)
{
	const uint8_t tag_key[BATON_CRYPTO_KEY_LEN] = {first};
	const uint8_t *keys[] = {tag_key};

	assert_int_equal(baton_advert_make(advert,
					   &pair.end[BATON_WATCH].session.drbg,
					   keys, 1),
			 BATON_OK);
}

static uint8_t wanted(void)
{
	return phone()->bonds[phone()->bond_wanted].id[0];
}

static void the_watch_of_each_bond_is_known(void **state)
{
	uint8_t expect[BATON_BOND_NONCE_LEN];
	uint8_t advert[BATON_ADVERT_LEN];
	uint8_t i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		make(advert, i);
		assert_true(baton_lookout_hear(&lookout, phone(), advert));
		assert_true(
			baton_lookout_use(&lookout, phone(), advert, nonce));
		baton_advert_nonce(expect, advert);
		assert_memory_equal(nonce, expect, sizeof(nonce));
		assert_int_equal(wanted(), i);
	}
}

static void a_strangers_advert_is_not(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN];

	(void)state;
	make(advert, 3);
	assert_false(baton_lookout_hear(&lookout, phone(), advert));
	assert_false(baton_lookout_use(&lookout, phone(), advert, nonce));
}

static void an_advert_is_connected_to_once(void **state)
{
	uint8_t advert[BATON_LOOKOUT_USED][BATON_ADVERT_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < BATON_LOOKOUT_USED; i++) {
		make(advert[i], 1);
		assert_true(
			baton_lookout_use(&lookout, phone(), advert[i], nonce));
	}
	for (i = 0; i < BATON_LOOKOUT_USED; i++) {
		assert_false(baton_lookout_hear(&lookout, phone(), advert[i]));
		assert_false(
			baton_lookout_use(&lookout, phone(), advert[i], nonce));
	}
}

static void hearing_an_advert_uses_nothing_up(void **state)
{
	uint8_t advert[BATON_ADVERT_LEN];

	(void)state;
	make(advert, 1);
	assert_true(baton_lookout_hear(&lookout, phone(), advert));
	assert_true(baton_lookout_hear(&lookout, phone(), advert));
	assert_int_equal(wanted(), 2);
}

static void a_chosen_bond_is_the_only_one(void **state)
{
	const uint8_t id[BATON_BOND_ID_LEN] = {1};
	uint8_t advert[BATON_ADVERT_LEN];

	(void)state;
	baton_lookout_choose(&lookout, id);
	make(advert, 2);
	assert_false(baton_lookout_hear(&lookout, phone(), advert));
	assert_false(baton_lookout_use(&lookout, phone(), advert, nonce));
	make(advert, 1);
	assert_true(baton_lookout_use(&lookout, phone(), advert, nonce));
	assert_int_equal(wanted(), 1);
}

#define LOOKOUT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOKOUT_TEST(the_watch_of_each_bond_is_known),
		LOOKOUT_TEST(a_strangers_advert_is_not),
		LOOKOUT_TEST(an_advert_is_connected_to_once),
		LOOKOUT_TEST(hearing_an_advert_uses_nothing_up),
		LOOKOUT_TEST(a_chosen_bond_is_the_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
