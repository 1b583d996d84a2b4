/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_WORLD_H
#define BATON_SIM_SCENARIO_WORLD_H

#include "sim/device.h"
#include "sim/prng.h"
#include "sim/scenario_run.h"

/* The world of a run, and what happens in it. */

/* An action that waits for its time or its trigger. */
struct baton_scenario_pending {
	struct baton_scenario_world *world;
	const struct baton_scenario_action *action;
	bool fired;
	uint64_t fired_us;
	uint32_t seen; /* PDUs or adverts, by eve */
};

struct baton_scenario_world {
	const struct baton_scenario *scenario;
	const struct baton_scenario_watcher *watcher;
	struct baton_scenario_result *result;
	struct baton_sim *sim;
	struct baton_sim_stage stage;
	struct baton_prng prng; /* eve's */
	struct baton_scenario_pending *pending;
	bool *met; /* by claim */
	size_t waiting; /* timed actions to come */
	size_t triggers; /* others to come */
	uint64_t next_limit_us;
	uint64_t pdus[BATON_SIM_SIDES]; /* that reached this side's stack */
	uint64_t hash;
	bool looks_for_plaintext, plaintext;
	bool over;
};

void baton_scenario_world_init(struct baton_scenario_world *world,
			       const struct baton_scenario *scenario,
			       uint64_t seed,
			       const struct baton_scenario_watcher *watcher,
			       struct baton_scenario_result *result);
void baton_scenario_world_free(struct baton_scenario_world *world);

/* Let happen what waited for what has just happened. */
void baton_scenario_world_trigger(struct baton_scenario_world *world);

#endif
