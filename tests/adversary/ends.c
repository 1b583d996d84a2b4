/* SPDX-License-Identifier: MIT */
#include "tests/adversary/ends.h"

#include <stdlib.h>
#include <string.h>

void end_start(struct end *end, enum baton_role role, uint8_t can,
	       uint64_t seed)
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
	end->env = (struct baton_handshake_env){
		.drbg = &end->drbg,
		.pairing = true,
		.can = can,
		.out_of_band = &baton_out_of_band,
		.typed = &baton_typed,
		.secrets = &end->secrets,
	};
	if (baton_handshake_start(&end->handshake, role,
				  role == BATON_PHONE ? BATON_KIND_COMPARE : 0,
				  0, &hello, NULL, &end->env, &end->reply))
		abort();
}

enum baton_err end_pass(struct end *to, const struct end *from)
{
	struct baton_reply flight = from->reply;

	return baton_handshake_flight(&to->handshake, flight.number,
				      flight.bytes, flight.len, &to->env,
				      &to->reply);
}

enum baton_err ends_run(struct end *phone, struct end *watch)
{
	enum baton_err err = BATON_OK;
	struct end *to = watch, *from = phone;

	while (!err && from->reply.len > 0) {
		err = end_pass(to, from);
		to = from;
		from = from == phone ? watch : phone;
	}
	return err;
}
