/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

/*
 * A watch and a phone that hand activities to each other: the C machine at
 * both ends, a store, a small application and a link on which everything may
 * go wrong. The properties are those of ownership.pml, and are looked at after
 * every step. All of it is in one struct without pointers to elsewhere, but
 * for those that world_copy() mends: a search copies it.
 */

#include "session/ownership.h"

#define WORLD_ACTIVITIES 4
#define WORLD_PLACES 5
#define WORLD_QUEUE 8
#define WORLD_STORED 12

/* A frame or, where code is 0, a state under way. */
struct world_item {
	uint8_t code;
	uint8_t len;
	uint8_t body[BATON_FRAME_BODY_MAX];
	uint8_t activity, life; /* state */
	uint64_t version;
	uint32_t content;
};

struct world_link {
	struct world_item item[WORLD_QUEUE];
	uint8_t count;
};

struct world_record {
	char key[BATON_STORE_KEY_MAX];
	uint8_t value[BATON_ACTIVITY_LEN];
	uint8_t len; /* 0: none */
};

/* What an application keeps of an activity, durably. */
struct world_app {
	uint32_t content; /* 0: nothing */
	uint64_t sent_version, got_version;
	uint32_t sent_content, got_content;
	bool asked, frozen; /* to be decided; forgotten by a reboot */
};

struct world_device {
	struct baton_ownership own;
	struct baton_activity table[WORLD_PLACES];
	struct world_record stored[WORLD_STORED];
	struct world_app app[WORLD_ACTIVITIES];
	struct world_link in; /* on its way to this device */
	struct baton_store_op op;
	bool op_out;
	int64_t offset_ms; /* of its clock */
	int32_t ppm;
	bool dead; /* in a lake */
};

struct world {
	struct world_device device[2]; /* by enum baton_role */
	uint64_t now_us;
	uint64_t boots; /* seeds: no two starts alike */
	uint32_t latest[WORLD_ACTIVITIES]; /* content nobody may go behind */
	uint32_t made;
	uint8_t activities;
	uint8_t places; /* of each device */
	/* An activity that is over begins another life, as another one. */
	uint8_t life[WORLD_ACTIVITIES];
	bool begun[WORLD_ACTIVITIES], over[WORLD_ACTIVITIES];
	bool up;
	const char *broken; /* what does not hold; NULL: all does */

	/* Counts. */
	uint64_t offers, adoptions, refusals, cancels, taken_back, renewals;
	uint64_t crashes, reboots, failed_writes, leases_over, lost_frames;
	uint64_t evictions;
};

/* Print every step to stderr. */
extern bool world_traces;

void world_init(struct world *world, uint8_t activities, uint8_t places,
		uint64_t seed);
void world_copy(struct world *to, const struct world *from);

void world_id(const struct world *world, uint8_t id[BATON_ACTIVITY_ID_LEN],
	      uint8_t activity);
uint64_t world_clock(const struct world *world, enum baton_role role);
/* True time at which the device's clock will say ms (or a little later). */
uint64_t world_when_us(const struct world *world, enum baton_role role,
		       uint64_t ms);

/* Memory is lost; the store and the application's state are not. */
void world_reboot(struct world *world, enum baton_role role);
void world_link(struct world *world, bool up);

/* The store: carry an operation out, half way or not at all. */
enum world_write {
	WORLD_WRITE_DONE,
	WORLD_WRITE_FAILS,
	WORLD_CRASH_BEFORE,
	WORLD_CRASH_AFTER,
};
bool world_wants_write(struct world *world, enum baton_role role);
void world_write(struct world *world, enum baton_role role,
		 enum world_write how);

/* Frames that are owed go on their way, events to the application. */
void world_attend(struct world *world, enum baton_role role);

/* The at-th of what is under way to role arrives; it stays if again. */
void world_deliver(struct world *world, enum baton_role role, uint8_t at,
		   bool again);
void world_drop(struct world *world, enum baton_role role, uint8_t at);

void world_tick(struct world *world, enum baton_role role);

/* What people and applications do; false where it is not possible now. */
enum world_wish {
	WORLD_BEGIN,
	WORLD_ACT,
	WORLD_OFFER,
	WORLD_ACCEPT,
	WORLD_REFUSE,
	WORLD_RELEASE,
	WORLD_CANCEL,
	WORLD_RENEW,
	WORLD_FINISH,
	WORLD_WISHES,
};
bool world_wish(struct world *world, enum baton_role role, uint8_t activity,
		enum world_wish wish, uint32_t lease_ms);

/* Look whether everything holds; sets broken. */
void world_check(struct world *world);

/* One owner each, who has the latest content, and nothing under way. */
bool world_is_settled(const struct world *world);

/* The phone owns again whatever it has lent, or else has nothing of it. */
bool world_is_back(const struct world *world);

#endif
