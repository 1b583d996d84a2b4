/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PROGRESS_H
#define BATON_TOOLS_PROGRESS_H

#include <glib.h>
#include <stdint.h>

/*
 * A progress bar with rate and remaining time, where stderr is a terminal;
 * else nothing is shown.
 */
struct baton_progress {
	gboolean shown;
	gint64 begin_us; /* 0: not begun */
	gboolean flowing; /* begin is behind what went at once */
	gint64 drawn_us;
	uint64_t begin_bytes;
};

/* done of total bytes; draws at most ten times a second. */
void baton_progress_show(struct baton_progress *progress, const char *name,
			 uint64_t done, uint64_t total);

/* Remove the bar, before something else is written, or at the end. */
void baton_progress_clear(struct baton_progress *progress);

#endif
