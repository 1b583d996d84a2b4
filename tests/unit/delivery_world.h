/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_DELIVERY_WORLD_H
#define TESTS_UNIT_DELIVERY_WORLD_H

/* Two deliveries, their stores and the envelopes between them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/delivery.h"
#include "tests/support/shelf.h"

#define ROOM 508
#define APPS 3
#define STORED 128
#define VALUE 600
#define MEMORY 4096

static const struct baton_application notes = {.id = "notes",
					       .message_max = 32,
					       .requests = 4,
					       .context_max = 32,
					       .item_max = 32,
					       .outbox = 8,
					       .inbox = 8,
					       .rate = 1000,
					       .burst = 1000},
				      maps = {.id = "maps",
					      .message_max = 32,
					      .requests = 4,
					      .context_max = 32,
					      .item_max = 32,
					      .outbox = 8,
					      .inbox = 8,
					      .rate = 1000,
					      .burst = 1000},
				      only_here = {.id = "only",
						   .message_max = 8,
						   .requests = 1,
						   .rate = 1,
						   .burst = 1};

/* What either end has for notes: a test may give it other limits. */
static const struct baton_application *its_notes[2] = {&notes, &notes};

struct stored {
	SHELF_PLACE(VALUE);
};

struct end {
	struct baton_delivery delivery;
	struct baton_channel channel[APPS];
	uint64_t memory[APPS][MEMORY / 8];
	struct stored stored[STORED];
	uint8_t handle[APPS]; /* notes, maps, only_here */
};

static struct end end[2];
static struct baton_delivery *const a = &end[0].delivery,
				    *const b = &end[1].delivery;
static struct baton_delivery_event event;
static struct baton_store_op op;
static const uint8_t session_key[32] = {7};
static uint8_t envelope[2 + ROOM];
static size_t len;
static uint64_t now_ms, boots;

static inline uint8_t add(struct end *e,
			  const struct baton_application *application)
{
	uint8_t root[32] = {0}, handle;
	size_t at = e->delivery.registered;

	/* Both devices have it, of the bond. */
	memcpy(root, application->id, 8);
	assert_true(baton_delivery_memory_len(application) <= MEMORY);
	assert_int_equal(baton_delivery_register(&e->delivery, application,
						 root, e->memory[at], MEMORY,
						 &handle),
			 BATON_OK);
	assert_int_equal(handle, at);
	return handle;
}

static inline void start(int i)
{
	struct end *e = &end[i];
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0};
	size_t s;

	baton_store_be64(seed, ++boots);
	assert_int_equal(
		baton_delivery_init(&e->delivery, e->channel, APPS, seed),
		BATON_OK);
	/* Not in the same order. */
	if (i == 0) {
		e->handle[0] = add(e, its_notes[i]);
		e->handle[1] = add(e, &maps);
		e->handle[2] = add(e, &only_here);
	} else {
		e->handle[1] = add(e, &maps);
		e->handle[0] = add(e, its_notes[i]);
	}
	for (s = 0; s < STORED; s++)
		if (e->stored[s].len > 0)
			assert_int_equal(baton_delivery_load(&e->delivery,
							     e->stored[s].key,
							     e->stored[s].bytes,
							     e->stored[s].len),
					 BATON_OK);
}

static inline void link(bool up)
{
	baton_delivery_link(a, up, session_key, ROOM, now_ms);
	baton_delivery_link(b, up, session_key, ROOM, now_ms);
}

static inline int setup(void **state)
{
	(void)state;
	now_ms = 1000;
	memset(end, 0, sizeof(end));
	start(0);
	start(1);
	link(true);
	return 0;
}

static inline void apply(struct end *e)
{
	assert_true(shelf_apply(SHELF(e->stored), &op));
}

static inline bool store(int i)
{
	if (!baton_delivery_next_store_op(&end[i].delivery, &op))
		return false;
	apply(&end[i]);
	baton_delivery_stored(&end[i].delivery, op.id, BATON_OK, now_ms);
	return true;
}

static inline bool move(int from)
{
	if (!baton_delivery_tx(&end[from].delivery, envelope, sizeof(envelope),
			       &len, now_ms))
		return false;
	assert_int_equal(
		baton_delivery_rx(&end[!from].delivery, envelope, len, now_ms),
		BATON_OK);
	return true;
}

static inline void run(void)
{
	while (store(0) || store(1) || move(0) || move(1))
		;
}

static inline bool told(int i, enum baton_delivery_event_type type)
{
	while (baton_delivery_next_event(&end[i].delivery, &event))
		if (event.type == type)
			return true;
	return false;
}

static inline bool told_queue(int i, enum baton_queue_event_type type)
{
	while (told(i, BATON_DELIVERY_QUEUE))
		if (event.u.queue.type == type)
			return true;
	return false;
}

static inline void put(int i, int app, const char *text)
{
	uint32_t number;

	assert_int_equal(
		baton_queue_put(baton_delivery_queue(&end[i].delivery,
						     end[i].handle[app]),
				(const uint8_t *)text, strlen(text), &number,
				now_ms),
		BATON_OK);
}

static inline void set(int i, int app, const char *text)
{
	assert_int_equal(
		baton_context_set(baton_delivery_context(&end[i].delivery,
							 end[i].handle[app]),
				  (const uint8_t *)text, strlen(text), now_ms),
		BATON_OK);
}

static inline void ask(int i, int app, const char *text)
{
	uint32_t number;

	assert_int_equal(
		baton_requests_ask(baton_delivery_requests(&end[i].delivery,
							   end[i].handle[app]),
				   (const uint8_t *)text, strlen(text), 5000,
				   &number, now_ms),
		BATON_OK);
}

static inline const char *prefix(int i, int app, char *key)
{
	baton_application_store_key(&end[i].channel[end[i].handle[app]].keys,
				    "", key);
	return key;
}

static inline int stored_of(const struct end *e, const char *start_of_key)
{
	int s, n = 0;

	for (s = 0; s < STORED; s++)
		n += e->stored[s].len > 0 &&
		     strncmp(e->stored[s].key, start_of_key,
			     strlen(start_of_key)) == 0;
	return n;
}

#endif
