/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tools/filename.h"
#include "tools/part.h"

#define TRIES 1000

struct baton_part {
	int dir_fd;
	int fd;
	char *name;
	char *temp; /* NULL: it has its name */
};

/* True if fd, which is locked, still is what the directory calls temp. */
static bool is_ours(int dir_fd, const char *temp, int fd)
{
	struct stat a;
	struct stat b;

	return !fstat(fd, &a) &&
	       !fstatat(dir_fd, temp, &b, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(a.st_mode) && a.st_nlink == 1 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/*
 * Open a temporary file that no other process is writing, to go on behind
 * offset. -1, errno: EBUSY, it is another process's, or no file.
 */
static int open_one(int dir_fd, const char *temp, uint64_t offset, bool fresh)
{
	int create = fresh ? O_CREAT : 0;
	int fd = openat(dir_fd, temp,
			O_WRONLY | create | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			0666);
	struct stat st;
	int saved = EBUSY;

	if (fd < 0) {
		if (errno == ELOOP || errno == ENXIO)
			errno = EBUSY;
		return -1;
	}
	if (!flock(fd, LOCK_EX | LOCK_NB) && is_ours(dir_fd, temp, fd)) {
		saved = ENOENT;
		if (!fstat(fd, &st) && (uint64_t)st.st_size >= offset &&
		    !ftruncate(fd, (off_t)offset) &&
		    lseek(fd, (off_t)offset, SEEK_SET) >= 0)
			return fd;
	}
	close(fd);
	errno = saved;
	return -1;
}

static int open_temp(struct baton_part *part)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		g_autofree char *temp =
			i ? g_strdup_printf(".%s.%u.part", part->name, i)
			  : g_strdup_printf(".%s.part", part->name);
		int fd = open_one(part->dir_fd, temp, 0, true);

		if (fd >= 0)
			part->temp = g_steal_pointer(&temp);
		if (fd >= 0 || errno != EBUSY)
			return fd;
	}
	errno = EEXIST;
	return -1;
}

static int reserve(int fd, uint64_t total)
{
	struct statvfs vfs;

	if (!total || total == UINT64_MAX)
		return 0;
	if (total > INT64_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (!fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)total))
		return 0;
	if (errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	if (!fstatvfs(fd, &vfs) &&
	    total / vfs.f_frsize >= (uint64_t)vfs.f_bavail) {
		errno = ENOSPC;
		return -1;
	}
	return 0;
}

/* The names in it are durable. */
static bool sync_dir(int dir_fd)
{
	/* Not every file system can sync a directory, or must. */
	return !fsync(dir_fd) || errno == EINVAL;
}

/* The part, if it is open and has its room; else it is freed. */
static struct baton_part *reserved(struct baton_part *part, uint64_t total,
				   bool keep)
{
	int saved;

	if (part->fd >= 0 && !reserve(part->fd, total) &&
	    (!keep || sync_dir(part->dir_fd)))
		return part;
	saved = errno;
	baton_part_free(part);
	errno = saved;
	return NULL;
}

struct baton_part *baton_part_new(int dir_fd, const char *name, uint64_t total)
{
	struct baton_part *part = g_new0(struct baton_part, 1);

	part->dir_fd = dir_fd;
	part->name = g_strdup(name);
	part->fd = open_temp(part);
	return reserved(part, total, false);
}

struct baton_part *baton_part_open(int dir_fd, const char *temp, uint64_t total,
				   uint64_t offset, bool fresh)
{
	struct baton_part *part = g_new0(struct baton_part, 1);

	part->dir_fd = dir_fd;
	part->fd = open_one(dir_fd, temp, offset, fresh);
	if (part->fd >= 0)
		part->temp = g_strdup(temp);
	return reserved(part, total, fresh);
}

int baton_part_write(struct baton_part *part, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = write(part->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Give it a name that nothing has. */
static int name_it(struct baton_part *part, const char *name)
{
	if (!renameat2(part->dir_fd, part->temp, part->dir_fd, name,
		       RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot: a second name, then without the first. */
	if (linkat(part->dir_fd, part->temp, part->dir_fd, name, 0))
		return -1;
	return unlinkat(part->dir_fd, part->temp, 0);
}

int baton_part_sync(struct baton_part *part)
{
	return fdatasync(part->fd);
}

int baton_part_name(struct baton_part *part, const char *name)
{
	int saved;

	if (name_it(part, name))
		return -1;
	if (sync_dir(part->dir_fd)) {
		g_clear_pointer(&part->temp, g_free);
		return 0;
	}
	saved = errno;
	(void)!renameat(part->dir_fd, name, part->dir_fd, part->temp);
	errno = saved;
	return -1;
}

char *baton_part_finish(struct baton_part *part)
{
	unsigned int i;

	if (fsync(part->fd))
		return NULL;
	for (i = 0; i < TRIES; i++) {
		g_autofree char *name = baton_filename_numbered(part->name, i);

		if (!baton_part_name(part, name))
			return g_steal_pointer(&name);
		if (errno != EEXIST)
			return NULL;
	}
	errno = EEXIST;
	return NULL;
}

void baton_part_free(struct baton_part *part)
{
	if (part && part->temp)
		unlinkat(part->dir_fd, part->temp, 0);
	baton_part_leave(part);
}

void baton_part_leave(struct baton_part *part)
{
	if (!part)
		return;
	if (part->fd >= 0)
		close(part->fd);
	g_free(part->temp);
	g_free(part->name);
	g_free(part);
}
