/* SPDX-License-Identifier: MIT */
#include "sim/beacon.h"

#include <string.h>

#include "sim/ad.h"

static bool pairs(const struct baton_session *session, uint64_t now_ms)
{
	return session->pairing_until_ms > now_ms;
}

size_t baton_sim_beacon_tx(struct baton_sim_beacon *beacon,
			   struct baton_session *session, uint64_t now_ms,
			   uint8_t *dst, size_t cap)
{
	bool changed;

	if (cap < BATON_SIM_AD_MAX)
		return 0;
	if (pairs(session, now_ms))
		return baton_sim_ad_make(dst, BATON_SIM_AD_SERVICE, NULL);
	if (!baton_session_bond_count(session) ||
	    baton_beacon_turn(&beacon->watch, session, now_ms, &changed))
		return 0;
	return baton_sim_ad_make(dst, BATON_SIM_AD_PRIVATE,
				 beacon->watch.advert);
}

bool baton_sim_beacon_rx(struct baton_sim_beacon *beacon,
			 struct baton_session *session, uint64_t now_ms,
			 const uint8_t *data, size_t len)
{
	beacon->has_heard = false;
	switch (baton_sim_ad_read(data, len, beacon->heard)) {
	case BATON_SIM_AD_OTHER:
		break;
	case BATON_SIM_AD_SERVICE:
		return pairs(session, now_ms);
	case BATON_SIM_AD_PRIVATE:
		beacon->has_heard = baton_lookout_hear(&beacon->phone, session,
						       beacon->heard);
		break;
	}
	return beacon->has_heard;
}

bool baton_sim_beacon_up(struct baton_sim_beacon *beacon,
			 struct baton_session *session,
			 uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	if (beacon->has_heard) {
		beacon->has_heard = false;
		return baton_lookout_use(&beacon->phone, session, beacon->heard,
					 nonce);
	}
	/* Used up, whatever comes of the link. */
	return baton_beacon_use(&beacon->watch, nonce);
}
