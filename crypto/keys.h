/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_KEYS_H
#define BATON_CRYPTO_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/noise.h"
#include "crypto/primitives.h"
#include "crypto/record.h"

/*
 * The key schedule: everything that is derived from a finished handshake,
 * and the two values that are derived from nothing else but it: the six
 * digits that people compare, and the tag by which a bond is recognised.
 * crypto/SPEC.md, "Key schedule", "Comparison" and "Bond tag".
 */

enum baton_keys_dir {
	BATON_KEYS_I2R, /* initiator (phone) to responder (watch) */
	BATON_KEYS_R2I, /* responder to initiator */
};

/* From one handshake. All but h is secret; wipe each part once it is used. */
struct baton_keys {
	/* dir, by enum baton_keys_dir, and h, the channel binding of tokens */
	struct baton_noise_result noise;
	uint8_t tag_key[BATON_CRYPTO_KEY_LEN]; /* of baton_bond_tag() */
	uint8_t ticket_psk[BATON_CRYPTO_KEY_LEN]; /* of one later NNpsk0 */
};

/*
 * Derive all of it from a handshake, which is finished by that. Its keys are
 * those of a bond then: psk that of later KKpsk0, which replaces the one that
 * was used up, rs the peer's static key. Only pairing has a use for these and
 * for tag_key. Errors as baton_noise_finish().
 */
BATON_MUST_CHECK
enum baton_err baton_keys_finish(struct baton_keys *keys,
				 struct baton_noise *noise);

/*
 * The ticket psk alone, of a handshake whose last message waits for its
 * payload; baton_keys_finish() will come to the same.
 */
void baton_keys_ticket(uint8_t ticket_psk[BATON_CRYPTO_KEY_LEN],
		       const struct baton_noise *noise);

/*
 * The record key of a class (any byte; no two share a key) from that of one
 * direction, keys->noise.dir.
 */
void baton_keys_record(struct baton_record_key *record,
		       const uint8_t dir[BATON_CRYPTO_KEY_LEN],
		       uint8_t record_class);

/* Forget all of it. */
void baton_keys_wipe(struct baton_keys *keys);

/*
 * Comparison: the watch commits to a nonce in message 2 of XX, the phone
 * shows its own in message 3, the watch opens its commitment in message 4.
 */
#define BATON_COMPARE_NONCE_LEN 32
#define BATON_COMPARE_COMMIT_LEN 32
#define BATON_COMPARE_REVEAL_LEN \
	(BATON_COMPARE_NONCE_LEN + BATON_CRYPTO_TAG_LEN)
#define BATON_COMPARE_CODES 1000000u

/* The commitment to a nonce of 32 fresh random bytes. */
void baton_compare_commit(uint8_t out[BATON_COMPARE_COMMIT_LEN],
			  const uint8_t nonce[BATON_COMPARE_NONCE_LEN]);

/*
 * Message 4: the watch's nonce sealed for the phone under a key of its own.
 * To be sealed once per handshake.
 */
void baton_compare_reveal(uint8_t out[BATON_COMPARE_REVEAL_LEN],
			  const struct baton_keys *keys,
			  const uint8_t nonce[BATON_COMPARE_NONCE_LEN]);

/*
 * Open message 4, msg_len bytes, where it stands, and hold it against the
 * commitment of message 2. The watch's nonce is at its beginning then.
 *
 * BATON_ERR_PEER_LENGTH: msg_len is not BATON_COMPARE_REVEAL_LEN.
 * BATON_ERR_PEER_AUTH: does not authenticate; drop it and wait for the right
 * one. BATON_ERR_PROTOCOL: authenticated, but not what was committed to: end
 * the pairing and show no code.
 */
BATON_MUST_CHECK enum baton_err
baton_compare_check(const struct baton_keys *keys, uint8_t *msg, size_t msg_len,
		    const uint8_t commit[BATON_COMPARE_COMMIT_LEN]);

/*
 * The value that both people compare, 0..BATON_COMPARE_CODES - 1, shown with
 * six digits. phone_nonce is the initiator's, watch_nonce the responder's.
 */
uint32_t baton_compare_code(const struct baton_keys *keys,
			    const uint8_t phone_nonce[BATON_COMPARE_NONCE_LEN],
			    const uint8_t watch_nonce[BATON_COMPARE_NONCE_LEN]);

/*
 * Bond tag: goes beside message 0 of a reconnect and says, to the holder of
 * the key alone, which bond it belongs to. Costs four hash blocks to check.
 */
#define BATON_BOND_TAG_LEN 16
#define BATON_BOND_NONCE_LEN 16

/*
 * tag_key: of the bond. watch_nonce: the watch's, of this connection. e_pub:
 * the first 32 bytes of message 0. Compare with baton_crypto_equal().
 */
void baton_bond_tag(uint8_t out[BATON_BOND_TAG_LEN],
		    const uint8_t tag_key[BATON_CRYPTO_KEY_LEN],
		    const uint8_t watch_nonce[BATON_BOND_NONCE_LEN],
		    const uint8_t e_pub[BATON_CRYPTO_POINT_LEN]);

#endif
