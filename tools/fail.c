/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "tools/fail.h"
#include "tools/fold.h"

G_DEFINE_QUARK(baton - fail, baton_fail)

void baton_fail_set(GError **error, enum baton_exit code, const char *format,
		    ...)
{
	va_list args;

	if (!error || *error)
		return;
	va_start(args, format);
	*error = g_error_new_valist(BATON_FAIL, (int)code, format, args);
	va_end(args);
}

void baton_fail_print(const char *text)
{
	g_autofree char *line = g_strconcat("baton: ", text, NULL);

	baton_fold_print(stderr, line);
}

int baton_fail_end(GError *error)
{
	int code =
		error->domain == BATON_FAIL ? error->code : BATON_EXIT_INTERNAL;

	baton_fail_print(error->message);
	g_error_free(error);
	return code;
}
