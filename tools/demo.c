/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/demo.h"
#include "tools/fail.h"
#include "tools/outbox.h"
#include "tools/packing.h"
#include "tools/pair.h"
#include "tools/part.h"
#include "tools/sample.h"
#include "tools/summary.h"
#include "tools/world.h"

#define SAMPLE_NAME "workout.json"
#define ANSWER_NAME "taken-over.json"

struct demo {
	struct baton_world_options world;
	char *out;
	char *trace_path;
	char *timeline_path;
	gboolean json;
	gboolean plain; /* --no-compression */
	char *file; /* what the watch hands over */
	char *dir[BATON_SIM_SIDES];
	struct baton_sim_config config;
	struct baton_trace *trace;
	struct baton_timeline *timeline;
	struct baton_pair *pair;
	uint32_t code;
	double pairing_seconds;
};

static gboolean make_dir(const char *dir, GError **error)
{
	if (!g_mkdir_with_parents(dir, 0777))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_OUTPUT,
		       "cannot make the directory %s: %s; name another with "
		       "--out",
		       dir, g_strerror(errno));
	return FALSE;
}

/* A fresh directory here, or where temporary files go. */
static char *fresh_dir(GError **error)
{
	char *dir = g_strdup("baton-demo-XXXXXX");

	if (g_mkdtemp_full(dir, 0777))
		return dir;
	g_free(dir);
	dir = g_build_filename(g_get_tmp_dir(), "baton-demo-XXXXXX", NULL);
	if (g_mkdtemp_full(dir, 0777))
		return dir;
	baton_fail_set(error, BATON_EXIT_OUTPUT,
		       "cannot make a directory here or in %s: %s; name one "
		       "with --out",
		       g_get_tmp_dir(), g_strerror(errno));
	g_free(dir);
	return NULL;
}

/* Write a file beside those that are there; its path, to be g_free()d. */
static char *write_file(const char *dir, const char *name, const char *text,
			GError **error)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct baton_part *part = NULL;
	char *given = NULL;
	char *path = NULL;

	if (fd >= 0)
		part = baton_part_new(fd, name, strlen(text));
	if (part && !baton_part_write(part, text, strlen(text)))
		given = baton_part_finish(part);
	if (given)
		path = g_build_filename(dir, given, NULL);
	else
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot write %s in %s: %s; name another "
			       "directory with --out",
			       name, dir, g_strerror(errno));
	g_free(given);
	baton_part_free(part);
	if (fd >= 0)
		close(fd);
	return path;
}

/* The directories, and the file to hand over. */
static gboolean prepare(struct demo *demo, const char *file, GError **error)
{
	g_autofree char *text = NULL;

	if (file && !baton_outbox_check(file, error))
		return FALSE;
	if (!demo->out)
		demo->out = fresh_dir(error);
	if (!demo->out)
		return FALSE;
	demo->dir[BATON_SIM_WATCH] = g_build_filename(demo->out, "watch", NULL);
	demo->dir[BATON_SIM_PHONE] = g_build_filename(demo->out, "phone", NULL);
	if (!make_dir(demo->dir[BATON_SIM_WATCH], error) ||
	    !make_dir(demo->dir[BATON_SIM_PHONE], error))
		return FALSE;
	if (file) {
		demo->file = g_strdup(file);
		return TRUE;
	}
	text = baton_sample_new(demo->config.seed);
	demo->file = write_file(demo->dir[BATON_SIM_WATCH], SAMPLE_NAME, text,
				error);
	return demo->file != NULL;
}

static void show_code(uint32_t code)
{
	g_autofree char *text =
		g_strdup_printf("%03u %03u", code / 1000, code % 1000);

	printf("Do both devices show the same?\n"
	       "\n"
	       "        watch               phone\n"
	       "    +-----------+       +-----------+\n"
	       "    |           |       |           |\n"
	       "    |  %s  |       |  %s  |\n"
	       "    |           |       |           |\n"
	       "    +-----------+       +-----------+\n"
	       "\n",
	       text, text);
}

static gboolean pair_up(struct demo *demo, GError **error)
{
	double us;

	if (!baton_pair_compare(demo->pair, &demo->code, error))
		return FALSE;
	if (!demo->json)
		show_code(demo->code);
	if (!baton_pair_confirm(demo->pair, error))
		return FALSE;
	us = (double)baton_sim_now(baton_pair_sim(demo->pair));
	demo->pairing_seconds = us / 1e6;
	if (!demo->json)
		printf("They do: paired and connected after %.3f s of "
		       "simulated time.\n",
		       demo->pairing_seconds);
	return TRUE;
}

static uint64_t file_len(const char *path)
{
	GStatBuf st;

	return g_stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

/* Hand a file over, and say what it took. */
static char *hand_over(struct demo *demo, enum baton_sim_side from,
		       const char *path, struct baton_cost *cost,
		       GError **error)
{
	struct baton_sim *sim = baton_pair_sim(demo->pair);
	struct baton_packing before_packing = baton_packing_now();
	struct baton_packing after_packing;
	struct baton_mark before;
	struct baton_mark after;
	char *received = NULL;

	baton_mark_set(&before, sim);
	if (!baton_pair_send(demo->pair, from, path, &received, error)) {
		g_free(received);
		return NULL;
	}
	baton_mark_set(&after, sim);
	after_packing = baton_packing_now();
	baton_cost_between(
		cost, &before, &after, file_len(received),
		baton_packing_saved_pct(&before_packing, &after_packing),
		baton_world_limit_bps(&demo->config));
	return received;
}

/* What the phone answers when it has taken the activity over. */
static char *write_answer(struct demo *demo, const char *received,
			  GError **error)
{
	g_autofree char *name = g_path_get_basename(received);
	g_autofree char *escaped = g_strescape(name, NULL);
	g_autofree char *text = g_strdup_printf(
		"{\"taken-over\": \"%s\", \"bytes\": %" G_GUINT64_FORMAT
		", \"by\": \"phone\"}\n",
		escaped, file_len(received));

	return write_file(demo->dir[BATON_SIM_PHONE], ANSWER_NAME, text, error);
}

static gboolean run(struct demo *demo, GError **error)
{
	g_autofree char *name = g_path_get_basename(demo->file);
	g_autofree char *there = NULL;
	g_autofree char *answer = NULL;
	g_autofree char *back = NULL;
	struct baton_summary summary = {
		.config = &demo->config,
		.file = name,
	};

	if (!demo->json)
		printf("A watch hands %s to a phone, over a simulated radio "
		       "(%s, interval %g ms, MTU %u).\n\n",
		       name, baton_phy_name(demo->config.phy),
		       demo->config.interval_us / 1e3, demo->config.mtu);
	if (!pair_up(demo, error))
		return FALSE;
	there = hand_over(demo, BATON_SIM_WATCH, demo->file, &summary.there,
			  error);
	if (!there)
		return FALSE;
	answer = write_answer(demo, there, error);
	if (!answer)
		return FALSE;
	back = hand_over(demo, BATON_SIM_PHONE, answer, &summary.back, error);
	if (!back)
		return FALSE;
	summary.code = demo->code;
	summary.pairing_seconds = demo->pairing_seconds;
	summary.path = there;
	summary.answer_path = back;
	if (demo->json)
		baton_summary_print_json(&summary);
	else
		baton_summary_print(&summary);
	return TRUE;
}

static gboolean start(struct demo *demo, int argc, char **argv, GError **error)
{
	if (argc > 2) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "demo takes one file; see baton demo --help");
		return FALSE;
	}
	if (!baton_world_config(&demo->world, &demo->config, error) ||
	    !prepare(demo, argv[1], error))
		return FALSE;
	if (demo->trace_path) {
		demo->trace = baton_trace_new(demo->trace_path, error);
		if (!demo->trace)
			return FALSE;
	}
	demo->pair = baton_pair_new(&demo->config,
				    demo->plain ? NULL : baton_packing_codec(),
				    demo->dir, demo->trace, error);
	if (demo->pair && demo->timeline_path) {
		demo->timeline = baton_timeline_new(&demo->config);
		baton_pair_show(demo->pair, demo->timeline);
	}
	return demo->pair != NULL;
}

static gboolean draw(const struct demo *demo, GError **error)
{
	g_autofree char *title = NULL;

	if (!demo->timeline)
		return TRUE;
	title = g_strdup_printf("baton demo, seed %" G_GUINT64_FORMAT,
				demo->config.seed);
	return baton_timeline_save(demo->timeline, demo->timeline_path, title,
				   NULL, error);
}

static void clear(struct demo *demo, GError **error)
{
	baton_pair_free(demo->pair);
	baton_timeline_free(demo->timeline);
	baton_trace_close(demo->trace, *error ? NULL : error);
	baton_world_clear_options(&demo->world);
	g_free(demo->out);
	g_free(demo->trace_path);
	g_free(demo->timeline_path);
	g_free(demo->file);
	g_free(demo->dir[BATON_SIM_WATCH]);
	g_free(demo->dir[BATON_SIM_PHONE]);
}

int baton_demo_main(int argc, char **argv)
{
	struct demo demo = {.json = FALSE};
	const GOptionEntry entries[] = {
		{"out", 'o', 0, G_OPTION_ARG_FILENAME, &demo.out,
		 "put the files there (a fresh directory)", "DIR"},
		{"trace", 0, 0, G_OPTION_ARG_FILENAME, &demo.trace_path,
		 "write every PDU to FILE, for Wireshark", "FILE"},
		{"timeline", 0, 0, G_OPTION_ARG_FILENAME, &demo.timeline_path,
		 "draw what happened as SVG", "FILE"},
		{"no-compression", 0, 0, G_OPTION_ARG_NONE, &demo.plain,
		 "hand files over as they are", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &demo.json,
		 "print the summary as JSON", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = baton_command_context(
		"demo", "[FILE]",
		"A watch and a phone find each other, pair, and the watch "
		"hands FILE over, or\nthe state of a running workout that it "
		"makes itself; the phone answers. All in\none process and in "
		"simulated time.");
	GError *error = NULL;

	signal(SIGXFSZ, SIG_IGN);
	g_option_context_add_main_entries(context, entries, NULL);
	baton_world_add_options(context, &demo.world);
	if (baton_command_parse(context, &argc, &argv, &error) &&
	    start(&demo, argc, argv, &error) && run(&demo, &error))
		draw(&demo, &error);
	g_option_context_free(context);
	clear(&demo, &error);
	return error ? baton_fail_end(error) : BATON_EXIT_OK;
}
