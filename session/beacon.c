/* SPDX-License-Identifier: MIT */
#include "session/beacon.h"

#include <string.h>

#include "base/bytes.h"

#define LIFE_SPREAD_MS (BATON_BEACON_LIFE_MAX_MS - BATON_BEACON_LIFE_MIN_MS + 1)

/* The bonds that are advertised this time; every one has its turn. */
static size_t choose(const uint8_t *keys[BATON_ADVERT_SLOTS],
		     const struct baton_session *session, uint8_t *first)
{
	size_t count = session->bond_count;
	size_t at = *first;
	size_t i;

	if (count > BATON_ADVERT_SLOTS)
		count = BATON_ADVERT_SLOTS;
	for (i = 0; i < count; i++, at++) {
		if (at >= session->bond_count)
			at = 0;
		keys[i] = session->bonds[at].tag_key;
	}
	*first = (uint8_t)at;
	return count;
}

/*
 * Tells one set of bonds from another: ids are random and of this device only,
 * so that two sets come to the same by chance alone.
 */
static void combine(uint8_t out[BATON_BOND_ID_LEN],
		    const struct baton_session *session)
{
	size_t i, k;

	memset(out, 0, BATON_BOND_ID_LEN);
	for (i = 0; i < session->bond_count; i++)
		for (k = 0; k < BATON_BOND_ID_LEN; k++)
			out[k] ^= session->bonds[i].id[k];
}

static enum baton_err renew(struct baton_beacon *beacon,
			    struct baton_session *session, uint64_t now_ms)
{
	const uint8_t *keys[BATON_ADVERT_SLOTS];
	uint8_t random[4];
	enum baton_err err;
	size_t count;

	beacon->live = false;
	count = choose(keys, session, &beacon->first);
	err = baton_advert_make(beacon->advert, &session->drbg, keys, count);
	if (err)
		return err;
	baton_drbg_bytes(&session->drbg, random, sizeof(random));
	beacon->until_ms = now_ms + BATON_BEACON_LIFE_MIN_MS +
			   baton_load_be32(random) % LIFE_SPREAD_MS;
	combine(beacon->bonds, session);
	beacon->live = true;
	return BATON_OK;
}

enum baton_err baton_beacon_turn(struct baton_beacon *beacon,
				 struct baton_session *session, uint64_t now_ms,
				 bool *changed)
{
	uint8_t bonds[BATON_BOND_ID_LEN];

	*changed = false;
	if (session->role != BATON_WATCH)
		return BATON_ERR_STATE;
	combine(bonds, session);
	if (beacon->live && now_ms < beacon->until_ms &&
	    memcmp(beacon->bonds, bonds, sizeof(bonds)) == 0)
		return BATON_OK;
	*changed = true;
	return renew(beacon, session, now_ms);
}

bool baton_beacon_use(struct baton_beacon *beacon,
		      uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	if (!beacon->live)
		return false;
	baton_advert_nonce(nonce, beacon->advert);
	beacon->live = false;
	return true;
}

enum baton_err baton_beacon_find(const struct baton_session *session,
				 const uint8_t advert[BATON_ADVERT_LEN],
				 uint8_t id[BATON_BOND_ID_LEN],
				 uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	uint8_t i;

	for (i = 0; i < session->bond_count; i++)
		if (baton_advert_match(advert, session->bonds[i].tag_key)) {
			memcpy(id, session->bonds[i].id, BATON_BOND_ID_LEN);
			baton_advert_nonce(nonce, advert);
			return BATON_OK;
		}
	return BATON_ERR_NOT_FOUND;
}
