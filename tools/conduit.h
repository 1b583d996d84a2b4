/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_CONDUIT_H
#define BATON_TOOLS_CONDUIT_H

#include <glib.h>
#include <stdbool.h>

#include "tools/runner.h"

/*
 * `pipe`: what is read from stdin here is written to stdout over there, and the
 * other way round, by a byte stream (session/bytestream.h): in order and once,
 * over any number of links, as long as both programs live. The phone opens it.
 */
struct baton_conduit;

struct baton_conduit_events {
	/* Both sides have ended, all was written. */
	void (*done)(void *user);
	/* It is over before; error is the callee's. */
	void (*failed)(void *user, GError *error);
};

/* runner and events outlive the pipe. */
struct baton_conduit *
baton_conduit_new(struct baton_runner *runner,
		  const struct baton_conduit_events *events, void *user);
void baton_conduit_free(struct baton_conduit *conduit);

/* Every event of the endpoint. */
void baton_conduit_event(struct baton_conduit *conduit,
			 const struct baton_endpoint_event *event);

/* The bond of a peer is no more; true: the pipe was with it, and is over. */
bool baton_conduit_revoked(struct baton_conduit *conduit, uint8_t peer);

/* End it at once; the peer is told. */
void baton_conduit_reset(struct baton_conduit *conduit);

#endif
