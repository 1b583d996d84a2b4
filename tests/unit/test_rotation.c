/* SPDX-License-Identifier: MIT */

/* New keys while a link goes on: session/SPEC.md 6.1. */

#include "session/internal.h"
#include "tests/unit/pair_world.h"
#include "transport/timing.h"

static struct pair_end *watch, *phone;
static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
static unsigned int sent;

static int setup(void **state)
{
	(void)setup_pair(state);
	watch = &world->end[BATON_WATCH];
	phone = &world->end[BATON_PHONE];
	sent = 0;
	assert_true(pair_bond(world));
	return 0;
}

static bool delivered(struct pair *pair)
{
	return pair->end[BATON_PHONE].delivered >= sent;
}

/* One message from the phone, and what follows of it. */
static void say(void)
{
	static const uint8_t message[] = "still here";

	assert_int_equal(baton_session_send(&phone->session, stream, message,
					    sizeof(message), 0, world->now_ms),
			 BATON_OK);
	sent++;
	assert_true(pair_run(world, delivered, 60000));
	while (pair_turn(world))
		;
	assert_int_equal(watch->messages, sent);
	assert_false(watch->closed);
	assert_false(phone->closed);
}

static bool found(const void *memory, size_t len, const uint8_t secret[32])
{
	const uint8_t *bytes = memory;
	size_t at;

	for (at = 0; at + 32 <= len; at++)
		if (memcmp(bytes + at, secret, 32) == 0)
			return true;
	return false;
}

static bool holds(const struct pair_end *end, const uint8_t secret[32])
{
	return found(&end->session, sizeof(end->session), secret) ||
	       found(end->memory, end->session.memory_len, secret);
}

struct keys {
	uint8_t key[2 * BATON_CLASSES + 1][32];
};

static struct keys keys_of(const struct pair_end *end)
{
	const struct baton_session *session = &end->session;
	struct keys keys;
	int c;

	for (c = 0; c < BATON_CLASSES; c++) {
		memcpy(keys.key[c], session->seal[c].key, 32);
		memcpy(keys.key[BATON_CLASSES + c], session->open[c].key, 32);
	}
	memcpy(keys.key[2 * BATON_CLASSES], session->bonds[0].ticket.psk, 32);
	return keys;
}

static unsigned int kept(const struct pair_end *end, const struct keys *keys)
{
	unsigned int i, count = 0;

	for (i = 0; i < 2 * BATON_CLASSES + 1; i++)
		count += holds(end, keys->key[i]);
	return count;
}

static void an_hour_of_activity_brings_new_keys(void **state)
{
	struct keys old[2];
	uint32_t generation;
	int hour, i;

	(void)state;
	say();
	for (hour = 0; hour < 3; hour++) {
		for (i = 0; i < 2; i++) {
			old[i] = keys_of(&world->end[i]);
			assert_int_equal(kept(&world->end[i], &old[i]),
					 2 * BATON_CLASSES + 1);
		}
		generation = phone->session.bonds[0].ticket.generation;
		world->now_ms += EPOCH_MS;
		say();
		say();
		for (i = 0; i < 2; i++)
			assert_int_equal(kept(&world->end[i], &old[i]), 0);
		assert_int_equal(phone->session.bonds[0].ticket.generation,
				 generation + 1);
		assert_int_equal(watch->session.bonds[0].ticket.generation,
				 generation + 1);
		assert_memory_equal(watch->session.bonds[0].ticket.psk,
				    phone->session.bonds[0].ticket.psk, 32);
	}
	assert_int_equal(phone->session.bonds[0].ticket.age, 3);
}

/* TOKENS.md 1: asked before or after an exchange, by either side. */
static void the_channel_of_a_link_outlives_its_keys(void **state)
{
	const uint64_t spans_ms[] = {EPOCH_MS, BATON_TICKET_LIFE_MS};
	uint8_t first[32], again[32];
	struct keys old;
	size_t i, k;

	(void)state;
	assert_int_equal(baton_session_channel(&phone->session, first),
			 BATON_OK);
	for (k = 0; k < 2; k++) {
		old = keys_of(phone);
		world->now_ms += spans_ms[k];
		say();
		say();
		assert_int_equal(kept(phone, &old), 0);
		for (i = 0; i < 2; i++) {
			assert_int_equal(baton_session_channel(
						 &world->end[i].session, again),
					 BATON_OK);
			assert_memory_equal(first, again, 32);
		}
	}
	pair_down(world);
	assert_int_equal(baton_session_channel(&phone->session, again),
			 BATON_ERR_STATE);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
	assert_int_equal(baton_session_channel(&phone->session, again),
			 BATON_OK);
	assert_memory_not_equal(first, again, 32);
}

static void a_day_brings_a_reconnect_in_band(void **state)
{
	(void)state;
	world->now_ms += EPOCH_MS;
	say();
	assert_int_equal(phone->session.bonds[0].ticket.age, 1);
	world->now_ms += BATON_TICKET_LIFE_MS;
	say();
	say();
	assert_int_equal(phone->session.bonds[0].ticket.age, 0);
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
	assert_int_equal(world->kind, BATON_KIND_RESUME);
}

/* The one that is to be linked next says nothing about this link. */
static void the_day_is_that_of_the_bond_that_is_linked(void **state)
{
	struct baton_session *session = &phone->session;

	(void)state;
	session->bonds[1] = session->bonds[0];
	session->bonds[1].id[0] ^= 1;
	session->bonds[1].ticket.fresh_until_ms = UINT64_MAX;
	session->bond_count = 2;
	assert_int_equal(
		baton_session_bond_select(session, session->bonds[1].id),
		BATON_OK);
	world->now_ms += EPOCH_MS;
	say();
	assert_int_equal(session->bonds[0].ticket.age, 1);
	world->now_ms += BATON_TICKET_LIFE_MS;
	say();
	say();
	assert_int_equal(session->bonds[0].ticket.age, 0);
}

static void ten_minutes_bring_the_next_key_of_a_class(void **state)
{
	const struct baton_record_key *key =
		&phone->session.seal[BATON_CLASS_MESSAGE];
	struct keys old;

	(void)state;
	say();
	old = keys_of(phone);
	assert_int_equal(key->generation, 0);
	world->now_ms += REKEY_MS;
	say();
	assert_int_equal(key->generation, 1);
	assert_int_equal(key->counter, 1);
	assert_false(holds(phone, old.key[BATON_CLASS_MESSAGE]));
	assert_false(holds(watch, old.key[BATON_CLASS_MESSAGE]));
}

static void as_many_records_bring_the_next_key(void **state)
{
	int i;

	(void)state;
	say();
	for (i = 0; i < 2 * KEYS_PER_EPOCH + 2; i++) {
		world->now_ms += WATCH_LATER_MS / KEYS_PER_EPOCH;
		phone->session.seal[BATON_CLASS_MESSAGE].counter =
			RECORDS_PER_KEY - 1;
		watch->session.open[BATON_CLASS_MESSAGE].counter =
			RECORDS_PER_KEY - 1;
		say();
		say();
		assert_int_equal(
			phone->session.seal[BATON_CLASS_MESSAGE].counter, 1);
	}
	/* And as many keys bring an exchange. */
	assert_int_equal(phone->session.bonds[0].ticket.age, 2);
}

static bool watch_closed(struct pair *pair)
{
	return pair->end[BATON_WATCH].closed;
}

static bool phone_closed(struct pair *pair)
{
	return pair->end[BATON_PHONE].closed;
}

static void send_after_an_hour(struct pair_end *end)
{
	static const uint8_t message[] = "old";

	world->now_ms += EPOCH_MS + WATCH_LATER_MS;
	assert_int_equal(baton_session_send(&end->session, stream, message,
					    sizeof(message), 0, world->now_ms),
			 BATON_OK);
}

/* What the old keys had sealed already asks for no more than the new ones. */
static void records_that_are_late_ask_for_nothing(void **state)
{
	const uint64_t total = 400000;

	(void)state;
	world->now_ms += WATCH_LATER_MS;
	pair_send(world, BATON_PHONE, total);
	while (watch->got_bytes < total / 2)
		pair_turn(world);
	phone->session.seal[BATON_CLASS_BULK].generation = KEYS_PER_EPOCH;
	watch->session.open[BATON_CLASS_BULK].generation = KEYS_PER_EPOCH;
	while (!watch->ended)
		pair_turn(world);
	while (pair_turn(world))
		;
	assert_int_equal(watch->got_bytes, total);
	assert_int_equal(watch->session.bonds[0].ticket.age, 1);
	assert_true(watch->session.state_deadline_ms == BATON_LINK_NEVER);
}

/* Ask for new keys ms from now, whether it is time or not. */
static void ask_in(uint64_t ms)
{
	world->now_ms += ms;
	phone->session.seal[BATON_CLASS_MESSAGE].generation = KEYS_PER_EPOCH;
	watch->session.open[BATON_CLASS_MESSAGE].generation = KEYS_PER_EPOCH;
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"a", 1, 0,
					    world->now_ms),
			 BATON_OK);
	pair_run(world, watch_closed, 1000);
}

static void a_phone_that_asks_again_and_again_is_left(void **state)
{
	(void)state;
	ask_in(WATCH_LATER_MS);
	assert_false(watch->closed);
	assert_int_equal(watch->session.bonds[0].ticket.age, 1);
	ask_in(WATCH_LATER_MS);
	assert_false(watch->closed);
	assert_int_equal(watch->session.bonds[0].ticket.age, 2);
	ask_in(WATCH_LATER_MS / 2);
	assert_true(watch->closed);
	assert_int_equal(watch->close_err, BATON_ERR_PROTOCOL);
	assert_int_equal(watch->session.bonds[0].ticket.age, 2);
}

static void a_watch_leaves_a_phone_that_does_not_ask(void **state)
{
	(void)state;
	phone->session.held = true;
	send_after_an_hour(watch);
	assert_true(pair_run(world, watch_closed, 2 * OVERDUE_MS));
	assert_int_equal(watch->close_err, BATON_ERR_EXHAUSTED);
}

static void a_phone_leaves_a_watch_that_does_not_answer(void **state)
{
	(void)state;
	watch->store_stalls = true;
	send_after_an_hour(phone);
	assert_true(pair_run(world, phone_closed, 2 * OVERDUE_MS));
	assert_int_equal(phone->close_err, BATON_ERR_EXHAUSTED);
	watch->store_stalls = false;
	pair_down(world);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
}

/* Over the worst radio an exchange takes a while. */
static void an_exchange_may_take_most_of_an_hour(void **state)
{
	struct keys old = keys_of(phone);

	(void)state;
	phone->session.held = true;
	send_after_an_hour(watch);
	assert_false(pair_run(world, pair_closed, 55 * UINT64_C(60000)));
	phone->session.held = false;
	pair_run(world, pair_closed, 10000);
	assert_false(pair_closed(world));
	assert_int_equal(kept(phone, &old), 0);
}

/* Nobody says anything after it: the phone must not wait for that. */
static void what_is_opened_late_brings_new_keys(void **state)
{
	struct keys old = keys_of(watch);

	(void)state;
	watch->deaf = true;
	world->now_ms += EPOCH_MS - 20000;
	assert_int_equal(baton_session_send(&phone->session, stream,
					    (const uint8_t *)"a", 1, 0,
					    world->now_ms),
			 BATON_OK);
	pair_run(world, pair_closed, 10000);
	world->now_ms += 2 * WATCH_LATER_MS;
	watch->deaf = false;
	assert_false(pair_run(world, pair_closed, 2 * OVERDUE_MS));
	assert_int_equal(watch->messages, 1);
	assert_int_equal(kept(watch, &old), 0);
}

static unsigned int files;

static bool file_delivered(struct pair *pair)
{
	return pair->end[BATON_WATCH].delivered >= files || pair_closed(pair);
}

/* Each begins when the hour is over: the exchange is in the middle of it. */
static void transfers_go_on_through_new_keys(void **state)
{
	const uint64_t total = 1000000;

	(void)state;
	world->drop_ppm = 20000;
	world->swap_ppm = 20000;
	for (files = 1; files <= 5; files++) {
		world->now_ms += EPOCH_MS;
		pair_send(world, BATON_WATCH, total);
		assert_true(pair_run(world, file_delivered, 600000));
		assert_false(pair_closed(world));
		assert_int_equal(phone->ended, files);
		assert_int_equal(phone->got_bytes, total);
		assert_true(phone->got_hash == pair_pattern_hash(total));
		/* Time for what was lost of the exchange. */
		pair_run(world, pair_closed, 10000);
		assert_int_equal(phone->session.bonds[0].ticket.age, files);
	}
}

static void an_idle_link_keeps_its_keys_and_its_silence(void **state)
{
	uint64_t pdus;

	(void)state;
	say();
	pair_run(world, pair_closed, 10000);
	pdus = world->pdus;
	pair_run(world, pair_closed, 48 * EPOCH_MS);
	assert_int_equal(world->pdus, pdus);
	assert_false(pair_closed(world));
	say();
}

/* Now and then something of machines above the engine, and no message. */
static void control_alone_goes_on_for_days(void **state)
{
	struct pair_end *from, *to;
	unsigned int i;

	(void)state;
	for (i = 1; i < 10 * KEYS_PER_EPOCH; i++) {
		from = i % 64 < 32 ? watch : phone;
		to = from == watch ? phone : watch;
		world->now_ms += 2 * (uint64_t)REKEY_MS;
		assert_int_equal(
			baton_session_frame(&from->session, 0x30, NULL, 0),
			BATON_OK);
		(void)pair_run(world, pair_closed, 10000);
		assert_false(pair_closed(world));
		assert_int_equal(to->frame_code, 0x30);
		to->frame_code = 0;
	}
}

/* Nothing goes out before the ticket that came of it is durable. */
static void new_keys_wait_for_the_store(void **state)
{
	uint64_t pdus;

	(void)state;
	watch->store_stalls = true;
	send_after_an_hour(phone);
	pair_run(world, pair_closed, 2000);
	pdus = world->pdus;
	assert_int_equal(watch->session.held, true);
	pair_run(world, pair_closed, 2000);
	/* But for acknowledgements, which keep a link alive. */
	assert_true(world->pdus <= pdus + 20);
	assert_int_equal(watch->session.bonds[0].ticket.kept,
			 phone->session.bonds[0].ticket.generation);
	watch->store_stalls = false;
	pair_run(world, pair_closed, 10000);
	assert_false(pair_closed(world));
	assert_int_equal(phone->session.bonds[0].ticket.kept,
			 watch->session.bonds[0].ticket.kept);
}

/* Of either side: the link ends, and the next one is by what is durable. */
/* Both know the ticket of this link, whatever a store has kept of it. */
static void a_ticket_that_was_not_written_brings_new_keys(void **state)
{
	struct pair_end *end;
	uint32_t generation;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		end = &world->end[i];
		/* The next link is by the bond, and its tickets wait for nobody. */
		phone->session.bonds[0].ticket.usable = false;
		end->store_fails = true;
		assert_true(pair_link(world));
		say();
		assert_false(end->session.bonds[0].ticket.usable);
		end->store_fails = false;
		generation = end->session.bonds[0].ticket.generation;
		world->now_ms += EPOCH_MS;
		say();
		say();
		assert_int_equal(watch->session.bonds[0].ticket.generation,
				 generation + 1);
		assert_int_equal(phone->session.bonds[0].ticket.generation,
				 generation + 1);
	}
}

static void new_keys_that_cannot_be_kept_end_the_link(void **state)
{
	int role;

	(void)state;
	for (role = 0; role < 2; role++) {
		struct pair_end *end = &world->end[role];

		end->store_fails = true;
		send_after_an_hour(phone);
		assert_true(pair_run(world,
				     role == BATON_WATCH ? watch_closed
							 : phone_closed,
				     60000));
		assert_int_equal(end->close_err, BATON_ERR_STORE);
		pair_down(world);
		end->store_fails = false;
		pair_reboot(world, (enum baton_role)role);
		pair_up(world);
		assert_true(pair_run(world, pair_secured, 10000));
		assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
		pair_run(world, pair_closed, 10000);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(an_hour_of_activity_brings_new_keys),
		T(the_channel_of_a_link_outlives_its_keys),
		T(a_day_brings_a_reconnect_in_band),
		T(the_day_is_that_of_the_bond_that_is_linked),
		T(ten_minutes_bring_the_next_key_of_a_class),
		T(as_many_records_bring_the_next_key),
		T(records_that_are_late_ask_for_nothing),
		T(a_phone_that_asks_again_and_again_is_left),
		T(a_watch_leaves_a_phone_that_does_not_ask),
		T(a_phone_leaves_a_watch_that_does_not_answer),
		T(an_exchange_may_take_most_of_an_hour),
		T(what_is_opened_late_brings_new_keys),
		T(transfers_go_on_through_new_keys),
		T(an_idle_link_keeps_its_keys_and_its_silence),
		T(control_alone_goes_on_for_days),
		T(new_keys_wait_for_the_store),
		T(a_ticket_that_was_not_written_brings_new_keys),
		T(new_keys_that_cannot_be_kept_end_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
