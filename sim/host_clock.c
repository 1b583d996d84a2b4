/* SPDX-License-Identifier: MIT */
#include "sim/host_clock.h"

#include "sim/world.h"

uint64_t baton_sim_host_clock(const struct baton_sim_host *host, uint64_t us)
{
	const struct baton_sim_clock *clock = &host->clock;
	const int32_t ppm = host->cfg.clock_ppm;

	if (clock->asleep && clock->stops && us > clock->since_us)
		us = us < clock->until_us
			     ? clock->since_us
			     : us - (clock->until_us - clock->since_us);
	us -= clock->lost_us;
	if (ppm < 0)
		return us - us * (uint64_t)-ppm / 1000000;
	return us + us * (uint64_t)ppm / 1000000;
}

uint64_t baton_sim_host_when(const struct baton_sim_host *host,
			     uint64_t local_us)
{
	const uint64_t rate = (uint64_t)(1000000 + host->cfg.clock_ppm);
	uint64_t us;

	if (local_us == BATON_SIM_NEVER)
		return local_us;
	if (!host->cfg.clock_ppm && !host->clock.lost_us)
		return local_us;
	us = local_us / rate * 1000000 + local_us % rate * 1000000 / rate;
	us += host->clock.lost_us;
	while (us > host->clock.lost_us &&
	       baton_sim_host_clock(host, us - 1) >= local_us)
		us--;
	while (baton_sim_host_clock(host, us) < local_us)
		us++;
	return us;
}

static void wake(struct baton_sim_host *host)
{
	struct baton_sim_clock *clock = &host->clock;

	clock->asleep = false;
	if (clock->stops)
		clock->lost_us += host->sim->now - clock->since_us;
	host->timer_us = BATON_SIM_NEVER;
}

static void wake_later(void *ctx, uint64_t until_us)
{
	struct baton_sim_host *host = ctx;

	if (!host->clock.asleep || host->clock.until_us != until_us)
		return;
	wake(host);
	if (host->clock.ended) {
		host->clock.ended = false;
		baton_sim_host_tell_down(host, host->clock.reason);
	}
	baton_sim_adv_update(host->sim);
	baton_sim_host_serve(host);
}

void baton_sim_host_sleep(struct baton_sim_host *host, uint64_t duration_us,
			  bool clock_stops)
{
	struct baton_sim_clock *clock = &host->clock;

	if (!host->powered || clock->asleep || !duration_us)
		return;
	clock->asleep = true;
	clock->stops = clock_stops;
	clock->since_us = host->sim->now;
	clock->until_us = host->sim->now + duration_us;
	baton_sim_queue_push(&host->sim->queue, clock->until_us,
			     BATON_SIM_RANK_HOST, wake_later, host,
			     clock->until_us);
	baton_sim_adv_update(host->sim);
}

void baton_sim_host_sleep_ends(struct baton_sim_host *host)
{
	host->clock.ended = false;
	if (host->clock.asleep)
		wake(host);
}
