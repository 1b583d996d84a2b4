/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TELL_H
#define BATON_TOOLS_TELL_H

#include <glib.h>

#include "tools/control.h"
#include "tools/player.h"
#include "tools/role_options.h"

/*
 * A command for the program that runs with the same store, from another shell:
 * say it and print the answer. `status` and `queue` are answered from the store
 * where no program runs.
 */
gboolean baton_tell(const struct baton_role_options *options, GError **error);

/* The other end: take such commands for the player. */
void baton_tell_serve(struct baton_control *control,
		      struct baton_player *player);

#endif
