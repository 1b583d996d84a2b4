/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tools/desk.h"
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
	baton_control_answer(request,
			     baton_desk_status(baton_player_endpoint(user)));
}

static void on_queue(void *user, struct baton_control_request *request)
{
	baton_control_answer(request,
			     baton_desk_queue(baton_player_endpoint(user)));
}

/* What is answered from the store, too, and in JSON. */
static const struct report {
	const char *name; /* the line, and the command to a program that runs */
	baton_control_fn serve;
	JsonObject *(*make)(struct baton_endpoint *endpoint);
	char *(*text)(JsonObject *answer);
} reports[] = {
	{"status", on_status, baton_desk_status, baton_desk_status_text},
	{"queue", on_queue, baton_desk_queue, baton_desk_queue_text},
};

static const struct report *find_report(const char *name)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(reports); i++)
		if (!strcmp(name, reports[i].name))
			return &reports[i];
	return NULL;
}

void baton_tell_serve(struct baton_control *control,
		      struct baton_player *player)
{
	size_t i;

	baton_control_add(control, "do", on_do, player);
	for (i = 0; i < G_N_ELEMENTS(reports); i++)
		baton_control_add(control, reports[i].name, reports[i].serve,
				  player);
}

/* Nobody runs: what the store says. */
static JsonObject *stored(const struct baton_role_options *options,
			  const struct report *report,
			  struct baton_store *store, GError **error)
{
	static const struct baton_runner_events events;
	struct baton_endpoint_application application;
	struct baton_endpoint_config config;
	struct baton_runner *runner;
	JsonObject *answer = NULL;

	baton_desk_configure(&config, &application, options->role,
			     options->limit);
	runner = baton_runner_new(&config, store, NULL, &events, NULL, error);
	if (runner)
		answer = report->make(baton_runner_endpoint(runner));
	baton_runner_free(runner);
	return answer;
}

static void print(const struct report *report, JsonObject *answer, bool json)
{
	g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_set_object(root, answer);
	text = json ? json_to_string(root, TRUE) : report->text(answer);
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

static gboolean tell_report(const struct baton_role_options *options,
			    const struct report *report, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	struct baton_store *store = NULL;
	GError *why = NULL;

	answer = ask(options, report->name, options->line, &store, &why);
	if (!answer && !why)
		answer = stored(options, report, store, &why);
	baton_store_close(store);
	if (answer)
		print(report, answer, options->json);
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
	const struct report *report;

	if (!options->line)
		return tell_files(options, error);
	report = find_report(options->line);
	if (report)
		return tell_report(options, report, error);
	return tell_line(options, options->line, error);
}
