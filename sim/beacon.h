/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_BEACON_H
#define BATON_SIM_BEACON_H

#include "session/beacon.h"
#include "session/lookout.h"

/*
 * Private adverts of a simulated device (session/SPEC.md 8): what a watch
 * advertises, and which adverts a phone connects to. While its pairing window
 * is open a watch advertises the service, and a phone looks for that, too.
 */
struct baton_sim_beacon {
	struct baton_beacon watch;
	struct baton_lookout phone;
	/* The advert that the phone connects to. */
	uint8_t heard[BATON_ADVERT_LEN];
	bool has_heard;
};

/* The advertising data of a watch; 0: it advertises nothing. */
size_t baton_sim_beacon_tx(struct baton_sim_beacon *beacon,
			   struct baton_session *session, uint64_t now_ms,
			   uint8_t *dst, size_t cap);

/* Does the phone connect to this advert? */
bool baton_sim_beacon_rx(struct baton_sim_beacon *beacon,
			 struct baton_session *session, uint64_t now_ms,
			 const uint8_t *data, size_t len);

/* A link has come up: the nonce of the advert that led to it, if one did. */
bool baton_sim_beacon_up(struct baton_sim_beacon *beacon,
			 struct baton_session *session,
			 uint8_t nonce[BATON_BOND_NONCE_LEN]);

#endif
