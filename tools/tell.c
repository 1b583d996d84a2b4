/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tools/desk.h"
#include "tools/device.h"
#include "tools/fail.h"
#include "tools/tell.h"

static void on_do(void *user, struct baton_control_request *request)
{
	const char *line = baton_control_text(request, "line");
	GError *error = NULL;
	g_autofree char *text = baton_player_do(user, line ? line : "", &error);
	JsonObject *answer;

	if (!text) {
		baton_control_refuse(request, error);
		return;
	}
	answer = json_object_new();
	json_object_set_string_member(answer, "text", text);
	baton_control_answer(request, answer);
}

static void on_status(void *user, struct baton_control_request *request)
{
	baton_control_answer(request, baton_player_status(user));
}

void baton_tell_serve(struct baton_control *control,
		      struct baton_player *player)
{
	baton_control_add(control, "do", on_do, player);
	baton_control_add(control, "status", on_status, player);
}

/* Nobody runs: what the store says; NULL: there is none. */
static JsonObject *stored_status(const struct baton_role_options *options,
				 struct baton_store *store, GError **error)
{
	static const struct baton_runner_events events;
	struct baton_endpoint_application application;
	struct baton_endpoint_config config;
	struct baton_runner *runner;
	struct baton_endpoint *endpoint;
	JsonObject *status = NULL;

	if (!store) {
		status = json_object_new();
		json_object_set_string_member(status, "state", "unpaired");
		return status;
	}
	baton_desk_configure(&config, &application, options->role,
			     options->limit);
	runner = baton_runner_new(&config, store, NULL, &events, NULL, error);
	if (runner) {
		endpoint = baton_runner_endpoint(runner);
		status = baton_desk_status(endpoint, baton_desk_peer(endpoint));
	}
	baton_runner_free(runner);
	return status;
}

static void print(JsonObject *answer, bool json)
{
	g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_set_object(root, answer);
	text = json ? json_to_string(root, TRUE)
		    : baton_desk_status_text(answer);
	puts(text);
}

/* As baton_control_ask(), with a line. */
static JsonObject *ask(const struct baton_role_options *options,
		       const char *command, const char *line,
		       struct baton_store **store, GError **error)
{
	JsonObject *request = json_object_new();

	json_object_set_string_member(request, "command", command);
	json_object_set_string_member(request, "line", line);
	return baton_control_ask(options->store, request, store, error);
}

static gboolean tell_status(const struct baton_role_options *options,
			    GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	struct baton_store *store = NULL;
	GError *why = NULL;

	answer = ask(options, "status", options->line, &store, &why);
	if (!answer && !why)
		answer = stored_status(options, store, &why);
	baton_store_close(store);
	if (answer)
		print(answer, options->json);
	else
		g_propagate_error(error, why);
	return answer != NULL;
}

static gboolean tell_line(const struct baton_role_options *options,
			  const char *line, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	GError *why = NULL;

	answer = ask(options, "do", line, NULL, &why);
	if (!answer && !why)
		baton_fail_set(&why, BATON_EXIT_REFUSED,
			       "no program runs with the store %s; start "
			       "baton %s --bearer ... first",
			       options->store,
			       options->role == BATON_WATCH ? "watch"
							    : "phone");
	if (answer)
		puts(json_object_get_string_member_with_default(answer, "text",
								"done"));
	else
		g_propagate_error(error, why);
	return answer != NULL;
}

/* The program that runs may be in another directory. */
static gboolean tell_files(const struct baton_role_options *options,
			   GError **error)
{
	char *const *file;

	for (file = options->files; *file; file++) {
		g_autofree char *path = g_canonicalize_filename(*file, NULL);
		g_autofree char *line = g_strdup_printf("send %s", path);

		if (!tell_line(options, line, error))
			return FALSE;
	}
	return TRUE;
}

gboolean baton_tell(const struct baton_role_options *options, GError **error)
{
	if (!options->line)
		return tell_files(options, error);
	if (!strcmp(options->line, "status"))
		return tell_status(options, error);
	return tell_line(options, options->line, error);
}

int baton_status_main(int argc, char **argv)
{
	static char status[] = "status";
	g_autofree char **args = g_new0(char *, (gsize)argc + 1);
	bool watch = argc > 1 && !strcmp(argv[1], "watch");
	GError *error = NULL;

	if (!watch && (argc < 2 || strcmp(argv[1], "phone") != 0)) {
		baton_fail_set(&error, BATON_EXIT_USAGE,
			       "of which one? baton status watch, or baton "
			       "status phone");
		return baton_fail_end(error);
	}
	memcpy(args, argv + 1, (size_t)(argc - 1) * sizeof(*args));
	args[argc - 1] = status;
	return watch ? baton_watch_main(argc, args)
		     : baton_phone_main(argc, args);
}
