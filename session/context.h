/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_CONTEXT_H
#define BATON_SESSION_CONTEXT_H

/*
 * Mode context: one value each way that the peer's application should know;
 * the latest wins (session/DELIVERY.md 6). Of one application and bond, above
 * the engine.
 *
 * The guarantee: what was set last, once KEPT says that it is durable, gets to
 * the peer as soon as there is a link, over whatever is lost or cut off; what
 * was set before it may be skipped. The peer tells CHANGED when it is
 * durable there, with the value, never for an older one than before.
 *
 * Where a function takes a machine for the application, NULL is one that there
 * is not: BATON_ERR_NOT_FOUND. Times are ms. Memory is the caller's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "session/application.h"
#include "session/store_op.h"

#define BATON_CONTEXT_HEADER 13 /* of a stored value: format, version, mark */
#define BATON_CONTEXT_SET_LEN 12 /* bytes before the value in an envelope */

enum baton_context_event_type {
	/* What I set last is durable here. */
	BATON_CONTEXT_KEPT,
	/* It is durable at the peer. */
	BATON_CONTEXT_TAKEN,
	/* The peer has set another value; bytes and len. */
	BATON_CONTEXT_CHANGED,
	/*
	 * What is durable here is longer than the peer takes, and is not sent to
	 * it: set a shorter one. Told on each link, and once on it for a value.
	 */
	BATON_CONTEXT_TOO_LARGE,
	/* The store failed; the write is asked for again. */
	BATON_CONTEXT_STORE_FAILED,
};

struct baton_context_event {
	enum baton_context_event_type type;
	uint64_t version;
	const uint8_t *bytes; /* CHANGED: until the next call */
	size_t len;
};

/* A value in memory: as it is stored, at bytes. */
struct baton_context_value {
	uint64_t version; /* 0: none */
	uint32_t mark; /* random, of this value */
	uint16_t len; /* without its header */
	uint8_t *bytes; /* header and value */
};

struct baton_context {
	struct baton_context_value out[2]; /* mine: newest, and durable */
	struct baton_context_value in[2]; /* the peer's: durable, coming */
	uint16_t max;
	uint64_t version; /* the highest that I gave */
	uint64_t sent; /* version that is out on this link, 0: none */
	uint64_t too_large; /* likewise, that was told to be */
	size_t room; /* of this link and the peer, for SET; 0: no link */
	uint64_t taken, kept; /* versions */
	uint64_t now_ms, retry_at_ms;
	uint32_t store_id;
	uint8_t newest, durable; /* places of out; 2: none */
	uint8_t written; /* place of out that is being written */
	uint8_t held; /* place of in */
	uint8_t writing; /* enum writing (context.c) */
	uint8_t news; /* events, one bit each */
	bool coming; /* in[!held] waits to be written */
	bool up, owes_have, owes_hello, owes_same;
	bool fresh; /* the peer has not answered HELLO since the start */
	struct baton_drbg drbg;
};

/* Bytes of memory for values of max bytes. */
size_t baton_context_memory_len(uint16_t max);

/*
 * max: 1..BATON_ITEM_MAX. seed: 32 random bytes, new at every start. memory: of
 * the length above, the machine's until wipe. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_context_init(struct baton_context *context, uint16_t max,
				  const uint8_t seed[BATON_DRBG_SEED_LEN],
				  void *memory, size_t memory_len);
void baton_context_wipe(struct baton_context *context);

/*
 * Give back what was stored, before the first link. BATON_ERR_NOT_FOUND: not
 * a name of this mode. BATON_ERR_ARG: damaged. BATON_ERR_SPACE: longer than
 * max, which must not shrink.
 */
BATON_MUST_CHECK
enum baton_err baton_context_load(struct baton_context *context,
				  const char *name, const uint8_t *value,
				  size_t len);

/*
 * Set my value, copied; 0 to max bytes. BATON_ERR_TOO_LARGE: it is longer, or
 * than what the peer takes, as far as there is a link: nothing has changed.
 */
BATON_MUST_CHECK
enum baton_err baton_context_set(struct baton_context *context,
				 const uint8_t *value, size_t len,
				 uint64_t now_ms);

/*
 * The peer's value that is durable here: a pointer that holds until the next
 * call, *version and *len. NULL: none yet. To be asked after a start: CHANGED
 * tells only what changes after it.
 */
const uint8_t *baton_context_get(const struct baton_context *context,
				 uint64_t *version, size_t *len);

/*
 * As in session/request.h. room: what the link carries and the peer takes of a
 * SET, 0 if it has no context.
 */
void baton_context_link(struct baton_context *context, bool up, size_t room,
			uint64_t now_ms);
enum baton_err baton_context_rx(struct baton_context *context, uint8_t op,
				const uint8_t *body, size_t len,
				uint64_t now_ms);
BATON_MUST_CHECK
bool baton_context_tx(struct baton_context *context, uint8_t *op, uint8_t *body,
		      size_t cap, size_t *len, uint64_t now_ms);

uint64_t baton_context_deadline(const struct baton_context *context);
void baton_context_tick(struct baton_context *context, uint64_t now_ms);

BATON_MUST_CHECK
bool baton_context_next_event(struct baton_context *context,
			      struct baton_context_event *event);

/*
 * The next writes that must become durable together, by name; one operation is
 * out at a time. stored(): err 0, they are; else asked for again after a second.
 */
BATON_MUST_CHECK
bool baton_context_next_store_op(struct baton_context *context,
				 struct baton_store_op *op);
void baton_context_stored(struct baton_context *context, uint32_t id,
			  enum baton_err err, uint64_t now_ms);

/*
 * The at-th name (from 0) under which something may be stored, to be erased;
 * false: there are no more.
 */
BATON_MUST_CHECK
bool baton_context_name(const struct baton_context *context, size_t at,
			char name[BATON_NAME_MAX]);

#endif
