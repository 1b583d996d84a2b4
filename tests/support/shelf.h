/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SHELF_H
#define TESTS_SUPPORT_SHELF_H

/*
 * What a device under test has stored, in memory: an array of places, each for
 * a value of at most `room` bytes. A test's own struct begins with this, and
 * may be copied. The key is empty and the length 0 where there is no value.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/store_op.h"

#define SHELF_PLACE(room)                      \
	struct {                               \
		char key[BATON_STORE_KEY_MAX]; \
		size_t len;                    \
		uint8_t bytes[room];           \
	}

struct shelf {
	void *places;
	size_t count, size, room;
};

/* The shelf that an array is. */
#define SHELF(array)                                                 \
	((struct shelf){(array), sizeof(array) / sizeof((array)[0]), \
			sizeof((array)[0]), sizeof((array)[0].bytes)})

/* The place that has the key; NULL: none does. */
void *shelf_find(struct shelf shelf, const char *key);

/*
 * Carry out every write of an operation. False: a key or value is empty or too
 * long, or there are too many.
 */
bool shelf_apply(struct shelf shelf, const struct baton_store_op *op);

#endif
