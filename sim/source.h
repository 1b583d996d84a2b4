/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SOURCE_H
#define BATON_SIM_SOURCE_H

#include "sim/sim.h"

/*
 * The simplest stack there is: a source that always has, or has a given
 * number of, values of one size, and counts what comes in. Raw flow in a
 * cell is what a bench divides by, and what the closed-form limits bound.
 */
struct baton_sim_source {
	/* Set by the caller before attaching. */
	size_t value_len; /* bytes per PDU; cut to what the link takes */
	uint64_t limit; /* PDUs to send; UINT64_MAX: never stop; 0: none */

	/* Counted. */
	uint64_t tx_pdus;
	uint64_t tx_bytes;
	uint64_t rx_pdus;
	uint64_t rx_bytes;
	uint64_t rx_first_us; /* when the first PDU came in, 0 if none */
	uint64_t rx_last_us;
	uint64_t rx_gaps; /* PDUs that were skipped in the count */
	uint64_t rx_again; /* PDUs that came twice or late */
	uint32_t rx_next; /* the number expected next */
	uint32_t ups;
	uint32_t downs;
	uint8_t reason; /* of the last link_down */
	uint16_t mtu; /* as last told */
};

/*
 * The ops of a source; user is the struct baton_sim_source. Values carry
 * their number (little-endian, in as many of 4 bytes as there is room for).
 */
extern const struct baton_sim_stack_ops baton_sim_source_ops;

#endif
