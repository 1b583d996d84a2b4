/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_DISSECT_STREAM_H
#define BATON_TOOLS_DISSECT_STREAM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypto/record.h"
#include "transport/pdu.h"

/*
 * One class in one direction, as a dissector sees it: PDUs in any order,
 * repeated or in parts, to the records in theirs (transport/SPEC.md A.3 to
 * A.6), opened with whichever of the keys fits.
 */
struct baton_dissect_stream;

/* keys: struct baton_record_key, in the order of the log; used, not owned. */
struct baton_dissect_stream *baton_dissect_stream_new(const GArray *keys);
void baton_dissect_stream_free(struct baton_dissect_stream *stream);

/* A link begins. */
void baton_dissect_stream_reset(struct baton_dissect_stream *stream);

/* The data of one block. */
void baton_dissect_stream_take(struct baton_dissect_stream *stream,
			       const struct baton_block *block);

struct baton_dissect_record {
	uint64_t number; /* on this link */
	size_t sealed_len; /* body, tag included */
	const uint8_t *plain; /* until the next call; NULL: no key fits */
	size_t plain_len;
};

/* The next record that is whole; false if there is none. */
bool baton_dissect_stream_next(struct baton_dissect_stream *stream,
			       struct baton_dissect_record *record);

#endif
