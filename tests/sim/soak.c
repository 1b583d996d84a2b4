/* SPDX-License-Identifier: MIT */

/* Random scenarios with new seeds until the time is over. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/scenario_random.h"
#include "sim/scenario_run.h"

#define RANDOM_MAX 16
#define SEEDS 1000000000u /* so that a command stays readable */
#define TELL_EVERY 10000

static struct baton_scenario_text texts[RANDOM_MAX];

/* False if it failed. */
static bool play(uint64_t seed)
{
	size_t i = (size_t)(seed % baton_scenarios_random_count);
	struct baton_scenario_result result;
	struct baton_scenario_error error;

	if (!baton_scenario_play(&texts[i], seed, NULL, &result, &error)) {
		fprintf(stderr, "baton-soak: %s:%u: %s\n",
			baton_scenarios_random[i].name, error.line, error.text);
		exit(70);
	}
	if (result.passed)
		return true;
	printf("%s: %s%s%s%s\n  repeat: baton sim --random --seed %llu\n",
	       baton_scenarios_random[i].name, result.claim,
	       result.why[0] ? " (" : "", result.why, result.why[0] ? ")" : "",
	       (unsigned long long)seed);
	fflush(stdout);
	return false;
}

static void load(void)
{
	struct baton_scenario_error error;
	size_t i;

	for (i = 0; i < baton_scenarios_random_count && i < RANDOM_MAX; i++)
		if (!baton_scenario_load(
			    &texts[i], baton_scenarios_random[i].text,
			    strlen(baton_scenarios_random[i].text), &error)) {
			fprintf(stderr, "baton-soak: %s\n", error.text);
			exit(70);
		}
}

int main(int argc, char **argv)
{
	unsigned long long ran = 0, failed = 0;
	time_t start = time(NULL);
	uint64_t seed = (uint64_t)start * 1000 % SEEDS;
	long seconds = 0;
	char *end = NULL;

	if (argc == 2)
		seconds = strtol(argv[1], &end, 10);
	if (argc != 2 || *end || seconds < 1) {
		fputs("usage: baton-soak SECONDS\n", stderr);
		return 64;
	}
	load();
	printf("from seed %llu on\n", (unsigned long long)seed);
	fflush(stdout);
	for (; time(NULL) - start < seconds; seed++) {
		failed += !play(seed);
		if (++ran % TELL_EVERY == 0) {
			printf("%llu ran, %llu failed\n", ran, failed);
			fflush(stdout);
		}
	}
	printf("%llu random scenarios ran, %llu failed\n", ran, failed);
	return failed ? 1 : 0;
}
