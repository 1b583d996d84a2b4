/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_PAIR_WORLD_H
#define TESTS_UNIT_PAIR_WORLD_H

/* What tests of two engines, which are a watch and a phone, begin with. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pair.h"

static struct pair *world;

/* The engines are, whether their applications heard of it or not. */
static inline bool both_engines_secured(struct pair *pair)
{
	return pair->end[0].session.state == BATON_SESSION_SECURED &&
	       pair->end[1].session.state == BATON_SESSION_SECURED;
}

/* Where a test says no more: they have never met. */
static inline int setup_pair(void **state)
{
	(void)state;
	/* Not of cmocka's, whose list must stand still: a test may begin anew. */
	world = malloc(sizeof(*world));
	pair_init(world, 1);
	return 0;
}

/* They have a bond, and nothing is on its way. */
static inline void setup_bonded(void **state)
{
	(void)setup_pair(state);
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
}

static inline int teardown_pair(void **state)
{
	(void)state;
	pair_free(world);
	free(world);
	return 0;
}

#endif
