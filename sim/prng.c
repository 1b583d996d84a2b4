/* SPDX-License-Identifier: MIT */
#include "sim/prng.h"

/* SplitMix64 (Steele, Lea, Flood 2014): spreads seeds over the state. */
static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t rotl(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

void baton_prng_init(struct baton_prng *prng, uint64_t seed, uint64_t stream)
{
	uint64_t x = stream;
	int i;

	/* Mix the stream first: neighbouring seeds and streams stay apart. */
	x = splitmix(&x) ^ seed;
	for (i = 0; i < 4; i++)
		prng->s[i] = splitmix(&x);
}

/* xoshiro256** (Blackman, Vigna 2018). */
uint64_t baton_prng_next(struct baton_prng *prng)
{
	uint64_t *s = prng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint32_t baton_prng_below(struct baton_prng *prng, uint64_t n)
{
	if (!n)
		return 0;
	return (uint32_t)((baton_prng_next(prng) >> 32) * n >> 32);
}

bool baton_prng_chance(struct baton_prng *prng, uint32_t ppm)
{
	if (!ppm)
		return false;
	if (ppm >= 1000000)
		return true;
	return baton_prng_below(prng, 1000000) < ppm;
}

void baton_prng_fill(struct baton_prng *prng, uint8_t *dst, size_t len)
{
	uint64_t x = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (i % 8 == 0)
			x = baton_prng_next(prng);
		dst[i] = (uint8_t)(x >> (i % 8 * 8));
	}
}
