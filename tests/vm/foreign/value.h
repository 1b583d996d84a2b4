/* SPDX-License-Identifier: MIT */
/*
 * The numbered values that the bare programs exchange: a receiver can tell
 * which value it got and whether it is whole. All sizes are in bytes.
 */
#ifndef BATON_VM_VALUE_H
#define BATON_VM_VALUE_H

#include <stddef.h>
#include <stdint.h>

#define VALUE_MIN 4
#define VALUE_MAX 512

/* What a receiver saw of values 0, 1, 2, ... in this order. */
struct value_count {
	uint32_t received;
	uint32_t wrong; /* contents that belong to no value */
	uint32_t out_of_order; /* lost before it, repeated or overtaken */
	uint32_t next;
	uint64_t bytes;
};

void value_fill(uint8_t *dst, size_t len, uint32_t number);
void value_take(struct value_count *count, const uint8_t *src, size_t len);

/* A whole number of at least min and at most max, or the program ends. */
uint32_t value_argument(const char *name, const char *text, uint32_t min,
			uint32_t max);

/* Monotonic, in microseconds. */
int64_t value_now_us(void);

void value_die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif
