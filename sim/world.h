/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_WORLD_H
#define BATON_SIM_WORLD_H

#include "sim/adv.h"
#include "sim/energy.h"
#include "sim/host.h"
#include "sim/ll.h"
#include "sim/prng.h"
#include "sim/queue.h"
#include "sim/sdu.h"
#include "sim/sim.h"

/* One stream of randomness for each purpose and device. */
enum baton_sim_stream {
	BATON_SIM_RAND_BURST, /* Gilbert-Elliott steps, by sender */
	BATON_SIM_RAND_ERROR, /* packet errors, by sender */
	BATON_SIM_RAND_MISSED,
	BATON_SIM_RAND_UP_DROP, /* host faults, by host */
	BATON_SIM_RAND_UP_DUP,
	BATON_SIM_RAND_UP_LATE,
	BATON_SIM_RAND_UP_JITTER,
	BATON_SIM_RAND_DOWN_DROP,
	BATON_SIM_RAND_ADV, /* advertising delays, scan phases */
	BATON_SIM_RAND_ADV_ERROR, /* errors on advertising channels */
	BATON_SIM_RAND_BLUEZ, /* turnaround, by host */
	BATON_SIM_RAND_BLUEZ_OTHER, /* values of other centrals */
	BATON_SIM_RANDS
};

struct baton_sim_node {
	struct baton_sim_host host;
	struct baton_sim_errors errors; /* of what it sends */
	bool burst; /* Gilbert-Elliott: in the bad state */
	struct baton_prng rand[BATON_SIM_RANDS];
	struct baton_sim_meter meter;
	struct baton_sim_stats stats;
};

struct baton_sim {
	struct baton_sim_config cfg;
	uint64_t now;
	bool started;
	struct baton_sim_queue queue;
	struct baton_sim_pool pool;
	struct baton_sim_node node[BATON_SIM_SIDES];
	struct baton_sim_ll ll;
	struct baton_sim_adv adv;
	uint64_t black_until;
	uint8_t *scratch; /* an SDU as the stack sees it; 65535 bytes */

	baton_sim_trace_fn *trace;
	void *trace_user;
	bool trace_ll;
	baton_sim_adversary_fn *adversary;
	baton_sim_advert_fn *advert_adversary;
	void *adversary_user;
};

static inline struct baton_prng *baton_sim_rand(struct baton_sim *sim,
						enum baton_sim_side side,
						enum baton_sim_stream stream)
{
	return &sim->node[side].rand[stream];
}

/* Is a packet that `from` sends received? Steps the burst state. */
enum baton_sim_air baton_sim_air_draw(struct baton_sim *sim,
				      enum baton_sim_side from,
				      enum baton_sim_stream stream);

/* Report to the trace function, if there is one. */
void baton_sim_note(struct baton_sim *sim, enum baton_sim_what what,
		    enum baton_sim_side side, const uint8_t *data, size_t len,
		    uint8_t reason);

#endif
