/* SPDX-License-Identifier: MIT */
#include "sim/ll.h"

#include <string.h>

#include "base/bytes.h"
#include "sim/alloc.h"
#include "sim/config.h"
#include "sim/world.h"

#define LLID_CONTINUE 1U
#define LLID_START 2U
#define LLID_CONTROL 3U
#define MIC_LEN 4U
#define LL_TERMINATE_IND 0x02U

/* Core 5.4, Vol 6 Part B, 4.2.2: how far a sleep clock may jitter, each. */
#define JITTER_US 16U
/* 4.5.2: a connection that is not established fails after six events. */
#define ESTABLISH_EVENTS 6U

static void central_end(void *ctx, uint64_t generation);
static void peripheral_end(void *ctx, uint64_t generation);

static struct baton_sim_sdu *fifo_first(const struct baton_sim_fifo *fifo)
{
	return fifo->len ? fifo->items[fifo->head] : NULL;
}

static void fifo_push(struct baton_sim_fifo *fifo, struct baton_sim_sdu *sdu)
{
	if (fifo->len == BATON_SIM_LL_QUEUE)
		baton_sim_die("a controller's queue is full");
	fifo->items[(fifo->head + fifo->len++) % BATON_SIM_LL_QUEUE] = sdu;
}

static void fifo_pop(struct baton_sim_fifo *fifo, struct baton_sim_pool *pool)
{
	baton_sim_sdu_put(pool, fifo->items[fifo->head]);
	fifo->head = (fifo->head + 1) % BATON_SIM_LL_QUEUE;
	fifo->len--;
}

static uint32_t airtime_us(const struct baton_sim *sim, uint32_t len, bool mic)
{
	if (len && mic)
		len += MIC_LEN;
	return baton_phy_airtime_us(sim->ll.phy, len);
}

/*
 * Time until a receiver knows that nothing comes: T_IFS, preamble, access
 * address (the airtime of everything up to there).
 */
static uint32_t silence_us(enum baton_phy phy)
{
	switch (phy) {
	case BATON_PHY_1M:
		return BATON_PHY_T_IFS_US + 40;
	case BATON_PHY_2M:
		return BATON_PHY_T_IFS_US + 24;
	case BATON_PHY_CODED_S2:
	case BATON_PHY_CODED_S8:
		return BATON_PHY_T_IFS_US + 336;
	}
	return BATON_PHY_T_IFS_US;
}

static struct baton_sim_meter *meter(struct baton_sim *sim,
				     enum baton_sim_side side)
{
	return &sim->node[side].meter;
}

static struct baton_sim_stats *stats(struct baton_sim *sim,
				     enum baton_sim_side side)
{
	return &sim->node[side].stats;
}

static void listen(struct baton_sim *sim, enum baton_sim_side side, uint64_t us)
{
	baton_sim_meter_rx(meter(sim, side), sim->ll.phy, us);
}

static void note_packet(struct baton_sim *sim, enum baton_sim_air air)
{
	const struct baton_sim_packet *p = &sim->ll.packet;
	struct baton_sim_trace rec;

	if (!sim->trace || !sim->trace_ll)
		return;
	memset(&rec, 0, sizeof(rec));
	rec.what = BATON_SIM_LL;
	rec.side = p->from;
	rec.at_us = p->start_us;
	rec.data = p->data;
	rec.len = p->len;
	rec.air_us = p->air_us;
	rec.event = sim->ll.event;
	rec.header = (uint8_t)(p->llid | p->nesn << 2 | p->sn << 3 |
			       (p->md ? 1 : 0) << 4);
	rec.air = air;
	sim->trace(sim->trace_user, &rec);
}

/* 4.5.2: counts from the last valid packet; looks again when it may be due. */
static void supervise(void *ctx, uint64_t arg)
{
	struct baton_sim *sim = ctx;
	const enum baton_sim_side side =
		arg & 1 ? BATON_SIM_PHONE : BATON_SIM_WATCH;
	struct baton_sim_ll_side *s = &sim->ll.side[side];
	uint64_t due;

	if (arg >> 1 != sim->ll.generation || !s->linked)
		return;
	due = s->valid_us;
	due += s->heard ? sim->ll.timeout_us
			: (uint64_t)ESTABLISH_EVENTS * sim->ll.interval_us;
	if (due <= sim->now)
		baton_sim_ll_drop(sim, side,
				  s->heard ? BATON_HCI_SUPERVISION_TIMEOUT
					   : BATON_HCI_FAILED_TO_ESTABLISH);
	else
		baton_sim_queue_push(&sim->queue, due, BATON_SIM_RANK_RADIO,
				     supervise, sim, arg);
}

/* May the L2CAP PDU at the start of sdu, or at off in it, go out? */
static bool has_credit(const struct baton_sim *sim,
		       const struct baton_sim_ll_side *s,
		       const struct baton_sim_sdu *sdu)
{
	return sim->cfg.bearer != BATON_SIM_COC ||
	       sdu->kind != BATON_SIM_VALUE || s->credits;
}

static bool may_send(const struct baton_sim *sim,
		     const struct baton_sim_ll_side *s)
{
	return !sim->cfg.event_pdus || s->event_pdus < sim->cfg.event_pdus;
}

static bool has_control(const struct baton_sim *sim,
			const struct baton_sim_ll_side *s)
{
	return s->control.len &&
	       (uint16_t)(sim->ll.event - s->control_at) < UINT16_MAX / 2;
}

/* What is still in a queue after the packet that is under way. */
static uint32_t left_of(const struct baton_sim_ll_side *s,
			const struct baton_sim_fifo *fifo)
{
	return fifo->len - (s->sent_of == fifo ? 1U : 0U);
}

/* MD: is there more to send after the packet that is under way? */
static bool has_more(const struct baton_sim *sim,
		     const struct baton_sim_ll_side *s)
{
	const struct baton_sim_sdu *sdu = fifo_first(&s->data);
	uint32_t off = s->off;

	if (!may_send(sim, s))
		return false;
	if (left_of(s, &s->control) && has_control(sim, s))
		return true;
	if (s->paused)
		return false;
	if (left_of(s, &s->signal))
		return true;
	if (!sdu)
		return false;
	if (s->sent_of == &s->data)
		off += s->sent_len;
	if (off < s->pdu_end)
		return true;
	if (off < sdu->len)
		return has_credit(sim, s, sdu);
	if (s->data.len < 2)
		return false;
	sdu = s->data.items[(s->data.head + 1) % BATON_SIM_LL_QUEUE];
	return has_credit(sim, s, sdu);
}

/*
 * The longest packet of a side: with one as long from the other it fits an
 * event, whatever the interval.
 */
static uint32_t frag_max(const struct baton_sim *sim,
			 const struct baton_sim_ll_side *s)
{
	uint32_t len = s->ll_len;

	while (len > BATON_SIM_LL_LEN_MIN &&
	       2 * (airtime_us(sim, len, s->encrypts) + BATON_PHY_T_IFS_US) >
		       sim->ll.interval_us)
		len--;
	return len;
}

/* The first of a queue goes in one packet, if that fits. */
static void choose_whole(struct baton_sim *sim, struct baton_sim_ll_side *s,
			 struct baton_sim_fifo *fifo, uint8_t llid,
			 uint64_t room_us)
{
	const struct baton_sim_sdu *sdu = fifo_first(fifo);
	const bool mic =
		s->encrypts || (llid == LLID_CONTROL &&
				baton_sim_ll_control_encrypts(sdu->data));

	if (airtime_us(sim, sdu->len, mic) > room_us)
		return;
	s->sent_of = fifo;
	s->sent_len = sdu->len;
	s->sent_llid = llid;
	s->sent_mic = s->encrypts = mic;
}

/* Take the next fragment, or an empty PDU if none is there or none fits. */
static void choose(struct baton_sim *sim, struct baton_sim_ll_side *s,
		   uint64_t room_us)
{
	const struct baton_sim_sdu *sdu = fifo_first(&s->data);
	uint32_t end = s->pdu_end;
	uint32_t len, max;

	s->sent = true;
	s->sent_of = NULL;
	s->sent_len = 0;
	s->sent_llid = LLID_CONTINUE;
	if (!may_send(sim, s))
		return;
	s->sent_mic = s->encrypts;
	if (has_control(sim, s)) {
		choose_whole(sim, s, &s->control, LLID_CONTROL, room_us);
		return;
	}
	if (s->paused)
		return;
	/* Credits come so: they must not wait behind what waits for some. */
	if (s->signal.len && s->off == end) {
		choose_whole(sim, s, &s->signal, LLID_START, room_us);
		return;
	}
	if (!sdu)
		return;
	if (s->off == end) {
		if (!has_credit(sim, s, sdu))
			return;
		end += BATON_SIM_L2CAP_LEN;
		end += baton_load_le16(sdu->data + s->off);
	}
	len = end - s->off;
	max = frag_max(sim, s);
	if (len > max)
		len = max;
	if (airtime_us(sim, len, s->encrypts) > room_us)
		return;
	if (s->off == s->pdu_end) {
		s->sent_llid = LLID_START;
		s->pdu_end = end;
		if (sim->cfg.bearer == BATON_SIM_COC &&
		    sdu->kind == BATON_SIM_VALUE)
			s->credits--;
	}
	s->sent_of = &s->data;
	s->sent_len = len;
}

/*
 * Put the next packet of `side` on the air at start_us. What is not yet
 * acknowledged goes again as it was (4.5.9); false if that does not fit.
 */
static bool transmit(struct baton_sim *sim, enum baton_sim_side side,
		     uint64_t start_us, uint64_t room_us)
{
	struct baton_sim_ll_side *s = &sim->ll.side[side];
	struct baton_sim_packet *p = &sim->ll.packet;
	struct baton_sim_stats *st = stats(sim, side);
	bool whole;

	if (!s->sent)
		choose(sim, s, room_us);
	else if (airtime_us(sim, s->sent_len, s->sent_mic) > room_us)
		return false;
	else
		st->ll_tx_again++;

	p->from = side;
	p->data = NULL;
	p->sdu = NULL;
	p->last = false;
	p->len = s->sent_len;
	p->llid = s->sent_llid;
	if (s->sent_of) {
		whole = s->sent_of != &s->data;
		p->sdu = fifo_first(s->sent_of);
		p->data = p->sdu->data + (whole ? 0 : s->off);
		p->last = whole || s->off + s->sent_len == p->sdu->len;
		s->event_pdus++;
		st->ll_tx_data++;
		st->ll_tx_bytes += s->sent_len;
		st->ll_tx_bytes += s->sent_mic ? MIC_LEN : 0;
	} else {
		st->ll_tx_empty++;
	}
	p->sn = s->sn;
	p->nesn = s->nesn;
	p->md = has_more(sim, s);
	p->start_us = start_us;
	p->air_us = airtime_us(sim, s->sent_len, s->sent_mic);
	if (start_us != sim->ll.anchor_us)
		listen(sim, side, BATON_PHY_T_IFS_US); /* turning around */
	baton_sim_meter_tx(meter(sim, side), p->air_us);
	baton_sim_queue_push(
		&sim->queue, start_us + p->air_us, BATON_SIM_RANK_RADIO,
		side == BATON_SIM_PHONE ? central_end : peripheral_end, sim,
		sim->ll.generation);
	return true;
}

/* The packet of `side` under way is acknowledged. */
static void acknowledged(struct baton_sim *sim, enum baton_sim_side side)
{
	struct baton_sim_ll_side *s = &sim->ll.side[side];
	const struct baton_sim_sdu *sdu;
	enum baton_sim_kind kind;

	s->sent = false;
	s->sn ^= 1;
	if (s->sent_of == &s->signal)
		fifo_pop(&s->signal, &sim->pool);
	if (s->sent_of == &s->control) {
		sdu = fifo_first(&s->control);
		if (sdu->data[0] == LL_TERMINATE_IND) {
			baton_sim_ll_drop(sim, side, BATON_HCI_LOCAL_HOST);
			return;
		}
		baton_sim_ll_control_acked(sim, side, sdu->data);
		fifo_pop(&s->control, &sim->pool);
		return;
	}
	if (s->sent_of != &s->data)
		return;
	s->off += s->sent_len;
	sdu = fifo_first(&s->data);
	if (s->off < sdu->len)
		return;
	kind = sdu->kind;
	s->off = 0;
	s->pdu_end = 0;
	fifo_pop(&s->data, &sim->pool);
	if (kind == BATON_SIM_VALUE)
		baton_sim_host_room(sim, side);
}

static void accept(struct baton_sim *sim, enum baton_sim_side to)
{
	const struct baton_sim_packet *p = &sim->ll.packet;

	if (p->llid == LLID_CONTROL) {
		if (p->data[0] == LL_TERMINATE_IND)
			sim->ll.side[to].terminate = p->data[1];
		else
			baton_sim_ll_control_rx(sim, to, p->data);
	} else if (p->last) {
		p->sdu->refs++;
		baton_sim_host_receive(sim, to, p->sdu);
	}
}

/* The packet on the air has ended; `to` listened to it, or did not. */
static enum baton_sim_air receive(struct baton_sim *sim, enum baton_sim_side to,
				  bool listening)
{
	struct baton_sim_packet *p = &sim->ll.packet;
	struct baton_sim_ll_side *s = &sim->ll.side[to];
	const uint32_t before_us =
		p->start_us == sim->ll.anchor_us ? 0 : BATON_PHY_T_IFS_US;
	enum baton_sim_air air = BATON_SIM_AIR_MISSED;

	if (!sim->ll.side[p->from].linked) {
		/* It fell silent in the middle; the SDU is gone. */
		p->data = NULL;
		p->len = 0;
	} else if (listening) {
		air = baton_sim_air_draw(sim, p->from, BATON_SIM_RAND_ERROR);
	}
	note_packet(sim, air);
	if (!listening)
		return air;
	switch (air) {
	case BATON_SIM_AIR_MISSED:
		stats(sim, to)->ll_rx_missed++;
		listen(sim, to, silence_us(sim->ll.phy));
		return air;
	case BATON_SIM_AIR_CRC:
		stats(sim, to)->ll_rx_crc++;
		listen(sim, to, before_us + p->air_us);
		s->bad_run++;
		return air;
	case BATON_SIM_AIR_OK:
		break;
	}
	listen(sim, to, before_us + p->air_us);
	s->bad_run = 0;
	s->heard = true;
	s->valid_us = sim->now;
	if (s->sent && p->nesn != s->sn)
		acknowledged(sim, to);
	if (s->linked && p->sn == s->nesn) {
		s->nesn ^= 1;
		if (p->len)
			accept(sim, to);
	}
	return air;
}

/* The central's packet has ended: the peripheral answers, T_IFS later. */
static void central_end(void *ctx, uint64_t generation)
{
	struct baton_sim *sim = ctx;
	struct baton_sim_ll *ll = &sim->ll;
	struct baton_sim_ll_side *watch = &ll->side[BATON_SIM_WATCH];
	struct baton_sim_ll_side *phone = &ll->side[BATON_SIM_PHONE];
	const bool first = ll->packet.start_us == ll->anchor_us;
	const bool ending = phone->terminate;
	const uint64_t start_us = sim->now + BATON_PHY_T_IFS_US;
	enum baton_sim_air air;

	if (generation != ll->generation)
		return;
	air = receive(sim, BATON_SIM_WATCH, ll->listening && watch->linked);
	ll->central_md = ll->packet.md;
	if (ending && phone->linked)
		baton_sim_ll_drop(sim, BATON_SIM_PHONE, phone->terminate);
	if (first && ll->listening)
		ll->missed = air == BATON_SIM_AIR_MISSED;
	if (air != BATON_SIM_AIR_MISSED) {
		ll->skipped = 0;
		ll->synced_us = ll->anchor_us;
		if (watch->linked && watch->bad_run < 2 &&
		    start_us + BATON_PHY_T_IFS_US < ll->next_anchor_us &&
		    transmit(sim, BATON_SIM_WATCH, start_us,
			     ll->next_anchor_us - start_us -
				     BATON_PHY_T_IFS_US)) {
			/* It stops where it knows that neither has more. */
			ll->listening = ll->packet.md || ll->central_md ||
					air == BATON_SIM_AIR_CRC;
			return;
		}
	}
	if (phone->linked) {
		stats(sim, BATON_SIM_PHONE)->ll_rx_missed++;
		listen(sim, BATON_SIM_PHONE, silence_us(sim->ll.phy));
	}
}

/*
 * 4.5.6: the central may go on while either side has more data, and does so
 * where it could not read the peripheral's MD; not after two packets with a
 * broken CRC in a row, nor where it heard nothing.
 */
static bool goes_on(const struct baton_sim *sim, enum baton_sim_air air)
{
	const struct baton_sim_ll *ll = &sim->ll;
	const struct baton_sim_ll_side *phone = &ll->side[BATON_SIM_PHONE];

	switch (air) {
	case BATON_SIM_AIR_MISSED:
		return false;
	case BATON_SIM_AIR_CRC:
		return phone->bad_run < 2;
	case BATON_SIM_AIR_OK:
		break;
	}
	return ll->packet.md || ll->central_md;
}

/* The peripheral's packet has ended: the central goes on, or closes. */
static void peripheral_end(void *ctx, uint64_t generation)
{
	struct baton_sim *sim = ctx;
	struct baton_sim_ll *ll = &sim->ll;
	struct baton_sim_ll_side *watch = &ll->side[BATON_SIM_WATCH];
	struct baton_sim_ll_side *phone = &ll->side[BATON_SIM_PHONE];
	const bool ending = watch->terminate;
	const uint64_t start_us = sim->now + BATON_PHY_T_IFS_US;
	uint64_t end_us;
	enum baton_sim_air air;

	if (generation != ll->generation)
		return;
	air = receive(sim, BATON_SIM_PHONE, phone->linked);
	if (ending && watch->linked)
		baton_sim_ll_drop(sim, BATON_SIM_WATCH, watch->terminate);
	/* Everything but the central's own packet, to the next anchor. */
	end_us = start_us + 2 * BATON_PHY_T_IFS_US + airtime_us(sim, 0, false);
	if (phone->linked && goes_on(sim, air) &&
	    end_us + airtime_us(sim, 0, false) <= ll->next_anchor_us &&
	    transmit(sim, BATON_SIM_PHONE, start_us,
		     ll->next_anchor_us - end_us))
		return;
	if (watch->linked && ll->listening)
		listen(sim, BATON_SIM_WATCH, silence_us(sim->ll.phy));
}

/* 4.5.1: the peripheral may sleep through events if it has nothing to say. */
static bool wakes(const struct baton_sim *sim)
{
	const struct baton_sim_ll *ll = &sim->ll;
	const struct baton_sim_ll_side *s = &ll->side[BATON_SIM_WATCH];

	return ll->skipped >= ll->latency || !s->heard || ll->missed ||
	       s->data.len || s->signal.len || s->control.len;
}

/*
 * 4.2.4: the watch opens its window early, by what both clocks may have
 * drifted since it last heard an anchor. False: they drifted further.
 */
static bool finds_anchor(struct baton_sim *sim)
{
	const struct baton_sim_node_config *w =
		&sim->node[BATON_SIM_WATCH].host.cfg;
	const struct baton_sim_node_config *p =
		&sim->node[BATON_SIM_PHONE].host.cfg;
	const uint64_t since_us = sim->now - sim->ll.synced_us;
	const int32_t ppm = w->clock_ppm - p->clock_ppm;
	const uint64_t drift_us =
		since_us * (uint64_t)(ppm < 0 ? -ppm : ppm) / 1000000;
	const uint64_t window_us =
		((uint64_t)w->sca_ppm + p->sca_ppm) * since_us / 1000000 +
		2 * JITTER_US;

	/* On average the packet begins in the middle of the window. */
	listen(sim, BATON_SIM_WATCH, window_us);
	if (drift_us <= window_us && !sim->ll.control.lost)
		return true;
	listen(sim, BATON_SIM_WATCH, window_us + silence_us(sim->ll.phy));
	stats(sim, BATON_SIM_WATCH)->ll_rx_missed++;
	return false;
}

static void anchor(void *ctx, uint64_t generation)
{
	struct baton_sim *sim = ctx;
	struct baton_sim_ll *ll = &sim->ll;
	struct baton_sim_ll_side *watch = &ll->side[BATON_SIM_WATCH];
	struct baton_sim_ll_side *phone = &ll->side[BATON_SIM_PHONE];

	if (generation != ll->generation || (!watch->linked && !phone->linked))
		return;
	ll->event++;
	ll->anchor_us = sim->now;
	baton_sim_ll_control_event(sim);
	ll->next_anchor_us = sim->now + ll->interval_us;
	baton_sim_queue_push(&sim->queue, ll->next_anchor_us,
			     BATON_SIM_RANK_RADIO, anchor, sim, generation);
	watch->bad_run = phone->bad_run = 0;
	watch->event_pdus = phone->event_pdus = 0;
	ll->listening = watch->linked && wakes(sim);
	if (ll->listening) {
		stats(sim, BATON_SIM_WATCH)->events++;
		ll->listening = finds_anchor(sim);
		ll->missed = !ll->listening || !phone->linked;
	} else if (watch->linked) {
		stats(sim, BATON_SIM_WATCH)->events_skipped++;
		ll->skipped++;
	}
	if (phone->linked) {
		stats(sim, BATON_SIM_PHONE)->events++;
		transmit(sim, BATON_SIM_PHONE, sim->now, UINT64_MAX);
	} else if (ll->listening) {
		stats(sim, BATON_SIM_WATCH)->ll_rx_missed++;
		listen(sim, BATON_SIM_WATCH, silence_us(sim->ll.phy));
	}
}

static void side_start(struct baton_sim *sim, enum baton_sim_side side)
{
	struct baton_sim_ll_side *s = &sim->ll.side[side];

	memset(s, 0, sizeof(*s));
	s->linked = true;
	s->valid_us = sim->now;
	s->credits = sim->cfg.coc_credits;
	s->ll_len =
		sim->cfg.procedures ? BATON_SIM_LL_LEN_MIN : sim->cfg.ll_len;
	s->encrypts = sim->cfg.encrypted && !sim->cfg.procedures;
	stats(sim, side)->connections++;
	supervise(sim, (uint64_t)sim->ll.generation << 1 | side);
}

void baton_sim_ll_supervise(struct baton_sim *sim, enum baton_sim_side side)
{
	sim->ll.side[side].valid_us = sim->now;
	supervise(sim, (uint64_t)sim->ll.generation << 1 | side);
}

void baton_sim_ll_start(struct baton_sim *sim, uint64_t anchor_us, bool peer)
{
	struct baton_sim_ll *ll = &sim->ll;
	const struct baton_sim_config *cfg = &sim->cfg;

	ll->generation++;
	ll->phy = cfg->procedures ? BATON_PHY_1M : cfg->phy;
	ll->interval_us = cfg->interval_us;
	ll->latency = cfg->latency;
	if (cfg->procedures && cfg->start_interval_us) {
		ll->interval_us = cfg->start_interval_us;
		ll->latency = 0;
	}
	ll->timeout_us = baton_sim_config_timeout_us(cfg);
	ll->event = UINT16_MAX; /* the first one is 0 */
	ll->next_anchor_us = anchor_us;
	ll->skipped = 0;
	ll->missed = false;
	ll->synced_us = sim->now;
	ll->central_md = false;
	baton_sim_queue_push(&sim->queue, anchor_us, BATON_SIM_RANK_RADIO,
			     anchor, sim, ll->generation);
	side_start(sim, BATON_SIM_PHONE);
	if (peer)
		side_start(sim, BATON_SIM_WATCH);
	baton_sim_note(sim, BATON_SIM_CONNECT, BATON_SIM_PHONE, NULL, 0, 0);
	baton_sim_ll_control_start(sim);
	if (peer)
		baton_sim_host_connected(sim, BATON_SIM_WATCH);
	baton_sim_host_connected(sim, BATON_SIM_PHONE);
}

void baton_sim_ll_send(struct baton_sim *sim, enum baton_sim_side side,
		       struct baton_sim_sdu *sdu)
{
	struct baton_sim_ll_side *s = &sim->ll.side[side];

	if (!s->linked) {
		baton_sim_sdu_put(&sim->pool, sdu);
		return;
	}
	if (sdu->kind == BATON_SIM_CONTROL)
		fifo_push(&s->control, sdu);
	else if (sdu->kind == BATON_SIM_SIGNAL)
		fifo_push(&s->signal, sdu);
	else
		fifo_push(&s->data, sdu);
}

void baton_sim_ll_credit(struct baton_sim *sim, enum baton_sim_side side,
			 uint32_t credits)
{
	sim->ll.side[side].credits += credits;
}

void baton_sim_ll_disconnect(struct baton_sim *sim, enum baton_sim_side side,
			     uint8_t reason)
{
	struct baton_sim_ll_side *s = &sim->ll.side[side];
	struct baton_sim_sdu *sdu;

	if (!s->linked || s->ending)
		return;
	switch (reason) {
	case BATON_HCI_SUPERVISION_TIMEOUT:
	case BATON_HCI_LL_RESPONSE_TIMEOUT:
	case BATON_HCI_MIC_FAILURE:
		baton_sim_ll_drop(sim, side, reason);
		return;
	}
	s->ending = true;
	s->control_at = sim->ll.event;
	sdu = baton_sim_sdu_get(&sim->pool, BATON_SIM_CONTROL);
	sdu->data[0] = LL_TERMINATE_IND;
	sdu->data[1] = reason;
	sdu->len = 2;
	baton_sim_ll_send(sim, side, sdu);
}

static void flush(struct baton_sim *sim, struct baton_sim_ll_side *s)
{
	while (s->data.len)
		fifo_pop(&s->data, &sim->pool);
	while (s->signal.len)
		fifo_pop(&s->signal, &sim->pool);
	while (s->control.len)
		fifo_pop(&s->control, &sim->pool);
	s->sent = false;
}

void baton_sim_ll_drop(struct baton_sim *sim, enum baton_sim_side side,
		       uint8_t reason)
{
	struct baton_sim_ll_side *s = &sim->ll.side[side];

	if (!s->linked)
		return;
	s->linked = false;
	flush(sim, s);
	baton_sim_note(sim, BATON_SIM_DOWN, side, NULL, 0, reason);
	baton_sim_host_disconnected(sim, side, reason);
	baton_sim_adv_update(sim);
}

void baton_sim_ll_free(struct baton_sim *sim)
{
	flush(sim, &sim->ll.side[BATON_SIM_WATCH]);
	flush(sim, &sim->ll.side[BATON_SIM_PHONE]);
}
