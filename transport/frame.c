/* SPDX-License-Identifier: MIT */
#include "transport/frame.h"

#include <string.h>

#define TYPE_PAD 0x00
#define TYPE_VERIFIED 0x01
#define TYPE_CANCEL 0x02
#define TYPE_REFUSE 0x03
#define TYPE_OWNERSHIP_FIRST 0x20 /* these may travel in MESSAGE too */

#define DATA_PLAIN 0x40
#define DATA_LEN 0x08
#define DATA_STREAM 0x07
#define HEAD_RESERVED 0xc0

static bool get_byte(struct baton_frames *c, uint8_t *byte)
{
	if (c->len == 0)
		return false;
	*byte = *c->p++;
	c->len--;
	return true;
}

static bool get_number(struct baton_frames *c, uint32_t *value)
{
	return baton_varint_get(&c->p, &c->len, value) &&
	       *value <= BATON_NUMBER_MAX;
}

static void skip(struct baton_frames *c, size_t len)
{
	c->p += len;
	c->len -= len;
}

/* Bytes with their length in front. */
static bool get_bytes(struct baton_frames *c, const uint8_t **bytes,
		      size_t *len)
{
	uint32_t n;

	if (!get_number(c, &n) || n > c->len)
		return false;
	*bytes = c->p;
	*len = (size_t)n;
	skip(c, *len);
	return true;
}

static bool decode_head(struct baton_frames *c, struct baton_frame *frame)
{
	uint8_t head;

	if (!get_byte(c, &head) || head & HEAD_RESERVED)
		return false;
	frame->head = head;
	if (head & BATON_HEAD_TOTAL && !get_number(c, &frame->total))
		return false;
	if (head & BATON_HEAD_META &&
	    (!get_bytes(c, &frame->meta, &frame->meta_len) ||
	     frame->meta_len > BATON_META_MAX))
		return false;
	if (head & BATON_HEAD_CODEC &&
	    (!get_byte(c, &frame->codec) || frame->codec == 0))
		return false;
	if (head & BATON_HEAD_WHOLE &&
	    (!(frame->marks & BATON_DATA_FIN) || !(head & BATON_HEAD_TOTAL) ||
	     head & (BATON_HEAD_META | BATON_HEAD_CONTINUES)))
		return false;
	return !(head & BATON_HEAD_CONTINUES) || get_number(c, &frame->offset);
}

unsigned int baton_stream_at(uint8_t class_id, uint8_t number)
{
	if (class_id < BATON_CLASS_MESSAGE || class_id > BATON_CLASS_BULK ||
	    number >= BATON_STREAMS)
		return BATON_ALL_STREAMS;
	return BATON_STREAM_AT(class_id, number);
}

static bool set_stream(struct baton_frame *frame, uint8_t class_id,
		       uint8_t number)
{
	frame->at = (uint8_t)baton_stream_at(class_id, number);
	return frame->at < BATON_ALL_STREAMS;
}

static bool decode_data(struct baton_frames *c, uint8_t first,
			struct baton_frame *frame)
{
	frame->type = BATON_FRAME_DATA;
	frame->marks = first & BATON_DATA_MARKS;
	if (!set_stream(frame, c->class_id, first & DATA_STREAM))
		return false;
	if (first & BATON_DATA_HEAD &&
	    (!(first & BATON_DATA_START) || !decode_head(c, frame)))
		return false;
	/* Without a head a message is whole. */
	if (frame->marks == BATON_DATA_START)
		return false;
	if (first & DATA_LEN)
		return get_bytes(c, &frame->bytes, &frame->len);
	frame->bytes = c->p;
	frame->len = c->len;
	skip(c, c->len);
	return true;
}

/* Class, stream and message, of a frame that is for CONTROL. */
static bool get_position(struct baton_frames *c, struct baton_frame *frame)
{
	uint8_t class_id, number;

	if (c->class_id != BATON_CLASS_CONTROL || !get_byte(c, &class_id) ||
	    !get_byte(c, &number) || !set_stream(frame, class_id, number) ||
	    !get_number(c, &frame->message))
		return false;
	return true;
}

static bool decode_pad(struct baton_frames *c, struct baton_frame *frame)
{
	uint8_t sum = 0;

	frame->type = BATON_FRAME_PAD;
	while (c->len > 0) {
		sum |= *c->p++;
		c->len--;
	}
	return sum == 0;
}

static bool decode_session(struct baton_frames *c, uint8_t first,
			   struct baton_frame *frame)
{
	frame->type = BATON_FRAME_SESSION;
	frame->code = first;
	if (c->class_id == BATON_CLASS_BULK ||
	    (c->class_id == BATON_CLASS_MESSAGE &&
	     first < TYPE_OWNERSHIP_FIRST))
		return false;
	return get_bytes(c, &frame->bytes, &frame->len);
}

static bool decode_other(struct baton_frames *c, uint8_t first,
			 struct baton_frame *frame)
{
	uint8_t number;

	switch (first) {
	case TYPE_VERIFIED:
		frame->type = BATON_FRAME_VERIFIED;
		return get_position(c, frame) && get_number(c, &frame->offset);
	case TYPE_CANCEL:
		frame->type = BATON_FRAME_CANCEL;
		return get_byte(c, &number) &&
		       set_stream(frame, c->class_id, number) &&
		       get_byte(c, &frame->reason);
	case TYPE_REFUSE:
		frame->type = BATON_FRAME_REFUSE;
		return get_position(c, frame) && get_byte(c, &frame->reason);
	default:
		return false;
	}
}

enum baton_err baton_frame_next(struct baton_frames *frames,
				struct baton_frame *frame)
{
	uint8_t first = *frames->p;
	bool good;

	skip(frames, 1);
	memset(frame, 0, sizeof(*frame));
	if (first == TYPE_PAD)
		good = decode_pad(frames, frame);
	else if (first >= BATON_SESSION_FRAME_FIRST &&
		 first <= BATON_SESSION_FRAME_LAST)
		good = decode_session(frames, first, frame);
	else if (first & (DATA_PLAIN | BATON_DATA_HEAD) && first < 0xc0)
		good = decode_data(frames, first, frame);
	else
		good = decode_other(frames, first, frame);
	return good ? BATON_OK : BATON_ERR_PROTOCOL;
}

size_t baton_frame_put_data(uint8_t *p, const struct baton_frame *frame)
{
	uint8_t head = frame->head;
	size_t n = 2;

	p[0] = frame->marks | BATON_NUMBER_OF(frame->at);
	if (!(frame->marks & BATON_DATA_HEAD)) {
		p[0] |= DATA_PLAIN;
		return 1;
	}
	p[1] = head;
	if (head & BATON_HEAD_TOTAL)
		n += baton_varint_put(p + n, frame->total);
	if (head & BATON_HEAD_META) {
		n += baton_varint_put(p + n, (uint32_t)frame->meta_len);
		memcpy(p + n, frame->meta, frame->meta_len);
		n += frame->meta_len;
	}
	if (head & BATON_HEAD_CODEC)
		p[n++] = frame->codec;
	if (head & BATON_HEAD_CONTINUES)
		n += baton_varint_put(p + n, frame->offset);
	return n;
}

size_t baton_frame_put_position(uint8_t *p, const struct baton_frame *frame)
{
	bool refuse = frame->type == BATON_FRAME_REFUSE;
	size_t n = 3;

	p[0] = refuse ? TYPE_REFUSE : TYPE_VERIFIED;
	p[1] = BATON_CLASS_OF(frame->at);
	p[2] = BATON_NUMBER_OF(frame->at);
	n += baton_varint_put(p + n, frame->message);
	if (!refuse)
		return n + baton_varint_put(p + n, frame->offset);
	p[n++] = frame->reason;
	return n;
}

size_t baton_frame_put_cancel(uint8_t *p, uint8_t number, uint8_t reason)
{
	p[0] = TYPE_CANCEL;
	p[1] = number;
	p[2] = reason;
	return 3;
}

BATON_NOT_INLINE
size_t baton_frame_close_data(uint8_t *p, size_t header_len, size_t bytes_len)
{
	size_t n = baton_varint_len((uint32_t)bytes_len);

	memmove(p + header_len + n, p + header_len, bytes_len);
	baton_varint_put(p + header_len, (uint32_t)bytes_len);
	p[0] |= DATA_LEN;
	return n;
}

void baton_frame_set_fin(uint8_t *p)
{
	p[0] |= BATON_DATA_FIN;
}
