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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_slow_store_does_not_wake_the_caller),
		T(a_revoke_that_is_durable_does_not_wait_to_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
