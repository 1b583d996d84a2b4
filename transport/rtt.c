/* SPDX-License-Identifier: MIT */
#include "transport/rtt.h"

#include "transport/timing.h"

#define SAMPLE_MAX_MS 60000

void baton_rtt_set_interval(struct baton_rtt *rtt, uint32_t interval_us)
{
	rtt->interval_ms = interval_us / 1000 + (interval_us % 1000 != 0);
}

void baton_rtt_sample(struct baton_rtt *rtt, uint32_t ms)
{
	uint32_t srtt = rtt->srtt_8 / 8;
	uint32_t deviation;

	if (ms > SAMPLE_MAX_MS)
		ms = SAMPLE_MAX_MS;
	if (ms == 0)
		ms = 1;
	if (!rtt->srtt_8) {
		rtt->srtt_8 = 8 * ms;
		rtt->var_4 = 2 * ms;
		return;
	}
	deviation = srtt > ms ? srtt - ms : ms - srtt;
	rtt->var_4 += deviation - rtt->var_4 / 4;
	rtt->srtt_8 += ms - rtt->srtt_8 / 8;
}

uint32_t baton_rtt_timeout_ms(const struct baton_rtt *rtt, uint8_t backoff)
{
	uint32_t base = BATON_TIMEOUT_FIRST_MS;

	if (rtt->srtt_8) {
		base = rtt->srtt_8 / 8 + rtt->var_4;
		if (base < BATON_TIMEOUT_MIN_MS)
			base = BATON_TIMEOUT_MIN_MS;
	}
	base += BATON_ACK_DELAY_MS + 2 * rtt->interval_ms;
	while (backoff-- > 0 && base < BATON_TIMEOUT_MAX_MS)
		base *= 2;
	return base < BATON_TIMEOUT_MAX_MS + 2 * rtt->interval_ms
		       ? base
		       : BATON_TIMEOUT_MAX_MS + 2 * rtt->interval_ms;
}
