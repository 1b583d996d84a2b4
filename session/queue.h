/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_QUEUE_H
#define BATON_SESSION_QUEUE_H

/*
 * Mode queue: items for the peer's application, in order and exactly once,
 * across lost links, reboots and power cuts (session/DELIVERY.md 7). Of one
 * application and bond, both ways, above the engine.
 *
 * The guarantee: an item that KEPT has named gets to the peer's inbox once, after
 * all that were put before it and before all that are put later. There it stays
 * until its application says done(); until then ITEM tells it again after every
 * start, with the same number, which no other item ever has: an application
 * that keeps the number with what it did does nothing twice.
 *
 * It rests on stores that keep what they said was durable. Where a store was put
 * back to what it held before, nothing that is in the outbox is lost, but
 * items may come twice; NEW_LINE and MISSING tell.
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

#define BATON_QUEUE_ITEM_HEADER 5 /* of a stored item: format, mark */
#define BATON_QUEUE_HEADER_MAX 21 /* of a stored header */
#define BATON_QUEUE_LINE_LEN 8
#define BATON_QUEUE_PUT_LEN 8 /* bytes before the item in an envelope */

enum baton_queue_event_type {
	/* All that I put up to number are durable here. */
	BATON_QUEUE_KEPT,
	/* They are durable at the peer; there is room again. */
	BATON_QUEUE_TAKEN,
	/* The peer's next item; bytes are there until done(number). */
	BATON_QUEUE_ITEM,
	/* done() of all up to number is durable: they are not told again. */
	BATON_QUEUE_GONE,
	/*
	 * My store was put back: items from number on are sent again, and some
	 * of them may have been taken already.
	 */
	BATON_QUEUE_NEW_LINE,
	/*
	 * Items of the peer's are in no inbox: they had been taken, and this
	 * store was put back; or the peer's was damaged; or it dropped one.
	 */
	BATON_QUEUE_MISSING,
	/*
	 * Item number is next, and longer than the peer takes: those behind it
	 * wait. drop() it, or wait for a peer that takes it. Told on each link.
	 */
	BATON_QUEUE_TOO_LARGE,
	/* The store failed; the write is asked for again. */
	BATON_QUEUE_STORE_FAILED,
};

struct baton_queue_event {
	enum baton_queue_event_type type;
	uint32_t number; /* of mine: put()'s; of the peer's: as given here */
	const uint8_t *bytes; /* ITEM */
	size_t len;
};

/*
 *   outbox    put           stored              sent           ACK
 *   FREE ---------> FRESH ---------> DURABLE --------> DURABLE -----> SPENT
 *    ^                                  ^ link gone        |            |
 *    |                                  +------------------+            |
 *    +----------------------------- deleted ----------------------------+
 *
 *   inbox     PUT           stored              ITEM, done()
 *   FREE ---------> FRESH ---------> DURABLE ----------------------> SPENT
 *    ^                                                                  |
 *    +----------------------------- deleted ----------------------------+
 */
enum baton_queue_place_state {
	BATON_QUEUE_FREE,
	BATON_QUEUE_FRESH, /* to be written */
	BATON_QUEUE_DURABLE,
	BATON_QUEUE_SPENT, /* to be deleted */
};

/* One item's place; item n is in place n modulo their number. */
struct baton_queue_place {
	uint32_t number;
	uint16_t len; /* without its header */
	uint8_t state; /* enum baton_queue_place_state */
};

/* One direction. Numbers begin with 1. */
struct baton_queue_box {
	struct baton_queue_place *place;
	uint8_t *bytes; /* of each place: a stored item */
	uint16_t count;
	uint32_t first; /* the oldest that is not deleted, next if none */
	uint32_t next; /* the number of the one to come */
	uint32_t durable; /* all up to here are */
	uint32_t spent; /* all up to here are to be deleted */
	uint32_t put_to, deleted_to; /* of the store operation that is out */
};

struct baton_queue {
	struct baton_queue_box out, in;
	void *memory;
	uint16_t item_max;
	uint8_t news; /* events, one bit each */
	bool ready; /* loaded */
	bool up;
	uint64_t now_ms, retry_at_ms;
	struct baton_drbg drbg;

	/* Sender. */
	uint8_t line[BATON_QUEUE_LINE_LEN]; /* of my numbers */
	uint32_t before; /* mark of the item before first */
	uint32_t sent; /* highest sent on this link */
	uint32_t limit; /* the peer has room up to this number */
	uint32_t too_large; /* told to be, on this link; 0: none */
	uint32_t dropped; /* LINE waits until it is deleted */
	size_t room; /* of this link and the peer, for PUT; 0: no link */
	bool has_line, line_dirty;
	bool lined, agreed; /* LINE was sent on this link; ACK came */

	/* Receiver. The peer's numbers: */
	uint8_t peer_line[BATON_QUEUE_LINE_LEN];
	uint8_t peer_new_line[BATON_QUEUE_LINE_LEN]; /* waits for writes */
	uint32_t peer_new_first, peer_new_before;
	uint32_t taken, taken_mark; /* durable */
	uint32_t got; /* in memory */
	uint32_t told_limit;
	bool has_peer_line, peer_lined, peer_line_waits;
	bool owes_ack, again;
	/* Of the inbox: */
	uint32_t told; /* by ITEM */

	/* The store operation that is out. */
	bool asked, writes_out;
	uint32_t store_id;
	uint32_t writes_taken, writes_mark, writes_before;
	uint8_t writes_line[BATON_QUEUE_LINE_LEN];
	char name[BATON_STORE_WRITES_MAX][BATON_NAME_MAX];
	uint8_t header[BATON_QUEUE_HEADER_MAX];
};

/* Bytes of memory for so many items of item_max bytes each way. */
size_t baton_queue_memory_len(uint16_t item_max, uint16_t outbox,
			      uint16_t inbox);

/*
 * item_max: 1..BATON_ITEM_MAX bytes; outbox, inbox: 1..BATON_ITEMS_MAX items.
 * seed: 32 random bytes, new at every start. memory: of the length above,
 * aligned as malloc does, the machine's until wipe. BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_queue_init(struct baton_queue *queue, uint16_t item_max,
				uint16_t outbox, uint16_t inbox,
				const uint8_t seed[BATON_DRBG_SEED_LEN],
				void *memory, size_t memory_len);
void baton_queue_wipe(struct baton_queue *queue);

/*
 * Give back what was stored, in any order, before the first link and put.
 * BATON_ERR_NOT_FOUND: not a name of this mode. BATON_ERR_ARG: damaged; it may
 * be deleted. BATON_ERR_SPACE: the limits are smaller than they were.
 */
BATON_MUST_CHECK
enum baton_err baton_queue_load(struct baton_queue *queue, const char *name,
				const uint8_t *value, size_t len);

/*
 * Put an item of 0 to item_max bytes, copied; *number is its own. It is safe
 * once KEPT names it. BATON_ERR_TOO_LARGE: longer than that, or than what the
 * peer takes, as far as there is a link. BATON_ERR_SPACE: the outbox is full,
 * wait for TAKEN. BATON_ERR_EXHAUSTED: 2^32 - 2 were put. Nothing was put.
 */
BATON_MUST_CHECK
enum baton_err baton_queue_put(struct baton_queue *queue, const uint8_t *item,
			       size_t len, uint32_t *number, uint64_t now_ms);

/*
 * Give up the item that TOO_LARGE named on this link: it is deleted, and those
 * behind it go. The peer is told MISSING with the next one. If the power goes
 * before the deletion is durable it is told TOO_LARGE again. BATON_ERR_STATE:
 * number is another one.
 */
BATON_MUST_CHECK
enum baton_err baton_queue_drop(struct baton_queue *queue, uint32_t number,
				uint64_t now_ms);

/*
 * The oldest item that ITEM told is dealt with and may be deleted.
 * BATON_ERR_STATE: number is another one.
 */
BATON_MUST_CHECK
enum baton_err baton_queue_done(struct baton_queue *queue, uint32_t number,
				uint64_t now_ms);

/* How many of mine the peer has not taken; how many of the peer's wait here. */
size_t baton_queue_outstanding(const struct baton_queue *queue);
size_t baton_queue_waiting(const struct baton_queue *queue);

/*
 * As in session/request.h and session/context.h. room: what the link carries and
 * the peer takes of a PUT, 0 if it has no queue.
 */
void baton_queue_link(struct baton_queue *queue, bool up, size_t room,
		      uint64_t now_ms);
enum baton_err baton_queue_rx(struct baton_queue *queue, uint8_t op,
			      const uint8_t *body, size_t len, uint64_t now_ms);
BATON_MUST_CHECK
bool baton_queue_tx(struct baton_queue *queue, uint8_t *op, uint8_t *body,
		    size_t cap, size_t *len, uint64_t now_ms);
uint64_t baton_queue_deadline(const struct baton_queue *queue);
void baton_queue_tick(struct baton_queue *queue, uint64_t now_ms);
BATON_MUST_CHECK
bool baton_queue_next_event(struct baton_queue *queue,
			    struct baton_queue_event *event);
BATON_MUST_CHECK
bool baton_queue_next_store_op(struct baton_queue *queue,
			       struct baton_store_op *op);
void baton_queue_stored(struct baton_queue *queue, uint32_t id,
			enum baton_err err, uint64_t now_ms);
BATON_MUST_CHECK
bool baton_queue_name(const struct baton_queue *queue, size_t at,
		      char name[BATON_NAME_MAX]);

#endif
