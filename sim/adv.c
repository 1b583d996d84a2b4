/* SPDX-License-Identifier: MIT */
#include "sim/adv.h"

#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"
#include "sim/world.h"

#define ADV_CHANNELS 3U
#define ADDRESS_LEN 6U
/* Two addresses and LLData (Core 5.4, Vol 6 Part B, 2.3.3.1). */
#define CONNECT_IND_LEN 34U
/* 4.4.2.2.1: advDelay is 0 to 10 ms. */
#define ADV_DELAY_US 10000U
/* 4.5.3: transmitWindowDelay of a CONNECT_IND; the offset is 0 here. */
#define WINDOW_DELAY_US 1250U
/* How long a host tries to connect to one address (Linux: 20 s). */
#define TARGET_US UINT64_C(20000000)
/* Listening for a CONNECT_IND that does not come, on 1M. */
#define SILENCE_US (BATON_PHY_T_IFS_US + 40U)

static void adv_event(void *ctx, uint64_t generation);

static bool free_to(struct baton_sim *sim, enum baton_sim_side side)
{
	const struct baton_sim_node *node = &sim->node[side];

	return sim->started && node->host.ops && node->host.powered &&
	       !node->host.clock.asleep && !sim->ll.side[side].linked &&
	       (sim->cfg.reconnect || !node->stats.connections);
}

void baton_sim_adv_meter(struct baton_sim *sim)
{
	struct baton_sim_adv *adv = &sim->adv;
	uint64_t us = sim->now - adv->scan_metered_us;

	if (!adv->scanning)
		return;
	us = us * sim->cfg.scan_window_us / sim->cfg.scan_interval_us;
	baton_sim_meter_rx(&sim->node[BATON_SIM_PHONE].meter, BATON_PHY_1M, us);
	adv->scan_metered_us = sim->now;
}

static void adv_stop(struct baton_sim *sim)
{
	sim->adv.advertising = false;
	sim->adv.adv_generation++;
}

static void scan_stop(struct baton_sim *sim)
{
	baton_sim_adv_meter(sim);
	sim->adv.scanning = false;
	sim->adv.target_until_us = 0;
}

void baton_sim_adv_update(struct baton_sim *sim)
{
	struct baton_sim_adv *adv = &sim->adv;
	struct baton_prng *rand;
	bool want;

	want = free_to(sim, BATON_SIM_WATCH);
	if (want && !adv->advertising) {
		rand = baton_sim_rand(sim, BATON_SIM_WATCH, BATON_SIM_RAND_ADV);
		adv->advertising = true;
		baton_sim_queue_push(
			&sim->queue,
			sim->now + baton_prng_below(rand, ADV_DELAY_US + 1),
			BATON_SIM_RANK_RADIO, adv_event, sim,
			adv->adv_generation);
	} else if (!want && adv->advertising) {
		adv_stop(sim);
	}
	want = free_to(sim, BATON_SIM_PHONE) && !adv->initiating;
	if (want && !adv->scanning) {
		rand = baton_sim_rand(sim, BATON_SIM_PHONE, BATON_SIM_RAND_ADV);
		adv->scanning = true;
		adv->scan_start_us = sim->now;
		adv->scan_metered_us = sim->now;
		adv->scan_channel =
			(uint8_t)baton_prng_below(rand, ADV_CHANNELS);
	} else if (!want && adv->scanning) {
		scan_stop(sim);
	}
}

/* Did the scanner listen there from start_us until now? */
static bool scans(const struct baton_sim *sim, uint32_t channel,
		  uint64_t start_us)
{
	const struct baton_sim_adv *adv = &sim->adv;
	const uint64_t interval_us = sim->cfg.scan_interval_us;
	uint64_t from, to;

	if (!adv->scanning || start_us < adv->scan_start_us)
		return false;
	from = start_us - adv->scan_start_us;
	to = sim->now - adv->scan_start_us;
	return from / interval_us == to / interval_us &&
	       to % interval_us <= sim->cfg.scan_window_us &&
	       (adv->scan_channel + from / interval_us) % ADV_CHANNELS ==
		       channel;
}

static void connect_end(void *ctx, uint64_t generation)
{
	struct baton_sim *sim = ctx;
	struct baton_sim_adv *adv = &sim->adv;
	bool peer;

	if (!adv->initiating)
		return;
	adv->initiating = false;
	if (!free_to(sim, BATON_SIM_PHONE))
		return;
	peer = adv->advertising && generation == adv->adv_generation &&
	       baton_sim_air_draw(sim, BATON_SIM_PHONE,
				  BATON_SIM_RAND_ADV_ERROR) == BATON_SIM_AIR_OK;
	if (peer)
		adv_stop(sim);
	baton_sim_ll_start(sim, sim->now + WINDOW_DELAY_US, peer);
}

static bool wanted(struct baton_sim *sim, const uint8_t *data, size_t len)
{
	struct baton_sim_host *host = &sim->node[BATON_SIM_PHONE].host;

	if (!host->ops->advert_rx)
		return true;
	return host->ops->advert_rx(
		host->user, baton_sim_host_clock(host, sim->now), data, len);
}

/* The watch's advert was heard: does the phone connect? */
static bool connects(struct baton_sim *sim)
{
	struct baton_sim_adv *adv = &sim->adv;
	uint8_t data[BATON_SIM_ADV_MAX];
	size_t len = adv->len;

	/* It has an address of its own, which changes with what it says. */
	if (sim->now < adv->target_until_us)
		return adv->target_len == len &&
		       !memcmp(adv->target, adv->data, len);
	memcpy(data, adv->data, sizeof(data));
	if (sim->advert_adversary &&
	    !sim->advert_adversary(sim->adversary_user, data, &len))
		return false;
	if (len > sizeof(data))
		baton_sim_die("the adversary wrote more than an advert holds");
	return wanted(sim, data, len);
}

struct injected {
	uint8_t data[BATON_SIM_ADV_MAX];
	uint8_t len;
};

static void inject(void *ctx, uint64_t arg)
{
	struct injected advert = *(struct injected *)(uintptr_t)arg;
	struct baton_sim *sim = ctx;
	struct baton_sim_adv *adv = &sim->adv;

	free((void *)(uintptr_t)arg);
	if (!adv->scanning || sim->now < adv->target_until_us ||
	    !wanted(sim, advert.data, advert.len))
		return;
	adv->target_until_us = sim->now + TARGET_US;
	memcpy(adv->target, advert.data, sizeof(adv->target));
	adv->target_len = advert.len;
}

void baton_sim_adv_inject(struct baton_sim *sim, uint64_t at_us,
			  const uint8_t *data, size_t len)
{
	struct injected *advert = baton_sim_realloc(NULL, sizeof(*advert));

	memset(advert, 0, sizeof(*advert));
	memcpy(advert->data, data, len);
	advert->len = (uint8_t)len;
	baton_sim_queue_push(&sim->queue, at_us, BATON_SIM_RANK_HOST, inject,
			     sim, (uintptr_t)advert);
}

bool baton_sim_adv_holds(const struct baton_sim_item *item)
{
	return item->fire == inject;
}

/* An ADV_IND has ended on one of the three channels. */
static void channel_end(void *ctx, uint64_t arg)
{
	struct baton_sim *sim = ctx;
	struct baton_sim_adv *adv = &sim->adv;
	struct baton_sim_meter *watch = &sim->node[BATON_SIM_WATCH].meter;
	struct baton_sim_meter *phone = &sim->node[BATON_SIM_PHONE].meter;
	uint32_t us =
		baton_phy_airtime_us(BATON_PHY_1M, ADDRESS_LEN + adv->len);

	if (arg / ADV_CHANNELS != adv->adv_generation)
		return;
	baton_sim_meter_tx(watch, us);
	if (!scans(sim, (uint32_t)(arg % ADV_CHANNELS), sim->now - us) ||
	    baton_sim_air_draw(sim, BATON_SIM_WATCH,
			       BATON_SIM_RAND_ADV_ERROR) != BATON_SIM_AIR_OK ||
	    !connects(sim)) {
		baton_sim_meter_rx(watch, BATON_PHY_1M, SILENCE_US);
		return;
	}
	scan_stop(sim);
	adv->initiating = true;
	us = baton_phy_airtime_us(BATON_PHY_1M, CONNECT_IND_LEN);
	baton_sim_meter_rx(watch, BATON_PHY_1M, BATON_PHY_T_IFS_US + us);
	baton_sim_meter_tx(phone, us);
	baton_sim_queue_push(&sim->queue, sim->now + BATON_PHY_T_IFS_US + us,
			     BATON_SIM_RANK_RADIO, connect_end, sim,
			     adv->adv_generation);
}

static void fill(struct baton_sim *sim)
{
	struct baton_sim_host *host = &sim->node[BATON_SIM_WATCH].host;
	struct baton_sim_adv *adv = &sim->adv;
	size_t len = sim->cfg.adv_len;

	memset(adv->data, 0, sizeof(adv->data));
	if (host->ops->advert_tx) {
		len = host->ops->advert_tx(host->user,
					   baton_sim_host_clock(host, sim->now),
					   adv->data, sizeof(adv->data));
		if (len > sizeof(adv->data))
			baton_sim_die("advert_tx() gave more than cap");
	}
	adv->len = (uint8_t)len;
}

static void adv_event(void *ctx, uint64_t generation)
{
	struct baton_sim *sim = ctx;
	struct baton_sim_adv *adv = &sim->adv;
	struct baton_prng *rand =
		baton_sim_rand(sim, BATON_SIM_WATCH, BATON_SIM_RAND_ADV);
	uint64_t at_us;
	uint32_t i;

	if (generation != adv->adv_generation)
		return;
	fill(sim);
	sim->node[BATON_SIM_WATCH].stats.adv_events++;
	baton_sim_note(sim, BATON_SIM_ADV, BATON_SIM_WATCH, adv->data, adv->len,
		       0);
	at_us = sim->now +
		baton_phy_airtime_us(BATON_PHY_1M, ADDRESS_LEN + adv->len);
	for (i = 0; i < ADV_CHANNELS; i++)
		baton_sim_queue_push(&sim->queue,
				     at_us + (uint64_t)i * sim->cfg.adv_gap_us,
				     BATON_SIM_RANK_RADIO, channel_end, sim,
				     generation * ADV_CHANNELS + i);
	baton_sim_queue_push(&sim->queue,
			     sim->now + sim->cfg.adv_interval_us +
				     baton_prng_below(rand, ADV_DELAY_US + 1),
			     BATON_SIM_RANK_RADIO, adv_event, sim, generation);
}
