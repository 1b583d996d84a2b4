/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_DEVICE_STORE_H
#define BATON_SIM_DEVICE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/session.h"

/*
 * A device's storage: keys and values, and the ways in which storage fails.
 * A write may take time, in which the power may go; a cut may lose it, tear
 * it or leave it, or take earlier writes with it that were said to be durable;
 * it may be put back to how it was some writes ago; and it may be copied, and
 * go on in two devices.
 */

#define BATON_SIM_STORE_KEYS 24
#define BATON_SIM_STORE_KEY 40
#define BATON_SIM_STORE_VALUE 192
#define BATON_SIM_STORE_PAST 8 /* writes that can be taken back */

struct baton_sim_value {
	char key[BATON_SIM_STORE_KEY]; /* empty: free */
	uint8_t bytes[BATON_SIM_STORE_VALUE];
	size_t len;
};

struct baton_sim_values {
	struct baton_sim_value value[BATON_SIM_STORE_KEYS];
};

/* Writes on their way to the medium, all together. */
struct baton_sim_write {
	struct baton_sim_value
		value[BATON_STORE_WRITES_MAX]; /* len 0: delete */
	size_t count;
	uint32_t id;
	uint64_t at_us; /* when it is durable */
	bool waits;
};

struct baton_sim_store {
	struct baton_sim_values now;
	struct baton_sim_values past[BATON_SIM_STORE_PAST];
	struct baton_sim_values copy; /* of another device, made of this one */
	struct baton_sim_write write;
	uint64_t writes; /* begun */
	uint64_t commits; /* done */
	uint64_t cut_at; /* the power goes at that write; 0: at none */
	uint64_t cut_off_us; /* and is away for so long */
	uint8_t cut_outcome; /* enum baton_scenario_outcome */
	uint32_t cut_writes; /* UNSYNCED: as many before it are lost, too */
	uint32_t delay_us; /* until a write is durable */
};

/* Begin a write. False: the operation is none that a device can keep. */
bool baton_sim_store_begin(struct baton_sim_store *store,
			   const struct baton_store_op *op, uint64_t now_us);

/* The write that was begun is on the medium. */
void baton_sim_store_commit(struct baton_sim_store *store);

/* The power went in the middle of it: an enum baton_scenario_outcome. */
void baton_sim_store_cut(struct baton_sim_store *store, uint8_t outcome);

/*
 * Somebody copies it to another device; and that other device is used in place
 * of this one, or this one again.
 */
void baton_sim_store_copy(struct baton_sim_store *store);
void baton_sim_store_swap(struct baton_sim_store *store);

/* As it was `writes` writes ago, or at the beginning. */
void baton_sim_store_rollback(struct baton_sim_store *store, uint64_t writes);

#endif
