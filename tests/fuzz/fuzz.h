/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What the targets share: the entry that libFuzzer and replay.c call, a
 * reader of the input's bytes, and a check that every build keeps.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input; past its end there are zeros. */
struct fuzz_input {
	const uint8_t *p;
	size_t len;
};

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

static inline uint16_t fuzz_word(struct fuzz_input *in)
{
	uint8_t high = fuzz_byte(in);

	return (uint16_t)(high << 8 | fuzz_byte(in));
}

/* At most len bytes of the input, *got says how many. */
static inline const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t len,
					size_t *got)
{
	const uint8_t *p = in->p;

	*got = len < in->len ? len : in->len;
	if (*got > 0)
		in->p += *got;
	in->len -= *got;
	return p;
}

/* A number below 2^64 of any size: its width first, then its bytes. */
static inline uint64_t fuzz_number(struct fuzz_input *in)
{
	uint8_t width = fuzz_byte(in) % 9;
	uint64_t value = 0;

	while (width-- > 0)
		value = value << 8 | fuzz_byte(in);
	return value;
}

#define FUZZ_CHECK(condition)                                              \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, \
				__LINE__, #condition);                     \
			abort();                                           \
		}                                                          \
	} while (0)

#endif
