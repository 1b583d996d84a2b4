/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_BENCH_FIGURE_H
#define BATON_TESTS_BENCH_FIGURE_H

/* One figure of the bench: what it is, what it should be, what it is now. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_sense {
	BENCH_AT_LEAST, /* the target is a floor */
	BENCH_AT_MOST, /* the target is a ceiling */
	BENCH_NO_TARGET, /* less is better */
};

/* How thorough: --quick takes less of everything and says less for it. */
struct bench_effort {
	bool quick;
};

#define BENCH_NOTE_MAX 200

struct bench_value {
	bool known;
	double value;
	double limit; /* physical or closed-form bound; with has_limit */
	bool has_limit;
	char note[BENCH_NOTE_MAX]; /* where it was measured, or why it is not */
};

struct bench_figure {
	const char *key;
	const char *text;
	const char *unit;
	double target;
	enum bench_sense sense;
	int decimals;
	const char *peer; /* best peer, as text; NULL: none known */
	/* Measures into *value; false when a measurement failed. */
	bool (*measure)(const struct bench_effort *effort,
			struct bench_value *value);
	double raised; /* a harder target since that one was met; 0: none */
};

extern const struct bench_figure bench_figures[];
extern const size_t bench_figures_len;

bool bench_figure_met(const struct bench_figure *figure,
		      const struct bench_value *value);
/* The same for the raised target. */
bool bench_figure_raised_met(const struct bench_figure *figure,
			     const struct bench_value *value);

/* link_figures.c: over the simulated link. */
bool bench_bulk_share(const struct bench_effort *, struct bench_value *);
bool bench_bulk_share_drop(const struct bench_effort *, struct bench_value *);
bool bench_bulk_share_bluez(const struct bench_effort *, struct bench_value *);
bool bench_bulk_share_drop_slow(const struct bench_effort *,
				struct bench_value *);
bool bench_bulk_overhead(const struct bench_effort *, struct bench_value *);
bool bench_small_overhead(const struct bench_effort *, struct bench_value *);
bool bench_needless(const struct bench_effort *, struct bench_value *);
bool bench_control_latency(const struct bench_effort *, struct bench_value *);
bool bench_sim_speedup(const struct bench_effort *, struct bench_value *);

/* first_message.c */
bool bench_first_bytes(const struct bench_effort *, struct bench_value *);
bool bench_first_events(const struct bench_effort *, struct bench_value *);
/* PDU bytes both ways of a link of known peers over which nothing is sent. */
bool bench_engine_link(uint64_t *bytes);

/* handover.c */
bool bench_session_bytes(const struct bench_effort *, struct bench_value *);
bool bench_session_events(const struct bench_effort *, struct bench_value *);
bool bench_handover_bytes(const struct bench_effort *, struct bench_value *);
bool bench_handover_events(const struct bench_effort *, struct bench_value *);
bool bench_handover_link_bytes(const struct bench_effort *,
			       struct bench_value *);
bool bench_handover_link_events(const struct bench_effort *,
				struct bench_value *);

/* cpu.c */
bool bench_xx_cpu(const struct bench_effort *, struct bench_value *);
bool bench_kkpsk0_cpu(const struct bench_effort *, struct bench_value *);
bool bench_nnpsk0_cpu(const struct bench_effort *, struct bench_value *);
bool bench_bulk_cpu(const struct bench_effort *, struct bench_value *);

/* sizes.c */
bool bench_m4_core(const struct bench_effort *, struct bench_value *);
bool bench_m4_watch(const struct bench_effort *, struct bench_value *);
bool bench_m4_all(const struct bench_effort *, struct bench_value *);
bool bench_m4_total(const struct bench_effort *, struct bench_value *);
bool bench_m4_link_ram(const struct bench_effort *, struct bench_value *);

#endif
