/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/air.h"
#include "tools/air_wire.h"
#include "tools/bearer_air.h"
#include "tools/command.h"
#include "tools/fail.h"
#include "tools/radio.h"
#include "tools/world.h"

#define GUESTS 8

struct air {
	struct baton_radio *radio;
	GPtrArray *guests;
	GMainLoop *loop;
	char *path;
	int fd; /* listens */
	guint watch;
};

/* A process that connected and has not said yet who it is. */
struct guest {
	struct air *air;
	int fd;
	guint watch;
};

static void guest_free(gpointer data)
{
	struct guest *guest = data;

	g_clear_handle_id(&guest->watch, g_source_remove);
	if (guest->fd >= 0)
		close(guest->fd);
	g_free(guest);
}

static void seat(struct guest *guest, const struct baton_air_message *hello)
{
	struct baton_air_message sorry = {.type = BATON_AIR_SORRY};
	enum baton_air_sorry why = BATON_AIR_SORRY_VERSION;

	if (hello->version == BATON_AIR_VERSION)
		why = baton_radio_seat(guest->air->radio,
				       (enum baton_sim_side)hello->role,
				       guest->fd);
	if (why == BATON_AIR_WELCOME) {
		guest->fd = -1;
		return;
	}
	sorry.value = (uint8_t)why;
	if (baton_air_send(guest->fd, &sorry))
		g_debug("it does not listen");
}

static gboolean on_guest(gint fd, GIOCondition condition, gpointer data)
{
	struct guest *guest = data;
	uint8_t bytes[BATON_AIR_MESSAGE_MAX + 1];
	struct baton_air_message message;
	int got = baton_air_receive(fd, &message, bytes);

	(void)condition;
	if (!got)
		return G_SOURCE_CONTINUE;
	guest->watch = 0;
	if (got > 0 && message.type == BATON_AIR_HELLO)
		seat(guest, &message);
	g_ptr_array_remove_fast(guest->air->guests, guest);
	return G_SOURCE_REMOVE;
}

static gboolean on_accept(gint fd, GIOCondition condition, gpointer data)
{
	struct air *air = data;
	struct guest *guest;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)condition;
	if (client < 0)
		return G_SOURCE_CONTINUE;
	/* The one that has been silent longest makes room. */
	if (air->guests->len == GUESTS)
		g_ptr_array_remove_index(air->guests, 0);
	guest = g_new0(struct guest, 1);
	guest->air = air;
	guest->fd = client;
	guest->watch = g_unix_fd_add(client, G_IO_IN, on_guest, guest);
	g_ptr_array_add(air->guests, guest);
	return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer data)
{
	struct air *air = data;

	g_main_loop_quit(air->loop);
	return G_SOURCE_CONTINUE;
}

/* A socket that a dead radio left behind may go, nothing else. */
static gboolean clear_path(const char *path, GError **error)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return TRUE;
	if (!S_ISSOCK(st.st_mode)) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "%s is there and is no socket; name another "
			       "path",
			       path);
		return FALSE;
	}
	fd = baton_air_connect(path);
	if (fd >= 0 || errno != ECONNREFUSED) {
		if (fd >= 0)
			close(fd);
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "a radio is running at %s; use it, or name "
			       "another path",
			       path);
		return FALSE;
	}
	unlink(path);
	return TRUE;
}

static gboolean listen_at(struct air *air, const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int ret;

	if (strlen(path) >= sizeof(address.sun_path)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "the path %s is too long for a socket; use one "
			       "below %zu bytes",
			       path, sizeof(address.sun_path));
		return FALSE;
	}
	if (!clear_path(path, error))
		return FALSE;
	strcpy(address.sun_path, path);
	air->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			 0);
	mask = umask(0077);
	ret = bind(air->fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (ret || listen(air->fd, GUESTS)) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot make the socket %s: %s; name another "
			       "path",
			       path, g_strerror(errno));
		return FALSE;
	}
	air->path = g_strdup(path);
	air->watch = g_unix_fd_add(air->fd, G_IO_IN, on_accept, air);
	return TRUE;
}

static gboolean serve(const char *path, const struct baton_sim_config *config,
		      GError **error)
{
	struct air air = {.fd = -1};
	guint signals[2];
	gboolean done = FALSE;

	air.guests = g_ptr_array_new_with_free_func(guest_free);
	air.loop = g_main_loop_new(NULL, FALSE);
	signals[0] = g_unix_signal_add(SIGINT, on_signal, &air);
	signals[1] = g_unix_signal_add(SIGTERM, on_signal, &air);
	if (listen_at(&air, path, error))
		air.radio = baton_radio_new(config, error);
	if (air.radio) {
		printf("radio at %s: %s, interval %g ms, MTU %u\n", path,
		       baton_phy_name(config->phy), config->interval_us / 1e3,
		       config->mtu);
		fflush(stdout);
		g_main_loop_run(air.loop);
		done = TRUE;
	}
	baton_radio_free(air.radio);
	g_clear_handle_id(&air.watch, g_source_remove);
	if (air.fd >= 0)
		close(air.fd);
	if (air.path)
		unlink(air.path);
	g_free(air.path);
	g_ptr_array_unref(air.guests);
	g_source_remove(signals[0]);
	g_source_remove(signals[1]);
	g_main_loop_unref(air.loop);
	return done;
}

int baton_air_main(int argc, char **argv)
{
	struct baton_world_options options = {0};
	struct baton_sim_config config;
	GError *error = NULL;
	GOptionContext *context = baton_command_context(
		"air", "PATH",
		"Plays the radio between a watch and a phone, in real time, "
		"on a UNIX socket\nat PATH: baton watch --bearer sim:PATH, "
		"baton phone --bearer sim:PATH.");

	baton_world_add_options(context, &options);
	if (baton_command_parse(context, &argc, &argv, &error) &&
	    baton_world_config(&options, &config, &error)) {
		if (argc == 2)
			serve(argv[1], &config, &error);
		else
			baton_fail_set(&error, BATON_EXIT_USAGE,
				       "air takes one path; see baton air "
				       "--help");
	}
	baton_world_clear_options(&options);
	g_option_context_free(context);
	return error ? baton_fail_end(error) : BATON_EXIT_OK;
}
