/* SPDX-License-Identifier: MIT */

/*
 * Somebody between two devices changes the kind of flight 2, so that each takes
 * the handshake for another one than the other does. The kind is in the
 * prologue, and other things tell kinds apart as well: the name of the pattern,
 * what both hellos come to, the secret, the positions of kind 0x20. Only the
 * positions tell the two kinds that go by a ticket apart: with them and the kind
 * left out by --wrap these agree on keys, and either defence holds alone.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"
#include "tests/support/wrapped.h"
#include "transport/flight.h"

static bool kind_unbound, positions_unbound;

WRAPPED(baton_prologue);

size_t __wrap_baton_prologue(uint8_t *out, uint8_t version, uint8_t kind,
			     const struct baton_hello_bytes *phone_hello,
			     const struct baton_hello_bytes *watch_hello)
{
	return __real_baton_prologue(out, version, kind_unbound ? 0 : kind,
				     phone_hello, watch_hello);
}

WRAPPED(baton_noise_init);

/* Links that begin with hellos have nothing else behind these. */
void __wrap_baton_noise_init(struct baton_noise *noise,
			     const struct baton_noise_pattern *pattern,
			     bool initiator, const uint8_t *prologue,
			     size_t len, struct baton_drbg *drbg)
{
	if (positions_unbound)
		len = BATON_PROLOGUE_HELLO_AT + 2 * BATON_HELLO_LEN + 1;
	__real_baton_noise_init(noise, pattern, initiator, prologue, len, drbg);
}

static const uint8_t kinds[] = {BATON_KIND_COMPARE, BATON_KIND_OUT_OF_BAND,
				BATON_KIND_TYPED,   BATON_KIND_RECONNECT,
				BATON_KIND_RESUME,  BATON_KIND_RESUME_SYNC};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct end phone, watch;
static struct baton_bond bonds[2]; /* by role */

/* What a phone puts into a resume stands beside its reply. */
static enum baton_err pass(struct end *to, struct end *from)
{
	struct baton_reply *reply = &from->turn.reply;

	if (reply->sealed_len > 0) {
		memcpy(reply->bytes + reply->len, from->turn.payload,
		       reply->sealed_len);
		reply->len += reply->sealed_len;
		reply->sealed_len = 0;
	}
	return end_pass(to, from);
}

/* A handshake of a kind whose flight 2 says another one on its way. */
static void shake_hands(uint8_t kind, uint8_t said)
{
	struct end *to = &watch, *from = &phone, *other;
	uint8_t payload[BATON_CRYPTO_TAG_LEN] = {0};
	enum baton_err err = BATON_OK;

	end_start_kind(&phone, BATON_PHONE, kind, bonds, 7);
	end_start_kind(&watch, BATON_WATCH, kind, bonds, 7);
	phone.turn.settled = watch.turn.settled = true;
	phone.turn.payload = payload;
	while (!err && from->turn.reply.len > 0) {
		if (from->turn.reply.number == BATON_FLIGHT_FIRST &&
		    from->turn.reply.bytes[0] == kind)
			from->turn.reply.bytes[0] = said;
		err = pass(to, from);
		if (!err && to->handshake.step == BATON_STEP_ANSWER)
			err = end_answer(to);
		other = to;
		to = from;
		from = other;
	}
	phone.turn.payload = NULL;
}

/*
 * How many changes of kind leave both with the same keys, each for a kind of
 * its own. Who begins anew because of one comes to a kind that both speak.
 */
static unsigned int confused(void)
{
	unsigned int count = 0;
	size_t i, j;

	ends_bond(bonds);
	for (i = 0; i < KINDS; i++) {
		shake_hands(kinds[i], kinds[i]);
		assert_true(ends_agree(&phone, &watch));
		assert_int_equal(phone.handshake.kind, kinds[i]);
		for (j = 0; j < KINDS; j++) {
			shake_hands(kinds[i], kinds[j]);
			count += ends_agree(&phone, &watch) &&
				 phone.handshake.kind != watch.handshake.kind;
		}
	}
	return count;
}

static int defend(void **state)
{
	(void)state;
	kind_unbound = positions_unbound = false;
	return 0;
}

static void no_kind_is_taken_for_another(void **state)
{
	(void)state;
	assert_int_equal(confused(), 0);
}

static void the_kind_in_the_prologue_is_enough(void **state)
{
	(void)state;
	positions_unbound = true;
	assert_int_equal(confused(), 0);
}

static void so_is_what_else_tells_kinds_apart(void **state)
{
	(void)state;
	kind_unbound = true;
	assert_int_equal(confused(), 0);
}

static void with_neither_both_resumes_are_one(void **state)
{
	(void)state;
	kind_unbound = positions_unbound = true;
	assert_int_equal(confused(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_kind_is_taken_for_another, defend),
		cmocka_unit_test_setup(the_kind_in_the_prologue_is_enough,
				       defend),
		cmocka_unit_test_setup(so_is_what_else_tells_kinds_apart,
				       defend),
		cmocka_unit_test_setup(with_neither_both_resumes_are_one,
				       defend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
