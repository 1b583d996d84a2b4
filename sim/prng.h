/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_PRNG_H
#define BATON_SIM_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Repeatable randomness (xoshiro256**, seeded through SplitMix64), integers
 * only. Not for keys of real devices. Every purpose has a stream of its own,
 * so that one draw more for one purpose moves nothing anywhere else.
 */
struct baton_prng {
	uint64_t s[4];
};

/* Start stream number `stream` of `seed`; equal inputs, equal streams. */
void baton_prng_init(struct baton_prng *prng, uint64_t seed, uint64_t stream);

/* The next 64 bits. */
uint64_t baton_prng_next(struct baton_prng *prng);

/* A number in 0..n-1, for n from 1 to 2^32; 0 draws nothing and gives 0. */
uint32_t baton_prng_below(struct baton_prng *prng, uint64_t n);

/*
 * True with a probability of ppm in a million. 0 and 1000000 draw nothing,
 * so that switching a fault off costs no time.
 */
bool baton_prng_chance(struct baton_prng *prng, uint32_t ppm);

/* Fill dst with len bytes, the same on either endianness. */
void baton_prng_fill(struct baton_prng *prng, uint8_t *dst, size_t len);

#endif
