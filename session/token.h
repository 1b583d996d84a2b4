/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_TOKEN_H
#define BATON_SESSION_TOKEN_H

/*
 * One-time tokens of handoffs (session/TOKENS.md): what one application may do
 * with one activity, once, for a while, on this link. The side that offers an
 * activity issues a token and sends it along (an offer's info has room for
 * it); the other side's machine takes it when it arrives and lets the
 * application that presents it use it. The phone, as the authority, looks at
 * tokens and revokes them.
 *
 * A machine above the engine like that of ownership: no I/O, times are ms on
 * the caller's monotonic clock, events are pulled. One for each bond.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/config.h"
#include "session/ownership.h"

#define BATON_TOKEN_LEN 47
#define BATON_TOKEN_OPERATIONS_AT 25 /* 2 bytes */
#define BATON_TOKEN_ID_LEN 8
#define BATON_TOKEN_AUDIENCE_LEN 8
#define BATON_TOKENS 8 /* live ones of a link, both directions together */
#define BATON_TOKEN_LIFE_MAX_MS 86400000u /* a day */

/* What became of a token. */
enum baton_token_state {
	BATON_TOKEN_NONE, /* not known: never issued here, or long ago */
	BATON_TOKEN_LIVE,
	BATON_TOKEN_USED,
	BATON_TOKEN_REVOKED,
	BATON_TOKEN_EXPIRED,
};

/* Whether an application may do what it asked for. */
enum baton_token_verdict {
	BATON_TOKEN_GRANTED,
	BATON_TOKEN_UNKNOWN, /* forged, or of another link or bond */
	BATON_TOKEN_TWICE, /* used before */
	BATON_TOKEN_LATE,
	BATON_TOKEN_WITHDRAWN, /* the phone revoked it */
	BATON_TOKEN_AUDIENCE, /* another application's */
	BATON_TOKEN_SCOPE, /* another activity, or operations it lacks */
};

/* What a token says (TOKENS.md 1). */
struct baton_token {
	uint8_t id[BATON_TOKEN_ID_LEN];
	/* Names the application; any 8 bytes that both sides agree on. */
	uint8_t audience[BATON_TOKEN_AUDIENCE_LEN];
	uint8_t activity[BATON_ACTIVITY_ID_LEN];
	uint16_t operations; /* one bit each, the application's meaning */
	uint32_t life_ms; /* from its arrival, on the receiver's clock */
};

/* A token was refused, or its use by the peer was reported. */
struct baton_token_event {
	enum baton_token_verdict verdict; /* GRANTED: the peer used it */
	uint8_t id[BATON_TOKEN_ID_LEN];
	/* Who presented it. */
	uint8_t audience[BATON_TOKEN_AUDIENCE_LEN];
};

struct baton_token_place {
	struct baton_token token;
	uint64_t until_ms;
	uint8_t state; /* enum baton_token_state */
	bool mine; /* issued here */
	bool owes; /* REVOKE of mine, USED of the peer's */
};

struct baton_tokens {
	struct baton_token_place place[BATON_TOKENS];
	struct baton_token_event event;
	uint64_t now_ms;
	uint64_t issued; /* numbers since init */
	uint64_t taken; /* the highest of the peer's, on this link */
	uint64_t taken_before; /* those below it, one bit each */
	uint64_t refused; /* since init; not all of them have an event */
	enum baton_role role;
	uint8_t key[32]; /* of this link and bond; only while linked */
	bool linked, tells;
};

void baton_tokens_init(struct baton_tokens *tokens, enum baton_role role);
void baton_tokens_wipe(struct baton_tokens *tokens);

/*
 * The link is secured. channel: what baton_session_channel() gives, bound to
 * this bond and this link; not kept. All tokens of an earlier link are void.
 */
void baton_tokens_link(struct baton_tokens *tokens, const uint8_t channel[32],
		       uint64_t now_ms);
/* The link has gone: no token of it is of use any more. */
void baton_tokens_unlink(struct baton_tokens *tokens);

/*
 * Issue a token into bytes; token->id is filled in, the rest is the caller's.
 * BATON_ERR_ARG: life_ms is 0 or above the maximum; BATON_ERR_STATE: no link;
 * BATON_ERR_AGAIN: BATON_TOKENS are live.
 */
BATON_MUST_CHECK
enum baton_err baton_tokens_issue(struct baton_tokens *tokens,
				  struct baton_token *token,
				  uint8_t bytes[BATON_TOKEN_LEN],
				  uint64_t now_ms);

/*
 * A token came from the peer: its time begins now. A peer error: it is not
 * one of this link and bond, came before, or there are too many.
 */
BATON_MUST_CHECK
enum baton_err baton_tokens_take(struct baton_tokens *tokens,
				 const uint8_t *bytes, size_t len,
				 uint64_t now_ms);

/*
 * An application presents a token and asks for operations on an activity.
 * audience: who it is, which the caller knows and does not let it say. GRANTED
 * once; everything else also comes as an event. A refusal uses nothing up.
 */
BATON_MUST_CHECK
enum baton_token_verdict
baton_tokens_use(struct baton_tokens *tokens, const uint8_t *bytes, size_t len,
		 const uint8_t audience[BATON_TOKEN_AUDIENCE_LEN],
		 const uint8_t activity[BATON_ACTIVITY_ID_LEN],
		 uint16_t operations, uint64_t now_ms);

/*
 * Phone: what a token of this link says and what became of it, as far as it
 * was told; token may be NULL. A watch gets NONE.
 */
enum baton_token_state
baton_tokens_introspect(const struct baton_tokens *tokens,
			const uint8_t id[BATON_TOKEN_ID_LEN],
			struct baton_token *token, uint64_t now_ms);

/*
 * Phone: a live token is void here now, and at the watch once it hears.
 * BATON_ERR_NOT_FOUND; BATON_ERR_STATE: it is not live, or this is a watch.
 */
BATON_MUST_CHECK
enum baton_err baton_tokens_revoke(struct baton_tokens *tokens,
				   const uint8_t id[BATON_TOKEN_ID_LEN],
				   uint64_t now_ms);

/*
 * What they were for is over: live tokens of activity, issued here (mine) or
 * by the peer, are EXPIRED here.
 */
void baton_tokens_end(struct baton_tokens *tokens,
		      const uint8_t activity[BATON_ACTIVITY_ID_LEN], bool mine);

/* Session frames, as with baton_ownership_rx() and _tx(). */
enum baton_err baton_tokens_rx(struct baton_tokens *tokens, uint8_t code,
			       const uint8_t *body, size_t len,
			       uint64_t now_ms);
BATON_MUST_CHECK
bool baton_tokens_tx(struct baton_tokens *tokens, uint8_t *code, uint8_t *body,
		     size_t *len);

/* The last refusal or use that was not told yet; false: none. */
BATON_MUST_CHECK
bool baton_tokens_next_event(struct baton_tokens *tokens,
			     struct baton_token_event *event);

#endif
