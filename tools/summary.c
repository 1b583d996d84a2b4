/* SPDX-License-Identifier: MIT */
#include <json-glib/json-glib.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/summary.h"

void baton_mark_set(struct baton_mark *mark, struct baton_sim *sim)
{
	mark->at_us = baton_sim_now(sim);
	baton_sim_get_stats(sim, BATON_SIM_WATCH, &mark->side[0]);
	baton_sim_get_stats(sim, BATON_SIM_PHONE, &mark->side[1]);
}

void baton_cost_between(struct baton_cost *cost, const struct baton_mark *from,
			const struct baton_mark *to, uint64_t bytes,
			double saved_pct, double limit_bps)
{
	uint64_t air_us = 0;
	int i;

	cost->bytes = bytes;
	cost->pdu_bytes = 0;
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		const struct baton_sim_stats *a = &from->side[i];
		const struct baton_sim_stats *b = &to->side[i];

		cost->pdus[i] = b->host_tx_pdus - a->host_tx_pdus;
		cost->pdu_bytes += b->host_tx_bytes - a->host_tx_bytes;
		air_us += b->tx_us - a->tx_us;
	}
	cost->seconds = (double)(to->at_us - from->at_us) / 1e6;
	cost->air_seconds = (double)air_us / 1e6;
	cost->saved_pct = saved_pct;
	cost->overhead_pct = 0;
	if (bytes)
		cost->overhead_pct =
			100 * ((double)cost->pdu_bytes / (double)bytes - 1);
	cost->goodput_bps = 0;
	if (cost->seconds > 0)
		cost->goodput_bps = 8 * (double)bytes / cost->seconds;
	cost->limit_bps = limit_bps;
	cost->share_pct = (100 - saved_pct) * cost->goodput_bps / limit_bps;
}

static void print_cost(const char *title, const struct baton_cost *cost)
{
	printf("%s\n", title);
	printf("  bytes        %12" PRIu64 "\n", cost->bytes);
	printf("  compression  %12.2f  %% saved\n", cost->saved_pct);
	printf("  PDUs         %12" PRIu64 "  (%" PRIu64
	       " from the watch, %" PRIu64 " from the phone)\n",
	       cost->pdus[0] + cost->pdus[1], cost->pdus[0], cost->pdus[1]);
	printf("  PDU bytes    %12" PRIu64 "\n", cost->pdu_bytes);
	printf("  overhead     %12.2f  %%\n", cost->overhead_pct);
	printf("  took         %12.3f  s of simulated time\n", cost->seconds);
	printf("  on the air   %12.3f  s\n", cost->air_seconds);
	printf("  goodput      %12.1f  kbit/s\n", cost->goodput_bps / 1e3);
	printf("  radio limit  %12.1f  kbit/s\n", cost->limit_bps / 1e3);
	printf("  share        %12.1f  %% of the limit\n", cost->share_pct);
}

void baton_summary_print(const struct baton_summary *summary)
{
	printf("\n");
	print_cost("The hand-over, watch to phone", &summary->there);
	printf("\n");
	print_cost("The answer, phone to watch", &summary->back);
	printf("\nBoth arrived bit for bit:\n  %s\n  %s\n", summary->path,
	       summary->answer_path);
}

static void add_double(JsonBuilder *json, const char *name, double value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_double_value(json, value);
}

static void add_int(JsonBuilder *json, const char *name, uint64_t value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, (gint64)value);
}

static void add_string(JsonBuilder *json, const char *name, const char *value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, value);
}

static void add_radio(JsonBuilder *json, const struct baton_sim_config *config)
{
	g_autofree char *seed = g_strdup_printf("%" PRIu64, config->seed);

	json_builder_set_member_name(json, "radio");
	json_builder_begin_object(json);
	/* Text: not every reader keeps 64 bits of a number. */
	add_string(json, "seed", seed);
	add_int(json, "mtu", config->mtu);
	add_double(json, "interval_ms", config->interval_us / 1e3);
	add_string(json, "phy", baton_phy_name(config->phy));
	add_double(json, "loss_percent", config->node[0].up_drop_ppm / 1e4);
	json_builder_end_object(json);
}

static void add_cost(JsonBuilder *json, const char *name, const char *path,
		     const struct baton_cost *cost)
{
	json_builder_set_member_name(json, name);
	json_builder_begin_object(json);
	add_string(json, "path", path);
	add_int(json, "bytes", cost->bytes);
	add_double(json, "saved_percent", cost->saved_pct);
	add_int(json, "pdus_watch", cost->pdus[BATON_SIM_WATCH]);
	add_int(json, "pdus_phone", cost->pdus[BATON_SIM_PHONE]);
	add_int(json, "pdu_bytes", cost->pdu_bytes);
	add_double(json, "overhead_percent", cost->overhead_pct);
	add_double(json, "seconds", cost->seconds);
	add_double(json, "air_seconds", cost->air_seconds);
	add_double(json, "goodput_bps", cost->goodput_bps);
	add_double(json, "limit_bps", cost->limit_bps);
	add_double(json, "share_percent", cost->share_pct);
	json_builder_end_object(json);
}

void baton_summary_print_json(const struct baton_summary *summary)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *code = g_strdup_printf("%06u", summary->code);
	g_autofree char *text = NULL;

	json_builder_begin_object(json);
	/* There is no summary of what was not verified. */
	json_builder_set_member_name(json, "verified");
	json_builder_add_boolean_value(json, TRUE);
	add_string(json, "file", summary->file);
	add_string(json, "code", code);
	add_double(json, "pairing_seconds", summary->pairing_seconds);
	add_radio(json, summary->config);
	add_cost(json, "handover", summary->path, &summary->there);
	add_cost(json, "answer", summary->answer_path, &summary->back);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, NULL);
	printf("%s\n", text);
}
