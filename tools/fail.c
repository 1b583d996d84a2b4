/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "tools/fail.h"

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

int baton_fail_end(GError *error)
{
	int code =
		error->domain == BATON_FAIL ? error->code : BATON_EXIT_INTERNAL;

	fprintf(stderr, "baton: %s\n", error->message);
	g_error_free(error);
	return code;
}
