/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_ITEMS_H
#define BATON_TOOLS_ITEMS_H

#include "tools/runner.h"

/*
 * The items that come by the program's queue: each becomes a file, where there
 * is a directory for them, and a line. One that cannot be written now keeps
 * those behind it waiting, and is tried again every second.
 */
struct baton_items;

/* dir: NULL: no files. runner outlives it; say gets a line. */
struct baton_items *baton_items_new(const char *dir,
				    struct baton_runner *runner,
				    void (*say)(void *user, const char *text),
				    void *user);
void baton_items_free(struct baton_items *items);

/* The event ITEM of a peer's queue. */
void baton_items_take(struct baton_items *items, uint8_t peer,
		      const struct baton_queue_event *event);

/* The bond of the peer is no more: nothing is written for it. */
void baton_items_forget(struct baton_items *items, uint8_t peer);

#endif
