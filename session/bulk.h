/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_BULK_H
#define BATON_SESSION_BULK_H

/*
 * The allotment of the engine's BULK streams (session/FILES.md 4): who of the
 * applications may put the next bytes on the link, and whose the bytes are that
 * come. One for each engine, between it and the machines of session/file.h and
 * session/bytestream.h; it alone uses class BULK.
 *
 * Fair: while several applications have something to send, none gets more than
 * BATON_BULK_QUANTUM bytes ahead of another. Who has nothing ready, or does not
 * answer SUPPLY, holds nobody up: where others wait for its lane, it loses that
 * after BATON_BULK_PATIENCE_MS. Nothing here is stored.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/session.h"

#define BATON_BULK_QUANTUM 4096 /* bytes one may be ahead of another */
#define BATON_BULK_SLICE 65536 /* of a file, in one engine message at most */
#define BATON_BULK_PATIENCE_MS \
	2000 /* with whoever holds a lane and gives nothing */
#define BATON_BULK_LANES 3 /* engine streams for files: BULK 0..2 */
#define BATON_BULK_CHUNKS 3 /* engine stream of short messages: BULK 3 */
#define BATON_BULK_META_LEN 19
#define BATON_BULK_CHUNK_HEAD_MAX 13
#define BATON_BULK_CHUNK_MAX 512 /* its head included */

struct baton_files;
struct baton_file_in;
struct baton_file_out;
struct baton_bytestreams;

/* One application at one bond. files, streams: its machines, or NULL. */
struct baton_bulk_member {
	struct baton_files *files;
	struct baton_bytestreams *streams;
	/* From here on bulk's own; zeros at first. */
	uint64_t served; /* bytes, made comparable */
	bool mapped;
	uint8_t peer_channel;
};

enum baton_bulk_lane_state {
	BATON_BULK_FREE,
	BATON_BULK_FILLING,
	BATON_BULK_SENT, /* not verified yet */
};

/* An engine stream on its way out, and one on its way in. */
struct baton_bulk_out {
	struct baton_file_out *file;
	uint64_t left; /* bytes of the slice */
	uint64_t given_ms; /* when the last of them came */
	uint8_t state; /* enum baton_bulk_lane_state */
	uint8_t meta[BATON_BULK_META_LEN];
};

struct baton_bulk_in {
	struct baton_bulk_member *member; /* NULL: nothing that is wanted */
	uint64_t offset; /* in the file, of the slice's first byte */
	uint8_t id[8];
	uint8_t turn;
};

struct baton_bulk {
	struct baton_session *session;
	struct baton_bulk_member *member;
	size_t count;
	struct baton_bulk_out out[BATON_BULK_LANES];
	struct baton_bulk_in in[BATON_BULK_LANES];
	size_t chunk_max; /* plain bytes a chunk may have, its head included */
	uint64_t clock; /* served, of whoever was served last */
	bool room; /* the engine took all it was given last */
	uint64_t refused; /* messages of nobody, since init */
	uint64_t now_ms;
};

/* The session is used, not owned, and outlives bulk. */
void baton_bulk_init(struct baton_bulk *bulk, struct baton_session *session);

/*
 * The link is that of a bond whose applications are member[0..count - 1], the
 * index being the channel under which this side sends; or (NULL, 0) it has
 * gone. Members live until then. chunk_max: min(record_max of both) - 2. After
 * SECURED, before the machines are told of the link and before any event of the
 * engine is given on it; and after the machines were told that it went.
 */
void baton_bulk_link(struct baton_bulk *bulk, struct baton_bulk_member *member,
		     size_t count, size_t chunk_max);

/*
 * The peer sends for member[index] under this channel, as its list says.
 * BATON_ERR_ARG: no such member.
 */
BATON_MUST_CHECK
enum baton_err baton_bulk_map(struct baton_bulk *bulk, size_t index,
			      uint8_t channel);

/*
 * Every event of the engine whose stream is of class BULK. Then take the events
 * of all members' machines, before the engine's next one is asked for. A peer
 * error: something was refused or dropped.
 */
enum baton_err baton_bulk_event(struct baton_bulk *bulk,
				const struct baton_event *event,
				uint64_t now_ms);

/*
 * When pump() wants to be called, and events of files to be taken after it,
 * though nothing happened; UINT64_MAX: never.
 */
uint64_t baton_bulk_deadline(const struct baton_bulk *bulk);

/*
 * Let bytes of streams go out; call it before baton_session_tx(), each time.
 */
void baton_bulk_pump(struct baton_bulk *bulk, uint64_t now_ms);

#endif
