/* SPDX-License-Identifier: MIT */
#include "sim/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"

#define MESSAGE_MAX (64u << 20)
#define LOOKS 6 /* until the person thinks that they are strangers */
#define WALL_START_US UINT64_C(1700000000000000)
#define ANSWER_US UINT64_C(2000000) /* a person compares two codes */
#define GLANCE_US UINT64_C(1000000) /* until looking at both again */
#define PATIENCE_US UINT64_C(20000000) /* and looks again whether it works */

static const struct baton_link_config configs[] = {
	BATON_LINK_CONFIG_LARGE,
	BATON_LINK_CONFIG_SMALL,
};

void baton_sim_stage_wrong(struct baton_sim_stage *stage, const char *format,
			   ...)
{
	va_list args;

	stage->changed = true;
	if (stage->wrong[0])
		return;
	va_start(args, format);
	vsnprintf(stage->wrong, sizeof(stage->wrong), format, args);
	va_end(args);
}

static const char *side_name(const struct baton_sim_device *device)
{
	return device->side == BATON_SIM_WATCH ? "watch" : "phone";
}

/* Power. */

static void on_again(void *user)
{
	struct baton_sim_device *device = user;

	if (!device->powered &&
	    baton_sim_now(device->stage->sim) >= device->off_until_us)
		baton_sim_device_power(device, true);
}

void baton_sim_device_power(struct baton_sim_device *device, bool on)
{
	struct baton_session_stats stats;

	if (device->powered == on)
		return;
	device->powered = on;
	device->stage->changed = true;
	if (!on) {
		baton_sim_power(device->stage->sim, device->side, false);
		device->store.write.waits = false;
		device->off_until_us = UINT64_MAX;
		device->asleep_until_us = 0;
		device->secured = false;
		device->asked = false;
		device->shows = false;
		device->paused = false;
		device->lives++;
		baton_sim_app_died(device);
		return;
	}
	baton_session_stats(baton_sim_stack_session(device->stack), &stats);
	device->tx_bytes += stats.link.tx_bytes;
	device->tx_resent += stats.link.tx_resent;
	/* In this order: nobody hears what the old engine had to say. */
	baton_sim_stack_reboot(device->stack);
	baton_sim_stack_set_deaf(device->stack, false);
	baton_sim_power(device->stage->sim, device->side, true);
}

void baton_sim_device_reboot(struct baton_sim_device *device, uint64_t us)
{
	baton_sim_device_power(device, false);
	device->off_until_us = baton_sim_now(device->stage->sim) + us;
	baton_sim_at(device->stage->sim, device->off_until_us, on_again,
		     device);
}

static void awake(void *user)
{
	struct baton_sim_device *device = user;

	if (!device->powered || baton_sim_device_asleep(device))
		return;
	baton_sim_app_write(device);
	baton_sim_stack_kick(device->stack);
}

bool baton_sim_device_asleep(const struct baton_sim_device *device)
{
	return baton_sim_now(device->stage->sim) < device->asleep_until_us;
}

void baton_sim_device_sleep(struct baton_sim_device *device, uint64_t us,
			    bool clock_stops)
{
	struct baton_sim *sim = device->stage->sim;

	if (!device->powered || baton_sim_device_asleep(device))
		return;
	device->asleep_until_us = baton_sim_now(sim) + us;
	baton_sim_sleep(sim, device->side, us, clock_stops);
	baton_sim_at(sim, device->asleep_until_us, awake, device);
}

uint64_t baton_sim_device_wall_us(const struct baton_sim_device *device)
{
	return WALL_START_US + baton_sim_now(device->stage->sim) +
	       (uint64_t)device->wall_us;
}

/* Storage. */

static void committed(void *user)
{
	struct baton_sim_device *device = user;
	struct baton_sim_write *write = &device->store.write;

	if (!write->waits || baton_sim_now(device->stage->sim) < write->at_us)
		return;
	if (baton_sim_device_asleep(device)) {
		baton_sim_at(device->stage->sim, device->asleep_until_us,
			     committed, device);
		return;
	}
	baton_sim_store_commit(&device->store);
	baton_sim_stack_stored(device->stack, write->id, BATON_OK);
}

static void cut_power(void *user)
{
	struct baton_sim_device *device = user;

	baton_sim_device_reboot(device, device->store.cut_off_us);
}

static enum baton_err on_store(void *user, struct baton_sim_stack *stack,
			       const struct baton_store_op *op)
{
	struct baton_sim_device *device = user;
	struct baton_sim_store *store = &device->store;
	uint64_t now_us = baton_sim_now(device->stage->sim);

	(void)stack;
	device->stage->changed = true;
	if (!baton_sim_store_begin(store, op, now_us))
		return BATON_ERR_STORE;
	if (store->writes == store->cut_at) {
		baton_sim_store_cut(store, store->cut_outcome);
		device->cuts++;
		baton_sim_at(device->stage->sim, now_us, cut_power, device);
		return BATON_ERR_AGAIN;
	}
	if (store->delay_us) {
		baton_sim_at(device->stage->sim, store->write.at_us, committed,
			     device);
		return BATON_ERR_AGAIN;
	}
	baton_sim_store_commit(store);
	return BATON_OK;
}

/* What the engine does not take, as a torn value, is thrown away. */
static void load(struct baton_sim_device *device, struct baton_session *session,
		 bool bonds)
{
	struct baton_sim_value *value = device->store.now.value;
	size_t i;

	for (i = 0; i < BATON_SIM_STORE_KEYS; i++, value++)
		if (value->key[0] &&
		    !strncmp(value->key, "bond/", 5) == bonds &&
		    baton_session_load(session, value->key, value->bytes,
				       value->len))
			memset(value, 0, sizeof(*value));
}

/* Both have a bond, and nothing that could have cost them it has happened. */
static bool know_each_other(const struct baton_sim_stage *stage)
{
	return stage->strict && stage->whole && stage->device[0].paired &&
	       stage->device[1].paired;
}

static void on_boot(void *user, struct baton_sim_stack *stack)
{
	struct baton_sim_device *device = user;
	struct baton_session *session = baton_sim_stack_session(stack);

	load(device, session, true);
	load(device, session, false);
	if (know_each_other(device->stage) &&
	    !baton_session_bond_count(session))
		baton_sim_stage_wrong(device->stage, "the %s lost its bond",
				      side_name(device));
}

/* The person. */

bool baton_sim_stage_secure(const struct baton_sim_stage *stage)
{
	return stage->device[0].secured && stage->device[1].secured;
}

bool baton_sim_stage_bonded(const struct baton_sim_stage *stage)
{
	int i;

	for (i = 0; i < BATON_SIM_SIDES; i++)
		if (!baton_session_bond_count(
			    baton_sim_stack_session(stage->device[i].stack)))
			return false;
	return true;
}

void baton_sim_stage_pair(struct baton_sim_stage *stage)
{
	struct baton_sim_device *device;
	int i;

	stage->gave_up = false;
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		device = &stage->device[i];
		if (!device->powered || baton_sim_device_asleep(device))
			continue;
		if (baton_session_pairing_open(
			    baton_sim_stack_session(device->stack),
			    baton_sim_stack_now_ms(device->stack)))
			baton_sim_stage_wrong(stage,
					      "the %s has too many bonds",
					      side_name(device));
	}
}

/* Now and then the person looks whether the devices know each other. */
static void look(void *user)
{
	struct baton_sim_stage *stage = user;
	bool estranged = stage->device[0].closed == BATON_ERR_NO_BOND ||
			 stage->device[1].closed == BATON_ERR_NO_BOND;

	if (baton_sim_stage_secure(stage))
		stage->looks = 0;
	else if (++stage->looks >= LOOKS && stage->private_adverts &&
		 !know_each_other(stage))
		estranged = true;
	if (!stage->gave_up && !baton_sim_stage_secure(stage) &&
	    (estranged || !baton_sim_stage_bonded(stage)))
		baton_sim_stage_pair(stage);
	stage->device[0].closed = BATON_OK;
	stage->device[1].closed = BATON_OK;
	baton_sim_at(stage->sim, baton_sim_now(stage->sim) + PATIENCE_US, look,
		     stage);
}

static void answer(void *user)
{
	struct baton_sim_device *device = user;
	const struct baton_sim_device *other =
		&device->stage->device[baton_sim_other(device->side)];
	uint64_t now_us = baton_sim_now(device->stage->sim);
	enum baton_err err;

	if (!device->asked || !device->powered || now_us < device->answer_us)
		return;
	if (baton_sim_device_asleep(device)) {
		device->answer_us = device->asleep_until_us + GLANCE_US;
		baton_sim_at(device->stage->sim, device->answer_us, answer,
			     device);
		return;
	}
	/* Both displays must show the same; one may still have the last. */
	if (!device->refuses &&
	    (!other->shows || other->code != device->code)) {
		device->answer_us = now_us + GLANCE_US;
		baton_sim_at(device->stage->sim, device->answer_us, answer,
			     device);
		return;
	}
	device->asked = false;
	err = baton_session_confirm(baton_sim_stack_session(device->stack),
				    !device->refuses,
				    baton_sim_stack_now_ms(device->stack));
	if (!err && device->refuses)
		device->stage->gave_up = true;
	if (!err)
		device->refuses = false;
	baton_sim_stack_kick(device->stack);
}

static void on_compare(struct baton_sim_device *device, uint32_t code)
{
	device->asked = true;
	device->shows = true;
	device->code = code;
	if (device->walks_away) {
		device->walks_away = false;
		device->asked = false;
		return;
	}
	device->answer_us =
		baton_sim_now(device->stage->sim) + device->after_us;
	baton_sim_at(device->stage->sim, device->answer_us, answer, device);
}

/* The link and the application. */

#define OVERTAKEN_MAX 16 /* units (transport/SPEC.md A.3) */

/*
 * A repeated unit that came later than the transport allows may have been
 * misread; the record it lands in does not authenticate.
 */
static bool may_be_misread(const struct baton_sim_device *device,
			   enum baton_err err)
{
	return err == BATON_ERR_AUTH &&
	       baton_sim_stack_overtaken(device->stack) > OVERTAKEN_MAX;
}

/* Its person wants it to pair, known or not. */
static bool pairs(const struct baton_sim_device *device)
{
	return device->fails_to_pair ||
	       baton_sim_stack_session(device->stack)->pairing_until_ms >
		       baton_sim_stack_now_ms(device->stack);
}

static void on_close(struct baton_sim_device *device, enum baton_err err)
{
	device->closed = err;
	device->secured = false;
	if ((err == BATON_ERR_NO_BOND || err == BATON_ERR_REFUSED) &&
	    !pairs(&device->stage->device[0]) &&
	    !pairs(&device->stage->device[1]) && know_each_other(device->stage))
		baton_sim_stage_wrong(device->stage,
				      "the %s, which is known, is turned away",
				      side_name(device));
	/* Nobody on the air has a part in what a store does. */
	if (err == BATON_ERR_STORE ||
	    (device->stage->strict && !may_be_misread(device, err) &&
	     (err == BATON_ERR_PROTOCOL || err == BATON_ERR_AUTH ||
	      err == BATON_ERR_EXHAUSTED)))
		baton_sim_stage_wrong(device->stage,
				      "the %s closed the link: %s",
				      side_name(device), baton_err_text(err));
}

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	struct baton_sim_device *device = user;

	device->stage->changed = true;
	if (event->type == BATON_EVENT_SECURED) {
		device->secured = true;
		device->secures++;
		baton_session_pairing_close(baton_sim_stack_session(stack));
	} else if (event->type == BATON_EVENT_COMPARE) {
		on_compare(device, event->u.compare.code);
	} else if (event->type == BATON_EVENT_LINK_CLOSE) {
		on_close(device, event->u.closed.err);
	} else if (event->type == BATON_EVENT_PAIRED) {
		device->paired = true;
		device->shows = false;
	} else if (event->type == BATON_EVENT_PAIR_FAILED) {
		device->fails_to_pair = true;
		device->asked = false;
		device->shows = false;
	}
	baton_sim_app_event(device, event);
}

static void on_link(void *user, struct baton_sim_stack *stack, bool up)
{
	struct baton_sim_device *device = user;

	(void)stack;
	device->stage->changed = true;
	device->fails_to_pair = device->fails_to_pair && !up;
	if (up)
		device->ups++;
	else
		device->downs++;
	device->secured = false;
}

static const struct baton_sim_stack_app app = {
	.event = on_event,
	.store = on_store,
	.boot = on_boot,
	.link = on_link,
};

static void resume(void *user)
{
	struct baton_sim_device *device = user;

	if (!device->paused ||
	    baton_sim_now(device->stage->sim) < device->paused_until_us)
		return;
	if (baton_sim_device_asleep(device)) {
		device->paused_until_us = device->asleep_until_us;
		baton_sim_at(device->stage->sim, device->paused_until_us,
			     resume, device);
		return;
	}
	device->paused = false;
	baton_sim_stack_set_deaf(device->stack, false);
	baton_sim_app_write(device);
	baton_sim_stack_kick(device->stack);
}

void baton_sim_device_pause(struct baton_sim_device *device, uint64_t us)
{
	if (!device->powered || baton_sim_device_asleep(device))
		return;
	device->paused = true;
	device->paused_until_us = baton_sim_now(device->stage->sim) + us;
	baton_sim_stack_set_deaf(device->stack, true);
	baton_sim_at(device->stage->sim, device->paused_until_us, resume,
		     device);
}

static bool init(struct baton_sim_stage *stage, enum baton_sim_side side,
		 const struct baton_scenario_device *from, uint64_t seed)
{
	struct baton_sim_device *device = &stage->device[side];
	const struct baton_session_config config = {
		.role = side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE,
		.message_max = MESSAGE_MAX,
		.link = configs[from->memory],
	};

	memset(device, 0, sizeof(*device));
	device->stage = stage;
	device->side = side;
	device->node = from->node;
	device->powered = true;
	device->after_us = ANSWER_US;
	device->store.delay_us = from->store_us;
	baton_sim_app_died(device);
	if (baton_sim_stack_create(&device->stack, stage->sim, side, &config,
				   seed, &app, device))
		return false;
	if (from->private_adverts) {
		stage->private_adverts = true;
		baton_sim_stack_set_private(device->stack);
	}
	return true;
}

bool baton_sim_stage_init(struct baton_sim_stage *stage, struct baton_sim *sim,
			  const struct baton_scenario_device devices[2],
			  uint64_t seed)
{
	memset(stage, 0, sizeof(*stage));
	stage->sim = sim;
	stage->strict = stage->whole = true;
	stage->items = baton_sim_realloc(NULL, BATON_SIM_ITEMS *
						       sizeof(*stage->items));
	if (!init(stage, BATON_SIM_WATCH, &devices[BATON_SIM_WATCH], seed) ||
	    !init(stage, BATON_SIM_PHONE, &devices[BATON_SIM_PHONE], seed))
		return false;
	baton_sim_stage_pair(stage);
	baton_sim_at(sim, PATIENCE_US, look, stage);
	return true;
}

void baton_sim_stage_free(struct baton_sim_stage *stage)
{
	int i;

	for (i = 0; i < BATON_SIM_SIDES; i++)
		baton_sim_stack_destroy(stage->device[i].stack);
	free(stage->items);
}
