/* SPDX-License-Identifier: MIT */

/* A whole device: the engine, and what goes to and fro (ENDPOINT.md). */

#include "session/endpoint.h"

#include <string.h>

#include "base/bytes.h"
#include "session/delivery_internal.h"
#include "session/endpoint_internal.h"
#include "session/internal.h"

static bool is_valid(const struct baton_endpoint_config *config)
{
	uint8_t i;

	if (config->applications < 1 ||
	    config->applications > BATON_APPLICATIONS_MAX ||
	    config->peers < 1 || config->peers > BATON_BONDS ||
	    config->activities < 1)
		return false;
	for (i = 0; i < config->applications; i++)
		if (config->application[i].activities > config->activities ||
		    !delivery_bulk_fits(&config->application[i].application))
			return false;
	return true;
}

static size_t applications_len(const struct baton_endpoint_config *config)
{
	return config->applications * sizeof(*config->application);
}

static size_t engine_len(const struct baton_endpoint_config *config)
{
	return baton_aligned(baton_session_memory_len(&config->session)) +
	       baton_aligned(config->session.link.record_max) +
	       baton_aligned(applications_len(config));
}

size_t baton_endpoint_memory_len(const struct baton_endpoint_config *config)
{
	if (!is_valid(config))
		return 0;
	return engine_len(config) + config->peers * peer_memory_len(config);
}

enum baton_err baton_endpoint_init(struct baton_endpoint *endpoint,
				   const struct baton_endpoint_config *config,
				   void *memory, size_t memory_len,
				   const uint8_t seed[32])
{
	size_t len = baton_endpoint_memory_len(config), session_len;
	uint8_t own[BATON_DRBG_SEED_LEN], *applications;
	enum baton_err err;

	if (len == 0)
		return BATON_ERR_ARG;
	if (memory_len < len)
		return BATON_ERR_SPACE;
	memset(endpoint, 0, sizeof(*endpoint));
	baton_drbg_init(&endpoint->drbg, seed);
	baton_drbg_bytes(&endpoint->drbg, own, sizeof(own));
	session_len = baton_session_memory_len(&config->session);
	err = baton_session_init(&endpoint->session, &config->session, memory,
				 session_len, own);
	baton_crypto_wipe(own, sizeof(own));
	if (err) {
		baton_crypto_wipe(endpoint, sizeof(*endpoint));
		return err;
	}
	endpoint->config = *config;
	endpoint->memory = memory;
	endpoint->memory_len = len;
	endpoint->peer_len = peer_memory_len(config);
	endpoint->envelope = endpoint->memory + baton_aligned(session_len);
	applications = endpoint->envelope +
		       baton_aligned(config->session.link.record_max);
	memcpy(applications, config->application, applications_len(config));
	endpoint->config.application = (void *)applications;
	baton_bulk_init(&endpoint->bulk, &endpoint->session);
	return BATON_OK;
}

void baton_endpoint_wipe(struct baton_endpoint *endpoint)
{
	baton_session_wipe(&endpoint->session);
	baton_crypto_wipe(endpoint->memory, endpoint->memory_len);
	baton_crypto_wipe(endpoint, sizeof(*endpoint));
}

struct baton_session *baton_endpoint_session(struct baton_endpoint *endpoint)
{
	return &endpoint->session;
}

/* A link begins: whose it may turn out to be. */
static void connecting(struct baton_endpoint *endpoint)
{
	const struct baton_session *session = &endpoint->session;
	bool phone = endpoint->config.session.role == BATON_PHONE;
	struct baton_peer *peer;
	size_t i;

	if (phone && session->pairing_until_ms)
		return;
	for (i = 0; i < session->bond_count; i++) {
		peer = peer_find(endpoint, session->bonds[i].id);
		if (peer && (!phone || i == session->bond_wanted))
			baton_lifecycle_connecting(&peer->lifecycle);
	}
}

enum baton_err baton_endpoint_link_up(struct baton_endpoint *endpoint,
				      const struct baton_link_facts *facts,
				      uint64_t wall_s, uint64_t now_ms)
{
	enum baton_err err;

	endpoint->now_ms = now_ms;
	err = baton_session_link_up(&endpoint->session, facts, now_ms);
	if (err)
		return err;
	endpoint->wall_s = wall_s;
	connecting(endpoint);
	return BATON_OK;
}

void baton_endpoint_link_down(struct baton_endpoint *endpoint, uint64_t now_ms)
{
	struct baton_peer *peer;
	int i;

	endpoint->now_ms = now_ms;
	for (i = 0; i < BATON_BONDS; i++) {
		peer = &endpoint->peer[i];
		if (peer->state == BATON_PEER_FREE)
			continue;
		peer_unlink(endpoint, peer);
		peer->linked = false;
		baton_lifecycle_link(&peer->lifecycle, false, 0, now_ms);
	}
	endpoint->urgent.code = 0;
	baton_session_link_down(&endpoint->session, now_ms);
}

enum baton_err baton_endpoint_rx(struct baton_endpoint *endpoint,
				 const uint8_t *pdu, size_t len,
				 uint64_t now_ms)
{
	endpoint->now_ms = now_ms;
	return baton_session_rx(&endpoint->session, pdu, len, now_ms);
}

/* The frame goes into the engine; false: it has no room for it. */
static bool put_frame(struct baton_endpoint *endpoint,
		      struct baton_endpoint_frame *frame)
{
	if (baton_session_frame(&endpoint->session, frame->code, frame->body,
				frame->len) == BATON_ERR_AGAIN)
		return false;
	frame->code = 0;
	return true;
}

static void put_urgent(struct baton_endpoint *endpoint, struct baton_peer *peer)
{
	struct baton_endpoint_frame *frame = &endpoint->urgent;
	size_t len = frame->len;

	while (frame->code ||
	       baton_lifecycle_tx(&peer->lifecycle, &frame->code, frame->body,
				  &len, endpoint->now_ms)) {
		frame->len = (uint8_t)len;
		if (!put_frame(endpoint, frame))
			return;
	}
}

static bool put_frames(struct baton_endpoint *endpoint, struct baton_peer *peer)
{
	struct baton_endpoint_frame *frame = &endpoint->frame;
	size_t len = frame->len;

	while (frame->code ||
	       baton_handoff_tx_frame(&peer->handoff, &frame->code, frame->body,
				      &len, endpoint->now_ms)) {
		frame->len = (uint8_t)len;
		if (!put_frame(endpoint, frame))
			return false;
	}
	return true;
}

static void put_envelopes(struct baton_endpoint *endpoint,
			  struct baton_peer *peer)
{
	const struct baton_stream_id stream = {BATON_CLASS_MESSAGE,
					       BATON_ENVELOPE_STREAM};

	while (endpoint->envelope_len > 0 ||
	       peer_next_envelope(endpoint, peer)) {
		if (baton_session_send(
			    &endpoint->session, stream, endpoint->envelope,
			    endpoint->envelope_len, endpoint->envelope_flags,
			    endpoint->now_ms) == BATON_ERR_AGAIN)
			return;
		/* It may have been a state: nothing of it stays here. */
		baton_crypto_wipe(endpoint->envelope, endpoint->envelope_len);
		endpoint->envelope_len = 0;
	}
}

/* What the machines owe goes into the engine, as far as it has room. */
static void pump(struct baton_endpoint *endpoint)
{
	struct baton_peer *peer = peer_linked(endpoint);

	if (!peer || endpoint->session.state != BATON_SESSION_SECURED)
		return;
	peer_link(endpoint, peer);
	if (peer->state == BATON_PEER_BONDED)
		put_urgent(endpoint, peer);
	/* It may be suspended or over, and nobody has read that yet. */
	if (!peer->active ||
	    baton_lifecycle_state(&peer->lifecycle) != BATON_LIFECYCLE_ACTIVE)
		return;
	if (put_frames(endpoint, peer))
		put_envelopes(endpoint, peer);
	if (peer->member)
		baton_bulk_pump(&endpoint->bulk, endpoint->now_ms);
}

size_t baton_endpoint_tx(struct baton_endpoint *endpoint, uint8_t *dst,
			 size_t cap, uint64_t now_ms)
{
	endpoint->now_ms = now_ms;
	pump(endpoint);
	return baton_session_tx(&endpoint->session, dst, cap, now_ms);
}

static void sooner(uint64_t *deadline, uint64_t at)
{
	if (at < *deadline)
		*deadline = at;
}

uint64_t baton_endpoint_deadline(const struct baton_endpoint *endpoint)
{
	uint64_t deadline = baton_session_deadline(&endpoint->session);
	const struct baton_peer *peer;
	int i;

	sooner(&deadline, baton_bulk_deadline(&endpoint->bulk));
	for (i = 0; i < BATON_BONDS; i++) {
		peer = &endpoint->peer[i];
		if (peer->state == BATON_PEER_FREE)
			continue;
		sooner(&deadline, baton_lifecycle_deadline(&peer->lifecycle));
		sooner(&deadline, baton_handoff_deadline(&peer->handoff));
		sooner(&deadline, baton_delivery_deadline(&peer->delivery));
	}
	return deadline;
}

void baton_endpoint_tick(struct baton_endpoint *endpoint, uint64_t now_ms)
{
	struct baton_peer *peer;
	int i;

	endpoint->now_ms = now_ms;
	baton_session_tick(&endpoint->session, now_ms);
	for (i = 0; i < BATON_BONDS; i++) {
		peer = &endpoint->peer[i];
		if (peer->state == BATON_PEER_FREE)
			continue;
		baton_lifecycle_tick(&peer->lifecycle, now_ms);
		baton_handoff_tick(&peer->handoff, now_ms);
		baton_delivery_tick(&peer->delivery, now_ms);
	}
}

static void take_secured(struct baton_endpoint *endpoint)
{
	const struct baton_session *session = &endpoint->session;
	struct baton_peer *peer, *mine;
	int i;

	mine = peer_find(endpoint, session->bonds[session->bond_at].id);
	for (i = 0; i < BATON_BONDS; i++) {
		peer = &endpoint->peer[i];
		if (peer->state == BATON_PEER_FREE)
			continue;
		peer->linked = peer == mine;
		baton_lifecycle_link(&peer->lifecycle, peer->linked,
				     endpoint->wall_s, endpoint->now_ms);
	}
	endpoint->urgent.code = 0;
}

static void take_frame(struct baton_endpoint *endpoint,
		       const struct baton_event *event)
{
	struct baton_peer *peer = peer_linked(endpoint);
	enum baton_err err = BATON_ERR_PEER_STATE;
	uint8_t code = event->u.frame.code;

	if (peer && code >= BATON_URGENT_CODE_FIRST)
		err = baton_lifecycle_rx(&peer->lifecycle, code,
					 event->u.frame.body,
					 event->u.frame.len, endpoint->now_ms);
	else if (peer && peer->active)
		err = baton_handoff_rx_frame(
			&peer->handoff, code, event->u.frame.body,
			event->u.frame.len, endpoint->now_ms);
	endpoint->dropped += err != BATON_OK;
}

static void take_message(struct baton_endpoint *endpoint,
			 const struct baton_event *event)
{
	struct baton_peer *peer = peer_linked(endpoint);

	if (!peer || !peer->active ||
	    peer_take_envelope(endpoint, peer, event->u.message.bytes,
			       event->u.message.len))
		endpoint->dropped++;
	/* What it was about may be erased before its record is overwritten. */
	baton_crypto_wipe((void *)(uintptr_t)event->u.message.bytes,
			  event->u.message.len);
}

/* The bond is gone for good; false: it had no peer. */
static bool take_revoked(struct baton_endpoint *endpoint,
			 const struct baton_event *event)
{
	struct baton_peer *peer = peer_find(endpoint, event->u.bond.id);

	if (!peer)
		return false;
	peer->bond_gone = true;
	peer->err = event->u.bond.err;
	peer_revoked(endpoint, peer);
	return true;
}

static bool is_mine(const struct baton_event *event)
{
	return event->stream.class_id == BATON_CLASS_MESSAGE &&
	       event->stream.number == BATON_ENVELOPE_STREAM;
}

/* False: class BULK is the caller's. */
static bool take_bulk(struct baton_endpoint *endpoint,
		      const struct baton_event *event)
{
	if (event->stream.class_id != BATON_CLASS_BULK ||
	    !peer_has_bulk(&endpoint->config))
		return false;
	endpoint->dropped += baton_bulk_event(&endpoint->bulk, event,
					      endpoint->now_ms) != BATON_OK;
	return true;
}

/* False: it waits for a place, and is told when it has one. */
static bool take_paired(struct baton_endpoint *endpoint,
			const struct baton_event *event)
{
	enum baton_err err = peer_make(endpoint, event->u.bond.id);
	int i;

	for (i = 0; i < BATON_BONDS && err == BATON_ERR_SPACE; i++)
		if (endpoint->peer[i].state == BATON_PEER_ERASING)
			break;
	if (err != BATON_ERR_SPACE || i == BATON_BONDS)
		return true;
	memcpy(endpoint->waiting, event->u.bond.id, BATON_BOND_ID_LEN);
	endpoint->waits = true;
	return false;
}

static bool next_paired(struct baton_endpoint *endpoint,
			struct baton_event *event)
{
	enum baton_err err = BATON_ERR_SPACE;

	if (endpoint->waits)
		err = peer_make(endpoint, endpoint->waiting);
	if (err == BATON_ERR_SPACE)
		return false;
	endpoint->waits = false;
	/* Its frames of this link were nobody's. */
	if (baton_session_bond_is_linked(&endpoint->session, endpoint->waiting))
		session_fail(&endpoint->session, BATON_ERR_AGAIN);
	memset(event, 0, sizeof(*event));
	event->type = BATON_EVENT_PAIRED;
	memcpy(event->u.bond.id, endpoint->waiting, BATON_BOND_ID_LEN);
	return !err;
}

/* True: the caller is told as well. */
static bool take_event(struct baton_endpoint *endpoint,
		       const struct baton_event *event)
{
	struct baton_peer *peer = peer_linked(endpoint);

	switch (event->type) {
	case BATON_EVENT_SECURED:
		take_secured(endpoint);
		return true;
	case BATON_EVENT_PAIRED:
		return take_paired(endpoint, event);
	case BATON_EVENT_FRAME:
		take_frame(endpoint, event);
		return false;
	case BATON_EVENT_REVOKED:
		return !take_revoked(endpoint, event);
	case BATON_EVENT_ROLLED_BACK:
		if (peer)
			baton_lifecycle_rolled_back(&peer->lifecycle,
						    endpoint->now_ms);
		return true;
	case BATON_EVENT_MESSAGE:
		if (is_mine(event))
			take_message(endpoint, event);
		return !is_mine(event) && !take_bulk(endpoint, event);
	case BATON_EVENT_BEGIN:
	case BATON_EVENT_DATA:
	case BATON_EVENT_END:
	case BATON_EVENT_ABORTED:
	case BATON_EVENT_WRITABLE:
	case BATON_EVENT_REWIND:
	case BATON_EVENT_DELIVERED:
	case BATON_EVENT_LOST:
	case BATON_EVENT_REFUSED:
		/* Machines say again by their own numbers what was lost. */
		return !is_mine(event) && !take_bulk(endpoint, event);
	case BATON_EVENT_LINK_CLOSE:
	case BATON_EVENT_COMPARE:
	case BATON_EVENT_SHOW_CODE:
	case BATON_EVENT_TYPE_CODE:
	case BATON_EVENT_SHOW_SECRET:
	case BATON_EVENT_TAKE_SECRET:
	case BATON_EVENT_PAIR_FAILED:
		break;
	}
	return true;
}

static bool next_session_event(struct baton_endpoint *endpoint,
			       struct baton_event *event, uint64_t now_ms)
{
	const struct baton_peer *peer = peer_linked(endpoint);

	/* Without an active session data waits where it is (LIFECYCLE.md 2). */
	if (peer && peer->active)
		return baton_session_next_event(&endpoint->session, event,
						now_ms);
	return baton_session_next_control(&endpoint->session, event);
}

static bool next_peer_event(struct baton_endpoint *endpoint,
			    struct baton_endpoint_event *event)
{
	struct baton_peer *peer;
	int i;

	for (i = 0; i < BATON_BONDS; i++) {
		peer = &endpoint->peer[(endpoint->event_turn + i) %
				       BATON_BONDS];
		if (peer->state == BATON_PEER_FREE ||
		    !peer_next_event(endpoint, peer, event))
			continue;
		endpoint->event_turn =
			(uint8_t)((event->peer + 1) % BATON_BONDS);
		return true;
	}
	return false;
}

bool baton_endpoint_next_event(struct baton_endpoint *endpoint,
			       struct baton_endpoint_event *event,
			       uint64_t now_ms)
{
	struct baton_event *engine = &event->u.session;
	const struct baton_peer *peer;

	endpoint->now_ms = now_ms;
	for (;;) {
		pump(endpoint);
		/*
		 * They have room for what the engine brings next, and nothing
		 * points into what it brought last.
		 */
		if (next_peer_event(endpoint, event))
			return true;
		if (!next_paired(endpoint, engine) &&
		    !next_session_event(endpoint, engine, now_ms))
			return false;
		if (!take_event(endpoint, engine))
			continue;
		peer = peer_linked(endpoint);
		if (engine->type == BATON_EVENT_PAIRED)
			peer = peer_find(endpoint, engine->u.bond.id);
		event->type = BATON_ENDPOINT_SESSION;
		event->application = BATON_ENDPOINT_NOBODY;
		event->err = BATON_OK;
		event->peer = peer ? (uint8_t)(peer - endpoint->peer)
				   : BATON_ENDPOINT_NOBODY;
		memset(event->bond, 0, sizeof(event->bond));
		if (peer)
			memcpy(event->bond, peer->bond, sizeof(event->bond));
		return true;
	}
}

static struct baton_peer *at(struct baton_endpoint *endpoint, uint8_t peer)
{
	return peer < BATON_BONDS &&
			       endpoint->peer[peer].state == BATON_PEER_BONDED
		       ? &endpoint->peer[peer]
		       : NULL;
}

enum baton_err baton_endpoint_bond(const struct baton_endpoint *endpoint,
				   uint8_t peer,
				   uint8_t bond[BATON_BOND_ID_LEN])
{
	if (peer >= BATON_BONDS ||
	    endpoint->peer[peer].state == BATON_PEER_FREE)
		return BATON_ERR_NOT_FOUND;
	memcpy(bond, endpoint->peer[peer].bond, BATON_BOND_ID_LEN);
	return BATON_OK;
}

uint8_t baton_endpoint_peer(const struct baton_endpoint *endpoint)
{
	uint8_t i;

	for (i = 0; i < BATON_BONDS && !endpoint->peer[i].linked; i++)
		;
	return i < BATON_BONDS ? i : BATON_ENDPOINT_NOBODY;
}

enum baton_lifecycle_state
baton_endpoint_state(const struct baton_endpoint *endpoint, uint8_t peer)
{
	if (peer < BATON_BONDS && endpoint->peer[peer].state != BATON_PEER_FREE)
		return baton_lifecycle_state(&endpoint->peer[peer].lifecycle);
	return endpoint->session.pairing_until_ms ? BATON_LIFECYCLE_PAIRING
						  : BATON_LIFECYCLE_UNPAIRED;
}

enum baton_err baton_endpoint_revoke(struct baton_endpoint *endpoint,
				     uint8_t peer, uint64_t now_ms)
{
	endpoint->now_ms = now_ms;
	if (peer >= BATON_BONDS ||
	    endpoint->peer[peer].state == BATON_PEER_FREE)
		return BATON_ERR_NOT_FOUND;
	if (endpoint->peer[peer].state == BATON_PEER_ERASING)
		return BATON_ERR_STATE;
	peer_revoked(endpoint, &endpoint->peer[peer]);
	return BATON_OK;
}

struct baton_lifecycle *
baton_endpoint_lifecycle(struct baton_endpoint *endpoint, uint8_t peer)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? &p->lifecycle : NULL;
}

struct baton_handoff *baton_endpoint_handoff(struct baton_endpoint *endpoint,
					     uint8_t peer)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? &p->handoff : NULL;
}

struct baton_delivery *baton_endpoint_delivery(struct baton_endpoint *endpoint,
					       uint8_t peer)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? &p->delivery : NULL;
}

struct baton_requests *baton_endpoint_requests(struct baton_endpoint *endpoint,
					       uint8_t peer,
					       uint8_t application)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? baton_delivery_requests(&p->delivery, application) : NULL;
}

struct baton_context *baton_endpoint_context(struct baton_endpoint *endpoint,
					     uint8_t peer, uint8_t application)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? baton_delivery_context(&p->delivery, application) : NULL;
}

struct baton_queue *baton_endpoint_queue(struct baton_endpoint *endpoint,
					 uint8_t peer, uint8_t application)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? baton_delivery_queue(&p->delivery, application) : NULL;
}

struct baton_files *baton_endpoint_files(struct baton_endpoint *endpoint,
					 uint8_t peer, uint8_t application)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? baton_delivery_files(&p->delivery, application) : NULL;
}

struct baton_bytestreams *
baton_endpoint_streams(struct baton_endpoint *endpoint, uint8_t peer,
		       uint8_t application)
{
	struct baton_peer *p = at(endpoint, peer);

	return p ? baton_delivery_streams(&p->delivery, application) : NULL;
}
