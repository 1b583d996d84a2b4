/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_IDS_H
#define BATON_TOOLS_IDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "session/ownership.h"

/* Activities of several peers, each of which names its own. */
struct baton_id {
	uint8_t bytes[BATON_ACTIVITY_ID_LEN];
	uint8_t peer;
};

/* An empty list of struct baton_id. */
GArray *baton_ids_new(void);

/* It is there once then. */
void baton_ids_add(GArray *ids, const struct baton_id *id);

/* False: it was not there. */
bool baton_ids_remove(GArray *ids, const struct baton_id *id);

/* All of one peer's. */
void baton_ids_forget(GArray *ids, uint8_t peer);

/* A list of those of one peer. */
GArray *baton_ids_of(const GArray *ids, uint8_t peer);

/*
 * The one whose name begins with word, at least 4 digits, or the only one where
 * word is empty; false: there is none, or more than one.
 */
bool baton_ids_find(const GArray *ids, const char *word, struct baton_id *id);

#endif
