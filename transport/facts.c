/* SPDX-License-Identifier: MIT */
#include "transport/facts.h"

#include "transport/pdu.h"

#define LL_LEN_DEFAULT 251
#define HEADERS_LEN 7u /* L2CAP header 4, ATT opcode and handle 3 */
#define LEAST (BATON_PDU_MIN + HEADERS_LEN)
#define MOST (BATON_PDU_MAX + HEADERS_LEN)
#define HELD 2 /* PDUs that a controller usually holds */
#define URGENT_LEN 47 /* a short control record, headers included */
#define ANSWER_LEN 16 /* what an ACK adds to the other side's packet */
#define FIT_GAIN 2 /* times the loss, for a shorter PDU to be worth it */

/* What moving a byte takes, and what an LL PDU takes beside its bytes, us. */
struct air {
	uint32_t byte_us, pdu_us;
	uint32_t d; /* LL data length */
};

/* All lengths below are those of PDUs with their headers. */

static uint32_t time_us(uint32_t len, struct air air)
{
	return len * air.byte_us + (len + air.d - 1) / air.d * air.pdu_us;
}

/*
 * The longest of which a controller may hold two while a short control record
 * still goes out in the same connection event.
 */
static uint32_t held_len(uint32_t interval_us, struct air air)
{
	uint32_t urgent_us = time_us(URGENT_LEN, air);
	uint32_t each_us, len;

	each_us =
		interval_us > urgent_us ? (interval_us - urgent_us) / HELD : 0;
	len = each_us / time_us(air.d, air) * air.d;
	if (len == 0 && each_us > air.pdu_us)
		len = (each_us - air.pdu_us) / air.byte_us;
	return len;
}

/* len, or what fills LL PDUs if that moves more per time. */
static uint32_t filling_len(uint32_t len, struct air air)
{
	uint32_t full = len / air.d * air.d;

	if (full >= LEAST && (full - HEADERS_LEN) * time_us(len, air) >
				     (len - HEADERS_LEN) * time_us(full, air))
		return full;
	return len;
}

/* len, or a little less where one more then fits a connection event. */
static uint32_t fitting_len(uint32_t len, uint32_t interval_us, struct air air)
{
	uint32_t left_us = interval_us - ANSWER_LEN * air.byte_us;
	uint32_t fit = left_us / time_us(len, air);
	uint32_t each_us = left_us / (fit + 1);
	uint32_t less;

	if (len > air.d || fit == 0 || each_us < air.pdu_us)
		return len;
	less = len - (each_us - air.pdu_us) / air.byte_us;
	if (FIT_GAIN * fit * less > len || less + LEAST > len)
		return len;
	return len - less;
}

uint16_t baton_facts_pdu_len(const struct baton_link_facts *facts,
			     uint16_t peer_max)
{
	static const struct {
		uint8_t byte_us;
		uint16_t pdu_us;
	} phys[] = {{8, 492}, {8, 492}, {4, 404}, {64, 1996}};
	const struct air air = {
		.byte_us = phys[facts->phy & 3].byte_us,
		.pdu_us = phys[facts->phy & 3].pdu_us,
		.d = facts->ll_len ? facts->ll_len : LL_LEN_DEFAULT,
	};
	/* An interval that is not known limits nothing. */
	uint32_t interval_us =
		facts->interval_us ? facts->interval_us : UINT32_MAX;
	uint32_t len = held_len(interval_us, air);

	if (len > MOST)
		len = MOST;
	if (len > peer_max + HEADERS_LEN)
		len = peer_max + HEADERS_LEN;
	if (len > facts->mtu - 3 + HEADERS_LEN)
		len = facts->mtu - 3 + HEADERS_LEN;
	if (len < LEAST || facts->mtu < BATON_MTU_MIN)
		len = LEAST;
	len = fitting_len(filling_len(len, air), interval_us, air);
	return (uint16_t)(len - HEADERS_LEN);
}
