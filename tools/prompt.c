/* SPDX-License-Identifier: MIT */
#include <glib-unix.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tools/prompt.h"

#define LINE_LEN_MAX 4000

struct baton_prompt {
	void (*line)(void *user, const char *text);
	void *user;
	guint watch;
	bool telling; /* inside line() */
	bool gone; /* freed inside line() */
	size_t len;
	char text[LINE_LEN_MAX + 1];
};

static gboolean tell(struct baton_prompt *prompt, bool ended)
{
	prompt->text[prompt->len] = '\0';
	prompt->telling = true;
	prompt->line(prompt->user, ended ? NULL : prompt->text);
	prompt->telling = false;
	explicit_bzero(prompt->text, sizeof(prompt->text));
	prompt->len = 0;
	if (prompt->gone) {
		g_free(prompt);
		return G_SOURCE_REMOVE;
	}
	if (!ended)
		return G_SOURCE_CONTINUE;
	prompt->watch = 0;
	return G_SOURCE_REMOVE;
}

/* A character at a time: what follows the line is not ours. */
static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_prompt *prompt = data;
	char c;

	(void)condition;
	if (read(fd, &c, 1) != 1)
		return tell(prompt, true);
	if (c == '\n')
		return tell(prompt, false);
	/* What is too long makes no sense to anybody. */
	if (prompt->len < LINE_LEN_MAX)
		prompt->text[prompt->len++] = c;
	return G_SOURCE_CONTINUE;
}

struct baton_prompt *
baton_prompt_new(void (*line)(void *user, const char *text), void *user)
{
	struct baton_prompt *prompt = g_new0(struct baton_prompt, 1);

	prompt->line = line;
	prompt->user = user;
	prompt->watch = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP,
				      on_input, prompt);
	return prompt;
}

void baton_prompt_free(struct baton_prompt *prompt)
{
	if (!prompt)
		return;
	prompt->gone = true;
	if (prompt->telling)
		return; /* on_input() removes itself, tell() the rest */
	g_clear_handle_id(&prompt->watch, g_source_remove);
	explicit_bzero(prompt->text, sizeof(prompt->text));
	g_free(prompt);
}
