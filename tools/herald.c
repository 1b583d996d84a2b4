/* SPDX-License-Identifier: MIT */
#include "tools/herald.h"

#include <string.h>

_Static_assert(BATON_BEARER_ADVERT_LEN == BATON_ADVERT_LEN,
	       "one advert, two names");

/* The way to be found now; *changed: with another advert than before. */
static enum baton_bearer_way choose(struct baton_herald *herald,
				    struct baton_session *session,
				    uint64_t now_ms, bool *changed)
{
	*changed = false;
	if (session->pairing_until_ms > now_ms)
		return BATON_BEARER_OPEN;
	if (session->config.role == BATON_PHONE)
		return BATON_BEARER_PRIVATE;
	/* Without randomness nothing may be shown. */
	if (baton_session_bond_count(session) == 0 ||
	    baton_beacon_turn(&herald->watch, session, now_ms, changed))
		return BATON_BEARER_HIDDEN;
	return BATON_BEARER_PRIVATE;
}

void baton_herald_look(struct baton_herald *herald,
		       struct baton_session *session,
		       struct baton_bearer *bearer, uint64_t now_ms)
{
	bool changed;
	enum baton_bearer_way way = choose(herald, session, now_ms, &changed);

	if (herald->told && way == herald->way && !changed)
		return;
	herald->told = true;
	herald->way = way;
	bearer->ops->meet(bearer, way,
			  way == BATON_BEARER_PRIVATE ? herald->watch.advert
						      : NULL);
}

uint64_t baton_herald_deadline(const struct baton_herald *herald,
			       const struct baton_session *session)
{
	uint64_t deadline_ms = UINT64_MAX;

	if (session->config.role == BATON_WATCH && herald->watch.live &&
	    herald->way == BATON_BEARER_PRIVATE)
		deadline_ms = herald->watch.until_ms;
	if (herald->way == BATON_BEARER_OPEN && session->pairing_until_ms &&
	    session->pairing_until_ms < deadline_ms)
		deadline_ms = session->pairing_until_ms;
	return deadline_ms;
}

bool baton_herald_wants(const struct baton_herald *herald,
			const struct baton_session *session,
			const uint8_t advert[BATON_ADVERT_LEN])
{
	return herald->way != BATON_BEARER_OPEN &&
	       baton_lookout_hear(&herald->phone, session, advert);
}

bool baton_herald_up(struct baton_herald *herald, struct baton_session *session,
		     const uint8_t *advert, uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	bool ours;

	if (session->config.role == BATON_PHONE)
		return advert && baton_lookout_use(&herald->phone, session,
						   advert, nonce);
	/* The bearer may still have shown the one before. */
	ours = advert &&
	       memcmp(advert, herald->watch.advert, BATON_ADVERT_LEN) == 0;
	return baton_beacon_use(&herald->watch, nonce) && ours;
}
