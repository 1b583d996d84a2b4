/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/linux/seal_key.h"

#define NAME "store.key"
#define NEW_NAME "store.key.new"

/* The file appears with all of the key in it or not at all. */
static bool make_key(int dir_fd)
{
	uint8_t key[BATON_SEAL_KEY_LEN];
	bool good;
	int saved;
	int fd;

	if (unlinkat(dir_fd, NEW_NAME, 0) && errno != ENOENT)
		return false;
	fd = openat(dir_fd, NEW_NAME,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	randombytes_buf(key, sizeof(key));
	errno = ENOSPC;
	good = write(fd, key, sizeof(key)) == sizeof(key) && !fsync(fd);
	sodium_memzero(key, sizeof(key));
	saved = errno;
	close(fd);
	errno = saved;
	return good && !renameat(dir_fd, NEW_NAME, dir_fd, NAME) &&
	       !fsync(dir_fd);
}

bool baton_seal_file_key(int dir_fd, bool make, uint8_t key[BATON_SEAL_KEY_LEN])
{
	struct stat st;
	int fd = openat(dir_fd, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		if (!make_key(dir_fd))
			return false;
		fd = openat(dir_fd, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0) {
		errno = errno == ENOENT ? ENOKEY : errno;
		return false;
	}
	errno = EBADMSG;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return false;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		close(fd);
		errno = EPERM;
		return false;
	}
	if (st.st_size != BATON_SEAL_KEY_LEN ||
	    read(fd, key, BATON_SEAL_KEY_LEN) != BATON_SEAL_KEY_LEN) {
		close(fd);
		errno = EBADMSG;
		return false;
	}
	close(fd);
	return true;
}
