/* SPDX-License-Identifier: MIT */
#include "sim/ll_control.h"

#include <string.h>

#include "base/bytes.h"
#include "sim/ll.h"
#include "sim/world.h"

/* Vol 6 Part B, 2.4.2. */
#define LL_CONNECTION_UPDATE_IND 0x00U
#define LL_ENC_REQ 0x03U
#define LL_ENC_RSP 0x04U
#define LL_START_ENC_REQ 0x05U
#define LL_START_ENC_RSP 0x06U
#define LL_FEATURE_REQ 0x08U
#define LL_FEATURE_RSP 0x09U
#define LL_VERSION_IND 0x0cU
#define LL_CONNECTION_PARAM_REQ 0x0fU
#define LL_LENGTH_REQ 0x14U
#define LL_LENGTH_RSP 0x15U
#define LL_PHY_REQ 0x16U
#define LL_PHY_RSP 0x17U
#define LL_PHY_UPDATE_IND 0x18U

#define CONNECTION_UPDATE_IND_LEN 12U
#define ENC_REQ_LEN 23U
#define ENC_RSP_LEN 13U
#define START_ENC_LEN 1U
#define FEATURE_LEN 9U
#define VERSION_LEN 6U
#define CONNECTION_PARAM_LEN 24U
#define LENGTH_LEN 9U
#define PHY_LEN 3U
#define PHY_UPDATE_LEN 5U

#define VERSION_5_4 0x0dU
/* 5.1.1, 5.1.10: events at which the watch listens, until the instant. */
#define INSTANT_EVENTS 6U
#define UNIT_US 1250U /* of an interval */
#define TIMEOUT_UNIT_US 10000U

static struct baton_sim_procedure *current(struct baton_sim *sim)
{
	struct baton_sim_ll_control *control = &sim->ll.control;

	return &control->todo[control->head];
}

static struct baton_sim_sdu *begin(struct baton_sim *sim, uint8_t opcode,
				   uint32_t len)
{
	struct baton_sim_sdu *sdu;

	sdu = baton_sim_sdu_get(&sim->pool, BATON_SIM_CONTROL);
	memset(sdu->data, 0, len);
	sdu->data[0] = opcode;
	sdu->len = len;
	return sdu;
}

/* No controller answers within T_IFS: it goes in the next event. */
static void send(struct baton_sim *sim, enum baton_sim_side side,
		 struct baton_sim_sdu *sdu)
{
	sim->ll.side[side].control_at = (uint16_t)(sim->ll.event + 1U);
	baton_sim_ll_send(sim, side, sdu);
}

static void say(struct baton_sim *sim, enum baton_sim_side side, uint8_t opcode,
		uint32_t len)
{
	send(sim, side, begin(sim, opcode, len));
}

static void say_version(struct baton_sim *sim, enum baton_sim_side side)
{
	struct baton_sim_sdu *sdu = begin(sim, LL_VERSION_IND, VERSION_LEN);

	sdu->data[1] = VERSION_5_4;
	send(sim, side, sdu);
}

/* 2.4.2.21: bytes and microseconds, receive and send. */
static void say_length(struct baton_sim *sim, enum baton_sim_side side,
		       uint8_t opcode)
{
	struct baton_sim_sdu *sdu = begin(sim, opcode, LENGTH_LEN);
	const uint16_t bytes = current(sim)->ll_len;
	const uint16_t us =
		(uint16_t)baton_phy_airtime_us(BATON_PHY_1M, bytes + 4U);

	baton_store_le16(sdu->data + 1, bytes);
	baton_store_le16(sdu->data + 3, us);
	baton_store_le16(sdu->data + 5, bytes);
	baton_store_le16(sdu->data + 7, us);
	send(sim, side, sdu);
}

static uint8_t phy_bit(enum baton_phy phy)
{
	switch (phy) {
	case BATON_PHY_1M:
		return 1;
	case BATON_PHY_2M:
		return 2;
	case BATON_PHY_CODED_S2:
	case BATON_PHY_CODED_S8:
		return 4;
	}
	return 1;
}

static void say_phy(struct baton_sim *sim, enum baton_sim_side side,
		    uint8_t opcode)
{
	struct baton_sim_sdu *sdu = begin(sim, opcode, PHY_LEN);

	sdu->data[1] = sdu->data[2] = phy_bit(current(sim)->phy);
	send(sim, side, sdu);
}

static void set_instant(struct baton_sim *sim)
{
	struct baton_sim_ll_control *control = &sim->ll.control;

	/* It is said in the next event. */
	control->instant = (uint16_t)(sim->ll.event + 1U +
				      INSTANT_EVENTS * (1U + sim->ll.latency));
	control->has_instant = true;
	control->told = false;
}

static void say_phy_update(struct baton_sim *sim)
{
	struct baton_sim_sdu *sdu;

	set_instant(sim);
	sdu = begin(sim, LL_PHY_UPDATE_IND, PHY_UPDATE_LEN);
	sdu->data[1] = sdu->data[2] = phy_bit(current(sim)->phy);
	baton_store_le16(sdu->data + 3, sim->ll.control.instant);
	send(sim, BATON_SIM_PHONE, sdu);
}

/* 2.4.2.1; the window has size 1 and offset 0. */
static void say_connection_update(struct baton_sim *sim)
{
	const struct baton_sim_procedure *to = current(sim);
	struct baton_sim_sdu *sdu;

	set_instant(sim);
	sdu = begin(sim, LL_CONNECTION_UPDATE_IND, CONNECTION_UPDATE_IND_LEN);
	sdu->data[1] = 1;
	baton_store_le16(sdu->data + 4, (uint16_t)(to->interval_us / UNIT_US));
	baton_store_le16(sdu->data + 6, to->latency);
	baton_store_le16(sdu->data + 8,
			 (uint16_t)(to->timeout_us / TIMEOUT_UNIT_US));
	baton_store_le16(sdu->data + 10, sim->ll.control.instant);
	send(sim, BATON_SIM_PHONE, sdu);
}

static void say_connection_param(struct baton_sim *sim)
{
	const struct baton_sim_procedure *to = current(sim);
	struct baton_sim_sdu *sdu;

	sdu = begin(sim, LL_CONNECTION_PARAM_REQ, CONNECTION_PARAM_LEN);
	baton_store_le16(sdu->data + 1, (uint16_t)(to->interval_us / UNIT_US));
	baton_store_le16(sdu->data + 3, (uint16_t)(to->interval_us / UNIT_US));
	baton_store_le16(sdu->data + 5, to->latency);
	baton_store_le16(sdu->data + 7,
			 (uint16_t)(to->timeout_us / TIMEOUT_UNIT_US));
	send(sim, BATON_SIM_WATCH, sdu);
}

static void next(struct baton_sim *sim)
{
	struct baton_sim_ll_control *control = &sim->ll.control;
	const struct baton_sim_procedure *procedure = current(sim);

	if (control->busy || !control->len ||
	    !sim->ll.side[BATON_SIM_PHONE].linked)
		return;
	control->busy = true;
	switch (procedure->kind) {
	case BATON_SIM_PROCEDURE_FEATURES:
		say(sim, BATON_SIM_PHONE, LL_FEATURE_REQ, FEATURE_LEN);
		break;
	case BATON_SIM_PROCEDURE_VERSION:
		say_version(sim, BATON_SIM_PHONE);
		break;
	case BATON_SIM_PROCEDURE_LENGTH:
		say_length(sim, procedure->asks, LL_LENGTH_REQ);
		break;
	case BATON_SIM_PROCEDURE_PHY:
		say_phy(sim, procedure->asks, LL_PHY_REQ);
		break;
	case BATON_SIM_PROCEDURE_ENCRYPTION:
		sim->ll.side[BATON_SIM_PHONE].paused = true;
		say(sim, BATON_SIM_PHONE, LL_ENC_REQ, ENC_REQ_LEN);
		break;
	case BATON_SIM_PROCEDURE_CONNECTION:
		if (procedure->asks == BATON_SIM_PHONE)
			say_connection_update(sim);
		else
			say_connection_param(sim);
		break;
	}
}

static void done(struct baton_sim *sim)
{
	struct baton_sim_ll_control *control = &sim->ll.control;

	control->busy = false;
	control->head = (control->head + 1) % BATON_SIM_PROCEDURES;
	control->len--;
	next(sim);
}

bool baton_sim_ll_control_add(struct baton_sim *sim,
			      const struct baton_sim_procedure *procedure)
{
	struct baton_sim_ll_control *control = &sim->ll.control;

	if (control->len == BATON_SIM_PROCEDURES)
		return false;
	control->todo[(control->head + control->len++) % BATON_SIM_PROCEDURES] =
		*procedure;
	next(sim);
	return true;
}

static void add(struct baton_sim *sim, enum baton_sim_procedure_kind kind,
		enum baton_sim_side asks)
{
	const struct baton_sim_procedure procedure = {
		.kind = kind,
		.asks = asks,
		.phy = sim->cfg.phy,
		.ll_len = sim->cfg.ll_len,
		.interval_us = sim->cfg.interval_us,
		.latency = sim->cfg.latency,
		.timeout_us = sim->ll.timeout_us,
	};

	/* At the beginning there is room for all. */
	(void)baton_sim_ll_control_add(sim, &procedure);
}

void baton_sim_ll_control_start(struct baton_sim *sim)
{
	const struct baton_sim_config *cfg = &sim->cfg;

	memset(&sim->ll.control, 0, sizeof(sim->ll.control));
	if (!cfg->procedures)
		return;
	add(sim, BATON_SIM_PROCEDURE_FEATURES, BATON_SIM_PHONE);
	add(sim, BATON_SIM_PROCEDURE_VERSION, BATON_SIM_PHONE);
	if (cfg->ll_len != BATON_SIM_LL_LEN_MIN)
		add(sim, BATON_SIM_PROCEDURE_LENGTH, BATON_SIM_PHONE);
	if (cfg->phy != BATON_PHY_1M)
		add(sim, BATON_SIM_PROCEDURE_PHY, BATON_SIM_PHONE);
	if (cfg->encrypted)
		add(sim, BATON_SIM_PROCEDURE_ENCRYPTION, BATON_SIM_PHONE);
	if (cfg->start_interval_us)
		add(sim, BATON_SIM_PROCEDURE_CONNECTION, BATON_SIM_WATCH);
}

/* The watch's host has found the key: no sooner than it answers anything. */
static void key_found(void *ctx, uint64_t generation)
{
	struct baton_sim *sim = ctx;

	if (generation == sim->ll.generation &&
	    sim->ll.side[BATON_SIM_WATCH].linked)
		say(sim, BATON_SIM_WATCH, LL_START_ENC_REQ, START_ENC_LEN);
}

static void watch_rx(struct baton_sim *sim, const uint8_t *pdu)
{
	struct baton_sim_ll_side *watch = &sim->ll.side[BATON_SIM_WATCH];

	switch (pdu[0]) {
	case LL_FEATURE_REQ:
		say(sim, BATON_SIM_WATCH, LL_FEATURE_RSP, FEATURE_LEN);
		break;
	case LL_VERSION_IND:
		say_version(sim, BATON_SIM_WATCH);
		break;
	case LL_LENGTH_REQ:
		watch->ll_len = current(sim)->ll_len;
		say_length(sim, BATON_SIM_WATCH, LL_LENGTH_RSP);
		break;
	case LL_LENGTH_RSP:
		watch->ll_len = current(sim)->ll_len;
		done(sim);
		break;
	case LL_PHY_REQ:
		say_phy(sim, BATON_SIM_WATCH, LL_PHY_RSP);
		break;
	case LL_PHY_UPDATE_IND:
	case LL_CONNECTION_UPDATE_IND:
		sim->ll.control.told = true;
		break;
	case LL_ENC_REQ:
		watch->paused = true;
		say(sim, BATON_SIM_WATCH, LL_ENC_RSP, ENC_RSP_LEN);
		baton_sim_queue_push(
			&sim->queue,
			sim->now + sim->cfg.node[BATON_SIM_WATCH].turnaround_us,
			BATON_SIM_RANK_RADIO, key_found, sim,
			sim->ll.generation);
		break;
	case LL_START_ENC_RSP:
		say(sim, BATON_SIM_WATCH, LL_START_ENC_RSP, START_ENC_LEN);
		break;
	}
}

static void phone_rx(struct baton_sim *sim, const uint8_t *pdu)
{
	struct baton_sim_ll_side *phone = &sim->ll.side[BATON_SIM_PHONE];

	switch (pdu[0]) {
	case LL_FEATURE_RSP:
	case LL_VERSION_IND:
		done(sim);
		break;
	case LL_LENGTH_REQ:
		phone->ll_len = current(sim)->ll_len;
		say_length(sim, BATON_SIM_PHONE, LL_LENGTH_RSP);
		break;
	case LL_LENGTH_RSP:
		phone->ll_len = current(sim)->ll_len;
		done(sim);
		break;
	case LL_PHY_REQ:
	case LL_PHY_RSP:
		say_phy_update(sim);
		break;
	case LL_CONNECTION_PARAM_REQ:
		say_connection_update(sim);
		break;
	case LL_START_ENC_REQ:
		say(sim, BATON_SIM_PHONE, LL_START_ENC_RSP, START_ENC_LEN);
		break;
	case LL_START_ENC_RSP:
		phone->paused = false;
		done(sim);
		break;
	}
}

void baton_sim_ll_control_rx(struct baton_sim *sim, enum baton_sim_side to,
			     const uint8_t *pdu)
{
	if (to == BATON_SIM_WATCH)
		watch_rx(sim, pdu);
	else
		phone_rx(sim, pdu);
}

void baton_sim_ll_control_acked(struct baton_sim *sim, enum baton_sim_side side,
				const uint8_t *pdu)
{
	if (side == BATON_SIM_WATCH && pdu[0] == LL_START_ENC_RSP)
		sim->ll.side[side].paused = false;
}

void baton_sim_ll_control_event(struct baton_sim *sim)
{
	struct baton_sim_ll *ll = &sim->ll;
	const struct baton_sim_procedure *procedure = current(sim);
	int i;

	if (!ll->control.has_instant || ll->event != ll->control.instant)
		return;
	ll->control.has_instant = false;
	ll->control.lost = !ll->control.told;
	ll->missed = true; /* the watch listens at the instant */
	if (procedure->kind == BATON_SIM_PROCEDURE_PHY) {
		ll->phy = procedure->phy;
	} else {
		ll->interval_us = procedure->interval_us;
		ll->latency = procedure->latency;
		ll->timeout_us = procedure->timeout_us;
		/* 5.1.1: the timers start again. */
		for (i = 0; i < BATON_SIM_SIDES; i++)
			if (i == BATON_SIM_PHONE || !ll->control.lost)
				baton_sim_ll_supervise(sim,
						       (enum baton_sim_side)i);
	}
	done(sim);
}

bool baton_sim_ll_control_encrypts(const uint8_t *pdu)
{
	return pdu[0] == LL_START_ENC_RSP;
}
