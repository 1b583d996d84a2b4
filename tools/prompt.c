/* SPDX-License-Identifier: MIT */
#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/prompt.h"

struct baton_prompt {
	void (*answer)(void *user, bool yes);
	void *user;
	guint watch;
	bool begun; /* the first character of the line has come */
	bool yes;
};

char *baton_prompt_code(uint32_t code)
{
	return g_strdup_printf("%03u %03u", code / 1000, code % 1000);
}

static void show(uint32_t code)
{
	g_autofree char *text = baton_prompt_code(code);

	if (isatty(STDOUT_FILENO))
		printf("\n"
		       "    +-----------------+\n"
		       "    |                 |\n"
		       "    |     %s     |\n"
		       "    |                 |\n"
		       "    +-----------------+\n"
		       "\n",
		       text);
	else
		printf("code %06u\n", code);
	if (isatty(STDIN_FILENO))
		printf("Do both devices show %s? [y/N] ", text);
	fflush(stdout);
}

/* A character at a time: what follows the line is not ours. */
static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_prompt *prompt = data;
	char c;

	(void)condition;
	if (read(fd, &c, 1) != 1)
		c = '\n';
	if (c != '\n') {
		if (!prompt->begun)
			prompt->yes = c == 'y' || c == 'Y';
		prompt->begun = true;
		return G_SOURCE_CONTINUE;
	}
	prompt->watch = 0;
	prompt->answer(prompt->user, prompt->yes);
	return G_SOURCE_REMOVE;
}

struct baton_prompt *baton_prompt_new(uint32_t code,
				      void (*answer)(void *user, bool yes),
				      void *user)
{
	struct baton_prompt *prompt = g_new0(struct baton_prompt, 1);

	prompt->answer = answer;
	prompt->user = user;
	show(code);
	prompt->watch = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP,
				      on_input, prompt);
	return prompt;
}

void baton_prompt_free(struct baton_prompt *prompt)
{
	if (!prompt)
		return;
	g_clear_handle_id(&prompt->watch, g_source_remove);
	g_free(prompt);
}
