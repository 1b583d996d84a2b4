/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BULK_INTERNAL_H
#define BATON_SESSION_BULK_INTERNAL_H

/* What the machines above bulk call; nothing is installed. */

#include "session/bulk.h"
#include "session/file.h"

/* A slice of the file has begun and is not all supplied. */
bool bulk_fills(struct baton_bulk *bulk, const struct baton_file_out *file);

/* May the next bytes of file, the member's, be given now? */
bool bulk_can(struct baton_bulk *bulk, const struct baton_bulk_member *member,
	      const struct baton_file_out *file);

/* Give them; *taken were. file->at moves. AGAIN: none now. */
enum baton_err bulk_write(struct baton_bulk *bulk,
			  struct baton_bulk_member *member,
			  struct baton_file_out *file, const uint8_t *bytes,
			  size_t len, size_t *taken, uint64_t now_ms);

/* No more of file goes out: it is held, at another offset, or over. */
void bulk_stop(struct baton_bulk *bulk, const struct baton_file_out *file);

/* bytestream.c: is there anything that may go? */
bool bytestream_ready(const struct baton_bytestreams *streams);
/*
 * The next chunk, at most cap bytes, behind its kind and channel; 0: none.
 * sent() when the engine took it: *bytes are those of the application.
 */
size_t bytestream_chunk(struct baton_bytestreams *streams, uint8_t *p,
			size_t cap, size_t *bytes);
void bytestream_sent(struct baton_bytestreams *streams, size_t bytes);
/* One came, behind its kind and channel. */
enum baton_err bytestream_take(struct baton_bytestreams *streams,
			       const uint8_t *p, size_t len);

#endif
