/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_OUTBOX_H
#define BATON_TOOLS_OUTBOX_H

#include <glib.h>
#include <stdint.h>

#include "tools/note.h"

/*
 * Files that go out, by the mode file (session/file.h), read from the disk as
 * the machine takes them. A file's meta is its base name, UTF-8. Where they lie
 * is noted in the store, so that they go on when the program was started anew.
 */
struct baton_outbox;

/* The machine of a bond; NULL: there is none (any more). */
typedef struct baton_files *(*baton_files_of_fn)(
	void *user, const uint8_t bond[BATON_BOND_ID_LEN]);

enum baton_outbox_news {
	BATON_OUTBOX_NOTHING,
	BATON_OUTBOX_BEGUN, /* it is durable, and goes on whatever happens */
	BATON_OUTBOX_MORE, /* bytes were given */
	/* Say it, then answer with baton_outbox_done(). */
	BATON_OUTBOX_DELIVERED,
	BATON_OUTBOX_FAILED, /* the note's error says why */
};

/*
 * store, which outlives the outbox, may be NULL: then nothing outlives the
 * process. Notes of files that no machine knows are deleted. BATON_EXIT_OUTPUT:
 * the store cannot be read.
 */
struct baton_outbox *baton_outbox_new(struct baton_store *store,
				      baton_files_of_fn files_of, void *user,
				      GError **error);
void baton_outbox_free(struct baton_outbox *outbox);

/* Number files from 1 on, for a run that is the same each time. */
void baton_outbox_number(struct baton_outbox *outbox);

/*
 * Send the file at path to the peer of a bond; it goes when there is a link.
 * What is on its way already, and was not changed, is not sent twice. The note
 * is the outbox's; NULL: BATON_EXIT_INPUT, it cannot be read;
 * BATON_EXIT_TIMEOUT, too many are on their way.
 */
const struct baton_note *
baton_outbox_send(struct baton_outbox *outbox,
		  const uint8_t bond[BATON_BOND_ID_LEN], const char *path,
		  GError **error);

/*
 * The note of what is on its way from path to the peer of a bond, NULL: to any,
 * if it was not changed; or NULL.
 */
const struct baton_note *baton_outbox_find(const struct baton_outbox *outbox,
					   const uint8_t *bond,
					   const char *path);

/*
 * An event of the bond's machine that is about an outgoing file. *note: of
 * which; it lives until _done(), or until it is forgotten.
 */
enum baton_outbox_news baton_outbox_event(struct baton_outbox *outbox,
					  const uint8_t bond[BATON_BOND_ID_LEN],
					  const struct baton_file_event *event,
					  const struct baton_note **note,
					  uint64_t now_ms);

/*
 * Files are about to go to the peer of a bond: give up those that were empty
 * and are not any more, for nothing is ever read of them.
 */
void baton_outbox_open(struct baton_outbox *outbox,
		       const uint8_t bond[BATON_BOND_ID_LEN]);

/* It was said what became of a file; it is forgotten. */
void baton_outbox_done(struct baton_outbox *outbox,
		       const struct baton_note *note);

/* Give a file up; FAILED follows. BATON_ERR_NOT_FOUND, BATON_ERR_STATE. */
enum baton_err baton_outbox_cancel(struct baton_outbox *outbox,
				   const uint8_t id[BATON_FILE_ID_LEN]);

/* The bond is no more. */
void baton_outbox_forget(struct baton_outbox *outbox,
			 const uint8_t bond[BATON_BOND_ID_LEN]);

/* Look whether a file could be sent, without sending it. */
gboolean baton_outbox_check(const char *path, GError **error);

#endif
