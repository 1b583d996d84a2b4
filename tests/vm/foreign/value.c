/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* After the number, every byte depends on the number and on its place. */
static uint8_t pattern(uint32_t number, size_t place)
{
	return (uint8_t)(number * 31 + place * 7 + (number >> 8));
}

void value_fill(uint8_t *dst, size_t len, uint32_t number)
{
	for (size_t i = VALUE_MIN; i < len; i++)
		dst[i] = pattern(number, i);
	for (size_t i = 0; i < VALUE_MIN && i < len; i++)
		dst[i] = (uint8_t)(number >> (24 - 8 * i));
}

void value_take(struct value_count *count, const uint8_t *src, size_t len)
{
	uint32_t number = 0;

	count->received++;
	count->bytes += len;
	if (len < VALUE_MIN) {
		count->wrong++;
		return;
	}
	for (size_t i = 0; i < VALUE_MIN; i++)
		number = number << 8 | src[i];
	for (size_t i = VALUE_MIN; i < len; i++) {
		if (src[i] != pattern(number, i)) {
			count->wrong++;
			return;
		}
	}
	if (number != count->next)
		count->out_of_order++;
	count->next = number + 1;
}

uint32_t value_argument(const char *name, const char *text, uint32_t min,
			uint32_t max)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (end == text || *end || *text == '-' || n < min || n > max)
		value_die("%s is from %" PRIu32 " to %" PRIu32 ", not '%s'",
			  name, min, max, text);
	return (uint32_t)n;
}

int64_t value_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void value_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}
