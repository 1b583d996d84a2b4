/* SPDX-License-Identifier: MIT */
#include "transport/varint.h"

#include "base/bytes.h"

#define ONE_BYTE_END BATON_VARINT_ONE_BYTE
#define TWO_BYTE_END 0x1000u
#define WIDE16 0xf0
#define WIDE32 0xf1
#define WIDE64 0xf2 /* only where a number may be that long */

size_t baton_varint_len(uint32_t value)
{
	if (value < ONE_BYTE_END)
		return 1;
	if (value < TWO_BYTE_END)
		return 2;
	return value <= UINT16_MAX ? 3 : 5;
}

size_t baton_varint_put(uint8_t *p, uint32_t value)
{
	/* Of each length: what its first byte has beside bits of value. */
	static const uint8_t marks[] = {
		[2] = ONE_BYTE_END,
		[3] = WIDE16,
		[5] = WIDE32,
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
	return first == WIDE32 ? 5 : 0;
}

bool baton_varint_get(const uint8_t **p, size_t *len, uint32_t *value)
{
	const uint8_t *at = *p;
	size_t n = *len > 0 ? whole_len(at[0]) : 0;
	uint32_t sum = 0;
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

size_t baton_varint64_put(uint8_t *p, uint64_t value)
{
	if (value <= UINT32_MAX)
		return baton_varint_put(p, (uint32_t)value);
	p[0] = WIDE64;
	baton_store_be64(p + 1, value);
	return BATON_VARINT64_MAX;
}

bool baton_varint64_get(const uint8_t **p, size_t *len, uint64_t *value)
{
	uint32_t low;

	if (*len < BATON_VARINT64_MAX || (*p)[0] != WIDE64) {
		if (!baton_varint_get(p, len, &low))
			return false;
		*value = low;
		return true;
	}
	*value = baton_load_be64(*p + 1);
	if (*value <= UINT32_MAX)
		return false;
	*p += BATON_VARINT64_MAX;
	*len -= BATON_VARINT64_MAX;
	return true;
}
