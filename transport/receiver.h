/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_RECEIVER_H
#define BATON_TRANSPORT_RECEIVER_H

/*
 * The receiving half of one class (transport/SPEC.md A.3 to A.6): units into
 * order, units into records, and what is owed to the sender.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/pdu.h"

#define BATON_RECORD_HEADER_LEN 2
#define BATON_RECORD_TAIL_LEN 16
#define BATON_RECORD_LEN_MASK 0x3fff
#define BATON_CONTROL_RECORD_MAX 512 /* plaintext of a CONTROL record */

/* The longest plaintext of a class, where other classes have record_max. */
static inline uint16_t baton_class_record_max(int class_id, uint16_t record_max)
{
	return class_id == BATON_CLASS_CONTROL ? BATON_CONTROL_RECORD_MAX
					       : record_max;
}

/*
 * The prefix of a unit that is here; unit taken is slots[taken_at], and so on
 * round.
 */
struct baton_slot {
	uint16_t have;
	uint16_t total; /* 0: nothing known yet */
};

struct baton_receiver {
	uint8_t *bytes; /* window times unit_max */
	struct baton_slot *slots;
	uint8_t *record; /* header and body of the record being put together */
	uint16_t record_cap; /* header and longest body */
	uint16_t unit_max;
	uint16_t window;
	uint8_t class_id;

	/* What start() sets to 0 begins here. */
	bool broken; /* a record length was out of range */
	uint16_t record_have;
	uint16_t record_want; /* its length, as far as that is known */
	uint16_t taken_off; /* bytes of unit taken already put there */
	uint16_t longest; /* unit that came whole as one part */
	uint32_t taken; /* units below it were put into records */
	uint32_t next; /* lowest unit not here whole */
	uint32_t high; /* one past the highest unit seen */
	uint32_t told; /* next of the last ACK */
	uint32_t told_limit; /* next + credit of the last ACK */
	uint32_t moved_ms; /* next or the credit told went up */
	uint16_t taken_at; /* where unit taken is */
	uint32_t ack_due_ms; /* 0: at once, BATON_LINK_NEVER: none is owed */
	uint32_t ack_until_ms; /* the latest it may be put off to */
};

/* Bytes of memory for a window, for units of at most unit_max bytes. */
#define BATON_RECEIVER_BYTES_LEN(window, unit_max) \
	((size_t)(window) * (unit_max))
#define BATON_RECEIVER_SLOTS_LEN(window) \
	((size_t)(window) * sizeof(struct baton_slot))
#define BATON_RECEIVER_RECORD_LEN(record_max) \
	((size_t)(record_max) + BATON_RECORD_HEADER_LEN + BATON_RECORD_TAIL_LEN)

/*
 * All memory stays the receiver's: bytes and slots for window units, record
 * for BATON_RECEIVER_RECORD_LEN(record_max) bytes.
 */
void baton_receiver_init(struct baton_receiver *receiver, uint8_t class_id,
			 uint8_t *bytes, struct baton_slot *slots,
			 uint16_t window, uint16_t unit_max, uint8_t *record,
			 uint16_t record_max);

/* Start empty, for a new link. */
void baton_receiver_start(struct baton_receiver *receiver);

/*
 * Take a DATA block; interval_ms: the connection interval, 0: not known.
 * PEER_SEQ: outside the window, or a part that does not join on; PEER_LIMIT:
 * longer than was allowed; both dropped.
 */
BATON_MUST_CHECK
enum baton_err baton_receiver_data(struct baton_receiver *receiver,
				   const struct baton_block *data,
				   uint32_t interval_ms, uint32_t now_ms);

/*
 * The next record, header and body, once it is whole: *bytes points to it
 * until release(). BATON_ERR_AGAIN: not yet. BATON_ERR_PROTOCOL: its length
 * is out of range; the link is finished.
 */
BATON_MUST_CHECK
enum baton_err baton_receiver_record(struct baton_receiver *receiver,
				     uint8_t **bytes, size_t *len);

/* The record given last has been used. */
void baton_receiver_release(struct baton_receiver *receiver);

/* When an ACK is due; 0: now, BATON_LINK_NEVER: none is owed. */
static inline uint32_t
baton_receiver_ack_deadline(const struct baton_receiver *receiver)
{
	return receiver->ack_due_ms;
}

/* Write the ACK into cap bytes (BATON_ACK_LEN or more); the debt is paid. */
size_t baton_receiver_ack(struct baton_receiver *receiver, uint8_t *dst,
			  size_t cap, uint32_t now_ms);

/*
 * True while a record has begun and the sender, which has credit, still owes
 * the rest of it: since moved_ms.
 */
bool baton_receiver_partial(const struct baton_receiver *receiver);

#endif
