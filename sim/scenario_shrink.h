/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_SHRINK_H
#define BATON_SIM_SCENARIO_SHRINK_H

#include "sim/scenario_run.h"

#define BATON_SCENARIO_SHRINK_RUNS 500

/*
 * Look for a smaller scenario that fails in the same way with the same seed:
 * fewer lines, calm settings, small numbers. *small is the caller's to free.
 * False: it does not fail, or *error says what is wrong with the text.
 */
bool baton_scenario_shrink(struct baton_scenario_text *small,
			   const struct baton_scenario_text *text,
			   uint64_t seed, struct baton_scenario_error *error);

#endif
