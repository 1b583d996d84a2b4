/* SPDX-License-Identifier: MIT */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"
#include "sim/att.h"
#include "sim/config.h"
#include "sim/world.h"

/* An SDU as long as any of the bearer, framed. */
static size_t sdu_cap(const struct baton_sim_config *cfg)
{
	if (cfg->bearer == BATON_SIM_COC)
		return baton_sim_coc_len(UINT16_MAX, cfg->coc_mps);
	return BATON_SIM_L2CAP_LEN + BATON_SIM_ATT_LEN + BATON_SIM_VALUE_MAX +
	       2;
}

enum baton_err baton_sim_create(struct baton_sim **sim,
				const struct baton_sim_config *cfg)
{
	struct baton_sim *s;
	uint64_t i, j;

	*sim = NULL;
	if (baton_sim_config_check(cfg))
		return BATON_ERR_ARG;
	s = calloc(1, sizeof(*s));
	if (!s)
		return BATON_ERR_SPACE;
	s->scratch = malloc(UINT16_MAX);
	if (!s->scratch) {
		free(s);
		return BATON_ERR_SPACE;
	}
	s->cfg = *cfg;
	baton_sim_pool_init(&s->pool, sdu_cap(cfg));
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		s->node[i].errors = cfg->errors[i];
		for (j = 0; j < BATON_SIM_RANDS; j++)
			baton_prng_init(&s->node[i].rand[j], cfg->seed,
					j * BATON_SIM_SIDES + i);
		baton_sim_host_init(s, (enum baton_sim_side)i);
	}
	*sim = s;
	return BATON_OK;
}

static void call_later(void *ctx, uint64_t arg);

void baton_sim_destroy(struct baton_sim *sim)
{
	if (!sim)
		return;
	while (sim->queue.len) {
		struct baton_sim_item item = baton_sim_queue_pop(&sim->queue);

		baton_sim_host_discard(sim, &item);
		if (item.fire == call_later)
			free(item.ctx);
		if (baton_sim_adv_holds(&item))
			free((void *)(uintptr_t)item.arg);
	}
	baton_sim_ll_free(sim);
	baton_sim_bluez_off(&sim->node[BATON_SIM_WATCH].host);
	baton_sim_bluez_off(&sim->node[BATON_SIM_PHONE].host);
	baton_sim_pool_free(&sim->pool);
	baton_sim_queue_free(&sim->queue);
	free(sim->scratch);
	free(sim);
}

void baton_sim_attach(struct baton_sim *sim, enum baton_sim_side side,
		      const struct baton_sim_stack_ops *ops, void *user)
{
	sim->node[side].host.ops = ops;
	sim->node[side].host.user = user;
}

uint64_t baton_sim_now(const struct baton_sim *sim)
{
	return sim->now;
}

uint64_t baton_sim_node_now(const struct baton_sim *sim,
			    enum baton_sim_side side)
{
	return baton_sim_host_clock(&sim->node[side].host, sim->now);
}

static void start(struct baton_sim *sim)
{
	int i;

	if (sim->started)
		return;
	sim->started = true;
	for (i = 0; i < BATON_SIM_SIDES; i++)
		baton_sim_host_serve(&sim->node[i].host);
	if (sim->cfg.start == BATON_SIM_START_CONNECTED &&
	    sim->node[BATON_SIM_WATCH].host.ops &&
	    sim->node[BATON_SIM_PHONE].host.ops)
		baton_sim_ll_start(sim, sim->now, true);
	else
		baton_sim_adv_update(sim);
}

bool baton_sim_step(struct baton_sim *sim)
{
	struct baton_sim_item item;

	start(sim);
	if (!sim->queue.len)
		return false;
	item = baton_sim_queue_pop(&sim->queue);
	sim->now = item.at_us;
	item.fire(item.ctx, item.arg);
	return true;
}

uint64_t baton_sim_next(const struct baton_sim *sim)
{
	return sim->started ? baton_sim_queue_at(&sim->queue) : sim->now;
}

void baton_sim_run_until(struct baton_sim *sim, uint64_t until_us)
{
	start(sim);
	while (baton_sim_queue_at(&sim->queue) <= until_us && sim->queue.len)
		baton_sim_step(sim);
	if (sim->now < until_us)
		sim->now = until_us;
}

bool baton_sim_run(struct baton_sim *sim, bool (*done)(void *user), void *user,
		   uint64_t limit_us)
{
	start(sim);
	while (!done(user)) {
		if (!sim->queue.len ||
		    baton_sim_queue_at(&sim->queue) > limit_us) {
			if (sim->now < limit_us && limit_us != UINT64_MAX)
				sim->now = limit_us;
			return false;
		}
		baton_sim_step(sim);
	}
	return true;
}

void baton_sim_kick(struct baton_sim *sim, enum baton_sim_side side)
{
	baton_sim_host_kick(&sim->node[side].host);
}

struct call {
	void (*fn)(void *user);
	void *user;
};

static void call_later(void *ctx, uint64_t arg)
{
	struct call call = *(struct call *)ctx;

	(void)arg;
	free(ctx);
	call.fn(call.user);
}

void baton_sim_at(struct baton_sim *sim, uint64_t at_us, void (*fn)(void *user),
		  void *user)
{
	struct call *call = baton_sim_realloc(NULL, sizeof(*call));

	call->fn = fn;
	call->user = user;
	if (at_us < sim->now)
		at_us = sim->now;
	baton_sim_queue_push(&sim->queue, at_us, BATON_SIM_RANK_HOST,
			     call_later, call, 0);
}

static void disconnect(void *ctx, uint64_t arg)
{
	struct baton_sim *sim = ctx;
	const enum baton_sim_side side =
		arg & 1 ? BATON_SIM_PHONE : BATON_SIM_WATCH;

	if (sim->node[side].host.link == (uint32_t)(arg >> 9))
		baton_sim_ll_disconnect(sim, side, (uint8_t)(arg >> 1));
}

void baton_sim_disconnect(struct baton_sim *sim, enum baton_sim_side side,
			  uint8_t reason)
{
	const struct baton_sim_host *host = &sim->node[side].host;
	const bool silent = reason == BATON_HCI_SUPERVISION_TIMEOUT ||
			    reason == BATON_HCI_LL_RESPONSE_TIMEOUT ||
			    reason == BATON_HCI_MIC_FAILURE;
	const uint64_t wait_us =
		silent ? 0 : baton_sim_bluez_disconnect_us(host);

	/* Not from within a stack's op. */
	baton_sim_queue_push(&sim->queue, sim->now + wait_us,
			     BATON_SIM_RANK_HOST, disconnect, sim,
			     (uint64_t)host->link << 9 | (uint64_t)reason << 1 |
				     side);
}

void baton_sim_blackout(struct baton_sim *sim, uint64_t duration_us)
{
	sim->black_until = sim->now + duration_us;
}

void baton_sim_stall(struct baton_sim *sim, enum baton_sim_side side,
		     uint64_t duration_us)
{
	baton_sim_host_stall(&sim->node[side].host, sim->now + duration_us);
}

void baton_sim_sleep(struct baton_sim *sim, enum baton_sim_side side,
		     uint64_t duration_us, bool clock_stops)
{
	baton_sim_host_sleep(&sim->node[side].host, duration_us, clock_stops);
}

void baton_sim_power(struct baton_sim *sim, enum baton_sim_side side, bool on)
{
	baton_sim_host_power(&sim->node[side].host, on);
	if (!on)
		baton_sim_ll_drop(sim, side, 0);
	baton_sim_adv_update(sim);
}

void baton_sim_exchange_mtu(struct baton_sim *sim, uint16_t mtu)
{
	if (mtu < 23 || mtu > 517)
		baton_sim_die("an MTU is 23 to 517");
	if (sim->cfg.bearer == BATON_SIM_GATT &&
	    sim->ll.side[BATON_SIM_PHONE].linked)
		baton_sim_att_exchange_mtu(&sim->node[BATON_SIM_PHONE].host,
					   mtu);
}

static void update(struct baton_sim *sim,
		   const struct baton_sim_procedure *procedure)
{
	if (baton_sim_connected(sim))
		(void)baton_sim_ll_control_add(sim, procedure);
}

void baton_sim_update_phy(struct baton_sim *sim, enum baton_sim_side asks,
			  enum baton_phy phy)
{
	const struct baton_sim_procedure procedure = {
		.kind = BATON_SIM_PROCEDURE_PHY,
		.asks = asks,
		.phy = phy,
	};

	update(sim, &procedure);
}

void baton_sim_update_length(struct baton_sim *sim, enum baton_sim_side asks,
			     uint16_t ll_len)
{
	const struct baton_sim_procedure procedure = {
		.kind = BATON_SIM_PROCEDURE_LENGTH,
		.asks = asks,
		.ll_len = ll_len,
	};

	if (ll_len < BATON_SIM_LL_LEN_MIN || ll_len > 251)
		baton_sim_die("an LL data length is 27 to 251");
	update(sim, &procedure);
}

void baton_sim_update_connection(struct baton_sim *sim,
				 enum baton_sim_side asks, uint32_t interval_us,
				 uint16_t latency, uint32_t timeout_us)
{
	struct baton_sim_config cfg = sim->cfg;
	struct baton_sim_procedure procedure = {
		.kind = BATON_SIM_PROCEDURE_CONNECTION,
		.asks = asks,
		.interval_us = interval_us,
		.latency = latency,
	};

	cfg.interval_us = interval_us;
	cfg.latency = latency;
	cfg.timeout_us = timeout_us;
	if (baton_sim_config_check(&cfg))
		baton_sim_die(baton_sim_config_check(&cfg));
	procedure.timeout_us = baton_sim_config_timeout_us(&cfg);
	update(sim, &procedure);
}

void baton_sim_set_errors(struct baton_sim *sim, enum baton_sim_side from,
			  const struct baton_sim_errors *errors)
{
	if (baton_sim_errors_check(errors))
		baton_sim_die(baton_sim_errors_check(errors));
	sim->node[from].errors = *errors;
}

void baton_sim_set_node(struct baton_sim *sim, enum baton_sim_side side,
			const struct baton_sim_node_config *node)
{
	struct baton_sim_node_config *cfg = &sim->node[side].host.cfg;
	const int32_t clock_ppm = cfg->clock_ppm;

	if (baton_sim_node_check(node))
		baton_sim_die(baton_sim_node_check(node));
	*cfg = *node;
	cfg->clock_ppm = clock_ppm;
	baton_sim_kick(sim, side);
}

bool baton_sim_connected(const struct baton_sim *sim)
{
	return sim->ll.side[BATON_SIM_WATCH].linked &&
	       sim->ll.side[BATON_SIM_PHONE].linked;
}

void baton_sim_set_adversary(struct baton_sim *sim, baton_sim_adversary_fn *fn,
			     void *user)
{
	sim->adversary = fn;
	sim->adversary_user = user;
}

void baton_sim_set_advert_adversary(struct baton_sim *sim,
				    baton_sim_advert_fn *fn)
{
	sim->advert_adversary = fn;
}

void baton_sim_inject_advert(struct baton_sim *sim, uint64_t at_us,
			     const uint8_t *data, size_t len)
{
	if (len > BATON_SIM_ADV_MAX)
		baton_sim_die("an advert has 31 bytes at most");
	if (at_us < sim->now)
		at_us = sim->now;
	baton_sim_adv_inject(sim, at_us, data, len);
}

void baton_sim_inject(struct baton_sim *sim, enum baton_sim_side to,
		      uint64_t at_us, const uint8_t *pdu, size_t len)
{
	baton_sim_host_inject(&sim->node[to].host, at_us, pdu, len);
}

void baton_sim_set_trace(struct baton_sim *sim, baton_sim_trace_fn *fn,
			 void *user, bool ll)
{
	sim->trace = fn;
	sim->trace_user = user;
	sim->trace_ll = ll;
}

void baton_sim_get_stats(struct baton_sim *sim, enum baton_sim_side side,
			 struct baton_sim_stats *stats)
{
	const struct baton_sim_meter *meter = &sim->node[side].meter;

	baton_sim_adv_meter(sim);
	*stats = sim->node[side].stats;
	stats->tx_us = meter->tx_us;
	stats->rx_us = meter->rx_1m_us + meter->rx_2m_us;
	stats->charge_pc = baton_sim_meter_charge_pc(meter, sim->now);
}

enum baton_sim_air baton_sim_air_draw(struct baton_sim *sim,
				      enum baton_sim_side from,
				      enum baton_sim_stream stream)
{
	struct baton_sim_node *node = &sim->node[from];
	const struct baton_sim_errors *e = &node->errors;

	if (sim->now < sim->black_until)
		return BATON_SIM_AIR_MISSED;
	if (baton_prng_chance(&node->rand[BATON_SIM_RAND_BURST],
			      node->burst ? e->to_good_ppm : e->to_bad_ppm))
		node->burst = !node->burst;
	if (!baton_prng_chance(&node->rand[stream],
			       node->burst ? e->bad_per_ppm : e->good_per_ppm))
		return BATON_SIM_AIR_OK;
	return baton_prng_chance(&node->rand[BATON_SIM_RAND_MISSED],
				 e->missed_ppm)
		       ? BATON_SIM_AIR_MISSED
		       : BATON_SIM_AIR_CRC;
}
