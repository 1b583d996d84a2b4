/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_HANDOFF_INTERNAL_H
#define BATON_SESSION_HANDOFF_INTERNAL_H

/* What the files of the handoff machine share; nothing is installed. */

#include "session/handoff.h"
#include "session/ownership_internal.h"

/* Envelopes of mode 6 (OWNERSHIP.md 6). */
enum handoff_op {
	HANDOFF_STATE,
	HANDOFF_TOKEN,
	HANDOFF_NEED,
};

#define STATE_HEAD 20 /* bytes before those of the state */

/* What may fail: then it is asked for again, or not needed any more. */
static inline void handoff_try(enum baton_err err)
{
	(void)err;
}

/* handoff.c */
struct baton_handoff_place *handoff_find(const struct baton_handoff *handoff,
					 const uint8_t *id);
struct baton_handoff_place *handoff_place(struct baton_handoff *handoff,
					  const uint8_t *id);
/* Is there a place for one more of this application? */
bool handoff_has_room(const struct baton_handoff *handoff, uint8_t application);
void handoff_clock(struct baton_handoff *handoff, uint64_t now_ms);
/* What follows from what came in; after every input. */
void handoff_settle(struct baton_handoff *handoff);

static inline void handoff_tell(struct baton_handoff_place *place,
				enum baton_handoff_event_type type)
{
	place->news = (uint16_t)(place->news | 1u << type);
}

static inline void handoff_untell(struct baton_handoff_place *place,
				  enum baton_handoff_event_type type)
{
	place->news &= (uint16_t) ~(1u << type);
}

static inline struct baton_handoff_slot *
handoff_held(struct baton_handoff_place *place)
{
	return &place->slot[place->at];
}

static inline struct baton_handoff_slot *
handoff_coming(struct baton_handoff_place *place)
{
	return &place->slot[1 - place->at];
}

/* handoff_store.c: states, in memory and in the store. */
void handoff_erase(struct baton_handoff_slot *slot);
/* It is to be written, under version. */
void handoff_put(struct baton_handoff_slot *slot, const uint8_t *state,
		 size_t len, uint64_t version);
/* All that was loaded is here. */
void handoff_start(struct baton_handoff *handoff);
bool handoff_has_due(const struct baton_handoff *handoff);

/* handoff_rx.c: what ownership tells. */
void handoff_take_events(struct baton_handoff *handoff);
/* What the peer offered is over; the application is told, if it is to be. */
void handoff_withdraw(struct baton_handoff *handoff,
		      struct baton_handoff_place *place, bool tells);
void handoff_state_is_here(struct baton_handoff *handoff,
			   struct baton_handoff_place *place);
enum baton_err handoff_issue(struct baton_handoff *handoff,
			     struct baton_handoff_place *place,
			     uint8_t bytes[BATON_TOKEN_LEN]);

#endif
