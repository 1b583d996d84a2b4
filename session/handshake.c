/* SPDX-License-Identifier: MIT */
#include "session/handshake.h"

#include <string.h>

#include "session/method.h"
#include "transport/flight.h"

static void set_step(struct baton_handshake *handshake, enum baton_step step)
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
		&handshake->hello[handshake->role];

	reply->number = number;
	memcpy(reply->bytes, hello->bytes, hello->len);
	reply->len = hello->len;
}

enum baton_err baton_handshake_start(struct baton_handshake *handshake,
				     enum baton_role role, uint8_t kind,
				     uint8_t bond,
				     const struct baton_hello *hello,
				     const struct baton_handshake_env *env,
				     struct baton_reply *reply)
{
	struct baton_hello own = *hello;
	enum baton_err err;

	memset(handshake, 0, sizeof(*handshake));
	reply->len = 0;
	handshake->role = role;
	handshake->kind = kind;
	handshake->bond = bond;
	err = baton_drbg_bytes(env->drbg, own.nonce, sizeof(own.nonce));
	if (err)
		return err;
	baton_hello_encode(&own, &handshake->hello[role]);
	set_step(handshake, BATON_STEP_HELLO);
	if (role == BATON_PHONE)
		put_hello(handshake, BATON_FLIGHT_HELLO_PHONE, reply);
	return BATON_OK;
}

static const uint8_t *watch_nonce(const struct baton_handshake *handshake)
{
	return handshake->hello[BATON_WATCH].bytes + BATON_HELLO_LEN -
	       BATON_HELLO_NONCE_LEN;
}

size_t handshake_prologue(const struct baton_handshake *handshake,
			  uint8_t out[BATON_PROLOGUE_MAX])
{
	return baton_prologue(out, handshake->version, handshake->kind,
			      &handshake->hello[BATON_PHONE],
			      &handshake->hello[BATON_WATCH]);
}

static enum baton_err start_noise(struct baton_handshake *handshake,
				  enum baton_noise_pattern pattern,
				  bool initiator, struct baton_noise_keys *keys,
				  const struct baton_handshake_env *env)
{
	uint8_t prologue[BATON_PROLOGUE_MAX];
	uint8_t e_priv[BATON_CRYPTO_KEY_LEN];
	enum baton_err err;
	size_t len;

	err = baton_drbg_bytes(env->drbg, e_priv, sizeof(e_priv));
	if (err)
		return err;
	keys->e_priv = e_priv;
	len = handshake_prologue(handshake, prologue);
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
	return start_noise(handshake, psk ? BATON_NOISE_XXPSK0 : BATON_NOISE_XX,
			   initiator, &keys, env);
}

static enum baton_err start_reconnect(struct baton_handshake *handshake,
				      const struct baton_handshake_env *env)
{
	const struct baton_bond *bond = &env->bonds[handshake->bond];
	struct baton_noise_keys keys = {.s_priv = bond->s_priv,
					.s_pub = bond->s_pub,
					.rs = bond->peer,
					.psk = bond->psk,
					.ss = bond->ss};

	return start_noise(handshake, BATON_NOISE_KKPSK0,
			   handshake->role == BATON_PHONE, &keys, env);
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

static enum baton_err finish_noise(struct baton_handshake *handshake)
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
	return finish_noise(handshake);
}

static enum baton_err take_hello(struct baton_handshake *handshake,
				 const uint8_t *bytes, size_t len)
{
	enum baton_role other =
		handshake->role == BATON_PHONE ? BATON_WATCH : BATON_PHONE;

	return baton_hello_decode(bytes, len, other, &handshake->peer,
				  &handshake->hello[other]);
}

/* Flight 0, at the watch. */
static enum baton_err take_phone_hello(struct baton_handshake *handshake,
				       const uint8_t *bytes, size_t len,
				       struct baton_reply *reply)
{
	enum baton_err err = take_hello(handshake, bytes, len);

	if (err)
		return err;
	handshake->version = baton_hello_version(&handshake->peer);
	if (!handshake->version)
		return handshake_reject(reply, BATON_REJECT_VERSION,
					BATON_ERR_VERSION);
	put_hello(handshake, BATON_FLIGHT_HELLO_WATCH, reply);
	set_step(handshake, BATON_STEP_FIRST);
	return BATON_OK;
}

static const struct baton_method *method(uint8_t kind,
					 const struct baton_handshake_env *env)
{
	switch (kind) {
	case BATON_KIND_COMPARE:
		return &baton_comparison;
	case BATON_KIND_OUT_OF_BAND:
		return env->out_of_band;
	case BATON_KIND_TYPED:
		return env->typed;
	default:
		return NULL;
	}
}

/* What both devices can decides how they pair; the prologue binds it. */
static uint8_t method_kind(const struct baton_handshake *handshake,
			   const struct baton_handshake_env *env)
{
	return baton_hello_method(env->can, handshake->peer.pairing,
				  env->secrets->has_oob);
}

static enum baton_err first_flight(struct baton_handshake *handshake,
				   const struct baton_handshake_env *env,
				   struct baton_reply *reply)
{
	enum baton_err err;

	reply->bytes[0] = handshake->kind;
	reply->len = 1;
	if (method(handshake->kind, env))
		return method(handshake->kind, env)
			->first(handshake, env, reply);
	reply->len += BATON_BOND_TAG_LEN;
	err = start_reconnect(handshake, env);
	if (!err)
		err = handshake_write(handshake, BATON_FLIGHT_FIRST, NULL, 0,
				      reply);
	if (err)
		return err;
	baton_bond_tag(reply->bytes + 1, env->bonds[handshake->bond].tag_key,
		       watch_nonce(handshake),
		       reply->bytes + 1 + BATON_BOND_TAG_LEN);
	return BATON_OK;
}

/* Flight 1, at the phone; flight 2 is the answer. */
static enum baton_err take_watch_hello(struct baton_handshake *handshake,
				       const uint8_t *bytes, size_t len,
				       const struct baton_handshake_env *env,
				       struct baton_reply *reply)
{
	enum baton_err err = take_hello(handshake, bytes, len);

	if (err)
		return err;
	handshake->version = baton_hello_version(&handshake->peer);
	if (!handshake->version)
		return handshake_reject(reply, BATON_REJECT_VERSION,
					BATON_ERR_VERSION);
	if (baton_kind_pairs(handshake->kind)) {
		if (!method(method_kind(handshake, env), env))
			return BATON_ERR_REFUSED;
		handshake->kind = method_kind(handshake, env);
	}
	err = first_flight(handshake, env, reply);
	if (err)
		reply->len = 0;
	else
		set_step(handshake, BATON_STEP_SECOND);
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
	if (err)
		handshake->kind = 0;
	else
		set_step(handshake, BATON_STEP_THIRD);
	return err;
}

/* The bond whose tag key made tag; bond_count if there is none. */
static size_t find_bond(const struct baton_handshake *handshake,
			const struct baton_handshake_env *env,
			const uint8_t *tag, const uint8_t *e_pub)
{
	uint8_t expect[BATON_BOND_TAG_LEN];
	size_t found = env->bond_count;
	size_t i;

	for (i = 0; i < env->bond_count; i++) {
		baton_bond_tag(expect, env->bonds[i].tag_key,
			       watch_nonce(handshake), e_pub);
		if (baton_crypto_equal(expect, tag, sizeof(expect)))
			found = i;
	}
	return found;
}

static enum baton_err first_of_reconnect(struct baton_handshake *handshake,
					 const uint8_t *bytes, size_t len,
					 const struct baton_handshake_env *env,
					 struct baton_reply *reply)
{
	uint8_t none[1];
	enum baton_err err;
	size_t bond, n;

	if (len < BATON_BOND_TAG_LEN + BATON_CRYPTO_POINT_LEN)
		return BATON_ERR_PEER_LENGTH;
	bond = find_bond(handshake, env, bytes, bytes + BATON_BOND_TAG_LEN);
	if (bond == env->bond_count)
		return handshake_reject(reply, BATON_REJECT_NO_BOND,
					BATON_ERR_NO_BOND);
	handshake->kind = BATON_KIND_RECONNECT;
	handshake->bond = (uint8_t)bond;
	err = start_reconnect(handshake, env);
	if (!err)
		err = handshake_read(handshake, bytes + BATON_BOND_TAG_LEN,
				     len - BATON_BOND_TAG_LEN, none, 0, &n);
	if (!err)
		err = handshake_write(handshake, BATON_FLIGHT_FIRST + 1, NULL,
				      0, reply);
	if (!err)
		err = finish_noise(handshake);
	if (!err)
		set_step(handshake, BATON_STEP_DONE);
	return err;
}

/* Flight 2, at the watch. */
static enum baton_err take_first(struct baton_handshake *handshake,
				 const uint8_t *bytes, size_t len,
				 const struct baton_handshake_env *env,
				 struct baton_reply *reply)
{
	switch (bytes[0]) {
	case BATON_KIND_COMPARE:
	case BATON_KIND_OUT_OF_BAND:
	case BATON_KIND_TYPED:
		return first_of_pairing(handshake, bytes[0], bytes + 1, len - 1,
					env, reply);
	case BATON_KIND_RECONNECT:
		return first_of_reconnect(handshake, bytes + 1, len - 1, env,
					  reply);
	default:
		return handshake_reject(reply, BATON_REJECT_OTHER_KIND,
					BATON_ERR_REFUSED);
	}
}

/* Flight 3, at the phone. */
static enum baton_err take_second(struct baton_handshake *handshake,
				  const uint8_t *bytes, size_t len,
				  const struct baton_handshake_env *env,
				  struct baton_reply *reply)
{
	const struct baton_method *m = method(handshake->kind, env);
	uint8_t none[1];
	enum baton_err err;
	size_t n;

	if (m) {
		err = m->second(handshake, bytes, len, env, reply);
		if (!err)
			set_step(handshake,
				 m->last ? BATON_STEP_LAST : BATON_STEP_DONE);
		return err;
	}
	err = handshake_read(handshake, bytes, len, none, 0, &n);
	if (!err)
		err = finish_noise(handshake);
	if (!err)
		set_step(handshake, BATON_STEP_DONE);
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
		set_step(handshake, BATON_STEP_DONE);
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
		set_step(handshake, BATON_STEP_DONE);
	return err;
}

static enum baton_err take_reject(struct baton_handshake *handshake,
				  const uint8_t *bytes, size_t len)
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
		return handshake->role == BATON_PHONE
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
				      uint8_t number, const uint8_t *bytes,
				      size_t len,
				      const struct baton_handshake_env *env,
				      struct baton_reply *reply)
{
	enum baton_err err = BATON_ERR_PEER_STATE;

	reply->len = 0;
	if (number == BATON_FLIGHT_REJECT && handshake->step != BATON_STEP_DONE)
		return take_reject(handshake, bytes, len);
	if (number != expected(handshake))
		return BATON_ERR_PEER_STATE;
	switch (handshake->step) {
	case BATON_STEP_HELLO:
		err = handshake->role == BATON_PHONE
			      ? take_watch_hello(handshake, bytes, len, env,
						 reply)
			      : take_phone_hello(handshake, bytes, len, reply);
		break;
	case BATON_STEP_FIRST:
		err = take_first(handshake, bytes, len, env, reply);
		break;
	case BATON_STEP_SECOND:
		err = take_second(handshake, bytes, len, env, reply);
		break;
	case BATON_STEP_THIRD:
		err = take_third(handshake, bytes, len, env, reply);
		break;
	case BATON_STEP_LAST:
		err = take_last(handshake, bytes, len, env);
		break;
	case BATON_STEP_DONE:
		break;
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
