/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/beacon.h"
#include "sim/order.h"
#include "sim/prng.h"
#include "sim/stack.h"

#define KEPT (2 * BATON_BONDS + 8)
#define KEY_CAP 64
#define VALUE_CAP 512

/* A stored value, as the device finds it after a reboot. */
struct kept {
	char key[KEY_CAP]; /* empty: free */
	uint8_t value[VALUE_CAP];
	size_t len;
};

struct baton_sim_stack {
	struct baton_sim *sim;
	enum baton_sim_side side;
	struct baton_session_config config;
	const struct baton_sim_stack_app *app;
	void *user;
	struct baton_prng prng;
	struct baton_session *session;
	void *memory;
	size_t memory_len;
	struct kept kept[KEPT];
	uint64_t dropped;
	struct baton_sim_order order;
	uint64_t ticked_ms; /* when tick() was last called */
	struct baton_sim_beacon beacon; /* if its adverts are private */
	bool up;
	bool pumping;
	bool deaf;
	bool gated;
};

static struct kept *kept_find(struct baton_sim_stack *stack, const char *key)
{
	size_t i;

	for (i = 0; i < KEPT; i++)
		if (!strcmp(stack->kept[i].key, key))
			return &stack->kept[i];
	return NULL;
}

static enum baton_err keep_write(struct baton_sim_stack *stack,
				 const struct baton_store_write *write)
{
	struct kept *kept = kept_find(stack, write->key);

	if (write->kind == BATON_STORE_DELETE) {
		if (kept)
			memset(kept, 0, sizeof(*kept));
		return BATON_OK;
	}
	if (!kept)
		kept = kept_find(stack, "");
	if (!kept || strlen(write->key) >= KEY_CAP ||
	    write->value_len > VALUE_CAP)
		return BATON_ERR_STORE;
	strcpy(kept->key, write->key);
	memcpy(kept->value, write->value, write->value_len);
	kept->len = write->value_len;
	return BATON_OK;
}

/* What a device's own flash does with a store operation. */
static enum baton_err keep(struct baton_sim_stack *stack,
			   const struct baton_store_op *op)
{
	enum baton_err err = BATON_OK;
	size_t i;

	for (i = 0; i < op->count && !err; i++)
		err = keep_write(stack, &op->write[i]);
	return err;
}

static void run_store_op(struct baton_sim_stack *stack,
			 const struct baton_store_op *op)
{
	enum baton_err err = BATON_OK;

	if (stack->app->store)
		err = stack->app->store(stack->user, stack, op);
	if (err == BATON_ERR_AGAIN)
		return;
	if (!err && !stack->app->boot)
		err = keep(stack, op);
	baton_session_stored(stack->session, op->id, err,
			     baton_sim_stack_now_ms(stack));
}

static void run_event(struct baton_sim_stack *stack,
		      const struct baton_event *event)
{
	if (stack->app->event)
		stack->app->event(stack->user, stack, event);
	if (event->type == BATON_EVENT_LINK_CLOSE)
		baton_sim_disconnect(stack->sim, stack->side,
				     BATON_HCI_REMOTE_USER);
}

static bool next_event(struct baton_sim_stack *stack, struct baton_event *event)
{
	if (stack->deaf)
		return false;
	if (stack->gated)
		return baton_session_next_control(stack->session, event);
	return baton_session_next_event(stack->session, event,
					baton_sim_stack_now_ms(stack));
}

/* Take everything the engine has to say; callbacks may make it say more. */
static void pump(struct baton_sim_stack *stack)
{
	struct baton_store_op op;
	struct baton_event event;
	bool more = true;

	if (stack->pumping)
		return;
	stack->pumping = true;
	while (more) {
		more = false;
		while (baton_session_next_store_op(stack->session, &op)) {
			run_store_op(stack, &op);
			more = true;
		}
		if (next_event(stack, &event)) {
			run_event(stack, &event);
			more = true;
		}
		if (!more && stack->app->turn)
			more = stack->app->turn(stack->user, stack);
	}
	stack->pumping = false;
}

uint8_t baton_sim_link_phy(enum baton_phy phy)
{
	static const uint8_t phys[] = {
		[BATON_PHY_1M] = BATON_LINK_PHY_1M,
		[BATON_PHY_2M] = BATON_LINK_PHY_2M,
		[BATON_PHY_CODED_S2] = BATON_LINK_PHY_CODED,
		[BATON_PHY_CODED_S8] = BATON_LINK_PHY_CODED,
	};

	return phys[phy];
}

static void on_link_up(void *user, uint64_t now_us,
		       const struct baton_sim_link *link)
{
	struct baton_sim_stack *stack = user;
	uint8_t nonce[BATON_BOND_NONCE_LEN];
	struct baton_link_facts facts = {
		.mtu = link->bearer == BATON_SIM_GATT ? link->mtu
						      : BATON_MTU_MAX,
		.ll_len = link->ll_len,
		.interval_us = link->interval_us,
		.bearer = link->bearer == BATON_SIM_COC,
		.phy = baton_sim_link_phy(link->phy),
	};

	if (baton_sim_beacon_up(&stack->beacon, stack->session, nonce))
		facts.advert = nonce;
	if (baton_session_link_up(stack->session, &facts, now_us / 1000)) {
		baton_sim_disconnect(stack->sim, stack->side,
				     BATON_HCI_REMOTE_USER);
		return;
	}
	baton_sim_order_start(&stack->order);
	stack->up = true;
	if (stack->app->link)
		stack->app->link(stack->user, stack, true);
	pump(stack);
}

static void on_link_down(void *user, uint64_t now_us, uint8_t reason)
{
	struct baton_sim_stack *stack = user;

	(void)reason;
	if (!stack->up)
		return;
	stack->up = false;
	baton_session_link_down(stack->session, now_us / 1000);
	if (stack->app->link)
		stack->app->link(stack->user, stack, false);
	pump(stack);
}

static void on_mtu(void *user, uint64_t now_us, uint16_t mtu)
{
	struct baton_sim_stack *stack = user;

	(void)now_us;
	if (!stack->up)
		return;
	baton_session_link_mtu(stack->session, mtu);
	pump(stack);
}

static void on_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct baton_sim_stack *stack = user;
	enum baton_err err;

	if (!stack->up)
		return;
	baton_sim_order_take(&stack->order,
			     baton_sim_value_place(stack->sim, stack->side),
			     pdu, len);
	err = baton_session_rx(stack->session, pdu, len, now_us / 1000);
	stack->dropped += baton_err_is_peer(err) != 0;
	pump(stack);
}

static size_t on_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct baton_sim_stack *stack = user;
	size_t len;

	if (!stack->up)
		return 0;
	len = baton_session_tx(stack->session, dst, cap, now_us / 1000);
	pump(stack);
	if (!len && stack->app->turn)
		len = baton_session_tx(stack->session, dst, cap, now_us / 1000);
	return len;
}

static uint64_t on_deadline(void *user)
{
	struct baton_sim_stack *stack = user;
	uint64_t deadline_ms = baton_session_deadline(stack->session);

	/* It counts in milliseconds: once in each is enough. */
	if (deadline_ms <= stack->ticked_ms)
		deadline_ms = stack->ticked_ms + 1;
	return deadline_ms > BATON_SIM_NEVER / 1000 ? BATON_SIM_NEVER
						    : deadline_ms * 1000;
}

static void on_tick(void *user, uint64_t now_us)
{
	struct baton_sim_stack *stack = user;

	stack->ticked_ms = now_us / 1000;
	baton_session_tick(stack->session, stack->ticked_ms);
	pump(stack);
}

static size_t on_advert_tx(void *user, uint64_t now_us, uint8_t *dst,
			   size_t cap)
{
	struct baton_sim_stack *stack = user;

	return baton_sim_beacon_tx(&stack->beacon, stack->session,
				   now_us / 1000, dst, cap);
}

static bool on_advert_rx(void *user, uint64_t now_us, const uint8_t *data,
			 size_t len)
{
	struct baton_sim_stack *stack = user;

	return baton_sim_beacon_rx(&stack->beacon, stack->session,
				   now_us / 1000, data, len);
}

static const struct baton_sim_stack_ops stack_ops = {
	.link_up = on_link_up,
	.link_down = on_link_down,
	.mtu = on_mtu,
	.rx = on_rx,
	.tx = on_tx,
	.deadline = on_deadline,
	.tick = on_tick,
};

static const struct baton_sim_stack_ops private_ops = {
	.link_up = on_link_up,
	.link_down = on_link_down,
	.mtu = on_mtu,
	.rx = on_rx,
	.tx = on_tx,
	.deadline = on_deadline,
	.tick = on_tick,
	.advert_tx = on_advert_tx,
	.advert_rx = on_advert_rx,
};

static enum baton_err load(struct baton_sim_stack *stack, bool bonds)
{
	const struct kept *kept = stack->kept;
	enum baton_err err = BATON_OK;
	size_t i;

	for (i = 0; i < KEPT && !err; i++, kept++)
		if (kept->key[0] && !strncmp(kept->key, "bond/", 5) == bonds)
			err = baton_session_load(stack->session, kept->key,
						 kept->value, kept->len);
	return err;
}

static enum baton_err boot(struct baton_sim_stack *stack)
{
	uint8_t seed[32];
	enum baton_err err;

	baton_prng_fill(&stack->prng, seed, sizeof(seed));
	err = baton_session_init(stack->session, &stack->config, stack->memory,
				 stack->memory_len, seed);
	if (!err && stack->app->boot)
		stack->app->boot(stack->user, stack);
	if (!err)
		err = load(stack, true);
	return err ? err : load(stack, false);
}

enum baton_err
baton_sim_stack_create(struct baton_sim_stack **stack, struct baton_sim *sim,
		       enum baton_sim_side side,
		       const struct baton_session_config *config, uint64_t seed,
		       const struct baton_sim_stack_app *app, void *user)
{
	static const struct baton_sim_stack_app no_app;
	struct baton_sim_stack *s = calloc(1, sizeof(*s));
	enum baton_err err;

	if (!s)
		abort();
	s->sim = sim;
	s->side = side;
	s->config = *config;
	s->app = app ? app : &no_app;
	s->user = user;
	s->memory_len = baton_session_memory_len(config);
	s->memory = malloc(s->memory_len ? s->memory_len : 1);
	s->session = calloc(1, sizeof(*s->session));
	if (!s->memory || !s->session)
		abort();
	baton_prng_init(&s->prng, seed, 0x5e55 + (uint64_t)side);
	err = boot(s);
	if (err) {
		free(s->session);
		free(s->memory);
		free(s);
		return err;
	}
	baton_sim_attach(sim, side, &stack_ops, s);
	*stack = s;
	return BATON_OK;
}

void baton_sim_stack_set_private(struct baton_sim_stack *stack)
{
	baton_sim_attach(stack->sim, stack->side, &private_ops, stack);
}

void baton_sim_stack_destroy(struct baton_sim_stack *stack)
{
	if (!stack)
		return;
	baton_session_wipe(stack->session);
	free(stack->session);
	free(stack->memory);
	free(stack);
}

struct baton_session *baton_sim_stack_session(struct baton_sim_stack *stack)
{
	return stack->session;
}

enum baton_sim_side baton_sim_stack_side(const struct baton_sim_stack *stack)
{
	return stack->side;
}

uint64_t baton_sim_stack_now_ms(const struct baton_sim_stack *stack)
{
	return baton_sim_node_now(stack->sim, stack->side) / 1000;
}

void baton_sim_stack_kick(struct baton_sim_stack *stack)
{
	pump(stack);
	baton_sim_kick(stack->sim, stack->side);
}

void baton_sim_stack_reboot(struct baton_sim_stack *stack)
{
	baton_session_wipe(stack->session);
	/* It was made before from the same: it can only succeed again. */
	if (boot(stack))
		abort();
	stack->up = false;
	memset(&stack->beacon, 0, sizeof(stack->beacon));
	baton_sim_disconnect(stack->sim, stack->side,
			     BATON_HCI_SUPERVISION_TIMEOUT);
	baton_sim_stack_kick(stack);
}

void baton_sim_stack_stored(struct baton_sim_stack *stack, uint32_t id,
			    enum baton_err err)
{
	baton_session_stored(stack->session, id, err,
			     baton_sim_stack_now_ms(stack));
	baton_sim_stack_kick(stack);
}

void baton_sim_stack_set_deaf(struct baton_sim_stack *stack, bool deaf)
{
	stack->deaf = deaf;
	if (!deaf)
		baton_sim_stack_kick(stack);
}

void baton_sim_stack_set_gated(struct baton_sim_stack *stack, bool gated)
{
	bool opens = stack->gated && !gated;

	stack->gated = gated;
	if (opens)
		baton_sim_stack_kick(stack);
}

uint64_t baton_sim_stack_dropped(const struct baton_sim_stack *stack)
{
	return stack->dropped;
}

unsigned int baton_sim_stack_overtaken(const struct baton_sim_stack *stack)
{
	return stack->order.overtaken;
}
