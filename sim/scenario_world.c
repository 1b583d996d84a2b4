/* SPDX-License-Identifier: MIT */
#include "sim/scenario_world.h"

#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"
#include "sim/scenario_eve.h"

#define EVE_STREAM 0xe7e

static void person_acts(struct baton_sim_stage *stage,
			const struct baton_scenario_action *action)
{
	struct baton_sim_device *device = &stage->device[action->args.device];

	device->after_us = action->args.after_us;
	switch (action->verb) {
	case BATON_SCENARIO_CONFIRM:
		device->refuses = false;
		device->walks_away = false;
		if (stage->gave_up)
			baton_sim_stage_pair(stage);
		break;
	case BATON_SCENARIO_REFUSE:
		device->refuses = true;
		break;
	case BATON_SCENARIO_WALK_AWAY:
		device->walks_away = true;
		device->asked = false;
		break;
	default:
		break;
	}
}

static void set_host(struct baton_sim_device *device,
		     const struct baton_scenario_action *action)
{
	struct baton_scenario_device changed = {.node = device->node};
	struct baton_scenario_error error;

	if (!baton_scenario_set_device(&changed, action->settings, action->line,
				       &error))
		baton_sim_die(error.text);
	/* A host that begins to cut what it let through before. */
	if (changed.node.cut_len &&
	    changed.node.cut_len != device->node.cut_len)
		device->stage->strict = false;
	device->node = changed.node;
	baton_sim_set_node(device->stage->sim, device->side, &device->node);
}

static void set_errors(struct baton_scenario_world *world,
		       const struct baton_scenario_action *action)
{
	struct baton_sim_errors errors = {0};
	struct baton_scenario_error error;

	if (!baton_scenario_set_errors(&errors, action->settings, action->line,
				       &error))
		baton_sim_die(error.text);
	baton_sim_set_errors(world->sim,
			     (enum baton_sim_side)action->args.device, &errors);
}

static void device_acts(struct baton_scenario_world *world,
			struct baton_sim_device *device,
			const struct baton_scenario_action *action)
{
	const struct baton_scenario_args *args = &action->args;

	switch (action->verb) {
	case BATON_SCENARIO_SEND_MESSAGE:
	case BATON_SCENARIO_SEND_FILE:
		baton_sim_device_send(
			device, action->verb == BATON_SCENARIO_SEND_FILE, args);
		break;
	case BATON_SCENARIO_CANCEL:
		baton_sim_device_cancel(device, args->name);
		break;
	case BATON_SCENARIO_REFUSE_NEXT:
		device->refuses_next = true;
		break;
	case BATON_SCENARIO_DISCONNECT:
		baton_sim_disconnect(world->sim, device->side, args->reason);
		break;
	case BATON_SCENARIO_STALL:
		baton_sim_stall(world->sim, device->side, args->for_us);
		break;
	case BATON_SCENARIO_PAUSE:
		baton_sim_device_pause(device, args->for_us);
		break;
	case BATON_SCENARIO_HOST:
		set_host(device, action);
		break;
	case BATON_SCENARIO_POWER_OFF:
		baton_sim_device_power(device, false);
		break;
	case BATON_SCENARIO_POWER_ON:
		baton_sim_device_power(device, true);
		break;
	case BATON_SCENARIO_REBOOT:
		baton_sim_device_reboot(device, args->after_us);
		break;
	case BATON_SCENARIO_POWER_CUT:
		device->store.cut_at = device->store.writes + args->nth;
		device->store.cut_off_us = args->after_us;
		device->store.cut_outcome = args->outcome;
		device->store.cut_writes = args->writes;
		break;
	case BATON_SCENARIO_SLEEP:
		baton_sim_device_sleep(device, args->for_us, args->clock_stops);
		break;
	case BATON_SCENARIO_SET_CLOCK:
		device->wall_us += args->wall_us;
		break;
	case BATON_SCENARIO_ROLLBACK:
		baton_sim_device_reboot(device, args->after_us);
		baton_sim_store_rollback(&device->store, args->writes);
		break;
	case BATON_SCENARIO_COPY_STORE:
		baton_sim_store_copy(&device->store);
		break;
	case BATON_SCENARIO_SWAP_STORE:
		baton_sim_device_reboot(device, args->after_us);
		baton_sim_store_swap(&device->store);
		break;
	default:
		break;
	}
}

static void link_acts(struct baton_sim *sim,
		      const struct baton_scenario_action *action)
{
	const struct baton_scenario_args *args = &action->args;
	const enum baton_sim_side asks = (enum baton_sim_side)args->device;

	switch (action->verb) {
	case BATON_SCENARIO_MTU:
		baton_sim_exchange_mtu(sim, args->mtu);
		break;
	case BATON_SCENARIO_PHY:
		baton_sim_update_phy(sim, asks, (enum baton_phy)args->phy);
		break;
	case BATON_SCENARIO_LENGTH:
		baton_sim_update_length(sim, asks, args->ll_len);
		break;
	case BATON_SCENARIO_INTERVAL:
		baton_sim_update_connection(sim, asks, args->interval_us,
					    args->latency, args->timeout_us);
		break;
	case BATON_SCENARIO_BLACK_OUT:
		baton_sim_blackout(sim, args->for_us);
		break;
	default:
		break;
	}
}

static void act(struct baton_scenario_world *world,
		const struct baton_scenario_action *action)
{
	switch (action->actor) {
	case BATON_SCENARIO_WATCH:
		device_acts(world, &world->stage.device[BATON_SIM_WATCH],
			    action);
		break;
	case BATON_SCENARIO_PHONE:
		device_acts(world, &world->stage.device[BATON_SIM_PHONE],
			    action);
		break;
	case BATON_SCENARIO_LINK:
		link_acts(world->sim, action);
		break;
	case BATON_SCENARIO_AIR:
		set_errors(world, action);
		break;
	case BATON_SCENARIO_EVE: /* from now on: scenario_eve.c */
		world->stage.strict = false;
		break;
	case BATON_SCENARIO_PERSON:
		person_acts(&world->stage, action);
		break;
	}
	world->stage.changed = true;
}

static void fire(void *user)
{
	struct baton_scenario_pending *pending = user;
	struct baton_scenario_world *world = pending->world;
	const struct baton_scenario_action *action = pending->action;

	if (!pending->fired && action->trigger == BATON_SCENARIO_AT)
		world->waiting--;
	pending->fired = true;
	pending->fired_us = baton_sim_now(world->sim);
	if (action->every_us)
		baton_sim_at(world->sim,
			     baton_sim_now(world->sim) + action->every_us, fire,
			     pending);
	act(world, action);
}

/* What share of what has this name has arrived, in parts per million. */
static uint64_t share(const struct baton_sim_stage *stage, const char *name)
{
	uint64_t size = 0, taken = 0;
	const struct baton_sim_item *item;
	size_t i;

	for (i = 0; i < stage->item_count; i++) {
		item = &stage->items[i];
		if (strcmp(item->name, name) != 0)
			continue;
		size += item->size;
		taken += item->ever_got ? item->size : item->taken;
	}
	return size ? taken * 1000000 / size : 0;
}

static bool has_come(const struct baton_scenario_world *world,
		     const struct baton_scenario_action *action)
{
	const struct baton_sim_stage *stage = &world->stage;
	const struct baton_sim_device *phone = &stage->device[BATON_SIM_PHONE];

	switch (action->trigger) {
	case BATON_SCENARIO_AT:
		return false;
	case BATON_SCENARIO_ON_UP:
		return phone->ups >= action->n;
	case BATON_SCENARIO_ON_DOWN:
		return phone->downs >= action->n;
	case BATON_SCENARIO_ON_PDU:
		return world->pdus[baton_sim_other(action->side)] >= action->n;
	case BATON_SCENARIO_ON_WRITE:
		return stage->device[action->side].store.writes >= action->n;
	case BATON_SCENARIO_ON_SECURE:
		return phone->secures >= action->n;
	case BATON_SCENARIO_ON_PAIRED:
		return baton_sim_stage_bonded(stage);
	case BATON_SCENARIO_ON_SHARE:
		return share(stage, action->on) >= action->n && action->n;
	}
	return false;
}

void baton_scenario_world_trigger(struct baton_scenario_world *world)
{
	struct baton_scenario_pending *pending;
	size_t i;

	for (i = 0; i < world->scenario->action_count; i++) {
		pending = &world->pending[i];
		if (pending->fired || !has_come(world, pending->action))
			continue;
		pending->fired = true;
		world->triggers--;
		/* Outside of what has just happened. */
		baton_sim_at(world->sim, baton_sim_now(world->sim), fire,
			     pending);
	}
}

static bool has_mark(const uint8_t *p, size_t len)
{
	const size_t mark = sizeof(BATON_SIM_ITEM_MARK) - 1;
	size_t i;

	for (i = 0; i + mark <= len; i++)
		if (!memcmp(p + i, BATON_SIM_ITEM_MARK, mark))
			return true;
	return false;
}

static void on_trace(void *user, const struct baton_sim_trace *rec)
{
	struct baton_scenario_world *world = user;

	if (rec->what == BATON_SIM_HOST_RX)
		world->pdus[rec->side]++;
	if (rec->what == BATON_SIM_HOST_TX && world->looks_for_plaintext &&
	    has_mark(rec->data, rec->len)) {
		world->plaintext = true;
		world->stage.changed = true;
	}
	if (world->watcher)
		world->watcher->trace(world->watcher->user, rec);
	/* The same with a watcher and without. */
	if (rec->what != BATON_SIM_LL)
		world->hash = baton_sim_trace_hash(world->hash, rec);
}

static void look_again(void *user)
{
	struct baton_scenario_world *world = user;

	world->stage.changed = true;
}

/* Actions to come, and moments at which a claim must be true. */
static void plan(struct baton_scenario_world *world)
{
	const struct baton_scenario *scenario = world->scenario;
	const struct baton_scenario_action *action;
	size_t i;

	/* Values of others, in the middle of ours. */
	for (i = 0; i < BATON_SIM_SIDES; i++)
		if (scenario->device[i].node.bluez_other_us)
			world->stage.strict = false;
	for (i = 0; i < scenario->action_count; i++) {
		action = &scenario->actions[i];
		world->pending[i].world = world;
		world->pending[i].action = action;
		world->pending[i].fired = false;
		world->pending[i].seen = 0;
		world->pending[i].fired_us = 0;
		if (action->actor == BATON_SCENARIO_EVE)
			baton_scenario_eve_comes(world);
		if (action->verb == BATON_SCENARIO_POWER_CUT ||
		    action->verb == BATON_SCENARIO_ROLLBACK ||
		    action->verb == BATON_SCENARIO_SWAP_STORE)
			world->stage.whole = false;
		if (action->trigger != BATON_SCENARIO_AT) {
			world->triggers++;
			continue;
		}
		world->waiting++;
		baton_sim_at(world->sim, action->at_us, fire,
			     &world->pending[i]);
	}
	for (i = 0; i < scenario->claim_count; i++) {
		if (scenario->claims[i].when == BATON_SCENARIO_WITHIN)
			baton_sim_at(world->sim, scenario->claims[i].by_us,
				     look_again, world);
		if (scenario->claims[i].what == BATON_SCENARIO_NO_PLAINTEXT)
			world->looks_for_plaintext = true;
	}
}

void baton_scenario_world_init(struct baton_scenario_world *world,
			       const struct baton_scenario *scenario,
			       uint64_t seed,
			       const struct baton_scenario_watcher *watcher,
			       struct baton_scenario_result *result)
{
	struct baton_sim_config config = scenario->config;

	memset(world, 0, sizeof(*world));
	world->scenario = scenario;
	world->watcher = watcher;
	world->result = result;
	world->hash = BATON_SIM_TRACE_HASH_INIT;
	config.seed = seed;
	if (baton_sim_create(&world->sim, &config))
		baton_sim_die("a scenario that was checked is wrong");
	if (!baton_sim_stage_init(&world->stage, world->sim, scenario->device,
				  seed))
		baton_sim_die("an engine cannot be made");
	baton_prng_init(&world->prng, seed, EVE_STREAM);
	world->pending = baton_sim_realloc(
		NULL, (scenario->action_count + 1) * sizeof(*world->pending));
	world->met = baton_sim_realloc(NULL, (scenario->claim_count + 1) *
						     sizeof(*world->met));
	memset(world->met, 0, scenario->claim_count * sizeof(*world->met));
	baton_sim_set_trace(world->sim, on_trace, world, watcher != NULL);
	plan(world);
}

void baton_scenario_world_free(struct baton_scenario_world *world)
{
	baton_sim_destroy(world->sim);
	baton_sim_stage_free(&world->stage);
	free(world->pending);
	free(world->met);
}
