/* SPDX-License-Identifier: MIT */

/*
 * Random handoffs with everything that can go wrong, then a quiet time in
 * which one owner has to come out. See usage.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/rules.h"
#include "sim/prng.h"
#include "world.h"

#define STEPS 1500
#define SETTLE_STEPS 4000
#define HOUR_US 3600000000u

static struct world world;
static struct baton_prng prng;
static uint64_t totals[12];

#ifdef BATON_RULES_ON_TRIAL
unsigned int baton_without_rule;
#endif

struct weather {
	uint32_t drop_ppm, again_ppm, reorder_ppm;
	uint32_t fault_ppm; /* of a write */
	uint32_t reboot_ppm, link_ppm, clock_ppm;
	bool wild; /* frames outlive their link */
	uint32_t lease_ms;
};

static uint32_t below(uint64_t n)
{
	return baton_prng_below(&prng, n);
}

static bool chance(uint32_t ppm)
{
	return baton_prng_chance(&prng, ppm);
}

/* Frames of the last link are gone, unless the weather is wild. */
static void change_link(const struct weather *weather)
{
	int role;

	world_link(&world, !world.up);
	if (!world.up && !weather->wild)
		for (role = 0; role < 2; role++)
			world.device[role].in.count = 0;
	world_attend(&world, BATON_WATCH);
	world_attend(&world, BATON_PHONE);
}

static void move(const struct weather *weather, enum baton_role role)
{
	struct world_link *in = &world.device[role].in;
	uint8_t at = 0;

	if (in->count == 0)
		return;
	if (chance(weather->reorder_ppm))
		at = (uint8_t)below(in->count);
	/* What MARK says holds on a link that keeps the order. */
	if (weather->wild && in->item[at].code == 0x2a) {
		world_drop(&world, role, at);
	} else if (chance(weather->drop_ppm)) {
		world.lost_frames++;
		world_drop(&world, role, at);
	} else {
		world_deliver(&world, role, at, chance(weather->again_ppm));
	}
}

static void write_out(const struct weather *weather, enum baton_role role)
{
	enum world_write how = WORLD_WRITE_DONE;

	if (!world_wants_write(&world, role))
		return;
	if (chance(weather->fault_ppm))
		how = (enum world_write)below(4);
	world_write(&world, role, how);
	if (how >= WORLD_CRASH_BEFORE && !weather->wild)
		world.device[0].in.count = world.device[1].in.count = 0;
}

/* On to the next moment at which a device has something to do, or a bit. */
static void pass_time(void)
{
	uint64_t deadline, when_us, next_us = world.now_us + HOUR_US;
	int role;

	if (below(3) > 0) {
		world.now_us += below(2000000);
	} else {
		for (role = 0; role < 2; role++) {
			if (world.device[role].dead)
				continue;
			deadline = baton_ownership_deadline(
				&world.device[role].own);
			if (deadline == UINT64_MAX)
				continue;
			when_us = world.now_us;
			if (deadline >
			    world_clock(&world, (enum baton_role)role))
				when_us = world_when_us(&world,
							(enum baton_role)role,
							deadline);
			if (when_us < next_us)
				next_us = when_us;
		}
		world.now_us = next_us + below(3000);
	}
	world_check(&world);
	world_tick(&world, below(2) ? BATON_WATCH : BATON_PHONE);
	world_tick(&world, BATON_WATCH);
	world_tick(&world, BATON_PHONE);
}

/*
 * A clock that is seen to run backwards is no clock for leases. One that is
 * set back unseen, between two calls, is outside of what is promised.
 */
static void jump(enum baton_role role)
{
	uint64_t clock_ms;

	world_tick(&world, role);
	clock_ms = world_clock(&world, role);
	world.device[role].offset_ms -=
		below((clock_ms < 4000000 ? clock_ms : 4000000) + 1);
	world_tick(&world, role);
}

static void wish(const struct weather *weather)
{
	enum world_wish what = (enum world_wish)below(WORLD_WISHES);

	if (what == WORLD_FINISH && below(8) > 0)
		what = WORLD_OFFER;
	if (what == WORLD_CANCEL && below(3) > 0)
		what = WORLD_RELEASE;
	world_wish(&world, below(2) ? BATON_WATCH : BATON_PHONE,
		   (uint8_t)below(world.activities), what, weather->lease_ms);
}

static void step(const struct weather *weather)
{
	enum baton_role role = below(2) ? BATON_WATCH : BATON_PHONE;

	switch (below(10)) {
	case 0:
	case 1:
		wish(weather);
		break;
	case 2:
		pass_time();
		break;
	case 3:
	case 4:
		write_out(weather, role);
		break;
	case 5:
		if (!world.up || chance(weather->link_ppm))
			change_link(weather);
		if (chance(weather->reboot_ppm)) {
			world_reboot(&world, role);
			if (!weather->wild)
				world.device[0].in.count =
					world.device[1].in.count = 0;
		}
		if (chance(weather->clock_ppm))
			jump(role);
		break;
	default:
		move(weather, role);
		break;
	}
}

/* Good weather: writes succeed, frames arrive, people accept. */
static bool settle(void)
{
	static const struct weather fine;
	uint8_t a;
	int i, role;

	for (i = 0; i < SETTLE_STEPS && !world.broken; i++) {
		if (!world.up)
			change_link(&fine);
		for (role = 0; role < 2; role++) {
			while (world.device[role].in.count > 0)
				move(&fine, (enum baton_role)role);
			while (world_wants_write(&world, (enum baton_role)role))
				world_write(&world, (enum baton_role)role,
					    WORLD_WRITE_DONE);
			for (a = 0; a < world.activities; a++) {
				world_wish(&world, (enum baton_role)role, a,
					   WORLD_ACCEPT, 0);
				world_wish(&world, (enum baton_role)role, a,
					   WORLD_RELEASE, 0);
			}
		}
		if (world.device[0].in.count + world.device[1].in.count > 0)
			continue;
		if (world_is_settled(&world))
			return true;
		/* Now and then a new link, which has the states sent again. */
		if (i % 16 == 15)
			change_link(&fine);
		pass_time();
	}
	return false;
}

/* The watch lies in a lake: what the phone has lent comes back by itself. */
static bool settle_alone(void)
{
	static const struct weather fine;
	uint8_t a;
	int i;

	if (world.up)
		change_link(&fine);
	world.device[BATON_WATCH].dead = true;
	for (i = 0; i < SETTLE_STEPS && !world.broken; i++) {
		while (world_wants_write(&world, BATON_PHONE))
			world_write(&world, BATON_PHONE, WORLD_WRITE_DONE);
		for (a = 0; a < world.activities; a++)
			world_wish(&world, BATON_PHONE, a, WORLD_CANCEL, 0);
		if (world_is_back(&world))
			return true;
		pass_time();
	}
	return false;
}

static void count(void)
{
	const uint64_t counts[12] = {
		world.offers,	   world.adoptions,   world.refusals,
		world.cancels,	   world.taken_back,  world.renewals,
		world.crashes,	   world.reboots,     world.failed_writes,
		world.leases_over, world.lost_frames, world.evictions,
	};
	int i;

	for (i = 0; i < 12; i++)
		totals[i] += counts[i];
}

/* NULL if all held. */
static const char *play(uint64_t seed)
{
	struct weather weather;
	uint8_t activities;
	int i;

	baton_prng_init(&prng, seed, 1);
	activities = (uint8_t)(1 + below(WORLD_ACTIVITIES));
	world_init(&world, activities, (uint8_t)(activities + below(2)), seed);
	weather.wild = below(2);
	weather.drop_ppm = below(3) * 100000;
	weather.again_ppm = below(3) * 100000;
	weather.reorder_ppm = weather.wild ? below(3) * 200000 : 0;
	weather.fault_ppm = below(3) * 100000;
	weather.reboot_ppm = below(3) * 20000;
	weather.link_ppm = below(3) * 50000;
	weather.clock_ppm = below(4) == 0 ? 20000 : 0;
	weather.lease_ms =
		below(2) ? 1000 + below(20000) : 100000 + below(5000000);
	if (!weather.wild)
		weather.again_ppm = weather.drop_ppm = 0;
	world.device[BATON_WATCH].ppm = -500 + (int32_t)below(1001);
	world.device[BATON_PHONE].ppm = -500 + (int32_t)below(1001);
	if (below(2)) {
		world.device[BATON_WATCH].ppm = -500;
		world.device[BATON_PHONE].ppm = 500;
	}
	for (i = 0; i < STEPS && !world.broken; i++)
		step(&weather);
	if (below(8) == 0) {
		if (!world.broken && !settle_alone() && !world.broken)
			world.broken =
				"what was lent to a lost watch stays away";
	} else if (!world.broken && !settle() && !world.broken) {
		world.broken = "no owner came out in the end";
	}
	count();
	return world.broken;
}

static int usage(void)
{
	fputs("usage: handoffs COUNT [SEED [--trace]]\n"
	      "       handoffs-on-trial RULE COUNT [SEED [--trace]]\n"
	      "Plays worlds from SEED (1) on until COUNT handoffs were begun; on\n"
	      "trial, without the rule of this number (session/rules.h).\n"
	      "Exit codes: 0 all held, 1 something did not, 64 wrong usage.\n",
	      stderr);
	return 64;
}

int main(int argc, char **argv)
{
	unsigned long long wanted, seed = 1, worlds = 0;
	const char *why;
	char *end;

#ifdef BATON_RULES_ON_TRIAL
	if (argc < 3 || atoi(argv[1]) < 0 || atoi(argv[1]) > (int)BATON_RULES)
		return usage();
	baton_without_rule = (unsigned int)atoi(argv[1]);
	argc--;
	argv++;
#endif
	if (argc < 2 || argc > 4)
		return usage();
	wanted = strtoull(argv[1], &end, 10);
	if (*end || wanted == 0)
		return usage();
	if (argc >= 3)
		seed = strtoull(argv[2], &end, 10);
	if (*end || (argc == 4 && strcmp(argv[3], "--trace") != 0))
		return usage();
	world_traces = argc == 4;
	for (; totals[0] < wanted; seed++, worlds++) {
		why = play(seed);
		if (!why)
			continue;
		printf("seed %llu: %s\n  repeat: handoffs 1 %llu\n", seed, why,
		       seed);
		return 1;
	}
	printf("%llu handoffs in %llu worlds: %llu adoptions, %llu refused, "
	       "%llu cancelled, %llu taken back, %llu renewals,\n"
	       "  %llu crashes at a write, %llu reboots, %llu failed writes, "
	       "%llu leases over, %llu frames lost, %llu forgotten:\n"
	       "  never two owners, none lost, none doubled\n",
	       (unsigned long long)totals[0], worlds,
	       (unsigned long long)totals[1], (unsigned long long)totals[2],
	       (unsigned long long)totals[3], (unsigned long long)totals[4],
	       (unsigned long long)totals[5], (unsigned long long)totals[6],
	       (unsigned long long)totals[7], (unsigned long long)totals[8],
	       (unsigned long long)totals[9], (unsigned long long)totals[10],
	       (unsigned long long)totals[11]);
	return 0;
}
