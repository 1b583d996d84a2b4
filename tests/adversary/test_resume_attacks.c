/* SPDX-License-Identifier: MIT */

/*
 * What somebody can do with the flights of a resume, or with a copy of a
 * ticket or of a store.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define TAPS 8

static struct pair *world;
static struct pair_end *watch, *phone;
static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
static const uint8_t message[200] = "pay";
static struct pair_pdu tap[TAPS];
static size_t taps;

static int setup(void **state)
{
	(void)state;
	world = test_malloc(sizeof(*world));
	pair_init(world, 9);
	watch = &world->end[BATON_WATCH];
	phone = &world->end[BATON_PHONE];
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	pair_down(world);
	world->adverts = true;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(world);
	test_free(world);
	return 0;
}

/* Take the first flight off the air, as the phone sends it. */
static void record_first_flight(bool arrives)
{
	uint8_t bytes[BATON_PDU_MAX];
	size_t len;

	assert_int_equal(baton_session_send(&phone->session, stream, message,
					    sizeof(message), 0, world->now_ms),
			 BATON_OK);
	pair_up(world);
	for (taps = 0; taps < TAPS; taps++) {
		len = baton_session_tx(&phone->session, bytes, sizeof(bytes),
				       world->now_ms);
		if (len == 0)
			break;
		memcpy(tap[taps].bytes, bytes, len);
		tap[taps].len = len;
		if (arrives)
			(void)baton_session_rx(&watch->session, bytes, len,
					       world->now_ms);
	}
	assert_true(taps > 0 && taps < TAPS);
}

/* A stranger's link to the watch; what it hears there is the recording. */
static void replay(void)
{
	struct baton_link_facts facts = {.mtu = 247};
	uint8_t advert[BATON_BOND_NONCE_LEN], bytes[BATON_PDU_MAX];
	struct baton_store_op op;
	struct baton_event event;
	size_t i;

	world->now_ms += 1000;
	memset(advert, (int)(world->now_ms & 0xff), sizeof(advert));
	facts.advert = advert;
	assert_int_equal(
		baton_session_link_up(&watch->session, &facts, world->now_ms),
		BATON_OK);
	for (i = 0; i < taps; i++)
		(void)baton_session_rx(&watch->session, tap[i].bytes,
				       tap[i].len, world->now_ms);
	assert_false(baton_session_next_store_op(&watch->session, &op));
	while (baton_session_next_event(&watch->session, &event, world->now_ms))
		assert_int_not_equal(event.type, BATON_EVENT_MESSAGE);
	/* All that it gets is a hint. */
	assert_true(baton_session_tx(&watch->session, bytes, sizeof(bytes),
				     world->now_ms) <= 6);
	assert_int_not_equal(watch->session.state, BATON_SESSION_RESUMING);
	baton_session_link_down(&watch->session, world->now_ms);
}

static void a_first_flight_is_good_for_one_link(void **state)
{
	(void)state;
	record_first_flight(true);
	assert_true(pair_run(world, pair_secured, 10000));
	assert_int_equal(watch->messages, 1);
	pair_down(world);
	replay();
	pair_reboot(world, BATON_WATCH);
	replay();
	assert_int_equal(watch->messages, 0);
}

/* The watch has its ticket still: only the nonce is another. */
static void a_first_flight_that_was_held_back_comes_too_late(void **state)
{
	(void)state;
	record_first_flight(false);
	pair_down(world);
	replay();
	assert_int_equal(watch->messages, 0);
}

static void a_rolled_back_watch_takes_no_replay(void **state)
{
	struct pair_value old[PAIR_VALUES];

	(void)state;
	memcpy(old, watch->stored, sizeof(old));
	record_first_flight(true);
	assert_true(pair_run(world, pair_secured, 10000));
	pair_down(world);
	memcpy(watch->stored, old, sizeof(old));
	pair_reboot(world, BATON_WATCH);
	replay();
}

/* The phone's ticket, put back as it was before it was used. */
static void a_ticket_is_used_once(void **state)
{
	struct baton_ticket ticket = phone->session.bonds[0].ticket;

	(void)state;
	record_first_flight(true);
	assert_true(pair_run(world, pair_secured, 10000));
	assert_int_equal(world->end[BATON_PHONE].session.by_ticket, 1);
	while (pair_turn(world))
		;
	pair_down(world);
	phone->session.bonds[0].ticket = ticket;
	assert_int_equal(baton_session_send(&phone->session, stream, message,
					    sizeof(message), 0, world->now_ms),
			 BATON_OK);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
	assert_int_equal(world->kind, BATON_KIND_RECONNECT);
	assert_int_equal(watch->messages, 1);
	assert_int_equal(phone->lost_end - phone->lost_from, 1);
}

static bool taken(struct pair *pair)
{
	return pair->end[BATON_WATCH].messages > 0;
}

/* One link with one message, by whatever kind it comes about. */
static uint8_t pay_once(void)
{
	enum baton_err early, err = BATON_OK;

	watch->messages = 0;
	early = baton_session_send(&phone->session, stream, message,
				   sizeof(message), 0, world->now_ms);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 20000));
	/* Where its flight came to nothing, LOST was told, and it repeats. */
	if (early || !pair_run(world, taken, 5000))
		err = baton_session_send(&phone->session, stream, message,
					 sizeof(message), 0, world->now_ms);
	assert_int_equal(err, BATON_OK);
	assert_true(pair_run(world, taken, 5000));
	while (pair_turn(world))
		;
	pair_down(world);
	assert_int_equal(watch->messages, 1);
	return world->kind;
}

/*
 * Somebody has copied the watch's store, and both go on. Neither resumes by
 * what the other has used up, the phone is told each time, and every message
 * is taken once.
 */
static void a_cloned_watch_is_told_and_doubles_nothing(void **state)
{
	static struct pair_value twin[PAIR_VALUES], kept[PAIR_VALUES];
	unsigned int told;
	int i;

	(void)state;
	pay_once();
	memcpy(twin, watch->stored, sizeof(twin));
	for (i = 0; i < 6; i++) {
		pay_once();
		memcpy(kept, watch->stored, sizeof(kept));
		memcpy(watch->stored, twin, sizeof(twin));
		memcpy(twin, kept, sizeof(twin));
		pair_reboot(world, BATON_WATCH);
		told = phone->rolled_back;
		assert_int_equal(pay_once(), BATON_KIND_RECONNECT);
		assert_int_equal(phone->rolled_back, told + 1);
	}
	assert_true(watch->rolled_back > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_first_flight_is_good_for_one_link),
		T(a_first_flight_that_was_held_back_comes_too_late),
		T(a_rolled_back_watch_takes_no_replay),
		T(a_ticket_is_used_once),
		T(a_cloned_watch_is_told_and_doubles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
