/* SPDX-License-Identifier: MIT */

/*
 * message -> seal -> link, and back (session/SPEC.md 6): batches become
 * records, records become frames.
 */

#include <string.h>

#include "base/bytes.h"
#include "crypto/hkdf.h"
#include "session/internal.h"

#define FRAME_MAX 24 /* VERIFIED and REFUSE are shorter */

void records_begin(struct baton_session *session)
{
	/* Only a typed code makes the watch the initiator. */
	bool initiator = BATON_METHODS ? session->handshake->initiator
				       : baton_is_phone(session->role);
	const struct baton_noise_result *noise =
		&session->handshake->keys.noise;
	uint8_t c;

	for (c = 0; c < BATON_CLASSES; c++) {
		baton_keys_record(&session->seal[c], noise->dir[!initiator], c);
		baton_keys_record(&session->open[c], noise->dir[initiator], c);
	}
	memcpy(session->h, noise->h, sizeof(session->h));
	rotation_begin(session);
	baton_link_open(&session->link);
}

enum baton_err baton_session_channel(const struct baton_session *session,
				     uint8_t channel[32])
{
	if (session->state == BATON_SESSION_RESUMING)
		return BATON_ERR_AGAIN;
	if (session->state != BATON_SESSION_SECURED)
		return BATON_ERR_STATE;
	baton_kdf_of(channel, session->bonds[session->bond_at].keys.psk,
		     "channel", session->h, sizeof(session->h));
	return BATON_OK;
}

enum baton_err baton_session_bond_export(const struct baton_session *session,
					 const uint8_t id[BATON_BOND_ID_LEN],
					 const char *name, const uint8_t *ctx,
					 size_t ctx_len,
					 uint8_t out[BATON_CRYPTO_KEY_LEN])
{
	uint8_t export[BATON_CRYPTO_KEY_LEN];
	int i;

	for (i = 0; i < session->bond_count; i++)
		if (memcmp(session->bonds[i].id, id, BATON_BOND_ID_LEN) == 0)
			break;
	if (i == session->bond_count)
		return BATON_ERR_NOT_FOUND;
	baton_kdf(export, session->bonds[i].keys.psk, "bond export");
	baton_kdf_of(out, export, name, ctx, ctx_len);
	baton_crypto_wipe(export, sizeof(export));
	return BATON_OK;
}

void records_end(struct baton_session *session)
{
	uint8_t c;

	/* While its bytes are there: whoever was told has them for good. */
	events_link_down(session);
	for (c = 0; c < BATON_CLASSES; c++) {
		baton_record_wipe(&session->seal[c]);
		baton_record_wipe(&session->open[c]);
		/* It was opened where it stands. */
		baton_crypto_wipe(session->link.classes[c].receiver.record,
				  session->link.classes[c].receiver.record_cap);
	}
	rotation_end(session);
	session->record.p = NULL;
	session->record_parked = false;
	session->frame_open = false;
	session->tell &= (uint8_t)~TELL_FRAME;
	session->unpack.more = false;
}

/* The key of a class, of those that seal or those that open. */
BATON_NOT_INLINE
static struct baton_record_key *key_of(struct baton_record_key *keys,
				       uint8_t class_id)
{
	return &keys[class_id];
}

/* Seal the batch of a class and give it to the link, which has the room. */
static enum baton_err seal(struct baton_session *session, uint8_t class_id)
{
	struct baton_batch *batch =
		baton_outgoing_batch(&session->outgoing, class_id);
	struct baton_record_key *key = key_of(session->seal, class_id);
	uint8_t *plain = batch->bytes + BATON_RECORD_HEADER_LEN;
	enum baton_err err;

	baton_store_be16(batch->bytes,
			 (uint16_t)(batch->len + BATON_RECORD_TAIL_LEN));
	batch->bytes[0] |= rotation_sealing(session, class_id, key);
	err = baton_record_seal(key, batch->bytes, BATON_RECORD_HEADER_LEN,
				plain, batch->len);
	if (err)
		return err;
	baton_link_push(&session->link, class_id, batch->bytes,
			BATON_RECEIVER_RECORD_LEN(batch->len));
	baton_batch_clear(batch);
	if (class_id != BATON_CLASS_CONTROL)
		session->link.unverified =
			baton_outgoing_unverified(&session->outgoing);
	session->records_out++;
	return BATON_OK;
}

/*
 * Make a record of what waits in a class, if the link would send it at once
 * or if the room in the batch is wanted. AGAIN: the link has no room.
 */
enum baton_err records_pump(struct baton_session *session, uint8_t class_id,
			    bool need_room)
{
	struct baton_batch *batch =
		baton_outgoing_batch(&session->outgoing, class_id);

	if (batch->len == 0 || !session->link.records || session->held)
		return need_room && batch->len > 0 ? BATON_ERR_AGAIN : BATON_OK;
	if (!need_room && !baton_link_hungry(&session->link, class_id))
		return BATON_OK;
	if (!baton_link_has_room(&session->link, class_id,
				 BATON_RECEIVER_RECORD_LEN(batch->len)))
		return BATON_ERR_AGAIN;
	return seal(session, class_id);
}

/* Append a CONTROL frame, making room where that is needed. */
enum baton_err records_put_control(struct baton_session *session,
				   const uint8_t *frame, size_t len)
{
	struct baton_batch *batch =
		&session->outgoing.batch[BATON_CLASS_CONTROL];
	enum baton_err err = baton_outgoing_frame(batch, frame, len);

	if (err != BATON_ERR_AGAIN)
		return err;
	err = records_pump(session, BATON_CLASS_CONTROL, true);
	if (err)
		return err;
	return baton_outgoing_frame(batch, frame, len);
}

/* Frames of the session that are owed, SYNC last. */
static enum baton_err put_owed(struct baton_session *session)
{
	uint8_t code, frame[3];
	enum baton_err err;

	for (code = CONFIRM_FRAME; code <= CLOSE_FRAME; code++) {
		if (!(session->owes & OWES(code)))
			continue;
		frame[0] = code;
		frame[1] = code == CLOSE_FRAME; /* it has a reason: */
		frame[2] = CLOSE_REVOKED;
		err = records_put_control(session, frame, 2 + (size_t)frame[1]);
		if (err)
			return err;
		session->owes &= (uint8_t)~OWES(code);
	}
	if (!(session->owes & OWES(SYNC_FRAME)))
		return BATON_OK;
	err = sync_put(session);
	if (!err)
		session->owes = 0;
	return err;
}

static bool is_urgent(uint8_t code)
{
	return code >= BATON_URGENT_CODE_FIRST &&
	       code <= BATON_URGENT_CODE_LAST;
}

enum baton_err baton_session_frame(struct baton_session *session, uint8_t code,
				   const uint8_t *body, size_t len)
{
	bool urgent = is_urgent(code);
	struct baton_batch *batch =
		&session->outgoing.batch[BATON_CLASS_MESSAGE];
	uint8_t frame[1 + BATON_VARINT_MAX + BATON_FRAME_BODY_MAX];
	enum baton_err err;
	size_t n = 1;

	if (!urgent &&
	    (code < BATON_FRAME_CODE_FIRST || code > BATON_FRAME_CODE_LAST))
		return BATON_ERR_ARG;
	if (len > (urgent ? BATON_URGENT_BODY_MAX : BATON_FRAME_BODY_MAX))
		return BATON_ERR_ARG;
	/* SECURED may have been told, and our answer gone out not yet. */
	if (session->state == BATON_SESSION_RESUMING)
		return BATON_ERR_AGAIN;
	if (session->state != BATON_SESSION_SECURED)
		return BATON_ERR_STATE;
	frame[0] = code;
	n += baton_varint_put(frame + n, (uint32_t)len);
	if (len > 0)
		memcpy(frame + n, body, len);
	if (urgent) {
		/* SYNC is the first frame that a peer takes. */
		err = session->owes ? put_owed(session) : BATON_OK;
		return err ? err : records_put_control(session, frame, n + len);
	}
	err = baton_outgoing_frame(batch, frame, n + len);
	if (err != BATON_ERR_AGAIN)
		return err;
	err = records_pump(session, BATON_CLASS_MESSAGE, true);
	return err ? err : baton_outgoing_frame(batch, frame, n + len);
}

/* Where streams of the peer's stand, and what of them was refused. */
static enum baton_err put_positions(struct baton_session *session)
{
	struct baton_frame frame;
	uint8_t bytes[FRAME_MAX];
	enum baton_err err;

	if (!session->incoming.dirty)
		return BATON_OK;
	if (session->outgoing.batch[BATON_CLASS_CONTROL].len == 0 &&
	    baton_incoming_deadline(&session->incoming) > session->now_ms)
		return BATON_OK;
	while (baton_incoming_next(&session->incoming, &frame)) {
		err = records_put_control(
			session, bytes,
			baton_frame_put_position(bytes, &frame));
		if (err)
			return err;
		baton_incoming_told(&session->incoming, &frame);
	}
	return BATON_OK;
}

/*
 * What no write() will bring along any more: cancels, the head of an empty
 * message, the last that the encoder holds of another. Not an end before a
 * REWIND was told: the message has another number now, and others may be LOST.
 */
static enum baton_err put_ends(struct baton_session *session,
			       struct baton_batch *batch, unsigned int at)
{
	const struct baton_outgoing_stream *stream;
	unsigned int end = at + BATON_STREAMS;
	bool busy = false;
	enum baton_err err;
	size_t taken;

	for (; at < end; at++) {
		stream = baton_outgoing_stream(&session->outgoing, at);
		/* Asked for every PDU, and most are idle. */
		if (stream->state == BATON_OUTGOING_IDLE &&
		    !stream->owes_cancel)
			continue;
		err = baton_outgoing_flush(&session->outgoing, at);
		if (!err && stream->state == BATON_OUTGOING_SENDING) {
			busy = true;
			if (stream->offset == stream->total &&
			    !baton_outgoing_untold(stream))
				err = baton_outgoing_write(&session->outgoing,
							   at, NULL, 0, &taken);
		}
		if (err)
			return err;
	}
	batch->busy = busy;
	return BATON_OK;
}

static enum baton_err prepare_control(struct baton_session *session)
{
	enum baton_err err = BATON_OK;

	if (session->owes)
		err = put_owed(session);
	if (!err && session->state == BATON_SESSION_SECURED)
		err = put_positions(session);
	return err;
}

/* Streams that were refused room may try again once it is there. */
static void tell_writable(struct baton_session *session, uint8_t class_id)
{
	struct baton_outgoing_stream *out =
		&session->outgoing.stream[BATON_STREAM_AT(class_id, 0)];
	int s;

	session->wants_room[class_id] = false;
	for (s = 0; s < BATON_STREAMS; s++, out++) {
		if (!out->wants_room)
			continue;
		out->wants_room = false;
		out->tell |= BATON_SENT_WRITABLE;
		session->tell_news = true;
	}
}

/* What waits in a class of messages, to the link if that would send it. */
static enum baton_err prepare_class(struct baton_session *session,
				    uint8_t class_id)
{
	bool wanted = session->wants_room[class_id];
	struct baton_batch *batch =
		baton_outgoing_batch(&session->outgoing, class_id);
	enum baton_err err = BATON_OK;

	if (!wanted && ((!batch->busy && batch->len == 0) ||
			!baton_link_hungry(&session->link, class_id)))
		return BATON_OK;
	if (batch->busy)
		err = put_ends(session, batch, BATON_STREAM_AT(class_id, 0));
	if (!baton_err_is_fatal(err))
		err = records_pump(session, class_id, wanted || err);
	if (wanted && !err)
		tell_writable(session, class_id);
	return baton_err_is_fatal(err) ? err : BATON_OK;
}

/* Before the link is asked for a PDU: everything that may go, to the link. */
enum baton_err records_prepare(struct baton_session *session)
{
	enum baton_err err;
	uint8_t c;

	if (session->held)
		return BATON_OK;
	err = session->state == BATON_SESSION_SECURED ? rotation_put(session)
						      : BATON_OK;
	if (!err)
		err = prepare_control(session);
	if (!err)
		err = records_pump(session, BATON_CLASS_CONTROL, false);
	if (baton_err_is_fatal(err))
		return err;
	if (session->state != BATON_SESSION_SECURED)
		return BATON_OK;
	for (c = BATON_CLASS_MESSAGE; c < BATON_CLASSES; c++) {
		err = prepare_class(session, c);
		if (err)
			return err;
	}
	return BATON_OK;
}

/* Open the next record of a class, if one is whole. */
static enum baton_err open_record(struct baton_session *session,
				  uint8_t class_id, struct baton_frames *frames)
{
	struct baton_record_key *key = key_of(session->open, class_id);
	enum baton_err err;
	uint8_t *record;
	size_t len;

	err = baton_link_record(&session->link, class_id, &record, &len);
	if (err)
		return err;
	err = rotation_opening(session, class_id, key, record[0]);
	if (err)
		return err;
	err = baton_record_open(key, record, BATON_RECORD_HEADER_LEN,
				record + BATON_RECORD_HEADER_LEN,
				len - BATON_RECORD_HEADER_LEN, &frames->len);
	if (err)
		return BATON_ERR_AUTH;
	frames->p = record + BATON_RECORD_HEADER_LEN;
	frames->class_id = class_id;
	rotation_opened(session, class_id, key);
	session->records_in++;
	baton_link_answered(&session->link);
	return BATON_OK;
}

static enum baton_err take_verified(struct baton_session *session,
				    const struct baton_frame *frame)
{
	enum baton_err err;

	rotation_verified(session);
	err = baton_outgoing_verified(session_news(session, frame->at),
				      frame->message);
	session->link.unverified =
		baton_outgoing_unverified(&session->outgoing);
	return err;
}

/* Where a stream of ours stands, or what of it was refused. */
static enum baton_err take_position(struct baton_session *session,
				    const struct baton_frame *frame)
{
	if (frame->type == BATON_FRAME_VERIFIED)
		return take_verified(session, frame);
	if (frame->type == BATON_FRAME_REFUSE)
		return baton_outgoing_refused(session_news(session, frame->at),
					      frame->message, frame->reason);
	return BATON_ERR_PROTOCOL;
}

/* The peer forgot our bond, and only it could seal this: so do we. */
static enum baton_err take_close(struct baton_session *session,
				 const struct baton_frame *frame)
{
	bool bonded = session->state == BATON_SESSION_SYNCING ||
		      session->state == BATON_SESSION_SECURED;

	if (frame->len != 1)
		return BATON_ERR_PROTOCOL;
	if (frame->bytes[0] != CLOSE_REVOKED)
		return BATON_ERR_CLOSED;
	if (bonded)
		store_revoke(session, session->bond_at);
	return BATON_ERR_NO_BOND;
}

/* Its record is released now: it is told later. */
static enum baton_err take_urgent(struct baton_session *session,
				  const struct baton_frame *frame)
{
	struct urgent *urgent;

	if (frame->len > BATON_URGENT_BODY_MAX ||
	    session->urgent_count == BATON_URGENT_WAITING)
		return BATON_ERR_PROTOCOL;
	urgent = session_urgent(session, session->urgent_count);
	urgent->code = frame->code;
	urgent->len = (uint8_t)frame->len;
	if (frame->len > 0)
		memcpy(urgent->body, frame->bytes, frame->len);
	session->urgent_count++;
	return BATON_OK;
}

static enum baton_err take_session_frame(struct baton_session *session,
					 const struct baton_frame *frame)
{
	switch (frame->code) {
	case SYNC_FRAME:
		return sync_take(session, frame->bytes, frame->len);
	case CONFIRM_FRAME:
	case BONDED_FRAME:
	case PAIR_CANCEL_FRAME:
		return frame->len == 0 ? pairing_frame(session, frame->code)
				       : BATON_ERR_PROTOCOL;
	case CLOSE_FRAME:
		return take_close(session, frame);
	case REKEY_FRAME:
		return rotation_take(session, frame->bytes, frame->len);
	default:
		return BATON_ERR_PROTOCOL;
	}
}

static enum baton_err take_control_frame(struct baton_session *session,
					 const struct baton_frame *frame)
{
	/* A phone that resumed without SYNC may wait for its store still. */
	bool secured = session->state == BATON_SESSION_SECURED ||
		       (session->state == BATON_SESSION_SYNCING &&
			session->handshake->kind == BATON_KIND_RESUME);

	switch (frame->type) {
	case BATON_FRAME_PAD:
		return BATON_OK;
	case BATON_FRAME_VERIFIED:
	case BATON_FRAME_REFUSE:
		return secured ? take_position(session, frame)
			       : BATON_ERR_PROTOCOL;
	case BATON_FRAME_SESSION:
		if (secured && is_urgent(frame->code))
			return take_urgent(session, frame);
		return take_session_frame(session, frame);
	case BATON_FRAME_CANCEL:
	case BATON_FRAME_DATA:
		break;
	}
	return BATON_ERR_PROTOCOL;
}

/* What the watch says in flight 3: what it has taken. */
enum baton_err records_take_answer(struct baton_session *session,
				   struct baton_frames *answer)
{
	struct baton_frame frame;
	enum baton_err err;

	if (answer->class_id != BATON_CLASS_CONTROL)
		return BATON_ERR_PROTOCOL;
	while (answer->len > 0) {
		err = baton_frame_next(answer, &frame);
		if (!err)
			err = take_position(session, &frame);
		if (err)
			return err;
	}
	return BATON_OK;
}

/* CONTROL never waits for the application: all of it is taken at once. */
enum baton_err records_take_control(struct baton_session *session)
{
	struct baton_frames frames;
	struct baton_frame frame;
	enum baton_err err;

	for (;;) {
		err = open_record(session, BATON_CLASS_CONTROL, &frames);
		if (err)
			return err == BATON_ERR_AGAIN ? BATON_OK : err;
		while (frames.len > 0) {
			err = baton_frame_next(&frames, &frame);
			if (!err)
				err = take_control_frame(session, &frame);
			if (err)
				return err;
		}
		baton_link_release(&session->link, BATON_CLASS_CONTROL);
	}
}

/*
 * The next frame of MESSAGE or BULK into session->frame. AGAIN: none is here
 * yet.
 */
enum baton_err records_next_frame(struct baton_session *session)
{
	struct baton_frames *record = &session->record;
	enum baton_err err;
	uint8_t c;

	if (!record->p &&
	    !(session->link.arrived & ~(1u << BATON_CLASS_CONTROL)))
		return BATON_ERR_AGAIN;
	if (record->p && record->len == 0) {
		if (session->record_parked)
			baton_flight_forget(&session->link.flight);
		else
			baton_link_release(&session->link, record->class_id);
		session->record_parked = false;
		record->p = NULL;
	}
	for (c = BATON_CLASS_MESSAGE; c < BATON_CLASSES && !record->p; c++) {
		err = open_record(session, c, record);
		if (err && err != BATON_ERR_AGAIN)
			return err;
	}
	return record->p ? baton_frame_next(record, &session->frame)
			 : BATON_ERR_AGAIN;
}

void baton_session_stats(const struct baton_session *session,
			 struct baton_session_stats *stats)
{
	stats->link = session->link.stats;
	stats->tx_records = session->records_out;
	stats->rx_records = session->records_in;
	stats->srtt_ms = session->link.rtt.srtt_8 / 8;
}
