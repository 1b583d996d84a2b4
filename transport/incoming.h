/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_INCOMING_H
#define BATON_TRANSPORT_INCOMING_H

/*
 * Messages on their way in: where every stream of the peer's stands, and what
 * it has to be told (transport/SPEC.md B.2, B.3).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/frame.h"
#include "transport/outgoing.h"

/*
 *           first byte                refused
 *   IDLE ---------------> OPEN ------------------> DISCARD
 *    ^                     |                          |
 *    +---------------------+--------------------------+
 *         last byte, or cancelled, or the link ended
 */
enum baton_incoming_state {
	BATON_INCOMING_IDLE,
	BATON_INCOMING_OPEN,
	BATON_INCOMING_DISCARD,
};

struct baton_incoming_stream {
	uint32_t offset; /* bytes taken of the message in progress */
	uint32_t total; /* of it; UINT32_MAX if not told */
	uint32_t messages; /* taken whole, refused or cancelled */
	uint8_t state; /* enum baton_incoming_state */
	bool packed; /* the message in progress is compressed */
	bool dirty; /* something was taken since the last VERIFIED */
	bool begun; /* its head came on this link */
	bool owes_refuse; /* REFUSE has to go out */
	uint8_t reason; /* of what was refused last */
	uint32_t refused; /* its number, counted from 1; 0: nothing was */
};

/* All zero but for message_max, whole_max and codecs: nothing came yet. */
struct baton_incoming {
	bool dirty; /* some stream is */
	bool urgent; /* what it has to tell is due now */
	uint16_t whole_max; /* longest short message that is taken */
	uint32_t codecs; /* announced: a bit for each id; 0: none */
	uint32_t untold; /* bytes taken since a VERIFIED that told all */
	uint32_t message_max; /* longer messages are refused, if streamed */
	uint32_t first_ms, last_ms; /* takings since the last VERIFIED */
	struct baton_incoming_stream stream[BATON_ALL_STREAMS];
};

/* What the application is told of a frame, the lowest bit first. */
enum baton_incoming_tell {
	BATON_TELL_BEGIN = 1,
	BATON_TELL_MESSAGE = 2, /* a whole short message */
	BATON_TELL_DATA = 4,
	BATON_TELL_END = 8,
	BATON_TELL_ABORTED = 16, /* the message in progress was cancelled */
};

/* What a DATA or CANCEL frame means. */
struct baton_incoming_news {
	uint8_t tell; /* enum baton_incoming_tell, or-ed */
	bool refuse; /* it is too long: refuse it */
	bool packed; /* its bytes have to go through the codec first */
	size_t len; /* of its bytes that count: the rest is padding */
};

/* The stream that is there, at BATON_STREAM_AT(). */
struct baton_incoming_stream *
baton_incoming_stream(struct baton_incoming *incoming, unsigned int at);

/*
 * Check a DATA or CANCEL frame against its stream. BATON_ERR_PROTOCOL: it
 * breaks a rule, the link ends. Nothing is taken yet.
 */
BATON_MUST_CHECK
enum baton_err baton_incoming_check(struct baton_incoming *incoming,
				    const struct baton_frame *frame,
				    struct baton_incoming_news *news);

/* The application has taken all of the frame checked last. */
void baton_incoming_take(struct baton_incoming *incoming,
			 const struct baton_frame *frame, uint32_t now_ms);

/* The message in progress is not wanted. STATE: there is none. */
BATON_MUST_CHECK
enum baton_err baton_incoming_refuse(struct baton_incoming_stream *stream);

/* What was refused is what its peer has to be told, now. */
void baton_incoming_owe_refuse(struct baton_incoming *incoming, unsigned int at,
			       uint8_t reason);

/*
 * The link ended. A refused message counts as done; true if a message of
 * which nothing was taken had begun, and will begin anew.
 */
BATON_MUST_CHECK
bool baton_incoming_link_down(struct baton_incoming_stream *stream);

/* The peer counts anew; true if a message in progress is dropped. */
BATON_MUST_CHECK
bool baton_incoming_reset(struct baton_incoming_stream *stream);

/* When the peer is to be told, ms; 0: now; BATON_LINK_NEVER: nothing to tell. */
uint32_t baton_incoming_deadline(const struct baton_incoming *incoming);

/*
 * The next frame that the peer is to be told, VERIFIED or REFUSE; false when
 * none is left. told() when it was written.
 */
BATON_MUST_CHECK
bool baton_incoming_next(struct baton_incoming *incoming,
			 struct baton_frame *frame);
void baton_incoming_told(struct baton_incoming *incoming,
			 const struct baton_frame *frame);

#endif
