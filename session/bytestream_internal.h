/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BYTESTREAM_INTERNAL_H
#define BATON_SESSION_BYTESTREAM_INTERNAL_H

/* What the files of the delivery mode stream share; nothing is installed. */

#include "session/bytestream.h"

/* Envelopes (FILES.md 3); bits in owed. */
enum bytestream_op {
	BYTESTREAM_OPEN,
	BYTESTREAM_ROOM,
	BYTESTREAM_FIN,
	BYTESTREAM_DONE,
	BYTESTREAM_BREAK,
	BYTESTREAM_REPEAT,
};

#define BYTESTREAM_OWES(op) ((uint8_t)(1u << (op)))
#define BYTESTREAM_NEWS(type) ((uint8_t)(1u << (type)))

struct baton_bytestream *
bytestream_find(const struct baton_bytestreams *streams, const uint8_t *id);

/* That whose chunks have this tag; NULL: none. */
struct baton_bytestream *
bytestream_tagged(const struct baton_bytestreams *streams, uint16_t tag);

/* A place in this state; NULL: all are taken. */
struct baton_bytestream *
bytestream_take_place(struct baton_bytestreams *streams, const uint8_t *id,
		      const uint8_t *meta, size_t meta_len,
		      enum baton_bytestream_state state);

/* The place is for others. */
void bytestream_release(struct baton_bytestreams *streams,
			struct baton_bytestream *stream);

void bytestream_owe(const struct baton_bytestreams *streams,
		    struct baton_bytestream *stream, enum bytestream_op op);
void bytestream_tell(struct baton_bytestream *stream,
		     enum baton_bytestream_event_type type);

/* All that is not answered is said again. */
void bytestream_repeat(struct baton_bytestreams *streams);

/* Say BREAK of a stream that has no place. PEER_LIMIT: REPEAT has to do. */
enum baton_err bytestream_reply(struct baton_bytestreams *streams,
				const uint8_t *id, uint8_t reason);

/* Where both ends are through it is closed; where that is known, forgotten. */
void bytestream_settle(struct baton_bytestreams *streams,
		       struct baton_bytestream *stream);
/* The same, where it may have been read to its end. */
void bytestream_look_for_end(struct baton_bytestreams *streams,
			     struct baton_bytestream *stream);

/* Copy into or out of a ring at a position. */
void bytestream_ring_put(uint8_t *ring, size_t ring_len, uint64_t at,
			 const uint8_t *bytes, size_t len);
void bytestream_ring_get(const uint8_t *ring, size_t ring_len, uint64_t at,
			 uint8_t *bytes, size_t len);

#endif
