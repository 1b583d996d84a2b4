/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_UNIT_CRYPTO_TEST_H
#define BATON_TESTS_UNIT_CRYPTO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Fill with from, from + 1, ...: test keys that no two fields share. */
static inline void fill(uint8_t *data, size_t len, unsigned int from)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (uint8_t)(from + i);
}

#define assert_ok(call) assert_int_equal((call), BATON_OK)

/* data must be what the lower-case hexadecimal text says, as far as it goes. */
#define assert_hex(data, text) check_hex((data), (text), __FILE__, __LINE__)

static inline void check_hex(const uint8_t *data, const char *text,
			     const char *file, int line)
{
	char hex[3];

	for (; *text; text += 2, data++) {
		snprintf(hex, sizeof(hex), "%02x", *data);
		_assert_memory_equal(hex, text, 2, file, line);
	}
}

#define assert_zero(data, len) check_zero((data), (len), __FILE__, __LINE__)

static inline void check_zero(const void *data, size_t len, const char *file,
			      int line)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < len; i++)
		_assert_int_equal(bytes[i], 0, file, line);
}

#endif
