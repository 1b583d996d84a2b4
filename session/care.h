/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_CARE_H
#define BATON_SESSION_CARE_H

/*
 * Link care (session/SPEC.md 10): what the link should be like for what goes on
 * over it, as advice that whoever has the radio carries out where it can. Kept
 * beside an engine by those who want it; the engine does not know of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"

/*
 *          bulk waits or moves
 *   NONE ---------------------> FAST
 *    |  \                       |  ^
 *    |   \ quiet for 5 s  quiet |  | bulk
 *    |    +----------> IDLE <---+  |
 *    |                  +----------+
 */
enum baton_care_pace {
	BATON_CARE_NONE, /* nothing was asked for */
	BATON_CARE_FAST,
	BATON_CARE_IDLE,
};

/* To be asked for, in one procedure each; what is 0 may stay as it is. */
struct baton_care_advice {
	enum baton_care_pace pace;
	uint8_t phy; /* enum baton_link_phy */
	uint16_t ll_len; /* bytes */
	uint32_t interval_min_us, interval_max_us;
	uint16_t latency; /* events that the watch may sleep through */
	uint32_t timeout_ms; /* of supervision */
};

struct baton_care {
	uint64_t wanted_ms; /* since when wanted is */
	uint64_t quiet_ms; /* since when nothing moved */
	uint64_t window_ms; /* when bytes was read */
	uint64_t asked_ms;
	uint32_t bytes; /* sent and received then, modulo 2^32 */
	uint32_t seen; /* the same at the last look */
	uint8_t wanted; /* enum baton_care_pace */
	uint8_t tries; /* of asking for that */
};

/* The engine was told that a link is up. */
void baton_care_start(struct baton_care *care,
		      const struct baton_session *session, uint64_t now_ms);

/*
 * Look at the engine: after its other calls, and at the deadline. True: ask
 * for *advice now. What comes of it is told to the engine as facts
 * (baton_session_link_changed()); what does not come is asked for again, three
 * times in all. The phone asks at once, for it decides; the watch 3 s later
 * for what is still missing.
 */
BATON_MUST_CHECK
bool baton_care_next(struct baton_care *care,
		     const struct baton_session *session, uint64_t now_ms,
		     struct baton_care_advice *advice);

/* When to look again though nothing was called; UINT64_MAX: never. */
uint64_t baton_care_deadline(const struct baton_care *care);

#endif
