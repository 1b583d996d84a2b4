/* SPDX-License-Identifier: MIT */
#include "transport/incoming.h"

#include <string.h>

#include "transport/codec.h"
#include "transport/plant.h"
#include "transport/timing.h"

#define VERIFY_BYTES (256u * 1024u) /* taken before VERIFIED is due */
#define VERIFY_LONG 16384u /* a message from this length on is told at once */

static void set_state(struct baton_incoming_stream *stream,
		      enum baton_incoming_state state)
{
	stream->state = (uint8_t)state;
	if (state != BATON_INCOMING_IDLE)
		return;
	stream->offset = 0;
	stream->packed = false;
}

BATON_NOT_INLINE
struct baton_incoming_stream *
baton_incoming_stream(struct baton_incoming *incoming, unsigned int at)
{
	return &incoming->stream[at];
}

/* A codec that was announced, and no other message of the class has it. */
static bool codec_allowed(const struct baton_incoming *incoming,
			  const struct baton_frame *frame)
{
	unsigned int at = BATON_FIRST_OF(frame->at);
	unsigned int end = at + BATON_STREAMS;

	if (!BATON_CODEC || !(frame->head & BATON_HEAD_TOTAL) ||
	    frame->codec > BATON_CODEC_LAST ||
	    !(incoming->codecs & BATON_CODEC_BIT(frame->codec)))
		return false;
	for (; at < end; at++)
		if (at != frame->at && incoming->stream[at].packed)
			return false;
	return true;
}

/* A short message with a head: compressed, padded or both. */
static enum baton_err check_whole(const struct baton_incoming *incoming,
				  const struct baton_frame *frame,
				  struct baton_incoming_news *news)
{
	uint8_t sum = 0;
	size_t i;

	if (frame->total > incoming->whole_max)
		return BATON_ERR_PROTOCOL;
	news->tell = BATON_TELL_MESSAGE;
	news->packed = frame->codec;
	if (BATON_CODEC && frame->codec)
		return BATON_OK;
	if (frame->total > frame->len ||
	    (!(frame->head & BATON_HEAD_PADDED) && frame->total < frame->len))
		return BATON_ERR_PROTOCOL;
	for (i = frame->total; i < frame->len; i++)
		sum |= frame->bytes[i];
	news->len = frame->total;
	return sum == 0 ? BATON_OK : BATON_ERR_PROTOCOL;
}

/* The first frame of a message, or of its rest on this link. */
static enum baton_err check_start(const struct baton_incoming *incoming,
				  struct baton_incoming_stream *stream,
				  const struct baton_frame *frame,
				  struct baton_incoming_news *news)
{
	uint8_t head = frame->head;
	uint32_t total = head & BATON_HEAD_TOTAL ? frame->total : UINT32_MAX;

	if ((frame->codec && !codec_allowed(incoming, frame)) ||
	    (head & (BATON_HEAD_PADDED | BATON_HEAD_WHOLE)) ==
		    BATON_HEAD_PADDED)
		return BATON_ERR_PROTOCOL;
	if (head & BATON_HEAD_CONTINUES) {
		if (stream->state == BATON_INCOMING_IDLE ||
		    frame->offset == 0 || frame->offset != stream->offset ||
		    total != stream->total)
			return BATON_ERR_PROTOCOL;
		stream->packed = frame->codec;
		stream->begun = true;
		return BATON_OK;
	}
	if (stream->state != BATON_INCOMING_IDLE ||
	    stream->messages == BATON_MESSAGES_MAX)
		return BATON_ERR_PROTOCOL;
	stream->total =
		frame->marks & BATON_DATA_HEAD ? total : (uint32_t)frame->len;
	if (head & BATON_HEAD_WHOLE)
		return check_whole(incoming, frame, news);
	if (!(frame->marks & BATON_DATA_HEAD)) {
		news->tell = BATON_TELL_MESSAGE;
		return BATON_OK;
	}
	stream->packed = frame->codec;
	stream->begun = true;
	if (head & BATON_HEAD_TOTAL && total > incoming->message_max) {
		news->refuse = true;
		return BATON_OK;
	}
	news->tell = BATON_TELL_BEGIN;
	return BATON_OK;
}

/* The length of what comes decompressed is checked as it is made. */
static enum baton_err check_length(const struct baton_incoming_stream *stream,
				   const struct baton_frame *frame)
{
	uint32_t end = stream->offset + (uint32_t)frame->len;

	if (BATON_CODEC && stream->packed)
		return BATON_OK;
	if (stream->total != UINT32_MAX &&
	    (end > stream->total ||
	     !(frame->marks & BATON_DATA_FIN) != (end != stream->total)))
		return BATON_ERR_PROTOCOL;
	return end > BATON_MESSAGE_MAX ? BATON_ERR_PROTOCOL : BATON_OK;
}

enum baton_err baton_incoming_check(struct baton_incoming *incoming,
				    const struct baton_frame *frame,
				    struct baton_incoming_news *news)
{
	struct baton_incoming_stream *stream =
		baton_incoming_stream(incoming, frame->at);
	bool start = frame->marks & BATON_DATA_START;
	enum baton_err err;

	memset(news, 0, sizeof(*news));
	news->len = frame->len;
	if (frame->type == BATON_FRAME_CANCEL) {
		if (stream->state == BATON_INCOMING_IDLE)
			return BATON_ERR_PROTOCOL;
		if (stream->state == BATON_INCOMING_OPEN)
			news->tell = BATON_TELL_ABORTED;
		return BATON_OK;
	}
	if (!start && (stream->state == BATON_INCOMING_IDLE || !stream->begun))
		return BATON_ERR_PROTOCOL;
	if (start) {
		err = check_start(incoming, stream, frame, news);
		if (err || frame->head & BATON_HEAD_WHOLE)
			return err;
	}
	err = check_length(stream, frame);
	if (err || news->tell & BATON_TELL_MESSAGE)
		return err;
	if (start && !(frame->head & BATON_HEAD_CONTINUES))
		set_state(stream, news->refuse ? BATON_INCOMING_DISCARD
					       : BATON_INCOMING_OPEN);
	if (stream->state == BATON_INCOMING_OPEN &&
	    stream->total == UINT32_MAX &&
	    stream->offset + frame->len > incoming->message_max) {
		news->refuse = true;
		news->tell |= BATON_TELL_ABORTED;
		set_state(stream, BATON_INCOMING_DISCARD);
	}
	if (stream->state == BATON_INCOMING_DISCARD) {
		if (BATON_CODEC && stream->packed)
			news->len = 0; /* nobody knows how many these are */
		return BATON_OK;
	}
	news->packed = BATON_CODEC && stream->packed;
	if (frame->len > 0)
		news->tell |= BATON_TELL_DATA;
	if (frame->marks & BATON_DATA_FIN)
		news->tell |= BATON_TELL_END;
	return BATON_OK;
}

void baton_incoming_take(struct baton_incoming *incoming,
			 const struct baton_frame *frame, uint32_t now_ms)
{
	struct baton_incoming_stream *stream =
		baton_incoming_stream(incoming, frame->at);
	bool done = frame->type == BATON_FRAME_CANCEL ||
		    frame->marks & BATON_DATA_FIN;

	stream->offset += (uint32_t)frame->len;
	incoming->untold += (uint32_t)frame->len;
	if (incoming->untold >= VERIFY_BYTES ||
	    (done && stream->offset >= VERIFY_LONG))
		incoming->urgent = true;
	if (done) {
		stream->messages++;
		set_state(stream, BATON_INCOMING_IDLE);
	}
	stream->dirty = true;
	if (!incoming->dirty)
		incoming->first_ms = now_ms;
	incoming->last_ms = now_ms;
	incoming->dirty = true;
}

enum baton_err baton_incoming_refuse(struct baton_incoming_stream *stream)
{
	if (stream->state != BATON_INCOMING_OPEN)
		return BATON_ERR_STATE;
	set_state(stream, BATON_INCOMING_DISCARD);
	return BATON_OK;
}

void baton_incoming_owe_refuse(struct baton_incoming *incoming, unsigned int at,
			       uint8_t reason)
{
	struct baton_incoming_stream *stream =
		baton_incoming_stream(incoming, at);

	stream->refused = stream->messages + 1;
	stream->reason = reason;
	stream->owes_refuse = true;
	incoming->dirty = true;
	incoming->urgent = true;
}

bool baton_incoming_link_down(struct baton_incoming_stream *stream)
{
	stream->begun = false;
	stream->packed = false;
	/* The next SYNC says it instead. */
	stream->owes_refuse = false;
	if (stream->state == BATON_INCOMING_DISCARD) {
		stream->messages++;
		set_state(stream, BATON_INCOMING_IDLE);
	}
	if (stream->state == BATON_INCOMING_OPEN && stream->offset == 0) {
		set_state(stream, BATON_INCOMING_IDLE);
		return true;
	}
	return false;
}

bool baton_incoming_reset(struct baton_incoming_stream *stream)
{
	bool dropped = stream->state == BATON_INCOMING_OPEN;

	memset(stream, 0, sizeof(*stream));
	return dropped;
}

uint32_t baton_incoming_deadline(const struct baton_incoming *incoming)
{
	if (!incoming->dirty)
		return BATON_LINK_NEVER;
	if (incoming->urgent)
		return 0;
	return baton_link_earlier(incoming->last_ms + BATON_VERIFY_DELAY_MS,
				  incoming->first_ms +
					  BATON_VERIFY_DELAY_MAX_MS);
}

bool baton_incoming_next(struct baton_incoming *incoming,
			 struct baton_frame *frame)
{
	const struct baton_incoming_stream *stream;
	int i;

	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		stream = &incoming->stream[i];
		if (!stream->dirty && !stream->owes_refuse)
			continue;
		frame->type = BATON_FRAME_VERIFIED;
		frame->at = (uint8_t)i;
		frame->message = stream->messages +
				 (BATON_PLANTED(EARLY) && stream->offset > 0);
		frame->offset = stream->offset;
		if (stream->owes_refuse) {
			frame->type = BATON_FRAME_REFUSE;
			frame->message = stream->refused - 1;
			frame->reason = stream->reason;
		}
		return true;
	}
	incoming->dirty = false;
	incoming->urgent = false;
	incoming->untold = 0;
	return false;
}

void baton_incoming_told(struct baton_incoming *incoming,
			 const struct baton_frame *frame)
{
	struct baton_incoming_stream *stream =
		baton_incoming_stream(incoming, frame->at);

	if (frame->type == BATON_FRAME_REFUSE)
		stream->owes_refuse = false;
	else
		stream->dirty = false;
}
