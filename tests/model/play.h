/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_PLAY_H
#define TESTS_MODEL_PLAY_H

/* The command of a model that plays random worlds, each from one seed. */

#include <stdbool.h>
#include <stdint.h>

/*
 * usage: NAME COUNT [SEED [--trace]]
 *
 * Plays COUNT worlds from SEED (1) on, until one breaks: then it says why and
 * how to play it again. play() returns what broke, or NULL; *traces is set
 * before the first. Returns the exit code: 0 all held, 1 something did not, 64
 * wrong usage. *first and *count: which were played.
 */
int play_worlds(int argc, char **argv, const char *name,
		const char *(*play)(uint64_t seed), bool *traces,
		uint64_t *first, uint64_t *count);

#endif
