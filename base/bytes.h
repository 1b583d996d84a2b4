/* SPDX-License-Identifier: MIT */
#ifndef BATON_BASE_BYTES_H
#define BATON_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* len rounded up, so that what comes behind it is aligned as by malloc. */
static inline size_t baton_aligned(size_t len)
{
	return (len + 15) / 16 * 16;
}

/*
 * Load and store integers on byte strings: the only way the core touches
 * wire bytes. The caller has checked that the bytes are there.
 */

static inline uint16_t baton_load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t baton_load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline uint64_t baton_load_be64(const uint8_t *p)
{
	return (uint64_t)baton_load_be32(p) << 32 | baton_load_be32(p + 4);
}

static inline uint16_t baton_load_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline void baton_store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void baton_store_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void baton_store_be64(uint8_t *p, uint64_t v)
{
	baton_store_be32(p, (uint32_t)(v >> 32));
	baton_store_be32(p + 4, (uint32_t)v);
}

static inline void baton_store_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void baton_store_le32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

#endif
