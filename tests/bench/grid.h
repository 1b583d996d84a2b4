/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_BENCH_GRID_H
#define BATON_TESTS_BENCH_GRID_H

/* The grid: every interval, PHY, MTU, data length and host. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/cell.h"

#define BENCH_INTERVALS 5
#define BENCH_PHYS 2
#define BENCH_MTUS 4
#define BENCH_LL_LENS 2
#define BENCH_HOSTS 2
#define BENCH_GRID_LEN                                               \
	(BENCH_INTERVALS * BENCH_PHYS * BENCH_MTUS * BENCH_LL_LENS * \
	 BENCH_HOSTS)

extern const uint32_t bench_intervals_us[BENCH_INTERVALS];
extern const uint16_t bench_mtus[BENCH_MTUS];
extern const uint16_t bench_ll_lens[BENCH_LL_LENS];

struct bench_grid_row {
	struct bench_cell cell;
	double raw_bps, bps; /* of application bytes */
	double share;
	double bound; /* what arithmetic allows of it */
	char why[120]; /* where share < 0.95: the arithmetic */
	uint64_t resent;
	uint32_t urgent_events;
	uint32_t urgent_count;
};

/* All of it, MTU fastest; total bytes each. False: a transfer failed. */
bool bench_grid_run(struct bench_grid_row rows[BENCH_GRID_LEN], uint32_t total);

/* False: could not be written (errno). */
bool bench_grid_csv(const struct bench_grid_row rows[BENCH_GRID_LEN],
		    const char *path);
bool bench_grid_heatmap(const struct bench_grid_row rows[BENCH_GRID_LEN],
			const char *path);

#endif
