/* SPDX-License-Identifier: MIT */

/* Pairing after the flights: two people, one bond (session/SPEC.md 3). */

#include <string.h>

#include "session/internal.h"
#include "transport/timing.h"

uint8_t pairing_methods(const struct baton_session *session)
{
	const struct baton_session_config *config = &session->config;
	unsigned int can =
		config->pairing ? config->pairing : BATON_PAIR_COMPARE;

	if (!BATON_METHODS)
		return BATON_PAIR_COMPARE;
	if (!config->out_of_band)
		can &= ~BATON_PAIR_OUT_OF_BAND;
	if (!config->typed)
		can &= ~(BATON_PAIR_SHOW | BATON_PAIR_TYPE);
	return (uint8_t)can;
}

#define OF_WINDOW offsetof(struct baton_secrets, has_oob)

/* A window has secrets of its own; what was counted stays counted. */
static void forget_secrets(struct baton_session *session)
{
	uint8_t *secrets = (uint8_t *)session->secrets;

	if (BATON_METHODS)
		baton_crypto_wipe(secrets + OF_WINDOW,
				  sizeof(*session->secrets) - OF_WINDOW);
}

bool pairing_has_room(const struct baton_session *session)
{
	return session->bond_count < BATON_BONDS ||
	       store_orphan(session) < BATON_BONDS;
}

enum baton_err baton_session_pairing_open(struct baton_session *session,
					  uint64_t now_ms)
{
	if (!pairing_has_room(session))
		return BATON_ERR_SPACE;
	forget_secrets(session);
	session->pairing_until_ms = now_ms + PAIRING_WINDOW_MS;
	return BATON_OK;
}

void baton_session_pairing_close(struct baton_session *session)
{
	forget_secrets(session);
	session->pairing_until_ms = 0;
}

BATON_NOT_INLINE
uint64_t pairing_deadline(const struct baton_session *session)
{
	const struct baton_secrets *secrets = session->secrets;

	return BATON_METHODS && (secrets->has_oob || secrets->has_digits)
		       ? session->pairing_until_ms
		       : BATON_NEVER;
}

/* A handshake may have used the window up, or want something for it. */
void pairing_look(struct baton_session *session)
{
	if (BATON_METHODS && session->secrets->spent)
		baton_session_pairing_close(session);
}

void pairing_write_failed(struct baton_session *session)
{
	session->pair_err = BATON_ERR_STORE;
	session->tell |= TELL_PAIR_FAILED;
}

void pairing_begin(struct baton_session *session)
{
	session->said_yes = false;
	session->peer_said_yes = false;
	session->bond_durable = false;
	session->peer_bonded = false;
	session->pair_err = BATON_OK;
	session_set_state(session, BATON_SESSION_CONFIRM,
			  session->now_ms + PEOPLE_DEADLINE_MS);
	if (!BATON_METHODS || session->handshake->kind == BATON_KIND_COMPARE) {
		session->tell |= TELL_COMPARE;
		return;
	}
	/* Who showed the secret and who took it have said yes by that. */
	session->said_yes = true;
	session->owes |= OWES(CONFIRM_FRAME);
}

/* Both said yes: make the bond and ask for it to be written. */
static enum baton_err ask_for_write(struct baton_session *session)
{
	const struct baton_handshake *handshake = session->handshake;
	struct baton_bond *bond;
	enum baton_err err;

	if (!store_make_room(session))
		return BATON_ERR_SPACE;
	bond = session_bond_at(session, session->bond_count);
	baton_drbg_bytes(&session->drbg, bond->id, sizeof(bond->id));
	bond->keys = handshake->noise.keys;
	memcpy(bond->tag_key, handshake->keys.tag_key, sizeof(bond->tag_key));
	err = baton_crypto_x25519(bond->keys.ss, bond->keys.s_priv,
				  bond->keys.rs);
	if (err)
		return BATON_ERR_AUTH;
	bond->ticket.unserved = true;
	session->storing.new_bond = true;
	return BATON_OK;
}

/* Whatever has become possible, do. */
void pairing_step(struct baton_session *session)
{
	enum baton_err err;

	if (session->state != BATON_SESSION_CONFIRM)
		return;
	if (session->said_yes && session->peer_said_yes &&
	    !session->bond_durable && !session->storing.new_bond) {
		err = ask_for_write(session);
		if (err)
			session_fail(session, err);
		return;
	}
	if (!session->bond_durable || !session->peer_bonded)
		return;
	session->tell |= TELL_PAIRED;
	session_set_state(session, BATON_SESSION_SYNCING,
			  session_secure_by(session));
	sync_begin(session);
}

enum baton_err pairing_frame(struct baton_session *session, uint8_t code)
{
	if (session->state != BATON_SESSION_CONFIRM)
		return BATON_ERR_PROTOCOL;
	switch (code) {
	case CONFIRM_FRAME:
		session->peer_said_yes = true;
		break;
	case BONDED_FRAME:
		if (!session->said_yes || !session->peer_said_yes)
			return BATON_ERR_PROTOCOL;
		session->peer_bonded = true;
		break;
	default:
		return BATON_ERR_REFUSED;
	}
	pairing_step(session);
	return BATON_OK;
}

enum baton_err baton_session_confirm(struct baton_session *session, bool yes,
				     uint64_t now_ms)
{
	session_clock(session, now_ms);
	/* One answer; a no is final. */
	if (session->state != BATON_SESSION_CONFIRM || session->said_yes ||
	    session->pair_err)
		return BATON_ERR_STATE;
	session->tell &= (uint8_t)~TELL_COMPARE;
	if (!yes) {
		session->owes |= OWES(PAIR_CANCEL_FRAME);
		session->pair_err = BATON_ERR_REFUSED;
		session->state_deadline_ms =
			session->now_ms + REJECT_DEADLINE_MS;
		return BATON_OK;
	}
	session->said_yes = true;
	session->owes |= OWES(CONFIRM_FRAME);
	pairing_step(session);
	return BATON_OK;
}

void pairing_stored(struct baton_session *session, enum baton_err err)
{
	session->storing.new_bond = false;
	if (err) {
		baton_crypto_wipe(session_bond_at(session, session->bond_count),
				  sizeof(session->bonds[0]));
		/* The link may be gone, and nothing else would be told. */
		pairing_write_failed(session);
	} else {
		session->bond_wanted = session->bond_count++;
		if (BATON_METHODS)
			session->secrets->forgive = session->secrets->tries > 0;
		baton_session_pairing_close(session);
	}
	if (session->state != BATON_SESSION_CONFIRM)
		return;
	if (err) {
		session_fail(session, BATON_ERR_STORE);
		return;
	}
	session->bond_at = session->bond_wanted;
	session->bond_durable = true;
	session->owes |= OWES(BONDED_FRAME);
	pairing_step(session);
}
