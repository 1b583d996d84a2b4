/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_HOST_CLOCK_H
#define BATON_SIM_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A device's monotonic clock, and its sleep: the processor stops, the
 * controller goes on. Some clocks stop with it (CLOCK_MONOTONIC of Linux),
 * others do not (CLOCK_BOOTTIME, a wearable's RTC).
 */

struct baton_sim_host;

struct baton_sim_clock {
	bool asleep;
	bool stops;
	uint64_t since_us, until_us; /* of this sleep */
	uint64_t lost_us; /* that the clock stood still, before it */
	bool ended; /* the link, meanwhile: the stack is told when it wakes */
	uint8_t reason;
};

/* The device's clock, and when it will show local_us (never early). */
uint64_t baton_sim_host_clock(const struct baton_sim_host *host, uint64_t us);
uint64_t baton_sim_host_when(const struct baton_sim_host *host,
			     uint64_t local_us);

/* Fall asleep now; a device that sleeps or is off stays as it is. */
void baton_sim_host_sleep(struct baton_sim_host *host, uint64_t duration_us,
			  bool clock_stops);

/* The power goes: it does not sleep any more. */
void baton_sim_host_sleep_ends(struct baton_sim_host *host);

#endif
