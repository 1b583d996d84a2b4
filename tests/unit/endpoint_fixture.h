/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_ENDPOINT_FIXTURE_H
#define TESTS_UNIT_ENDPOINT_FIXTURE_H

/* Two bonded endpoints with their files, for tests that say what else they do. */

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

#define OK(call) assert_int_equal(call, BATON_OK)

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static inline uint64_t clock_of(int role)
{
	return duo_clock(duo, (enum baton_role)role);
}

/* 0: they are paired and active. */
static inline int
make_duo(uint64_t seed,
	 void (*on_event)(struct duo *, enum baton_role,
			  const struct baton_endpoint_event *),
	 void (*on_start)(struct duo *, enum baton_role))
{
	duo = calloc(1, sizeof(*duo));
	courier = calloc(1, sizeof(*courier));
	duo_init(duo, seed);
	courier_init(courier, duo);
	duo->on_event = on_event;
	duo->on_start = on_start;
	return duo_bond(duo) ? 0 : 1;
}

static inline int teardown(void **state)
{
	(void)state;
	duo_free(duo);
	free(duo);
	free(courier);
	return 0;
}

/* Not yet; and what is owed is answered. */
static inline bool never(struct duo *d)
{
	(void)d;
	courier_act(courier);
	return false;
}

#endif
