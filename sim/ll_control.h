/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_LL_CONTROL_H
#define BATON_SIM_LL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim.h"

/*
 * LL control procedures (Core 5.4, Vol 6 Part B, 5.1), each with its PDUs on
 * the air and its instant. The phone's controller does one at a time.
 */
#define BATON_SIM_PROCEDURES 16U /* that may wait */

enum baton_sim_procedure_kind {
	BATON_SIM_PROCEDURE_FEATURES, /* 5.1.4 */
	BATON_SIM_PROCEDURE_VERSION, /* 5.1.5 */
	BATON_SIM_PROCEDURE_LENGTH, /* 5.1.9 */
	BATON_SIM_PROCEDURE_PHY, /* 5.1.10 */
	BATON_SIM_PROCEDURE_ENCRYPTION, /* 5.1.3.1 */
	BATON_SIM_PROCEDURE_CONNECTION, /* 5.1.1, 5.1.7 */
};

struct baton_sim_procedure {
	enum baton_sim_procedure_kind kind;
	enum baton_sim_side asks; /* LENGTH, PHY, CONNECTION: who begins */
	enum baton_phy phy;
	uint16_t ll_len;
	uint32_t interval_us; /* CONNECTION, with latency and timeout_us */
	uint16_t latency;
	uint64_t timeout_us;
};

struct baton_sim_ll_control {
	struct baton_sim_procedure todo[BATON_SIM_PROCEDURES];
	uint32_t head, len;
	bool busy; /* the first of todo is under way */
	bool has_instant;
	uint16_t instant; /* the event from which on it holds */
	bool told; /* the watch has received it in time */
	bool lost; /* it had not: it hears nothing any more */
};

/* A connection begins: what its set-up has to do, if anything. */
void baton_sim_ll_control_start(struct baton_sim *sim);

/* Have a procedure done, after those that wait; false: too many wait. */
bool baton_sim_ll_control_add(struct baton_sim *sim,
			      const struct baton_sim_procedure *procedure);

/* `to` received a control PDU, not LL_TERMINATE_IND. */
void baton_sim_ll_control_rx(struct baton_sim *sim, enum baton_sim_side to,
			     const uint8_t *pdu);

/* A control PDU of `side` was acknowledged. */
void baton_sim_ll_control_acked(struct baton_sim *sim, enum baton_sim_side side,
				const uint8_t *pdu);

/* An event begins: is it the instant? */
void baton_sim_ll_control_event(struct baton_sim *sim);

/* True for the PDU from which on a side encrypts. */
bool baton_sim_ll_control_encrypts(const uint8_t *pdu);

#endif
