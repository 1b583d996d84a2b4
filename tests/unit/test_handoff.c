/* SPDX-License-Identifier: MIT */

/* Activities with their states, between two machines (OWNERSHIP.md 6). */

#include "tests/unit/handoff_world.h"

static void it_goes_there_and_back_with_its_state(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	hand_over(BATON_PHONE, 2000);
	assert_int_equal(watch->told[BATON_HANDOFF_ADOPTED], 1);
	assert_int_equal(watch->event[BATON_HANDOFF_OFFERED].lease_ms,
			 LEASE_MS);
	assert_int_equal(watch->event[BATON_HANDOFF_OFFERED].operations, 3);
	assert_int_equal(phone->told[BATON_HANDOFF_GIVEN], 1);
	assert_has_state(watch, 2000);
	assert_true(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	state_bytes[5] = 0x55;
	hand_over(BATON_WATCH, BATON_STATE_MAX);
	assert_has_state(phone, BATON_STATE_MAX);
	assert_true(acts(BATON_PHONE));
	assert_false(acts(BATON_WATCH));
	assert_int_equal(phone->told[BATON_HANDOFF_TOKEN], 1);
}

static void an_empty_state_goes_over_too(void **state)
{
	(void)state;
	begin(BATON_WATCH, 0);
	hand_over(BATON_WATCH, 0);
	assert_true(acts(BATON_PHONE));
	assert_has_state(phone, 0);
}

static void it_goes_at_once_where_nothing_is_lost(void **state)
{
	uint64_t began_ms;

	(void)state;
	begin(BATON_PHONE, 10);
	began_ms = now_ms;
	hand_over(BATON_PHONE, BATON_STATE_MAX);
	assert_true(acts(BATON_WATCH));
	assert_int_equal(now_ms, began_ms);
}

static void what_is_stored_is_sealed(void **state)
{
	int i;

	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 2000);
	assert_int_equal(states_stored(watch), 1);
	assert_int_equal(states_stored(phone), 1);
	for (i = 0; i < ROWS; i++) {
		assert_false(holds_mark(phone->row[i].bytes, 3000));
		assert_false(holds_mark(watch->row[i].bytes, 3000));
	}
}

static void after_the_return_nothing_is_left_at_the_watch(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 2000);
	assert_true(holds_mark(watch->place, sizeof(watch->place)));
	hand_over(BATON_WATCH, 3000);
	assert_int_equal(watch->told[BATON_HANDOFF_GIVEN], 1);
	assert_nothing_left(watch);
}

static void when_the_lease_is_over_nothing_is_left_at_the_watch(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 2000);
	link_up(false);
	pass_ms(LEASE_MS);
	assert_int_equal(watch->told[BATON_HANDOFF_LEASE_OVER], 1);
	assert_nothing_left(watch);
	assert_false(acts(BATON_PHONE));
	pass_ms(LEASE_MS / 500 + 1000);
	assert_int_equal(phone->told[BATON_HANDOFF_TAKEN_BACK], 1);
	assert_has_state(phone, 2000);
	assert_true(acts(BATON_PHONE));
}

/* A lost watch that reboots erases it all the same, a lease later. */
static void a_rebooted_watch_erases_by_itself(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	hand_over(BATON_PHONE, 2000);
	reboot(BATON_WATCH);
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_RESTORED], 1);
	assert_false(acts(BATON_WATCH));
	pass_ms(LEASE_MS);
	assert_nothing_left(watch);
}

static void a_cancelled_offer_leaves_nothing_of_its_state(void **state)
{
	uint8_t frame[BATON_FRAME_BODY_MAX], code;
	size_t n;

	(void)state;
	begin(BATON_PHONE, 100);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	/* The state gets there, the RELEASE does not. */
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 300,
			       now_ms));
	part(BATON_PHONE, true);
	assert_true(store(watch));
	while (store(phone))
		;
	assert_true(holds_mark(watch->place, sizeof(watch->place)));
	assert_true(baton_handoff_tx_frame(&phone->handoff, &code, frame, &n,
					   now_ms));
	assert_int_equal(code, 0x22);
	OK(baton_handoff_cancel(&phone->handoff, NOTES, id, now_ms));
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 1);
	assert_true(acts(BATON_PHONE));
	assert_int_equal(watch->told[BATON_HANDOFF_WITHDRAWN], 1);
	assert_nothing_left(watch);
}

static void what_was_not_adopted_expires(void **state)
{
	(void)state;
	begin(BATON_PHONE, 100);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 3000,
			       now_ms));
	/* Half of it comes, then the phone is gone for good. */
	part(BATON_PHONE, true);
	part(BATON_PHONE, true);
	assert_true(holds_mark(watch->place, sizeof(watch->place)));
	link_up(false);
	pass_ms(BATON_STATE_LIFE_MS);
	assert_nothing_left(watch);
}

static void a_finished_activity_is_erased(void **state)
{
	(void)state;
	begin(BATON_PHONE, 1000);
	OK(baton_handoff_finish(&phone->handoff, NOTES, id, now_ms));
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_FINISHED], 1);
	assert_nothing_left(phone);
}

static void erasing_leaves_nothing_at_all(void **state)
{
	int i, role;

	(void)state;
	begin(BATON_PHONE, 1000);
	hand_over(BATON_PHONE, 2000);
	for (role = 0; role < 2; role++) {
		baton_handoff_erase(&device[role].handoff, now_ms);
		/* At once, before any write. */
		assert_false(holds_mark(device[role].place,
					sizeof(device[role].place)));
		assert_false(acts(role));
	}
	run();
	for (role = 0; role < 2; role++) {
		assert_int_equal(device[role].told[BATON_HANDOFF_ERASED], 1);
		for (i = 0; i < ROWS; i++)
			assert_int_equal(device[role].row[i].len, 0);
	}
	assert_int_equal(baton_handoff_save(&phone->handoff, NOTES, id,
					    state_bytes, 1, now_ms),
			 BATON_ERR_NOT_FOUND);
}

static void a_lost_part_comes_again_on_the_next_link(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	cut_after = envelopes + 2;
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 3000,
			       now_ms));
	run();
	assert_false(acts(BATON_WATCH));
	assert_false(acts(BATON_PHONE));
	cut_after = UINT32_MAX;
	link_up(false);
	link_up(true);
	run();
	assert_true(acts(BATON_WATCH));
	assert_has_state(watch, 3000);
}

static void a_state_that_was_lost_here_is_asked_for(void **state)
{
	(void)state;
	begin(BATON_WATCH, 10);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	/* None of it arrives, on a link that lasts. */
	OK(baton_handoff_state(&watch->handoff, NOTES, id, state_bytes, 400,
			       now_ms));
	part(BATON_WATCH, false);
	pass_ms(1000);
	assert_true(acts(BATON_PHONE));
	assert_has_state(phone, 400);
}

static void a_phone_that_rebooted_asks_again(void **state)
{
	(void)state;
	begin(BATON_WATCH, 10);
	offer(BATON_WATCH);
	accept(BATON_PHONE);
	cut_after = 0;
	OK(baton_handoff_state(&watch->handoff, NOTES, id, state_bytes, 400,
			       now_ms));
	run();
	cut_after = UINT32_MAX;
	reboot(BATON_PHONE);
	link_up(true);
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_OFFERED], 1);
	assert_false(acts(BATON_PHONE));
	accept(BATON_PHONE);
	pass_ms(9000);
	assert_true(acts(BATON_PHONE));
	assert_has_state(phone, 400);
	assert_nothing_left(watch);
}

static void what_is_held_outlives_a_reboot(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	OK(baton_handoff_save(&phone->handoff, NOTES, id, state_bytes, 900,
			      now_ms));
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_SAVED], 1);
	reboot(BATON_PHONE);
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_RESTORED], 1);
	assert_int_equal(phone->event[BATON_HANDOFF_RESTORED].hold,
			 BATON_HOLD_OWNED);
	assert_has_state(phone, 900);
	/* So does what was adopted and never saved. */
	link_up(true);
	hand_over(BATON_PHONE, 700);
	hand_over(BATON_WATCH, 800);
	reboot(BATON_PHONE);
	run();
	assert_has_state(phone, 800);
	assert_int_equal(states_stored(phone), 1);
}

#define NO(call) assert_int_equal(call, BATON_ERR_NOT_FOUND)
static void assert_finds_nothing(struct baton_handoff *h, uint8_t application)
{
	size_t len;

	NO(baton_handoff_save(h, application, id, NULL, 0, now_ms));
	NO(baton_handoff_offer(h, application, id, 0, 1, NULL, 0, now_ms));
	NO(baton_handoff_accept(h, application, id, 1, now_ms));
	NO(baton_handoff_refuse(h, application, id, 0, now_ms));
	NO(baton_handoff_cancel(h, application, id, now_ms));
	NO(baton_handoff_state(h, application, id, NULL, 0, now_ms));
	NO(baton_handoff_finish(h, application, id, now_ms));
	NO(baton_handoff_renew(h, application, id, now_ms));
	assert_null(baton_handoff_read(h, application, id, &len));
	assert_false(baton_handoff_may_act(h, application, id, now_ms));
	assert_int_equal(
		baton_handoff_lease_left_ms(h, application, id, now_ms), 0);
	assert_int_equal(baton_handoff_hold(h, application, id),
			 BATON_HOLD_NONE);
}

static void another_application_learns_and_does_nothing(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	assert_finds_nothing(&phone->handoff, MAPS);
	assert_finds_nothing(&watch->handoff, MAPS);
	assert_true(acts(BATON_PHONE));
	accept(BATON_WATCH);
}

static void without_a_peer_nothing_is_found(void **state)
{
	uint8_t found[BATON_ACTIVITY_ID_LEN];

	(void)state;
	assert_finds_nothing(NULL, NOTES);
	NO(baton_handoff_begin(NULL, NOTES, id, NULL, 0, now_ms));
	NO(baton_handoff_activity(NULL, NOTES, 0, found));
}
#undef NO

static void an_application_takes_no_more_than_its_share(void **state)
{
	uint8_t other[BATON_ACTIVITY_ID_LEN] = {7};

	(void)state;
	begin(BATON_PHONE, 1);
	OK(baton_handoff_begin(&phone->handoff, NOTES, other, NULL, 0, now_ms));
	run();
	other[1] = 1;
	assert_int_equal(baton_handoff_begin(&phone->handoff, NOTES, other,
					     NULL, 0, now_ms),
			 BATON_ERR_SPACE);
	OK(baton_handoff_begin(&phone->handoff, MAPS, other, NULL, 0, now_ms));
	run();
	assert_true(
		baton_handoff_may_act(&phone->handoff, MAPS, other, now_ms));
}

static void more_than_the_token_allows_is_refused(void **state)
{
	struct device *w = watch;

	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	assert_int_equal(
		baton_handoff_accept(&w->handoff, NOTES, id, 4, now_ms),
		BATON_ERR_STATE);
	run();
	assert_int_equal(w->told[BATON_HANDOFF_TOKEN], 1);
	assert_int_equal(w->event[BATON_HANDOFF_TOKEN].token.verdict,
			 BATON_TOKEN_SCOPE);
	assert_int_equal(w->event[BATON_HANDOFF_TOKEN].application, NOTES);
	/* A refusal uses nothing up. */
	accept(BATON_WATCH);
	assert_int_equal(phone->told[BATON_HANDOFF_FREEZE], 1);
}

static void a_token_that_is_too_old_is_refused(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	now_ms += BATON_OFFER_TIMEOUT_MS;
	assert_int_equal(
		baton_handoff_accept(&watch->handoff, NOTES, id, 1, now_ms),
		BATON_ERR_STATE);
	run();
	assert_int_equal(watch->event[BATON_HANDOFF_TOKEN].token.verdict,
			 BATON_TOKEN_LATE);
}

static void an_offer_outlives_its_link_with_another_token(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	link_up(false);
	assert_int_equal(
		baton_handoff_accept(&watch->handoff, NOTES, id, 1, now_ms),
		BATON_ERR_STATE);
	link_up(true);
	run();
	/* Nobody is asked twice. */
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 1);
	accept(BATON_WATCH);
	assert_int_equal(phone->told[BATON_HANDOFF_FREEZE], 1);
}

/* The tokens have their numbers before the first offer goes. */
static void offers_made_at_once_go_in_any_order(void **state)
{
	static const uint8_t ids[2][BATON_ACTIVITY_ID_LEN] = {{1}, {2}};
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		OK(baton_handoff_begin(&phone->handoff, NOTES, ids[i], NULL, 0,
				       now_ms));
		run();
	}
	for (i = 2; i-- > 0;)
		OK(baton_handoff_offer(&phone->handoff, NOTES, ids[i], LEASE_MS,
				       1, NULL, 0, now_ms));
	run();
	assert_int_equal(watch->told[BATON_HANDOFF_OFFERED], 2);
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 0);
}

static void a_refusal_keeps_it(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	OK(baton_handoff_refuse(&watch->handoff, NOTES, id, BATON_REASON_PERSON,
				now_ms));
	run();
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 1);
	assert_int_equal(phone->event[BATON_HANDOFF_KEPT].reason,
			 BATON_REASON_PERSON);
	assert_true(acts(BATON_PHONE));
	assert_nothing_left(watch);
}

static void a_store_that_fails_lets_nothing_go(void **state)
{
	(void)state;
	begin(BATON_PHONE, 10);
	offer(BATON_PHONE);
	accept(BATON_WATCH);
	phone->store_fails = true;
	OK(baton_handoff_state(&phone->handoff, NOTES, id, state_bytes, 100,
			       now_ms));
	pass_ms(5000);
	assert_true(phone->told[BATON_HANDOFF_STORE_FAILED] > 0);
	assert_false(acts(BATON_WATCH));
	phone->store_fails = false;
	pass_ms(5000);
	assert_true(acts(BATON_WATCH));
	assert_has_state(watch, 100);
}

static void wrong_calls_change_nothing(void **state)
{
	struct baton_handoff *h = &phone->handoff;

	(void)state;
	begin(BATON_PHONE, 10);
#define IS(call, err) assert_int_equal(call, BATON_ERR_##err)
	IS(baton_handoff_begin(h, NOTES, id, NULL, 0, now_ms), STATE);
	IS(baton_handoff_begin(h, 2, id, NULL, 0, now_ms), NOT_FOUND);
	IS(baton_handoff_begin(h, NOTES, apps[0], state_bytes,
			       BATON_STATE_MAX + 1, now_ms),
	   TOO_LARGE);
	IS(baton_handoff_save(h, NOTES, id, state_bytes, BATON_STATE_MAX + 1,
			      now_ms),
	   TOO_LARGE);
	IS(baton_handoff_offer(h, NOTES, id, LEASE_MS, 0, NULL, 0, now_ms),
	   ARG);
	IS(baton_handoff_offer(h, NOTES, id, 1, 1, NULL, 0, now_ms), ARG);
	IS(baton_handoff_state(h, NOTES, id, NULL, 0, now_ms), STATE);
	IS(baton_handoff_accept(h, NOTES, id, 1, now_ms), STATE);
	IS(baton_handoff_cancel(h, NOTES, id, now_ms), STATE);
	IS(baton_handoff_renew(h, NOTES, id, now_ms), STATE);
	link_up(false);
	IS(baton_handoff_offer(h, NOTES, id, LEASE_MS, 1, NULL, 0, now_ms),
	   STATE);
#undef IS
	run();
	assert_true(acts(BATON_PHONE));
	assert_int_equal(phone->told[BATON_HANDOFF_KEPT], 0);
}

/* Nothing that a peer sends unasked is kept. */
static void a_state_that_nobody_accepted_is_dropped(void **state)
{
	uint8_t body[200] = {0};

	(void)state;
	begin(BATON_PHONE, 10);
	memcpy(body, id, sizeof(id));
	body[15] = 1;
	body[17] = 180;
	assert_int_equal(baton_handoff_rx(&watch->handoff, NOTES, 0, body,
					  sizeof(body), now_ms),
			 BATON_ERR_PEER_UNKNOWN);
	offer(BATON_PHONE);
	assert_int_equal(baton_handoff_rx(&watch->handoff, NOTES, 0, body,
					  sizeof(body), now_ms),
			 BATON_ERR_PEER_STATE);
	accept(BATON_WATCH);
	assert_int_equal(baton_handoff_rx(&watch->handoff, MAPS, 0, body,
					  sizeof(body), now_ms),
			 BATON_ERR_PEER_UNKNOWN);
	memset(body + 8, 0, 10);
	assert_int_equal(
		baton_handoff_rx(&phone->handoff, NOTES, 2, body, 18, now_ms),
		BATON_ERR_PEER_STATE);
}

/* More often than a side has places and tokens, on one link. */
static void it_goes_as_often_as_a_person_likes(void **state)
{
	(void)state;
	for (id[7] = 1; id[7] < 20; id[7]++) {
		OK(baton_handoff_begin(&device[BATON_WATCH].handoff, NOTES, id,
				       state_bytes, 100, now_ms));
		run();
		hand_over(BATON_WATCH, 100);
		hand_over(BATON_PHONE, 100);
		hand_over(BATON_WATCH, 100);
		OK(baton_handoff_finish(&device[BATON_PHONE].handoff, NOTES, id,
					now_ms));
		run();
		pass_ms(1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_goes_there_and_back_with_its_state),
		T(an_empty_state_goes_over_too),
		T(it_goes_at_once_where_nothing_is_lost),
		T(what_is_stored_is_sealed),
		T(after_the_return_nothing_is_left_at_the_watch),
		T(when_the_lease_is_over_nothing_is_left_at_the_watch),
		T(a_rebooted_watch_erases_by_itself),
		T(a_cancelled_offer_leaves_nothing_of_its_state),
		T(what_was_not_adopted_expires),
		T(a_finished_activity_is_erased),
		T(erasing_leaves_nothing_at_all),
		T(a_lost_part_comes_again_on_the_next_link),
		T(a_state_that_was_lost_here_is_asked_for),
		T(a_phone_that_rebooted_asks_again),
		T(what_is_held_outlives_a_reboot),
		T(another_application_learns_and_does_nothing),
		T(without_a_peer_nothing_is_found),
		T(an_application_takes_no_more_than_its_share),
		T(more_than_the_token_allows_is_refused),
		T(a_token_that_is_too_old_is_refused),
		T(an_offer_outlives_its_link_with_another_token),
		T(offers_made_at_once_go_in_any_order),
		T(a_refusal_keeps_it),
		T(a_store_that_fails_lets_nothing_go),
		T(wrong_calls_change_nothing),
		T(a_state_that_nobody_accepted_is_dropped),
		T(it_goes_as_often_as_a_person_likes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
