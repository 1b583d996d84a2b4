/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_H
#define BATON_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario_text.h"
#include "sim/sim.h"

/*
 * A scenario as read: a world, what happens to it, and what must be true
 * (docs/SCENARIOS.md).
 */

#define BATON_SCENARIO_NAME 48

/* A device of the scenario: its host, and its engine. */
struct baton_scenario_device {
	struct baton_sim_node_config node;
	uint8_t memory; /* 0 large, 1 small: BATON_LINK_CONFIG_* */
	bool private_adverts; /* false: anyone's advert is connected to */
	uint32_t store_us; /* 0: until a write is durable */
};

enum baton_scenario_actor {
	BATON_SCENARIO_WATCH,
	BATON_SCENARIO_PHONE,
	BATON_SCENARIO_LINK,
	BATON_SCENARIO_AIR,
	BATON_SCENARIO_EVE,
	BATON_SCENARIO_PERSON,
};

enum baton_scenario_verb {
	BATON_SCENARIO_SEND_MESSAGE,
	BATON_SCENARIO_SEND_FILE,
	BATON_SCENARIO_CANCEL,
	BATON_SCENARIO_REFUSE_NEXT,
	BATON_SCENARIO_DISCONNECT,
	BATON_SCENARIO_STALL,
	BATON_SCENARIO_PAUSE,
	BATON_SCENARIO_HOST,
	BATON_SCENARIO_POWER_OFF,
	BATON_SCENARIO_POWER_ON,
	BATON_SCENARIO_REBOOT,
	BATON_SCENARIO_POWER_CUT,
	BATON_SCENARIO_ROLLBACK,
	BATON_SCENARIO_COPY_STORE,
	BATON_SCENARIO_SWAP_STORE,
	BATON_SCENARIO_SLEEP,
	BATON_SCENARIO_SET_CLOCK,
	BATON_SCENARIO_MTU,
	BATON_SCENARIO_PHY,
	BATON_SCENARIO_LENGTH,
	BATON_SCENARIO_INTERVAL,
	BATON_SCENARIO_BLACK_OUT,
	BATON_SCENARIO_ERRORS,
	BATON_SCENARIO_DROP,
	BATON_SCENARIO_CUT,
	BATON_SCENARIO_FLIP,
	BATON_SCENARIO_REPEAT,
	BATON_SCENARIO_DELAY,
	BATON_SCENARIO_INJECT,
	BATON_SCENARIO_RELAY,
	BATON_SCENARIO_ADVERT_DROP,
	BATON_SCENARIO_ADVERT_FLIP,
	BATON_SCENARIO_ADVERT_REPEAT,
	BATON_SCENARIO_ADVERT_DELAY,
	BATON_SCENARIO_ADVERT_INJECT,
	BATON_SCENARIO_CONFIRM,
	BATON_SCENARIO_REFUSE,
	BATON_SCENARIO_WALK_AWAY,
};

enum baton_scenario_outcome { /* of a write that the power cut hits */
			      BATON_SCENARIO_WRITE_LOST,
			      BATON_SCENARIO_WRITE_TORN,
			      BATON_SCENARIO_WRITE_DONE,
			      /* Lost, with some that were said to last. */
			      BATON_SCENARIO_WRITE_UNSYNCED,
};

struct baton_scenario_args {
	uint64_t for_us;
	uint64_t after_us;
	uint64_t by_us;
	int64_t wall_us;
	uint32_t size;
	uint32_t nth;
	uint32_t count;
	uint32_t bits;
	uint32_t len;
	uint32_t writes;
	uint16_t mtu;
	uint16_t ll_len;
	uint16_t latency;
	uint32_t interval_us;
	uint32_t timeout_us;
	uint8_t phy; /* enum baton_phy */
	uint8_t reason;
	uint8_t class_id; /* 0: what fits the verb, else enum baton_class */
	uint8_t stream;
	uint8_t clock_stops;
	uint8_t outcome; /* enum baton_scenario_outcome */
	uint8_t device; /* enum baton_sim_side */
	char name[BATON_SCENARIO_NAME];
};

enum baton_scenario_trigger {
	BATON_SCENARIO_AT,
	BATON_SCENARIO_ON_UP,
	BATON_SCENARIO_ON_DOWN,
	BATON_SCENARIO_ON_PDU,
	BATON_SCENARIO_ON_WRITE,
	BATON_SCENARIO_ON_SECURE,
	BATON_SCENARIO_ON_PAIRED,
	BATON_SCENARIO_ON_SHARE, /* of name has been delivered */
};

struct baton_scenario_action {
	unsigned int line;
	enum baton_scenario_trigger trigger;
	uint64_t at_us;
	uint64_t every_us; /* 0: once */
	uint64_t n; /* of the trigger; parts per million for ON_SHARE */
	enum baton_sim_side side; /* of the trigger */
	char on[BATON_SCENARIO_NAME];
	enum baton_scenario_actor actor;
	enum baton_scenario_verb verb;
	struct baton_scenario_args args;
	char settings[BATON_SCENARIO_LINE_CAP]; /* HOST, ERRORS: as written */
};

enum baton_scenario_when {
	BATON_SCENARIO_ALWAYS,
	BATON_SCENARIO_WITHIN,
	BATON_SCENARIO_FINALLY,
};

enum baton_scenario_what {
	BATON_SCENARIO_DELIVERED, /* once */
	BATON_SCENARIO_REPORTED, /* delivered once, or reported */
	BATON_SCENARIO_LINKED,
	BATON_SCENARIO_SECURE,
	BATON_SCENARIO_BONDED,
	BATON_SCENARIO_UNBONDED,
	BATON_SCENARIO_TRACE,
	BATON_SCENARIO_NO_PLAINTEXT,
	BATON_SCENARIO_METRIC,
};

enum baton_scenario_metric {
	BATON_SCENARIO_RETRANSMISSIONS,
	BATON_SCENARIO_LINKS,
	BATON_SCENARIO_GOODPUT, /* bytes/s of what was delivered */
	BATON_SCENARIO_OVERHEAD, /* parts per million of it */
	BATON_SCENARIO_MEMORY_WATCH,
	BATON_SCENARIO_MEMORY_PHONE,
	BATON_SCENARIO_CHARGE_WATCH, /* uC */
	BATON_SCENARIO_CHARGE_PHONE,
};

struct baton_scenario_claim {
	unsigned int line; /* 0: holds in every scenario */
	enum baton_scenario_when when;
	uint64_t by_us; /* WITHIN */
	enum baton_scenario_what what;
	enum baton_scenario_metric metric;
	char relation; /* '<', '=', '>' */
	uint64_t value; /* METRIC, TRACE */
	char name[BATON_SCENARIO_NAME]; /* "everything", or of what was sent */
	char text[BATON_SCENARIO_LINE_CAP]; /* as written */
};

struct baton_scenario {
	char name[BATON_SCENARIO_NAME];
	char xfail[BATON_SCENARIO_LINE_CAP]; /* empty: must hold */
	bool has_seed;
	uint64_t seed;
	struct baton_sim_config config; /* but for node and seed */
	struct baton_scenario_device device[BATON_SIM_SIDES];
	struct baton_scenario_action *actions;
	size_t action_count;
	struct baton_scenario_claim *claims;
	size_t claim_count;
};

/* Read a resolved text; false, and *error says why. */
bool baton_scenario_parse(struct baton_scenario *scenario,
			  const struct baton_scenario_text *fixed,
			  struct baton_scenario_error *error);
void baton_scenario_free(struct baton_scenario *scenario);

/* Apply "key=value ..." to a host or to the errors of the air. */
bool baton_scenario_set_device(struct baton_scenario_device *device,
			       const char *settings, unsigned int line,
			       struct baton_scenario_error *error);
bool baton_scenario_set_errors(struct baton_sim_errors *errors,
			       const char *settings, unsigned int line,
			       struct baton_scenario_error *error);

#endif
