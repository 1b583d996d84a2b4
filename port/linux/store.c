/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include "port/linux/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/linux/database.h"
#include "port/linux/place.h"
#include "port/linux/seal.h"

#define FILE_NAME "store.db"

/* What is prepared once; in this order below. */
enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	HAS,
	GET,
	EACH,
	DELETE,
	INSERT,
	CLEAR,
	STATEMENTS,
};

#define EACH_SQL                        \
	"SELECT key, value FROM value " \
	"WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key"

static const char *const sql[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[HAS] = "SELECT 1 FROM value WHERE key = ?1",
	[GET] = "SELECT value FROM value WHERE key = ?1",
	[EACH] = EACH_SQL,
	[DELETE] = "DELETE FROM value WHERE key = ?1",
	[INSERT] = "INSERT INTO value (key, value) VALUES (?1, ?2)",
	[CLEAR] = "DELETE FROM value",
};

struct baton_store {
	int dir_fd;
	struct baton_seal *seal;
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
};

/* A row on its way out of the database and back into it. */
struct row {
	char key[BATON_STORE_KEY_MAX];
	uint8_t *value;
	size_t len;
};

const char *baton_store_problem(int error)
{
	switch (error) {
	case EPERM:
		return "others may enter it, or read what is in it; chmod 700 "
		       "the directory and 600 the files";
	case EBUSY:
		return "another baton uses the store; end that first";
	case EBADMSG:
		return "what is there is no store of Baton, or is damaged; "
		       "move it away and pair again";
	case ENOTSUP:
		return "a newer version of Baton wrote it; use that one";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "the disk is full; free some space";
	case ENODEV:
		return "it is sealed by a TPM that is not here; use the "
		       "machine it was made on, with access to /dev/tpmrm0";
	case ENOKEY:
		return "the key that seals it is not here; run the service "
		       "with its credential, or bring back store.key";
	case EKEYREJECTED:
		return "it was sealed with another key: another TPM, one that "
		       "was cleared, or a copy; pair again with another store";
	case EKEYREVOKED:
		return "the TPM that seals it wants an owner password, or is "
		       "switched off; undo that (tpm2_changeauth -c owner)";
	case EAGAIN:
		return "the TPM is locked out after wrong passwords; wait, or "
		       "reset it with tpm2_dictionarylockout";
	case EACCES:
	case EROFS:
		return "it may not be written; check its rights, and the "
		       "directories above";
	default:
		return strerror(error);
	}
}

static bool is_key(const char *key)
{
	size_t i;

	for (i = 0; key[i]; i++) {
		char c = key[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';

		if (i == BATON_STORE_KEY_MAX - 1 ||
		    (!letter && !digit && c != '/'))
			return false;
	}
	return i > 0;
}

static bool open_database(struct baton_store *store, const char *dir)
{
	char *path = sqlite3_mprintf("%s/" FILE_NAME, dir);
	int code;
	int i;

	if (!path) {
		errno = ENOMEM;
		return false;
	}
	store->db = baton_database_open(path);
	sqlite3_free(path);
	if (!store->db)
		return false;
	for (i = 0; i < STATEMENTS; i++) {
		code = sqlite3_prepare_v3(store->db, sql[i], -1,
					  SQLITE_PREPARE_PERSISTENT,
					  &store->statement[i], NULL);
		if (code != SQLITE_OK) {
			baton_database_errno(store->db, code);
			return false;
		}
	}
	return true;
}

/* The seal of a store; a store without one has no values, and gets one. */
static bool find_seal(struct baton_store *store, enum baton_seal_method method)
{
	struct baton_seal_record record;
	bool found;

	if (!baton_database_read_seal(store->db, &record, &found))
		return false;
	if (found) {
		store->seal = baton_seal_find(store->dir_fd, &record);
		return store->seal;
	}
	store->seal = baton_seal_new(store->dir_fd, method, &record);
	return store->seal && baton_database_write_seal(store->db, &record);
}

enum baton_err baton_store_open(struct baton_store **store, const char *dir)
{
	return baton_store_open_sealed(store, dir, BATON_SEAL_BEST);
}

enum baton_err baton_store_open_sealed(struct baton_store **store,
				       const char *dir,
				       enum baton_seal_method method)
{
	struct baton_store *s = calloc(1, sizeof(*s));
	int saved;

	if (!s)
		return BATON_ERR_SPACE;
	s->dir_fd = baton_place_hold(dir);
	if (s->dir_fd >= 0 && !baton_place_file(s->dir_fd, FILE_NAME) &&
	    open_database(s, dir) && find_seal(s, method)) {
		*store = s;
		return BATON_OK;
	}
	saved = errno;
	baton_store_close(s);
	errno = saved;
	return BATON_ERR_STORE;
}

void baton_store_close(struct baton_store *store)
{
	int i;

	if (!store)
		return;
	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statement[i]);
	sqlite3_close(store->db);
	baton_seal_free(store->seal);
	/* Last: this lets the next process in. */
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store);
}

/* Writing. */

/* Bind a key, and a value unless it is NULL. */
static int bind(sqlite3_stmt *statement, const char *key, const uint8_t *value,
		size_t len)
{
	int code = SQLITE_OK;

	if (key)
		code = sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (code == SQLITE_OK && value)
		code = sqlite3_bind_blob64(statement, 2, value, len,
					   SQLITE_STATIC);
	return code;
}

/* Run one to its end; true on the first row (*found) or without any. */
static bool step(struct baton_store *store, enum statement which,
		 const char *key, const uint8_t *value, size_t len, bool *found)
{
	sqlite3_stmt *statement = store->statement[which];
	int code = bind(statement, key, value, len);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (found)
		*found = code == SQLITE_ROW;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		baton_database_errno(store->db, code);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE;
}

static bool write_one(struct baton_store *store,
		      const struct baton_store_write *write, bool *removed)
{
	uint8_t sealed[BATON_STORE_VALUE_MAX + BATON_SEAL_EXTRA_LEN];
	bool found;

	if (!step(store, HAS, write->key, NULL, 0, &found))
		return false;
	*removed |= found;
	if (found && !step(store, DELETE, write->key, NULL, 0, NULL))
		return false;
	if (write->kind == BATON_STORE_DELETE)
		return true;
	baton_seal_value(store->seal, write->key, write->value,
			 write->value_len, sealed);
	return step(store, INSERT, write->key, sealed,
		    write->value_len + BATON_SEAL_EXTRA_LEN, NULL);
}

static void free_rows(struct row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(rows[i].value);
	free(rows);
}

static bool add_row(struct row **rows, size_t *count, sqlite3_stmt *statement)
{
	struct row *more = realloc(*rows, (*count + 1) * sizeof(**rows));
	struct row *row;

	if (!more)
		return false;
	*rows = more;
	row = &more[*count];
	snprintf(row->key, sizeof(row->key), "%s",
		 (const char *)sqlite3_column_text(statement, 0));
	row->len = (size_t)sqlite3_column_bytes(statement, 1);
	row->value = malloc(row->len + 1);
	if (!row->value)
		return false;
	memcpy(row->value, sqlite3_column_blob(statement, 1), row->len);
	(*count)++;
	return true;
}

static bool read_rows(struct baton_store *store, struct row **rows,
		      size_t *count)
{
	sqlite3_stmt *statement = store->statement[EACH];
	int code = bind(statement, "", NULL, 0);

	*rows = NULL;
	*count = 0;
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		if (code == SQLITE_ROW && !add_row(rows, count, statement))
			code = SQLITE_NOMEM;
	}
	if (code != SQLITE_DONE)
		baton_database_errno(store->db, code);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return code == SQLITE_DONE;
}

/*
 * secure_delete overwrites what is deleted where it stands, and not what the
 * tree left elsewhere when it moved that value from one page to another. All
 * pages are overwritten when the table is cleared, so everything that stays is
 * taken out and put back, in the same transaction.
 */
static bool rewrite(struct baton_store *store)
{
	struct row *rows;
	size_t count;
	size_t i;
	bool good = read_rows(store, &rows, &count) &&
		    step(store, CLEAR, NULL, NULL, 0, NULL);

	for (i = 0; i < count && good; i++)
		good = step(store, INSERT, rows[i].key, rows[i].value,
			    rows[i].len, NULL);
	free_rows(rows, count);
	return good;
}

static bool write_all(struct baton_store *store,
		      const struct baton_store_op *op)
{
	bool removed = false;
	size_t i;

	if (!step(store, BEGIN, NULL, NULL, 0, NULL))
		return false;
	for (i = 0; i < op->count; i++)
		if (!write_one(store, &op->write[i], &removed))
			return false;
	return (!removed || rewrite(store)) &&
	       step(store, COMMIT, NULL, NULL, 0, NULL);
}

enum baton_err baton_store_apply(struct baton_store *store,
				 const struct baton_store_op *op)
{
	size_t i;
	int saved;

	if (!op->count || op->count > BATON_STORE_WRITES_MAX)
		return BATON_ERR_ARG;
	for (i = 0; i < op->count; i++)
		if (!is_key(op->write[i].key) ||
		    (op->write[i].kind == BATON_STORE_PUT &&
		     op->write[i].value_len > BATON_STORE_VALUE_MAX))
			return BATON_ERR_ARG;
	if (write_all(store, op))
		return BATON_OK;
	saved = errno;
	if (!sqlite3_get_autocommit(store->db))
		(void)step(store, ROLLBACK, NULL, NULL, 0, NULL);
	errno = saved;
	return BATON_ERR_STORE;
}

enum baton_err baton_store_put(struct baton_store *store, const char *key,
			       const uint8_t *value, size_t len)
{
	const struct baton_store_op op = {
		.count = 1,
		.write = {{BATON_STORE_PUT, key, value, len}},
	};

	return baton_store_apply(store, &op);
}

enum baton_err baton_store_delete(struct baton_store *store, const char *key)
{
	const struct baton_store_op op = {
		.count = 1,
		.write = {{BATON_STORE_DELETE, key, NULL, 0}},
	};

	return baton_store_apply(store, &op);
}

/* Reading. */

/* Open what a column holds; *len is its length. */
static enum baton_err open_column(struct baton_store *store, const char *key,
				  sqlite3_stmt *row, int column, uint8_t *value,
				  size_t cap, size_t *len)
{
	size_t sealed_len = (size_t)sqlite3_column_bytes(row, column);

	if (sealed_len < BATON_SEAL_EXTRA_LEN) {
		errno = EBADMSG;
		return BATON_ERR_STORE;
	}
	*len = sealed_len - BATON_SEAL_EXTRA_LEN;
	if (*len > cap)
		return BATON_ERR_SPACE;
	return baton_seal_open(store->seal, key,
			       sqlite3_column_blob(row, column), sealed_len,
			       value)
		       ? BATON_OK
		       : BATON_ERR_STORE;
}

enum baton_err baton_store_get(struct baton_store *store, const char *key,
			       uint8_t *value, size_t cap, size_t *len)
{
	sqlite3_stmt *row = store->statement[GET];
	enum baton_err err;
	int code;

	if (!is_key(key))
		return BATON_ERR_ARG;
	code = bind(row, key, NULL, 0);
	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	if (code == SQLITE_ROW) {
		err = open_column(store, key, row, 0, value, cap, len);
	} else if (code == SQLITE_DONE) {
		err = BATON_ERR_NOT_FOUND;
	} else {
		baton_database_errno(store->db, code);
		err = BATON_ERR_STORE;
	}
	sqlite3_reset(row);
	sqlite3_clear_bindings(row);
	return err;
}

enum baton_err
baton_store_each(struct baton_store *store, const char *prefix,
		 enum baton_err (*fn)(void *user, const char *key,
				      const uint8_t *value, size_t len),
		 void *user)
{
	sqlite3_stmt *row = store->statement[EACH];
	uint8_t value[BATON_STORE_VALUE_MAX];
	enum baton_err err = BATON_OK;
	int code = bind(row, prefix, NULL, 0);
	const char *key;
	size_t len;

	while (!err && (code == SQLITE_OK || code == SQLITE_ROW)) {
		code = sqlite3_step(row);
		if (code != SQLITE_ROW)
			break;
		key = (const char *)sqlite3_column_text(row, 0);
		err = open_column(store, key, row, 1, value, sizeof(value),
				  &len);
		if (!err)
			err = fn(user, key, value, len);
		explicit_bzero(value, sizeof(value));
	}
	if (!err && code != SQLITE_DONE) {
		baton_database_errno(store->db, code);
		err = BATON_ERR_STORE;
	}
	sqlite3_reset(row);
	sqlite3_clear_bindings(row);
	return err;
}

/* Looking. */

/*
 * The record of the store in the directory, which may be in use. Not read-only:
 * where a program was killed, SQLite first takes back what that left undone.
 */
static enum baton_err look_at(const char *path,
			      struct baton_seal_record *record)
{
	enum baton_err err = BATON_ERR_STORE;
	sqlite3 *db = NULL;
	bool found;
	int saved;
	int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	sqlite3_busy_timeout(db, BATON_DATABASE_WAIT_MS);
	if (code != SQLITE_OK)
		baton_database_errno(db, code);
	else if (baton_database_read_seal(db, record, &found))
		err = found ? BATON_OK : BATON_ERR_NOT_FOUND;
	saved = errno;
	sqlite3_close(db);
	errno = saved;
	return err;
}

/* Does the key of it come? */
static enum baton_err look_for_key(const char *dir,
				   const struct baton_seal_record *record)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct baton_seal *seal;
	int saved;

	if (fd < 0)
		return BATON_ERR_STORE;
	seal = baton_seal_find(fd, record);
	saved = errno;
	close(fd);
	baton_seal_free(seal);
	errno = saved;
	return seal ? BATON_OK : BATON_ERR_STORE;
}

enum baton_err baton_store_look(const char *dir, enum baton_seal_method *method)
{
	struct baton_seal_record record;
	char path[PATH_MAX];
	enum baton_err err;
	int len = snprintf(path, sizeof(path), "%s/" FILE_NAME, dir);

	*method = baton_seal_best();
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return BATON_ERR_STORE;
	}
	if (access(path, F_OK))
		return errno == ENOENT || errno == ENOTDIR ? BATON_ERR_NOT_FOUND
							   : BATON_ERR_STORE;
	err = look_at(path, &record);
	if (err)
		return err;
	*method = record.method;
	return look_for_key(dir, &record);
}
