/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_SHELF_H
#define TESTS_FUZZ_SHELF_H

/* What a device under test has stored, in memory. */

#include <stddef.h>
#include <stdint.h>

#include "session/delivery.h"
#include "session/store_op.h"

struct shelf_value {
	char key[BATON_STORE_KEY_MAX];
	uint8_t bytes[BATON_DELIVERY_VALUE_MAX + BATON_SEAL_LEN];
	size_t len; /* 0: nothing */
};

/* Carry a write out; what has more values than count is a finding. */
void shelf_write(struct shelf_value *shelf, size_t count,
		 const struct baton_store_write *write);

/* Load all of it, as after a start. */
void shelf_load(const struct shelf_value *shelf, size_t count,
		struct baton_delivery *delivery);

#endif
