/* SPDX-License-Identifier: MIT */
#ifndef BATON_TRANSPORT_FLIGHT_H
#define BATON_TRANSPORT_FLIGHT_H

/* Handshake flights, one at a time each way (transport/SPEC.md A.7). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "transport/pdu.h"

#define BATON_FLIGHT_HELLO_PHONE 0
#define BATON_FLIGHT_HELLO_WATCH 1
#define BATON_FLIGHT_FIRST 2 /* first with a Noise message */
#define BATON_FLIGHT_REJECT 7

struct baton_flight {
	uint8_t *tx; /* the flight being sent */
	uint8_t *rx; /* the prefix of the flight coming in */
	uint16_t tx_len;
	uint16_t tx_off; /* next byte to go; tx_len: all out */
	uint16_t tx_pdu_len; /* longest PDU of this sending */
	uint16_t rx_have;
	uint16_t rx_total;
	uint16_t rx_longest; /* payload of its longest piece */
	uint8_t tx_number;
	uint8_t rx_number;
	uint8_t tries; /* sendings begun */
	bool answer; /* the peer will answer: send again until it does */
	bool active; /* a flight is out that may have to go again */
	bool shorten; /* long pieces failed, or the peer's come short */
	bool held; /* rx is in use */
	uint32_t sent_ms; /* when its last piece went out */
};

/* Start empty; tx and rx hold BATON_FLIGHT_MAX bytes each. */
void baton_flight_start(struct baton_flight *flight, uint8_t *tx, uint8_t *rx);

/*
 * Send flight number of len bytes (1..BATON_FLIGHT_MAX), copied. timed: it
 * is repeated by time until baton_flight_done(); otherwise only when the
 * peer repeats the one before it.
 */
void baton_flight_send(struct baton_flight *flight, uint8_t number,
		       const uint8_t *bytes, size_t len, bool timed);

/* More of the flight just given, before any of it goes out; may overlap. */
void baton_flight_append(struct baton_flight *flight, const uint8_t *bytes,
			 size_t len);

/*
 * What came stays in use: until forget() nothing is written over it, and every
 * piece is dropped.
 */
void baton_flight_hold(struct baton_flight *flight);

/* The flight sent last was answered; nothing of it goes out again. */
void baton_flight_done(struct baton_flight *flight);

/*
 * Take a piece. OK: the flight is whole, at flight->rx. AGAIN: it was taken,
 * more is to come. PEER_SEQ: it does not join on and was dropped. A first
 * piece of the flight before ours makes ours go out again.
 */
BATON_MUST_CHECK
enum baton_err baton_flight_piece(struct baton_flight *flight,
				  const struct baton_block *piece);

/* Forget the flight that came: it was used, or made no sense. */
void baton_flight_forget(struct baton_flight *flight);

/* True when a piece is to be sent. */
bool baton_flight_ready(const struct baton_flight *flight);

/* Write the next piece, at most best bytes; gives its length. */
BATON_MUST_CHECK
size_t baton_flight_build(struct baton_flight *flight, uint8_t *dst,
			  uint16_t best, uint32_t now_ms);

/* When it must go out again, BATON_LINK_NEVER if not by time. */
uint32_t baton_flight_deadline(const struct baton_flight *flight,
			       uint32_t interval_ms);

/* Begin to send it again. */
void baton_flight_again(struct baton_flight *flight);

#endif
