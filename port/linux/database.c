/* SPDX-License-Identifier: MIT */
#include "port/linux/database.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x4241544f /* "BATO" */
#define FORMAT 1

/* errno for what SQLite answered. */
void baton_database_errno(sqlite3 *db, int code)
{
	int system_errno = db ? sqlite3_system_errno(db) : 0;

	switch (code & 0xff) {
	case SQLITE_FULL:
		errno = ENOSPC;
		break;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_MISMATCH:
	case SQLITE_ERROR:
		errno = EBADMSG;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		errno = EBUSY;
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		errno = EACCES;
		break;
	case SQLITE_NOMEM:
		errno = ENOMEM;
		break;
	default:
		errno = system_errno ? system_errno : EIO;
		break;
	}
}

/* The integer that a pragma or a query gives; -1: none. */
static int64_t read_number(sqlite3 *db, const char *query)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;
	int code;

	code = sqlite3_prepare_v2(db, query, -1, &statement, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
		if (code == SQLITE_ROW)
			number = sqlite3_column_int64(statement, 0);
	}
	if (code != SQLITE_ROW)
		baton_database_errno(db, code);
	sqlite3_finalize(statement);
	return number;
}

static bool reads_as(sqlite3 *db, const char *query, const char *expected)
{
	sqlite3_stmt *statement = NULL;
	const char *text;
	bool same = false;
	int code;

	code = sqlite3_prepare_v2(db, query, -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(statement, 0);
		same = text && !strcmp(text, expected);
		code = SQLITE_CORRUPT;
	}
	if (!same)
		baton_database_errno(db, code);
	sqlite3_finalize(statement);
	return same;
}

static bool run(sqlite3 *db, const char *text)
{
	int code = sqlite3_exec(db, text, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		baton_database_errno(db, code);
	return code == SQLITE_OK;
}

static bool make_tables(sqlite3 *db)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "BEGIN IMMEDIATE;"
		 "PRAGMA application_id = %d;"
		 "PRAGMA user_version = %d;"
		 "CREATE TABLE value (key TEXT PRIMARY KEY NOT NULL,"
		 " value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
		 "CREATE TABLE seal (method TEXT NOT NULL,"
		 " blob BLOB NOT NULL, probe BLOB NOT NULL) STRICT;"
		 "COMMIT;",
		 APPLICATION_ID, FORMAT);
	return run(db, text);
}

/* Ours, of this format and whole; made if it is empty. */
static bool check_format(sqlite3 *db)
{
	int64_t tables = read_number(db, "SELECT count(*) FROM sqlite_schema");
	int64_t id = read_number(db, "PRAGMA application_id");
	int64_t format = read_number(db, "PRAGMA user_version");

	if (tables < 0 || id < 0 || format < 0)
		return false;
	if (!tables && !id && !format)
		return make_tables(db);
	if (id != APPLICATION_ID || format < FORMAT) {
		errno = EBADMSG;
		return false;
	}
	if (format > FORMAT) {
		errno = ENOTSUP;
		return false;
	}
	return reads_as(db, "PRAGMA quick_check(1)", "ok");
}

sqlite3 *baton_database_open(const char *path)
{
	sqlite3 *db = NULL;
	int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	int saved;

	if (code != SQLITE_OK) {
		baton_database_errno(db, code);
		goto fail;
	}
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BATON_DATABASE_WAIT_MS);
	/* A copy of a value must not get into a file that nobody overwrites. */
	if (run(db, "PRAGMA temp_store = MEMORY;"
		    "PRAGMA trusted_schema = OFF;"
		    "PRAGMA cell_size_check = ON;"
		    "PRAGMA synchronous = FULL;"
		    "PRAGMA secure_delete = ON") &&
	    reads_as(db, "PRAGMA journal_mode = TRUNCATE", "truncate") &&
	    check_format(db))
		return db;
fail:
	saved = errno;
	sqlite3_close(db);
	errno = saved;
	return NULL;
}

static const char *const methods[] = {
	[BATON_SEAL_TPM] = "tpm",
	[BATON_SEAL_CREDENTIAL] = "credential",
	[BATON_SEAL_FILE] = "file",
};

static enum baton_seal_method method_of(const char *name)
{
	size_t i;

	for (i = BATON_SEAL_TPM; i <= BATON_SEAL_FILE; i++)
		if (name && !strcmp(name, methods[i]))
			return (enum baton_seal_method)i;
	return BATON_SEAL_BEST;
}

/* Read a row's columns; false: it makes no sense. */
static bool take_record(sqlite3_stmt *row, struct baton_seal_record *record)
{
	int blob_len = sqlite3_column_bytes(row, 1);
	int probe_len = sqlite3_column_bytes(row, 2);

	memset(record, 0, sizeof(*record));
	record->method = method_of((const char *)sqlite3_column_text(row, 0));
	if (record->method == BATON_SEAL_BEST || blob_len < 0 ||
	    (size_t)blob_len > sizeof(record->blob) ||
	    probe_len != (int)sizeof(record->probe))
		return false;
	record->blob_len = (size_t)blob_len;
	if (blob_len)
		memcpy(record->blob, sqlite3_column_blob(row, 1),
		       (size_t)blob_len);
	memcpy(record->probe, sqlite3_column_blob(row, 2),
	       sizeof(record->probe));
	return true;
}

bool baton_database_read_seal(sqlite3 *db, struct baton_seal_record *record,
			      bool *found)
{
	sqlite3_stmt *row = NULL;
	int code;

	code = sqlite3_prepare_v2(db, "SELECT method, blob, probe FROM seal",
				  -1, &row, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	*found = code == SQLITE_ROW;
	if (*found && !take_record(row, record))
		code = SQLITE_CORRUPT;
	sqlite3_finalize(row);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return true;
	baton_database_errno(db, code);
	return false;
}

bool baton_database_write_seal(sqlite3 *db,
			       const struct baton_seal_record *record)
{
	sqlite3_stmt *row = NULL;
	int code;

	code = sqlite3_prepare_v2(db,
				  "INSERT INTO seal (method, blob, probe) "
				  "VALUES (?1, ?2, ?3)",
				  -1, &row, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(row, 1, methods[record->method], -1,
					 SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob64(row, 2, record->blob,
					   record->blob_len, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob64(row, 3, record->probe,
					   sizeof(record->probe),
					   SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(row);
	if (code != SQLITE_DONE)
		baton_database_errno(db, code);
	sqlite3_finalize(row);
	return code == SQLITE_DONE;
}
