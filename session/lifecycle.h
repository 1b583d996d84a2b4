/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_LIFECYCLE_H
#define BATON_SESSION_LIFECYCLE_H

/*
 * The session of a bond (session/LIFECYCLE.md): one machine for each bond,
 * above the engine. Only while it is ACTIVE may anything of an application
 * go or come: ownership, tokens and delivery have a link then, and none else.
 * The phone is the authority: it opens, renews, resumes and revokes; both
 * suspend, end and revoke.
 *
 * It does no I/O: frames, decisions and the time go in; frames, events and
 * store operations come out. Times are ms on the caller's monotonic clock.
 *
 *   event FRAME, urgent -> _rx()      _tx() -> baton_session_frame()
 *   link_up -> _connecting()          SECURED, link_down -> _link()
 *   ROLLED_BACK -> _rolled_back()     _next_store_op() -> store -> _stored()
 *   the bond is gone -> _revoke()     event REVOKE -> baton_session_bond_revoke()
 *
 * While it is not ACTIVE the caller takes baton_session_next_control() only,
 * never next_event(): data waits in the engine, and its credit stops the peer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "session/bond.h"
#include "session/config.h"
#include "session/store_op.h"

#define BATON_LIFECYCLE_BUILD_LEN 8
#define BATON_LIFECYCLE_ID_LEN 8 /* of a session, random */
#define BATON_LIFECYCLE_CONTEXT_LEN 16
#define BATON_LIFE_DEFAULT_S 2592000u /* 30 days */
#define BATON_LIFE_MAX_S 31536000u /* a year */
#define BATON_LIFECYCLE_LEN 56 /* of the stored value */

/*
 *                 pairing           bond             connecting
 *   UNPAIRED <------------> PAIRING ----> BONDED <--------------> CONNECTING
 *                                          ^  link gone              |
 *                                          |                         | link
 *              suspend (from any of these) |                         v
 *   SUSPENDED <----------------------------+-------------------> SECURED
 *       |                                  |                    |    ^
 *       | resume: BONDED, SECURED          |   both agree on    |    | over
 *       |                                  |   the session      v    |
 *       |        end                       +----------------- ACTIVE |
 *       +------------> CLOSING <-----------+--------------------+    |
 *                         |          the peer knows that it is over  |
 *                         +------------------------------------------+
 *   any but UNPAIRED, PAIRING ----> REVOKED: for good
 *
 * SUSPENDED and CLOSING outlive links and reboots; CLOSING is left on a link.
 */
enum baton_lifecycle_state {
	BATON_LIFECYCLE_UNPAIRED, /* there is no bond */
	BATON_LIFECYCLE_PAIRING, /* a person opened the window */
	BATON_LIFECYCLE_BONDED, /* no link */
	BATON_LIFECYCLE_CONNECTING, /* a link that is not authenticated yet */
	BATON_LIFECYCLE_SECURED, /* authenticated; no session, or not agreed */
	BATON_LIFECYCLE_ACTIVE,
	BATON_LIFECYCLE_SUSPENDED,
	BATON_LIFECYCLE_CLOSING, /* over here, the peer is still to be told */
	BATON_LIFECYCLE_REVOKED,
};

/* Why a session is over, or a person is asked. */
enum baton_lifecycle_reason {
	BATON_LIFECYCLE_PERSON, /* _end(), here or at the peer */
	BATON_LIFECYCLE_LIFE, /* its life ran out */
	BATON_LIFECYCLE_CHANGED, /* another device type, version or build */
	BATON_LIFECYCLE_RESTORED, /* a store was put back, or lost it */
	BATON_LIFECYCLE_TIME, /* the phone's wall time is before its beginning */
};

enum baton_lifecycle_event_type {
	/* Call baton_session_bond_revoke(), close what hangs on the bond. */
	BATON_LIFECYCLE_EVENT_REVOKE,
	/*
	 * link(down) for ownership, tokens and delivery, where it was ACTIVE.
	 * It holds at once, also while a write is under way.
	 */
	BATON_LIFECYCLE_EVENT_SUSPENDED,
	/* Likewise; the session is over, reason says why. */
	BATON_LIFECYCLE_EVENT_ENDED,
	/* link(up) for them; _key() gives the session's key. */
	BATON_LIFECYCLE_EVENT_ACTIVE,
	/*
	 * A new session wants a person's consent on the phone: _approve(). At
	 * the watch it is only said. Comes on every link until then.
	 */
	BATON_LIFECYCLE_EVENT_AUTHENTICATE,
	/* Phone: the watch asks to _resume(). */
	BATON_LIFECYCLE_EVENT_ASKED,
	/* Phone: an eighth of the life is left: _renew(). */
	BATON_LIFECYCLE_EVENT_EXPIRES,
	/* What was kept of the session is deleted, durably: _wipe(). */
	BATON_LIFECYCLE_EVENT_REVOKED,
	/* The store failed; the write is asked for again. */
	BATON_LIFECYCLE_EVENT_STORE_FAILED,
};

struct baton_lifecycle_event {
	enum baton_lifecycle_event_type type;
	enum baton_lifecycle_reason reason; /* ENDED, AUTHENTICATE */
	bool by_peer; /* SUSPENDED, ENDED */
};

/* What a device says of itself on every link; bound into the session. */
struct baton_lifecycle_device {
	uint8_t type; /* the makers' own meaning */
	uint32_t version; /* of firmware and application together */
	uint8_t build[BATON_LIFECYCLE_BUILD_LEN]; /* names this very build */
};

/* How a session stands; durable. */
enum baton_lifecycle_hold {
	BATON_LIFECYCLE_NEW, /* none was ever opened: the pairing is consent */
	BATON_LIFECYCLE_OPENING, /* phone: the watch has not answered OPEN yet */
	BATON_LIFECYCLE_LIVE,
	BATON_LIFECYCLE_ENDING, /* over; the peer is still to be told */
	BATON_LIFECYCLE_OVER, /* wants consent for a new one */
};

/* What is durable of it (LIFECYCLE.md 5). */
struct baton_lifecycle_kept {
	uint8_t hold; /* enum baton_lifecycle_hold */
	uint8_t suspended; /* BATON_LIFECYCLE_BY_*, or-ed */
	uint8_t reason; /* OVER, ENDING: enum baton_lifecycle_reason */
	uint8_t id[BATON_LIFECYCLE_ID_LEN];
	uint32_t turn; /* how often it was resumed */
	uint32_t life_s; /* how long it was opened or renewed for */
	uint32_t left_s; /* of that */
	uint64_t opened_s; /* the phone's wall time then */
	uint64_t until_s; /* phone: of its life's end; 0 where not known */
	uint8_t context[BATON_LIFECYCLE_CONTEXT_LEN]; /* of both devices */
};

#define BATON_LIFECYCLE_BY_PHONE 1
#define BATON_LIFECYCLE_BY_WATCH 2

/* The machine; members are its own. */
struct baton_lifecycle {
	enum baton_lifecycle_state state;
	enum baton_role role;
	struct baton_lifecycle_device own;
	struct baton_lifecycle_kept kept; /* what holds; durable if clean */
	struct baton_drbg drbg;
	uint8_t bond[BATON_BOND_ID_LEN];
	uint8_t context[BATON_LIFECYCLE_CONTEXT_LEN]; /* of this link */
	uint64_t now_ms;
	uint64_t wall_s; /* phone: of this link */
	uint64_t life_end_ms;
	uint64_t count_at_ms; /* phone: when what is left is written again */
	uint64_t retry_at_ms;
	uint64_t paid_ms; /* watch: writes are paid for until then */
	uint32_t store_id;
	uint16_t tell; /* events, one bit each */
	uint8_t owed; /* frames, one bit each */
	uint8_t link; /* none, connecting, secured */
	uint8_t answer
		[BATON_LIFECYCLE_ID_LEN]; /* of what is over, or unknown */
	bool bonded, pairing, revoked;
	bool known; /* context is: both were said */
	bool agreed; /* on this link, by both */
	bool active;
	bool by_peer; /* what will be told was */
	bool warned; /* EXPIRES was told */
	bool dirty; /* kept is not what is or is being written */
	bool asked; /* a store operation is out */
	char key[BATON_BOND_KEY_LEN];
	uint8_t value[BATON_LIFECYCLE_LEN];
};

/*
 * Make a machine without a bond: UNPAIRED. own is copied. seed: 32 random
 * bytes, new at every start. Then _bond() where there is one, then _load().
 */
void baton_lifecycle_init(struct baton_lifecycle *life, enum baton_role role,
			  const struct baton_lifecycle_device *own,
			  const uint8_t seed[BATON_DRBG_SEED_LEN]);
void baton_lifecycle_wipe(struct baton_lifecycle *life);

/* The pairing window is open, or shut without a bond. */
void baton_lifecycle_pairing(struct baton_lifecycle *life, bool open);
/* There is a bond now, or was one at the start. BATON_ERR_STATE: there was. */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_bond(struct baton_lifecycle *life,
				    const uint8_t bond[BATON_BOND_ID_LEN]);

/*
 * Give back what was stored under a key that begins with "sess/" and is of
 * this bond (others: BATON_ERR_NOT_FOUND), before the first link.
 * BATON_ERR_ARG: not a value of this format; then a person is asked.
 */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_load(struct baton_lifecycle *life,
				    const char *key, const uint8_t *value,
				    size_t len, uint64_t now_ms);

/* A link begins that may turn out to be this bond's. */
void baton_lifecycle_connecting(struct baton_lifecycle *life);

/*
 * The engine is secured with this bond's peer, or its link has gone. wall_s:
 * the phone's wall time, seconds since 1970; 0: none, as a watch gives.
 */
void baton_lifecycle_link(struct baton_lifecycle *life, bool up,
			  uint64_t wall_s, uint64_t now_ms);

/* The engine told ROLLED_BACK on this link, after SECURED. */
void baton_lifecycle_rolled_back(struct baton_lifecycle *life, uint64_t now_ms);

/*
 * Decisions of a person or of the application. BATON_ERR_STATE: not possible
 * now, or not this device's to decide; nothing changed then.
 *
 * approve: phone, SECURED, AUTHENTICATE was told: open a new session for
 * life_s (1..BATON_LIFE_MAX_S, else BATON_ERR_ARG).
 */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_approve(struct baton_lifecycle *life,
				       uint32_t life_s, uint64_t now_ms);
/* Either: ACTIVE, SECURED with a session, BONDED. Holds at once. */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_suspend(struct baton_lifecycle *life,
				       uint64_t now_ms);
/* SUSPENDED. The phone: it goes on. The watch: the phone is asked; linked. */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_resume(struct baton_lifecycle *life,
				      uint64_t now_ms);
/* Either: the session is over now, and for the peer as soon as it hears. */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_end(struct baton_lifecycle *life,
				   uint64_t now_ms);
/* Phone: its life is life_s from now; wall_s as in link(). BATON_ERR_ARG. */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_renew(struct baton_lifecycle *life,
				     uint32_t life_s, uint64_t wall_s,
				     uint64_t now_ms);
/*
 * Either: the bond is to go, or is gone by the peer's or the engine's doing.
 * Holds at once; REVOKE then REVOKED are told.
 */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_revoke(struct baton_lifecycle *life,
				      uint64_t now_ms);

/*
 * The key of the session on this link, to bind tokens and applications' keys
 * to: channel is what baton_session_channel() gives. Secret; the caller wipes
 * it. BATON_ERR_STATE: not ACTIVE.
 */
BATON_MUST_CHECK
enum baton_err baton_lifecycle_key(const struct baton_lifecycle *life,
				   const uint8_t channel[32], uint8_t out[32]);

static inline enum baton_lifecycle_state
baton_lifecycle_state(const struct baton_lifecycle *life)
{
	return life->state;
}

/* Seconds of the session's life that are left; 0: there is none. */
uint32_t baton_lifecycle_left_s(const struct baton_lifecycle *life,
				uint64_t now_ms);

/*
 * An urgent session frame came (session/SPEC.md 4). Nothing of body is kept.
 * A peer error: dropped; worth counting, nothing to do.
 */
enum baton_err baton_lifecycle_rx(struct baton_lifecycle *life, uint8_t code,
				  const uint8_t *body, size_t len,
				  uint64_t now_ms);

/*
 * The next frame for baton_session_frame(): its code, its body into body
 * (BATON_URGENT_BODY_MAX bytes) and *len. False: none now. What was given
 * counts as sent; a new link begins anew.
 */
BATON_MUST_CHECK
bool baton_lifecycle_tx(struct baton_lifecycle *life, uint8_t *code,
			uint8_t *body, size_t *len, uint64_t now_ms);

/* When tick() wants to be called, UINT64_MAX for never. */
uint64_t baton_lifecycle_deadline(const struct baton_lifecycle *life);
void baton_lifecycle_tick(struct baton_lifecycle *life, uint64_t now_ms);

BATON_MUST_CHECK
bool baton_lifecycle_next_event(struct baton_lifecycle *life,
				struct baton_lifecycle_event *event);

/*
 * The next write that must become durable; one operation is out at a time.
 * stored(): err 0, it is; else it is asked for again after a second, and what
 * depends on it waits.
 */
BATON_MUST_CHECK
bool baton_lifecycle_next_store_op(struct baton_lifecycle *life,
				   struct baton_store_op *op);
void baton_lifecycle_stored(struct baton_lifecycle *life, uint32_t id,
			    enum baton_err err, uint64_t now_ms);

#endif
