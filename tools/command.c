/* SPDX-License-Identifier: MIT */
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
