/* SPDX-License-Identifier: MIT */
#include "gatt/pipe.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gatt/options.h"

/* How much is read before other sources get their turn. */
#define BURST 64

/*
 * Room for a burst while the reader is busy: bluetoothd drops what does not
 * fit. The kernel doubles it, and cuts it to net.core.wmem_max.
 */
#define ROOM_BYTES (512 * 1024)

struct baton_pipe {
	const struct baton_pipe_events *events; /* NULL: freed */
	void *user;
	int fd;
	GSource *in;
	GSource *out; /* NULL: nobody waits for room */
};

static void source_drop(GSource **source)
{
	if (*source) {
		g_source_destroy(*source);
		g_source_unref(*source);
		*source = NULL;
	}
}

static GSource *source_add(struct baton_pipe *pipe, GIOCondition condition,
			   GUnixFDSourceFunc func)
{
	GSource *source = g_unix_fd_source_new(pipe->fd, condition);

	/* The reference keeps the pipe's memory through the callback. */
	g_source_set_callback(source, G_SOURCE_FUNC(func),
			      g_rc_box_acquire(pipe), g_rc_box_release);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

static bool is_hup(int fd)
{
	struct pollfd poll_fd = {.fd = fd};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents;
}

/* False: nothing more to read now, or nobody left to read for. */
static bool packet_read(struct baton_pipe *pipe)
{
	uint8_t data[BATON_GATT_VALUE_MAX + 1];
	ssize_t len = recv(pipe->fd, data, sizeof(data), MSG_TRUNC);

	if (len > 0) {
		if (len <= BATON_GATT_VALUE_MAX)
			pipe->events->rx(pipe->user, data, (size_t)len);
		return pipe->events != NULL;
	}
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A peer may write an empty value: no end, and no PDU. */
	if (len == 0 && !is_hup(pipe->fd))
		return true;
	source_drop(&pipe->in);
	source_drop(&pipe->out);
	pipe->events->hup(pipe->user);
	return false;
}

static gboolean in_ready(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_pipe *pipe = data;

	(void)fd;
	(void)condition;
	for (int i = 0; i < BURST && pipe->events; i++) {
		if (!packet_read(pipe))
			break;
	}
	return G_SOURCE_CONTINUE;
}

static gboolean out_ready(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_pipe *pipe = data;

	(void)fd;
	(void)condition;
	source_drop(&pipe->out);
	pipe->events->room(pipe->user);
	return G_SOURCE_REMOVE;
}

static void out_wait(struct baton_pipe *pipe)
{
	pipe->out = source_add(pipe, G_IO_OUT | G_IO_HUP | G_IO_ERR, out_ready);
}

struct baton_pipe *
baton_pipe_new(int fd, const struct baton_pipe_events *events, void *user)
{
	struct baton_pipe *pipe = g_rc_box_new0(struct baton_pipe);

	pipe->events = events;
	pipe->user = user;
	pipe->fd = fd;
	g_unix_set_fd_nonblocking(fd, TRUE, NULL);
	pipe->in = source_add(pipe, G_IO_IN | G_IO_HUP | G_IO_ERR, in_ready);
	return pipe;
}

struct baton_pipe *
baton_pipe_pair(int *theirs, const struct baton_pipe_events *events, void *user)
{
	struct baton_pipe *pipe;
	int room = ROOM_BYTES;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, fds))
		return NULL;
	/* Only what bluetoothd writes: more room for us is more delay. */
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	*theirs = fds[1];
	pipe = baton_pipe_new(fds[0], events, user);
	/* Somebody may wait for room in the one that this one replaces. */
	out_wait(pipe);
	return pipe;
}

enum baton_err baton_pipe_send(struct baton_pipe *pipe, const uint8_t *data,
			       size_t len)
{
	ssize_t sent;

	do {
		sent = send(pipe->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return BATON_OK;
	if (errno != EAGAIN && errno != ENOBUFS)
		return BATON_ERR_CLOSED;
	if (!pipe->out)
		out_wait(pipe);
	return BATON_ERR_AGAIN;
}

void baton_pipe_free(struct baton_pipe *pipe)
{
	if (!pipe)
		return;
	pipe->events = NULL;
	source_drop(&pipe->in);
	source_drop(&pipe->out);
	close(pipe->fd);
	g_rc_box_release(pipe);
}
