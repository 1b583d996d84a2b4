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

BATON_NOT_INLINE
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

void handshake_begin(struct baton_handshake *handshake, struct baton_turn *turn)
{
	handshake->known = false;
	handshake_set_step(handshake, BATON_STEP_HELLO);
	baton_drbg_bytes(turn->drbg,
			 handshake->own->bytes + BATON_HELLO_NONCE_AT,
			 BATON_HELLO_NONCE_LEN);
	if (baton_is_phone(handshake->role))
		put_hello(handshake, &turn->reply);
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

BATON_NOT_INLINE
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

void handshake_start_noise(struct baton_handshake *handshake,
			   const struct baton_noise_pattern *pattern,
			   bool initiator, struct baton_turn *turn)
{
	uint8_t prologue[PROLOGUE_MAX];
	size_t len = put_prologue(prologue, handshake, turn);

	handshake->initiator = initiator;
	baton_noise_init(&handshake->noise, pattern, initiator, prologue, len,
			 turn->drbg);
}

void handshake_start_pairing(struct baton_handshake *handshake, bool initiator,
			     const uint8_t *psk, struct baton_turn *turn)
{
	struct baton_noise_keys *keys = &handshake->noise.keys;

	baton_drbg_bytes(turn->drbg, keys->s_priv, sizeof(keys->s_priv));
	baton_crypto_x25519_base(keys->s_pub, keys->s_priv);
	if (psk)
		memcpy(keys->psk, psk, sizeof(keys->psk));
	handshake_start_noise(handshake,
			      psk ? &baton_noise_xxpsk0 : &baton_noise_xx,
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
	return baton_keys_finish(&handshake->keys, &handshake->noise);
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

BATON_NOT_INLINE
static const struct baton_method *method(uint8_t kind,
					 const struct baton_turn *turn)
{
	if (!baton_kind_pairs(kind))
		return &baton_bonded;
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
	uint8_t peer = baton_hello_pairing(handshake->peer);
	const struct baton_method *other = NULL;

	if (BATON_METHODS)
		other = turn->typed ? turn->typed : turn->out_of_band;
	if (other)
		return other->choose(turn->can, peer, turn->secrets->has_oob);
	return peer & turn->can & BATON_PAIR_COMPARE ? BATON_KIND_COMPARE : 0;
}

/* The phone knows the watch, and makes flight 2. */
static enum baton_err put_first(struct baton_handshake *handshake,
				struct baton_turn *turn)
{
	struct baton_reply *reply = &turn->reply;
	uint8_t kind = handshake->kind;
	enum baton_err err;

	if (baton_kind_pairs(kind))
		kind = method_kind(handshake, turn);
	if (!kind)
		return BATON_ERR_REFUSED;
	handshake->kind = kind;
	reply->number = BATON_FLIGHT_FIRST;
	reply->len = 1;
	err = method(kind, turn)->first(handshake, turn);
	reply->bytes[0] = handshake->kind;
	if (!err)
		handshake_set_step(handshake, BATON_STEP_SECOND);
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
		return put_first(handshake, turn);
	}
	handshake_begin(handshake, turn);
	return BATON_OK;
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

/* OK: the watch may answer a flight 2 of this kind. */
static enum baton_err can_answer(const struct baton_handshake *handshake,
				 uint8_t kind, struct baton_turn *turn)
{
	switch (kind) {
	case BATON_KIND_COMPARE:
	case BATON_KIND_OUT_OF_BAND:
	case BATON_KIND_TYPED:
		if (handshake->known)
			break;
		if (!turn->pairing)
			return handshake_reject(turn, BATON_REJECT_NOT_PAIRING,
						BATON_ERR_REFUSED);
		if (kind != method_kind(handshake, turn))
			break;
		return BATON_OK;
	case BATON_KIND_RECONNECT:
	case BATON_KIND_RESUME:
	case BATON_KIND_RESUME_SYNC:
		return BATON_OK;
	default:
		break;
	}
	return handshake_reject(turn, BATON_REJECT_OTHER_KIND,
				BATON_ERR_REFUSED);
}

/* Flight 2, at the watch: what the phone wants. */
static enum baton_err take_kind(struct baton_handshake *handshake,
				struct baton_turn *turn)
{
	uint8_t kind = *turn->bytes++;
	enum baton_err err;

	turn->len--;
	handshake->known = handshake->step == BATON_STEP_HELLO;
	err = can_answer(handshake, kind, turn);
	if (!err)
		handshake->kind = kind;
	return err;
}

/* After a flight of a method: the next of the peer's is two further. */
static enum baton_step step_behind(const struct baton_handshake *handshake,
				   uint8_t number, uint8_t last)
{
	if (number + 2 <= last)
		return (enum baton_step)(number + 1);
	return number == BATON_FLIGHT_FIRST &&
			       baton_kind_resumes(handshake->kind)
		       ? BATON_STEP_ANSWER
		       : BATON_STEP_DONE;
}

/* Flight 2 and all that come behind it. */
static enum baton_err take_step(struct baton_handshake *handshake,
				uint8_t number, struct baton_turn *turn)
{
	const struct baton_method *m = method(handshake->kind, turn);
	enum baton_err err;

	err = m->take[number - BATON_FLIGHT_FIRST](handshake, turn);
	if (!err && turn->reply.number != BATON_FLIGHT_REJECT)
		handshake_set_step(handshake,
				   step_behind(handshake, number, m->last));
	return err;
}

static enum baton_err take_first(struct baton_handshake *handshake,
				 struct baton_turn *turn)
{
	enum baton_err err = take_kind(handshake, turn);

	if (!err)
		err = take_step(handshake, BATON_FLIGHT_FIRST, turn);
	/* What made no sense was no beginning: a hello still may come. */
	if (err)
		handshake->known = false;
	if (err && err != BATON_ERR_AUTH)
		handshake->kind = 0; /* no try was used up */
	return err;
}

/*
 * Resuming fell through, or the advert was stale: reconnect, with hellos. It is
 * said to flight 2 alone, which may have gone out twice: then it comes again,
 * when that is long under way.
 */
static enum baton_err begin_anew(struct baton_handshake *handshake,
				 struct baton_turn *turn)
{
	if (baton_kind_pairs(handshake->kind))
		return BATON_ERR_REFUSED;
	if (handshake->step != BATON_STEP_SECOND ||
	    !(handshake->known || baton_kind_resumes(handshake->kind)))
		return BATON_ERR_PEER_STATE;
	handshake->kind = BATON_KIND_RECONNECT;
	handshake_begin(handshake, turn);
	return BATON_OK;
}

static enum baton_err take_reject(struct baton_handshake *handshake,
				  struct baton_turn *turn)
{
	/* By enum baton_reject; what is not known is a refusal. */
	static const uint8_t errs[] = {
		[0] = BATON_ERR_REFUSED,
		[BATON_REJECT_VERSION] = BATON_ERR_VERSION,
		[BATON_REJECT_NO_BOND] = BATON_ERR_NO_BOND,
		[BATON_REJECT_NOT_PAIRING] = BATON_ERR_REFUSED,
		[BATON_REJECT_BUSY] = BATON_ERR_REFUSED,
		[BATON_REJECT_OTHER_KIND] = BATON_OK,
		[BATON_REJECT_LATER] = BATON_ERR_AGAIN,
		[BATON_REJECT_TRIES] = BATON_ERR_EXHAUSTED,
	};
	uint8_t code;

	if (turn->len != BATON_REJECT_LEN)
		return BATON_ERR_PEER_LENGTH;
	code = turn->bytes[2];
	if (code == BATON_REJECT_OTHER_KIND)
		return begin_anew(handshake, turn);
	if (code == BATON_REJECT_VERSION)
		memcpy(handshake->peer->bytes, turn->bytes, 2);
	return (enum baton_err)errs[code < sizeof(errs) ? code : 0];
}

/* The flight that moves on from a step: two hellos, then one for each step. */
static bool is_expected(const struct baton_handshake *handshake, uint8_t number)
{
	enum baton_step step = handshake->step;
	bool watch = !baton_is_phone(handshake->role);

	if (watch && step == BATON_STEP_HELLO)
		return number == BATON_FLIGHT_HELLO_PHONE ||
		       (number == BATON_FLIGHT_FIRST && handshake->has_advert);
	return step < BATON_STEP_ANSWER &&
	       number == BATON_FLIGHT_HELLO_WATCH + step;
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
	enum baton_err err;

	turn->reply.len = 0;
	turn->reply.sealed_len = 0;
	turn->reply.number = (uint8_t)(number + 1);
	if (number == BATON_FLIGHT_REJECT &&
	    handshake->step < BATON_STEP_ANSWER)
		return take_reject(handshake, turn);
	if (!is_expected(handshake, number))
		return BATON_ERR_PEER_STATE;
	if (number < BATON_FLIGHT_FIRST)
		err = take_hello(handshake, turn);
	else if (number == BATON_FLIGHT_FIRST)
		err = take_first(handshake, turn);
	else
		err = take_step(handshake, number, turn);
	if (err && turn->reply.number != BATON_FLIGHT_REJECT)
		turn->reply.len = 0;
	return one_try(handshake, err);
}

void baton_handshake_wipe(struct baton_handshake *handshake)
{
	baton_noise_wipe(&handshake->noise);
	baton_crypto_wipe(handshake, sizeof(*handshake));
}
