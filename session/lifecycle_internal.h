/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_LIFECYCLE_INTERNAL_H
#define BATON_SESSION_LIFECYCLE_INTERNAL_H

/* What the files of the lifecycle machine share; nothing is installed. */

#include "session/lifecycle.h"

#define SESSION_BODY_LEN 40 /* of OPEN and GO */

/* In the order in which they go; bits in owed. */
enum life_frame {
	LIFE_CONTEXT,
	LIFE_ANSWER, /* END 255 */
	LIFE_END,
	LIFE_SUSPEND,
	LIFE_OPEN,
	LIFE_GO,
	LIFE_ASK,
};

enum life_link {
	LINK_NONE,
	LINK_CONNECTING,
	LINK_SECURED,
};

static inline void life_owe(struct baton_lifecycle *life, enum life_frame frame)
{
	life->owed |= (uint8_t)(1u << frame);
}

static inline void life_tell(struct baton_lifecycle *life,
			     enum baton_lifecycle_event_type event)
{
	life->tell |= (uint16_t)(1u << event);
}

/* There is one, though it may be suspended. */
static inline bool life_has_session(const struct baton_lifecycle *life)
{
	return life->kept.hold == BATON_LIFECYCLE_OPENING ||
	       life->kept.hold == BATON_LIFECYCLE_LIVE;
}

/* What holds is durable. */
static inline bool life_is_clean(const struct baton_lifecycle *life)
{
	return !life->dirty && !life->asked;
}

/* The time is now; one that runs backwards goes on from where it is. */
void life_clock(struct baton_lifecycle *life, uint64_t now_ms);
/* The life is left_s from now on. */
void life_start(struct baton_lifecycle *life, uint32_t left_s);

/* After every change: is it ACTIVE, and which state is that. */
void life_settle(struct baton_lifecycle *life);

/* From OPENING or LIVE: over here, and the peer is to be told. */
void life_end(struct baton_lifecycle *life, enum baton_lifecycle_reason reason);
/* Over on both sides; told says that the application knows. */
void life_over(struct baton_lifecycle *life, enum baton_lifecycle_reason reason,
	       bool told);
/* by: BATON_LIFECYCLE_BY_*, one of them. */
void life_suspend(struct baton_lifecycle *life, uint8_t by);
/*
 * The peer resumed before we heard that it had suspended: what hangs on the
 * session has lost its link there, and loses it here.
 */
void life_begin_anew(struct baton_lifecycle *life);
/* Phone: a new session for this link's context. */
void life_open(struct baton_lifecycle *life, uint32_t life_s);

/* Phone: what a link begins or goes on with. */
void life_owe_session(struct baton_lifecycle *life);

#endif
