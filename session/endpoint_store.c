/* SPDX-License-Identifier: MIT */

/* What is stored, of all machines: one operation at a time (ENDPOINT.md 2). */

#include <string.h>

#include "session/endpoint_internal.h"

#define ENGINE 0 /* in asked_at; then MACHINES for each peer */
#define ALL (1 + BATON_BONDS * MACHINES)

static enum baton_err load_peer(struct baton_peer *peer, const char *key,
				const uint8_t *value, size_t len,
				uint64_t now_ms)
{
	enum baton_err err;

	err = baton_lifecycle_load(&peer->lifecycle, key, value, len, now_ms);
	if (err == BATON_ERR_NOT_FOUND)
		err = baton_delivery_load(&peer->delivery, key, value, len);
	if (err == BATON_ERR_NOT_FOUND)
		err = baton_handoff_load(&peer->handoff, key, value, len,
					 now_ms);
	return err;
}

enum baton_err baton_endpoint_load(struct baton_endpoint *endpoint,
				   const char *key, const uint8_t *value,
				   size_t len, uint64_t now_ms)
{
	struct baton_session *session = &endpoint->session;
	uint8_t bond_count = session->bond_count;
	enum baton_err err;
	int i;

	endpoint->now_ms = now_ms;
	err = baton_session_load(session, key, value, len);
	if (!err && session->bond_count > bond_count)
		return peer_make(endpoint, session->bonds[bond_count].id);
	for (i = 0; i < BATON_BONDS && err == BATON_ERR_NOT_FOUND; i++)
		if (endpoint->peer[i].state == BATON_PEER_BONDED)
			err = load_peer(&endpoint->peer[i], key, value, len,
					now_ms);
	return err;
}

static bool next_op(struct baton_endpoint *endpoint, unsigned int at,
		    struct baton_store_op *op)
{
	struct baton_peer *peer;

	if (at == ENGINE)
		return baton_session_next_store_op(&endpoint->session, op);
	peer = &endpoint->peer[(at - 1) / MACHINES];
	if (peer->state == BATON_PEER_FREE)
		return false;
	switch ((enum endpoint_machine)((at - 1) % MACHINES)) {
	case MACHINE_LIFECYCLE:
		return baton_lifecycle_next_store_op(&peer->lifecycle, op);
	case MACHINE_HANDOFF:
		return baton_handoff_next_store_op(&peer->handoff, op);
	case MACHINE_DELIVERY:
		return baton_delivery_next_store_op(&peer->delivery, op);
	case MACHINES:
		break;
	}
	return false;
}

bool baton_endpoint_next_store_op(struct baton_endpoint *endpoint,
				  struct baton_store_op *op)
{
	unsigned int i, at;

	if (endpoint->asked)
		return false;
	for (i = 0; i < ALL; i++) {
		at = (endpoint->store_turn + i) % ALL;
		if (!next_op(endpoint, at, op))
			continue;
		endpoint->asked = true;
		endpoint->asked_at = (uint8_t)at;
		endpoint->asked_id = op->id;
		endpoint->store_turn = (uint8_t)((at + 1) % ALL);
		op->id = ++endpoint->store_id;
		return true;
	}
	return false;
}

void baton_endpoint_stored(struct baton_endpoint *endpoint, uint32_t id,
			   enum baton_err err, uint64_t now_ms)
{
	unsigned int at = endpoint->asked_at;
	uint32_t asked_id = endpoint->asked_id;
	struct baton_peer *peer;

	if (!endpoint->asked || id != endpoint->store_id)
		return;
	endpoint->now_ms = now_ms;
	endpoint->asked = false;
	if (at == ENGINE) {
		baton_session_stored(&endpoint->session, asked_id, err, now_ms);
		return;
	}
	peer = &endpoint->peer[(at - 1) / MACHINES];
	switch ((enum endpoint_machine)((at - 1) % MACHINES)) {
	case MACHINE_LIFECYCLE:
		baton_lifecycle_stored(&peer->lifecycle, asked_id, err, now_ms);
		break;
	case MACHINE_HANDOFF:
		baton_handoff_stored(&peer->handoff, asked_id, err, now_ms);
		break;
	case MACHINE_DELIVERY:
		baton_delivery_stored(&peer->delivery, asked_id, err, now_ms);
		break;
	case MACHINES:
		break;
	}
}
