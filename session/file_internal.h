/* SPDX-License-Identifier: MIT */
#ifndef BATON_SESSION_FILE_INTERNAL_H
#define BATON_SESSION_FILE_INTERNAL_H

/* What the files of the delivery mode file share; nothing is installed. */

#include <string.h>

#include "session/file.h"

/* Envelopes (FILES.md 1); bits in owed. */
enum file_op {
	FILE_OFFER,
	FILE_GO,
	FILE_HOLD,
	FILE_KEPT,
	FILE_TAKEN,
	FILE_REFUSED,
	FILE_GONE,
	FILE_CANCEL,
	FILE_FORGET,
	FILE_REPEAT,
};

/* Bits in owed; events, less the first of their side, in news. */
#define FILE_OWES(op) ((uint16_t)(1u << (op)))
#define FILE_OUT_NEWS(type) ((uint8_t)(1u << ((type)-BATON_FILE_PENDING)))
#define FILE_IN_NEWS(type) ((uint8_t)(1u << ((type)-BATON_FILE_OFFERED)))

static inline bool file_out_clean(const struct baton_file_out *out)
{
	return out->state == out->stored;
}

static inline bool file_in_clean(const struct baton_file_in *in)
{
	return in->state == in->stored;
}

/* file.c: places and what a state brings. */
struct baton_file_out *file_out_find(const struct baton_files *files,
				     const uint8_t *id);
struct baton_file_in *file_in_find(const struct baton_files *files,
				   const uint8_t *id);
struct baton_file_in *file_in_free(const struct baton_files *files);
void file_out_enter(struct baton_files *files, struct baton_file_out *out,
		    enum baton_file_out_state state);
void file_in_enter(struct baton_files *files, struct baton_file_in *in,
		   enum baton_file_in_state state);
/* The place is for others. */
void file_in_release(struct baton_files *files, struct baton_file_in *in);
/* Forget bytes of this file that were not taken. */
void file_in_drop(struct baton_files *files, const struct baton_file_in *in);

/* Say this of a file that has no place. PEER_LIMIT: REPEAT has to do. */
enum baton_err file_reply(struct baton_files *files, enum file_op op,
			  const uint8_t *id, uint8_t reason);

/* What is not answered is said again. */
void file_repeat(struct baton_files *files, bool link);

/*
 * For bulk: the file whose bytes go next, NULL: none; the slices of the peer
 * and their bytes. slice() is false, and data() a peer error, where they are
 * not wanted.
 */
struct baton_file_out *file_current(const struct baton_files *files);
bool file_slice(struct baton_files *files, const uint8_t *id, uint8_t turn,
		uint64_t offset);
enum baton_err file_data(struct baton_files *files, const uint8_t *id,
			 uint8_t turn, uint64_t offset, const uint8_t *bytes,
			 size_t len);
/* Bytes that were given are lost: the peer is to say GO again. */
void file_interrupted(struct baton_file_out *out);
/* The peer refused bytes of this turn. */
void file_refused(struct baton_file_out *out, uint8_t turn);

#endif
