/* SPDX-License-Identifier: MIT */
#include "tools/timeline_stage.h"

#include "sim/device.h"

/* An item as it was when it was last looked at. */
struct seen {
	unsigned int number; /* in the timeline */
	uint64_t taken;
	enum baton_sim_item_state state;
};

struct baton_timeline_stage {
	struct baton_timeline *timeline;
	struct baton_scenario_watcher watcher;
	bool begun;
	uint64_t writes[BATON_SIM_SIDES];
	struct seen seen[BATON_SIM_ITEMS];
	size_t items;
};

static void look_at_device(struct baton_timeline_stage *stage,
			   const struct baton_sim_device *device,
			   uint64_t now_us)
{
	baton_timeline_fact(stage->timeline, device->side, now_us,
			    BATON_TIMELINE_POWERED, device->powered);
	baton_timeline_fact(stage->timeline, device->side, now_us,
			    BATON_TIMELINE_COMPARING, device->shows);
	baton_timeline_fact(stage->timeline, device->side, now_us,
			    BATON_TIMELINE_SECURED, device->secured);
	if (stage->writes[device->side] == device->store.writes)
		return;
	stage->writes[device->side] = device->store.writes;
	baton_timeline_write_store(stage->timeline, device->side, now_us);
}

static void look_at_item(struct baton_timeline_stage *stage, size_t i,
			 const struct baton_sim_item *item, uint64_t now_us)
{
	struct seen *seen = &stage->seen[i];
	uint64_t taken = item->ever_got ? item->size : item->taken;

	if (i >= stage->items) {
		stage->items = i + 1;
		seen->number = baton_timeline_send(
			stage->timeline, item->from, now_us,
			item->name[0] ? item->name
				      : (item->file ? "file" : "message"),
			item->size);
	}
	if (taken != seen->taken)
		baton_timeline_taken(stage->timeline, seen->number, now_us,
				     taken);
	seen->taken = taken;
	if (item->state == seen->state)
		return;
	seen->state = item->state;
	if (item->state == BATON_SIM_ITEM_DELIVERED)
		baton_timeline_end(stage->timeline, seen->number, now_us,
				   BATON_TIMELINE_DELIVERED);
	else if (item->state == BATON_SIM_ITEM_REPORTED)
		baton_timeline_end(stage->timeline, seen->number, now_us,
				   BATON_TIMELINE_FAILED);
}

static void look(void *user, const struct baton_scenario *scenario,
		 const struct baton_sim_stage *sim_stage)
{
	struct baton_timeline_stage *stage = user;
	struct baton_sim_config config = scenario->config;
	uint64_t now_us = baton_sim_now(sim_stage->sim);
	size_t i;

	if (!stage->begun) {
		for (i = 0; i < BATON_SIM_SIDES; i++)
			config.node[i] = scenario->device[i].node;
		baton_timeline_config(stage->timeline, &config);
		stage->begun = true;
	}
	for (i = 0; i < BATON_SIM_SIDES; i++)
		look_at_device(stage, &sim_stage->device[i], now_us);
	for (i = 0; i < sim_stage->item_count; i++)
		look_at_item(stage, i, &sim_stage->items[i], now_us);
}

static void trace(void *user, const struct baton_sim_trace *rec)
{
	struct baton_timeline_stage *stage = user;

	baton_timeline_trace(stage->timeline, rec);
}

struct baton_timeline_stage *baton_timeline_stage_new(void)
{
	struct baton_timeline_stage *stage =
		g_new0(struct baton_timeline_stage, 1);
	struct baton_sim_config config;

	baton_sim_config_init(&config);
	stage->timeline = baton_timeline_new(&config);
	stage->watcher.trace = trace;
	stage->watcher.look = look;
	stage->watcher.user = stage;
	return stage;
}

void baton_timeline_stage_free(struct baton_timeline_stage *stage)
{
	if (!stage)
		return;
	baton_timeline_free(stage->timeline);
	g_free(stage);
}

const struct baton_scenario_watcher *
baton_timeline_stage_watcher(const struct baton_timeline_stage *stage)
{
	return &stage->watcher;
}

const struct baton_timeline *
baton_timeline_stage_timeline(const struct baton_timeline_stage *stage)
{
	return stage->timeline;
}
