/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "sim/scenario_random.h"
#include "sim/scenario_shrink.h"
#include "tools/command.h"
#include "tools/fail.h"
#include "tools/sim_command.h"
#include "tools/timeline_stage.h"
#include "tools/world.h"

#define EXIT_SCENARIO 1 /* it ran, and failed */
#define MAX_COUNT 100000000

struct options {
	char *seed;
	char *count;
	char *timeline;
	char *span;
	gboolean json, random, resolve, shrink;
};

struct job {
	const struct options *options;
	const char *path; /* NULL: the random ones */
	struct baton_scenario_text text; /* of path */
	struct baton_scenario_text *random; /* by number */
	uint64_t seed, count;
	uint64_t ran, failed;
	uint64_t first_failed; /* seed */
	struct baton_scenario_result last;
	char name[BATON_SCENARIO_NAME];
	JsonBuilder *failures;
	struct baton_timeline_stage *picture; /* NULL: none is drawn */
	struct baton_timeline_span span; /* if options->span */
};

static gboolean load_text(struct baton_scenario_text *text, const char *name,
			  const char *bytes, size_t len, GError **error)
{
	struct baton_scenario_error wrong;

	if (baton_scenario_load(text, bytes, len, &wrong))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_USAGE, "%s:%u: %s", name, wrong.line,
		       wrong.text);
	return FALSE;
}

static gboolean load(struct job *job, GError **error)
{
	g_autofree char *bytes = NULL;
	gsize len;
	size_t i;

	if (job->path) {
		if (!baton_command_read(job->path, &bytes, &len, error))
			return FALSE;
		return load_text(&job->text, job->path, bytes, len, error);
	}
	job->random = g_new0(struct baton_scenario_text,
			     baton_scenarios_random_count);
	for (i = 0; i < baton_scenarios_random_count; i++)
		if (!load_text(&job->random[i], baton_scenarios_random[i].name,
			       baton_scenarios_random[i].text,
			       strlen(baton_scenarios_random[i].text), error))
			return FALSE;
	return TRUE;
}

static const struct baton_scenario_text *text_of(const struct job *job,
						 uint64_t seed)
{
	if (job->path)
		return &job->text;
	return &job->random[seed % baton_scenarios_random_count];
}

static const char *name_of(const struct job *job, uint64_t seed)
{
	if (job->path)
		return job->path;
	return baton_scenarios_random[seed % baton_scenarios_random_count].name;
}

static void set_wrong(const struct job *job, uint64_t seed,
		      const struct baton_scenario_error *wrong, GError **error)
{
	if (wrong->line)
		baton_fail_set(error, BATON_EXIT_USAGE, "%s:%u: %s",
			       name_of(job, seed), wrong->line, wrong->text);
	else
		baton_fail_set(error, BATON_EXIT_USAGE, "%s: %s",
			       name_of(job, seed), wrong->text);
}

static char *repeat_command(const struct job *job, uint64_t seed)
{
	g_autofree char *quoted = NULL;

	if (!job->path)
		return g_strdup_printf(
			"baton sim --random --seed %" G_GUINT64_FORMAT, seed);
	quoted = g_shell_quote(job->path);
	return g_strdup_printf("baton sim %s --seed %" G_GUINT64_FORMAT, quoted,
			       seed);
}

static void add_failure(struct job *job, uint64_t seed)
{
	const struct baton_scenario_result *result = &job->last;
	g_autofree char *command = repeat_command(job, seed);
	JsonBuilder *json = job->failures;

	if (!job->options->json) {
		printf("%s, seed %" G_GUINT64_FORMAT ": ", name_of(job, seed),
		       seed);
		if (result->line)
			printf("line %u: ", result->line);
		printf("%s%s%s%s, at %.6f s\n  repeat: %s\n", result->claim,
		       result->why[0] ? " (" : "", result->why,
		       result->why[0] ? ")" : "", (double)result->at_us / 1e6,
		       command);
		fflush(stdout);
		return;
	}
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "scenario");
	json_builder_add_string_value(json, name_of(job, seed));
	json_builder_set_member_name(json, "seed");
	json_builder_add_int_value(json, (gint64)seed);
	json_builder_set_member_name(json, "line");
	json_builder_add_int_value(json, result->line);
	json_builder_set_member_name(json, "claim");
	json_builder_add_string_value(json, result->claim);
	json_builder_set_member_name(json, "why");
	json_builder_add_string_value(json, result->why);
	json_builder_set_member_name(json, "at_us");
	json_builder_add_int_value(json, (gint64)result->at_us);
	json_builder_set_member_name(json, "repeat");
	json_builder_add_string_value(json, command);
	json_builder_end_object(json);
}

static gboolean run(struct job *job, GError **error)
{
	struct baton_scenario_error wrong;
	const struct baton_scenario_watcher *watcher = NULL;
	uint64_t seed;

	if (job->picture)
		watcher = baton_timeline_stage_watcher(job->picture);
	for (seed = job->seed; seed - job->seed < job->count; seed++) {
		if (!baton_scenario_play(text_of(job, seed), seed, watcher,
					 &job->last, &wrong)) {
			set_wrong(job, seed, &wrong, error);
			return FALSE;
		}
		job->ran++;
		if (job->last.passed)
			continue;
		if (!job->failed++)
			job->first_failed = seed;
		add_failure(job, seed);
	}
	return TRUE;
}

static void add_int(JsonBuilder *json, const char *name, uint64_t value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, (gint64)value);
}

/* One run: what it was like. Several: how many. */
static void print_json(struct job *job)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	const struct baton_scenario_result *last = &job->last;
	g_autofree char *text = NULL;
	char hash[17];
	JsonNode *root;

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "scenario");
	json_builder_add_string_value(json, job->path ? job->path : "random");
	add_int(json, "seed", job->seed);
	add_int(json, "ran", job->ran);
	add_int(json, "failed", job->failed);
	if (job->count == 1) {
		g_snprintf(hash, sizeof(hash), "%016" G_GINT64_MODIFIER "x",
			   last->hash);
		add_int(json, "us", last->at_us);
		json_builder_set_member_name(json, "trace");
		json_builder_add_string_value(json, hash);
		add_int(json, "sent", last->sent);
		add_int(json, "delivered", last->delivered);
		add_int(json, "reported", last->reported);
		add_int(json, "bytes", last->bytes);
		add_int(json, "pdus", last->pdus);
		add_int(json, "links", last->links);
		add_int(json, "retransmissions", last->retransmissions);
	}
	json_builder_end_array(job->failures);
	json_builder_set_member_name(json, "failures");
	json_builder_add_value(json, json_builder_get_root(job->failures));
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, NULL);
	puts(text);
	json_node_unref(root);
}

static void print_text(const struct job *job)
{
	const struct baton_scenario_result *last = &job->last;

	if (job->count == 1 && last->passed)
		printf("%s holds with seed %" G_GUINT64_FORMAT
		       ": %u sent, %u delivered, %u reported in %.3f s; "
		       "%u links, trace %016" G_GINT64_MODIFIER "x\n",
		       name_of(job, job->seed), job->seed, last->sent,
		       last->delivered, last->reported,
		       (double)last->at_us / 1e6, last->links, last->hash);
	if (job->count > 1)
		printf("%" G_GUINT64_FORMAT " ran, %" G_GUINT64_FORMAT
		       " failed\n",
		       job->ran, job->failed);
}

/* The scenario as the seed makes it, or the smallest that fails as it does. */
static gboolean print_resolved(struct job *job, GError **error)
{
	const struct baton_scenario_text *text = text_of(job, job->seed);
	struct baton_scenario_text fixed;
	struct baton_scenario_error wrong;
	gboolean good;
	size_t i;

	good = job->options->shrink
		       ? baton_scenario_shrink(&fixed, text, job->seed, &wrong)
		       : baton_scenario_resolve(&fixed, text, job->seed,
						&wrong);
	if (!good) {
		set_wrong(job, job->seed, &wrong, error);
		return FALSE;
	}
	for (i = 0; i < fixed.count; i++)
		if (strncmp(fixed.lines[i].text, "seed ", 5) != 0)
			puts(fixed.lines[i].text);
	printf("seed %" G_GUINT64_FORMAT "\n", job->seed);
	baton_scenario_text_free(&fixed);
	return TRUE;
}

/* A resolved file names its seed: the default of --seed. */
static uint64_t default_seed(const struct job *job)
{
	struct baton_scenario_words words;
	guint64 seed;
	size_t i;

	for (i = 0; i < job->text.count; i++) {
		baton_scenario_split(job->text.lines[i].text, &words);
		if (words.count == 2 && !strcmp(words.word[0], "seed") &&
		    g_ascii_string_to_unsigned(words.word[1], 10, 0,
					       G_MAXUINT64, &seed, NULL))
			return seed;
	}
	return 1;
}

static bool read_time(const char *text, uint64_t *us)
{
	enum baton_scenario_unit unit;
	int64_t number;

	if (!baton_scenario_number(text, &number, &unit) || number < 0 ||
	    (unit != BATON_SCENARIO_TIME && number))
		return false;
	*us = (uint64_t)number;
	return true;
}

/* "2s..2500ms", times as in scenarios; either end may be left out. */
static gboolean read_span(struct job *job, GError **error)
{
	const char *text = job->options->span;
	const char *dots = text ? strstr(text, "..") : NULL;
	g_autofree char *from = NULL;
	bool good;

	if (!text)
		return TRUE;
	from = dots ? g_strndup(text, (gsize)(dots - text)) : NULL;
	good = dots && (!*from || read_time(from, &job->span.from_us)) &&
	       (!dots[2] || (read_time(dots + 2, &job->span.to_us) &&
			     job->span.from_us < job->span.to_us));
	if (!good)
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--span takes times like 2s..2500ms, not %s",
			       text);
	return good;
}

static gboolean save_picture(const struct job *job, GError **error)
{
	g_autofree char *name = g_path_get_basename(name_of(job, job->seed));
	const int len = (int)strcspn(name, ".");
	g_autofree char *title =
		g_strdup_printf("%.*s, seed %" G_GUINT64_FORMAT "%s", len, name,
				job->seed, job->last.passed ? "" : ": failed");

	return baton_timeline_save(baton_timeline_stage_timeline(job->picture),
				   job->options->timeline, title,
				   job->options->span ? &job->span : NULL,
				   error);
}

static gboolean start(struct job *job, int argc, char **argv, GError **error)
{
	const struct options *options = job->options;

	if (argc != (options->random ? 1 : 2)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "sim takes one scenario file, or --random; see "
			       "baton sim --help");
		return FALSE;
	}
	job->path = options->random ? NULL : argv[1];
	if (!load(job, error))
		return FALSE;
	job->seed = default_seed(job);
	job->count = 1;
	if (options->seed &&
	    !baton_world_number(options->seed, "seed", 0, G_MAXUINT64,
				&job->seed, error))
		return FALSE;
	if (options->count &&
	    !baton_world_number(options->count, "count", 1, MAX_COUNT,
				&job->count, error))
		return FALSE;
	if (options->timeline && job->count > 1) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--timeline draws one run; leave out --count");
		return FALSE;
	}
	if (options->timeline)
		job->picture = baton_timeline_stage_new();
	return read_span(job, error);
}

static void finish(struct job *job)
{
	size_t i;

	baton_scenario_text_free(&job->text);
	for (i = 0; job->random && i < baton_scenarios_random_count; i++)
		baton_scenario_text_free(&job->random[i]);
	g_free(job->random);
	baton_timeline_stage_free(job->picture);
	g_object_unref(job->failures);
}

static gboolean work(struct job *job, GError **error)
{
	if (job->options->resolve || job->options->shrink)
		return print_resolved(job, error);
	json_builder_begin_array(job->failures);
	if (!run(job, error))
		return FALSE;
	if (job->options->json)
		print_json(job);
	else
		print_text(job);
	return !job->picture || save_picture(job, error);
}

int baton_sim_main(int argc, char **argv)
{
	struct options options = {.json = FALSE};
	struct job job = {.options = &options, .failures = json_builder_new()};
	const GOptionEntry entries[] = {
		{"seed", 0, 0, G_OPTION_ARG_STRING, &options.seed,
		 "the first seed (1)", "N"},
		{"count", 0, 0, G_OPTION_ARG_STRING, &options.count,
		 "how many seeds, from the first on (1)", "N"},
		{"random", 0, 0, G_OPTION_ARG_NONE, &options.random,
		 "the random scenarios that Baton is tested with", NULL},
		{"resolve", 0, 0, G_OPTION_ARG_NONE, &options.resolve,
		 "print the scenario as the seed makes it", NULL},
		{"shrink", 0, 0, G_OPTION_ARG_NONE, &options.shrink,
		 "print a smaller scenario that fails in the same way", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json,
		 "print the result as JSON", NULL},
		{"timeline", 0, 0, G_OPTION_ARG_FILENAME, &options.timeline,
		 "draw the run as SVG", "FILE"},
		{"span", 0, 0, G_OPTION_ARG_STRING, &options.span,
		 "what of it to show large, as 2s..2500ms", "FROM..TO"},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = baton_command_context(
		"sim", "FILE",
		"Runs a scenario in simulated time: devices, a radio, what "
		"happens, and what must\nbe true (docs/SCENARIOS.md). Exit "
		"code 1 if something was not, with the command\nthat repeats "
		"it.");
	GError *error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (baton_command_parse(context, &argc, &argv, &error) &&
	    start(&job, argc, argv, &error))
		work(&job, &error);
	g_option_context_free(context);
	finish(&job);
	g_free(options.seed);
	g_free(options.count);
	g_free(options.timeline);
	g_free(options.span);
	if (error)
		return baton_fail_end(error);
	return job.failed ? EXIT_SCENARIO : BATON_EXIT_OK;
}
