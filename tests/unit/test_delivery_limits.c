/* SPDX-License-Identifier: MIT */

/*
 * The peer takes less at once than this device sends (DELIVERY.md 2): whoever
 * sends is told, nothing else is lost, and nothing is said for ever. End 0 has
 * room for 32 bytes of everything, end 1 for SMALL.
 */

#include "tests/unit/delivery_world.h"

#define SMALL 16

static const char fits[] = "16 bytes are it.";
static const char too_long[] = "17 bytes are not.";

static struct baton_application small;

static struct baton_queue *queue(int i)
{
	return baton_delivery_queue(&end[i].delivery, end[i].handle[0]);
}

static struct baton_context *context(int i)
{
	return baton_delivery_context(&end[i].delivery, end[i].handle[0]);
}

static struct baton_requests *requests(int i)
{
	return baton_delivery_requests(&end[i].delivery, end[i].handle[0]);
}

static int begin(void **state)
{
	(void)state;
	small = notes;
	small.message_max = small.context_max = small.item_max = SMALL;
	its_notes[1] = &small;
	now_ms = 1000;
	memset(end, 0, sizeof(end));
	start(0);
	start(1);
	return 0;
}

/* A link, and no more events of one before. */
static void relink(void)
{
	link(false);
	while (baton_delivery_next_event(a, &event))
		;
	link(true);
	run();
}

static bool told_context(int i, enum baton_context_event_type type)
{
	while (told(i, BATON_DELIVERY_CONTEXT))
		if (event.u.context.type == type)
			return true;
	return false;
}

/* Once the peer is known, at once: nothing was put, set or asked. */
static void what_is_too_large_is_the_callers_mistake(void **state)
{
	const uint8_t *bytes = (const uint8_t *)too_long;
	uint32_t number;

	(void)state;
	relink();
	assert_int_equal(
		baton_queue_put(queue(0), bytes, SMALL + 1, &number, now_ms),
		BATON_ERR_TOO_LARGE);
	assert_int_equal(
		baton_context_set(context(0), bytes, SMALL + 1, now_ms),
		BATON_ERR_TOO_LARGE);
	assert_int_equal(baton_requests_ask(requests(0), bytes, SMALL + 1, 1000,
					    &number, now_ms),
			 BATON_ERR_TOO_LARGE);
	assert_false(store(0));
	put(0, 0, fits);
	set(0, 0, fits);
	ask(0, 0, fits);
	run();
	assert_true(told(1, BATON_DELIVERY_REQUEST));
	assert_int_equal(event.u.request.len, SMALL);
	assert_true(told_context(1, BATON_CONTEXT_CHANGED));
	assert_int_equal(event.u.context.len, SMALL);
	assert_int_equal(baton_queue_outstanding(queue(0)), 0);
	assert_int_equal(baton_queue_waiting(queue(1)), 1);
}

/* What the smaller one sends the larger one takes. */
static void the_receivers_limit_alone_counts(void **state)
{
	(void)state;
	relink();
	put(1, 0, fits);
	set(1, 0, fits);
	run();
	assert_true(told_context(0, BATON_CONTEXT_CHANGED));
	assert_int_equal(baton_queue_outstanding(queue(1)), 0);
	assert_int_equal(baton_queue_waiting(queue(0)), 1);
}

/* An answer is for whoever asked. */
static void an_answer_that_is_too_large_may_be_a_shorter_one(void **state)
{
	uint32_t number;

	(void)state;
	relink();
	ask(1, 0, fits);
	run();
	assert_true(told(0, BATON_DELIVERY_REQUEST));
	number = event.u.request.number;
	assert_int_equal(baton_requests_answer(requests(0), number,
					       (const uint8_t *)too_long,
					       SMALL + 1, now_ms),
			 BATON_ERR_TOO_LARGE);
	assert_int_equal(baton_requests_answer(requests(0), number,
					       (const uint8_t *)fits, SMALL,
					       now_ms),
			 BATON_OK);
	run();
	assert_true(told(1, BATON_DELIVERY_REQUEST));
	assert_int_equal(event.u.request.type, BATON_REQUEST_ANSWERED);
	assert_int_equal(event.u.request.len, SMALL);
}

/* Put before the peer was known: told once on each link, and not sent. */
static void an_item_that_is_too_large_waits_and_is_told(void **state)
{
	int i;

	(void)state;
	put(0, 0, fits);
	put(0, 0, too_long);
	put(0, 0, fits);
	for (i = 0; i < 3; i++) {
		relink();
		assert_true(told_queue(0, BATON_QUEUE_TOO_LARGE));
		assert_int_equal(event.u.queue.number, 2);
		/* It has nothing more to say, of whatever came before. */
		run();
		assert_false(told_queue(0, BATON_QUEUE_TOO_LARGE));
		assert_false(move(0) || move(1));
		assert_int_equal(baton_queue_outstanding(queue(0)), 2);
		assert_int_equal(baton_queue_waiting(queue(1)), 1);
	}
}

/* Until then the item may be wanted again: it is not to be passed over. */
static void nor_before_all_in_front_of_it_are_taken(void **state)
{
	(void)state;
	put(0, 0, fits);
	put(0, 0, too_long);
	while (store(0))
		;
	link(true);
	/* The peer's store is slow: it has the item, and says nothing. */
	while (move(0) || move(1))
		;
	assert_false(told_queue(0, BATON_QUEUE_TOO_LARGE));
	assert_int_equal(baton_queue_drop(queue(0), 2, now_ms),
			 BATON_ERR_STATE);
	run();
	assert_true(told_queue(0, BATON_QUEUE_TOO_LARGE));
	assert_int_equal(event.u.queue.number, 2);
}

/* A peer that takes more now gets all of it. */
static void nothing_is_lost_if_the_peer_takes_it_later(void **state)
{
	(void)state;
	put(0, 0, too_long);
	put(0, 0, fits);
	set(0, 0, too_long);
	relink();
	assert_int_equal(baton_queue_outstanding(queue(0)), 2);
	link(false);
	its_notes[1] = &notes;
	start(1);
	relink();
	assert_int_equal(baton_queue_outstanding(queue(0)), 0);
	assert_int_equal(baton_queue_waiting(queue(1)), 2);
	assert_true(told_context(1, BATON_CONTEXT_CHANGED));
	assert_int_equal(event.u.context.len, SMALL + 1);
}

static void an_item_that_was_dropped_lets_the_next_ones_go(void **state)
{
	char key[BATON_STORE_KEY_MAX];

	(void)state;
	put(0, 0, fits);
	put(0, 0, too_long);
	put(0, 0, too_long);
	put(0, 0, "last");
	relink();
	assert_int_equal(baton_queue_drop(queue(0), 1, now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(baton_queue_drop(queue(0), 3, now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(baton_queue_drop(queue(0), 2, now_ms), BATON_OK);
	assert_int_equal(baton_queue_drop(queue(0), 2, now_ms),
			 BATON_ERR_STATE);
	run();
	assert_true(told_queue(0, BATON_QUEUE_TOO_LARGE));
	assert_int_equal(event.u.queue.number, 3);
	assert_int_equal(baton_queue_drop(queue(0), 3, now_ms), BATON_OK);
	run();
	assert_int_equal(baton_queue_outstanding(queue(0)), 0);
	assert_int_equal(baton_queue_waiting(queue(1)), 2);
	assert_true(told_queue(1, BATON_QUEUE_MISSING));
	assert_true(told_queue(1, BATON_QUEUE_ITEM));
	assert_memory_equal(event.u.queue.bytes, fits, SMALL);
	assert_true(told_queue(1, BATON_QUEUE_ITEM));
	assert_memory_equal(event.u.queue.bytes, "last", 4);
	/* The head of the queue, and no item. */
	assert_int_equal(stored_of(&end[0], prefix(0, 0, key)), 1);
}

/* Whatever is durable when the power goes: told again, or gone. */
static void a_drop_survives_a_power_cut(void **state)
{
	int written;

	for (written = 0; written < 2; written++) {
		(void)begin(state);
		put(0, 0, too_long);
		put(0, 0, fits);
		relink();
		assert_int_equal(baton_queue_drop(queue(0), 1, now_ms),
				 BATON_OK);
		assert_false(move(0));
		if (written)
			assert_true(store(0));
		start(0);
		relink();
		assert_int_equal(told_queue(0, BATON_QUEUE_TOO_LARGE),
				 !written);
		if (!written)
			assert_int_equal(baton_queue_drop(queue(0), 1, now_ms),
					 BATON_OK);
		run();
		assert_int_equal(baton_queue_outstanding(queue(0)), 0);
		assert_int_equal(baton_queue_waiting(queue(1)), 1);
	}
}

static void a_value_that_is_too_large_is_told_and_not_sent(void **state)
{
	int i;

	(void)state;
	set(0, 0, too_long);
	for (i = 0; i < 3; i++) {
		relink();
		assert_true(told_context(0, BATON_CONTEXT_TOO_LARGE));
		assert_int_equal(event.u.context.version, 1);
		run();
		assert_false(told_context(0, BATON_CONTEXT_TOO_LARGE));
		assert_false(told_context(1, BATON_CONTEXT_CHANGED));
	}
	/* The next one may be shorter. */
	set(0, 0, fits);
	run();
	assert_true(told_context(0, BATON_CONTEXT_TAKEN));
	assert_true(told_context(1, BATON_CONTEXT_CHANGED));
	assert_memory_equal(event.u.context.bytes, fits, SMALL);
}

/* A mode that the peer lacks: nothing is sent into the blue. */
static void a_mode_that_the_peer_lacks_has_no_link(void **state)
{
	uint32_t number;

	(void)state;
	small.message_max = small.requests = 0;
	small.context_max = small.item_max = small.outbox = small.inbox = 0;
	start(1);
	put(0, 0, fits);
	set(0, 0, fits);
	relink();
	assert_true(a->channel[end[0].handle[0]].open);
	assert_false(move(0) || move(1));
	assert_int_equal(baton_requests_ask(requests(0), (const uint8_t *)fits,
					    1, 1000, &number, now_ms),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_queue_outstanding(queue(0)), 1);
}

#define T(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_too_large_is_the_callers_mistake),
		T(the_receivers_limit_alone_counts),
		T(an_answer_that_is_too_large_may_be_a_shorter_one),
		T(an_item_that_is_too_large_waits_and_is_told),
		T(nor_before_all_in_front_of_it_are_taken),
		T(nothing_is_lost_if_the_peer_takes_it_later),
		T(an_item_that_was_dropped_lets_the_next_ones_go),
		T(a_drop_survives_a_power_cut),
		T(a_value_that_is_too_large_is_told_and_not_sent),
		T(a_mode_that_the_peer_lacks_has_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
