/* SPDX-License-Identifier: MIT */
/*
 * A bare peripheral on BlueZ: one characteristic to write, one that notifies,
 * and nothing above them. What it can do is what BlueZ can do.
 *
 *   echo              every value written goes back as a notification
 *   sink COUNT        counts COUNT values; the first one goes back
 *   flood COUNT SIZE  the first value written starts COUNT notifications;
 *                     SIZE 0 is the largest that arrives whole
 *
 * With --write-value it leaves AcquireWrite out and gets a call per value.
 */
#include "app.h"
#include "value.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <glib-unix.h>

#define IDLE_S 10

enum mode { MODE_ECHO, MODE_SINK, MODE_FLOOD };

struct watch {
	struct app app; /* first, so that its address is ours */
	enum mode mode;
	uint32_t count, size;
	guint flood_source, idle_source;
	uint32_t flooded;
	int64_t began_us, last_us;
	size_t first_len;
	struct value_count got;
	uint8_t held[VALUE_MAX]; /* for the next subscriber */
	size_t held_len;
};

/* What the sink got, once all is there or nothing came for a while. The rate
 * is that of all values after the first. */
static gboolean report(gpointer user)
{
	struct watch *w = user;
	int64_t us = MAX(w->last_us - w->began_us, 1);

	printf("received %u of %u values, %" G_GUINT64_FORMAT " B, %u wrong, "
	       "%u out of order, %.0f B/s\n",
	       w->got.received, w->count, (guint64)w->got.bytes, w->got.wrong,
	       w->got.out_of_order,
	       (double)(w->got.bytes - w->first_len) * 1e6 / (double)us);
	memset(&w->got, 0, sizeof(w->got));
	w->idle_source = 0;
	return G_SOURCE_REMOVE;
}

/* One notification; false when the socket is full. */
static bool notify(struct watch *w, const uint8_t *value, size_t len)
{
	if (send(w->app.notify_fd, value, len, MSG_NOSIGNAL) >= 0)
		return true;
	if (errno != EAGAIN)
		printf("cannot notify: %s\n", strerror(errno));
	return errno != EAGAIN;
}

static gboolean flood(gint fd, GIOCondition condition, gpointer user)
{
	struct watch *w = user;
	uint8_t value[VALUE_MAX];
	uint32_t size = w->size ? w->size : MIN(w->app.mtu - 3u, 509u);

	(void)fd;
	if (condition & (G_IO_HUP | G_IO_ERR))
		w->flooded = w->count;
	while (w->flooded < w->count) {
		value_fill(value, size, w->flooded);
		if (!notify(w, value, size))
			return G_SOURCE_CONTINUE;
		w->flooded++;
	}
	printf("flooded %u values of %u B\n", w->count, size);
	w->flood_source = 0;
	return G_SOURCE_REMOVE;
}

/* Whether what we notify has somebody to go to: an fd can be left over. */
static bool has_subscriber(const struct watch *w)
{
	struct pollfd pfd = {.fd = w->app.notify_fd, .events = POLLOUT};

	poll(&pfd, 1, 0);
	return w->app.notify_fd >= 0 && !(pfd.revents & (POLLHUP | POLLERR));
}

/* Notifies, or starts the flood. After a reconnection the first write can
 * overtake AcquireNotify; then the answer waits for it. */
static void answer(struct watch *w, const uint8_t *value, size_t len)
{
	if (!has_subscriber(w)) {
		w->held_len = MIN(len, sizeof(w->held));
		memcpy(w->held, value, w->held_len);
	} else if (w->mode != MODE_FLOOD) {
		notify(w, value, len);
	} else if (!w->flood_source) {
		w->flooded = 0;
		w->flood_source =
			g_unix_fd_add(w->app.notify_fd,
				      G_IO_OUT | G_IO_HUP | G_IO_ERR, flood, w);
	}
}

/* A value was written to us. */
static void take(struct app *app, const uint8_t *value, size_t len)
{
	struct watch *w = (struct watch *)app;

	if (w->mode != MODE_SINK) {
		answer(w, value, len);
		return;
	}
	if (w->got.received == 0) {
		w->began_us = value_now_us();
		w->first_len = len;
		answer(w, value, len);
	}
	value_take(&w->got, value, len);
	w->last_us = value_now_us();
	if (w->idle_source)
		g_source_remove(w->idle_source);
	w->idle_source = g_timeout_add_seconds(IDLE_S, report, w);
	if (w->got.received == w->count) {
		g_source_remove(w->idle_source);
		report(w);
	}
}

static void subscribed(struct app *app)
{
	struct watch *w = (struct watch *)app;
	size_t len = w->held_len;

	if (w->flood_source)
		g_source_remove(w->flood_source);
	w->flood_source = 0;
	printf("subscribed at MTU %u\n", app->mtu);
	w->held_len = 0;
	if (len)
		answer(w, w->held, len);
}

static void parse(struct watch *w, int argc, char **argv)
{
	if (argc > 1 && g_str_equal(argv[argc - 1], "--write-value")) {
		w->app.write_value = true;
		argc--;
	}
	if (argc == 6 && g_str_equal(argv[5], "echo")) {
		w->mode = MODE_ECHO;
	} else if (argc == 7 && g_str_equal(argv[5], "sink")) {
		w->mode = MODE_SINK;
		w->count = value_argument("COUNT", argv[6], 1, 1000000);
	} else if (argc == 8 && g_str_equal(argv[5], "flood")) {
		w->mode = MODE_FLOOD;
		w->count = value_argument("COUNT", argv[6], 1, 1000000);
		w->size = value_argument("SIZE", argv[7], 0, VALUE_MAX);
	} else {
		value_die("usage: bare_watch ADAPTER SERVICE_UUID WRITE_UUID "
			  "NOTIFY_UUID echo | sink COUNT | flood COUNT SIZE "
			  "[--write-value]");
	}
	w->app.service = argv[2];
	w->app.write = argv[3];
	w->app.notify = argv[4];
}

int main(int argc, char **argv)
{
	struct watch w = {.app = {.take = take, .subscribed = subscribed}};

	parse(&w, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	app_start(&w.app, argv[1]);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
