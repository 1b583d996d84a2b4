/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_TICKET_H
#define BATON_SESSION_TICKET_H

/* What one resume of a bond takes (session/SPEC.md 3.5). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/primitives.h"
#include "session/hello.h"

#define BATON_TICKET_LEN 77 /* as stored */
#define BATON_TICKET_HELLO_MAX (BATON_HELLO_LEN + 4)
#define BATON_TICKET_AGE_MAX 48 /* NNpsk0 in a row before a KKpsk0 */
#define BATON_TICKET_LIFE_MS (24 * UINT64_C(3600000))

/* Small members come first: they take the shortest instructions. */
struct baton_ticket {
	uint64_t fresh_until_ms; /* then a KKpsk0 is due; 0: from now on */
	uint32_t generation; /* 0: there was none yet */
	uint32_t kept; /* the last one that is durable */
	uint32_t proven; /* highest generation that the peer has shown */
	uint8_t age; /* NNpsk0 since the last KKpsk0 or pairing */
	bool usable; /* psk has not been used */
	bool unserved; /* no link has come of the bond yet */
	bool dirty; /* differs from what the store was asked to keep */
	uint8_t psk[BATON_CRYPTO_KEY_LEN];
	struct baton_hello_bytes hello; /* the peer's, without what varies */
};

/* Write a ticket as it is stored. */
void baton_ticket_encode(const struct baton_ticket *ticket,
			 uint8_t out[BATON_TICKET_LEN]);

/* Read it again. BATON_ERR_ARG: it is none; ticket is untouched. */
BATON_MUST_CHECK
enum baton_err baton_ticket_decode(const uint8_t *p, size_t len,
				   struct baton_ticket *ticket);

/* The next ticket of a bond, from a handshake. */
void baton_ticket_replace(struct baton_ticket *ticket,
			  const uint8_t psk[BATON_CRYPTO_KEY_LEN],
			  uint32_t generation, uint8_t age);

#endif
