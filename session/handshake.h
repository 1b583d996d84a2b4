/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_HANDSHAKE_H
#define BATON_SESSION_HANDSHAKE_H

/*
 * The flights of a link, from the hellos to the keys (session/SPEC.md 1).
 * Flights go in whole and come out whole; sending them is the link's work.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/cpace.h"
#include "crypto/drbg.h"
#include "crypto/keys.h"
#include "crypto/noise.h"
#include "session/bond.h"
#include "session/config.h"
#include "session/hello.h"
#include "session/oob.h"
#include "session/typed.h"
#include "transport/outgoing.h"

#define BATON_REPLY_MAX 256 /* bytes of a flight made here */

#define BATON_NUMBERING_LEN 16

/* Numbering and positions that both sides of a resume must agree on. */
#define BATON_POSITIONS_LEN \
	(BATON_NUMBERING_LEN + 2 * BATON_DATA_CLASSES * BATON_STREAMS * 4)

/*
 *   phone:  HELLO --1--> SECOND --3--> [LAST --5-->] DONE
 *   watch:  HELLO --0--> FIRST --2--> [THIRD --4-->] DONE
 *             |            |
 *             2            +--2--> (ANSWER) --> DONE
 *             +---> as from FIRST
 *
 * The number on an arrow is the flight that moves it; steps in brackets
 * belong to pairing, in parentheses to resuming. A phone that begins at
 * flight 2 begins at SECOND. REJECT 5 takes both back to HELLO.
 */
enum baton_step {
	BATON_STEP_HELLO,
	BATON_STEP_FIRST,
	BATON_STEP_SECOND,
	BATON_STEP_THIRD,
	BATON_STEP_LAST,
	BATON_STEP_ANSWER, /* baton_handshake_answer() is next */
	BATON_STEP_DONE,
};

/* Small members come first: they take the shortest instructions. */
struct baton_handshake {
	enum baton_role role;
	enum baton_step step;
	uint8_t kind; /* enum baton_kind, 0: not known yet */
	uint8_t version;
	uint8_t bond; /* index, where kind is no pairing */
	bool initiator; /* of the Noise handshake */
	/* Begun at flight 2: bound to the advert's nonce, not to hellos. */
	bool known;
	bool has_advert;
	uint8_t bearer;
	uint32_t code; /* to compare, once DONE */
	uint32_t turned_away; /* the tag of flight 2 begins with it */
	const uint8_t *payload; /* ANSWER: of flight 2, in its bytes */
	size_t payload_len;
	struct baton_hello_bytes *own, *peer; /* of these: */
	struct baton_hello_bytes hello[2]; /* by enum baton_role */
	struct baton_noise noise; /* once DONE: its keys are a new bond's */
	struct baton_keys keys; /* once DONE; ANSWER: ticket_psk */
	union {
		struct { /* COMPARE */
			uint8_t nonce[2][BATON_COMPARE_NONCE_LEN]; /* by role */
			uint8_t commit[BATON_COMPARE_COMMIT_LEN];
		};
		struct baton_cpace cpace; /* TYPED */
		uint8_t e_pub[BATON_CRYPTO_POINT_LEN]; /* ANSWER */
	};
	uint8_t advert[BATON_BOND_NONCE_LEN];
};

/* In baton_secrets.tell; the lowest bit is told first. */
#define BATON_TELL_SHOW_CODE 0x01
#define BATON_TELL_TYPE_CODE 0x02
#define BATON_TELL_SHOW_SECRET 0x04
#define BATON_TELL_TAKE_SECRET 0x08

/*
 * What a pairing window has that is more than open: the secret of a QR code or
 * the digits of a typed code, and what the handshake wants of people and store.
 */
struct baton_secrets {
	/* Of all windows: tries at typed codes (typed.c). */
	uint8_t tries; /* counted so far, durably */
	bool forgive; /* they are to be forgotten */
	bool forgiving; /* that is what the write that is out does */
	/* Of this window. */
	bool has_oob, has_digits;
	bool counted; /* the try that it allows, durably */
	bool count; /* it is to be counted */
	bool asked; /* a person was asked for the digits */
	bool asked_oob; /* and for the secret */
	bool spent; /* somebody may have tried the secret: shut the window */
	uint8_t tell; /* what a person is to be told, as bits */
	uint8_t oob[BATON_OOB_SECRET_LEN];
	uint8_t digits[BATON_TYPED_DIGITS];
};

struct baton_reply {
	size_t len; /* 0: nothing to send */
	size_t sealed_len; /* of the turn's payload, sealed: it follows bytes */
	uint8_t number; /* of the flight */
	uint8_t bytes[BATON_REPLY_MAX];
};

/*
 * One turn of a handshake: what it needs from around it, the flight that came,
 * and what is sent for it.
 */
struct baton_turn {
	bool pairing; /* a person opened the pairing window */
	bool writing; /* a bond that is no bond yet: its phone may come */
	uint8_t can; /* own methods, BATON_PAIR_* */
	bool settled; /* positions says where both sides stand */
	struct baton_drbg *drbg;
	const struct baton_bond *bonds;
	size_t bond_count;
	const struct baton_method *out_of_band; /* NULL: not known here */
	const struct baton_method *typed;
	struct baton_secrets *secrets;
	/*
	 * Phone: the payload of RESUME, payload_len bytes and room for a tag,
	 * which is sealed where it stands. Watch: that of its answer.
	 */
	uint8_t *payload;
	size_t payload_len;
	/* The flight, or what is left to take of it; may be decrypted here. */
	uint8_t *bytes;
	size_t len;
	struct baton_reply reply;
	uint8_t positions[BATON_POSITIONS_LEN]; /* what RESUME is bound to */
};

/*
 * Start in the role of the own hello (its nonce is filled in here). A phone
 * says what for: kind COMPARE to pair, by whatever method there is, or another
 * one with a bond by index; its first flight is in turn->reply. advert: the
 * nonce of the watch's advert for this link, BATON_BOND_NONCE_LEN bytes, or
 * NULL; with it a phone that knows the watch's hello begins at flight 2.
 */
BATON_MUST_CHECK
enum baton_err baton_handshake_start(struct baton_handshake *handshake,
				     const struct baton_hello *hello,
				     uint8_t kind, uint8_t bond,
				     const uint8_t *advert,
				     struct baton_turn *turn);

/*
 * Take a whole flight, turn->bytes; the answer, if there is one, is in
 * turn->reply.
 *
 * Peer errors: the flight made no sense or did not authenticate; nothing
 * changed, a right one still succeeds. Fatal errors end the link; reply may
 * then hold a REJECT. VERSION, NO_BOND, REFUSED: see enum baton_reject. OK
 * with a REJECT in reply: the phone is asked to begin anew.
 */
BATON_MUST_CHECK
enum baton_err baton_handshake_flight(struct baton_handshake *handshake,
				      uint8_t number, struct baton_turn *turn);

/*
 * Step ANSWER, at the watch: what came in flight 2 was authentic, and
 * keys.ticket_psk is that of the next ticket. Make flight 3, with
 * turn->payload, at most 128 bytes, once the next ticket is durable. Of the
 * turn nothing else is needed.
 */
BATON_MUST_CHECK
enum baton_err baton_handshake_answer(struct baton_handshake *handshake,
				      struct baton_turn *turn);

/* Kinds that go by a ticket. */
static inline bool baton_kind_resumes(uint8_t kind)
{
	return kind == BATON_KIND_RESUME || kind == BATON_KIND_RESUME_SYNC;
}

void baton_handshake_wipe(struct baton_handshake *handshake);

#endif
