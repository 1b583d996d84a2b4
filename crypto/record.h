/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_RECORD_H
#define BATON_CRYPTO_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/primitives.h"

/*
 * Sealed records: one struct for one direction and class, whose records are
 * opened in the order in which they were sealed. The position of a record is
 * its nonce, so none can be dropped, doubled or moved unnoticed, and none is
 * written on the wire. crypto/SPEC.md, "Records".
 */

/* What sealing adds to a record, bytes. */
#define BATON_RECORD_TAG_LEN BATON_CRYPTO_TAG_LEN

/* Records under one key; rekey long before. */
#define BATON_RECORD_LIMIT UINT32_MAX

struct baton_record_key {
	uint8_t key[BATON_CRYPTO_KEY_LEN];
	uint32_t counter; /* position of the next record, from 0 */
	uint32_t generation; /* how often it was rekeyed */
};

/* Begin with a key of the key schedule: position 0, generation 0. */
void baton_record_init(struct baton_record_key *record,
		       const uint8_t key[BATON_CRYPTO_KEY_LEN]);

/*
 * Seal the next record in place.
 *
 * hdr: hdr_len bytes that are authenticated but stay outside, NULL if 0.
 * buf: plain_len bytes of plaintext, with room for BATON_RECORD_TAG_LEN more
 * behind them, which are filled. Neither overlaps the other.
 *
 * BATON_ERR_EXHAUSTED: BATON_RECORD_LIMIT is reached, nothing was touched:
 * baton_record_rekey() on both sides, or a new handshake.
 */
BATON_MUST_CHECK enum baton_err
baton_record_seal(struct baton_record_key *record, const uint8_t *hdr,
		  size_t hdr_len, uint8_t *buf, size_t plain_len);

/*
 * Open the next record in place.
 *
 * hdr: as it was given to seal. buf: sealed_len bytes, tag included;
 * *plain_len receives sealed_len - BATON_RECORD_TAG_LEN.
 *
 * BATON_ERR_PEER_LENGTH: shorter than a tag. BATON_ERR_PEER_AUTH: not the
 * record of this position: damaged, forged, repeated, or out of order; the
 * bytes in buf are lost. BATON_ERR_EXHAUSTED: as above. In all of these the
 * position is unchanged and the right record is still accepted.
 */
BATON_MUST_CHECK enum baton_err
baton_record_open(struct baton_record_key *record, const uint8_t *hdr,
		  size_t hdr_len, uint8_t *buf, size_t sealed_len,
		  size_t *plain_len);

/*
 * Go on with a key derived from the present one, which is wiped: what was
 * sealed before can no longer be opened. Both sides do it at the same
 * position. Does not heal a key that leaked: only a handshake does.
 */
void baton_record_rekey(struct baton_record_key *record);

/* Forget the key; seal and open answer BATON_ERR_EXHAUSTED from here on. */
void baton_record_wipe(struct baton_record_key *record);

#endif
