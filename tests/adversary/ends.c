/* SPDX-License-Identifier: MIT */
#include "tests/adversary/ends.h"

#include <stdlib.h>
#include <string.h>

void ends_bond(struct baton_bond bonds[2])
{
	int i;

	memset(bonds, 0, 2 * sizeof(bonds[0]));
	for (i = 0; i < 2; i++) {
		memset(bonds[i].keys.s_priv, 1 + i,
		       sizeof(bonds[i].keys.s_priv));
		memset(bonds[i].keys.psk, 3, sizeof(bonds[i].keys.psk));
		memset(bonds[i].tag_key, 4, sizeof(bonds[i].tag_key));
		memset(bonds[i].ticket.psk, 5, sizeof(bonds[i].ticket.psk));
		bonds[i].ticket.usable = true;
		baton_crypto_x25519_base(bonds[i].keys.s_pub,
					 bonds[i].keys.s_priv);
	}
	for (i = 0; i < 2; i++) {
		memcpy(bonds[i].keys.rs, bonds[!i].keys.s_pub,
		       sizeof(bonds[i].keys.rs));
		if (baton_crypto_x25519(bonds[i].keys.ss, bonds[i].keys.s_priv,
					bonds[i].keys.rs))
			abort();
	}
}

static void start(struct end *end, enum baton_role role, uint8_t kind,
		  uint8_t can, uint64_t seed, struct baton_bond *bond)
{
	const struct baton_hello hello = {
		.version_max = 1,
		.version_min = 1,
		.role = (uint8_t)role,
		.pairing = can,
		.record_max = 4096,
		.pdu_max = 509,
		.window = {16, 32, 64},
	};
	const struct baton_secrets secrets = end->secrets;
	uint8_t bytes[BATON_DRBG_SEED_LEN] = {0};

	memset(end, 0, sizeof(*end));
	end->secrets = secrets;
	memcpy(bytes, &seed, sizeof(seed));
	bytes[31] = (uint8_t)role;
	baton_drbg_init(&end->drbg, bytes);
	end->turn = (struct baton_turn){
		.drbg = &end->drbg,
		.pairing = !bond,
		.can = can,
		.out_of_band = &baton_out_of_band,
		.typed = &baton_typed,
		.secrets = &end->secrets,
		.bonds = bond,
		.bond_count = bond ? 1 : 0,
	};
	if (baton_handshake_start(&end->handshake, &hello,
				  role == BATON_PHONE ? kind : 0, 0, NULL,
				  &end->turn))
		abort();
}

void end_start(struct end *end, enum baton_role role, uint8_t can,
	       uint64_t seed)
{
	start(end, role, BATON_KIND_COMPARE, can, seed, NULL);
}

void end_start_bonded(struct end *end, enum baton_role role, uint8_t kind,
		      struct baton_bond *bond, uint64_t seed)
{
	start(end, role, kind, BATON_PAIR_COMPARE, seed, bond);
}

void end_start_kind(struct end *end, enum baton_role role, uint8_t kind,
		    struct baton_bond bonds[2], uint64_t seed)
{
	static const uint8_t can[] = {
		[BATON_KIND_COMPARE] = BATON_PAIR_COMPARE,
		[BATON_KIND_OUT_OF_BAND] = BATON_PAIR_OUT_OF_BAND,
		[BATON_KIND_TYPED] = BATON_PAIR_SHOW | BATON_PAIR_TYPE,
	};
	struct baton_secrets *secrets = &end->secrets;

	memset(secrets, 0, sizeof(*secrets));
	secrets->has_oob = kind == BATON_KIND_OUT_OF_BAND;
	secrets->has_digits = kind == BATON_KIND_TYPED;
	secrets->counted = secrets->has_digits;
	memset(secrets->digits, '4', sizeof(secrets->digits));
	if (baton_kind_pairs(kind))
		end_start(end, role, can[kind], seed);
	else
		end_start_bonded(end, role, kind, &bonds[role], seed);
}

enum baton_err end_pass(struct end *to, const struct end *from)
{
	struct baton_reply flight = from->turn.reply;

	to->turn.bytes = flight.bytes;
	to->turn.len = flight.len;
	return baton_handshake_flight(&to->handshake, flight.number, &to->turn);
}

enum baton_err end_answer(struct end *end)
{
	end->turn.payload_len = 0;
	return baton_handshake_answer(&end->handshake, &end->turn);
}

enum baton_err ends_run(struct end *phone, struct end *watch)
{
	enum baton_err err = BATON_OK;
	struct end *to = watch, *from = phone;

	while (!err && from->turn.reply.len > 0) {
		err = end_pass(to, from);
		if (!err && to->handshake.step == BATON_STEP_ANSWER)
			err = end_answer(to);
		to = from;
		from = from == phone ? watch : phone;
	}
	return err;
}

bool ends_agree(const struct end *phone, const struct end *watch)
{
	return phone->handshake.step == BATON_STEP_DONE &&
	       watch->handshake.step == BATON_STEP_DONE &&
	       memcmp(&phone->handshake.keys, &watch->handshake.keys,
		      sizeof(phone->handshake.keys)) == 0;
}
