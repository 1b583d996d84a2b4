/* SPDX-License-Identifier: MIT */
#include "sim/att.h"

#include <string.h>

#include "base/bytes.h"
#include "sim/sdu.h"
#include "sim/world.h"

/*
 * The watch's service, as discovery finds it:
 *	1 service, 2 characteristic (notify), 3 its value, 4 its CCCD,
 *	5 characteristic (write without response), 6 its value.
 */
#define HANDLE_SERVICE 1U
#define HANDLE_CCCD 4U
static const uint16_t characteristics[] = {2, 5};

#define ATT_NOT_FOUND 0x0aU
#define UUID_PRIMARY_SERVICE 0x2800U
#define UUID_CHARACTERISTIC 0x2803U
#define UUID_CCCD 0x2902U
#define UUID_LEN 16U
/* Handle, properties, value handle, 128-bit UUID. */
#define CHARACTERISTIC_LEN 21U

#define SIGNAL_COC_REQ 0x14U
#define SIGNAL_COC_RSP 0x15U
#define SIGNAL_CREDIT_IND 0x16U
#define COC_PSM 0x0080U

static struct baton_sim_sdu *begin(struct baton_sim_host *host,
				   enum baton_sim_kind kind)
{
	return baton_sim_sdu_get(&host->sim->pool, kind);
}

static uint8_t *payload(struct baton_sim_sdu *sdu)
{
	return sdu->data + BATON_SIM_L2CAP_LEN;
}

static void finish(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
		   size_t len)
{
	struct baton_sim *sim = host->sim;

	baton_sim_sdu_frame(sdu,
			    sdu->kind == BATON_SIM_ATT ? BATON_SIM_CID_ATT
						       : BATON_SIM_CID_SIGNAL,
			    len);
	sim->node[host->side].stats.l2cap_tx_bytes += sdu->len;
	baton_sim_ll_send(sim, host->side, sdu);
}

/* An ATT PDU of an opcode and n 16-bit values. */
static void say(struct baton_sim_host *host, uint8_t opcode, size_t n,
		const uint16_t *values)
{
	struct baton_sim_sdu *sdu = begin(host, BATON_SIM_ATT);
	uint8_t *p = payload(sdu);
	size_t i;

	p[0] = opcode;
	for (i = 0; i < n; i++)
		baton_store_le16(p + 1 + 2 * i, values[i]);
	finish(host, sdu, 1 + 2 * n);
}

/* Discover the service by its UUID (Vol 3 Part G, 4.4.2). */
static void find_service(struct baton_sim_host *host)
{
	struct baton_sim_sdu *sdu = begin(host, BATON_SIM_ATT);
	uint8_t *p = payload(sdu);

	p[0] = BATON_ATT_FIND_TYPE_REQ;
	baton_store_le16(p + 1, 1);
	baton_store_le16(p + 3, UINT16_MAX);
	baton_store_le16(p + 5, UUID_PRIMARY_SERVICE);
	memset(p + 7, 0xba, UUID_LEN);
	finish(host, sdu, 7 + UUID_LEN);
}

/* Discover characteristics from a handle on (Vol 3 Part G, 4.6.1). */
static void find_characteristics(struct baton_sim_host *host, uint16_t from)
{
	const uint16_t values[] = {from, UINT16_MAX, UUID_CHARACTERISTIC};

	say(host, BATON_ATT_READ_TYPE_REQ, 3, values);
}

static void tell_characteristics(struct baton_sim_host *host, uint16_t from)
{
	struct baton_sim_sdu *sdu = begin(host, BATON_SIM_ATT);
	uint8_t *p = payload(sdu);
	size_t len = 2;
	size_t i;

	for (i = 0; i < 2; i++) {
		uint16_t handle = characteristics[i];

		if (handle < from || len + CHARACTERISTIC_LEN > host->mtu)
			continue;
		baton_store_le16(p + len, handle);
		p[len + 2] = i ? 0x04 : 0x10;
		baton_store_le16(p + len + 3, (uint16_t)(handle + 1));
		memset(p + len + 5, 0xba, UUID_LEN);
		len += CHARACTERISTIC_LEN;
	}
	if (len > 2) {
		p[0] = BATON_ATT_READ_TYPE_RSP;
		p[1] = CHARACTERISTIC_LEN;
	} else {
		p[0] = BATON_ATT_ERROR_RSP;
		p[1] = BATON_ATT_READ_TYPE_REQ;
		baton_store_le16(p + 2, from);
		p[4] = ATT_NOT_FOUND;
		len = 5;
	}
	finish(host, sdu, len);
}

static void tell_descriptor(struct baton_sim_host *host)
{
	struct baton_sim_sdu *sdu = begin(host, BATON_SIM_ATT);
	uint8_t *p = payload(sdu);

	p[0] = BATON_ATT_FIND_INFO_RSP;
	p[1] = 1; /* 16-bit UUIDs */
	baton_store_le16(p + 2, HANDLE_CCCD);
	baton_store_le16(p + 4, UUID_CCCD);
	finish(host, sdu, 6);
}

/* The watch answers. */
static void serve_request(struct baton_sim_host *host, const uint8_t *p,
			  size_t len)
{
	const bool discover = host->sim->cfg.gatt == BATON_SIM_GATT_DISCOVER;
	const uint16_t group[] = {HANDLE_SERVICE, UINT16_MAX};
	uint16_t mtu;

	if (len >= 3 && p[0] == BATON_ATT_MTU_REQ) {
		mtu = baton_load_le16(p + 1);
		say(host, BATON_ATT_MTU_RSP, 1, &mtu);
		baton_sim_host_mtu(host, mtu);
		if (!discover)
			baton_sim_host_up(host);
	} else if (p[0] == BATON_ATT_FIND_TYPE_REQ) {
		say(host, BATON_ATT_FIND_TYPE_RSP, 2, group);
	} else if (len >= 3 && p[0] == BATON_ATT_READ_TYPE_REQ) {
		tell_characteristics(host, baton_load_le16(p + 1));
	} else if (p[0] == BATON_ATT_FIND_INFO_REQ) {
		tell_descriptor(host);
	} else if (p[0] == BATON_ATT_WRITE_REQ) {
		say(host, BATON_ATT_WRITE_RSP, 0, NULL);
		baton_sim_host_up(host);
	}
}

/* The phone takes the next step. */
static void take_answer(struct baton_sim_host *host, const uint8_t *p,
			size_t len)
{
	const uint16_t cccd[] = {HANDLE_CCCD, HANDLE_CCCD};
	const uint16_t enable[] = {HANDLE_CCCD, 1};
	uint16_t mtu;

	if (len >= 3 && p[0] == BATON_ATT_MTU_RSP) {
		mtu = baton_load_le16(p + 1);
		if (mtu > host->mtu_asked)
			mtu = host->mtu_asked;
		baton_sim_host_mtu(host, mtu);
		if (host->up)
			return;
		if (host->sim->cfg.gatt == BATON_SIM_GATT_DISCOVER)
			find_service(host);
		else
			baton_sim_host_up(host);
	} else if (p[0] == BATON_ATT_FIND_TYPE_RSP) {
		find_characteristics(host, HANDLE_SERVICE);
	} else if (p[0] == BATON_ATT_READ_TYPE_RSP &&
		   len >= 2 + CHARACTERISTIC_LEN) {
		p += len - CHARACTERISTIC_LEN;
		find_characteristics(host, (uint16_t)(baton_load_le16(p) + 1));
	} else if (p[0] == BATON_ATT_ERROR_RSP) {
		say(host, BATON_ATT_FIND_INFO_REQ, 2, cccd);
	} else if (p[0] == BATON_ATT_FIND_INFO_RSP) {
		say(host, BATON_ATT_WRITE_REQ, 2, enable);
	} else if (p[0] == BATON_ATT_WRITE_RSP) {
		baton_sim_host_up(host);
		baton_sim_bluez_answered(host);
	}
}

/* A signal (Vol 3 Part A, 4.22 to 4.24): code, identifier, length, data. */
static void signal(struct baton_sim_host *host, uint8_t code, size_t n,
		   const uint16_t *values)
{
	struct baton_sim_sdu *sdu = begin(host, BATON_SIM_SIGNAL);
	uint8_t *p = payload(sdu);
	size_t i;

	p[0] = code;
	p[1] = 1;
	baton_store_le16(p + 2, (uint16_t)(2 * n));
	for (i = 0; i < n; i++)
		baton_store_le16(p + 4 + 2 * i, values[i]);
	finish(host, sdu, 4 + 2 * n);
}

static void signal_rx(struct baton_sim_host *host, const uint8_t *p, size_t len)
{
	const struct baton_sim_config *cfg = &host->sim->cfg;
	const uint16_t accept[] = {BATON_SIM_CID_COC, cfg->coc_sdu,
				   cfg->coc_mps, cfg->coc_credits, 0};

	if (p[0] == SIGNAL_COC_REQ) {
		signal(host, SIGNAL_COC_RSP, 5, accept);
		baton_sim_host_up(host);
	} else if (p[0] == SIGNAL_COC_RSP) {
		baton_sim_host_up(host);
	} else if (p[0] == SIGNAL_CREDIT_IND && len >= 8) {
		baton_sim_ll_credit(host->sim, host->side,
				    baton_load_le16(p + 6));
	}
}

void baton_sim_att_start(struct baton_sim_host *host)
{
	const struct baton_sim_config *cfg = &host->sim->cfg;
	const uint16_t request[] = {COC_PSM, BATON_SIM_CID_COC, cfg->coc_sdu,
				    cfg->coc_mps, cfg->coc_credits};

	if (cfg->gatt == BATON_SIM_GATT_READY) {
		host->mtu = cfg->mtu;
		baton_sim_host_up(host);
	} else if (host->side == BATON_SIM_WATCH) {
		return;
	} else if (cfg->bearer == BATON_SIM_COC) {
		signal(host, SIGNAL_COC_REQ, 5, request);
	} else {
		baton_sim_att_exchange_mtu(host, cfg->mtu);
	}
}

void baton_sim_att_exchange_mtu(struct baton_sim_host *host, uint16_t mtu)
{
	host->mtu_asked = mtu;
	say(host, BATON_ATT_MTU_REQ, 1, &mtu);
}

void baton_sim_att_rx(struct baton_sim_host *host,
		      const struct baton_sim_sdu *sdu)
{
	const uint8_t *p = sdu->data + BATON_SIM_L2CAP_LEN;
	const size_t len = sdu->len - BATON_SIM_L2CAP_LEN;

	if (sdu->kind == BATON_SIM_SIGNAL)
		signal_rx(host, p, len);
	else if (host->side == BATON_SIM_WATCH)
		serve_request(host, p, len);
	else
		take_answer(host, p, len);
}

void baton_sim_att_written(struct baton_sim_host *host)
{
	say(host, BATON_ATT_WRITE_RSP, 0, NULL);
}

void baton_sim_att_credits(struct baton_sim_host *host, uint32_t credits)
{
	uint16_t values[2] = {BATON_SIM_CID_COC, 0};

	host->credits += credits;
	if (host->credits < (host->sim->cfg.coc_credits + 1U) / 2)
		return;
	values[1] = (uint16_t)host->credits;
	host->credits = 0;
	signal(host, SIGNAL_CREDIT_IND, 2, values);
}
