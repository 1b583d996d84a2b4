/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/folder.h"
#include "tests/tools/child.h"

void child_fork(struct child *child, void (*run)(void *user, int in, int out),
		void *user)
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	child->pid = fork();
	if (!child->pid) {
		close(in[1]);
		close(out[0]);
		run(user, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	child->in = in[1];
	child->out = out[0];
}

static void run_program(void *user, int in, int out)
{
	char *const *args = user;

	dup2(in, 0);
	dup2(out, 1);
	execv(args[0], args);
	_exit(127);
}

void child_start(struct child *child, const char *const *args)
{
	child_fork(child, run_program, (void *)args);
}

void child_expect(struct child *child, const char *text)
{
	GPollFD poll = {.fd = child->out, .events = G_IO_IN};
	size_t len = 0;

	for (;;) {
		if (g_poll(&poll, 1, CHILD_PATIENCE_MS) != 1 ||
		    read(child->out, child->line + len, 1) != 1)
			fail_msg("%d does not say %s", child->pid, text);
		if (child->line[len] != '\n') {
			assert_true(++len < sizeof(child->line));
			continue;
		}
		child->line[len] = '\0';
		if (g_str_has_prefix(child->line, text))
			return;
		len = 0;
	}
}

void child_stop(struct child *child)
{
	if (!child->pid)
		return;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	close(child->in);
	close(child->out);
	memset(child, 0, sizeof(*child));
}

int child_air_start(struct child_air *air, const char *program)
{
	g_autofree char *radio = NULL;
	const char *args[] = {program, "air", NULL, NULL};

	air->root = folder_make();
	radio = g_build_filename(air->root, "radio", NULL);
	air->bearer = g_strdup_printf("sim:%s", radio);
	args[2] = radio;
	child_start(&air->child, args);
	child_expect(&air->child, "radio at");
	return 0;
}

int child_air_stop(struct child_air *air)
{
	child_stop(&air->child);
	g_free(air->bearer);
	return 0;
}
