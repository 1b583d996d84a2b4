/* SPDX-License-Identifier: MIT */

/* When a watch's advert changes, and who knows it: session/SPEC.md 8. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/beacon.h"
#include "tests/support/pair.h"

static struct pair pair;
static struct baton_beacon beacon;

/* Both have bonds first to end - 1: the same keys, so far as an advert goes. */
static void more_bonds(size_t first, size_t end)
{
	struct baton_bond bond;
	size_t i;

	memset(&bond, 0, sizeof(bond));
	memset(bond.keys.s_priv, 1, sizeof(bond.keys.s_priv));
	baton_crypto_x25519_base(bond.keys.rs, bond.keys.s_priv);
	for (i = first; i < end; i++) {
		bond.id[0] = (uint8_t)i;
		bond.id[7] = 1;
		bond.tag_key[0] = (uint8_t)(i + 1);
		assert_int_equal(
			pair_load_bond(&pair.end[BATON_WATCH].session, &bond),
			BATON_OK);
		assert_int_equal(
			pair_load_bond(&pair.end[BATON_PHONE].session, &bond),
			BATON_OK);
	}
}

static void bonds(size_t count)
{
	more_bonds(0, count);
}

static int setup(void **state)
{
	(void)state;
	memset(&beacon, 0, sizeof(beacon));
	pair_init(&pair, 5);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(&pair);
	return 0;
}

static bool turn(uint64_t now_ms)
{
	bool changed;

	assert_int_equal(baton_beacon_turn(&beacon,
					   &pair.end[BATON_WATCH].session,
					   now_ms, &changed),
			 BATON_OK);
	return changed;
}

/* The id's first byte, -1 if the phone does not know the advert. */
static int find(uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	uint8_t id[BATON_BOND_ID_LEN];

	if (baton_beacon_find(&pair.end[BATON_PHONE].session, beacon.advert, id,
			      nonce))
		return -1;
	return id[0];
}

static void an_advert_lives_as_long_as_it_says(void **state)
{
	uint8_t before[BATON_ADVERT_LEN];
	uint64_t now_ms = 7;
	int i;

	(void)state;
	bonds(1);
	for (i = 0; i < 100; i++) {
		assert_true(turn(now_ms));
		memcpy(before, beacon.advert, sizeof(before));
		assert_in_range(beacon.until_ms - now_ms,
				BATON_BEACON_LIFE_MIN_MS,
				BATON_BEACON_LIFE_MAX_MS);
		assert_false(turn(beacon.until_ms - 1));
		assert_memory_equal(before, beacon.advert, sizeof(before));
		now_ms = beacon.until_ms;
	}
}

static void both_take_the_same_nonce_from_it(void **state)
{
	uint8_t watch[BATON_BOND_NONCE_LEN], phone[BATON_BOND_NONCE_LEN];

	(void)state;
	bonds(2);
	turn(0);
	assert_int_equal(find(phone), 0);
	assert_true(baton_beacon_use(&beacon, watch));
	assert_memory_equal(watch, phone, sizeof(watch));
}

static void an_advert_serves_one_link(void **state)
{
	uint8_t nonce[BATON_BOND_NONCE_LEN], next[BATON_BOND_NONCE_LEN];

	(void)state;
	bonds(1);
	assert_false(baton_beacon_use(&beacon, nonce));
	turn(0);
	assert_true(baton_beacon_use(&beacon, nonce));
	assert_false(baton_beacon_use(&beacon, nonce));
	assert_true(turn(1));
	assert_true(baton_beacon_use(&beacon, next));
	assert_memory_not_equal(nonce, next, sizeof(nonce));
}

static void a_new_bond_is_advertised_at_once(void **state)
{
	uint8_t nonce[BATON_BOND_NONCE_LEN];

	(void)state;
	turn(0);
	bonds(1);
	assert_int_equal(find(nonce), -1);
	assert_true(turn(1));
	assert_int_equal(find(nonce), 0);
}

/* As many as before, between two turns. */
static void a_bond_in_place_of_another_is_advertised_at_once(void **state)
{
	struct baton_session *watch = &pair.end[BATON_WATCH].session;
	uint8_t nonce[BATON_BOND_NONCE_LEN];
	uint8_t id[BATON_BOND_ID_LEN];

	(void)state;
	bonds(2);
	turn(0);
	assert_int_equal(baton_session_bond_id(watch, 0, id), BATON_OK);
	assert_int_equal(baton_session_bond_revoke(watch, id, 0), BATON_OK);
	while (pair_turn(&pair))
		;
	more_bonds(2, 3);
	assert_int_equal(baton_session_bond_count(watch), 2);
	assert_true(turn(1));
	assert_false(baton_advert_match(
		beacon.advert, pair.end[BATON_PHONE].session.bonds[0].tag_key));
	assert_int_equal(find(nonce), 1);
}

static void of_eight_bonds_each_is_in_every_second_advert(void **state)
{
	unsigned int seen[BATON_BONDS] = {0};
	struct baton_session *watch = &pair.end[BATON_WATCH].session;
	uint64_t now_ms = 0;
	int i, k;

	(void)state;
	bonds(BATON_BONDS);
	for (i = 0; i < 20; i++) {
		turn(now_ms);
		for (k = 0; k < BATON_BONDS; k++)
			seen[k] += baton_advert_match(beacon.advert,
						      watch->bonds[k].tag_key);
		now_ms = beacon.until_ms;
	}
	for (k = 0; k < BATON_BONDS; k++)
		assert_int_equal(seen[k], 10);
}

static void of_five_bonds_none_waits_for_more_than_one_advert(void **state)
{
	struct baton_session *watch = &pair.end[BATON_WATCH].session;
	unsigned int missed[5] = {0};
	uint64_t now_ms = 0;
	int i, k;

	(void)state;
	bonds(5);
	for (i = 0; i < 50; i++) {
		turn(now_ms);
		for (k = 0; k < 5; k++) {
			missed[k]++;
			if (baton_advert_match(beacon.advert,
					       watch->bonds[k].tag_key))
				missed[k] = 0;
			assert_true(missed[k] <= 1);
		}
		now_ms = beacon.until_ms;
	}
}

static void a_phone_does_not_advertise(void **state)
{
	bool changed;

	(void)state;
	assert_int_equal(baton_beacon_turn(&beacon,
					   &pair.end[BATON_PHONE].session, 0,
					   &changed),
			 BATON_ERR_STATE);
	assert_false(changed);
}

#define BEACON_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEACON_TEST(an_advert_lives_as_long_as_it_says),
		BEACON_TEST(both_take_the_same_nonce_from_it),
		BEACON_TEST(an_advert_serves_one_link),
		BEACON_TEST(a_new_bond_is_advertised_at_once),
		BEACON_TEST(a_bond_in_place_of_another_is_advertised_at_once),
		BEACON_TEST(of_eight_bonds_each_is_in_every_second_advert),
		BEACON_TEST(of_five_bonds_none_waits_for_more_than_one_advert),
		BEACON_TEST(a_phone_does_not_advertise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
