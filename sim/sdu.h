/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SDU_H
#define BATON_SIM_SDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a host gives its controller: one or more L2CAP PDUs, each with its
 * header, as they go on the air (Core 5.4, Vol 3 Part A, 3), or one LL
 * control PDU. Counted: the sender keeps it until the last fragment is
 * acknowledged, the receiver until its stack has seen it.
 */
enum baton_sim_kind {
	BATON_SIM_VALUE, /* a PDU of a stack */
	BATON_SIM_ATT, /* ATT of the hosts themselves */
	BATON_SIM_SIGNAL, /* L2CAP signalling */
	BATON_SIM_CONTROL, /* LL control */
};

#define BATON_SIM_CID_ATT 0x0004U
#define BATON_SIM_CID_SIGNAL 0x0005U
#define BATON_SIM_CID_COC 0x0040U

#define BATON_SIM_L2CAP_LEN 4U /* length, channel */
#define BATON_SIM_ATT_LEN 3U /* opcode, handle */
#define BATON_SIM_SDU_LEN 2U /* SDU length, in the first K-frame */

#define BATON_ATT_ERROR_RSP 0x01U
#define BATON_ATT_MTU_REQ 0x02U
#define BATON_ATT_MTU_RSP 0x03U
#define BATON_ATT_FIND_INFO_REQ 0x04U
#define BATON_ATT_FIND_INFO_RSP 0x05U
#define BATON_ATT_FIND_TYPE_REQ 0x06U
#define BATON_ATT_FIND_TYPE_RSP 0x07U
#define BATON_ATT_READ_TYPE_REQ 0x08U
#define BATON_ATT_READ_TYPE_RSP 0x09U
#define BATON_ATT_WRITE_REQ 0x12U
#define BATON_ATT_WRITE_RSP 0x13U
#define BATON_ATT_NOTIFY 0x1bU
#define BATON_ATT_NOTIFY_MULTIPLE 0x23U
#define BATON_ATT_WRITE_CMD 0x52U

/* The longest attribute value (Vol 3 Part F, 3.2.9). */
#define BATON_SIM_VALUE_MAX 512U

struct baton_sim_sdu {
	struct baton_sim_sdu *next; /* in the pool */
	uint32_t refs;
	uint32_t len;
	uint32_t value_off; /* where the value starts; K-frames: unused */
	uint32_t value_len;
	uint32_t link; /* of the receiving host that it came in on */
	uint64_t place; /* of a value among those it received; 0: it is not */
	enum baton_sim_kind kind;
	bool uncopied; /* its bytes are taken from a buffer when shown */
	uint8_t *data;
};

struct baton_sim_pool {
	struct baton_sim_sdu *free;
	size_t cap; /* of data */
};

/* cap: bytes of data in every SDU of the pool. */
void baton_sim_pool_init(struct baton_sim_pool *pool, size_t cap);
void baton_sim_pool_free(struct baton_sim_pool *pool);

/* An SDU with one reference and nothing in it. */
struct baton_sim_sdu *baton_sim_sdu_get(struct baton_sim_pool *pool,
					enum baton_sim_kind kind);
/* Give up one reference. */
void baton_sim_sdu_put(struct baton_sim_pool *pool, struct baton_sim_sdu *sdu);

/* Finish an SDU whose L2CAP payload of len bytes is at data + 4. */
void baton_sim_sdu_frame(struct baton_sim_sdu *sdu, uint16_t cid, size_t len);

/* The same for a value of len bytes, at data + 7: notification or write. */
void baton_sim_sdu_frame_value(struct baton_sim_sdu *sdu, uint8_t opcode,
			       uint16_t handle, size_t len);

/* Lay out value as K-frames of at most mps payload bytes. */
void baton_sim_sdu_frame_coc(struct baton_sim_sdu *sdu, const uint8_t *value,
			     size_t len, uint16_t mps);

/* How many K-frames, and bytes with headers, an SDU of len bytes takes. */
uint32_t baton_sim_coc_frames(size_t len, uint16_t mps);
size_t baton_sim_coc_len(size_t len, uint16_t mps);

/*
 * Put the value of K-frames together in dst (65535 bytes). The length, or
 * SIZE_MAX if the frames do not add up.
 */
size_t baton_sim_sdu_join(const struct baton_sim_sdu *sdu, uint8_t *dst);

#endif
