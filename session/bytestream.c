/* SPDX-License-Identifier: MIT */
#include "session/bytestream.h"

#include <string.h>

#include "base/bytes.h"
#include "crypto/primitives.h"
#include "session/bulk_internal.h"
#include "transport/varint.h"

#define ID_LEN BATON_BYTESTREAM_ID_LEN
#define PLACES_MAX 64

/* Envelopes (FILES.md 3); bits in owed. */
enum op {
	OP_OPEN,
	OP_ROOM,
	OP_FIN,
	OP_DONE,
	OP_BREAK,
};

#define OWES(op) ((uint8_t)(1u << (op)))
#define NEWS(type) ((uint8_t)(1u << (type)))

enum baton_err baton_bytestreams_init(struct baton_bytestreams *streams,
				      struct baton_bulk *bulk,
				      struct baton_bulk_member *member,
				      struct baton_bytestream *stream,
				      size_t count, uint8_t *memory,
				      size_t ring_len)
{
	size_t i;

	if (count < 1 || count > PLACES_MAX ||
	    ring_len < BATON_BYTESTREAM_RING_MIN || ring_len > UINT32_MAX)
		return BATON_ERR_ARG;
	memset(streams, 0, sizeof(*streams));
	memset(stream, 0, count * sizeof(*stream));
	streams->bulk = bulk;
	streams->member = member;
	streams->stream = stream;
	streams->count = (uint8_t)count;
	streams->ring_len = ring_len;
	for (i = 0; i < count; i++) {
		stream[i].out = memory + 2 * i * ring_len;
		stream[i].in = stream[i].out + ring_len;
	}
	return BATON_OK;
}

static void release(struct baton_bytestreams *streams,
		    struct baton_bytestream *stream)
{
	uint8_t *out = stream->out;

	baton_crypto_wipe(out, 2 * streams->ring_len);
	memset(stream, 0, sizeof(*stream));
	stream->out = out;
	stream->in = out + streams->ring_len;
}

void baton_bytestreams_wipe(struct baton_bytestreams *streams)
{
	uint8_t i;

	for (i = 0; i < streams->count; i++)
		release(streams, &streams->stream[i]);
	baton_crypto_wipe(streams, sizeof(*streams));
}

static struct baton_bytestream *find(const struct baton_bytestreams *streams,
				     const uint8_t *id)
{
	uint8_t i;

	for (i = 0; streams && i < streams->count; i++)
		if (streams->stream[i].state != BATON_BYTESTREAM_FREE &&
		    !memcmp(streams->stream[i].id, id, ID_LEN))
			return &streams->stream[i];
	return NULL;
}

static struct baton_bytestream *take_place(struct baton_bytestreams *streams,
					   const uint8_t *id,
					   const uint8_t *meta, size_t meta_len,
					   enum baton_bytestream_state state)
{
	struct baton_bytestream *stream = streams->stream;
	uint8_t i;

	for (i = 0; i < streams->count; i++, stream++)
		if (stream->state == BATON_BYTESTREAM_FREE)
			break;
	if (i == streams->count)
		return NULL;
	release(streams, stream);
	memcpy(stream->id, id, ID_LEN);
	stream->state = (uint8_t)state;
	stream->meta_len = (uint8_t)meta_len;
	if (meta_len > 0)
		memcpy(stream->meta, meta, meta_len);
	return stream;
}

static void owe(const struct baton_bytestreams *streams,
		struct baton_bytestream *stream, enum op op)
{
	if (streams->up)
		stream->owed |= OWES(op);
}

static void tell(struct baton_bytestream *stream,
		 enum baton_bytestream_event_type type)
{
	stream->news |= NEWS(type);
}

static void break_it(struct baton_bytestream *stream, uint8_t reason)
{
	stream->state = BATON_BYTESTREAM_BROKEN;
	stream->reason = reason;
	stream->owed = 0;
	stream->news = NEWS(BATON_BYTESTREAM_IS_BROKEN);
}

/* Where both ends are through it is closed; where that is known, forgotten. */
static void settle(struct baton_bytestreams *streams,
		   struct baton_bytestream *stream)
{
	if (stream->state == BATON_BYTESTREAM_OPEN && stream->finished &&
	    stream->acked == stream->written && stream->ended) {
		stream->state = BATON_BYTESTREAM_CLOSED;
		tell(stream, BATON_BYTESTREAM_IS_CLOSED);
		owe(streams, stream, OP_DONE);
	}
	if (stream->state == BATON_BYTESTREAM_CLOSED && stream->peer_done &&
	    !stream->news && !stream->owed)
		release(streams, stream);
}

void baton_bytestreams_link(struct baton_bytestreams *streams, bool up,
			    size_t room, uint64_t now_ms)
{
	struct baton_bytestream *stream = streams->stream;
	uint8_t i;

	(void)now_ms;
	streams->up = up && room >= BATON_BYTESTREAM_BODY_MAX;
	streams->reply_count = 0;
	for (i = 0; i < streams->count; i++, stream++) {
		stream->going = false;
		stream->owed = 0;
		if (stream->state == BATON_BYTESTREAM_OPENING)
			owe(streams, stream, OP_OPEN);
		if (stream->state == BATON_BYTESTREAM_OPEN)
			owe(streams, stream, OP_ROOM);
		if (stream->state == BATON_BYTESTREAM_CLOSED)
			owe(streams, stream, OP_DONE);
		if (stream->finished &&
		    (stream->state == BATON_BYTESTREAM_OPEN ||
		     stream->state == BATON_BYTESTREAM_CLOSED))
			owe(streams, stream, OP_FIN);
	}
}

/* ---- What the application does ---- */

enum baton_err baton_bytestreams_open(struct baton_bytestreams *streams,
				      const uint8_t id[BATON_BYTESTREAM_ID_LEN],
				      const uint8_t *meta, size_t meta_len)
{
	struct baton_bytestream *stream;

	if (!streams)
		return BATON_ERR_NOT_FOUND;
	if (meta_len > BATON_BYTESTREAM_META_MAX)
		return BATON_ERR_ARG;
	if (find(streams, id))
		return BATON_ERR_STATE;
	stream = take_place(streams, id, meta, meta_len,
			    BATON_BYTESTREAM_OPENING);
	if (!stream)
		return BATON_ERR_SPACE;
	stream->mine = true;
	owe(streams, stream, OP_OPEN);
	return BATON_OK;
}

enum baton_err
baton_bytestreams_accept(struct baton_bytestreams *streams,
			 const uint8_t id[BATON_BYTESTREAM_ID_LEN])
{
	struct baton_bytestream *stream = find(streams, id);

	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if (stream->state != BATON_BYTESTREAM_ASKED)
		return BATON_ERR_STATE;
	stream->state = BATON_BYTESTREAM_OPEN;
	owe(streams, stream, OP_ROOM);
	return BATON_OK;
}

/* Copy into or out of a ring at a position. */
static void ring_put(uint8_t *ring, size_t ring_len, uint64_t at,
		     const uint8_t *bytes, size_t len)
{
	size_t from = (size_t)(at % ring_len);
	size_t n = ring_len - from < len ? ring_len - from : len;

	memcpy(ring + from, bytes, n);
	memcpy(ring, bytes + n, len - n);
}

static void ring_get(const uint8_t *ring, size_t ring_len, uint64_t at,
		     uint8_t *bytes, size_t len)
{
	size_t from = (size_t)(at % ring_len);
	size_t n = ring_len - from < len ? ring_len - from : len;

	memcpy(bytes, ring + from, n);
	memcpy(bytes + n, ring, len - n);
}

enum baton_err
baton_bytestreams_write(struct baton_bytestreams *streams,
			const uint8_t id[BATON_BYTESTREAM_ID_LEN],
			const uint8_t *bytes, size_t len, size_t *taken)
{
	struct baton_bytestream *stream = find(streams, id);
	size_t room;

	*taken = 0;
	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if ((stream->state != BATON_BYTESTREAM_OPENING &&
	     stream->state != BATON_BYTESTREAM_OPEN) ||
	    stream->finished)
		return BATON_ERR_STATE;
	room = streams->ring_len - (size_t)(stream->written - stream->acked);
	if (len > room) {
		stream->refused_room = true;
		len = room;
		if (len == 0)
			return BATON_ERR_AGAIN;
	}
	if (len == 0)
		return BATON_OK;
	ring_put(stream->out, streams->ring_len, stream->written, bytes, len);
	stream->written += len;
	*taken = len;
	return BATON_OK;
}

static void look_for_end(struct baton_bytestreams *streams,
			 struct baton_bytestream *stream)
{
	if (!stream->ended && stream->peer_finished &&
	    stream->read == stream->length) {
		stream->ended = true;
		tell(stream, BATON_BYTESTREAM_ENDED);
	}
	settle(streams, stream);
}

enum baton_err baton_bytestreams_read(struct baton_bytestreams *streams,
				      const uint8_t id[BATON_BYTESTREAM_ID_LEN],
				      uint8_t *bytes, size_t cap, size_t *len)
{
	struct baton_bytestream *stream = find(streams, id);
	size_t here;

	*len = 0;
	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if (stream->state != BATON_BYTESTREAM_OPEN)
		return BATON_ERR_STATE;
	here = (size_t)(stream->got - stream->read);
	if (here == 0)
		return BATON_ERR_AGAIN;
	if (here > cap)
		here = cap;
	ring_get(stream->in, streams->ring_len, stream->read, bytes, here);
	stream->read += here;
	*len = here;
	if (stream->read + streams->ring_len - stream->told_limit >=
	    streams->ring_len / 2)
		owe(streams, stream, OP_ROOM);
	look_for_end(streams, stream);
	return BATON_OK;
}

enum baton_err
baton_bytestreams_finish(struct baton_bytestreams *streams,
			 const uint8_t id[BATON_BYTESTREAM_ID_LEN])
{
	struct baton_bytestream *stream = find(streams, id);

	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if ((stream->state != BATON_BYTESTREAM_OPENING &&
	     stream->state != BATON_BYTESTREAM_OPEN) ||
	    stream->finished)
		return BATON_ERR_STATE;
	stream->finished = true;
	if (stream->state == BATON_BYTESTREAM_OPEN)
		owe(streams, stream, OP_FIN);
	settle(streams, stream);
	return BATON_OK;
}

/* Say BREAK of a stream that has no place; peers that miss it ask again. */
static enum baton_err reply(struct baton_bytestreams *streams,
			    const uint8_t *id, uint8_t reason)
{
	struct baton_bytestream_reply *place;

	if (!streams->up)
		return BATON_OK;
	if (streams->reply_count == BATON_BYTESTREAM_REPLIES)
		return BATON_ERR_PEER_LIMIT;
	place = &streams->reply[streams->reply_count++];
	place->reason = reason;
	memcpy(place->id, id, ID_LEN);
	return BATON_OK;
}

enum baton_err
baton_bytestreams_reset(struct baton_bytestreams *streams,
			const uint8_t id[BATON_BYTESTREAM_ID_LEN],
			uint8_t reason)
{
	struct baton_bytestream *stream = find(streams, id);

	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if (stream->state == BATON_BYTESTREAM_CLOSED ||
	    stream->state == BATON_BYTESTREAM_BROKEN)
		return BATON_ERR_STATE;
	/* If that is lost, the peer learns later that it is not known. */
	(void)reply(streams, id, reason);
	release(streams, stream);
	return BATON_OK;
}

/* ---- What the peer says ---- */

static enum baton_err take_open(struct baton_bytestreams *streams,
				struct baton_bytestream *stream,
				const uint8_t *body, size_t len)
{
	const uint8_t *p = body + ID_LEN;

	if (stream &&
	    (stream->mine || (stream->state != BATON_BYTESTREAM_ASKED &&
			      stream->state != BATON_BYTESTREAM_OPEN)))
		return BATON_ERR_PEER_STATE;
	if (baton_load_be32(p + 1) < BATON_BYTESTREAM_RING_MIN)
		return BATON_ERR_PEER_FORMAT;
	if (stream) {
		if (stream->state == BATON_BYTESTREAM_OPEN)
			owe(streams, stream, OP_ROOM);
		return BATON_OK;
	}
	stream = take_place(streams, body, p + 5, len - ID_LEN - 5,
			    BATON_BYTESTREAM_ASKED);
	if (!stream)
		return reply(streams, body, BATON_REASON_NO_ROOM);
	stream->peer_tag = p[0];
	stream->peer_ring = baton_load_be32(p + 1);
	tell(stream, BATON_BYTESTREAM_OFFERED);
	return BATON_OK;
}

static enum baton_err take_room(struct baton_bytestreams *streams,
				struct baton_bytestream *stream,
				const uint8_t *p)
{
	uint64_t got = baton_load_be64(p + 1);
	uint64_t limit = baton_load_be64(p + 9);
	uint32_t ring = baton_load_be32(p + 17);

	if (stream->state == BATON_BYTESTREAM_CLOSED)
		return BATON_OK;
	if (stream->state != BATON_BYTESTREAM_OPENING &&
	    stream->state != BATON_BYTESTREAM_OPEN)
		return BATON_ERR_PEER_STATE;
	if (got < stream->acked || got > stream->sent || limit < got ||
	    limit < stream->limit || ring < BATON_BYTESTREAM_RING_MIN)
		return BATON_ERR_PEER_FORMAT;
	if (stream->state == BATON_BYTESTREAM_OPENING) {
		stream->state = BATON_BYTESTREAM_OPEN;
		tell(stream, BATON_BYTESTREAM_OPENED);
		owe(streams, stream, OP_ROOM);
		if (stream->finished)
			owe(streams, stream, OP_FIN);
	}
	/* What went out on another link and is not there goes again. */
	if (!stream->going)
		stream->sent = got;
	stream->going = true;
	stream->peer_tag = p[0];
	stream->peer_ring = ring;
	stream->limit = limit;
	if (got > stream->acked && stream->refused_room) {
		stream->refused_room = false;
		tell(stream, BATON_BYTESTREAM_WRITABLE);
	}
	stream->acked = got;
	settle(streams, stream);
	return BATON_OK;
}

/* All that the peer writes is here: it may forget it. */
static void look_for_last(struct baton_bytestreams *streams,
			  struct baton_bytestream *stream)
{
	if (stream->peer_finished && stream->got == stream->length &&
	    stream->told_got != stream->got)
		owe(streams, stream, OP_ROOM);
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
	look_for_end(streams, stream);
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
	stream->owed &= (uint8_t)~OWES(OP_FIN);
	settle(streams, stream);
	return BATON_OK;
}

static enum baton_err take_break(struct baton_bytestreams *streams,
				 struct baton_bytestream *stream,
				 uint8_t reason)
{
	if (stream->state == BATON_BYTESTREAM_BROKEN)
		return BATON_OK;
	if (stream->state == BATON_BYTESTREAM_CLOSED) {
		stream->peer_done = true;
		stream->owed = 0;
		settle(streams, stream);
		return BATON_OK;
	}
	break_it(stream, reason);
	return BATON_OK;
}

static bool length_fits(uint8_t op, size_t len)
{
	switch (op) {
	case OP_OPEN:
		return len >= ID_LEN + 5 &&
		       len <= ID_LEN + 5 + BATON_BYTESTREAM_META_MAX;
	case OP_ROOM:
		return len == ID_LEN + 21;
	case OP_FIN:
		return len == ID_LEN + 8;
	case OP_DONE:
		return len == ID_LEN;
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
	if (op > OP_BREAK)
		return BATON_ERR_PEER_FORMAT;
	if (!length_fits(op, len))
		return BATON_ERR_PEER_LENGTH;
	stream = find(streams, body);
	if (op == OP_OPEN)
		return take_open(streams, stream, body, len);
	if (!stream)
		return op == OP_BREAK ? BATON_OK : reply(streams, body, 0);
	if (op == OP_ROOM)
		return take_room(streams, stream, body + ID_LEN);
	if (op == OP_FIN)
		return take_fin(streams, stream,
				baton_load_be64(body + ID_LEN));
	if (op == OP_DONE)
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
	size_t n = 1;

	if (!stream)
		return 0;
	p[0] = stream->peer_tag;
	n += baton_varint_put(p + n, stream->sent);
	*bytes = cap - n;
	if (*bytes > sendable(stream))
		*bytes = (size_t)sendable(stream);
	ring_get(stream->out, streams->ring_len, stream->sent, p + n, *bytes);
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

	if (len < 1)
		return BATON_ERR_PEER_LENGTH;
	if (p[0] >= streams->count)
		return BATON_ERR_PEER_FORMAT;
	stream = &streams->stream[p[0]];
	p++;
	len--;
	if (!baton_varint_get(&p, &len, &offset) || len == 0)
		return BATON_ERR_PEER_FORMAT;
	if (!streams->up || stream->state != BATON_BYTESTREAM_OPEN ||
	    offset != stream->got)
		return BATON_ERR_PEER_STATE;
	if (len > streams->ring_len - (size_t)(stream->got - stream->read) ||
	    (stream->peer_finished && len > stream->length - stream->got))
		return BATON_ERR_PEER_LIMIT;
	ring_put(stream->in, streams->ring_len, stream->got, p, len);
	stream->got += len;
	tell(stream, BATON_BYTESTREAM_READABLE);
	if (stream->got - stream->told_got >= stream->peer_ring / 2)
		owe(streams, stream, OP_ROOM);
	look_for_last(streams, stream);
	return BATON_OK;
}

/* ---- Envelopes and events out ---- */

static size_t put(struct baton_bytestreams *streams,
		  struct baton_bytestream *stream, enum op op, uint8_t *body)
{
	uint8_t tag = (uint8_t)(stream - streams->stream);
	uint8_t *p = body + ID_LEN;

	memcpy(body, stream->id, ID_LEN);
	switch (op) {
	case OP_OPEN:
		*p = tag;
		baton_store_be32(p + 1, (uint32_t)streams->ring_len);
		memcpy(p + 5, stream->meta, stream->meta_len);
		return ID_LEN + 5 + stream->meta_len;
	case OP_ROOM:
		stream->told_got = stream->got;
		stream->told_limit = stream->read + streams->ring_len;
		*p = tag;
		baton_store_be64(p + 1, stream->told_got);
		baton_store_be64(p + 9, stream->told_limit);
		baton_store_be32(p + 17, (uint32_t)streams->ring_len);
		return ID_LEN + 21;
	case OP_FIN:
		baton_store_be64(p, stream->written);
		return ID_LEN + 8;
	case OP_DONE:
	case OP_BREAK:
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
	*op = OP_BREAK;
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
		for (bit = 0; !(stream->owed & OWES(bit)); bit++)
			;
		stream->owed &= (uint8_t)~OWES(bit);
		*op = bit;
		*len = put(streams, stream, (enum op)bit, body);
		settle(streams, stream);
		streams->tx_turn = (uint8_t)((at + 1) % streams->count);
		return true;
	}
	return false;
}

bool baton_bytestreams_next_event(struct baton_bytestreams *streams,
				  struct baton_bytestream_event *event)
{
	struct baton_bytestream *stream;
	uint8_t i, at, bit;

	for (i = 0; i < streams->count; i++) {
		at = (uint8_t)((streams->event_turn + i) % streams->count);
		stream = &streams->stream[at];
		if (!stream->news)
			continue;
		for (bit = 0; !(stream->news & NEWS(bit)); bit++)
			;
		stream->news &= (uint8_t)~NEWS(bit);
		memset(event, 0, sizeof(*event));
		event->type = (enum baton_bytestream_event_type)bit;
		memcpy(event->id, stream->id, ID_LEN);
		event->reason = stream->reason;
		if (event->type == BATON_BYTESTREAM_OFFERED) {
			event->meta = stream->meta;
			event->meta_len = stream->meta_len;
		}
		if (event->type == BATON_BYTESTREAM_IS_BROKEN)
			release(streams, stream);
		else
			settle(streams, stream);
		streams->event_turn = (uint8_t)((at + 1) % streams->count);
		return true;
	}
	return false;
}
