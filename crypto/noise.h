/* SPDX-License-Identifier: MIT */
#ifndef BATON_CRYPTO_NOISE_H
#define BATON_CRYPTO_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/drbg.h"
#include "crypto/primitives.h"

/*
 * Noise handshakes (noiseprotocol.org, revision 34) with 25519, ChaChaPoly
 * and SHA256, driven by a table of patterns. crypto/SPEC.md, "Handshakes".
 *
 * One struct baton_noise serves one handshake. The two sides take turns:
 *
 *	initiator: write 0, read 1, write 2, ...	then finish
 *	responder: read 0, write 1, read 2, ...		then finish
 *
 * A message that does not pass leaves the handshake as it was: the right
 * message is still accepted after it. Nothing is allocated; the struct holds
 * secrets from init until finish or wipe.
 */

struct baton_noise_pattern;

/* Those that are not named are left out by the linker. */
extern const struct baton_noise_pattern baton_noise_xx;
extern const struct baton_noise_pattern baton_noise_xxpsk0;
extern const struct baton_noise_pattern baton_noise_kkpsk0;
extern const struct baton_noise_pattern baton_noise_nnpsk0;

/* The longest Noise message, and the most messages a pattern here has. */
#define BATON_NOISE_MESSAGE_MAX 65535
#define BATON_NOISE_MESSAGES_MAX 3

/*
 * What a handshake starts from, where its pattern has a use for it, beside an
 * ephemeral key that is drawn.
 */
struct baton_noise_keys {
	/* Our static key pair: XX, XXPSK0, KKPSK0. s_pub must match s_priv. */
	uint8_t s_priv[BATON_CRYPTO_KEY_LEN];
	uint8_t s_pub[BATON_CRYPTO_POINT_LEN];
	/* The peer's static public key: KKPSK0. */
	uint8_t rs[BATON_CRYPTO_POINT_LEN];
	/* The pre-shared key, uniform, never a typed code: every PSK0. */
	uint8_t psk[BATON_CRYPTO_KEY_LEN];
	/*
	 * X25519(s_priv, rs), cached: KKPSK0. A secret as long-lived as s_priv.
	 */
	uint8_t ss[BATON_CRYPTO_POINT_LEN];
};

/*
 * What messages change: Noise's SymmetricState and CipherState, and the keys
 * that the peer sent. Each message works on a copy.
 */
struct baton_noise_state {
	uint8_t n; /* next nonce under k */
	uint8_t step; /* messages that went by */
	bool has_k; /* k is in use: payloads are sealed */
	bool keys_out; /* write_keys() has written those of this message */
	uint8_t h[BATON_CRYPTO_HASH_LEN];
	union { /* One HKDF makes both. */
		struct {
			uint8_t ck[BATON_CRYPTO_HASH_LEN];
			uint8_t k[BATON_CRYPTO_KEY_LEN];
		};
		uint8_t keys[3][BATON_CRYPTO_KEY_LEN];
	};
	uint8_t re[BATON_CRYPTO_POINT_LEN];
	uint8_t rs[BATON_CRYPTO_POINT_LEN];
};

/* Members are the engine's; callers own the memory and nothing else. */
struct baton_noise {
	const struct baton_noise_pattern
		*pattern; /* NULL: not begun, or over */
	bool initiator;
	struct baton_noise_keys keys; /* the caller's to fill in */
	/* What finish() wipes begins here. */
	struct baton_noise_state state;
	uint8_t e_priv[BATON_CRYPTO_KEY_LEN];
};

/* What a finished handshake leaves; wipe it as soon as it has been used. */
struct baton_noise_result {
	/* Initiator to responder, and back. */
	uint8_t dir[2][BATON_CRYPTO_KEY_LEN];
	uint8_t h[BATON_CRYPTO_HASH_LEN]; /* channel binding, not secret */
};

/*
 * Begin a handshake.
 *
 * prologue: prologue_len bytes that both sides must have in common; NULL if
 * 0. Read here only. drbg: for the ephemeral key. noise->keys has what the
 * pattern takes of it; all else in noise is set here.
 */
void baton_noise_init(struct baton_noise *noise,
		      const struct baton_noise_pattern *pattern, bool initiator,
		      const uint8_t *prologue, size_t prologue_len,
		      struct baton_drbg *drbg);

/* How many messages the pattern has: 2 or 3. */
unsigned int baton_noise_messages(const struct baton_noise_pattern *pattern);

/*
 * Bytes that message index (from 0) adds to its payload: keys and tags. 0
 * where the pattern has no such message.
 */
size_t baton_noise_overhead(const struct baton_noise_pattern *pattern,
			    unsigned int index);

/* Where in message index the payload begins: behind the keys. */
size_t baton_noise_payload_at(const struct baton_noise_pattern *pattern,
			      unsigned int index);

/*
 * Write our next message.
 *
 * payload: payload_len bytes, NULL if 0. Sealed but in message 0 of XX, where
 * it travels readable. msg: room for msg_cap bytes, for the keys, the payload
 * and a tag, be there one or not; *msg_len receives what was used, payload_len
 * plus baton_noise_overhead(). payload may be where it
 * goes, see baton_noise_payload_at(), and must not overlap msg otherwise.
 *
 * BATON_ERR_STATE: not our turn. BATON_ERR_TOO_LARGE: above
 * BATON_NOISE_MESSAGE_MAX. BATON_ERR_SPACE: msg_cap is too small.
 * In all of these the handshake is unchanged. BATON_ERR_PEER_FORMAT: the
 * peer's key is of small order: the peer is not honest, and every call answers
 * BATON_ERR_STATE from here on. *msg_len is 0 then, too.
 */
BATON_MUST_CHECK enum baton_err baton_noise_write(struct baton_noise *noise,
						  const uint8_t *payload,
						  size_t payload_len,
						  uint8_t *msg, size_t msg_cap,
						  size_t *msg_len);

/*
 * Write the keys of our next message, baton_noise_payload_at() bytes, and no
 * payload yet: its baton_noise_write() follows when the payload is known, and
 * then writes the sealed payload alone. Errors as there.
 */
BATON_MUST_CHECK enum baton_err
baton_noise_write_keys(struct baton_noise *noise, uint8_t *msg, size_t msg_cap);

/*
 * Read the peer's next message of msg_len bytes.
 *
 * payload: room for payload_cap bytes, may be NULL if 0; *payload_len
 * receives what came, msg_len minus baton_noise_overhead(). payload may be
 * where it stands, see baton_noise_payload_at(), and must not overlap msg
 * otherwise; in place, a message that does not pass is lost.
 *
 * BATON_ERR_STATE: not the peer's turn. BATON_ERR_SPACE: payload_cap is too
 * small. BATON_ERR_PEER_LENGTH: too short or too long. BATON_ERR_PEER_FORMAT:
 * a key of small order. BATON_ERR_PEER_AUTH: does not authenticate: another
 * key, psk or prologue, or damage. In all of these the handshake is
 * unchanged, *payload_len is 0 and payload holds nothing secret.
 */
BATON_MUST_CHECK enum baton_err
baton_noise_read(struct baton_noise *noise, const uint8_t *msg, size_t msg_len,
		 uint8_t *payload, size_t payload_cap, size_t *payload_len);

/* True when all messages went by and baton_noise_finish() is next. */
bool baton_noise_is_done(const struct baton_noise *noise);

/*
 * Take the keys out of a complete handshake and wipe everything in noise but
 * its keys, of which rs is the static key that the peer has shown.
 *
 * BATON_ERR_STATE: messages are missing, or it was finished before; noise is
 * unchanged, result is untouched.
 */
BATON_MUST_CHECK enum baton_err
baton_noise_finish(struct baton_noise *noise,
		   struct baton_noise_result *result);

/* Forget everything; every call answers BATON_ERR_STATE until init. */
void baton_noise_wipe(struct baton_noise *noise);

#endif
