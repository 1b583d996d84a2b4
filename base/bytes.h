/* SPDX-License-Identifier: MIT */
#ifndef BATON_BASE_BYTES_H
#define BATON_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Words that lie anywhere are loaded and swapped in two instructions, no more
 * than a call takes: compilers for size want to be told. And stored in two,
 * which compilers do not see in a store of each byte. A Cortex-M0 has only
 * aligned words.
 */
#if defined(__ARM_ARCH) && !defined(__ARM_FEATURE_UNALIGNED)
#define BATON_ALIGNED_WORDS 1
#define BATON_WORD static inline
#else
#define BATON_ALIGNED_WORDS 0
#if defined(__GNUC__)
#define BATON_WORD static inline __attribute__((always_inline))
#else
#define BATON_WORD static inline
#endif
#endif

/* len rounded up, so that what comes behind it is aligned as by malloc. */
#define BATON_ALIGNED(len) (((len) + 15) / 16 * 16)

static inline size_t baton_aligned(size_t len)
{
	return BATON_ALIGNED(len);
}

/*
 * Load and store integers on byte strings: the only way the core touches
 * wire bytes. The caller has checked that the bytes are there.
 */

static inline uint16_t baton_load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

BATON_WORD uint32_t baton_load_be32(const uint8_t *p)
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

BATON_WORD void baton_store_be16(uint8_t *p, uint16_t v)
{
	if (BATON_ALIGNED_WORDS) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
		return;
	}
	/* The number that has in memory the bytes that are wanted. */
	v = baton_load_be16((const uint8_t *)&v);
	memmove(p, &v, sizeof(v));
}

BATON_WORD void baton_store_be32(uint8_t *p, uint32_t v)
{
	if (BATON_ALIGNED_WORDS) {
		baton_store_be16(p, (uint16_t)(v >> 16));
		baton_store_be16(p + 2, (uint16_t)v);
		return;
	}
	v = baton_load_be32((const uint8_t *)&v);
	memmove(p, &v, sizeof(v));
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
	baton_store_be32(p, v << 24 | (v << 8 & 0xff0000u) |
				    (v >> 8 & 0xff00u) | v >> 24);
}

#endif
