/* SPDX-License-Identifier: MIT */

/* The engine, two of them against each other. */

#include "tests/unit/pair_world.h"

static bool delivered_to_watch(struct pair *pair)
{
	return pair->end[BATON_PHONE].delivered > 0;
}

static bool delivered_to_phone(struct pair *pair)
{
	return pair->end[BATON_WATCH].delivered > 0;
}

static void assert_got(const struct pair_end *end, uint64_t total)
{
	assert_int_equal(end->ended, 1);
	assert_int_equal(end->got_bytes, total);
	assert_true(end->got_hash == pair_pattern_hash(total));
}

static void both_see_the_same_code(void **state)
{
	(void)state;
	assert_true(pair_bond(world));
	assert_int_equal(world->end[0].code, world->end[1].code);
	assert_true(world->end[0].code < 1000000);
	assert_true(world->end[0].paired && world->end[1].paired);
	assert_int_equal((int)pair_bonds(&world->end[0]), 1);
	assert_int_equal((int)pair_bonds(&world->end[1]), 1);
}

static void a_no_keeps_nothing(void **state)
{
	(void)state;
	world->end[BATON_WATCH].says_no = true;
	assert_false(pair_bond(world));
	assert_true(world->end[0].pair_failed && world->end[1].pair_failed);
	assert_int_equal(world->end[0].pair_err, BATON_ERR_REFUSED);
	assert_int_equal(world->end[1].pair_err, BATON_ERR_REFUSED);
	assert_int_equal((int)pair_bonds(&world->end[0]), 0);
	assert_int_equal((int)pair_bonds(&world->end[1]), 0);
}

static void a_no_is_final(void **state)
{
	struct baton_session *phone = &world->end[BATON_PHONE].session;

	(void)state;
	world->end[BATON_PHONE].says_no = true;
	world->end[BATON_WATCH].says_no = true;
	assert_false(pair_bond(world));
	assert_int_equal(baton_session_confirm(phone, true, world->now_ms),
			 BATON_ERR_STATE);
	assert_int_equal((int)pair_bonds(&world->end[BATON_PHONE]), 0);
}

static void a_no_cannot_be_taken_back(void **state)
{
	struct baton_session *phone = &world->end[BATON_PHONE].session;
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_pairing_open(
					 &world->end[i].session, world->now_ms),
				 BATON_OK);
	pair_up(world);
	while (!world->end[0].compare || !world->end[1].compare)
		pair_turn(world);
	assert_int_equal(baton_session_confirm(phone, false, world->now_ms),
			 BATON_OK);
	assert_int_equal(baton_session_confirm(phone, true, world->now_ms),
			 BATON_ERR_STATE);
}

static void a_failed_write_ends_the_pairing(void **state)
{
	(void)state;
	world->end[BATON_PHONE].store_fails = true;
	assert_false(pair_bond(world));
	assert_false(world->end[0].paired || world->end[1].paired);
	assert_int_equal(world->end[BATON_PHONE].close_err, BATON_ERR_STORE);
}

static void bonded_devices_reconnect(void **state)
{
	(void)state;
	assert_true(pair_bond(world));
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
}

static void bonds_survive_a_reboot(void **state)
{
	(void)state;
	assert_true(pair_bond(world));
	pair_reboot(world, BATON_WATCH);
	pair_reboot(world, BATON_PHONE);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
}

static void an_unknown_bond_is_said_to_be(void **state)
{
	(void)state;
	assert_true(pair_bond(world));
	memset(world->end[BATON_WATCH].stored, 0,
	       sizeof(world->end[BATON_WATCH].stored));
	pair_reboot(world, BATON_WATCH);
	pair_up(world);
	assert_true(pair_run(world, pair_closed, 5000));
	assert_int_equal(world->end[BATON_PHONE].close_err, BATON_ERR_NO_BOND);
}

static void a_watch_does_not_pair_unasked(void **state)
{
	(void)state;
	assert_int_equal(
		baton_session_pairing_open(&world->end[BATON_PHONE].session,
					   world->now_ms),
		BATON_OK);
	pair_up(world);
	assert_true(pair_run(world, pair_closed, 60000));
	assert_int_equal(world->end[BATON_PHONE].close_err, BATON_ERR_REFUSED);
	assert_false(world->end[BATON_WATCH].compare);
}

static void a_silent_stranger_is_put_out(void **state)
{
	struct baton_link_facts facts = {.mtu = 247};
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	struct baton_event event;

	(void)state;
	assert_int_equal(baton_session_link_up(watch, &facts, 1000), BATON_OK);
	assert_int_equal(baton_session_deadline(watch), 31000);
	baton_session_tick(watch, 31000);
	assert_true(baton_session_next_event(watch, &event, 31000));
	assert_int_equal(event.type, BATON_EVENT_LINK_CLOSE);
	assert_int_equal(event.u.closed.err, BATON_ERR_TIMEOUT);
}

static void short_messages_go_both_ways(void **state)
{
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	int i;

	(void)state;
	assert_true(pair_bond(world));
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_send(&world->end[i].session,
						    stream,
						    (const uint8_t *)"hello", 5,
						    0, world->now_ms),
				 BATON_OK);
	assert_true(pair_run(world, delivered_to_watch, 2000));
	assert_true(pair_run(world, delivered_to_phone, 2000));
	assert_int_equal(world->end[0].messages, 1);
	assert_int_equal(world->end[1].messages, 1);
}

static bool three_frames_came(struct pair *pair)
{
	return pair->end[BATON_PHONE].frames == 3;
}

static void a_stream_that_is_none_takes_nothing(void **state)
{
	static const struct baton_stream_id none[] = {
		{BATON_CLASS_CONTROL, 0},
		{BATON_CLASS_BULK + 1, 0},
		{BATON_CLASS_MESSAGE, BATON_STREAMS},
		{BATON_CLASS_BULK, 255},
		{255, 0}};
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	size_t taken, i;

	(void)state;
	assert_true(pair_bond(world));
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_int_equal(baton_session_send(watch, none[i],
						    (const uint8_t *)"x", 1, 0,
						    world->now_ms),
				 BATON_ERR_ARG);
		assert_int_equal(
			baton_session_begin(watch, none[i], 1, NULL, 0, 0),
			BATON_ERR_ARG);
		assert_int_equal(baton_session_write(watch, none[i],
						     (const uint8_t *)"x", 1,
						     &taken, world->now_ms),
				 BATON_ERR_ARG);
		assert_int_equal(baton_session_cancel(watch, none[i], 0),
				 BATON_ERR_ARG);
		assert_int_equal(baton_session_refuse(watch, none[i], 0),
				 BATON_ERR_ARG);
		assert_int_equal(baton_session_number(watch, none[i]), 0);
	}
}

static void frames_travel_in_order_with_messages(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	uint8_t body[BATON_FRAME_BODY_MAX + 1];

	(void)state;
	memset(body, 7, sizeof(body));
	assert_int_equal(baton_session_frame(watch, 0x20, body, 1),
			 BATON_ERR_STATE);
	assert_true(pair_bond(world));
	assert_int_equal(baton_session_frame(watch, 0x1f, body, 1),
			 BATON_ERR_ARG);
	assert_int_equal(baton_session_frame(watch, 0x40, body, 1),
			 BATON_ERR_ARG);
	assert_int_equal(baton_session_frame(watch, 0x20, body, sizeof(body)),
			 BATON_ERR_ARG);
	assert_int_equal(baton_session_frame(watch, 0x20, NULL, 0), BATON_OK);
	assert_int_equal(
		baton_session_send(watch, stream, body, 100, 0, world->now_ms),
		BATON_OK);
	assert_int_equal(baton_session_frame(watch, 0x21, body, 5), BATON_OK);
	assert_int_equal(
		baton_session_frame(watch, 0x2f, body, BATON_FRAME_BODY_MAX),
		BATON_OK);
	assert_true(pair_run(world, three_frames_came, 2000));
	assert_int_equal(world->end[BATON_PHONE].frame_code, 0x2f);
	assert_int_equal(world->end[BATON_PHONE].frame_len,
			 BATON_FRAME_BODY_MAX);
	assert_memory_equal(world->end[BATON_PHONE].frame, body,
			    BATON_FRAME_BODY_MAX);
	assert_int_equal(world->end[BATON_PHONE].frame_after, 1);
	/* Nobody waits for an answer: the link goes silent and stays. */
	assert_false(pair_run(world, pair_closed, 3600000));
}

static void a_channel_is_of_one_bond_and_link(void **state)
{
	uint8_t first[2][32], second[2][32];
	int i;

	(void)state;
	assert_int_equal(
		baton_session_channel(&world->end[0].session, first[0]),
		BATON_ERR_STATE);
	assert_true(pair_bond(world));
	for (i = 0; i < 2; i++)
		assert_int_equal(
			baton_session_channel(&world->end[i].session, first[i]),
			BATON_OK);
	assert_memory_equal(first[0], first[1], 32);
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_channel(&world->end[i].session,
						       second[i]),
				 BATON_OK);
	assert_memory_equal(second[0], second[1], 32);
	assert_memory_not_equal(first[0], second[0], 32);
}

static void an_idle_link_is_silent(void **state)
{
	const struct baton_batch *batch;
	uint64_t pdus;

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_WATCH, 5000);
	assert_true(pair_run(world, delivered_to_phone, 5000));
	while (pair_turn(world))
		;
	pair_run(world, pair_closed, 5000);
	pdus = world->pdus;
	assert_false(pair_run(world, pair_closed, 3600000));
	assert_int_equal(world->pdus, pdus);
	batch = world->end[BATON_WATCH].session.outgoing.batch;
	assert_false(batch[BATON_CLASS_MESSAGE].busy);
	assert_false(batch[BATON_CLASS_BULK].busy);
}

struct transfer {
	uint64_t total;
	uint16_t mtu;
	uint32_t drop_ppm, dup_ppm, swap_ppm;
};

static void messages_of_every_size_arrive(void **state)
{
	static const struct transfer table[] = {
		{0, 23, 0, 0, 0},
		{1, 23, 0, 0, 0},
		{200, 185, 0, 0, 0},
		{100000, 23, 0, 0, 0},
		{1 << 20, 247, 0, 0, 0},
		{1 << 20, 517, 0, 0, 0},
		{100000, 23, 50000, 0, 0},
		{300000, 247, 50000, 50000, 50000},
		{300000, 517, 300000, 0, 0},
		{300000, 185, 0, 300000, 300000},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct transfer *t = &table[i];

		pair_free(world);
		pair_init(world, i);
		world->mtu = t->mtu;
		assert_true(pair_bond(world));
		world->drop_ppm = t->drop_ppm;
		world->dup_ppm = t->dup_ppm;
		world->swap_ppm = t->swap_ppm;
		pair_send(world, BATON_WATCH, t->total);
		if (!pair_run(world, delivered_to_phone, 3600000))
			fail_msg("row %zu did not arrive", i);
		assert_got(&world->end[BATON_PHONE], t->total);
	}
}

static void a_broken_link_goes_on_where_it_was(void **state)
{
	const uint64_t total = 300000;
	int i;

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, total);
	for (i = 0; i < 5; i++) {
		while (world->end[BATON_WATCH].got_bytes <
		       (uint64_t)(i + 1) * 50000)
			pair_turn(world);
		pair_down(world);
		pair_up(world);
		assert_true(pair_run(world, pair_secured, 5000));
	}
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_got(&world->end[BATON_WATCH], total);
	assert_int_equal(world->end[BATON_WATCH].begun, 1);
	assert_int_equal(world->end[BATON_PHONE].rewinds, 5);
}

/* The watch tells a message, and is asked for nothing more on this link. */
static void tell_one_message(void)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	struct baton_event event;

	assert_true(pair_bond(world));
	world->end[BATON_WATCH].deaf = true;
	assert_int_equal(baton_session_send(&world->end[BATON_PHONE].session,
					    stream, (const uint8_t *)"once", 4,
					    0, world->now_ms),
			 BATON_OK);
	while (pair_turn(world))
		;
	do
		assert_true(
			baton_session_next_event(watch, &event, world->now_ms));
	while (event.type != BATON_EVENT_MESSAGE);
}

static void assert_it_is_not_told_again(void)
{
	pair_down(world);
	world->end[BATON_WATCH].deaf = false;
	pair_up(world);
	assert_true(pair_run(world, delivered_to_watch, 5000));
	assert_int_equal(world->end[BATON_PHONE].lost_end, 0);
	assert_int_equal(world->end[BATON_WATCH].messages, 0);
}

static void what_was_told_counts_though_the_link_goes(void **state)
{
	(void)state;
	tell_one_message();
	assert_it_is_not_told_again();
}

/* A stranger on the link can end it, and no more than that. */
static void what_was_told_counts_though_the_link_fails(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	uint8_t forged[BATON_LONG_LEN + BATON_RECORD_HEADER_LEN + 17] = {0};

	(void)state;
	tell_one_message();
	baton_pdu_put_long(
		forged, BATON_CLASS_CONTROL,
		watch->link.classes[BATON_CLASS_CONTROL].receiver.next);
	forged[BATON_LONG_LEN + 1] = 17;
	assert_int_equal(
		baton_session_rx(watch, forged, sizeof(forged), world->now_ms),
		BATON_ERR_AUTH);
	assert_it_is_not_told_again();
}

static void what_waits_for_room_does_not_wake_the_caller(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 0};
	uint8_t pdu[BATON_PDU_MAX];
	uint64_t due;
	size_t len;

	(void)state;
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	assert_int_equal(baton_session_send(&world->end[BATON_PHONE].session,
					    stream, (const uint8_t *)"ack me",
					    6, 0, world->now_ms),
			 BATON_OK);
	len = baton_session_tx(&world->end[BATON_PHONE].session, pdu,
			       sizeof(pdu), world->now_ms);
	assert_true(len > 0);
	assert_int_equal(baton_session_rx(watch, pdu, len, world->now_ms),
			 BATON_OK);
	/* The bearer has no room: nothing is pulled, and time goes on. */
	due = baton_session_deadline(watch);
	assert_true(due < UINT64_MAX);
	baton_session_tick(watch, due);
	assert_true(baton_session_deadline(watch) > due);
	assert_true(baton_session_tx(watch, pdu, sizeof(pdu), due) > 0);
}

static void a_rebooted_receiver_gets_it_from_the_start(void **state)
{
	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, 300000);
	while (world->end[BATON_WATCH].got_bytes < 100000)
		pair_turn(world);
	pair_reboot(world, BATON_WATCH);
	pair_up(world);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_got(&world->end[BATON_WATCH], 300000);
}

/*
 * All that a sender holds is the ring, the record being filled and what the
 * receiver has room for; it takes no memory but what it was given.
 */
static void
a_reader_that_sleeps_10_s_loses_nothing_and_stops_the_sender(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	struct pair_end *phone = &world->end[BATON_PHONE];
	const struct baton_link_config *link = &phone->session.config.link;
	size_t most = link->ring[BATON_CLASS_BULK] + 2 * link->record_max +
		      link->window[BATON_CLASS_BULK] * link->pdu_max;
	uint64_t at;

	(void)state;
	assert_true(pair_bond(world));
	watch->deaf = true;
	pair_send(world, BATON_PHONE, 1 << 20);
	assert_false(pair_run(world, delivered_to_watch, 50000));
	at = phone->send_at;
	assert_in_range(at, 1, most);
	assert_false(pair_run(world, delivered_to_watch, 50000));
	assert_int_equal(phone->send_at, at);
	assert_int_equal(watch->got_bytes, 0);
	assert_false(pair_closed(world));
	watch->deaf = false;
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_got(watch, 1 << 20);
}

static void a_refused_message_stops(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, 1 << 20);
	while (world->end[BATON_WATCH].got_bytes < 10000)
		pair_turn(world);
	assert_int_equal(baton_session_refuse(&world->end[BATON_WATCH].session,
					      phone->stream,
					      BATON_REASON_NO_ROOM),
			 BATON_OK);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_int_equal(phone->refused, 1);
	assert_int_equal(phone->reason, BATON_REASON_NO_ROOM);
	assert_int_equal(world->end[BATON_WATCH].ended, 0);
	/* The stream is of use again. */
	phone->delivered = 0;
	pair_send(world, BATON_PHONE, 5000);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_int_equal(world->end[BATON_WATCH].ended, 1);
}

/* The link goes between the refusal and the REFUSE. */
static void a_lost_refusal_is_told_on_the_next_link(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct pair_end *watch = &world->end[BATON_WATCH];

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, 20000);
	while (watch->got_bytes == 0)
		pair_turn(world);
	assert_false(phone->sending);
	assert_int_equal(baton_session_refuse(&watch->session, phone->stream,
					      BATON_REASON_NO_ROOM),
			 BATON_OK);
	pair_down(world);
	assert_int_equal(phone->refused, 0);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	assert_int_equal(phone->refused, 1);
	assert_int_equal(phone->reason, BATON_REASON_NO_ROOM);
	assert_int_equal(phone->rewinds, 0);
	/* Once is enough, and it says nothing of what follows. */
	phone->delivered = 0;
	pair_send(world, BATON_PHONE, 5000);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	assert_int_equal(phone->refused, 1);
	assert_int_equal(watch->ended, 1);
}

/* What was refused before the peer counts anew says nothing of the new. */
static void a_refusal_does_not_outlive_its_numbering(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct pair_end *watch = &world->end[BATON_WATCH];

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, 1 << 20);
	while (watch->got_bytes == 0)
		pair_turn(world);
	assert_int_equal(baton_session_refuse(&watch->session, phone->stream,
					      BATON_REASON_NO_ROOM),
			 BATON_OK);
	pair_reboot(world, BATON_PHONE);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	pair_send(world, BATON_PHONE, 5000);
	while (watch->ended == 0)
		pair_turn(world);
	pair_down(world); /* before VERIFIED */
	assert_int_equal(phone->delivered, 0);
	pair_up(world);
	assert_true(pair_run(world, delivered_to_watch, 5000));
	assert_int_equal(phone->refused, 0);
}

static void a_message_over_the_limit_is_refused(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, (64 << 20) + 1);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_int_equal(phone->reason, BATON_REASON_TOO_LARGE);
	assert_int_equal(world->end[BATON_WATCH].begun, 0);
}

static void a_cancelled_message_is_aborted(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, 1 << 20);
	while (world->end[BATON_WATCH].got_bytes < 10000)
		pair_turn(world);
	phone->sending = false;
	assert_int_equal(baton_session_cancel(&phone->session, phone->stream,
					      BATON_REASON_PERSON),
			 BATON_OK);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_int_equal(world->end[BATON_WATCH].aborted, 1);
	assert_int_equal(world->end[BATON_WATCH].ended, 0);
}

/* They pair, come again, and a file gets over. */
static void all_goes_on(void)
{
	assert_true(pair_bond(world));
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
	pair_send(world, BATON_WATCH, 50000);
	assert_true(pair_run(world, delivered_to_phone, 600000));
	assert_got(&world->end[BATON_PHONE], 50000);
	assert_false(pair_closed(world));
}

static void a_host_that_cuts_at_20_is_survived(void **state)
{
	(void)state;
	world->mtu = 517;
	world->cut_len = 20;
	all_goes_on();
}

static void the_least_link_is_enough(void **state)
{
	(void)state;
	world->mtu = 21;
	world->cut_len = 18;
	all_goes_on();
}

static void the_mtu_may_change_at_any_time(void **state)
{
	static const uint16_t mtus[] = {517, 23, 247, 100, 498, 23, 185};
	size_t i;
	int e;

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_WATCH, 200000);
	for (i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		while (world->end[BATON_PHONE].got_bytes < 25000 * (i + 1))
			pair_turn(world);
		/* What was longer on its way is cut, as a host would. */
		world->cut_len = (uint16_t)(mtus[i] - 3);
		for (e = 0; e < 2; e++)
			baton_session_link_mtu(&world->end[e].session, mtus[i]);
	}
	assert_true(pair_run(world, delivered_to_phone, 600000));
	assert_got(&world->end[BATON_PHONE], 200000);
}

static void small_memory_is_enough(void **state)
{
	static const struct baton_link_config small = BATON_LINK_CONFIG_SMALL;
	const struct baton_session_config config = {.link = small};
	struct baton_session session;
	uint8_t none, seed[32] = {0};

	(void)state;
	assert_int_equal(
		baton_session_init(&session, &config, &none,
				   baton_session_memory_len(&config) - 1, seed),
		BATON_ERR_SPACE);
	pair_free(world);
	pair_init_config(world, 3, &small);
	assert_true(pair_bond(world));
	world->drop_ppm = 50000;
	pair_send(world, BATON_WATCH, 100000);
	assert_true(pair_run(world, delivered_to_phone, 600000));
	assert_got(&world->end[BATON_PHONE], 100000);
}

/* A message sent before LOST was taken would have the number of a lost one. */
static void nothing_is_sent_before_a_loss_is_told(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
	static const uint8_t message[] = "a";

	(void)state;
	assert_true(pair_bond(world));
	assert_int_equal(baton_session_send(&phone->session, stream, message, 1,
					    0, world->now_ms),
			 BATON_OK);
	pair_down(world);
	phone->deaf = true;
	pair_up(world);
	assert_true(pair_run(world, both_engines_secured, 60000));
	assert_int_equal(baton_session_send(&phone->session, stream, message, 1,
					    0, world->now_ms),
			 BATON_ERR_AGAIN);
	phone->deaf = false;
	pair_turn(world);
	assert_int_equal(phone->lost_end, 1);
	assert_int_equal(baton_session_send(&phone->session, stream, message, 1,
					    0, world->now_ms),
			 BATON_OK);
	assert_true(pair_run(world, delivered_to_watch, 60000));
	assert_int_equal(world->end[BATON_WATCH].messages, 1);
}

static unsigned int writable;

static bool count_writable(struct pair_end *end,
			   const struct baton_event *event)
{
	(void)end;
	writable += event->type == BATON_EVENT_WRITABLE;
	return false;
}

/* There was room, and it was not told before the link went. */
static void who_waits_for_room_hears_of_it_after_the_next_link(void **state)
{
	static const uint8_t message[400];
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};

	(void)state;
	assert_true(pair_bond(world));
	while (baton_session_send(&phone->session, stream, message,
				  sizeof(message), 0,
				  world->now_ms) != BATON_ERR_AGAIN)
		;
	phone->deaf = true;
	phone->on_event = count_writable;
	writable = 0;
	assert_false(pair_run(world, pair_closed, 5000));
	/* By SYNC. */
	phone->session.bonds[0].ticket.usable = false;
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, both_engines_secured, 60000));
	phone->deaf = false;
	while (pair_turn(world))
		;
	assert_true(writable > 0);
}

static void a_cancelled_message_is_not_asked_for_again(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	assert_true(pair_bond(world));
	pair_send(world, BATON_PHONE, 1 << 20);
	pair_turn(world);
	pair_down(world);
	phone->deaf = true;
	phone->sending = false;
	pair_up(world);
	assert_true(pair_run(world, both_engines_secured, 60000));
	assert_int_equal(baton_session_cancel(&phone->session, phone->stream,
					      BATON_REASON_PERSON),
			 BATON_OK);
	phone->deaf = false;
	pair_turn(world);
	assert_int_equal(phone->rewinds, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(both_see_the_same_code),
		T(a_no_keeps_nothing),
		T(a_no_is_final),
		T(a_no_cannot_be_taken_back),
		T(what_was_told_counts_though_the_link_goes),
		T(what_was_told_counts_though_the_link_fails),
		T(what_waits_for_room_does_not_wake_the_caller),
		T(a_failed_write_ends_the_pairing),
		T(bonded_devices_reconnect),
		T(bonds_survive_a_reboot),
		T(an_unknown_bond_is_said_to_be),
		T(a_watch_does_not_pair_unasked),
		T(a_silent_stranger_is_put_out),
		T(short_messages_go_both_ways),
		T(nothing_is_sent_before_a_loss_is_told),
		T(who_waits_for_room_hears_of_it_after_the_next_link),
		T(a_cancelled_message_is_not_asked_for_again),
		T(a_stream_that_is_none_takes_nothing),
		T(frames_travel_in_order_with_messages),
		T(a_channel_is_of_one_bond_and_link),
		T(an_idle_link_is_silent),
		T(messages_of_every_size_arrive),
		T(a_broken_link_goes_on_where_it_was),
		T(a_rebooted_receiver_gets_it_from_the_start),
		T(a_reader_that_sleeps_10_s_loses_nothing_and_stops_the_sender),
		T(a_refused_message_stops),
		T(a_lost_refusal_is_told_on_the_next_link),
		T(a_refusal_does_not_outlive_its_numbering),
		T(a_message_over_the_limit_is_refused),
		T(a_cancelled_message_is_aborted),
		T(a_host_that_cuts_at_20_is_survived),
		T(the_least_link_is_enough),
		T(the_mtu_may_change_at_any_time),
		T(small_memory_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
