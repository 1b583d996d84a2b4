/* SPDX-License-Identifier: MIT */

/* One link, against another and against liars: transport/SPEC.md part A. */

#include "tests/unit/link_world.h"

static void configurations_out_of_range_are_refused(void **state)
{
	struct baton_link_config bad[12];
	size_t i;

	(void)state;
	for (i = 0; i < 12; i++)
		bad[i] = large;
	bad[0].pdu_max = 17;
	bad[1].pdu_max = 510;
	bad[2].record_max = 511;
	bad[3].record_max = 8193;
	bad[4].window[BATON_CLASS_CONTROL] = 15;
	bad[5].window[BATON_CLASS_MESSAGE] = 0;
	bad[6].window[BATON_CLASS_BULK] = 129;
	bad[7].ring[BATON_CLASS_CONTROL] = 512 + 17;
	bad[8].ring[BATON_CLASS_MESSAGE] = 4096 + 17;
	bad[9].ring[BATON_CLASS_BULK] = 0;
	bad[10].ring[BATON_CLASS_BULK] = BATON_RING_MAX + 1;
	bad[11].ring[BATON_CLASS_CONTROL] = UINT32_MAX;
	for (i = 0; i < 12; i++)
		if (baton_link_check(&bad[i]) != BATON_ERR_ARG)
			fail_msg("row %zu was taken", i);
}

static void a_link_that_is_down_takes_and_sends_nothing(void **state)
{
	static const uint8_t data[] = {0x80, 0, 1};

	(void)state;
	push(a, BATON_CLASS_BULK, 100);
	baton_link_stop(&a->link);
	assert_int_equal(rx(a, data, sizeof(data)), BATON_ERR_CLOSED);
	assert_int_equal(tx(a), 0);
	assert_true(baton_link_deadline(&a->link) == BATON_LINK_NEVER);
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
}

static void before_the_handshake_is_over_only_flights_are_taken(void **state)
{
	static const uint8_t others[][8] = {
		{0x00, 1},	 {0x80, 0, 1}, {0xc0, 0, 0, 1, 0, 1},
		{0xe0, 0, 0, 9}, {0xf8, 0, 0}, {0xf9, 0, 0xe0, 0, 0, 0},
	};
	static const size_t lens[] = {2, 3, 6, 4, 3, 6};
	static const uint8_t piece[] = {0xf0, 0x80, 1, 7};
	const struct baton_link_facts facts = {.mtu = 247};
	bool flight;
	size_t i;

	(void)state;
	baton_link_start(&a->link, &facts, now_ms);
	for (i = 0; i < 6; i++)
		assert_int_equal(rx(a, others[i], lens[i]),
				 BATON_ERR_PEER_STATE);
	assert_int_equal(tx(a), 0);
	assert_int_equal(baton_link_rx(&a->link, piece, 4, now_ms, &flight),
			 BATON_OK);
	assert_true(flight);
	assert_int_equal(a->link.flight.rx[0], 7);
}

static void records_go_both_ways_at_every_mtu(void **state)
{
	uint16_t mtu;
	uint8_t c;

	(void)state;
	for (mtu = 21; mtu <= 517; mtu = (uint16_t)(mtu + 16)) {
		open_links(mtu);
		for (c = 0; c < BATON_CLASSES; c++) {
			push(a, c, 1);
			push(a, c, 512);
			push(b, c, 300);
		}
		(void)settle();
		for (c = 0; c < BATON_CLASSES; c++) {
			assert_int_equal(b->records[c], 2);
			assert_int_equal(a->records[c], 1);
		}
	}
	assert_int_equal(resent(), 0);
}

static void no_pdu_is_longer_than_the_mtu_allows(void **state)
{
	static const uint16_t mtus[] = {517, 100, 23, 247, 21, 23, 498};
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < 7; i++) {
		set_mtu(a, mtus[i]);
		set_mtu(b, mtus[i]);
		push(a, BATON_CLASS_BULK, 4000);
		for (n = 0; tx(a) > 0; n++) {
			assert_true(pdu_len + 3 <= mtus[i]);
			if (n % 3) /* every third is lost, and comes again */
				assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
		}
		assert_true(a->link.sizes.trusted + 3 <= mtus[i]);
		(void)settle();
		assert_int_equal(b->records[BATON_CLASS_BULK], i + 1);
	}
}

static void the_peers_limit_holds_too(void **state)
{
	(void)state;
	baton_link_set_peer(&a->link, 50, windows);
	push(a, BATON_CLASS_BULK, 1000);
	while (tx(a) > 0)
		assert_true(pdu_len <= 50);
}

static void the_bearers_room_holds_too(void **state)
{
	(void)state;
	push(a, BATON_CLASS_BULK, 1000);
	assert_int_equal(baton_link_tx(&a->link, pdu, 17, now_ms), 0);
	pdu_len = baton_link_tx(&a->link, pdu, 33, now_ms);
	assert_in_range(pdu_len, 18, 33);
}

static void the_first_long_pdu_goes_as_a_part(void **state)
{
	(void)state;
	push(a, BATON_CLASS_BULK, 1000);
	assert_int_equal(tx(a), 244);
	assert_int_equal(pdu[0] & 0xe0, 0xc0);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	now_ms += 100;
	assert_true(tx(b) > 0);
	assert_int_equal(rx(a, pdu, pdu_len), BATON_OK);
	assert_int_equal(a->link.sizes.trusted, 244);
	assert_int_equal(tx(a), 244);
	assert_int_equal(pdu[0] & 0x80, 0);
}

static void control_overtakes_bulk(void **state)
{
	(void)state;
	push(a, BATON_CLASS_BULK, 4000);
	assert_true(tx(a) > 0);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	push(a, BATON_CLASS_CONTROL, 10);
	assert_true(tx(a) > 0);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	take_records(b);
	assert_int_equal(b->records[BATON_CLASS_CONTROL], 1);
}

/* MESSAGE has always something to send, and a record of BULK has begun. */
static void bulk_goes_on_behind_messages(void **state)
{
	uint32_t end = now_ms + 2 * BATON_SILENCE_MS;
	int i;

	(void)state;
	push(a, BATON_CLASS_BULK, 4000);
	assert_true(tx(a) > 0);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	take_records(b);
	while (now_ms < end) {
		now_ms += 10;
		for (i = 0; i < 2; i++)
			assert_int_equal(
				baton_link_tick(&sides[i].link, now_ms),
				BATON_OK);
		if (baton_link_hungry(&a->link, BATON_CLASS_MESSAGE))
			push(a, BATON_CLASS_MESSAGE, 500);
		if (tx(a) > 0)
			assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
		take_records(b);
		if (tx(b) > 0)
			assert_int_equal(rx(a, pdu, pdu_len), BATON_OK);
	}
	assert_int_equal(b->records[BATON_CLASS_BULK], 1);
}

static void an_idle_link_has_no_timers(void **state)
{
	(void)state;
	assert_true(baton_link_deadline(&a->link) == BATON_LINK_NEVER);
	push(a, BATON_CLASS_MESSAGE, 200);
	assert_int_equal(settle(), 2); /* the data, one ACK */
	now_ms += 1000000;
	assert_int_equal(exchange(), 0);
	assert_true(baton_link_deadline(&a->link) == BATON_LINK_NEVER);
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
}

static void acks_ride_on_data_that_goes_anyway(void **state)
{
	(void)state;
	push(a, BATON_CLASS_MESSAGE, 10);
	assert_true(tx(a) > 0);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	push(b, BATON_CLASS_MESSAGE, 10);
	assert_true(tx(b) > 0);
	assert_int_equal(pdu[0] & 0xf0, 0xe0);
	assert_int_equal(b->link.stats.tx_ack_pdus, 0);
	assert_int_equal(rx(a, pdu, pdu_len), BATON_OK);
	take_records(a);
	assert_int_equal(a->records[BATON_CLASS_MESSAGE], 1);
	assert_true(baton_link_deadline(&b->link) > now_ms);
	assert_int_equal(baton_sender_flight(&a->link.classes[1].sender), 0);
}

static void in_short_pdus_acks_go_alone_and_first(void **state)
{
	uint8_t i;

	(void)state;
	open_links(21);
	push(a, BATON_CLASS_MESSAGE, 400);
	for (i = 0; i < 16; i++) {
		assert_true(tx(a) > 0);
		assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	}
	push(b, BATON_CLASS_MESSAGE, 100);
	assert_int_equal(tx(b), 4);
	assert_int_equal(pdu[0], 0xe4);
	assert_true(tx(b) > 4);
	assert_int_equal(pdu[0] & 0xc0, 0x80);
}

static void a_probe_is_answered_with_its_token_and_an_ack(void **state)
{
	static const uint8_t probe[] = {0xf8, BATON_CLASS_BULK, 0x5a};

	(void)state;
	push(b, BATON_CLASS_BULK, 4000); /* the echo goes before data */
	assert_int_equal(rx(b, probe, 3), BATON_OK);
	assert_int_equal(tx(b), 6);
	assert_int_equal(pdu[0], 0xf9);
	assert_int_equal(pdu[1], 0x5a);
	assert_int_equal(pdu[2], 0xe8);
}

static void an_echo_that_was_not_asked_for_teaches_nothing(void **state)
{
	uint8_t echo[] = {0xf9, 0, 0xe8, 0x0f, 0xf0, 16};
	struct baton_sender before;
	int token;

	(void)state;
	push(a, BATON_CLASS_BULK, 100);
	assert_true(tx(a) > 0);
	before = a->link.classes[BATON_CLASS_BULK].sender;
	for (token = 0; token < 256; token++) {
		echo[1] = (uint8_t)token;
		assert_true(rx(a, echo, 6) == BATON_OK ||
			    rx(a, echo, 6) == BATON_ERR_PEER_SEQ);
	}
	assert_int_equal(a->link.err, BATON_OK);
	assert_memory_equal(&before, &a->link.classes[BATON_CLASS_BULK].sender,
			    sizeof(before));
}

/* It is lost, and somebody says that it arrived. */
static void an_echo_confirms_nothing_sent_after_its_probe(void **state)
{
	static const uint8_t forged[] = {0xe4, 0, 2, 32};
	uint8_t echo[BATON_PDU_MIN];
	size_t len;

	(void)state;
	a->link.unverified = true;
	push(a, BATON_CLASS_MESSAGE, 100);
	(void)exchange();
	now_ms = baton_link_deadline(&a->link);
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
	assert_int_equal(tx(a), 3);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	len = baton_link_tx(&b->link, echo, sizeof(echo), now_ms);
	push(a, BATON_CLASS_MESSAGE, 100);
	assert_true(tx(a) > 0);
	assert_int_equal(rx(a, echo, len), BATON_OK);
	assert_int_equal(rx(a, forged, sizeof(forged)), BATON_OK);
	now_ms = baton_link_deadline(&a->link);
	assert_int_not_equal(now_ms, BATON_LINK_NEVER);
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
	assert_int_equal(tx(a), 3);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	len = baton_link_tx(&b->link, echo, sizeof(echo), now_ms);
	assert_int_equal(rx(a, echo, len), BATON_ERR_PROTOCOL);
}

/* The radio loses every PDU above limit bytes. */
static void settle_with_limit(size_t limit)
{
	uint64_t due;
	int i, j;

	for (i = 0; i < 3000; i++) {
		for (j = 0; j < 2; j++)
			while (tx(&sides[j]) > 0)
				if (pdu_len <= limit) {
					assert_false(baton_err_is_fatal(
						rx(&sides[!j], pdu, pdu_len)));
					take_records(&sides[!j]);
				}
		due = baton_link_earlier(baton_link_deadline(&a->link),
					 baton_link_deadline(&b->link));
		if (due == BATON_LINK_NEVER)
			return;
		if (due > now_ms)
			now_ms = due;
		assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_OK);
		assert_int_equal(baton_link_tick(&b->link, now_ms), BATON_OK);
	}
	fail_msg("it did not settle");
}

static void a_lie_about_the_mtu_is_found_out(void **state)
{
	int doubled;

	(void)state;
	open_links(517);
	push(a, BATON_CLASS_BULK, 2000);
	settle_with_limit(20);
	assert_int_equal(b->records[BATON_CLASS_BULK], 1);
	assert_true(a->link.limited);
	assert_int_equal(a->link.sizes.best, 18);
	/* Then 20 go through, 64 do not. */
	push(a, BATON_CLASS_BULK, 1000);
	settle_with_limit(20);
	assert_int_equal(a->link.sizes.best, 20);
	/* And so is the truth, should it come back: 64, 128, 256, all. */
	push(a, BATON_CLASS_BULK, 4000);
	(void)settle();
	now_ms += 2000;
	for (doubled = 0; doubled < 4; doubled++) {
		push(a, BATON_CLASS_BULK, 4000);
		(void)settle();
	}
	assert_false(a->link.limited);
	assert_true(a->link.sizes.best > 400);
}

/* Flights that had to go again may merely have been lost. */
static void after_a_lost_flight_longer_pdus_are_tried_at_once(void **state)
{
	static const size_t lens[] = {20, 64, 128, 256, 495};
	const struct baton_link_facts facts = {.mtu = 517};
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		baton_link_start(&sides[i].link, &facts, now_ms);
		baton_link_set_peer(&sides[i].link, large.pdu_max, windows);
		sides[i].link.flight.shorten = true;
		baton_link_open(&sides[i].link);
	}
	push(a, BATON_CLASS_BULK, 4000);
	for (i = 0; i < 5; i++) {
		assert_int_equal(tx(a), lens[i]);
		assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	}
	assert_int_equal(tx(a), BATON_PDU_MIN);
	assert_int_equal(rx(b, pdu, pdu_len), BATON_OK);
	while (tx(b) > 0)
		assert_int_equal(rx(a, pdu, pdu_len), BATON_OK);
	assert_false(a->link.limited);
	assert_int_equal(tx(a), 495);
}

static void a_new_mtu_starts_afresh(void **state)
{
	(void)state;
	open_links(517);
	push(a, BATON_CLASS_BULK, 2000);
	settle_with_limit(20);
	assert_true(a->link.limited);
	set_mtu(a, 247);
	assert_false(a->link.limited);
	assert_int_equal(a->link.sizes.best, 244);
	assert_int_equal(a->link.untrusted_losses, 0);
}

static void another_interval_makes_no_pdu_fit(void **state)
{
	struct baton_link_facts facts = {.mtu = 517, .interval_us = 15000};

	(void)state;
	open_links(517);
	push(a, BATON_CLASS_BULK, 2000);
	settle_with_limit(20);
	assert_true(a->link.limited);
	baton_link_change(&a->link, &facts);
	assert_true(a->link.limited);
	assert_int_equal(a->link.sizes.best, 18);
}

static void a_started_link_is_as_a_new_one(void **state)
{
	static const struct baton_link_facts facts = {
		.mtu = 185, .ll_len = 200, .interval_us = 30000};
	static struct baton_link fresh, again;
	static const uint8_t junk[] = {0xf2, 0x80, 99, 1, 2, 3};
	uint8_t c;

	(void)state;
	baton_link_start(&a->link, &facts, 77);
	fresh = a->link;
	baton_link_set_peer(&a->link, 509, windows);
	baton_link_open(&a->link);
	for (c = 0; c < BATON_CLASSES; c++) {
		push(a, c, 500);
		push(b, c, 500);
	}
	for (c = 0; c < 6; c++) {
		(void)tx(b);
		(void)!rx(a, pdu, pdu_len);
		(void)tx(a);
	}
	(void)!rx(a, junk, sizeof(junk));
	now_ms += 100000;
	assert_int_equal(baton_link_tick(&a->link, now_ms), BATON_ERR_TIMEOUT);
	baton_link_stop(&a->link);
	baton_link_start(&a->link, &facts, 77);
	again = a->link;
	memset(&fresh.stats, 0, sizeof(fresh.stats));
	memset(&again.stats, 0, sizeof(again.stats));
	assert_memory_equal(&fresh, &again, sizeof(fresh));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(configurations_out_of_range_are_refused),
		T(a_link_that_is_down_takes_and_sends_nothing),
		T(before_the_handshake_is_over_only_flights_are_taken),
		T(records_go_both_ways_at_every_mtu),
		T(no_pdu_is_longer_than_the_mtu_allows),
		T(the_peers_limit_holds_too),
		T(the_bearers_room_holds_too),
		T(the_first_long_pdu_goes_as_a_part),
		T(control_overtakes_bulk),
		T(bulk_goes_on_behind_messages),
		T(an_idle_link_has_no_timers),
		T(acks_ride_on_data_that_goes_anyway),
		T(in_short_pdus_acks_go_alone_and_first),
		T(a_probe_is_answered_with_its_token_and_an_ack),
		T(an_echo_that_was_not_asked_for_teaches_nothing),
		T(an_echo_confirms_nothing_sent_after_its_probe),
		T(a_lie_about_the_mtu_is_found_out),
		T(after_a_lost_flight_longer_pdus_are_tried_at_once),
		T(a_new_mtu_starts_afresh),
		T(another_interval_makes_no_pdu_fit),
		T(a_started_link_is_as_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
