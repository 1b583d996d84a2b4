/* SPDX-License-Identifier: MIT */

/*
 * A record from a peer that may write what it likes (transport/SPEC.md B.1):
 * frames decode to what encodes to them again, and streams stay within their
 * limits whatever the frames say.
 */

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "transport/incoming.h"
#include "transport/timing.h"

#define MESSAGE_MAX 100000

static bool same(const struct baton_frame *a, const struct baton_frame *b)
{
	return a->type == b->type && a->at == b->at && a->reason == b->reason &&
	       a->marks == b->marks && a->head == b->head &&
	       a->codec == b->codec && a->total == b->total &&
	       a->offset == b->offset && a->message == b->message &&
	       a->meta_len == b->meta_len &&
	       (a->meta_len == 0 || !memcmp(a->meta, b->meta, a->meta_len)) &&
	       a->len == b->len &&
	       (a->len == 0 || !memcmp(a->bytes, b->bytes, a->len));
}

/* Encode, decode again, compare. */
static void check_round_trip(const struct baton_frame *frame, uint8_t class_id)
{
	static uint8_t copy[BATON_FRAME_HEADER_MAX + 4096 + BATON_META_MAX];
	struct baton_frame again;
	struct baton_frames frames = {.p = copy, .class_id = class_id};
	size_t n = 0, header;

	switch (frame->type) {
	case BATON_FRAME_PAD:
	case BATON_FRAME_SESSION:
		return;
	case BATON_FRAME_VERIFIED:
	case BATON_FRAME_REFUSE:
		n = baton_frame_put_position(copy, frame);
		break;
	case BATON_FRAME_CANCEL:
		n = baton_frame_put_cancel(copy, BATON_NUMBER_OF(frame->at),
					   frame->reason);
		break;
	case BATON_FRAME_DATA:
		header = baton_frame_put_data(copy, frame);
		FUZZ_CHECK(header <= BATON_FRAME_HEADER_MAX + frame->meta_len);
		memcpy(copy + header, frame->bytes, frame->len);
		n = header + frame->len;
		frames.len = n;
		FUZZ_CHECK(!baton_frame_next(&frames, &again));
		FUZZ_CHECK(frames.len == 0 && same(frame, &again));
		n += baton_frame_close_data(copy, header, frame->len);
		break;
	}
	copy[n] = 0xff; /* not of the frame */
	frames.p = copy;
	frames.len = n + 1;
	FUZZ_CHECK(!baton_frame_next(&frames, &again));
	FUZZ_CHECK(frames.len == 1 && same(frame, &again));
}

static bool lies_in(const uint8_t *p, size_t len, const uint8_t *data,
		    size_t size)
{
	return len == 0 || (p >= data && len <= (size_t)(data + size - p));
}

static void check_stream(const struct baton_incoming_stream *stream)
{
	FUZZ_CHECK(stream->offset <= BATON_MESSAGE_MAX);
	if (stream->state == BATON_INCOMING_IDLE)
		FUZZ_CHECK(stream->offset == 0);
	else
		FUZZ_CHECK(stream->offset <= stream->total);
}

/* What a record's frames mean for the streams; false: they end the link. */
static bool take(struct baton_incoming *incoming,
		 const struct baton_frame *frame, uint64_t now_ms)
{
	struct baton_incoming_stream *stream, before;
	struct baton_incoming_news news;
	struct baton_frame verified;

	stream = baton_incoming_stream(incoming, frame->at);
	before = *stream;
	if (baton_incoming_check(incoming, frame, &news))
		return false;
	FUZZ_CHECK(!!(news.tell & BATON_TELL_MESSAGE) +
			   !!(news.tell & BATON_TELL_BEGIN) +
			   !!(news.tell & BATON_TELL_ABORTED) + news.refuse <=
		   1);
	FUZZ_CHECK(!(news.tell & BATON_TELL_MESSAGE) ||
		   !(news.tell & BATON_TELL_DATA));
	FUZZ_CHECK(!(news.tell & BATON_TELL_ABORTED) ||
		   before.state == BATON_INCOMING_OPEN);
	FUZZ_CHECK(!(news.tell & BATON_TELL_END) ||
		   stream->state == BATON_INCOMING_OPEN);
	check_stream(stream);
	FUZZ_CHECK(stream->messages == before.messages);
	baton_incoming_take(incoming, frame, now_ms);
	FUZZ_CHECK(stream->messages - before.messages <= 1);
	check_stream(stream);
	FUZZ_CHECK(baton_incoming_deadline(incoming) <= now_ms + 1000);
	FUZZ_CHECK(baton_incoming_next(incoming, &verified));
	baton_incoming_told(incoming, &verified);
	return true;
}

/* The application refuses, or the link ends and the next begins. */
static void disturb(struct baton_incoming *incoming, uint8_t byte)
{
	struct baton_incoming_stream *stream;
	uint8_t class_id = 1 + (byte >> 2 & 1);
	bool dropped = false;

	stream = baton_incoming_stream(incoming,
				       BATON_STREAM_AT(class_id, byte & 3));
	switch (byte >> 6) {
	case 0:
		if (!baton_incoming_refuse(stream))
			FUZZ_CHECK(stream->state == BATON_INCOMING_DISCARD);
		break;
	case 1:
		dropped = baton_incoming_link_down(stream);
		FUZZ_CHECK(stream->state != BATON_INCOMING_DISCARD);
		FUZZ_CHECK(!dropped || stream->state == BATON_INCOMING_IDLE);
		break;
	case 2:
		dropped = baton_incoming_reset(stream);
		FUZZ_CHECK(stream->messages == 0 && stream->offset == 0);
		break;
	default:
		break;
	}
	check_stream(stream);
}

/* Records: class, disturbance, length, bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct baton_incoming incoming = {.message_max = MESSAGE_MAX};
	struct baton_frames frames;
	struct baton_frame frame;
	uint64_t now_ms = 1000;
	size_t len;

	while (in.len > 0) {
		frames.class_id = fuzz_byte(&in) % BATON_CLASSES;
		disturb(&incoming, fuzz_byte(&in));
		frames.p = fuzz_bytes(&in, fuzz_word(&in) % 4096, &frames.len);
		now_ms += frames.len;
		while (frames.len > 0) {
			len = frames.len;
			if (baton_frame_next(&frames, &frame))
				return 0;
			FUZZ_CHECK(frames.len < len);
			FUZZ_CHECK(lies_in(frame.bytes, frame.len, data, size));
			FUZZ_CHECK(lies_in(frame.meta, frame.meta_len, data,
					   size));
			check_round_trip(&frame, frames.class_id);
			if ((frame.type == BATON_FRAME_DATA ||
			     frame.type == BATON_FRAME_CANCEL) &&
			    !take(&incoming, &frame, now_ms))
				return 0;
		}
	}
	return 0;
}
