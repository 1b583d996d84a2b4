/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_ENERGY_H
#define BATON_SIM_ENERGY_H

#include <stdint.h>

#include "sim/phy.h"

/*
 * Currents in nanoampere. Source: nRF52840 Product Specification v1.1, 3 V,
 * DC/DC on: RADIO electrical specification (TX only 0 dBm, RX only 1M, RX
 * only 2M) and current consumption in sleep (System ON, all RAM kept, wake
 * on RTC, LFXO). Processor, ramp-up and flash are not counted. The coded
 * PHYs have no figure of their own there and are taken as 1M.
 */
#define BATON_SIM_TX_NA UINT64_C(4800000)
#define BATON_SIM_RX_1M_NA UINT64_C(4600000)
#define BATON_SIM_RX_2M_NA UINT64_C(5200000)
#define BATON_SIM_SLEEP_NA UINT64_C(3160)

/* How long a device's radio was in each state. */
struct baton_sim_meter {
	uint64_t tx_us;
	uint64_t rx_1m_us;
	uint64_t rx_2m_us;
};

void baton_sim_meter_tx(struct baton_sim_meter *meter, uint64_t us);
void baton_sim_meter_rx(struct baton_sim_meter *meter, enum baton_phy phy,
			uint64_t us);

/* The charge so far in picocoulomb, asleep whenever the radio was off. */
uint64_t baton_sim_meter_charge_pc(const struct baton_sim_meter *meter,
				   uint64_t now_us);

#endif
