/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_REQUEST_H
#define BATON_SESSION_REQUEST_H

/*
 * Mode request: a message to the peer's application, now, and its answer
 * (session/DELIVERY.md 5). Of one application and bond, above the engine.
 *
 * The guarantee: a request is given to the peer's application at most once, and
 * ends exactly once: with its answer, which is of this request and no other,
 * or with a failure that says why, at the latest when its time is over.
 * Nothing is stored and nothing outlives the link. Of a request that failed
 * with LINK or TIMEOUT it is not known whether it was carried out.
 *
 * Where a function takes a machine for the application, NULL is one that there
 * is not: BATON_ERR_NOT_FOUND. Times are ms. Memory is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/application.h"

#define BATON_REQUEST_HEADER 8 /* bytes before the body in an envelope */
#define BATON_REQUEST_TIMEOUT_MAX_MS 600000

enum baton_request_event_type {
	/* The peer asks: answer _answer() or _refuse() within left_ms. */
	BATON_REQUEST_ASKED,
	/* The peer waits no more (its time, its wish, the link). */
	BATON_REQUEST_GONE,
	/* What I asked has this answer. */
	BATON_REQUEST_ANSWERED,
	/* What I asked ended without one; failure says why. */
	BATON_REQUEST_FAILED,
};

enum baton_request_failure {
	BATON_REQUEST_LINK = 1, /* the link went, or the session */
	BATON_REQUEST_TIMEOUT = 2,
	BATON_REQUEST_BUSY = 3, /* the peer has too many to answer */
	BATON_REQUEST_TOO_LARGE = 4, /* for the peer, or its answer for me */
	BATON_REQUEST_REFUSED = 5, /* by the application; reason */
};

struct baton_request_event {
	enum baton_request_event_type type;
	uint32_t number; /* of this side's for what it asked, else the peer's */
	uint64_t left_ms; /* ASKED */
	enum baton_request_failure failure; /* FAILED */
	uint8_t reason; /* REFUSED: the application's own */
	const uint8_t *body; /* ASKED, ANSWERED: until the next call */
	size_t len;
};

/*
 *   mine    ask          sent           ANSWER, REFUSE, time, link
 *   FREE ---------> NEW -------> WAITS ----------------------------> OVER
 *    ^                             told, and CANCEL sent where due    |
 *    +----------------------------------------------------------------+
 *
 *   theirs  ASK          told           answer, refuse         sent
 *   FREE ---------> NEW -------> WAITS -----------------> OVER ------> FREE
 *    ^               |            | CANCEL, time, link
 *    +---------------+            +-------> GONE --- told ---> FREE
 */
enum baton_request_state {
	BATON_REQUEST_FREE,
	BATON_REQUEST_NEW,
	BATON_REQUEST_WAITS,
	BATON_REQUEST_OVER,
	BATON_REQUEST_LEFT, /* theirs: to be told */
	BATON_REQUEST_TOLD, /* mine: its body is being looked at */
};

/* One that is outstanding; members are the machine's own. */
struct baton_request_place {
	uint64_t until_ms;
	uint8_t *body; /* max bytes */
	uint32_t number;
	uint16_t len; /* of body */
	uint8_t state; /* enum baton_request_state */
	uint8_t failure, reason; /* OVER: 0, or why without an answer */
	bool cancels; /* mine: CANCEL is owed */
	bool silent; /* mine: nothing is to be told */
};

struct baton_requests {
	struct baton_request_place out[BATON_REQUESTS_MAX]; /* mine */
	struct baton_request_place in[BATON_REQUESTS_MAX]; /* the peer's */
	/* Of the peer's, refused unread; REFUSE is owed. */
	uint32_t unread[BATON_REQUESTS_MAX];
	uint8_t unread_why[BATON_REQUESTS_MAX];
	uint8_t unread_count;
	uint8_t count; /* places each way */
	uint16_t max;
	size_t room; /* 0: the peer has no such application */
	void *memory;
	uint32_t number; /* last given */
	uint32_t heard; /* highest of the peer's on this link */
	uint64_t now_ms;
	bool up;
};

/* Bytes of memory for count places each way of max bytes. */
size_t baton_requests_memory_len(uint16_t max, uint8_t count);

/* memory: of that length, the machine's until wipe. BATON_ERR_ARG. */
BATON_MUST_CHECK
enum baton_err baton_requests_init(struct baton_requests *requests,
				   uint16_t max, uint8_t count, void *memory,
				   size_t memory_len);
void baton_requests_wipe(struct baton_requests *requests);

/*
 * Ask. body: at most message_max bytes, and what the link's room leaves; copied.
 * timeout_ms: 1..BATON_REQUEST_TIMEOUT_MAX_MS. *number: of its events.
 * BATON_ERR_STATE: no link with an active session. BATON_ERR_NOT_FOUND: the
 * peer has no such application. BATON_ERR_TOO_LARGE, BATON_ERR_ARG.
 * BATON_ERR_AGAIN: as many are outstanding as may be, or ended ones were not
 * told yet. BATON_ERR_EXHAUSTED: 2^32 - 1 were asked.
 */
BATON_MUST_CHECK
enum baton_err baton_requests_ask(struct baton_requests *requests,
				  const uint8_t *body, size_t len,
				  uint32_t timeout_ms, uint32_t *number,
				  uint64_t now_ms);

/* Wait no more for what I asked; no event follows. BATON_ERR_NOT_FOUND. */
BATON_MUST_CHECK
enum baton_err baton_requests_cancel(struct baton_requests *requests,
				     uint32_t number, uint64_t now_ms);

/*
 * Answer what the peer asked, once. BATON_ERR_NOT_FOUND: it does not wait (any
 * more), or was answered. BATON_ERR_TOO_LARGE: for me or for this link.
 */
BATON_MUST_CHECK
enum baton_err baton_requests_answer(struct baton_requests *requests,
				     uint32_t number, const uint8_t *body,
				     size_t len, uint64_t now_ms);

/* The same without an answer; reason is the application's own. */
BATON_MUST_CHECK
enum baton_err baton_requests_refuse(struct baton_requests *requests,
				     uint32_t number, uint8_t reason,
				     uint64_t now_ms);

/*
 * There is a link with an active session, whose envelopes have bodies of at
 * most room bytes (0: the peer has no such application); or none any more: what
 * is outstanding fails.
 */
void baton_requests_link(struct baton_requests *requests, bool up, size_t room,
			 uint64_t now_ms);

/* An envelope came; a peer error: dropped. Nothing of body is kept. */
enum baton_err baton_requests_rx(struct baton_requests *requests, uint8_t op,
				 const uint8_t *body, size_t len,
				 uint64_t now_ms);

/* The next envelope: *op, and *len bytes into body (cap: at least room). */
BATON_MUST_CHECK
bool baton_requests_tx(struct baton_requests *requests, uint8_t *op,
		       uint8_t *body, size_t cap, size_t *len, uint64_t now_ms);

uint64_t baton_requests_deadline(const struct baton_requests *requests);
void baton_requests_tick(struct baton_requests *requests, uint64_t now_ms);

BATON_MUST_CHECK
bool baton_requests_next_event(struct baton_requests *requests,
			       struct baton_request_event *event);

#endif
