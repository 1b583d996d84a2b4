/* SPDX-License-Identifier: MIT */
#include "transport/varint.h"

#define ONE_BYTE_END 0xe0u
#define TWO_BYTE_END 0x1000u
#define WIDE16 0xf0
#define WIDE32 0xf1
#define WIDE64 0xf2

size_t baton_varint_len(uint64_t value)
{
	if (value < ONE_BYTE_END)
		return 1;
	if (value < TWO_BYTE_END)
		return 2;
	if (value <= UINT16_MAX)
		return 3;
	return value <= UINT32_MAX ? 5 : 9;
}

size_t baton_varint_put(uint8_t *p, uint64_t value)
{
	/* Of each length: what its first byte has beside bits of value. */
	static const uint8_t marks[] = {
		[2] = ONE_BYTE_END,
		[3] = WIDE16,
		[5] = WIDE32,
		[9] = WIDE64,
	};
	size_t len = baton_varint_len(value);
	size_t i;

	for (i = len; i > 0; i--) {
		p[i - 1] = (uint8_t)value;
		value >>= 8;
	}
	p[0] |= marks[len];
	return len;
}

/* Length of the number that begins with byte first, 0 if reserved. */
static size_t whole_len(uint8_t first)
{
	if (first < ONE_BYTE_END)
		return 1;
	if (first < WIDE16)
		return 2;
	if (first == WIDE16)
		return 3;
	if (first == WIDE32)
		return 5;
	return first == WIDE64 ? 9 : 0;
}

bool baton_varint_get(const uint8_t **p, size_t *len, uint64_t *value)
{
	const uint8_t *at = *p;
	size_t n = *len > 0 ? whole_len(at[0]) : 0;
	uint64_t sum = 0;
	size_t i;

	if (n == 0 || n > *len)
		return false;
	/* The first byte of three or more has no bits of the value. */
	if (n <= 2)
		sum = n == 1 ? at[0] : at[0] & ~ONE_BYTE_END;
	for (i = 1; i < n; i++)
		sum = sum << 8 | at[i];
	if (baton_varint_len(sum) != n)
		return false;
	*value = sum;
	*p += n;
	*len -= n;
	return true;
}
