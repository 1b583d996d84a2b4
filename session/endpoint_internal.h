/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_ENDPOINT_INTERNAL_H
#define BATON_SESSION_ENDPOINT_INTERNAL_H

/* What the files of the endpoint share; nothing of it is installed. */

#include "session/endpoint.h"

/* Whose a store operation is: the engine's, or a machine's of a peer. */
enum endpoint_machine {
	MACHINE_LIFECYCLE,
	MACHINE_HANDOFF,
	MACHINE_DELIVERY,
	MACHINES,
};

/* The call may fail: then it is made again, or does not matter any more. */
static inline void endpoint_try(enum baton_err err)
{
	(void)err;
}

/* peer.c: one bond. */
size_t peer_memory_len(const struct baton_endpoint_config *config);
/* Does any application have files or byte streams? */
bool peer_has_bulk(const struct baton_endpoint_config *config);
/* BATON_ERR_SPACE: there are as many as may be. */
enum baton_err peer_make(struct baton_endpoint *endpoint,
			 const uint8_t bond[BATON_BOND_ID_LEN]);
struct baton_peer *peer_find(struct baton_endpoint *endpoint,
			     const uint8_t bond[BATON_BOND_ID_LEN]);
struct baton_peer *peer_linked(struct baton_endpoint *endpoint);
void peer_wipe(struct baton_endpoint *endpoint, struct baton_peer *peer);

/* Its machines get the link, once its session is active, or lose it. */
void peer_link(struct baton_endpoint *endpoint, struct baton_peer *peer);
void peer_unlink(struct baton_endpoint *endpoint, struct baton_peer *peer);

/* It is gone: everything at once, then its values. */
void peer_revoked(struct baton_endpoint *endpoint, struct baton_peer *peer);
bool peer_is_gone(const struct baton_peer *peer);

/* An event of one of its machines; false: none. */
bool peer_next_event(struct baton_endpoint *endpoint, struct baton_peer *peer,
		     struct baton_endpoint_event *event);
/* An envelope, into the endpoint's; false: none. */
bool peer_next_envelope(struct baton_endpoint *endpoint,
			struct baton_peer *peer);
enum baton_err peer_take_envelope(struct baton_endpoint *endpoint,
				  struct baton_peer *peer, const uint8_t *bytes,
				  size_t len);

#endif
