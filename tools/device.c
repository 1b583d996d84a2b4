/* SPDX-License-Identifier: MIT */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tools/bearers.h"
#include "tools/control.h"
#include "tools/desk.h"
#include "tools/device.h"
#include "tools/fail.h"
#include "tools/outbox.h"
#include "tools/packing.h"
#include "tools/player.h"
#include "tools/tell.h"
#include "tools/walk.h"

/* Everything that a role needs, in the order in which it is made. */
struct device {
	struct baton_role_options options;
	GMainLoop *loop;
	struct baton_store *store;
	struct baton_control *control;
	struct baton_trace *trace;
	struct baton_player *player;
	struct baton_runner *runner;
};

static gboolean check_files(char *const *files, GError **error)
{
	for (; files && *files; files++)
		if (!baton_outbox_check(*files, error))
			return FALSE;
	return TRUE;
}

static gboolean open_store(struct device *device, GError **error)
{
	device->store = baton_control_store(device->options.store, error);
	return device->store != NULL;
}

/* Who asks is heard when the loop runs, so not before a person was. */
static gboolean open_control(struct device *device, GError **error)
{
	device->control = baton_control_new(device->options.store, error);
	return device->control != NULL;
}

static gboolean open_trace(struct device *device, GError **error)
{
	if (!device->options.trace)
		return TRUE;
	device->trace = baton_trace_new(device->options.trace, error);
	if (!device->trace)
		return FALSE;
	baton_trace_host(device->trace, device->options.role);
	return TRUE;
}

static gboolean open_runner(struct device *device, GError **error)
{
	const struct baton_role_options *options = &device->options;
	struct baton_endpoint_application application;
	struct baton_endpoint_config config;
	struct baton_bearer *bearer;

	baton_desk_configure(&config, &application, options->role,
			     options->limit);
	config.session.codec = options->plain ? NULL : baton_packing_codec();
	baton_walk_configure(options, &config.session);
	device->runner =
		baton_runner_new(&config, device->store, device->trace,
				 &baton_player_events, device->player, error);
	if (!device->runner)
		return FALSE;
	bearer = baton_bearer_open(options->bearer, options->role,
				   options->peer, &baton_runner_bearer_events,
				   device->runner, error);
	if (!bearer)
		return FALSE;
	baton_runner_set_bearer(device->runner, bearer);
	return TRUE;
}

static gboolean check_bond(struct device *device, GError **error)
{
	g_autofree char *usual = baton_role_store(device->options.role);
	bool named = strcmp(usual, device->options.store) != 0;

	if (device->options.pair ||
	    baton_session_bond_count(baton_runner_session(device->runner)))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_REFUSED,
		       "not paired yet; pair both devices first: %s --bearer "
		       "%s%s%s pair",
		       g_get_prgname(), device->options.bearer,
		       named ? " --store " : "",
		       named ? device->options.store : "");
	return FALSE;
}

static gboolean on_signal(gpointer data)
{
	struct device *device = data;

	baton_player_interrupt(device->player);
	return G_SOURCE_CONTINUE;
}

/* A terminal that is closed; nohup has it ignored, and it stays so. */
static guint watch_hangup(struct device *device)
{
	struct sigaction set;

	if (sigaction(SIGHUP, NULL, &set) || set.sa_handler == SIG_IGN)
		return 0;
	return g_unix_signal_add(SIGHUP, on_signal, device);
}

static void run(struct device *device)
{
	guint interrupt = g_unix_signal_add(SIGINT, on_signal, device);
	guint terminate = g_unix_signal_add(SIGTERM, on_signal, device);
	guint hangup = watch_hangup(device);

	g_main_loop_run(device->loop);
	g_source_remove(interrupt);
	g_source_remove(terminate);
	g_clear_handle_id(&hangup, g_source_remove);
}

static void clear(struct device *device, GError **error)
{
	GError *why = NULL;

	baton_control_free(device->control);
	/* The player's boxes use the engine, the runner ends the link. */
	if (device->player)
		why = baton_player_free(device->player);
	baton_runner_free(device->runner);
	if (!why)
		baton_trace_close(device->trace, &why);
	else
		baton_trace_close(device->trace, NULL);
	baton_store_close(device->store);
	if (device->loop)
		g_main_loop_unref(device->loop);
	baton_role_options_clear(&device->options);
	if (!why)
		return;
	if (*error)
		g_error_free(why);
	else
		*error = why;
}

static int device_main(enum baton_role role, int argc, char **argv)
{
	struct device device = {.loop = NULL};
	GError *error = NULL;

	/* A file that may not grow is told by write(). */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (!baton_role_options_parse(&device.options, role, argc, argv,
				      &error))
		goto end;
	if (device.options.job == BATON_JOB_TELL) {
		(void)!baton_tell(&device.options, &error);
		goto end;
	}
	if (baton_bearer_check(device.options.bearer, &error) &&
	    check_files(device.options.files, &error) &&
	    open_store(&device, &error) && open_trace(&device, &error)) {
		device.loop = g_main_loop_new(NULL, FALSE);
		device.player = baton_player_new(&device.options, device.store,
						 device.loop);
		if (open_control(&device, &error) &&
		    open_runner(&device, &error) &&
		    check_bond(&device, &error) &&
		    baton_player_start(device.player, device.runner,
				       device.control, &error)) {
			baton_tell_serve(device.control, device.player);
			run(&device);
		}
	}
end:
	clear(&device, &error);
	return error ? baton_fail_end(error) : BATON_EXIT_OK;
}

int baton_watch_main(int argc, char **argv)
{
	return device_main(BATON_WATCH, argc, argv);
}

int baton_phone_main(int argc, char **argv)
{
	return device_main(BATON_PHONE, argc, argv);
}

/* argv[0] is the job; usage: what may stand behind it. */
static int job_main(int argc, char **argv, const char *usage)
{
	g_autofree char **args = g_new0(char *, (gsize)argc + 1);
	bool watch = argc > 1 && !strcmp(argv[1], "watch");
	GError *error = NULL;

	if (argc > 1 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		printf("Usage:\n"
		       "  baton %s %s\n"
		       "\n"
		       "The options are those of baton watch and baton phone.\n",
		       argv[0], usage);
		return BATON_EXIT_OK;
	}
	if (!watch && (argc < 2 || strcmp(argv[1], "phone") != 0)) {
		baton_fail_set(&error, BATON_EXIT_USAGE,
			       "which device is this? baton %s %s", argv[0],
			       usage);
		return baton_fail_end(error);
	}
	memcpy(args, argv + 1, (size_t)(argc - 1) * sizeof(*args));
	args[argc - 1] = argv[0];
	return watch ? baton_watch_main(argc, args)
		     : baton_phone_main(argc, args);
}

int baton_pair_main(int argc, char **argv)
{
	return job_main(argc, argv, "watch|phone --bearer B [OPTION...]");
}

int baton_report_main(int argc, char **argv)
{
	return job_main(argc, argv, "watch|phone [--store DIR] [--json]");
}
