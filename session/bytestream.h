/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BYTESTREAM_H
#define BATON_SESSION_BYTESTREAM_H

/*
 * Delivery mode stream (session/FILES.md 3): bytes both ways between the two
 * instances of an application, in order, each once, over any number of links.
 * One machine for each application and bond.
 *
 * The promise: what write() took is read by the peer, in order and once, as
 * long as both processes live; a reader that sleeps stops the writer and
 * nothing else, and costs no more memory than its ring. If a process is lost
 * the other side is told BROKEN. Nothing is stored: there are no store
 * operations.
 *
 * What an application calls answers BATON_ERR_NOT_FOUND where streams is NULL.
 * Memory is the caller's: two rings for each stream, one for bytes that are
 * not verified, one for bytes that were not read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/config.h"

#define BATON_BYTESTREAM_ID_LEN 8 /* random, never used again */
#define BATON_BYTESTREAM_PLACES_MAX 64
#define BATON_BYTESTREAM_META_MAX 64 /* bytes for the peer's application */
#define BATON_BYTESTREAM_BODY_MAX (14 + BATON_BYTESTREAM_META_MAX)
#define BATON_BYTESTREAM_RING_MIN 64
#define BATON_BYTESTREAM_REPLIES 8

/*
 *         open              ROOM            both ends are through
 *   FREE ------> OPENING ---------> OPEN ---------------------> CLOSED
 *     | OPEN                         ^                             |
 *     +--------> ASKED --------------+                      CLOSED |
 *                        accept                                    v
 *   any: refuse, reset, BREAK ---> BROKEN -- told -------------> FREE
 */
enum baton_bytestream_state {
	BATON_BYTESTREAM_FREE,
	BATON_BYTESTREAM_OPENING, /* offered to the peer */
	BATON_BYTESTREAM_ASKED, /* the application has to answer */
	BATON_BYTESTREAM_OPEN,
	BATON_BYTESTREAM_CLOSED, /* until the peer knows it, too */
	BATON_BYTESTREAM_BROKEN, /* until the application was told */
};

enum baton_bytestream_event_type {
	/* The peer opens a stream: answer _accept() or _reset(). */
	BATON_BYTESTREAM_OFFERED,
	/* The peer's application accepted. */
	BATON_BYTESTREAM_OPENED,
	/* There are bytes for _read(). */
	BATON_BYTESTREAM_READABLE,
	/* _write() answered AGAIN and may be called again. */
	BATON_BYTESTREAM_WRITABLE,
	/* The peer has finished, and all it wrote was read. */
	BATON_BYTESTREAM_ENDED,
	/*
	 * Both sides have finished, all that came was read, and all that was
	 * written is with the peer, which may read it later: it is over.
	 */
	BATON_BYTESTREAM_IS_CLOSED,
	/*
	 * It is over before its end. reason: the peer's, of _reset(); NONE:
	 * the peer does not know it (any more), as when its process was lost.
	 * What was written may have been read in part.
	 */
	BATON_BYTESTREAM_IS_BROKEN,
};

struct baton_bytestream_event {
	enum baton_bytestream_event_type type;
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	uint8_t reason; /* IS_BROKEN: enum baton_reason */
	const uint8_t *meta; /* OFFERED: until the next rx() */
	size_t meta_len;
};

/* A stream's place; members are the machine's own. */
struct baton_bytestream {
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	uint8_t state; /* enum baton_bytestream_state */
	uint8_t reason;
	uint8_t owed, news; /* envelopes, events */
	uint8_t meta_len;
	uint16_t tag, peer_tag; /* of chunks to this side, and to the peer */
	bool mine; /* opened here */
	bool refused_room; /* write() answered AGAIN */
	bool finished; /* no more will be written */
	bool peer_finished; /* nor by the peer, whose length is known */
	bool ended; /* all of it was read, and told */
	bool peer_done; /* it knows that it has ended both ways */
	bool going; /* the peer said on this link where it stands */
	uint8_t *out, *in; /* rings */
	uint64_t written, sent, acked; /* bytes since it was opened */
	uint64_t limit; /* the peer has room below */
	uint64_t got, read, told_got; /* told_got: the last ROOM's */
	uint64_t told_limit;
	uint64_t peer_ring; /* bytes, of the peer's ring of what it wrote */
	uint64_t length; /* of all that the peer writes */
	uint8_t meta[BATON_BYTESTREAM_META_MAX];
};

struct baton_bulk;
struct baton_bulk_member;

struct baton_bytestream_reply {
	uint8_t reason;
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
};

/* The machine; members are its own. */
struct baton_bytestreams {
	struct baton_bulk *bulk;
	struct baton_bulk_member *member;
	struct baton_bytestream *stream;
	uint8_t count;
	uint8_t tx_turn, event_turn, send_turn;
	uint16_t last_tag;
	size_t ring_len;
	bool up;
	bool repeat; /* REPEAT is owed: a reply had no place */
	struct baton_bytestream_reply reply[BATON_BYTESTREAM_REPLIES];
	uint8_t reply_count;
};

/* Bytes of memory for count streams with rings of ring_len bytes. */
#define BATON_BYTESTREAM_MEMORY(count, ring_len) (2 * (count) * (ring_len))

/*
 * Make a machine for one application. stream: count places (1..64); memory:
 * BATON_BYTESTREAM_MEMORY(count, ring_len) bytes; both are the caller's, the
 * machine's until wipe(). bulk and member as with baton_files_init().
 * BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_bytestreams_init(struct baton_bytestreams *streams,
				      struct baton_bulk *bulk,
				      struct baton_bulk_member *member,
				      struct baton_bytestream *stream,
				      size_t count, uint8_t *memory,
				      size_t ring_len);
void baton_bytestreams_wipe(struct baton_bytestreams *streams);

/*
 * Open a stream to the peer's application; bytes may be written at once, and go
 * once it accepts. BATON_ERR_SPACE: all places are taken; BATON_ERR_STATE:
 * this id is here; BATON_ERR_ARG.
 */
BATON_MUST_CHECK
enum baton_err baton_bytestreams_open(struct baton_bytestreams *streams,
				      const uint8_t id[BATON_BYTESTREAM_ID_LEN],
				      const uint8_t *meta, size_t meta_len);

/* Answer OFFERED. BATON_ERR_STATE, BATON_ERR_NOT_FOUND. */
BATON_MUST_CHECK
enum baton_err
baton_bytestreams_accept(struct baton_bytestreams *streams,
			 const uint8_t id[BATON_BYTESTREAM_ID_LEN]);

/*
 * Copy bytes to be sent; *taken (0..len) were. BATON_ERR_AGAIN with 0 taken:
 * wait for WRITABLE. BATON_ERR_STATE: finished, or not accepted here.
 */
BATON_MUST_CHECK
enum baton_err
baton_bytestreams_write(struct baton_bytestreams *streams,
			const uint8_t id[BATON_BYTESTREAM_ID_LEN],
			const uint8_t *bytes, size_t len, size_t *taken);

/*
 * Take up to cap bytes that came; *len says how many. BATON_ERR_AGAIN with 0:
 * wait for READABLE or ENDED.
 */
BATON_MUST_CHECK
enum baton_err baton_bytestreams_read(struct baton_bytestreams *streams,
				      const uint8_t id[BATON_BYTESTREAM_ID_LEN],
				      uint8_t *bytes, size_t cap, size_t *len);

/* No more will be written; the peer reads the rest, then ENDED. */
BATON_MUST_CHECK
enum baton_err
baton_bytestreams_finish(struct baton_bytestreams *streams,
			 const uint8_t id[BATON_BYTESTREAM_ID_LEN]);

/*
 * End it at once, or refuse an offer; the peer is told BROKEN with reason, or
 * with NONE where the link was lost meanwhile. An offer may come again if the
 * peer did not hear of it. BATON_ERR_STATE: it has ended; BATON_ERR_NOT_FOUND.
 */
BATON_MUST_CHECK
enum baton_err
baton_bytestreams_reset(struct baton_bytestreams *streams,
			const uint8_t id[BATON_BYTESTREAM_ID_LEN],
			uint8_t reason);

/* As with baton_files_link(), _rx(), _tx() and _next_event(). */
void baton_bytestreams_link(struct baton_bytestreams *streams, bool up,
			    size_t room, uint64_t now_ms);
enum baton_err baton_bytestreams_rx(struct baton_bytestreams *streams,
				    uint8_t op, const uint8_t *body, size_t len,
				    uint64_t now_ms);
BATON_MUST_CHECK
bool baton_bytestreams_tx(struct baton_bytestreams *streams, uint8_t *op,
			  uint8_t *body, size_t cap, size_t *len,
			  uint64_t now_ms);
BATON_MUST_CHECK
bool baton_bytestreams_next_event(struct baton_bytestreams *streams,
				  struct baton_bytestream_event *event);

#endif
