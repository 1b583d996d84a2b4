/* SPDX-License-Identifier: MIT */
#include "session/bulk.h"

#include <string.h>

#include "base/bytes.h"
#include "session/bulk_internal.h"
#include "session/bytestream.h"
#include "session/file_internal.h"
#include "session/internal.h"

#define SLICE_KIND 0x40
#define CHUNK_KIND 0x51
#define NOBODY UINT64_MAX
#define NEVER UINT64_MAX

/* Where a lane's meta has what (FILES.md 2). */
#define CHANNEL_AT 1
#define TURN_AT 2
#define ID_AT 3
#define OFFSET_AT 11

static struct baton_stream_id lane_stream(size_t lane)
{
	struct baton_stream_id stream = {BATON_CLASS_BULK, (uint8_t)lane};

	return stream;
}

/* What the engine says of a stream of ours. */
static const struct baton_outgoing_stream *
engine_stream(const struct baton_bulk *bulk, size_t lane)
{
	size_t at = BATON_STREAM_AT(BATON_CLASS_BULK, 0) + lane;

	return &bulk->session->outgoing.stream[at];
}

void baton_bulk_init(struct baton_bulk *bulk, struct baton_session *session)
{
	memset(bulk, 0, sizeof(*bulk));
	bulk->session = session;
}

/* ---- Whose turn it is ---- */

/* Nobody saves up more than a quantum. */
static uint64_t served(const struct baton_bulk *bulk,
		       const struct baton_bulk_member *member)
{
	uint64_t least = bulk->clock > BATON_BULK_QUANTUM
				 ? bulk->clock - BATON_BULK_QUANTUM
				 : 0;

	return member->served > least ? member->served : least;
}

/* The file of a member that could be supplied, if its turn came; NULL: none. */
static struct baton_file_out *waiting_file(const struct baton_bulk_member *m)
{
	struct baton_file_out *file;

	if (!m->files)
		return NULL;
	file = file_current(m->files);
	return file && file->armed ? file : NULL;
}

/* A slice of the file has begun, or will: what was sent frees its lane. */
static bool has_lane(const struct baton_bulk *bulk,
		     const struct baton_file_out *file)
{
	size_t i;

	for (i = 0; i < BATON_BULK_LANES; i++)
		if (bulk->out[i].state != BATON_BULK_FILLING ||
		    bulk->out[i].file == file)
			return true;
	return false;
}

/* Who waits until others end their slices must not hold them back. */
static bool is_ready(const struct baton_bulk *bulk,
		     const struct baton_bulk_member *member)
{
	const struct baton_file_out *file = waiting_file(member);

	return (file && has_lane(bulk, file)) ||
	       (member->streams && bytestream_ready(member->streams));
}

/* How many bytes a member may put on the link before others. */
static uint64_t allowance(const struct baton_bulk *bulk,
			  const struct baton_bulk_member *member)
{
	uint64_t mine = served(bulk, member), least = NOBODY, other;
	const struct baton_bulk_member *m;
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		m = &bulk->member[i];
		if (m == member || !is_ready(bulk, m))
			continue;
		other = served(bulk, m);
		if (other < least)
			least = other;
	}
	if (least == NOBODY)
		return BATON_BULK_QUANTUM;
	least += BATON_BULK_QUANTUM;
	return least > mine ? least - mine : 0;
}

static void serve(struct baton_bulk *bulk, struct baton_bulk_member *member,
		  uint64_t bytes)
{
	member->served = served(bulk, member);
	if (bulk->clock < member->served)
		bulk->clock = member->served;
	member->served += bytes;
}

/* ---- Lanes out ---- */

/* The engine is through with a lane, and has told all of it. */
static bool is_idle(struct baton_bulk *bulk, size_t lane)
{
	const struct baton_outgoing_stream *stream = engine_stream(bulk, lane);

	return stream->state == BATON_OUTGOING_IDLE &&
	       !(stream->tell & BATON_SENT_REFUSED);
}

/* A slice that was verified, or given up, leaves its lane. */
static void look_at_lanes(struct baton_bulk *bulk)
{
	size_t i;

	for (i = 0; i < BATON_BULK_LANES; i++)
		if (bulk->out[i].state == BATON_BULK_SENT && is_idle(bulk, i))
			memset(&bulk->out[i], 0, sizeof(bulk->out[i]));
}

static struct baton_bulk_out *filling(struct baton_bulk *bulk,
				      const struct baton_file_out *file)
{
	size_t i;

	for (i = 0; i < BATON_BULK_LANES; i++)
		if (bulk->out[i].state == BATON_BULK_FILLING &&
		    bulk->out[i].file == file)
			return &bulk->out[i];
	return NULL;
}

static bool is_free(struct baton_bulk *bulk, size_t lane)
{
	return bulk->out[lane].state == BATON_BULK_FREE && is_idle(bulk, lane);
}

/* The end of a slice of the file is with the encoder still. */
static bool is_ending(struct baton_bulk *bulk,
		      const struct baton_file_out *file)
{
	size_t i;

	for (i = 0; i < BATON_BULK_LANES; i++)
		if (bulk->out[i].state == BATON_BULK_SENT &&
		    bulk->out[i].file == file &&
		    engine_stream(bulk, i)->state == BATON_OUTGOING_SENDING)
			return true;
	return false;
}

/* The engine forgets the slice, or will when it may. */
static void give_up(struct baton_bulk *bulk, size_t at)
{
	/* If all of it was sent there is nothing to give up. */
	if (baton_session_cancel(bulk->session, lane_stream(at),
				 BATON_REASON_NONE))
		bulk->out[at].state = BATON_BULK_SENT;
	else
		bulk->out[at].state = BATON_BULK_FREE;
	bulk->out[at].file = NULL;
	/* The file may be erased before the lane is used again. */
	memset(bulk->out[at].meta, 0, sizeof(bulk->out[at].meta));
}

/* Told SUPPLY, it has not answered, though its slice has begun. */
static bool is_asleep(const struct baton_bulk_out *lane)
{
	return lane->state == BATON_BULK_FILLING && lane->file &&
	       !lane->file->armed;
}

/*
 * The lane in which the next bytes of file go, or would begin to;
 * BATON_BULK_LANES: none is left by those that were served less.
 */
static size_t lane_for(struct baton_bulk *bulk,
		       const struct baton_bulk_member *member,
		       const struct baton_file_out *file)
{
	struct baton_bulk_out *lane = filling(bulk, file);
	const struct baton_bulk_member *m;
	size_t i, before = 0;

	if (lane)
		return (size_t)(lane - bulk->out);
	look_at_lanes(bulk);
	if (is_ending(bulk, file))
		return BATON_BULK_LANES;
	for (i = 0; i < bulk->count; i++) {
		m = &bulk->member[i];
		if (m != member && waiting_file(m) &&
		    !filling(bulk, waiting_file(m)) &&
		    served(bulk, m) < served(bulk, member))
			before++;
	}
	for (i = 0; i < BATON_BULK_LANES; i++)
		if (is_free(bulk, i) && before-- == 0)
			return i;
	return BATON_BULK_LANES;
}

bool bulk_fills(struct baton_bulk *bulk, const struct baton_file_out *file)
{
	return filling(bulk, file);
}

bool bulk_can(struct baton_bulk *bulk, const struct baton_bulk_member *member,
	      const struct baton_file_out *file)
{
	return bulk->room && allowance(bulk, member) > 0 &&
	       lane_for(bulk, member, file) < BATON_BULK_LANES;
}

/* Somebody could go on, if a lane were free. */
static bool is_crowded(const struct baton_bulk *bulk)
{
	const struct baton_file_out *file;
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		file = waiting_file(&bulk->member[i]);
		if (file && !has_lane(bulk, file))
			return true;
	}
	return false;
}

/* Who has a lane has it for as long as its slice is. */
static uint32_t slice_len(const struct baton_bulk *bulk,
			  const struct baton_file_out *file)
{
	uint64_t left = file->total - file->at;
	uint32_t most = BATON_BULK_SLICE;
	size_t i, files = 0;

	for (i = 0; i < bulk->count; i++)
		files += bulk->member[i].files &&
			 file_current(bulk->member[i].files);
	if (files > BATON_BULK_LANES)
		most = BATON_BULK_QUANTUM;
	return left < most ? (uint32_t)left : most;
}

static enum baton_err begin(struct baton_bulk *bulk,
			    const struct baton_bulk_member *member,
			    struct baton_file_out *file, size_t at)
{
	struct baton_bulk_out *lane = &bulk->out[at];
	uint32_t slice = slice_len(bulk, file);
	enum baton_err err;

	lane->meta[0] = SLICE_KIND;
	lane->meta[CHANNEL_AT] = (uint8_t)(member - bulk->member);
	lane->meta[TURN_AT] = file->turn;
	memcpy(lane->meta + ID_AT, file->id, BATON_FILE_ID_LEN);
	baton_store_be64(lane->meta + OFFSET_AT, file->at);
	err = baton_session_begin(bulk->session, lane_stream(at), slice,
				  lane->meta, sizeof(lane->meta), 0);
	if (err)
		return err;
	lane->file = file;
	lane->left = slice;
	lane->given_ms = bulk->now_ms;
	lane->state = BATON_BULK_FILLING;
	return BATON_OK;
}

enum baton_err bulk_write(struct baton_bulk *bulk,
			  struct baton_bulk_member *member,
			  struct baton_file_out *file, const uint8_t *bytes,
			  size_t len, size_t *taken, uint64_t now_ms)
{
	struct baton_bulk_out *lane;
	enum baton_err err = BATON_OK;
	uint64_t may;
	size_t at, n, took;

	bulk->now_ms = now_ms;
	while (!err && *taken < len) {
		may = allowance(bulk, member);
		at = lane_for(bulk, member, file);
		if (!bulk->room || may == 0 || at == BATON_BULK_LANES) {
			err = BATON_ERR_AGAIN;
			break;
		}
		lane = &bulk->out[at];
		if (lane->state == BATON_BULK_FREE) {
			err = begin(bulk, member, file, at);
			if (err)
				break;
		}
		n = len - *taken;
		if (n > may)
			n = (size_t)may;
		if (n > lane->left)
			n = (size_t)lane->left;
		err = baton_session_write(bulk->session, lane_stream(at),
					  bytes + *taken, n, &took, now_ms);
		*taken += took;
		file->at += took;
		lane->left -= took;
		if (took > 0)
			lane->given_ms = now_ms;
		serve(bulk, member, took);
		if (lane->left == 0)
			lane->state = BATON_BULK_SENT;
		/* STATE: it was refused, and the event is still to come. */
		if (err == BATON_ERR_STATE)
			err = BATON_ERR_AGAIN;
		if (err == BATON_ERR_AGAIN || took < n)
			bulk->room = false;
		/* An older file has waited for the end of this slice. */
		if (lane->state == BATON_BULK_SENT &&
		    file_current(member->files) != file)
			break;
	}
	return *taken > 0 ? BATON_OK : err;
}

void bulk_stop(struct baton_bulk *bulk, const struct baton_file_out *file)
{
	size_t i;

	for (i = 0; i < BATON_BULK_LANES; i++)
		if (bulk->out[i].file == file &&
		    bulk->out[i].state != BATON_BULK_FREE)
			give_up(bulk, i);
}

void baton_bulk_link(struct baton_bulk *bulk, struct baton_bulk_member *member,
		     size_t count, size_t chunk_max)
{
	size_t i;

	/* Nor does REWIND come of it: where to go on the receiver says. */
	for (i = 0; i < BATON_BULK_LANES; i++)
		if (bulk->out[i].state != BATON_BULK_FREE)
			give_up(bulk, i);
	memset(bulk->in, 0, sizeof(bulk->in));
	bulk->member = member;
	bulk->count = count;
	bulk->chunk_max = chunk_max;
	bulk->room = true;
	for (i = 0; i < count; i++)
		member[i].mapped = false;
}

enum baton_err baton_bulk_map(struct baton_bulk *bulk, size_t index,
			      uint8_t channel)
{
	if (index >= bulk->count)
		return BATON_ERR_ARG;
	bulk->member[index].mapped = true;
	bulk->member[index].peer_channel = channel;
	return BATON_OK;
}

/* ---- What comes ---- */

static struct baton_bulk_member *member_of(struct baton_bulk *bulk,
					   uint8_t channel)
{
	size_t i;

	for (i = 0; i < bulk->count; i++)
		if (bulk->member[i].mapped &&
		    bulk->member[i].peer_channel == channel)
			return &bulk->member[i];
	return NULL;
}

static enum baton_err refuse(struct baton_bulk *bulk,
			     struct baton_stream_id stream,
			     enum baton_reason reason)
{
	bulk->refused++;
	if (stream.number < BATON_BULK_LANES)
		bulk->in[stream.number].member = NULL;
	if (baton_session_refuse(bulk->session, stream, (uint8_t)reason))
		return BATON_ERR_PEER_FORMAT; /* it ended where it began */
	return BATON_ERR_PEER_STATE;
}

static enum baton_err begin_slice(struct baton_bulk *bulk,
				  const struct baton_event *event)
{
	const uint8_t *meta = event->u.message.meta;
	struct baton_bulk_member *member;
	struct baton_bulk_in *lane;

	if (event->stream.number >= BATON_BULK_LANES ||
	    event->u.message.offset > 0 ||
	    event->u.message.meta_len != BATON_BULK_META_LEN ||
	    meta[0] != SLICE_KIND)
		return refuse(bulk, event->stream, BATON_REASON_NOT_ALLOWED);
	member = member_of(bulk, meta[CHANNEL_AT]);
	if (!member || !member->files)
		return refuse(bulk, event->stream, BATON_REASON_NOT_ALLOWED);
	lane = &bulk->in[event->stream.number];
	lane->turn = meta[TURN_AT];
	memcpy(lane->id, meta + ID_AT, sizeof(lane->id));
	lane->offset = baton_load_be64(meta + OFFSET_AT);
	if (!file_slice(member->files, lane->id, lane->turn, lane->offset))
		return refuse(bulk, event->stream, BATON_REASON_NONE);
	lane->member = member;
	return BATON_OK;
}

static enum baton_err take_data(struct baton_bulk *bulk,
				const struct baton_event *event)
{
	struct baton_bulk_in *lane;
	enum baton_err err;

	if (event->stream.number >= BATON_BULK_LANES)
		return BATON_ERR_PEER_STATE;
	lane = &bulk->in[event->stream.number];
	if (!lane->member)
		return BATON_ERR_PEER_STATE;
	err = file_data(lane->member->files, lane->id, lane->turn,
			lane->offset + event->u.message.offset,
			event->u.message.bytes, event->u.message.len);
	return err ? refuse(bulk, event->stream, BATON_REASON_NONE) : BATON_OK;
}

static enum baton_err take_chunk(struct baton_bulk *bulk,
				 const struct baton_event *event)
{
	const uint8_t *p = event->u.message.bytes;
	struct baton_bulk_member *member;

	if (event->stream.number != BATON_BULK_CHUNKS ||
	    event->u.message.len < 2 || p[0] != CHUNK_KIND)
		return BATON_ERR_PEER_FORMAT;
	member = member_of(bulk, p[1]);
	if (!member || !member->streams)
		return BATON_ERR_PEER_STATE;
	return bytestream_take(member->streams, p + 2,
			       event->u.message.len - 2);
}

static void take_refused(struct baton_bulk *bulk,
			 const struct baton_event *event)
{
	struct baton_bulk_out *lane;

	if (event->stream.number >= BATON_BULK_LANES)
		return;
	lane = &bulk->out[event->stream.number];
	if (lane->state != BATON_BULK_FREE && lane->file)
		file_refused(lane->file, lane->meta[TURN_AT]);
	memset(lane, 0, sizeof(*lane));
	bulk->room = true;
}

enum baton_err baton_bulk_event(struct baton_bulk *bulk,
				const struct baton_event *event,
				uint64_t now_ms)
{
	bulk->now_ms = now_ms;
	switch (event->type) {
	case BATON_EVENT_BEGIN:
		return begin_slice(bulk, event);
	case BATON_EVENT_DATA:
		return take_data(bulk, event);
	case BATON_EVENT_MESSAGE:
		return take_chunk(bulk, event);
	case BATON_EVENT_END:
	case BATON_EVENT_ABORTED:
		if (event->stream.number < BATON_BULK_LANES)
			bulk->in[event->stream.number].member = NULL;
		return BATON_OK;
	case BATON_EVENT_REFUSED:
		take_refused(bulk, event);
		return BATON_OK;
	case BATON_EVENT_WRITABLE:
		bulk->room = true;
		return BATON_OK;
	case BATON_EVENT_DELIVERED:
		look_at_lanes(bulk);
		return BATON_OK;
	default:
		return BATON_OK;
	}
}

/* ---- Bytes of streams ---- */

/* The member whose chunk goes next; NULL: none may. */
static struct baton_bulk_member *next_member(struct baton_bulk *bulk)
{
	struct baton_bulk_member *next = NULL, *m;
	size_t i;

	for (i = 0; i < bulk->count; i++) {
		m = &bulk->member[i];
		if (m->mapped && m->streams && bytestream_ready(m->streams) &&
		    allowance(bulk, m) >= BATON_BULK_CHUNK_MAX &&
		    (!next || served(bulk, m) < served(bulk, next)))
			next = m;
	}
	return next;
}

uint64_t baton_bulk_deadline(const struct baton_bulk *bulk)
{
	uint64_t due = NEVER, at;
	size_t i;

	for (i = 0; i < BATON_BULK_LANES; i++) {
		at = bulk->out[i].given_ms + BATON_BULK_PATIENCE_MS;
		if (is_asleep(&bulk->out[i]) && at < due)
			due = at;
	}
	return due < NEVER && is_crowded(bulk) ? due : NEVER;
}

/*
 * A lane goes from who sleeps to who waits. What the engine had of the slice is
 * lost; the receiver says from where it goes on.
 */
static void wake(struct baton_bulk *bulk)
{
	struct baton_bulk_out *lane;
	size_t i;

	if (bulk->now_ms < baton_bulk_deadline(bulk))
		return;
	for (i = 0; i < BATON_BULK_LANES; i++) {
		lane = &bulk->out[i];
		if (!is_asleep(lane) ||
		    lane->given_ms + BATON_BULK_PATIENCE_MS > bulk->now_ms)
			continue;
		file_interrupted(lane->file);
		give_up(bulk, i);
		return;
	}
}

void baton_bulk_pump(struct baton_bulk *bulk, uint64_t now_ms)
{
	struct baton_stream_id stream = lane_stream(BATON_BULK_CHUNKS);
	uint8_t chunk[BATON_BULK_CHUNK_MAX];
	struct baton_bulk_member *member;
	size_t cap = sizeof(chunk), len, bytes;
	enum baton_err err;

	bulk->now_ms = now_ms;
	wake(bulk);
	if (cap > bulk->chunk_max)
		cap = bulk->chunk_max;
	while (bulk->room && cap > BATON_BULK_CHUNK_HEAD_MAX) {
		member = next_member(bulk);
		if (!member)
			return;
		chunk[0] = CHUNK_KIND;
		chunk[1] = (uint8_t)(member - bulk->member);
		len = bytestream_chunk(member->streams, chunk + 2, cap - 2,
				       &bytes);
		if (len == 0)
			return;
		err = baton_session_send(bulk->session, stream, chunk, len + 2,
					 0, now_ms);
		if (err) {
			bulk->room = false;
			return;
		}
		bytestream_sent(member->streams, bytes);
		serve(bulk, member, bytes);
	}
}
