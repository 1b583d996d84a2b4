/* SPDX-License-Identifier: MIT */
#include "session/session.h"

/*
 * What the contexts of the core cost in RAM on this machine. Nothing links
 * this: the sizes are read from the symbols, with nm -S.
 */
#define CONTEXT(name) \
	unsigned char baton_context_##name[sizeof(struct baton_##name)]

CONTEXT(session);
CONTEXT(link);
CONTEXT(handshake);
CONTEXT(bond);
CONTEXT(outgoing);
CONTEXT(incoming);
CONTEXT(record_key);

/*
 * RAM per link: all that the engine is, one link at a time, but for the bonds,
 * of which there is one for each peer. Payload, windows and codec work in
 * memory that the caller brings.
 */
unsigned char baton_link_ram[sizeof(struct baton_session) -
			     sizeof(((struct baton_session *)0)->bonds)];
