/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/application.h"

static const uint8_t notes_root[32] = {1}, maps_root[32] = {2};
static const uint8_t value[] = "what nobody else may read";

static struct baton_application_keys notes, maps;
static struct baton_drbg drbg;
static uint8_t sealed[sizeof(value) + BATON_SEAL_LEN], out[sizeof(value)];
static size_t len;

static int setup(void **state)
{
	static const uint8_t seed[BATON_DRBG_SEED_LEN] = {3};

	(void)state;
	baton_drbg_init(&drbg, seed);
	baton_application_keys(&notes, notes_root);
	baton_application_keys(&maps, maps_root);
	assert_int_equal(baton_application_seal(&notes, &drbg, "qo/00000001",
						value, sizeof(value), sealed),
			 BATON_OK);
	memset(out, 0, sizeof(out));
	return 0;
}

static enum baton_err open_as(const struct baton_application_keys *keys,
			      const char *name, size_t sealed_len)
{
	return baton_application_open(keys, name, sealed, sealed_len, out,
				      &len);
}

static void a_value_opens_as_what_it_was(void **state)
{
	(void)state;
	assert_int_equal(open_as(&notes, "qo/00000001", sizeof(sealed)),
			 BATON_OK);
	assert_int_equal((int)len, (int)sizeof(value));
	assert_memory_equal(out, value, sizeof(value));
}

static void it_does_not_open_for_another_application(void **state)
{
	static const uint8_t nothing[sizeof(value)];

	(void)state;
	assert_int_equal(open_as(&maps, "qo/00000001", sizeof(sealed)),
			 BATON_ERR_ARG);
	assert_memory_equal(out, nothing, sizeof(out));
	/* Nor with the one key and the other's storage id. */
	memcpy(maps.storage, notes.storage, sizeof(maps.storage));
	assert_int_equal(open_as(&maps, "qo/00000001", sizeof(sealed)),
			 BATON_ERR_ARG);
}

static void it_does_not_open_under_another_name(void **state)
{
	(void)state;
	assert_int_equal(open_as(&notes, "qo/00000002", sizeof(sealed)),
			 BATON_ERR_ARG);
	assert_int_equal(open_as(&notes, "qo/0000000", sizeof(sealed)),
			 BATON_ERR_ARG);
	assert_int_equal(open_as(&notes, "", sizeof(sealed)), BATON_ERR_ARG);
}

static void a_change_of_any_bit_shows(void **state)
{
	size_t bit;

	(void)state;
	for (bit = 0; bit < 8 * sizeof(sealed); bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(open_as(&notes, "qo/00000001", sizeof(sealed)),
				 BATON_ERR_ARG);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (len = 0; len < sizeof(sealed); len++)
		assert_int_equal(open_as(&notes, "qo/00000001", len),
				 BATON_ERR_ARG);
}

static void the_same_value_is_never_sealed_alike(void **state)
{
	uint8_t again[sizeof(sealed)];

	(void)state;
	assert_int_equal(baton_application_seal(&notes, &drbg, "qo/00000001",
						value, sizeof(value), again),
			 BATON_OK);
	assert_memory_not_equal(again + 1, sealed + 1, BATON_SEAL_SALT_LEN);
	assert_memory_not_equal(again + 17, sealed + 17, sizeof(value));
}

static void nothing_is_sealed_without_randomness(void **state)
{
	struct baton_drbg none = {0};

	(void)state;
	assert_int_equal(baton_application_seal(&notes, &none, "co", value,
						sizeof(value), sealed),
			 BATON_ERR_RANDOM);
}

static void a_value_in_place_opens_where_it_is(void **state)
{
	uint8_t *p = sealed + BATON_SEAL_LEN - BATON_CRYPTO_TAG_LEN;

	(void)state;
	assert_int_equal(baton_application_open(&notes, "qo/00000001", sealed,
						sizeof(sealed), p, &len),
			 BATON_OK);
	assert_memory_equal(p, value, sizeof(value));
}

static void a_stores_key_names_one_application(void **state)
{
	char key[BATON_STORE_KEY_MAX], other[BATON_STORE_KEY_MAX];

	(void)state;
	baton_application_store_key(&notes, "longest/name/of/it", key);
	baton_application_store_key(&maps, "longest/name/of/it", other);
	assert_int_equal((int)strlen(key), BATON_STORE_KEY_MAX - 1);
	assert_memory_equal(key, "app/", 4);
	assert_string_not_equal(key, other);
	assert_string_equal(baton_application_name(&notes, key),
			    "longest/name/of/it");
	assert_null(baton_application_name(&maps, key));
	assert_null(baton_application_name(&notes, "app/"));
	assert_null(baton_application_name(&notes, ""));
}

static void live_keys_differ_by_application_and_session(void **state)
{
	static const uint8_t id[8] = "notes", other_id[8] = "maps";
	static const uint8_t session[32] = {1}, other_session[32] = {2};
	uint8_t key[3][32];

	(void)state;
	baton_application_live_key(key[0], session, id);
	baton_application_live_key(key[1], session, other_id);
	baton_application_live_key(key[2], other_session, id);
	assert_memory_not_equal(key[0], key[1], 32);
	assert_memory_not_equal(key[0], key[2], 32);
	assert_memory_not_equal(key[1], key[2], 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_value_opens_as_what_it_was, setup),
		cmocka_unit_test_setup(it_does_not_open_for_another_application,
				       setup),
		cmocka_unit_test_setup(it_does_not_open_under_another_name,
				       setup),
		cmocka_unit_test_setup(a_change_of_any_bit_shows, setup),
		cmocka_unit_test_setup(the_same_value_is_never_sealed_alike,
				       setup),
		cmocka_unit_test_setup(nothing_is_sealed_without_randomness,
				       setup),
		cmocka_unit_test_setup(a_value_in_place_opens_where_it_is,
				       setup),
		cmocka_unit_test_setup(a_stores_key_names_one_application,
				       setup),
		cmocka_unit_test_setup(
			live_keys_differ_by_application_and_session, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
