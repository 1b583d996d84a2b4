/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_LL_H
#define BATON_SIM_LL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/ll_control.h"
#include "sim/sdu.h"
#include "sim/sim.h"

/*
 * The link layer of a connection (Core 5.4, Vol 6 Part B, 4.5): connection
 * events, acknowledgement by SN and NESN, fragmentation, peripheral latency,
 * supervision timeout, termination.
 *
 *	anchor                                          next anchor
 *	| C->P | T_IFS | P->C | T_IFS | C->P | ...  T_IFS |
 *
 * One packet is on the air at a time. What a device sends next is decided
 * when it has received the packet before, T_IFS ahead.
 */
#define BATON_SIM_LL_QUEUE 32U
#define BATON_SIM_LL_LEN_MIN 27U /* before a data length update */

/* SDUs of one kind waiting in a controller, first in, first out. */
struct baton_sim_fifo {
	struct baton_sim_sdu *items[BATON_SIM_LL_QUEUE];
	uint32_t head;
	uint32_t len;
};

struct baton_sim_ll_side {
	bool linked; /* this controller has the connection */
	bool heard; /* it has received a packet: established */
	uint64_t valid_us; /* when it last received a valid packet */

	struct baton_sim_fifo data; /* L2CAP */
	struct baton_sim_fifo signal; /* L2CAP: waits for no credits */
	struct baton_sim_fifo control;
	uint32_t off; /* of the next fragment of the first SDU */
	uint32_t pdu_end; /* of the L2CAP PDU that off is in */
	uint32_t credits; /* K-frames it may still send */
	uint16_t ll_len; /* of the longest packet it may send */
	bool encrypts; /* what it sends from now on */
	bool paused; /* no data while encryption starts */
	bool ending; /* LL_TERMINATE_IND is queued */
	uint16_t control_at; /* event from which on its control PDUs go */

	/* The packet that is not acknowledged yet. */
	bool sent;
	struct baton_sim_fifo *sent_of; /* it is of the first of these */
	bool sent_mic;
	uint32_t sent_len;
	uint8_t sent_llid;
	uint8_t sn;
	uint8_t nesn;

	uint8_t bad_run; /* packets with a broken CRC in a row, this event */
	uint32_t event_pdus; /* non-empty packets sent in this event */
	uint8_t terminate; /* reason the peer gave: ends with our next packet */
};

struct baton_sim_packet {
	enum baton_sim_side from;
	const uint8_t *data;
	uint32_t len;
	uint32_t air_us;
	uint64_t start_us;
	uint8_t llid;
	uint8_t sn;
	uint8_t nesn;
	bool md;
	bool last; /* ends its SDU */
	struct baton_sim_sdu *sdu; /* that it is part of, or NULL */
};

struct baton_sim_ll {
	struct baton_sim_ll_side side[BATON_SIM_SIDES];
	uint32_t
		generation; /* counts connections: stale timers are told by it */
	/* As they are now; what the configuration says is for later. */
	enum baton_phy phy;
	uint32_t interval_us;
	uint16_t latency;
	uint64_t timeout_us;
	struct baton_sim_ll_control control;
	uint16_t event;
	uint64_t anchor_us; /* of this event */
	uint64_t next_anchor_us;
	bool listening; /* the watch takes part in this event */
	uint32_t skipped; /* events it has slept through in a row */
	bool missed; /* it heard nothing in the event before */
	uint64_t synced_us; /* the last anchor it heard */
	struct baton_sim_packet packet; /* on the air */
	bool central_md; /* in its last packet */
};

/*
 * Begin a connection with its first anchor at anchor_us. peer: the watch
 * knows of it, too (it received the CONNECT_IND).
 */
void baton_sim_ll_start(struct baton_sim *sim, uint64_t anchor_us, bool peer);

/* Queue an SDU (its reference goes to the link layer). */
void baton_sim_ll_send(struct baton_sim *sim, enum baton_sim_side side,
		       struct baton_sim_sdu *sdu);

/* The receiver gave credits for K-frames to `side`. */
void baton_sim_ll_credit(struct baton_sim *sim, enum baton_sim_side side,
			 uint32_t credits);

/* As baton_sim_disconnect(). */
void baton_sim_ll_disconnect(struct baton_sim *sim, enum baton_sim_side side,
			     uint8_t reason);

/* One controller gives the connection up at once. */
void baton_sim_ll_drop(struct baton_sim *sim, enum baton_sim_side side,
		       uint8_t reason);

/* Its supervision timer starts again, with the timeout as it is now. */
void baton_sim_ll_supervise(struct baton_sim *sim, enum baton_sim_side side);

/* Give back what the queues hold. */
void baton_sim_ll_free(struct baton_sim *sim);

#endif
