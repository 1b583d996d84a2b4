/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/linux/seal_key.h"

#define NAME "baton-store"
#define SECRET_MIN 16
#define SECRET_MAX 4096

static int open_credential(void)
{
	const char *dir = secure_getenv("CREDENTIALS_DIRECTORY");
	char path[4096];
	int len;

	if (!dir || !dir[0]) {
		errno = ENOKEY;
		return -1;
	}
	len = snprintf(path, sizeof(path), "%s/" NAME, dir);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool baton_seal_credential_is_there(void)
{
	int fd = open_credential();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool baton_seal_credential_key(uint8_t key[BATON_SEAL_KEY_LEN])
{
	static const char purpose[] = "baton credential 1";
	uint8_t secret[SECRET_MAX];
	int fd = open_credential();
	ssize_t len;

	if (fd < 0) {
		errno = errno == ENOENT ? ENOKEY : errno;
		return false;
	}
	len = read(fd, secret, sizeof(secret));
	close(fd);
	if (len < SECRET_MIN) {
		sodium_memzero(secret, sizeof(secret));
		errno = ENOKEY;
		return false;
	}
	/* Whatever its length: its hash, under a key that says what for. */
	crypto_generichash(key, BATON_SEAL_KEY_LEN, secret, (size_t)len,
			   (const uint8_t *)purpose, sizeof(purpose) - 1);
	sodium_memzero(secret, sizeof(secret));
	return true;
}
