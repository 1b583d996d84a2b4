/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_PLAY_H
#define TESTS_MODEL_PLAY_H

/* The command of a model that plays random worlds, each from one seed. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What broke first in this world; NULL: nothing did. */
extern const char *play_broken;

/* Whether what happens is told, on stderr. */
extern bool play_traces;

#define PLAY_SAY(...)                                 \
	do {                                          \
		if (play_traces)                      \
			fprintf(stderr, __VA_ARGS__); \
	} while (0)

/* A world begins in which nothing is broken, with random numbers of a seed. */
void play_begin(uint64_t seed, uint64_t stream);

/* Below n. */
uint32_t play_below(uint32_t n);
bool play_chance(uint32_t percent);

/* Something did not hold. */
void play_breaks(const char *why);

/*
 * usage: NAME COUNT [SEED [--trace]]
 *
 * Plays COUNT worlds from SEED (1) on, until one breaks: then it says why and
 * how to play it again. play() returns what broke, or NULL. Returns the exit code: 0 all held, 1 something did not, 64
 * wrong usage. *first and *count: which were played.
 */
int play_worlds(int argc, char **argv, const char *name,
		const char *(*play)(uint64_t seed), uint64_t *first,
		uint64_t *count);

#endif
