/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "port/linux/seed.h"
#include "tools/desk.h"
#include "tools/fail.h"
#include "tools/conduit.h"

/* So much a pipe takes without holding the program, where poll() says so. */
#define CHUNK 4096

struct baton_conduit {
	struct baton_runner *runner;
	const struct baton_conduit_events *events;
	void *user;
	uint8_t id[BATON_BYTESTREAM_ID_LEN];
	uint8_t peer;
	bool open; /* there is a stream */
	bool output_ended; /* stdout is closed */
	bool closed; /* it has ended well */
	bool peer_ended; /* no more comes */
	bool over; /* done() or failed() was told */
	guint reading, writing; /* sources on stdin and stdout */
	/* Read from stdin, not written to the stream yet. */
	uint8_t in[CHUNK];
	size_t in_at, in_len;
	/* Read from the stream, not written to stdout yet. */
	uint8_t out[CHUNK];
	size_t out_at, out_len;
};

static struct baton_bytestreams *streams(const struct baton_conduit *conduit)
{
	return baton_endpoint_streams(baton_runner_endpoint(conduit->runner),
				      conduit->peer, BATON_DESK);
}

static void stop(struct baton_conduit *conduit)
{
	g_clear_handle_id(&conduit->reading, g_source_remove);
	g_clear_handle_id(&conduit->writing, g_source_remove);
}

static void fail(struct baton_conduit *conduit, enum baton_exit code,
		 const char *problem)
{
	GError *error = NULL;

	stop(conduit);
	if (conduit->over)
		return;
	conduit->over = true;
	baton_fail_set(&error, code, "%s", problem);
	conduit->events->failed(conduit->user, error);
}

static void look_for_end(struct baton_conduit *conduit)
{
	if (!conduit->closed || conduit->out_len || conduit->over)
		return;
	conduit->over = true;
	stop(conduit);
	conduit->events->done(conduit->user);
}

/* ---- stdin ---- */

/* False: the stream has no room for all of it now. */
static bool put(struct baton_conduit *conduit)
{
	size_t taken = 0;

	while (conduit->in_len) {
		if (baton_bytestreams_write(streams(conduit), conduit->id,
					    conduit->in + conduit->in_at,
					    conduit->in_len, &taken) ||
		    !taken)
			return false;
		conduit->in_at += taken;
		conduit->in_len -= taken;
	}
	return true;
}

static gboolean on_stdin(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_conduit *conduit = data;
	ssize_t n = read(fd, conduit->in, sizeof(conduit->in));

	(void)condition;
	baton_runner_kick(conduit->runner);
	if (n > 0) {
		conduit->in_at = 0;
		conduit->in_len = (size_t)n;
		if (put(conduit))
			return G_SOURCE_CONTINUE;
	} else if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		return G_SOURCE_CONTINUE;
	} else if (baton_bytestreams_finish(streams(conduit), conduit->id)) {
		g_debug("it has ended already");
	}
	conduit->reading = 0;
	return G_SOURCE_REMOVE;
}

static void read_on(struct baton_conduit *conduit)
{
	if (!conduit->reading && put(conduit))
		conduit->reading = g_unix_fd_add(STDIN_FILENO,
						 G_IO_IN | G_IO_HUP | G_IO_ERR,
						 on_stdin, conduit);
}

/* ---- stdout ---- */

/* Have bytes for stdout; false: there are none now. */
static bool get(struct baton_conduit *conduit)
{
	if (!conduit->out_len) {
		conduit->out_at = 0;
		if (baton_bytestreams_read(streams(conduit), conduit->id,
					   conduit->out, sizeof(conduit->out),
					   &conduit->out_len))
			conduit->out_len = 0;
		baton_runner_kick(conduit->runner);
	}
	return conduit->out_len > 0;
}

/* Who reads stdout shall see the end; its number may be another file's then. */
static void end_output(struct baton_conduit *conduit)
{
	if (!conduit->peer_ended || conduit->output_ended)
		return;
	conduit->output_ended = true;
	close(STDOUT_FILENO);
}

static gboolean on_stdout(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_conduit *conduit = data;
	ssize_t n;

	(void)condition;
	n = write(fd, conduit->out + conduit->out_at, conduit->out_len);
	if (n < 0 && errno != EINTR && errno != EAGAIN) {
		conduit->writing = 0;
		baton_conduit_reset(conduit);
		fail(conduit, BATON_EXIT_OUTPUT,
		     "cannot write to stdout: who reads it is gone, or it is "
		     "full");
		return G_SOURCE_REMOVE;
	}
	if (n > 0) {
		conduit->out_at += (size_t)n;
		conduit->out_len -= (size_t)n;
	}
	if (get(conduit))
		return G_SOURCE_CONTINUE;
	conduit->writing = 0;
	end_output(conduit);
	look_for_end(conduit);
	return G_SOURCE_REMOVE;
}

static void write_on(struct baton_conduit *conduit)
{
	if (!conduit->writing && get(conduit))
		conduit->writing = g_unix_fd_add(STDOUT_FILENO,
						 G_IO_OUT | G_IO_HUP | G_IO_ERR,
						 on_stdout, conduit);
	else if (!conduit->writing)
		end_output(conduit);
}

/* ---- The stream ---- */

static void open_stream(struct baton_conduit *conduit, uint8_t peer)
{
	uint8_t seed[32];

	if (conduit->open || conduit->over ||
	    baton_runner_endpoint(conduit->runner)->config.session.role !=
		    BATON_PHONE)
		return;
	conduit->peer = peer;
	if (baton_seed_get(seed)) {
		fail(conduit, BATON_EXIT_INTERNAL, "no randomness");
		return;
	}
	memcpy(conduit->id, seed, sizeof(conduit->id));
	if (baton_bytestreams_open(streams(conduit), conduit->id, NULL, 0)) {
		fail(conduit, BATON_EXIT_INTERNAL, "no stream could be opened");
		return;
	}
	conduit->open = true;
	read_on(conduit);
}

static void take_offer(struct baton_conduit *conduit, uint8_t peer,
		       const uint8_t *id)
{
	struct baton_bytestreams *of = baton_endpoint_streams(
		baton_runner_endpoint(conduit->runner), peer, BATON_DESK);

	if (conduit->open || conduit->over) {
		if (baton_bytestreams_reset(of, id, BATON_REASON_NOT_ALLOWED))
			g_debug("it has ended already");
		return;
	}
	conduit->peer = peer;
	memcpy(conduit->id, id, sizeof(conduit->id));
	if (baton_bytestreams_accept(of, id))
		return;
	conduit->open = true;
	read_on(conduit);
}

static void take_broken(struct baton_conduit *conduit, uint8_t reason)
{
	if (reason == BATON_REASON_NOT_ALLOWED)
		fail(conduit, BATON_EXIT_REFUSED,
		     "the other device runs no pipe; start it there as well");
	else
		fail(conduit, BATON_EXIT_PEER,
		     "the pipe broke: the program over there ended; what went "
		     "last may not have arrived");
}

static void take_stream(struct baton_conduit *conduit, uint8_t peer,
			const struct baton_bytestream_event *event)
{
	if (event->type == BATON_BYTESTREAM_OFFERED) {
		take_offer(conduit, peer, event->id);
		return;
	}
	if (!conduit->open ||
	    memcmp(event->id, conduit->id, sizeof(conduit->id)) != 0)
		return;
	switch (event->type) {
	case BATON_BYTESTREAM_OFFERED:
	case BATON_BYTESTREAM_OPENED:
		break;
	case BATON_BYTESTREAM_READABLE:
		write_on(conduit);
		break;
	case BATON_BYTESTREAM_WRITABLE:
		read_on(conduit);
		break;
	case BATON_BYTESTREAM_ENDED:
		conduit->peer_ended = true;
		write_on(conduit);
		break;
	case BATON_BYTESTREAM_IS_CLOSED:
		conduit->closed = true;
		look_for_end(conduit);
		break;
	case BATON_BYTESTREAM_IS_BROKEN:
		take_broken(conduit, event->reason);
		break;
	}
}

void baton_conduit_event(struct baton_conduit *conduit,
			 const struct baton_endpoint_event *event)
{
	if (event->type == BATON_ENDPOINT_STREAM)
		take_stream(conduit, event->peer, &event->u.stream);
	else if (event->type == BATON_ENDPOINT_DELIVERY &&
		 event->u.delivery.type == BATON_DELIVERY_OPEN)
		open_stream(conduit, event->peer);
	baton_runner_kick(conduit->runner);
}

bool baton_conduit_revoked(struct baton_conduit *conduit, uint8_t peer)
{
	if (peer != conduit->peer || conduit->over)
		return false;
	conduit->over = true;
	stop(conduit);
	return true;
}

void baton_conduit_reset(struct baton_conduit *conduit)
{
	stop(conduit);
	if (conduit->open &&
	    baton_bytestreams_reset(streams(conduit), conduit->id,
				    BATON_REASON_PERSON))
		g_debug("it has ended already");
	conduit->open = false;
	baton_runner_kick(conduit->runner);
}

struct baton_conduit *
baton_conduit_new(struct baton_runner *runner,
		  const struct baton_conduit_events *events, void *user)
{
	struct baton_conduit *conduit = g_new0(struct baton_conduit, 1);

	conduit->runner = runner;
	conduit->events = events;
	conduit->user = user;
	conduit->peer = BATON_ENDPOINT_NOBODY;
	return conduit;
}

void baton_conduit_free(struct baton_conduit *conduit)
{
	if (!conduit)
		return;
	stop(conduit);
	g_free(conduit);
}
