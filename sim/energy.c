/* SPDX-License-Identifier: MIT */
#include "sim/energy.h"

void baton_sim_meter_tx(struct baton_sim_meter *meter, uint64_t us)
{
	meter->tx_us += us;
}

void baton_sim_meter_rx(struct baton_sim_meter *meter, enum baton_phy phy,
			uint64_t us)
{
	if (phy == BATON_PHY_2M)
		meter->rx_2m_us += us;
	else
		meter->rx_1m_us += us;
}

uint64_t baton_sim_meter_charge_pc(const struct baton_sim_meter *meter,
				   uint64_t now_us)
{
	uint64_t on_us = meter->tx_us + meter->rx_1m_us + meter->rx_2m_us;
	uint64_t off_us = now_us > on_us ? now_us - on_us : 0;

	/* nA x us = fC */
	return (meter->tx_us * BATON_SIM_TX_NA +
		meter->rx_1m_us * BATON_SIM_RX_1M_NA +
		meter->rx_2m_us * BATON_SIM_RX_2M_NA +
		off_us * BATON_SIM_SLEEP_NA) /
	       1000;
}
