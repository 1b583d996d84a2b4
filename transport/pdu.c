/* SPDX-License-Identifier: MIT */
#include "transport/pdu.h"

#include <string.h>

#include "base/bytes.h"

#define NUMBER_MASK 0x0fff
#define PIECE_FIRST 0x8000
#define PIECE_RESERVED 0x7000

static const uint8_t bitmap_lens[4] = {0, 2, 8, 16};

/* By enum baton_block_type, which is in the order of their first bytes. */
static const struct {
	uint8_t last; /* first byte of a block, the greatest */
	uint8_t least; /* bytes that it has at least */
	uint8_t header; /* of these */
} forms[] = {
	[BATON_BLOCK_SHORT] = {0x7f, BATON_SHORT_LEN + 1, BATON_SHORT_LEN},
	[BATON_BLOCK_LONG] = {0xbf, BATON_LONG_LEN + 1, BATON_LONG_LEN},
	[BATON_BLOCK_PART] = {0xdf, BATON_PART_LEN + 1, BATON_PART_LEN},
	[BATON_BLOCK_ACK] = {0xef, BATON_ACK_LEN, BATON_ACK_LEN},
	[BATON_BLOCK_FLIGHT] = {0xf7, BATON_PIECE_LEN + 1, BATON_PIECE_LEN},
	[BATON_BLOCK_PROBE] = {0xf8, 3, 3},
	[BATON_BLOCK_ECHO] = {0xf9, 2 + BATON_ACK_LEN, 2},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

static enum baton_err decode_piece(uint16_t field, struct baton_block *block)
{
	if (field & PIECE_RESERVED)
		return BATON_ERR_PEER_FORMAT;
	if (field & PIECE_FIRST)
		block->total = field & NUMBER_MASK;
	else
		block->offset = field;
	if (block->offset + block->len > BATON_FLIGHT_MAX ||
	    block->total > BATON_FLIGHT_MAX)
		return BATON_ERR_PEER_LENGTH;
	if (field & PIECE_FIRST ? block->len > block->total
				: block->offset == 0)
		return BATON_ERR_PEER_LENGTH;
	return BATON_OK;
}

/* The fields in front of the payload, and how long an ACK is. */
static enum baton_err decode_header(const uint8_t *p, struct baton_block *block)
{
	uint8_t first = p[0];

	switch (block->type) {
	case BATON_BLOCK_SHORT:
		block->class_id = BATON_CLASS_BULK;
		block->number = first;
		block->total = block->len;
		break;
	case BATON_BLOCK_LONG:
		block->class_id = first >> 4 & 3;
		block->number = baton_load_be16(p) & NUMBER_MASK;
		block->total = block->len;
		break;
	case BATON_BLOCK_PART:
		block->class_id = first >> 3 & 3;
		block->number = baton_load_be16(p + 1);
		block->total = (uint16_t)((first & 4) << 6 | p[3]);
		block->offset = (uint16_t)((first & 2) << 7 | p[4]);
		if (first & 1)
			return BATON_ERR_PEER_FORMAT;
		break;
	case BATON_BLOCK_ACK:
		if (block->len < bitmap_lens[first & 3])
			return BATON_ERR_PEER_LENGTH;
		block->class_id = first >> 2 & 3;
		block->number = baton_load_be16(p + 1);
		block->credit = p[3];
		block->len = bitmap_lens[first & 3];
		break;
	case BATON_BLOCK_FLIGHT:
		block->flight = first & 7;
		return decode_piece(baton_load_be16(p + 1), block);
	case BATON_BLOCK_PROBE:
		block->class_id = p[1];
		block->token = p[2];
		return block->len > 0 ? BATON_ERR_PEER_LENGTH : BATON_OK;
	case BATON_BLOCK_ECHO:
		block->token = p[1];
		/* Its ACK is a block by itself. */
		block->len = 0;
		if ((p[2] & 0xf0) != 0xe0)
			return BATON_ERR_PEER_FORMAT;
		break;
	}
	return BATON_OK;
}

BATON_NOT_INLINE
static enum baton_err decode_block(const uint8_t *p, size_t len,
				   struct baton_block *block, size_t *used)
{
	enum baton_block_type type = BATON_BLOCK_SHORT;
	enum baton_err err;

	while (type < FORMS && p[0] > forms[type].last)
		type++;
	if (type == FORMS)
		return BATON_ERR_PEER_FORMAT;
	if (len < forms[type].least)
		return BATON_ERR_PEER_LENGTH;
	block->type = type;
	block->bytes = p + forms[type].header;
	block->len = (uint16_t)(len - forms[type].header);
	err = decode_header(p, block);
	if (err)
		return err;
	if (block->class_id >= BATON_CLASSES || block->number > NUMBER_MASK ||
	    block->credit > BATON_WINDOW_MAX)
		return BATON_ERR_PEER_FORMAT;
	if (type <= BATON_BLOCK_PART &&
	    (block->total > BATON_UNIT_MAX ||
	     block->offset + block->len > block->total))
		return BATON_ERR_PEER_LENGTH;
	*used = (size_t)forms[type].header + block->len;
	return BATON_OK;
}

enum baton_err baton_pdu_decode(const uint8_t *pdu, size_t len,
				struct baton_block blocks[BATON_PDU_BLOCKS],
				size_t *count)
{
	enum baton_err err;
	size_t used;

	*count = 0;
	if (len == 0 || len > BATON_PDU_MAX)
		return BATON_ERR_PEER_LENGTH;
	while (len > 0) {
		if (*count == BATON_PDU_BLOCKS)
			return BATON_ERR_PEER_FORMAT;
		memset(&blocks[*count], 0, sizeof(blocks[*count]));
		err = decode_block(pdu, len, &blocks[*count], &used);
		if (err)
			return err;
		(*count)++;
		pdu += used;
		len -= used;
	}
	return BATON_OK;
}

size_t baton_pdu_put_short(uint8_t *p, uint32_t number)
{
	p[0] = number & 0x7f;
	return BATON_SHORT_LEN;
}

size_t baton_pdu_put_long(uint8_t *p, uint8_t class_id, uint32_t number)
{
	p[0] = (uint8_t)(0x80u | (uint32_t)class_id << 4 |
			 (number >> 8 & 0x0f));
	p[1] = (uint8_t)number;
	return BATON_LONG_LEN;
}

size_t baton_pdu_put_part(uint8_t *p, uint8_t class_id, uint32_t number,
			  uint16_t offset, uint16_t total)
{
	p[0] = (uint8_t)(0xc0 | class_id << 3 | (total >> 6 & 4) |
			 (offset >> 7 & 2));
	baton_store_be16(p + 1, number & NUMBER_MASK);
	p[3] = (uint8_t)total;
	p[4] = (uint8_t)offset;
	return BATON_PART_LEN;
}

size_t baton_pdu_put_flight(uint8_t *p, uint8_t flight, uint16_t offset,
			    uint16_t total)
{
	p[0] = (uint8_t)(0xf0 | flight);
	baton_store_be16(p + 1,
			 offset ? offset : (uint16_t)(PIECE_FIRST | total));
	return BATON_PIECE_LEN;
}

size_t baton_pdu_put_probe(uint8_t *p, uint8_t class_id, uint8_t token)
{
	p[0] = 0xf8;
	p[1] = class_id;
	p[2] = token;
	return 3;
}

size_t baton_pdu_put_echo(uint8_t *p, uint8_t token)
{
	p[0] = 0xf9;
	p[1] = token;
	return 2;
}

size_t baton_pdu_put_ack(uint8_t *p, size_t cap, uint8_t class_id,
			 uint32_t next, uint8_t credit,
			 const uint8_t bitmap[16])
{
	uint8_t code = 0;
	uint8_t i;

	for (i = 0; i < 16; i++)
		if (bitmap[i])
			while (bitmap_lens[code] <= i)
				code++;
	while (BATON_ACK_LEN + (size_t)bitmap_lens[code] > cap)
		code--;
	p[0] = (uint8_t)(0xe0 | class_id << 2 | code);
	baton_store_be16(p + 1, next & NUMBER_MASK);
	p[3] = credit;
	memcpy(p + BATON_ACK_LEN, bitmap, bitmap_lens[code]);
	return (size_t)BATON_ACK_LEN + bitmap_lens[code];
}
