/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_STORED_H
#define TESTS_FUZZ_STORED_H

/* What the device under test has stored. */

#include "session/delivery.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/shelf.h"

struct stored {
	SHELF_PLACE(BATON_DELIVERY_VALUE_MAX + BATON_SEAL_LEN);
};

/* Load all of it, as after a start. */
static inline void stored_load(const struct stored *stored, size_t count,
			       struct baton_delivery *delivery)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (stored[i].len > 0)
			FUZZ_CHECK(!baton_delivery_load(delivery, stored[i].key,
							stored[i].bytes,
							stored[i].len));
}

#endif
