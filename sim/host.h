/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_HOST_H
#define BATON_SIM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/host_bluez.h"
#include "sim/host_clock.h"
#include "sim/queue.h"
#include "sim/sdu.h"
#include "sim/sim.h"

/*
 * A device's host: between its controller and the attached stack. It frames
 * what the stack sends, hands up what comes in after its turnaround, has
 * the faults of its configuration, and keeps the stack's timer.
 */
struct baton_sim_host {
	struct baton_sim *sim;
	enum baton_sim_side side;
	struct baton_sim_node_config cfg;
	const struct baton_sim_stack_ops *ops; /* NULL: no stack */
	void *user;
	bool powered;

	bool up; /* the stack was told link_up */
	uint32_t link; /* counts links: what is late for one is lost */
	uint16_t mtu;
	uint16_t mtu_asked; /* by the exchange that is under way */
	uint32_t held; /* values in the controller */
	uint32_t pending; /* values on their way up */
	uint64_t received; /* values that came over the air */
	uint64_t place; /* of the one that the stack is given */
	uint32_t credits; /* to be returned */
	bool busy; /* inside an op */
	uint64_t visible_us; /* when the last in order reaches the stack */
	uint64_t stalled_until;
	uint64_t timer_us; /* of the earliest tick that is queued */
	uint64_t ticked_us; /* when tick was last called */
	struct baton_sim_clock clock;
	struct baton_sim_bluez bluez;
};

void baton_sim_host_init(struct baton_sim *sim, enum baton_sim_side side);

/* Until when the stack is asked and given nothing: stalled, or asleep. */
uint64_t baton_sim_host_blocked_until(const struct baton_sim_host *host);

/* The stack is told that its link is gone. */
void baton_sim_host_tell_down(struct baton_sim_host *host, uint8_t reason);

/* From the link layer: a connection is there; an SDU came; a value is out. */
void baton_sim_host_connected(struct baton_sim *sim, enum baton_sim_side side);
void baton_sim_host_receive(struct baton_sim *sim, enum baton_sim_side side,
			    struct baton_sim_sdu *sdu);
void baton_sim_host_room(struct baton_sim *sim, enum baton_sim_side side);
void baton_sim_host_disconnected(struct baton_sim *sim,
				 enum baton_sim_side side, uint8_t reason);

/* From the set-up: the stack may use the link; the MTU is now mtu. */
void baton_sim_host_up(struct baton_sim_host *host);
void baton_sim_host_mtu(struct baton_sim_host *host, uint16_t mtu);

/* Read the stack's deadline, give the controller what it has room for. */
void baton_sim_host_serve(struct baton_sim_host *host);

/* The same, asked for by the application. */
void baton_sim_host_kick(struct baton_sim_host *host);

/* Give back what a queued item of the host holds. */
void baton_sim_host_discard(struct baton_sim *sim,
			    const struct baton_sim_item *item);

/* Hand len bytes to the stack at at_us, with no fault. */
void baton_sim_host_inject(struct baton_sim_host *host, uint64_t at_us,
			   const uint8_t *pdu, size_t len);

/* For host_bluez.c: an SDU of a value, as one that came in; its showing at
 * a time; its loss; what happens when its time has come. */
struct baton_sim_sdu *baton_sim_host_make(struct baton_sim_host *host,
					  const uint8_t *pdu, size_t len);
void baton_sim_host_show(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
			 uint64_t at_us);
void baton_sim_host_lose(struct baton_sim_host *host,
			 struct baton_sim_sdu *sdu);
void baton_sim_host_visible(struct baton_sim_host *host,
			    struct baton_sim_sdu *sdu);

/* Hand nothing up and pull nothing until then. */
void baton_sim_host_stall(struct baton_sim_host *host, uint64_t until_us);

void baton_sim_host_power(struct baton_sim_host *host, bool on);

#endif
