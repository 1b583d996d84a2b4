/* SPDX-License-Identifier: MIT */

/* Links by a ticket, and the tickets of all links (session/SPEC.md 3.5). */

#include <string.h>

#include "session/internal.h"

#define PARKED_AT 64 /* in the memory of a flight: behind any hello */
#define EARLY_MAX 900 /* bytes of frames in flight 2 */
#define ANSWER_MAX 100 /* bytes of frames in flight 3 */
#define ANSWER_DELAY_MS 200 /* for the application to take flight 2 */

static struct baton_ticket *ticket_of(struct baton_session *session)
{
	return &session_bond(session)->ticket;
}

uint8_t resume_kind(struct baton_session *session, uint8_t bond)
{
	uint8_t positions[BATON_POSITIONS_LEN];
	struct baton_ticket *ticket = &session_bond_at(session, bond)->ticket;

	if (ticket->fresh_until_ms == 0)
		ticket->fresh_until_ms =
			session->clock_ms + BATON_TICKET_LIFE_MS;
	if (!ticket->usable || ticket->kept != ticket->generation ||
	    ticket->age >= BATON_TICKET_AGE_MAX ||
	    ticket->fresh_until_ms <= session->clock_ms)
		return BATON_KIND_RECONNECT;
	return session_bond_at(session, bond)->numbered &&
			       sync_positions(session, positions)
		       ? BATON_KIND_RESUME
		       : BATON_KIND_RESUME_SYNC;
}

enum baton_err resume_early(struct baton_session *session, unsigned int at,
			    const uint8_t *message, size_t len,
			    unsigned int flags)
{
	uint8_t class_id = BATON_CLASS_OF(at);
	struct baton_batch *batch =
		baton_outgoing_batch(&session->outgoing, class_id);
	uint16_t cap = batch->cap;
	enum baton_err err;

	if (!baton_is_phone(session->role) || session->bond_count == 0 ||
	    session->pairing_until_ms > session->clock_ms ||
	    (session->early_class && session->early_class != class_id) ||
	    batch->len + len > EARLY_MAX ||
	    resume_kind(session, session->bond_wanted) != BATON_KIND_RESUME)
		return BATON_ERR_STATE;
	/* Headers and padding count, too: all of it goes into one flight. */
	if (batch->cap > EARLY_MAX)
		batch->cap = EARLY_MAX;
	err = baton_outgoing_send(&session->outgoing, at, message, len, flags);
	batch->cap = cap;
	if (!err)
		session->early_class = class_id;
	return err == BATON_ERR_AGAIN || err == BATON_ERR_TOO_LARGE
		       ? BATON_ERR_STATE
		       : err;
}

/* What was sent before the link to where the handshake seals it. */
void resume_park(struct baton_session *session)
{
	const struct baton_batch *batch =
		baton_outgoing_batch(&session->outgoing, session->early_class);
	uint8_t *parked = session->link.flight.tx + PARKED_AT;

	if (!baton_is_phone(session->role))
		return;
	session->parked_len = 0;
	if (!session->early_class)
		return;
	parked[0] = session->early_class;
	memcpy(parked + 1, batch->bytes + BATON_RECORD_HEADER_LEN, batch->len);
	session->parked_len = (uint16_t)(1 + batch->len);
}

uint8_t *resume_parked(struct baton_session *session)
{
	return session->link.flight.tx + PARKED_AT;
}

/* The ticket for the next link, from the handshake of this one. */
static void renew(struct baton_session *session, uint32_t generation,
		  uint8_t age)
{
	const struct baton_handshake *handshake = session->handshake;
	struct baton_ticket *ticket = ticket_of(session);

	if (!handshake->known) {
		ticket->hello.len = 0;
		if (handshake->peer->len <= BATON_TICKET_HELLO_MAX) {
			ticket->hello = *handshake->peer;
			baton_hello_strip(ticket->hello.bytes);
		}
	}
	baton_ticket_replace(ticket, handshake->keys.ticket_psk, generation,
			     age);
}

void resume_renew(struct baton_session *session, uint32_t generation)
{
	renew(session, generation, 0);
	ticket_of(session)->fresh_until_ms =
		session->clock_ms + BATON_TICKET_LIFE_MS;
}

void resume_accept(struct baton_session *session)
{
	struct baton_ticket *ticket;

	ticket = ticket_of(session);
	/* The old psk is gone from the store before anything comes of it. */
	ticket->proven = ticket->generation;
	renew(session, ticket->generation + 1, ticket->age + 1);
	baton_flight_hold(&session->link.flight);
	session->held = true;
	session_set_state(session, BATON_SESSION_RESUMING,
			  session->state_deadline_ms);
}

/* What came with a flight: one record, behind its class. */
static struct baton_frames payload_of(const struct baton_handshake *handshake)
{
	struct baton_frames frames = {.p = handshake->payload + 1,
				      .len = handshake->payload_len - 1,
				      .class_id = handshake->payload[0]};

	return frames;
}

/* The watch may take what came in flight 2. */
static void take_payload(struct baton_session *session)
{
	const struct baton_handshake *handshake = session->handshake;

	session->answer_ms = session->now_ms;
	if (handshake->kind != BATON_KIND_RESUME)
		return;
	session->tell |= TELL_SECURED;
	if (handshake->payload_len <= 1)
		return;
	if ((handshake->payload[0] != BATON_CLASS_MESSAGE &&
	     handshake->payload[0] != BATON_CLASS_BULK) ||
	    handshake->payload_len > 1u + session->config.link.record_max) {
		session_fail(session, BATON_ERR_PROTOCOL);
		return;
	}
	session->answer_ms = session->now_ms + ANSWER_DELAY_MS;
	session->record = payload_of(handshake);
	session->record_parked = true;
}

void resume_stored(struct baton_session *session, enum baton_err err)
{
	if (!session->held)
		return;
	session->held = false;
	if (err && session->state != BATON_SESSION_PARTING)
		session_fail(session, BATON_ERR_STORE);
	else if (session->state == BATON_SESSION_RESUMING)
		take_payload(session);
	else if (baton_is_phone(session->role) &&
		 session->state == BATON_SESSION_SYNCING &&
		 session->handshake->kind == BATON_KIND_RESUME)
		session_secure(session);
}

/* Nothing is left to take of flight 2, or there was time enough. */
bool resume_can_answer(const struct baton_session *session)
{
	return !baton_is_phone(session->role) &&
	       session->state == BATON_SESSION_RESUMING && !session->held &&
	       (!session->record.p || session->answer_ms <= session->now_ms);
}

enum baton_err resume_answer(struct baton_session *session)
{
	struct baton_handshake *handshake = session->handshake;
	uint8_t payload[ANSWER_MAX + BATON_FRAME_HEADER_MAX];
	struct baton_frame frame;
	struct baton_turn turn;
	enum baton_err err;
	size_t n = 1;

	payload[0] = BATON_CLASS_CONTROL;
	while (n < ANSWER_MAX && handshake->kind == BATON_KIND_RESUME &&
	       baton_incoming_next(&session->incoming, &frame)) {
		n += baton_frame_put_position(payload + n, &frame);
		baton_incoming_told(&session->incoming, &frame);
	}
	turn.payload = payload;
	turn.payload_len = n > 1 ? n : 0;
	err = baton_handshake_answer(handshake, &turn);
	if (err)
		return err;
	if (!session->record.p)
		baton_flight_forget(&session->link.flight);
	session_send_reply(session, &turn.reply);
	records_begin(session);
	session->by_ticket = true;
	if (handshake->kind == BATON_KIND_RESUME) {
		session_secure(session);
		return BATON_OK;
	}
	session_set_state(session, BATON_SESSION_SYNCING,
			  session->state_deadline_ms);
	sync_begin(session);
	return BATON_OK;
}

enum baton_err resume_done(struct baton_session *session)
{
	const struct baton_handshake *handshake = session->handshake;
	struct baton_ticket *ticket = ticket_of(session);
	struct baton_frames answer;

	/* The watch has written it before it answered. */
	ticket->proven = ticket->generation + 1;
	renew(session, ticket->proven, ticket->age + 1);
	session->held = true;
	if (handshake->kind != BATON_KIND_RESUME) {
		sync_begin(session);
		return BATON_OK;
	}
	if (handshake->payload_len == 0)
		return BATON_OK;
	answer = payload_of(handshake);
	return records_take_answer(session, &answer);
}

void resume_rotated(struct baton_session *session, bool by_ticket,
		    const uint8_t *psk)
{
	struct baton_ticket *ticket = ticket_of(session);
	bool phone = baton_is_phone(session->role);

	/* As at the beginning of a link: the watch writes it first. */
	if (phone || by_ticket)
		ticket->proven = ticket->generation + phone;
	if (!by_ticket)
		ticket->fresh_until_ms =
			session->clock_ms + BATON_TICKET_LIFE_MS;
	baton_ticket_replace(ticket, psk, ticket->generation + 1,
			     by_ticket ? ticket->age + 1 : 0);
	session->by_ticket = true;
	session->held = true;
}

void resume_proven(struct baton_session *session)
{
	struct baton_ticket *ticket = ticket_of(session);

	if (!session->by_ticket || ticket->proven >= ticket->generation)
		return;
	ticket->proven = ticket->generation;
	ticket->dirty = true;
}
