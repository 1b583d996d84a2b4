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
		if (mkdir(path, 0700) && errno != EEXIST)
			goto out;
		*p = '/';
	}
	if (mkdir(path, 0700) && errno != EEXIST)
		goto out;
	ret = 0;
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
