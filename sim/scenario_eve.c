/* SPDX-License-Identifier: MIT */
#include "sim/scenario_eve.h"

#define ADVERT_MAX 31

static void flip(struct baton_scenario_world *world, uint32_t bits,
		 uint8_t *bytes, size_t len)
{
	uint32_t i, bit;

	for (i = 0; i < bits && len; i++) {
		bit = baton_prng_below(&world->prng, 8 * len);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static bool is_about_adverts(enum baton_scenario_verb verb)
{
	return verb == BATON_SCENARIO_ADVERT_DROP ||
	       verb == BATON_SCENARIO_ADVERT_FLIP ||
	       verb == BATON_SCENARIO_ADVERT_REPEAT ||
	       verb == BATON_SCENARIO_ADVERT_DELAY ||
	       verb == BATON_SCENARIO_ADVERT_INJECT;
}

/* Is what she sees now among those that the action is about? */
static bool is_due(struct baton_scenario_pending *pending)
{
	const struct baton_scenario_args *args = &pending->action->args;

	if (!pending->fired || pending->action->actor != BATON_SCENARIO_EVE)
		return false;
	pending->seen++;
	return pending->seen >= args->nth &&
	       pending->seen - args->nth < args->count;
}

/* All goes through two devices of hers, far from each other. */
static bool is_relay(const struct baton_scenario_pending *pending)
{
	return pending->fired &&
	       pending->action->verb == BATON_SCENARIO_RELAY &&
	       baton_sim_now(pending->world->sim) <
		       pending->fired_us + pending->action->args.for_us;
}

/* One of eve's actions on one PDU: false drops it. */
static bool meddle_once(struct baton_scenario_world *world,
			const struct baton_scenario_action *action,
			enum baton_sim_side to, uint8_t *pdu, size_t *len)
{
	const struct baton_scenario_args *args = &action->args;
	uint64_t later = baton_sim_now(world->sim) + args->by_us;
	uint8_t noise[512];

	switch (action->verb) {
	case BATON_SCENARIO_DROP:
		return false;
	case BATON_SCENARIO_CUT:
		if (*len > args->len)
			*len = args->len;
		return true;
	case BATON_SCENARIO_FLIP:
		flip(world, args->bits, pdu, *len);
		return true;
	case BATON_SCENARIO_REPEAT:
		baton_sim_inject(world->sim, to, later, pdu, *len);
		return true;
	case BATON_SCENARIO_DELAY:
		baton_sim_inject(world->sim, to, later, pdu, *len);
		return false;
	case BATON_SCENARIO_INJECT:
		baton_prng_fill(&world->prng, noise, args->len);
		baton_sim_inject(world->sim, to, later, noise, args->len);
		return true;
	default:
		return true;
	}
}

static bool meddle(void *user, enum baton_sim_side to, uint8_t *pdu,
		   size_t *len, size_t cap)
{
	struct baton_scenario_world *world = user;
	struct baton_scenario_pending *pending;
	const struct baton_scenario_action *action;
	size_t i;

	(void)cap;
	for (i = 0; i < world->scenario->action_count; i++) {
		pending = &world->pending[i];
		action = pending->action;
		if (is_relay(pending)) {
			baton_sim_inject(world->sim, to,
					 baton_sim_now(world->sim) +
						 action->args.by_us,
					 pdu, *len);
			return false;
		}
		if (is_about_adverts(action->verb) ||
		    action->verb == BATON_SCENARIO_RELAY ||
		    action->args.device != to || !is_due(pending))
			continue;
		if (!meddle_once(world, action, to, pdu, len))
			return false;
	}
	return true;
}

static bool meddle_advert(struct baton_scenario_world *world,
			  const struct baton_scenario_action *action,
			  uint8_t *data, size_t *len)
{
	const struct baton_scenario_args *args = &action->args;
	uint64_t later = baton_sim_now(world->sim) + args->by_us;
	uint8_t noise[ADVERT_MAX];
	size_t n = args->len < ADVERT_MAX ? args->len : ADVERT_MAX;

	switch (action->verb) {
	case BATON_SCENARIO_ADVERT_DROP:
		return false;
	case BATON_SCENARIO_ADVERT_FLIP:
		flip(world, args->bits, data, *len);
		return true;
	case BATON_SCENARIO_ADVERT_REPEAT:
		baton_sim_inject_advert(world->sim, later, data, *len);
		return true;
	case BATON_SCENARIO_ADVERT_DELAY:
		baton_sim_inject_advert(world->sim, later, data, *len);
		return false;
	case BATON_SCENARIO_ADVERT_INJECT:
		baton_prng_fill(&world->prng, noise, n);
		baton_sim_inject_advert(world->sim, later, noise, n);
		return true;
	default:
		return true;
	}
}

static bool on_advert(void *user, uint8_t *data, size_t *len)
{
	struct baton_scenario_world *world = user;
	struct baton_scenario_pending *pending;
	size_t i;

	for (i = 0; i < world->scenario->action_count; i++) {
		pending = &world->pending[i];
		/* A relay brings adverts, too, so much later. */
		if (is_relay(pending)) {
			baton_sim_inject_advert(
				world->sim,
				baton_sim_now(world->sim) +
					pending->action->args.by_us,
				data, *len);
			return false;
		}
		if (!is_about_adverts(pending->action->verb) ||
		    !is_due(pending))
			continue;
		if (!meddle_advert(world, pending->action, data, len))
			return false;
	}
	return true;
}

void baton_scenario_eve_comes(struct baton_scenario_world *world)
{
	baton_sim_set_adversary(world->sim, meddle, world);
	baton_sim_set_advert_adversary(world->sim, on_advert);
}
