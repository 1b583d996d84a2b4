/* SPDX-License-Identifier: MIT */
#include "session/lookout.h"

#include <string.h>

#include "session/beacon.h"

static bool was_used(const struct baton_lookout *lookout, const uint8_t *advert)
{
	uint8_t i;

	for (i = 0; i < lookout->count; i++)
		if (memcmp(lookout->used[i], advert, BATON_ADVERT_LEN) == 0)
			return true;
	return false;
}

/* One that is looked for, and not for the second time: its bond and nonce. */
static bool find(const struct baton_lookout *lookout,
		 const struct baton_session *session, const uint8_t *advert,
		 uint8_t id[BATON_BOND_ID_LEN],
		 uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	return !was_used(lookout, advert) &&
	       !baton_beacon_find(session, advert, id, nonce) &&
	       (!lookout->one ||
		memcmp(lookout->only, id, BATON_BOND_ID_LEN) == 0);
}

void baton_lookout_choose(struct baton_lookout *lookout,
			  const uint8_t id[BATON_BOND_ID_LEN])
{
	memcpy(lookout->only, id, BATON_BOND_ID_LEN);
	lookout->one = true;
}

bool baton_lookout_hear(const struct baton_lookout *lookout,
			const struct baton_session *session,
			const uint8_t advert[BATON_ADVERT_LEN])
{
	uint8_t id[BATON_BOND_ID_LEN], nonce[BATON_BOND_NONCE_LEN];

	return find(lookout, session, advert, id, nonce);
}

bool baton_lookout_use(struct baton_lookout *lookout,
		       struct baton_session *session,
		       const uint8_t advert[BATON_ADVERT_LEN],
		       uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	uint8_t id[BATON_BOND_ID_LEN];

	if (!find(lookout, session, advert, id, nonce))
		return false;
	memcpy(lookout->used[lookout->at], advert, BATON_ADVERT_LEN);
	lookout->at = (uint8_t)((lookout->at + 1U) % BATON_LOOKOUT_USED);
	if (lookout->count < BATON_LOOKOUT_USED)
		lookout->count++;
	return !baton_session_bond_select(session, id);
}
