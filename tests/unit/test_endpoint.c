/* SPDX-License-Identifier: MIT */

/* Two whole devices, step by step (ENDPOINT.md). */

#include "tests/unit/endpoint_world.h"

static void they_pair_and_come_back(void **state)
{
	(void)state;
	assert_int_equal(baton_endpoint_state(&duo->end[0].endpoint, 0),
			 BATON_LIFECYCLE_ACTIVE);
	duo_down(duo);
	assert_int_equal(baton_endpoint_state(&duo->end[1].endpoint, 0),
			 BATON_LIFECYCLE_BONDED);
	assert_int_equal(baton_endpoint_peer(&duo->end[1].endpoint),
			 BATON_ENDPOINT_NOBODY);
	duo_up(duo);
	assert_true(duo_run(duo, duo_active, 10000));
	duo_reboot(duo, BATON_WATCH);
	duo_reboot(duo, BATON_PHONE);
	duo_up(duo);
	assert_true(duo_run(duo, duo_active, 10000));
}

static void an_activity_goes_there_and_back(void **state)
{
	struct duo_end *watch = &duo->end[BATON_WATCH];

	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 3000);
	assert_int_equal(person[BATON_WATCH].content, 1);
	assert_int_equal(person[BATON_WATCH].len, 3000);
	hand_over(BATON_WATCH, BATON_STATE_MAX);
	assert_int_equal(person[BATON_PHONE].content, 2);
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	/* On the same link: nothing of it is left at the watch. */
	assert_true(duo->up);
	assert_false(found(watch->memory, watch->endpoint.memory_len));
	assert_false(found(&watch->endpoint, sizeof(watch->endpoint)));
}

static void revoking_leaves_nothing_of_a_peer(void **state)
{
	struct duo_end *end;
	int role;

	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 3000);
	for (role = 0; role < 2; role++) {
		put_item(role, NOTES);
		put_item(role, MAPS);
	}
	wait_ms(1000);
	assert_true(duo_values(&duo->end[0]) > 4);
	OK(baton_endpoint_revoke(&duo->end[1].endpoint, 0, clock_of(1)));
	/* At once, before any write. */
	assert_null(baton_endpoint_handoff(&duo->end[1].endpoint, 0));
	assert_int_equal(
		baton_endpoint_revoke(&duo->end[1].endpoint, 0, clock_of(1)),
		BATON_ERR_STATE);
	wait_ms(5000);
	for (role = 0; role < 2; role++) {
		end = &duo->end[role];
		assert_int_equal(person[role].revoked, 1);
		assert_int_equal(duo_values(end), 0);
		assert_false(found(end->memory, end->endpoint.memory_len));
		assert_false(found(&end->endpoint, sizeof(end->endpoint)));
		assert_int_equal(baton_endpoint_state(&end->endpoint, 0),
				 BATON_LIFECYCLE_UNPAIRED);
	}
}

static void nothing_goes_while_it_is_suspended(void **state)
{
	struct baton_lifecycle *phone, *watch;

	(void)state;
	phone = baton_endpoint_lifecycle(&duo->end[1].endpoint, 0);
	watch = baton_endpoint_lifecycle(&duo->end[0].endpoint, 0);
	OK(baton_lifecycle_suspend(phone, clock_of(1)));
	wait_ms(100);
	assert_int_equal(person[0].suspended + person[1].suspended, 2);
	put_item(BATON_WATCH, NOTES);
	put_item(BATON_PHONE, NOTES);
	begin(BATON_PHONE, 10);
	assert_false(offer(BATON_PHONE, LEASE_MS));
	duo_down(duo);
	duo_up(duo);
	wait_ms(5000);
	assert_int_equal(person[0].app[0].got + person[1].app[0].got, 0);
	assert_int_equal(baton_lifecycle_state(watch),
			 BATON_LIFECYCLE_SUSPENDED);
	OK(baton_lifecycle_resume(phone, clock_of(1)));
	wait_ms(1000);
	assert_int_equal(person[0].app[0].got, 1);
	assert_int_equal(person[1].app[0].got, 1);
	hand_over(BATON_PHONE, 100);
}

/* Before anybody has read that it is suspended. */
static void a_suspension_holds_at_once(void **state)
{
	const struct baton_stream_id stream = {BATON_CLASS_MESSAGE,
					       BATON_ENVELOPE_STREAM};
	struct baton_endpoint *phone = &duo->end[BATON_PHONE].endpoint;
	uint8_t pdu[BATON_PDU_MAX];
	uint64_t sent;
	uint32_t number;

	(void)state;
	wait_ms(100);
	sent = baton_session_number(&phone->session, stream);
	OK(baton_requests_ask(baton_endpoint_requests(phone, 0, NOTES), pdu, 0,
			      1000, &number, clock_of(1)));
	OK(baton_lifecycle_suspend(baton_endpoint_lifecycle(phone, 0),
				   clock_of(1)));
	while (baton_endpoint_tx(phone, pdu, sizeof(pdu), clock_of(1)))
		;
	assert_int_equal(baton_session_number(&phone->session, stream), sent);
}

/* Its peer hears of it on the next link, and has no use for an offer. */
static void what_is_offered_to_an_erased_application_is_refused(void **state)
{
	struct baton_endpoint *watch = &duo->end[BATON_WATCH].endpoint;

	(void)state;
	begin(BATON_PHONE, 10);
	OK(baton_delivery_erase(baton_endpoint_delivery(watch, 0), NOTES,
				clock_of(BATON_WATCH)));
	wait_ms(1000);
	assert_true(offer(BATON_PHONE, LEASE_MS));
	wait_ms(1000);
	assert_int_equal(person[BATON_WATCH].told[BATON_HANDOFF_OFFERED], 0);
	assert_int_equal(person[BATON_PHONE].told[BATON_HANDOFF_KEPT], 1);
	assert_true(acts(BATON_PHONE));
}

/* The engine has no room for it, and it is not wanted any more. */
static void a_suspension_leaves_nothing_that_waits_for_room(void **state)
{
	const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
	struct baton_endpoint *phone = &duo->end[BATON_PHONE].endpoint;
	struct baton_endpoint_event event;
	uint8_t secret[100];
	uint32_t number;

	(void)state;
	memset(secret, MARK, sizeof(secret));
	wait_ms(100);
	while (!baton_session_send(&phone->session, stream, (uint8_t[400]){0},
				   400, 0, clock_of(1)))
		;
	OK(baton_requests_ask(baton_endpoint_requests(phone, 0, NOTES), secret,
			      sizeof(secret), 1000, &number, clock_of(1)));
	while (baton_endpoint_next_event(phone, &event, clock_of(1)))
		;
	assert_true(found(duo->end[BATON_PHONE].memory, phone->memory_len));
	OK(baton_lifecycle_suspend(baton_endpoint_lifecycle(phone, 0),
				   clock_of(1)));
	while (baton_endpoint_next_event(phone, &event, clock_of(1)))
		;
	assert_false(found(duo->end[BATON_PHONE].memory, phone->memory_len));
}

/* On its way when the session is suspended, and here when that goes on. */
static void an_offer_that_comes_late_is_refused_by_nobody(void **state)
{
	struct baton_lifecycle *phone;

	(void)state;
	begin(BATON_PHONE, 100);
	/* Another token of this link was given before. */
	assert_true(offer(BATON_PHONE, LEASE_MS));
	OK(baton_handoff_cancel(handoff(1), NOTES, id, clock_of(1)));
	wait_ms(100);
	assert_true(offer(BATON_PHONE, LEASE_MS));
	duo->drop_ppm = 1000000;
	(void)duo_turn(duo);
	duo->drop_ppm = 0;
	phone = baton_endpoint_lifecycle(&duo->end[1].endpoint, 0);
	OK(baton_lifecycle_suspend(phone, clock_of(1)));
	wait_ms(10);
	assert_int_equal(person[0].suspended, 1);
	OK(baton_lifecycle_resume(phone, clock_of(1)));
	wait_ms(2000);
	assert_true(duo->up);
	assert_int_equal(person[1].told[BATON_HANDOFF_KEPT], 0);
	answer(BATON_WATCH, 100);
	wait_ms(1000);
	answer(BATON_PHONE, 100);
	wait_ms(1000);
	assert_true(acts(BATON_WATCH));
}

/* Clocks 1000 ppm apart, both ways. */
static void a_lost_watch_gives_it_up_before_the_phone_has_it(void **state)
{
	static const int32_t drifts[][2] = {{-500, 500}, {500, -500}};
	struct duo_end *watch;
	uint64_t lent_ms;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (i > 0) {
			teardown(state);
			assert_int_equal(setup(state), 0);
		}
		watch = &duo->end[BATON_WATCH];
		watch->ppm = drifts[i][0];
		duo->end[BATON_PHONE].ppm = drifts[i][1];
		begin(BATON_PHONE, 100);
		assert_true(offer(BATON_PHONE, 3600000));
		wait_ms(1000);
		answer(BATON_WATCH, 3000);
		wait_ms(1000);
		answer(BATON_PHONE, 3000);
		wait_ms(1000);
		assert_true(acts(BATON_WATCH));
		duo_down(duo);
		lent_ms = duo->now_ms;
		while (!acts(BATON_PHONE)) {
			wait_ms(500);
			assert_false(acts(BATON_WATCH) && acts(BATON_PHONE));
			assert_true(duo->now_ms - lent_ms < 3620000);
		}
		assert_true(duo->now_ms - lent_ms > 3590000);
		assert_int_equal(
			person[BATON_WATCH].told[BATON_HANDOFF_LEASE_OVER], 1);
		assert_int_equal(
			person[BATON_PHONE].told[BATON_HANDOFF_TAKEN_BACK], 1);
		assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
		assert_false(found(watch->memory, watch->endpoint.memory_len));
		/* It is the phone's as it was lent, and can be lent again. */
		assert_int_equal(person[BATON_PHONE].len, 3000);
		duo_up(duo);
		assert_true(duo_run(duo, duo_active, 10000));
		hand_over(BATON_PHONE, 50);
	}
}

static void a_lease_runs_out_in_sleep(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 200);
	/* Nothing is called; only the clocks go on. */
	duo->now_ms += LEASE_MS;
	assert_false(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	duo_down(duo);
	wait_ms(LEASE_MS / 500 + 1000);
	assert_true(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
}

static void a_clock_set_back_ends_lease_and_offers(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 200);
	/* Not below 0. */
	wait_ms(5000);
	duo->end[BATON_WATCH].offset_ms -= 5000;
	wait_ms(1000);
	assert_false(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_LEASED);
	duo_down(duo);
	duo_up(duo);
	assert_true(duo_run(duo, duo_active, 10000));
	hand_over(BATON_WATCH, 300);
}

static void a_clock_set_forward_is_no_more_than_an_early_end(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 200);
	duo_down(duo);
	duo->end[BATON_WATCH].offset_ms += 10 * LEASE_MS;
	assert_false(acts(BATON_WATCH));
	wait_ms(LEASE_MS / 2);
	assert_int_equal(hold(BATON_WATCH), BATON_HOLD_NONE);
	assert_false(acts(BATON_PHONE));
	wait_ms(LEASE_MS);
	assert_true(acts(BATON_PHONE));
}

static void wrong_numbers_have_no_machines(void **state)
{
	struct baton_endpoint *endpoint = &duo->end[0].endpoint;
	uint8_t bond[BATON_BOND_ID_LEN];
	uint32_t number;

	(void)state;
	assert_null(baton_endpoint_handoff(endpoint, 1));
	assert_null(baton_endpoint_lifecycle(endpoint, BATON_BONDS));
	assert_null(baton_endpoint_requests(endpoint, 0, 2));
	assert_int_equal(baton_endpoint_bond(endpoint, 1, bond),
			 BATON_ERR_NOT_FOUND);
	OK(baton_endpoint_bond(endpoint, 0, bond));
	assert_int_equal(baton_endpoint_revoke(endpoint, 1, clock_of(0)),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_queue_put(queue(0, 5), bond, 1, &number, 1),
			 BATON_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(they_pair_and_come_back),
		T(an_activity_goes_there_and_back),
		T(revoking_leaves_nothing_of_a_peer),
		T(nothing_goes_while_it_is_suspended),
		T(a_suspension_holds_at_once),
		T(what_is_offered_to_an_erased_application_is_refused),
		T(a_suspension_leaves_nothing_that_waits_for_room),
		T(an_offer_that_comes_late_is_refused_by_nobody),
		T(a_lost_watch_gives_it_up_before_the_phone_has_it),
		T(a_lease_runs_out_in_sleep),
		T(a_clock_set_back_ends_lease_and_offers),
		T(a_clock_set_forward_is_no_more_than_an_early_end),
		T(wrong_numbers_have_no_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
