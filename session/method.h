/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_METHOD_H
#define BATON_SESSION_METHOD_H

/*
 * A way to pair: what its flights hold (session/SPEC.md 3). The engine knows
 * comparison and what its configuration names; a linker leaves out the others.
 */

#include "session/handshake.h"

struct baton_session;
struct baton_store_op;

/* What a way to pair keeps over a reboot. */
struct baton_method_kept {
	/* This was in the store; false: it is something else's. */
	bool (*load)(struct baton_session *session, const char *key,
		     const uint8_t *value, size_t len);
	/* Fill in the next write; false: there is none. */
	bool (*next)(struct baton_session *session, struct baton_store_op *op);
	/* It has ended. */
	void (*stored)(struct baton_session *session, enum baton_err err);
};

/*
 * What is done for each flight. first: the phone makes flight 2 behind its kind.
 * take: what came in flight 2 (behind its kind), 3, 4 and so on up to last is
 * taken, by watch and phone in turn, and the next one is written behind what is
 * in the reply. Peer errors: it did not pass. BATON_ERR_AGAIN: a person or the
 * store is not ready yet; the reply may still hold something.
 */
struct baton_method {
	enum baton_err (*first)(struct baton_handshake *handshake,
				struct baton_turn *turn);
	enum baton_err (*take[4])(struct baton_handshake *handshake,
				  struct baton_turn *turn);
	uint8_t last;
	/*
	 * The kind, or 0, by what both can. NULL where there is nothing to
	 * choose: comparison alone, or a bond.
	 */
	uint8_t (*choose)(uint8_t own, uint8_t peer, bool has_secret);
	const struct baton_method_kept *kept; /* NULL: nothing */
};

/* The steps of a role, for a table: NULL in a build without it. */
#define BATON_STEP_OF_PHONE(step) \
	(BATON_ROLES == BATON_ROLES_WATCH ? NULL : (step))
#define BATON_STEP_OF_WATCH(step) \
	(BATON_ROLES == BATON_ROLES_PHONE ? NULL : (step))

/* compare.c: always there. */
extern const struct baton_method baton_comparison;

/* bonded.c: what goes by a bond is made of the same steps. */
extern const struct baton_method baton_bonded;

/* handshake.c: what all of them are made of. */
enum baton_err handshake_reject(struct baton_turn *turn, uint8_t code,
				enum baton_err err);
/* XXpsk0 or XX, as initiator or responder, with a static key made for it. */
void handshake_start_pairing(struct baton_handshake *handshake, bool initiator,
			     const uint8_t *psk, struct baton_turn *turn);
/* Append the next Noise message to the reply. */
enum baton_err handshake_write(struct baton_handshake *handshake,
			       struct baton_turn *turn, const uint8_t *payload,
			       size_t payload_len);
/* Read the next one, the payload of which has to be payload_len bytes. */
enum baton_err handshake_read(struct baton_handshake *handshake,
			      const struct baton_turn *turn, uint8_t *payload,
			      size_t payload_len);
/* All of Noise went by: derive the keys. */
enum baton_err handshake_finish(struct baton_handshake *handshake);
/* A last step that reads an empty Noise message and finishes. */
enum baton_err handshake_end(struct baton_handshake *handshake,
			     struct baton_turn *turn);
size_t handshake_prologue(const struct baton_handshake *handshake,
			  uint8_t out[BATON_PROLOGUE_MAX]);

#endif
