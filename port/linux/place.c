/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include "port/linux/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory that was made is there after a power cut, too. */
static void sync_parent(char *path)
{
	char *slash = strrchr(path, '/');
	char *end = slash == path ? slash + 1 : slash;
	char kept = end ? *end : '\0';
	int fd;

	if (end)
		*end = '\0';
	fd = open(end ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (end)
		*end = kept;
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int make_dir(char *path)
{
	if (mkdir(path, 0700))
		return errno == EEXIST ? 0 : -1;
	sync_parent(path);
	return 0;
}

static int make_dirs(const char *dir)
{
	char *path = strdup(dir);
	char *p;
	int ret = -1;

	if (!path)
		return -1;
	for (p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (make_dir(path))
			goto out;
		*p = '/';
	}
	ret = make_dir(path);
out:
	free(path);
	return ret;
}

/* errno is kept. */
static void close_quietly(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

static int check_private(int fd, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	if ((st.st_mode & S_IFMT) != type) {
		errno = EBADMSG;
		return -1;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

int baton_place_hold(const char *dir)
{
	int fd;

	if (!dir[0]) {
		errno = ENOENT;
		return -1;
	}
	if (make_dirs(dir))
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (check_private(fd, S_IFDIR))
		goto fail;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK)
			errno = EBUSY;
		goto fail;
	}
	return fd;
fail:
	close_quietly(fd);
	return -1;
}

int baton_place_file(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name,
			O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			0600);
	int ret;

	if (fd < 0) {
		if (errno == ELOOP || errno == EISDIR || errno == ENXIO)
			errno = EBADMSG;
		return -1;
	}
	ret = check_private(fd, S_IFREG);
	close_quietly(fd);
	return ret;
}
