/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include "tests/support/folder.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define OPEN_FOLDERS 16 /* at a time */

struct folder {
	struct folder *next;
	char path[FOLDER_MAX];
};

static struct folder *folders;
static pid_t owner;

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path);
	return 0;
}

static void remove_all(void)
{
	struct folder *folder;

	/* They are not a child's, even if it ends in good order. */
	if (getpid() != owner)
		return;
	while ((folder = folders)) {
		nftw(folder->path, remove_one, OPEN_FOLDERS,
		     FTW_DEPTH | FTW_PHYS);
		folders = folder->next;
		free(folder);
	}
}

const char *folder_make(void)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	const char *parent = getenv("TMPDIR");
	int len;

	assert_non_null(folder);
	len = snprintf(folder->path, sizeof(folder->path),
		       "%s/baton-test-XXXXXX", parent ? parent : "/tmp");
	assert_in_range(len, 1, sizeof(folder->path) - 1);
	assert_non_null(mkdtemp(folder->path));
	if (!owner) {
		owner = getpid();
		assert_int_equal(atexit(remove_all), 0);
	}
	folder->next = folders;
	folders = folder;
	return folder->path;
}
