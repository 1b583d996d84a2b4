/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TOOLS_CHILD_H
#define TESTS_TOOLS_CHILD_H

/* Processes of a test, their lines, and a radio for them. */

#include <sys/types.h>

#include "session/bond.h"

#define CHILD_PATIENCE_MS 60000

struct child {
	pid_t pid;
	int in, out; /* to its stdin, from its stdout */
	char line[2 * sizeof(struct baton_bond) + 100];
};

/* Runs run, which does not return, in a process with these ends. */
void child_fork(struct child *child, void (*run)(void *user, int in, int out),
		void *user);
/* Runs the program args[0]. */
void child_start(struct child *child, const char *const *args);
/* Wait for a line that begins so; it is in line then. */
void child_expect(struct child *child, const char *text);
/* Kill it, if it is there. */
void child_stop(struct child *child);

/* A directory, and `baton air` in it. */
struct child_air {
	const char *root;
	char *bearer;
	struct child child;
};

/* What a set-up and a teardown return. */
int child_air_start(struct child_air *air, const char *program);
int child_air_stop(struct child_air *air);

#endif
