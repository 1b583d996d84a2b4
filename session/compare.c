/* SPDX-License-Identifier: MIT */

/* Pairing by six digits that two people compare (session/SPEC.md 3.1). */

#include <string.h>

#include "session/method.h"
#include "transport/flight.h"

static enum baton_err start(struct baton_handshake *handshake,
			    const struct baton_handshake_env *env)
{
	enum baton_err err;

	err = baton_drbg_bytes(
		env->drbg, handshake->nonce[baton_is_phone(handshake->role)],
		BATON_COMPARE_NONCE_LEN);
	if (err)
		return err;
	return handshake_start_pairing(
		handshake, baton_is_phone(handshake->role), NULL, env);
}

static void make_code(struct baton_handshake *handshake)
{
	handshake->code = baton_compare_code(&handshake->keys,
					     handshake->nonce[BATON_PHONE],
					     handshake->nonce[BATON_WATCH]);
}

static enum baton_err first(struct baton_handshake *handshake,
			    const struct baton_handshake_env *env,
			    struct baton_reply *reply)
{
	enum baton_err err = start(handshake, env);

	return err ? err
		   : handshake_write(handshake, BATON_FLIGHT_FIRST, NULL, 0,
				     reply);
}

static enum baton_err answer(struct baton_handshake *handshake,
			     const uint8_t *bytes, size_t len,
			     const struct baton_handshake_env *env,
			     struct baton_reply *reply)
{
	uint8_t commit[BATON_COMPARE_COMMIT_LEN];
	uint8_t none[1];
	enum baton_err err;
	size_t n;

	err = start(handshake, env);
	if (!err)
		err = handshake_read(handshake, bytes, len, none, 0, &n);
	if (err)
		return err;
	baton_compare_commit(commit, handshake->nonce[BATON_WATCH]);
	return handshake_write(handshake, BATON_FLIGHT_FIRST + 1, commit,
			       sizeof(commit), reply);
}

static enum baton_err second(struct baton_handshake *handshake,
			     const uint8_t *bytes, size_t len,
			     const struct baton_handshake_env *env,
			     struct baton_reply *reply)
{
	enum baton_err err;
	size_t n;

	(void)env;
	err = handshake_read(handshake, bytes, len, handshake->commit,
			     sizeof(handshake->commit), &n);
	if (err)
		return err;
	if (n != BATON_COMPARE_COMMIT_LEN)
		return BATON_ERR_PROTOCOL;
	err = handshake_write(handshake, BATON_FLIGHT_FIRST + 2,
			      handshake->nonce[BATON_PHONE],
			      BATON_COMPARE_NONCE_LEN, reply);
	return err ? err : handshake_finish(handshake);
}

static enum baton_err third(struct baton_handshake *handshake,
			    const uint8_t *bytes, size_t len,
			    struct baton_reply *reply)
{
	enum baton_err err;
	size_t n;

	err = handshake_read(handshake, bytes, len,
			     handshake->nonce[BATON_PHONE],
			     BATON_COMPARE_NONCE_LEN, &n);
	if (err)
		return err;
	if (n != BATON_COMPARE_NONCE_LEN)
		return BATON_ERR_PROTOCOL;
	err = handshake_finish(handshake);
	if (err)
		return err;
	baton_compare_reveal(reply->bytes, &handshake->keys,
			     handshake->nonce[BATON_WATCH]);
	reply->number = BATON_FLIGHT_FIRST + 3;
	reply->len = BATON_COMPARE_REVEAL_LEN;
	make_code(handshake);
	return BATON_OK;
}

static enum baton_err last(struct baton_handshake *handshake,
			   const uint8_t *bytes, size_t len)
{
	enum baton_err err = baton_compare_check(handshake->nonce[BATON_WATCH],
						 &handshake->keys, bytes, len,
						 handshake->commit);

	if (!err)
		make_code(handshake);
	return err;
}

const struct baton_method baton_comparison = {
	.first = BATON_STEP_OF_PHONE(first),
	.answer = BATON_STEP_OF_WATCH(answer),
	.second = BATON_STEP_OF_PHONE(second),
	.third = BATON_STEP_OF_WATCH(third),
	.last = BATON_STEP_OF_PHONE(last),
};
