/* SPDX-License-Identifier: MIT */

/* What the machines of an endpoint write, one operation after the other. */

#include "tests/unit/endpoint_pair.h"

/* Other machines have something to write meanwhile. */
static void a_slow_store_does_not_wake_the_caller(void **state)
{
	static const uint8_t id[BATON_ACTIVITY_ID_LEN] = "one";
	static const uint8_t text[] = "text";
	struct baton_endpoint *phone = &duo->end[BATON_PHONE].endpoint;
	struct baton_handoff *handoff = baton_endpoint_handoff(phone, 0);
	struct baton_lifecycle *life = baton_endpoint_lifecycle(phone, 0);
	uint64_t now_ms = clock_of(BATON_PHONE);
	struct baton_store_op op;

	(void)state;
	duo_down(duo);
	while (duo_turn(duo))
		;
	OK(baton_context_set(baton_endpoint_context(phone, 0, NOTES), text,
			     sizeof(text), now_ms));
	assert_true(baton_endpoint_next_store_op(phone, &op));
	OK(baton_lifecycle_suspend(life, now_ms));
	assert_true(baton_endpoint_deadline(phone) > now_ms);
	OK(baton_handoff_begin(handoff, NOTES, id, text, sizeof(text), now_ms));
	assert_true(baton_endpoint_deadline(phone) > now_ms);
	baton_endpoint_stored(phone, op.id, BATON_OK, now_ms);
	assert_true(baton_endpoint_next_store_op(phone, &op));
	baton_endpoint_stored(phone, op.id, BATON_OK, now_ms);
	while (duo_turn(duo))
		;
	assert_int_equal(baton_handoff_hold(handoff, NOTES, id),
			 BATON_HOLD_OWNED);
	/* The activity's own write, beside that of a state. */
	OK(baton_handoff_save(handoff, NOTES, id, text, 1, now_ms));
	assert_true(baton_endpoint_next_store_op(phone, &op));
	OK(baton_handoff_finish(handoff, NOTES, id, now_ms));
	assert_true(baton_endpoint_deadline(phone) > now_ms);
	OK(baton_endpoint_revoke(phone, 0, now_ms));
	assert_true(baton_endpoint_deadline(phone) > now_ms);
	baton_endpoint_stored(phone, op.id, BATON_OK, now_ms);
	while (duo_turn(duo))
		;
	assert_int_equal(duo_values(&duo->end[BATON_PHONE]), 0);
}

/* Who looks at events, then at the store, then at the deadline. */
static void a_revoke_that_is_durable_does_not_wait_to_be_told(void **state)
{
	int by;

	for (by = 0; by < 2; by++) {
		teardown(state);
		assert_int_equal(setup(state), 0);
		duo_down(duo);
		while (duo_turn(duo))
			;
		OK(baton_endpoint_revoke(&duo->end[by].endpoint, 0,
					 clock_of(by)));
		while (duo_turn(duo))
			;
		assert_int_equal(duo_values(&duo->end[by]), 0);
		assert_true(revoked[by] == 1 ||
			    baton_endpoint_deadline(&duo->end[by].endpoint) <=
				    clock_of(by));
	}
}

/* The phone has forgotten all, and pairs as another one would. */
static void become_another_phone(void)
{
	duo_down(duo);
	while (duo_turn(duo))
		;
	memset(duo->end[BATON_PHONE].stored, 0,
	       sizeof(duo->end[BATON_PHONE].stored));
	duo_reboot(duo, BATON_PHONE);
	duo->end[BATON_WATCH].compare = false;
}

static bool both_compare(struct duo *d)
{
	return d->end[0].compare && d->end[1].compare;
}

/* All places are taken, and what was revoked is not erased yet. */
static void a_new_bond_waits_for_the_place_of_one_that_goes(void **state)
{
	int role;

	(void)state;
	become_another_phone();
	assert_true(duo_bond(duo));
	become_another_phone();
	for (role = 0; role < 2; role++)
		OK(baton_session_pairing_open(
			baton_endpoint_session(&duo->end[role].endpoint),
			clock_of(role)));
	duo_up(duo);
	assert_true(duo_run(duo, both_compare, 10000));
	OK(baton_endpoint_revoke(&duo->end[BATON_WATCH].endpoint, 0,
				 clock_of(BATON_WATCH)));
	for (role = 0; role < 2; role++)
		OK(baton_session_confirm(
			baton_endpoint_session(&duo->end[role].endpoint), true,
			clock_of(role)));
	/* It has its machines from the next link on. */
	live_ms(2000);
	assert_true(duo_active(duo));
	assert_int_equal(revoked[BATON_WATCH], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_slow_store_does_not_wake_the_caller),
		T(a_revoke_that_is_durable_does_not_wait_to_be_told),
		T(a_new_bond_waits_for_the_place_of_one_that_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
