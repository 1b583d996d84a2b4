/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_OWNERSHIP_H
#define BATON_SESSION_OWNERSHIP_H

/*
 * Who may act on an activity (session/OWNERSHIP.md): one machine for each bond,
 * above the engine, which does not know it. It does no I/O: frames, decisions
 * and the time go in; frames, events and store operations come out.
 *
 *   event FRAME -> _rx()          _tx() -> baton_session_frame()
 *   SECURED, link_down -> _link() _next_store_op() -> the store -> _stored()
 *
 * The promise: at most one device may act on an activity at any time, and none
 * is ever lost, whatever is lost, repeated or cut off, as long as both
 * stores keep what they said was durable and both clocks are monotonic, run
 * through sleep and drift by at most 500 ppm.
 *
 * The application keeps the activity's state, sends it as an ordinary message
 * and asks _may_act() before it acts. Times are ms. Memory is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "session/bond.h"
#include "session/config.h"
#include "session/store_op.h"

#define BATON_ACTIVITY_ID_LEN 8 /* random, never used again */
#define BATON_OFFER_INFO_MAX 96 /* bytes an offer carries for the peer */
#define BATON_LEASE_MIN_MS 1000
#define BATON_LEASE_MAX_MS 2592000000u /* 30 days */
#define BATON_OFFER_TIMEOUT_MS 120000 /* an offer nobody answered ends */

/* What two clocks of 500 ppm may differ by, doubled, and a second. */
#define BATON_LEASE_WAIT_MS(lease_ms) ((lease_ms) + (lease_ms) / 500 + 1000)

/*
 *              begin                     adopt (phone)
 *   NONE ----------------> OWNED <----------------------- NONE, LENT
 *    ^ ^                   |   ^                            RELEASED
 *    | | CONFIRM   release |   | REFUSED,
 *    | |  (watch)          v   | (phone) wait over
 *    | +----------------- RELEASED -------------> LENT (phone)
 *    |                     |   ^      CONFIRM       | wait over
 *    | lease over  REFUSED |   | release            v
 *    |    (watch)          v   |                  OWNED
 *    +-------------------- LEASED <--- adopt (watch) --- NONE, RELEASED
 */
enum baton_hold {
	BATON_HOLD_NONE, /* the peer's, or nobody's yet */
	BATON_HOLD_OWNED, /* mine */
	BATON_HOLD_LEASED, /* watch: lent to me */
	BATON_HOLD_LENT, /* phone: mine again when the lease is over */
	BATON_HOLD_RELEASED, /* let go durably, not confirmed yet */
};

/*
 *           offer            ACCEPT             release
 *   IDLE ----------> OFFERED ---------> FROZEN ---------> IDLE (RELEASED)
 *    ^                  |                  |
 *    +---- cancel, REFUSED, timeout -------+
 */
enum baton_attempt {
	BATON_ATTEMPT_IDLE,
	BATON_ATTEMPT_OFFERED,
	BATON_ATTEMPT_FROZEN, /* nobody acts until it is released or ended */
};

enum baton_ownership_event_type {
	/* The activity is mine now (begun, or adopted): act. */
	BATON_OWNERSHIP_ADOPTED,
	/* The peer offers it: answer _accept() or _refuse(). */
	BATON_OWNERSHIP_OFFERED,
	/* Accepted: act no more, make the state and its version durable,
	 * send it, call _release(). */
	BATON_OWNERSHIP_FREEZE,
	/* Send the state of version again: the peer may not have it. */
	BATON_OWNERSHIP_STATE,
	/* The peer has it: forget the state (a lender keeps its copy). */
	BATON_OWNERSHIP_GIVEN,
	/* The attempt ended without it: the activity is as it was before. */
	BATON_OWNERSHIP_KEPT,
	/* Watch: the lease is over. Erase the state; changes are lost. */
	BATON_OWNERSHIP_LEASE_OVER,
	/* Phone: mine again, as it was when lent; the watch's changes since
	 * are lost. */
	BATON_OWNERSHIP_TAKEN_BACK,
	/* Watch: the lease runs anew; see _lease_left_ms(). */
	BATON_OWNERSHIP_RENEWED,
	/* What the peer offered is over, by it or by a refusal of its release:
	 * ask nobody any more, erase a state that came of it. */
	BATON_OWNERSHIP_WITHDRAWN,
	/* The peer let it go, and the state of version is not in my hands:
	 * it has to be sent again. */
	BATON_OWNERSHIP_WANTED,
	/* The store failed; the write is asked for again. */
	BATON_OWNERSHIP_STORE_FAILED,
};

struct baton_ownership_event {
	enum baton_ownership_event_type type;
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	uint64_t version; /* FREEZE, STATE, ADOPTED, WANTED: of the state */
	uint64_t lease_ms; /* OFFERED: 0 unless it is a lease */
	uint8_t reason; /* KEPT: enum baton_reason of a refusal */
	bool released; /* OFFERED: the peer waits, having let it go */
	const uint8_t *info; /* OFFERED: until the next rx() */
	size_t info_len;
};

/* What is durable of an activity; kept when the activity is forgotten. */
struct baton_activity_kept {
	uint64_t seen; /* highest epoch seen */
	uint64_t adopted; /* epoch last adopted */
	uint64_t epoch; /* of the lease, the loan or the release */
	uint64_t lease_epoch; /* RELEASED: of the lease it was held by */
	uint64_t version; /* RELEASED: of the state */
	uint64_t nonce; /* RELEASED by a phone: bound to it */
	uint32_t lease_ms; /* LEASED, LENT, RELEASED */
	uint8_t hold; /* enum baton_hold */
	uint8_t was; /* RELEASED: what a refusal gives back */
};

/* A place in the table; members are the machine's own. */
struct baton_activity {
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	struct baton_activity_kept kept;
	struct baton_activity_kept next; /* being written */
	uint64_t try_epoch, try_nonce, try_version;
	uint64_t offered; /* epoch the peer offers, 0: none */
	uint64_t accepted; /* epoch I accepted, 0: none */
	uint64_t accepted_at_ms;
	uint64_t offered_end_ms; /* unless it is repeated until then */
	uint64_t nonce; /* watch: the one running, 0: none */
	uint64_t nonce_at_ms;
	uint64_t got; /* version of the state in my hands, 0: none */
	uint64_t wanted; /* version of one that was let go without it */
	uint64_t lease_end_ms; /* watch: of the lease, or of holding */
	uint64_t wait_end_ms; /* phone: when it may take back */
	uint64_t repeat_at_ms;
	uint32_t repeat_ms; /* how long until then */
	uint64_t offer_end_ms;
	uint64_t confirm_epoch, refuse_epoch, cancel_epoch, gone_epoch;
	uint64_t renewed_nonce;
	uint32_t try_lease_ms; /* of my attempt, phone */
	uint32_t offered_lease_ms; /* of the peer's, and of the nonce */
	uint16_t owed; /* frames, one bit each */
	uint16_t news; /* events, one bit each */
	uint8_t attempt; /* enum baton_attempt */
	uint8_t after; /* what follows the write */
	uint8_t reason; /* of my refusal */
	uint8_t kept_reason; /* of the peer's */
	uint8_t info_len;
	uint8_t info[BATON_OFFER_INFO_MAX];
	bool used, stored; /* this place; there is a value of it */
	bool writing;
	bool running; /* watch: the lease */
	bool renewing;
	bool recalling;
	bool released_offer;
	bool closed; /* the peer waits for no answer about the past */
};

#define BATON_ACTIVITY_KEY_LEN 38 /* "own/<bond>/<activity>", with its 0 */
#define BATON_ACTIVITY_LEN 56 /* of a stored value, at most */

struct baton_ownership {
	struct baton_activity *activity; /* the caller's table */
	size_t count;
	struct baton_drbg drbg;
	enum baton_role role;
	uint8_t bond[BATON_BOND_ID_LEN];
	uint64_t now_ms;
	uint64_t floor; /* epochs that forgotten activities had reached */
	uint64_t retry_at_ms;
	uint64_t refusing_ms; /* refusals written are paid for until then */
	bool up, owes_mark;
	bool asked; /* a store operation is out, for place asked_at */
	bool floor_moves;
	size_t asked_at;
	size_t turn; /* whose place is used for another */
	uint32_t store_id;
	char key[BATON_STORE_WRITES_MAX][BATON_ACTIVITY_KEY_LEN];
	uint8_t value[BATON_STORE_WRITES_MAX][BATON_ACTIVITY_LEN];
	uint8_t evicted[BATON_ACTIVITY_ID_LEN];
	bool evicts;
};

/*
 * Make a machine for the peer of bond. activity: the caller's, count places
 * (1..255), the machine's until wipe(). Every activity held, lent or released
 * takes one; others are forgotten, oldest knowledge first, when room is wanted
 * (OWNERSHIP.md 5). seed: 32 random bytes, new at every start. Then give it what is
 * stored. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_init(struct baton_ownership *own,
				    enum baton_role role,
				    const uint8_t bond[BATON_BOND_ID_LEN],
				    struct baton_activity *activity,
				    size_t count,
				    const uint8_t seed[BATON_DRBG_SEED_LEN]);
void baton_ownership_wipe(struct baton_ownership *own);

/*
 * Give back what was stored under a key that begins with "own/" and is of this
 * bond (others: BATON_ERR_NOT_FOUND). now_ms may begin anew at every start.
 * BATON_ERR_ARG: not a value of this format; BATON_ERR_SPACE.
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_load(struct baton_ownership *own,
				    const char *key, const uint8_t *value,
				    size_t len, uint64_t now_ms);

/*
 * Decisions. All of them: BATON_ERR_NOT_FOUND, no such activity;
 * BATON_ERR_STATE, not possible now; BATON_ERR_AGAIN, a write about it is
 * under way: call again after stored(). Nothing changed then.
 *
 * begin: a new activity is mine; ADOPTED comes when that is durable.
 * BATON_ERR_SPACE: no place is left.
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_begin(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms);

/*
 * offer: ask the peer to take it: a phone lends it for lease_ms
 * (BATON_LEASE_MIN_MS.._MAX_MS), a watch gives it (back), lease_ms 0. info:
 * for the peer's application, copied, at most BATON_OFFER_INFO_MAX bytes.
 * FREEZE or KEPT follows. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_offer(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint32_t lease_ms, const uint8_t *info,
				     size_t info_len, uint64_t now_ms);
/*
 * Other info for an offer of mine that nobody has answered, where what it
 * carries does not outlive a link. Goes out with the next repetition.
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_info(struct baton_ownership *own,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    const uint8_t *info, size_t info_len);
BATON_MUST_CHECK
enum baton_err baton_ownership_accept(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint64_t now_ms);
/* reason: enum baton_reason, for the peer. */
BATON_MUST_CHECK
enum baton_err baton_ownership_refuse(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint8_t reason, uint64_t now_ms);

/* After FREEZE: the state is durable here under its version. */
BATON_MUST_CHECK
enum baton_err baton_ownership_release(struct baton_ownership *own,
				       const uint8_t id[BATON_ACTIVITY_ID_LEN],
				       uint64_t now_ms);

/*
 * Give an attempt up. Before the release it is over at once; after it the peer
 * is asked, and GIVEN or KEPT tells (rule 4).
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_cancel(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint64_t now_ms);

/* Watch: ask for the lease to run anew; RENEWED follows if it does. */
BATON_MUST_CHECK
enum baton_err baton_ownership_renew(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms);

/* The owner ends the activity: it is nobody's any more. */
BATON_MUST_CHECK
enum baton_err baton_ownership_finish(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint64_t now_ms);

/*
 * The state that came from the peer with this version is durable here. One
 * whose version is that of _version() has been taken up already: drop it.
 * version 0: there is none any more.
 */
BATON_MUST_CHECK
enum baton_err baton_ownership_state(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t version, uint64_t now_ms);

/*
 * True while this device may act on it: ask right before every act, with the
 * time of the act. lease_left_ms: how long that lasts by the lease, UINT64_MAX
 * without one, 0 where it may not act.
 */
bool baton_ownership_may_act(const struct baton_ownership *own,
			     const uint8_t id[BATON_ACTIVITY_ID_LEN],
			     uint64_t now_ms);
uint64_t baton_ownership_lease_left_ms(const struct baton_ownership *own,
				       const uint8_t id[BATON_ACTIVITY_ID_LEN],
				       uint64_t now_ms);

/* How it is held; BATON_HOLD_NONE where it is not known. */
enum baton_hold baton_ownership_hold(const struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN]);

/*
 * The version of the state that was adopted or released last, 0: none. Durable
 * like the hold: after a start an application compares, and takes up the state
 * that it had received under this version, if ADOPTED was not told any more.
 */
uint64_t baton_ownership_version(const struct baton_ownership *own,
				 const uint8_t id[BATON_ACTIVITY_ID_LEN]);

/* The engine is secured with this bond's peer, or its link has gone. */
void baton_ownership_link(struct baton_ownership *own, bool up,
			  uint64_t now_ms);

/*
 * A session frame came. Nothing of body is kept. A peer error: dropped; worth
 * counting, nothing to do.
 */
enum baton_err baton_ownership_rx(struct baton_ownership *own, uint8_t code,
				  const uint8_t *body, size_t len,
				  uint64_t now_ms);

/*
 * The next frame for baton_session_frame(): its code, its body into body
 * (BATON_FRAME_BODY_MAX bytes) and *len. False: none now. What was given
 * counts as sent; what is lost is repeated.
 */
BATON_MUST_CHECK
bool baton_ownership_tx(struct baton_ownership *own, uint8_t *code,
			uint8_t *body, size_t *len, uint64_t now_ms);

/* When tick() wants to be called, UINT64_MAX for never. */
uint64_t baton_ownership_deadline(const struct baton_ownership *own);
void baton_ownership_tick(struct baton_ownership *own, uint64_t now_ms);

BATON_MUST_CHECK
bool baton_ownership_next_event(struct baton_ownership *own,
				struct baton_ownership_event *event);

/*
 * The next writes that must become durable together; one operation is out at
 * a time. stored(): err 0, they are; else it is asked for again after a second
 * and nothing that depends on it happens until then.
 */
BATON_MUST_CHECK
bool baton_ownership_next_store_op(struct baton_ownership *own,
				   struct baton_store_op *op);
void baton_ownership_stored(struct baton_ownership *own, uint32_t id,
			    enum baton_err err, uint64_t now_ms);

#endif
