/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TIMELINE_H
#define BATON_TOOLS_TIMELINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/sim.h"

/*
 * A picture of a simulated run, as SVG: both devices and the air between
 * them on a time axis. It is fed while the run goes on, in the order in
 * which things happen, and written in the end. The same run gives the same
 * bytes.
 */
struct baton_timeline;

/* What is true of a device; that it has a link, the trace says. */
enum baton_timeline_fact {
	BATON_TIMELINE_POWERED, /* true until something else is said */
	BATON_TIMELINE_COMPARING, /* the code is on its display */
	BATON_TIMELINE_SECURED,
};
#define BATON_TIMELINE_FACTS 3

enum baton_timeline_outcome {
	BATON_TIMELINE_OPEN,
	BATON_TIMELINE_DELIVERED, /* the sender was told so */
	BATON_TIMELINE_FAILED, /* the sender knows that it was not */
};

struct baton_timeline *
baton_timeline_new(const struct baton_sim_config *config);
void baton_timeline_free(struct baton_timeline *timeline);

/* Replaces what was known when it was made. */
void baton_timeline_config(struct baton_timeline *timeline,
			   const struct baton_sim_config *config);

/* A baton_sim_trace_fn; user is the timeline. LL packets are wanted. */
void baton_timeline_trace(void *user, const struct baton_sim_trace *rec);

void baton_timeline_fact(struct baton_timeline *timeline,
			 enum baton_sim_side side, uint64_t at_us,
			 enum baton_timeline_fact fact, bool is_true);
/* A write to storage began. */
void baton_timeline_write_store(struct baton_timeline *timeline,
				enum baton_sim_side side, uint64_t at_us);

/*
 * An application hands size bytes to its engine, to be sent; the number by
 * which the timeline knows them. name is copied.
 */
unsigned int baton_timeline_send(struct baton_timeline *timeline,
				 enum baton_sim_side from, uint64_t at_us,
				 const char *name, uint64_t size);
/* The other application has so many bytes of them by now. */
void baton_timeline_taken(struct baton_timeline *timeline, unsigned int number,
			  uint64_t at_us, uint64_t bytes);
void baton_timeline_end(struct baton_timeline *timeline, unsigned int number,
			uint64_t at_us, enum baton_timeline_outcome outcome);

/* A part of the time, microseconds. */
struct baton_timeline_span {
	uint64_t from_us;
	uint64_t to_us; /* 0: up to the end */
};

/*
 * Draw it. title is the first line. The whole run is shown, and below it,
 * larger, span; where span is NULL, the moment when the first thing is
 * handed over, unless all of it can be seen anyway. BATON_EXIT_OUTPUT: the
 * file cannot be written; BATON_EXIT_USAGE: span lies behind the end.
 */
gboolean baton_timeline_save(const struct baton_timeline *timeline,
			     const char *path, const char *title,
			     const struct baton_timeline_span *span,
			     GError **error);

#endif
