/* SPDX-License-Identifier: MIT */
#ifndef TESTS_ADVERSARY_ENDS_H
#define TESTS_ADVERSARY_ENDS_H

/*
 * Handshakes without a link: devices, and somebody between them who speaks for
 * the other one to each. Flights are passed by hand.
 */

#include "session/handshake.h"
#include "session/oob.h"
#include "session/typed.h"

struct end {
	struct baton_handshake handshake;
	struct baton_handshake_env env;
	struct baton_drbg drbg;
	struct baton_secrets secrets;
	struct baton_reply reply; /* its last */
};

/* A fresh end that pairs; a phone's first flight is in its reply. */
void end_start(struct end *end, enum baton_role role, uint8_t can,
	       uint64_t seed);

/* Give to what from sent last. */
enum baton_err end_pass(struct end *to, const struct end *from);

/* Pass flights between a phone and a watch until one fails or both are done. */
enum baton_err ends_run(struct end *phone, struct end *watch);

#endif
