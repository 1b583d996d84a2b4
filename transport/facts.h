/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_FACTS_H
#define BATON_TRANSPORT_FACTS_H

/* What is known of a link, and how long a PDU on it had best be. */

#include <stdint.h>

enum baton_link_phy {
	BATON_LINK_PHY_UNKNOWN = 0, /* taken for 1M */
	BATON_LINK_PHY_1M = 1,
	BATON_LINK_PHY_2M = 2,
	BATON_LINK_PHY_CODED = 3, /* taken for S=8 */
};

/* What a link is like, as far as the bearer knows. */
struct baton_link_facts {
	uint16_t mtu; /* ATT MTU: longest PDU plus 3, 21..517 */
	uint16_t ll_len; /* LL data length, bytes; 0: not known */
	uint32_t interval_us; /* connection interval; 0: not known */
	uint8_t phy; /* enum baton_link_phy, of the slower direction */
	uint8_t bearer; /* 0 GATT, 1 L2CAP channel */
	/*
	 * The nonce of the watch's advert that led to this link, 16 bytes, fresh
	 * for each; NULL: none is known. Read when the link comes up only.
	 */
	const uint8_t *advert;
};

/*
 * The length of a PDU, bytes, that moves most per time on the air, leaves
 * control its place and fits connection events well; peer_max: what the peer
 * takes. Always BATON_PDU_MIN to BATON_PDU_MAX. SPEC A.1.
 */
uint16_t baton_facts_pdu_len(const struct baton_link_facts *facts,
			     uint16_t peer_max);

#endif
