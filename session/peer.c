/* SPDX-License-Identifier: MIT */

/* A bond and the machines that hang on it (session/ENDPOINT.md). */

#include <string.h>

#include "base/bytes.h"
#include "session/delivery_internal.h"
#include "session/endpoint_internal.h"

static size_t channels_len(const struct baton_endpoint_config *config)
{
	return baton_aligned(config->applications *
			     sizeof(struct baton_channel));
}

static size_t keys_len(const struct baton_endpoint_config *config)
{
	return baton_aligned(config->applications *
			     sizeof(struct baton_application_keys));
}

static size_t activities_len(const struct baton_endpoint_config *config)
{
	return baton_aligned(config->activities *
			     sizeof(struct baton_activity));
}

static size_t application_len(const struct baton_endpoint_config *config,
			      uint8_t application)
{
	return baton_aligned(baton_delivery_memory_len(
		&config->application[application].application));
}

bool peer_has_bulk(const struct baton_endpoint_config *config)
{
	uint8_t i;

	for (i = 0; i < config->applications; i++)
		if (delivery_has_bulk(&config->application[i].application))
			return true;
	return false;
}

static size_t members_len(const struct baton_endpoint_config *config)
{
	return peer_has_bulk(config)
		       ? baton_aligned(config->applications *
				       sizeof(struct baton_bulk_member))
		       : 0;
}

size_t peer_memory_len(const struct baton_endpoint_config *config)
{
	size_t len = channels_len(config) + keys_len(config) +
		     members_len(config) + activities_len(config) +
		     baton_aligned(config->activities *
				   sizeof(struct baton_handoff_place));
	uint8_t i;

	for (i = 0; i < config->applications; i++)
		len += application_len(config, i);
	return len;
}

struct baton_peer *peer_find(struct baton_endpoint *endpoint,
			     const uint8_t bond[BATON_BOND_ID_LEN])
{
	struct baton_peer *peer;
	int i;

	for (i = 0; i < BATON_BONDS; i++) {
		peer = &endpoint->peer[i];
		if (peer->state != BATON_PEER_FREE &&
		    memcmp(peer->bond, bond, BATON_BOND_ID_LEN) == 0)
			return peer;
	}
	return NULL;
}

struct baton_peer *peer_linked(struct baton_endpoint *endpoint)
{
	int i;

	for (i = 0; i < BATON_BONDS; i++)
		if (endpoint->peer[i].linked)
			return &endpoint->peer[i];
	return NULL;
}

/* Handles are the applications' places in the configuration. */
static enum baton_err register_all(struct baton_endpoint *endpoint,
				   struct baton_peer *peer, uint8_t *memory)
{
	const struct baton_endpoint_config *config = &endpoint->config;
	const struct baton_endpoint_application *app;
	uint8_t root[BATON_CRYPTO_KEY_LEN];
	enum baton_err err = BATON_OK;
	uint8_t i, handle;

	for (i = 0; i < config->applications && !err; i++) {
		app = &config->application[i];
		err = baton_session_bond_export(
			&endpoint->session, peer->bond, BATON_APPLICATION_LABEL,
			app->application.id, BATON_APPLICATION_ID_LEN, root);
		if (!err)
			err = baton_delivery_register(
				&peer->delivery, &app->application, root,
				memory, application_len(config, i), &handle);
		if (!err)
			baton_application_keys(&peer->keys[i], root);
		if (!err && app->activities > 0)
			err = baton_handoff_register(
				&peer->handoff, i, app->application.id,
				&peer->keys[i], app->activities);
		memory += application_len(config, i);
	}
	baton_crypto_wipe(root, sizeof(root));
	return err;
}

static enum baton_err make(struct baton_endpoint *endpoint,
			   struct baton_peer *peer)
{
	const struct baton_endpoint_config *config = &endpoint->config;
	uint8_t seed[BATON_DRBG_SEED_LEN], *at = peer->memory;
	struct baton_handoff_place *place;
	struct baton_activity *activity;
	struct baton_channel *channel;
	enum baton_err err;

	channel = (struct baton_channel *)(void *)at;
	at += channels_len(config);
	peer->keys = (struct baton_application_keys *)(void *)at;
	at += keys_len(config);
	if (peer_has_bulk(config))
		peer->member = (struct baton_bulk_member *)(void *)at;
	at += members_len(config);
	activity = (struct baton_activity *)(void *)at;
	at += activities_len(config);
	place = (struct baton_handoff_place *)(void *)at;
	at += baton_aligned(config->activities *
			    sizeof(struct baton_handoff_place));
	baton_drbg_bytes(&endpoint->drbg, seed, sizeof(seed));
	baton_lifecycle_init(&peer->lifecycle, config->session.role,
			     &config->device, seed);
	err = baton_lifecycle_bond(&peer->lifecycle, peer->bond);
	baton_drbg_bytes(&endpoint->drbg, seed, sizeof(seed));
	if (!err)
		err = baton_delivery_init(&peer->delivery, channel,
					  config->applications, seed);
	if (!err && peer->member)
		baton_delivery_bulk(&peer->delivery, &endpoint->bulk,
				    peer->member);
	baton_drbg_bytes(&endpoint->drbg, seed, sizeof(seed));
	if (!err)
		err = baton_handoff_init(&peer->handoff, config->session.role,
					 peer->bond, activity, place,
					 config->activities, seed);
	baton_crypto_wipe(seed, sizeof(seed));
	return err ? err : register_all(endpoint, peer, at);
}

enum baton_err peer_make(struct baton_endpoint *endpoint,
			 const uint8_t bond[BATON_BOND_ID_LEN])
{
	struct baton_peer *peer;
	enum baton_err err;
	uint8_t i;

	if (peer_find(endpoint, bond))
		return BATON_ERR_STATE;
	for (i = 0; i < endpoint->config.peers &&
		    endpoint->peer[i].state != BATON_PEER_FREE;
	     i++)
		;
	if (i == endpoint->config.peers)
		return BATON_ERR_SPACE;
	peer = &endpoint->peer[i];
	memset(peer, 0, sizeof(*peer));
	peer->memory = endpoint->memory +
		       (endpoint->memory_len -
			endpoint->config.peers * endpoint->peer_len) +
		       i * endpoint->peer_len;
	memset(peer->memory, 0, endpoint->peer_len);
	memcpy(peer->bond, bond, BATON_BOND_ID_LEN);
	peer->state = BATON_PEER_BONDED;
	err = make(endpoint, peer);
	if (err)
		peer_wipe(endpoint, peer);
	return err;
}

void peer_wipe(struct baton_endpoint *endpoint, struct baton_peer *peer)
{
	if (peer->state == BATON_PEER_FREE)
		return;
	baton_crypto_wipe(peer->memory, endpoint->peer_len);
	baton_crypto_wipe(peer, sizeof(*peer));
}

static uint16_t shorter_record(const struct baton_session *session)
{
	/* The engine keeps to the shorter of both sides' (SPEC 1.1). */
	return (uint16_t)session->outgoing.batch[BATON_CLASS_MESSAGE].cap;
}

void peer_link(struct baton_endpoint *endpoint, struct baton_peer *peer)
{
	uint8_t key[BATON_CRYPTO_KEY_LEN];
	enum baton_err err;

	if (!peer->wants_link || !peer->linked)
		return;
	err = baton_session_channel(&endpoint->session, key);
	if (!err)
		err = baton_lifecycle_key(&peer->lifecycle, key, key);
	if (!err) {
		peer->wants_link = false;
		peer->active = true;
		baton_handoff_link(&peer->handoff, true, key, endpoint->now_ms);
		baton_delivery_link(
			&peer->delivery, true, key,
			BATON_ENVELOPE_ROOM(shorter_record(&endpoint->session)),
			endpoint->now_ms);
	}
	baton_crypto_wipe(key, sizeof(key));
}

void peer_unlink(struct baton_endpoint *endpoint, struct baton_peer *peer)
{
	uint64_t now_ms = endpoint->now_ms;

	peer->wants_link = false;
	if (!peer->active)
		return;
	peer->active = false;
	/* What of it waits for room in the engine. */
	endpoint->frame.code = 0;
	baton_crypto_wipe(endpoint->envelope, endpoint->envelope_len);
	endpoint->envelope_len = 0;
	baton_handoff_link(&peer->handoff, false, NULL, now_ms);
	baton_delivery_link(&peer->delivery, false, NULL, 0, now_ms);
}

void peer_revoked(struct baton_endpoint *endpoint, struct baton_peer *peer)
{
	uint64_t now_ms = endpoint->now_ms;
	uint8_t i;

	if (peer->state != BATON_PEER_BONDED)
		return;
	peer_unlink(endpoint, peer);
	peer->state = BATON_PEER_ERASING;
	if (peer->linked)
		endpoint->urgent.code = 0;
	endpoint_try(baton_lifecycle_revoke(&peer->lifecycle, now_ms));
	baton_handoff_erase(&peer->handoff, now_ms);
	for (i = 0; i < endpoint->config.applications; i++)
		if (baton_delivery_erase(&peer->delivery, i, now_ms) ==
		    BATON_OK)
			peer->applications_left++;
	/* NOT_FOUND: it is on its way. */
	endpoint_try(baton_session_bond_revoke(&endpoint->session, peer->bond,
					       now_ms));
}

bool peer_is_gone(const struct baton_peer *peer)
{
	return peer->state == BATON_PEER_ERASING && peer->bond_gone &&
	       peer->lifecycle_gone && peer->handoff_gone &&
	       peer->applications_left == 0;
}

/* True: the application is told, too. */
static bool take_lifecycle(struct baton_endpoint *endpoint,
			   struct baton_peer *peer,
			   const struct baton_lifecycle_event *event)
{
	switch (event->type) {
	case BATON_LIFECYCLE_EVENT_ACTIVE:
		peer->wants_link = true;
		peer_link(endpoint, peer);
		break;
	case BATON_LIFECYCLE_EVENT_SUSPENDED:
	case BATON_LIFECYCLE_EVENT_ENDED:
		peer_unlink(endpoint, peer);
		break;
	case BATON_LIFECYCLE_EVENT_REVOKE:
		peer_revoked(endpoint, peer);
		return false;
	case BATON_LIFECYCLE_EVENT_REVOKED:
		peer->lifecycle_gone = true;
		return false;
	case BATON_LIFECYCLE_EVENT_AUTHENTICATE:
	case BATON_LIFECYCLE_EVENT_ASKED:
	case BATON_LIFECYCLE_EVENT_EXPIRES:
	case BATON_LIFECYCLE_EVENT_STORE_FAILED:
		break;
	}
	return true;
}

static bool take_delivery(struct baton_endpoint *endpoint,
			  struct baton_peer *peer,
			  const struct baton_delivery_event *event)
{
	bool open = event->type == BATON_DELIVERY_OPEN;

	if (open || event->type == BATON_DELIVERY_SHUT)
		baton_handoff_open(&peer->handoff, event->application, open,
				   endpoint->now_ms);
	if (!baton_delivery_id(&peer->delivery, event->application))
		baton_handoff_gone(&peer->handoff, event->application);
	if (event->type != BATON_DELIVERY_ERASED ||
	    peer->state != BATON_PEER_ERASING)
		return true;
	peer->applications_left--;
	return false;
}

/* Files and byte streams have names of their own among the events. */
static void name_mode(struct baton_endpoint_event *event)
{
	const struct baton_delivery_event from = event->u.delivery;

	if (from.type == BATON_DELIVERY_FILE) {
		event->type = BATON_ENDPOINT_FILE;
		event->u.file = from.u.file;
	}
	if (from.type == BATON_DELIVERY_STREAM) {
		event->type = BATON_ENDPOINT_STREAM;
		event->u.stream = from.u.stream;
	}
}

static bool machine_event(struct baton_endpoint *endpoint,
			  struct baton_peer *peer,
			  enum endpoint_machine machine,
			  struct baton_endpoint_event *event, bool *told)
{
	switch (machine) {
	case MACHINE_LIFECYCLE:
		event->type = BATON_ENDPOINT_LIFECYCLE;
		if (!baton_lifecycle_next_event(&peer->lifecycle,
						&event->u.lifecycle))
			return false;
		*told = take_lifecycle(endpoint, peer, &event->u.lifecycle);
		return true;
	case MACHINE_HANDOFF:
		event->type = BATON_ENDPOINT_HANDOFF;
		if (!baton_handoff_next_event(&peer->handoff,
					      &event->u.handoff))
			return false;
		event->application = event->u.handoff.application;
		*told = event->u.handoff.type != BATON_HANDOFF_ERASED;
		peer->handoff_gone |= !*told;
		return true;
	case MACHINE_DELIVERY:
		event->type = BATON_ENDPOINT_DELIVERY;
		if (!baton_delivery_next_event(&peer->delivery,
					       &event->u.delivery))
			return false;
		event->application = event->u.delivery.application;
		*told = take_delivery(endpoint, peer, &event->u.delivery);
		name_mode(event);
		return true;
	case MACHINES:
		break;
	}
	return false;
}

static void begin_event(const struct baton_endpoint *endpoint,
			const struct baton_peer *peer,
			struct baton_endpoint_event *event)
{
	memset(event, 0, sizeof(*event));
	event->peer = (uint8_t)(peer - endpoint->peer);
	memcpy(event->bond, peer->bond, BATON_BOND_ID_LEN);
}

bool peer_next_event(struct baton_endpoint *endpoint, struct baton_peer *peer,
		     struct baton_endpoint_event *event)
{
	enum endpoint_machine machine;
	bool told = false;
	int i;

	begin_event(endpoint, peer, event);
	for (i = 0; i < MACHINES;) {
		machine = (enum endpoint_machine)((peer->event_turn + i) %
						  MACHINES);
		event->application = BATON_ENDPOINT_NOBODY;
		if (!machine_event(endpoint, peer, machine, event, &told)) {
			i++;
			continue;
		}
		if (!told)
			continue;
		peer->event_turn = (uint8_t)((machine + 1) % MACHINES);
		return true;
	}
	if (!peer_is_gone(peer))
		return false;
	event->type = BATON_ENDPOINT_REVOKED;
	event->application = BATON_ENDPOINT_NOBODY;
	event->err = peer->err;
	peer_wipe(endpoint, peer);
	return true;
}

static bool handoff_envelope(struct baton_endpoint *endpoint,
			     struct baton_peer *peer)
{
	size_t cap = shorter_record(&endpoint->session) - 4u, len;
	uint8_t application, op;

	if (!baton_handoff_tx(&peer->handoff, &application, &op,
			      endpoint->envelope + BATON_ENVELOPE_LEN, cap,
			      &len, endpoint->now_ms))
		return false;
	baton_envelope_put(endpoint->envelope, BATON_MODE_HANDOFF, op,
			   application);
	endpoint->envelope_len = BATON_ENVELOPE_LEN + len;
	/* A codec would keep a state in its window. */
	endpoint->envelope_flags = BATON_SEND_SECRET;
	return true;
}

static bool delivery_envelope(struct baton_endpoint *endpoint,
			      struct baton_peer *peer)
{
	endpoint->envelope_flags = 0;
	return baton_delivery_tx(&peer->delivery, endpoint->envelope,
				 endpoint->config.session.link.record_max,
				 &endpoint->envelope_len, endpoint->now_ms);
}

bool peer_next_envelope(struct baton_endpoint *endpoint,
			struct baton_peer *peer)
{
	/* CHANNELS, delivery's, goes before everything of any application. */
	peer->tx_turn = !peer->tx_turn;
	if (peer->tx_turn)
		return delivery_envelope(endpoint, peer) ||
		       handoff_envelope(endpoint, peer);
	return handoff_envelope(endpoint, peer) ||
	       delivery_envelope(endpoint, peer);
}

enum baton_err peer_take_envelope(struct baton_endpoint *endpoint,
				  struct baton_peer *peer, const uint8_t *bytes,
				  size_t len)
{
	struct baton_envelope envelope;
	enum baton_err err;
	uint8_t handle;

	err = baton_delivery_rx(&peer->delivery, bytes, len, endpoint->now_ms);
	if (err != BATON_ERR_NOT_FOUND)
		return err;
	err = baton_envelope_decode(&envelope, bytes, len);
	if (!err)
		err = baton_delivery_here(&peer->delivery, envelope.channel,
					  &handle);
	if (err)
		return err;
	if (envelope.mode == BATON_MODE_HANDOFF)
		return baton_handoff_rx(&peer->handoff, handle, envelope.op,
					envelope.body, envelope.len,
					endpoint->now_ms);
	return BATON_ERR_PEER_FORMAT;
}
