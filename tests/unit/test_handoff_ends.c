/* SPDX-License-Identifier: MIT */

/*
 * Offers that end where the other side cannot hear it, and what else is going
 * on when they do (OWNERSHIP.md 2, 6).
 */

#include "session/ownership_internal.h"
#include "tests/unit/handoff_world.h"

static void assert_withdrawn(struct device *d)
{
	run();
	assert_int_equal(d->told[BATON_HANDOFF_OFFERED], 1);
	assert_int_equal(d->told[BATON_HANDOFF_WITHDRAWN], 1);
	/* It has its place again. */
	assert_false(d->place[0].used);
}

static void a_cancel_without_a_link_is_heard_on_the_next(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	link_up(false);
	OK(baton_handoff_cancel(&phone->handoff, NOTES, id, now_ms));
	link_up(true);
	assert_withdrawn(watch);
}

static void a_cancel_that_was_lost_is_said_again(void **state)
{
	uint8_t body[BATON_FRAME_BODY_MAX], code;
	size_t len;

	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	OK(baton_handoff_cancel(&phone->handoff, NOTES, id, now_ms));
	assert_true(baton_handoff_tx_frame(&phone->handoff, &code, body, &len,
					   now_ms));
	assert_int_equal(code, 0x25);
	link_up(false);
	link_up(true);
	assert_withdrawn(watch);
}

static void an_offer_that_runs_out_without_a_link_is_withdrawn(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	link_up(false);
	pass_ms(BATON_OFFER_TIMEOUT_MS);
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 1);
	/* Nobody has to come back for it. */
	assert_withdrawn(watch);
}

static void an_offer_that_is_made_anew_has_its_whole_time(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	reboot(BATON_PHONE);
	link_up(true);
	pass_ms(BATON_OFFER_TIMEOUT_MS - 1000);
	/* Nobody remembers the first one: this one has its epoch. */
	offer(BATON_PHONE);
	pass_ms(2000);
	assert_int_equal(watch->told[BATON_HANDOFF_WITHDRAWN], 0);
	accept(BATON_WATCH);
	assert_int_equal(phone->told[BATON_HANDOFF_FREEZE], 1);
}

static void an_offer_that_allows_something_else_is_told(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	reboot(BATON_PHONE);
	link_up(true);
	/* The same, but for the operations. */
	OK(baton_handoff_offer(&phone->handoff, NOTES, id, LEASE_MS, 4,
			       (const uint8_t *)"hi", 2, now_ms));
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 2);
	assert_int_equal(watch->event[BATON_HANDOFF_OFFERED].operations, 4);
}

static void an_offer_of_a_side_that_rebooted_is_withdrawn(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	reboot(BATON_PHONE);
	link_up(true);
	pass_ms(BATON_OFFER_TIMEOUT_MS);
	assert_withdrawn(watch);
}

static void who_rebooted_says_that_what_was_accepted_is_over(void **state)
{
	(void)state;
	begin(BATON_WATCH, 10);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	reboot(BATON_WATCH);
	link_up(true);
	assert_withdrawn(phone);
	assert_true(acts(BATON_WATCH));
}

/* The watch has so many since that it forgets the first one's epochs. */
static void what_nobody_remembers_is_over_too(void **state)
{
	uint8_t first[BATON_ACTIVITY_ID_LEN];

	(void)state;
	begin(BATON_WATCH, 10);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	memcpy(first, id, sizeof(first));
	link_up(false);
	OK(baton_handoff_finish(&watch->handoff, NOTES, id, now_ms));
	run();
	for (id[7] = 1; id[7] <= PLACES; id[7]++) {
		OK(baton_handoff_begin(&watch->handoff,
				       id[7] & 1 ? NOTES : MAPS, id,
				       state_bytes, 10, now_ms));
		run();
	}
	assert_null(own_find(&watch->handoff.own, first));
	id[7] = PLACES;
	OK(baton_handoff_finish(&watch->handoff, NOTES, id, now_ms));
	run();
	link_up(true);
	assert_withdrawn(phone);
}

static void an_acceptance_outlives_links_as_long_as_its_nonce(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	link_up(false);
	pass_ms(LEASE_MS - 1);
	link_up(true);
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_WITHDRAWN], 0);
	link_up(false);
	pass_ms(1);
	link_up(true);
	assert_withdrawn(watch);
}

static void a_cancel_goes_before_the_offer_after_it(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	OK(baton_handoff_cancel(&phone->handoff, NOTES, id, now_ms));
	offer(BATON_PHONE);
	pass_ms(1000);
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 0);
	accept(BATON_WATCH);
	assert_int_equal(phone->told[BATON_HANDOFF_FREEZE], 1);
}

/* The link goes while the release of the second one is being written. */
static void a_cancel_is_not_said_of_what_is_let_go(void **state)
{
	struct baton_store_op op;

	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	OK(baton_handoff_cancel(&phone->handoff, NOTES, id, now_ms));
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 10,
			       now_ms));
	assert_true(store(phone));
	assert_true(baton_handoff_next_store_op(&phone->handoff, &op));
	assert_true(shelf_apply(SHELF(phone->row), &op));
	link_up(false);
	link_up(true);
	while (carry(BATON_PHONE))
		;
	baton_handoff_stored(&phone->handoff, op.id, BATON_OK, now_ms);
	run();
	assert_true(acts(BATON_WATCH));
}

/* The watch gives it; the CONFIRM is lost, and there is another link. */
static void give_unconfirmed(void)
{
	begin(BATON_WATCH, 10);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	OK(baton_handoff_state(&watch->handoff, NOTES, id, state_bytes, 10,
			       now_ms));
	while (phone->told[BATON_HANDOFF_ADOPTED] == 0) {
		(void)store(watch);
		(void)store(phone);
		(void)attend(phone);
		(void)carry(BATON_WATCH);
	}
	link_up(false);
	link_up(true);
}

static void an_offer_stands_when_the_return_before_is_confirmed(void **state)
{
	(void)state;
	give_unconfirmed();
	/* Before the watch has asked what became of the return. */
	offer(BATON_PHONE);
	assert_int_equal(watch->told[BATON_HANDOFF_GIVEN], 1);
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 1);
	accept(BATON_WATCH);
	assert_int_equal(phone->told[BATON_HANDOFF_FREEZE], 1);
}

static void an_offer_is_told_though_the_return_is_confirmed_first(void **state)
{
	unsigned int i;

	(void)state;
	give_unconfirmed();
	OK(baton_handoff_offer(&phone->handoff, NOTES, id, LEASE_MS, 3, NULL, 0,
			       now_ms));
	/* Nobody reads events meanwhile. */
	for (i = 0; i < 20; i++) {
		(void)carry(BATON_PHONE);
		(void)carry(BATON_WATCH);
		(void)store(watch);
	}
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_GIVEN], 1);
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 1);
}

/* The watch has rebooted: its lease is over later than the phone's wait. */
static void lend_and_take_back(void)
{
	begin(BATON_PHONE, 10);
	hand_over(BATON_PHONE, 10);
	link_up(false);
	pass_ms(LEASE_MS / 2);
	reboot(BATON_WATCH);
	pass_ms(LEASE_MS - 2000);
	assert_int_equal(phone->told[BATON_HANDOFF_TAKEN_BACK], 1);
}

static void an_old_lease_that_ends_takes_no_new_state_along(void **state)
{
	int i;

	(void)state;
	lend_and_take_back();
	link_up(true);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 2000,
			       now_ms));
	/* The state is there, its release is still being written. */
	assert_true(store(phone));
	for (i = 0; i < 20; i++) {
		(void)carry(BATON_PHONE);
		(void)store(watch);
	}
	now_ms += 2000;
	baton_handoff_tick(&watch->handoff, now_ms);
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_LEASE_OVER], 1);
	assert_int_equal(watch->told[BATON_HANDOFF_ADOPTED], 1);
	assert_has_state(watch, 2000);
}

/* A lease that ends at the watch is being written while the phone cancels. */
static void a_cancel_that_comes_during_a_write_counts(void **state)
{
	struct baton_store_op op;

	(void)state;
	lend_and_take_back();
	link_up(true);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	now_ms += 2000;
	baton_handoff_tick(&watch->handoff, now_ms);
	assert_true(baton_handoff_next_store_op(&watch->handoff, &op));
	OK(baton_handoff_cancel(&phone->handoff, NOTES, id, now_ms));
	while (carry(BATON_PHONE))
		;
	assert_true(shelf_apply(SHELF(watch->row), &op));
	baton_handoff_stored(&watch->handoff, op.id, BATON_OK, now_ms);
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_WITHDRAWN], 1);
	/* It has the epoch of the one before, and is asked about anew. */
	phone->told[BATON_HANDOFF_FREEZE] = 0;
	watch->told[BATON_HANDOFF_OFFERED] = 0;
	offer(BATON_PHONE);
	assert_int_equal(phone->told[BATON_HANDOFF_FREEZE], 0);
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 1);
}

static void what_was_taken_back_and_finished_keeps_no_place(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	hand_over(BATON_PHONE, 10);
	offer(BATON_WATCH);
	pass_ms(BATON_LEASE_WAIT_MS(LEASE_MS));
	assert_int_equal(phone->told[BATON_HANDOFF_TAKEN_BACK], 1);
	/* Nobody has to answer what the watch had offered. */
	assert_int_equal(phone->told[BATON_HANDOFF_WITHDRAWN], 1);
	OK(baton_handoff_finish(&phone->handoff, NOTES, id, now_ms));
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_FINISHED], 1);
	assert_false(phone->place[0].used);
}

static void a_lease_of_what_was_finished_is_not_renewed_but_over(void **state)
{
	(void)state;
	lend_and_take_back();
	OK(baton_handoff_finish(&phone->handoff, NOTES, id, now_ms));
	run();
	link_up(true);
	OK(baton_handoff_renew(&watch->handoff, NOTES, id, now_ms));
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_LEASE_OVER], 1);
	assert_nothing_left(watch);
}

static void finishing_ends_the_token_of_the_offer(void **state)
{
	(void)state;
	for (id[7] = 1; id[7] <= BATON_TOKENS + 1; id[7]++) {
		OK(baton_handoff_begin(&phone->handoff, NOTES, id, state_bytes,
				       10, now_ms));
		run();
		offer(BATON_PHONE);
		OK(baton_handoff_finish(&phone->handoff, NOTES, id, now_ms));
		run();
	}
}

/* An empty state of this version, from the phone. */
static void send_state(uint8_t version)
{
	uint8_t body[20] = {0};

	memcpy(body, id, sizeof(id));
	body[15] = version;
	(void)baton_handoff_rx(&watch->handoff, NOTES, 0, body, sizeof(body),
			       now_ms);
}

static void a_peer_cannot_wear_the_store_out_by_states(void **state)
{
	unsigned int writes = 0;
	uint8_t version;

	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	for (version = 1; version <= 100; version++) {
		send_state(version);
		while (store(watch))
			writes++;
	}
	/* The first, and what a peer may cause at once. */
	assert_int_equal(writes, 9);
	now_ms += 1000;
	send_state(100);
	assert_true(store(watch));
}

static void begin_at(struct device *d, uint8_t application, uint8_t number)
{
	id[7] = number;
	OK(baton_handoff_begin(&d->handoff, application, id, state_bytes, 10,
			       now_ms));
	run();
}

static void an_offer_without_a_place_waits_and_displaces_nothing(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	/* It may be displaced from now on. */
	pass_ms(20000);
	begin_at(watch, MAPS, 1);
	begin_at(watch, MAPS, 2);
	begin_at(phone, NOTES, 3);
	offer(BATON_PHONE);
	id[7] = 0;
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 10,
			       now_ms));
	run();
	assert_true(acts(BATON_WATCH));
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 0);
	id[7] = 1;
	OK(baton_handoff_finish(&watch->handoff, MAPS, id, now_ms));
	run();
	pass_ms(8000);
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 2);
	assert_int_equal(watch->event[BATON_HANDOFF_OFFERED].id[7], 3);
}

static void a_clock_set_back_during_a_write_keeps_no_state_longer(void **state)
{
	struct baton_store_op op;
	int i;

	(void)state;
	now_ms = 10000000;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 2000,
			       now_ms));
	for (i = 0; i < 5; i++)
		part(BATON_PHONE, true);
	assert_true(baton_handoff_next_store_op(&watch->handoff, &op));
	assert_true(shelf_apply(SHELF(watch->row), &op));
	now_ms = 1000;
	baton_handoff_stored(&watch->handoff, op.id, BATON_OK, now_ms);
	link_up(false);
	assert_int_equal(states_stored(watch), 1);
	pass_ms(BATON_STATE_LIFE_MS);
	assert_nothing_left(watch);
}

static void what_is_asked_makes_room_where_there_is_no_other(void **state)
{
	uint8_t number;

	(void)state;
	begin_at(watch, MAPS, 1);
	begin_at(phone, NOTES, 2);
	offer(BATON_PHONE);
	/* There is a place for one more, time and again. */
	for (number = 3; number < 3 + 2 * PLACES; number++) {
		begin_at(phone, NOTES, number);
		offer(BATON_PHONE);
		OK(baton_handoff_finish(&phone->handoff, NOTES, id, now_ms));
		run();
		assert_int_equal(watch->told[BATON_HANDOFF_WITHDRAWN],
				 number - 2);
	}
	id[7] = 2;
	accept(BATON_WATCH);
}

static void the_past_makes_room_before_what_is_asked(void **state)
{
	uint8_t number;

	(void)state;
	for (number = 1; number < PLACES; number++) {
		begin_at(watch, MAPS, number);
		OK(baton_handoff_finish(&watch->handoff, MAPS, id, now_ms));
		run();
	}
	for (number = 11; number <= 12; number++) {
		begin_at(phone, NOTES, number);
		offer(BATON_PHONE);
	}
	assert_int_equal(watch->told[BATON_HANDOFF_WITHDRAWN], 0);
	for (id[7] = 11; id[7] <= 12; id[7]++)
		accept(BATON_WATCH);
}

static void what_was_accepted_is_over_when_another_is_refused(void **state)
{
	/* Of the next epoch, and without a token. */
	uint8_t body[BATON_ACTIVITY_ID_LEN + 3] = {0};

	(void)state;
	begin(BATON_WATCH, 10);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	memcpy(body, id, sizeof(id));
	body[BATON_ACTIVITY_ID_LEN] = 2;
	OK(baton_handoff_rx_frame(&phone->handoff, 0x20, body, sizeof(body),
				  now_ms));
	assert_withdrawn(phone);
}

/*
 * The phone has lost its memory, and what the watch offers meanwhile has the
 * last place.
 */
static void what_was_let_go_is_asked_about_when_there_is_a_place(void **state)
{
	(void)state;
	begin_at(phone, MAPS, 1);
	begin_at(phone, MAPS, 2);
	begin_at(watch, NOTES, 3);
	begin_at(watch, NOTES, 4);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	OK(baton_handoff_state(&watch->handoff, NOTES, id, state_bytes, 10,
			       now_ms));
	assert_true(store(watch));
	assert_true(store(watch));
	reboot(BATON_PHONE);
	link_up(true);
	id[7] = 3;
	offer(BATON_WATCH);
	OK(baton_handoff_cancel(&watch->handoff, NOTES, id, now_ms));
	pass_ms(8000);
	/* With a token of this link. */
	link_up(false);
	link_up(true);
	run();
	id[7] = 4;
	accept(BATON_PHONE);
	pass_ms(8000);
	assert_true(acts(BATON_PHONE));
}

/* A reboot would have ended the offer: so does the time it has, from now on. */
static void a_clock_set_back_repeats_and_ends_what_was_said(void **state)
{
	uint8_t body[BATON_FRAME_BODY_MAX], code;
	size_t len;

	(void)state;
	now_ms = 10000000;
	begin(BATON_PHONE, 10);
	OK(baton_handoff_offer(&phone->handoff, NOTES, id, LEASE_MS, 3, NULL, 0,
			       now_ms));
	/* The watch has no place for it yet. */
	while (baton_handoff_tx_frame(&phone->handoff, &code, body, &len,
				      now_ms))
		;
	now_ms = 1000;
	baton_handoff_tick(&phone->handoff, now_ms);
	pass_ms(8000);
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 1);
	pass_ms(BATON_OFFER_TIMEOUT_MS);
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_cancel_without_a_link_is_heard_on_the_next),
		T(a_cancel_that_was_lost_is_said_again),
		T(an_offer_that_runs_out_without_a_link_is_withdrawn),
		T(an_offer_that_is_made_anew_has_its_whole_time),
		T(an_offer_that_allows_something_else_is_told),
		T(an_offer_of_a_side_that_rebooted_is_withdrawn),
		T(who_rebooted_says_that_what_was_accepted_is_over),
		T(what_nobody_remembers_is_over_too),
		T(an_acceptance_outlives_links_as_long_as_its_nonce),
		T(a_cancel_goes_before_the_offer_after_it),
		T(a_cancel_is_not_said_of_what_is_let_go),
		T(an_offer_stands_when_the_return_before_is_confirmed),
		T(an_offer_is_told_though_the_return_is_confirmed_first),
		T(an_old_lease_that_ends_takes_no_new_state_along),
		T(a_cancel_that_comes_during_a_write_counts),
		T(what_was_taken_back_and_finished_keeps_no_place),
		T(a_lease_of_what_was_finished_is_not_renewed_but_over),
		T(finishing_ends_the_token_of_the_offer),
		T(a_peer_cannot_wear_the_store_out_by_states),
		T(an_offer_without_a_place_waits_and_displaces_nothing),
		T(what_is_asked_makes_room_where_there_is_no_other),
		T(the_past_makes_room_before_what_is_asked),
		T(a_clock_set_back_during_a_write_keeps_no_state_longer),
		T(what_was_let_go_is_asked_about_when_there_is_a_place),
		T(a_clock_set_back_repeats_and_ends_what_was_said),
		T(what_was_accepted_is_over_when_another_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
