/* SPDX-License-Identifier: MIT */

/* What a link does as time goes by: it asks, repeats, waits and ends. */

#include "tests/unit/link_world.h"

/* All was only late: there is one record, and nothing goes again. */
static void the_probe_comes_last(void)
{
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	take_records(b);
	(void)settle();
	assert_int_equal(b->records[BATON_CLASS_BULK], 1);
	assert_int_equal(resent(), 0);
}

static void a_pause_repeats_nothing(void **state)
{
	uint8_t late[8][BATON_PDU_MAX];
	size_t lens[8];
	int i, n = 0;

	(void)state;
	push(a, BATON_CLASS_BULK, 1200);
	while (tx(a) > 0) {
		memcpy(late[n], pdu, pdu_len);
		lens[n++] = pdu_len;
	}
	/* They stay in a controller for seconds; a probe too, behind them. */
	now_ms = baton_link_deadline(&a->link);
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
	assert_int_equal(tx(a), 3);
	assert_int_equal(pdu[0], 0xf8);
	for (i = 0; i < n; i++)
		assert_int_equal(rx(b, late[i], lens[i]), BATON_OK);
	the_probe_comes_last();
}

static void a_probe_that_had_no_room_yet_repeats_nothing(void **state)
{
	uint8_t late[BATON_PDU_MAX];
	size_t len;

	(void)state;
	push(a, BATON_CLASS_BULK, 100);
	len = tx(a);
	assert_true(len > 0);
	memcpy(late, pdu, len);
	/* The bearer takes nothing for seconds: nobody was asked anything. */
	while (baton_link_deadline(&a->link) < 5000 + 20000) {
		now_ms = baton_link_deadline(&a->link);
		assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
	}
	now_ms = 5000 + 20000;
	assert_int_equal(tx(a), 3);
	assert_int_equal(rx(b, late, len), BATON_OK);
	the_probe_comes_last();
}

static void what_a_probe_shows_missing_goes_again_once(void **state)
{
	(void)state;
	push(a, BATON_CLASS_BULK, 400);
	while (tx(a) > 0)
		; /* all of it is lost */
	(void)settle();
	assert_int_equal(b->records[BATON_CLASS_BULK], 1);
	assert_int_equal(resent(), 2);
}

static void a_silent_peer_ends_the_link_after_30_s(void **state)
{
	uint64_t began = now_ms;
	enum baton_err err = BATON_OK;

	(void)state;
	push(a, BATON_CLASS_MESSAGE, 100);
	while (!err) {
		while (tx(a) > 0)
			;
		now_ms = baton_link_deadline(&a->link);
		err = baton_link_tick(&a->link, now_ms);
	}
	assert_int_equal(err, BATON_ERR_TIMEOUT);
	assert_int_equal(now_ms, began + BATON_SILENCE_MS);
	/* It stays so. */
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_ERR_TIMEOUT);
	assert_int_equal(tx(a), 0);
}

static void a_record_that_does_not_go_on_ends_the_link(void **state)
{
	uint64_t began = now_ms;

	(void)state;
	push(a, BATON_CLASS_MESSAGE, 400);
	assert_true(tx(a) > 0);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	take_records(b);
	while (tx(b) > 0)
		;
	now_ms += 29999;
	assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_OK);
	now_ms = began + 30000;
	assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_ERR_TIMEOUT);
}

static void what_adds_nothing_does_not_keep_a_link(void **state)
{
	uint64_t began = now_ms;
	uint8_t first[BATON_PDU_MAX];
	size_t len;

	(void)state;
	push(a, BATON_CLASS_MESSAGE, 400);
	len = tx(a);
	assert_true(len > 0);
	memcpy(first, pdu, len);
	assert_int_equal(rx(b, first, len), BATON_OK);
	take_records(b);
	while (now_ms < began + 29000) {
		now_ms += 1000;
		assert_int_equal(rx(b, first, len), BATON_OK);
		while (tx(b) > 0)
			;
		assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_OK);
	}
	/* Credit was told once more, 1 s after it came. */
	now_ms = began + 31000;
	assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_ERR_TIMEOUT);
}

static void an_application_may_leave_records_for_hours(void **state)
{
	uint8_t *record;
	size_t len;

	(void)state;
	push(a, BATON_CLASS_MESSAGE, 100);
	push(a, BATON_CLASS_MESSAGE, 400);
	while (tx(a) > 0)
		assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	assert_int_equal(
		baton_link_record(&b->link, BATON_CLASS_MESSAGE, &record, &len),
		BATON_OK);
	now_ms += 3600000;
	assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_OK);
	take_records(b);
	assert_int_equal(b->records[BATON_CLASS_MESSAGE], 2);
}

/* Data of b's reaches a, but a's application takes none of it. */
static void starve(uint16_t len)
{
	uint8_t *record;
	size_t got;

	while (!baton_sender_starved(
		&b->link.classes[BATON_CLASS_MESSAGE].sender)) {
		if (baton_link_has_room(&b->link, BATON_CLASS_MESSAGE,
					len + 18u))
			push(b, BATON_CLASS_MESSAGE, len);
		while (tx(b) > 0)
			assert_int_equal(rx(a, pdu, pdu_len), BATON_OK);
		now_ms += 20;
		while (tx(a) > 0)
			assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
		/* The first record is never released. */
		(void)!baton_link_record(&a->link, BATON_CLASS_MESSAGE, &record,
					 &got);
	}
}

static void a_lost_word_about_credit_is_asked_for(void **state)
{
	unsigned int had;

	(void)state;
	starve(400);
	take_records(a);
	had = a->records[BATON_CLASS_MESSAGE];
	while (tx(a) > 0)
		; /* the announcement is lost */
	(void)settle();
	assert_true(a->records[BATON_CLASS_MESSAGE] > had);
	assert_false(baton_sender_starved(
		&b->link.classes[BATON_CLASS_MESSAGE].sender));
}

static void credit_is_asked_for_while_the_peer_talks(void **state)
{
	int i;

	(void)state;
	starve(400);
	take_records(a);
	while (tx(a) > 0)
		; /* the announcement is lost */
	/* a has much to say in the other direction all the time. */
	for (i = 0; i < 100; i++) {
		push(a, BATON_CLASS_BULK, 100);
		now_ms += 50;
		assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
		assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_OK);
		(void)exchange();
	}
	assert_false(baton_sender_starved(
		&b->link.classes[BATON_CLASS_MESSAGE].sender));
}

static void who_stays_deaf_is_asked_less_and_less(void **state)
{
	uint64_t end;
	int n = 0;

	(void)state;
	starve(400);
	for (end = now_ms + 60000; now_ms < end; n++) {
		now_ms = baton_link_earlier(baton_link_deadline(&a->link),
					    baton_link_deadline(&b->link));
		assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
		assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_OK);
		while (tx(b) > 0)
			assert_int_equal(rx(a, pdu, pdu_len), BATON_OK);
		while (tx(a) > 0)
			assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	}
	assert_in_range(n, 10, 30);
}

/* A hundred and more are out, the first is lost, and so is every ACK. */
static void what_a_probe_shows_arrived_does_not_go_again(void **state)
{
	static const uint8_t wide[BATON_CLASSES] = {16, 32, 128};
	int n = 0;

	(void)state;
	open_links(43);
	baton_link_set_peer(&a->link, large.pdu_max, wide);
	a->link.sizes.trusted = a->link.sizes.best;
	push(a, BATON_CLASS_BULK, 4000);
	for (; tx(a) > 0; n++) {
		if (n > 0)
			assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
		while (tx(b) > 0)
			;
	}
	assert_true(n > 100);
	(void)settle();
	assert_int_equal(b->records[BATON_CLASS_BULK], 1);
	/* By a longer header, hence in two parts. */
	assert_int_equal(resent(), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_pause_repeats_nothing),
		T(a_probe_that_had_no_room_yet_repeats_nothing),
		T(what_a_probe_shows_missing_goes_again_once),
		T(what_a_probe_shows_arrived_does_not_go_again),
		T(a_silent_peer_ends_the_link_after_30_s),
		T(a_record_that_does_not_go_on_ends_the_link),
		T(what_adds_nothing_does_not_keep_a_link),
		T(an_application_may_leave_records_for_hours),
		T(a_lost_word_about_credit_is_asked_for),
		T(credit_is_asked_for_while_the_peer_talks),
		T(who_stays_deaf_is_asked_less_and_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
