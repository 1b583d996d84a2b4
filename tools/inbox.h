/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_INBOX_H
#define BATON_TOOLS_INBOX_H

#include <glib.h>
#include <stdint.h>

#include "tools/note.h"
#include "tools/outbox.h"

/*
 * Files that come, by the mode file (session/file.h), into a directory. A file
 * is written beside its place as ".baton-ID.part" and gets its name when it is
 * complete; what is there already is never overwritten ("name (1).txt"). What
 * was written is durable before its sender hears of it, every
 * BATON_INBOX_SYNC bytes; a program that is started anew goes on from there, in
 * the directory where it began.
 */
#define BATON_INBOX_SYNC 65536 /* bytes */

struct baton_inbox;

enum baton_inbox_news {
	BATON_INBOX_NOTHING,
	BATON_INBOX_BEGUN,
	BATON_INBOX_MORE,
	/* It has its name: say it, then answer with baton_inbox_done(). */
	BATON_INBOX_DONE,
	BATON_INBOX_ABORTED, /* the sender gave up */
	BATON_INBOX_REFUSED, /* the news' error says why */
};

/* What is told of a file, as long as nothing else is told. */
struct baton_inbox_file {
	const uint8_t *id;
	const char *name;
	const char *path; /* DONE */
	uint64_t total, taken, begun; /* bytes; begun: kept by earlier runs */
	const GError *error; /* REFUSED */
};

/*
 * dir NULL: what is new is refused. store and files_of as with
 * baton_outbox_new(). BATON_EXIT_OUTPUT: dir is not there, or cannot be
 * written to; the store cannot be read.
 */
struct baton_inbox *baton_inbox_new(const char *dir, struct baton_store *store,
				    baton_files_of_fn files_of, void *user,
				    GError **error);
void baton_inbox_free(struct baton_inbox *inbox);

/* An event of the bond's machine that is about an incoming file. */
enum baton_inbox_news baton_inbox_event(struct baton_inbox *inbox,
					const uint8_t bond[BATON_BOND_ID_LEN],
					const struct baton_file_event *event,
					struct baton_inbox_file *file);

/* What became of it was said. */
void baton_inbox_done(struct baton_inbox *inbox,
		      const uint8_t id[BATON_FILE_ID_LEN]);

/* The link is gone: have durable what came. */
void baton_inbox_sync(struct baton_inbox *inbox);

/* A person does not want it any more. BATON_ERR_NOT_FOUND, BATON_ERR_STATE. */
enum baton_err baton_inbox_refuse(struct baton_inbox *inbox,
				  const uint8_t id[BATON_FILE_ID_LEN]);

/* The bond is no more: erase what there is of its files. */
void baton_inbox_forget(struct baton_inbox *inbox,
			const uint8_t bond[BATON_BOND_ID_LEN]);

#endif
