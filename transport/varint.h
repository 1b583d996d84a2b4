/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_VARINT_H
#define BATON_TRANSPORT_VARINT_H

/* Numbers of 1, 2, 3 or 5 bytes, long ones of 9 (transport/SPEC.md B.1). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATON_VARINT_ONE_BYTE 0xe0u /* what is below has one byte */
#define BATON_VARINT_MAX 5
#define BATON_VARINT64_MAX 9

/* Bytes that value takes. */
size_t baton_varint_len(uint32_t value);

/* Write value at p, which has room for it; gives its length. */
size_t baton_varint_put(uint8_t *p, uint32_t value);

/*
 * Read from *p, at most *len bytes, and move both past what was read. False:
 * cut short, reserved, or longer than need be.
 */
bool baton_varint_get(const uint8_t **p, size_t *len, uint32_t *value);

/* The same for what may be 2^32 or more. */
size_t baton_varint64_put(uint8_t *p, uint64_t value);
bool baton_varint64_get(const uint8_t **p, size_t *len, uint64_t *value);

#endif
