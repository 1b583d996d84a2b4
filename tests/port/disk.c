/* SPDX-License-Identifier: MIT */
#include "tests/port/disk.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX (1 << 22)

char *disk_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *bytes = calloc(1, FILE_MAX);

	assert_non_null(bytes);
	*len = 0;
	if (!f)
		return bytes;
	*len = fread(bytes, 1, FILE_MAX, f);
	fclose(f);
	return bytes;
}

size_t disk_sealed(const char *database, const char *key, uint8_t *out,
		   size_t max)
{
	sqlite3_stmt *row;
	size_t len = 0;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT value FROM value "
					    "WHERE key = ?1",
					    -1, &row, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(row) == SQLITE_ROW) {
		len = (size_t)sqlite3_column_bytes(row, 0);
		assert_true(len <= max);
		memcpy(out, sqlite3_column_blob(row, 0), len);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	return len;
}
