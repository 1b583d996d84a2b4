/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PROMPT_H
#define BATON_TOOLS_PROMPT_H

/*
 * Lines that a person types, from stdin on the default main context. They are
 * wiped when they have been told.
 */
struct baton_prompt;

/*
 * line() is called for each line, without its end, and with NULL at the end of
 * stdin; it may free the prompt. What follows the last line that was told is
 * not read.
 */
struct baton_prompt *
baton_prompt_new(void (*line)(void *user, const char *text), void *user);

/* Ask no more. NULL is allowed. */
void baton_prompt_free(struct baton_prompt *prompt);

#endif
