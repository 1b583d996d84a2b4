/* SPDX-License-Identifier: MIT */

/*
 * Somebody sends points of small order for keys, or the neutral element for
 * the share of a typed code: every product with them is zero, so who knows no
 * private key and no code would come to the same keys. The stranger's side is
 * made of wrapped primitives, which give such points as its public keys and
 * zeros for what it multiplies; it is otherwise an honest engine. Each attack
 * is run twice: as things are, and with zeros taken by the victim as well.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"
#include "tests/support/wrapped.h"

/* The order of points on the curve and its twist that is below 9. */
static const uint8_t points[][BATON_CRYPTO_POINT_LEN] = {
	{0},
	{1},
	{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
	{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	/* The same as 0 and 1, in encodings that are not canonical. */
	{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	/* The top bit does not count. */
	{0, [31] = 0x80},
};
#define POINTS (sizeof(points) / sizeof(points[0]))

/* Which of the stranger's keys are such points. */
enum which {
	EPHEMERAL = 1,
	STATIC = 2,
};

static bool hostile; /* it is the stranger who computes */
static bool zeros_taken; /* the defence is taken away */
static const uint8_t *point;
static uint8_t statics[BATON_CRYPTO_KEY_LEN]; /* its private key */
static bool static_due; /* which the next one is */
static unsigned int which;

static bool is_small(const uint8_t *scalar)
{
	bool is_static = !memcmp(scalar, statics, sizeof(statics));

	return which & (is_static ? STATIC : EPHEMERAL);
}

WRAPPED(baton_crypto_x25519_base);

/* A pairing makes its static key before its ephemeral one. */
void __wrap_baton_crypto_x25519_base(uint8_t *out, const uint8_t *scalar)
{
	__real_baton_crypto_x25519_base(out, scalar);
	if (!hostile)
		return;
	if (static_due)
		memcpy(statics, scalar, sizeof(statics));
	static_due = false;
	if (is_small(scalar))
		memcpy(out, point, BATON_CRYPTO_POINT_LEN);
}

WRAPPED(baton_crypto_x25519);

enum baton_err __wrap_baton_crypto_x25519(uint8_t *out, const uint8_t *scalar,
					  const uint8_t *peer)
{
	enum baton_err err;

	if (hostile && is_small(scalar)) {
		memset(out, 0, BATON_CRYPTO_POINT_LEN);
		return BATON_OK;
	}
	err = __real_baton_crypto_x25519(out, scalar, peer);
	return zeros_taken ? BATON_OK : err;
}

WRAPPED(baton_crypto_ristretto255);

enum baton_err __wrap_baton_crypto_ristretto255(uint8_t *out,
						const uint8_t *scalar,
						const uint8_t *peer)
{
	enum baton_err err;

	if (hostile && point) {
		memset(out, 0, BATON_CRYPTO_POINT_LEN);
		return BATON_OK;
	}
	err = __real_baton_crypto_ristretto255(out, scalar, peer);
	return zeros_taken ? BATON_OK : err;
}

static struct end sides[2]; /* by role */
static struct baton_bond bonds[2];

static void start(uint8_t kind, enum baton_role as)
{
	int i;

	static_due = baton_kind_pairs(kind);
	ends_bond(bonds);
	memcpy(statics, bonds[as].keys.s_priv, sizeof(statics));
	for (i = 0; i < 2; i++)
		end_start_kind(&sides[i], (enum baton_role)i, kind, bonds, 7);
}

/* Whether the victim comes to keys, which the stranger then has as well. */
static bool gets_in(enum baton_role as)
{
	struct end *to = &sides[BATON_WATCH], *from = &sides[BATON_PHONE];
	enum baton_err err = BATON_OK;

	while (!err && from->turn.reply.len > 0) {
		hostile = to == &sides[as];
		err = end_pass(to, from);
		if (!err && to->handshake.step == BATON_STEP_ANSWER)
			err = end_answer(to);
		hostile = false;
		to = from;
		from = &sides[to == &sides[BATON_WATCH]];
	}
	if (!err)
		assert_true(
			ends_agree(&sides[BATON_PHONE], &sides[BATON_WATCH]));
	return sides[!as].handshake.step == BATON_STEP_DONE;
}

static void try_all(uint8_t kind, unsigned int keys, bool expected)
{
	size_t i;
	int as;

	for (i = 0; i < POINTS; i++)
		for (as = 0; as < 2; as++) {
			point = points[i];
			which = keys;
			start(kind, (enum baton_role)as);
			if (gets_in((enum baton_role)as) != expected)
				fail_msg("kind %u, point %zu, keys %u, as %d",
					 kind, i, keys, as);
		}
}

/* A stranger who knows the code that was photographed, or has a ticket. */
static void no_key_of_small_order_is_taken(void **state)
{
	static const struct {
		uint8_t kind;
		unsigned int keys; /* there are */
	} kinds[] = {
		{BATON_KIND_COMPARE, EPHEMERAL | STATIC},
		{BATON_KIND_OUT_OF_BAND, EPHEMERAL | STATIC},
		{BATON_KIND_RECONNECT, EPHEMERAL},
		{BATON_KIND_RESUME_SYNC, EPHEMERAL},
	};
	unsigned int keys;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (keys = EPHEMERAL; keys <= kinds[k].keys; keys++) {
			zeros_taken = false;
			try_all(kinds[k].kind, keys, false);
			zeros_taken = true;
			try_all(kinds[k].kind, keys, true);
			zeros_taken = false;
		}
}

static bool guess_without_a_code(enum baton_role as)
{
	start(BATON_KIND_TYPED, as);
	memset(sides[as].secrets.digits, '7', BATON_TYPED_DIGITS);
	return gets_in(as);
}

static void no_neutral_share_stands_for_a_code(void **state)
{
	int as;

	(void)state;
	which = 0;
	for (as = 0; as < 2; as++) {
		/* A stranger with the wrong code and an honest share. */
		point = NULL;
		assert_false(guess_without_a_code((enum baton_role)as));
		point = points[0];
		assert_false(guess_without_a_code((enum baton_role)as));
		zeros_taken = true;
		assert_true(guess_without_a_code((enum baton_role)as));
		zeros_taken = false;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_of_small_order_is_taken),
		cmocka_unit_test(no_neutral_share_stands_for_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
