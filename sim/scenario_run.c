/* SPDX-License-Identifier: MIT */
#include "sim/scenario_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"
#include "sim/device.h"
#include "sim/scenario_world.h"

#define MINUTE UINT64_C(60000000)
#define LONGEST_US (60 * MINUTE) /* where no claim says anything */
#define SETTLE_US (5 * MINUTE) /* for what must be true finally */

static bool applies(const struct baton_scenario_claim *claim,
		    const struct baton_sim_item *item)
{
	return !strcmp(claim->name, "everything") ||
	       !strcmp(claim->name, item->name);
}

static bool came_true(const struct baton_sim_item *item, bool or_reported)
{
	return item->state == BATON_SIM_ITEM_DELIVERED ||
	       (or_reported && item->state == BATON_SIM_ITEM_REPORTED);
}

static bool is_sent(const struct baton_scenario_world *world,
		    const struct baton_scenario_claim *claim)
{
	size_t i;

	for (i = 0; i < world->stage.item_count; i++)
		if (applies(claim, &world->stage.items[i]))
			return true;
	return false;
}

static bool delivered(const struct baton_scenario_world *world,
		      const struct baton_scenario_claim *claim)
{
	const struct baton_sim_stage *stage = &world->stage;
	bool or_reported = claim->what == BATON_SCENARIO_REPORTED;
	size_t i;

	/* A name that nobody has sent anything by is a mistake. */
	if (world->waiting ||
	    (strcmp(claim->name, "everything") != 0 && !is_sent(world, claim)))
		return false;
	for (i = 0; i < stage->item_count; i++)
		if (applies(claim, &stage->items[i]) &&
		    !came_true(&stage->items[i], or_reported))
			return false;
	return true;
}

static uint64_t bytes_delivered(const struct baton_sim_stage *stage)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < stage->item_count; i++)
		if (stage->items[i].state == BATON_SIM_ITEM_DELIVERED)
			bytes += stage->items[i].size;
	return bytes;
}

static void both_stats(const struct baton_scenario_world *world,
		       struct baton_session_stats *sum)
{
	const struct baton_sim_device *device;
	struct baton_session_stats one;
	int i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		device = &world->stage.device[i];
		baton_session_stats(baton_sim_stack_session(device->stack),
				    &one);
		sum->link.tx_bytes += device->tx_bytes + one.link.tx_bytes;
		sum->link.tx_resent +=
			(uint32_t)device->tx_resent + one.link.tx_resent;
	}
}

static uint64_t charge_uc(const struct baton_scenario_world *world,
			  enum baton_sim_side side)
{
	struct baton_sim_stats stats;

	baton_sim_get_stats(world->sim, side, &stats);
	return stats.charge_pc / 1000000;
}

static uint64_t memory(const struct baton_scenario_world *world,
		       enum baton_sim_side side)
{
	const struct baton_session *session =
		baton_sim_stack_session(world->stage.device[side].stack);

	return sizeof(*session) + baton_session_memory_len(&session->config);
}

static uint64_t metric(const struct baton_scenario_world *world,
		       enum baton_scenario_metric metric)
{
	uint64_t bytes = bytes_delivered(&world->stage);
	uint64_t now = baton_sim_now(world->sim);
	struct baton_session_stats sum;

	both_stats(world, &sum);
	switch (metric) {
	case BATON_SCENARIO_RETRANSMISSIONS:
		return sum.link.tx_resent;
	case BATON_SCENARIO_LINKS:
		return world->stage.device[BATON_SIM_PHONE].ups;
	case BATON_SCENARIO_GOODPUT:
		return now ? bytes * 1000000 / now : 0;
	case BATON_SCENARIO_OVERHEAD:
		return bytes && sum.link.tx_bytes > bytes
			       ? (sum.link.tx_bytes - bytes) * 1000000 / bytes
			       : 0;
	case BATON_SCENARIO_MEMORY_WATCH:
		return memory(world, BATON_SIM_WATCH);
	case BATON_SCENARIO_MEMORY_PHONE:
		return memory(world, BATON_SIM_PHONE);
	case BATON_SCENARIO_CHARGE_WATCH:
		return charge_uc(world, BATON_SIM_WATCH);
	case BATON_SCENARIO_CHARGE_PHONE:
		return charge_uc(world, BATON_SIM_PHONE);
	}
	return 0;
}

static bool compare(uint64_t left, char relation, uint64_t right)
{
	if (relation == '<')
		return left < right;
	return relation == '>' ? left > right : left == right;
}

static bool has_bond(const struct baton_scenario_world *world,
		     enum baton_sim_side side)
{
	return baton_session_bond_count(baton_sim_stack_session(
		       world->stage.device[side].stack)) > 0;
}

static bool holds(const struct baton_scenario_world *world,
		  const struct baton_scenario_claim *claim)
{
	switch (claim->what) {
	case BATON_SCENARIO_DELIVERED:
	case BATON_SCENARIO_REPORTED:
		return delivered(world, claim);
	case BATON_SCENARIO_LINKED:
		return baton_sim_connected(world->sim);
	case BATON_SCENARIO_SECURE:
		return baton_sim_stage_secure(&world->stage);
	case BATON_SCENARIO_BONDED:
		return baton_sim_stage_bonded(&world->stage);
	case BATON_SCENARIO_UNBONDED:
		return !has_bond(world, BATON_SIM_WATCH) &&
		       !has_bond(world, BATON_SIM_PHONE);
	case BATON_SCENARIO_TRACE:
		return world->hash == claim->value;
	case BATON_SCENARIO_NO_PLAINTEXT:
		return !world->plaintext;
	case BATON_SCENARIO_METRIC:
		return compare(metric(world, claim->metric), claim->relation,
			       claim->value);
	}
	return false;
}

/* What is missing of what was sent, for the message. */
static size_t describe_items(const struct baton_scenario_world *world,
			     const struct baton_scenario_claim *claim,
			     char *text, size_t cap)
{
	static const char *const states[] = {"queued", "being sent", "sent",
					     "delivered", "reported"};
	const struct baton_sim_stage *stage = &world->stage;
	const struct baton_sim_item *item;
	uint64_t share;
	size_t i, n = 0;

	for (i = 0; i < stage->item_count && n < cap / 2; i++) {
		item = &stage->items[i];
		if (!applies(claim, item) ||
		    came_true(item, claim->what == BATON_SCENARIO_REPORTED))
			continue;
		share = item->size ? item->taken * 100 / item->size : 0;
		n += (size_t)snprintf(
			text + n, cap - n, "%s%s of the %s: %s, %llu %% there",
			n ? "; " : "", item->name[0] ? item->name : "something",
			item->from ? "phone" : "watch", states[item->state],
			(unsigned long long)(item->got ? 100 : share));
	}
	return n;
}

static void describe(const struct baton_scenario_world *world,
		     const struct baton_scenario_claim *claim, char *text,
		     size_t cap)
{
	const struct baton_sim_stage *stage = &world->stage;
	size_t n = 0;

	text[0] = '\0';
	if (claim->what == BATON_SCENARIO_DELIVERED ||
	    claim->what == BATON_SCENARIO_REPORTED)
		n = describe_items(world, claim, text, cap);
	else if (claim->what == BATON_SCENARIO_METRIC)
		n = (size_t)snprintf(
			text, cap, "it is %llu",
			(unsigned long long)metric(world, claim->metric));
	else if (claim->what == BATON_SCENARIO_TRACE)
		n = (size_t)snprintf(text, cap, "it is %016llx",
				     (unsigned long long)world->hash);
	if (!n)
		snprintf(text, cap, "watch %s, phone %s%s",
			 stage->device[0].powered ? stage->device[0].secured
							    ? "secure"
							    : "not secure"
						  : "off",
			 stage->device[1].powered ? stage->device[1].secured
							    ? "secure"
							    : "not secure"
						  : "off",
			 baton_sim_connected(world->sim) ? "" : ", no link");
}

static void fail(struct baton_scenario_world *world,
		 const struct baton_scenario_claim *claim, const char *how)
{
	struct baton_scenario_result *result = world->result;

	if (!result->passed)
		return;
	result->passed = false;
	result->at_us = baton_sim_now(world->sim);
	result->line = claim ? claim->line : 0;
	if (claim && claim->name[0] && !is_sent(world, claim))
		how = ", and nothing of that name was sent";
	snprintf(result->claim, sizeof(result->claim), "%.400s%s",
		 claim ? claim->text : how, claim ? how : "");
	if (claim)
		describe(world, claim, result->why, sizeof(result->why));
}

/* The claims, when something has changed; true if the run is over. */
static bool look(struct baton_scenario_world *world)
{
	const struct baton_scenario *scenario = world->scenario;
	const struct baton_scenario_claim *claim;
	bool all = !world->waiting;
	size_t i;

	if (world->stage.wrong[0]) {
		fail(world, NULL, world->stage.wrong);
		return true;
	}
	for (i = 0; i < scenario->claim_count; i++) {
		claim = &scenario->claims[i];
		switch (claim->when) {
		case BATON_SCENARIO_ALWAYS:
			if (holds(world, claim))
				break;
			fail(world, claim, ", always");
			return true;
		case BATON_SCENARIO_WITHIN:
			world->met[i] = world->met[i] || holds(world, claim);
			all = all && world->met[i];
			break;
		case BATON_SCENARIO_FINALLY:
			all = all && (claim->what == BATON_SCENARIO_TRACE ||
				      holds(world, claim));
			break;
		}
	}
	/* The trace is that of the whole run: its end is when all else holds. */
	for (i = 0; i < scenario->claim_count && all; i++)
		if (scenario->claims[i].what == BATON_SCENARIO_TRACE &&
		    !holds(world, &scenario->claims[i]))
			fail(world, &scenario->claims[i], "");
	return all;
}

static void show(const struct baton_scenario_world *world)
{
	if (world->watcher && world->watcher->look)
		world->watcher->look(world->watcher->user, world->scenario,
				     &world->stage);
}

/* Asked after everything that happens. */
static bool done(void *user)
{
	struct baton_scenario_world *world = user;
	const struct baton_scenario *scenario = world->scenario;
	uint64_t now = baton_sim_now(world->sim);
	size_t i;

	if (world->triggers)
		baton_scenario_world_trigger(world);
	if (world->stage.changed) {
		world->stage.changed = false;
		show(world);
		world->over = look(world);
	}
	if (world->over)
		return true;
	if (now < world->next_limit_us)
		return false;
	world->next_limit_us = UINT64_MAX;
	for (i = 0; i < scenario->claim_count; i++) {
		const struct baton_scenario_claim *claim = &scenario->claims[i];

		if (claim->when != BATON_SCENARIO_WITHIN || world->met[i])
			continue;
		if (claim->by_us <= now) {
			fail(world, claim, " in time");
			return true;
		}
		if (claim->by_us < world->next_limit_us)
			world->next_limit_us = claim->by_us;
	}
	return false;
}

/* The time is over: what had to be true by then? */
static void at_the_end(struct baton_scenario_world *world)
{
	const struct baton_scenario *scenario = world->scenario;
	size_t i;

	world->stage.changed = true;
	if (done(world))
		return;
	for (i = 0; i < scenario->claim_count; i++)
		if (scenario->claims[i].when == BATON_SCENARIO_FINALLY &&
		    !holds(world, &scenario->claims[i]))
			fail(world, &scenario->claims[i], ", finally");
}

static uint64_t longest_us(const struct baton_scenario *scenario)
{
	uint64_t us = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < scenario->claim_count; i++) {
		any = any || scenario->claims[i].when != BATON_SCENARIO_ALWAYS;
		if (scenario->claims[i].when == BATON_SCENARIO_WITHIN &&
		    scenario->claims[i].by_us > us)
			us = scenario->claims[i].by_us;
	}
	for (i = 0; i < scenario->action_count; i++)
		if (scenario->actions[i].at_us > us)
			us = scenario->actions[i].at_us;
	return any ? us + SETTLE_US : LONGEST_US;
}

/* Has an action that waits for something had its moment? */
static void count_action(const struct baton_scenario_world *world,
			 const struct baton_scenario_pending *pending,
			 struct baton_scenario_result *result)
{
	const struct baton_scenario_action *action = pending->action;
	bool idle = !pending->fired;

	if (action->verb == BATON_SCENARIO_POWER_CUT)
		idle = !world->stage.device[action->actor].cuts;
	else if (action->actor == BATON_SCENARIO_EVE &&
		 action->verb != BATON_SCENARIO_RELAY)
		idle = pending->seen < action->args.nth;
	else if (action->trigger == BATON_SCENARIO_AT)
		return;
	result->awaited++;
	result->idle += idle;
}

static void count(struct baton_scenario_world *world,
		  struct baton_scenario_result *result)
{
	const struct baton_sim_stage *stage = &world->stage;
	struct baton_session_stats sum;
	size_t i;

	both_stats(world, &sum);
	for (i = 0; i < stage->item_count; i++) {
		result->sent++;
		result->delivered +=
			stage->items[i].state == BATON_SIM_ITEM_DELIVERED;
		result->reported +=
			stage->items[i].state == BATON_SIM_ITEM_REPORTED;
	}
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		result->writes[i] = stage->device[i].store.writes;
		result->cuts += (unsigned int)stage->device[i].cuts;
	}
	for (i = 0; i < world->scenario->action_count; i++)
		count_action(world, &world->pending[i], result);
	result->bytes = bytes_delivered(stage);
	result->pdus = world->pdus[0] + world->pdus[1];
	result->links = (unsigned int)stage->device[BATON_SIM_PHONE].ups;
	result->retransmissions = (unsigned int)sum.link.tx_resent;
	result->hash = world->hash;
}

void baton_scenario_run(const struct baton_scenario *scenario, uint64_t seed,
			const struct baton_scenario_watcher *watcher,
			struct baton_scenario_result *result)
{
	struct baton_scenario_world world;
	uint64_t limit_us = longest_us(scenario);

	memset(result, 0, sizeof(*result));
	result->passed = true;
	baton_scenario_world_init(&world, scenario, seed, watcher, result);
	world.next_limit_us = 0;
	show(&world);
	if (!baton_sim_run(world.sim, done, &world, limit_us))
		at_the_end(&world);
	if (result->passed)
		result->at_us = baton_sim_now(world.sim);
	count(&world, result);
	baton_scenario_world_free(&world);
}

/* An xfail passes by failing one of its own claims, and nothing else. */
static void turn(struct baton_scenario_result *result)
{
	if (!result->passed) {
		result->passed = result->line > 0;
		return;
	}
	result->passed = false;
	snprintf(result->claim, sizeof(result->claim),
		 "it passed, yet xfail says that it cannot; take the line out");
}

bool baton_scenario_play(const struct baton_scenario_text *text, uint64_t seed,
			 const struct baton_scenario_watcher *watcher,
			 struct baton_scenario_result *result,
			 struct baton_scenario_error *error)
{
	struct baton_scenario_text fixed;
	struct baton_scenario scenario;
	bool good;

	if (!baton_scenario_resolve(&fixed, text, seed, error))
		return false;
	good = baton_scenario_parse(&scenario, &fixed, error);
	baton_scenario_text_free(&fixed);
	if (!good)
		return false;
	baton_scenario_run(&scenario, seed, watcher, result);
	if (scenario.xfail[0])
		turn(result);
	baton_scenario_free(&scenario);
	return true;
}
