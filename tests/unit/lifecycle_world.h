/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_LIFECYCLE_WORLD_H
#define TESTS_UNIT_LIFECYCLE_WORLD_H

/* Two lifecycle machines, their stores and the frames between them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "session/lifecycle.h"

#define HOUR_MS UINT64_C(3600000)
#define DAY_S 86400
#define WALL_S UINT64_C(1700000000)
#define FRAMES 32

struct frame {
	uint8_t code;
	uint8_t body[BATON_URGENT_BODY_MAX];
	size_t len;
};

struct end {
	struct baton_lifecycle life;
	struct baton_lifecycle_device device;
	struct frame queue[FRAMES]; /* on their way to it */
	size_t queued;
	uint8_t value[BATON_LIFECYCLE_LEN];
	bool has_value;
	bool stalls; /* the store does not answer */
	bool fails;
	unsigned int writes;
	struct baton_store_op op; /* not answered */
	bool op_out;
	unsigned int told[BATON_LIFECYCLE_EVENT_STORE_FAILED + 1];
	struct baton_lifecycle_event
		last[BATON_LIFECYCLE_EVENT_STORE_FAILED + 1];
	unsigned int peer_errors;
};

static struct end end[2];
static uint64_t now_ms, wall_s;
static uint8_t seeds;
static bool up;
static const uint8_t bond[2][BATON_BOND_ID_LEN] = {"watch's", "phone's"};

#define watch (&end[BATON_WATCH].life)
#define phone (&end[BATON_PHONE].life)

static inline void begin(enum baton_role role)
{
	uint8_t seed[BATON_DRBG_SEED_LEN] = {++seeds};
	char key[BATON_BOND_KEY_LEN];
	struct end *e = &end[role];

	baton_lifecycle_init(&e->life, role, &e->device, seed);
	assert_int_equal(baton_lifecycle_bond(&e->life, bond[role]), BATON_OK);
	e->op_out = false;
	e->queued = 0;
	if (!e->has_value)
		return;
	baton_bond_key("sess/", bond[role], key);
	assert_int_equal(baton_lifecycle_load(&e->life, key, e->value,
					      sizeof(e->value), now_ms),
			 BATON_OK);
}

static inline int setup(void **state)
{
	(void)state;
	memset(end, 0, sizeof(end));
	now_ms = 1000;
	wall_s = WALL_S;
	up = false;
	end[BATON_WATCH].device.version = 7;
	end[BATON_PHONE].device.type = 1;
	begin(BATON_WATCH);
	begin(BATON_PHONE);
	return 0;
}

static inline void answer(struct end *e)
{
	const struct baton_store_write *write = &e->op.write[0];

	e->op_out = false;
	if (!e->fails) {
		e->writes++;
		e->has_value = write->kind == BATON_STORE_PUT;
		if (e->has_value)
			memcpy(e->value, write->value, write->value_len);
	}
	baton_lifecycle_stored(&e->life, e->op.id,
			       e->fails ? BATON_ERR_STORE : BATON_OK, now_ms);
}

/* Every event, store operation and frame of one side; true: there was one. */
static inline bool serve(enum baton_role role)
{
	struct baton_lifecycle_event event;
	struct end *e = &end[role], *peer = &end[!role];
	struct frame frame;
	bool any = false;

	while (baton_lifecycle_next_event(&e->life, &event)) {
		e->told[event.type]++;
		e->last[event.type] = event;
		any = true;
	}
	if (!e->op_out && baton_lifecycle_next_store_op(&e->life, &e->op)) {
		e->op_out = true;
		any = true;
	}
	if (e->op_out && !e->stalls) {
		answer(e);
		any = true;
	}
	while (baton_lifecycle_tx(&e->life, &frame.code, frame.body, &frame.len,
				  now_ms)) {
		assert_true(frame.len <= BATON_URGENT_BODY_MAX);
		assert_true(peer->queued < FRAMES);
		if (up)
			peer->queue[peer->queued++] = frame;
		any = true;
	}
	return any;
}

static inline bool deliver(enum baton_role role)
{
	struct end *e = &end[role];
	struct frame frame;

	if (e->queued == 0)
		return false;
	frame = e->queue[0];
	memmove(e->queue, e->queue + 1, --e->queued * sizeof(frame));
	if (baton_lifecycle_rx(&e->life, frame.code, frame.body, frame.len,
			       now_ms))
		e->peer_errors++;
	return true;
}

static inline void run(void)
{
	bool any;

	do {
		any = serve(BATON_WATCH);
		any |= serve(BATON_PHONE);
		any |= deliver(BATON_WATCH);
		any |= deliver(BATON_PHONE);
	} while (any);
}

static inline void link_up(void)
{
	up = true;
	baton_lifecycle_connecting(watch);
	baton_lifecycle_connecting(phone);
	baton_lifecycle_link(watch, true, 0, now_ms);
	baton_lifecycle_link(phone, true, wall_s, now_ms);
}

static inline void link_down(void)
{
	up = false;
	end[0].queued = end[1].queued = 0;
	baton_lifecycle_link(watch, false, 0, now_ms);
	baton_lifecycle_link(phone, false, 0, now_ms);
}

static inline void relink(void)
{
	link_down();
	link_up();
	run();
}

static inline void reboot(enum baton_role role)
{
	if (up)
		link_down();
	begin(role);
}

/* Both are in these states. */
static inline void expect(enum baton_lifecycle_state w,
			  enum baton_lifecycle_state p)
{
	assert_int_equal(baton_lifecycle_state(watch), w);
	assert_int_equal(baton_lifecycle_state(phone), p);
}

static inline void both(enum baton_lifecycle_state state)
{
	expect(state, state);
}

static inline void activate(void)
{
	link_up();
	run();
	both(BATON_LIFECYCLE_ACTIVE);
}

static inline void wait_ms(uint64_t ms)
{
	now_ms += ms;
	baton_lifecycle_tick(watch, now_ms);
	baton_lifecycle_tick(phone, now_ms);
	run();
}

#endif
