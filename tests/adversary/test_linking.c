/* SPDX-License-Identifier: MIT */

/*
 * Adverts of watches with one, two and four bonds before observers who try to
 * tell which came from the same watch: by equality, by the value and the
 * difference of every byte, by repeated tags, by time, and, for one who is
 * bonded himself, by the place of the own tag. None may do better than
 * chance, and each must see what it is there for: the same observers look at
 * adverts without the nonce, without the shuffling and without the filling.
 *
 * All of it is computed from fixed seeds; the bounds are 4.5 to 5 standard
 * deviations of what chance gives.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hkdf.h"
#include "session/beacon.h"
#include "tests/support/pair.h"

#define ADVERTS 10000 /* of each watch */
#define WATCHES 3

/* What is taken out of an advert, to see the observer find it. */
enum missing {
	NOTHING,
	NONCE, /* it stays the same for a day */
	SHUFFLING, /* bond n has slot n */
	FILLING, /* an empty slot is zeros */
	RANDOM_LIFE, /* the advert changes every minute */
};

/* A watch that is observed, and its adverts in their order. */
struct watch {
	struct pair pair;
	struct baton_beacon beacon;
	size_t bonds;
	uint8_t (*advert)[BATON_ADVERT_LEN];
	uint64_t at_ms[ADVERTS]; /* when each came */
};

static struct watch watches[WATCHES];

static void add_bonds(struct watch *watch, size_t count, uint8_t first)
{
	struct baton_bond bond;
	size_t i;

	memset(&bond, 0, sizeof(bond));
	memset(bond.keys.s_priv, 1, sizeof(bond.keys.s_priv));
	baton_crypto_x25519_base(bond.keys.rs, bond.keys.s_priv);
	for (i = 0; i < count; i++) {
		bond.id[0] = (uint8_t)i;
		bond.tag_key[0] = (uint8_t)(first + i);
		assert_int_equal(
			pair_load_bond(&watch->pair.end[BATON_WATCH].session,
				       &bond),
			BATON_OK);
	}
	watch->bonds = count;
}

/* The tag of a bond for the nonce that an advert has. */
static void tag_for(struct watch *watch, size_t bond,
		    const uint8_t advert[BATON_ADVERT_LEN],
		    uint8_t tag[BATON_ADVERT_TAG_LEN])
{
	uint8_t key[32], mac[32];

	baton_kdf(key, watch->pair.end[BATON_WATCH].session.bonds[bond].tag_key,
		  "advert");
	baton_hmac(mac, key, sizeof(key), advert, BATON_ADVERT_NONCE_LEN);
	memcpy(tag, mac, BATON_ADVERT_TAG_LEN);
}

static uint8_t *slot(uint8_t advert[BATON_ADVERT_LEN], size_t i)
{
	return advert + BATON_ADVERT_NONCE_LEN + i * BATON_ADVERT_TAG_LEN;
}

/* The slot that holds a bond's tag. */
static size_t place_of(struct watch *watch, size_t bond,
		       uint8_t advert[BATON_ADVERT_LEN])
{
	uint8_t tag[BATON_ADVERT_TAG_LEN];
	size_t i;

	tag_for(watch, bond, advert, tag);
	for (i = 0; i < BATON_ADVERT_SLOTS; i++)
		if (!memcmp(slot(advert, i), tag, sizeof(tag)))
			return i;
	fail_msg("the bond's tag is not there");
	return 0;
}

/* The advert as it would be without one of its defences. */
static void weaken(struct watch *watch, enum missing missing,
		   uint8_t advert[BATON_ADVERT_LEN])
{
	uint8_t strong[BATON_ADVERT_LEN];
	size_t place[BATON_ADVERT_SLOTS];
	size_t i;

	if (missing == NOTHING || missing == RANDOM_LIFE)
		return;
	memcpy(strong, advert, sizeof(strong));
	for (i = 0; i < watch->bonds; i++)
		place[i] = place_of(watch, i, strong);
	if (missing == NONCE)
		memset(advert, (int)watch->bonds, BATON_ADVERT_NONCE_LEN);
	if (missing == FILLING)
		memset(slot(advert, 0), 0,
		       BATON_ADVERT_LEN - BATON_ADVERT_NONCE_LEN);
	for (i = 0; i < watch->bonds; i++)
		tag_for(watch, i, advert,
			slot(advert, missing == SHUFFLING ? i : place[i]));
}

/* Every advert of a long day; a phone connects now and then. */
static void observe(struct watch *watch, enum missing missing)
{
	struct baton_session *session = &watch->pair.end[BATON_WATCH].session;
	uint8_t nonce[BATON_BOND_NONCE_LEN];
	uint64_t now_ms = 1000;
	bool changed;
	size_t i;

	memset(&watch->beacon, 0, sizeof(watch->beacon));
	for (i = 0; i < ADVERTS; i++) {
		if (missing == RANDOM_LIFE)
			watch->beacon.until_ms = now_ms;
		assert_int_equal(baton_beacon_turn(&watch->beacon, session,
						   now_ms, &changed),
				 0);
		assert_true(changed);
		memcpy(watch->advert[i], watch->beacon.advert,
		       BATON_ADVERT_LEN);
		weaken(watch, missing, watch->advert[i]);
		watch->at_ms[i] = now_ms;
		now_ms = missing == RANDOM_LIFE ? now_ms + 60000
						: watch->beacon.until_ms;
		if (i % 7 == 6)
			assert_true(baton_beacon_use(&watch->beacon, nonce));
	}
}

static int compare_pieces4(const void *a, const void *b)
{
	return memcmp(a, b, 4);
}

/* Pairs of neighbours that are equal, among all tags there were. */
static unsigned int repeated_tags(void)
{
	const size_t count = (size_t)WATCHES * ADVERTS * BATON_ADVERT_SLOTS;
	uint8_t(*all)[4] = test_malloc(count * sizeof(*all));
	unsigned int repeated = 0;
	size_t w, i, s, n = 0;

	for (w = 0; w < WATCHES; w++)
		for (i = 0; i < ADVERTS; i++)
			for (s = 0; s < BATON_ADVERT_SLOTS; s++)
				memcpy(all[n++], slot(watches[w].advert[i], s),
				       4);
	qsort(all, count, sizeof(*all), compare_pieces4);
	for (i = 1; i < count; i++)
		repeated += !memcmp(all[i - 1], all[i], 4);
	test_free(all);
	return repeated;
}

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, BATON_ADVERT_NONCE_LEN);
}

static unsigned int repeated_nonces(void)
{
	const size_t count = (size_t)WATCHES * ADVERTS;
	uint8_t(*all)[BATON_ADVERT_NONCE_LEN] =
		test_malloc(count * sizeof(*all));
	unsigned int repeated = 0;
	size_t w, i;

	for (w = 0; w < WATCHES; w++)
		for (i = 0; i < ADVERTS; i++)
			memcpy(all[w * ADVERTS + i], watches[w].advert[i],
			       sizeof(*all));
	qsort(all, count, sizeof(*all), compare_nonces);
	for (i = 1; i < count; i++)
		repeated += !memcmp(all[i - 1], all[i], sizeof(*all));
	test_free(all);
	return repeated;
}

/* log2 to a sixteenth, of n above 0; for scores nothing finer is needed. */
static int log2_16(unsigned int n)
{
	int whole = 0;

	while (n >> (whole + 1))
		whole++;
	return 16 * whole + (int)(((uint64_t)n << 4 >> whole) - 16);
}

/*
 * A naive Bayes classifier on the bytes of 24-byte strings of two kinds:
 * taught on the even ones, examined on the odd ones. The number it got right,
 * of ADVERTS.
 */
static unsigned int told_apart(uint8_t (*kind[2])[BATON_ADVERT_LEN])
{
	static unsigned int seen[2][BATON_ADVERT_LEN][256];
	unsigned int right = 0;
	size_t k, i, b;
	int score;

	memset(seen, 0, sizeof(seen));
	for (k = 0; k < 2; k++)
		for (i = 0; i < ADVERTS; i += 2)
			for (b = 0; b < BATON_ADVERT_LEN; b++)
				seen[k][b][kind[k][i][b]]++;
	for (k = 0; k < 2; k++)
		for (i = 1; i < ADVERTS; i += 2) {
			score = 0;
			for (b = 0; b < BATON_ADVERT_LEN; b++)
				score +=
					log2_16(seen[k][b][kind[k][i][b]] + 1) -
					log2_16(seen[!k][b][kind[k][i][b]] + 1);
			right += score > 0 || (score == 0 && i % 4 == 1);
		}
	return right;
}

/* How well the adverts of two watches are told apart. */
static unsigned int watches_told_apart(size_t a, size_t b)
{
	uint8_t(*kind[2])[BATON_ADVERT_LEN] = {watches[a].advert,
					       watches[b].advert};

	return told_apart(kind);
}

/* How well "the next of the same watch" is told from "of another watch". */
static unsigned int successors_told_apart(size_t a, size_t b)
{
	uint8_t(*kind[2])[BATON_ADVERT_LEN];
	unsigned int right;
	size_t i, n;

	kind[0] = test_malloc(ADVERTS * sizeof(*kind[0]));
	kind[1] = test_malloc(ADVERTS * sizeof(*kind[1]));
	for (i = 0; i < ADVERTS; i++)
		for (n = 0; n < BATON_ADVERT_LEN; n++) {
			size_t next = (i + 1) % ADVERTS;
			uint8_t from = watches[a].advert[i][n];

			kind[0][i][n] =
				(uint8_t)(watches[a].advert[next][n] - from);
			kind[1][i][n] =
				(uint8_t)(watches[b].advert[next][n] - from);
		}
	right = told_apart(kind);
	test_free(kind[0]);
	test_free(kind[1]);
	return right;
}

/* Squares of what is too many or too few in four places: 3 for chance. */
static unsigned int lopsided(size_t w, size_t bond)
{
	unsigned int seen[BATON_ADVERT_SLOTS] = {0};
	uint64_t sum = 0;
	int64_t off;
	size_t i;

	for (i = 0; i < ADVERTS; i++)
		seen[place_of(&watches[w], bond, watches[w].advert[i])]++;
	for (i = 0; i < BATON_ADVERT_SLOTS; i++) {
		off = (int64_t)seen[i] - ADVERTS / BATON_ADVERT_SLOTS;
		sum += (uint64_t)(off * off);
	}
	return (unsigned int)(sum / (ADVERTS / BATON_ADVERT_SLOTS));
}

/*
 * By time: a watch whose adverts always change at the same second of a minute
 * is known by that second. The fullest of 60 seconds, where ADVERTS / 60 is
 * chance.
 */
static unsigned int fullest_second(size_t w)
{
	unsigned int seen[60] = {0}, most = 0;
	size_t i;

	for (i = 0; i < ADVERTS; i++)
		seen[watches[w].at_ms[i] / 1000 % 60]++;
	for (i = 0; i < 60; i++)
		if (seen[i] > most)
			most = seen[i];
	return most;
}

#define EXAMINED ADVERTS /* by the classifier: half of both kinds */
#define RIGHT_MAX (EXAMINED / 2 + 5 * 50) /* 5 deviations of 50 */

/* What an observer found: how much better than chance, in sum of verdicts. */
static unsigned int linked(enum missing missing)
{
	unsigned int found = 0;
	size_t a, b;

	for (a = 0; a < WATCHES; a++)
		observe(&watches[a], missing);
	found += repeated_nonces() > 0;
	/* 120,000 tags: 1.7 pairs are equal by chance. */
	found += repeated_tags() > 9;
	for (a = 0; a < WATCHES; a++)
		for (b = 0; b < WATCHES; b++) {
			if (a == b)
				continue;
			found += watches_told_apart(a, b) > RIGHT_MAX;
			found += successors_told_apart(a, b) > RIGHT_MAX;
		}
	for (a = 0; a < WATCHES; a++) {
		for (b = 0; b < watches[a].bonds; b++)
			/* Above 30 once in 700,000, with 3 degrees. */
			found += lopsided(a, b) > 30;
		/* 5 deviations of 13 above 167. */
		found += fullest_second(a) > 232;
	}
	return found;
}

static void adverts_cannot_be_linked(void **state)
{
	(void)state;
	assert_int_equal(linked(NOTHING), 0);
}

static void without_the_nonce_they_can(void **state)
{
	(void)state;
	assert_true(linked(NONCE) > 0);
}

static void without_the_shuffling_they_can(void **state)
{
	(void)state;
	assert_true(linked(SHUFFLING) > 0);
}

static void without_the_filling_they_can(void **state)
{
	(void)state;
	assert_true(linked(FILLING) > 0);
}

static void with_a_steady_life_they_can(void **state)
{
	(void)state;
	assert_true(linked(RANDOM_LIFE) > 0);
}

static int setup(void **state)
{
	static const size_t bonds[WATCHES] = {1, 2, 4};
	size_t i;

	(void)state;
	for (i = 0; i < WATCHES; i++) {
		pair_init(&watches[i].pair, 77 + i);
		watches[i].advert =
			malloc(ADVERTS * sizeof(*watches[i].advert));
		add_bonds(&watches[i], bonds[i], (uint8_t)(1 + 10 * i));
	}
	return 0;
}

static int teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < WATCHES; i++) {
		pair_free(&watches[i].pair);
		free(watches[i].advert);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adverts_cannot_be_linked),
		cmocka_unit_test(without_the_nonce_they_can),
		cmocka_unit_test(without_the_shuffling_they_can),
		cmocka_unit_test(without_the_filling_they_can),
		cmocka_unit_test(with_a_steady_life_they_can),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
