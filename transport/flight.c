/* SPDX-License-Identifier: MIT */
#include "transport/flight.h"

#include <string.h>

#include "transport/timing.h"

#define LONG_TRIES 1 /* tries before pieces become short */
#define SHORT_PAYLOAD (BATON_PDU_MIN - BATON_PIECE_LEN)

void baton_flight_start(struct baton_flight *flight, uint8_t *tx, uint8_t *rx)
{
	memset(flight, 0, sizeof(*flight));
	flight->tx = tx;
	flight->rx = rx;
}

void baton_flight_send(struct baton_flight *flight, uint8_t number,
		       const uint8_t *bytes, size_t len, bool timed)
{
	memcpy(flight->tx, bytes, len);
	flight->tx_len = (uint16_t)len;
	flight->tx_off = 0;
	flight->tx_pdu_len = 0;
	flight->tx_number = number;
	flight->tries = 1;
	flight->answer = timed;
	flight->active = true;
}

void baton_flight_append(struct baton_flight *flight, const uint8_t *bytes,
			 size_t len)
{
	memmove(flight->tx + flight->tx_len, bytes, len);
	flight->tx_len = (uint16_t)(flight->tx_len + len);
}

void baton_flight_hold(struct baton_flight *flight)
{
	flight->held = true;
}

void baton_flight_done(struct baton_flight *flight)
{
	flight->active = false;
	flight->tx_off = flight->tx_len;
}

BATON_NOT_INLINE
void baton_flight_forget(struct baton_flight *flight)
{
	flight->rx_have = 0;
	flight->rx_number = UINT8_MAX;
	flight->held = false;
}

void baton_flight_again(struct baton_flight *flight)
{
	flight->tx_off = 0;
	flight->tx_pdu_len = 0;
	if (flight->tries < UINT8_MAX)
		flight->tries++;
	if (flight->tries > LONG_TRIES)
		flight->shorten = true;
}

BATON_NOT_INLINE
enum baton_err baton_flight_piece(struct baton_flight *flight,
				  const struct baton_block *piece)
{
	uint16_t skip;

	/* The peer repeats what ours answers: ours was lost. */
	if (flight->active && !flight->answer &&
	    piece->flight + 1 == flight->tx_number) {
		if (piece->offset == 0 && flight->tx_off == flight->tx_len)
			baton_flight_again(flight);
		return BATON_ERR_AGAIN;
	}
	if (flight->held)
		return BATON_ERR_AGAIN;
	if (piece->offset == 0 && (flight->rx_number != piece->flight ||
				   flight->rx_total != piece->total)) {
		flight->rx_number = piece->flight;
		flight->rx_total = piece->total;
		flight->rx_have = 0;
		flight->rx_longest = 0;
	}
	if (flight->rx_number != piece->flight ||
	    piece->offset > flight->rx_have ||
	    piece->offset + piece->len > flight->rx_total)
		return BATON_ERR_PEER_SEQ;
	if (piece->len > flight->rx_longest)
		flight->rx_longest = piece->len;
	skip = (uint16_t)(flight->rx_have - piece->offset);
	if (skip < piece->len) {
		memcpy(flight->rx + flight->rx_have, piece->bytes + skip,
		       (size_t)(piece->len - skip));
		flight->rx_have = (uint16_t)(piece->offset + piece->len);
	}
	if (flight->rx_have < flight->rx_total)
		return BATON_ERR_AGAIN;
	if (flight->rx_total > SHORT_PAYLOAD &&
	    flight->rx_longest <= SHORT_PAYLOAD)
		flight->shorten = true;
	return BATON_OK;
}

bool baton_flight_ready(const struct baton_flight *flight)
{
	return flight->active && flight->tx_off < flight->tx_len;
}

size_t baton_flight_build(struct baton_flight *flight, uint8_t *dst,
			  uint16_t best, uint32_t now_ms)
{
	size_t len = (size_t)(flight->tx_len - flight->tx_off);
	size_t n;

	if (flight->shorten)
		best = BATON_PDU_MIN;
	if (len > (size_t)(best - BATON_PIECE_LEN))
		len = (size_t)(best - BATON_PIECE_LEN);
	n = baton_pdu_put_flight(dst, flight->tx_number, flight->tx_off,
				 flight->tx_len);
	memcpy(dst + n, flight->tx + flight->tx_off, len);
	n += len;
	flight->tx_off = (uint16_t)(flight->tx_off + len);
	flight->sent_ms = now_ms;
	if (n > flight->tx_pdu_len)
		flight->tx_pdu_len = (uint16_t)n;
	return n;
}

uint32_t baton_flight_deadline(const struct baton_flight *flight,
			       uint32_t interval_ms)
{
	uint32_t path = 3 * interval_ms;
	uint32_t wait = BATON_FLIGHT_FIRST_MS + path;
	uint8_t i;

	if (!flight->active || !flight->answer ||
	    flight->tx_off < flight->tx_len)
		return BATON_LINK_NEVER;
	for (i = 1; i < flight->tries && wait < BATON_FLIGHT_MAX_MS; i++)
		wait *= 2;
	return flight->sent_ms +
	       baton_link_earlier(wait, BATON_FLIGHT_MAX_MS + path);
}
