/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_DEVICE_H
#define BATON_SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/device_store.h"
#include "sim/scenario.h"
#include "sim/stack.h"

/*
 * Two devices as people have them: the engine, an application that sends
 * and takes things and checks each byte, storage that fails, a battery, and
 * the person who looks at both displays.
 */

#define BATON_SIM_ITEMS 1024 /* things that may be sent in a run */

enum baton_sim_item_state {
	BATON_SIM_ITEM_QUEUED, /* or to be sent again */
	BATON_SIM_ITEM_SENDING, /* a file that is being written */
	BATON_SIM_ITEM_SENT, /* all of it is in the engine */
	BATON_SIM_ITEM_DELIVERED, /* the sender was told so */
	BATON_SIM_ITEM_REPORTED, /* the sender knows that it failed */
};

/* Something that is sent, and what has come of it. */
struct baton_sim_item {
	char name[BATON_SCENARIO_NAME];
	enum baton_sim_side from;
	bool file;
	struct baton_stream_id stream;
	uint32_t size;
	uint64_t written; /* by the sender */
	uint64_t number; /* in its stream */
	enum baton_sim_item_state state;
	uint64_t taken; /* bytes, by the receiver, of the file in progress */
	unsigned int got; /* times, in the receiver's present life */
	bool ever_got;
	bool lost; /* at least once, and sent again */
	uint8_t meta[4];
};

struct baton_sim_device {
	struct baton_sim_stage *stage;
	enum baton_sim_side side;
	struct baton_sim_stack *stack;
	struct baton_sim_store store;
	struct baton_sim_node_config node; /* as it is now */

	bool powered, secured, paused, refuses_next;
	bool paired; /* it was told so, once */
	bool fails_to_pair; /* on this link, where it was to pair again */
	uint64_t paused_until_us, off_until_us, asleep_until_us;
	int64_t wall_us; /* how far its wall clock is from the truth */
	/* The file that comes in on each stream: its item, or SIZE_MAX. */
	size_t open[BATON_DATA_CLASSES][BATON_STREAMS];
	/* How many items, to the newest that came in on each stream. */
	size_t newest[BATON_DATA_CLASSES][BATON_STREAMS];

	/* The person, for this device. */
	bool asked; /* the code on the display waits for an answer */
	bool shows; /* the code is on the display */
	uint32_t code;
	uint64_t answer_us; /* when it will be answered */
	uint64_t after_us; /* how long an answer takes */
	bool walks_away, refuses; /* at the next question */

	uint64_t ups, downs, secures, lives, cuts;
	uint64_t tx_bytes, tx_resent; /* of the engines of earlier lives */
	enum baton_err closed; /* the newest reason to close a link */
};

struct baton_sim_stage {
	struct baton_sim *sim;
	struct baton_sim_device device[BATON_SIM_SIDES];
	struct baton_sim_item *items;
	size_t item_count;
	bool strict; /* nobody tampers: a protocol error is one of ours */
	bool whole; /* no storage loses anything: nor does anybody a bond */
	bool private_adverts; /* a device without a bond is not found */
	unsigned int looks; /* of the person at devices that do not work */
	bool gave_up; /* the person said no, and will not try again */
	bool changed; /* something to look at since it was cleared */
	char wrong[160]; /* empty while everything is as it must be */
};

/*
 * Put both devices into sim. False: a configuration is wrong. Afterwards the
 * stage must stay where it is and outlive the sim's last run.
 */
bool baton_sim_stage_init(struct baton_sim_stage *stage, struct baton_sim *sim,
			  const struct baton_scenario_device devices[2],
			  uint64_t seed);
void baton_sim_stage_free(struct baton_sim_stage *stage);

/* Say what is wrong, unless something was before. */
void baton_sim_stage_wrong(struct baton_sim_stage *stage, const char *format,
			   ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 2, 3)))
#endif
	;

/* What happens to a device; the simulator's time is now. */
void baton_sim_device_send(struct baton_sim_device *device, bool file,
			   const struct baton_scenario_args *args);
void baton_sim_device_cancel(struct baton_sim_device *device, const char *name);
void baton_sim_device_pause(struct baton_sim_device *device, uint64_t us);
void baton_sim_device_power(struct baton_sim_device *device, bool on);
/* The processor sleeps, and the application and its person's display. */
void baton_sim_device_sleep(struct baton_sim_device *device, uint64_t us,
			    bool clock_stops);
bool baton_sim_device_asleep(const struct baton_sim_device *device);
/*
 * The wall clock, microseconds since 1970: the application's alone. Nothing
 * of the engine may depend on it.
 */
uint64_t baton_sim_device_wall_us(const struct baton_sim_device *device);
/* Off now, on again after a time. */
void baton_sim_device_reboot(struct baton_sim_device *device, uint64_t us);

/* The person opens the pairing window on both. */
void baton_sim_stage_pair(struct baton_sim_stage *stage);

bool baton_sim_stage_secure(const struct baton_sim_stage *stage);
bool baton_sim_stage_bonded(const struct baton_sim_stage *stage);

/* The byte at an offset of an item's content. */
uint8_t baton_sim_item_byte(uint32_t item, uint64_t offset);

/* In what every larger content carries in clear, to be looked for. */
#define BATON_SIM_ITEM_MARK "plaintxt"

/* The application's part, called by the device. */
void baton_sim_app_event(struct baton_sim_device *device,
			 const struct baton_event *event);
void baton_sim_app_write(struct baton_sim_device *device);
void baton_sim_app_died(struct baton_sim_device *device);

#endif
