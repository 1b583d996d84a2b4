/* SPDX-License-Identifier: MIT */
#include "session/bonded.h"

#include <string.h>

#include "session/method.h"
#include "transport/flight.h"

/* The nonce that the tag is bound to. */
static const uint8_t *watch_nonce(const struct baton_handshake *handshake)
{
	if (handshake->known)
		return handshake->advert;
	return handshake->hello[BATON_WATCH].bytes + BATON_HELLO_LEN -
	       BATON_HELLO_NONCE_LEN;
}

/* KKpsk0 with the bond, or NNpsk0 with its ticket. */
static enum baton_err start_bonded(struct baton_handshake *handshake,
				   const struct baton_handshake_env *env)
{
	const struct baton_bond *bond = &env->bonds[handshake->bond];
	struct baton_noise_keys keys = {.s_priv = bond->s_priv,
					.s_pub = bond->s_pub,
					.rs = bond->peer,
					.psk = bond->psk,
					.ss = bond->ss};

	enum baton_noise_pattern pattern = BATON_NOISE_KKPSK0;

	if (baton_kind_resumes(handshake->kind)) {
		pattern = BATON_NOISE_NNPSK0;
		keys.psk = bond->ticket.psk;
	}
	return handshake_start_noise(handshake, pattern,
				     baton_is_phone(handshake->role), &keys,
				     env);
}

/* Flight 2 with a bond, at the phone: kind, tag, Noise message. */
enum baton_err bonded_put(struct baton_handshake *handshake,
			  const struct baton_handshake_env *env,
			  struct baton_reply *reply)
{
	uint8_t *message = reply->bytes + 1 + BATON_BOND_TAG_LEN;
	enum baton_err err;

	if (handshake->kind == BATON_KIND_RESUME && !env->positions)
		handshake->kind = BATON_KIND_RECONNECT;
	err = start_bonded(handshake, env);
	reply->bytes[0] = handshake->kind;
	reply->len = 1 + BATON_BOND_TAG_LEN;
	if (!err && handshake->kind == BATON_KIND_RESUME) {
		err = baton_noise_write_keys(&handshake->noise, message,
					     BATON_CRYPTO_POINT_LEN);
		if (err)
			return err;
		err = baton_noise_write(&handshake->noise, env->payload,
					env->payload_len, env->payload,
					env->payload_len + BATON_CRYPTO_TAG_LEN,
					&reply->sealed_len);
		reply->number = BATON_FLIGHT_FIRST;
		reply->len += BATON_CRYPTO_POINT_LEN;
	} else if (!err) {
		err = handshake_write(handshake, BATON_FLIGHT_FIRST, NULL, 0,
				      reply);
	}
	if (err)
		return err;
	baton_bond_tag(reply->bytes + 1, env->bonds[handshake->bond].tag_key,
		       watch_nonce(handshake), message);
	handshake_set_step(handshake, BATON_STEP_SECOND);
	return BATON_OK;
}

/* The peer's hello as it is kept with the bond. */
bool bonded_recall(struct baton_handshake *handshake,
		   const struct baton_handshake_env *env)
{
	const struct baton_hello_bytes *kept =
		&env->bonds[handshake->bond].ticket.hello;

	if (kept->len == 0 ||
	    handshake_take_hello(handshake, kept->bytes, kept->len))
		return false;
	handshake->version = baton_hello_version(&handshake->peer);
	return handshake->version > 0;
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

/* Ask the phone to begin anew, at flight 0 and by another kind. */
static enum baton_err ask_anew(struct baton_handshake *handshake,
			       const struct baton_handshake_env *env,
			       struct baton_reply *reply)
{
	enum baton_err err = handshake_begin(handshake, env, reply);

	handshake->kind = 0;
	return err ? err
		   : handshake_reject(reply, BATON_REJECT_OTHER_KIND, BATON_OK);
}

/* The ticket is there, and so is what it is bound to. */
static bool can_resume(const struct baton_handshake *handshake,
		       const struct baton_handshake_env *env)
{
	const struct baton_bond *bond = &env->bonds[handshake->bond];

	if (!bond->ticket.usable)
		return false;
	return handshake->kind != BATON_KIND_RESUME || env->positions;
}

/* Read flight 2 for the bond that its tag has chosen; bytes: the message. */
static enum baton_err read_bonded(struct baton_handshake *handshake,
				  uint8_t *bytes, size_t len,
				  const struct baton_handshake_env *env)
{
	uint8_t *payload = bytes + BATON_CRYPTO_POINT_LEN;
	enum baton_err err;

	if (handshake->known && !bonded_recall(handshake, env))
		return BATON_ERR_PEER_UNKNOWN;
	if (baton_kind_resumes(handshake->kind) && !can_resume(handshake, env))
		return BATON_ERR_PEER_UNKNOWN;
	err = start_bonded(handshake, env);
	if (err)
		return err;
	handshake->payload = payload;
	return handshake_read(handshake, bytes, len, payload, len,
			      &handshake->payload_len);
}

enum baton_err bonded_first(struct baton_handshake *handshake, uint8_t kind,
			    uint8_t *bytes, size_t len,
			    const struct baton_handshake_env *env,
			    struct baton_reply *reply)
{
	uint8_t *message = bytes + BATON_BOND_TAG_LEN;
	enum baton_err err;
	size_t bond;

	if (len < BATON_BOND_TAG_LEN + BATON_CRYPTO_POINT_LEN)
		return BATON_ERR_PEER_LENGTH;
	bond = find_bond(handshake, env, bytes, message);
	if (bond == env->bond_count)
		return handshake->known
			       ? ask_anew(handshake, env, reply)
			       : handshake_reject(reply, BATON_REJECT_NO_BOND,
						  BATON_ERR_NO_BOND);
	handshake->kind = kind;
	handshake->bond = (uint8_t)bond;
	err = read_bonded(handshake, message, len - BATON_BOND_TAG_LEN, env);
	if (baton_err_is_peer(err) &&
	    (handshake->known || baton_kind_resumes(kind)))
		return ask_anew(handshake, env, reply);
	if (!err && baton_kind_resumes(kind)) {
		/* Kept here: pairing alone has a static key of its own. */
		err = baton_noise_write_keys(&handshake->noise,
					     handshake->s_pub,
					     sizeof(handshake->s_pub));
		if (!err)
			handshake_set_step(handshake, BATON_STEP_ANSWER);
		return err;
	}
	if (!err)
		err = handshake_write(handshake, BATON_FLIGHT_FIRST + 1, NULL,
				      0, reply);
	if (!err)
		err = handshake_finish_noise(handshake);
	if (!err)
		handshake_set_step(handshake, BATON_STEP_DONE);
	return err;
}

void baton_handshake_ticket(const struct baton_handshake *handshake,
			    uint8_t psk[BATON_CRYPTO_KEY_LEN])
{
	baton_keys_ticket(psk, &handshake->noise);
}

enum baton_err baton_handshake_answer(struct baton_handshake *handshake,
				      const uint8_t *payload,
				      size_t payload_len,
				      struct baton_reply *reply)
{
	enum baton_err err;

	memcpy(reply->bytes, handshake->s_pub, sizeof(handshake->s_pub));
	reply->len = sizeof(handshake->s_pub);
	reply->sealed_len = 0;
	err = handshake_write(handshake, BATON_FLIGHT_FIRST + 1, payload,
			      payload_len, reply);
	if (!err)
		err = handshake_finish_noise(handshake);
	if (!err)
		handshake_set_step(handshake, BATON_STEP_DONE);
	return err;
}

enum baton_err bonded_second(struct baton_handshake *handshake, uint8_t *bytes,
			     size_t len)
{
	enum baton_err err;

	handshake->payload = bytes + BATON_CRYPTO_POINT_LEN;
	err = handshake_read(handshake, bytes, len,
			     bytes + BATON_CRYPTO_POINT_LEN, len,
			     &handshake->payload_len);
	if (!err)
		err = handshake_finish_noise(handshake);
	if (!err)
		handshake_set_step(handshake, BATON_STEP_DONE);
	return err;
}
