/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_OWNERSHIP_INTERNAL_H
#define BATON_SESSION_OWNERSHIP_INTERNAL_H

/* What the files of the ownership machine share; nothing is installed. */

#include "session/ownership.h"
#include "session/rules.h"

#define REPEAT_FIRST_MS 250 /* an unanswered frame goes again */
#define REPEAT_MAX_MS 8000 /* each time after twice as long */
#define PROMISE_MS 20000 /* an acceptance keeps its place so long */
#define REFUSALS 8 /* that a peer may cause at once */
#define REFUSAL_MS 1000 /* then one in so long */
#define EPOCH_JUMP ((uint64_t)1 << 32) /* further ahead nobody can be */

/* Frames, less BATON_FRAME_CODE_FIRST (OWNERSHIP.md 3); bits in owed. */
enum own_frame {
	OWN_OFFER,
	OWN_ACCEPT,
	OWN_RELEASE,
	OWN_CONFIRM,
	OWN_REFUSED,
	OWN_CANCEL,
	OWN_RECALL,
	OWN_RENEW,
	OWN_RENEWED,
	OWN_GONE,
	OWN_MARK,
};

/* What follows once a write is durable. */
enum own_after {
	AFTER_BEGIN,
	AFTER_RELEASE,
	AFTER_ADOPT,
	AFTER_REFUSE, /* I refused */
	AFTER_GIVEN,
	AFTER_KEPT, /* the peer refused */
	AFTER_LEASE_OVER,
	AFTER_TAKE_BACK,
	AFTER_FINISH,
};

/* A frame as decoded; which fields mean something depends on its type. */
struct own_message {
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	uint64_t epoch;
	uint64_t other; /* OFFER: epoch of the lease; REFUSED: highest seen */
	uint64_t lease_ms; /* OFFER, ACCEPT */
	uint64_t nonce; /* ACCEPT, RELEASE, RENEW, RENEWED */
	uint64_t version; /* RELEASE */
	const uint8_t *info; /* OFFER; MARK: activities */
	size_t info_len;
	uint8_t reason; /* REFUSED */
};

/* ownership_frame.c: the codec. */
size_t own_frame_put(uint8_t *body, enum own_frame type,
		     const struct own_message *message);
BATON_MUST_CHECK
enum baton_err own_frame_get(const uint8_t *body, size_t len,
			     enum own_frame type, struct own_message *message);

/* ownership_table.c: places, keys, values, writes. */
struct baton_activity *own_find(const struct baton_ownership *own,
				const uint8_t *id);
struct baton_activity *own_place(struct baton_ownership *own,
				 const uint8_t *id);

/* A number that nobody has used or can guess; never 0. */
uint64_t own_fresh(struct baton_ownership *own);

/* The store's key of an activity or, id NULL, of the floor. */
void own_key(const struct baton_ownership *own, char *key, const uint8_t *id);

/* Ask for next to become durable; own_settle() comes after. */
void own_commit(struct baton_activity *activity, enum own_after after);

/* ownership.c */
void own_settle(struct baton_ownership *own, struct baton_activity *activity);
void own_clock(struct baton_ownership *own, uint64_t now_ms);
bool own_acts(const struct baton_ownership *own,
	      const struct baton_activity *activity, uint64_t now_ms);
bool own_nonce_runs(const struct baton_activity *activity, uint64_t now_ms);
void own_start_lease(struct baton_activity *activity, uint64_t now_ms,
		     bool from_nonce);
void own_start_wait(struct baton_activity *activity, uint32_t lease_ms,
		    uint64_t now_ms);
void own_stop_trying(struct baton_activity *activity);
void own_refuse(struct baton_activity *activity, uint64_t epoch,
		uint8_t reason);
/* What the peer offered is over. */
void own_withdraw(struct baton_activity *activity);
void own_reboot(const struct baton_ownership *own,
		struct baton_activity *activity, uint64_t now_ms);

/*
 * ownership_rx.c: what is offered is refused without asking anybody, within
 * the limit of such refusals; beyond it, it is judged anew when repeated.
 */
void own_turn_away(struct baton_ownership *own, struct baton_activity *activity,
		   uint8_t reason);

/* A peer may cause this write now; counted as one that it caused. */
bool own_may_write(struct baton_ownership *own);

static inline void own_owe(struct baton_activity *activity,
			   enum own_frame frame)
{
	activity->owed = (uint16_t)(activity->owed | 1u << frame);
}

static inline void own_tell(struct baton_activity *activity,
			    enum baton_ownership_event_type news)
{
	activity->news = (uint16_t)(activity->news | 1u << news);
}

static inline uint64_t own_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
