/* SPDX-License-Identifier: MIT */
#include "sim/source.h"

#include <string.h>

#define COUNT_LEN 4U

static void link_up(void *user, uint64_t now_us,
		    const struct baton_sim_link *link)
{
	struct baton_sim_source *s = user;

	(void)now_us;
	s->ups++;
	s->mtu = link->mtu;
}

static void link_down(void *user, uint64_t now_us, uint8_t reason)
{
	struct baton_sim_source *s = user;

	(void)now_us;
	s->downs++;
	s->reason = reason;
}

static void mtu(void *user, uint64_t now_us, uint16_t mtu)
{
	struct baton_sim_source *s = user;

	(void)now_us;
	s->mtu = mtu;
}

static void rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct baton_sim_source *s = user;
	const size_t n = len < COUNT_LEN ? len : COUNT_LEN;
	uint32_t number = 0;
	size_t i;

	for (i = 0; i < n; i++)
		number |= (uint32_t)pdu[i] << (8 * i);
	if (!s->rx_pdus)
		s->rx_first_us = now_us;
	s->rx_last_us = now_us;
	s->rx_pdus++;
	s->rx_bytes += len;
	if (number < s->rx_next) {
		s->rx_again++;
	} else {
		s->rx_gaps += number - s->rx_next;
		s->rx_next = number + 1;
	}
}

static size_t tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct baton_sim_source *s = user;
	const size_t len = s->value_len < cap ? s->value_len : cap;
	const size_t n = len < COUNT_LEN ? len : COUNT_LEN;
	size_t i;

	(void)now_us;
	if (s->tx_pdus >= s->limit)
		return 0;
	for (i = 0; i < n; i++)
		dst[i] = (uint8_t)(s->tx_pdus >> (8 * i));
	if (len > n)
		memset(dst + n, 0x5a, len - n);
	s->tx_pdus++;
	s->tx_bytes += len;
	return len;
}

const struct baton_sim_stack_ops baton_sim_source_ops = {
	.link_up = link_up,
	.link_down = link_down,
	.mtu = mtu,
	.rx = rx,
	.tx = tx,
};
