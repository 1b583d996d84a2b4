/* SPDX-License-Identifier: MIT */
#include "tests/bench/grid.h"

#include <string.h>

#include "transport/link.h"
#include "transport/pdu.h"

#define NEEDS_WHY 0.95
#define ACK_EVERY 24 /* transport/SPEC.md A.5 */
#define ACK_LEN 15 /* of the empty PDU it replaces: 7 + 4, and a MIC */
#define SLACK 0.015 /* what the start, the end and rounding may cost */

const uint32_t bench_intervals_us[BENCH_INTERVALS] = {7500, 15000, 30000, 50000,
						      100000};
const uint16_t bench_mtus[BENCH_MTUS] = {23, 185, 247, 517};
const uint16_t bench_ll_lens[BENCH_LL_LENS] = {27, 251};

/* Microseconds on the air of an encrypted value of len bytes. */
static double air_us(const struct bench_cell *cell, uint32_t len)
{
	uint32_t left = len + 7;
	uint32_t us = 0;
	uint32_t n;

	while (left > 0) {
		n = left < cell->ll_len ? left : cell->ll_len;
		us += baton_phy_airtime_us(cell->phy, n + 4) +
		      baton_phy_airtime_us(cell->phy, 0) +
		      2 * BATON_PHY_T_IFS_US;
		left -= n;
	}
	return us;
}

/*
 * What acknowledgements leave: each makes one packet of the other side longer,
 * and where PDUs fill the event to its end, that costs the last of them.
 */
static double beside_acks(const struct bench_cell *cell, uint32_t pdu)
{
	double extra = ACK_LEN * (cell->phy == BATON_PHY_2M ? 4 : 8);
	double each = air_us(cell, pdu);
	double fit = (uint32_t)(cell->interval_us / each);

	if (fit * each + extra > cell->interval_us)
		extra = each;
	return ACK_EVERY * each / (ACK_EVERY * each + extra);
}

/*
 * What the form of PDUs and records and the window allow, and which it is. raw:
 * the length of a bare sender's values.
 */
static void work_out(struct bench_grid_row *row, uint32_t raw)
{
	const struct baton_link_config config = BATON_LINK_CONFIG_LARGE;
	const struct bench_cell *cell = &row->cell;
	struct baton_link_facts facts = bench_cell_facts(cell);
	uint32_t pdu = baton_facts_pdu_len(&facts, BATON_PDU_MAX);
	double record = config.record_max + 18.0;
	double payload = (config.record_max - 1) / record;
	double form;
	/* What fits an event has no formula: the bare sender says it. */
	double air = (double)bench_cell_flow(cell, raw) /
		     (double)bench_cell_flow(cell, pdu);
	/* The slow host shows data an event later, and its ack one more. */
	double rtt_us =
		cell->host == BATON_SIM_HOST_SLOW ? 2.0 * cell->interval_us : 0;
	double rate = row->raw_bps / 8e6; /* bytes per microsecond */
	/* A short header numbers 64 units, and acks come every 24. */
	uint32_t header = rate * rtt_us / pdu > 64 - ACK_EVERY ? 2 : 1;
	uint32_t net = pdu - header;
	double window = config.window[BATON_CLASS_BULK] * net * payload;

	form = (double)net / pdu * payload;
	row->bound = form / air * beside_acks(cell, pdu);
	snprintf(
		row->why, sizeof(row->why),
		"%u of %u B a PDU, %.0f of %.0f B a record, an ACK each 24: %.3f",
		net, pdu, config.record_max - 1.0, record, row->bound);
	if (pdu != raw)
		snprintf(row->why, sizeof(row->why),
			 "PDUs of %u not %u B %s, %u of them payload: %.3f",
			 pdu, raw,
			 pdu < raw ? "for control in time"
				   : "by which events are full",
			 net, row->bound);
	if (rtt_us > 0 && window / rtt_us < row->bound * rate) {
		row->bound = window / rtt_us / rate;
		snprintf(row->why, sizeof(row->why),
			 "window: %u x %u B in two events of %.1f ms: %.3f",
			 (unsigned int)config.window[BATON_CLASS_BULK], net,
			 cell->interval_us / 1000.0, row->bound);
	}
	if (row->share >= NEEDS_WHY)
		row->why[0] = 0;
	else if (row->share < row->bound - SLACK)
		snprintf(row->why + strlen(row->why),
			 sizeof(row->why) - strlen(row->why),
			 "; NOT EXPLAINED");
}

static bool run_row(struct bench_grid_row *row, uint32_t total)
{
	struct bench_result result;
	struct bench_cell cell = row->cell;
	uint32_t raw = bench_cell_raw_len(&cell);

	cell.total = total;
	if (!bench_cell_run(&cell, &result))
		return false;
	row->resent = result.resent;
	row->bps = 8e6 * total / (double)result.us;
	row->raw_bps = 8e6 * total /
		       (double)bench_cell_raw_us(&cell, raw, result.secured_us);
	row->share = row->bps / row->raw_bps;
	cell.urgent = true;
	if (!bench_cell_run(&cell, &result))
		return false;
	row->urgent_events = result.urgent_events;
	row->urgent_count = result.urgent_count;
	work_out(row, raw);
	return true;
}

bool bench_grid_run(struct bench_grid_row rows[BENCH_GRID_LEN], uint32_t total)
{
	struct bench_cell *cell;
	unsigned int i, n;

	for (i = 0; i < BENCH_GRID_LEN; i++) {
		cell = &rows[i].cell;
		bench_cell_init(cell);
		n = i;
		cell->interval_us = bench_intervals_us[n % BENCH_INTERVALS];
		n /= BENCH_INTERVALS;
		cell->mtu = bench_mtus[n % BENCH_MTUS];
		n /= BENCH_MTUS;
		cell->ll_len = bench_ll_lens[n % BENCH_LL_LENS];
		n /= BENCH_LL_LENS;
		cell->phy = n % BENCH_PHYS ? BATON_PHY_2M : BATON_PHY_1M;
		n /= BENCH_PHYS;
		cell->host = n ? BATON_SIM_HOST_SLOW : BATON_SIM_HOST_QUICK;
		if (!run_row(&rows[i], total))
			return false;
	}
	return true;
}

bool bench_grid_csv(const struct bench_grid_row rows[BENCH_GRID_LEN],
		    const char *path)
{
	FILE *file = fopen(path, "w");
	size_t i;

	if (!file)
		return false;
	fprintf(file, "host,phy,data_length,mtu,interval_ms,raw_kbit_s,"
		      "goodput_kbit_s,share,bound,resent,control_events,"
		      "control_messages,explanation\n");
	for (i = 0; i < BENCH_GRID_LEN; i++) {
		const struct bench_grid_row *row = &rows[i];
		const struct bench_cell *cell = &row->cell;

		fprintf(file,
			"%s,%s,%u,%u,%.1f,%.1f,%.1f,%.4f,%.4f,%llu,%u,%u,"
			"\"%s\"\n",
			cell->host == BATON_SIM_HOST_QUICK ? "quick" : "slow",
			cell->phy == BATON_PHY_2M ? "2M" : "1M",
			(unsigned int)cell->ll_len, (unsigned int)cell->mtu,
			cell->interval_us / 1000.0, row->raw_bps / 1000,
			row->bps / 1000, row->share, row->bound,
			(unsigned long long)row->resent,
			(unsigned int)row->urgent_events,
			(unsigned int)row->urgent_count, row->why);
	}
	if (ferror(file)) {
		fclose(file);
		return false;
	}
	return fclose(file) == 0;
}
