/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_BENCH_CELL_H
#define BATON_TESTS_BENCH_CELL_H

/*
 * One measured transfer: two devices of the simulator pair, and as soon as
 * the sender is secured it sends. docs/BENCH.md says what is measured.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim.h"
#include "transport/facts.h"

#define BENCH_MIB 1048576u

/* The radio, the hosts and the load. bench_cell_init() has the defaults. */
struct bench_cell {
	uint32_t interval_us; /* 30000 */
	enum baton_phy phy; /* 2M */
	uint16_t mtu; /* 247 */
	uint16_t ll_len; /* 251 */
	enum baton_sim_host_kind host; /* QUICK */
	enum baton_sim_side from; /* WATCH */
	uint32_t drop_ppm; /* 0: PDUs lost in each host */
	uint64_t seed; /* 1 */
	uint32_t total; /* 1 MiB: bytes of application data */
	uint16_t message_len; /* 0: one stream; else short messages so long */
	/* Short messages both ways, one at a time, beside the bulk. */
	bool urgent; /* false */
};

/* What became of it, from SECURED on. Pairing is not in any figure. */
struct bench_result {
	uint64_t us; /* from SECURED to the last byte delivered */
	uint64_t bytes; /* of PDUs both ways, until all was quiet */
	uint64_t data_pdus, ack_pdus; /* both sides */
	uint64_t resent; /* units or parts, both sides */
	uint64_t records; /* opened, both sides */
	uint64_t lost; /* PDUs that the hosts lost */
	uint32_t
		urgent_events; /* worst; events after the one of the queueing */
	uint32_t urgent_count; /* messages that came */
	uint64_t secured_us; /* when the clock was started */
	uint64_t cpu_ns; /* of the process, from SECURED to the end */
};

void bench_cell_init(struct bench_cell *cell);

/* The world of a cell. */
void bench_cell_sim(const struct bench_cell *cell,
		    struct baton_sim_config *config);

/*
 * Run it. False with a line on stderr: the transfer did not end, or what
 * came was not what was sent.
 */
bool bench_cell_run(const struct bench_cell *cell, struct bench_result *result);

/*
 * Microseconds a bare sender of values of len bytes needs for as much, from the
 * same instant.
 */
uint64_t bench_cell_raw_us(const struct bench_cell *cell, uint32_t len,
			   uint64_t start_us);

/* What an engine on the link of such a cell is told. */
struct baton_link_facts bench_cell_facts(const struct bench_cell *cell);

/* Bytes of a bare sender's values, each so long, in some events. */
uint32_t bench_cell_flow(const struct bench_cell *cell, uint32_t len);

/*
 * How long the values are of which it gets most through: all are tried, for
 * what fits an event to its end is seldom the longest.
 */
uint32_t bench_cell_raw_len(const struct bench_cell *cell);

/* CPU time of this process, ns. */
uint64_t bench_cpu_ns(void);

#endif
