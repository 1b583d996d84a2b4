/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_PHY_H
#define BATON_SIM_PHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Time between two packets of an event (Core 5.4, Vol 6 Part B, 4.1.1). */
#define BATON_PHY_T_IFS_US 150U

enum baton_phy {
	BATON_PHY_1M,
	BATON_PHY_2M,
	BATON_PHY_CODED_S2,
	BATON_PHY_CODED_S8,
};

/*
 * Time on the air, in microseconds, of an LL packet of len payload bytes
 * (0..255, MIC included if there is one): Core 5.4, Vol 6 Part B, 2.1, 2.2.
 */
uint32_t baton_phy_airtime_us(enum baton_phy phy, uint32_t len);

/* "1M", "2M", "coded-S2", "coded-S8"; a static string. */
const char *baton_phy_name(enum baton_phy phy);

/* The PHY of that name; false, and *phy untouched, if there is none. */
bool baton_phy_parse(const char *name, enum baton_phy *phy);

#endif
