/* SPDX-License-Identifier: MIT */

/* PDUs: what decodes, encodes to the same again (transport/SPEC.md A.2). */

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "transport/facts.h"
#include "transport/pdu.h"

/* Write a block whole; its length. */
static size_t encode(uint8_t *p, const struct baton_block *block)
{
	uint8_t bitmap[16] = {0};
	size_t n = 0;

	switch (block->type) {
	case BATON_BLOCK_SHORT:
		n = baton_pdu_put_short(p, block->number);
		break;
	case BATON_BLOCK_LONG:
		n = baton_pdu_put_long(p, block->class_id, block->number);
		break;
	case BATON_BLOCK_PART:
		n = baton_pdu_put_part(p, block->class_id, block->number,
				       block->offset, block->total);
		break;
	case BATON_BLOCK_FLIGHT:
		n = baton_pdu_put_flight(p, block->flight, block->offset,
					 block->total);
		break;
	case BATON_BLOCK_PROBE:
		return baton_pdu_put_probe(p, block->class_id, block->token);
	case BATON_BLOCK_ECHO:
		return baton_pdu_put_echo(p, block->token);
	case BATON_BLOCK_ACK:
		memcpy(bitmap, block->bytes, block->len);
		return baton_pdu_put_ack(p, BATON_ACK_MAX, block->class_id,
					 block->number, block->credit, bitmap);
	}
	memcpy(p + n, block->bytes, block->len);
	return n + block->len;
}

/* ACKs are shortened to the bits that are set. */
static void check_ack(const uint8_t *p, size_t len,
		      const struct baton_block *ack)
{
	size_t i;

	FUZZ_CHECK(len >= BATON_ACK_LEN);
	FUZZ_CHECK(len <= (size_t)BATON_ACK_LEN + ack->len);
	FUZZ_CHECK(memcmp(p + BATON_ACK_LEN, ack->bytes, len - BATON_ACK_LEN) ==
		   0);
	for (i = len - BATON_ACK_LEN; i < ack->len; i++)
		FUZZ_CHECK(ack->bytes[i] == 0);
	FUZZ_CHECK(ack->credit <= BATON_WINDOW_MAX);
}

static void check_pdu_len(struct fuzz_input in)
{
	const struct baton_link_facts facts = {
		.mtu = fuzz_word(&in),
		.ll_len = fuzz_byte(&in),
		.interval_us = fuzz_word(&in) * 100u,
		.phy = fuzz_byte(&in),
	};
	uint16_t limit = fuzz_word(&in);
	uint16_t len = baton_facts_pdu_len(&facts, limit);

	FUZZ_CHECK(len >= BATON_PDU_MIN && len <= BATON_PDU_MAX);
	FUZZ_CHECK(len <= BATON_PDU_MIN || len + 3 <= facts.mtu);
	FUZZ_CHECK(len <= BATON_PDU_MIN || len <= limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baton_block blocks[BATON_PDU_BLOCKS], again[BATON_PDU_BLOCKS];
	uint8_t copy[BATON_PDU_MAX + BATON_ACK_MAX];
	const uint8_t *at = data;
	size_t count, count_again, i, n, len = 0;
	enum baton_err err;

	check_pdu_len((struct fuzz_input){data, size});
	err = baton_pdu_decode(data, size, blocks, &count);
	if (err) {
		FUZZ_CHECK(err == BATON_ERR_PEER_LENGTH ||
			   err == BATON_ERR_PEER_FORMAT);
		return 0;
	}
	FUZZ_CHECK(count >= 1 && count <= BATON_PDU_BLOCKS);
	for (i = 0; i < count; i++) {
		n = encode(copy + len, &blocks[i]);
		if (blocks[i].type == BATON_BLOCK_ACK) {
			check_ack(copy + len, n, &blocks[i]);
			at += (size_t)BATON_ACK_LEN + blocks[i].len;
		} else {
			FUZZ_CHECK(memcmp(copy + len, at, n) == 0);
			at += n;
		}
		FUZZ_CHECK(at <= data + size);
		len += n;
	}
	FUZZ_CHECK(at == data + size);
	FUZZ_CHECK(!baton_pdu_decode(copy, len, again, &count_again));
	FUZZ_CHECK(count_again == count);
	for (i = 0; i < count; i++)
		FUZZ_CHECK(again[i].type == blocks[i].type &&
			   again[i].class_id == blocks[i].class_id &&
			   again[i].number == blocks[i].number &&
			   again[i].total == blocks[i].total &&
			   again[i].offset == blocks[i].offset &&
			   again[i].credit == blocks[i].credit);
	return 0;
}
