/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_LINK_H
#define BATON_TRANSPORT_LINK_H

/*
 * One link: opaque records and flights over PDUs that may be lost, doubled,
 * late or hostile (transport/SPEC.md part A). Sans-IO: see session/session.h,
 * which drives it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/facts.h"
#include "transport/flight.h"
#include "transport/pdu.h"
#include "transport/receiver.h"
#include "transport/rtt.h"
#include "transport/sender.h"

#define BATON_CONTROL_WINDOW_MIN 16 /* so that control never waits */
#define BATON_RECORD_MIN 512 /* least record_max, bytes */
#define BATON_RECORD_MAX 8192 /* greatest record_max, bytes */
#define BATON_RING_MAX (1ul << 24) /* greatest ring, bytes */

/* Sizes the caller chooses; all memory follows from them. */
struct baton_link_config {
	uint16_t pdu_max; /* longest PDU taken, 18..509 */
	uint16_t record_max; /* longest record plaintext, both ways */
	uint16_t window[BATON_CLASSES]; /* 1..128 units, CONTROL 16 or more */
	uint32_t ring[BATON_CLASSES]; /* sender's ring, bytes, to RING_MAX */
};

/*
 * What a Linux host or a phone can afford, and a watch with little memory.
 * A ring holds at least one record: record_max + 18 bytes.
 */
#define BATON_LINK_CONFIG_LARGE                                              \
	{                                                                    \
		.pdu_max = 509, .record_max = 4096, .window = {16, 32, 128}, \
		.ring = {                                                    \
			2048,                                                \
			16384,                                               \
			65536                                                \
		}                                                            \
	}
#define BATON_LINK_CONFIG_SMALL                                           \
	{                                                                 \
		.pdu_max = 244, .record_max = 1024, .window = {16, 4, 8}, \
		.ring = {                                                 \
			1024,                                             \
			1536,                                             \
			3072                                              \
		}                                                         \
	}

struct baton_link_stats {
	uint32_t tx_pdus, rx_pdus; /* given to tx(); that rx() took */
	uint32_t tx_data_pdus, tx_ack_pdus; /* with data; acks alone */
	uint32_t tx_resent; /* units or parts sent again */
	uint32_t rx_dropped; /* PDUs dropped as bad input */
	uint64_t tx_bytes, rx_bytes; /* of all these PDUs */
	uint64_t tx_bulk_bytes; /* of records in BULK, repeated ones too */
};

/* Both halves of a class. */
struct baton_link_class {
	struct baton_sender sender;
	struct baton_receiver receiver;
};

/* What is read for every PDU comes first: it takes the shortest instructions. */
struct baton_link {
	uint8_t err; /* enum baton_err, fatal and sticky */
	bool up;
	bool records; /* handshake over: DATA is taken and sent */
	uint8_t arrived; /* classes (bits) that may have a record */
	uint8_t unconfirmed; /* classes whose last DATA no ECHO showed */
	bool unverified; /* the session waits for verification */
	bool waiting; /* an answer of the peer is owed */
	bool limited; /* fell back to trusted lengths */
	uint8_t untrusted_losses;
	uint8_t probes; /* in a row that brought nothing */
	bool probe_due; /* a probe goes out as soon as there is room */
	bool probe_out; /* a probe waits for its echo */
	uint8_t probe_class;
	uint8_t probe_token;
	bool echo_owed;
	uint8_t echo_class;
	uint8_t echo_token;
	uint16_t best; /* length of PDU that fits path and peer best */
	uint16_t longer_len; /* to be tried next; 0: when it is time */
	uint16_t peer_pdu_max;
	struct baton_sizes sizes;
	uint32_t probe_una; /* una of its class when the probe went out */
	uint32_t probe_order; /* sendings of its class before the probe */
	struct baton_rtt rtt;
	uint32_t heard_ms; /* last PDU that made sense */
	uint32_t waiting_ms; /* since when something is outstanding */
	uint32_t probe_ms; /* when the last probe went out */
	uint32_t ticked_ms; /* the last tick() */
	uint32_t longer_ms; /* when a longer PDU was tried last */
	struct baton_link_facts facts;

	/* What outlives a link begins here. */
	struct baton_link_stats stats;
	struct baton_flight flight;
	struct baton_link_class classes[BATON_CLASSES];
};

/* BATON_ERR_ARG: config is out of range. */
BATON_MUST_CHECK
enum baton_err baton_link_check(const struct baton_link_config *config);

/* Bytes of memory baton_link_init() needs for config, and their alignment. */
size_t baton_link_memory_len(const struct baton_link_config *config);

/*
 * Lay out a link, which is all zero, in memory, which stays the link's; gives
 * the end of what it takes. config has passed baton_link_check().
 */
uint8_t *baton_link_init(struct baton_link *link,
			 const struct baton_link_config *config,
			 uint8_t *memory);

/* A bearer link began, ended, or became another while it was up. */
void baton_link_start(struct baton_link *link,
		      const struct baton_link_facts *facts, uint32_t now_ms);
void baton_link_stop(struct baton_link *link);
void baton_link_change(struct baton_link *link,
		       const struct baton_link_facts *facts);

/* The peer's hello: its pdu_max and first credits. Before open(). */
void baton_link_set_peer(struct baton_link *link, uint16_t pdu_max,
			 const uint8_t window[BATON_CLASSES]);

/* The flight sent last was answered: it got through, and is done with. */
void baton_link_answered(struct baton_link *link);

/* The handshake is over: records go from here on. */
void baton_link_open(struct baton_link *link);

/*
 * Take one PDU. *flight is set when a whole flight is at link->flight.rx.
 * Peer errors: dropped. Fatal errors: sticky, the link is finished.
 */
BATON_MUST_CHECK
enum baton_err baton_link_rx(struct baton_link *link, const uint8_t *pdu,
			     size_t len, uint32_t now_ms, bool *flight);

/* The next PDU into dst (cap >= what the MTU allows), its length or 0. */
BATON_MUST_CHECK
size_t baton_link_tx(struct baton_link *link, uint8_t *dst, size_t cap,
		     uint32_t now_ms);

/* When tick() is due, ms; BATON_LINK_NEVER if not. */
uint32_t baton_link_deadline(const struct baton_link *link);

/*
 * due_ms, or BATON_LINK_NEVER if tick() has seen it: what is due and only tx() can
 * do waits for room in the bearer, not for the time.
 */
uint32_t baton_link_still_due(const struct baton_link *link, uint32_t due_ms);

/* Run timers; a fatal error if the link is dead. */
BATON_MUST_CHECK
enum baton_err baton_link_tick(struct baton_link *link, uint32_t now_ms);

/* True if push() of a record of len bytes (header and tag included) fits. */
bool baton_link_has_room(const struct baton_link *link, uint8_t class_id,
			 size_t len);

/* Queue a sealed record, header included; the caller asked has_room(). */
void baton_link_push(struct baton_link *link, uint8_t class_id,
		     const uint8_t *record, size_t len);

/* True if the class would send at once what push() brings. */
bool baton_link_hungry(const struct baton_link *link, uint8_t class_id);

/*
 * The next record of a class, as baton_receiver_record(); release() when it
 * was used.
 */
BATON_MUST_CHECK
enum baton_err baton_link_record(struct baton_link *link, uint8_t class_id,
				 uint8_t **record, size_t *len);
void baton_link_release(struct baton_link *link, uint8_t class_id);

#endif
