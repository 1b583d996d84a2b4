/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_RUN_OF_H
#define TESTS_SUPPORT_RUN_OF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether count bytes of this value stand in a row in memory. */
static inline bool run_of(uint8_t byte, size_t count, const void *memory,
			  size_t len)
{
	const uint8_t *p = memory;
	size_t i, n = 0;

	for (i = 0; i < len && n < count; i++)
		n = p[i] == byte ? n + 1 : 0;
	return n == count;
}

#endif
