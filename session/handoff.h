/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_HANDOFF_H
#define BATON_SESSION_HANDOFF_H

/*
 * Delivery mode handoff (session/OWNERSHIP.md 6): activities of applications
 * with their state. Puts together who may act (session/ownership.h), what an
 * application may do once (session/token.h), and how the state gets to the
 * peer, is kept, and is erased. One machine for each bond, above the engine.
 *
 * The promise is ownership's: at most one of two devices may act on an activity,
 * and none is ever lost. And besides: whoever adopts it has the state that was
 * let go, byte for byte; what is here of an activity is sealed with its
 * application's key, and once it was handed over, or its lease is over, or an
 * offer of it was withdrawn, nothing of its state is left, in the store or in
 * memory. It rests on the store: what it said was durable is, what it said was
 * deleted is gone.
 *
 * An application names an activity by its id and is named itself by its handle
 * (session/delivery.h); of another application's activities it learns nothing:
 * BATON_ERR_NOT_FOUND. It asks _may_act() right before it acts. Where handoff is
 * NULL there is no peer, and nothing is found.
 *
 * Times are ms on the caller's monotonic clock. Memory is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "session/application.h"
#include "session/config.h"
#include "session/ownership.h"
#include "session/store_op.h"
#include "session/token.h"

#define BATON_STATE_MAX 3500 /* bytes of an activity's state */
#define BATON_HANDOFF_INFO_MAX                             \
	(BATON_OFFER_INFO_MAX - BATON_APPLICATION_ID_LEN - \
	 BATON_TOKEN_LEN) /* bytes an offer carries for the application */
#define BATON_HANDOFF_APPLICATIONS 32
#define BATON_STATE_HEADER 11 /* before a stored state */
#define BATON_STATE_LIFE_MS 120000 /* one that was not adopted is erased */

enum baton_handoff_event_type {
	/* Mine now, begun or handed over, with this state: act. */
	BATON_HANDOFF_ADOPTED,
	/* After a start: what is here of it, hold says how. */
	BATON_HANDOFF_RESTORED,
	/* Phone: mine again, with the state that was lent. */
	BATON_HANDOFF_TAKEN_BACK,
	/* The peer offers it: answer _accept() or _refuse(). */
	BATON_HANDOFF_OFFERED,
	/* That offer is over: ask nobody any more. */
	BATON_HANDOFF_WITHDRAWN,
	/* Accepted by the peer: act no more, give the state by _state(). */
	BATON_HANDOFF_FREEZE,
	/* The peer has it; forget the state (a lender's copy stays here). */
	BATON_HANDOFF_GIVEN,
	/* The attempt ended: the activity is as it was; act again. */
	BATON_HANDOFF_KEPT,
	/* Watch: the lease is over, the state is erased. */
	BATON_HANDOFF_LEASE_OVER,
	/* Watch: the lease runs anew. */
	BATON_HANDOFF_RENEWED,
	/* What _save() gave is durable. */
	BATON_HANDOFF_SAVED,
	/* _finish() is durable; the state is erased. */
	BATON_HANDOFF_FINISHED,
	/* The store failed; the write is asked for again. */
	BATON_HANDOFF_STORE_FAILED,
	/* After _erase(): nothing of it is stored any more. */
	BATON_HANDOFF_ERASED,
	/* A token was refused or, where the verdict is GRANTED, the peer used
	 * it; u: token. */
	BATON_HANDOFF_TOKEN,
};

struct baton_handoff_event {
	enum baton_handoff_event_type type;
	uint8_t application; /* handle; 255 where it is not known (TOKEN) */
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	enum baton_hold hold;
	uint64_t lease_ms; /* OFFERED: 0 unless it is a lease */
	uint16_t operations; /* OFFERED: what the token allows */
	uint8_t reason; /* KEPT: enum baton_reason of a refusal */
	/* Of the state (ADOPTED, RESTORED, TAKEN_BACK) or of the offer
	 * (OFFERED); until the next call. */
	const uint8_t *bytes;
	size_t len;
	struct baton_token_event token;
};

/*
 *           parts          all of them        next_store_op      stored
 *   EMPTY --------> COMING -----------> FRESH -----------> WRITING ----> KEPT
 *    ^                |                   ^ changed meanwhile |           |
 *    |                |                   +-------------------+-----------+
 *    |                v  erase            v                   v           v
 *    +-------------- SPENT (its bytes are wiped) <------------------------+
 *       deleted
 */
enum baton_slot_state {
	BATON_SLOT_EMPTY,
	BATON_SLOT_COMING,
	BATON_SLOT_FRESH,
	BATON_SLOT_WRITING,
	BATON_SLOT_KEPT,
	BATON_SLOT_SPENT,
};

/* One copy of a state; members are the machine's own. */
struct baton_handoff_slot {
	uint64_t version;
	uint64_t until_ms; /* one that was not adopted */
	uint16_t len, have;
	uint8_t state; /* enum baton_slot_state */
	bool changed; /* while it was being written */
	bool stored; /* there is a value of it */
	uint8_t bytes[BATON_STATE_HEADER + BATON_STATE_MAX];
};

/* An activity; members are the machine's own. */
struct baton_handoff_place {
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	uint8_t application;
	uint8_t at; /* the slot of what is held; the other one: what comes */
	uint16_t news; /* events, one bit each */
	uint8_t asked_puts, asked_deletes; /* slots in the operation out */
	uint16_t operations, my_operations;
	uint8_t info_len, my_info_len, release_len;
	uint8_t reason;
	bool used;
	bool known; /* application is */
	bool beginning, wants_state, freezing;
	bool finishing, finished;
	bool saving; /* SAVED is due */
	bool asked; /* the application knows of the offer */
	bool released; /* the offer that waits was let go already */
	bool has_token, granted, accepted;
	bool owes_token, owes_need, keeps_release;
	bool sending;
	uint64_t freeze_version, wanted_version;
	uint64_t lease_ms;
	size_t sent; /* bytes of the state, on this link */
	uint8_t token[BATON_TOKEN_LEN];
	uint8_t info[BATON_HANDOFF_INFO_MAX];
	uint8_t my_info[BATON_HANDOFF_INFO_MAX];
	uint8_t release[32]; /* frame that waits for its state */
	struct baton_handoff_slot slot[2];
};

struct baton_handoff_application {
	const uint8_t *id;
	const struct baton_application_keys *keys; /* NULL: none */
	uint8_t activities; /* it may have */
	bool open; /* the peer has it, on this link */
	bool gone; /* erased: offers of it are refused */
};

struct baton_handoff {
	struct baton_ownership own;
	struct baton_tokens tokens;
	struct baton_handoff_place *place; /* the caller's table */
	size_t count;
	struct baton_handoff_application
		application[BATON_HANDOFF_APPLICATIONS];
	struct baton_drbg drbg;
	enum baton_role role;
	uint64_t now_ms, retry_at_ms;
	bool up, started;
	bool asked, asked_own; /* a store operation is out; ownership's */
	bool own_turn;
	uint8_t tx_turn;
	size_t asked_at;
	uint32_t own_id, store_id;
	bool erasing, erased, tells_erased;
	size_t erase_at, erase_next;
	char key[BATON_STORE_WRITES_MAX][BATON_STORE_KEY_MAX];
	uint8_t value[BATON_STATE_HEADER + BATON_STATE_MAX + BATON_SEAL_LEN];
};

/*
 * Make a machine for the peer of bond. activity and place: the caller's, count
 * places each (1..255), the machine's until wipe(). seed: 32 random bytes, new
 * at every start. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_handoff_init(struct baton_handoff *handoff,
				  enum baton_role role,
				  const uint8_t bond[BATON_BOND_ID_LEN],
				  struct baton_activity *activity,
				  struct baton_handoff_place *place,
				  size_t count,
				  const uint8_t seed[BATON_DRBG_SEED_LEN]);
/* Erase what is in memory; what is stored the caller deletes. */
void baton_handoff_wipe(struct baton_handoff *handoff);

/*
 * An application that has activities, at most so many at once; before load.
 * id and keys live until wipe(). BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err
baton_handoff_register(struct baton_handoff *handoff, uint8_t application,
		       const uint8_t id[BATON_APPLICATION_ID_LEN],
		       const struct baton_application_keys *keys,
		       uint8_t activities);

/*
 * Give back what was stored, in any order, before anything else.
 * BATON_ERR_NOT_FOUND: neither ownership's nor a state of these applications.
 * BATON_ERR_ARG: damaged; BATON_ERR_SPACE.
 */
BATON_MUST_CHECK
enum baton_err baton_handoff_load(struct baton_handoff *handoff,
				  const char *key, const uint8_t *value,
				  size_t len, uint64_t now_ms);

/*
 * Decisions of an application. BATON_ERR_NOT_FOUND: no such application, or
 * no such activity of it. BATON_ERR_STATE: not possible now. BATON_ERR_AGAIN: a
 * write is under way, or there is no room for a token; call again.
 * BATON_ERR_TOO_LARGE. Nothing changed then.
 *
 * begin: a new activity is mine; ADOPTED comes when it is durable.
 * BATON_ERR_SPACE: it has all it may.
 */
BATON_MUST_CHECK
enum baton_err baton_handoff_begin(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   const uint8_t *state, size_t len,
				   uint64_t now_ms);

/* Keep the state of what is mine or leased, so that a power cut loses less. */
BATON_MUST_CHECK
enum baton_err baton_handoff_save(struct baton_handoff *handoff,
				  uint8_t application,
				  const uint8_t id[BATON_ACTIVITY_ID_LEN],
				  const uint8_t *state, size_t len,
				  uint64_t now_ms);

/*
 * Offer it to the peer's application of the same id, which may do operations
 * (one bit each, its own meaning; not 0). lease_ms as in
 * baton_ownership_offer(). info is copied. FREEZE or KEPT follows.
 * BATON_ERR_STATE: also without a link. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_handoff_offer(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   uint32_t lease_ms, uint16_t operations,
				   const uint8_t *info, size_t info_len,
				   uint64_t now_ms);

/*
 * Take what was OFFERED: its token is presented for operations. ADOPTED
 * follows, or WITHDRAWN. BATON_ERR_STATE: also where the token does not allow it;
 * TOKEN says why.
 */
BATON_MUST_CHECK
enum baton_err baton_handoff_accept(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint16_t operations, uint64_t now_ms);
/* reason: enum baton_reason, for the peer. */
BATON_MUST_CHECK
enum baton_err baton_handoff_refuse(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint8_t reason, uint64_t now_ms);

/* After FREEZE: the state, which is made durable, released and sent. */
BATON_MUST_CHECK
enum baton_err baton_handoff_state(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   const uint8_t *state, size_t len,
				   uint64_t now_ms);

/* As in session/ownership.h; a cancel before the release tells nothing. */
BATON_MUST_CHECK
enum baton_err baton_handoff_cancel(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint64_t now_ms);
BATON_MUST_CHECK
enum baton_err baton_handoff_renew(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   uint64_t now_ms);
/* FINISHED follows. */
BATON_MUST_CHECK
enum baton_err baton_handoff_finish(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint64_t now_ms);

/* As in session/ownership.h: false, 0, NONE for another application. */
bool baton_handoff_may_act(const struct baton_handoff *handoff,
			   uint8_t application,
			   const uint8_t id[BATON_ACTIVITY_ID_LEN],
			   uint64_t now_ms);
uint64_t baton_handoff_lease_left_ms(const struct baton_handoff *handoff,
				     uint8_t application,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms);
enum baton_hold baton_handoff_hold(const struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN]);

/* The index-th activity of an application (from 0); BATON_ERR_NOT_FOUND. */
BATON_MUST_CHECK
enum baton_err baton_handoff_activity(const struct baton_handoff *handoff,
				      uint8_t application, size_t index,
				      uint8_t id[BATON_ACTIVITY_ID_LEN]);

/*
 * The state that is held or lent, as it was begun, saved, adopted or given
 * last, until the next call; NULL: none.
 */
const uint8_t *baton_handoff_read(const struct baton_handoff *handoff,
				  uint8_t application,
				  const uint8_t id[BATON_ACTIVITY_ID_LEN],
				  size_t *len);

/*
 * The session is active on a link to this bond's peer, or is not any more. key:
 * of the session on this link (baton_lifecycle_key()), for tokens; not kept.
 */
void baton_handoff_link(struct baton_handoff *handoff, bool up,
			const uint8_t key[32], uint64_t now_ms);
/* Both have the application (BATON_DELIVERY_OPEN), or not any more. */
void baton_handoff_open(struct baton_handoff *handoff, uint8_t application,
			bool open, uint64_t now_ms);
/* It is erased: what the peer offers it is refused, as if it were not here. */
void baton_handoff_gone(struct baton_handoff *handoff, uint8_t application);

/* A session frame 0x20..0x2c came. Nothing is kept of body but RELEASE. */
enum baton_err baton_handoff_rx_frame(struct baton_handoff *handoff,
				      uint8_t code, const uint8_t *body,
				      size_t len, uint64_t now_ms);
/* An envelope of mode 6 came from the peer's instance of application. */
enum baton_err baton_handoff_rx(struct baton_handoff *handoff,
				uint8_t application, uint8_t op,
				const uint8_t *body, size_t len,
				uint64_t now_ms);

/* The next session frame for baton_session_frame(), as with ownership. */
BATON_MUST_CHECK
bool baton_handoff_tx_frame(struct baton_handoff *handoff, uint8_t *code,
			    uint8_t *body, size_t *len, uint64_t now_ms);
/* The next envelope of mode 6; cap at least 512 - 4. */
BATON_MUST_CHECK
bool baton_handoff_tx(struct baton_handoff *handoff, uint8_t *application,
		      uint8_t *op, uint8_t *body, size_t cap, size_t *len,
		      uint64_t now_ms);

uint64_t baton_handoff_deadline(const struct baton_handoff *handoff);
void baton_handoff_tick(struct baton_handoff *handoff, uint64_t now_ms);

BATON_MUST_CHECK
bool baton_handoff_next_event(struct baton_handoff *handoff,
			      struct baton_handoff_event *event);

/*
 * The bond is gone: states are wiped now, and all that is stored is deleted;
 * ERASED comes when that is durable. Nothing else is possible from here on.
 */
void baton_handoff_erase(struct baton_handoff *handoff, uint64_t now_ms);

/* As in session/ownership.h: one at a time for all of it. */
BATON_MUST_CHECK
bool baton_handoff_next_store_op(struct baton_handoff *handoff,
				 struct baton_store_op *op);
void baton_handoff_stored(struct baton_handoff *handoff, uint32_t id,
			  enum baton_err err, uint64_t now_ms);

#endif
