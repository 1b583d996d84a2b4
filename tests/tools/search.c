/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/tools/search.h"

#define MAP_MAX (UINT64_C(1) << 30) /* a sanitizer maps terabytes */
#define PIECE 16 /* bytes of a key that count as found */

struct secret {
	const char *name;
	size_t at, len;
};

static const struct secret secrets[] = {
	{"private key", offsetof(struct baton_bond, keys.s_priv), 32},
	{"psk", offsetof(struct baton_bond, keys.psk), 32},
	{"tag key", offsetof(struct baton_bond, tag_key), 32},
	{"static-static", offsetof(struct baton_bond, keys.ss), 32},
	{"ticket", offsetof(struct baton_bond, ticket.psk), 32},
};

/* A bit for each piece of a secret that is there. */
static unsigned int find_secrets(const uint8_t *bytes, size_t len,
				 const struct baton_bond *bond,
				 const char *where, bool tell)
{
	unsigned int found = 0, bit = 1;
	size_t i, at;

	for (i = 0; i < G_N_ELEMENTS(secrets); i++)
		for (at = 0; at < secrets[i].len; at += PIECE, bit <<= 1) {
			if (!memmem(bytes, len,
				    (const uint8_t *)bond + secrets[i].at + at,
				    PIECE))
				continue;
			found |= bit;
			if (tell)
				print_message("%s is in %s\n", secrets[i].name,
					      where);
		}
	return found;
}

static int open_memory(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/mem", pid);

	return open(path, O_RDONLY | O_CLOEXEC);
}

unsigned int search_memory(pid_t pid, const struct baton_bond *bond, bool tell)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	int mem = open_memory(pid);
	unsigned int found = 0;
	char line[1000], rights[5];
	unsigned long from, to;
	uint8_t *bytes;
	ssize_t got;

	assert_non_null(maps);
	assert_true(mem >= 0);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 ||
		    rights[0] != 'r' || rights[1] != 'w' || to - from > MAP_MAX)
			continue;
		bytes = g_malloc(to - from);
		got = pread(mem, bytes, to - from, (off_t)from);
		if (got > 0)
			found |= find_secrets(bytes, (size_t)got, bond, line,
					      tell);
		g_free(bytes);
	}
	close(mem);
	fclose(maps);
	return found;
}

bool search_is_allowed(void)
{
	pid_t pid = fork();
	int mem;

	if (!pid) {
		pause();
		_exit(0);
	}
	mem = open_memory(pid);
	if (mem >= 0)
		close(mem);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return mem >= 0;
}

void search_file(const char *path, const struct baton_bond *bond,
		 const uint8_t *sealed, size_t sealed_len)
{
	g_autofree char *bytes = NULL;
	char key[BATON_BOND_KEY_LEN];
	size_t len, at;

	if (!g_file_get_contents(path, &bytes, &len, NULL))
		return;
	assert_int_equal(
		find_secrets((const uint8_t *)bytes, len, bond, path, true), 0);
	for (at = 0; at + PIECE <= sealed_len; at += PIECE)
		assert_null(memmem(bytes, len, sealed + at, PIECE));
	/* Its id tells what was there; the ticket had it as well. */
	baton_bond_key("bond/", bond->id, key);
	assert_null(memmem(bytes, len, strchr(key, '/'), strlen(key) - 4));
}
