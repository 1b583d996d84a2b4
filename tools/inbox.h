/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_INBOX_H
#define BATON_TOOLS_INBOX_H

#include <glib.h>
#include <stdint.h>

#include "session/session.h"

/*
 * Receives the messages of one stream as files in a directory. A file is
 * written beside its place as ".name.part" and gets its name when it is
 * complete; what is there already is never overwritten ("name (1).txt").
 */
struct baton_inbox;

enum baton_inbox_news {
	BATON_INBOX_NOTHING,
	BATON_INBOX_BEGUN,
	BATON_INBOX_MORE,
	BATON_INBOX_DONE, /* baton_inbox_path() has it */
	BATON_INBOX_ABORTED, /* the sender gave up, or starts anew */
	BATON_INBOX_REFUSED, /* baton_inbox_error() says why */
};

/*
 * dir NULL: every file is refused. The session is used, not owned; it
 * outlives the inbox. BATON_EXIT_OUTPUT: dir is not there, or cannot be
 * written to.
 */
struct baton_inbox *baton_inbox_new(struct baton_session *session,
				    struct baton_stream_id stream,
				    const char *dir, GError **error);
void baton_inbox_free(struct baton_inbox *inbox);

/* Tell every event of the session; the answer says what came of it. */
enum baton_inbox_news baton_inbox_event(struct baton_inbox *inbox,
					const struct baton_event *event);

/* Of the present or last file; strings are the inbox's own. */
const char *baton_inbox_name(const struct baton_inbox *inbox);
const char *baton_inbox_path(const struct baton_inbox *inbox);
uint64_t baton_inbox_total(const struct baton_inbox *inbox);
uint64_t baton_inbox_taken(const struct baton_inbox *inbox);
const GError *baton_inbox_error(const struct baton_inbox *inbox);

#endif
