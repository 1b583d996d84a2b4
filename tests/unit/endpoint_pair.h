/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_ENDPOINT_PAIR_H
#define TESTS_UNIT_ENDPOINT_PAIR_H

/* What tests of files and byte streams between two endpoints begin with. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/courier.h"

#define NOTES 0
#define MAPS 1

static struct duo *duo;
static struct courier *courier;
static unsigned int revoked[2];
static uint64_t wanted; /* bytes at the receiver of the first file */

#define OK(call) assert_int_equal(call, BATON_OK)

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static inline uint64_t clock_of(int role)
{
	return duo_clock(duo, (enum baton_role)role);
}

static inline void on_event(struct duo *d, enum baton_role role,
			    const struct baton_endpoint_event *event)
{
	(void)d;
	/* All of class BULK is the endpoint's. */
	if (event->type == BATON_ENDPOINT_SESSION)
		assert_int_not_equal(event->u.session.stream.class_id,
				     BATON_CLASS_BULK);
	if (event->type == BATON_ENDPOINT_REVOKED) {
		revoked[role]++;
		courier_revoked(courier, role);
	}
	(void)courier_event(courier, role, event);
}

static inline void on_start(struct duo *d, enum baton_role role)
{
	(void)d;
	courier_start(courier, role);
}

static inline int setup_seed(uint64_t seed)
{
	duo = calloc(1, sizeof(*duo));
	courier = calloc(1, sizeof(*courier));
	duo_init(duo, seed);
	courier_init(courier, duo);
	memset(revoked, 0, sizeof(revoked));
	duo->on_event = on_event;
	duo->on_start = on_start;
	return duo_bond(duo) ? 0 : 1;
}

static inline int setup(void **state)
{
	(void)state;
	return setup_seed(1);
}

static inline int teardown(void **state)
{
	(void)state;
	duo_free(duo);
	free(duo);
	free(courier);
	return 0;
}

static inline bool is_done(struct duo *d)
{
	(void)d;
	courier_act(courier);
	return courier_is_done(courier);
}

/* Not yet; and what is owed is answered. */
static inline bool never(struct duo *d)
{
	(void)is_done(d);
	return false;
}

/* Time in which links come back. */
static inline void live_ms(uint64_t ms)
{
	uint64_t end_ms = duo->now_ms + ms;

	while (duo->now_ms < end_ms) {
		duo_up(duo);
		(void)duo_run(duo, never, 500);
	}
}

static inline bool has_come(struct duo *d)
{
	struct courier_file *file = &courier->file[0];

	(void)d;
	return courier->received[!file->from][file->app] >= wanted;
}

static inline void run_until(uint64_t bytes)
{
	wanted = bytes;
	assert_true(duo_run(duo, has_come, 10000));
}

static inline void run_to_the_end(void)
{
	duo_up(duo);
	assert_true(duo_run(duo, is_done, 20000));
	assert_true(courier_is_right(courier));
}

/* How many values applications have whose names begin like this. */
static inline size_t values(enum baton_role role, const char *name)
{
	const struct duo_value *value = duo->end[role].stored;
	size_t n = 0;
	int i;

	for (i = 0; i < DUO_VALUES; i++, value++)
		n += value->len > 0 && !strncmp(value->key, "app/", 4) &&
		     !strncmp(strrchr(value->key, '/') + 1, name, strlen(name));
	return n;
}

#endif
