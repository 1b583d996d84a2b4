/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "session/ownership_internal.h"

static const uint8_t bond[BATON_BOND_ID_LEN] = {1, 2, 3, 4, 5, 6, 7, 8};

bool world_traces;

#define TRACE(...)                                    \
	do {                                          \
		if (world_traces)                     \
			fprintf(stderr, __VA_ARGS__); \
	} while (0)

static const char *const role_name[] = {"watch", "phone"};
static const char *const frame_name[] = {
	"OFFER",  "ACCEPT", "RELEASE", "CONFIRM", "REFUSED", "CANCEL",
	"RECALL", "RENEW",  "RENEWED", "GONE",	  "MARK"};
static const char *const wish_name[] = {"begin",  "act",    "offer",
					"accept", "refuse", "release",
					"cancel", "renew",  "finish"};
static const char *const write_name[] = {"done", "fails", "crash before",
					 "crash after"};

void world_id(const struct world *world, uint8_t id[BATON_ACTIVITY_ID_LEN],
	      uint8_t activity)
{
	memset(id, 0xa0, BATON_ACTIVITY_ID_LEN);
	id[0] = activity;
	id[1] = world->life[activity];
}

uint64_t world_clock(const struct world *world, enum baton_role role)
{
	const struct world_device *device = &world->device[role];
	int64_t us = (int64_t)world->now_us;

	return (uint64_t)(device->offset_ms +
			  (us + us * device->ppm / 1000000) / 1000);
}

uint64_t world_when_us(const struct world *world, enum baton_role role,
		       uint64_t ms)
{
	int64_t left_us = (int64_t)(ms - world_clock(world, role)) * 1000;

	left_us -= left_us * world->device[role].ppm / 1000000;
	return world->now_us + (uint64_t)left_us;
}

static void start(struct world *world, enum baton_role role)
{
	struct world_device *device = &world->device[role];
	uint8_t seed[BATON_DRBG_SEED_LEN] = {0};
	struct world_record *record;
	uint64_t now_ms;
	uint8_t i;

	baton_store_be64(seed, ++world->boots);
	/* A clock that begins anew. */
	device->offset_ms = 0;
	device->offset_ms = 5000 - (int64_t)world_clock(world, role);
	now_ms = world_clock(world, role);
	if (baton_ownership_init(&device->own, role, bond, device->table,
				 world->places, seed))
		world->broken = "init failed";
	for (i = 0; i < WORLD_STORED; i++) {
		record = &device->stored[i];
		if (record->len > 0 &&
		    baton_ownership_load(&device->own, record->key,
					 record->value, record->len, now_ms))
			world->broken = "a stored value was not taken";
	}
	device->op_out = false;
	for (i = 0; i < world->activities; i++) {
		device->app[i].asked = false;
		device->app[i].frozen = false;
	}
}

void world_init(struct world *world, uint8_t activities, uint8_t places,
		uint64_t seed)
{
	memset(world, 0, sizeof(*world));
	world->activities = activities;
	world->places = places;
	world->boots = seed << 16;
	start(world, BATON_WATCH);
	start(world, BATON_PHONE);
}

void world_copy(struct world *to, const struct world *from)
{
	int i;

	*to = *from;
	for (i = 0; i < 2; i++)
		to->device[i].own.activity = to->device[i].table;
}

/* The application takes up what was adopted, at once or after a reboot. */
static void take_up(struct world *world, enum baton_role role, uint8_t activity)
{
	struct world_device *device = &world->device[role];
	struct world_app *app = &device->app[activity];
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	enum baton_hold hold;

	world_id(world, id, activity);
	hold = baton_ownership_hold(&device->own, id);
	if ((hold != BATON_HOLD_OWNED && hold != BATON_HOLD_LEASED) ||
	    app->got_version == 0 ||
	    baton_ownership_version(&device->own, id) != app->got_version)
		return;
	app->content = app->got_content;
	app->got_version = 0;
	app->got_content = 0;
}

void world_link(struct world *world, bool up)
{
	int role;

	if (world->up == up)
		return;
	TRACE("%12llu link %s\n", (unsigned long long)world->now_us,
	      up ? "up" : "down");
	world->up = up;
	for (role = 0; role < 2; role++)
		baton_ownership_link(&world->device[role].own, up,
				     world_clock(world, (enum baton_role)role));
}

void world_reboot(struct world *world, enum baton_role role)
{
	uint8_t i;

	TRACE("%12llu %s: reboot\n", (unsigned long long)world->now_us,
	      role_name[role]);
	world_link(world, false);
	world->reboots++;
	start(world, role);
	for (i = 0; i < world->activities; i++)
		take_up(world, role, i);
	world_check(world);
}

static struct world_record *record(struct world_device *device, const char *key,
				   bool make)
{
	struct world_record *empty = NULL;
	int i;

	for (i = 0; i < WORLD_STORED; i++) {
		if (device->stored[i].len == 0)
			empty = &device->stored[i];
		else if (strcmp(device->stored[i].key, key) == 0)
			return &device->stored[i];
	}
	return make ? empty : NULL;
}

static void carry_out(struct world *world, enum baton_role role)
{
	struct world_device *device = &world->device[role];
	const struct baton_activity *written = NULL;
	const struct baton_store_write *write;
	struct world_record *to;
	size_t i;

	if (device->own.asked_at < world->places)
		written = &device->table[device->own.asked_at];
	if (written && written->id[1] == world->life[written->id[0]]) {
		if (written->after == AFTER_TAKE_BACK) {
			/* Rule 9: what the watch changed is lost. */
			world->taken_back++;
			world->latest[written->id[0]] =
				device->app[written->id[0]].content;
		}
		if (written->after == AFTER_FINISH)
			world->over[written->id[0]] = true;
	}
	for (i = 0; i < device->op.count; i++) {
		write = &device->op.write[i];
		to = record(device, write->key, write->kind == BATON_STORE_PUT);
		if (write->kind == BATON_STORE_DELETE) {
			world->evictions++;
			if (to)
				to->len = 0;
			continue;
		}
		if (!to) {
			world->broken = "the store grows without end";
			return;
		}
		snprintf(to->key, sizeof(to->key), "%s", write->key);
		memcpy(to->value, write->value, write->value_len);
		to->len = (uint8_t)write->value_len;
	}
}

bool world_wants_write(struct world *world, enum baton_role role)
{
	struct world_device *device = &world->device[role];

	if (!device->op_out)
		device->op_out = baton_ownership_next_store_op(&device->own,
							       &device->op);
	return device->op_out;
}

void world_write(struct world *world, enum baton_role role,
		 enum world_write how)
{
	struct world_device *device = &world->device[role];

	device->op_out = false;
	TRACE("%12llu %s: write %s\n", (unsigned long long)world->now_us,
	      role_name[role], write_name[how]);
	switch (how) {
	case WORLD_WRITE_FAILS:
		world->failed_writes++;
		baton_ownership_stored(&device->own, device->op.id,
				       BATON_ERR_STORE,
				       world_clock(world, role));
		break;
	case WORLD_WRITE_DONE:
		carry_out(world, role);
		baton_ownership_stored(&device->own, device->op.id, BATON_OK,
				       world_clock(world, role));
		break;
	case WORLD_CRASH_AFTER:
		carry_out(world, role);
		world->crashes++;
		world_reboot(world, role);
		break;
	case WORLD_CRASH_BEFORE:
		world->crashes++;
		world_reboot(world, role);
		break;
	}
	world_attend(world, role);
}

static void send(struct world *world, enum baton_role from,
		 const struct world_item *item)
{
	struct world_link *link = &world->device[1 - from].in;

	if (!world->up || link->count == WORLD_QUEUE) {
		world->lost_frames++;
		return;
	}
	link->item[link->count++] = *item;
}

static void send_state(struct world *world, enum baton_role from,
		       uint8_t activity, uint64_t version)
{
	const struct world_app *app = &world->device[from].app[activity];
	struct world_item item = {.activity = activity,
				  .life = world->life[activity],
				  .version = version};

	if (app->sent_version != version)
		return;
	item.content = app->sent_content;
	send(world, from, &item);
}

static void told(struct world *world, enum baton_role role,
		 const struct baton_ownership_event *event)
{
	uint8_t activity = event->id[0];
	struct world_app *app = &world->device[role].app[activity];

	if (event->id[1] != world->life[activity])
		return;
	TRACE("%12llu %s: event %d of %u, has %u, got %u\n",
	      (unsigned long long)world->now_us, role_name[role], event->type,
	      activity, app->content, app->got_content);
	switch (event->type) {
	case BATON_OWNERSHIP_ADOPTED:
		world->adoptions++;
		take_up(world, role, activity);
		break;
	case BATON_OWNERSHIP_OFFERED:
		app->asked = true;
		break;
	case BATON_OWNERSHIP_FREEZE:
		app->frozen = true;
		app->sent_version = event->version;
		app->sent_content = app->content;
		send_state(world, role, activity, event->version);
		break;
	case BATON_OWNERSHIP_STATE:
		send_state(world, role, activity, event->version);
		break;
	case BATON_OWNERSHIP_GIVEN:
		if (role == BATON_WATCH)
			app->content = 0;
		break;
	case BATON_OWNERSHIP_LEASE_OVER:
		world->leases_over++;
		app->content = 0;
		break;
	case BATON_OWNERSHIP_RENEWED:
		world->renewals++;
		break;
	case BATON_OWNERSHIP_KEPT:
		world->refusals++;
		break;
	case BATON_OWNERSHIP_TAKEN_BACK:
	case BATON_OWNERSHIP_WITHDRAWN:
	case BATON_OWNERSHIP_WANTED:
	case BATON_OWNERSHIP_STORE_FAILED:
		break;
	}
}

void world_attend(struct world *world, enum baton_role role)
{
	struct world_device *device = &world->device[role];
	struct baton_ownership_event event;
	struct world_item item = {0};
	size_t len;

	if (device->dead)
		return;
	while (baton_ownership_next_event(&device->own, &event))
		told(world, role, &event);
	while (baton_ownership_tx(&device->own, &item.code, item.body, &len,
				  world_clock(world, role))) {
		item.len = (uint8_t)len;
		send(world, role, &item);
	}
	world_check(world);
}

void world_drop(struct world *world, enum baton_role role, uint8_t at)
{
	struct world_link *in = &world->device[role].in;

	in->count--;
	memmove(&in->item[at], &in->item[at + 1],
		(size_t)(in->count - at) * sizeof(in->item[0]));
	/* So that equal worlds are equal bytes. */
	memset(&in->item[in->count], 0, sizeof(in->item[0]));
}

static void take_state(struct world *world, enum baton_role role,
		       const struct world_item *item)
{
	struct world_device *device = &world->device[role];
	struct world_app *app = &device->app[item->activity];
	uint8_t id[BATON_ACTIVITY_ID_LEN];

	world_id(world, id, item->activity);
	/* What was adopted already is not taken up a second time. */
	if (baton_ownership_version(&device->own, id) == item->version)
		return;
	app->got_version = item->version;
	app->got_content = item->content;
	(void)!baton_ownership_state(&device->own, id, item->version,
				     world_clock(world, role));
}

void world_deliver(struct world *world, enum baton_role role, uint8_t at,
		   bool again)
{
	struct world_device *device = &world->device[role];
	struct world_item item = device->in.item[at];

	if (!again)
		world_drop(world, role, at);
	if (device->dead)
		return;
	TRACE("%12llu %s: gets %s of %u, epoch %u%s\n",
	      (unsigned long long)world->now_us, role_name[role],
	      item.code ? frame_name[item.code - BATON_FRAME_CODE_FIRST]
			: "STATE",
	      item.code ? item.body[0] : item.activity, item.body[8],
	      again ? ", and will again" : "");
	if (item.code != 0) {
		baton_ownership_rx(&device->own, item.code, item.body, item.len,
				   world_clock(world, role));
	} else if (item.life == world->life[item.activity]) {
		take_state(world, role, &item);
	}
	world_attend(world, role);
}

void world_tick(struct world *world, enum baton_role role)
{
	if (world->device[role].dead)
		return;
	baton_ownership_tick(&world->device[role].own,
			     world_clock(world, role));
	world_attend(world, role);
}

static bool act(struct world *world, enum baton_role role, uint8_t activity)
{
	struct world_app *app = &world->device[role].app[activity];
	uint8_t id[BATON_ACTIVITY_ID_LEN];

	world_id(world, id, activity);
	if (!baton_ownership_may_act(&world->device[role].own, id,
				     world_clock(world, role)))
		return false;
	app->content = ++world->made;
	world->latest[activity] = app->content;
	TRACE("%12llu %s: makes %u of %u\n", (unsigned long long)world->now_us,
	      role_name[role], world->made, activity);
	return true;
}

static bool begin(struct world *world, enum baton_role role, uint8_t activity)
{
	struct world_device *device = &world->device[role];
	uint8_t id[BATON_ACTIVITY_ID_LEN];

	if (world_wants_write(world, role) ||
	    device->own.retry_at_ms > world_clock(world, role))
		return false;
	if (world->over[activity]) {
		world->life[activity]++;
		world->over[activity] = false;
		world->begun[activity] = false;
		world->latest[activity] = 0;
		memset(&world->device[0].app[activity], 0,
		       sizeof(struct world_app));
		memset(&world->device[1].app[activity], 0,
		       sizeof(struct world_app));
	}
	world_id(world, id, activity);
	if (world->begun[activity] ||
	    baton_ownership_begin(&device->own, id, world_clock(world, role)))
		return false;
	world->begun[activity] = true;
	/* This first write does not fail: before it there is nothing. */
	while (world_wants_write(world, role) &&
	       baton_ownership_hold(&device->own, id) == BATON_HOLD_NONE)
		world_write(world, role, WORLD_WRITE_DONE);
	return act(world, role, activity);
}

static enum baton_err decide(struct world *world, enum baton_role role,
			     uint8_t activity, enum world_wish wish,
			     uint32_t lease_ms)
{
	struct world_device *device = &world->device[role];
	struct baton_ownership *own = &device->own;
	uint64_t now_ms = world_clock(world, role);
	struct world_app *app = &device->app[activity];
	uint8_t id[BATON_ACTIVITY_ID_LEN];

	world_id(world, id, activity);
	switch (wish) {
	case WORLD_OFFER:
		return baton_ownership_offer(
			own, id, role == BATON_PHONE ? lease_ms : 0,
			(const uint8_t *)"note", 4, now_ms);
	case WORLD_ACCEPT:
		return app->asked ? baton_ownership_accept(own, id, now_ms)
				  : BATON_ERR_STATE;
	case WORLD_REFUSE:
		return app->asked ? baton_ownership_refuse(own, id,
							   BATON_REASON_PERSON,
							   now_ms)
				  : BATON_ERR_STATE;
	case WORLD_RELEASE:
		return app->frozen ? baton_ownership_release(own, id, now_ms)
				   : BATON_ERR_STATE;
	case WORLD_CANCEL:
		return baton_ownership_cancel(own, id, now_ms);
	case WORLD_RENEW:
		return baton_ownership_renew(own, id, now_ms);
	case WORLD_FINISH:
		return baton_ownership_finish(own, id, now_ms);
	case WORLD_BEGIN:
	case WORLD_ACT:
	case WORLD_WISHES:
		break;
	}
	return BATON_ERR_ARG;
}

bool world_wish(struct world *world, enum baton_role role, uint8_t activity,
		enum world_wish wish, uint32_t lease_ms)
{
	struct world_app *app = &world->device[role].app[activity];

	if (world->device[role].dead)
		return false;
	if (wish == WORLD_BEGIN)
		return begin(world, role, activity);
	if (wish == WORLD_ACT)
		return act(world, role, activity);
	if (decide(world, role, activity, wish, lease_ms))
		return false;
	TRACE("%12llu %s: %s %u\n", (unsigned long long)world->now_us,
	      role_name[role], wish_name[wish], activity);
	switch (wish) {
	case WORLD_OFFER:
		world->offers++;
		break;
	case WORLD_CANCEL:
		world->cancels++;
		app->frozen = false;
		break;
	case WORLD_ACCEPT:
	case WORLD_REFUSE:
		app->asked = false;
		break;
	case WORLD_RELEASE:
		app->frozen = false;
		break;
	case WORLD_BEGIN:
	case WORLD_ACT:
	case WORLD_RENEW:
	case WORLD_FINISH:
	case WORLD_WISHES:
		break;
	}
	world_attend(world, role);
	return true;
}

/* How a device holds an activity by what is durable. */
static enum baton_hold stored_hold(const struct world *world, int role,
				   uint8_t activity)
{
	const struct world_device *device = &world->device[role];
	char end[17];
	int i;

	snprintf(end, sizeof(end), "%02x%02xa0a0a0a0a0a0", activity,
		 world->life[activity]);
	for (i = 0; i < WORLD_STORED; i++)
		if (device->stored[i].len > 2 &&
		    strcmp(device->stored[i].key + 21, end) == 0)
			return (enum baton_hold)(device->stored[i].value[1] &
						 15);
	return BATON_HOLD_NONE;
}

static void check_activity(struct world *world, uint8_t activity)
{
	bool acts[2], held[2];
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	const struct world_device *device;
	int role;

	world_id(world, id, activity);
	for (role = 0; role < 2; role++) {
		device = &world->device[role];
		acts[role] = baton_ownership_may_act(
			&device->own, id,
			world_clock(world, (enum baton_role)role));
		held[role] =
			stored_hold(world, role, activity) != BATON_HOLD_NONE;
		if (acts[role] &&
		    device->app[activity].content != world->latest[activity])
			world->broken = "who may act has an old state";
		if (acts[role] && world->over[activity])
			world->broken = "a finished activity came back";
	}
	if (acts[0] && acts[1])
		world->broken = "two may act";
	if (!held[0] && !held[1] && !world->over[activity])
		world->broken = "the activity is lost";
}

/* Nobody may act on what was finished in an earlier life. */
static void check_past(struct world *world)
{
	const struct world_device *device;
	const uint8_t *id;
	int role, i;

	for (role = 0; role < 2; role++) {
		device = &world->device[role];
		for (i = 0; i < world->places; i++) {
			id = device->table[i].id;
			if (device->table[i].used &&
			    id[1] != world->life[id[0]] &&
			    baton_ownership_may_act(
				    &device->own, id,
				    world_clock(world, (enum baton_role)role)))
				world->broken = "what was finished came back";
		}
	}
}

void world_check(struct world *world)
{
	uint8_t i;

	check_past(world);

	for (i = 0; i < world->activities; i++)
		if (world->begun[i] && world->latest[i] && !world->broken)
			check_activity(world, i);
}

bool world_is_settled(const struct world *world)
{
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	enum baton_hold hold[2];
	int owners, i, role;

	for (i = 0; i < world->activities; i++) {
		if (!world->begun[i] || world->over[i])
			continue;
		world_id(world, id, (uint8_t)i);
		owners = 0;
		for (role = 0; role < 2; role++) {
			hold[role] = baton_ownership_hold(
				&world->device[role].own, id);
			owners += hold[role] == BATON_HOLD_OWNED &&
				  baton_ownership_may_act(
					  &world->device[role].own, id,
					  world_clock(world,
						      (enum baton_role)role));
		}
		if (owners != 1 ||
		    (hold[0] != BATON_HOLD_NONE && hold[1] != BATON_HOLD_NONE))
			return false;
	}
	return true;
}

bool world_is_back(const struct world *world)
{
	const struct baton_ownership *own = &world->device[BATON_PHONE].own;
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	uint8_t i;

	for (i = 0; i < world->activities; i++) {
		world_id(world, id, i);
		if (!world->begun[i] || world->over[i] ||
		    baton_ownership_hold(own, id) == BATON_HOLD_NONE)
			continue;
		if (!baton_ownership_may_act(own, id,
					     world_clock(world, BATON_PHONE)))
			return false;
	}
	return true;
}
