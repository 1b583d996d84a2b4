/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 199309L
#include "tests/bench/cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/prng.h"
#include "sim/stack.h"
#include "transport/pdu.h"

#define LIMIT_US UINT64_C(3600000000)
#define QUIET_US UINT64_C(10000000) /* until acks and VERIFIED are through */
#define URGENT_FIRST_US 250000u
#define URGENT_STEP_US 41237u /* hits every phase of an interval */
#define URGENT_LEN 8
#define FLOW_EVENTS 32

struct transfer;

struct device {
	struct transfer *transfer;
	struct baton_sim_stack *stack;
	enum baton_sim_side side;
	bool secured;
};

struct transfer {
	struct bench_cell cell;
	struct bench_result *result;
	struct baton_sim *sim;
	struct device device[BATON_SIM_SIDES];
	struct baton_session_stats before[BATON_SIM_SIDES];
	uint8_t *data;
	uint64_t begun_cpu_ns;
	uint32_t written; /* bytes */
	uint32_t delivered; /* bytes */
	uint64_t end_us;
	uint64_t urgent_us; /* when the one on its way was queued */
	uint32_t urgent_number;
	bool urgent_out;
	bool wrong;
};

static const struct baton_stream_id bulk = {BATON_CLASS_BULK, 0};
static const struct baton_stream_id urgent = {BATON_CLASS_MESSAGE, 0};

uint64_t bench_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_cell_init(struct bench_cell *cell)
{
	memset(cell, 0, sizeof(*cell));
	cell->interval_us = 30000;
	cell->phy = BATON_PHY_2M;
	cell->mtu = 247;
	cell->ll_len = 251;
	cell->host = BATON_SIM_HOST_QUICK;
	cell->from = BATON_SIM_WATCH;
	cell->seed = 1;
	cell->total = BENCH_MIB;
}

void bench_cell_sim(const struct bench_cell *cell,
		    struct baton_sim_config *config)
{
	int side;

	baton_sim_config_init(config);
	config->seed = cell->seed;
	config->interval_us = cell->interval_us;
	config->phy = cell->phy;
	config->mtu = cell->mtu;
	config->ll_len = cell->ll_len;
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		config->node[side].host = cell->host;
		config->node[side].up_drop_ppm = cell->drop_ppm;
	}
}

/* Give the engine as much as it takes. */
static void supply(struct device *device, uint64_t now_ms)
{
	struct transfer *t = device->transfer;
	struct baton_session *session = baton_sim_stack_session(device->stack);
	enum baton_err err = BATON_OK;
	size_t len, taken;

	while (!err && t->written < t->cell.total) {
		len = t->cell.total - t->written;
		taken = 0;
		if (t->cell.message_len) {
			if (len > t->cell.message_len)
				len = t->cell.message_len;
			err = baton_session_send(session, bulk,
						 t->data + t->written, len, 0,
						 now_ms);
			taken = err ? 0 : len;
		} else {
			err = baton_session_write(session, bulk,
						  t->data + t->written, len,
						  &taken, now_ms);
			if (!err && taken == 0)
				break;
		}
		t->written += (uint32_t)taken;
	}
}

static void begin(struct device *device, uint64_t now_ms)
{
	struct transfer *t = device->transfer;
	int side;

	for (side = 0; side < BATON_SIM_SIDES; side++)
		baton_session_stats(
			baton_sim_stack_session(t->device[side].stack),
			&t->before[side]);
	t->result->secured_us = baton_sim_now(t->sim);
	t->begun_cpu_ns = bench_cpu_ns();
	if (!t->cell.message_len &&
	    baton_session_begin(baton_sim_stack_session(device->stack), bulk,
				t->cell.total, NULL, 0, 0))
		t->wrong = true;
	supply(device, now_ms);
}

static void take_bulk(struct transfer *t, const struct baton_event *event)
{
	size_t len = event->u.message.len;

	if (len > t->cell.total - t->delivered ||
	    memcmp(t->data + t->delivered, event->u.message.bytes, len) != 0) {
		t->wrong = true;
		return;
	}
	t->delivered += (uint32_t)len;
	if (t->delivered < t->cell.total)
		return;
	t->end_us = baton_sim_now(t->sim);
	t->result->cpu_ns = bench_cpu_ns() - t->begun_cpu_ns;
}

static void take_urgent(struct transfer *t)
{
	uint64_t interval = t->cell.interval_us;
	uint64_t now = baton_sim_now(t->sim);
	uint32_t events = (uint32_t)(now / interval - t->urgent_us / interval);

	t->urgent_out = false;
	t->result->urgent_count++;
	if (events > t->result->urgent_events)
		t->result->urgent_events = events;
}

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	struct device *device = user;
	struct transfer *t = device->transfer;
	uint64_t now_ms = baton_sim_stack_now_ms(stack);

	switch (event->type) {
	case BATON_EVENT_COMPARE:
		if (baton_session_confirm(baton_sim_stack_session(stack), true,
					  now_ms))
			t->wrong = true;
		break;
	case BATON_EVENT_SECURED:
		device->secured = true;
		if (device->side == t->cell.from)
			begin(device, now_ms);
		break;
	case BATON_EVENT_WRITABLE:
		if (device->side == t->cell.from)
			supply(device, now_ms);
		break;
	case BATON_EVENT_MESSAGE:
		if (event->stream.class_id == BATON_CLASS_BULK)
			take_bulk(t, event);
		else
			take_urgent(t);
		break;
	case BATON_EVENT_DATA:
		take_bulk(t, event);
		break;
	case BATON_EVENT_LINK_CLOSE:
	case BATON_EVENT_PAIR_FAILED:
	case BATON_EVENT_REVOKED:
	case BATON_EVENT_ROLLED_BACK:
	case BATON_EVENT_ABORTED:
	case BATON_EVENT_REWIND:
	case BATON_EVENT_LOST:
	case BATON_EVENT_REFUSED:
	case BATON_EVENT_FRAME:
		t->wrong = true;
		break;
	case BATON_EVENT_SHOW_CODE:
	case BATON_EVENT_TYPE_CODE:
	case BATON_EVENT_SHOW_SECRET:
	case BATON_EVENT_TAKE_SECRET:
	case BATON_EVENT_PAIRED:
	case BATON_EVENT_BEGIN:
	case BATON_EVENT_END:
	case BATON_EVENT_DELIVERED:
		break;
	}
}

static const struct baton_sim_stack_app app = {.event = on_event};

/* One short message, by turns from either side, unless one is on its way. */
static void send_urgent(void *user)
{
	struct transfer *t = user;
	struct device *device = &t->device[t->urgent_number & 1];
	uint8_t message[URGENT_LEN] = {0};

	if (t->end_us || t->wrong)
		return;
	baton_sim_at(t->sim, baton_sim_now(t->sim) + URGENT_STEP_US,
		     send_urgent, t);
	if (t->urgent_out || !t->device[0].secured || !t->device[1].secured)
		return;
	t->urgent_number++;
	t->urgent_out = true;
	t->urgent_us = baton_sim_now(t->sim);
	if (baton_session_send(baton_sim_stack_session(device->stack), urgent,
			       message, sizeof(message), 0,
			       baton_sim_stack_now_ms(device->stack)))
		t->wrong = true;
	baton_sim_stack_kick(device->stack);
}

static bool ended(void *user)
{
	const struct transfer *t = user;

	return t->wrong || t->end_us;
}

static void add_device(struct transfer *t, enum baton_sim_side side)
{
	struct baton_session_config config = {
		.role = side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE,
		.message_max = BATON_MESSAGE_MAX,
		.link = BATON_LINK_CONFIG_LARGE,
	};
	struct device *device = &t->device[side];

	device->transfer = t;
	device->side = side;
	if (baton_sim_stack_create(&device->stack, t->sim, side, &config,
				   t->cell.seed, &app, device) ||
	    baton_session_pairing_open(baton_sim_stack_session(device->stack),
				       0))
		abort();
}

/* Add what one engine did since SECURED. */
static void add_stats(struct transfer *t, enum baton_sim_side side)
{
	const struct baton_session_stats *before = &t->before[side];
	struct bench_result *result = t->result;
	struct baton_session_stats now;
	struct baton_sim_stats host;

	baton_session_stats(baton_sim_stack_session(t->device[side].stack),
			    &now);
	result->bytes += now.link.tx_bytes - before->link.tx_bytes;
	result->data_pdus += now.link.tx_data_pdus - before->link.tx_data_pdus;
	result->ack_pdus += now.link.tx_ack_pdus - before->link.tx_ack_pdus;
	result->resent += now.link.tx_resent - before->link.tx_resent;
	result->records += now.rx_records - before->rx_records;
	baton_sim_get_stats(t->sim, side, &host);
	result->lost += host.host_lost_pdus;
}

static void explain(const struct transfer *t)
{
	fprintf(stderr,
		"baton-bench: transfer failed: interval %" PRIu32
		" us, MTU %u, data length %u, seed %" PRIu64 ": %" PRIu32
		" of %" PRIu32 " bytes arrived%s\n",
		t->cell.interval_us, (unsigned int)t->cell.mtu,
		(unsigned int)t->cell.ll_len, t->cell.seed, t->delivered,
		t->cell.total, t->wrong ? ", or not as sent" : "");
}

bool bench_cell_run(const struct bench_cell *cell, struct bench_result *result)
{
	struct transfer t = {.cell = *cell, .result = result};
	struct baton_sim_config config;
	struct baton_prng prng;
	int side;
	bool good;

	memset(result, 0, sizeof(*result));
	t.data = malloc(cell->total);
	bench_cell_sim(cell, &config);
	if (!t.data || baton_sim_create(&t.sim, &config))
		abort();
	baton_prng_init(&prng, cell->seed, 0xbe);
	baton_prng_fill(&prng, t.data, cell->total);
	for (side = 0; side < BATON_SIM_SIDES; side++)
		add_device(&t, (enum baton_sim_side)side);
	if (cell->urgent)
		baton_sim_at(t.sim, URGENT_FIRST_US, send_urgent, &t);
	good = baton_sim_run(t.sim, ended, &t, LIMIT_US) && !t.wrong;
	if (good) {
		result->us = t.end_us - result->secured_us;
		baton_sim_run_until(t.sim, t.end_us + QUIET_US);
		for (side = 0; side < BATON_SIM_SIDES; side++)
			add_stats(&t, (enum baton_sim_side)side);
		good = !t.wrong;
	}
	if (!good)
		explain(&t);
	baton_sim_destroy(t.sim);
	for (side = 0; side < BATON_SIM_SIDES; side++)
		baton_sim_stack_destroy(t.device[side].stack);
	free(t.data);
	return good;
}

/* A bare sender that begins at start_us, and the last byte at the other end. */
struct raw {
	uint64_t start_us;
	uint32_t left, wanted, got;
	size_t value_len;
	uint64_t end_us;
	bool started;
};

static size_t raw_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct raw *raw = user;
	size_t len = raw->value_len < cap ? raw->value_len : cap;

	if (now_us < raw->start_us)
		return 0;
	if (len > raw->left)
		len = raw->left;
	memset(dst, 0x55, len);
	raw->left -= (uint32_t)len;
	return len;
}

static void raw_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct raw *raw = user;

	(void)pdu;
	raw->got += (uint32_t)len;
	if (raw->got == raw->wanted)
		raw->end_us = now_us;
}

static uint64_t raw_deadline(void *user)
{
	const struct raw *raw = user;

	return raw->started ? BATON_SIM_NEVER : raw->start_us;
}

static void raw_tick(void *user, uint64_t now_us)
{
	struct raw *raw = user;

	(void)now_us;
	raw->started = true;
}

static bool raw_ended(void *user)
{
	return ((const struct raw *)user)->end_us != 0;
}

static const struct baton_sim_stack_ops raw_ops = {
	.tx = raw_tx,
	.rx = raw_rx,
	.deadline = raw_deadline,
	.tick = raw_tick,
};

static struct baton_sim *raw_world(const struct bench_cell *cell,
				   struct raw *tx, struct raw *rx)
{
	struct baton_sim_config config;
	struct baton_sim *sim;

	bench_cell_sim(cell, &config);
	/* No bearer of ours, who would wait for the first write. */
	config.node[BATON_SIM_WATCH].bluez_bare = true;
	config.node[BATON_SIM_PHONE].bluez_bare = true;
	if (baton_sim_create(&sim, &config))
		abort();
	baton_sim_attach(sim, cell->from, &raw_ops, tx);
	baton_sim_attach(sim, baton_sim_other(cell->from), &raw_ops, rx);
	return sim;
}

uint32_t bench_cell_flow(const struct bench_cell *cell, uint32_t len)
{
	struct raw tx = {.left = UINT32_MAX, .value_len = len};
	struct raw rx = {.wanted = UINT32_MAX, .started = true};
	struct baton_sim *sim = raw_world(cell, &tx, &rx);

	baton_sim_run_until(sim, (uint64_t)FLOW_EVENTS * cell->interval_us);
	baton_sim_destroy(sim);
	return rx.got;
}

struct baton_link_facts bench_cell_facts(const struct bench_cell *cell)
{
	return (struct baton_link_facts){
		.mtu = cell->mtu,
		.ll_len = cell->ll_len,
		.interval_us = cell->interval_us,
		.phy = baton_sim_link_phy(cell->phy),
	};
}

uint32_t bench_cell_raw_len(const struct bench_cell *cell)
{
	/* BlueZ cuts a notification that is not two bytes shorter. */
	const bool cut = cell->host == BATON_SIM_HOST_BLUEZ &&
			 cell->from == BATON_SIM_WATCH;
	struct baton_link_facts facts = bench_cell_facts(cell);
	uint32_t best, most, bytes, len;

	facts.interval_us = 0;
	facts.mtu = (uint16_t)(cell->mtu - 2 * cut);
	best = baton_facts_pdu_len(&facts, BATON_PDU_MAX);

	/* There events are not what it waits for. */
	if (cell->host == BATON_SIM_HOST_BLUEZ)
		return best;
	most = bench_cell_flow(cell, best);
	for (len = best - 1; len > best / 2; len--) {
		bytes = bench_cell_flow(cell, len);
		/* Not for what is left over at the end. */
		if (bytes > most + most / 500) {
			most = bytes;
			best = len;
		}
	}
	return best;
}

uint64_t bench_cell_raw_us(const struct bench_cell *cell, uint32_t len,
			   uint64_t start_us)
{
	struct raw tx = {
		.start_us = start_us,
		.left = cell->total,
		.value_len = len,
	};
	struct raw rx = {.wanted = cell->total, .started = true};
	struct baton_sim *sim = raw_world(cell, &tx, &rx);

	if (!baton_sim_run(sim, raw_ended, &rx, LIMIT_US))
		abort();
	baton_sim_destroy(sim);
	return rx.end_us - start_us;
}
