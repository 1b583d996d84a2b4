/* SPDX-License-Identifier: MIT */

/*
 * Somebody between two devices flips one bit of a handshake, each bit of each
 * flight once, in every kind: the two never both come to keys. What flips do
 * above the handshake, to PDUs of whole sessions, is in test_flip.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"

#define FLIGHTS 6

static struct end phone, watch;
static struct baton_bond bonds[2]; /* by role */

/*
 * One handshake with bit of flight n flipped; no flight: all as it is. How
 * many bits that flight has.
 */
static size_t alter(uint8_t kind, int n, size_t bit)
{
	struct end *to = &watch, *from = &phone, *other;
	enum baton_err err = BATON_OK;
	size_t bits = 0;
	int i;

	end_start_kind(&phone, BATON_PHONE, kind, bonds, 7);
	end_start_kind(&watch, BATON_WATCH, kind, bonds, 7);
	for (i = 0; !err && from->turn.reply.len > 0; i++) {
		if (i == n) {
			bits = 8 * from->turn.reply.len;
			from->turn.reply.bytes[bit / 8] ^=
				(uint8_t)(1 << bit % 8);
		}
		err = end_pass(to, from);
		if (!err && to->handshake.step == BATON_STEP_ANSWER)
			err = end_answer(to);
		other = to;
		to = from;
		from = other;
	}
	return bits;
}

/* Their keys may differ: that is for records to find out. */
static bool both_done(void)
{
	return phone.handshake.step == BATON_STEP_DONE &&
	       watch.handshake.step == BATON_STEP_DONE;
}

/*
 * How many bits can be flipped without anybody noticing, of how many. A ticket
 * that comes to nothing is noticed: they begin anew, and reconnect.
 */
static size_t unnoticed(uint8_t kind, size_t *all)
{
	size_t bit, bits, count = 0;
	int n;

	for (n = 0; n < FLIGHTS; n++) {
		bits = alter(kind, n, 0);
		for (bit = 0; bit < bits; bit++) {
			(void)alter(kind, n, bit);
			count += both_done() && watch.handshake.kind == kind;
		}
		*all += bits;
	}
	return count;
}

static const uint8_t kinds[] = {BATON_KIND_COMPARE, BATON_KIND_OUT_OF_BAND,
				BATON_KIND_TYPED, BATON_KIND_RECONNECT,
				BATON_KIND_RESUME_SYNC};

static void no_handshake_survives_a_flipped_bit(void **state)
{
	size_t i, all = 0;

	(void)state;
	ends_bond(bonds);
	for (i = 0; i < sizeof(kinds); i++) {
		(void)alter(kinds[i], -1, 0);
		assert_true(ends_agree(&phone, &watch));
		assert_int_equal(unnoticed(kinds[i], &all), 0);
	}
	print_message("# %zu bits flipped\n", all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_handshake_survives_a_flipped_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
