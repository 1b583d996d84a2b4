/* SPDX-License-Identifier: MIT */

/* What the application is told, one event at a time (session/SPEC.md 7). */

#include <string.h>

#include "session/internal.h"

static void begin(struct baton_event *event, unsigned int type)
{
	memset(event, 0, sizeof(*event));
	event->type = (enum baton_event_type)type;
}

/*
 * Take the lowest of the bits, begin an event of its type; first is that of bit
 * 0, and the others follow it. False: there is none.
 */
static bool take_bit(uint8_t *bits, enum baton_event_type first,
		     struct baton_event *event)
{
	unsigned int at = 0;

	if (!*bits)
		return false;
	while (!(*bits >> at & 1))
		at++;
	*bits = (uint8_t)(*bits & (*bits - 1));
	begin(event, first + at);
	return true;
}

/* What came first goes first; its place is the peer's again. */
static void urgent_event(struct baton_session *session,
			 struct baton_event *event)
{
	const struct urgent *urgent = session_urgent(session, 0);

	begin(event, BATON_EVENT_FRAME);
	event->u.frame.code = urgent->code;
	event->u.frame.body = urgent->body;
	event->u.frame.len = urgent->len;
	session->urgent_at =
		(uint8_t)((session->urgent_at + 1) % BATON_URGENT_WAITING);
	session->urgent_count--;
}

/* What a person is to see, or is asked for, so that two devices pair. */
static bool secrets_event(struct baton_secrets *secrets,
			  struct baton_event *event)
{
	if (!take_bit(&secrets->tell, BATON_EVENT_SHOW_CODE, event))
		return false;
	if (event->type == BATON_EVENT_SHOW_CODE)
		memcpy(event->u.typed.digits, secrets->digits,
		       BATON_TYPED_DIGITS);
	if (event->type == BATON_EVENT_SHOW_SECRET)
		event->u.secret.bytes = secrets->oob;
	return true;
}

static bool link_event(struct baton_session *session, struct baton_event *event)
{
	if (BATON_METHODS && secrets_event(session->secrets, event))
		return true;
	/* A phone may have some before it is secured, which is told first. */
	if (session->urgent_count > 0 &&
	    session->state != BATON_SESSION_SYNCING &&
	    !(session->tell & TELL_BEFORE_URGENT)) {
		urgent_event(session, event);
		return true;
	}
	if (!take_bit(&session->tell, BATON_EVENT_COMPARE, event))
		return false;
	if (event->type == BATON_EVENT_COMPARE)
		event->u.compare.code = session->handshake->code;
	if (event->type == BATON_EVENT_PAIRED)
		memcpy(event->u.bond.id, session_bond(session)->id,
		       BATON_BOND_ID_LEN);
	if (event->type == BATON_EVENT_PAIR_FAILED)
		event->u.closed.err = session->pair_err;
	if (event->type == BATON_EVENT_REVOKED) {
		event->u.bond.err = session->storing.revoke_err;
		store_told_revoked(session, event->u.bond.id);
	}
	if (event->type == BATON_EVENT_FRAME) {
		event->u.frame.code = session->frame.code;
		event->u.frame.body = session->frame.bytes;
		event->u.frame.len = session->frame.len;
	}
	if (event->type != BATON_EVENT_LINK_CLOSE)
		return true;
	event->u.closed.err = session->close_err;
	if (session->close_err == BATON_ERR_VERSION)
		memcpy(event->u.closed.peer_version, session->peer_version,
		       sizeof(session->peer_version));
	return true;
}

static void set_stream(struct baton_event *event, unsigned int at)
{
	event->stream.class_id = BATON_CLASS_OF(at);
	event->stream.number = BATON_NUMBER_OF(at);
}

static bool streams_event(struct baton_session *session,
			  struct baton_event *event)
{
	struct baton_outgoing_stream *out = session->outgoing.stream;
	uint32_t before;
	unsigned int i;

	if (!session->tell_news)
		return false;
	for (i = 0; i < BATON_ALL_STREAMS; i++, out++) {
		before = out->before;
		if (before > 0)
			begin(event, BATON_EVENT_DELIVERED);
		else if (!take_bit(&out->tell, BATON_EVENT_ABORTED, event))
			continue;
		set_stream(event, i);
		if (before > 0) {
			event->u.sent.message = before;
			out->before = 0;
			return true;
		}
		event->u.sent.message = event->type == BATON_EVENT_DELIVERED
						? out->verified
						: out->next;
		event->u.sent.end = out->next + out->lost_count;
		event->u.sent.offset = out->offset;
		event->u.sent.reason = out->refused_for;
		return true;
	}
	session->tell_news = false;
	return false;
}

static void fill_message(struct baton_session *session,
			 struct baton_event *event)
{
	const struct baton_frame *frame = &session->frame;
	const struct baton_incoming_stream *stream =
		baton_incoming_stream(&session->incoming, frame->at);

	set_stream(event, frame->at);
	event->u.message.number = stream->messages;
	event->u.message.total = stream->total;
	event->u.message.offset = stream->offset;
}

/* What is left to tell of the frame at hand; false when that is all. */
static bool frame_event(struct baton_session *session,
			struct baton_event *event)
{
	const struct baton_frame *frame = &session->frame;

	if (!take_bit(&session->frame_news.tell, BATON_EVENT_BEGIN, event))
		return false;
	fill_message(session, event);
	if (event->type == BATON_EVENT_BEGIN) {
		event->u.message.meta = frame->meta;
		event->u.message.meta_len = frame->meta_len;
	}
	if (event->type == BATON_EVENT_MESSAGE ||
	    event->type == BATON_EVENT_DATA) {
		event->u.message.bytes = frame->bytes;
		event->u.message.len = frame->len;
	}
	return true;
}

/* Decompress some of the frame at hand, as much as is told at once. */
static enum baton_err next_piece(struct baton_session *session)
{
	struct baton_incoming_news *news = &session->frame_news;
	struct baton_frame *frame = &session->frame;
	const struct baton_incoming_stream *stream =
		baton_incoming_stream(&session->incoming, frame->at);
	enum baton_err err;

	err = baton_unpack_next(&session->unpack,
				stream->total - stream->offset, frame);
	if (err)
		return err;
	if (!(frame->head & BATON_HEAD_WHOLE)) {
		news->tell &= (uint8_t) ~(BATON_TELL_DATA | BATON_TELL_END);
		if (frame->len > 0)
			news->tell |= BATON_TELL_DATA;
		if (frame->marks & BATON_DATA_FIN)
			news->tell |= BATON_TELL_END;
	} else if (session->unpack.more) {
		/* All of a short message is made at once. */
		return BATON_ERR_PROTOCOL;
	}
	session->frame_open = true;
	return BATON_OK;
}

/* Go on to the next frame. AGAIN: there is none now. */
static enum baton_err next_frame(struct baton_session *session)
{
	struct baton_incoming_news *news = &session->frame_news;
	struct baton_frame *frame = &session->frame;
	enum baton_err err;

	if (session->frame_open) {
		baton_incoming_take(&session->incoming, frame, session->now_ms);
		session->frame_open = false;
	}
	if (BATON_CODEC && session->unpack.more)
		return next_piece(session);
	err = records_next_frame(session);
	if (err)
		return err;
	if (frame->type == BATON_FRAME_PAD)
		return BATON_OK;
	if (frame->type == BATON_FRAME_SESSION) {
		if (frame->code < BATON_FRAME_CODE_FIRST ||
		    frame->code > BATON_FRAME_CODE_LAST)
			return BATON_ERR_PROTOCOL;
		session->tell |= TELL_FRAME;
		return BATON_OK;
	}
	if (frame->type != BATON_FRAME_DATA &&
	    frame->type != BATON_FRAME_CANCEL)
		return BATON_ERR_PROTOCOL;
	err = baton_incoming_check(&session->incoming, frame, news);
	if (err)
		return err;
	if (BATON_CODEC && news->packed) {
		err = baton_unpack_frame(&session->unpack, frame);
		return err ? err : next_piece(session);
	}
	frame->len = news->len;
	session->frame_open = true;
	if (news->refuse)
		baton_incoming_owe_refuse(&session->incoming, frame->at,
					  BATON_REASON_TOO_LARGE);
	return BATON_OK;
}

void events_link_down(struct baton_session *session)
{
	uint8_t left = session->frame_news.tell;

	if (!session->frame_open || left & ~BATON_TELL_END)
		return;
	/* Its last bytes were told, but not that they are the last. */
	if (left)
		session->frame.marks &= (uint8_t)~BATON_DATA_FIN;
	baton_incoming_take(&session->incoming, &session->frame,
			    session->now_ms);
	session->frame_open = false;
}

/* Data is taken when secured, and that of flight 2 before it is answered. */
static bool takes_data(const struct baton_session *session)
{
	return session->state == BATON_SESSION_SECURED ||
	       (session->state == BATON_SESSION_RESUMING && !session->held);
}

bool baton_session_next_control(struct baton_session *session,
				struct baton_event *event)
{
	return link_event(session, event);
}

bool baton_session_next_event(struct baton_session *session,
			      struct baton_event *event, uint64_t now_ms)
{
	enum baton_err err;
	bool takes;

	session_clock(session, now_ms);
	for (;;) {
		if (link_event(session, event))
			return true;
		takes = takes_data(session);
		if (takes && session->frame_open && frame_event(session, event))
			return true;
		if (streams_event(session, event))
			return true;
		if (!takes)
			return false;
		err = next_frame(session);
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
	unsigned int at = session_stream_at(stream);
	enum baton_err err;

	if (at == BATON_ALL_STREAMS)
		return BATON_ERR_ARG;
	err = baton_incoming_refuse(
		baton_incoming_stream(&session->incoming, at));
	if (err)
		return err;
	baton_incoming_owe_refuse(&session->incoming, at, reason);
	if (session->frame_open && session->frame.at == at) {
		memset(news, 0, sizeof(*news));
		/* What is left of a compressed frame is not made any more. */
		if (BATON_CODEC && session->unpack.more && session->unpack.fin)
			session->frame.marks |= BATON_DATA_FIN;
		session->unpack.more = false;
	}
	return BATON_OK;
}
