/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_LOOKOUT_H
#define BATON_SESSION_LOOKOUT_H

/*
 * Which adverts a phone connects to (session/SPEC.md 8): those of its bonds,
 * each for one link. The watch's part is session/beacon.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include "crypto/advert.h"
#include "session/session.h"

/* So many of the last adverts are remembered. */
#define BATON_LOOKOUT_USED 4

/* The phone's; zero to begin with. Members are its own. */
struct baton_lookout {
	uint8_t used[BATON_LOOKOUT_USED][BATON_ADVERT_LEN];
	uint8_t at, count;
	uint8_t only[BATON_BOND_ID_LEN];
	bool one; /* of the bonds: only */
};

/* From now on it connects to the watch of this bond only. */
void baton_lookout_choose(struct baton_lookout *lookout,
			  const uint8_t id[BATON_BOND_ID_LEN]);

/*
 * A phone heard an advert: does it connect? True: it is one of its bonds', and
 * no link has come of it yet. Changes nothing.
 */
BATON_MUST_CHECK
bool baton_lookout_hear(const struct baton_lookout *lookout,
			const struct baton_session *session,
			const uint8_t advert[BATON_ADVERT_LEN]);

/*
 * It has connected to the advert, and the link is about to come up: the nonce
 * for the facts of the link, the bond is selected, and the advert is used up,
 * whatever comes of the link. False: the bond has gone meanwhile, or the
 * advert was used before; the link has none.
 */
BATON_MUST_CHECK
bool baton_lookout_use(struct baton_lookout *lookout,
		       struct baton_session *session,
		       const uint8_t advert[BATON_ADVERT_LEN],
		       uint8_t nonce[BATON_BOND_NONCE_LEN]);

#endif
