/* SPDX-License-Identifier: MIT */
#include "tests/bench/figure.h"

const struct bench_figure bench_figures[] = {
	{"bulk_goodput_share",
	 "1 MiB secured, of what a bare sender gets through in the same cell",
	 "share", 0.985, BENCH_AT_LEAST, 4, "0.42 Golden Gate",
	 bench_bulk_share, 0.99},
	{"bulk_goodput_share_drop1",
	 "1 MiB at 1 % host drops, of the same without, quick host", "share",
	 0.97, BENCH_AT_LEAST, 4, "0.23 Golden Gate", bench_bulk_share_drop,
	 0.98},
	{"bulk_goodput_share_drop1_slow",
	 "1 MiB at 1 % host drops, of the same without, slow host", "share",
	 0.90, BENCH_AT_LEAST, 4, NULL, bench_bulk_share_drop_slow, 0.975},
	{"bulk_goodput_share_bluez",
	 "1 MiB secured, of what a bare sender gets through, BlueZ hosts",
	 "share", 0.98, BENCH_AT_LEAST, 4, NULL, bench_bulk_share_bluez, 0},
	{"bulk_overhead_pct",
	 "1 MiB secured, MTU 247: PDU bytes both ways over payload", "%", 1.0,
	 BENCH_AT_MOST, 3, "4.9 Golden Gate", bench_bulk_overhead, 0},
	{"small_overhead_pct",
	 "5243 messages of 200 B secured, MTU 247: the same", "%", 2.5,
	 BENCH_AT_MOST, 3, "22.9 Golden Gate", bench_small_overhead, 2.0},
	{"first_message_bytes",
	 "bonded peer, fresh link, one 200 B message: PDU bytes both ways", "B",
	 330, BENCH_AT_MOST, 0, "710 Golden Gate", bench_first_bytes, 0},
	{"first_message_events",
	 "the same: connection events until it is delivered", "events", 1,
	 BENCH_AT_MOST, 0, "~6 Golden Gate", bench_first_events, 0},
	{"session_bytes",
	 "bonded peer, fresh link, no message: PDU bytes both ways that a session "
	 "adds",
	 "B", 0, BENCH_NO_TARGET, 0, NULL, bench_session_bytes, 0},
	{"session_events",
	 "the same: connection events from secured until both applications may "
	 "send",
	 "events", 0, BENCH_NO_TARGET, 0, NULL, bench_session_events, 0},
	{"handover_bytes",
	 "quiet link: PDU bytes both ways from the offer until the other side "
	 "owns",
	 "B", 0, BENCH_NO_TARGET, 0, NULL, bench_handover_bytes, 0},
	{"handover_events", "the same: connection events", "events", 0,
	 BENCH_NO_TARGET, 0, NULL, bench_handover_events, 0},
	{"handover_link_bytes",
	 "the same on a fresh link, from its MTU exchange", "B", 0,
	 BENCH_NO_TARGET, 0, NULL, bench_handover_link_bytes, 0},
	{"handover_link_events", "the same: connection events", "events", 0,
	 BENCH_NO_TARGET, 0, NULL, bench_handover_link_events, 0},
	{"needless_retransmissions",
	 "PDUs sent again in 1 MiB without loss, worst cell", "PDUs", 0,
	 BENCH_AT_MOST, 0, NULL, bench_needless, 0},
	{"control_latency_events",
	 "short message during bulk: further connection events, worst cell",
	 "events", 2, BENCH_AT_MOST, 0, NULL, bench_control_latency, 0},
	{"xx_cpu_ratio",
	 "handshake XX, both ends, over its scalar multiplications", "ratio",
	 1.12, BENCH_AT_MOST, 3, "1.08 noise-c", bench_xx_cpu, 1.06},
	{"kkpsk0_cpu_ratio", "handshake KKpsk0, static-static cached", "ratio",
	 1.15, BENCH_AT_MOST, 3, NULL, bench_kkpsk0_cpu, 1.08},
	{"nnpsk0_cpu_ratio", "handshake NNpsk0", "ratio", 1.22, BENCH_AT_MOST,
	 3, NULL, bench_nnpsk0_cpu, 1.10},
	{"bulk_cpu_ratio",
	 "CPU of a MiB, both engines, over seal, open and two copies", "ratio",
	 1.6, BENCH_AT_MOST, 3, NULL, bench_bulk_cpu, 1.55},
	{"sim_speedup", "simulated over CPU time, saturated 2M link", "x", 600,
	 BENCH_AT_LEAST, 0, NULL, bench_sim_speedup, 1000},
	{"m4_core_flash", "core on a Cortex-M4, -Os, both roles", "B", 24576,
	 BENCH_AT_MOST, 0, "11.7 kB Gattlink alone", bench_m4_core, 0},
	{"m4_watch_flash", "the same, built for a watch that compares", "B",
	 24576, BENCH_AT_MOST, 0, "11.7 kB Gattlink alone", bench_m4_watch, 0},
	{"m4_all_flash", "the same, with every way to pair", "B", 24576,
	 BENCH_AT_MOST, 0, "11.7 kB Gattlink alone", bench_m4_all, 0},
	{"m4_total_flash", "core and primitives on a Cortex-M4, -Os", "B",
	 57344, BENCH_AT_MOST, 0, "66 kB with DTLS", bench_m4_total, 36864},
	{"m4_link_ram", "RAM of a link without payload and windows", "B", 2048,
	 BENCH_AT_MOST, 0, "3.8 kB", bench_m4_link_ram, 0},
};

const size_t bench_figures_len =
	sizeof(bench_figures) / sizeof(bench_figures[0]);

static bool met(const struct bench_figure *figure, double target, double value)
{
	return figure->sense == BENCH_AT_LEAST ? value >= target
					       : value <= target;
}

bool bench_figure_met(const struct bench_figure *figure,
		      const struct bench_value *value)
{
	return met(figure, figure->target, value->value);
}

bool bench_figure_raised_met(const struct bench_figure *figure,
			     const struct bench_value *value)
{
	return met(figure, figure->raised, value->value);
}
