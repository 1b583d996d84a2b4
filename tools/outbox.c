/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "port/linux/seed.h"
#include "tools/fail.h"
#include "tools/filename.h"
#include "tools/outbox.h"
#include "transport/outgoing.h"

#define CHUNK 16384

struct baton_outbox {
	struct baton_store *store;
	baton_files_of_fn files_of;
	void *user;
	GPtrArray *notes;
	bool numbered;
	uint64_t last; /* number */
	/* The file that is being read; and some of its bytes. */
	const struct baton_note *open;
	int fd;
	uint8_t chunk[CHUNK];
	uint64_t chunk_offset;
	size_t chunk_len;
};

static void close_input(struct baton_outbox *outbox)
{
	if (outbox->fd >= 0)
		close(outbox->fd);
	outbox->fd = -1;
	outbox->open = NULL;
	outbox->chunk_len = 0;
}

static void drop(struct baton_outbox *outbox, const struct baton_note *note)
{
	if (outbox->open == note)
		close_input(outbox);
	baton_note_drop(outbox->store, outbox->notes, note);
}

static bool is_known(const struct baton_outbox *outbox,
		     const struct baton_note *note)
{
	struct baton_file_info info;

	return baton_note_info(note, outbox->files_of(outbox->user, note->bond),
			       &info);
}

struct baton_outbox *baton_outbox_new(struct baton_store *store,
				      baton_files_of_fn files_of, void *user,
				      GError **error)
{
	struct baton_outbox *outbox = g_new0(struct baton_outbox, 1);
	guint i;

	outbox->store = store;
	outbox->files_of = files_of;
	outbox->user = user;
	outbox->fd = -1;
	outbox->notes = baton_note_load(store, true);
	if (!outbox->notes) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot read the store: %s",
			       baton_store_problem(errno));
		baton_outbox_free(outbox);
		return NULL;
	}
	for (i = outbox->notes->len; i-- > 0;)
		if (!is_known(outbox, outbox->notes->pdata[i]))
			drop(outbox, outbox->notes->pdata[i]);
	return outbox;
}

void baton_outbox_free(struct baton_outbox *outbox)
{
	if (!outbox)
		return;
	close_input(outbox);
	if (outbox->notes)
		g_ptr_array_unref(outbox->notes);
	g_free(outbox);
}

void baton_outbox_number(struct baton_outbox *outbox)
{
	outbox->numbered = true;
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
	if ((uint64_t)st->st_size > BATON_FILE_MAX) {
		close(fd);
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "%s is longer than 1 TiB; send it in parts",
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

/* Its machine sends it, or has; what was given up does not arrive. */
static bool is_on_its_way(const struct baton_outbox *outbox,
			  const struct baton_note *note)
{
	struct baton_file_info info;

	return !note->error &&
	       baton_note_info(note, outbox->files_of(outbox->user, note->bond),
			       &info) &&
	       (info.state == BATON_FILE_OUT_OFFERED ||
		info.state == BATON_FILE_OUT_DELIVERED);
}

const struct baton_note *baton_outbox_find(const struct baton_outbox *outbox,
					   const uint8_t *bond,
					   const char *path)
{
	g_autofree char *where = g_canonicalize_filename(path, NULL);
	struct stat st;
	guint i;

	if (stat(path, &st))
		return NULL;
	for (i = 0; i < outbox->notes->len; i++) {
		const struct baton_note *note = outbox->notes->pdata[i];

		if (bond && memcmp(note->bond, bond, sizeof(note->bond)) != 0)
			continue;
		if (!strcmp(note->where, where) && baton_note_is(note, &st) &&
		    is_on_its_way(outbox, note))
			return note;
	}
	return NULL;
}

static enum baton_err make_id(struct baton_outbox *outbox, uint8_t *id)
{
	uint8_t seed[32];
	enum baton_err err;

	if (outbox->numbered) {
		baton_store_be64(id, ++outbox->last);
		return BATON_OK;
	}
	err = baton_seed_get(seed);
	memcpy(id, seed, BATON_FILE_ID_LEN);
	return err;
}

static struct baton_note *new_note(struct baton_outbox *outbox,
				   const uint8_t *bond, const char *path,
				   const struct stat *st)
{
	struct baton_note *note = g_new0(struct baton_note, 1);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *utf8 = g_filename_display_name(base);
	char name[BATON_FILENAME_MAX + 1];

	if (!baton_filename_clean(name, (const uint8_t *)utf8, strlen(utf8)))
		strcpy(name, "_");
	if (make_id(outbox, note->id)) {
		baton_note_free(note);
		return NULL;
	}
	memcpy(note->bond, bond, sizeof(note->bond));
	note->outgoing = true;
	note->where = g_canonicalize_filename(path, NULL);
	note->name = g_strdup(name);
	baton_note_stat(note, st);
	return note;
}

static void say_why(enum baton_err err, const char *path, GError **error)
{
	if (err == BATON_ERR_SPACE)
		baton_fail_set(error, BATON_EXIT_TIMEOUT,
			       "too many files are on their way; send %s when "
			       "some have arrived",
			       path);
	else if (err == BATON_ERR_NOT_FOUND)
		baton_fail_set(error, BATON_EXIT_REFUSED,
			       "there is nobody to send %s to; pair first",
			       path);
	else if (err == BATON_ERR_TOO_LARGE)
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "the path of %s is too long", path);
	else if (err == BATON_ERR_STORE)
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot write to the store: %s",
			       baton_store_problem(errno));
	else
		baton_fail_set(error, BATON_EXIT_INTERNAL, "%s: %s", path,
			       baton_err_text(err));
}

const struct baton_note *
baton_outbox_send(struct baton_outbox *outbox,
		  const uint8_t bond[BATON_BOND_ID_LEN], const char *path,
		  GError **error)
{
	struct baton_files *files = outbox->files_of(outbox->user, bond);
	const struct baton_note *here = baton_outbox_find(outbox, bond, path);
	struct baton_note *note;
	struct stat st;
	enum baton_err err;
	int fd;

	if (here)
		return here;
	fd = open_input(path, &st, error);
	if (fd < 0)
		return NULL;
	close(fd);
	note = new_note(outbox, bond, path, &st);
	err = note ? baton_note_put(outbox->store, note) : BATON_ERR_RANDOM;
	if (!err)
		err = baton_files_send(files, note->id, note->total,
				       (const uint8_t *)note->name,
				       strlen(note->name), NULL, 0);
	if (!err) {
		g_ptr_array_add(outbox->notes, note);
		return note;
	}
	if (note && baton_note_delete(outbox->store, note))
		g_debug("a note was not deleted");
	baton_note_free(note);
	say_why(err, path, error);
	return NULL;
}

/* The reason of a file that is given up here is the note's error. */
static void give_up(struct baton_outbox *outbox, struct baton_note *note,
		    GError *why)
{
	struct baton_files *files = outbox->files_of(outbox->user, note->bond);

	if (outbox->open == note)
		close_input(outbox);
	if (note->error)
		g_error_free(why);
	else
		note->error = why;
	if (baton_files_cancel(files, note->id, BATON_REASON_INTERNAL))
		g_debug("it has ended already");
}

static GError *changed(const struct baton_note *note)
{
	GError *why = NULL;

	baton_fail_set(&why, BATON_EXIT_INPUT,
		       "%s: it was changed while it was being sent; send it "
		       "again",
		       note->name);
	return why;
}

/* Have the file open that is noted; false: it is given up. */
static bool open_noted(struct baton_outbox *outbox, struct baton_note *note)
{
	struct stat st;
	GError *why = NULL;

	if (outbox->open == note)
		return true;
	close_input(outbox);
	outbox->fd = open_input(note->where, &st, &why);
	if (outbox->fd >= 0 && !baton_note_is(note, &st))
		why = changed(note);
	if (why) {
		close_input(outbox);
		give_up(outbox, note, why);
		return false;
	}
	outbox->open = note;
	return true;
}

/* Have the bytes at the offset in the chunk; false if there are none. */
static bool fill_chunk(struct baton_outbox *outbox, struct baton_note *note,
		       uint64_t offset)
{
	size_t want = MIN(CHUNK, note->total - offset);
	struct stat st;
	ssize_t n;

	if (offset >= outbox->chunk_offset &&
	    offset - outbox->chunk_offset < outbox->chunk_len)
		return true;
	do {
		n = pread(outbox->fd, outbox->chunk, want, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	outbox->chunk_offset = offset;
	outbox->chunk_len = n > 0 ? (size_t)n : 0;
	/* The receiver must not take an old half and a new half for a file. */
	if (n > 0 && !fstat(outbox->fd, &st) && baton_note_is(note, &st))
		return true;
	if (n < 0) {
		GError *why = NULL;

		baton_fail_set(&why, BATON_EXIT_INPUT, "%s: %s", note->name,
			       g_strerror(errno));
		give_up(outbox, note, why);
	} else {
		give_up(outbox, note, changed(note));
	}
	return false;
}

static void supply(struct baton_outbox *outbox, struct baton_note *note,
		   uint64_t offset, uint64_t now_ms)
{
	struct baton_files *files = outbox->files_of(outbox->user, note->bond);

	if (!open_noted(outbox, note))
		return;
	while (offset < note->total) {
		size_t at;
		size_t taken = 0;

		if (!fill_chunk(outbox, note, offset))
			return;
		at = (size_t)(offset - outbox->chunk_offset);
		/* In every error the machine says when to go on. */
		if (baton_files_write(files, note->id, outbox->chunk + at,
				      outbox->chunk_len - at, &taken, now_ms) ||
		    !taken)
			return;
		offset += taken;
	}
}

/* Why the peer did not take it. */
static GError *refused(const struct baton_note *note, uint8_t reason)
{
	static const struct {
		enum baton_exit code;
		const char *text;
	} whys[] = {
		[BATON_REASON_PERSON] = {BATON_EXIT_REFUSED,
					 "the receiver does not want it"},
		[BATON_REASON_TOO_LARGE] =
			{BATON_EXIT_OUTPUT,
			 "it is larger than the receiver takes; let it take "
			 "more (--limit)"},
		[BATON_REASON_NO_ROOM] =
			{BATON_EXIT_OUTPUT,
			 "the receiver has no space for it; free some there "
			 "and send it again"},
		[BATON_REASON_NOT_ALLOWED] =
			{BATON_EXIT_REFUSED,
			 "the receiver does not take files; start it with "
			 "--receive DIR"},
		[BATON_REASON_INTERNAL] =
			{BATON_EXIT_PEER,
			 "the receiver refused it; look at what it says there"},
	};
	GError *why = NULL;

	if (reason == BATON_REASON_NONE || reason >= G_N_ELEMENTS(whys))
		reason = BATON_REASON_INTERNAL;
	baton_fail_set(&why, whys[reason].code, "%s: %s", note->name,
		       whys[reason].text);
	return why;
}

static void take_failed(struct baton_note *note,
			const struct baton_file_event *event)
{
	if (event->by_peer) {
		g_clear_error(&note->error);
		note->error = refused(note, event->reason);
	} else if (!note->error) {
		baton_fail_set(&note->error, BATON_EXIT_INTERRUPTED,
			       "%s: it was given up here", note->name);
	}
}

/* After a start: look whether it still is what was to be sent. */
static enum baton_outbox_news take_pending(struct baton_outbox *outbox,
					   struct baton_note *note)
{
	return open_noted(outbox, note) ? BATON_OUTBOX_BEGUN
					: BATON_OUTBOX_NOTHING;
}

enum baton_outbox_news baton_outbox_event(struct baton_outbox *outbox,
					  const uint8_t bond[BATON_BOND_ID_LEN],
					  const struct baton_file_event *event,
					  const struct baton_note **told,
					  uint64_t now_ms)
{
	struct baton_note *note = baton_note_find(outbox->notes, event->id);
	struct baton_files *files = outbox->files_of(outbox->user, bond);

	*told = note;
	if (!note) {
		/* Its end was told, or the store was put back. */
		if (baton_files_done(files, event->id, true))
			(void)!baton_files_cancel(files, event->id,
						  BATON_REASON_INTERNAL);
		return BATON_OUTBOX_NOTHING;
	}
	switch (event->type) {
	case BATON_FILE_PENDING:
		return take_pending(outbox, note);
	case BATON_FILE_STORED:
		return BATON_OUTBOX_BEGUN;
	case BATON_FILE_SUPPLY:
		supply(outbox, note, event->offset, now_ms);
		return BATON_OUTBOX_MORE;
	case BATON_FILE_DELIVERED:
		return BATON_OUTBOX_DELIVERED;
	case BATON_FILE_FAILED:
		take_failed(note, event);
		return BATON_OUTBOX_FAILED;
	case BATON_FILE_PROGRESS:
	case BATON_FILE_OFFERED:
	case BATON_FILE_RESUMED:
	case BATON_FILE_DATA:
	case BATON_FILE_COMPLETE:
	case BATON_FILE_CANCELLED:
	case BATON_FILE_STORE_FAILED:
		break;
	}
	return BATON_OUTBOX_NOTHING;
}

void baton_outbox_open(struct baton_outbox *outbox,
		       const uint8_t bond[BATON_BOND_ID_LEN])
{
	guint i;

	for (i = 0; i < outbox->notes->len; i++) {
		struct baton_note *note = outbox->notes->pdata[i];

		if (!note->total && is_on_its_way(outbox, note) &&
		    !memcmp(note->bond, bond, sizeof(note->bond)))
			(void)open_noted(outbox, note);
	}
}

void baton_outbox_done(struct baton_outbox *outbox,
		       const struct baton_note *note)
{
	struct baton_files *files = outbox->files_of(outbox->user, note->bond);

	if (baton_files_done(files, note->id, true))
		g_debug("it was done already");
	drop(outbox, note);
}

enum baton_err baton_outbox_cancel(struct baton_outbox *outbox,
				   const uint8_t id[BATON_FILE_ID_LEN])
{
	const struct baton_note *note = baton_note_find(outbox->notes, id);

	if (!note)
		return BATON_ERR_NOT_FOUND;
	return baton_files_cancel(outbox->files_of(outbox->user, note->bond),
				  id, BATON_REASON_PERSON);
}

void baton_outbox_forget(struct baton_outbox *outbox,
			 const uint8_t bond[BATON_BOND_ID_LEN])
{
	guint i;

	for (i = outbox->notes->len; i-- > 0;) {
		const struct baton_note *note = outbox->notes->pdata[i];

		if (!memcmp(note->bond, bond, sizeof(note->bond)))
			drop(outbox, note);
	}
}
