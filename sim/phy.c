/* SPDX-License-Identifier: MIT */
#include "sim/phy.h"

#include <string.h>

/*
 * Uncoded (2.1): preamble 1 byte on 1M and 2 on 2M, access address 4, header
 * 2, payload, CRC 3. Coded (2.2): preamble 80 us, access address 256 us, CI
 * 16 us and TERM1 24 us always at S=8; then header, payload, CRC and TERM2
 * (3 bits) at S microseconds per bit.
 */
uint32_t baton_phy_airtime_us(enum baton_phy phy, uint32_t len)
{
	const uint32_t coded_us = 80 + 256 + 16 + 24;
	const uint32_t coded_bits = 8 * (2 + len + 3) + 3;

	switch (phy) {
	case BATON_PHY_1M:
		return 8 * (1 + 4 + 2 + len + 3);
	case BATON_PHY_2M:
		return 4 * (2 + 4 + 2 + len + 3);
	case BATON_PHY_CODED_S2:
		return coded_us + 2 * coded_bits;
	case BATON_PHY_CODED_S8:
		return coded_us + 8 * coded_bits;
	}
	return 0;
}

const char *baton_phy_name(enum baton_phy phy)
{
	switch (phy) {
	case BATON_PHY_1M:
		return "1M";
	case BATON_PHY_2M:
		return "2M";
	case BATON_PHY_CODED_S2:
		return "coded-S2";
	case BATON_PHY_CODED_S8:
		return "coded-S8";
	}
	return "unknown";
}

bool baton_phy_parse(const char *name, enum baton_phy *phy)
{
	static const enum baton_phy all[] = {
		BATON_PHY_1M,
		BATON_PHY_2M,
		BATON_PHY_CODED_S2,
		BATON_PHY_CODED_S8,
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(name, baton_phy_name(all[i])) == 0) {
			*phy = all[i];
			return true;
		}
	}
	return false;
}
