/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_NOTE_H
#define BATON_TOOLS_NOTE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "port/linux/store.h"
#include "session/bond.h"
#include "session/file.h"

/*
 * What this machine has to remember of a file that is under way, besides what
 * session/file.h keeps of it: where it lies. In the same store, under "send/" or
 * "take/" and the file's id. A note is there before the file is sent or accepted,
 * and until it is done.
 */
struct baton_note {
	uint8_t id[BATON_FILE_ID_LEN];
	uint8_t bond[BATON_BOND_ID_LEN];
	bool outgoing;
	uint64_t total; /* bytes */
	/* Outgoing: what it was when it was to be sent. */
	uint64_t inode;
	int64_t changed_s;
	uint32_t changed_ns;
	char *where; /* the file, absolute; incoming: the directory */
	char *name; /* as the peer knows it; incoming: as it will be called */
	GError *error; /* why it was given up here; not stored */
};

#define BATON_NOTE_WHERE_MAX 3500 /* bytes */

void baton_note_free(struct baton_note *note);

/* Note which file it is; and whether it still is the one. */
void baton_note_stat(struct baton_note *note, const struct stat *st);
bool baton_note_is(const struct baton_note *note, const struct stat *st);

/*
 * Durable, when they come back. store NULL: nothing is kept, and that is well.
 * BATON_ERR_TOO_LARGE: where or name are.
 */
BATON_MUST_CHECK
enum baton_err baton_note_put(struct baton_store *store,
			      const struct baton_note *note);
BATON_MUST_CHECK
enum baton_err baton_note_delete(struct baton_store *store,
				 const struct baton_note *note);

/*
 * Delete one and take it out of an array of them. One that could not be
 * deleted is found at the next start to be of no file, and dropped then.
 */
void baton_note_drop(struct baton_store *store, GPtrArray *notes,
		     const struct baton_note *note);

/* All of one direction, to be freed with _free(); NULL: the store fails. */
GPtrArray *baton_note_load(struct baton_store *store, bool outgoing);

/* The one of this id in an array of them; NULL: none. */
struct baton_note *baton_note_find(const GPtrArray *notes,
				   const uint8_t id[BATON_FILE_ID_LEN]);

/* What the machine says of its file; false: it knows none, or is NULL. */
bool baton_note_info(const struct baton_note *note, struct baton_files *files,
		     struct baton_file_info *info);

#endif
