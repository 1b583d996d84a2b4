/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_RANDOM_H
#define BATON_SIM_SCENARIO_RANDOM_H

#include <stddef.h>

/*
 * The random scenarios, sim/random/: a run of seed n takes number n modulo
 * their count.
 */
struct baton_scenario_random {
	const char *name;
	const char *text;
};

extern const struct baton_scenario_random baton_scenarios_random[];
extern const size_t baton_scenarios_random_count;

#endif
