/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_METHOD_H
#define BATON_SESSION_METHOD_H

/*
 * A way to pair: what its flights hold (session/SPEC.md 3). The engine knows
 * comparison and what its configuration names; a linker leaves out the others.
 */

#include "session/handshake.h"

/*
 * Each step takes the flight before it, of len bytes, and writes the next one
 * behind what is in reply. Peer errors: it did not pass. BATON_ERR_AGAIN: a
 * person or the store is not ready yet; reply may still hold something.
 */
struct baton_method {
	/* The phone's flight 2, behind its kind. */
	enum baton_err (*first)(struct baton_handshake *handshake,
				const struct baton_handshake_env *env,
				struct baton_reply *reply);
	/* The watch takes flight 2 behind its kind, and makes flight 3. */
	enum baton_err (*answer)(struct baton_handshake *handshake,
				 const uint8_t *bytes, size_t len,
				 const struct baton_handshake_env *env,
				 struct baton_reply *reply);
	/* The phone takes flight 3, and makes flight 4. */
	enum baton_err (*second)(struct baton_handshake *handshake,
				 const uint8_t *bytes, size_t len,
				 const struct baton_handshake_env *env,
				 struct baton_reply *reply);
	/* The watch takes flight 4, and makes flight 5 if there is one. */
	enum baton_err (*third)(struct baton_handshake *handshake,
				const uint8_t *bytes, size_t len,
				struct baton_reply *reply);
	/* The phone takes flight 5; NULL where there is none. */
	enum baton_err (*last)(struct baton_handshake *handshake,
			       const uint8_t *bytes, size_t len);
};

/* The steps of a role, for a table: NULL in a build without it. */
#define BATON_STEP_OF_PHONE(step) \
	(BATON_ROLES == BATON_ROLES_WATCH ? NULL : (step))
#define BATON_STEP_OF_WATCH(step) \
	(BATON_ROLES == BATON_ROLES_PHONE ? NULL : (step))

/* compare.c: always there. */
extern const struct baton_method baton_comparison;

/* handshake.c: what all of them are made of. */
enum baton_err handshake_reject(struct baton_reply *reply, uint8_t code,
				enum baton_err err);
/* XXpsk0 or XX, as initiator or responder, with a static key made for it. */
enum baton_err handshake_start_pairing(struct baton_handshake *handshake,
				       bool initiator, const uint8_t *psk,
				       const struct baton_handshake_env *env);
enum baton_err handshake_write(struct baton_handshake *handshake,
			       uint8_t number, const uint8_t *payload,
			       size_t payload_len, struct baton_reply *reply);
enum baton_err handshake_read(struct baton_handshake *handshake,
			      const uint8_t *bytes, size_t len,
			      uint8_t *payload, size_t payload_cap,
			      size_t *payload_len);
/* Keep the peer's static key, and derive the keys. */
enum baton_err handshake_finish(struct baton_handshake *handshake);
size_t handshake_prologue(const struct baton_handshake *handshake,
			  uint8_t out[BATON_PROLOGUE_MAX]);

#endif
