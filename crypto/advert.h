/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_ADVERT_H
#define BATON_CRYPTO_ADVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "crypto/keys.h"

/*
 * What a watch advertises: a nonce and a tag for each of up to four bonds,
 * which to anyone without a bond's tag key are 24 random bytes
 * (crypto/SPEC.md, "Advert"). When it changes is the session's business
 * (session/beacon.h).
 */
/* In front of it in the manufacturer data: none of its own yet. */
#define BATON_ADVERT_COMPANY 0xffff
#define BATON_ADVERT_NONCE_LEN 8
#define BATON_ADVERT_TAG_LEN 4
#define BATON_ADVERT_SLOTS 4
#define BATON_ADVERT_LEN \
	(BATON_ADVERT_NONCE_LEN + BATON_ADVERT_SLOTS * BATON_ADVERT_TAG_LEN)

/*
 * Make a fresh advert. tag_keys: count tag keys of 32 bytes, one for each
 * bond that shall know it, at most BATON_ADVERT_SLOTS; their order does not
 * show, nor how many they are.
 *
 * BATON_ERR_ARG: more than the slots. BATON_ERR_RANDOM: drbg is not seeded.
 * Then nothing may be advertised; out is untouched.
 */
BATON_MUST_CHECK enum baton_err
baton_advert_make(uint8_t out[BATON_ADVERT_LEN], struct baton_drbg *drbg,
		  const uint8_t *const *tag_keys, size_t count);

/*
 * Was the advert made for the bond with this tag key? Wrong once in 2^30
 * adverts that were not. Costs eight hash blocks.
 */
BATON_MUST_CHECK bool
baton_advert_match(const uint8_t advert[BATON_ADVERT_LEN],
		   const uint8_t tag_key[BATON_CRYPTO_KEY_LEN]);

/* The watch's nonce to which the first flight on its link is bound. */
void baton_advert_nonce(uint8_t nonce[BATON_BOND_NONCE_LEN],
			const uint8_t advert[BATON_ADVERT_LEN]);

#endif
