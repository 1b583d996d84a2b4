/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/fail.h"
#include "tools/filename.h"
#include "tools/hex.h"
#include "tools/inbox.h"
#include "tools/part.h"

#define TRIES 1000

/* A file that is being written by this process. */
struct coming {
	uint8_t id[BATON_FILE_ID_LEN];
	uint8_t bond[BATON_BOND_ID_LEN];
	int dir_fd; /* where the part is */
	struct baton_part *part;
	uint64_t total, taken, kept, begun;
	int problem; /* errno: what came was not made durable, and may be lost */
};

struct baton_inbox {
	struct baton_store *store;
	baton_files_of_fn files_of;
	void *user;
	char *dir; /* absolute; NULL: nothing new is taken */
	GPtrArray *notes;
	GPtrArray *coming;
	/* What was told last. */
	char *name;
	char *path;
	GError *error;
};

static void close_coming(struct coming *coming)
{
	/* It stays for the next start. */
	baton_part_leave(coming->part);
	if (coming->dir_fd >= 0)
		close(coming->dir_fd);
	g_free(coming);
}

static struct coming *find_coming(const struct baton_inbox *inbox,
				  const uint8_t *id)
{
	guint i;

	for (i = 0; i < inbox->coming->len; i++) {
		struct coming *coming = inbox->coming->pdata[i];

		if (!memcmp(coming->id, id, sizeof(coming->id)))
			return coming;
	}
	return NULL;
}

static struct baton_files *files_of(const struct baton_inbox *inbox,
				    const struct baton_note *note)
{
	return inbox->files_of(inbox->user, note->bond);
}

static char *temp_name(const struct baton_note *note)
{
	g_autofree char *id = baton_hex(note->id, sizeof(note->id));

	return g_strdup_printf(".baton-%s.part", id);
}

static int open_dir(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Erase what there is of a file, and forget it. */
static void erase(struct baton_inbox *inbox, const struct baton_note *note)
{
	struct coming *coming = find_coming(inbox, note->id);
	g_autofree char *temp = temp_name(note);
	int dir_fd = open_dir(note->where);

	if (coming)
		g_ptr_array_remove(inbox->coming, coming);
	if (dir_fd >= 0) {
		unlinkat(dir_fd, temp, 0);
		close(dir_fd);
	}
	baton_note_drop(inbox->store, inbox->notes, note);
}

/* Its machine still wants bytes, or a name for it. */
static bool is_wanted(const struct baton_inbox *inbox,
		      const struct baton_note *note)
{
	struct baton_file_info info;

	return baton_note_info(note, files_of(inbox, note), &info) &&
	       (info.state == BATON_FILE_IN_RECEIVING ||
		info.state == BATON_FILE_IN_COMPLETE);
}

static gboolean load(struct baton_inbox *inbox, GError **error)
{
	guint i;

	inbox->notes = baton_note_load(inbox->store, false);
	if (!inbox->notes) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot read the store: %s",
			       baton_store_problem(errno));
		return FALSE;
	}
	for (i = inbox->notes->len; i-- > 0;)
		if (!is_wanted(inbox, inbox->notes->pdata[i]))
			erase(inbox, inbox->notes->pdata[i]);
	return TRUE;
}

static gboolean check_dir(const char *dir, GError **error)
{
	int fd = open_dir(dir);
	gboolean good = fd >= 0 && !faccessat(fd, ".", W_OK, 0);

	if (!good)
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot write to the directory %s: %s; make "
			       "it, or name another",
			       dir, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

struct baton_inbox *baton_inbox_new(const char *dir, struct baton_store *store,
				    baton_files_of_fn of, void *user,
				    GError **error)
{
	struct baton_inbox *inbox = g_new0(struct baton_inbox, 1);

	inbox->store = store;
	inbox->files_of = of;
	inbox->user = user;
	inbox->coming =
		g_ptr_array_new_with_free_func((GDestroyNotify)close_coming);
	if (dir)
		inbox->dir = g_canonicalize_filename(dir, NULL);
	if ((!dir || check_dir(dir, error)) && load(inbox, error))
		return inbox;
	baton_inbox_free(inbox);
	return NULL;
}

void baton_inbox_free(struct baton_inbox *inbox)
{
	if (!inbox)
		return;
	g_ptr_array_unref(inbox->coming);
	if (inbox->notes)
		g_ptr_array_unref(inbox->notes);
	g_free(inbox->dir);
	g_free(inbox->name);
	g_free(inbox->path);
	g_clear_error(&inbox->error);
	g_free(inbox);
}

/* Say why, and have the sender told. */
static enum baton_inbox_news refuse(struct baton_inbox *inbox,
				    struct baton_files *files,
				    const uint8_t *id, enum baton_reason reason,
				    enum baton_exit code, const char *problem)
{
	g_clear_error(&inbox->error);
	baton_fail_set(&inbox->error, code, "%s", problem);
	if (baton_files_refuse(files, id, (uint8_t)reason))
		g_debug("it has ended already");
	return BATON_INBOX_REFUSED;
}

static bool is_full(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

/* The disk did not take it; errno says why. */
static enum baton_inbox_news refuse_disk(struct baton_inbox *inbox,
					 const struct baton_note *note)
{
	g_autofree char *problem = NULL;
	enum baton_reason reason = BATON_REASON_INTERNAL;
	int wrong = errno;

	/* open_part() calls it so. */
	if (wrong == ENOTDIR && access(note->where, F_OK))
		wrong = errno;
	if (is_full(wrong)) {
		reason = BATON_REASON_NO_ROOM;
		problem = g_strdup_printf("no space for %s in %s; free some "
					  "and have it sent again",
					  note->name, note->where);
	} else {
		problem = g_strdup_printf("cannot write %s in %s: %s; mend "
					  "that and have it sent again",
					  note->name, note->where,
					  g_strerror(wrong));
	}
	return refuse(inbox, files_of(inbox, note), note->id, reason,
		      BATON_EXIT_OUTPUT, problem);
}

/* Have its part open behind the offset; NULL, errno: ENOENT, it is gone. */
static struct coming *open_part(struct baton_inbox *inbox,
				const struct baton_note *note, uint64_t offset,
				bool fresh)
{
	struct coming *coming = g_new0(struct coming, 1);
	g_autofree char *temp = temp_name(note);
	int saved;

	memcpy(coming->id, note->id, sizeof(coming->id));
	memcpy(coming->bond, note->bond, sizeof(coming->bond));
	coming->total = note->total;
	coming->taken = offset;
	coming->kept = offset;
	coming->begun = offset;
	coming->dir_fd = open_dir(note->where);
	if (coming->dir_fd >= 0)
		coming->part = baton_part_open(coming->dir_fd, temp,
					       note->total, offset, fresh);
	if (coming->part) {
		g_ptr_array_add(inbox->coming, coming);
		return coming;
	}
	saved = coming->dir_fd < 0 && errno == ENOENT ? ENOTDIR : errno;
	close_coming(coming);
	errno = saved;
	return NULL;
}

static struct baton_note *new_note(struct baton_inbox *inbox,
				   const uint8_t *bond,
				   const struct baton_file_event *event,
				   const char *name)
{
	struct baton_note *note = g_new0(struct baton_note, 1);

	memcpy(note->id, event->id, sizeof(note->id));
	memcpy(note->bond, bond, sizeof(note->bond));
	note->total = event->total;
	note->where = g_strdup(inbox->dir);
	note->name = g_strdup(name);
	g_ptr_array_add(inbox->notes, note);
	return note;
}

static enum baton_inbox_news begin(struct baton_inbox *inbox,
				   const uint8_t *bond,
				   const struct baton_file_event *event)
{
	struct baton_files *files = inbox->files_of(inbox->user, bond);
	char name[BATON_FILENAME_MAX + 1];
	struct baton_note *note;
	enum baton_inbox_news news;

	if (!inbox->dir)
		return refuse(inbox, files, event->id, BATON_REASON_NOT_ALLOWED,
			      BATON_EXIT_REFUSED,
			      "refused a file; start with --receive DIR to "
			      "take files");
	if (!baton_filename_clean(name, event->meta, event->meta_len))
		return refuse(inbox, files, event->id, BATON_REASON_NOT_ALLOWED,
			      BATON_EXIT_PEER,
			      "refused a file whose name is not UTF-8; have it "
			      "renamed");
	note = new_note(inbox, bond, event, name);
	if (!baton_note_put(inbox->store, note) &&
	    open_part(inbox, note, 0, true) &&
	    !baton_files_accept(files, note->id, 0))
		return BATON_INBOX_BEGUN;
	news = refuse_disk(inbox, note);
	erase(inbox, note);
	return news;
}

/* After a start: from where it is durable, else anew. */
static enum baton_inbox_news resume(struct baton_inbox *inbox,
				    struct baton_note *note,
				    const struct baton_file_event *event)
{
	struct baton_files *files = files_of(inbox, note);
	struct coming *coming = open_part(inbox, note, event->offset, false);
	enum baton_inbox_news news;

	if (!coming && errno == ENOENT)
		coming = open_part(inbox, note, 0, true);
	if (coming && !baton_files_accept(files, note->id, coming->taken))
		return BATON_INBOX_BEGUN;
	news = refuse_disk(inbox, note);
	erase(inbox, note);
	return news;
}

/* What was written is durable; false: errno. */
static bool sync_part(struct baton_inbox *inbox, struct coming *coming)
{
	struct baton_files *files = inbox->files_of(inbox->user, coming->bond);

	if (baton_part_sync(coming->part))
		return false;
	coming->kept = coming->taken;
	if (baton_files_kept(files, coming->id, coming->kept))
		g_debug("it has ended already");
	return true;
}

static enum baton_inbox_news take(struct baton_inbox *inbox,
				  const struct baton_note *note,
				  const struct baton_file_event *event)
{
	struct coming *coming = find_coming(inbox, event->id);
	enum baton_inbox_news news;

	if (!coming || event->offset != coming->taken) {
		news = refuse(inbox, files_of(inbox, note), event->id,
			      BATON_REASON_INTERNAL, BATON_EXIT_INTERNAL,
			      "bytes are missing; have the file sent again");
		erase(inbox, note);
		return news;
	}
	errno = coming->problem;
	if (!coming->problem &&
	    !baton_part_write(coming->part, event->bytes, event->len)) {
		coming->taken += event->len;
		if (coming->taken < coming->total &&
		    coming->taken - coming->kept < BATON_INBOX_SYNC)
			return BATON_INBOX_MORE;
		if (sync_part(inbox, coming))
			return BATON_INBOX_MORE;
	}
	news = refuse_disk(inbox, note);
	erase(inbox, note);
	return news;
}

/*
 * Give it the first name that is not taken. The note has it before: where the
 * part is gone after a start, that is the file's name.
 */
static bool name_it(struct baton_inbox *inbox, struct baton_note *note,
		    const struct coming *coming)
{
	g_autofree char *plain = g_strdup(note->name);
	struct stat st;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		g_autofree char *name = baton_filename_numbered(plain, i);

		/* A note costs some syncs: none for a name that is taken. */
		if (!fstatat(coming->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (i) {
			g_free(note->name);
			note->name = g_steal_pointer(&name);
			if (baton_note_put(inbox->store, note))
				return false;
		}
		if (!baton_part_name(coming->part, note->name))
			return true;
		if (errno != EEXIST)
			return false;
	}
	errno = EEXIST;
	return false;
}

static enum baton_inbox_news complete(struct baton_inbox *inbox,
				      struct baton_note *note)
{
	struct coming *coming = find_coming(inbox, note->id);
	enum baton_inbox_news news;

	if (!coming)
		coming = open_part(inbox, note, note->total, false);
	/* Where it is gone it got its name before the process ended. */
	if ((!coming && errno != ENOENT) ||
	    (coming && !name_it(inbox, note, coming))) {
		news = refuse_disk(inbox, note);
		erase(inbox, note);
		return news;
	}
	g_free(inbox->path);
	inbox->path = g_build_filename(note->where, note->name, NULL);
	return BATON_INBOX_DONE;
}

static enum baton_inbox_news unknown(struct baton_inbox *inbox,
				     struct baton_files *files,
				     const struct baton_file_event *event)
{
	/* It was done, but for that the machine knows it. */
	if (event->type == BATON_FILE_COMPLETE ||
	    event->type == BATON_FILE_CANCELLED) {
		if (baton_files_done(files, event->id, false))
			g_debug("it is done already");
		return BATON_INBOX_NOTHING;
	}
	return refuse(inbox, files, event->id, BATON_REASON_INTERNAL,
		      BATON_EXIT_OUTPUT,
		      "refused a file that had begun, and is not here; have "
		      "it sent again");
}

static enum baton_inbox_news known(struct baton_inbox *inbox,
				   struct baton_note *note,
				   const struct baton_file_event *event)
{
	struct baton_files *files = files_of(inbox, note);

	switch (event->type) {
	case BATON_FILE_RESUMED:
		return resume(inbox, note, event);
	case BATON_FILE_DATA:
		return take(inbox, note, event);
	case BATON_FILE_COMPLETE:
		return complete(inbox, note);
	case BATON_FILE_CANCELLED:
		erase(inbox, note);
		if (baton_files_done(files, event->id, false))
			g_debug("it is done already");
		return BATON_INBOX_ABORTED;
	case BATON_FILE_OFFERED:
	case BATON_FILE_PENDING:
	case BATON_FILE_STORED:
	case BATON_FILE_SUPPLY:
	case BATON_FILE_PROGRESS:
	case BATON_FILE_DELIVERED:
	case BATON_FILE_FAILED:
	case BATON_FILE_STORE_FAILED:
		break;
	}
	return BATON_INBOX_NOTHING;
}

static enum baton_inbox_news take_event(struct baton_inbox *inbox,
					const uint8_t *bond,
					const struct baton_file_event *event)
{
	struct baton_note *note = baton_note_find(inbox->notes, event->id);

	if (event->type == BATON_FILE_OFFERED) {
		if (note)
			erase(inbox, note);
		return begin(inbox, bond, event);
	}
	if (note)
		return known(inbox, note, event);
	return unknown(inbox, inbox->files_of(inbox->user, bond), event);
}

enum baton_inbox_news baton_inbox_event(struct baton_inbox *inbox,
					const uint8_t bond[BATON_BOND_ID_LEN],
					const struct baton_file_event *event,
					struct baton_inbox_file *file)
{
	char name[BATON_FILENAME_MAX + 1] = "_";
	enum baton_inbox_news news;
	const struct coming *coming;

	(void)!baton_filename_clean(name, event->meta, event->meta_len);
	g_free(inbox->name);
	inbox->name = g_strdup(name);
	news = take_event(inbox, bond, event);
	coming = find_coming(inbox, event->id);
	memset(file, 0, sizeof(*file));
	file->id = event->id;
	file->name = inbox->name;
	file->path = inbox->path;
	file->total = event->total;
	file->taken = coming ? coming->taken : event->total;
	file->begun = coming ? coming->begun : 0;
	file->error = inbox->error;
	return news;
}

void baton_inbox_done(struct baton_inbox *inbox,
		      const uint8_t id[BATON_FILE_ID_LEN])
{
	struct baton_note *note = baton_note_find(inbox->notes, id);
	struct coming *coming = find_coming(inbox, id);

	if (!note)
		return;
	if (baton_files_done(files_of(inbox, note), id, false))
		g_debug("it is done already");
	if (coming)
		g_ptr_array_remove(inbox->coming, coming);
	baton_note_drop(inbox->store, inbox->notes, note);
}

void baton_inbox_sync(struct baton_inbox *inbox)
{
	guint i;

	for (i = 0; i < inbox->coming->len; i++) {
		struct coming *coming = inbox->coming->pdata[i];

		/* The next sync would succeed, without what this one lost. */
		if (coming->taken > coming->kept && !sync_part(inbox, coming))
			coming->problem = errno;
	}
}

enum baton_err baton_inbox_refuse(struct baton_inbox *inbox,
				  const uint8_t id[BATON_FILE_ID_LEN])
{
	struct baton_note *note = baton_note_find(inbox->notes, id);
	enum baton_err err;

	if (!note)
		return BATON_ERR_NOT_FOUND;
	err = baton_files_refuse(files_of(inbox, note), id,
				 BATON_REASON_PERSON);
	if (!err)
		erase(inbox, note);
	return err;
}

void baton_inbox_forget(struct baton_inbox *inbox,
			const uint8_t bond[BATON_BOND_ID_LEN])
{
	guint i;

	for (i = inbox->notes->len; i-- > 0;) {
		const struct baton_note *note = inbox->notes->pdata[i];

		if (!memcmp(note->bond, bond, sizeof(note->bond)))
			erase(inbox, note);
	}
}
