/* SPDX-License-Identifier: MIT */

/* Byte streams: places, what the application does and is told. */

#include "session/bytestream.h"

#include <string.h>

#include "crypto/primitives.h"
#include "session/bytestream_internal.h"

enum baton_err baton_bytestreams_init(struct baton_bytestreams *streams,
				      struct baton_bulk *bulk,
				      struct baton_bulk_member *member,
				      struct baton_bytestream *stream,
				      size_t count, uint8_t *memory,
				      size_t ring_len)
{
	size_t i;

	if (count < 1 || count > BATON_BYTESTREAM_PLACES_MAX ||
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

void bytestream_release(struct baton_bytestreams *streams,
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
		bytestream_release(streams, &streams->stream[i]);
	baton_crypto_wipe(streams, sizeof(*streams));
}

struct baton_bytestream *
bytestream_find(const struct baton_bytestreams *streams, const uint8_t *id)
{
	uint8_t i;

	for (i = 0; streams && i < streams->count; i++)
		if (streams->stream[i].state != BATON_BYTESTREAM_FREE &&
		    !memcmp(streams->stream[i].id, id, BATON_BYTESTREAM_ID_LEN))
			return &streams->stream[i];
	return NULL;
}

struct baton_bytestream *
bytestream_tagged(const struct baton_bytestreams *streams, uint16_t tag)
{
	uint8_t i;

	for (i = 0; i < streams->count; i++)
		if (streams->stream[i].state != BATON_BYTESTREAM_FREE &&
		    streams->stream[i].tag == tag)
			return &streams->stream[i];
	return NULL;
}

/*
 * Not that of the stream before, whose bytes may still be on their way: they
 * go in another class than the envelopes that ended it.
 */
static uint16_t next_tag(struct baton_bytestreams *streams)
{
	do {
		streams->last_tag++;
	} while (streams->last_tag == 0 ||
		 bytestream_tagged(streams, streams->last_tag));
	return streams->last_tag;
}

struct baton_bytestream *
bytestream_take_place(struct baton_bytestreams *streams, const uint8_t *id,
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
	bytestream_release(streams, stream);
	memcpy(stream->id, id, BATON_BYTESTREAM_ID_LEN);
	stream->tag = next_tag(streams);
	stream->state = (uint8_t)state;
	stream->meta_len = (uint8_t)meta_len;
	if (meta_len > 0)
		memcpy(stream->meta, meta, meta_len);
	return stream;
}

void bytestream_owe(const struct baton_bytestreams *streams,
		    struct baton_bytestream *stream, enum bytestream_op op)
{
	if (streams->up)
		stream->owed |= BYTESTREAM_OWES(op);
}

void bytestream_tell(struct baton_bytestream *stream,
		     enum baton_bytestream_event_type type)
{
	stream->news |= BYTESTREAM_NEWS(type);
}

void bytestream_settle(struct baton_bytestreams *streams,
		       struct baton_bytestream *stream)
{
	if (stream->state == BATON_BYTESTREAM_OPEN && stream->finished &&
	    stream->acked == stream->written && stream->ended) {
		stream->state = BATON_BYTESTREAM_CLOSED;
		bytestream_tell(stream, BATON_BYTESTREAM_IS_CLOSED);
		bytestream_owe(streams, stream, BYTESTREAM_DONE);
	}
	if (stream->state == BATON_BYTESTREAM_CLOSED && stream->peer_done &&
	    !stream->news && !stream->owed)
		bytestream_release(streams, stream);
}

void bytestream_repeat(struct baton_bytestreams *streams)
{
	struct baton_bytestream *stream = streams->stream;
	uint8_t i;

	for (i = 0; i < streams->count; i++, stream++) {
		if (stream->state == BATON_BYTESTREAM_OPENING)
			bytestream_owe(streams, stream, BYTESTREAM_OPEN);
		if (stream->state == BATON_BYTESTREAM_OPEN)
			bytestream_owe(streams, stream, BYTESTREAM_ROOM);
		if (stream->state == BATON_BYTESTREAM_CLOSED)
			bytestream_owe(streams, stream, BYTESTREAM_DONE);
		if (stream->finished &&
		    (stream->state == BATON_BYTESTREAM_OPEN ||
		     stream->state == BATON_BYTESTREAM_CLOSED))
			bytestream_owe(streams, stream, BYTESTREAM_FIN);
	}
}

void baton_bytestreams_link(struct baton_bytestreams *streams, bool up,
			    size_t room, uint64_t now_ms)
{
	uint8_t i;

	(void)now_ms;
	streams->up = up && room >= BATON_BYTESTREAM_BODY_MAX;
	streams->reply_count = 0;
	streams->repeat = false;
	for (i = 0; i < streams->count; i++) {
		streams->stream[i].going = false;
		streams->stream[i].owed = 0;
	}
	bytestream_repeat(streams);
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
	if (bytestream_find(streams, id))
		return BATON_ERR_STATE;
	stream = bytestream_take_place(streams, id, meta, meta_len,
				       BATON_BYTESTREAM_OPENING);
	if (!stream)
		return BATON_ERR_SPACE;
	stream->mine = true;
	bytestream_owe(streams, stream, BYTESTREAM_OPEN);
	return BATON_OK;
}

enum baton_err
baton_bytestreams_accept(struct baton_bytestreams *streams,
			 const uint8_t id[BATON_BYTESTREAM_ID_LEN])
{
	struct baton_bytestream *stream = bytestream_find(streams, id);

	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if (stream->state != BATON_BYTESTREAM_ASKED)
		return BATON_ERR_STATE;
	stream->state = BATON_BYTESTREAM_OPEN;
	bytestream_owe(streams, stream, BYTESTREAM_ROOM);
	return BATON_OK;
}

void bytestream_ring_put(uint8_t *ring, size_t ring_len, uint64_t at,
			 const uint8_t *bytes, size_t len)
{
	size_t from = (size_t)(at % ring_len);
	size_t n = ring_len - from < len ? ring_len - from : len;

	memcpy(ring + from, bytes, n);
	memcpy(ring, bytes + n, len - n);
}

void bytestream_ring_get(const uint8_t *ring, size_t ring_len, uint64_t at,
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
	struct baton_bytestream *stream = bytestream_find(streams, id);
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
	bytestream_ring_put(stream->out, streams->ring_len, stream->written,
			    bytes, len);
	stream->written += len;
	*taken = len;
	return BATON_OK;
}

void bytestream_look_for_end(struct baton_bytestreams *streams,
			     struct baton_bytestream *stream)
{
	if (!stream->ended && stream->peer_finished &&
	    stream->read == stream->length) {
		stream->ended = true;
		bytestream_tell(stream, BATON_BYTESTREAM_ENDED);
	}
	bytestream_settle(streams, stream);
}

enum baton_err baton_bytestreams_read(struct baton_bytestreams *streams,
				      const uint8_t id[BATON_BYTESTREAM_ID_LEN],
				      uint8_t *bytes, size_t cap, size_t *len)
{
	struct baton_bytestream *stream = bytestream_find(streams, id);
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
	bytestream_ring_get(stream->in, streams->ring_len, stream->read, bytes,
			    here);
	stream->read += here;
	*len = here;
	if (stream->read + streams->ring_len - stream->told_limit >=
	    streams->ring_len / 2)
		bytestream_owe(streams, stream, BYTESTREAM_ROOM);
	bytestream_look_for_end(streams, stream);
	return BATON_OK;
}

enum baton_err
baton_bytestreams_finish(struct baton_bytestreams *streams,
			 const uint8_t id[BATON_BYTESTREAM_ID_LEN])
{
	struct baton_bytestream *stream = bytestream_find(streams, id);

	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if ((stream->state != BATON_BYTESTREAM_OPENING &&
	     stream->state != BATON_BYTESTREAM_OPEN) ||
	    stream->finished)
		return BATON_ERR_STATE;
	stream->finished = true;
	if (stream->state == BATON_BYTESTREAM_OPEN)
		bytestream_owe(streams, stream, BYTESTREAM_FIN);
	bytestream_settle(streams, stream);
	return BATON_OK;
}

enum baton_err bytestream_reply(struct baton_bytestreams *streams,
				const uint8_t *id, uint8_t reason)
{
	struct baton_bytestream_reply *place;
	uint8_t i;

	if (!streams->up)
		return BATON_OK;
	for (i = 0; i < streams->reply_count; i++)
		if (!memcmp(streams->reply[i].id, id, BATON_BYTESTREAM_ID_LEN))
			return BATON_OK;
	if (streams->reply_count == BATON_BYTESTREAM_REPLIES) {
		streams->repeat = true;
		return BATON_ERR_PEER_LIMIT;
	}
	place = &streams->reply[streams->reply_count++];
	place->reason = reason;
	memcpy(place->id, id, BATON_BYTESTREAM_ID_LEN);
	return BATON_OK;
}

enum baton_err
baton_bytestreams_reset(struct baton_bytestreams *streams,
			const uint8_t id[BATON_BYTESTREAM_ID_LEN],
			uint8_t reason)
{
	struct baton_bytestream *stream = bytestream_find(streams, id);

	if (!stream)
		return BATON_ERR_NOT_FOUND;
	if (stream->state == BATON_BYTESTREAM_CLOSED ||
	    stream->state == BATON_BYTESTREAM_BROKEN)
		return BATON_ERR_STATE;
	/* If that is lost, the peer learns later that it is not known. */
	(void)bytestream_reply(streams, id, reason);
	bytestream_release(streams, stream);
	return BATON_OK;
}

/* ---- Events ---- */

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
		for (bit = 0; !(stream->news & BYTESTREAM_NEWS(bit)); bit++)
			;
		stream->news &= (uint8_t)~BYTESTREAM_NEWS(bit);
		memset(event, 0, sizeof(*event));
		event->type = (enum baton_bytestream_event_type)bit;
		memcpy(event->id, stream->id, BATON_BYTESTREAM_ID_LEN);
		event->reason = stream->reason;
		if (event->type == BATON_BYTESTREAM_OFFERED) {
			event->meta = stream->meta;
			event->meta_len = stream->meta_len;
		}
		if (event->type == BATON_BYTESTREAM_IS_BROKEN)
			bytestream_release(streams, stream);
		else
			bytestream_settle(streams, stream);
		streams->event_turn = (uint8_t)((at + 1) % streams->count);
		return true;
	}
	return false;
}
