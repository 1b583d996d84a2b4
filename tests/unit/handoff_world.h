/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_HANDOFF_WORLD_H
#define TESTS_UNIT_HANDOFF_WORLD_H

/* Two machines of handoffs, their stores, and what goes between them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "session/handoff.h"
#include "tests/support/run_of.h"
#include "tests/support/shelf.h"

#define PLACES 3
#define ROWS 32
#define LEASE_MS 60000
#define NOTES 0
#define MAPS 1
#define OK(call) assert_int_equal(call, BATON_OK)
#define MARK 0xa7 /* states are full of it */

struct row {
	SHELF_PLACE(BATON_STATE_MAX + 64);
};

struct device {
	struct baton_handoff handoff;
	struct baton_activity activity[PLACES];
	struct baton_handoff_place place[PLACES];
	struct row row[ROWS];
	unsigned int deletes;
	bool store_fails;
	/* The last event of each type. */
	struct baton_handoff_event event[BATON_HANDOFF_TOKEN + 1];
	unsigned int told[BATON_HANDOFF_TOKEN + 1];
	uint8_t bytes[BATON_STATE_MAX];
	size_t len;
};

static struct device device[2];
static struct device *const phone = &device[BATON_PHONE];
static struct device *const watch = &device[BATON_WATCH];
static struct baton_application_keys keys[2];
static const uint8_t apps[2][BATON_APPLICATION_ID_LEN] = {"notes", "maps"};
static uint8_t id[BATON_ACTIVITY_ID_LEN] = {1, 2, 3};
static uint8_t state_bytes[BATON_STATE_MAX];
static uint64_t now_ms;
static size_t room;
static bool up;
static uint8_t boots;
/* Frames and envelopes that do not arrive: their number from now on. */
static unsigned int envelopes, cut_after;

static inline void boot(int role)
{
	struct device *d = &device[role];
	uint8_t bond[BATON_BOND_ID_LEN] = {9};
	uint8_t seed[BATON_DRBG_SEED_LEN] = {++boots};
	uint8_t i;

	memset(d->told, 0, sizeof(d->told));
	assert_int_equal(baton_handoff_init(&d->handoff, (enum baton_role)role,
					    bond, d->activity, d->place, PLACES,
					    seed),
			 BATON_OK);
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_handoff_register(&d->handoff, i, apps[i],
							&keys[i], 2),
				 BATON_OK);
	for (i = 0; i < ROWS; i++)
		if (d->row[i].len > 0)
			assert_int_equal(
				baton_handoff_load(&d->handoff, d->row[i].key,
						   d->row[i].bytes,
						   d->row[i].len, now_ms),
				BATON_OK);
}

static inline void link_up(bool is_up)
{
	static uint8_t session[32];
	uint8_t app;
	int role;

	up = is_up;
	session[0]++;
	for (role = 0; role < 2; role++) {
		baton_handoff_link(&device[role].handoff, up, session, now_ms);
		for (app = 0; app < 2; app++)
			baton_handoff_open(&device[role].handoff, app, up,
					   now_ms);
	}
}

static inline void reboot(int role)
{
	link_up(false);
	boot(role);
}

static inline int setup(void **state)
{
	uint8_t root[2][32] = {{1}, {2}};
	int i;

	(void)state;
	memset(device, 0, sizeof(device));
	id[7] = 0;
	now_ms = 1000;
	room = 508;
	cut_after = UINT32_MAX;
	envelopes = 0;
	for (i = 0; i < 2; i++)
		baton_application_keys(&keys[i], root[i]);
	for (i = 0; i < 2; i++)
		boot(i);
	memset(state_bytes, MARK, sizeof(state_bytes));
	link_up(true);
	return 0;
}

static inline bool store(struct device *d)
{
	struct baton_store_op op;
	size_t i;

	if (!baton_handoff_next_store_op(&d->handoff, &op))
		return false;
	assert_in_range(op.count, 1, BATON_STORE_WRITES_MAX);
	for (i = 0; i < op.count && !d->store_fails; i++)
		d->deletes += op.write[i].kind == BATON_STORE_DELETE;
	assert_true(d->store_fails || shelf_apply(SHELF(d->row), &op));
	baton_handoff_stored(&d->handoff, op.id,
			     d->store_fails ? BATON_ERR_STORE : BATON_OK,
			     now_ms);
	return true;
}

static inline bool attend(struct device *d)
{
	struct baton_handoff_event event;

	if (!baton_handoff_next_event(&d->handoff, &event))
		return false;
	d->told[event.type]++;
	d->event[event.type] = event;
	if (event.bytes) {
		memcpy(d->bytes, event.bytes, event.len);
		d->len = event.len;
	}
	return true;
}

static inline bool carry(int from)
{
	struct device *d = &device[from], *to = &device[1 - from];
	uint8_t body[BATON_STATE_MAX + 64], code, op, app;
	size_t len;

	if (baton_handoff_tx_frame(&d->handoff, &code, body, &len, now_ms)) {
		(void)baton_handoff_rx_frame(&to->handoff, code, body, len,
					     now_ms);
		return true;
	}
	if (!baton_handoff_tx(&d->handoff, &app, &op, body, room, &len, now_ms))
		return false;
	assert_true(len <= room);
	if (envelopes++ < cut_after)
		(void)baton_handoff_rx(&to->handoff, app, op, body, len,
				       now_ms);
	return true;
}

/* The next part of the state goes, and no frame. */
static inline void part(int from, bool arrives)
{
	struct device *d = &device[from], *to = &device[1 - from];
	uint8_t body[600], op, app;
	size_t len;

	while (!baton_handoff_tx(&d->handoff, &app, &op, body, room, &len,
				 now_ms))
		assert_true(store(d));
	if (arrives)
		OK(baton_handoff_rx(&to->handoff, app, op, body, len, now_ms));
}

static inline void run(void)
{
	bool busy = true;
	int role;

	while (busy) {
		busy = false;
		for (role = 0; role < 2; role++) {
			busy |= store(&device[role]);
			busy |= attend(&device[role]);
			busy |= up && carry(role);
		}
	}
}

/* Time goes by in steps that leave nothing out. */
static inline void pass_ms(uint64_t ms)
{
	uint64_t end_ms = now_ms + ms, next_ms;
	int role;

	while (now_ms < end_ms) {
		next_ms = end_ms;
		for (role = 0; role < 2; role++) {
			uint64_t at =
				baton_handoff_deadline(&device[role].handoff);

			if (at < next_ms)
				next_ms = at > now_ms ? at : now_ms + 1;
		}
		now_ms = next_ms;
		for (role = 0; role < 2; role++)
			baton_handoff_tick(&device[role].handoff, now_ms);
		run();
	}
}

static inline void begin(int role, size_t len)
{
	OK(baton_handoff_begin(&device[role].handoff, NOTES, id, state_bytes,
			       len, now_ms));
	run();
	assert_int_equal(device[role].told[BATON_HANDOFF_ADOPTED], 1);
}

static inline void offer(int from)
{
	OK(baton_handoff_offer(&device[from].handoff, NOTES, id,
			       from == BATON_PHONE ? LEASE_MS : 0, 3,
			       (const uint8_t *)"hi", 2, now_ms));
	run();
}

static inline void accept(int to)
{
	OK(baton_handoff_accept(&device[to].handoff, NOTES, id, 1, now_ms));
	run();
}

static inline void hand_over(int from, size_t len)
{
	offer(from);
	accept(1 - from);
	OK(baton_handoff_state(&device[from].handoff, NOTES, id, state_bytes,
			       len, now_ms));
	run();
}

static inline bool acts(int role)
{
	return baton_handoff_may_act(&device[role].handoff, NOTES, id, now_ms);
}

static inline bool holds_mark(const void *memory, size_t len)
{
	return run_of(MARK, 16, memory, len);
}

static inline unsigned int states_stored(const struct device *d)
{
	unsigned int n = 0;
	int i;

	for (i = 0; i < ROWS; i++)
		n += d->row[i].len > 0 && memcmp(d->row[i].key, "app/", 4) == 0;
	return n;
}

static inline void assert_nothing_left(const struct device *d)
{
	assert_int_equal(states_stored(d), 0);
	assert_false(holds_mark(&d->handoff, sizeof(d->handoff)));
	assert_false(holds_mark(d->place, sizeof(d->place)));
	assert_false(holds_mark(d->activity, sizeof(d->activity)));
}

static inline void assert_has_state(struct device *d, size_t len)
{
	assert_int_equal(d->len, len);
	assert_memory_equal(d->bytes, state_bytes, len);
}

#define T(test) cmocka_unit_test_setup(test, setup)

#endif
