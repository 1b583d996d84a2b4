/* SPDX-License-Identifier: MIT */

/*
 * Somebody repeats what was on the air: the watch's old advert to the phone,
 * the phone's old first flight to the watch. A first flight is good for the
 * link that its advert led to, and for no other.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/beacon.h"
#include "tests/support/pair.h"

#define FILE_LEN 300
#define DAY_MS (25 * UINT64_C(3600000)) /* after it, KKpsk0 is due */
#define PDUS 8

static struct pair *pair;
static struct baton_session *watch, *phone;
static struct baton_beacon beacon;

/* The first flight, as somebody has recorded it. */
static struct pair_pdu recorded[PDUS];
static size_t recorded_count;

struct advert {
	uint8_t bytes[BATON_ADVERT_LEN];
	uint8_t nonce[BATON_BOND_NONCE_LEN];
};

static bool delivered(struct pair *p)
{
	return p->end[BATON_WATCH].delivered > 0;
}

static int setup(void **state)
{
	(void)state;
	pair = malloc(sizeof(*pair));
	pair_init(pair, 3);
	watch = &pair->end[BATON_WATCH].session;
	phone = &pair->end[BATON_PHONE].session;
	memset(&beacon, 0, sizeof(beacon));
	assert_true(pair_bond(pair));
	pair_send(pair, BATON_WATCH, FILE_LEN);
	assert_true(pair_run(pair, delivered, 60000));
	pair_down(pair);
	pair->now_ms += DAY_MS;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(pair);
	free(pair);
	return 0;
}

/* What the watch advertises next, and a link will use up. */
static void advertise(struct advert *advert)
{
	uint8_t nonce[BATON_BOND_NONCE_LEN];
	bool changed;

	assert_int_equal(
		baton_beacon_turn(&beacon, watch, pair->now_ms, &changed), 0);
	assert_true(changed);
	memcpy(advert->bytes, beacon.advert, sizeof(advert->bytes));
	baton_advert_nonce(advert->nonce, advert->bytes);
	assert_true(baton_beacon_use(&beacon, nonce));
	assert_memory_equal(nonce, advert->nonce, sizeof(nonce));
}

/* One side of a link comes up; NULL: without an advert. */
static void side_up(struct baton_session *session, const struct advert *advert)
{
	const struct baton_link_facts facts = {
		.mtu = pair->mtu,
		.advert = advert ? advert->nonce : NULL,
	};

	assert_int_equal(baton_session_link_up(session, &facts, pair->now_ms),
			 BATON_OK);
}

static void link_up(const struct advert *at_watch,
		    const struct advert *at_phone)
{
	int i;

	for (i = 0; i < 2; i++) {
		pair->end[i].queue_len = 0;
		pair->end[i].closed = pair->end[i].secured = false;
	}
	side_up(watch, at_watch);
	side_up(phone, at_phone);
	pair->up = true;
}

static void record(void)
{
	struct pair_pdu *pdu = recorded;

	while (pdu < recorded + PDUS &&
	       (pdu->len = baton_session_tx(phone, pdu->bytes,
					    sizeof(pdu->bytes), pair->now_ms)))
		pdu++;
	recorded_count = (size_t)(pdu - recorded);
	assert_true(recorded_count > 0);
}

/* Give the record to the watch: has it taken the handshake for good? */
static bool replay(void)
{
	struct baton_store_op op;
	size_t i;

	for (i = 0; i < recorded_count; i++)
		(void)baton_session_rx(watch, recorded[i].bytes,
				       recorded[i].len, pair->now_ms);
	while (baton_session_next_store_op(watch, &op))
		baton_session_stored(watch, op.id, BATON_OK, pair->now_ms);
	return watch->state == BATON_SESSION_SYNCING;
}

static void leave(void)
{
	baton_session_link_down(watch, pair->now_ms);
	baton_session_link_down(phone, pair->now_ms);
	pair->up = false;
}

/* The link for which the first flight was made. */
static void record_one_that_is_taken(struct advert *advert)
{
	advertise(advert);
	link_up(advert, advert);
	record();
	assert_true(replay());
	leave();
}

static void an_old_first_flight_is_not_taken(void **state)
{
	struct advert old, fresh;

	(void)state;
	record_one_that_is_taken(&old);
	advertise(&fresh);
	side_up(watch, &fresh);
	assert_false(replay());
	baton_session_link_down(watch, pair->now_ms);
	/* Nor where the watch has advertised nothing of its own. */
	side_up(watch, NULL);
	assert_false(replay());
	baton_session_link_down(watch, pair->now_ms);
	/* Nor, of course, after a reboot. */
	pair_reboot(pair, BATON_WATCH);
	memset(&beacon, 0, sizeof(beacon));
	advertise(&fresh);
	side_up(watch, &fresh);
	assert_false(replay());
}

/* What the above would come to if an advert served twice. */
static void with_the_old_nonce_it_would_be(void **state)
{
	struct advert old;

	(void)state;
	record_one_that_is_taken(&old);
	side_up(watch, &old);
	assert_true(replay());
}

/* Its sender is no watch, but takes the link to one. */
static void an_old_advert_costs_a_round_trip_and_nothing_else(void **state)
{
	struct advert old, fresh;
	uint8_t id[BATON_BOND_ID_LEN], nonce[BATON_BOND_NONCE_LEN];

	(void)state;
	advertise(&old);
	advertise(&fresh);
	/* The phone cannot know that it is old. */
	assert_int_equal(baton_beacon_find(phone, old.bytes, id, nonce), 0);
	link_up(&fresh, &old);
	assert_true(pair_run(pair, pair_secured, 60000));
	pair_down(pair);
	advertise(&fresh);
	link_up(&fresh, &fresh);
	assert_true(pair_run(pair, pair_secured, 60000));
}

static void a_replay_does_not_keep_the_phone_out(void **state)
{
	struct advert old, fresh;

	(void)state;
	record_one_that_is_taken(&old);
	advertise(&fresh);
	link_up(&fresh, &fresh);
	assert_false(replay());
	assert_true(pair_run(pair, pair_secured, 60000));
}

#define REPLAY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLAY_TEST(an_old_first_flight_is_not_taken),
		REPLAY_TEST(with_the_old_nonce_it_would_be),
		REPLAY_TEST(an_old_advert_costs_a_round_trip_and_nothing_else),
		REPLAY_TEST(a_replay_does_not_keep_the_phone_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
