/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_SENDER_H
#define BATON_TRANSPORT_SENDER_H

/*
 * The sending half of one class (transport/SPEC.md A.3 to A.5): a byte stream
 * in a ring, cut into numbered units, sent, acknowledged, sent again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/pdu.h"
#include "transport/rtt.h"

/*
 *            build()               acknowledged
 *   (cut) ----------> SENT -------------------------> ACKED
 *                    |   ^                              ^
 *    overtaken, or   |   | build() sent its last byte   |
 *    timed out       v   |                              |
 *                    LOST ------------------------------+
 */
enum baton_unit_state {
	BATON_UNIT_SENT,
	BATON_UNIT_LOST,
	BATON_UNIT_ACKED,
};

struct baton_unit {
	uint32_t at; /* ring offset of its first byte */
	uint32_t order; /* of its last sending among all sendings */
	uint32_t sent_ms; /* of its last sending */
	uint16_t len;
	uint16_t resume; /* LOST: offset of the part to send next */
	uint16_t pdu_len; /* of its last sending, 0 if it went in parts */
	uint8_t state; /* enum baton_unit_state */
	uint8_t tries; /* sendings, up to 255 */
};

struct baton_sender {
	uint8_t *ring;
	struct baton_unit
		*units; /* unit una is units[una_at], and so on round */
	uint32_t ring_len;
	uint16_t window;
	uint8_t class_id;

	/* What start() sets to 0 begins here. */
	uint8_t backoff; /* timeouts in a row */
	uint32_t append_at; /* ring offset of the byte appended next */
	uint32_t cut_at; /* ring offset of the byte cut next */
	uint32_t held; /* bytes in the ring that are not acknowledged */
	uint32_t uncut; /* the last of these, which no unit has yet */
	uint32_t una; /* oldest unit not acknowledged */
	uint32_t next; /* unit to be cut next */
	uint32_t limit; /* units below it have credit */
	uint32_t order; /* of the next sending */
	uint32_t order_acked; /* newest sending known to have arrived, plus 1 */
	uint16_t lost; /* units in state LOST */
	uint16_t una_at; /* where unit una is */
	uint32_t payload; /* bytes put into DATA, repeated ones too; wraps */
	uint32_t progress_ms; /* when some unit arrived, or unit una went out */
	uint32_t timer_ms; /* what the next timeout counts from */
};

/* What of the path a sender needs to know to build a PDU. */
struct baton_sizes {
	uint16_t best; /* length to aim at */
	uint16_t trusted; /* longest known to go through */
};

/* What an acknowledgement taught. */
struct baton_ack_result {
	bool progress; /* something new was acknowledged */
	bool sampled; /* rtt_ms is a fresh round trip */
	uint32_t rtt_ms;
	uint16_t proven; /* a PDU of this length went through; 0: nothing new */
	uint32_t untrusted; /* PDUs longer than trusted found lost */
};

/* Bytes of memory for the units of a window. */
#define BATON_SENDER_UNITS_LEN(window) \
	((size_t)(window) * sizeof(struct baton_unit))

/*
 * Start empty. ring (ring_len bytes) and units (window of them) stay the
 * sender's; credit is the peer's window from its hello.
 */
void baton_sender_init(struct baton_sender *sender, uint8_t class_id,
		       uint8_t *ring, uint32_t ring_len,
		       struct baton_unit *units, uint16_t window);
void baton_sender_start(struct baton_sender *sender, uint8_t credit);

/* Bytes that append() would take now. */
static inline uint32_t baton_sender_room(const struct baton_sender *sender)
{
	return sender->ring_len - sender->held;
}

/* Bytes that no unit has been cut of yet. */
static inline uint32_t baton_sender_uncut(const struct baton_sender *sender)
{
	return sender->uncut;
}

/* Units out and not acknowledged. */
static inline uint32_t baton_sender_flight(const struct baton_sender *sender)
{
	return sender->next - sender->una;
}

/* Append len bytes; the caller has asked baton_sender_room(). */
void baton_sender_append(struct baton_sender *sender, const uint8_t *bytes,
			 uint32_t len);

/* True when bytes wait and only credit is missing. */
static inline bool baton_sender_starved(const struct baton_sender *sender)
{
	return sender->uncut > 0 &&
	       (int32_t)(sender->limit - sender->next) <= 0;
}

/* True when build() would give a PDU. */
bool baton_sender_ready(const struct baton_sender *sender);

/*
 * Write the next DATA block into dst. The PDU it ends has ahead bytes before
 * it; ahead + the block never exceeds sizes->best. Gives the block's length,
 * 0 if nothing may be sent or nothing fits.
 */
BATON_MUST_CHECK
size_t baton_sender_build(struct baton_sender *sender, uint8_t *dst,
			  size_t ahead, const struct baton_sizes *sizes,
			  uint32_t now_ms);

/*
 * Take an ACK; trusted is the longest PDU known to go through. PEER_SEQ: it
 * speaks of units that were never sent, or is older than what is known;
 * nothing changed.
 */
BATON_MUST_CHECK
enum baton_err baton_sender_ack(struct baton_sender *sender,
				const struct baton_block *ack, uint16_t trusted,
				uint32_t now_ms,
				struct baton_ack_result *result);

/*
 * True if the ACK of an ECHO takes back what was acknowledged when its PROBE
 * was sent (una then). No honest receiver does so (SPEC A.5).
 */
bool baton_sender_contradicts(uint32_t una, const struct baton_block *ack);

/*
 * An ECHO came: what was sent before its PROBE (order then) and is still not
 * acknowledged is lost. Gives how many of these were longer than trusted.
 */
uint32_t baton_sender_echoed(struct baton_sender *sender, uint32_t order,
			     uint16_t trusted);

/*
 * When the oldest unit times out: it is time to probe, and from the second
 * time in a row to resend it. BATON_LINK_NEVER if none is out.
 */
uint32_t baton_sender_deadline(const struct baton_sender *sender,
			       const struct baton_rtt *rtt);
void baton_sender_timeout(struct baton_sender *sender, uint32_t now_ms);

#endif
