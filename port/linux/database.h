/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_DATABASE_H
#define BATON_PORT_LINUX_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "port/linux/seal.h"

/*
 * An SQLite file as the store wants it: nothing lost at a power cut, and what
 * was deleted overwritten (port/linux/DESIGN.md). Nothing of it is installed.
 */

/* So long one waits for another who looks at the file, which takes some ms. */
#define BATON_DATABASE_WAIT_MS 2000

/*
 * Open the file, which is there and may be empty: then the tables are made.
 * NULL: errno, as baton_store_open() says.
 */
sqlite3 *baton_database_open(const char *path);

/*
 * How the values are sealed: *found says whether there is a record. False:
 * errno, EBADMSG for one that makes no sense.
 */
bool baton_database_read_seal(sqlite3 *db, struct baton_seal_record *record,
			      bool *found);

/* Write it, for good. Only into a database that has none. False: errno. */
bool baton_database_write_seal(sqlite3 *db,
			       const struct baton_seal_record *record);

/* Set errno for what SQLite answered. */
void baton_database_errno(sqlite3 *db, int code);

#endif
