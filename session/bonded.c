/* SPDX-License-Identifier: MIT */
#include "session/bonded.h"

#include <string.h>

#include "base/bytes.h"
#include "session/method.h"
#include "transport/flight.h"

/* The nonce that the tag is bound to. */
static const uint8_t *watch_nonce(const struct baton_handshake *handshake)
{
	if (handshake->known)
		return handshake->advert;
	return handshake->hello[BATON_WATCH].bytes + BATON_HELLO_NONCE_AT;
}

BATON_NOT_INLINE
const struct baton_noise_pattern *bonded_keys(const struct baton_bond *bond,
					      uint8_t kind,
					      struct baton_noise_keys *keys)
{
	*keys = bond->keys;
	if (!baton_kind_resumes(kind))
		return &baton_noise_kkpsk0;
	memcpy(keys->psk, bond->ticket.psk, sizeof(keys->psk));
	return &baton_noise_nnpsk0;
}

static void start_bonded(struct baton_handshake *handshake,
			 struct baton_turn *turn)
{
	handshake_start_noise(handshake,
			      bonded_keys(&turn->bonds[handshake->bond],
					  handshake->kind,
					  &handshake->noise.keys),
			      baton_is_phone(handshake->role), turn);
}

/* Flight 2, at the phone: behind the kind its tag and the Noise message. */
static enum baton_err first(struct baton_handshake *handshake,
			    struct baton_turn *turn)
{
	struct baton_reply *reply = &turn->reply;
	uint8_t *message = reply->bytes + 1 + BATON_BOND_TAG_LEN;
	enum baton_err err;

	if (handshake->kind == BATON_KIND_RESUME && !turn->settled)
		handshake->kind = BATON_KIND_RECONNECT;
	start_bonded(handshake, turn);
	reply->len = 1 + BATON_BOND_TAG_LEN;
	if (handshake->kind == BATON_KIND_RESUME) {
		err = baton_noise_write_keys(&handshake->noise, message,
					     BATON_CRYPTO_POINT_LEN);
		if (err)
			return err;
		err = baton_noise_write(
			&handshake->noise, turn->payload, turn->payload_len,
			turn->payload, turn->payload_len + BATON_CRYPTO_TAG_LEN,
			&reply->sealed_len);
		reply->len += BATON_CRYPTO_POINT_LEN;
	} else {
		err = handshake_write(handshake, turn, NULL, 0);
	}
	if (err)
		return err;
	baton_bond_tag(reply->bytes + 1, turn->bonds[handshake->bond].tag_key,
		       watch_nonce(handshake), message);
	return BATON_OK;
}

/* The peer's hello as it is kept with the bond. */
bool bonded_recall(struct baton_handshake *handshake,
		   const struct baton_turn *turn)
{
	const struct baton_hello_bytes *kept =
		&turn->bonds[handshake->bond].ticket.hello;

	return kept->len > 0 &&
	       !handshake_take_hello(handshake, kept->bytes, kept->len) &&
	       handshake->version > 0;
}

/* The bond whose tag key made tag; bond_count if there is none. */
static size_t find_bond(const struct baton_handshake *handshake,
			const struct baton_turn *turn, const uint8_t *tag,
			const uint8_t *e_pub)
{
	uint8_t expect[BATON_BOND_TAG_LEN];
	size_t found = turn->bond_count;
	size_t i;

	for (i = 0; i < turn->bond_count; i++) {
		baton_bond_tag(expect, turn->bonds[i].tag_key,
			       watch_nonce(handshake), e_pub);
		if (baton_crypto_equal(expect, tag, sizeof(expect)))
			found = i;
	}
	return found;
}

/*
 * Ask the phone to begin anew, at flight 0 and by another kind. Copies of what
 * it has begun by may still be on their way.
 */
static enum baton_err ask_anew(struct baton_handshake *handshake,
			       struct baton_turn *turn, uint32_t mark)
{
	handshake->turned_away = mark;
	handshake_begin(handshake, turn);
	handshake->kind = 0;
	return handshake_reject(turn, BATON_REJECT_OTHER_KIND, BATON_OK);
}

/* The ticket is there, and so is what it is bound to. */
static bool can_resume(const struct baton_handshake *handshake,
		       const struct baton_turn *turn)
{
	const struct baton_bond *bond = &turn->bonds[handshake->bond];

	if (!bond->ticket.usable)
		return false;
	return handshake->kind != BATON_KIND_RESUME || turn->settled;
}

/* A Noise message with its payload, which stays where it stands. */
static enum baton_err read_payload(struct baton_handshake *handshake,
				   const struct baton_turn *turn)
{
	uint8_t *payload = turn->bytes + BATON_CRYPTO_POINT_LEN;

	handshake->payload = payload;
	return baton_noise_read(&handshake->noise, turn->bytes, turn->len,
				payload, turn->len, &handshake->payload_len);
}

/* Read flight 2 for the bond that its tag has chosen. */
static enum baton_err read_bonded(struct baton_handshake *handshake,
				  struct baton_turn *turn)
{
	if (handshake->known && !bonded_recall(handshake, turn))
		return BATON_ERR_PEER_UNKNOWN;
	if (baton_kind_resumes(handshake->kind) && !can_resume(handshake, turn))
		return BATON_ERR_PEER_UNKNOWN;
	start_bonded(handshake, turn);
	return read_payload(handshake, turn);
}

static enum baton_err answer(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	bool resumes = baton_kind_resumes(handshake->kind);
	const uint8_t *tag = turn->bytes;
	enum baton_err err;
	uint32_t mark;
	size_t bond;

	if (turn->len < BATON_BOND_TAG_LEN + BATON_CRYPTO_POINT_LEN)
		return BATON_ERR_PEER_LENGTH;
	turn->bytes += BATON_BOND_TAG_LEN;
	turn->len -= BATON_BOND_TAG_LEN;
	mark = baton_load_be32(tag);
	if (!handshake->known && mark == handshake->turned_away)
		return BATON_ERR_PEER_STATE;
	bond = find_bond(handshake, turn, tag, turn->bytes);
	if (bond == turn->bond_count && handshake->known)
		return ask_anew(handshake, turn, mark);
	if (bond == turn->bond_count)
		return turn->writing
			       ? handshake_reject(turn, BATON_REJECT_LATER,
						  BATON_ERR_AGAIN)
			       : handshake_reject(turn, BATON_REJECT_NO_BOND,
						  BATON_ERR_NO_BOND);
	handshake->bond = (uint8_t)bond;
	err = read_bonded(handshake, turn);
	if (baton_err_is_peer(err) && (handshake->known || resumes))
		return ask_anew(handshake, turn, mark);
	if (!err && resumes) {
		err = baton_noise_write_keys(&handshake->noise,
					     handshake->e_pub,
					     sizeof(handshake->e_pub));
		baton_keys_ticket(handshake->keys.ticket_psk,
				  &handshake->noise);
		return err;
	}
	if (!err)
		err = handshake_write(handshake, turn, NULL, 0);
	return err ? err : handshake_finish(handshake);
}

enum baton_err baton_handshake_answer(struct baton_handshake *handshake,
				      struct baton_turn *turn)
{
	struct baton_reply *reply = &turn->reply;
	enum baton_err err;

	memcpy(reply->bytes, handshake->e_pub, sizeof(handshake->e_pub));
	reply->len = sizeof(handshake->e_pub);
	reply->sealed_len = 0;
	reply->number = BATON_FLIGHT_FIRST + 1;
	err = handshake_write(handshake, turn, turn->payload,
			      turn->payload_len);
	handshake_set_step(handshake, BATON_STEP_DONE);
	return err ? err : handshake_finish(handshake);
}

static enum baton_err second(struct baton_handshake *handshake,
			     struct baton_turn *turn)
{
	enum baton_err err = read_payload(handshake, turn);

	return err ? err : handshake_finish(handshake);
}

const struct baton_method baton_bonded = {
	.first = BATON_STEP_OF_PHONE(first),
	.take = {BATON_STEP_OF_WATCH(answer), BATON_STEP_OF_PHONE(second)},
	.last = BATON_FLIGHT_FIRST + 1,
};
