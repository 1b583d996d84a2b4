/* SPDX-License-Identifier: MIT */
#include "tools/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fd = -1;
static bool asked;

/* Not of a file that was there before, and that others may read. */
static bool is_private(void)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_uid == geteuid() &&
	       (!S_ISREG(st.st_mode) || !(st.st_mode & 077));
}

static void open_file(void)
{
	const char *path = g_getenv("BATON_KEYLOG");

	asked = true;
	if (!path || !*path)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd >= 0 && !is_private()) {
		close(fd);
		fd = -1;
		errno = EPERM;
	}
	if (fd < 0)
		fprintf(stderr, "baton: no keys are written to %s: %s\n", path,
			g_strerror(errno));
	else
		fprintf(stderr,
			"baton: keys are written to %s; whoever has it reads "
			"everything\n",
			path);
}

static void write_key(bool from_watch, uint8_t class_id,
		      const struct baton_record_key *key)
{
	static const char *const names[BATON_CLASSES] = {"CONTROL", "MESSAGE",
							 "BULK"};
	char line[128];
	int len, i;

	len = snprintf(line, sizeof(line), "record %s %s %u ",
		       from_watch ? "watch" : "phone", names[class_id],
		       key->generation);
	for (i = 0; i < BATON_CRYPTO_KEY_LEN; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "%02x",
				key->key[i]);
	line[len++] = '\n';
	/* In one piece: other processes may write to the same file. */
	if (write(fd, line, (size_t)len) != len)
		fprintf(stderr, "baton: a key was not written\n");
	explicit_bzero(line, sizeof(line));
}

void baton_keylog_look(struct baton_keylog *keylog,
		       const struct baton_session *session)
{
	static const uint8_t wiped[BATON_CRYPTO_KEY_LEN];
	bool watch = session->config.role == BATON_WATCH;
	const struct baton_record_key *key;
	uint8_t *seen;
	uint8_t class_id;
	int open;

	if (!asked)
		open_file();
	if (fd < 0)
		return;
	for (open = 0; open < 2; open++)
		for (class_id = 0; class_id < BATON_CLASSES; class_id++) {
			key = open ? &session->open[class_id]
				   : &session->seal[class_id];
			seen = keylog->seen[open][class_id];
			if (!memcmp(seen, key->key, sizeof(wiped)) ||
			    !memcmp(wiped, key->key, sizeof(wiped)))
				continue;
			memcpy(seen, key->key, sizeof(wiped));
			write_key(watch != open, class_id, key);
		}
}
