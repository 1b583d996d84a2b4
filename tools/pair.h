/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PAIR_H
#define BATON_TOOLS_PAIR_H

#include <glib.h>
#include <stdint.h>

#include "sim/stack.h"
#include "tools/timeline.h"
#include "tools/trace.h"

/*
 * A watch and a phone in one simulated world, with a directory of files each.
 * Every step runs the world until it is done, or fails.
 */
struct baton_pair;

/*
 * codec: of both devices, or NULL. dir: each device's directory, which is there. trace may be NULL; it is
 * used, not owned.
 */
struct baton_pair *baton_pair_new(const struct baton_sim_config *config,
				  const struct baton_codec *codec,
				  char *const dir[BATON_SIM_SIDES],
				  struct baton_trace *trace, GError **error);
/* From now on; used, not owned. */
void baton_pair_show(struct baton_pair *pair, struct baton_timeline *timeline);
void baton_pair_free(struct baton_pair *pair);

struct baton_sim *baton_pair_sim(struct baton_pair *pair);

/*
 * Find each other, and come to the comparison value on both devices, which is
 * given when both show the same. BATON_EXIT_PEER: they differ.
 */
gboolean baton_pair_compare(struct baton_pair *pair, uint32_t *code,
			    GError **error);

/* Both people say yes; the bonds are made, and the devices connected. */
gboolean baton_pair_confirm(struct baton_pair *pair, GError **error);

/*
 * Send the file at path from a device to the other; *received is where it is
 * there, to be freed with g_free(). It is verified bit for bit.
 */
gboolean baton_pair_send(struct baton_pair *pair, enum baton_sim_side from,
			 const char *path, char **received, GError **error);

#endif
