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
