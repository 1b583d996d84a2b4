/* SPDX-License-Identifier: MIT */

/*
 * Somebody sends back to a device what it has sent itself, as it was or made
 * to fit: flights under the number that it waits for, a hello as if it were
 * the other device's, records.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/adversary/ends.h"
#include "tests/support/pair.h"
#include "transport/flight.h"

#define NUMBERS 8 /* of flights */
#define ROLE_AT 2 /* in a hello */

static struct baton_bond bonds[2];

static const uint8_t kinds[] = {BATON_KIND_COMPARE, BATON_KIND_RECONNECT,
				BATON_KIND_RESUME_SYNC};

static void start(struct end *end, enum baton_role role, uint8_t kind)
{
	memset(end, 0, sizeof(*end));
	ends_bond(bonds);
	if (baton_kind_pairs(kind))
		end_start(end, role, BATON_PAIR_COMPARE, 3);
	else
		end_start_bonded(end, role, kind, &bonds[role], 3);
}

/* Give the end its last flight under every number; true: it took one. */
static bool takes_its_own(const struct end *end)
{
	enum baton_step step = end->handshake.step;
	struct end copy;
	uint8_t number;

	assert_true(end->turn.reply.len > 0);
	for (number = 0; number < NUMBERS; number++) {
		if (number == BATON_FLIGHT_REJECT)
			continue;
		copy = *end;
		copy.turn.drbg = &copy.drbg;
		copy.turn.secrets = &copy.secrets;
		copy.turn.reply.number = number;
		if (end_pass(&copy, &copy) == BATON_OK ||
		    copy.handshake.step > step)
			return true;
	}
	return false;
}

static void no_flight_is_taken_by_who_sent_it(void **state)
{
	struct end phone, watch, *to, *from, *other;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(kinds); k++) {
		start(&phone, BATON_PHONE, kinds[k]);
		start(&watch, BATON_WATCH, kinds[k]);
		to = &watch;
		from = &phone;
		while (from->turn.reply.len > 0) {
			if (takes_its_own(from))
				fail_msg("kind %u, flight %u", kinds[k],
					 from->turn.reply.number);
			assert_int_equal(end_pass(to, from), BATON_OK);
			if (to->handshake.step == BATON_STEP_ANSWER)
				assert_int_equal(end_answer(to), BATON_OK);
			other = to;
			to = from;
			from = other;
		}
		assert_true(ends_agree(&phone, &watch));
	}
}

/* Its hello comes back as a watch's; then it is alone with its flights. */
static void a_phone_does_not_come_to_keys_with_itself(void **state)
{
	struct end phone;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(kinds); k++) {
		start(&phone, BATON_PHONE, kinds[k]);
		phone.turn.reply.bytes[ROLE_AT] = BATON_WATCH;
		phone.turn.reply.number = BATON_FLIGHT_HELLO_WATCH;
		assert_int_equal(end_pass(&phone, &phone), BATON_OK);
		assert_int_equal(phone.handshake.step, BATON_STEP_SECOND);
		assert_false(takes_its_own(&phone));
	}
}

static struct pair *world;

/* How the link ends; OK: it goes on. No message has come by then. */
static enum baton_err ends_by(struct pair_end *end)
{
	struct baton_event event;
	enum baton_err err = BATON_OK;

	while (baton_session_next_event(&end->session, &event, world->now_ms)) {
		assert_int_not_equal(event.type, BATON_EVENT_MESSAGE);
		if (event.type == BATON_EVENT_LINK_CLOSE)
			err = event.u.closed.err;
	}
	return err;
}

/* Numbers fit: it is the first record of its class either way. */
static void no_record_opens_for_who_sealed_it(void **state)
{
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
	static const uint8_t message[] = "to the other one";
	uint8_t bytes[BATON_PDU_MAX];
	struct pair_end *end;
	size_t len;
	int role;

	(void)state;
	for (role = 0; role < 2; role++) {
		world = test_malloc(sizeof(*world));
		pair_init(world, 1);
		end = &world->end[role];
		assert_true(pair_bond(world));
		while (pair_turn(world))
			;
		assert_int_equal(baton_session_send(&end->session, stream,
						    message, sizeof(message), 0,
						    world->now_ms),
				 BATON_OK);
		assert_int_equal(ends_by(end), BATON_OK);
		while ((len = baton_session_tx(&end->session, bytes,
					       sizeof(bytes), world->now_ms)) >
		       0)
			(void)!baton_session_rx(&end->session, bytes, len,
						world->now_ms);
		assert_int_equal(ends_by(end), BATON_ERR_AUTH);
		pair_free(world);
		test_free(world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_flight_is_taken_by_who_sent_it),
		cmocka_unit_test(a_phone_does_not_come_to_keys_with_itself),
		cmocka_unit_test(no_record_opens_for_who_sealed_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
