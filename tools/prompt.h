/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PROMPT_H
#define BATON_TOOLS_PROMPT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Shows the comparison value and asks whether both devices show it, on the
 * default main context. The value stands on stdout as "code 123456", on a
 * terminal large and clear; the answer is a line on stdin that begins with y.
 * Anything else, and the end of stdin, is a no.
 */
struct baton_prompt;

/* answer() is called once, never from inside a call. */
struct baton_prompt *baton_prompt_new(uint32_t code,
				      void (*answer)(void *user, bool yes),
				      void *user);

/* Take the question back. NULL is allowed. */
void baton_prompt_free(struct baton_prompt *prompt);

/* "123 456"; the caller frees it with g_free(). */
char *baton_prompt_code(uint32_t code);

#endif
