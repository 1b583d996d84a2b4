/* SPDX-License-Identifier: MIT */
#include "sim/host.h"

#include <string.h>

#include "sim/alloc.h"
#include "sim/att.h"
#include "sim/world.h"

static struct baton_sim_stats *stats(struct baton_sim_host *host)
{
	return &host->sim->node[host->side].stats;
}

static bool chance(struct baton_sim_host *host, enum baton_sim_stream stream,
		   uint32_t ppm)
{
	return baton_prng_chance(baton_sim_rand(host->sim, host->side, stream),
				 ppm);
}

static uint64_t clock_now(const struct baton_sim_host *host)
{
	return baton_sim_host_clock(host, host->sim->now);
}

uint64_t baton_sim_host_blocked_until(const struct baton_sim_host *host)
{
	const struct baton_sim_clock *clock = &host->clock;

	return clock->asleep && clock->until_us > host->stalled_until
		       ? clock->until_us
		       : host->stalled_until;
}

static bool stalled(const struct baton_sim_host *host)
{
	return host->sim->now < baton_sim_host_blocked_until(host);
}

static size_t pdu_max(const struct baton_sim_host *host)
{
	size_t max = host->mtu - BATON_SIM_ATT_LEN;

	if (host->sim->cfg.bearer == BATON_SIM_COC)
		return host->sim->cfg.coc_sdu;
	if (max > BATON_SIM_VALUE_MAX)
		max = BATON_SIM_VALUE_MAX;
	return baton_sim_bluez_pdu_max(host, max);
}

void baton_sim_host_init(struct baton_sim *sim, enum baton_sim_side side)
{
	struct baton_sim_host *host = &sim->node[side].host;

	memset(host, 0, sizeof(*host));
	host->sim = sim;
	host->side = side;
	host->cfg = sim->cfg.node[side];
	host->powered = true;
	host->timer_us = BATON_SIM_NEVER;
	host->ticked_us = BATON_SIM_NEVER;
}

static void serve_later(void *ctx, uint64_t arg);

static void tick(void *ctx, uint64_t at_us)
{
	struct baton_sim_host *host = ctx;

	if (at_us != host->timer_us || !host->powered || host->clock.asleep)
		return;
	host->timer_us = BATON_SIM_NEVER;
	if (host->ops->tick &&
	    host->ops->deadline(host->user) <= clock_now(host)) {
		host->ticked_us = host->sim->now;
		host->busy = true;
		host->ops->tick(host->user, clock_now(host));
		host->busy = false;
	}
	baton_sim_host_serve(host);
}

static void arm(struct baton_sim_host *host)
{
	const uint64_t now = host->sim->now;
	uint64_t due_us;

	if (!host->ops->deadline)
		return;
	due_us = baton_sim_host_when(host, host->ops->deadline(host->user));
	/* A stack that is due again at once must not stop the clock. */
	if (due_us <= now)
		due_us = host->ticked_us == now ? now + 1 : now;
	if (due_us >= host->timer_us)
		return;
	host->timer_us = due_us;
	baton_sim_queue_push(&host->sim->queue, due_us, BATON_SIM_RANK_HOST,
			     tick, host, due_us);
}

/* A value that the host lost on its way down took its time all the same. */
static void lost_down(void *ctx, uint64_t link)
{
	struct baton_sim_host *host = ctx;

	if (link == host->link)
		baton_sim_host_room(host->sim, host->side);
}

/* False: the host lost it. */
static bool survives(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
		     size_t len)
{
	struct baton_sim *sim = host->sim;
	const bool bluez = baton_sim_bluez_is(host);

	/* A request is answered, or the link ends. */
	if (bluez && host->bluez.write == BATON_SIM_BLUEZ_ALONE)
		return true;
	if (!chance(host, BATON_SIM_RAND_DOWN_DROP, host->cfg.down_drop_ppm))
		return true;
	stats(host)->host_lost_pdus++;
	baton_sim_note(sim, BATON_SIM_HOST_LOST, host->side, sdu->data + 7, len,
		       0);
	baton_sim_sdu_put(&sim->pool, sdu);
	if (bluez)
		return false;
	host->held++;
	baton_sim_queue_push(&sim->queue,
			     sim->now + host->cfg.turnaround_us + 1,
			     BATON_SIM_RANK_HOST, lost_down, host, host->link);
	return false;
}

static void send_value(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
		       size_t len)
{
	struct baton_sim *sim = host->sim;

	if (sim->cfg.bearer == BATON_SIM_COC) {
		baton_sim_sdu_frame_coc(sdu, sim->scratch, len,
					sim->cfg.coc_mps);
	} else {
		if (!survives(host, sdu, len))
			return;
		if (host->cfg.cut_len && len > host->cfg.cut_len)
			len = host->cfg.cut_len;
		if (baton_sim_bluez_is(host)) {
			baton_sim_bluez_send(host, sdu, len);
			return;
		}
		if (host->side == BATON_SIM_WATCH)
			baton_sim_sdu_frame_value(sdu, BATON_ATT_NOTIFY,
						  BATON_SIM_HANDLE_NOTIFY, len);
		else
			baton_sim_sdu_frame_value(sdu, BATON_ATT_WRITE_CMD,
						  BATON_SIM_HANDLE_WRITE, len);
	}
	host->held++;
	stats(host)->l2cap_tx_bytes += sdu->len;
	baton_sim_ll_send(sim, host->side, sdu);
}

static bool takes(const struct baton_sim_host *host)
{
	if (baton_sim_bluez_is(host))
		return baton_sim_bluez_takes(host);
	return host->held < host->cfg.hold;
}

static void pull(struct baton_sim_host *host)
{
	struct baton_sim *sim = host->sim;

	while (host->up && takes(host) && !stalled(host)) {
		struct baton_sim_sdu *sdu;
		size_t cap = pdu_max(host);
		size_t len;
		uint8_t *dst;

		sdu = baton_sim_sdu_get(&sim->pool, BATON_SIM_VALUE);
		dst = sim->cfg.bearer == BATON_SIM_COC
			      ? sim->scratch
			      : sdu->data + BATON_SIM_L2CAP_LEN +
					BATON_SIM_ATT_LEN;
		host->busy = true;
		len = host->ops->tx(host->user, clock_now(host), dst, cap);
		host->busy = false;
		if (len > cap)
			baton_sim_die("a stack's tx() gave more than cap");
		if (!len) {
			baton_sim_sdu_put(&sim->pool, sdu);
			return;
		}
		stats(host)->host_tx_pdus++;
		stats(host)->host_tx_bytes += len;
		baton_sim_note(sim, BATON_SIM_HOST_TX, host->side, dst, len, 0);
		send_value(host, sdu, len);
	}
}

void baton_sim_host_serve(struct baton_sim_host *host)
{
	if (host->busy || !host->ops || !host->powered || host->clock.asleep)
		return;
	pull(host);
	arm(host);
}

void baton_sim_host_kick(struct baton_sim_host *host)
{
	/* Inside an op of the peer: it shares what a pull writes to. */
	if (host->sim->node[baton_sim_other(host->side)].host.busy)
		baton_sim_queue_push(&host->sim->queue, host->sim->now,
				     BATON_SIM_RANK_HOST, serve_later, host, 0);
	else
		baton_sim_host_serve(host);
}

static void serve_later(void *ctx, uint64_t arg)
{
	(void)arg;
	baton_sim_host_serve(ctx);
}

void baton_sim_host_room(struct baton_sim *sim, enum baton_sim_side side)
{
	struct baton_sim_host *host = &sim->node[side].host;

	if (host->held)
		host->held--;
	if (baton_sim_bluez_is(host))
		baton_sim_bluez_feed(host);
	if (host->cfg.pull_us)
		baton_sim_queue_push(&sim->queue, sim->now + host->cfg.pull_us,
				     BATON_SIM_RANK_HOST, serve_later, host, 0);
	else
		baton_sim_host_serve(host);
}

void baton_sim_host_lose(struct baton_sim_host *host, struct baton_sim_sdu *sdu)
{
	stats(host)->host_lost_pdus++;
	baton_sim_note(host->sim, BATON_SIM_HOST_LOST, host->side,
		       sdu->data + sdu->value_off, sdu->value_len, 0);
	baton_sim_sdu_put(&host->sim->pool, sdu);
}

static void hand_up(struct baton_sim_host *host, struct baton_sim_sdu *sdu)
{
	struct baton_sim *sim = host->sim;
	const uint8_t *value = sdu->data + sdu->value_off;
	size_t len = sdu->value_len;

	if (baton_sim_bluez_hears(host))
		baton_sim_host_up(host);
	if (!host->up) {
		baton_sim_host_lose(host, sdu);
		return;
	}
	if (sim->cfg.bearer == BATON_SIM_COC) {
		len = baton_sim_sdu_join(sdu, sim->scratch);
		if (len == SIZE_MAX)
			baton_sim_die("K-frames do not add up");
		value = sim->scratch;
		baton_sim_att_credits(
			host, baton_sim_coc_frames(len, sim->cfg.coc_mps));
	}
	stats(host)->host_rx_pdus++;
	stats(host)->host_rx_bytes += len;
	baton_sim_note(sim, BATON_SIM_HOST_RX, host->side, value, len, 0);
	host->place = sdu->place;
	host->busy = true;
	host->ops->rx(host->user, clock_now(host), value, len);
	host->busy = false;
	baton_sim_sdu_put(&sim->pool, sdu);
	baton_sim_host_serve(host);
}

/* A value by a write request, as the phone has sent it. */
static bool is_request(const struct baton_sim_host *host,
		       const struct baton_sim_sdu *sdu)
{
	return host->sim->cfg.bearer == BATON_SIM_GATT &&
	       sdu->data[BATON_SIM_L2CAP_LEN] == BATON_ATT_WRITE_REQ;
}

static void visible(void *ctx, uint64_t arg)
{
	baton_sim_host_visible(ctx, (struct baton_sim_sdu *)(uintptr_t)arg);
}

void baton_sim_host_visible(struct baton_sim_host *host,
			    struct baton_sim_sdu *sdu)
{
	const uintptr_t arg = (uintptr_t)sdu;
	bool request;

	if (sdu->link != host->link) {
		baton_sim_bluez_keeps(host, sdu);
		baton_sim_sdu_put(&host->sim->pool, sdu);
		return;
	}
	/* What sleeps is the program, not bluetoothd. */
	if (stalled(host) && baton_sim_bluez_is(host)) {
		if (sdu->kind == BATON_SIM_VALUE) {
			baton_sim_bluez_unread(host, sdu);
			return;
		}
	} else if (stalled(host)) {
		baton_sim_queue_push(&host->sim->queue,
				     baton_sim_host_blocked_until(host),
				     BATON_SIM_RANK_HOST, visible, host, arg);
		return;
	}
	if (sdu->kind == BATON_SIM_VALUE) {
		host->pending--;
		request = is_request(host, sdu);
		baton_sim_bluez_show(host, sdu);
		hand_up(host, sdu);
		if (request)
			baton_sim_att_written(host);
		return;
	}
	baton_sim_att_rx(host, sdu);
	baton_sim_sdu_put(&host->sim->pool, sdu);
}

uint64_t baton_sim_value_place(const struct baton_sim *sim,
			       enum baton_sim_side side)
{
	return sim->node[side].host.place;
}

void baton_sim_host_discard(struct baton_sim *sim,
			    const struct baton_sim_item *item)
{
	if (item->fire == visible || baton_sim_bluez_holds(item))
		baton_sim_sdu_put(&sim->pool, (void *)(uintptr_t)item->arg);
}

void baton_sim_host_show(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
			 uint64_t at_us)
{
	sdu->link = host->link;
	if (sdu->kind == BATON_SIM_VALUE)
		host->pending++;
	baton_sim_queue_push(&host->sim->queue, at_us, BATON_SIM_RANK_HOST,
			     visible, host, (uintptr_t)sdu);
}

/* When what comes in now reaches the stack, if nothing holds it up. */
static uint64_t in_order_us(struct baton_sim_host *host)
{
	struct baton_sim *sim = host->sim;
	uint64_t at_us = sim->now;

	switch (host->cfg.host) {
	case BATON_SIM_HOST_QUICK:
		at_us += host->cfg.turnaround_us;
		break;
	case BATON_SIM_HOST_SLOW:
		at_us += host->cfg.turnaround_us;
		if (at_us < sim->ll.next_anchor_us)
			at_us = sim->ll.next_anchor_us;
		break;
	case BATON_SIM_HOST_BLUEZ:
		/* What comes while a program is being woken comes with it. */
		if (at_us >= host->visible_us)
			at_us += baton_sim_bluez_turnaround_us(host);
		break;
	}
	at_us += host->cfg.up_delay_us;
	if (host->cfg.up_jitter_us)
		at_us += baton_prng_below(
			baton_sim_rand(sim, host->side,
				       BATON_SIM_RAND_UP_JITTER),
			(uint64_t)host->cfg.up_jitter_us + 1);
	if (at_us < host->visible_us)
		at_us = host->visible_us;
	host->visible_us = at_us;
	return at_us;
}

/* One value on its way up, or its copy: in order, or held back. */
static void show(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
		 uint64_t at_us)
{
	if (chance(host, BATON_SIM_RAND_UP_LATE, host->cfg.up_late_ppm)) {
		stats(host)->host_late_pdus++;
		at_us +=
			baton_prng_below(baton_sim_rand(host->sim, host->side,
							BATON_SIM_RAND_UP_LATE),
					 (uint64_t)host->cfg.up_late_us + 1);
	}
	baton_sim_host_show(host, sdu, at_us);
}

struct baton_sim_sdu *baton_sim_host_make(struct baton_sim_host *host,
					  const uint8_t *pdu, size_t len)
{
	struct baton_sim *sim = host->sim;
	struct baton_sim_sdu *sdu;

	sdu = baton_sim_sdu_get(&sim->pool, BATON_SIM_VALUE);
	if (sim->cfg.bearer == BATON_SIM_COC) {
		baton_sim_sdu_frame_coc(sdu, pdu, len, sim->cfg.coc_mps);
	} else {
		memcpy(sdu->data + 7, pdu, len);
		baton_sim_sdu_frame_value(sdu, BATON_ATT_NOTIFY,
					  BATON_SIM_HANDLE_NOTIFY, len);
	}
	return sdu;
}

/* Show the value to the adversary: what it leaves of it, NULL if nothing. */
static struct baton_sim_sdu *intercept(struct baton_sim_host *host,
				       struct baton_sim_sdu *sdu)
{
	struct baton_sim *sim = host->sim;
	const bool coc = sim->cfg.bearer == BATON_SIM_COC;
	const size_t cap = coc ? UINT16_MAX : BATON_SIM_VALUE_MAX;
	const uint8_t opcode = sdu->data[BATON_SIM_L2CAP_LEN];
	size_t len = sdu->value_len;
	bool pass;

	if (coc)
		baton_sim_sdu_join(sdu, sim->scratch);
	else
		memcpy(sim->scratch, sdu->data + sdu->value_off, len);
	pass = sim->adversary(sim->adversary_user, host->side, sim->scratch,
			      &len, cap);
	if (len > cap)
		baton_sim_die("the adversary wrote more than cap");
	baton_sim_sdu_put(&sim->pool, sdu);
	if (!pass && !coc && opcode == BATON_ATT_WRITE_REQ)
		baton_sim_att_written(host);
	if (!pass)
		return NULL;
	sdu = baton_sim_host_make(host, sim->scratch, len);
	if (!coc && opcode == BATON_ATT_WRITE_REQ)
		sdu->data[BATON_SIM_L2CAP_LEN] = opcode;
	return sdu;
}

void baton_sim_host_receive(struct baton_sim *sim, enum baton_sim_side side,
			    struct baton_sim_sdu *sdu)
{
	struct baton_sim_host *host = &sim->node[side].host;
	uint64_t at_us;

	if (sdu->kind != BATON_SIM_VALUE) {
		baton_sim_bluez_overwrite(host, sdu);
		baton_sim_host_show(host, sdu, in_order_us(host));
		return;
	}
	if (sim->adversary) {
		sdu = intercept(host, sdu);
		if (!sdu)
			return;
	}
	sdu->place = ++host->received;
	at_us = in_order_us(host);
	if (sim->cfg.bearer == BATON_SIM_COC) {
		baton_sim_host_show(host, sdu, at_us);
		return;
	}
	if (is_request(host, sdu)) {
		sdu = baton_sim_bluez_receive(host, sdu, &at_us);
		baton_sim_host_show(host, sdu, at_us);
		return;
	}
	if ((host->cfg.up_queue && host->pending >= host->cfg.up_queue) ||
	    chance(host, BATON_SIM_RAND_UP_DROP, host->cfg.up_drop_ppm)) {
		baton_sim_host_lose(host, sdu);
		return;
	}
	sdu = baton_sim_bluez_receive(host, sdu, &at_us);
	if (chance(host, BATON_SIM_RAND_UP_DUP, host->cfg.up_dup_ppm)) {
		stats(host)->host_dup_pdus++;
		sdu->refs++;
		show(host, sdu, at_us);
	}
	show(host, sdu, at_us);
}

void baton_sim_host_inject(struct baton_sim_host *host, uint64_t at_us,
			   const uint8_t *pdu, size_t len)
{
	if (!host->up && !host->bluez.ready)
		return;
	if (len > (host->sim->cfg.bearer == BATON_SIM_COC
			   ? UINT16_MAX
			   : BATON_SIM_VALUE_MAX))
		baton_sim_die("an injected PDU is too long");
	if (at_us < host->sim->now)
		at_us = host->sim->now;
	baton_sim_host_show(host, baton_sim_host_make(host, pdu, len), at_us);
}

void baton_sim_host_connected(struct baton_sim *sim, enum baton_sim_side side)
{
	struct baton_sim_host *host = &sim->node[side].host;

	host->link++;
	host->up = false;
	host->mtu = 23;
	host->mtu_asked = sim->cfg.mtu;
	host->held = 0;
	host->pending = 0;
	host->credits = 0;
	host->visible_us = 0;
	baton_sim_bluez_connected(host);
	baton_sim_att_start(host);
}

void baton_sim_host_disconnected(struct baton_sim *sim,
				 enum baton_sim_side side, uint8_t reason)
{
	struct baton_sim_host *host = &sim->node[side].host;

	host->link++;
	host->held = 0;
	host->pending = 0;
	baton_sim_bluez_disconnected(host);
	if (!host->up)
		return;
	host->up = false;
	if (!host->powered)
		return;
	if (host->clock.asleep) {
		host->clock.ended = true;
		host->clock.reason = reason;
		return;
	}
	baton_sim_host_tell_down(host, reason);
	baton_sim_host_serve(host);
}

void baton_sim_host_tell_down(struct baton_sim_host *host, uint8_t reason)
{
	if (!host->ops->link_down)
		return;
	host->busy = true;
	host->ops->link_down(host->user, clock_now(host), reason);
	host->busy = false;
}

void baton_sim_host_up(struct baton_sim_host *host)
{
	const struct baton_sim_config *cfg = &host->sim->cfg;
	const struct baton_sim_link link = {
		.bearer = cfg->bearer,
		.mtu = cfg->bearer == BATON_SIM_COC ? cfg->coc_sdu
						    : baton_sim_bluez_mtu(host),
		.pdu_max = (uint16_t)pdu_max(host),
		.ll_len = cfg->ll_len,
		.interval_us = cfg->interval_us,
		.phy = cfg->phy,
	};

	if (host->up || !host->ops || !baton_sim_bluez_up(host))
		return;
	host->up = true;
	baton_sim_note(host->sim, BATON_SIM_UP, host->side, NULL, 0, 0);
	if (host->ops->link_up) {
		host->busy = true;
		host->ops->link_up(host->user, clock_now(host), &link);
		host->busy = false;
	}
	baton_sim_bluez_after_up(host);
	baton_sim_host_serve(host);
}

void baton_sim_host_mtu(struct baton_sim_host *host, uint16_t mtu)
{
	host->mtu = mtu;
	if (!host->up)
		return;
	if (host->ops->mtu) {
		host->busy = true;
		host->ops->mtu(host->user, clock_now(host),
			       baton_sim_bluez_mtu(host));
		host->busy = false;
	}
	baton_sim_host_serve(host);
}

void baton_sim_host_stall(struct baton_sim_host *host, uint64_t until_us)
{
	if (until_us > host->stalled_until)
		host->stalled_until = until_us;
	baton_sim_queue_push(&host->sim->queue, until_us, BATON_SIM_RANK_HOST,
			     serve_later, host, 0);
}

void baton_sim_host_power(struct baton_sim_host *host, bool on)
{
	if (host->powered == on)
		return;
	host->powered = on;
	host->timer_us = BATON_SIM_NEVER;
	host->stalled_until = 0;
	if (!on) {
		baton_sim_bluez_off(host);
		baton_sim_host_sleep_ends(host);
	}
	if (on)
		baton_sim_host_serve(host);
}
