/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_PDU_H
#define BATON_TRANSPORT_PDU_H

/* The PDU codec (transport/SPEC.md A.1, A.2): bytes to blocks and back. */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BATON_PDU_MAX 509 /* longest PDU, bytes */
/*
 * A PDU of this length fits every link: the least ATT MTU is 23, and 2 bytes
 * more are gone where a host sends a notification as one of several.
 */
#define BATON_PDU_MIN 18
#define BATON_MTU_MIN 21
#define BATON_MTU_MAX 517
#define BATON_PDU_BLOCKS 4 /* blocks a PDU has at most */
#define BATON_UNIT_MAX 508 /* payload of a DATA block, bytes */
#define BATON_WINDOW_MAX 128 /* units of a class in flight */
#define BATON_FLIGHT_MAX 1024 /* bytes of one flight */

/* Lengths of the headers in front of a payload. */
#define BATON_SHORT_LEN 1
#define BATON_LONG_LEN 2
#define BATON_PART_LEN 5
#define BATON_PIECE_LEN 3
#define BATON_ACK_LEN 4 /* without its bitmap */
#define BATON_ACK_MAX (BATON_ACK_LEN + 16)

/* Priority on the link, most urgent first. */
enum baton_class {
	BATON_CLASS_CONTROL = 0,
	BATON_CLASS_MESSAGE = 1,
	BATON_CLASS_BULK = 2,
};

#define BATON_CLASSES 3

enum baton_block_type {
	BATON_BLOCK_SHORT, /* DATA, 7 bits of number, class BULK */
	BATON_BLOCK_LONG, /* DATA, 12 bits of number */
	BATON_BLOCK_PART, /* DATA, some bytes of a unit */
	BATON_BLOCK_ACK,
	BATON_BLOCK_FLIGHT,
	BATON_BLOCK_PROBE,
	BATON_BLOCK_ECHO,
};

/* One block; which fields mean something depends on the type. */
struct baton_block {
	enum baton_block_type type;
	uint8_t class_id; /* all but FLIGHT, ECHO */
	uint8_t flight; /* FLIGHT: 0..7 */
	uint8_t token; /* PROBE, ECHO */
	uint8_t credit; /* ACK: 0..128 */
	uint16_t number; /* low bits: 7 for SHORT, else 12 */
	uint16_t offset; /* PART, FLIGHT */
	uint16_t total; /* PART, FLIGHT; 0 on a later piece of a flight */
	const uint8_t *bytes; /* payload, or bitmap of an ACK */
	uint16_t len;
};

/*
 * Take a PDU of len bytes apart into blocks (at most BATON_PDU_BLOCKS, *count
 * says how many); they point into pdu. Peer errors LENGTH and FORMAT: drop the
 * PDU, blocks is undefined. SPEC A.2.
 */
BATON_MUST_CHECK
enum baton_err baton_pdu_decode(const uint8_t *pdu, size_t len,
				struct baton_block blocks[BATON_PDU_BLOCKS],
				size_t *count);

/*
 * Write the header of a block at p and give its length. The caller has the
 * room: BATON_SHORT_LEN, BATON_LONG_LEN, BATON_PART_LEN, BATON_PIECE_LEN or
 * BATON_ACK_MAX bytes. Numbers are cut to the bits they have on the wire.
 */
size_t baton_pdu_put_short(uint8_t *p, uint32_t number);
size_t baton_pdu_put_long(uint8_t *p, uint8_t class_id, uint32_t number);
size_t baton_pdu_put_part(uint8_t *p, uint8_t class_id, uint32_t number,
			  uint16_t offset, uint16_t total);
/* total is that of the flight; it goes out at offset 0 only. */
size_t baton_pdu_put_flight(uint8_t *p, uint8_t flight, uint16_t offset,
			    uint16_t total);
size_t baton_pdu_put_probe(uint8_t *p, uint8_t class_id, uint8_t token);
size_t baton_pdu_put_echo(uint8_t *p, uint8_t token);

/*
 * Write a whole ACK into at most cap bytes (BATON_ACK_LEN or more); bitmap has
 * 16 bytes, of which as many go out as have a bit set, rounded up to 0, 2, 8
 * or 16, or as many of these as fit.
 */
size_t baton_pdu_put_ack(uint8_t *p, size_t cap, uint8_t class_id,
			 uint32_t next, uint8_t credit,
			 const uint8_t bitmap[16]);

#endif
