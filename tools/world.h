/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_WORLD_H
#define BATON_TOOLS_WORLD_H

#include <glib.h>

#include "sim/sim.h"

/* The options that say what the simulated radio is like. */
struct baton_world_options {
	char *seed;
	char *mtu;
	char *interval;
	char *phy;
	char *loss;
};

/* The options themselves, for a GOptionContext; they fill *options. */
void baton_world_add_options(GOptionContext *context,
			     struct baton_world_options *options);
void baton_world_clear_options(struct baton_world_options *options);

/* Check them and fill *config. BATON_EXIT_USAGE. */
gboolean baton_world_config(const struct baton_world_options *options,
			    struct baton_sim_config *config, GError **error);

/*
 * The most that values of the best length can carry one way over this radio,
 * bits per second: packets back to back, no event limit, no losses.
 */
double baton_world_limit_bps(const struct baton_sim_config *config);

/* A decimal number from min to max, all of text. BATON_EXIT_USAGE. */
gboolean baton_world_number(const char *text, const char *option, guint64 min,
			    guint64 max, guint64 *number, GError **error);

#endif
