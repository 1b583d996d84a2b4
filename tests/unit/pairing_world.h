/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_PAIRING_WORLD_H
#define TESTS_UNIT_PAIRING_WORLD_H

/* A watch and a phone that are to pair, for the tests of pairing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

#define SHOWS BATON_PAIR_SHOW
#define TYPES BATON_PAIR_TYPE
#define COMPARES BATON_PAIR_COMPARE
#define SECRET BATON_PAIR_OUT_OF_BAND /* shown or taken */
#define SCANS BATON_PAIR_SECRET_TAKE
#define DRAWS BATON_PAIR_SECRET_SHOW

static struct pair *pair;
static struct pair_end *watch, *phone;

static inline void begin(uint8_t watch_can, uint8_t phone_can)
{
	pair = test_malloc(sizeof(*pair));
	pair_init_methods(pair, 1, watch_can, phone_can);
	watch = &pair->end[BATON_WATCH];
	phone = &pair->end[BATON_PHONE];
}

static inline void end(void)
{
	pair_free(pair);
	test_free(pair);
}

static inline void assert_bonded(void)
{
	assert_true(pair_secured(pair));
	assert_int_equal(pair_bonds(watch), 1);
	assert_int_equal(pair_bonds(phone), 1);
	/* The bond serves: on another link they know each other. */
	(void)pair_link(pair);
	assert_true(pair_secured(pair));
}

#endif
