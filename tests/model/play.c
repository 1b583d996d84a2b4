/* SPDX-License-Identifier: MIT */
#include "tests/model/play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int play_worlds(int argc, char **argv, const char *name,
		const char *(*play)(uint64_t seed), bool *traces,
		uint64_t *first, uint64_t *count)
{
	const char *why;
	char *end = "";
	uint64_t i;

	*first = 1;
	*count = argc > 1 ? strtoull(argv[1], &end, 10) : 0;
	if (argc > 2 && !*end)
		*first = strtoull(argv[2], &end, 10);
	*traces = argc == 4 && strcmp(argv[3], "--trace") == 0;
	if (*end || *count == 0 || argc > 4 || (argc == 4 && !*traces)) {
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
