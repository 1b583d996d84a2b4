/* SPDX-License-Identifier: MIT */

/*
 * How many random scenarios it takes to find the bug that was planted.
 *
 * usage: hunt SEEDS
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario_random.h"
#include "sim/scenario_run.h"
#include "transport/plant.h"

#define RANDOM_MAX 16

static struct baton_scenario_text texts[RANDOM_MAX];

static bool load(void)
{
	struct baton_scenario_error error;
	size_t i;

	for (i = 0; i < baton_scenarios_random_count && i < RANDOM_MAX; i++)
		if (!baton_scenario_load(
			    &texts[i], baton_scenarios_random[i].text,
			    strlen(baton_scenarios_random[i].text), &error))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	long seeds = argc == 2 ? strtol(argv[1], NULL, 10) : 1000;
	struct baton_scenario_result result;
	struct baton_scenario_error error;
	const char *name = NULL;
	long seed;
	size_t i;

	if (!load())
		return 70;
	printf("1..1\n");
	for (seed = 0; seed < seeds; seed++) {
		i = (size_t)seed % baton_scenarios_random_count;
		name = baton_scenarios_random[i].name;
		if (!baton_scenario_play(&texts[i], (uint64_t)seed, NULL,
					 &result, &error))
			return 70;
		if (!result.passed)
			break;
	}
	if (seed < seeds)
		printf("# %s, seed %ld: %s %s\n", name, seed, result.claim,
		       result.why);
	printf("%s 1 - planted bug %d is found within %ld seeds: ",
	       seed < seeds ? "ok" : "not ok", BATON_PLANT, seeds);
	if (seed < seeds)
		printf("after %ld\n", seed + 1);
	else
		printf("not found\n");
	return 0;
}
