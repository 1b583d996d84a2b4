/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/linux/store.h"

#define KEY_MAX 100
#define TEMP_NAME "new"

struct baton_store {
	int dir_fd;
};

/* A key as a file name: '/' is '.', which no key has in it. */
static bool key_to_name(const char *key, char name[KEY_MAX + 1])
{
	size_t i;

	for (i = 0; key[i]; i++) {
		char c = key[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';

		if (i == KEY_MAX || (!letter && !digit && c != '/'))
			return false;
		name[i] = c == '/' ? '.' : c;
	}
	name[i] = '\0';
	return i && name[0] != '.' && strcmp(name, TEMP_NAME);
}

static void name_to_key(const char *name, char key[KEY_MAX + 1])
{
	size_t i;

	for (i = 0; name[i] && i < KEY_MAX; i++)
		key[i] = name[i] == '.' ? '/' : name[i];
	key[i] = '\0';
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

/* Private to this user, and no other process has it open. */
static int claim(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	if (st.st_uid != geteuid() || (st.st_mode & 077)) {
		errno = EPERM;
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK)
			errno = EBUSY;
		return -1;
	}
	return 0;
}

enum baton_err baton_store_open(struct baton_store **store, const char *dir)
{
	struct baton_store *s;
	int saved;

	if (!dir[0]) {
		errno = ENOENT;
		return BATON_ERR_STORE;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return BATON_ERR_SPACE;
	s->dir_fd = -1;
	if (make_dirs(dir))
		goto fail;
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0 || claim(s->dir_fd))
		goto fail;
	*store = s;
	return BATON_OK;
fail:
	saved = errno;
	baton_store_close(s);
	errno = saved;
	return BATON_ERR_STORE;
}

void baton_store_close(struct baton_store *store)
{
	if (!store)
		return;
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store);
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

enum baton_err baton_store_put(struct baton_store *store, const char *key,
			       const uint8_t *value, size_t len)
{
	char name[KEY_MAX + 1];
	int fd;
	int saved;

	if (!key_to_name(key, name) || len > BATON_STORE_VALUE_MAX)
		return BATON_ERR_ARG;
	/* A half-written one that a crash left behind is of no use. */
	if (unlinkat(store->dir_fd, TEMP_NAME, 0) && errno != ENOENT)
		return BATON_ERR_STORE;
	fd = openat(store->dir_fd, TEMP_NAME,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return BATON_ERR_STORE;
	if (write_all(fd, value, len) || fsync(fd))
		goto fail;
	if (close(fd)) {
		fd = -1;
		goto fail;
	}
	fd = -1;
	if (renameat(store->dir_fd, TEMP_NAME, store->dir_fd, name))
		goto fail;
	return fsync(store->dir_fd) ? BATON_ERR_STORE : BATON_OK;
fail:
	saved = errno;
	if (fd >= 0)
		close(fd);
	unlinkat(store->dir_fd, TEMP_NAME, 0);
	errno = saved;
	return BATON_ERR_STORE;
}

enum baton_err baton_store_delete(struct baton_store *store, const char *key)
{
	char name[KEY_MAX + 1];

	if (!key_to_name(key, name))
		return BATON_ERR_ARG;
	if (unlinkat(store->dir_fd, name, 0) && errno != ENOENT)
		return BATON_ERR_STORE;
	return fsync(store->dir_fd) ? BATON_ERR_STORE : BATON_OK;
}

/* The length read, -1 with errno set. */
static ssize_t read_value(int dir_fd, const char *name, uint8_t *value,
			  size_t cap)
{
	size_t len = 0;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	for (;;) {
		ssize_t n = read(fd, value + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;

			close(fd);
			errno = saved;
			return -1;
		}
		if (!n)
			break;
		len += (size_t)n;
		if (len == cap)
			break;
	}
	close(fd);
	if (len > BATON_STORE_VALUE_MAX) {
		errno = EFBIG;
		return -1;
	}
	return (ssize_t)len;
}

enum baton_err
baton_store_each(struct baton_store *store, const char *prefix,
		 enum baton_err (*fn)(void *user, const char *key,
				      const uint8_t *value, size_t len),
		 void *user)
{
	uint8_t value[BATON_STORE_VALUE_MAX + 1];
	char key[KEY_MAX + 1];
	char name[KEY_MAX + 1];
	enum baton_err err = BATON_OK;
	struct dirent *entry;
	DIR *dir;
	int fd = openat(store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return BATON_ERR_STORE;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return BATON_ERR_STORE;
	}
	while (!err && (errno = 0, entry = readdir(dir))) {
		ssize_t len;

		if (strlen(entry->d_name) > KEY_MAX)
			continue;
		name_to_key(entry->d_name, key);
		if (!key_to_name(key, name) ||
		    strncmp(key, prefix, strlen(prefix)))
			continue;
		len = read_value(store->dir_fd, entry->d_name, value,
				 sizeof(value));
		err = len < 0 ? BATON_ERR_STORE
			      : fn(user, key, value, (size_t)len);
		explicit_bzero(value, sizeof(value));
	}
	if (!err && errno)
		err = BATON_ERR_STORE;
	closedir(dir);
	return err;
}
