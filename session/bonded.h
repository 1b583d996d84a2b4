/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BONDED_H
#define BATON_SESSION_BONDED_H

/* Flights 2 and 3 between bonded devices: reconnect and resume (SPEC 1). */

#include "session/handshake.h"

/*
 * bonded.c. What a handshake of a kind is begun with: KKpsk0 with the bond, or
 * NNpsk0 with its ticket.
 */
const struct baton_noise_pattern *bonded_keys(const struct baton_bond *bond,
					      uint8_t kind,
					      struct baton_noise_keys *keys);

/* The peer's hello as it is kept with the bond; false: none that serves. */
bool bonded_recall(struct baton_handshake *handshake,
		   const struct baton_turn *turn);

/* handshake.c: what these are made of. */
void handshake_set_step(struct baton_handshake *handshake,
			enum baton_step step);
/* With hellos, from flight 0 on. */
void handshake_begin(struct baton_handshake *handshake,
		     struct baton_turn *turn);
void handshake_start_noise(struct baton_handshake *handshake,
			   const struct baton_noise_pattern *pattern,
			   bool initiator, struct baton_turn *turn);
/* Keep the peer's hello; the version is 0 where both speak none. */
enum baton_err handshake_take_hello(struct baton_handshake *handshake,
				    const uint8_t *bytes, size_t len);

#endif
