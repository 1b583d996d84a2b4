/* SPDX-License-Identifier: MIT */
#include "sim/sdu.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/alloc.h"

void baton_sim_pool_init(struct baton_sim_pool *pool, size_t cap)
{
	pool->free = NULL;
	pool->cap = cap;
}

void baton_sim_pool_free(struct baton_sim_pool *pool)
{
	while (pool->free) {
		struct baton_sim_sdu *sdu = pool->free;

		pool->free = sdu->next;
		free(sdu->data);
		free(sdu);
	}
}

struct baton_sim_sdu *baton_sim_sdu_get(struct baton_sim_pool *pool,
					enum baton_sim_kind kind)
{
	struct baton_sim_sdu *sdu = pool->free;

	if (sdu) {
		pool->free = sdu->next;
	} else {
		sdu = baton_sim_realloc(NULL, sizeof(*sdu));
		sdu->data = baton_sim_realloc(NULL, pool->cap);
	}
	sdu->next = NULL;
	sdu->refs = 1;
	sdu->len = 0;
	sdu->value_off = 0;
	sdu->value_len = 0;
	sdu->uncopied = false;
	sdu->place = 0;
	sdu->kind = kind;
	return sdu;
}

void baton_sim_sdu_put(struct baton_sim_pool *pool, struct baton_sim_sdu *sdu)
{
	if (--sdu->refs)
		return;
	sdu->next = pool->free;
	pool->free = sdu;
}

void baton_sim_sdu_frame(struct baton_sim_sdu *sdu, uint16_t cid, size_t len)
{
	baton_store_le16(sdu->data, (uint16_t)len);
	baton_store_le16(sdu->data + 2, cid);
	sdu->len = (uint32_t)(BATON_SIM_L2CAP_LEN + len);
	sdu->value_off = BATON_SIM_L2CAP_LEN;
	sdu->value_len = (uint32_t)len;
}

void baton_sim_sdu_frame_value(struct baton_sim_sdu *sdu, uint8_t opcode,
			       uint16_t handle, size_t len)
{
	baton_sim_sdu_frame(sdu, BATON_SIM_CID_ATT, BATON_SIM_ATT_LEN + len);
	sdu->data[4] = opcode;
	baton_store_le16(sdu->data + 5, handle);
	sdu->value_off = BATON_SIM_L2CAP_LEN + BATON_SIM_ATT_LEN;
	sdu->value_len = (uint32_t)len;
}

uint32_t baton_sim_coc_frames(size_t len, uint16_t mps)
{
	return (uint32_t)((BATON_SIM_SDU_LEN + len + mps - 1) / mps);
}

size_t baton_sim_coc_len(size_t len, uint16_t mps)
{
	return BATON_SIM_SDU_LEN + len +
	       (size_t)BATON_SIM_L2CAP_LEN * baton_sim_coc_frames(len, mps);
}

void baton_sim_sdu_frame_coc(struct baton_sim_sdu *sdu, const uint8_t *value,
			     size_t len, uint16_t mps)
{
	size_t left = BATON_SIM_SDU_LEN + len;
	uint8_t *p = sdu->data;

	while (left) {
		size_t frame = left < mps ? left : mps;
		size_t head = p == sdu->data ? BATON_SIM_SDU_LEN : 0;

		baton_store_le16(p, (uint16_t)frame);
		baton_store_le16(p + 2, BATON_SIM_CID_COC);
		p += BATON_SIM_L2CAP_LEN;
		if (head)
			baton_store_le16(p, (uint16_t)len);
		if (frame > head)
			memcpy(p + head, value, frame - head);
		value += frame - head;
		p += frame;
		left -= frame;
	}
	sdu->len = (uint32_t)(p - sdu->data);
	sdu->value_len = (uint32_t)len;
}

size_t baton_sim_sdu_join(const struct baton_sim_sdu *sdu, uint8_t *dst)
{
	const uint8_t *p = sdu->data;
	const uint8_t *end = p + sdu->len;
	size_t want = 0;
	size_t have = 0;

	while (end - p >= (ptrdiff_t)BATON_SIM_L2CAP_LEN) {
		size_t frame = baton_load_le16(p);

		if (baton_load_le16(p + 2) != BATON_SIM_CID_COC)
			return SIZE_MAX;
		p += BATON_SIM_L2CAP_LEN;
		if (frame > (size_t)(end - p))
			return SIZE_MAX;
		if (p == sdu->data + BATON_SIM_L2CAP_LEN) {
			if (frame < BATON_SIM_SDU_LEN)
				return SIZE_MAX;
			want = baton_load_le16(p);
			p += BATON_SIM_SDU_LEN;
			frame -= BATON_SIM_SDU_LEN;
		}
		if (frame > want - have)
			return SIZE_MAX;
		memcpy(dst + have, p, frame);
		have += frame;
		p += frame;
	}
	return p == end && have == want ? have : SIZE_MAX;
}
