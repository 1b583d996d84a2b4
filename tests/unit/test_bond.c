/* SPDX-License-Identifier: MIT */

/* Bonds as they are stored: session/SPEC.md 3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/bond.h"

static uint8_t stored[BATON_BOND_LEN];
static struct baton_bond bond;

static int setup(void **state)
{
	static const uint8_t peer_priv[32] = {9};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stored); i++)
		stored[i] = (uint8_t)(i + 1);
	stored[0] = 1;
	stored[1] = BATON_WATCH;
	baton_crypto_x25519_base(stored + 106, peer_priv);
	memset(&bond, 0x5a, sizeof(bond));
	return 0;
}

static void a_bond_is_read_field_by_field(void **state)
{
	uint8_t ss[32];

	(void)state;
	assert_int_equal(
		baton_bond_decode(stored, BATON_BOND_LEN, BATON_WATCH, &bond),
		BATON_OK);
	assert_memory_equal(bond.id, stored + 2, 8);
	assert_memory_equal(bond.tag_key, stored + 10, 32);
	assert_memory_equal(bond.keys.s_priv, stored + 42, 32);
	assert_memory_equal(bond.keys.s_pub, stored + 74, 32);
	assert_memory_equal(bond.keys.rs, stored + 106, 32);
	assert_memory_equal(bond.keys.psk, stored + 138, 32);
	assert_int_equal(baton_crypto_x25519(ss, stored + 42, stored + 106),
			 BATON_OK);
	assert_memory_equal(bond.keys.ss, ss, 32);
}

static void a_bond_is_written_as_it_was_read(void **state)
{
	uint8_t out[BATON_BOND_LEN];

	(void)state;
	assert_int_equal(
		baton_bond_decode(stored, BATON_BOND_LEN, BATON_WATCH, &bond),
		BATON_OK);
	baton_bond_encode(&bond, BATON_WATCH, out);
	assert_memory_equal(out, stored, BATON_BOND_LEN);
}

static void every_other_length_is_refused(void **state)
{
	static uint8_t longer[BATON_BOND_LEN + 20];
	size_t len;

	(void)state;
	memcpy(longer, stored, sizeof(stored));
	for (len = 0; len < sizeof(longer); len++)
		if (len != BATON_BOND_LEN)
			assert_int_equal(baton_bond_decode(longer, len,
							   BATON_WATCH, &bond),
					 BATON_ERR_ARG);
}

static void another_format_or_role_is_refused(void **state)
{
	int value;

	(void)state;
	for (value = 0; value < 256; value++) {
		stored[0] = (uint8_t)value;
		assert_int_equal(baton_bond_decode(stored, BATON_BOND_LEN,
						   BATON_WATCH, &bond),
				 value == 1 ? BATON_OK : BATON_ERR_ARG);
	}
	stored[0] = 1;
	for (value = 0; value < 256; value++) {
		stored[1] = (uint8_t)value;
		assert_int_equal(baton_bond_decode(stored, BATON_BOND_LEN,
						   BATON_PHONE, &bond),
				 value == BATON_PHONE ? BATON_OK
						      : BATON_ERR_ARG);
	}
}

static void a_peer_of_small_order_is_refused_and_no_key_is_left(void **state)
{
	static const uint8_t none[sizeof(bond)];

	(void)state;
	memset(stored + 106, 0, 32);
	assert_int_equal(
		baton_bond_decode(stored, BATON_BOND_LEN, BATON_WATCH, &bond),
		BATON_ERR_ARG);
	assert_memory_equal(&bond, none, sizeof(bond));
}

static void its_key_is_its_id_in_hex(void **state)
{
	static const uint8_t id[8] = {0x00, 0x01, 0x9a, 0xbc,
				      0xde, 0xf0, 0x7f, 0xff};
	char key[BATON_BOND_KEY_LEN];

	(void)state;
	memcpy(bond.id, id, sizeof(id));
	baton_bond_key("bond/", bond.id, key);
	assert_string_equal(key, "bond/00019abcdef07fff");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_bond_is_read_field_by_field),
		T(a_bond_is_written_as_it_was_read),
		T(every_other_length_is_refused),
		T(another_format_or_role_is_refused),
		T(a_peer_of_small_order_is_refused_and_no_key_is_left),
		T(its_key_is_its_id_in_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
