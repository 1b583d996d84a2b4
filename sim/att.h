/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_ATT_H
#define BATON_SIM_ATT_H

#include "sim/host.h"

/* Handles of the two values, see att.c. */
#define BATON_SIM_HANDLE_NOTIFY 3U
#define BATON_SIM_HANDLE_WRITE 6U

/*
 * What hosts say to each other before (and between) values: the MTU
 * exchange, discovery, the CCCD write; or the L2CAP signals of a
 * credit-based channel. Real PDUs with their real lengths.
 */

/* The connection is there: the phone begins, or both are ready at once. */
void baton_sim_att_start(struct baton_sim_host *host);

/* The phone asks for another MTU. */
void baton_sim_att_exchange_mtu(struct baton_sim_host *host, uint16_t mtu);

/* One ATT or signalling PDU reached the host. */
void baton_sim_att_rx(struct baton_sim_host *host,
		      const struct baton_sim_sdu *sdu);

/* The phone wrote a value by a request: it was taken. */
void baton_sim_att_written(struct baton_sim_host *host);

/* Return credits to the peer. */
void baton_sim_att_credits(struct baton_sim_host *host, uint32_t credits);

#endif
