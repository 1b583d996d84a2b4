/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_WALK_H
#define BATON_TOOLS_WALK_H

#include <glib.h>
#include <stdbool.h>

#include "tools/fail.h"
#include "tools/role_options.h"
#include "tools/runner.h"

/*
 * Walks a person through a pairing: shows what is to be compared, typed or
 * scanned, asks, and says how it ended and what to do next. On a terminal in
 * sentences, elsewhere with a line for each step (docs/PROGRAM.md).
 */
struct baton_walk;

struct baton_walk_events {
	/* A line for the person or the script. */
	void (*say)(void *user, const char *text);
	/* There is no bond, and there will be none without another window. */
	void (*failed)(void *user, enum baton_exit code, const char *text);
};

/*
 * What a device can do to pair, for its engine: what the options allow, and
 * what its stdin and stdout are good for. Which of two devices shows follows
 * from what both say of themselves.
 */
void baton_walk_configure(const struct baton_role_options *options,
			  struct baton_session_config *config);

/* options and events are used, not copied. */
struct baton_walk *baton_walk_new(const struct baton_role_options *options,
				  const struct baton_walk_events *events,
				  void *user);

/* NULL is allowed. */
void baton_walk_free(struct baton_walk *walk);

/*
 * Open the window. BATON_EXIT_USAGE: nobody sees or answers anything here.
 */
gboolean baton_walk_open(struct baton_walk *walk, struct baton_runner *runner,
			 GError **error);

/* Every event of the engine. */
void baton_walk_event(struct baton_walk *walk, const struct baton_event *event);

/* True if a person has been shown or asked something: the other one is there. */
bool baton_walk_has_met(const struct baton_walk *walk);

/*
 * True while people compare; it ends with an event, after two minutes at the
 * latest.
 */
bool baton_walk_compares(const struct baton_walk *walk);

/* True from _open() until there is a bond, or none. */
bool baton_walk_is_open(const struct baton_walk *walk);

#endif
