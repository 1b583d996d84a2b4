/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sim/stack.h"
#include "tools/fail.h"
#include "tools/world.h"
#include "transport/facts.h"
#include "transport/pdu.h"

#define MIC_LEN 4
#define VALUE_HEADERS 7 /* L2CAP 4, ATT 3 */

static const struct {
	const char *name;
	enum baton_phy phy;
} phys[] = {
	{"1m", BATON_PHY_1M},
	{"2m", BATON_PHY_2M},
	{"coded", BATON_PHY_CODED_S8},
	{"coded-s8", BATON_PHY_CODED_S8},
	{"coded-s2", BATON_PHY_CODED_S2},
};

void baton_world_add_options(GOptionContext *context,
			     struct baton_world_options *options)
{
	const GOptionEntry entries[] = {
		{"seed", 0, 0, G_OPTION_ARG_STRING, &options->seed,
		 "seed of all chance (1)", "N"},
		{"mtu", 0, 0, G_OPTION_ARG_STRING, &options->mtu,
		 "ATT MTU, 23 to 517 (247)", "BYTES"},
		{"interval", 0, 0, G_OPTION_ARG_STRING, &options->interval,
		 "connection interval, 7.5 to 4000 in steps of 1.25 (30)",
		 "MS"},
		{"phy", 0, 0, G_OPTION_ARG_STRING, &options->phy,
		 "1m, 2m, coded-s2 or coded (2m)", "NAME"},
		{"loss", 0, 0, G_OPTION_ARG_STRING, &options->loss,
		 "PDUs lost in each host, 0 to 90 (0)", "PERCENT"},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};

	g_option_context_add_main_entries(context, entries, NULL);
}

void baton_world_clear_options(struct baton_world_options *options)
{
	g_free(options->seed);
	g_free(options->mtu);
	g_free(options->interval);
	g_free(options->phy);
	g_free(options->loss);
}

gboolean baton_world_number(const char *text, const char *option, guint64 min,
			    guint64 max, guint64 *number, GError **error)
{
	if (g_ascii_string_to_unsigned(text, 10, min, max, number, NULL))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_USAGE,
		       "--%s takes a whole number from %" G_GUINT64_FORMAT
		       " to %" G_GUINT64_FORMAT ", not %s",
		       option, min, max, text);
	return FALSE;
}

/* A decimal fraction times scale, rounded; false if it is none. */
static gboolean scaled(const char *text, double scale, double max,
		       guint64 *number)
{
	char *end;
	double value = g_ascii_strtod(text, &end);

	if (end == text || *end || !(value >= 0) || value > max)
		return FALSE;
	*number = (guint64)(value * scale + 0.5);
	return TRUE;
}

static gboolean set_interval(const char *text, struct baton_sim_config *config,
			     GError **error)
{
	guint64 us;

	if (!scaled(text, 1000, 4000, &us) || us < 7500 || us % 1250) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--interval takes 7.5 to 4000 in steps of 1.25, "
			       "not %s",
			       text);
		return FALSE;
	}
	config->interval_us = (uint32_t)us;
	return TRUE;
}

static gboolean set_phy(const char *text, struct baton_sim_config *config,
			GError **error)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(phys); i++) {
		if (!g_ascii_strcasecmp(text, phys[i].name)) {
			config->phy = phys[i].phy;
			return TRUE;
		}
	}
	baton_fail_set(error, BATON_EXIT_USAGE,
		       "--phy takes 1m, 2m, coded-s2 or coded, not %s", text);
	return FALSE;
}

static gboolean set_loss(const char *text, struct baton_sim_config *config,
			 GError **error)
{
	guint64 ppm;
	size_t i;

	if (!scaled(text, 10000, 90, &ppm)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--loss takes 0 to 90 (percent), not %s", text);
		return FALSE;
	}
	for (i = 0; i < BATON_SIM_SIDES; i++)
		config->node[i].up_drop_ppm = (uint32_t)ppm;
	return TRUE;
}

gboolean baton_world_config(const struct baton_world_options *options,
			    struct baton_sim_config *config, GError **error)
{
	const char *wrong;
	guint64 number;

	baton_sim_config_init(config);
	config->start = BATON_SIM_START_ADVERTISING;
	config->gatt = BATON_SIM_GATT_DISCOVER;
	if (options->seed) {
		if (!baton_world_number(options->seed, "seed", 0, G_MAXUINT64,
					&number, error))
			return FALSE;
		config->seed = number;
	}
	if (options->mtu) {
		if (!baton_world_number(options->mtu, "mtu", 23, 517, &number,
					error))
			return FALSE;
		config->mtu = (uint16_t)number;
	}
	if (options->interval &&
	    !set_interval(options->interval, config, error))
		return FALSE;
	if (options->phy && !set_phy(options->phy, config, error))
		return FALSE;
	if (options->loss && !set_loss(options->loss, config, error))
		return FALSE;
	wrong = baton_sim_config_check(config);
	if (wrong) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "these options do not go together: %s", wrong);
		return FALSE;
	}
	return TRUE;
}

double baton_world_limit_bps(const struct baton_sim_config *config)
{
	uint32_t mic = config->encrypted ? MIC_LEN : 0;
	const struct baton_link_facts facts = {
		.mtu = config->mtu,
		.ll_len = config->ll_len,
		.phy = baton_sim_link_phy(config->phy),
	};
	uint32_t value = baton_facts_pdu_len(&facts, BATON_PDU_MAX);
	uint32_t left = value + VALUE_HEADERS;
	uint32_t us = 0;

	while (left) {
		uint32_t piece = MIN(left, config->ll_len);

		us += baton_phy_airtime_us(config->phy, piece + mic) +
		      baton_phy_airtime_us(config->phy, 0) +
		      2 * BATON_PHY_T_IFS_US;
		left -= piece;
	}
	return value * 8.0 * 1e6 / us;
}
