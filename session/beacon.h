/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BEACON_H
#define BATON_SESSION_BEACON_H

/*
 * Private adverts (session/SPEC.md, "Adverts"): what a watch advertises and
 * when it changes, and how a phone knows its watch by it. session.c needs
 * none of it: a port that advertises otherwise leaves it out.
 */

#include <stdbool.h>
#include <stdint.h>

#include "crypto/advert.h"
#include "session/session.h"

/* An advert lives for a random time between these two. */
#define BATON_BEACON_LIFE_MIN_MS 45000
#define BATON_BEACON_LIFE_MAX_MS 75000

/* The watch's; zero to begin with. Members are its own. */
struct baton_beacon {
	uint8_t advert[BATON_ADVERT_LEN];
	uint64_t until_ms; /* it is advertised no longer than this */
	/* All ids of the engine's bonds, combined, when it was made. */
	uint8_t bonds[BATON_BOND_ID_LEN];
	uint8_t first; /* the bond from which on the next has its slots */
	bool live;
};

/*
 * See to it that beacon->advert is one that may be advertised now; whether it
 * is another one than before is in *changed. If so, the caller takes a new
 * random address in the same step: neither ever changes without the other.
 * Call it before every advertising event, or at beacon->until_ms.
 *
 * BATON_ERR_STATE (a phone): do not advertise.
 */
BATON_MUST_CHECK
enum baton_err baton_beacon_turn(struct baton_beacon *beacon,
				 struct baton_session *session, uint64_t now_ms,
				 bool *changed);

/*
 * A phone has connected: the nonce for the facts of this link, the watch's
 * own, and the advert is used up. False: no advert was out, the link has
 * none.
 */
BATON_MUST_CHECK
bool baton_beacon_use(struct baton_beacon *beacon,
		      uint8_t nonce[BATON_BOND_NONCE_LEN]);

/*
 * A phone heard an advert (BATON_ADVERT_LEN bytes). If it is one of its
 * watches: the bond's id, for baton_session_bond_select(), and the nonce for
 * the facts of the link. BATON_ERR_NOT_FOUND: somebody else's.
 */
BATON_MUST_CHECK
enum baton_err baton_beacon_find(const struct baton_session *session,
				 const uint8_t advert[BATON_ADVERT_LEN],
				 uint8_t id[BATON_BOND_ID_LEN],
				 uint8_t nonce[BATON_BOND_NONCE_LEN]);

#endif
