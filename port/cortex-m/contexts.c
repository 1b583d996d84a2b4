/* SPDX-License-Identifier: MIT */
#include "crypto/drbg.h"
#include "crypto/keys.h"
#include "crypto/noise.h"
#include "transport/link.h"

/*
 * What the contexts of the core cost in RAM on this machine. Nothing links
 * this: the sizes are read from the symbols, with nm -S.
 */
#define CONTEXT(name) \
	unsigned char baton_context_##name[sizeof(struct baton_##name)]

CONTEXT(drbg);
CONTEXT(keys);
CONTEXT(link);
CONTEXT(noise);
