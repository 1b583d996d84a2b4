/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/fail.h"
#include "tools/filename.h"
#include "tools/inbox.h"
#include "tools/outbox.h"
#include "tools/part.h"

struct baton_inbox {
	struct baton_session *session;
	struct baton_stream_id stream;
	char *dir; /* NULL: nothing is taken */
	int dir_fd;
	struct baton_part *part; /* NULL: nothing is coming */
	char name[BATON_FILENAME_MAX + 1];
	char *path;
	uint64_t total;
	uint64_t taken;
	GError *error;
};

struct baton_inbox *baton_inbox_new(struct baton_session *session,
				    struct baton_stream_id stream,
				    const char *dir, GError **error)
{
	struct baton_inbox *inbox = g_new0(struct baton_inbox, 1);

	inbox->session = session;
	inbox->stream = stream;
	inbox->dir_fd = -1;
	if (!dir)
		return inbox;
	inbox->dir = g_strdup(dir);
	inbox->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (inbox->dir_fd >= 0 && !faccessat(inbox->dir_fd, ".", W_OK, 0))
		return inbox;
	baton_fail_set(error, BATON_EXIT_OUTPUT,
		       "cannot write to the directory %s: %s; make it, or "
		       "name another",
		       dir, g_strerror(errno));
	baton_inbox_free(inbox);
	return NULL;
}

void baton_inbox_free(struct baton_inbox *inbox)
{
	if (!inbox)
		return;
	baton_part_free(inbox->part);
	if (inbox->dir_fd >= 0)
		close(inbox->dir_fd);
	g_free(inbox->dir);
	g_free(inbox->path);
	g_clear_error(&inbox->error);
	g_free(inbox);
}

static void drop(struct baton_inbox *inbox)
{
	g_clear_pointer(&inbox->part, baton_part_free);
}

static enum baton_inbox_news refuse(struct baton_inbox *inbox,
				    enum baton_reason reason,
				    enum baton_exit code, const char *problem)
{
	drop(inbox);
	g_clear_error(&inbox->error);
	baton_fail_set(&inbox->error, code, "%s", problem);
	/* If it has ended meanwhile there is nothing to refuse any more. */
	if (baton_session_refuse(inbox->session, inbox->stream,
				 (uint8_t)reason))
		g_debug("nothing was in progress");
	return BATON_INBOX_REFUSED;
}

static bool is_full(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

/* The disk did not take it; errno says why. */
static enum baton_inbox_news refuse_disk(struct baton_inbox *inbox)
{
	g_autofree char *problem = NULL;
	enum baton_reason reason = BATON_REASON_INTERNAL;

	if (is_full(errno)) {
		reason = BATON_REASON_NO_ROOM;
		problem = g_strdup_printf("no space for %s in %s; free some "
					  "and have it sent again",
					  inbox->name, inbox->dir);
	} else {
		problem = g_strdup_printf("cannot write %s in %s: %s; make it "
					  "writable and have it sent again",
					  inbox->name, inbox->dir,
					  g_strerror(errno));
	}
	return refuse(inbox, reason, BATON_EXIT_OUTPUT, problem);
}

static enum baton_inbox_news begin(struct baton_inbox *inbox,
				   const struct baton_event *event)
{
	/* A new link goes on with what is here already. */
	if (event->u.message.offset && inbox->part &&
	    event->u.message.offset == inbox->taken &&
	    event->u.message.total == inbox->total)
		return BATON_INBOX_NOTHING;
	drop(inbox);
	inbox->total = event->u.message.total;
	inbox->taken = 0;
	strcpy(inbox->name, "_");
	if (!inbox->dir)
		return refuse(inbox, BATON_REASON_NOT_ALLOWED,
			      BATON_EXIT_REFUSED,
			      "refused a file; start with --receive DIR to "
			      "take files");
	if (event->u.message.offset)
		return refuse(inbox, BATON_REASON_INTERNAL, BATON_EXIT_PEER,
			      "refused a file whose beginning is not here; "
			      "have it sent again");
	if (!baton_filename_clean(inbox->name, event->u.message.meta,
				  event->u.message.meta_len))
		return refuse(inbox, BATON_REASON_NOT_ALLOWED, BATON_EXIT_PEER,
			      "refused a file whose name is not UTF-8; have it "
			      "renamed");
	inbox->part = baton_part_new(inbox->dir_fd, inbox->name, inbox->total);
	if (!inbox->part)
		return refuse_disk(inbox);
	return BATON_INBOX_BEGUN;
}

static enum baton_inbox_news take(struct baton_inbox *inbox,
				  const struct baton_event *event)
{
	if (!inbox->part)
		return BATON_INBOX_NOTHING;
	if (event->u.message.offset != inbox->taken)
		return refuse(inbox, BATON_REASON_INTERNAL, BATON_EXIT_INTERNAL,
			      "bytes are missing; have the file sent again");
	if (baton_part_write(inbox->part, event->u.message.bytes,
			     event->u.message.len))
		return refuse_disk(inbox);
	inbox->taken += event->u.message.len;
	return BATON_INBOX_MORE;
}

static enum baton_inbox_news finish(struct baton_inbox *inbox)
{
	g_autofree char *name = NULL;

	if (!inbox->part)
		return BATON_INBOX_NOTHING;
	name = baton_part_finish(inbox->part);
	if (!name)
		return refuse_disk(inbox);
	drop(inbox);
	g_free(inbox->path);
	inbox->path = g_build_filename(inbox->dir, name, NULL);
	return BATON_INBOX_DONE;
}

enum baton_inbox_news baton_inbox_event(struct baton_inbox *inbox,
					const struct baton_event *event)
{
	if (event->stream.class_id != inbox->stream.class_id ||
	    event->stream.number != inbox->stream.number) {
		/* Nothing but files is expected. */
		if (event->type == BATON_EVENT_BEGIN &&
		    baton_session_refuse(inbox->session, event->stream,
					 BATON_REASON_NOT_ALLOWED))
			g_debug("nothing was in progress");
		return BATON_INBOX_NOTHING;
	}
	if (event->type == BATON_EVENT_BEGIN)
		return begin(inbox, event);
	if (event->type == BATON_EVENT_DATA)
		return take(inbox, event);
	if (event->type == BATON_EVENT_END)
		return finish(inbox);
	if (event->type == BATON_EVENT_ABORTED && inbox->part) {
		drop(inbox);
		return BATON_INBOX_ABORTED;
	}
	return BATON_INBOX_NOTHING;
}

const char *baton_inbox_name(const struct baton_inbox *inbox)
{
	return inbox->name;
}

const char *baton_inbox_path(const struct baton_inbox *inbox)
{
	return inbox->path;
}

uint64_t baton_inbox_total(const struct baton_inbox *inbox)
{
	return inbox->total;
}

uint64_t baton_inbox_taken(const struct baton_inbox *inbox)
{
	return inbox->taken;
}

const GError *baton_inbox_error(const struct baton_inbox *inbox)
{
	return inbox->error;
}
