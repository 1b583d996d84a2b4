/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/fail.h"
#include "tools/filename.h"
#include "tools/outbox.h"

#define CHUNK 16384

struct baton_outbox {
	struct baton_session *session;
	struct baton_stream_id stream;
	enum baton_outbox_state state;
	GError *error;
	int fd;
	struct stat stat; /* as it was when sending began */
	char name[BATON_FILENAME_MAX + 1];
	uint64_t total;
	uint64_t offset; /* of the next byte to give */
	uint8_t chunk[CHUNK];
	uint64_t chunk_offset;
	size_t chunk_len;
};

struct baton_outbox *baton_outbox_new(struct baton_session *session,
				      struct baton_stream_id stream)
{
	struct baton_outbox *outbox = g_new0(struct baton_outbox, 1);

	outbox->session = session;
	outbox->stream = stream;
	outbox->fd = -1;
	return outbox;
}

static void finish(struct baton_outbox *outbox, enum baton_outbox_state state)
{
	if (outbox->fd >= 0)
		close(outbox->fd);
	outbox->fd = -1;
	outbox->chunk_len = 0;
	outbox->state = state;
}

void baton_outbox_free(struct baton_outbox *outbox)
{
	if (!outbox)
		return;
	finish(outbox, BATON_OUTBOX_EMPTY);
	g_clear_error(&outbox->error);
	g_free(outbox);
}

static int open_input(const char *path, struct stat *st, GError **error)
{
	/* Without NONBLOCK a named pipe would hold the program. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st)) {
		int saved = errno;

		if (fd >= 0)
			close(fd);
		if (saved == ENOENT)
			baton_fail_set(error, BATON_EXIT_INPUT,
				       "there is no file %s; check the name",
				       path);
		else
			baton_fail_set(error, BATON_EXIT_INPUT,
				       "cannot read %s: %s; check its "
				       "permissions",
				       path, g_strerror(saved));
		return -1;
	}
	if (!S_ISREG(st->st_mode)) {
		close(fd);
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "%s is not a regular file; give one that is",
			       path);
		return -1;
	}
	return fd;
}

gboolean baton_outbox_check(const char *path, GError **error)
{
	struct stat st;
	int fd = open_input(path, &st, error);

	if (fd < 0)
		return FALSE;
	close(fd);
	return TRUE;
}

static void give_up(struct baton_outbox *outbox, enum baton_exit code,
		    const char *problem)
{
	baton_fail_set(&outbox->error, code, "%s: %s", outbox->name, problem);
	/* There may be nothing to cancel any more. */
	if (baton_session_cancel(outbox->session, outbox->stream,
				 BATON_REASON_INTERNAL))
		g_debug("nothing was in progress");
	finish(outbox, BATON_OUTBOX_FAILED);
}

static bool has_changed(const struct baton_outbox *outbox)
{
	struct stat st;

	return fstat(outbox->fd, &st) || st.st_size != outbox->stat.st_size ||
	       st.st_mtim.tv_sec != outbox->stat.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != outbox->stat.st_mtim.tv_nsec;
}

/* Have the bytes at the offset in the chunk; false if there are none. */
static bool fill_chunk(struct baton_outbox *outbox)
{
	size_t want = MIN(CHUNK, outbox->total - outbox->offset);
	ssize_t n;

	if (outbox->offset >= outbox->chunk_offset &&
	    outbox->offset - outbox->chunk_offset < outbox->chunk_len)
		return true;
	do {
		n = pread(outbox->fd, outbox->chunk, want,
			  (off_t)outbox->offset);
	} while (n < 0 && errno == EINTR);
	outbox->chunk_offset = outbox->offset;
	outbox->chunk_len = n > 0 ? (size_t)n : 0;
	if (n < 0) {
		give_up(outbox, BATON_EXIT_INPUT, g_strerror(errno));
		return false;
	}
	/* The receiver must not take an old half and a new half for a file. */
	if (n == 0 || has_changed(outbox)) {
		give_up(outbox, BATON_EXIT_INPUT,
			"it was changed while it was being sent; send it "
			"again");
		return false;
	}
	return true;
}

static void pump(struct baton_outbox *outbox, uint64_t now_ms)
{
	while (outbox->state == BATON_OUTBOX_SENDING &&
	       outbox->offset < outbox->total) {
		size_t at;
		size_t taken = 0;
		enum baton_err err;

		if (!fill_chunk(outbox))
			return;
		at = outbox->offset - outbox->chunk_offset;
		err = baton_session_write(
			outbox->session, outbox->stream, outbox->chunk + at,
			outbox->chunk_len - at, &taken, now_ms);
		outbox->offset += taken;
		if (err == BATON_ERR_AGAIN || (!err && !taken))
			return;
		if (err) {
			give_up(outbox, BATON_EXIT_INTERNAL,
				baton_err_text(err));
			return;
		}
	}
}

static void begin(struct baton_outbox *outbox, uint64_t now_ms)
{
	enum baton_err err;

	outbox->offset = 0;
	err = baton_session_begin(outbox->session, outbox->stream,
				  outbox->total, (const uint8_t *)outbox->name,
				  strlen(outbox->name));
	if (err) {
		give_up(outbox, BATON_EXIT_INTERNAL, baton_err_text(err));
		return;
	}
	pump(outbox, now_ms);
}

gboolean baton_outbox_send(struct baton_outbox *outbox, const char *path,
			   uint64_t now_ms, GError **error)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *utf8 = g_filename_display_name(base);

	g_return_val_if_fail(outbox->state != BATON_OUTBOX_SENDING, FALSE);
	g_clear_error(&outbox->error);
	if (!baton_filename_clean(outbox->name, (const uint8_t *)utf8,
				  strlen(utf8)))
		strcpy(outbox->name, "_");
	outbox->fd = open_input(path, &outbox->stat, error);
	if (outbox->fd < 0)
		return FALSE;
	outbox->total = (uint64_t)outbox->stat.st_size;
	if (outbox->total > BATON_MESSAGE_MAX) {
		finish(outbox, BATON_OUTBOX_EMPTY);
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "%s is longer than 1 TiB; send it in parts",
			       path);
		return FALSE;
	}
	outbox->state = BATON_OUTBOX_SENDING;
	begin(outbox, now_ms);
	return TRUE;
}

static void refused(struct baton_outbox *outbox, uint8_t reason)
{
	switch (reason) {
	case BATON_REASON_TOO_LARGE:
		give_up(outbox, BATON_EXIT_OUTPUT,
			"it is larger than the receiver takes; let it take "
			"more (--limit)");
		break;
	case BATON_REASON_NO_ROOM:
		give_up(outbox, BATON_EXIT_OUTPUT,
			"the receiver has no space for it; free some there "
			"and send it again");
		break;
	case BATON_REASON_PERSON:
	case BATON_REASON_NOT_ALLOWED:
		give_up(outbox, BATON_EXIT_REFUSED,
			"the receiver does not take files; start it with "
			"--receive DIR");
		break;
	default:
		give_up(outbox, BATON_EXIT_PEER,
			"the receiver refused it; look at what it says there");
		break;
	}
}

void baton_outbox_event(struct baton_outbox *outbox,
			const struct baton_event *event, uint64_t now_ms)
{
	if (outbox->state != BATON_OUTBOX_SENDING)
		return;
	if (event->stream.class_id != outbox->stream.class_id ||
	    event->stream.number != outbox->stream.number)
		return;
	if (event->type == BATON_EVENT_WRITABLE) {
		pump(outbox, now_ms);
	} else if (event->type == BATON_EVENT_REWIND) {
		outbox->offset = event->u.sent.offset;
		pump(outbox, now_ms);
	} else if (event->type == BATON_EVENT_DELIVERED) {
		if (outbox->offset == outbox->total)
			finish(outbox, BATON_OUTBOX_DELIVERED);
	} else if (event->type == BATON_EVENT_REFUSED) {
		refused(outbox, event->u.sent.reason);
	}
}

void baton_outbox_cancel(struct baton_outbox *outbox)
{
	if (outbox->state != BATON_OUTBOX_SENDING)
		return;
	if (baton_session_cancel(outbox->session, outbox->stream,
				 BATON_REASON_PERSON))
		g_debug("nothing was in progress");
	finish(outbox, BATON_OUTBOX_EMPTY);
}

enum baton_outbox_state baton_outbox_state(const struct baton_outbox *outbox)
{
	return outbox->state;
}

const GError *baton_outbox_error(const struct baton_outbox *outbox)
{
	return outbox->error;
}

const char *baton_outbox_name(const struct baton_outbox *outbox)
{
	return outbox->name;
}

uint64_t baton_outbox_total(const struct baton_outbox *outbox)
{
	return outbox->total;
}

uint64_t baton_outbox_given(const struct baton_outbox *outbox)
{
	return outbox->offset;
}
