/* SPDX-License-Identifier: MIT */
#include "session/handshake.h"

#include <string.h>

#include "session/bonded.h"
#include "session/method.h"
#include "transport/flight.h"

void handshake_set_step(struct baton_handshake *handshake, enum baton_step step)
{
	handshake->step = step;
}

enum baton_err handshake_reject(struct baton_turn *turn, uint8_t code,
				enum baton_err err)
{
	struct baton_reply *reply = &turn->reply;

	reply->number = BATON_FLIGHT_REJECT;
	reply->bytes[0] = BATON_VERSION_MAX;
	reply->bytes[1] = BATON_VERSION_MIN;
	reply->bytes[2] = code;
	reply->len = BATON_REJECT_LEN;
	return err;
}

static void put_hello(const struct baton_handshake *handshake,
		      struct baton_reply *reply)
{
	reply->number = baton_is_phone(handshake->role)
				? BATON_FLIGHT_HELLO_PHONE
				: BATON_FLIGHT_HELLO_WATCH;
	reply->len = handshake->own->len;
	memcpy(reply->bytes, handshake->own->bytes, reply->len);
}

enum baton_err handshake_begin(struct baton_handshake *handshake,
			       struct baton_turn *turn)
{
	enum baton_err err;

	handshake->known = false;
	handshake_set_step(handshake, BATON_STEP_HELLO);
	err = baton_drbg_bytes(turn->drbg,
			       handshake->own->bytes + BATON_HELLO_NONCE_AT,
			       BATON_HELLO_NONCE_LEN);
	if (!err && baton_is_phone(handshake->role))
		put_hello(handshake, &turn->reply);
	return err;
}

enum baton_err baton_handshake_start(struct baton_handshake *handshake,
				     const struct baton_hello *hello,
				     uint8_t kind, uint8_t bond,
				     const uint8_t *advert,
				     struct baton_turn *turn)
{
	bool phone = baton_is_phone((enum baton_role)hello->role);

	memset(handshake, 0, sizeof(*handshake));
	turn->reply.len = 0;
	turn->reply.sealed_len = 0;
	handshake->role = (enum baton_role)hello->role;
	handshake->kind = kind;
	handshake->bond = bond;
	handshake->bearer = hello->bearer;
	handshake->own = &handshake->hello[phone];
	handshake->peer = &handshake->hello[!phone];
	baton_hello_encode(hello, handshake->own);
	if (advert) {
		handshake->has_advert = true;
		memcpy(handshake->advert, advert, sizeof(handshake->advert));
	}
	if (phone && advert && !baton_kind_pairs(kind) &&
	    bonded_recall(handshake, turn)) {
		handshake->known = true;
		return bonded_put(handshake, turn);
	}
	return handshake_begin(handshake, turn);
}

size_t handshake_prologue(const struct baton_handshake *handshake,
			  uint8_t out[BATON_PROLOGUE_MAX])
{
	return baton_prologue(out, handshake->version, handshake->kind,
			      &handshake->hello[BATON_PHONE],
			      &handshake->hello[BATON_WATCH]);
}

#define PROLOGUE_MAX \
	(BATON_PROLOGUE_MAX + 1 + BATON_BOND_NONCE_LEN + BATON_POSITIONS_LEN)

static size_t put_prologue(uint8_t out[PROLOGUE_MAX],
			   const struct baton_handshake *handshake,
			   const struct baton_turn *turn)
{
	const struct baton_hello_bytes *phone = &handshake->hello[BATON_PHONE];
	size_t n = handshake_prologue(handshake, out);

	if (handshake->known) {
		baton_hello_strip(out + BATON_PROLOGUE_HELLO_AT);
		baton_hello_strip(out + BATON_PROLOGUE_HELLO_AT + phone->len +
				  1);
		out[n++] = handshake->bearer;
		memcpy(out + n, handshake->advert, BATON_BOND_NONCE_LEN);
		n += BATON_BOND_NONCE_LEN;
	}
	if (handshake->kind == BATON_KIND_RESUME) {
		memcpy(out + n, turn->positions, BATON_POSITIONS_LEN);
		n += BATON_POSITIONS_LEN;
	}
	return n;
}

enum baton_err handshake_start_noise(struct baton_handshake *handshake,
				     const struct baton_noise_pattern *pattern,
				     bool initiator, struct baton_turn *turn)
{
	uint8_t prologue[PROLOGUE_MAX];
	size_t len = put_prologue(prologue, handshake, turn);

	handshake->initiator = initiator;
	return baton_noise_init(&handshake->noise, pattern, initiator, prologue,
				len, turn->drbg);
}

enum baton_err handshake_start_pairing(struct baton_handshake *handshake,
				       bool initiator, const uint8_t *psk,
				       struct baton_turn *turn)
{
	struct baton_noise_keys *keys = &handshake->noise.keys;
	enum baton_err err;

	err = baton_drbg_bytes(turn->drbg, keys->s_priv, sizeof(keys->s_priv));
	if (err)
		return err;
	baton_crypto_x25519_base(keys->s_pub, keys->s_priv);
	if (psk)
		memcpy(keys->psk, psk, sizeof(keys->psk));
	return handshake_start_noise(
		handshake, psk ? &baton_noise_xxpsk0 : &baton_noise_xx,
		initiator, turn);
}

enum baton_err handshake_write(struct baton_handshake *handshake,
			       struct baton_turn *turn, const uint8_t *payload,
			       size_t payload_len)
{
	struct baton_reply *reply = &turn->reply;
	size_t len;
	enum baton_err err;

	err = baton_noise_write(&handshake->noise, payload, payload_len,
				reply->bytes + reply->len,
				sizeof(reply->bytes) - reply->len, &len);
	reply->len += len;
	return err;
}

/* A payload longer than it may be is the peer's mistake, not the caller's. */
enum baton_err handshake_read(struct baton_handshake *handshake,
			      const struct baton_turn *turn, uint8_t *payload,
			      size_t payload_len)
{
	size_t len;
	enum baton_err err =
		baton_noise_read(&handshake->noise, turn->bytes, turn->len,
				 payload, payload_len, &len);

	if (err == BATON_ERR_SPACE)
		return BATON_ERR_PEER_LENGTH;
	return !err && len < payload_len ? BATON_ERR_PROTOCOL : err;
}

enum baton_err handshake_finish(struct baton_handshake *handshake)
{
	struct baton_noise_keys made = handshake->noise.keys;
	enum baton_err err;

	memcpy(made.rs, handshake->noise.state.rs, sizeof(made.rs));
	err = baton_keys_finish(&handshake->keys, &handshake->noise);
	if (!err) {
		memcpy(made.psk, handshake->keys.bond_psk, sizeof(made.psk));
		handshake->made = made;
	}
	baton_crypto_wipe(&made, sizeof(made));
	return err;
}

enum baton_err handshake_end(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err = handshake_read(handshake, turn, NULL, 0);

	return err ? err : handshake_finish(handshake);
}

enum baton_err handshake_take_hello(struct baton_handshake *handshake,
				    const uint8_t *bytes, size_t len)
{
	struct baton_hello_bytes *peer = handshake->peer;
	enum baton_err err = baton_hello_take(
		peer, bytes, len,
		baton_is_phone(handshake->role) ? BATON_WATCH : BATON_PHONE);

	if (!err)
		handshake->version =
			baton_hello_version(peer->bytes[0], peer->bytes[1]);
	return err;
}

/* Of a kind that pairs. */
static const struct baton_method *method(uint8_t kind,
					 const struct baton_turn *turn)
{
	if (BATON_METHODS && kind == BATON_KIND_OUT_OF_BAND)
		return turn->out_of_band;
	if (BATON_METHODS && kind == BATON_KIND_TYPED)
		return turn->typed;
	return &baton_comparison;
}

/* What both devices can decides how they pair; the prologue binds it. */
static uint8_t method_kind(const struct baton_handshake *handshake,
			   const struct baton_turn *turn)
{
	if (!BATON_METHODS)
		return baton_hello_pairing(handshake->peer) & BATON_PAIR_COMPARE
			       ? BATON_KIND_COMPARE
			       : 0;
	return baton_hello_method(turn->can,
				  baton_hello_pairing(handshake->peer),
				  turn->secrets->has_oob);
}

/* The phone knows the watch, and makes flight 2. */
static enum baton_err put_first(struct baton_handshake *handshake,
				struct baton_turn *turn)
{
	enum baton_err err;
	uint8_t kind;

	if (!baton_kind_pairs(handshake->kind))
		return bonded_put(handshake, turn);
	kind = method_kind(handshake, turn);
	if (!kind)
		return BATON_ERR_REFUSED;
	handshake->kind = kind;
	turn->reply.bytes[0] = kind;
	turn->reply.len = 1;
	err = method(kind, turn)->first(handshake, turn);
	if (!err)
		handshake_set_step(handshake, BATON_STEP_SECOND);
	else
		turn->reply.len = 0;
	return err;
}

/* Flight 0 at the watch, 1 at the phone. */
static enum baton_err take_hello(struct baton_handshake *handshake,
				 struct baton_turn *turn)
{
	enum baton_err err =
		handshake_take_hello(handshake, turn->bytes, turn->len);

	if (err)
		return err;
	if (!handshake->version)
		return handshake_reject(turn, BATON_REJECT_VERSION,
					BATON_ERR_VERSION);
	if (baton_is_phone(handshake->role))
		return put_first(handshake, turn);
	put_hello(handshake, &turn->reply);
	handshake_set_step(handshake, BATON_STEP_FIRST);
	return BATON_OK;
}

static enum baton_err first_of_pairing(struct baton_handshake *handshake,
				       uint8_t kind, struct baton_turn *turn)
{
	enum baton_err err;

	if (!turn->pairing)
		return handshake_reject(turn, BATON_REJECT_NOT_PAIRING,
					BATON_ERR_REFUSED);
	if (kind != method_kind(handshake, turn))
		return handshake_reject(turn, BATON_REJECT_OTHER_KIND,
					BATON_ERR_REFUSED);
	handshake->kind = kind;
	err = method(kind, turn)->answer(handshake, turn);
	if (!err)
		handshake_set_step(handshake, BATON_STEP_THIRD);
	else if (err != BATON_ERR_AUTH)
		handshake->kind = 0; /* no try was used up */
	return err;
}

/* Flight 2, at the watch. */
static enum baton_err take_first(struct baton_handshake *handshake,
				 struct baton_turn *turn)
{
	uint8_t kind = *turn->bytes++;

	turn->len--;
	switch (kind) {
	case BATON_KIND_COMPARE:
	case BATON_KIND_OUT_OF_BAND:
	case BATON_KIND_TYPED:
		if (handshake->known)
			break;
		return first_of_pairing(handshake, kind, turn);
	case BATON_KIND_RECONNECT:
	case BATON_KIND_RESUME:
	case BATON_KIND_RESUME_SYNC:
		return bonded_first(handshake, kind, turn);
	default:
		break;
	}
	return handshake_reject(turn, BATON_REJECT_OTHER_KIND,
				BATON_ERR_REFUSED);
}

/* Flight 3, at the phone. */
static enum baton_err take_second(struct baton_handshake *handshake,
				  struct baton_turn *turn)
{
	const struct baton_method *m;
	enum baton_err err;

	if (!baton_kind_pairs(handshake->kind))
		return bonded_second(handshake, turn);
	m = method(handshake->kind, turn);
	err = m->second(handshake, turn);
	if (!err)
		handshake_set_step(handshake,
				   m->last ? BATON_STEP_LAST : BATON_STEP_DONE);
	return err;
}

/* Flight 4 at the watch, 5 at the phone. */
static enum baton_err take_end(struct baton_handshake *handshake,
			       struct baton_turn *turn)
{
	const struct baton_method *m = method(handshake->kind, turn);
	enum baton_err err = baton_is_phone(handshake->role)
				     ? m->last(handshake, turn)
				     : m->third(handshake, turn);

	if (!err)
		handshake_set_step(handshake, BATON_STEP_DONE);
	return err;
}

/* Resuming fell through, or the advert was stale: reconnect, with hellos. */
static bool can_begin_anew(const struct baton_handshake *handshake)
{
	return baton_is_phone(handshake->role) &&
	       handshake->step == BATON_STEP_SECOND &&
	       (handshake->known || baton_kind_resumes(handshake->kind));
}

static enum baton_err take_reject(struct baton_handshake *handshake,
				  struct baton_turn *turn)
{
	const uint8_t *bytes = turn->bytes;

	if (turn->len != BATON_REJECT_LEN)
		return BATON_ERR_PEER_LENGTH;
	switch (bytes[2]) {
	case BATON_REJECT_VERSION:
		memcpy(handshake->peer->bytes, bytes, 2);
		return BATON_ERR_VERSION;
	case BATON_REJECT_NO_BOND:
		return BATON_ERR_NO_BOND;
	case BATON_REJECT_OTHER_KIND:
		/* Said to flight 2 alone, which may have gone out twice. */
		if (handshake->step == BATON_STEP_HELLO)
			return BATON_ERR_PEER_STATE;
		if (!can_begin_anew(handshake))
			return BATON_ERR_REFUSED;
		handshake->kind = BATON_KIND_RECONNECT;
		return handshake_begin(handshake, turn);
	case BATON_REJECT_LATER:
		return BATON_ERR_AGAIN;
	case BATON_REJECT_TRIES:
		return BATON_ERR_EXHAUSTED;
	default:
		return BATON_ERR_REFUSED;
	}
}

/* The flight that moves on from a step: two hellos, then one for each step. */
static uint8_t expected(const struct baton_handshake *handshake)
{
	if (handshake->step > BATON_STEP_LAST)
		return UINT8_MAX;
	if (handshake->step == BATON_STEP_HELLO &&
	    !baton_is_phone(handshake->role))
		return BATON_FLIGHT_HELLO_PHONE;
	return (uint8_t)(BATON_FLIGHT_HELLO_WATCH + handshake->step);
}

/* While pairing, one failure is one try (session/SPEC.md 1.2). */
static enum baton_err one_try(const struct baton_handshake *handshake,
			      enum baton_err err)
{
	bool pairing = baton_kind_pairs(handshake->kind) &&
		       handshake->step >= BATON_STEP_SECOND;

	return pairing && baton_err_is_peer(err) ? BATON_ERR_AUTH : err;
}

enum baton_err baton_handshake_flight(struct baton_handshake *handshake,
				      uint8_t number, struct baton_turn *turn)
{
	enum baton_err err = BATON_ERR_PEER_STATE;

	turn->reply.len = 0;
	turn->reply.sealed_len = 0;
	turn->reply.number = (uint8_t)(number + 1);
	if (number == BATON_FLIGHT_REJECT &&
	    handshake->step < BATON_STEP_ANSWER)
		return take_reject(handshake, turn);
	if (number == BATON_FLIGHT_FIRST && handshake->has_advert &&
	    !baton_is_phone(handshake->role) &&
	    handshake->step == BATON_STEP_HELLO) {
		handshake->known = true;
		handshake_set_step(handshake, BATON_STEP_FIRST);
	}
	if (number != expected(handshake))
		return BATON_ERR_PEER_STATE;
	switch (handshake->step) {
	case BATON_STEP_HELLO:
		err = take_hello(handshake, turn);
		break;
	case BATON_STEP_FIRST:
		err = take_first(handshake, turn);
		break;
	case BATON_STEP_SECOND:
		if (BATON_ROLES != BATON_ROLES_WATCH)
			err = take_second(handshake, turn);
		break;
	case BATON_STEP_THIRD:
	case BATON_STEP_LAST:
		err = take_end(handshake, turn);
		break;
	case BATON_STEP_ANSWER:
	case BATON_STEP_DONE:
		break;
	}
	/* What made no sense was no beginning: a hello still may come. */
	if (err && handshake->known && !baton_is_phone(handshake->role)) {
		handshake->known = false;
		handshake_set_step(handshake, BATON_STEP_HELLO);
	}
	if (baton_err_is_peer(err))
		turn->reply.len = 0;
	return one_try(handshake, err);
}

void baton_handshake_wipe(struct baton_handshake *handshake)
{
	baton_noise_wipe(&handshake->noise);
	baton_crypto_wipe(handshake, sizeof(*handshake));
}
