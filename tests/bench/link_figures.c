/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/figure.h"
#include "tests/bench/grid.h"

#define SEEDS 8
#define DROP_SEEDS 64
#define SMALL_LEN 200
#define SMALL_COUNT 5243
#define SPEED_TOTAL (16 * BENCH_MIB)

static const uint16_t mtus[] = {247, 517};

static const char *host_name(const struct bench_cell *cell)
{
	switch (cell->host) {
	case BATON_SIM_HOST_QUICK:
		return "quick";
	case BATON_SIM_HOST_SLOW:
		return "slow";
	case BATON_SIM_HOST_BLUEZ:
		return "bluez";
	}
	return "unknown";
}

static const char *way_name(const struct bench_cell *cell)
{
	return cell->from == BATON_SIM_WATCH ? "watch to phone"
					     : "phone to watch";
}

static bool put(struct bench_value *value, double number)
{
	value->known = true;
	value->value = number;
	return true;
}

static void limit(struct bench_value *value, double number)
{
	value->has_limit = true;
	value->limit = number;
}

/* The worst over both MTUs, both ways and both hosts. */
bool bench_bulk_share(const struct bench_effort *effort,
		      struct bench_value *value)
{
	struct bench_result result;
	struct bench_cell cell;
	double share;
	int i;

	(void)effort;
	limit(value, 1);
	put(value, 2);
	for (i = 0; i < 8; i++) {
		bench_cell_init(&cell);
		cell.mtu = mtus[i & 1];
		cell.from = i & 2 ? BATON_SIM_PHONE : BATON_SIM_WATCH;
		cell.host = i & 4 ? BATON_SIM_HOST_SLOW : BATON_SIM_HOST_QUICK;
		if (!bench_cell_run(&cell, &result))
			return false;
		share = (double)bench_cell_raw_us(&cell,
						  bench_cell_raw_len(&cell),
						  result.secured_us) /
			(double)result.us;
		if (share >= value->value)
			continue;
		value->value = share;
		snprintf(value->note, sizeof(value->note),
			 "2M encrypted, 30 ms, no event limit; worst of 8: "
			 "MTU %d, %s host, %s",
			 cell.mtu, host_name(&cell), way_name(&cell));
	}
	return true;
}

/*
 * The same where both hosts are BlueZ as it was measured: the raw flow of
 * values has no acknowledgement, and no end of its queue.
 */
bool bench_bulk_share_bluez(const struct bench_effort *effort,
			    struct bench_value *value)
{
	struct bench_result result;
	struct bench_cell cell;
	double share;
	int i;

	(void)effort;
	limit(value, 1);
	put(value, 2);
	for (i = 0; i < 4; i++) {
		bench_cell_init(&cell);
		cell.mtu = mtus[i & 1];
		cell.from = i & 2 ? BATON_SIM_PHONE : BATON_SIM_WATCH;
		cell.host = BATON_SIM_HOST_BLUEZ;
		if (!bench_cell_run(&cell, &result))
			return false;
		share = (double)bench_cell_raw_us(&cell,
						  bench_cell_raw_len(&cell),
						  result.secured_us) /
			(double)result.us;
		if (share >= value->value)
			continue;
		value->value = share;
		snprintf(value->note, sizeof(value->note),
			 "2M encrypted, 30 ms, two BlueZ hosts as measured; "
			 "worst of 4: MTU %d, %s",
			 cell.mtu, way_name(&cell));
	}
	return true;
}

/* Mean time without drops over mean time with, worst of MTUs and ways. */
static bool drop_share(const struct bench_effort *effort,
		       struct bench_value *value, enum baton_sim_host_kind host)
{
	unsigned int seeds = effort->quick ? 1 : DROP_SEEDS;
	struct bench_result clean, lossy;
	struct bench_cell cell;
	double us, share;
	unsigned int i, seed;

	limit(value, 0.99);
	put(value, 2);
	for (i = 0; i < 4; i++) {
		bench_cell_init(&cell);
		cell.mtu = mtus[i & 1];
		cell.from = i & 2 ? BATON_SIM_PHONE : BATON_SIM_WATCH;
		cell.host = host;
		if (!bench_cell_run(&cell, &clean))
			return false;
		cell.drop_ppm = 10000;
		us = 0;
		for (seed = 1; seed <= seeds; seed++) {
			cell.seed = seed;
			if (!bench_cell_run(&cell, &lossy))
				return false;
			us += (double)lossy.us / seeds;
		}
		share = (double)clean.us / us;
		if (share >= value->value)
			continue;
		value->value = share;
		snprintf(value->note, sizeof(value->note),
			 "2M encrypted, 30 ms, drops both ways, mean of %u "
			 "seeds; worst of 4: MTU %d, %s",
			 seeds, cell.mtu, way_name(&cell));
	}
	return true;
}

bool bench_bulk_share_drop(const struct bench_effort *effort,
			   struct bench_value *value)
{
	return drop_share(effort, value, BATON_SIM_HOST_QUICK);
}

bool bench_bulk_share_drop_slow(const struct bench_effort *effort,
				struct bench_value *value)
{
	return drop_share(effort, value, BATON_SIM_HOST_SLOW);
}

static bool overhead(struct bench_value *value, uint32_t total,
		     uint16_t message_len, uint16_t mtu, uint64_t seed)
{
	struct bench_result result;
	struct bench_cell cell;
	int host;

	put(value, 0);
	for (host = 0; host < 2; host++) {
		bench_cell_init(&cell);
		cell.mtu = mtu;
		cell.seed = seed;
		cell.total = total;
		cell.message_len = message_len;
		cell.host = (enum baton_sim_host_kind)host;
		if (!bench_cell_run(&cell, &result))
			return false;
		if (100.0 * (double)result.bytes / total - 100 < value->value)
			continue;
		value->value = 100.0 * (double)result.bytes / total - 100;
		snprintf(value->note, sizeof(value->note),
			 "MTU %u, 30 ms, %s host: %llu PDUs of data, %llu of "
			 "acknowledgements alone, %llu records",
			 (unsigned int)mtu, host_name(&cell),
			 (unsigned long long)result.data_pdus,
			 (unsigned long long)result.ack_pdus,
			 (unsigned long long)result.records);
	}
	return true;
}

/* The form's own price: a byte in 244, and 19 bytes in a record of 4 KiB. */
static double form_pct(double frame_share)
{
	return 100 * (244.0 / 243 * 4114 / 4095 * frame_share - 1);
}

bool bench_bulk_overhead(const struct bench_effort *effort,
			 struct bench_value *value)
{
	static const uint16_t others[] = {185, 517};
	unsigned int seeds = effort->quick ? 1 : SEEDS;
	struct bench_value other;
	uint64_t seed;
	double worst;
	size_t len, i;

	/* The cadence of ACKs was chosen here: it must do elsewhere too. */
	if (!overhead(value, BENCH_MIB, 0, 247, 1))
		return false;
	limit(value, form_pct(1));
	for (i = 0; i < 2; i++) {
		worst = 0;
		for (seed = 1; seed <= seeds; seed++) {
			if (!overhead(&other, BENCH_MIB, 0, others[i], seed))
				return false;
			if (other.value > worst)
				worst = other.value;
		}
		len = strlen(value->note);
		snprintf(value->note + len, sizeof(value->note) - len,
			 "; MTU %u: %.3f", (unsigned int)others[i], worst);
	}
	worst = 0;
	for (seed = 2; seed <= seeds; seed++) {
		if (!overhead(&other, BENCH_MIB, 0, 247, seed))
			return false;
		if (other.value > worst)
			worst = other.value;
	}
	len = strlen(value->note);
	snprintf(value->note + len, sizeof(value->note) - len,
		 "; other seeds: %.3f", worst);
	return true;
}

bool bench_small_overhead(const struct bench_effort *effort,
			  struct bench_value *value)
{
	(void)effort;
	limit(value, form_pct(202.0 / 200));
	return overhead(value, SMALL_COUNT * SMALL_LEN, SMALL_LEN, 247, 1);
}

/* The whole grid is run once for the figures that are about its worst. */
static const struct bench_grid_row *grid(const struct bench_effort *effort)
{
	static struct bench_grid_row *rows;

	if (rows)
		return rows;
	rows = calloc(BENCH_GRID_LEN, sizeof(*rows));
	if (!rows)
		abort();
	if (bench_grid_run(rows, effort->quick ? BENCH_MIB / 16 : BENCH_MIB))
		return rows;
	free(rows);
	rows = NULL;
	return NULL;
}

static void note_cell(struct bench_value *value, const struct bench_cell *cell)
{
	snprintf(value->note, sizeof(value->note),
		 "worst of %d cells: %.1f ms, %s, MTU %u, data length %u, %s "
		 "host",
		 BENCH_GRID_LEN, cell->interval_us / 1000.0,
		 cell->phy == BATON_PHY_2M ? "2M" : "1M",
		 (unsigned int)cell->mtu, (unsigned int)cell->ll_len,
		 host_name(cell));
}

bool bench_needless(const struct bench_effort *effort,
		    struct bench_value *value)
{
	const struct bench_grid_row *rows = grid(effort);
	size_t i, worst = 0;

	if (!rows)
		return false;
	limit(value, 0);
	for (i = 0; i < BENCH_GRID_LEN; i++)
		if (rows[i].resent > rows[worst].resent)
			worst = i;
	note_cell(value, &rows[worst].cell);
	if (rows[worst].resent == 0)
		snprintf(value->note, sizeof(value->note),
			 "in none of %d cells", BENCH_GRID_LEN);
	return put(value, (double)rows[worst].resent);
}

bool bench_control_latency(const struct bench_effort *effort,
			   struct bench_value *value)
{
	const struct bench_grid_row *rows = grid(effort);
	unsigned long count = 0;
	size_t i, worst = 0;
	size_t len;

	if (!rows)
		return false;
	for (i = 0; i < BENCH_GRID_LEN; i++) {
		count += rows[i].urgent_count;
		if (rows[i].urgent_events > rows[worst].urgent_events)
			worst = i;
	}
	note_cell(value, &rows[worst].cell);
	len = strlen(value->note);
	snprintf(value->note + len, sizeof(value->note) - len,
		 "; %lu messages of class MESSAGE, both ways", count);
	return put(value, rows[worst].urgent_events);
}

bool bench_sim_speedup(const struct bench_effort *effort,
		       struct bench_value *value)
{
	struct bench_result result;
	struct bench_cell cell;
	double best = 0;
	double x;
	int i;

	bench_cell_init(&cell);
	cell.total = effort->quick ? BENCH_MIB : SPEED_TOTAL;
	for (i = 0; i < 3; i++) {
		if (!bench_cell_run(&cell, &result))
			return false;
		x = 1000.0 * (double)result.us / (double)result.cpu_ns;
		if (x > best)
			best = x;
	}
	snprintf(value->note, sizeof(value->note),
		 "MTU 247, 30 ms, %u MiB, both engines and their crypto; best "
		 "of 3",
		 (unsigned int)(cell.total / BENCH_MIB));
	return put(value, best);
}
