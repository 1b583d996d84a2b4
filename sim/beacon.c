/* SPDX-License-Identifier: MIT */
#include "sim/beacon.h"

#include <string.h>

#define AD_LEN 28 /* crypto/SPEC.md 12 */
#define AD_HEAD_LEN 4
#define SERVICE_LEN 18 /* complete list of 128-bit services: one */

static const uint8_t flags[] = {2, 0x01, 0x06};
static const uint8_t head[AD_HEAD_LEN] = {AD_LEN - 1, 0xff, 0xff, 0xff};
/* The simulator's service, see att.c. */
static const uint8_t service[SERVICE_LEN] = {
	17,   0x07, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba,
	0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba, 0xba};

static bool pairs(const struct baton_session *session, uint64_t now_ms)
{
	return session->pairing_until_ms > now_ms;
}

size_t baton_sim_beacon_tx(struct baton_sim_beacon *beacon,
			   struct baton_session *session, uint64_t now_ms,
			   uint8_t *dst, size_t cap)
{
	bool changed;

	if (cap < sizeof(flags) + AD_LEN)
		return 0;
	memcpy(dst, flags, sizeof(flags));
	dst += sizeof(flags);
	if (pairs(session, now_ms)) {
		memcpy(dst, service, sizeof(service));
		return sizeof(flags) + sizeof(service);
	}
	if (!baton_session_bond_count(session) ||
	    baton_beacon_turn(&beacon->watch, session, now_ms, &changed))
		return 0;
	memcpy(dst, head, sizeof(head));
	memcpy(dst + sizeof(head), beacon->watch.advert, BATON_ADVERT_LEN);
	return sizeof(flags) + AD_LEN;
}

static bool has_failed(const struct baton_sim_beacon *beacon,
		       const uint8_t *advert)
{
	size_t i;

	for (i = 0; i < beacon->failed_count; i++)
		if (!memcmp(beacon->failed[i], advert, BATON_ADVERT_LEN))
			return true;
	return false;
}

bool baton_sim_beacon_rx(struct baton_sim_beacon *beacon,
			 struct baton_session *session, uint64_t now_ms,
			 const uint8_t *data, size_t len)
{
	uint8_t id[BATON_BOND_ID_LEN], nonce[BATON_BOND_NONCE_LEN];
	const uint8_t *advert;

	beacon->has_heard = false;
	if (len < sizeof(flags) || memcmp(data, flags, sizeof(flags)) != 0)
		return false;
	data += sizeof(flags);
	len -= sizeof(flags);
	if (pairs(session, now_ms) && len == sizeof(service) &&
	    !memcmp(data, service, sizeof(service)))
		return true;
	advert = data + sizeof(head);
	if (len != AD_LEN || memcmp(data, head, sizeof(head)) != 0 ||
	    has_failed(beacon, advert) ||
	    baton_beacon_find(session, advert, id, nonce))
		return false;
	memcpy(beacon->heard, advert, BATON_ADVERT_LEN);
	beacon->has_heard = true;
	return !baton_session_bond_select(session, id);
}

bool baton_sim_beacon_up(struct baton_sim_beacon *beacon,
			 uint8_t nonce[BATON_BOND_NONCE_LEN])
{
	if (beacon->has_heard) {
		baton_advert_nonce(nonce, beacon->heard);
		return true;
	}
	/* Used up, whatever comes of the link. */
	return baton_beacon_use(&beacon->watch, nonce);
}

void baton_sim_beacon_down(struct baton_sim_beacon *beacon, bool secured)
{
	if (!beacon->has_heard)
		return;
	beacon->has_heard = false;
	if (secured)
		return;
	memcpy(beacon->failed[beacon->failed_at], beacon->heard,
	       BATON_ADVERT_LEN);
	beacon->failed_at =
		(uint8_t)((beacon->failed_at + 1U) % BATON_SIM_BEACON_FAILED);
	if (beacon->failed_count < BATON_SIM_BEACON_FAILED)
		beacon->failed_count++;
}
