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
#define INTERVAL_MAX_US (1u << 22) /* longer than any: it limits nothing */

/* What moving a byte takes, and what an LL PDU takes beside its bytes, us. */
struct air {
	uint32_t byte_us, pdu_us;
	uint32_t d; /* LL data length */
};

/* All lengths below are those of PDUs with their headers. */

static uint32_t time_us(uint32_t len, const struct air *air)
{
	return len * air->byte_us + (len + air->d - 1) / air->d * air->pdu_us;
}

/*
 * What PDUs of len bytes, each_us long, move in two intervals: in one where
 * they follow each other without end, and in one of whole PDUs that fit.
 */
static uint32_t moved(uint32_t len, uint32_t each_us, uint32_t interval_us,
		      const struct air *air)
{
	uint32_t bytes = len - HEADERS_LEN;
	uint32_t even = bytes * interval_us / each_us;

	/* A PDU of several LL PDUs may begin in one event and end in another. */
	if (len > air->d || interval_us == INTERVAL_MAX_US)
		return 2 * even;
	interval_us -= ANSWER_LEN * air->byte_us;
	return even + interval_us / each_us * bytes;
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
	uint32_t interval_us = facts->interval_us;
	uint32_t urgent_us = time_us(URGENT_LEN, &air);
	uint32_t len = MOST;
	uint32_t each_us, now, best = LEAST, most = 0;

	if (interval_us - 1 >= INTERVAL_MAX_US)
		interval_us = INTERVAL_MAX_US;
	if (len > peer_max + HEADERS_LEN)
		len = peer_max + HEADERS_LEN;
	for (; len > LEAST; len--) {
		each_us = time_us(len, &air);
		now = moved(len, each_us, interval_us, &air);
		if (len + 3 <= facts->mtu + HEADERS_LEN && now > most &&
		    HELD * each_us + urgent_us <= interval_us) {
			most = now;
			best = len;
		}
	}
	return (uint16_t)(best - HEADERS_LEN);
}
