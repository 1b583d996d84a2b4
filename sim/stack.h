/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_STACK_H
#define BATON_SIM_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"
#include "sim/sim.h"

/*
 * The shipped engine on a device of the simulator: what a bearer and a main
 * loop do elsewhere, in virtual time. An application gets the engine's events
 * and calls the engine itself; outside of its callbacks it says so with
 * baton_sim_stack_kick().
 */
struct baton_sim_stack;

/* The application; any member may be NULL. */
struct baton_sim_stack_app {
	/* One event of the engine, as baton_session_next_event() gives it. */
	void (*event)(void *user, struct baton_sim_stack *stack,
		      const struct baton_event *event);
	/*
	 * A write that must become durable: 0 when it is. BATON_ERR_AGAIN:
	 * baton_sim_stack_stored() says so later, or never will. Without
	 * boot the stack keeps values in memory besides.
	 */
	enum baton_err (*store)(void *user, struct baton_sim_stack *stack,
				const struct baton_store_op *op);
	/* The engine is new: load into it what was stored. */
	void (*boot)(void *user, struct baton_sim_stack *stack);
	/* The link came up, or is gone. */
	void (*link)(void *user, struct baton_sim_stack *stack, bool up);
	/*
	 * The engine was called, and has nothing more to say; what stands above
	 * it may go on. True: it did.
	 */
	bool (*turn)(void *user, struct baton_sim_stack *stack);
};

/* As an engine is told of it: enum baton_link_phy. */
uint8_t baton_sim_link_phy(enum baton_phy phy);

/*
 * Make an engine of config and attach it to a side of sim, before the first
 * run. seed: the engine's randomness is derived from it. app and user must
 * outlive the stack, the stack must outlive sim's last run. Running out of
 * memory ends the process. BATON_ERR_ARG: config is wrong.
 */
BATON_MUST_CHECK
enum baton_err
baton_sim_stack_create(struct baton_sim_stack **stack, struct baton_sim *sim,
		       enum baton_sim_side side,
		       const struct baton_session_config *config, uint64_t seed,
		       const struct baton_sim_stack_app *app, void *user);
/*
 * Advertise, and choose whom to connect to, as session/SPEC.md 8 says, from
 * now on; otherwise a phone connects to whatever advertises. Before the first
 * run.
 */
void baton_sim_stack_set_private(struct baton_sim_stack *stack);
void baton_sim_stack_destroy(struct baton_sim_stack *stack);

struct baton_session *baton_sim_stack_session(struct baton_sim_stack *stack);
enum baton_sim_side baton_sim_stack_side(const struct baton_sim_stack *stack);

/* The engine's clock: the device's own, in milliseconds. */
uint64_t baton_sim_stack_now_ms(const struct baton_sim_stack *stack);

/* The engine was called: take what it has to say, and let the radio pull. */
void baton_sim_stack_kick(struct baton_sim_stack *stack);

/*
 * The device starts anew: a fresh engine with the bonds that were stored.
 * Its link, if any, dies of the supervision timeout. The stack's session is
 * another one afterwards. Not from within a callback of app.
 */
void baton_sim_stack_reboot(struct baton_sim_stack *stack);

/* The operation that store() answered with BATON_ERR_AGAIN is done. */
void baton_sim_stack_stored(struct baton_sim_stack *stack, uint32_t id,
			    enum baton_err err);

/* True: the application takes no events from now on; false: it does again. */
void baton_sim_stack_set_deaf(struct baton_sim_stack *stack, bool deaf);

/*
 * True: it takes urgent frames and what concerns the link, but no data, from
 * now on (baton_session_next_control()); false: all again.
 */
void baton_sim_stack_set_gated(struct baton_sim_stack *stack, bool gated);

/* PDUs that the engine dropped as bad input. */
uint64_t baton_sim_stack_dropped(const struct baton_sim_stack *stack);

/* By how many units its host let a repeated one be overtaken, on this link. */
unsigned int baton_sim_stack_overtaken(const struct baton_sim_stack *stack);

#endif
