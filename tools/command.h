/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_COMMAND_H
#define BATON_TOOLS_COMMAND_H

#include <glib.h>

/*
 * A context for `baton <name> [OPTION...] <arguments>`, with a summary; to be
 * freed with g_option_context_free().
 */
GOptionContext *baton_command_context(const char *name, const char *arguments,
				      const char *summary);

/*
 * Parse options; argv[0] is the name of the command, what is left are its
 * arguments. --help prints and exits. BATON_EXIT_USAGE.
 */
gboolean baton_command_parse(GOptionContext *context, int *argc, char ***argv,
			     GError **error);

/*
 * What is in a file, to be freed. BATON_EXIT_INPUT: it is not there, or cannot
 * be read.
 */
gboolean baton_command_read(const char *path, char **text, gsize *len,
			    GError **error);

#endif
