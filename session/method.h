/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_METHOD_H
#define BATON_SESSION_METHOD_H

/*
 * A way to pair: what its flights hold (session/SPEC.md 3). The engine knows
 * comparison and what its configuration names; a linker leaves out the others.
 */

#include "session/handshake.h"

/*
 * What is done in each step of a pairing: take the flight, and write the next
 * one behind what is in the reply. HELLO, SECOND and LAST are the phone's; LAST
 * is NULL where the watch has said all in flight 3. Of flight 2 the watch is
 * given what is behind its kind. Peer errors: it did not pass. BATON_ERR_AGAIN:
 * a person or the store is not ready yet; the reply may still hold something.
 */
struct baton_method {
	enum baton_err (*first)(struct baton_handshake *handshake,
				struct baton_turn *turn);
	enum baton_err (*answer)(struct baton_handshake *handshake,
				 struct baton_turn *turn);
	enum baton_err (*second)(struct baton_handshake *handshake,
				 struct baton_turn *turn);
	enum baton_err (*third)(struct baton_handshake *handshake,
				struct baton_turn *turn);
	enum baton_err (*last)(struct baton_handshake *handshake,
			       struct baton_turn *turn);
};

/* The steps of a role, for a table: NULL in a build without it. */
#define BATON_STEP_OF_PHONE(step) \
	(BATON_ROLES == BATON_ROLES_WATCH ? NULL : (step))
#define BATON_STEP_OF_WATCH(step) \
	(BATON_ROLES == BATON_ROLES_PHONE ? NULL : (step))

/* compare.c: always there. */
extern const struct baton_method baton_comparison;

/* handshake.c: what all of them are made of. */
enum baton_err handshake_reject(struct baton_turn *turn, uint8_t code,
				enum baton_err err);
/* XXpsk0 or XX, as initiator or responder, with a static key made for it. */
enum baton_err handshake_start_pairing(struct baton_handshake *handshake,
				       bool initiator, const uint8_t *psk,
				       struct baton_turn *turn);
/* Append the next Noise message to the reply. */
enum baton_err handshake_write(struct baton_handshake *handshake,
			       struct baton_turn *turn, const uint8_t *payload,
			       size_t payload_len);
/* Read the next one, the payload of which has to be payload_len bytes. */
enum baton_err handshake_read(struct baton_handshake *handshake,
			      const struct baton_turn *turn, uint8_t *payload,
			      size_t payload_len);
/* Keep the peer's static key, and derive the keys. */
enum baton_err handshake_finish(struct baton_handshake *handshake);
/* A last step that reads an empty Noise message and finishes. */
enum baton_err handshake_end(struct baton_handshake *handshake,
			     struct baton_turn *turn);
size_t handshake_prologue(const struct baton_handshake *handshake,
			  uint8_t out[BATON_PROLOGUE_MAX]);

#endif
