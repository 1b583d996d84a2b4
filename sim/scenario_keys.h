/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_KEYS_H
#define BATON_SIM_SCENARIO_KEYS_H

#include "sim/scenario.h"

/* The settings of scenarios: which keys there are, and what they take. */

enum baton_scenario_keys {
	BATON_SCENARIO_KEYS_LINK, /* struct baton_sim_config */
	BATON_SCENARIO_KEYS_DEVICE, /* struct baton_scenario_device */
	BATON_SCENARIO_KEYS_AIR, /* struct baton_sim_errors */
	BATON_SCENARIO_KEYS_ARGS, /* struct baton_scenario_args */
};

/*
 * Set what "key=value" says in base, a struct of its kind. allowed: the keys
 * that may be used, with blanks between, NULL for all.
 */
bool baton_scenario_set(enum baton_scenario_keys keys, void *base,
			const char *word, const char *allowed,
			unsigned int line, struct baton_scenario_error *error);

/* The value that makes a key harmless, "" if there is none such. */
const char *baton_scenario_calm(const char *key);

#endif
