/* SPDX-License-Identifier: MIT */

/* What the application is told, one event at a time (session/SPEC.md 7). */

#include <string.h>

#include "session/internal.h"

static bool tell(struct baton_event *event, bool *flag,
		 enum baton_event_type type)
{
	if (!*flag)
		return false;
	*flag = false;
	memset(event, 0, sizeof(*event));
	event->type = type;
	return true;
}

/* Take the lowest of the bits; gives its place, from 1 on, or 0. */
static unsigned int take_bit(uint8_t *bits)
{
	uint8_t lowest = (uint8_t)(*bits & -*bits);
	unsigned int at = 0;

	*bits &= (uint8_t)~lowest;
	for (; lowest; lowest = (uint8_t)(lowest >> 1))
		at++;
	return at;
}

static bool link_event(struct baton_session *session, struct baton_event *event)
{
	static const uint8_t types[] = {
		BATON_EVENT_COMPARE,	 BATON_EVENT_PAIRED,
		BATON_EVENT_PAIR_FAILED, BATON_EVENT_SECURED,
		BATON_EVENT_REVOKED,	 BATON_EVENT_LINK_CLOSE};
	unsigned int at;

	if (tell(event, &session->secrets->show, BATON_EVENT_SHOW_CODE)) {
		memcpy(event->u.typed.digits, session->secrets->digits,
		       BATON_TYPED_DIGITS);
		return true;
	}
	if (tell(event, &session->secrets->ask, BATON_EVENT_TYPE_CODE))
		return true;
	at = take_bit(&session->tell);
	if (!at)
		return false;
	memset(event, 0, sizeof(*event));
	event->type = (enum baton_event_type)types[at - 1];
	if (event->type == BATON_EVENT_COMPARE)
		event->u.compare.code = session->code;
	if (event->type == BATON_EVENT_PAIRED)
		memcpy(event->u.bond.id, session->bonds[session->bond_at].id,
		       BATON_BOND_ID_LEN);
	if (event->type == BATON_EVENT_PAIR_FAILED)
		event->u.closed.err = session->pair_err;
	if (event->type == BATON_EVENT_REVOKED) {
		event->u.bond.err = session->storing.revoke_err;
		store_told_revoked(session, event->u.bond.id);
	}
	if (event->type != BATON_EVENT_LINK_CLOSE)
		return true;
	event->u.closed.err = session->close_err;
	if (session->close_err == BATON_ERR_VERSION)
		memcpy(event->u.closed.peer_version, session->peer_version,
		       sizeof(session->peer_version));
	return true;
}

/* The first event of a stream, of type at among those of NEWS_*. */
static void stream_event(const struct baton_stream_news *news,
			 const struct baton_outgoing_stream *out,
			 unsigned int at, struct baton_event *event)
{
	static const uint8_t types[] = {
		BATON_EVENT_ABORTED, BATON_EVENT_LOST,
		BATON_EVENT_REFUSED, BATON_EVENT_DELIVERED,
		BATON_EVENT_REWIND,  BATON_EVENT_WRITABLE};

	event->type = (enum baton_event_type)types[at - 1];
	event->u.sent.message = out->next;
	if (event->type == BATON_EVENT_DELIVERED)
		event->u.sent.message = out->verified;
	event->u.sent.end = out->next + news->lost_count;
	event->u.sent.offset = out->offset;
	event->u.sent.reason = news->reason;
}

static bool streams_event(struct baton_session *session,
			  struct baton_event *event)
{
	unsigned int at;
	int i;

	if (!session->tell_news)
		return false;
	for (i = 0; i < BATON_ALL_STREAMS; i++) {
		at = take_bit(&session->news[i].tell);
		if (!at)
			continue;
		memset(event, 0, sizeof(*event));
		event->stream.class_id = BATON_CLASS_OF(i);
		event->stream.number = BATON_NUMBER_OF(i);
		stream_event(&session->news[i], &session->outgoing.stream[i],
			     at, event);
		return true;
	}
	session->tell_news = false;
	return false;
}

static void fill_message(struct baton_session *session,
			 struct baton_event *event)
{
	const struct baton_frame *frame = &session->frame;
	const struct baton_incoming_stream *stream = baton_incoming_stream(
		&session->incoming, frame->class_id, frame->stream);

	event->stream.class_id = frame->class_id;
	event->stream.number = frame->stream;
	event->u.message.number = stream->messages;
	event->u.message.total = stream->total;
	event->u.message.offset = stream->offset;
}

/* What is left to tell of the frame at hand; false when that is all. */
static bool frame_event(struct baton_session *session,
			struct baton_event *event)
{
	struct baton_incoming_news *news = &session->frame_news;
	const struct baton_frame *frame = &session->frame;

	if (tell(event, &news->begin, BATON_EVENT_BEGIN)) {
		fill_message(session, event);
		event->u.message.meta = frame->meta;
		event->u.message.meta_len = frame->meta_len;
		return true;
	}
	if (tell(event, &news->message, BATON_EVENT_MESSAGE) ||
	    tell(event, &news->data, BATON_EVENT_DATA)) {
		fill_message(session, event);
		event->u.message.bytes = frame->bytes;
		event->u.message.len = frame->len;
		return true;
	}
	if (tell(event, &news->end, BATON_EVENT_END) ||
	    tell(event, &news->aborted, BATON_EVENT_ABORTED)) {
		fill_message(session, event);
		return true;
	}
	return false;
}

static void owe_refusal(struct baton_session *session, uint8_t class_id,
			uint8_t number, uint8_t reason)
{
	struct baton_refusal *refusal =
		&session->refusal[BATON_STREAM_AT(class_id, number)];

	refusal->message = (uint32_t)baton_incoming_stream(&session->incoming,
							   class_id, number)
				   ->messages;
	refusal->reason = reason;
	refusal->made = true;
	refusal->owed = true;
	session->owes_refusals = true;
}

/* Decompress some of the frame at hand, as much as is told at once. */
static enum baton_err next_piece(struct baton_session *session)
{
	struct baton_incoming_news *news = &session->frame_news;
	struct baton_frame *frame = &session->frame;
	const struct baton_incoming_stream *stream = baton_incoming_stream(
		&session->incoming, frame->class_id, frame->stream);
	enum baton_err err;

	err = baton_unpack_next(&session->unpack,
				stream->total - stream->offset, frame);
	if (err)
		return err;
	if (!frame->whole) {
		news->data = frame->len > 0;
		news->end = frame->fin;
	} else if (session->unpack.more) {
		/* All of a short message is made at once. */
		return BATON_ERR_PROTOCOL;
	}
	session->frame_open = true;
	return BATON_OK;
}

/* Go on to the next frame. AGAIN: there is none now. */
static enum baton_err next_frame(struct baton_session *session, uint64_t now_ms)
{
	struct baton_incoming_news *news = &session->frame_news;
	struct baton_frame *frame = &session->frame;
	enum baton_err err;

	if (session->frame_open) {
		baton_incoming_take(&session->incoming, frame, now_ms);
		session->frame_open = false;
	}
	if (session->unpack.more)
		return next_piece(session);
	err = records_next_frame(session);
	if (err)
		return err;
	if (frame->type == BATON_FRAME_PAD)
		return BATON_OK;
	if (frame->type == BATON_FRAME_SESSION) {
		session->tell_frame = frame->code >= BATON_FRAME_CODE_FIRST &&
				      frame->code <= BATON_FRAME_CODE_LAST;
		return session->tell_frame ? BATON_OK : BATON_ERR_PROTOCOL;
	}
	if (frame->type != BATON_FRAME_DATA &&
	    frame->type != BATON_FRAME_CANCEL)
		return BATON_ERR_PROTOCOL;
	err = baton_incoming_check(&session->incoming, frame, news);
	if (err)
		return err;
	if (news->packed) {
		err = baton_unpack_frame(&session->unpack, frame);
		return err ? err : next_piece(session);
	}
	frame->len = news->len;
	session->frame_open = true;
	if (news->refuse)
		owe_refusal(session, frame->class_id, frame->stream,
			    BATON_REASON_TOO_LARGE);
	return BATON_OK;
}

void events_link_down(struct baton_session *session, uint64_t now_ms)
{
	const struct baton_incoming_news *news = &session->frame_news;

	if (!session->frame_open || news->begin || news->message ||
	    news->data || news->aborted)
		return;
	/* Its last bytes were told, but not that they are the last. */
	if (news->end)
		session->frame.fin = false;
	baton_incoming_take(&session->incoming, &session->frame, now_ms);
	session->frame_open = false;
}

bool baton_session_next_event(struct baton_session *session,
			      struct baton_event *event, uint64_t now_ms)
{
	enum baton_err err;

	for (;;) {
		if (link_event(session, event))
			return true;
		if (session->state == BATON_SESSION_SECURED &&
		    session->frame_open && frame_event(session, event))
			return true;
		if (tell(event, &session->tell_frame, BATON_EVENT_FRAME)) {
			event->u.frame.code = session->frame.code;
			event->u.frame.body = session->frame.bytes;
			event->u.frame.len = session->frame.len;
			return true;
		}
		if (streams_event(session, event))
			return true;
		if (session->state != BATON_SESSION_SECURED)
			return false;
		err = next_frame(session, now_ms);
		if (err == BATON_ERR_AGAIN)
			return false;
		if (err)
			session_fail(session, err);
	}
}

enum baton_err baton_session_refuse(struct baton_session *session,
				    struct baton_stream_id stream,
				    uint8_t reason)
{
	struct baton_incoming_news *news = &session->frame_news;
	enum baton_err err;

	err = baton_incoming_refuse(&session->incoming, stream.class_id,
				    stream.number);
	if (err)
		return err;
	owe_refusal(session, stream.class_id, stream.number, reason);
	if (session->frame_open && session->frame.class_id == stream.class_id &&
	    session->frame.stream == stream.number) {
		memset(news, 0, sizeof(*news));
		/* What is left of a compressed frame is not made any more. */
		if (session->unpack.more)
			session->frame.fin = session->unpack.fin;
		session->unpack.more = false;
	}
	return BATON_OK;
}
