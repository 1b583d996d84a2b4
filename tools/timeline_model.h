/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TIMELINE_MODEL_H
#define BATON_TOOLS_TIMELINE_MODEL_H

#include "tools/timeline.h"
#include "transport/pdu.h"

/* What a timeline knows of a run: filled by one half, drawn by the other. */

#define TIMELINE_NONE UINT32_MAX
#define TIMELINE_PREFIX 16 /* bytes by which a PDU is known again */
#define TIMELINE_NAME 48

/* What a packet or a PDU is there for: the most important thing in it. */
enum timeline_kind {
	TIMELINE_EMPTY, /* a packet without payload */
	TIMELINE_SETUP, /* ATT and link layer procedures */
	TIMELINE_ACK, /* acknowledgements, probes and echoes alone */
	TIMELINE_FLIGHT, /* handshake */
	TIMELINE_CONTROL,
	TIMELINE_MESSAGE,
	TIMELINE_BULK,
};
#define TIMELINE_KINDS 7

struct timeline_packet {
	uint64_t at_us;
	uint32_t air_us;
	uint32_t pdu; /* it is a part of, or TIMELINE_NONE */
	uint16_t len;
	uint16_t event;
	uint8_t from; /* enum baton_sim_side, here and below */
	uint8_t kind;
	uint8_t air; /* enum baton_sim_air */
	bool again;
};

struct timeline_pdu {
	uint64_t tx_us; /* given by the stack */
	uint64_t air_us; /* start of its first packet, 0: none */
	uint64_t air_end_us; /* end of its last packet */
	uint64_t rx_us; /* given to the other stack, 0: never */
	uint32_t link;
	uint32_t unit; /* number; TIMELINE_NONE: has no data */
	uint16_t len;
	uint8_t from;
	uint8_t kind;
	uint8_t class_id; /* of unit */
	uint8_t prefix_len;
	bool again; /* its unit went out before */
	bool completes; /* with it, its unit is there */
	bool lost; /* in a host, at lost_us */
	bool doubled; /* it came again */
	bool changed; /* it came shorter than it went */
	uint64_t lost_us;
	uint8_t prefix[TIMELINE_PREFIX];
};

struct timeline_record {
	uint64_t tx_us; /* its first byte was given to the controller */
	uint64_t rx_us; /* all of it is with the other stack, 0: never */
	uint32_t link;
	uint32_t last_unit; /* that has a byte of it */
	uint16_t len; /* of its body */
	uint8_t from;
	uint8_t class_id;
};

struct timeline_point {
	uint64_t at_us;
	uint64_t bytes;
};

struct timeline_message {
	uint64_t sent_us;
	uint64_t end_us; /* 0: open */
	uint64_t size;
	GArray *points; /* struct timeline_point: what was taken, when */
	uint8_t from;
	uint8_t outcome;
	char name[TIMELINE_NAME];
};

/* What a device is to its owner. */
enum timeline_is {
	TIMELINE_IS_OFF,
	TIMELINE_IS_ALONE, /* no link */
	TIMELINE_IS_LINKED, /* not authenticated yet */
	TIMELINE_IS_COMPARING,
	TIMELINE_IS_SECURE,
};
#define TIMELINE_IS_COUNT 5

struct timeline_state {
	uint64_t at_us;
	uint8_t state; /* enum timeline_is */
};

enum timeline_mark_kind {
	TIMELINE_MARK_ADVERT,
	TIMELINE_MARK_CONNECT,
	TIMELINE_MARK_DOWN,
	TIMELINE_MARK_WRITE,
	TIMELINE_MARK_STRANGE, /* a PDU that the other stack never gave */
};

struct timeline_mark {
	uint64_t at_us;
	uint8_t side;
	uint8_t kind; /* enum timeline_mark_kind */
	uint8_t reason; /* DOWN */
};

/* The byte stream of a class in one direction, on the present link. */
struct timeline_stream {
	uint32_t next_unit; /* to be sent */
	uint32_t next_rx; /* the lowest that has not arrived */
	GArray *got; /* bool by unit: it has arrived */
	uint8_t header[2];
	uint8_t header_len;
	uint32_t body_left;
	uint32_t newest; /* record */
	uint32_t first_open; /* record that is not complete, or NONE */
};

struct timeline_sender {
	uint32_t next_on_air; /* PDU that should begin next */
	uint32_t sdu_left; /* credit-based channel */
	uint32_t pdu; /* being sent, or NONE */
	uint8_t kind; /* of the newest packet */
	uint8_t sn;
	bool has_sent; /* on this link */
	struct timeline_stream stream[BATON_CLASSES];
};

struct baton_timeline {
	struct baton_sim_config config;
	uint64_t end_us;
	uint32_t links;
	uint32_t last_tx; /* PDU of the newest record, or NONE */
	GArray *packets, *pdus, *records, *messages, *marks;
	GArray *states[BATON_SIM_SIDES];
	struct timeline_sender sender[BATON_SIM_SIDES];
	bool linked[BATON_SIM_SIDES];
	bool fact[BATON_SIM_SIDES][BATON_TIMELINE_FACTS];
};

/* A PDU of from: into units and records. */
void baton_timeline_units(struct baton_timeline *timeline, uint32_t pdu,
			  const uint8_t *bytes, size_t len);
/* It has arrived. */
void baton_timeline_arrived(struct baton_timeline *timeline, uint32_t pdu);
/* A link begins: numbers start anew. */
void baton_timeline_new_link(struct baton_timeline *timeline);

#endif
