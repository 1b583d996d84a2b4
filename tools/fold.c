/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/fold.h"

#define COLUMNS_UNKNOWN 80

unsigned int baton_fold_columns(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)))
		return 0;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS_UNKNOWN;
	return size.ws_col;
}

void baton_fold_print(FILE *out, const char *text)
{
	/* The name of a file may be no text. */
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_auto(GStrv) words = g_strsplit(valid, " ", -1);
	glong columns = (glong)baton_fold_columns(out), at = 0, len;
	char **word;

	for (word = words; *word; word++) {
		len = g_utf8_strlen(*word, -1);
		if (at > 0 && columns && at + 1 + len > columns) {
			fputc('\n', out);
			at = 0;
		} else if (word != words) {
			fputc(' ', out);
			at++;
		}
		fputs(*word, out);
		at += len;
	}
	fputc('\n', out);
}
