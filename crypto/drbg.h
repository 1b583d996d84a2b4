/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_DRBG_H
#define BATON_CRYPTO_DRBG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/primitives.h"

/*
 * The only randomness of the core: a generator that the caller seeds. Every
 * piece of output replaces the key it came from before the output is handed
 * out ("key erasure"), so that who reads the state later learns nothing
 * of what was given before. crypto/SPEC.md, "Randomness".
 */
#define BATON_DRBG_SEED_LEN 32

struct baton_drbg {
	uint8_t key[BATON_CRYPTO_KEY_LEN];
	bool seeded;
};

/*
 * Seed the generator. seed: full entropy, from the operating system or a
 * hardware source; the caller wipes its copy. The same seed gives the same
 * bytes, which is what the simulator wants and nobody else. A state must
 * never be restored from a backup or a snapshot without stirring it.
 */
void baton_drbg_init(struct baton_drbg *drbg,
		     const uint8_t seed[BATON_DRBG_SEED_LEN]);

/*
 * Mix in more entropy; never makes the state worse, whatever seed holds.
 * Does not seed a generator that was never initialised.
 */
void baton_drbg_stir(struct baton_drbg *drbg,
		     const uint8_t seed[BATON_DRBG_SEED_LEN]);

/* False: never seeded, or wiped. */
static inline bool baton_drbg_is_seeded(const struct baton_drbg *drbg)
{
	return drbg->seeded;
}

/*
 * Give len random bytes. Whoever is given a generator by others asks first
 * whether it is seeded: what one gives that is not is no secret.
 */
void baton_drbg_bytes(struct baton_drbg *drbg, uint8_t *out, size_t len);

/* Forget the state; it has to be seeded anew. */
void baton_drbg_wipe(struct baton_drbg *drbg);

#endif
