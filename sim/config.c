/* SPDX-License-Identifier: MIT */
#include "sim/config.h"

#include <string.h>

#include "sim/sdu.h"

#define MILLION 1000000U

/* docs/BLUEZ.md, "Turnaround, for the simulator". */
static const uint32_t bluez_us[BATON_SIM_SIDES][4] = {
	[BATON_SIM_WATCH] = {13094, 18365, 31437, 54444},
	[BATON_SIM_PHONE] = {1149, 5553, 17108, 56886},
};

static void node_init(struct baton_sim_node_config *node,
		      enum baton_sim_side side)
{
	memset(node, 0, sizeof(*node));
	memcpy(node->bluez_us, bluez_us[side], sizeof(node->bluez_us));
	node->turnaround_us = 1000;
	node->hold = 2;
	node->up_late_us = 20000;
	node->sca_ppm = 50;
}

void baton_sim_config_init(struct baton_sim_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->seed = 1;
	cfg->bearer = BATON_SIM_GATT;
	cfg->start = BATON_SIM_START_CONNECTED;
	cfg->gatt = BATON_SIM_GATT_CACHED;
	cfg->reconnect = true;
	cfg->phy = BATON_PHY_2M;
	cfg->encrypted = true;
	cfg->ll_len = 251;
	cfg->mtu = 247;
	cfg->coc_sdu = 65535;
	cfg->coc_mps = 247;
	cfg->coc_credits = 65535;
	cfg->interval_us = 30000;
	cfg->adv_interval_us = 100000;
	cfg->adv_gap_us = 1500;
	cfg->adv_len = 31;
	cfg->scan_interval_us = 60000;
	cfg->scan_window_us = 60000;
	node_init(&cfg->node[BATON_SIM_WATCH], BATON_SIM_WATCH);
	node_init(&cfg->node[BATON_SIM_PHONE], BATON_SIM_PHONE);
}

uint64_t baton_sim_config_timeout_us(const struct baton_sim_config *cfg)
{
	uint64_t us = 4 * (1 + (uint64_t)cfg->latency) * cfg->interval_us;

	if (cfg->timeout_us)
		return cfg->timeout_us;
	return us > 5 * MILLION ? us : 5 * MILLION;
}

const char *baton_sim_errors_check(const struct baton_sim_errors *e)
{
	if (e->good_per_ppm > MILLION || e->bad_per_ppm > MILLION ||
	    e->to_bad_ppm > MILLION || e->to_good_ppm > MILLION ||
	    e->missed_ppm > MILLION)
		return "errors: rates are parts per million, 0 to 1000000";
	return NULL;
}

const char *baton_sim_node_check(const struct baton_sim_node_config *n)
{
	if (n->host > BATON_SIM_HOST_BLUEZ)
		return "node.host: no such host";
	if (n->up_drop_ppm > MILLION || n->up_dup_ppm > MILLION ||
	    n->up_late_ppm > MILLION || n->down_drop_ppm > MILLION)
		return "node: rates are parts per million, 0 to 1000000";
	if (n->bluez_us[0] > n->bluez_us[1] ||
	    n->bluez_us[1] > n->bluez_us[2] || n->bluez_us[2] > n->bluez_us[3])
		return "node.bluez_us: percentiles rise";
	if (n->hold < 1 || n->hold > 16)
		return "node.hold: a controller holds 1 to 16 PDUs";
	if (n->clock_ppm < -100000 || n->clock_ppm > 100000)
		return "node.clock_ppm: -100000 to 100000";
	if (n->sca_ppm > 500)
		return "node.sca_ppm: 0 to 500";
	return NULL;
}

static const char *link_check(const struct baton_sim_config *cfg)
{
	if (cfg->phy > BATON_PHY_CODED_S8)
		return "phy: no such PHY";
	if (cfg->ll_len < 27 || cfg->ll_len > 251)
		return "ll_len: the LL data length is 27 to 251 bytes";
	if (cfg->mtu < 23 || cfg->mtu > 517)
		return "mtu: the ATT MTU is 23 to 517 bytes";
	if (cfg->interval_us < 7500 || cfg->interval_us > 4000000 ||
	    cfg->interval_us % 1250)
		return "interval_us: a multiple of 1250, 7500 to 4000000";
	if (cfg->start_interval_us &&
	    (cfg->start_interval_us < 7500 ||
	     cfg->start_interval_us > 4000000 || cfg->start_interval_us % 1250))
		return "start_interval_us: 0, or as interval_us";
	if (cfg->latency > 499)
		return "latency: 0 to 499 events";
	if (cfg->timeout_us &&
	    cfg->timeout_us <= 2 * (1 + (uint64_t)cfg->latency) *
				       (uint64_t)cfg->interval_us)
		return "timeout_us: more than 2 x (1 + latency) x interval_us";
	return NULL;
}

static const char *coc_check(const struct baton_sim_config *cfg)
{
	if (cfg->coc_sdu < 23)
		return "coc_sdu: 23 to 65535 bytes";
	if (cfg->coc_mps < 23 || cfg->coc_mps > 65533)
		return "coc_mps: 23 to 65533 bytes";
	if (cfg->coc_credits < baton_sim_coc_frames(cfg->coc_sdu, cfg->coc_mps))
		return "coc_credits: at least the K-frames of one SDU";
	return NULL;
}

static const char *adv_check(const struct baton_sim_config *cfg)
{
	if (cfg->adv_interval_us < 20000 || cfg->adv_interval_us > 10240000)
		return "adv_interval_us: 20000 to 10240000";
	if (cfg->adv_gap_us < 1000 || cfg->adv_gap_us > 5000)
		return "adv_gap_us: 1000 to 5000";
	if (cfg->adv_len > 31)
		return "adv_len: 0 to 31 bytes";
	if (cfg->scan_interval_us < 2500 || cfg->scan_interval_us > 10240000)
		return "scan_interval_us: 2500 to 10240000";
	if (cfg->scan_window_us < 2500 ||
	    cfg->scan_window_us > cfg->scan_interval_us)
		return "scan_window_us: 2500 to scan_interval_us";
	return NULL;
}

const char *baton_sim_config_check(const struct baton_sim_config *cfg)
{
	const char *text = NULL;
	int i;

	if (cfg->bearer != BATON_SIM_GATT && cfg->bearer != BATON_SIM_COC)
		return "bearer: no such bearer";
	if (cfg->start > BATON_SIM_START_CONNECTED)
		return "start: no such start";
	if (cfg->gatt > BATON_SIM_GATT_DISCOVER)
		return "gatt: no such set-up";
	text = link_check(cfg);
	if (!text)
		text = coc_check(cfg);
	if (!text)
		text = adv_check(cfg);
	for (i = 0; i < BATON_SIM_SIDES && !text; i++)
		text = baton_sim_errors_check(&cfg->errors[i]);
	for (i = 0; i < BATON_SIM_SIDES && !text; i++)
		text = baton_sim_node_check(&cfg->node[i]);
	return text;
}
