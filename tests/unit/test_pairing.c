/* SPDX-License-Identifier: MIT */

/* Comparison and typed codes between two engines: session/SPEC.md 3. */

#include "crypto/hkdf.h"
#include "tests/unit/pairing_world.h"

/* Until both are secured, or no more links help. */
static void pair_by_code(struct pair_end *shower, struct pair_end *typist)
{
	pair_down(pair);
	shower->shown = shower->asked = typist->shown = typist->asked = 0;
	shower->pair_failed = typist->pair_failed = false;
	pair_windows(pair);
	(void)pair_link(pair);
	assert_int_equal(shower->shown, 1);
	assert_int_equal(shower->asked, 0);
	if (typist->asked == 0)
		(void)pair_link(pair);
	assert_int_equal(typist->asked, 1);
	assert_false(shower->pair_failed || typist->pair_failed);
	assert_int_equal(pair_type(pair, typist, shower), BATON_OK);
	(void)pair_link(pair);
}

static void a_code_typed_on_the_phone_pairs(void **state)
{
	(void)state;
	begin(SHOWS, TYPES);
	pair_by_code(watch, phone);
	assert_bonded();
	end();
}

static void a_code_typed_on_the_watch_pairs(void **state)
{
	(void)state;
	begin(TYPES, SHOWS);
	pair_by_code(phone, watch);
	assert_bonded();
	end();
}

static void of_two_that_can_both_the_watch_shows(void **state)
{
	(void)state;
	begin(SHOWS | TYPES, SHOWS | TYPES);
	pair_by_code(watch, phone);
	assert_bonded();
	end();
}

static void two_that_can_compare_do_so(void **state)
{
	(void)state;
	begin(COMPARES | SHOWS | TYPES, COMPARES | SHOWS | TYPES);
	assert_true(pair_bond(pair));
	assert_true(watch->compare && phone->compare);
	assert_int_equal(watch->shown + phone->shown, 0);
	end();
}

static void without_a_common_method_there_is_no_pairing(void **state)
{
	static const uint8_t can[][2] = {
		{SHOWS, SHOWS},	   {TYPES, TYPES},     {COMPARES, TYPES},
		{SHOWS, COMPARES}, {SECRET, COMPARES}, {SCANS, SCANS},
		{DRAWS, DRAWS},	   {DRAWS, TYPES},     {SHOWS, SCANS},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(can) / sizeof(can[0]); i++) {
		begin(can[i][0], can[i][1]);
		pair_windows(pair);
		(void)pair_link(pair);
		assert_true(phone->pair_failed);
		assert_int_equal(phone->pair_err, BATON_ERR_REFUSED);
		end();
	}
}

static void a_wrong_code_ends_the_window_of_both(void **state)
{
	char text[BATON_TYPED_TEXT_LEN];

	(void)state;
	begin(SHOWS, TYPES);
	pair_windows(pair);
	(void)pair_link(pair);
	memcpy(phone->digits, watch->digits, sizeof(phone->digits));
	phone->digits[0] = phone->digits[0] == '0' ? '1' : '0';
	assert_int_equal(pair_type(pair, phone, phone), BATON_OK);
	(void)pair_link(pair);
	assert_true(watch->pair_failed && phone->pair_failed);
	assert_int_equal(phone->pair_err, BATON_ERR_AUTH);
	/* The right one comes too late. */
	baton_typed_text(watch->digits, text);
	pair_down(pair);
	assert_int_equal(
		baton_session_pairing_open(&phone->session, pair->now_ms),
		BATON_OK);
	assert_int_equal(
		baton_session_code(&phone->session, text, pair->now_ms),
		BATON_OK);
	(void)pair_turn(pair);
	(void)pair_link(pair);
	assert_false(pair_secured(pair));
	assert_int_equal(pair_bonds(watch), 0);
	end();
}

static void a_mistyped_code_costs_no_try(void **state)
{
	static const char *const texts[] = {"", "123456", "12345678", "123456a",
					    "1234565"};
	size_t i;

	(void)state;
	begin(SHOWS, TYPES);
	pair_windows(pair);
	(void)pair_link(pair);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(baton_session_code(&phone->session, texts[i],
						    pair->now_ms),
				 BATON_ERR_ARG);
	assert_int_equal(pair_type(pair, phone, watch), BATON_OK);
	assert_int_equal(pair_type(pair, phone, watch), BATON_ERR_STATE);
	(void)pair_link(pair);
	assert_bonded();
	end();
}

static void a_code_needs_an_open_window(void **state)
{
	(void)state;
	begin(SHOWS, TYPES);
	memset(watch->digits, '1', sizeof(watch->digits));
	assert_int_equal(pair_type(pair, phone, watch), BATON_ERR_STATE);
	end();
}

static void tries_are_counted_before_the_code_is_used(void **state)
{
	(void)state;
	begin(SHOWS, TYPES);
	watch->store_hangs = true;
	pair_windows(pair);
	(void)pair_link(pair);
	assert_int_equal(watch->shown, 1);
	assert_int_equal(pair_type(pair, phone, watch), BATON_OK);
	(void)pair_link(pair);
	/* The phone's was counted, the watch's not: nothing was tried. */
	assert_int_equal(phone->close_err, BATON_ERR_AGAIN);
	assert_false(watch->pair_failed || phone->pair_failed);
	assert_true(watch->session.secrets->has_digits);
	assert_true(phone->session.secrets->has_digits);
	assert_int_equal(pair_bonds(phone), 0);
	end();
}

static void a_try_that_cannot_be_counted_ends_the_pairing(void **state)
{
	(void)state;
	begin(SHOWS, TYPES);
	watch->store_fails = true;
	pair_windows(pair);
	(void)pair_link(pair);
	(void)pair_turn(pair);
	assert_true(watch->pair_failed);
	assert_int_equal(watch->pair_err, BATON_ERR_STORE);
	end();
}

/* A share that comes to nothing uses the code up, and the person is told. */
static void a_hostile_share_ends_the_window(void **state)
{
	uint8_t pdu[BATON_PIECE_LEN + 1 + BATON_CPACE_SHARE_LEN] = {0};
	size_t n;

	(void)state;
	begin(SHOWS, TYPES);
	pair_windows(pair);
	(void)pair_link(pair);
	assert_int_equal(pair_type(pair, phone, watch), BATON_OK);
	pair_down(pair);
	pair_up(pair);
	while (watch->session.handshake->step != BATON_STEP_FIRST)
		(void)pair_turn(pair);
	n = baton_pdu_put_flight(pdu, BATON_FLIGHT_FIRST, 0,
				 1 + BATON_CPACE_SHARE_LEN);
	pdu[n] = BATON_KIND_TYPED;
	assert_int_equal(baton_session_rx(&watch->session, pdu, sizeof(pdu),
					  pair->now_ms),
			 BATON_ERR_AUTH);
	watch->queue_len = 0;
	(void)pair_turn(pair);
	assert_true(watch->pair_failed);
	assert_int_equal(watch->pair_err, BATON_ERR_AUTH);
	assert_false(watch->session.secrets->has_digits);
	assert_int_equal(watch->session.pairing_until_ms, 0);
	end();
}

/*
 * A bit of flight 3 or 4 is another one: who gets it learns that somebody is
 * there who tries.
 */
static void a_flight_that_does_not_authenticate_shuts_the_window(void **state)
{
	const unsigned int at = 10; /* in the flight's first PDU */
	const struct pair_pdu *first;
	int to;

	(void)state;
	for (to = 0; to < 2; to++) {
		begin(COMPARES, COMPARES);
		pair_windows(pair);
		pair_up(pair);
		do {
			(void)pair_turn(pair);
			first = &phone->queue[phone->queue_head];
		} while (phone->queue_len == 0 || first->bytes[0] != 0xf3);
		if (to == BATON_PHONE)
			phone->queue[phone->queue_head].bytes[at] ^= 1;
		else
			pair->flip_bit = pair->bits + 8 * at + 1;
		assert_true(pair_run(pair, pair_closed, 20000));
		assert_int_equal(pair->end[to].pair_err, BATON_ERR_AUTH);
		assert_int_equal(pair->end[to].session.pairing_until_ms, 0);
		end();
	}
}

/* Both said yes, the phone has its bond, and the watch's is being written. */
static void write_a_bond_slowly(void)
{
	int i;

	begin(COMPARES, COMPARES);
	pair_windows(pair);
	watch->store_stalls = true;
	pair_up(pair);
	while (!watch->compare || !phone->compare)
		(void)pair_turn(pair);
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_confirm(&pair->end[i].session,
						       true, pair->now_ms),
				 BATON_OK);
	while (!watch->session.storing.new_bond || !phone->session.bond_durable)
		(void)pair_turn(pair);
}

static void no_bond_is_told_of_before_it_is_durable(void **state)
{
	(void)state;
	write_a_bond_slowly();
	while (pair_turn(pair))
		;
	assert_false(phone->session.peer_bonded);
	assert_true(watch->session.peer_bonded);
	watch->store_stalls = false;
	assert_true(pair_run(pair, pair_secured, 1000));
	assert_true(phone->paired);
	end();
}

static void lose_the_link_of_a_bond_that_is_written(void)
{
	write_a_bond_slowly();
	pair_down(pair);
}

/* The person who said yes is not left to wait. */
static void a_bond_that_cannot_be_written_is_told_without_a_link(void **state)
{
	(void)state;
	lose_the_link_of_a_bond_that_is_written();
	assert_false(watch->pair_failed);
	watch->store_stalls = false;
	watch->store_fails = true;
	(void)pair_turn(pair);
	(void)pair_turn(pair);
	assert_true(watch->pair_failed);
	assert_int_equal(watch->pair_err, BATON_ERR_STORE);
	assert_int_equal(pair_bonds(watch), 0);
	end();
}

/* The bond being written is that of another link: the next one waits for it. */
static void no_pairing_begins_while_a_bond_is_written(void **state)
{
	(void)state;
	lose_the_link_of_a_bond_that_is_written();
	/* The phone has lost its own. */
	memset(phone->stored, 0, sizeof(phone->stored));
	pair_reboot(pair, BATON_PHONE);
	assert_int_equal(
		baton_session_pairing_open(&phone->session, pair->now_ms),
		BATON_OK);
	watch->compare = false;
	(void)pair_link(pair);
	assert_false(watch->compare);
	assert_true(phone->pair_failed);
	watch->store_stalls = false;
	(void)pair_turn(pair);
	assert_int_equal(pair_bonds(watch), 1);
	assert_true(pair_bond(pair));
	assert_int_equal(pair_bonds(watch), 2);
	assert_int_equal(pair_bonds(phone), 1);
	(void)pair_link(pair);
	assert_true(pair_secured(pair));
	end();
}

/* The phone is quicker: nobody is told to pair again. */
static void who_comes_while_its_bond_is_written_comes_again(void **state)
{
	(void)state;
	lose_the_link_of_a_bond_that_is_written();
	pair_up(pair);
	assert_true(pair_run(pair, pair_closed, 5000));
	assert_int_equal(phone->close_err, BATON_ERR_AGAIN);
	pair_down(pair);
	watch->store_stalls = false;
	(void)pair_turn(pair);
	assert_true(pair_link(pair));
	assert_true(watch->paired && phone->paired);
	end();
}

static void fail_once(void)
{
	phone->pair_failed = watch->pair_failed = false;
	phone->asked = watch->shown = 0;
	pair_down(pair);
	pair_windows(pair);
	(void)pair_link(pair);
	if (watch->shown == 0)
		return;
	memcpy(phone->digits, watch->digits, sizeof(phone->digits));
	phone->digits[5] = phone->digits[5] == '0' ? '1' : '0';
	assert_int_equal(pair_type(pair, phone, phone), BATON_OK);
	(void)pair_link(pair);
	assert_int_equal(phone->pair_err, BATON_ERR_AUTH);
	assert_true(watch->pair_failed);
}

static void after_ten_tries_no_code_is_shown(void **state)
{
	int i;

	(void)state;
	begin(SHOWS, TYPES);
	for (i = 0; i < BATON_TYPED_TRIES; i++) {
		fail_once();
		assert_int_equal(watch->shown, 1);
		/* The phone is another one each time. */
		baton_session_code_forgive(&phone->session);
		(void)pair_turn(pair);
	}
	fail_once();
	assert_int_equal(watch->shown, 0);
	assert_int_equal(phone->pair_err, BATON_ERR_EXHAUSTED);
	/* Nor after a reboot. */
	pair_reboot(pair, BATON_WATCH);
	fail_once();
	assert_int_equal(watch->shown, 0);
	/* A person who may do so lets it show one again. */
	baton_session_code_forgive(&watch->session);
	(void)pair_turn(pair);
	pair_reboot(pair, BATON_WATCH);
	pair_by_code(watch, phone);
	assert_bonded();
	end();
}

static void after_ten_tries_no_code_is_taken(void **state)
{
	int i;

	(void)state;
	begin(SHOWS, TYPES);
	for (i = 0; i < BATON_TYPED_TRIES; i++) {
		fail_once();
		baton_session_code_forgive(&watch->session);
		(void)pair_turn(pair);
	}
	pair_reboot(pair, BATON_PHONE);
	fail_once();
	assert_int_equal(phone->pair_err, BATON_ERR_EXHAUSTED);
	pair_down(pair);
	pair_windows(pair);
	assert_int_equal(pair_type(pair, phone, watch), BATON_ERR_EXHAUSTED);
	end();
}

static void a_bond_forgives_the_tries_before_it(void **state)
{
	int i;

	(void)state;
	begin(SHOWS, TYPES);
	for (i = 0; i < BATON_TYPED_TRIES - 1; i++)
		fail_once();
	pair_by_code(watch, phone);
	assert_bonded();
	pair_reboot(pair, BATON_WATCH);
	pair_reboot(pair, BATON_PHONE);
	for (i = 0; i < BATON_TYPED_TRIES - 1; i++)
		fail_once();
	assert_int_equal(watch->shown, 1);
	end();
}

static void a_bonds_export_is_of_one_bond_label_and_context(void **state)
{
	uint8_t id[BATON_BOND_ID_LEN], out[4][32];
	struct baton_session *session;
	int i, j;

	(void)state;
	begin(COMPARES, COMPARES);
	assert_true(pair_bond(pair));
	for (i = 0; i < 2; i++) {
		session = &pair->end[i].session;
		assert_int_equal(baton_session_bond_id(session, 0, id),
				 BATON_OK);
		assert_int_equal(baton_session_bond_export(session, id, "a 1",
							   (uint8_t *)"b", 1,
							   out[i]),
				 BATON_OK);
	}
	assert_memory_equal(out[0], out[1], 32);
	assert_int_equal(baton_session_bond_export(session, id, "b 1",
						   (uint8_t *)"b", 1, out[1]),
			 BATON_OK);
	assert_int_equal(baton_session_bond_export(session, id, "a 1",
						   (uint8_t *)"c", 1, out[2]),
			 BATON_OK);
	baton_kdf_of(out[3], session->bonds[0].keys.psk, "a 1", (uint8_t *)"b",
		     1);
	for (i = 0; i < 4; i++)
		for (j = 0; j < i; j++)
			assert_memory_not_equal(out[i], out[j], 32);
	id[0] ^= 1;
	assert_int_equal(
		baton_session_bond_export(session, id, "a 1", NULL, 0, out[0]),
		BATON_ERR_NOT_FOUND);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_typed_on_the_phone_pairs),
		cmocka_unit_test(a_code_typed_on_the_watch_pairs),
		cmocka_unit_test(of_two_that_can_both_the_watch_shows),
		cmocka_unit_test(two_that_can_compare_do_so),
		cmocka_unit_test(without_a_common_method_there_is_no_pairing),
		cmocka_unit_test(a_wrong_code_ends_the_window_of_both),
		cmocka_unit_test(a_mistyped_code_costs_no_try),
		cmocka_unit_test(a_hostile_share_ends_the_window),
		cmocka_unit_test(
			a_flight_that_does_not_authenticate_shuts_the_window),
		cmocka_unit_test(no_bond_is_told_of_before_it_is_durable),
		cmocka_unit_test(
			a_bond_that_cannot_be_written_is_told_without_a_link),
		cmocka_unit_test(no_pairing_begins_while_a_bond_is_written),
		cmocka_unit_test(
			who_comes_while_its_bond_is_written_comes_again),
		cmocka_unit_test(a_code_needs_an_open_window),
		cmocka_unit_test(tries_are_counted_before_the_code_is_used),
		cmocka_unit_test(a_try_that_cannot_be_counted_ends_the_pairing),
		cmocka_unit_test(after_ten_tries_no_code_is_shown),
		cmocka_unit_test(after_ten_tries_no_code_is_taken),
		cmocka_unit_test(a_bond_forgives_the_tries_before_it),
		cmocka_unit_test(
			a_bonds_export_is_of_one_bond_label_and_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
