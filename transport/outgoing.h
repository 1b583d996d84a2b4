/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_OUTGOING_H
#define BATON_TRANSPORT_OUTGOING_H

/*
 * Messages on their way out: the record of each class that is being filled,
 * and where every stream stands (transport/SPEC.md part B).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "transport/frame.h"
#include "transport/pack.h"
#include "transport/receiver.h"

/* How a message is sent; or-ed. */
enum baton_send_flags {
	/* Its length must not depend on its contents: never compressed. */
	BATON_SEND_SECRET = 1,
	/* Short messages only: filled up to 32, 64, 128, ... bytes. */
	BATON_SEND_PADDED = 2,
};

/*
 *          begin              last byte written
 *   IDLE ---------> SENDING ---------------------> SENT ---> IDLE
 *    ^               |   ^                          |  verified, refused
 *    |        cancel |   +--------------------------+
 *    |               v         the peer lacks bytes
 *    +---------- CANCELLING
 *     frame written
 */
enum baton_outgoing_state {
	BATON_OUTGOING_IDLE,
	BATON_OUTGOING_SENDING,
	BATON_OUTGOING_CANCELLING,
	BATON_OUTGOING_SENT,
};

/* What the application is told of a stream that it sends; the session's: 1. */
enum baton_outgoing_tell {
	BATON_SENT_LOST = 2, /* short messages were, from number next on */
	BATON_SENT_REFUSED = 4, /* the message in progress was */
	BATON_SENT_DELIVERED = 8, /* more whole messages were: below verified */
	BATON_SENT_REWIND = 16, /* supply it from offset on */
	BATON_SENT_WRITABLE = 32, /* what found no room may be tried again */
};

struct baton_outgoing_stream {
	uint8_t state; /* enum baton_outgoing_state */
	uint8_t tell; /* enum baton_outgoing_tell, or-ed: still to be told */
	uint8_t refused_for; /* REFUSED: the peer's reason */
	bool wants_room; /* something was refused for lack of it */
	uint8_t reason; /* CANCELLING */
	uint8_t codec; /* it has the encoder of its class; 0: it is plain */
	bool begun; /* its head was written on this link */
	bool resumed; /* and on one before, as the peer may know */
	bool cancelled; /* a CANCEL went out that is not verified */
	bool owes_cancel; /* of the message before: the peer lacks it */
	bool secret;
	uint8_t meta_len;
	const uint8_t *meta; /* the application's */
	uint32_t next; /* number of the message in progress, or the next */
	uint32_t verified; /* messages the peer has taken, or refused */
	uint32_t lost_count; /* LOST */
	uint32_t before; /* DELIVERED, in the numbering before this; 0: no */
	uint32_t total;
	uint32_t offset; /* plain bytes written of the message in progress */
};

/* A record being filled; room for its header is kept in front. */
struct baton_batch {
	uint8_t *bytes; /* header, plaintext, room for the tag */
	uint16_t cap; /* plaintext, bytes */
	uint16_t len;
	uint16_t tail; /* where the open DATA frame begins */
	uint16_t tail_header; /* length of its header; 0: none is open */
	uint8_t tail_stream;
	bool tail_fin;
	bool busy; /* a message of its class may be in progress */
};

struct baton_outgoing {
	struct baton_batch batch[BATON_CLASSES];
	struct baton_outgoing_stream stream[BATON_ALL_STREAMS];
	struct baton_pack pack;
};

/* Bytes of memory a batch needs for records of record_max plaintext bytes. */
#define BATON_BATCH_LEN(record_max) BATON_RECEIVER_RECORD_LEN(record_max)

/* What all three take. */
#define BATON_BATCHES_LEN(record_max)                               \
	(BATON_ALIGNED(BATON_BATCH_LEN(BATON_CONTROL_RECORD_MAX)) + \
	 2 * BATON_ALIGNED(BATON_BATCH_LEN(record_max)))

/*
 * memory: BATON_BATCHES_LEN(record_max) bytes; outgoing is all zero.
 * record_max: of the records of MESSAGE and BULK.
 */
void baton_outgoing_init(struct baton_outgoing *outgoing, uint8_t *memory,
			 uint16_t record_max);

/* The record of a class that is being filled. */
struct baton_batch *baton_outgoing_batch(struct baton_outgoing *outgoing,
					 uint8_t class_id);

/* What was in the batch has gone. */
void baton_batch_clear(struct baton_batch *batch);

/* The peer takes records of at most record_max. Drops what is in batches. */
void baton_outgoing_start(struct baton_outgoing *outgoing, uint16_t record_max);

/* The stream that is there, at BATON_STREAM_AT(). */
struct baton_outgoing_stream *
baton_outgoing_stream(struct baton_outgoing *outgoing, unsigned int at);

/*
 * Append a whole frame, as made by a put function, to a batch.
 * BATON_ERR_AGAIN: the batch must be sealed first.
 */
BATON_MUST_CHECK
enum baton_err baton_outgoing_frame(struct baton_batch *batch,
				    const uint8_t *frame, size_t len);

/*
 * Append a whole short message of the stream that is there, at
 * BATON_STREAM_AT(), as flags say (enum baton_send_flags). AGAIN as above;
 * TOO_LARGE; STATE.
 */
BATON_MUST_CHECK
enum baton_err baton_outgoing_send(struct baton_outgoing *outgoing,
				   unsigned int at, const uint8_t *message,
				   size_t len, unsigned int flags);

/* Begin a streamed message: see baton_session_begin(). */
BATON_MUST_CHECK
enum baton_err baton_outgoing_begin(struct baton_outgoing *outgoing,
				    unsigned int at, uint32_t total,
				    const uint8_t *meta, size_t meta_len);

/*
 * Append bytes of the message in progress, as many as fit; len may be 0 to
 * write the head of an empty message. AGAIN: nothing fitted.
 */
BATON_MUST_CHECK
enum baton_err baton_outgoing_write(struct baton_outgoing *outgoing,
				    unsigned int at, const uint8_t *bytes,
				    size_t len, size_t *taken);

/* Give up the message in progress. STATE: there is none, or all is sent. */
BATON_MUST_CHECK
enum baton_err baton_outgoing_cancel(struct baton_outgoing_stream *stream,
				     uint8_t reason);

/*
 * Write the CANCEL frame that waits; in a class that is not busy none does.
 * AGAIN: a batch must be sealed first.
 */
BATON_MUST_CHECK
enum baton_err baton_outgoing_flush(struct baton_outgoing *outgoing,
				    unsigned int at);

/*
 * VERIFIED came: the peer has taken `messages` whole. BATON_ERR_PROTOCOL: it
 * cannot have.
 */
BATON_MUST_CHECK
enum baton_err baton_outgoing_verified(struct baton_outgoing_stream *stream,
				       uint32_t messages);

/* Where the peer stands in a stream, as its SYNC says. */
struct baton_position {
	uint32_t offset; /* as in VERIFIED */
	uint32_t messages;
	bool given; /* VERIFIED */
	bool refused; /* REFUSE of the last one of messages */
	uint8_t reason;
};

/*
 * The same at the start of a link; what is not there was lost with the last
 * link. known: the peer still counts as it did (session/SPEC.md 4); otherwise
 * position is of no matter and numbering starts anew.
 */
BATON_MUST_CHECK
enum baton_err baton_outgoing_sync(struct baton_outgoing_stream *stream,
				   bool known,
				   const struct baton_position *position);

/* REFUSE came. BATON_ERR_PROTOCOL: of what was not sent yet. */
BATON_MUST_CHECK
enum baton_err baton_outgoing_refused(struct baton_outgoing_stream *stream,
				      uint32_t message, uint8_t reason);

/*
 * True until REWIND and LOST of a stream were told: the caller may be at
 * another offset, or take its next message for one that was lost.
 */
static inline bool
baton_outgoing_untold(const struct baton_outgoing_stream *stream)
{
	return (stream->tell & (BATON_SENT_REWIND | BATON_SENT_LOST)) ||
	       stream->before > 0;
}

/*
 * True if the peer stands where this side believes: it has verified all that
 * it was sent, and nothing is half sent. early: not counting whole messages.
 */
static inline bool
baton_outgoing_settled(const struct baton_outgoing_stream *stream, bool early)
{
	return (early || stream->next == stream->verified) && !stream->offset &&
	       !stream->begun && !stream->resumed && !stream->cancelled &&
	       !stream->owes_cancel;
}

/* True while something was sent that the peer has not verified. */
bool baton_outgoing_unverified(const struct baton_outgoing *outgoing);

#endif
