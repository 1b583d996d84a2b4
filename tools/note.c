/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/bytes.h"
#include "tools/hex.h"
#include "tools/note.h"

#define FORMAT 1
#define FIXED_LEN 37 /* before where, which ends with a 0, and name */
#define NAME_MAX_LEN 255

static void put_key(char key[BATON_STORE_KEY_MAX],
		    const struct baton_note *note)
{
	g_autofree char *id = baton_hex(note->id, sizeof(note->id));

	g_snprintf(key, BATON_STORE_KEY_MAX, "%s%s",
		   note->outgoing ? "send/" : "take/", id);
}

void baton_note_free(struct baton_note *note)
{
	if (!note)
		return;
	g_free(note->where);
	g_free(note->name);
	g_clear_error(&note->error);
	g_free(note);
}

void baton_note_stat(struct baton_note *note, const struct stat *st)
{
	note->total = (uint64_t)st->st_size;
	note->inode = st->st_ino;
	note->changed_s = st->st_mtim.tv_sec;
	note->changed_ns = (uint32_t)st->st_mtim.tv_nsec;
}

bool baton_note_is(const struct baton_note *note, const struct stat *st)
{
	return note->total == (uint64_t)st->st_size &&
	       note->inode == st->st_ino &&
	       note->changed_s == st->st_mtim.tv_sec &&
	       note->changed_ns == (uint32_t)st->st_mtim.tv_nsec;
}

enum baton_err baton_note_put(struct baton_store *store,
			      const struct baton_note *note)
{
	uint8_t value[FIXED_LEN + BATON_NOTE_WHERE_MAX + 1 + NAME_MAX_LEN];
	char key[BATON_STORE_KEY_MAX];
	size_t where_len = strlen(note->where) + 1;
	size_t name_len = strlen(note->name);

	if (where_len > BATON_NOTE_WHERE_MAX + 1 || name_len > NAME_MAX_LEN)
		return BATON_ERR_TOO_LARGE;
	if (!store)
		return BATON_OK;
	memset(value, 0, FIXED_LEN);
	value[0] = FORMAT;
	memcpy(value + 1, note->bond, BATON_BOND_ID_LEN);
	baton_store_be64(value + 9, note->total);
	baton_store_be64(value + 17, note->inode);
	baton_store_be64(value + 25, (uint64_t)note->changed_s);
	baton_store_be32(value + 33, note->changed_ns);
	memcpy(value + FIXED_LEN, note->where, where_len);
	memcpy(value + FIXED_LEN + where_len, note->name, name_len);
	put_key(key, note);
	return baton_store_put(store, key, value,
			       FIXED_LEN + where_len + name_len);
}

enum baton_err baton_note_delete(struct baton_store *store,
				 const struct baton_note *note)
{
	char key[BATON_STORE_KEY_MAX];

	if (!store)
		return BATON_OK;
	put_key(key, note);
	return baton_store_delete(store, key);
}

void baton_note_drop(struct baton_store *store, GPtrArray *notes,
		     const struct baton_note *note)
{
	if (baton_note_delete(store, note))
		g_debug("a note was not deleted");
	g_ptr_array_remove(notes, (gpointer)note);
}

static enum baton_err load(void *user, const char *key, const uint8_t *value,
			   size_t len)
{
	struct baton_note *note = g_new0(struct baton_note, 1);
	const uint8_t *end = NULL;

	if (len > FIXED_LEN && value[0] == FORMAT &&
	    baton_hex_read(key + strlen("send/"), note->id, sizeof(note->id)))
		end = memchr(value + FIXED_LEN, 0, len - FIXED_LEN);
	if (!end) {
		/* What cannot be read is as good as none. */
		baton_note_free(note);
		return BATON_OK;
	}
	note->outgoing = g_str_has_prefix(key, "send/");
	memcpy(note->bond, value + 1, BATON_BOND_ID_LEN);
	note->total = baton_load_be64(value + 9);
	note->inode = baton_load_be64(value + 17);
	note->changed_s = (int64_t)baton_load_be64(value + 25);
	note->changed_ns = baton_load_be32(value + 33);
	note->where = g_strdup((const char *)value + FIXED_LEN);
	note->name = g_strndup((const char *)end + 1,
			       (gsize)(value + len - end - 1));
	g_ptr_array_add(user, note);
	return BATON_OK;
}

GPtrArray *baton_note_load(struct baton_store *store, bool outgoing)
{
	GPtrArray *notes =
		g_ptr_array_new_with_free_func((GDestroyNotify)baton_note_free);

	if (!store ||
	    !baton_store_each(store, outgoing ? "send/" : "take/", load, notes))
		return notes;
	g_ptr_array_unref(notes);
	return NULL;
}

struct baton_note *baton_note_find(const GPtrArray *notes,
				   const uint8_t id[BATON_FILE_ID_LEN])
{
	guint i;

	for (i = 0; i < notes->len; i++) {
		struct baton_note *note = notes->pdata[i];

		if (!memcmp(note->id, id, BATON_FILE_ID_LEN))
			return note;
	}
	return NULL;
}

bool baton_note_info(const struct baton_note *note, struct baton_files *files,
		     struct baton_file_info *info)
{
	size_t i;

	for (i = 0; files && !baton_files_info(files, i, info); i++)
		if (info->outgoing == note->outgoing &&
		    !memcmp(info->id, note->id, sizeof(info->id)))
			return true;
	return false;
}
