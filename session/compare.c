/* SPDX-License-Identifier: MIT */

/* Pairing by six digits that two people compare (session/SPEC.md 3.1). */

#include <string.h>

#include "session/method.h"
#include "transport/flight.h"

static void start(struct baton_handshake *handshake, struct baton_turn *turn)
{
	bool phone = baton_is_phone(handshake->role);

	baton_drbg_bytes(turn->drbg, handshake->nonce[phone],
			 BATON_COMPARE_NONCE_LEN);
	handshake_start_pairing(handshake, phone, NULL, turn);
}

static void make_code(struct baton_handshake *handshake)
{
	handshake->code = baton_compare_code(&handshake->keys,
					     handshake->nonce[BATON_PHONE],
					     handshake->nonce[BATON_WATCH]);
}

static enum baton_err first(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	start(handshake, turn);
	return handshake_write(handshake, turn, NULL, 0);
}

static enum baton_err answer(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	uint8_t commit[BATON_COMPARE_COMMIT_LEN];
	enum baton_err err;

	start(handshake, turn);
	err = handshake_read(handshake, turn, NULL, 0);
	if (err)
		return err;
	baton_compare_commit(commit, handshake->nonce[BATON_WATCH]);
	return handshake_write(handshake, turn, commit, sizeof(commit));
}

static enum baton_err second(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err = handshake_read(handshake, turn, handshake->commit,
					    sizeof(handshake->commit));

	if (!err)
		err = handshake_write(handshake, turn,
				      handshake->nonce[BATON_PHONE],
				      BATON_COMPARE_NONCE_LEN);
	return err ? err : handshake_finish(handshake);
}

static enum baton_err third(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	enum baton_err err =
		handshake_read(handshake, turn, handshake->nonce[BATON_PHONE],
			       BATON_COMPARE_NONCE_LEN);

	if (!err)
		err = handshake_finish(handshake);
	if (err)
		return err;
	baton_compare_reveal(turn->reply.bytes, &handshake->keys,
			     handshake->nonce[BATON_WATCH]);
	turn->reply.len = BATON_COMPARE_REVEAL_LEN;
	make_code(handshake);
	return BATON_OK;
}

static enum baton_err last(struct baton_handshake *handshake,
			   struct baton_turn *turn)
{
	enum baton_err err = baton_compare_check(&handshake->keys, turn->bytes,
						 turn->len, handshake->commit);

	if (err)
		return err;
	memcpy(handshake->nonce[BATON_WATCH], turn->bytes,
	       BATON_COMPARE_NONCE_LEN);
	make_code(handshake);
	return BATON_OK;
}

const struct baton_method baton_comparison = {
	.first = BATON_STEP_OF_PHONE(first),
	.take = {BATON_STEP_OF_WATCH(answer), BATON_STEP_OF_PHONE(second),
		 BATON_STEP_OF_WATCH(third), BATON_STEP_OF_PHONE(last)},
	.last = BATON_FLIGHT_FIRST + 3,
};
