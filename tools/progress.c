/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/progress.h"

#define DRAW_US 100000
#define BAR 24

static void draw(const char *name, uint64_t done, uint64_t total,
		 double bytes_per_s)
{
	char bar[BAR + 1];
	g_autofree char *rate = g_format_size((guint64)bytes_per_s);
	uint64_t filled = total ? BAR * done / total : BAR;
	uint64_t left_s = 0;

	if (bytes_per_s > 0)
		left_s = (uint64_t)((double)(total - done) / bytes_per_s);
	memset(bar, ' ', BAR);
	memset(bar, '=', filled);
	bar[BAR] = '\0';
	fprintf(stderr,
		"\r\033[K%.24s [%s] %3u %%  %s/s  %" G_GUINT64_FORMAT
		":%02" G_GUINT64_FORMAT " left",
		name, bar, total ? (unsigned int)(100 * done / total) : 100,
		rate, left_s / 60, left_s % 60);
	fflush(stderr);
}

static void begin(struct baton_progress *progress, uint64_t done, gint64 now_us)
{
	progress->begin_us = now_us;
	progress->drawn_us = now_us;
	progress->begin_bytes = done;
}

void baton_progress_show(struct baton_progress *progress, const char *name,
			 uint64_t done, uint64_t total)
{
	gint64 now_us = g_get_monotonic_time();
	double seconds;

	if (!isatty(STDERR_FILENO) || done > total)
		return;
	if (done < progress->begin_bytes)
		progress->begin_us = 0;
	if (!progress->begin_us) {
		begin(progress, done, now_us);
		progress->flowing = FALSE;
	}
	if (now_us - progress->drawn_us < DRAW_US)
		return;
	/* What fills the queues of a sender at first has not gone yet. */
	if (!progress->flowing) {
		begin(progress, done, now_us);
		progress->flowing = TRUE;
		return;
	}
	progress->drawn_us = now_us;
	progress->shown = TRUE;
	seconds = (double)(now_us - progress->begin_us) / 1e6;
	draw(name, done, total,
	     seconds > 0 ? (double)(done - progress->begin_bytes) / seconds
			 : 0);
}

void baton_progress_clear(struct baton_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	memset(progress, 0, sizeof(*progress));
}
