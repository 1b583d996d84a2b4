/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_OUTBOX_H
#define BATON_TOOLS_OUTBOX_H

#include <glib.h>
#include <stdint.h>

#include "session/session.h"

/*
 * Sends one file at a time as a message of one stream, read from the disk
 * as the engine takes it. The message's meta is the file's base name, UTF-8.
 * What a disconnect interrupts goes on by itself: the engine says from where.
 */
#define BATON_FILES_STREAM ((struct baton_stream_id){BATON_CLASS_BULK, 0})

enum baton_outbox_state {
	BATON_OUTBOX_EMPTY,
	BATON_OUTBOX_SENDING,
	BATON_OUTBOX_DELIVERED, /* the peer has it, and has verified it */
	BATON_OUTBOX_FAILED, /* error says why */
};

struct baton_outbox;

/* The session is used, not owned; it outlives the outbox. */
struct baton_outbox *baton_outbox_new(struct baton_session *session,
				      struct baton_stream_id stream);
void baton_outbox_free(struct baton_outbox *outbox);

/*
 * Begin to send the file at path, as soon as there is a link. Not while one
 * is being sent. BATON_EXIT_INPUT: it cannot be read.
 */
gboolean baton_outbox_send(struct baton_outbox *outbox, const char *path,
			   uint64_t now_ms, GError **error);

/* Tell every event of the session; others than the outbox's do no harm. */
void baton_outbox_event(struct baton_outbox *outbox,
			const struct baton_event *event, uint64_t now_ms);

/* Give the file up; the peer drops what it has of it. */
void baton_outbox_cancel(struct baton_outbox *outbox);

enum baton_outbox_state baton_outbox_state(const struct baton_outbox *outbox);

/* Of FAILED; the outbox's own. */
const GError *baton_outbox_error(const struct baton_outbox *outbox);

/* Of the present or last file: its name, its length, bytes given so far. */
const char *baton_outbox_name(const struct baton_outbox *outbox);
uint64_t baton_outbox_total(const struct baton_outbox *outbox);
uint64_t baton_outbox_given(const struct baton_outbox *outbox);

/* Look whether a file could be sent, without sending it. */
gboolean baton_outbox_check(const char *path, GError **error);

#endif
