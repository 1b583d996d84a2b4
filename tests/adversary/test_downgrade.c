/* SPDX-License-Identifier: MIT */

/*
 * Somebody between two devices lowers what a hello offers: version, features,
 * bearer. The devices have more to offer than there is yet, so that there is
 * something to take away. What holds is that the prologue has both hellos, as
 * each side sent or heard them: with baton_prologue() wrapped to leave them
 * out, every one of these attempts comes to keys, and is seen to below.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"
#include "tests/support/wrapped.h"

static bool hellos_unbound;

WRAPPED(baton_prologue);

size_t __wrap_baton_prologue(uint8_t *out, uint8_t version, uint8_t kind,
			     const struct baton_hello_bytes *phone_hello,
			     const struct baton_hello_bytes *watch_hello)
{
	static const struct baton_hello_bytes none;

	if (hellos_unbound)
		return __real_baton_prologue(out, version, kind, &none, &none);
	return __real_baton_prologue(out, version, kind, phone_hello,
				     watch_hello);
}

/* Each byte of a hello that is changed, and what it becomes. */
static const struct change {
	const char *name;
	uint8_t at, value;
} changes[] = {
	{"version_max", 0, 1},	  {"version_min", 1, 0},      {"bearer", 3, 0},
	{"features, high", 4, 0}, {"features, codecs", 5, 0},
};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static struct end phone, watch;
static struct baton_bond bonds[2]; /* by role */

/* A device of a later version, with features and on another bearer. */
static void start(struct end *end, enum baton_role role, uint8_t kind)
{
	const struct baton_hello hello = {
		.version_max = 3,
		.version_min = 1,
		.role = (uint8_t)role,
		.bearer = 1,
		.features = 0x8000 | BATON_FEATURE_CODECS,
		.pairing = BATON_PAIR_COMPARE,
		.record_max = 4096,
		.pdu_max = 509,
		.window = {16, 32, 64},
		.codecs = 2,
	};

	memset(&end->secrets, 0, sizeof(end->secrets));
	end_start(end, role, BATON_PAIR_COMPARE, 7);
	end->turn.bonds = &bonds[role];
	end->turn.bond_count = 1;
	assert_int_equal(baton_handshake_start(&end->handshake, &hello,
					       role == BATON_PHONE ? kind : 0,
					       0, NULL, &end->turn),
			 BATON_OK);
}

/* directions: 1 the phone's hello, 2 the watch's, 3 both. */
static bool comes_to_keys(uint8_t kind, const struct change *change,
			  unsigned int directions)
{
	ends_bond(bonds);
	start(&phone, BATON_PHONE, kind);
	start(&watch, BATON_WATCH, kind);
	if (directions & 1) {
		assert_int_not_equal(phone.turn.reply.bytes[change->at],
				     change->value);
		phone.turn.reply.bytes[change->at] = change->value;
	}
	if (end_pass(&watch, &phone))
		return false;
	if (directions & 2) {
		assert_int_not_equal(watch.turn.reply.bytes[change->at],
				     change->value);
		watch.turn.reply.bytes[change->at] = change->value;
	}
	if (end_pass(&phone, &watch) || ends_run(&phone, &watch))
		/* Neither holds keys that it might speak under. */
		return phone.handshake.step == BATON_STEP_DONE ||
		       watch.handshake.step == BATON_STEP_DONE;
	return phone.handshake.step == BATON_STEP_DONE;
}

static void try_all(bool expected)
{
	static const uint8_t kinds[] = {BATON_KIND_COMPARE,
					BATON_KIND_RECONNECT};
	unsigned int directions;
	size_t k, i;

	for (k = 0; k < sizeof(kinds); k++) {
		assert_true(comes_to_keys(kinds[k], NULL, 0));
		for (i = 0; i < CHANGES; i++)
			for (directions = 1; directions < 4; directions++)
				if (comes_to_keys(kinds[k], &changes[i],
						  directions) != expected)
					fail_msg("kind %u, %s, directions %u",
						 kinds[k], changes[i].name,
						 directions);
	}
}

static void no_field_of_a_hello_is_lowered(void **state)
{
	(void)state;
	hellos_unbound = false;
	try_all(false);
}

static void all_would_be_with_hellos_left_out_of_the_prologue(void **state)
{
	(void)state;
	hellos_unbound = true;
	try_all(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_field_of_a_hello_is_lowered),
		cmocka_unit_test(
			all_would_be_with_hellos_left_out_of_the_prologue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
