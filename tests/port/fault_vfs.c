/* SPDX-License-Identifier: MIT */
#include "tests/port/fault_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault fault;

/* A file of the usual VFS behind ours. */
struct file {
	sqlite3_file base;
	sqlite3_io_methods methods;
	sqlite3_file *real;
};

static sqlite3_vfs *usual;
static sqlite3_vfs ours;

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct file *)f)->real;
}

/* A change is to be made: SQLITE_FULL if it fails. */
static int change(void)
{
	fault.changes++;
	if (fault.die_at && fault.changes >= fault.die_at)
		_exit(9);
	return fault.fail_at && fault.changes >= fault.fail_at ? SQLITE_FULL
							       : SQLITE_OK;
}

static int on_close(sqlite3_file *f)
{
	int code = real(f)->pMethods->xClose(real(f));

	free(real(f));
	return code;
}

static int on_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), p, n, at);
}

static int on_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int code = change();

	if (code)
		return code;
	fault.unsynced++;
	return real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int code = change();

	if (code)
		return code;
	fault.unsynced++;
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int on_sync(sqlite3_file *f, int flags)
{
	int code = change();

	if (code && fault.sync_fails)
		return SQLITE_IOERR_FSYNC;
	fault.unsynced = 0;
	return fault.no_sync ? SQLITE_OK
			     : real(f)->pMethods->xSync(real(f), flags);
}

static int on_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int on_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int on_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int on_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int on_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int on_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int on_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
		   int flags, int *out)
{
	struct file *file = (struct file *)f;
	int code;

	(void)vfs;
	memset(file, 0, sizeof(*file));
	file->real = calloc(1, (size_t)usual->szOsFile);
	if (!file->real)
		return SQLITE_NOMEM;
	code = usual->xOpen(usual, name, file->real, flags, out);
	if (code) {
		free(file->real);
		return code;
	}
	file->methods = (sqlite3_io_methods){
		.iVersion = 1,
		.xClose = on_close,
		.xRead = on_read,
		.xWrite = on_write,
		.xTruncate = on_truncate,
		.xSync = on_sync,
		.xFileSize = on_size,
		.xLock = on_lock,
		.xUnlock = on_unlock,
		.xCheckReservedLock = on_reserved,
		.xFileControl = on_control,
		.xSectorSize = on_sector,
		.xDeviceCharacteristics = on_traits,
	};
	file->base.pMethods = &file->methods;
	return SQLITE_OK;
}

void fault_install(void)
{
	usual = sqlite3_vfs_find(NULL);
	ours = *usual;
	ours.zName = "fault";
	ours.szOsFile = sizeof(struct file);
	ours.xOpen = on_open;
	sqlite3_vfs_register(&ours, 1);
}
