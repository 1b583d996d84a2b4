/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_FRAME_H
#define BATON_TRANSPORT_FRAME_H

/* The frame codec (transport/SPEC.md B.1): what a record's plaintext is. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/pdu.h"
#include "transport/varint.h"

#define BATON_META_MAX 255 /* bytes of meta in a head */
#define BATON_NUMBER_MAX ((uint32_t)1 << 31) /* in frames */
#define BATON_MESSAGES_MAX BATON_NUMBER_MAX /* of a stream, counted from 0 */
#define BATON_MESSAGE_MAX BATON_NUMBER_MAX /* bytes */
#define BATON_DATA_CLASSES 2 /* MESSAGE and BULK */
#define BATON_STREAMS 4 /* streams per class and direction */
#define BATON_ALL_STREAMS (BATON_DATA_CLASSES * BATON_STREAMS)
#define BATON_SESSION_FRAME_FIRST 0x10
#define BATON_SESSION_FRAME_LAST 0x3f

/* Where tables of all streams have the stream of a class, and back. */
#define BATON_STREAM_AT(class_id, number)                                 \
	((unsigned int)((class_id)-BATON_CLASS_MESSAGE) * BATON_STREAMS + \
	 (number))
#define BATON_DATA_CLASS_OF(at) ((at) / BATON_STREAMS) /* counted from 0 */
#define BATON_CLASS_OF(at) \
	((uint8_t)(BATON_CLASS_MESSAGE + BATON_DATA_CLASS_OF(at)))
#define BATON_NUMBER_OF(at) ((uint8_t)((at) % BATON_STREAMS))
/* And the first stream of its class. */
#define BATON_FIRST_OF(at) (BATON_DATA_CLASS_OF(at) * BATON_STREAMS)

/* The same, of what others say; BATON_ALL_STREAMS: there is no such stream. */
unsigned int baton_stream_at(uint8_t class_id, uint8_t number);

/* A DATA frame without its bytes and without meta is never longer. */
#define BATON_FRAME_HEADER_MAX (2 + 2 * BATON_VARINT_MAX + 3)
#define BATON_WHOLE_HEADER_MAX (2 + 3 + 1) /* of a short message */

/* Bits of the first byte of a DATA frame. */
#define BATON_DATA_HEAD 0x80 /* a head follows */
#define BATON_DATA_START 0x20 /* it is the first of its message */
#define BATON_DATA_FIN 0x10 /* it is the last of its message */
#define BATON_DATA_MARKS 0xb0 /* all of these */

/* Bits of a head: what it gives. */
#define BATON_HEAD_TOTAL 0x01
#define BATON_HEAD_META 0x02
#define BATON_HEAD_CODEC 0x04
#define BATON_HEAD_CONTINUES 0x08 /* an offset */
#define BATON_HEAD_PADDED 0x10 /* zeros stand behind the bytes */
#define BATON_HEAD_WHOLE 0x20 /* a short message, all of it in this frame */

enum baton_frame_type {
	BATON_FRAME_PAD,
	BATON_FRAME_VERIFIED,
	BATON_FRAME_CANCEL,
	BATON_FRAME_REFUSE,
	BATON_FRAME_SESSION,
	BATON_FRAME_DATA,
};

/* One frame; which fields mean something depends on the type. */
struct baton_frame {
	enum baton_frame_type type;
	uint8_t code; /* SESSION: its first byte */
	uint8_t at; /* all but PAD, SESSION: the stream, BATON_STREAM_AT() */
	uint8_t reason; /* CANCEL, REFUSE */
	uint8_t marks; /* DATA: BATON_DATA_*, as bits */
	uint8_t head; /* DATA with a head: BATON_HEAD_*, likewise */
	uint8_t codec; /* 0: plain */
	uint32_t message; /* VERIFIED: messages; REFUSE: which one */
	uint32_t total;
	uint32_t offset; /* VERIFIED; DATA that continues */
	const uint8_t *meta; /* NULL: none */
	size_t meta_len;
	const uint8_t *bytes; /* DATA, SESSION */
	size_t len;
};

/* What is left to take of a record, or of frames that came otherwise. */
struct baton_frames {
	const uint8_t *p;
	size_t len;
	uint8_t class_id; /* of the record */
};

/*
 * Decode the first of the frames, of which there is one: len > 0. They are
 * those behind it then; pointers lead into it. BATON_ERR_PROTOCOL: it breaks a
 * rule of SPEC B.1; its sender was authenticated, the link ends.
 */
BATON_MUST_CHECK
enum baton_err baton_frame_next(struct baton_frames *frames,
				struct baton_frame *frame);

/*
 * Write a frame at p and give its length. For DATA this is the frame up to
 * its bytes, without a length (the bytes reach to the end of the record); p
 * has room for BATON_FRAME_HEADER_MAX and meta, or for the few bytes that
 * the others have.
 */
size_t baton_frame_put_data(uint8_t *p, const struct baton_frame *frame);
size_t baton_frame_put_cancel(uint8_t *p, uint8_t number, uint8_t reason);
/* VERIFIED or REFUSE, by its type. */
size_t baton_frame_put_position(uint8_t *p, const struct baton_frame *frame);

/*
 * Give the DATA frame at p (header_len bytes, then bytes_len) a length, so
 * that another may follow it: the bytes move up. Gives by how much.
 */
size_t baton_frame_close_data(uint8_t *p, size_t header_len, size_t bytes_len);

/* Mark the DATA frame at p as the last of its message. */
void baton_frame_set_fin(uint8_t *p);

#endif
