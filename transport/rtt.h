/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_RTT_H
#define BATON_TRANSPORT_RTT_H

/* Round trip estimation and the retransmission timeout (SPEC A.5). */

#include <stdint.h>

struct baton_rtt {
	uint32_t srtt_8; /* smoothed round trip, eighths of ms; 0: none yet */
	uint32_t var_4; /* smoothed deviation, quarters of ms */
	uint32_t interval_ms; /* connection interval, rounded up */
};

/* The connection interval is this now, 0 where not known. All 0: a new one. */
void baton_rtt_set_interval(struct baton_rtt *rtt, uint32_t interval_us);

/* A unit sent once was acknowledged after ms. */
void baton_rtt_sample(struct baton_rtt *rtt, uint32_t ms);

/* The timeout in ms after backoff timeouts in a row. */
uint32_t baton_rtt_timeout_ms(const struct baton_rtt *rtt, uint8_t backoff);

#endif
