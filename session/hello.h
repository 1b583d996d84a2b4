/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_HELLO_H
#define BATON_SESSION_HELLO_H

/* The hello, the reject and the prologue (session/SPEC.md 1.1 to 1.3). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "session/config.h"

#define BATON_HELLO_LEN 30 /* and 4 with BATON_FEATURE_CODECS */
#define BATON_HELLO_MAX 64
#define BATON_HELLO_NONCE_LEN 16
/* Where a hello has what. */
#define BATON_HELLO_ROLE_AT 2 /* behind the highest and lowest version */
#define BATON_HELLO_BEARER_AT 3
#define BATON_HELLO_FEATURES_AT 4
#define BATON_HELLO_PAIRING_AT 6
#define BATON_HELLO_RECORD_MAX_AT 7
#define BATON_HELLO_PDU_MAX_AT 9
#define BATON_HELLO_WINDOW_AT 11
#define BATON_HELLO_NONCE_AT (BATON_HELLO_WINDOW_AT + BATON_CLASSES)
#define BATON_REJECT_LEN 3
#define BATON_PROLOGUE_HELLO_AT 8 /* where the phone's hello begins */
#define BATON_PROLOGUE_MAX (5 + 1 + 1 + 2 * (1 + BATON_HELLO_MAX))

/* Features, as bits. */
#define BATON_FEATURE_CODECS 0x0001u /* 4 bytes of codecs follow */

/* What a device can do to pair, as bits. */
#define BATON_PAIR_COMPARE 1u /* show six digits, and ask */
#define BATON_PAIR_SECRET_SHOW 2u /* show a secret, as a QR code or as text */
#define BATON_PAIR_SHOW 4u /* show a code to be typed */
#define BATON_PAIR_TYPE 8u /* have a code typed */
#define BATON_PAIR_SECRET_TAKE 16u /* scan a secret, or have it typed */
#define BATON_PAIR_OUT_OF_BAND (BATON_PAIR_SECRET_SHOW | BATON_PAIR_SECRET_TAKE)

/* First byte of flight 2: what the handshake is for. */
enum baton_kind {
	BATON_KIND_COMPARE = 0x01,
	BATON_KIND_OUT_OF_BAND = 0x02,
	BATON_KIND_TYPED = 0x03,
	BATON_KIND_RECONNECT = 0x10,
	BATON_KIND_RESUME = 0x20, /* positions agree; may carry data */
	BATON_KIND_RESUME_SYNC = 0x21, /* positions come after it */
};

static inline bool baton_kind_pairs(uint8_t kind)
{
	return kind >= BATON_KIND_COMPARE && kind <= BATON_KIND_TYPED;
}

enum baton_reject {
	BATON_REJECT_VERSION = 1,
	BATON_REJECT_NO_BOND = 2,
	BATON_REJECT_NOT_PAIRING = 3,
	BATON_REJECT_BUSY = 4,
	BATON_REJECT_OTHER_KIND = 5,
	BATON_REJECT_LATER = 6, /* something is under way: come again */
	BATON_REJECT_TRIES = 7, /* no more typed codes */
};

/* What a device says of itself. */
struct baton_hello {
	uint8_t version_max;
	uint8_t version_min;
	uint8_t role;
	uint8_t bearer;
	uint8_t pairing;
	uint8_t window[BATON_CLASSES];
	uint16_t features;
	uint16_t record_max;
	uint16_t pdu_max;
	uint32_t codecs; /* that it takes: a bit for each id */
};

/* A hello as it went over the link: the form it has in the prologue. */
struct baton_hello_bytes {
	uint8_t len;
	uint8_t bytes[BATON_HELLO_MAX];
};

/* Write hello into out, but for its nonce, which stays as it is. */
void baton_hello_encode(const struct baton_hello *hello,
			struct baton_hello_bytes *out);

/*
 * Keep a hello of len bytes that must come from role. Peer errors: LENGTH,
 * FORMAT; nothing was written.
 */
BATON_MUST_CHECK
enum baton_err baton_hello_take(struct baton_hello_bytes *hello,
				const uint8_t *p, size_t len,
				enum baton_role role);

/* What it says, if it speaks a version that is spoken here. */
static inline uint8_t baton_hello_pairing(const struct baton_hello_bytes *hello)
{
	return hello->bytes[BATON_HELLO_PAIRING_AT];
}

static inline uint16_t
baton_hello_record_max(const struct baton_hello_bytes *hello)
{
	return baton_load_be16(hello->bytes + BATON_HELLO_RECORD_MAX_AT);
}

static inline uint16_t
baton_hello_pdu_max(const struct baton_hello_bytes *hello)
{
	return baton_load_be16(hello->bytes + BATON_HELLO_PDU_MAX_AT);
}

static inline const uint8_t *
baton_hello_window(const struct baton_hello_bytes *hello)
{
	return hello->bytes + BATON_HELLO_WINDOW_AT;
}

uint32_t baton_hello_codecs(const struct baton_hello_bytes *hello);

/*
 * Take out what differs from link to link: the nonce, the bearer, and what a
 * person lets the device do to pair, which is nothing to a bond. That is
 * the form in which a hello is kept, and in the prologue of a handshake that
 * begins at flight 2.
 */
void baton_hello_strip(uint8_t bytes[BATON_HELLO_LEN]);

/* The version spoken with a peer that speaks max to min; 0: there is none. */
uint8_t baton_hello_version(uint8_t max, uint8_t min);

/*
 * How two devices pair that can what a and b say: the kind, 0 if they have no
 * method in common. has_secret: a secret was shown here or taken; then it is
 * nothing but that, whichever of them shows.
 */
uint8_t baton_hello_method(uint8_t a, uint8_t b, bool has_secret);

/*
 * True if the device in role shows what its peer takes: the secret of kind
 * OUT_OF_BAND, or the code of kind TYPED.
 */
bool baton_hello_shows(uint8_t kind, enum baton_role role, uint8_t own,
		       uint8_t peer);

/* Write the prologue and give its length. */
size_t baton_prologue(uint8_t out[BATON_PROLOGUE_MAX], uint8_t version,
		      uint8_t kind, const struct baton_hello_bytes *phone,
		      const struct baton_hello_bytes *watch);

#endif
