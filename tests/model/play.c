/* SPDX-License-Identifier: MIT */
#include "tests/model/play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/prng.h"

const char *play_broken;
bool play_traces;

static struct baton_prng prng;

void play_begin(uint64_t seed, uint64_t stream)
{
	baton_prng_init(&prng, seed, stream);
	play_broken = NULL;
}

uint32_t play_below(uint32_t n)
{
	return baton_prng_below(&prng, n);
}

bool play_chance(uint32_t percent)
{
	return play_below(100) < percent;
}

void play_breaks(const char *why)
{
	if (!play_broken)
		play_broken = why;
	PLAY_SAY("  BROKEN: %s\n", why);
}

int play_worlds(int argc, char **argv, const char *name,
		const char *(*play)(uint64_t seed), uint64_t *first,
		uint64_t *count)
{
	const char *why;
	char *end = "";
	uint64_t i;

	*first = 1;
	*count = argc > 1 ? strtoull(argv[1], &end, 10) : 0;
	if (argc > 2 && !*end)
		*first = strtoull(argv[2], &end, 10);
	play_traces = argc == 4 && strcmp(argv[3], "--trace") == 0;
	if (*end || *count == 0 || argc > 4 || (argc == 4 && !play_traces)) {
		fprintf(stderr,
			"usage: %s COUNT [SEED [--trace]]\n"
			"Plays COUNT worlds from SEED (1) on.\n"
			"Exit codes: 0 all held, 1 something did not, 64 wrong "
			"usage.\n",
			name);
		return 64;
	}
	for (i = 0; i < *count; i++) {
		why = play(*first + i);
		if (!why)
			continue;
		printf("seed %" PRIu64 ": %s\n  repeat: %s 1 %" PRIu64
		       " --trace\n",
		       *first + i, why, name, *first + i);
		return 1;
	}
	return 0;
}
