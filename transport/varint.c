/* SPDX-License-Identifier: MIT */
#include "transport/varint.h"

#include "base/bytes.h"

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
	size_t len = baton_varint_len(value);

	switch (len) {
	case 1:
		p[0] = (uint8_t)value;
		break;
	case 2:
		baton_store_be16(p, (uint16_t)(ONE_BYTE_END << 8 | value));
		break;
	case 3:
		p[0] = WIDE16;
		baton_store_be16(p + 1, (uint16_t)value);
		break;
	case 5:
		p[0] = WIDE32;
		baton_store_be32(p + 1, (uint32_t)value);
		break;
	default:
		p[0] = WIDE64;
		baton_store_be64(p + 1, value);
		break;
	}
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
	size_t n = *len > 0 ? whole_len((*p)[0]) : 0;

	if (n == 0 || n > *len)
		return false;
	switch (n) {
	case 1:
		*value = (*p)[0];
		break;
	case 2:
		*value = baton_load_be16(*p) & (TWO_BYTE_END - 1);
		break;
	case 3:
		*value = baton_load_be16(*p + 1);
		break;
	case 5:
		*value = baton_load_be32(*p + 1);
		break;
	default:
		*value = baton_load_be64(*p + 1);
		break;
	}
	if (baton_varint_len(*value) != n)
		return false;
	*p += n;
	*len -= n;
	return true;
}
