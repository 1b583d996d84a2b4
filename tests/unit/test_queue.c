/* SPDX-License-Identifier: MIT */

/* What random traffic (tests/model/queues.c) does not look at by itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/queue.h"

#define MAX 16
#define BOX 4
#define ROOM 508

static struct baton_queue a, b;
static uint64_t memory_a[64], memory_b[64];
static struct baton_store_op op;
static uint8_t kind, body[ROOM];
static size_t len;

static void start(struct baton_queue *queue, uint64_t *memory, uint8_t first)
{
	uint8_t seed[BATON_DRBG_SEED_LEN] = {first};

	assert_true(baton_queue_memory_len(MAX, BOX, BOX) <= sizeof(memory_a));
	assert_int_equal(baton_queue_init(queue, MAX, BOX, BOX, seed, memory,
					  sizeof(memory_a)),
			 BATON_OK);
}

static int setup(void **state)
{
	(void)state;
	start(&a, memory_a, 1);
	start(&b, memory_b, 2);
	baton_queue_link(&a, true, ROOM, 1000);
	baton_queue_link(&b, true, ROOM, 1000);
	return 0;
}

static void put(const char *text)
{
	uint32_t number;

	assert_int_equal(baton_queue_put(&a, (const uint8_t *)text,
					 strlen(text), &number, 1000),
			 BATON_OK);
}

static bool store(struct baton_queue *queue)
{
	if (!baton_queue_next_store_op(queue, &op))
		return false;
	baton_queue_stored(queue, op.id, BATON_OK, 1000);
	return true;
}

static bool move(struct baton_queue *from, struct baton_queue *to)
{
	if (!baton_queue_tx(from, &kind, body, sizeof(body), &len, 1000))
		return false;
	assert_int_equal(baton_queue_rx(to, kind, body, len, 1000), BATON_OK);
	return true;
}

static void run(void)
{
	while (store(&a) || store(&b) || move(&a, &b) || move(&b, &a))
		;
}

static bool told(struct baton_queue *queue, enum baton_queue_event_type type,
		 struct baton_queue_event *event)
{
	while (baton_queue_next_event(queue, event))
		if (event->type == type)
			return true;
	return false;
}

static void items_arrive_in_order_and_are_told_once(void **state)
{
	struct baton_queue_event event;
	int i;

	(void)state;
	put("one");
	put("");
	put("three");
	run();
	for (i = 1; i <= 3; i++) {
		assert_true(told(&b, BATON_QUEUE_ITEM, &event));
		assert_int_equal(event.number, i);
		assert_int_equal((int)event.len, i == 1 ? 3 : i == 2 ? 0 : 5);
	}
	assert_false(baton_queue_next_event(&b, &event));
	assert_true(told(&a, BATON_QUEUE_KEPT, &event));
	assert_int_equal(event.number, 3);
	assert_true(told(&a, BATON_QUEUE_TAKEN, &event));
	assert_int_equal(event.number, 3);
	assert_int_equal((int)baton_queue_outstanding(&a), 0);
	assert_int_equal((int)baton_queue_waiting(&b), 3);
}

static void nothing_is_sent_before_it_is_durable(void **state)
{
	(void)state;
	put("one");
	assert_false(baton_queue_tx(&a, &kind, body, ROOM, &len, 1000));
	assert_true(baton_queue_next_store_op(&a, &op));
	assert_false(baton_queue_tx(&a, &kind, body, ROOM, &len, 1000));
	baton_queue_stored(&a, op.id, BATON_ERR_STORE, 1000);
	assert_false(baton_queue_tx(&a, &kind, body, ROOM, &len, 1000));
}

static void nothing_is_told_or_confirmed_before_it_is_durable(void **state)
{
	struct baton_queue_event event;

	(void)state;
	put("one");
	assert_true(store(&a));
	assert_true(move(&a, &b) && move(&b, &a) && move(&a, &b));
	assert_false(baton_queue_next_event(&b, &event));
	assert_false(baton_queue_tx(&b, &kind, body, ROOM, &len, 1000));
	assert_true(baton_queue_next_store_op(&b, &op));
	assert_int_equal((int)op.count, 2);
	assert_false(baton_queue_next_event(&b, &event));
	baton_queue_stored(&b, op.id, BATON_OK, 1000);
	assert_true(baton_queue_next_event(&b, &event));
	assert_int_equal(event.type, BATON_QUEUE_ITEM);
	assert_true(move(&b, &a));
}

static void a_write_that_failed_is_asked_for_again(void **state)
{
	struct baton_queue_event event;

	(void)state;
	put("one");
	assert_true(baton_queue_next_store_op(&a, &op));
	baton_queue_stored(&a, op.id, BATON_ERR_STORE, 1000);
	assert_true(told(&a, BATON_QUEUE_STORE_FAILED, &event));
	assert_false(baton_queue_next_store_op(&a, &op));
	assert_int_equal(baton_queue_deadline(&a), 2000);
	baton_queue_tick(&a, 2000);
	assert_true(baton_queue_next_store_op(&a, &op));
	assert_int_equal(baton_queue_deadline(&a), UINT64_MAX);
	/* Though the clock was set back. */
	baton_queue_stored(&a, op.id, BATON_ERR_STORE, 2000);
	baton_queue_tick(&a, 500);
	assert_true(baton_queue_next_store_op(&a, &op));
}

static void a_full_inbox_stops_the_sender_and_loses_nothing(void **state)
{
	struct baton_queue_event event;
	uint32_t number;
	int i;

	(void)state;
	for (i = 0; i < 2 * BOX; i++) {
		put("item");
		run();
	}
	assert_int_equal((int)baton_queue_waiting(&b), BOX);
	assert_int_equal((int)baton_queue_outstanding(&a), BOX);
	assert_int_equal(baton_queue_put(&a, body, 1, &number, 1000),
			 BATON_ERR_SPACE);
	for (i = 1; i <= 2 * BOX; i++) {
		assert_true(told(&b, BATON_QUEUE_ITEM, &event));
		assert_int_equal(event.number, i);
		assert_int_equal(baton_queue_done(&b, event.number, 1000),
				 BATON_OK);
		run();
	}
	assert_int_equal((int)baton_queue_outstanding(&a), 0);
	assert_int_equal((int)baton_queue_waiting(&b), 0);
}

static void what_is_done_is_deleted_and_wiped(void **state)
{
	struct baton_queue_event event;
	char name[BATON_NAME_MAX];
	size_t i;

	(void)state;
	put("secretsecret");
	run();
	assert_true(told(&b, BATON_QUEUE_ITEM, &event));
	assert_int_equal(baton_queue_done(&b, event.number, 1000), BATON_OK);
	assert_true(baton_queue_next_store_op(&b, &op));
	assert_int_equal(op.write[0].kind, BATON_STORE_DELETE);
	assert_string_equal(op.write[0].key, "qi/00000001");
	baton_queue_stored(&b, op.id, BATON_OK, 1000);
	assert_true(told(&b, BATON_QUEUE_GONE, &event));
	for (i = 0; i + 6 <= sizeof(memory_a); i++) {
		assert_memory_not_equal((uint8_t *)memory_a + i, "secret", 6);
		assert_memory_not_equal((uint8_t *)memory_b + i, "secret", 6);
	}
	/* Nothing but the two headers may still be stored. */
	assert_true(baton_queue_name(&a, 1, name));
	assert_string_equal(name, "qi");
	assert_false(baton_queue_name(&a, 2, name));
	assert_false(baton_queue_name(&b, 2, name));
}

static void every_stored_item_has_a_name_to_be_erased_by(void **state)
{
	char name[BATON_NAME_MAX];

	(void)state;
	put("one");
	run();
	put("two");
	assert_true(store(&a));
	assert_true(baton_queue_name(&a, 0, name));
	assert_string_equal(name, "qo");
	assert_true(baton_queue_name(&a, 2, name));
	assert_string_equal(name, "qo/00000002");
	assert_false(baton_queue_name(&a, 3, name));
	assert_true(baton_queue_name(&b, 2, name));
	assert_string_equal(name, "qi/00000001");
}

static void the_applications_mistakes_change_nothing(void **state)
{
	struct baton_queue_event event;
	uint32_t number = 77;

	(void)state;
	assert_int_equal(baton_queue_put(NULL, body, 1, &number, 1000),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_queue_done(NULL, 1, 1000), BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_queue_put(&a, body, MAX + 1, &number, 1000),
			 BATON_ERR_TOO_LARGE);
	assert_int_equal(number, 77);
	assert_false(baton_queue_next_store_op(&a, &op));
	assert_int_equal(baton_queue_done(&b, 1, 1000), BATON_ERR_STATE);
	put("one");
	put("two");
	run();
	/* Not told yet; then another one than the oldest, and one twice. */
	assert_int_equal(baton_queue_done(&b, 1, 1000), BATON_ERR_STATE);
	assert_true(told(&b, BATON_QUEUE_ITEM, &event));
	assert_true(told(&b, BATON_QUEUE_ITEM, &event));
	assert_int_equal(baton_queue_done(&b, 2, 1000), BATON_ERR_STATE);
	assert_int_equal(baton_queue_done(&b, 1, 1000), BATON_OK);
	assert_int_equal(baton_queue_done(&b, 1, 1000), BATON_ERR_STATE);
	assert_int_equal((int)baton_queue_waiting(&b), 1);
}

static void limits_out_of_range_are_refused(void **state)
{
	static const uint8_t seed[BATON_DRBG_SEED_LEN];
	static const uint16_t bad[][3] = {
		{0, 1, 1},
		{BATON_ITEM_MAX + 1, 1, 1},
		{1, 0, 1},
		{1, 1, 0},
		{1, BATON_ITEMS_MAX + 1, 1},
		{1, 1, BATON_ITEMS_MAX + 1},
	};
	struct baton_queue queue;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(baton_queue_init(&queue, bad[i][0], bad[i][1],
						  bad[i][2], seed, memory_a,
						  SIZE_MAX),
				 BATON_ERR_ARG);
	assert_int_equal(
		baton_queue_init(&queue, MAX, BOX, BOX, seed, memory_a,
				 baton_queue_memory_len(MAX, BOX, BOX) - 1),
		BATON_ERR_ARG);
}

static void what_a_peer_may_not_send_is_dropped(void **state)
{
	static const struct {
		uint8_t op, len;
		uint8_t body[24];
		enum baton_err err;
	} bad[] = {
		{0, 15, {0}, BATON_ERR_PEER_LENGTH},
		{0, 17, {0}, BATON_ERR_PEER_LENGTH},
		{0, 16, {0}, BATON_ERR_PEER_FORMAT}, /* begins with 0 */
		{1, 18, {0}, BATON_ERR_PEER_LENGTH},
		{1, 19, {0}, BATON_ERR_PEER_STATE}, /* nothing was asked */
		{1, 19, {[18] = 2}, BATON_ERR_PEER_FORMAT},
		{2, 7, {0}, BATON_ERR_PEER_LENGTH},
		{2, 8, {0, 0, 0, 1}, BATON_ERR_PEER_STATE}, /* no LINE */
		{2, 8 + MAX + 1, {0, 0, 0, 1}, BATON_ERR_PEER_LIMIT},
		{3, 0, {0}, BATON_ERR_PEER_FORMAT},
		{15, 0, {0}, BATON_ERR_PEER_FORMAT},
	};
	struct baton_queue_event event;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(body, 0, sizeof(body));
		memcpy(body, bad[i].body, sizeof(bad[i].body));
		assert_int_equal(
			baton_queue_rx(&b, bad[i].op, body, bad[i].len, 1000),
			bad[i].err);
		assert_false(baton_queue_next_event(&b, &event));
		assert_false(baton_queue_next_store_op(&b, &op));
	}
}

static void a_peer_that_goes_beyond_its_room_is_stopped(void **state)
{
	static const uint8_t line[16] = {1, [11] = 1};
	int i;

	(void)state;
	assert_int_equal(baton_queue_rx(&b, 0, line, 16, 1000), BATON_OK);
	memset(body, 0, sizeof(body));
	for (i = 1; i <= BOX; i++) {
		baton_store_be32(body, (uint32_t)i);
		assert_int_equal(baton_queue_rx(&b, 2, body, 9, 1000),
				 BATON_OK);
	}
	baton_store_be32(body, BOX + 2);
	assert_int_equal(baton_queue_rx(&b, 2, body, 9, 1000),
			 BATON_ERR_PEER_SEQ);
	baton_store_be32(body, BOX + 1);
	assert_int_equal(baton_queue_rx(&b, 2, body, 9, 1000),
			 BATON_ERR_PEER_LIMIT);
	assert_int_equal((int)baton_queue_waiting(&b), BOX);
	/* It is told to begin again. */
	assert_true(baton_queue_tx(&b, &kind, body, ROOM, &len, 1000));
	assert_int_equal(body[18], 1);
}

static void a_confirmation_of_what_was_not_sent_is_dropped(void **state)
{
	uint8_t ack[19];

	(void)state;
	put("one");
	put("two");
	assert_true(store(&a));
	assert_true(move(&a, &b));
	assert_true(baton_queue_tx(&b, &kind, ack, 508, &len, 1000));
	assert_int_equal(baton_queue_rx(&a, kind, ack, len, 1000), BATON_OK);
	baton_store_be32(ack + 8, 1);
	assert_int_equal(baton_queue_rx(&a, kind, ack, len, 1000),
			 BATON_ERR_PEER_STATE);
	ack[0] ^= 1;
	assert_int_equal(baton_queue_rx(&a, kind, ack, len, 1000),
			 BATON_ERR_PEER_STATE);
	assert_int_equal((int)baton_queue_outstanding(&a), 2);
}

static void an_item_that_was_damaged_in_the_store_is_passed_over(void **state)
{
	static const struct {
		const char *name;
		uint8_t value[17];
		size_t len;
	} stored[] = {
		{"qo/00000004", {1, 0, 0, 0, 4, 'd'}, 6},
		{"qo", {1, 9, [12] = 5, [16] = 7}, 17},
		{"qo/00000001", {1, 0, 0, 0, 1, 'a'}, 6},
		{"qo/00000002", {2, 0, 0, 0, 2, 'b'}, 6},
	};
	struct baton_queue_event event;
	size_t i;

	(void)state;
	start(&a, memory_a, 3);
	for (i = 0; i < 4; i++)
		assert_int_equal(baton_queue_load(&a, stored[i].name,
						  stored[i].value,
						  stored[i].len),
				 i == 3 ? BATON_ERR_ARG : BATON_OK);
	baton_queue_link(&a, true, ROOM, 1000);
	run();
	assert_true(told(&b, BATON_QUEUE_ITEM, &event));
	assert_int_equal(event.bytes[0], 'a');
	assert_true(told(&b, BATON_QUEUE_ITEM, &event));
	assert_int_equal(event.bytes[0], 'd');
	assert_int_equal((int)baton_queue_outstanding(&a), 0);
	put("next");
	run();
	assert_true(told(&b, BATON_QUEUE_ITEM, &event));
	assert_memory_equal(event.bytes, "next", 4);
}

static void what_was_never_stored_is_not_loaded(void **state)
{
	static const uint8_t item[5 + MAX + 1] = {1};
	static const uint8_t header[21] = {1};
	static const struct {
		const char *name;
		const uint8_t *value;
		size_t len;
		enum baton_err err;
	} bad[] = {
		{"", item, 5, BATON_ERR_NOT_FOUND},
		{"q", item, 5, BATON_ERR_NOT_FOUND},
		{"qx", item, 5, BATON_ERR_NOT_FOUND},
		{"co", item, 5, BATON_ERR_NOT_FOUND},
		{"qox", item, 5, BATON_ERR_NOT_FOUND},
		{"qo/", item, 5, BATON_ERR_ARG},
		{"qo/0000001", item, 5, BATON_ERR_ARG},
		{"qo/000000011", item, 5, BATON_ERR_ARG},
		{"qo/0000000A", item, 5, BATON_ERR_ARG},
		{"qo/00000000", item, 5, BATON_ERR_ARG},
		{"qo/ffffffff", item, 5, BATON_ERR_ARG},
		{"qi/00000001", item, 4, BATON_ERR_ARG},
		{"qi/00000001", header + 1, 5, BATON_ERR_ARG},
		{"qi/00000001", item, sizeof(item), BATON_ERR_SPACE},
		{"qo", header, 16, BATON_ERR_ARG},
		{"qo", header + 1, 17, BATON_ERR_ARG},
		{"qi", header, 20, BATON_ERR_ARG},
	};
	size_t i;

	(void)state;
	start(&a, memory_a, 3);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(baton_queue_load(&a, bad[i].name, bad[i].value,
						  bad[i].len),
				 bad[i].err);
	assert_int_equal(baton_queue_load(&a, "qi/00000001", item, 5),
			 BATON_OK);
	/* Limits that shrank are not hidden. */
	assert_int_equal(baton_queue_load(&a, "qi/00000005", item, 5),
			 BATON_ERR_SPACE);
}

static void numbers_end(void **state)
{
	static const uint8_t header[17] = {1, 9, [9] = 0xff, 0xff, 0xff, 0xfe};
	uint32_t number;

	(void)state;
	start(&a, memory_a, 3);
	assert_int_equal(baton_queue_load(&a, "qo", header, 17), BATON_OK);
	assert_int_equal(baton_queue_put(&a, body, 1, &number, 1000), BATON_OK);
	assert_int_equal(baton_queue_put(&a, body, 1, &number, 1000),
			 BATON_ERR_EXHAUSTED);
	baton_queue_link(&a, true, ROOM, 1000);
	run();
	assert_int_equal((int)baton_queue_outstanding(&a), 0);
	assert_int_equal((int)baton_queue_waiting(&b), 1);
}

/* Everything but the sender's store, which does one operation in a round. */
static void deliver_all(void)
{
	struct baton_queue_event event;

	while (store(&b) || move(&a, &b) || move(&b, &a))
		while (told(&b, BATON_QUEUE_ITEM, &event))
			assert_int_equal(
				baton_queue_done(&b, event.number, 1000),
				BATON_OK);
}

static void what_is_spent_makes_room_though_more_is_put(void **state)
{
	static uint64_t memory[256];
	uint8_t seed[BATON_DRBG_SEED_LEN] = {5};
	int i, j;

	(void)state;
	assert_true(baton_queue_memory_len(MAX, 32, BOX) <= sizeof(memory));
	assert_int_equal(baton_queue_init(&a, MAX, 32, BOX, seed, memory,
					  sizeof(memory)),
			 BATON_OK);
	baton_queue_link(&a, true, ROOM, 1000);
	for (i = 0; i < 200; i++) {
		for (j = 0; j < 3 && baton_queue_outstanding(&a) < 12; j++)
			put("item");
		(void)store(&a);
		deliver_all();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, setup)
		T(items_arrive_in_order_and_are_told_once),
		T(nothing_is_sent_before_it_is_durable),
		T(nothing_is_told_or_confirmed_before_it_is_durable),
		T(a_write_that_failed_is_asked_for_again),
		T(a_full_inbox_stops_the_sender_and_loses_nothing),
		T(what_is_done_is_deleted_and_wiped),
		T(every_stored_item_has_a_name_to_be_erased_by),
		T(the_applications_mistakes_change_nothing),
		T(limits_out_of_range_are_refused),
		T(what_a_peer_may_not_send_is_dropped),
		T(a_peer_that_goes_beyond_its_room_is_stopped),
		T(a_confirmation_of_what_was_not_sent_is_dropped),
		T(an_item_that_was_damaged_in_the_store_is_passed_over),
		T(what_was_never_stored_is_not_loaded),
		T(numbers_end),
		T(what_is_spent_makes_room_though_more_is_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
