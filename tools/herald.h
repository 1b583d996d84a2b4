/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_HERALD_H
#define BATON_TOOLS_HERALD_H

/*
 * How the program's two devices find each other (session/SPEC.md 8): in the
 * open while the pairing window is, else by private adverts, of which the
 * watch shows one and the phone knows those of its bonds.
 */

#include "port/bearer.h"
#include "session/beacon.h"
#include "session/lookout.h"

/* Zero to begin with. Members are its own. */
struct baton_herald {
	struct baton_beacon watch;
	struct baton_lookout phone;
	enum baton_bearer_way way; /* what the bearer was told last */
	bool told;
};

/*
 * See to it that the bearer shows, or looks for, what it should now. Call it
 * when something may have changed, and at the deadline; not while a link is
 * up.
 */
void baton_herald_look(struct baton_herald *herald,
		       struct baton_session *session,
		       struct baton_bearer *bearer, uint64_t now_ms);

/* When to look again if nothing happens, ms; UINT64_MAX: never. */
uint64_t baton_herald_deadline(const struct baton_herald *herald,
			       const struct baton_session *session);

/* A phone heard this: does it connect? */
bool baton_herald_wants(const struct baton_herald *herald,
			const struct baton_session *session,
			const uint8_t advert[BATON_ADVERT_LEN]);

/*
 * A link comes up, found by this advert, or by none (NULL): the nonce for the
 * facts of the link. False: the link has none. What the watch showed is spent
 * either way.
 */
bool baton_herald_up(struct baton_herald *herald, struct baton_session *session,
		     const uint8_t *advert,
		     uint8_t nonce[BATON_BOND_NONCE_LEN]);

#endif
