/* SPDX-License-Identifier: MIT */

/*
 * Every run of the C machine pair within bounds, over the alphabet of
 * ownership.pml: each world is copied before each step, and one that was seen
 * before is not gone on from. See usage.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/rules.h"
#include "world.h"

#define LEASE_MS 100000u
#define DEPTH_MAX 400
#define SEEN_BITS 25

#ifdef BATON_RULES_ON_TRIAL
unsigned int baton_without_rule;
#endif

/* What one run may do at most; a step that would be more is not taken. */
struct budget {
	uint8_t offers, acts, nonces, faults, repeats, times;
};

struct node {
	struct world world;
	struct budget budget;
};

static struct node path[DEPTH_MAX];
static uint64_t *seen;
static uint64_t states, steps, deepest, settled;
static unsigned char trail[DEPTH_MAX];

/* FNV-1a, for bytes that equal worlds have equal. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len-- > 0)
		hash = (hash ^ *p++) * 0x100000001b3u;
	return hash;
}

static uint64_t fingerprint(const struct node *node)
{
	const struct world_device *device;
	uint64_t hash = 0xcbf29ce484222325u;
	int i;

	for (i = 0; i < 2; i++) {
		device = &node->world.device[i];
		hash = mix(hash, device->table, sizeof(device->table[0]));
		hash = mix(hash, &device->stored[0], sizeof(device->stored[0]));
		hash = mix(hash, &device->app[0], sizeof(device->app[0]));
		hash = mix(hash, &device->in, sizeof(device->in.item[0]) * 4);
		hash = mix(hash, &device->in.count, 1);
		hash = mix(hash, &device->own.now_ms, 8);
	}
	hash = mix(hash, &node->world.now_us, 8);
	hash = mix(hash, &node->world.latest[0], 4);
	return mix(hash, &node->budget, sizeof(node->budget)) | 1;
}

/* True if it was there already. */
static bool remember(uint64_t hash)
{
	size_t at = (size_t)(hash >> (64 - SEEN_BITS));

	while (seen[at] && seen[at] != hash)
		at = (at + 1) & (((size_t)1 << SEEN_BITS) - 1);
	if (seen[at])
		return true;
	seen[at] = hash;
	states++;
	return false;
}

enum step {
	DELIVER, /* the oldest under way */
	DELIVER_LATER, /* the second */
	DELIVER_AGAIN,
	DROP,
	ACT,
	OFFER,
	ACCEPT,
	REFUSE,
	RELEASE,
	CANCEL,
	RENEW,
	REBOOT,
	TIME, /* up to just before what the device waits for */
	TIME_OVER, /* and just after it */
	TICK_REPEAT,
	STEPS,
};

static bool spend(uint8_t *budget)
{
	if (*budget == 0)
		return false;
	--*budget;
	return true;
}

/* The moment at which a lease or a wait of this device ends. */
static bool pass(struct world *world, enum baton_role role, bool over)
{
	const struct baton_activity *activity = &world->device[role].table[0];
	uint64_t end_ms = role == BATON_WATCH ? activity->lease_end_ms
					      : activity->wait_end_ms;
	uint64_t now_ms = world_clock(world, role);

	if (end_ms <= now_ms || end_ms - now_ms > 2 * (uint64_t)LEASE_MS)
		return false;
	world->now_us = world_when_us(world, role, end_ms);
	world->now_us += over ? 2000 : 0;
	world->now_us -= over || world->now_us < 2000 ? 0 : 2000;
	world_check(world);
	if (over) {
		world_tick(world, role);
		world_tick(world, 1 - role);
	}
	return true;
}

static bool repeat(struct world *world, enum baton_role role)
{
	world->device[role].table[0].repeat_at_ms = 0;
	if (world->device[role].in.count + world->device[1 - role].in.count > 0)
		return false;
	world_tick(world, role);
	/* The state too: a new link. */
	world_link(world, false);
	world_link(world, true);
	world_attend(world, BATON_WATCH);
	world_attend(world, BATON_PHONE);
	return world->device[1 - role].in.count > 0;
}

static bool take(struct node *node, enum baton_role role, enum step step)
{
	static const enum world_wish wishes[] = {
		[ACT] = WORLD_ACT,	   [OFFER] = WORLD_OFFER,
		[ACCEPT] = WORLD_ACCEPT,   [REFUSE] = WORLD_REFUSE,
		[RELEASE] = WORLD_RELEASE, [CANCEL] = WORLD_CANCEL,
		[RENEW] = WORLD_RENEW};
	struct world *world = &node->world;
	struct budget *budget = &node->budget;
	uint8_t count = world->device[role].in.count;

	switch (step) {
	case DELIVER:
		if (count == 0)
			return false;
		world_deliver(world, role, 0, false);
		return true;
	case DELIVER_LATER:
		if (count < 2 || !spend(&budget->repeats))
			return false;
		world_deliver(world, role, 1, false);
		return true;
	case DELIVER_AGAIN:
		if (count == 0 || !spend(&budget->repeats))
			return false;
		world_deliver(world, role, 0, true);
		return true;
	case DROP:
		if (count == 0 || !spend(&budget->faults))
			return false;
		world_drop(world, role, 0);
		return true;
	case ACT:
		if (!spend(&budget->acts))
			return false;
		return world_wish(world, role, 0, WORLD_ACT, 0);
	case OFFER:
		if (!spend(&budget->offers))
			return false;
		return world_wish(world, role, 0, WORLD_OFFER, LEASE_MS);
	case ACCEPT:
	case RENEW:
		if (role == BATON_WATCH && !spend(&budget->nonces))
			return false;
		return world_wish(world, role, 0, wishes[step], 0);
	case REFUSE:
	case RELEASE:
	case CANCEL:
		return world_wish(world, role, 0, wishes[step], 0);
	case REBOOT:
		if (!spend(&budget->faults))
			return false;
		world_reboot(world, role);
		world_link(world, true);
		world_attend(world, role);
		return true;
	case TIME:
	case TIME_OVER:
		return spend(&budget->times) &&
		       pass(world, role, step == TIME_OVER);
	case TICK_REPEAT:
		return spend(&budget->times) && repeat(world, role);
	case STEPS:
		break;
	}
	return false;
}

static void fail(uint64_t depth)
{
	uint64_t i;

	printf("after %llu states: %s\n  by these steps:",
	       (unsigned long long)states, path[depth].world.broken);
	for (i = 1; i <= depth; i++)
		printf(" %u", trail[i]);
	printf("\n");
	exit(1);
}

static void visit(uint64_t depth);

/* A write is carried out at once, or the power goes before or after it. */
static void write_and_visit(uint64_t depth)
{
	static const enum world_write ways[] = {
		WORLD_WRITE_DONE, WORLD_CRASH_BEFORE, WORLD_CRASH_AFTER};
	struct node *node = &path[depth];
	struct node *next = &path[depth + 1];
	int role, i;

	for (role = 0; role < 2; role++)
		if (world_wants_write(&node->world, (enum baton_role)role))
			break;
	if (node->world.broken)
		fail(depth);
	if (role == 2) {
		if (!remember(fingerprint(node)))
			visit(depth);
		return;
	}
	if (depth + 2 >= DEPTH_MAX)
		return;
	for (i = 0; i < 3; i++) {
		world_copy(&next->world, &node->world);
		next->budget = node->budget;
		if (i > 0 && !spend(&next->budget.faults))
			break;
		trail[depth + 1] = (unsigned char)(100 + 10 * i + role);
		/* The operation's pointers lead into the copied world. */
		next->world.device[role].op_out = false;
		next->world.device[role].own.asked = false;
		if (world_wants_write(&next->world, (enum baton_role)role))
			world_write(&next->world, (enum baton_role)role,
				    ways[i]);
		if (!next->world.up) {
			world_link(&next->world, true);
			world_attend(&next->world, (enum baton_role)role);
		}
		write_and_visit(depth + 1);
	}
}

static void visit(uint64_t depth)
{
	struct node *next = &path[depth + 1];
	int role, step;

	if (depth > deepest)
		deepest = depth;
	if (world_is_settled(&path[depth].world))
		settled++;
	if (depth + 2 >= DEPTH_MAX)
		return;
	for (step = 0; step < STEPS; step++)
		for (role = 0; role < 2; role++) {
			world_copy(&next->world, &path[depth].world);
			next->budget = path[depth].budget;
			if (!take(next, (enum baton_role)role, (enum step)step))
				continue;
			steps++;
			trail[depth + 1] = (unsigned char)(2 * step + role);
			write_and_visit(depth + 1);
		}
}

static int usage(void)
{
	fputs("usage: explore OFFERS ACTS NONCES FAULTS REPEATS TIMES\n"
	      "       explore-on-trial RULE OFFERS ...\n"
	      "Tries every run with at most so many of each, from an activity\n"
	      "begun on the watch, and from one on the phone.\n"
	      "Exit codes: 0 all held, 1 something did not, 64 wrong usage.\n",
	      stderr);
	return 64;
}

int main(int argc, char **argv)
{
	struct budget budget;
	int role;

#ifdef BATON_RULES_ON_TRIAL
	if (argc < 2)
		return usage();
	baton_without_rule = (unsigned int)atoi(argv[1]);
	argc--;
	argv++;
#endif
	if (argc != 7)
		return usage();
	budget.offers = (uint8_t)atoi(argv[1]);
	budget.acts = (uint8_t)atoi(argv[2]);
	budget.nonces = (uint8_t)atoi(argv[3]);
	budget.faults = (uint8_t)atoi(argv[4]);
	budget.repeats = (uint8_t)atoi(argv[5]);
	budget.times = (uint8_t)atoi(argv[6]);
	seen = calloc((size_t)1 << SEEN_BITS, sizeof(*seen));
	if (!seen)
		return 70;
	for (role = 0; role < 2; role++) {
		world_init(&path[0].world, 1, 1, 1);
		path[0].world.device[BATON_WATCH].ppm = -500;
		path[0].world.device[BATON_PHONE].ppm = 500;
		path[0].budget = budget;
		world_link(&path[0].world, true);
		world_wish(&path[0].world, (enum baton_role)role, 0,
			   WORLD_BEGIN, 0);
		path[0].world.device[0].in.count = 0;
		path[0].world.device[1].in.count = 0;
		write_and_visit(0);
	}
	printf("%llu states, %llu steps, %llu deep, one owner in %llu: "
	       "never two owners, none lost, none doubled\n",
	       (unsigned long long)states, (unsigned long long)steps,
	       (unsigned long long)deepest, (unsigned long long)settled);
	free(seen);
	return 0;
}
