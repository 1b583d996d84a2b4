/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PLAYER_H
#define BATON_TOOLS_PLAYER_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "tools/control.h"
#include "tools/role_options.h"
#include "tools/runner.h"

/* What `baton watch` and `baton phone` do with the events of their engine. */
struct baton_player;

/* options, store and loop outlive the player. */
struct baton_player *baton_player_new(const struct baton_role_options *options,
				      struct baton_store *store,
				      GMainLoop *loop);

/* Free it; the answer is why it ended, NULL: it was done. */
GError *baton_player_free(struct baton_player *player);

/* What the runner is made with; user is the player. */
extern const struct baton_runner_events baton_player_events;

/*
 * Begin; the player quits the loop when it is done. control, which is asked
 * from now on and freed before the player, is used, not owned.
 */
gboolean baton_player_start(struct baton_player *player,
			    struct baton_runner *runner,
			    struct baton_control *control, GError **error);

/* Carry out a command of another program: its answer, or NULL and error. */
char *baton_player_do(struct baton_player *player, const char *line,
		      GError **error);

struct baton_endpoint *baton_player_endpoint(struct baton_player *player);

/* A person, or the system, wants the program to end. */
void baton_player_interrupt(struct baton_player *player);

#endif
