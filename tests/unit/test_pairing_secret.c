/* SPDX-License-Identifier: MIT */

/* Pairing by a secret out of band between two engines: session/SPEC.md 3.2. */

#include "tests/unit/pairing_world.h"
#include "transport/flight.h"

static void shows(struct pair_end *end, uint8_t secret[BATON_OOB_SECRET_LEN])
{
	assert_int_equal(
		baton_session_secret_make(&end->session, secret, pair->now_ms),
		BATON_OK);
}

static void takes(struct pair_end *end,
		  const uint8_t secret[BATON_OOB_SECRET_LEN])
{
	assert_int_equal(
		baton_session_secret_take(&end->session, secret, pair->now_ms),
		BATON_OK);
}

/* Neither has a secret: one is asked to show it, the other to take it. */
static void pair_by_secret(struct pair_end *shower, struct pair_end *taker)
{
	pair_windows(pair);
	(void)pair_link(pair);
	if (taker->asked == 0)
		(void)pair_link(pair);
	assert_int_equal(shower->shown, 1);
	assert_int_equal(shower->asked, 0);
	assert_int_equal(taker->shown, 0);
	assert_int_equal(taker->asked, 1);
	/* Links go on while the person scans, and nothing comes of them. */
	assert_false(pair_link(pair));
	assert_int_equal(shower->shown, 1);
	assert_int_equal(taker->asked, 1);
	assert_false(shower->pair_failed || taker->pair_failed);
	assert_int_equal(pair_scan(pair, taker, shower), BATON_OK);
	assert_true(pair_link(pair));
	assert_int_equal(pair->kind, BATON_KIND_OUT_OF_BAND);
	assert_bonded();
}

static void of_two_that_show_and_scan_the_watch_shows(void **state)
{
	(void)state;
	begin(SECRET, SECRET);
	pair_by_secret(watch, phone);
	end();
}

static void a_phone_shows_to_a_watch_that_only_scans(void **state)
{
	(void)state;
	begin(SCANS, SECRET);
	pair_by_secret(phone, watch);
	end();
	begin(SECRET, DRAWS);
	pair_by_secret(phone, watch);
	end();
}

static void a_secret_is_better_than_a_typed_code(void **state)
{
	(void)state;
	begin(SECRET | SHOWS | TYPES, SECRET | SHOWS | TYPES);
	pair_by_secret(watch, phone);
	end();
	/* Both could scan, and neither show. */
	begin(SCANS | SHOWS | TYPES, SCANS | SHOWS | TYPES);
	pair_windows(pair);
	(void)pair_link(pair);
	(void)pair_link(pair);
	assert_int_equal(pair_type(pair, phone, watch), BATON_OK);
	(void)pair_link(pair);
	assert_bonded();
	end();
}

/* It lost its memory while the person looked for the camera. */
static void a_phone_that_begins_again_takes_what_is_shown(void **state)
{
	(void)state;
	begin(SECRET, SECRET);
	pair_windows(pair);
	(void)pair_link(pair);
	(void)pair_link(pair);
	pair_reboot(pair, BATON_PHONE);
	phone->asked = 0;
	assert_int_equal(
		baton_session_pairing_open(&phone->session, pair->now_ms),
		BATON_OK);
	(void)pair_link(pair);
	assert_int_equal(phone->asked, 1);
	assert_int_equal(watch->shown, 1);
	assert_int_equal(pair_scan(pair, phone, watch), BATON_OK);
	(void)pair_link(pair);
	assert_bonded();
	end();
}

static void what_is_scanned_late_does_not_lengthen_the_window(void **state)
{
	uint64_t until_ms;

	(void)state;
	begin(SECRET, SECRET);
	pair_windows(pair);
	until_ms = phone->session.pairing_until_ms;
	(void)pair_link(pair);
	(void)pair_link(pair);
	assert_true(pair->now_ms < until_ms - 1);
	pair->now_ms = until_ms - 1;
	assert_int_equal(pair_scan(pair, phone, watch), BATON_OK);
	assert_int_equal(phone->session.pairing_until_ms, until_ms);
	assert_int_equal(baton_session_deadline(&phone->session), until_ms);
	end();
}

/* A watch answers what the phone has not said: there is no key to read it by. */
static void an_answer_to_no_message_pairs_nobody(void **state)
{
	uint8_t pdu[BATON_PIECE_LEN + 96] = {0};
	size_t n;

	(void)state;
	begin(SCANS, DRAWS);
	pair_windows(pair);
	pair_up(pair);
	while (phone->session.handshake->step != BATON_STEP_SECOND)
		(void)pair_turn(pair);
	assert_true(phone->session.secrets->has_oob);
	n = baton_pdu_put_flight(pdu, BATON_FLIGHT_FIRST + 1, 0, 96);
	assert_int_equal(
		baton_session_rx(&phone->session, pdu, n + 96, pair->now_ms),
		BATON_ERR_AUTH);
	assert_int_equal(phone->session.state, BATON_SESSION_CLOSING);
	/* What is shown has not been tried by anybody. */
	assert_false(phone->session.secrets->spent);
	end();
}

static void a_secret_that_the_watch_shows_pairs(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];

	(void)state;
	begin(COMPARES | SECRET, COMPARES | SECRET);
	shows(watch, secret);
	takes(phone, secret);
	(void)pair_link(pair);
	assert_false(watch->compare || phone->compare);
	assert_bonded();
	end();
}

static void a_secret_that_the_phone_shows_pairs(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];

	(void)state;
	begin(SECRET, SECRET);
	shows(phone, secret);
	takes(watch, secret);
	(void)pair_link(pair);
	assert_bonded();
	end();
}

static void another_secret_does_not_pair_and_spends_nothing(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN], other[BATON_OOB_SECRET_LEN];

	(void)state;
	begin(SECRET, SECRET);
	shows(watch, secret);
	memcpy(other, secret, sizeof(other));
	other[31] ^= 1;
	takes(phone, other);
	(void)pair_link(pair);
	assert_false(pair_secured(pair));
	pair_down(pair);
	takes(phone, secret);
	(void)pair_link(pair);
	assert_bonded();
	end();
}

static void a_secret_serves_once(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];

	(void)state;
	begin(SECRET, SECRET);
	shows(watch, secret);
	takes(phone, secret);
	(void)pair_link(pair);
	assert_true(pair_secured(pair));
	pair_down(pair);
	/* Who photographed it comes while the window would still be open. */
	takes(phone, secret);
	(void)pair_link(pair);
	assert_true(phone->pair_failed);
	assert_int_equal(phone->pair_err, BATON_ERR_REFUSED);
	assert_int_equal(pair_bonds(watch), 1);
	end();
}

static void with_a_secret_in_hand_nothing_else_pairs(void **state)
{
	uint8_t secret[BATON_OOB_SECRET_LEN];

	(void)state;
	begin(COMPARES | SECRET, COMPARES | SECRET);
	shows(watch, secret);
	assert_int_equal(
		baton_session_pairing_open(&phone->session, pair->now_ms),
		BATON_OK);
	(void)pair_link(pair);
	assert_true(phone->pair_failed);
	assert_int_equal(phone->pair_err, BATON_ERR_REFUSED);
	assert_false(watch->compare || phone->compare);
	pair_down(pair);
	/* And the other way round. */
	assert_int_equal(
		baton_session_pairing_open(&watch->session, pair->now_ms),
		BATON_OK);
	takes(phone, secret);
	phone->pair_failed = false;
	(void)pair_link(pair);
	assert_true(phone->pair_failed);
	assert_false(watch->compare || phone->compare);
	end();
}

static void a_window_left_open_shuts_and_forgets(void **state)
{
	static const uint8_t zeros[BATON_OOB_SECRET_LEN];
	uint8_t secret[BATON_OOB_SECRET_LEN];

	(void)state;
	begin(SECRET, SECRET);
	shows(watch, secret);
	assert_int_equal(baton_session_deadline(&watch->session),
			 pair->now_ms + 120000);
	pair->now_ms += 120000;
	baton_session_tick(&watch->session, pair->now_ms);
	assert_memory_equal(watch->session.secrets->oob, zeros, sizeof(zeros));
	takes(phone, secret);
	(void)pair_link(pair);
	assert_int_equal(phone->pair_err, BATON_ERR_REFUSED);
	assert_int_equal(pair_bonds(watch), 0);
	end();
}

static void methods_are_only_spoken_where_they_are_known(void **state)
{
	struct baton_session_config config = {
		.role = BATON_WATCH,
		.link = BATON_LINK_CONFIG_SMALL,
		.pairing = COMPARES | SECRET | SHOWS | TYPES,
	};
	uint8_t seed[32] = {1}, secret[BATON_OOB_SECRET_LEN];
	struct baton_session *session = test_malloc(sizeof(*session));
	size_t len = baton_session_memory_len(&config);
	void *memory = test_malloc(len);

	(void)state;
	assert_int_equal(
		baton_session_init(session, &config, memory, len, seed),
		BATON_OK);
	assert_int_equal(baton_session_secret_make(session, secret, 0),
			 BATON_ERR_ARG);
	baton_session_wipe(session);
	test_free(memory);
	test_free(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_that_show_and_scan_the_watch_shows),
		cmocka_unit_test(a_phone_shows_to_a_watch_that_only_scans),
		cmocka_unit_test(a_secret_is_better_than_a_typed_code),
		cmocka_unit_test(a_phone_that_begins_again_takes_what_is_shown),
		cmocka_unit_test(
			what_is_scanned_late_does_not_lengthen_the_window),
		cmocka_unit_test(an_answer_to_no_message_pairs_nobody),
		cmocka_unit_test(a_secret_that_the_watch_shows_pairs),
		cmocka_unit_test(a_secret_that_the_phone_shows_pairs),
		cmocka_unit_test(
			another_secret_does_not_pair_and_spends_nothing),
		cmocka_unit_test(a_secret_serves_once),
		cmocka_unit_test(with_a_secret_in_hand_nothing_else_pairs),
		cmocka_unit_test(a_window_left_open_shuts_and_forgets),
		cmocka_unit_test(methods_are_only_spoken_where_they_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
