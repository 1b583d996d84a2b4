/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/bytes.h"
#include "sim/world.h"

void baton_sim_note(struct baton_sim *sim, enum baton_sim_what what,
		    enum baton_sim_side side, const uint8_t *data, size_t len,
		    uint8_t reason)
{
	struct baton_sim_trace rec;

	if (!sim->trace)
		return;
	memset(&rec, 0, sizeof(rec));
	rec.what = what;
	rec.side = side;
	rec.at_us = sim->now;
	rec.data = data;
	rec.len = len;
	rec.reason = reason;
	sim->trace(sim->trace_user, &rec);
}

/* FNV-1a. */
static uint64_t mix(uint64_t hash, const uint8_t *p, size_t len)
{
	while (len--)
		hash = (hash ^ *p++) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t baton_sim_trace_hash(uint64_t hash, const struct baton_sim_trace *rec)
{
	uint8_t head[24];

	head[0] = (uint8_t)rec->what;
	head[1] = (uint8_t)rec->side;
	baton_store_be64(head + 2, rec->at_us);
	baton_store_be32(head + 10, (uint32_t)rec->len);
	baton_store_be32(head + 14, rec->air_us);
	baton_store_be16(head + 18, rec->event);
	head[20] = rec->header;
	head[21] = (uint8_t)rec->air;
	head[22] = rec->reason;
	head[23] = 0;
	hash = mix(hash, head, sizeof(head));
	return mix(hash, rec->data, rec->len);
}
