/* SPDX-License-Identifier: MIT */

/*
 * Somebody between two people who compare (session/SPEC.md 3.1). The codes
 * have three digits here, so that guesses can be counted: baton_compare_code()
 * is wrapped. So is baton_compare_check(), to take the commitment away.
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hkdf.h"
#include "tests/adversary/ends.h"
#include "tests/support/wrapped.h"

#define CODES 1000
#define ATTEMPTS 20000

static bool committed;

WRAPPED(baton_compare_code);

uint32_t __wrap_baton_compare_code(const struct baton_keys *keys,
				   const uint8_t *phone_nonce,
				   const uint8_t *watch_nonce)
{
	return __real_baton_compare_code(keys, phone_nonce, watch_nonce) %
	       CODES;
}

WRAPPED(baton_compare_check);

enum baton_err __wrap_baton_compare_check(const struct baton_keys *keys,
					  uint8_t *msg, size_t msg_len,
					  const uint8_t *commit)
{
	struct baton_record_key record;
	size_t len;

	if (committed)
		return __real_baton_compare_check(keys, msg, msg_len, commit);
	/* What it does, but for looking at commit. */
	baton_keys_record(&record, keys->noise.dir[BATON_KEYS_R2I], 0xff);
	return baton_record_open(&record, keys->noise.h, sizeof(keys->noise.h),
				 msg, msg_len, &len);
}

/*
 * The true phone speaks to a false watch, the true watch to a false phone.
 * In the end the people compare what the true ones show.
 */
static struct end phone, watch, false_watch, false_phone;

static void start(uint64_t seed)
{
	end_start(&phone, BATON_PHONE, BATON_PAIR_COMPARE, 4 * seed);
	end_start(&watch, BATON_WATCH, BATON_PAIR_COMPARE, 4 * seed + 1);
	end_start(&false_watch, BATON_WATCH, BATON_PAIR_COMPARE, 4 * seed + 2);
	end_start(&false_phone, BATON_PHONE, BATON_PAIR_COMPARE, 4 * seed + 3);
}

/* Choose a nonce that makes the code of the phone that of the watch. */
static void choose_nonce(uint32_t code)
{
	struct baton_handshake *own = &false_watch.handshake;
	uint8_t nonce[BATON_COMPARE_NONCE_LEN] = {0};
	uint32_t i;

	for (i = 0; i < 100 * CODES; i++) {
		memcpy(nonce, &i, sizeof(i));
		if (__wrap_baton_compare_code(
			    &own->keys, own->nonce[BATON_PHONE], nonce) == code)
			break;
	}
	memcpy(own->nonce[BATON_WATCH], nonce, sizeof(nonce));
	baton_compare_reveal(false_watch.turn.reply.bytes, &own->keys, nonce);
}

/*
 * The best order there is: with the watch to the end, with the phone until its
 * nonce is known, then the reveal. True if both people see the same and the
 * phone takes what was revealed.
 */
static bool attempt(uint64_t seed)
{
	start(seed);
	if (ends_run(&false_phone, &watch))
		return false;
	if (end_pass(&false_watch, &phone) || end_pass(&phone, &false_watch) ||
	    end_pass(&false_watch, &phone) || end_pass(&phone, &false_watch) ||
	    end_pass(&false_watch, &phone))
		return false;
	if (!committed)
		choose_nonce(watch.handshake.code);
	return end_pass(&phone, &false_watch) == BATON_OK &&
	       phone.handshake.code == watch.handshake.code;
}

static void with_the_commitment_there_is_one_guess(void **state)
{
	/* Mean 20, standard deviation 4.5: five of them each way. */
	const double mean = (double)ATTEMPTS / CODES;
	const double five = 5 * sqrt(mean * (1 - 1.0 / CODES));
	unsigned int won = 0, i;

	(void)state;
	committed = true;
	for (i = 0; i < ATTEMPTS; i++)
		won += attempt(i);
	print_message("# %u of %u attempts, %.0f are chance\n", won, ATTEMPTS,
		      mean);
	assert_true(won <= mean + five);
	assert_true(won + five >= mean);
}

/* Who chooses after all is found out, whatever the code then is. */
static void a_nonce_that_was_not_committed_to_ends_it(void **state)
{
	(void)state;
	committed = false;
	assert_true(attempt(1));
	committed = true;
	start(1);
	assert_int_equal(ends_run(&false_phone, &watch), BATON_OK);
	assert_int_equal(end_pass(&false_watch, &phone), BATON_OK);
	assert_int_equal(end_pass(&phone, &false_watch), BATON_OK);
	assert_int_equal(end_pass(&false_watch, &phone), BATON_OK);
	assert_int_equal(end_pass(&phone, &false_watch), BATON_OK);
	assert_int_equal(end_pass(&false_watch, &phone), BATON_OK);
	choose_nonce(watch.handshake.code);
	assert_int_equal(end_pass(&phone, &false_watch), BATON_ERR_PROTOCOL);
	assert_int_equal(phone.handshake.code, 0);
}

static void without_the_commitment_every_attempt_wins(void **state)
{
	unsigned int i;

	(void)state;
	committed = false;
	for (i = 0; i < 50; i++)
		assert_true(attempt(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_the_commitment_there_is_one_guess),
		cmocka_unit_test(a_nonce_that_was_not_committed_to_ends_it),
		cmocka_unit_test(without_the_commitment_every_attempt_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
