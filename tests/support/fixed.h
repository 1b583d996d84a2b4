/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_SUPPORT_FIXED_H
#define BATON_TESTS_SUPPORT_FIXED_H

#include <string.h>

#include "crypto/noise.h"

/* Begin a handshake as it would, but with a given ephemeral key. */
static inline void fixed_noise_init(struct baton_noise *noise,
				    const struct baton_noise_pattern *pattern,
				    bool initiator, const uint8_t *prologue,
				    size_t len,
				    const struct baton_noise_keys *keys,
				    const uint8_t *e_priv)
{
	static const uint8_t seed[BATON_DRBG_SEED_LEN];
	struct baton_drbg drbg;

	baton_drbg_init(&drbg, seed);
	noise->keys = *keys;
	baton_noise_init(noise, pattern, initiator, prologue, len, &drbg);
	memcpy(noise->e_priv, e_priv, sizeof(noise->e_priv));
}

#endif
