/* SPDX-License-Identifier: MIT */

/*
 * What somebody tries against a pairing (session/SPEC.md 3). Each attack is
 * run twice: as things are, and with the one defence taken away that it is
 * about, by a wrapped function or a hand in the engine. Then it must win.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"
#include "tests/support/pair.h"
#include "tests/support/wrapped.h"

#define COMPARES BATON_PAIR_COMPARE
#define SHOWS BATON_PAIR_SHOW
#define TYPES BATON_PAIR_TYPE
#define SECRET BATON_PAIR_OUT_OF_BAND

/* Defences that are taken away. */
static bool hellos_unbound, any_digits, count_forgotten;

/* How often a watch has let somebody try a code: flights 3 made. */
static unsigned int tried;

WRAPPED(baton_prologue);

size_t __wrap_baton_prologue(uint8_t *out, uint8_t version, uint8_t kind,
			     const struct baton_hello_bytes *phone_hello,
			     const struct baton_hello_bytes *watch_hello)
{
	static const struct baton_hello_bytes none;

	if (hellos_unbound)
		return __real_baton_prologue(out, version, 0, &none, &none);
	return __real_baton_prologue(out, version, kind, phone_hello,
				     watch_hello);
}

WRAPPED(baton_typed_parse);

enum baton_err __wrap_baton_typed_parse(const char *text, uint8_t *digits)
{
	size_t n = 0;

	if (!any_digits)
		return __real_baton_typed_parse(text, digits);
	for (; *text && n < BATON_TYPED_DIGITS; text++)
		if (*text != ' ')
			digits[n++] = (uint8_t)*text;
	return n == BATON_TYPED_DIGITS ? BATON_OK : BATON_ERR_ARG;
}

WRAPPED(baton_session_load);

enum baton_err __wrap_baton_session_load(struct baton_session *session,
					 const char *key, const uint8_t *value,
					 size_t len)
{
	if (count_forgotten && !strcmp(key, "pair/tries"))
		return BATON_OK;
	return __real_baton_session_load(session, key, value, len);
}

WRAPPED(baton_cpace_finish);

enum baton_err
__wrap_baton_cpace_finish(struct baton_cpace *cpace, enum baton_cpace_role role,
			  const uint8_t *share,
			  const struct baton_cpace_input *session,
			  const struct baton_cpace_input *ad_a,
			  const struct baton_cpace_input *ad_b, uint8_t *isk)
{
	tried += role == BATON_CPACE_B;
	return __real_baton_cpace_finish(cpace, role, share, session, ad_a,
					 ad_b, isk);
}

static int defend(void **state)
{
	(void)state;
	hellos_unbound = any_digits = count_forgotten = false;
	tried = 0;
	return 0;
}

/* Two engines: the watch is the victim, the phone a stranger's. */
static struct pair *pair;
static struct pair_end *watch, *stranger;

static void meet(uint8_t watch_can, uint8_t stranger_can)
{
	pair = test_malloc(sizeof(*pair));
	pair_init_methods(pair, 1, watch_can, stranger_can);
	watch = &pair->end[BATON_WATCH];
	stranger = &pair->end[BATON_PHONE];
}

static void leave(void)
{
	pair_free(pair);
	test_free(pair);
}

static void open_window(struct pair_end *end)
{
	assert_int_equal(
		baton_session_pairing_open(&end->session, pair->now_ms),
		BATON_OK);
}

/* The stranger has a window whenever it wants, and no limit of its own. */
static void guess(uint32_t number)
{
	char digits[BATON_TYPED_DIGITS + 1], text[BATON_TYPED_TEXT_LEN];

	open_window(stranger);
	baton_session_code_forgive(&stranger->session);
	(void)pair_turn(pair);
	snprintf(digits, sizeof(digits), "%06u", number % 1000000);
	baton_typed_text((const uint8_t *)digits, text);
	assert_int_equal(
		baton_session_code(&stranger->session, text, pair->now_ms),
		BATON_OK);
	(void)pair_turn(pair);
}

/* What the watch's store says of tries. */
static unsigned int counted(void)
{
	size_t i;

	for (i = 0; i < PAIR_VALUES; i++)
		if (!strcmp(watch->stored[i].key, "pair/tries"))
			return watch->stored[i].bytes[1];
	return 0;
}

/*
 * A person opens the watch's window 40 times, and each time the stranger comes
 * before the right phone. Power is cut while the try is being counted, at once
 * or after a while. No guess is tested that is not counted.
 */
static void guess_for_long(void)
{
	unsigned int i;

	meet(SHOWS, TYPES);
	for (i = 0; i < 40; i++) {
		/* Cut before, or just after, the write is durable; or later. */
		watch->cut_at = i % 3 == 1 ? watch->writes + 1 : 0;
		watch->store_hangs = i % 3 == 2;
		watch->cut_keeps = i % 2;
		open_window(watch);
		guess(i);
		assert_false(pair_link(pair));
		if (watch->dead) {
			pair_reboot(pair, BATON_WATCH);
			open_window(watch);
		}
		guess(i);
		assert_false(pair_link(pair));
		guess(i);
		assert_false(pair_link(pair));
		assert_true(count_forgotten || tried <= counted());
		if (i % 3 == 2)
			pair_reboot(pair, BATON_WATCH);
	}
	leave();
}

static void guesses_are_few_whatever_the_power_does(void **state)
{
	(void)state;
	guess_for_long();
	assert_true(tried > 0);
	assert_true(tried <= BATON_TYPED_TRIES);
	tried = 0;
	count_forgotten = true;
	guess_for_long();
	assert_true(tried > BATON_TYPED_TRIES);
}

/*
 * Flight 3 tells the stranger whether its guess was right; it leaves and comes
 * again in the same window with another one.
 */
static bool guess_one_window(bool spent)
{
	struct baton_secrets secrets;
	uint64_t until_ms;
	uint32_t number;
	bool in = false;
	unsigned int i;

	meet(SHOWS, TYPES);
	open_window(watch);
	guess(0);
	in = pair_link(pair);
	assert_int_equal(watch->shown, 1);
	memcpy(stranger->digits, watch->digits, sizeof(watch->digits));
	number = (uint32_t)strtoul(
		(char[7]){(char)watch->digits[0], (char)watch->digits[1],
			  (char)watch->digits[2], (char)watch->digits[3],
			  (char)watch->digits[4], (char)watch->digits[5], 0},
		NULL, 10);
	/* It comes to the right one at the eighth guess. */
	for (i = 0; i < 12 && !in; i++) {
		guess(number + 7 - i);
		secrets = *watch->session.secrets;
		until_ms = watch->session.pairing_until_ms;
		in = pair_link(pair);
		if (!spent && !in) {
			*watch->session.secrets = secrets;
			watch->session.pairing_until_ms = until_ms;
		}
	}
	leave();
	return in;
}

static void a_window_lets_one_guess_be_tested(void **state)
{
	(void)state;
	assert_false(guess_one_window(true));
	assert_int_equal(tried, 1);
	tried = 0;
	assert_true(guess_one_window(false));
	assert_true(tried > 1);
}

/* The secret of a QR code was photographed while it was used. */
static bool use_twice(bool spent)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];
	struct baton_secrets secrets;
	uint64_t until_ms;
	bool in;

	meet(SECRET, SECRET);
	assert_int_equal(baton_session_secret_make(&watch->session, secret,
						   pair->now_ms),
			 BATON_OK);
	secrets = *watch->session.secrets;
	until_ms = watch->session.pairing_until_ms;
	assert_int_equal(baton_session_secret_take(&stranger->session, secret,
						   pair->now_ms),
			 BATON_OK);
	/* The right phone. */
	assert_true(pair_link(pair));
	if (!spent) {
		*watch->session.secrets = secrets;
		watch->session.pairing_until_ms = until_ms;
	}
	/* And another one. */
	assert_int_equal(baton_session_secret_take(&stranger->session, secret,
						   pair->now_ms),
			 BATON_OK);
	in = pair_link(pair) && pair_bonds(watch) == 2;
	leave();
	return in;
}

static void a_qr_code_serves_once(void **state)
{
	(void)state;
	assert_false(use_twice(true));
	assert_true(use_twice(false));
}

/* A person opened the window and went away. */
static bool come_late(bool shut)
{
	bool shown;

	meet(COMPARES, COMPARES);
	open_window(watch);
	pair->now_ms += 120000;
	baton_session_tick(&watch->session, pair->now_ms);
	if (!shut)
		watch->session.pairing_until_ms = UINT64_MAX;
	open_window(stranger);
	(void)pair_link(pair);
	shown = watch->compare;
	leave();
	return shown;
}

static void a_window_left_open_shuts(void **state)
{
	(void)state;
	assert_false(come_late(true));
	assert_true(come_late(false));
}

static bool comparing(struct pair *p)
{
	return p->end[0].compare && p->end[1].compare;
}

/* People saw two numbers and said no; the stranger is there again at once. */
static bool come_again(bool shut)
{
	uint64_t until_ms;
	bool shown;

	meet(COMPARES, COMPARES);
	open_window(watch);
	open_window(stranger);
	pair_up(pair);
	assert_true(pair_run(pair, comparing, 20000));
	until_ms = watch->session.pairing_until_ms;
	assert_int_equal(
		baton_session_confirm(&watch->session, false, pair->now_ms),
		BATON_OK);
	assert_true(pair_run(pair, pair_over, 20000));
	pair_down(pair);
	watch->compare = false;
	if (!shut)
		watch->session.pairing_until_ms = until_ms;
	open_window(stranger);
	(void)pair_link(pair);
	shown = watch->compare;
	leave();
	return shown;
}

static void a_window_lets_one_comparison_be_made(void **state)
{
	(void)state;
	assert_false(come_again(true));
	assert_true(come_again(false));
}

/*
 * A phone has a code typed for its watch, and a false one is there first: with
 * a wrong code, then with the right one.
 */
static bool guess_at_phone(bool spent)
{
	static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6'};
	struct baton_secrets *shown, secrets;
	char text[BATON_TYPED_TEXT_LEN];
	uint64_t until_ms;
	bool in = false;
	int i;

	meet(SHOWS, TYPES);
	shown = watch->session.secrets;
	open_window(stranger);
	baton_typed_text(digits, text);
	assert_int_equal(
		baton_session_code(&stranger->session, text, pair->now_ms),
		BATON_OK);
	(void)pair_turn(pair);
	secrets = *stranger->session.secrets;
	until_ms = stranger->session.pairing_until_ms;
	for (i = 0; i < 2 && !in; i++) {
		open_window(watch);
		memcpy(shown->digits, digits, sizeof(digits));
		shown->digits[0] = i ? digits[0] : '7';
		shown->has_digits = shown->counted = true;
		if (i > 0 && !spent) {
			*stranger->session.secrets = secrets;
			stranger->session.pairing_until_ms = until_ms;
		}
		if (stranger->session.pairing_until_ms > pair->now_ms)
			in = pair_link(pair);
	}
	leave();
	return in;
}

static void a_false_watch_has_one_guess_as_well(void **state)
{
	(void)state;
	assert_false(guess_at_phone(true));
	assert_true(guess_at_phone(false));
}

/* A secret is in hand; who is between has no part in it, and can compare. */
static bool talk_away(enum baton_role role, bool in_hand)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];
	struct pair_end *victim;
	bool shown;

	meet(role == BATON_WATCH ? COMPARES | SECRET : COMPARES,
	     role == BATON_PHONE ? COMPARES | SECRET : COMPARES);
	victim = &pair->end[role];
	assert_int_equal(baton_session_secret_make(&victim->session, secret,
						   pair->now_ms),
			 BATON_OK);
	victim->session.secrets->has_oob = in_hand;
	open_window(&pair->end[!role]);
	(void)pair_link(pair);
	shown = victim->compare;
	leave();
	return shown;
}

static void a_secret_in_hand_is_not_talked_away(void **state)
{
	int role;

	(void)state;
	for (role = 0; role < 2; role++) {
		assert_false(talk_away((enum baton_role)role, true));
		assert_true(talk_away((enum baton_role)role, false));
	}
}

/*
 * In the middle, somebody takes comparison out of both hellos: the devices
 * would have a code typed instead.
 */
static bool downgrade(void)
{
	static struct end phone, victim;
	const uint8_t can = COMPARES | SHOWS | TYPES;
	enum baton_err err;

	memset(&phone, 0, sizeof(phone));
	memset(&victim, 0, sizeof(victim));
	memset(phone.secrets.digits, '4', BATON_TYPED_DIGITS);
	phone.secrets.has_digits = phone.secrets.counted = true;
	victim.secrets = phone.secrets;
	end_start(&phone, BATON_PHONE, can, 1);
	end_start(&victim, BATON_WATCH, can, 2);
	phone.turn.reply.bytes[6] &= (uint8_t)~COMPARES;
	if (end_pass(&victim, &phone))
		return false;
	victim.turn.reply.bytes[6] &= (uint8_t)~COMPARES;
	err = end_pass(&phone, &victim);
	if (!err)
		err = ends_run(&phone, &victim);
	return !err && phone.handshake.step == BATON_STEP_DONE &&
	       phone.handshake.kind == BATON_KIND_TYPED;
}

static void methods_are_not_downgraded(void **state)
{
	(void)state;
	assert_false(downgrade());
	hellos_unbound = true;
	/* Each chose by what it heard; nothing tells them that it differs. */
	assert_true(downgrade());
}

/*
 * Method confusion: to the watch the one between says that it compares, to the
 * phone that it shows a code. The person reads the watch's digits, types them
 * on the phone, and says yes on the watch, which shows what was typed.
 */
static bool confuse(void)
{
	static struct end phone, victim, false_watch, false_phone;
	uint8_t digits[BATON_TYPED_DIGITS];
	char shown[8];

	memset(&phone, 0, sizeof(phone));
	memset(&victim, 0, sizeof(victim));
	memset(&false_watch, 0, sizeof(false_watch));
	memset(&false_phone, 0, sizeof(false_phone));
	end_start(&victim, BATON_WATCH, COMPARES, 1);
	end_start(&false_phone, BATON_PHONE, COMPARES, 2);
	assert_int_equal(ends_run(&false_phone, &victim), BATON_OK);
	snprintf(shown, sizeof(shown), "%03u %03u",
		 victim.handshake.code / 1000 % 1000,
		 victim.handshake.code % 1000);

	if (baton_typed_parse(shown, digits))
		return false; /* the phone says: this is no code */
	memcpy(phone.secrets.digits, digits, sizeof(digits));
	phone.secrets.has_digits = phone.secrets.counted = true;
	false_watch.secrets = phone.secrets;
	end_start(&phone, BATON_PHONE, COMPARES | TYPES, 3);
	end_start(&false_watch, BATON_WATCH, SHOWS, 4);
	return ends_run(&phone, &false_watch) == BATON_OK &&
	       phone.handshake.step == BATON_STEP_DONE;
}

static void what_one_compares_is_not_typed_on_the_other(void **state)
{
	(void)state;
	assert_false(confuse());
	any_digits = true;
	assert_true(confuse());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(guesses_are_few_whatever_the_power_does,
				       defend),
		cmocka_unit_test_setup(a_window_lets_one_guess_be_tested,
				       defend),
		cmocka_unit_test_setup(a_qr_code_serves_once, defend),
		cmocka_unit_test_setup(a_window_left_open_shuts, defend),
		cmocka_unit_test_setup(a_window_lets_one_comparison_be_made,
				       defend),
		cmocka_unit_test_setup(a_false_watch_has_one_guess_as_well,
				       defend),
		cmocka_unit_test_setup(a_secret_in_hand_is_not_talked_away,
				       defend),
		cmocka_unit_test_setup(methods_are_not_downgraded, defend),
		cmocka_unit_test_setup(
			what_one_compares_is_not_typed_on_the_other, defend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
