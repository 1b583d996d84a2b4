/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_ADV_H
#define BATON_SIM_ADV_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/queue.h"
#include "sim/sim.h"

#define BATON_SIM_ADV_MAX 31U

/*
 * Advertising and scanning (Core 5.4, Vol 6 Part B, 4.4): ADV_IND on three
 * channels, a scanner that takes the channels in turn, CONNECT_IND.
 */
struct baton_sim_adv {
	bool advertising;
	bool scanning;
	bool initiating; /* a CONNECT_IND is on the air */
	uint32_t adv_generation;
	uint8_t data[BATON_SIM_ADV_MAX];
	uint8_t len;
	uint64_t scan_start_us;
	uint64_t scan_metered_us; /* listening is counted up to here */
	uint8_t scan_channel; /* the first one, 0..2 */
	/* The phone connects to the sender of this advert, until then. */
	uint64_t target_until_us; /* 0: to none */
	uint8_t target[BATON_SIM_ADV_MAX];
	uint8_t target_len;
};

/* Start what the devices should do now: they are on, and not connected. */
void baton_sim_adv_update(struct baton_sim *sim);

/* The phone hears an advert that the watch did not send now. */
void baton_sim_adv_inject(struct baton_sim *sim, uint64_t at_us,
			  const uint8_t *data, size_t len);

/* True if the item is one of those, and has what it points to. */
bool baton_sim_adv_holds(const struct baton_sim_item *item);

/* Count the time the scanner has listened. */
void baton_sim_adv_meter(struct baton_sim *sim);

#endif
