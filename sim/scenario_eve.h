/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_EVE_H
#define BATON_SIM_SCENARIO_EVE_H

#include "sim/scenario_world.h"

/*
 * The adversary of a scenario: from an action's time on she does to PDUs, or
 * to adverts, what it says.
 */
void baton_scenario_eve_comes(struct baton_scenario_world *world);

#endif
