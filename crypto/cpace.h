/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_CPACE_H
#define BATON_CRYPTO_CPACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/primitives.h"

/*
 * CPace over ristretto255 with SHA-512 (draft-irtf-cfrg-cpace, initiator and
 * responder): from a short code that both sides know to a strong key, and for
 * who is between them one guess at the code per run. crypto/SPEC.md, "Typed
 * code". A firmware that does not pair by typed code does not link this.
 *
 * It does not confirm: who had another code comes to another key. The Noise
 * handshake that follows is what notices.
 */
#define BATON_CPACE_SHARE_LEN BATON_CRYPTO_POINT_LEN
#define BATON_CPACE_ISK_LEN BATON_CRYPTO_SHA512_LEN

/* The most bytes of a code, identifier or associated data. */
#define BATON_CPACE_INPUT_MAX 64

enum baton_cpace_role {
	BATON_CPACE_A, /* whose share goes first */
	BATON_CPACE_B,
};

struct baton_cpace_input {
	const uint8_t *bytes; /* may be NULL if len is 0 */
	size_t len;
};

/* One side of one run. The caller owns it, and wipes it (baton_cpace_wipe). */
struct baton_cpace {
	uint8_t scalar[BATON_CRYPTO_KEY_LEN];
	uint8_t share[BATON_CPACE_SHARE_LEN]; /* not secret: for the peer */
};

/*
 * Begin: share is ready to be sent after it.
 *
 * code, channel, session: what the draft calls PRS, CI and sid; both sides
 * must have the same. random: 32 fresh random bytes, for this run alone; the
 * caller wipes them. Everything is read during the call only.
 *
 * BATON_ERR_TOO_LARGE: an input is longer than BATON_CPACE_INPUT_MAX.
 * BATON_ERR_RANDOM: random is as good as zero. In both cpace is zero.
 */
BATON_MUST_CHECK enum baton_err
baton_cpace_start(struct baton_cpace *cpace,
		  const struct baton_cpace_input *code,
		  const struct baton_cpace_input *channel,
		  const struct baton_cpace_input *session,
		  const uint8_t random[BATON_CRYPTO_KEY_LEN]);

/*
 * Take the peer's share and come to the key, the draft's ISK; cpace is wiped,
 * whatever the result. session is that of the start; ad_a and ad_b are what
 * A and B sent beside their shares.
 *
 * BATON_ERR_TOO_LARGE: an input is longer than BATON_CPACE_INPUT_MAX.
 * BATON_ERR_PEER_FORMAT: the share is no element, or the neutral one: the peer
 * is not honest; end the pairing. In both isk is zero.
 */
BATON_MUST_CHECK enum baton_err
baton_cpace_finish(struct baton_cpace *cpace, enum baton_cpace_role role,
		   const uint8_t peer_share[BATON_CPACE_SHARE_LEN],
		   const struct baton_cpace_input *session,
		   const struct baton_cpace_input *ad_a,
		   const struct baton_cpace_input *ad_b,
		   uint8_t isk[BATON_CPACE_ISK_LEN]);

/* The psk of XXpsk0 out of a key. The caller wipes both. */
void baton_cpace_psk(uint8_t psk[BATON_CRYPTO_KEY_LEN],
		     const uint8_t isk[BATON_CPACE_ISK_LEN]);

void baton_cpace_wipe(struct baton_cpace *cpace);

#endif
