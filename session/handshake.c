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

enum baton_err handshake_reject(struct baton_reply *reply, uint8_t code,
				enum baton_err err)
{
	reply->number = BATON_FLIGHT_REJECT;
	reply->bytes[0] = BATON_VERSION_MAX;
	reply->bytes[1] = BATON_VERSION_MIN;
	reply->bytes[2] = code;
	reply->len = BATON_REJECT_LEN;
	return err;
}

static void put_hello(const struct baton_handshake *handshake, uint8_t number,
		      struct baton_reply *reply)
{
	const struct baton_hello_bytes *hello =
		&handshake->hello[baton_is_phone(handshake->role)];

	reply->number = number;
	memcpy(reply->bytes, hello->bytes, hello->len);
	reply->len = hello->len;
}

enum baton_err handshake_begin(struct baton_handshake *handshake,
			       const struct baton_handshake_env *env,
			       struct baton_reply *reply)
{
	bool phone = baton_is_phone(handshake->role);
	uint8_t *nonce = handshake->hello[phone].bytes + BATON_HELLO_LEN -
			 BATON_HELLO_NONCE_LEN;
	enum baton_err err;

	handshake->known = false;
	handshake_set_step(handshake, BATON_STEP_HELLO);
	err = baton_drbg_bytes(env->drbg, nonce, BATON_HELLO_NONCE_LEN);
	if (!err && phone)
		put_hello(handshake, BATON_FLIGHT_HELLO_PHONE, reply);
	return err;
}

enum baton_err baton_handshake_start(
	struct baton_handshake *handshake, enum baton_role role, uint8_t kind,
	uint8_t bond, const struct baton_hello *hello, const uint8_t *advert,
	const struct baton_handshake_env *env, struct baton_reply *reply)
{
	memset(handshake, 0, sizeof(*handshake));
	reply->len = 0;
	reply->sealed_len = 0;
	handshake->role = role;
	handshake->kind = kind;
	handshake->bond = bond;
	handshake->bearer = hello->bearer;
	baton_hello_encode(hello, &handshake->hello[baton_is_phone(role)]);
	if (advert) {
		handshake->has_advert = true;
		memcpy(handshake->advert, advert, sizeof(handshake->advert));
	}
	if (baton_is_phone(role) && advert && !baton_kind_pairs(kind) &&
	    bonded_recall(handshake, env)) {
		handshake->known = true;
		return bonded_put(handshake, env, reply);
	}
	return handshake_begin(handshake, env, reply);
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
			   const struct baton_handshake_env *env)
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
		memcpy(out + n, env->positions, BATON_POSITIONS_LEN);
		n += BATON_POSITIONS_LEN;
	}
	return n;
}

enum baton_err handshake_start_noise(struct baton_handshake *handshake,
				     enum baton_noise_pattern pattern,
				     bool initiator,
				     struct baton_noise_keys *keys,
				     const struct baton_handshake_env *env)
{
	uint8_t prologue[PROLOGUE_MAX];
	uint8_t e_priv[BATON_CRYPTO_KEY_LEN];
	enum baton_err err;
	size_t len;

	err = baton_drbg_bytes(env->drbg, e_priv, sizeof(e_priv));
	if (err)
		return err;
	keys->e_priv = e_priv;
	len = put_prologue(prologue, handshake, env);
	handshake->initiator = initiator;
	err = baton_noise_init(&handshake->noise, pattern,
			       initiator ? BATON_NOISE_INITIATOR
					 : BATON_NOISE_RESPONDER,
			       prologue, len, keys);
	baton_crypto_wipe(e_priv, sizeof(e_priv));
	return err;
}

enum baton_err handshake_start_pairing(struct baton_handshake *handshake,
				       bool initiator, const uint8_t *psk,
				       const struct baton_handshake_env *env)
{
	struct baton_noise_keys keys = {.s_priv = handshake->s_priv,
					.s_pub = handshake->s_pub,
					.psk = psk};
	enum baton_err err;

	err = baton_drbg_bytes(env->drbg, handshake->s_priv,
			       BATON_CRYPTO_KEY_LEN);
	if (err)
		return err;
	baton_crypto_x25519_base(handshake->s_pub, handshake->s_priv);
	return handshake_start_noise(handshake,
				     psk ? BATON_NOISE_XXPSK0 : BATON_NOISE_XX,
				     initiator, &keys, env);
}

enum baton_err handshake_write(struct baton_handshake *handshake,
			       uint8_t number, const uint8_t *payload,
			       size_t payload_len, struct baton_reply *reply)
{
	size_t len;
	enum baton_err err;

	err = baton_noise_write(&handshake->noise, payload, payload_len,
				reply->bytes + reply->len,
				sizeof(reply->bytes) - reply->len, &len);
	if (err)
		return err;
	reply->number = number;
	reply->len += len;
	return BATON_OK;
}

/* A payload longer than it may be is the peer's mistake, not the caller's. */
enum baton_err handshake_read(struct baton_handshake *handshake,
			      const uint8_t *bytes, size_t len,
			      uint8_t *payload, size_t payload_cap,
			      size_t *payload_len)
{
	enum baton_err err =
		baton_noise_read(&handshake->noise, bytes, len, payload,
				 payload_cap, payload_len);

	return err == BATON_ERR_SPACE ? BATON_ERR_PEER_LENGTH : err;
}

enum baton_err handshake_finish_noise(struct baton_handshake *handshake)
{
	struct baton_noise_result result;
	enum baton_err err;

	err = baton_noise_finish(&handshake->noise, &result);
	if (!err)
		baton_keys_derive(&handshake->keys, &result);
	baton_crypto_wipe(&result, sizeof(result));
	return err;
}

enum baton_err handshake_finish(struct baton_handshake *handshake)
{
	memcpy(handshake->peer_static,
	       baton_noise_remote_static(&handshake->noise),
	       BATON_CRYPTO_POINT_LEN);
	return handshake_finish_noise(handshake);
}

enum baton_err handshake_take_hello(struct baton_handshake *handshake,
				    const uint8_t *bytes, size_t len)
{
	enum baton_role other =
		baton_is_phone(handshake->role) ? BATON_WATCH : BATON_PHONE;

	return baton_hello_decode(bytes, len, other, &handshake->peer,
				  &handshake->hello[other]);
}

/* Flight 0, at the watch. */
static enum baton_err take_phone_hello(struct baton_handshake *handshake,
				       const uint8_t *bytes, size_t len,
				       struct baton_reply *reply)
{
	enum baton_err err = handshake_take_hello(handshake, bytes, len);

	if (err)
		return err;
	handshake->version = baton_hello_version(&handshake->peer);
	if (!handshake->version)
		return handshake_reject(reply, BATON_REJECT_VERSION,
					BATON_ERR_VERSION);
	put_hello(handshake, BATON_FLIGHT_HELLO_WATCH, reply);
	handshake_set_step(handshake, BATON_STEP_FIRST);
	return BATON_OK;
}

static const struct baton_method *method(uint8_t kind,
					 const struct baton_handshake_env *env)
{
	switch (kind) {
	case BATON_KIND_COMPARE:
		return &baton_comparison;
	case BATON_KIND_OUT_OF_BAND:
		return BATON_METHODS ? env->out_of_band : NULL;
	case BATON_KIND_TYPED:
		return BATON_METHODS ? env->typed : NULL;
	default:
		return NULL;
	}
}

/* What both devices can decides how they pair; the prologue binds it. */
static uint8_t method_kind(const struct baton_handshake *handshake,
			   const struct baton_handshake_env *env)
{
	if (!BATON_METHODS)
		return handshake->peer.pairing & BATON_PAIR_COMPARE
			       ? BATON_KIND_COMPARE
			       : 0;
	return baton_hello_method(env->can, handshake->peer.pairing,
				  env->secrets->has_oob);
}

/* Flight 1, at the phone; flight 2 is the answer. */
static enum baton_err take_watch_hello(struct baton_handshake *handshake,
				       const uint8_t *bytes, size_t len,
				       const struct baton_handshake_env *env,
				       struct baton_reply *reply)
{
	enum baton_err err = handshake_take_hello(handshake, bytes, len);

	if (err)
		return err;
	handshake->version = baton_hello_version(&handshake->peer);
	if (!handshake->version)
		return handshake_reject(reply, BATON_REJECT_VERSION,
					BATON_ERR_VERSION);
	if (!baton_kind_pairs(handshake->kind))
		return bonded_put(handshake, env, reply);
	if (!method(method_kind(handshake, env), env))
		return BATON_ERR_REFUSED;
	handshake->kind = method_kind(handshake, env);
	reply->bytes[0] = handshake->kind;
	reply->len = 1;
	err = method(handshake->kind, env)->first(handshake, env, reply);
	if (err)
		reply->len = 0;
	else
		handshake_set_step(handshake, BATON_STEP_SECOND);
	return err;
}

static enum baton_err first_of_pairing(struct baton_handshake *handshake,
				       uint8_t kind, const uint8_t *bytes,
				       size_t len,
				       const struct baton_handshake_env *env,
				       struct baton_reply *reply)
{
	enum baton_err err;

	if (!env->pairing)
		return handshake_reject(reply, BATON_REJECT_NOT_PAIRING,
					BATON_ERR_REFUSED);
	if (kind != method_kind(handshake, env) || !method(kind, env))
		return handshake_reject(reply, BATON_REJECT_OTHER_KIND,
					BATON_ERR_REFUSED);
	handshake->kind = kind;
	err = method(kind, env)->answer(handshake, bytes, len, env, reply);
	if (!err)
		handshake_set_step(handshake, BATON_STEP_THIRD);
	else if (err != BATON_ERR_AUTH)
		handshake->kind = 0; /* no try was used up */
	return err;
}

/* Flight 2, at the watch. */
static enum baton_err take_first(struct baton_handshake *handshake,
				 uint8_t *bytes, size_t len,
				 const struct baton_handshake_env *env,
				 struct baton_reply *reply)
{
	switch (bytes[0]) {
	case BATON_KIND_COMPARE:
	case BATON_KIND_OUT_OF_BAND:
	case BATON_KIND_TYPED:
		if (handshake->known)
			break;
		return first_of_pairing(handshake, bytes[0], bytes + 1, len - 1,
					env, reply);
	case BATON_KIND_RECONNECT:
	case BATON_KIND_RESUME:
	case BATON_KIND_RESUME_SYNC:
		return bonded_first(handshake, bytes[0], bytes + 1, len - 1,
				    env, reply);
	default:
		break;
	}
	return handshake_reject(reply, BATON_REJECT_OTHER_KIND,
				BATON_ERR_REFUSED);
}

/* Flight 3, at the phone. */
static enum baton_err take_second(struct baton_handshake *handshake,
				  uint8_t *bytes, size_t len,
				  const struct baton_handshake_env *env,
				  struct baton_reply *reply)
{
	const struct baton_method *m = method(handshake->kind, env);
	enum baton_err err;

	if (!m)
		return bonded_second(handshake, bytes, len);
	err = m->second(handshake, bytes, len, env, reply);
	if (!err)
		handshake_set_step(handshake,
				   m->last ? BATON_STEP_LAST : BATON_STEP_DONE);
	return err;
}

/* Flight 4, at the watch. */
static enum baton_err take_third(struct baton_handshake *handshake,
				 const uint8_t *bytes, size_t len,
				 const struct baton_handshake_env *env,
				 struct baton_reply *reply)
{
	enum baton_err err = method(handshake->kind, env)
				     ->third(handshake, bytes, len, reply);

	if (!err)
		handshake_set_step(handshake, BATON_STEP_DONE);
	return err;
}

/* Flight 5, at the phone. */
static enum baton_err take_last(struct baton_handshake *handshake,
				const uint8_t *bytes, size_t len,
				const struct baton_handshake_env *env)
{
	enum baton_err err =
		method(handshake->kind, env)->last(handshake, bytes, len);

	if (!err)
		handshake_set_step(handshake, BATON_STEP_DONE);
	return err;
}

/* What a watch answers with: flights 3 and 5. */
static enum baton_err take_answer(struct baton_handshake *handshake,
				  uint8_t *bytes, size_t len,
				  const struct baton_handshake_env *env,
				  struct baton_reply *reply)
{
	return handshake->step == BATON_STEP_SECOND
		       ? take_second(handshake, bytes, len, env, reply)
		       : take_last(handshake, bytes, len, env);
}

/* Resuming fell through, or the advert was stale: reconnect, with hellos. */
static bool can_begin_anew(const struct baton_handshake *handshake)
{
	return baton_is_phone(handshake->role) &&
	       handshake->step == BATON_STEP_SECOND &&
	       (handshake->known || baton_kind_resumes(handshake->kind));
}

static enum baton_err take_reject(struct baton_handshake *handshake,
				  const uint8_t *bytes, size_t len,
				  const struct baton_handshake_env *env,
				  struct baton_reply *reply)
{
	if (len != BATON_REJECT_LEN)
		return BATON_ERR_PEER_LENGTH;
	switch (bytes[2]) {
	case BATON_REJECT_VERSION:
		handshake->peer.version_max = bytes[0];
		handshake->peer.version_min = bytes[1];
		return BATON_ERR_VERSION;
	case BATON_REJECT_NO_BOND:
		return BATON_ERR_NO_BOND;
	case BATON_REJECT_OTHER_KIND:
		if (!can_begin_anew(handshake))
			return BATON_ERR_REFUSED;
		handshake->kind = BATON_KIND_RECONNECT;
		return handshake_begin(handshake, env, reply);
	case BATON_REJECT_LATER:
		return BATON_ERR_AGAIN;
	case BATON_REJECT_TRIES:
		return BATON_ERR_EXHAUSTED;
	default:
		return BATON_ERR_REFUSED;
	}
}

/* The flight that moves on from a step. */
static uint8_t expected(const struct baton_handshake *handshake)
{
	switch (handshake->step) {
	case BATON_STEP_HELLO:
		return baton_is_phone(handshake->role)
			       ? BATON_FLIGHT_HELLO_WATCH
			       : BATON_FLIGHT_HELLO_PHONE;
	case BATON_STEP_FIRST:
		return BATON_FLIGHT_FIRST;
	case BATON_STEP_SECOND:
		return BATON_FLIGHT_FIRST + 1;
	case BATON_STEP_THIRD:
		return BATON_FLIGHT_FIRST + 2;
	case BATON_STEP_LAST:
		return BATON_FLIGHT_FIRST + 3;
	case BATON_STEP_ANSWER:
	case BATON_STEP_DONE:
		break;
	}
	return UINT8_MAX;
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
				      uint8_t number, uint8_t *bytes,
				      size_t len,
				      const struct baton_handshake_env *env,
				      struct baton_reply *reply)
{
	enum baton_err err = BATON_ERR_PEER_STATE;

	reply->len = 0;
	reply->sealed_len = 0;
	if (number == BATON_FLIGHT_REJECT &&
	    handshake->step < BATON_STEP_ANSWER)
		return take_reject(handshake, bytes, len, env, reply);
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
		err = baton_is_phone(handshake->role)
			      ? take_watch_hello(handshake, bytes, len, env,
						 reply)
			      : take_phone_hello(handshake, bytes, len, reply);
		break;
	case BATON_STEP_FIRST:
		err = take_first(handshake, bytes, len, env, reply);
		break;
	case BATON_STEP_SECOND:
	case BATON_STEP_THIRD:
	case BATON_STEP_LAST:
		err = baton_is_phone(handshake->role)
			      ? take_answer(handshake, bytes, len, env, reply)
			      : take_third(handshake, bytes, len, env, reply);
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
		reply->len = 0;
	return one_try(handshake, err);
}

void baton_handshake_wipe(struct baton_handshake *handshake)
{
	baton_noise_wipe(&handshake->noise);
	baton_crypto_wipe(handshake, sizeof(*handshake));
}
