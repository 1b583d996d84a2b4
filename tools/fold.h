/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_FOLD_H
#define BATON_TOOLS_FOLD_H

#include <stdio.h>

/* How wide a terminal is, in columns; 0: it is none. */
unsigned int baton_fold_columns(FILE *out);

/*
 * Print text and the end of a line. On a terminal a line ends between two words
 * where the next one does not fit any more; elsewhere it is one line.
 */
void baton_fold_print(FILE *out, const char *text);

#endif
