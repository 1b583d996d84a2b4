/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PACKING_H
#define BATON_TOOLS_PACKING_H

#include <stdint.h>

#include "transport/codec.h"

/* The program's codec, which counts what it does. */

/* NULL where the program was built without zlib. */
const struct baton_codec *baton_packing_codec(void);

/* What was compressed in this process: bytes that went in, and came out. */
struct baton_packing {
	uint64_t plain;
	uint64_t packed;
};

struct baton_packing baton_packing_now(void);

/* Between both; how much less it is, in percent; 0 if nothing was packed. */
double baton_packing_saved_pct(const struct baton_packing *before,
			       const struct baton_packing *after);

#endif
