/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_TIMING_H
#define BATON_TRANSPORT_TIMING_H

/* The times of transport/SPEC.md, in milliseconds. */

#include <stdint.h>

#define BATON_ACK_DELAY_MS 20 /* after the last unit that came */
#define BATON_ACK_DELAY_MAX_MS 200 /* after the first not acknowledged */
#define BATON_TIMEOUT_FIRST_MS 1000 /* before a round trip was measured */
#define BATON_TIMEOUT_MIN_MS 200
#define BATON_TIMEOUT_MAX_MS 4000
#define BATON_FLIGHT_FIRST_MS 500
#define BATON_FLIGHT_MAX_MS 4000
#define BATON_SILENCE_MS 30000 /* nothing heard, something outstanding */
#define BATON_LONGER_TRY_MS 2000 /* between tries of a longer PDU */
#define BATON_VERIFY_PROBE_MS 2000 /* all acknowledged, not verified */
#define BATON_VERIFY_DELAY_MS 100 /* after the last taking */
#define BATON_VERIFY_DELAY_MAX_MS 1000 /* after the first not told */

/*
 * Transport counts the time of a link, in 32 bits. It begins at
 * BATON_LINK_BEGIN_MS, so that what is 0 was long ago, and ends at
 * BATON_LINK_NEVER, as the link does (session/SPEC.md 1.4).
 */
#define BATON_LINK_BEGIN_MS 60000
#define BATON_LINK_NEVER UINT32_MAX

/* The earlier of two deadlines in the time of a link. */
static inline uint32_t baton_link_earlier(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The same in the caller's time. */
#define BATON_NEVER UINT64_MAX

static inline uint64_t baton_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#endif
