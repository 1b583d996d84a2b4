/* SPDX-License-Identifier: MIT */
#include "transport/pdu.h"

#include <string.h>

#include "base/bytes.h"

#define NUMBER_MASK 0x0fff
#define PIECE_FIRST 0x8000
#define PIECE_RESERVED 0x7000

static const uint8_t bitmap_lens[4] = {0, 2, 8, 16};

static enum baton_err decode_data(const uint8_t *p, size_t len,
				  struct baton_block *block)
{
	uint8_t first = p[0];
	size_t header;

	if (!(first & 0x80)) {
		header = BATON_SHORT_LEN;
		block->type = BATON_BLOCK_SHORT;
		block->class_id = BATON_CLASS_BULK;
		block->number = first;
	} else if (!(first & 0x40)) {
		header = BATON_LONG_LEN;
		if (len < header)
			return BATON_ERR_PEER_LENGTH;
		block->type = BATON_BLOCK_LONG;
		block->class_id = first >> 4 & 3;
		block->number = baton_load_be16(p) & NUMBER_MASK;
	} else {
		header = BATON_PART_LEN;
		if (len < header)
			return BATON_ERR_PEER_LENGTH;
		block->type = BATON_BLOCK_PART;
		block->class_id = first >> 3 & 3;
		block->number = baton_load_be16(p + 1);
		block->total = (uint16_t)((first & 4) << 6 | p[3]);
		block->offset = (uint16_t)((first & 2) << 7 | p[4]);
		if (first & 1 || block->number > NUMBER_MASK)
			return BATON_ERR_PEER_FORMAT;
	}
	if (block->class_id >= BATON_CLASSES)
		return BATON_ERR_PEER_FORMAT;
	len -= header;
	if (len == 0 || len > BATON_UNIT_MAX)
		return BATON_ERR_PEER_LENGTH;
	block->bytes = p + header;
	block->len = (uint16_t)len;
	if (block->type != BATON_BLOCK_PART) {
		block->total = block->len;
		block->offset = 0;
	}
	if (block->total > BATON_UNIT_MAX ||
	    block->offset + block->len > block->total)
		return BATON_ERR_PEER_LENGTH;
	return BATON_OK;
}

static enum baton_err decode_ack(const uint8_t *p, size_t len,
				 struct baton_block *block, size_t *used)
{
	uint8_t first = p[0];
	size_t bitmap_len = bitmap_lens[first & 3];

	if (len < BATON_ACK_LEN + bitmap_len)
		return BATON_ERR_PEER_LENGTH;
	block->type = BATON_BLOCK_ACK;
	block->class_id = first >> 2 & 3;
	block->number = baton_load_be16(p + 1);
	block->credit = p[3];
	block->bytes = p + BATON_ACK_LEN;
	block->len = (uint16_t)bitmap_len;
	if (block->class_id >= BATON_CLASSES || block->number > NUMBER_MASK ||
	    block->credit > BATON_WINDOW_MAX)
		return BATON_ERR_PEER_FORMAT;
	*used = BATON_ACK_LEN + bitmap_len;
	return BATON_OK;
}

static enum baton_err decode_flight(const uint8_t *p, size_t len,
				    struct baton_block *block)
{
	uint16_t field;

	if (len <= BATON_PIECE_LEN)
		return BATON_ERR_PEER_LENGTH;
	field = baton_load_be16(p + 1);
	if (field & PIECE_RESERVED)
		return BATON_ERR_PEER_FORMAT;
	block->type = BATON_BLOCK_FLIGHT;
	block->flight = p[0] & 7;
	block->bytes = p + BATON_PIECE_LEN;
	block->len = (uint16_t)(len - BATON_PIECE_LEN);
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

BATON_NOT_INLINE
static enum baton_err decode_block(const uint8_t *p, size_t len,
				   struct baton_block *block, size_t *used)
{
	*used = len;
	if (p[0] < 0xe0)
		return decode_data(p, len, block);
	if (p[0] < 0xf0)
		return decode_ack(p, len, block, used);
	if (p[0] < 0xf8)
		return decode_flight(p, len, block);
	if (p[0] == 0xf8) {
		if (len != 3)
			return BATON_ERR_PEER_LENGTH;
		block->type = BATON_BLOCK_PROBE;
		block->class_id = p[1];
		block->token = p[2];
		return block->class_id < BATON_CLASSES ? BATON_OK
						       : BATON_ERR_PEER_FORMAT;
	}
	if (p[0] == 0xf9) {
		if (len < 2 + BATON_ACK_LEN)
			return BATON_ERR_PEER_LENGTH;
		if ((p[2] & 0xf0) != 0xe0)
			return BATON_ERR_PEER_FORMAT;
		block->type = BATON_BLOCK_ECHO;
		block->token = p[1];
		*used = 2;
		return BATON_OK;
	}
	return BATON_ERR_PEER_FORMAT;
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
