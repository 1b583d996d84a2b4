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
	struct baton_drbg drbg;
	struct baton_secrets secrets;
	struct baton_turn turn; /* its last, with the reply */
};

/* A fresh end that pairs; a phone's first flight is in its reply. */
void end_start(struct end *end, enum baton_role role, uint8_t can,
	       uint64_t seed);

/* Both sides of one bond, by role, each with a ticket. */
void ends_bond(struct baton_bond bonds[2]);

/* A fresh end of any kind with its side of a bond; not open for pairing. */
void end_start_bonded(struct end *end, enum baton_role role, uint8_t kind,
		      struct baton_bond *bond, uint64_t seed);

/*
 * A fresh end that any kind comes to: one that pairs has what that kind needs,
 * the others their side of a bond.
 */
void end_start_kind(struct end *end, enum baton_role role, uint8_t kind,
		    struct baton_bond bonds[2], uint64_t seed);

/* Give to what from sent last. */
enum baton_err end_pass(struct end *to, const struct end *from);

/* A watch in step ANSWER answers, without a payload. */
enum baton_err end_answer(struct end *end);

/*
 * Pass flights between a phone and a watch until one fails or both are done.
 * A watch that may answer a ticket does so.
 */
enum baton_err ends_run(struct end *phone, struct end *watch);

/* Both have come to keys, and they are the same. */
bool ends_agree(const struct end *phone, const struct end *watch);

#endif
