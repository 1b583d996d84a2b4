/* SPDX-License-Identifier: MIT */

/*
 * Key-compromise impersonation: the static private key of one device of a bond
 * has leaked, and whoever has it wants to be the other device to it. It can
 * compute what the two statics share, and is given the tag key too, so that
 * its flights are looked at. Two defences stand: the psk, and that KKpsk0
 * mixes in what only the other device's private key comes to. Each is seen to
 * hold with the other one given away; with both given away it gets in.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"
#include "transport/flight.h"

static struct end sides[2]; /* by role; one of them is the attacker's */
static struct baton_bond bonds[2];

/* What the attacker lacks; of the bond it plays it keeps s_pub and ss. */
static void forget(struct baton_bond *bond, bool psk, bool s_priv)
{
	if (psk)
		memset(bond->keys.psk, 0x77, sizeof(bond->keys.psk));
	if (s_priv)
		memset(bond->keys.s_priv, 0x77, sizeof(bond->keys.s_priv));
	memset(bond->ticket.psk, 0x77, sizeof(bond->ticket.psk));
}

static void start(uint8_t kind)
{
	int i;

	for (i = 0; i < 2; i++) {
		memset(&sides[i].secrets, 0, sizeof(sides[i].secrets));
		end_start_bonded(&sides[i], (enum baton_role)i, kind, &bonds[i],
				 7);
	}
}

static bool gets_in(uint8_t kind)
{
	start(kind);
	return ends_run(&sides[BATON_PHONE], &sides[BATON_WATCH]) == BATON_OK &&
	       ends_agree(&sides[BATON_PHONE], &sides[BATON_WATCH]);
}

static bool impersonate(enum baton_role as, bool lacks_psk, bool lacks_s_priv)
{
	ends_bond(bonds);
	forget(&bonds[as], lacks_psk, lacks_s_priv);
	return gets_in(BATON_KIND_RECONNECT);
}

static void the_watchs_key_makes_nobody_its_phone(void **state)
{
	(void)state;
	assert_false(impersonate(BATON_PHONE, true, true));
	/* The watch did not even come to keys of its own. */
	assert_int_not_equal(sides[BATON_WATCH].handshake.step,
			     BATON_STEP_DONE);
	assert_false(impersonate(BATON_PHONE, true, false));
	/* Here it does, and the attacker has not what flight 3 mixes in. */
	assert_false(impersonate(BATON_PHONE, false, true));
	assert_int_not_equal(sides[BATON_PHONE].handshake.step,
			     BATON_STEP_DONE);
	assert_true(impersonate(BATON_PHONE, false, false));
}

static void the_phones_key_makes_nobody_its_watch(void **state)
{
	(void)state;
	assert_false(impersonate(BATON_WATCH, true, true));
	assert_int_not_equal(sides[BATON_PHONE].handshake.step,
			     BATON_STEP_DONE);
	assert_false(impersonate(BATON_WATCH, true, false));
	assert_false(impersonate(BATON_WATCH, false, true));
	assert_int_not_equal(sides[BATON_PHONE].handshake.step,
			     BATON_STEP_DONE);
	assert_true(impersonate(BATON_WATCH, false, false));
}

/* A handshake that has no psk is a pairing: people open its window first. */
static void nobody_is_let_in_without_a_psk(void **state)
{
	struct end *watch = &sides[BATON_WATCH], *phone = &sides[BATON_PHONE];

	(void)state;
	ends_bond(bonds);
	forget(&bonds[BATON_PHONE], true, true);
	assert_false(gets_in(BATON_KIND_COMPARE));
	assert_int_not_equal(watch->handshake.step, BATON_STEP_DONE);
	assert_int_equal(watch->turn.reply.number, BATON_FLIGHT_REJECT);
	assert_int_equal(watch->turn.reply.bytes[2], BATON_REJECT_NOT_PAIRING);
	/* Nor by a ticket that is not there. */
	assert_false(gets_in(BATON_KIND_RESUME_SYNC));
	assert_int_not_equal(watch->handshake.step, BATON_STEP_DONE);
	assert_int_not_equal(watch->handshake.step, BATON_STEP_ANSWER);
	/* With the window open it is a pairing, and not this. */
	start(BATON_KIND_COMPARE);
	watch->turn.pairing = true;
	assert_int_equal(ends_run(phone, watch), BATON_OK);
	assert_int_equal(watch->handshake.kind, BATON_KIND_COMPARE);
}

/* A false watch cannot talk a phone with a bond into pairing. */
static void no_reject_turns_a_reconnect_into_a_pairing(void **state)
{
	struct end *phone = &sides[BATON_PHONE];
	uint8_t reject[BATON_REJECT_LEN] = {1, 1, 0};
	int code, flights;

	(void)state;
	for (code = 0; code < 256; code++)
		for (flights = 0; flights < 2; flights++) {
			ends_bond(bonds);
			start(BATON_KIND_RECONNECT);
			if (flights) {
				assert_int_equal(
					end_pass(&sides[BATON_WATCH], phone),
					BATON_OK);
				assert_int_equal(
					end_pass(phone, &sides[BATON_WATCH]),
					BATON_OK);
			}
			reject[2] = (uint8_t)code;
			phone->turn.bytes = reject;
			phone->turn.len = sizeof(reject);
			(void)!baton_handshake_flight(&phone->handshake,
						      BATON_FLIGHT_REJECT,
						      &phone->turn);
			assert_int_equal(phone->handshake.kind,
					 BATON_KIND_RECONNECT);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_watchs_key_makes_nobody_its_phone),
		cmocka_unit_test(the_phones_key_makes_nobody_its_watch),
		cmocka_unit_test(nobody_is_let_in_without_a_psk),
		cmocka_unit_test(no_reject_turns_a_reconnect_into_a_pairing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
