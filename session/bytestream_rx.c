/* SPDX-License-Identifier: MIT */

/* Byte streams: envelopes and bytes, both ways (FILES.md 3). */

#include <string.h>

#include "base/bytes.h"
#include "session/bulk_internal.h"
#include "session/bytestream_internal.h"
#include "transport/varint.h"

#define ID_LEN BATON_BYTESTREAM_ID_LEN
#define TAG_LEN 2
/* Bytes behind the id; OPEN has meta besides. */
#define OPEN_LEN (TAG_LEN + 4)
#define ROOM_LEN (TAG_LEN + 20)

/* ---- What the peer says ---- */

static void break_it(struct baton_bytestreams *streams,
		     struct baton_bytestream *stream, uint8_t reason)
{
	/* Of what the application was not told yet it hears nothing. */
	if (stream->news & BYTESTREAM_NEWS(BATON_BYTESTREAM_OFFERED)) {
		bytestream_release(streams, stream);
		return;
	}
	stream->state = BATON_BYTESTREAM_BROKEN;
	stream->reason = reason;
	stream->owed = 0;
	stream->news = BYTESTREAM_NEWS(BATON_BYTESTREAM_IS_BROKEN);
}

static enum baton_err take_open(struct baton_bytestreams *streams,
				struct baton_bytestream *stream,
				const uint8_t *body, size_t len)
{
	const uint8_t *p = body + ID_LEN;

	if (stream &&
	    (stream->mine || (stream->state != BATON_BYTESTREAM_ASKED &&
			      stream->state != BATON_BYTESTREAM_OPEN)))
		return BATON_ERR_PEER_STATE;
	if (baton_load_be16(p) == 0 ||
	    baton_load_be32(p + 2) < BATON_BYTESTREAM_RING_MIN)
		return BATON_ERR_PEER_FORMAT;
	if (stream) {
		if (stream->state == BATON_BYTESTREAM_OPEN)
			bytestream_owe(streams, stream, BYTESTREAM_ROOM);
		return BATON_OK;
	}
	stream = bytestream_take_place(streams, body, p + OPEN_LEN,
				       len - ID_LEN - OPEN_LEN,
				       BATON_BYTESTREAM_ASKED);
	if (!stream)
		return bytestream_reply(streams, body, BATON_REASON_NO_ROOM);
	stream->peer_tag = baton_load_be16(p);
	stream->peer_ring = baton_load_be32(p + 2);
	bytestream_tell(stream, BATON_BYTESTREAM_OFFERED);
	return BATON_OK;
}

/*
 * The two mean streams of the same name: one side has reset its own and was
 * offered it again by an OPEN that was on its way.
 */
static enum baton_err lose(struct baton_bytestreams *streams,
			   struct baton_bytestream *stream)
{
	uint8_t id[ID_LEN];

	memcpy(id, stream->id, ID_LEN);
	break_it(streams, stream, 0);
	return bytestream_reply(streams, id, 0);
}

static enum baton_err take_room(struct baton_bytestreams *streams,
				struct baton_bytestream *stream,
				const uint8_t *p)
{
	uint16_t tag = baton_load_be16(p);
	uint64_t got = baton_load_be64(p + 2);
	uint64_t limit = baton_load_be64(p + 10);
	uint32_t ring = baton_load_be32(p + 18);

	switch ((enum baton_bytestream_state)stream->state) {
	case BATON_BYTESTREAM_CLOSED:
		return BATON_OK;
	case BATON_BYTESTREAM_ASKED:
		return lose(streams, stream);
	case BATON_BYTESTREAM_OPENING:
	case BATON_BYTESTREAM_OPEN:
		break;
	case BATON_BYTESTREAM_FREE:
	case BATON_BYTESTREAM_BROKEN:
		return BATON_ERR_PEER_STATE;
	}
	if (tag != 0 && stream->peer_tag != 0 && tag != stream->peer_tag)
		return lose(streams, stream);
	if (tag == 0 || got < stream->acked || got > stream->written ||
	    limit < got || limit < stream->limit ||
	    ring < BATON_BYTESTREAM_RING_MIN)
		return BATON_ERR_PEER_FORMAT;
	if (stream->state == BATON_BYTESTREAM_OPENING) {
		stream->state = BATON_BYTESTREAM_OPEN;
		stream->owed = 0;
		bytestream_tell(stream, BATON_BYTESTREAM_OPENED);
		bytestream_owe(streams, stream, BYTESTREAM_ROOM);
		if (stream->finished)
			bytestream_owe(streams, stream, BYTESTREAM_FIN);
	}
	/*
	 * What went out on another link and is not there goes again; of what went
	 * out before a suspension, more may have come since it said so.
	 */
	if (!stream->going || got > stream->sent)
		stream->sent = got;
	stream->going = true;
	stream->peer_tag = tag;
	stream->peer_ring = ring;
	stream->limit = limit;
	if (got > stream->acked && stream->refused_room) {
		stream->refused_room = false;
		bytestream_tell(stream, BATON_BYTESTREAM_WRITABLE);
	}
	stream->acked = got;
	bytestream_settle(streams, stream);
	return BATON_OK;
}

/* All that the peer writes is here: it may forget it. */
static void look_for_last(struct baton_bytestreams *streams,
			  struct baton_bytestream *stream)
{
	if (stream->peer_finished && stream->got == stream->length &&
	    stream->told_got != stream->got)
		bytestream_owe(streams, stream, BYTESTREAM_ROOM);
}

static enum baton_err take_fin(struct baton_bytestreams *streams,
			       struct baton_bytestream *stream, uint64_t length)
{
	if (stream->state == BATON_BYTESTREAM_CLOSED)
		return BATON_OK;
	if (stream->state != BATON_BYTESTREAM_OPEN)
		return BATON_ERR_PEER_STATE;
	if (length < stream->got ||
	    (stream->peer_finished && length != stream->length))
		return BATON_ERR_PEER_FORMAT;
	stream->peer_finished = true;
	stream->length = length;
	look_for_last(streams, stream);
	bytestream_look_for_end(streams, stream);
	return BATON_OK;
}

static enum baton_err take_done(struct baton_bytestreams *streams,
				struct baton_bytestream *stream)
{
	if (!stream->finished || (stream->state != BATON_BYTESTREAM_OPEN &&
				  stream->state != BATON_BYTESTREAM_CLOSED))
		return BATON_ERR_PEER_STATE;
	stream->peer_done = true;
	stream->acked = stream->written;
	stream->sent = stream->written;
	stream->owed &= (uint8_t)~BYTESTREAM_OWES(BYTESTREAM_FIN);
	bytestream_settle(streams, stream);
	return BATON_OK;
}

/* All bytes are where they should be; those that came may not be read yet. */
static bool is_through(const struct baton_bytestream *stream)
{
	return stream->state == BATON_BYTESTREAM_OPEN && stream->finished &&
	       stream->acked == stream->written && stream->peer_finished &&
	       stream->got == stream->length;
}

static enum baton_err take_break(struct baton_bytestreams *streams,
				 struct baton_bytestream *stream,
				 uint8_t reason)
{
	/* It knows nothing of it any more, and has no need to. */
	if (stream->state == BATON_BYTESTREAM_CLOSED ||
	    (reason == 0 && is_through(stream))) {
		stream->peer_done = true;
		stream->owed = 0;
		bytestream_settle(streams, stream);
		return BATON_OK;
	}
	break_it(streams, stream, reason);
	return BATON_OK;
}

static bool length_fits(uint8_t op, size_t len)
{
	switch (op) {
	case BYTESTREAM_OPEN:
		return len >= ID_LEN + OPEN_LEN &&
		       len <= ID_LEN + OPEN_LEN + BATON_BYTESTREAM_META_MAX;
	case BYTESTREAM_ROOM:
		return len == ID_LEN + ROOM_LEN;
	case BYTESTREAM_FIN:
		return len == ID_LEN + 8;
	case BYTESTREAM_DONE:
		return len == ID_LEN;
	case BYTESTREAM_REPEAT:
		return len == 0;
	default:
		return len == ID_LEN + 1;
	}
}

enum baton_err baton_bytestreams_rx(struct baton_bytestreams *streams,
				    uint8_t op, const uint8_t *body, size_t len,
				    uint64_t now_ms)
{
	struct baton_bytestream *stream;

	(void)now_ms;
	if (!streams->up)
		return BATON_ERR_PEER_STATE;
	if (op > BYTESTREAM_REPEAT)
		return BATON_ERR_PEER_FORMAT;
	if (!length_fits(op, len))
		return BATON_ERR_PEER_LENGTH;
	if (op == BYTESTREAM_REPEAT) {
		bytestream_repeat(streams);
		return BATON_OK;
	}
	stream = bytestream_find(streams, body);
	if (op == BYTESTREAM_OPEN)
		return take_open(streams, stream, body, len);
	/* The peer may mean another one of the same name: it has to hear. */
	if (!stream || stream->state == BATON_BYTESTREAM_BROKEN)
		return op == BYTESTREAM_BREAK
			       ? BATON_OK
			       : bytestream_reply(streams, body, 0);
	if (op == BYTESTREAM_ROOM)
		return take_room(streams, stream, body + ID_LEN);
	if (op == BYTESTREAM_FIN)
		return take_fin(streams, stream,
				baton_load_be64(body + ID_LEN));
	if (op == BYTESTREAM_DONE)
		return take_done(streams, stream);
	return take_break(streams, stream, body[ID_LEN]);
}

/* ---- Bytes ---- */

static uint64_t sendable(const struct baton_bytestream *stream)
{
	uint64_t end = stream->written < stream->limit ? stream->written
						       : stream->limit;

	return stream->state == BATON_BYTESTREAM_OPEN && stream->going &&
			       end > stream->sent
		       ? end - stream->sent
		       : 0;
}

static struct baton_bytestream *
next_sendable(const struct baton_bytestreams *streams)
{
	struct baton_bytestream *stream;
	uint8_t i;

	for (i = 0; streams->up && i < streams->count; i++) {
		stream = &streams->stream[(streams->send_turn + i) %
					  streams->count];
		if (sendable(stream) > 0)
			return stream;
	}
	return NULL;
}

bool bytestream_ready(const struct baton_bytestreams *streams)
{
	return next_sendable(streams) != NULL;
}

size_t bytestream_chunk(struct baton_bytestreams *streams, uint8_t *p,
			size_t cap, size_t *bytes)
{
	struct baton_bytestream *stream = next_sendable(streams);
	size_t n = TAG_LEN;

	if (!stream)
		return 0;
	baton_store_be16(p, stream->peer_tag);
	n += baton_varint64_put(p + n, stream->sent);
	*bytes = cap - n;
	if (*bytes > sendable(stream))
		*bytes = (size_t)sendable(stream);
	bytestream_ring_get(stream->out, streams->ring_len, stream->sent, p + n,
			    *bytes);
	return n + *bytes;
}

void bytestream_sent(struct baton_bytestreams *streams, size_t bytes)
{
	struct baton_bytestream *stream = next_sendable(streams);

	stream->sent += bytes;
	streams->send_turn =
		(uint8_t)((stream - streams->stream + 1) % streams->count);
}

enum baton_err bytestream_take(struct baton_bytestreams *streams,
			       const uint8_t *p, size_t len)
{
	struct baton_bytestream *stream;
	uint64_t offset;
	size_t known;

	if (len < TAG_LEN)
		return BATON_ERR_PEER_LENGTH;
	stream = bytestream_tagged(streams, baton_load_be16(p));
	p += TAG_LEN;
	len -= TAG_LEN;
	if (!baton_varint64_get(&p, &len, &offset) || len == 0)
		return BATON_ERR_PEER_FORMAT;
	if (!streams->up || !stream || stream->state != BATON_BYTESTREAM_OPEN ||
	    offset > stream->got || stream->got - offset >= len)
		return BATON_ERR_PEER_STATE;
	/* What went out before a suspension may have come before this. */
	known = (size_t)(stream->got - offset);
	p += known;
	len -= known;
	if (len > streams->ring_len - (size_t)(stream->got - stream->read) ||
	    (stream->peer_finished && len > stream->length - stream->got))
		return BATON_ERR_PEER_LIMIT;
	bytestream_ring_put(stream->in, streams->ring_len, stream->got, p, len);
	stream->got += len;
	bytestream_tell(stream, BATON_BYTESTREAM_READABLE);
	if (stream->got - stream->told_got >= stream->peer_ring / 2)
		bytestream_owe(streams, stream, BYTESTREAM_ROOM);
	look_for_last(streams, stream);
	return BATON_OK;
}

/* ---- Envelopes out ---- */

static size_t put(struct baton_bytestreams *streams,
		  struct baton_bytestream *stream, enum bytestream_op op,
		  uint8_t *body)
{
	uint8_t *p = body + ID_LEN;

	memcpy(body, stream->id, ID_LEN);
	switch (op) {
	case BYTESTREAM_OPEN:
		baton_store_be16(p, stream->tag);
		baton_store_be32(p + 2, (uint32_t)streams->ring_len);
		memcpy(p + OPEN_LEN, stream->meta, stream->meta_len);
		return ID_LEN + OPEN_LEN + stream->meta_len;
	case BYTESTREAM_ROOM:
		stream->told_got = stream->got;
		stream->told_limit = stream->read + streams->ring_len;
		baton_store_be16(p, stream->tag);
		baton_store_be64(p + 2, stream->told_got);
		baton_store_be64(p + 10, stream->told_limit);
		baton_store_be32(p + 18, (uint32_t)streams->ring_len);
		return ID_LEN + ROOM_LEN;
	case BYTESTREAM_FIN:
		baton_store_be64(p, stream->written);
		return ID_LEN + 8;
	case BYTESTREAM_DONE:
	case BYTESTREAM_BREAK:
	case BYTESTREAM_REPEAT:
		break;
	}
	return ID_LEN;
}

static bool tx_reply(struct baton_bytestreams *streams, uint8_t *op,
		     uint8_t *body, size_t *len)
{
	struct baton_bytestream_reply *reply = streams->reply;

	if (streams->reply_count == 0)
		return false;
	*op = BYTESTREAM_BREAK;
	memcpy(body, reply->id, ID_LEN);
	body[ID_LEN] = reply->reason;
	*len = ID_LEN + 1;
	streams->reply_count--;
	memmove(reply, reply + 1, streams->reply_count * sizeof(*reply));
	return true;
}

bool baton_bytestreams_tx(struct baton_bytestreams *streams, uint8_t *op,
			  uint8_t *body, size_t cap, size_t *len,
			  uint64_t now_ms)
{
	struct baton_bytestream *stream;
	uint8_t i, at, bit;

	(void)now_ms;
	if (!streams->up || cap < BATON_BYTESTREAM_BODY_MAX)
		return false;
	if (tx_reply(streams, op, body, len))
		return true;
	for (i = 0; i < streams->count; i++) {
		at = (uint8_t)((streams->tx_turn + i) % streams->count);
		stream = &streams->stream[at];
		if (!stream->owed)
			continue;
		for (bit = 0; !(stream->owed & BYTESTREAM_OWES(bit)); bit++)
			;
		stream->owed &= (uint8_t)~BYTESTREAM_OWES(bit);
		*op = bit;
		*len = put(streams, stream, (enum bytestream_op)bit, body);
		bytestream_settle(streams, stream);
		streams->tx_turn = (uint8_t)((at + 1) % streams->count);
		return true;
	}
	if (!streams->repeat)
		return false;
	streams->repeat = false;
	*op = BYTESTREAM_REPEAT;
	*len = 0;
	return true;
}
