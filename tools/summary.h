/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_SUMMARY_H
#define BATON_TOOLS_SUMMARY_H

#include <stdint.h>

#include "sim/sim.h"

/* What the radio has done up to a moment. */
struct baton_mark {
	uint64_t at_us;
	struct baton_sim_stats side[BATON_SIM_SIDES];
};

void baton_mark_set(struct baton_mark *mark, struct baton_sim *sim);

/* What one file cost, between two marks. */
struct baton_cost {
	uint64_t bytes; /* of the file */
	uint64_t pdus[BATON_SIM_SIDES]; /* sent by each side */
	uint64_t pdu_bytes; /* both ways */
	double saved_pct; /* by compression, of the file's bytes */
	double overhead_pct; /* of PDU bytes over the file's; 0 for no bytes */
	double seconds;
	double air_seconds; /* both radios sending */
	double goodput_bps;
	double limit_bps; /* what the radio could carry */
	double share_pct; /* of limit_bps, by what compression left */
};

/* bytes: the file's; saved_pct of them were not sent. */
void baton_cost_between(struct baton_cost *cost, const struct baton_mark *from,
			const struct baton_mark *to, uint64_t bytes,
			double saved_pct, double limit_bps);

/* What `baton demo` has done; strings are the caller's. */
struct baton_summary {
	const struct baton_sim_config *config;
	uint32_t code;
	double pairing_seconds;
	const char *file; /* base name */
	const char *path; /* where the phone has put it */
	struct baton_cost there;
	const char *answer_path;
	struct baton_cost back;
};

/* For a person, and for a machine, on stdout. */
void baton_summary_print(const struct baton_summary *summary);
void baton_summary_print_json(const struct baton_summary *summary);

#endif
