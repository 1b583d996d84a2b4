/* SPDX-License-Identifier: MIT */

/*
 * The flights of both roles (session/SPEC.md 1), honest ones with any others
 * between them. What is dropped changes nothing: the right flight still leads
 * on; and two sides with the same keys have seen the same hellos.
 */

#include <string.h>

#include "session/handshake.h"
#include "tests/fuzz/fuzz.h"
#include "transport/flight.h"

struct side {
	struct baton_handshake handshake;
	struct baton_turn turn;
	struct baton_secrets secrets;
	struct baton_drbg drbg;
	struct baton_bond bonds[2];
	struct baton_reply reply; /* its last flight */
};

static struct side sides[2]; /* by enum baton_role */

static void make_bonds(void)
{
	struct baton_bond *bond;
	uint8_t s_priv[2][32];
	int i, role;

	memset(s_priv[0], 1, 32);
	memset(s_priv[1], 2, 32);
	for (role = 0; role < 2; role++)
		for (i = 0; i < 2; i++) {
			bond = &sides[role].bonds[i];
			memcpy(bond->keys.s_priv, s_priv[role], 32);
			baton_crypto_x25519_base(bond->keys.s_pub,
						 s_priv[role]);
			baton_crypto_x25519_base(bond->keys.rs, s_priv[!role]);
			memset(bond->keys.psk, 3, 32);
			memset(bond->tag_key, 4 + i, 32);
			FUZZ_CHECK(!baton_crypto_x25519(
				bond->keys.ss, s_priv[role], bond->keys.rs));
		}
}

static uint8_t methods(uint8_t how)
{
	static const uint8_t can[] = {BATON_PAIR_COMPARE,
				      BATON_PAIR_OUT_OF_BAND,
				      BATON_PAIR_SHOW | BATON_PAIR_TYPE,
				      BATON_PAIR_SHOW | BATON_PAIR_TYPE};

	return can[how >> 3 & 3];
}

/* A secret that both have, and a code: counted, or still to be. */
static void make_secrets(struct baton_secrets *secrets, uint8_t how)
{
	memset(secrets, 0, sizeof(*secrets));
	secrets->has_oob = (how >> 3 & 3) == 1;
	secrets->counted = (how >> 3 & 3) == 2;
	secrets->has_digits = secrets->counted;
	memset(secrets->digits, '7', sizeof(secrets->digits));
}

static void start(uint8_t how)
{
	struct baton_hello hello = {.version_max = 1,
				    .version_min = 1,
				    .pairing = methods(how),
				    .record_max = 1024,
				    .pdu_max = 244,
				    .window = {16, 4, 8}};
	uint8_t seed[BATON_DRBG_SEED_LEN];
	int i;

	if (!sides[0].bonds[0].keys.psk[0])
		make_bonds();
	for (i = 0; i < 2; i++) {
		memset(seed, i + 1, sizeof(seed));
		baton_drbg_init(&sides[i].drbg, seed);
		sides[i].turn =
			(struct baton_turn){.drbg = &sides[i].drbg,
					    .bonds = sides[i].bonds,
					    .bond_count = 2,
					    .pairing = !(how & 4),
					    .can = methods(how),
					    .out_of_band = &baton_out_of_band,
					    .typed = &baton_typed,
					    .secrets = &sides[i].secrets};
		make_secrets(&sides[i].secrets, how);
		hello.role = (uint8_t)i;
		FUZZ_CHECK(!baton_handshake_start(
			&sides[i].handshake, &hello,
			how & 1 ? BATON_KIND_COMPARE : BATON_KIND_RECONNECT,
			how >> 1 & 1, NULL, &sides[i].turn));
		sides[i].reply = sides[i].turn.reply;
	}
}

/* A flight arrives; true if it was dropped. *ended: for good. */
static bool arrive(struct side *side, uint8_t number, uint8_t *bytes,
		   size_t len, bool *ended)
{
	enum baton_step step = side->handshake.step;
	const struct baton_reply *reply = &side->turn.reply;
	enum baton_err err;

	side->turn.bytes = bytes;
	side->turn.len = len;
	err = baton_handshake_flight(&side->handshake, number, &side->turn);
	FUZZ_CHECK(reply->len <= sizeof(reply->bytes));
	if (baton_err_is_peer(err)) {
		FUZZ_CHECK(reply->len == 0);
		FUZZ_CHECK(side->handshake.step == step);
		return true;
	}
	/* A code that is still to be counted ends the link, not the window. */
	FUZZ_CHECK(!err || baton_err_is_fatal(err) || err == BATON_ERR_AGAIN);
	if (err)
		*ended = true;
	else if (reply->number != BATON_FLIGHT_REJECT || !reply->len)
		FUZZ_CHECK(side->handshake.step > step);
	if (reply->len > 0)
		side->reply = *reply;
	return false;
}

static bool deliver(enum baton_role to, bool *ended)
{
	struct baton_reply reply = sides[!to].reply;

	return reply.len > 0 &&
	       arrive(&sides[to], reply.number, reply.bytes, reply.len, ended);
}

/* The last flight of the other side, with some of it changed. */
static bool deliver_changed(enum baton_role to, struct fuzz_input *in,
			    bool *ended)
{
	struct baton_reply reply = sides[!to].reply;
	uint8_t bytes[BATON_FLIGHT_MAX] = {0};
	uint8_t changes = fuzz_byte(in);
	size_t len = reply.len;

	if (len == 0)
		return true;
	memcpy(bytes, reply.bytes, len);
	if (changes & 0x80)
		len = 1 + fuzz_word(in) % sizeof(bytes);
	if (changes & 0x40)
		reply.number = fuzz_byte(in) & 7;
	for (changes &= 7; changes > 0; changes--)
		bytes[fuzz_byte(in) % len] ^= fuzz_byte(in);
	if (reply.number == sides[!to].reply.number && len == reply.len &&
	    memcmp(bytes, reply.bytes, len) == 0) {
		(void)deliver(to, ended);
		return true;
	}
	return arrive(&sides[to], reply.number, bytes, len, ended);
}

static bool deliver_raw(enum baton_role to, struct fuzz_input *in, bool *ended)
{
	uint8_t flight[BATON_FLIGHT_MAX] = {0};
	uint8_t number = fuzz_byte(in) & 7;
	size_t got, len = 1 + fuzz_word(in) % sizeof(flight);
	const uint8_t *bytes = fuzz_bytes(in, len, &got);

	if (got > 0)
		memcpy(flight, bytes, got);
	return arrive(&sides[to], number, flight, len, ended);
}

static void check_agreement(void)
{
	const struct baton_handshake *a = &sides[0].handshake;
	const struct baton_handshake *b = &sides[1].handshake;

	if (a->step != BATON_STEP_DONE || b->step != BATON_STEP_DONE ||
	    memcmp(&a->keys, &b->keys, sizeof(a->keys)) != 0)
		return;
	FUZZ_CHECK(a->kind == b->kind && a->version == b->version);
	FUZZ_CHECK(memcmp(a->hello, b->hello, sizeof(a->hello)) == 0);
	if (a->kind == BATON_KIND_RECONNECT)
		FUZZ_CHECK(a->bond == b->bond);
	else
		FUZZ_CHECK(memcmp(a->noise.keys.rs, b->noise.keys.s_pub, 32) ==
			   0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	bool ended = false, clean = true;
	uint8_t how = fuzz_byte(&in);
	uint8_t op;
	int i;

	start(how);
	while (in.len > 0 && !ended) {
		op = fuzz_byte(&in);
		if (op >> 1 & 1)
			(void)deliver((enum baton_role)(op & 1), &ended);
		else if (op >> 2 & 1)
			clean &= deliver_changed((enum baton_role)(op & 1), &in,
						 &ended);
		else
			clean &= deliver_raw((enum baton_role)(op & 1), &in,
					     &ended);
		check_agreement();
	}
	for (i = 0; i < 4 && !ended; i++) {
		(void)deliver(BATON_WATCH, &ended);
		if (!ended)
			(void)deliver(BATON_PHONE, &ended);
	}
	check_agreement();
	/* The window is shut, or a code has to be counted first. */
	if (!clean || (how & 5) == 5 || (how & 0x19) == 0x19)
		return 0;
	for (i = 0; i < 2; i++)
		FUZZ_CHECK(sides[i].handshake.step == BATON_STEP_DONE);
	FUZZ_CHECK(memcmp(&sides[0].handshake.keys, &sides[1].handshake.keys,
			  sizeof(struct baton_keys)) == 0);
	FUZZ_CHECK(sides[0].handshake.code == sides[1].handshake.code);
	return 0;
}
