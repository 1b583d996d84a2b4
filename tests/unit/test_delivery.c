/* SPDX-License-Identifier: MIT */
#include "tests/unit/delivery_world.h"

static void every_mode_reaches_the_same_application(void **state)
{
	const uint8_t *value;
	uint64_t version;
	size_t value_len;

	(void)state;
	run();
	put(0, 0, "item");
	set(0, 0, "value");
	ask(0, 0, "question");
	run();
	assert_true(told(1, BATON_DELIVERY_REQUEST));
	assert_int_equal(event.application, end[1].handle[0]);
	assert_memory_equal(event.u.request.body, "question", 8);
	assert_true(told(1, BATON_DELIVERY_CONTEXT));
	assert_int_equal(event.application, end[1].handle[0]);
	assert_memory_equal(event.u.context.bytes, "value", 5);
	assert_true(told_queue(1, BATON_QUEUE_ITEM));
	assert_int_equal(event.application, end[1].handle[0]);
	assert_memory_equal(event.u.queue.bytes, "item", 4);
	/* And no other one. */
	assert_null(
		baton_context_get(baton_delivery_context(b, end[1].handle[1]),
				  &version, &value_len));
	value = baton_context_get(baton_delivery_context(b, end[1].handle[0]),
				  &version, &value_len);
	assert_memory_equal(value, "value", 5);
}

static void an_application_that_the_peer_lacks_is_told_so(void **state)
{
	uint32_t number;

	(void)state;
	assert_int_equal(baton_requests_ask(baton_delivery_requests(a, 2),
					    envelope, 1, 100, &number, now_ms),
			 BATON_ERR_STATE);
	run();
	assert_true(told(0, BATON_DELIVERY_UNKNOWN));
	assert_int_equal(event.application, end[0].handle[2]);
	assert_int_equal(baton_requests_ask(baton_delivery_requests(a, 2),
					    envelope, 1, 100, &number, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_false(baton_delivery_is_open(a, 2));
	assert_true(baton_delivery_is_open(a, 0));
}

static void a_link_opens_and_shuts_applications(void **state)
{
	(void)state;
	run();
	assert_true(told(1, BATON_DELIVERY_OPEN));
	link(false);
	assert_true(told(1, BATON_DELIVERY_SHUT));
	assert_false(baton_delivery_is_open(b, 0));
	assert_false(
		baton_delivery_tx(a, envelope, sizeof(envelope), &len, now_ms));
}

static void what_is_stored_is_found_again_and_says_nothing(void **state)
{
	static const char secret[] = "secret of notes";
	size_t s, i;

	(void)state;
	link(false);
	put(0, 0, secret);
	set(0, 0, secret);
	run();
	for (s = 0; s < STORED; s++)
		for (i = 0; i + 6 <= end[0].stored[s].len; i++)
			assert_memory_not_equal(end[0].stored[s].bytes + i,
						"secret", 6);
	for (s = 0; s < STORED; s++)
		assert_null(strstr(end[0].stored[s].key, "notes"));
	start(0);
	/* Nothing is left where it was opened. */
	for (i = 0; i + 6 <= sizeof(*a); i++)
		assert_memory_not_equal((uint8_t *)a + i, "secret", 6);
	link(true);
	run();
	assert_true(told(1, BATON_DELIVERY_CONTEXT));
	assert_memory_equal(event.u.context.bytes, secret, 15);
	assert_true(told_queue(1, BATON_QUEUE_ITEM));
	assert_memory_equal(event.u.queue.bytes, secret, 15);
}

static void no_application_can_read_anothers_store(void **state)
{
	char mine[BATON_STORE_KEY_MAX], key[BATON_STORE_KEY_MAX];
	const struct stored *stored;
	size_t s;
	int tried = 0;

	(void)state;
	link(false);
	put(0, 0, "secret");
	set(0, 0, "secret");
	run();
	start(1);
	prefix(0, 1, mine);
	for (s = 0; s < STORED; s++) {
		stored = &end[0].stored[s];
		if (stored->len == 0)
			continue;
		/* What is of notes, as if it was of maps. */
		strcpy(key, stored->key);
		memcpy(key, mine, strlen(mine));
		assert_int_equal(
			baton_delivery_load(b, key, stored->bytes, stored->len),
			BATON_ERR_ARG);
		tried++;
	}
	assert_true(tried >= 3);
	assert_int_equal((int)baton_queue_outstanding(
				 baton_delivery_queue(b, end[1].handle[1])),
			 0);
}

static void a_value_under_another_key_is_not_taken(void **state)
{
	struct stored *stored = NULL;
	char key[BATON_STORE_KEY_MAX];
	size_t s;

	(void)state;
	put(0, 0, "one");
	run();
	for (s = 0; s < STORED; s++)
		if (strstr(end[1].stored[s].key, "/qi/"))
			stored = &end[1].stored[s];
	assert_non_null(stored);
	start(0);
	strcpy(key, stored->key);
	key[strlen(key) - 1] = '9';
	assert_int_equal(
		baton_delivery_load(a, key, stored->bytes, stored->len),
		BATON_ERR_ARG);
	stored->bytes[stored->len - 1] ^= 1;
	assert_int_equal(
		baton_delivery_load(a, stored->key, stored->bytes, stored->len),
		BATON_ERR_ARG);
	assert_int_equal(baton_delivery_load(a, "own/x", stored->bytes, 40),
			 BATON_ERR_NOT_FOUND);
}

static void live_keys_are_the_applications_own(void **state)
{
	static const uint8_t other_session[32] = {8};
	int i;
	uint8_t key[3][32];

	(void)state;
	assert_int_equal(baton_delivery_live_key(a, 0, key[0]), BATON_OK);
	assert_int_equal(baton_delivery_live_key(b, end[1].handle[0], key[1]),
			 BATON_OK);
	assert_int_equal(baton_delivery_live_key(a, 1, key[2]), BATON_OK);
	assert_memory_equal(key[0], key[1], 32);
	assert_memory_not_equal(key[0], key[2], 32);
	assert_int_equal(baton_delivery_live_key(a, 9, key[0]),
			 BATON_ERR_NOT_FOUND);
	/* And of one session. */
	baton_delivery_link(a, true, other_session, ROOM, now_ms);
	assert_int_equal(baton_delivery_live_key(a, 0, key[2]), BATON_OK);
	assert_memory_not_equal(key[1], key[2], 32);
	link(false);
	for (i = 0; i < 32; i++)
		assert_int_equal(a->session[i], 0);
	assert_int_equal(baton_delivery_live_key(a, 0, key[0]),
			 BATON_ERR_STATE);
}

/* A peer's envelope reaches what it named for that number, nothing else. */
static void no_application_can_pass_for_another(void **state)
{
	uint8_t set_envelope[2 + 12 + 4] = {0x20, 0, [9] = 1};
	uint8_t n;

	(void)state;
	run();
	while (baton_delivery_next_event(b, &event))
		;
	for (n = 2; n < 255; n++) {
		set_envelope[1] = n;
		assert_int_equal(baton_delivery_rx(b, set_envelope,
						   sizeof(set_envelope),
						   now_ms),
				 BATON_ERR_PEER_UNKNOWN);
	}
	assert_false(store(1));
	/* Number 0 of the peer's is notes, whatever is 0 here. */
	set_envelope[1] = 0;
	assert_int_equal(baton_delivery_rx(b, set_envelope,
					   sizeof(set_envelope), now_ms),
			 BATON_OK);
	run();
	assert_true(told(1, BATON_DELIVERY_CONTEXT));
	assert_int_equal(event.application, end[1].handle[0]);
}

static void no_application_keeps_another_from_sending(void **state)
{
	int i, by[2] = {0, 0};

	(void)state;
	run();
	for (i = 0; i < 8; i++) {
		put(0, 0, "flood");
		if (i < 4)
			ask(0, 0, "flood");
	}
	ask(0, 1, "late");
	/* In turn: the second envelope at the latest. */
	for (i = 0; i < 2; i++) {
		assert_true(baton_delivery_tx(a, envelope, sizeof(envelope),
					      &len, now_ms));
		by[envelope[1] == end[0].handle[1]]++;
		assert_int_equal(baton_delivery_rx(b, envelope, len, now_ms),
				 BATON_OK);
	}
	assert_int_equal(by[1], 1);
}

static void no_application_keeps_another_from_storing_or_hearing(void **state)
{
	bool heard = false;
	int i, first = -1;

	(void)state;
	run();
	while (baton_delivery_next_event(a, &event))
		;
	for (i = 0; i < 8; i++) {
		put(0, 0, "flood");
		put(1, 0, "flood");
	}
	put(0, 1, "late");
	put(1, 1, "late");
	for (i = 0; i < 2 && first < 0; i++) {
		assert_true(store(0));
		if (strncmp(op.write[0].key,
			    prefix(0, 1, (char[BATON_STORE_KEY_MAX]){0}),
			    21) == 0)
			first = i;
	}
	assert_true(first >= 0);
	run();
	/* Events likewise: maps is told before notes has had all of its own. */
	for (i = 0; i < 2 && baton_delivery_next_event(a, &event); i++)
		heard |= event.application == end[0].handle[1];
	assert_true(heard);
}

static void a_full_outbox_is_the_applications_own(void **state)
{
	uint32_t number;
	int i;

	(void)state;
	link(false);
	for (i = 0; i < 8; i++)
		put(0, 0, "flood");
	assert_int_equal(baton_queue_put(baton_delivery_queue(a, 0), envelope,
					 1, &number, now_ms),
			 BATON_ERR_SPACE);
	put(0, 1, "room");
}

static void an_applications_rate_is_limited(void **state)
{
	struct baton_application slow = notes;
	uint8_t root[32] = {9}, handle;
	int i, sent = 0;

	(void)state;
	slow.rate = 10;
	slow.burst = 3;
	for (i = 0; i < 2; i++) {
		uint8_t seed[BATON_DRBG_SEED_LEN] = {(uint8_t)(50 + i)};

		assert_int_equal(baton_delivery_init(&end[i].delivery,
						     end[i].channel, APPS,
						     seed),
				 BATON_OK);
		assert_int_equal(baton_delivery_register(&end[i].delivery,
							 i ? &notes : &slow,
							 root, end[i].memory[0],
							 MEMORY, &handle),
				 BATON_OK);
		end[i].handle[0] = handle;
	}
	link(true);
	run();
	now_ms += 100000;
	for (i = 0; i < 4; i++)
		ask(0, 0, "x");
	while (move(0))
		sent++;
	assert_int_equal(sent, 3);
	assert_int_equal((int)(baton_delivery_deadline(a) - now_ms), 100);
	now_ms += 99;
	baton_delivery_tick(a, now_ms);
	assert_false(move(0));
	now_ms += 1;
	baton_delivery_tick(a, now_ms);
	assert_true(move(0));
	assert_false(move(0));
}

static void an_erased_application_leaves_nothing(void **state)
{
	char key[BATON_STORE_KEY_MAX], other[BATON_STORE_KEY_MAX];
	size_t i;
	int n;

	(void)state;
	for (n = 0; n < 6; n++) {
		put(0, 0, "secret");
		put(1, 0, "secret");
		put(0, 1, "kept");
	}
	set(0, 0, "secret");
	set(1, 0, "secret");
	run();
	link(false);
	put(0, 0, "secret");
	put(0, 0, "secret");
	put(0, 1, "kept");
	prefix(0, 0, key);
	prefix(0, 1, other);
	/* One of its writes is on its way. */
	assert_true(baton_delivery_next_store_op(a, &op));
	n = stored_of(&end[0], key);
	assert_true(n >= 8);
	assert_int_equal(baton_delivery_erase(a, 0, now_ms), BATON_OK);
	assert_int_equal(baton_delivery_erase(a, 0, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_null(baton_delivery_queue(a, 0));
	apply(&end[0]);
	baton_delivery_stored(a, op.id, BATON_OK, now_ms);
	/* The store fails once meanwhile. */
	assert_true(baton_delivery_next_store_op(a, &op));
	baton_delivery_stored(a, op.id, BATON_ERR_STORE, now_ms);
	while (store(0))
		;
	assert_false(told(0, BATON_DELIVERY_ERASED));
	now_ms = baton_delivery_deadline(a);
	baton_delivery_tick(a, now_ms);
	while (store(0))
		;
	assert_true(told(0, BATON_DELIVERY_ERASED));
	assert_int_equal(event.application, 0);
	assert_int_equal(stored_of(&end[0], key), 0);
	assert_true(stored_of(&end[0], other) > 1);
	for (i = 0; i < sizeof(end[0].memory[0]); i++)
		assert_int_equal(((uint8_t *)end[0].memory[0])[i], 0);
	for (i = 0; i < sizeof(end[0].channel[0]); i++)
		assert_int_equal(((uint8_t *)&end[0].channel[0])[i], 0);
	for (i = 0; i + 6 <= sizeof(end[0].delivery); i++)
		assert_memory_not_equal((uint8_t *)a + i, "secret", 6);
	/* The others go on, and the peer is told that it is gone. */
	link(true);
	run();
	assert_true(baton_delivery_is_open(a, 1));
	assert_true(told(1, BATON_DELIVERY_UNKNOWN));
	assert_int_equal(event.application, end[1].handle[0]);
}

static void two_can_be_erased_at_once(void **state)
{
	int items, n;

	for (items = 0; items <= 8; items++) {
		setup(state);
		for (n = 0; n < items; n++) {
			put(0, 0, "secret");
			put(0, 1, "secret");
		}
		while (store(0))
			;
		assert_int_equal(baton_delivery_erase(a, 1, now_ms), BATON_OK);
		assert_true(baton_delivery_next_store_op(a, &op));
		assert_int_equal(baton_delivery_erase(a, 0, now_ms), BATON_OK);
		apply(&end[0]);
		baton_delivery_stored(a, op.id, BATON_OK, now_ms);
		while (store(0))
			;
		assert_int_equal(stored_of(&end[0], "app/"), 0);
		assert_true(told(0, BATON_DELIVERY_ERASED));
		assert_true(told(0, BATON_DELIVERY_ERASED));
	}
}

static void wiping_leaves_nothing_in_memory(void **state)
{
	size_t i;

	(void)state;
	put(0, 0, "secret");
	set(0, 0, "secret");
	run();
	baton_delivery_wipe(a);
	for (i = 0; i < sizeof(end[0].memory); i++)
		assert_int_equal(((uint8_t *)end[0].memory)[i], 0);
	for (i = 0; i < sizeof(*a); i++)
		assert_int_equal(((uint8_t *)a)[i], 0);
}

static void applications_out_of_range_are_not_registered(void **state)
{
	struct baton_application bad[10];
	uint8_t root[32] = {0}, handle = 77;
	enum baton_err err;
	size_t i;

	(void)state;
	assert_int_equal(baton_delivery_register(a, &maps, root, end[0].memory,
						 MEMORY, &handle),
			 BATON_ERR_STATE);
	link(false);
	assert_int_equal(baton_delivery_register(a, &maps, root, end[0].memory,
						 MEMORY, &handle),
			 BATON_ERR_ARG);
	start(1);
	for (i = 0; i < 10; i++) {
		bad[i] = notes;
		bad[i].id[0] = 'x';
	}
	memset(bad[0].id, 0, 8);
	bad[1].rate = 0;
	bad[2].rate = 1001;
	bad[3].burst = 0;
	bad[4].burst = 1001;
	bad[5].requests = 0;
	bad[6].requests = BATON_REQUESTS_MAX + 1;
	bad[7].context_max = BATON_ITEM_MAX + 1;
	bad[8].item_max = BATON_ITEM_MAX + 1;
	bad[9].outbox = 0;
	for (i = 0; i < 10; i++) {
		static uint64_t memory[8192];

		err = baton_delivery_register(b, &bad[i], root, memory,
					      sizeof(memory), &handle);
		assert_int_equal(err, BATON_ERR_ARG);
	}
	bad[0] = notes;
	bad[0].id[0] = 'x';
	assert_int_equal(
		baton_delivery_register(b, &bad[0], root, end[1].memory[2],
					baton_delivery_memory_len(&notes) - 1,
					&handle),
		BATON_ERR_SPACE);
	add(&end[1], &bad[0]);
	bad[0].id[0] = 'y';
	assert_int_equal(baton_delivery_register(b, &bad[0], root,
						 end[1].memory[2], MEMORY,
						 &handle),
			 BATON_ERR_SPACE);
	assert_int_equal(handle, 77);
}

static void what_a_peer_may_not_send_is_dropped(void **state)
{
	static const struct {
		uint8_t len, body[34];
		enum baton_err err;
	} early[] =
		{
			{0, {0}, BATON_ERR_PEER_LENGTH},
			{1, {0}, BATON_ERR_PEER_LENGTH},
			{3, {0, 0, 1}, BATON_ERR_PEER_LENGTH},
			{2, {1, 0}, BATON_ERR_PEER_FORMAT},
			{2, {0, 1}, BATON_ERR_PEER_FORMAT},
			{2,
			 {0x10, 0},
			 BATON_ERR_PEER_STATE}, /* no CHANNELS yet */
			{2, {0x60, 0}, BATON_ERR_PEER_STATE},
			{10, {0, 0, 'n', 'o'}, BATON_ERR_PEER_LENGTH},
			{30,
			 {[2] = 'n', [3] = 'o', [16] = 'n', [17] = 'o'},
			 BATON_ERR_PEER_FORMAT}, /* one id twice */
		},
	  late[] = {
		  {2, {0, 0}, BATON_ERR_PEER_STATE}, /* CHANNELS again */
		  {2, {0x10, 3}, BATON_ERR_PEER_UNKNOWN},
		  {2, {0x20, 2}, BATON_ERR_PEER_UNKNOWN}, /* not here */
		  {2, {0x40, 0}, BATON_ERR_PEER_UNKNOWN}, /* it has no files */
		  {2, {0x50, 0}, BATON_ERR_PEER_UNKNOWN},
		  {2, {0x60, 0}, BATON_ERR_NOT_FOUND}, /* the caller's */
		  {2, {0x70, 0}, BATON_ERR_PEER_FORMAT},
		  {2, {0xf0, 0}, BATON_ERR_PEER_FORMAT},
	  };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(early) / sizeof(early[0]); i++)
		assert_int_equal(baton_delivery_rx(b, early[i].body,
						   early[i].len, now_ms),
				 early[i].err);
	assert_false(b->has_channels);
	assert_true(move(0));
	while (baton_delivery_next_event(b, &event))
		;
	for (i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		assert_int_equal(
			baton_delivery_rx(b, late[i].body, late[i].len, now_ms),
			late[i].err);
	assert_false(baton_delivery_next_event(b, &event));
	assert_false(store(1));
	link(false);
	assert_int_equal(baton_delivery_rx(b, envelope, 2, now_ms),
			 BATON_ERR_PEER_STATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup)
		T(every_mode_reaches_the_same_application),
		T(an_application_that_the_peer_lacks_is_told_so),
		T(a_link_opens_and_shuts_applications),
		T(what_is_stored_is_found_again_and_says_nothing),
		T(no_application_can_read_anothers_store),
		T(a_value_under_another_key_is_not_taken),
		T(live_keys_are_the_applications_own),
		T(no_application_can_pass_for_another),
		T(no_application_keeps_another_from_sending),
		T(no_application_keeps_another_from_storing_or_hearing),
		T(a_full_outbox_is_the_applications_own),
		T(an_applications_rate_is_limited),
		T(an_erased_application_leaves_nothing),
		T(two_can_be_erased_at_once),
		T(wiping_leaves_nothing_in_memory),
		T(applications_out_of_range_are_not_registered),
		T(what_a_peer_may_not_send_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
