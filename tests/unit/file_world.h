/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FILE_WORLD_H
#define TESTS_UNIT_FILE_WORLD_H

/*
 * Two machines of files, their stores and the envelopes between them. Bytes of
 * files are given to the receiver by hand: there is no link that carries any.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/bulk_internal.h"
#include "session/file_internal.h"
#include "tests/support/shelf.h"

#define PLACES 3
#define ROOM 500
#define VALUES 8
#define EACH_MAX 1000
#define ALL_MAX 1500

#define OK(call) assert_int_equal(call, BATON_OK)
#define SAME(before, side) \
	assert_memory_equal(&(before).files, &(side).files, sizeof(side.files))

struct value {
	SHELF_PLACE(BATON_FILE_VALUE_MAX);
};

struct side {
	struct baton_files files;
	struct baton_file_out out[PLACES];
	struct baton_file_in in[PLACES];
	struct value stored[VALUES];
};

static struct side a, b; /* the sender's, the receiver's */
/* Nobody has room on the link: no SUPPLY is told. */
static struct baton_bulk bulk;
static struct baton_bulk_member member;
static struct baton_file_event event;
static uint8_t op, body[ROOM];
static size_t len;
static uint64_t now_ms;

static const uint8_t one[BATON_FILE_ID_LEN] = "file 1";
static const uint8_t two[BATON_FILE_ID_LEN] = "file 2";
static const uint8_t more[BATON_FILE_ID_LEN] = "file 3";

static inline void init(struct side *side)
{
	static const struct baton_file_limits limits = {EACH_MAX, ALL_MAX};

	OK(baton_files_init(&side->files, &bulk, &member, side->out, PLACES,
			    side->in, PLACES, &limits));
}

static inline void link_all(bool up)
{
	baton_files_link(&a.files, up, ROOM, now_ms);
	baton_files_link(&b.files, up, ROOM, now_ms);
}

/* It comes back with what is stored; the link goes and comes. */
static inline void reboot(struct side *side)
{
	const struct value *value;

	link_all(false);
	init(side);
	for (value = side->stored; value < side->stored + VALUES; value++)
		if (value->len > 0)
			OK(baton_files_load(&side->files, value->key,
					    value->bytes, value->len));
	link_all(true);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	now_ms = 1000;
	init(&a);
	init(&b);
	link_all(true);
	return 0;
}

/* One write is done; false: there is none. */
static inline bool store(struct side *side)
{
	struct baton_store_op op;

	if (!baton_files_next_store_op(&side->files, &op))
		return false;
	assert_int_equal(op.count, 1);
	assert_true(strlen(op.write[0].key) < BATON_FILE_NAME_LEN);
	assert_true(shelf_apply(SHELF(side->stored), &op));
	baton_files_stored(&side->files, op.id, BATON_OK, now_ms);
	return true;
}

static inline bool envelope(struct side *from, struct side *to)
{
	if (!baton_files_tx(&from->files, &op, body, sizeof(body), &len,
			    now_ms))
		return false;
	OK(baton_files_rx(&to->files, op, body, len, now_ms));
	return true;
}

/* Stores and envelopes, and no event. */
static inline void run(void)
{
	while (store(&a) || store(&b) || envelope(&a, &b) || envelope(&b, &a))
		;
}

static inline bool told(struct side *side, enum baton_file_event_type type)
{
	while (baton_files_next_event(&side->files, &event))
		if (event.type == type)
			return true;
	return false;
}

static inline void offer(const uint8_t *id, uint64_t total)
{
	OK(baton_files_send(&a.files, id, total, (const uint8_t *)"name", 4,
			    (const uint8_t *)"path", 4));
	run();
}

/* a has offered it, and b accepted. */
static inline void accept(const uint8_t *id, uint64_t total)
{
	offer(id, total);
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_accept(&b.files, id, 0));
	run();
}

/* The next count bytes of a file come, and are taken. */
static inline void give(const uint8_t *id, size_t count)
{
	struct baton_file_in *in = file_in_find(&b.files, id);
	static const uint8_t bytes[EACH_MAX];

	assert_non_null(in);
	OK(file_data(&b.files, id, in->turn, in->got, bytes, count));
	assert_true(told(&b, BATON_FILE_DATA));
	assert_int_equal(event.len, count);
}

static inline void complete(const uint8_t *id, uint64_t total)
{
	accept(id, total);
	give(id, total);
	OK(baton_files_kept(&b.files, id, total));
	run();
	assert_true(told(&b, BATON_FILE_COMPLETE));
}

static inline size_t values(const struct side *side)
{
	size_t i, n = 0;

	for (i = 0; i < VALUES; i++)
		n += side->stored[i].len > 0;
	return n;
}

static inline bool nothing_is_left(void)
{
	struct baton_file_info info;

	return values(&a) + values(&b) == 0 &&
	       baton_files_info(&a.files, 0, &info) == BATON_ERR_NOT_FOUND &&
	       baton_files_info(&b.files, 0, &info) == BATON_ERR_NOT_FOUND;
}

/* b is sent an envelope that nobody has checked. */
static inline enum baton_err say(struct side *side, enum file_op what,
				 const uint8_t *id, size_t body_len)
{
	memcpy(body, id, BATON_FILE_ID_LEN);
	return baton_files_rx(&side->files, (uint8_t)what, body, body_len,
			      now_ms);
}

#endif
