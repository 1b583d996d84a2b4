/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_RUN_H
#define BATON_SIM_SCENARIO_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/scenario.h"

/* One run of a scenario, and what came of it. */

struct baton_scenario_result {
	bool passed;
	unsigned int line; /* of the claim that failed; 0: of every scenario */
	char claim[BATON_SCENARIO_LINE_CAP]; /* as written; empty if passed */
	char why[200];
	uint64_t at_us; /* when it failed, or when all was done */
	uint64_t hash; /* of the trace */
	unsigned int sent, delivered, reported; /* things */
	uint64_t bytes; /* of what was delivered */
	uint64_t pdus; /* of both stacks */
	unsigned int links, retransmissions;
	uint64_t writes[BATON_SIM_SIDES]; /* of storage, begun */
	unsigned int cuts; /* writes that the power went at */
	/* Actions that wait for something; those that waited to the end. */
	unsigned int awaited, idle;
};

struct baton_sim_stage;

/* Who looks on; nothing of the run depends on it. */
struct baton_scenario_watcher {
	/* Every record of the run, LL packets too. */
	baton_sim_trace_fn *trace;
	/* May be NULL: the world as it begins, and when a device changed. */
	void (*look)(void *user, const struct baton_scenario *scenario,
		     const struct baton_sim_stage *stage);
	void *user;
};

/*
 * Run it with a seed. The same scenario and seed give the same result and
 * the same hash on every machine. watcher may be NULL.
 */
void baton_scenario_run(const struct baton_scenario *scenario, uint64_t seed,
			const struct baton_scenario_watcher *watcher,
			struct baton_scenario_result *result);

/*
 * Resolve, read and run a text. False: the text is wrong, and *error says
 * how. An xfail is turned: it passes by failing.
 */
bool baton_scenario_play(const struct baton_scenario_text *text, uint64_t seed,
			 const struct baton_scenario_watcher *watcher,
			 struct baton_scenario_result *result,
			 struct baton_scenario_error *error);

#endif
