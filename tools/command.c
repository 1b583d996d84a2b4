/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/fail.h"

GOptionContext *baton_command_context(const char *name, const char *arguments,
				      const char *summary)
{
	g_autofree char *program = g_strdup_printf("baton %s", name);
	GOptionContext *context = g_option_context_new(arguments);

	g_set_prgname(program);
	g_option_context_set_summary(context, summary);
	return context;
}

gboolean baton_command_parse(GOptionContext *context, int *argc, char ***argv,
			     GError **error)
{
	g_autoptr(GError) wrong = NULL;

	if (g_option_context_parse(context, argc, argv, &wrong))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_USAGE, "%s; see %s --help",
		       wrong->message, g_get_prgname());
	return FALSE;
}

gboolean baton_command_read(const char *path, char **text, gsize *len,
			    GError **error)
{
	int wrong;

	if (g_file_get_contents(path, text, len, NULL))
		return TRUE;
	wrong = g_access(path, R_OK) ? errno : 0;
	if (wrong == ENOENT)
		baton_fail_set(error, BATON_EXIT_INPUT,
			       "there is no file %s; check the name", path);
	else
		baton_fail_set(error, BATON_EXIT_INPUT, "cannot read %s: %s",
			       path,
			       wrong ? g_strerror(wrong) : "it is no file");
	return FALSE;
}
