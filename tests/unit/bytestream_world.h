/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_BYTESTREAM_WORLD_H
#define TESTS_UNIT_BYTESTREAM_WORLD_H

/* Two machines of byte streams, the envelopes and the bytes between them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/bulk_internal.h"
#include "session/bytestream.h"

#define PLACES 2
#define RING 100
#define ROOM 500
#define CANARY 0xa5

/* Envelopes (FILES.md 3). */
enum { OPEN, ROOM_OP, FIN, DONE, BREAK, REPEAT };

struct side {
	struct baton_bytestreams streams;
	struct baton_bytestream place[PLACES];
	uint8_t memory[BATON_BYTESTREAM_MEMORY(PLACES, RING) + 8];
};

static struct side a, b;
static struct baton_bytestream_event event;
static uint8_t op, body[ROOM], chunk[ROOM];
static size_t len, bytes;

static const uint8_t one[BATON_BYTESTREAM_ID_LEN] = "one";
static const uint8_t two[BATON_BYTESTREAM_ID_LEN] = "two";
static const uint8_t many[BATON_BYTESTREAM_ID_LEN] = "three";

static void start(struct side *side)
{
	memset(side, 0, sizeof(*side));
	memset(side->memory, CANARY, sizeof(side->memory));
	assert_int_equal(baton_bytestreams_init(&side->streams, NULL, NULL,
						side->place, PLACES,
						side->memory, RING),
			 BATON_OK);
}

static void link_all(bool up)
{
	baton_bytestreams_link(&a.streams, up, ROOM, 0);
	baton_bytestreams_link(&b.streams, up, ROOM, 0);
}

static int setup(void **state)
{
	(void)state;
	start(&a);
	start(&b);
	link_all(true);
	return 0;
}

static int no_byte_behind_the_rings(void **state)
{
	size_t i;

	(void)state;
	for (i = sizeof(a.memory) - 8; i < sizeof(a.memory); i++)
		if (a.memory[i] != CANARY || b.memory[i] != CANARY)
			return -1;
	return 0;
}

/* One envelope goes; false: there is none. */
static bool envelope(struct side *from, struct side *to)
{
	if (!baton_bytestreams_tx(&from->streams, &op, body, sizeof(body), &len,
				  0))
		return false;
	assert_int_equal(baton_bytestreams_rx(&to->streams, op, body, len, 0),
			 BATON_OK);
	return true;
}

static bool take_chunk(struct side *from)
{
	len = bytestream_chunk(&from->streams, chunk, 40, &bytes);
	if (len == 0)
		return false;
	bytestream_sent(&from->streams, bytes);
	return true;
}

static bool some_bytes(struct side *from, struct side *to)
{
	if (!take_chunk(from))
		return false;
	assert_int_equal(bytestream_take(&to->streams, chunk, len), BATON_OK);
	return true;
}

static void run(void)
{
	while (envelope(&a, &b) || envelope(&b, &a) || some_bytes(&a, &b) ||
	       some_bytes(&b, &a))
		;
}

static bool told(struct side *side, enum baton_bytestream_event_type type)
{
	while (baton_bytestreams_next_event(&side->streams, &event))
		if (event.type == type)
			return true;
	return false;
}

static size_t taken_places(const struct side *side)
{
	size_t i, n = 0;

	for (i = 0; i < PLACES; i++)
		n += side->place[i].state != BATON_BYTESTREAM_FREE;
	return n;
}

/* a opens it, b accepts, and both know that. */
static void open_stream(const uint8_t *id)
{
	assert_int_equal(baton_bytestreams_open(&a.streams, id, NULL, 0),
			 BATON_OK);
	run();
	assert_true(told(&b, BATON_BYTESTREAM_OFFERED));
	assert_int_equal(baton_bytestreams_accept(&b.streams, id), BATON_OK);
	run();
	assert_true(told(&a, BATON_BYTESTREAM_OPENED));
}

static size_t put_bytes(struct side *side, const uint8_t *id, size_t count,
			uint8_t first)
{
	uint8_t what[2 * RING];
	size_t i, taken;

	for (i = 0; i < count; i++)
		what[i] = (uint8_t)(first + i);
	(void)!baton_bytestreams_write(&side->streams, id, what, count, &taken);
	return taken;
}

static size_t get_bytes(struct side *side, const uint8_t *id, size_t cap,
			uint8_t first)
{
	uint8_t what[2 * RING];
	size_t i, n;

	(void)!baton_bytestreams_read(&side->streams, id, what, cap, &n);
	for (i = 0; i < n; i++)
		assert_int_equal(what[i], (uint8_t)(first + i));
	return n;
}

static void finish(struct side *side, const uint8_t *id)
{
	assert_int_equal(baton_bytestreams_finish(&side->streams, id),
			 BATON_OK);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, setup, no_byte_behind_the_rings)

#endif
