/* SPDX-License-Identifier: MIT */
#include "session/session.h"

#include <string.h>

#include "base/bytes.h"
#include "session/internal.h"
#include "transport/timing.h"

/* Both classes' encoders and decoders, and a piece of what they give. */
static size_t codec_memory_len(const struct baton_session_config *config)
{
	if (!BATON_CODEC || !config->codec)
		return 0;
	return BATON_DATA_CLASSES *
		       (baton_aligned(config->codec->encoder_len) +
			baton_aligned(config->codec->decoder_len)) +
	       baton_aligned(config->link.record_max);
}

static size_t secrets_len(void)
{
	return BATON_METHODS ? baton_aligned(sizeof(struct baton_secrets)) : 0;
}

size_t baton_session_memory_len(const struct baton_session_config *config)
{
	return codec_memory_len(config) + baton_link_memory_len(&config->link) +
	       BATON_BATCHES_LEN(config->link.record_max) +
	       baton_aligned(STORED_LEN) + secrets_len();
}

/*
 * Before SECURED no message is on its way out, so the handshake has its place
 * where the batches of MESSAGE and BULK will be.
 */
_Static_assert(sizeof(struct baton_handshake) <=
		       2 * BATON_BATCH_LEN(BATON_RECORD_MIN),
	       "a handshake fits where two batches are");

/* p: codec_memory_len() bytes. */
static void codec_init(struct baton_session *session, uint8_t *p)
{
	const struct baton_codec *codec = session->config.codec;
	int c;

	if (!BATON_CODEC)
		return;
	session->outgoing.pack.codec = codec;
	session->unpack.codec = codec;
	session->incoming.codecs = baton_codec_ids(codec);
	if (!codec)
		return;
	for (c = 0; c < BATON_DATA_CLASSES; c++) {
		session->outgoing.pack.memory[c] = p;
		p += baton_aligned(codec->encoder_len);
		session->unpack.memory[c] = p;
		p += baton_aligned(codec->decoder_len);
	}
	session->unpack.out = p;
	session->unpack.out_cap = session->config.link.record_max;
}

enum baton_err baton_session_init(struct baton_session *session,
				  const struct baton_session_config *config,
				  void *memory, size_t memory_len,
				  const uint8_t seed[32])
{
	size_t len = baton_session_memory_len(config);
	uint8_t *p = memory;
	enum baton_err err;

	if (config->role !=
	    (baton_is_phone(config->role) ? BATON_PHONE : BATON_WATCH))
		return BATON_ERR_ARG;
	if (!BATON_METHODS && (config->out_of_band || config->typed))
		return BATON_ERR_ARG;
	err = baton_link_check(&config->link);
	if (err)
		return err;
	if (memory_len < len)
		return BATON_ERR_SPACE;
	memset(session, 0, sizeof(*session));
	session->config = *config;
	session->role = config->role;
	/* The codec's memory stands first: it is aligned as the whole is. */
	p += codec_memory_len(config);
	p = baton_link_init(&session->link, &config->link, p);
	session->rotation = session->link.flight.tx + ROTATION_AT;
	session->memory = memory;
	session->memory_len = len;
	session->stored = p;
	p += baton_aligned(STORED_LEN);
	session->secrets = (void *)p;
	memset(session->secrets, 0, secrets_len());
	p += secrets_len();
	baton_outgoing_init(&session->outgoing, p, config->link.record_max);
	session->handshake =
		(void *)session->outgoing.batch[BATON_CLASS_MESSAGE].bytes;
	session->incoming.message_max = config->message_max;
	session->incoming.whole_max = config->link.record_max;
	codec_init(session, memory);
	baton_drbg_init(&session->drbg, seed);
	/* Nobody else's, until a SYNC has come. */
	baton_drbg_bytes(&session->drbg, session->numbering,
			 sizeof(session->numbering));
	session_set_state(session, BATON_SESSION_IDLE, BATON_LINK_NEVER);
	return BATON_OK;
}

void baton_session_wipe(struct baton_session *session)
{
	if (session->memory)
		baton_crypto_wipe(session->memory, session->memory_len);
	baton_crypto_wipe(session, sizeof(*session));
}

void session_clock(struct baton_session *session, uint64_t now_ms)
{
	uint64_t link_ms = now_ms - session->began_ms + BATON_LINK_BEGIN_MS;

	session->clock_ms = now_ms;
	session->now_ms = link_ms < BATON_LINK_NEVER ? (uint32_t)link_ms
						     : BATON_LINK_NEVER;
}

BATON_NOT_INLINE
struct baton_bond *session_bond_at(const struct baton_session *session,
				   size_t i)
{
	return (struct baton_bond *)&session->bonds[i];
}

BATON_NOT_INLINE
struct baton_bond *session_bond(struct baton_session *session)
{
	return session_bond_at(session, session->bond_at);
}

void session_set_state(struct baton_session *session,
		       enum baton_session_state state, uint32_t deadline_ms)
{
	session->state = state;
	session->state_deadline_ms = deadline_ms;
}

uint32_t session_secure_by(const struct baton_session *session)
{
	return session->now_ms + SECURE_DEADLINE_MS +
	       SECURE_INTERVALS * session->link.rtt.interval_ms;
}

BATON_NOT_INLINE
struct urgent *session_urgent(const struct baton_session *session,
			      unsigned int i)
{
	struct urgent *urgent = (void *)(session->link.flight.tx + URGENT_AT);

	return &urgent[(session->urgent_at + i) % BATON_URGENT_WAITING];
}

BATON_NOT_INLINE
unsigned int session_stream_at(struct baton_stream_id stream)
{
	return baton_stream_at(stream.class_id, stream.number);
}

BATON_NOT_INLINE
struct baton_outgoing_stream *session_news(struct baton_session *session,
					   unsigned int at)
{
	session->tell_news = true;
	return baton_outgoing_stream(&session->outgoing, at);
}

bool session_is_pairing(const struct baton_session *session)
{
	switch (session->state) {
	case BATON_SESSION_HANDSHAKE:
		return baton_kind_pairs(session->handshake->kind);
	case BATON_SESSION_CONFIRM:
		/* A bond whose write was asked for stands (SPEC 3). */
		return !session->bond_durable && !session->storing.new_bond;
	case BATON_SESSION_IDLE:
	case BATON_SESSION_PARTING:
	case BATON_SESSION_RESUMING:
	case BATON_SESSION_SYNCING:
	case BATON_SESSION_SECURED:
	case BATON_SESSION_CLOSING:
		break;
	}
	return false;
}

/* A link ends, and with it what was not announced yet. */
static void end_unannounced(struct baton_session *session, enum baton_err err)
{
	uint8_t at;

	if (session_is_pairing(session)) {
		session->tell |= TELL_PAIR_FAILED;
		session->pair_err = err;
		if (err == BATON_ERR_REFUSED || err == BATON_ERR_AUTH)
			baton_session_pairing_close(session);
	} else if (session->state == BATON_SESSION_CONFIRM) {
		at = session->bond_durable ? session->bond_at
					   : session->bond_count;
		session->bonds[at].unannounced = true;
	} else if (session->state == BATON_SESSION_SYNCING) {
		/* They are told behind SECURED, which does not come. */
		session->urgent_count = 0;
	}
	session->tell &= (uint8_t)~TELL_COMPARE;
}

void session_fail(struct baton_session *session, enum baton_err err)
{
	if (session->state == BATON_SESSION_IDLE ||
	    session->state == BATON_SESSION_CLOSING)
		return;
	end_unannounced(session, err);
	session->tell |= TELL_CLOSE;
	session->close_err = err;
	records_end(session);
	baton_link_stop(&session->link);
	session_set_state(session, BATON_SESSION_CLOSING, BATON_LINK_NEVER);
}

void session_part(struct baton_session *session, enum baton_err err)
{
	end_unannounced(session, err);
	session->close_err = err;
	session_set_state(session, BATON_SESSION_PARTING,
			  session->now_ms + REJECT_DEADLINE_MS);
}

/* What a handshake needs for its turn, but for the flight. */
static void begin_turn(struct baton_session *session, struct baton_turn *turn)
{
	turn->pairing = session->pairing_until_ms > session->clock_ms &&
			pairing_has_room(session) && !session->storing.new_bond;
	turn->writing = session->storing.new_bond;
	turn->settled = sync_positions(session, turn->positions);
	turn->drbg = &session->drbg;
	turn->bonds = session->bonds;
	turn->bond_count = session->bond_count;
	turn->can = pairing_methods(session);
	if (BATON_METHODS) {
		turn->out_of_band = session->config.out_of_band;
		turn->typed = session->config.typed;
		turn->secrets = session->secrets;
	}
	if (BATON_ROLES == BATON_ROLES_WATCH)
		return;
	turn->payload = resume_parked(session);
	turn->payload_len = session->parked_len;
}

static struct baton_hello own_hello(const struct baton_session *session,
				    uint8_t bearer)
{
	const struct baton_link_config *link = &session->config.link;
	struct baton_hello hello = {
		.version_max = BATON_VERSION_MAX,
		.version_min = BATON_VERSION_MIN,
		.role = (uint8_t)session->role,
		.bearer = bearer,
		.pairing = pairing_methods(session),
		.record_max = link->record_max,
		.pdu_max = link->pdu_max,
	};
	int c;

	for (c = 0; c < BATON_CLASSES; c++)
		hello.window[c] = (uint8_t)link->window[c];
	if (BATON_CODEC)
		hello.codecs = baton_codec_ids(session->config.codec);
	if (hello.codecs)
		hello.features |= BATON_FEATURE_CODECS;
	return hello;
}

void session_send_reply(struct baton_session *session,
			const struct baton_reply *reply)
{
	bool timed = baton_is_phone(session->role) &&
		     reply->number != BATON_FLIGHT_REJECT;

	if (reply->len > 0)
		baton_flight_send(&session->link.flight, reply->number,
				  reply->bytes, reply->len, timed);
	if (baton_is_phone(session->role) && reply->sealed_len > 0)
		baton_flight_append(&session->link.flight,
				    resume_parked(session), reply->sealed_len);
}

/* The peer's limits, from its hello. */
static void use_hello(struct baton_session *session)
{
	const struct baton_hello_bytes *peer = session->handshake->peer;
	uint16_t record_max = session->config.link.record_max;
	uint8_t i;

	/* These are no limits for what goes to another, without a link. */
	for (i = 0; i < session->bond_count; i++)
		if (!session->handshake->known || i != session->handshake->bond)
			session_bond_at(session, i)->numbered = false;
	if (baton_hello_record_max(peer) < record_max)
		record_max = baton_hello_record_max(peer);
	baton_link_set_peer(&session->link, baton_hello_pdu_max(peer),
			    baton_hello_window(peer));
	baton_outgoing_start(&session->outgoing, record_max);
	if (BATON_CODEC)
		session->outgoing.pack.ids = baton_hello_codecs(peer);
}

enum baton_err baton_session_link_up(struct baton_session *session,
				     const struct baton_link_facts *facts,
				     uint64_t now_ms)
{
	struct baton_hello hello;
	struct baton_turn turn;
	enum baton_err err;
	uint8_t kind = 0, bond = 0;

	if (session->state != BATON_SESSION_IDLE)
		return BATON_ERR_STATE;
	session->began_ms = now_ms;
	session_clock(session, now_ms);
	hello = own_hello(session, facts->bearer);
	resume_park(session);
	begin_turn(session, &turn);
	if (baton_is_phone(session->role)) {
		if (!turn.pairing && session->bond_count == 0)
			return BATON_ERR_STATE;
		bond = session->bond_wanted;
		kind = turn.pairing ? BATON_KIND_COMPARE
				    : resume_kind(session, bond);
	}
	err = baton_handshake_start(session->handshake, &hello, kind, bond,
				    facts->advert, &turn);
	if (err)
		return err;
	session->tell &= (uint8_t)~TELL_CLOSE;
	session->bad_flights = 0;
	session->early_class = 0;
	baton_link_start(&session->link, facts, session->now_ms);
	/* What was taken on the last link was taken long ago. */
	session->incoming.first_ms = 0;
	session->incoming.last_ms = 0;
	if (session->handshake->known)
		use_hello(session);
	session_send_reply(session, &turn.reply);
	session_set_state(session, BATON_SESSION_HANDSHAKE,
			  session_secure_by(session));
	return BATON_OK;
}

void baton_session_link_mtu(struct baton_session *session, uint16_t mtu)
{
	struct baton_link_facts facts = session->link.facts;

	facts.mtu = mtu;
	baton_link_change(&session->link, &facts);
}

void baton_session_link_changed(struct baton_session *session,
				const struct baton_link_facts *facts)
{
	baton_link_change(&session->link, facts);
}

/*
 * What was not sealed yet, and the handshake, which had their place; from here
 * on a phone may fill them anew. They are the end of the memory.
 */
static void drop_batches(struct baton_session *session)
{
	struct baton_batch *batch = session->outgoing.batch;
	uint8_t *end = session->memory + session->memory_len;

	baton_crypto_wipe(batch->bytes, (size_t)(end - batch->bytes));
	/* What a bonded peer takes it will take again. */
	baton_outgoing_start(&session->outgoing,
			     batch[BATON_CLASS_MESSAGE].cap);
}

/* The peer was quicker to end the link: what was decided stands. */
static void end_early(struct baton_session *session)
{
	enum baton_err err = BATON_ERR_CLOSED;

	if (session->state == BATON_SESSION_CONFIRM && session->pair_err)
		err = session->pair_err;
	end_unannounced(session, err);
	if (session->state == BATON_SESSION_PARTING)
		session->tell |= TELL_CLOSE;
}

void baton_session_link_down(struct baton_session *session, uint64_t now_ms)
{
	if (session->state == BATON_SESSION_IDLE)
		return;
	session_clock(session, now_ms);
	end_early(session);
	records_end(session);
	baton_link_stop(&session->link);
	sync_link_down(session);
	session->owes = 0;
	session->urgent_count = 0;
	session->held = false;
	session->by_ticket = false;
	session->parked_len = 0;
	/* With what flight 2 brought, or was to bring; both are in a row. */
	baton_crypto_wipe(session->link.flight.tx, 2 * BATON_FLIGHT_MAX);
	/* What codecs have seen is in their windows. */
	if (BATON_CODEC)
		baton_crypto_wipe(session->memory,
				  codec_memory_len(&session->config));
	drop_batches(session);
	session->tell &= (uint8_t)~TELL_SECURED;
	session_set_state(session, BATON_SESSION_IDLE, BATON_LINK_NEVER);
}

static enum baton_err handshake_done(struct baton_session *session)
{
	uint8_t kind = session->handshake->kind;
	struct baton_bond *bond;

	session->bond_at = session->handshake->bond;
	if (session->handshake->step == BATON_STEP_ANSWER) {
		resume_accept(session);
		return BATON_OK;
	}
	records_begin(session);
	if (baton_kind_pairs(kind)) {
		pairing_begin(session);
		return BATON_OK;
	}
	bond = session_bond(session);
	if (bond->unannounced)
		session->tell |= TELL_PAIRED;
	bond->unannounced = false;
	session_set_state(session, BATON_SESSION_SYNCING,
			  session->state_deadline_ms);
	/* A watch has answered by then: resume_answer() goes on. */
	session->by_ticket =
		baton_is_phone(session->role) && baton_kind_resumes(kind);
	if (session->by_ticket)
		return resume_done(session);
	sync_begin(session);
	return BATON_OK;
}

/*
 * The peer may not have our last word, for a flight of it came; but two that
 * both part must not answer each other without end.
 */
static void repeat_last_word(struct baton_session *session)
{
	struct baton_flight *flight = &session->link.flight;
	bool parts = flight->rx_number == BATON_FLIGHT_REJECT;

	baton_flight_forget(flight);
	if (!parts && ++session->bad_flights < BAD_FLIGHTS_MAX)
		baton_flight_again(flight);
}

/* A whole flight came; true if the link may have lost its last answer. */
static enum baton_err take_flight(struct baton_session *session)
{
	struct baton_flight *flight = &session->link.flight;
	struct baton_handshake *handshake = session->handshake;
	enum baton_step before = handshake->step;
	struct baton_turn turn;
	enum baton_err err;
	bool bad;

	if (session->state == BATON_SESSION_PARTING) {
		repeat_last_word(session);
		return BATON_ERR_PEER_STATE;
	}
	if (session->state != BATON_SESSION_HANDSHAKE) {
		baton_flight_forget(flight);
		return BATON_ERR_PEER_STATE;
	}
	begin_turn(session, &turn);
	turn.bytes = flight->rx;
	turn.len = flight->rx_total;
	err = baton_handshake_flight(handshake, flight->rx_number, &turn);
	/* What it has decrypted there stands until something else comes. */
	baton_flight_forget(flight);
	pairing_look(session);
	session->peer_version[0] = handshake->peer->bytes[0];
	session->peer_version[1] = handshake->peer->bytes[1];
	/* It moved nothing, or took us back to the beginning. */
	bad = baton_err_is_peer(err) ||
	      (!err && handshake->step == BATON_STEP_HELLO);
	if (bad && ++session->bad_flights >= BAD_FLIGHTS_MAX)
		return BATON_ERR_EXHAUSTED;
	if (baton_err_is_peer(err))
		return err;
	baton_link_answered(&session->link);
	session_send_reply(session, &turn.reply);
	/* Not now: the window stays open for another link. */
	if (err == BATON_ERR_AGAIN)
		handshake->kind = 0;
	if (err && turn.reply.len > 0) {
		session_part(session, err);
		return BATON_OK;
	}
	if (err) {
		session_fail(session, err);
		return err;
	}
	baton_crypto_wipe(&turn.reply, sizeof(turn.reply));
	if (before == BATON_STEP_HELLO && handshake->step != BATON_STEP_HELLO)
		use_hello(session);
	if (handshake->step >= BATON_STEP_ANSWER)
		return handshake_done(session);
	return BATON_OK;
}

enum baton_err baton_session_rx(struct baton_session *session,
				const uint8_t *pdu, size_t len, uint64_t now_ms)
{
	enum baton_err err, fatal = BATON_OK;
	bool flight;

	if (session->state == BATON_SESSION_IDLE ||
	    session->state == BATON_SESSION_CLOSING)
		return BATON_ERR_CLOSED;
	session_clock(session, now_ms);
	err = baton_link_rx(&session->link, pdu, len, session->now_ms, &flight);
	if (baton_err_is_fatal(err))
		fatal = err;
	if (!fatal && flight)
		err = take_flight(session);
	if (baton_err_is_fatal(err))
		fatal = err;
	if (!fatal && session->link.records &&
	    session->state != BATON_SESSION_PARTING)
		fatal = records_take_control(session);
	if (fatal) {
		session_fail(session, fatal);
		return fatal;
	}
	return err;
}

size_t baton_session_tx(struct baton_session *session, uint8_t *dst, size_t cap,
			uint64_t now_ms)
{
	enum baton_err err = BATON_OK;

	if (session->state == BATON_SESSION_IDLE ||
	    session->state == BATON_SESSION_CLOSING)
		return 0;
	session_clock(session, now_ms);
	if (resume_can_answer(session))
		err = resume_answer(session);
	if (!err && session->link.records)
		err = records_prepare(session);
	if (err) {
		session_fail(session, err);
		return 0;
	}
	return baton_link_tx(&session->link, dst, cap, session->now_ms);
}

uint64_t baton_session_deadline(const struct baton_session *session)
{
	const struct baton_link *link = &session->link;
	uint64_t pairing = pairing_deadline(session);
	uint32_t due = session->state_deadline_ms;

	if (session->state == BATON_SESSION_IDLE ||
	    session->state == BATON_SESSION_CLOSING)
		return pairing;
	due = baton_link_earlier(due, baton_link_deadline(link));
	if (session->state == BATON_SESSION_RESUMING && !session->held)
		due = baton_link_earlier(
			due, baton_link_still_due(link, session->answer_ms));
	if (session->state == BATON_SESSION_SECURED)
		due = baton_link_earlier(
			due, baton_link_still_due(link,
						  baton_incoming_deadline(
							  &session->incoming)));
	if (due == BATON_LINK_NEVER)
		return pairing;
	due = due > BATON_LINK_BEGIN_MS ? due - BATON_LINK_BEGIN_MS : 0;
	return baton_earlier(pairing, session->began_ms + due);
}

void session_secure(struct baton_session *session)
{
	/* Its memory is the batches' from here on. */
	baton_handshake_wipe(session->handshake);
	session_bond(session)->numbered = true;
	/* A watch was secure when it could take flight 2. */
	if (session->state != BATON_SESSION_RESUMING)
		session->tell |= TELL_SECURED;
	session_set_state(session, BATON_SESSION_SECURED, BATON_LINK_NEVER);
}

/* The state's own deadline has passed. */
static void state_timeout(struct baton_session *session)
{
	switch (session->state) {
	case BATON_SESSION_HANDSHAKE:
	case BATON_SESSION_RESUMING:
	case BATON_SESSION_SYNCING:
		session_fail(session, BATON_ERR_TIMEOUT);
		break;
	case BATON_SESSION_PARTING:
		session_fail(session, session->close_err);
		break;
	case BATON_SESSION_CONFIRM:
		session_fail(session, session->pair_err ? session->pair_err
							: BATON_ERR_TIMEOUT);
		break;
	case BATON_SESSION_SECURED:
		/* Its keys are too old. */
		session_fail(session, BATON_ERR_EXHAUSTED);
		break;
	case BATON_SESSION_IDLE:
	case BATON_SESSION_CLOSING:
		break;
	}
}

void baton_session_tick(struct baton_session *session, uint64_t now_ms)
{
	enum baton_err err;

	session_clock(session, now_ms);
	if (pairing_deadline(session) <= now_ms)
		baton_session_pairing_close(session);
	if (session->state == BATON_SESSION_IDLE ||
	    session->state == BATON_SESSION_CLOSING)
		return;
	err = baton_link_tick(&session->link, session->now_ms);
	if (err)
		session_fail(session, err);
	else if (session->state_deadline_ms <= session->now_ms)
		state_timeout(session);
}

/* Tell the stream when what it was refused for lack of room would go. */
static void want_room(struct baton_session *session, unsigned int at)
{
	baton_outgoing_stream(&session->outgoing, at)->wants_room = true;
	session->wants_room[BATON_CLASS_OF(at)] = true;
}

enum baton_err baton_session_send(struct baton_session *session,
				  struct baton_stream_id stream,
				  const uint8_t *message, size_t len,
				  unsigned int flags, uint64_t now_ms)
{
	unsigned int at = session_stream_at(stream);
	struct baton_outgoing_stream *out;
	enum baton_err err;

	if (at == BATON_ALL_STREAMS)
		return BATON_ERR_ARG;
	if (session->state == BATON_SESSION_RESUMING) {
		want_room(session, at);
		return BATON_ERR_AGAIN;
	}
	if (session->state != BATON_SESSION_SECURED &&
	    session->state != BATON_SESSION_IDLE)
		return BATON_ERR_STATE;
	/* They come first: their numbers would be those of this one. */
	out = session_news(session, at);
	if (out->tell & BATON_SENT_LOST || out->before > 0) {
		out->tell |= BATON_SENT_WRITABLE;
		return BATON_ERR_AGAIN;
	}
	session_clock(session, now_ms);
	if (session->state == BATON_SESSION_IDLE)
		return resume_early(session, at, message, len, flags);
	err = baton_outgoing_send(&session->outgoing, at, message, len, flags);
	if (err != BATON_ERR_AGAIN)
		return err;
	err = records_pump(session, stream.class_id, true);
	if (!err)
		err = baton_outgoing_send(&session->outgoing, at, message, len,
					  flags);
	if (err == BATON_ERR_AGAIN)
		want_room(session, at);
	return err;
}

uint32_t baton_session_number(const struct baton_session *session,
			      struct baton_stream_id stream)
{
	unsigned int at = session_stream_at(stream);

	return at < BATON_ALL_STREAMS ? session->outgoing.stream[at].next : 0;
}

enum baton_err baton_session_begin(struct baton_session *session,
				   struct baton_stream_id stream,
				   uint32_t total, const uint8_t *meta,
				   size_t meta_len, unsigned int flags)
{
	unsigned int at = session_stream_at(stream);
	struct baton_outgoing_stream *out;
	enum baton_err err;

	if (at == BATON_ALL_STREAMS || flags & ~(unsigned int)BATON_SEND_SECRET)
		return BATON_ERR_ARG;
	err = baton_outgoing_begin(&session->outgoing, at, total, meta,
				   meta_len);
	if (err)
		return err;
	out = session_news(session, at);
	out->secret = flags & BATON_SEND_SECRET;
	out->tell |= BATON_SENT_WRITABLE;
	return BATON_OK;
}

enum baton_err baton_session_write(struct baton_session *session,
				   struct baton_stream_id stream,
				   const uint8_t *bytes, size_t len,
				   size_t *taken, uint64_t now_ms)
{
	unsigned int at = session_stream_at(stream);
	enum baton_err err = BATON_OK;
	bool wait;
	size_t n;

	(void)now_ms;
	*taken = 0;
	if (at == BATON_ALL_STREAMS)
		return BATON_ERR_ARG;
	wait = session->state != BATON_SESSION_SECURED ||
	       baton_outgoing_untold(
		       baton_outgoing_stream(&session->outgoing, at));
	while (len > 0) {
		err = BATON_ERR_AGAIN;
		n = 0;
		if (!wait)
			err = baton_outgoing_write(&session->outgoing, at,
						   bytes, len, &n);
		bytes += n;
		len -= n;
		*taken += n;
		if (err == BATON_ERR_AGAIN && !wait)
			err = records_pump(session, stream.class_id, true);
		if (err)
			break;
	}
	if (err == BATON_ERR_AGAIN) {
		want_room(session, at);
		return *taken > 0 ? BATON_OK : BATON_ERR_AGAIN;
	}
	return err;
}

enum baton_err baton_session_cancel(struct baton_session *session,
				    struct baton_stream_id stream,
				    uint8_t reason)
{
	unsigned int at = session_stream_at(stream);
	struct baton_outgoing_stream *out;
	enum baton_err err;

	if (at == BATON_ALL_STREAMS)
		return BATON_ERR_ARG;
	out = baton_outgoing_stream(&session->outgoing, at);
	err = baton_outgoing_cancel(out, reason);
	/* Nothing of it is wanted any more. */
	if (!err)
		out->tell &= (uint8_t)~BATON_SENT_REWIND;
	return err;
}
