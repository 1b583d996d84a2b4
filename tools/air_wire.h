/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_AIR_WIRE_H
#define BATON_TOOLS_AIR_WIRE_H

/*
 * What the simulated radio (`baton air`) and a role say to each other: one
 * message per packet of a UNIX SOCK_SEQPACKET socket, its first byte the type,
 * integers big-endian.
 *
 *	type  message  from   body
 *	0x01  HELLO    role   version (1), role (1): 0 watch, 1 phone
 *	0x02  SORRY    radio  why (1): 1 version, 2 the role is taken
 *	0x03  UP       radio  MTU (2), LL data length (2), interval (4, us),
 *	                      the private advert that led to it (24), if any
 *	0x04  DOWN     radio  why (1): enum baton_bearer_reason
 *	               role   no body: end the link
 *	0x05  PDU      both   1 to 509 bytes
 *	0x06  MTU      radio  MTU (2)
 *	0x07  ROOM     radio  count (1): so many more PDUs may be sent
 *	0x08  PACE     role   pace (1): enum baton_bearer_pace
 *	0x09  SHOW     watch  way (1): enum baton_bearer_way; a private advert
 *	                      (24) if that is PRIVATE
 *	0x0a  HEARD    radio  to the phone: the same
 *	0x0b  CONNECT  phone  to what it was told: the same
 *
 * A role says HELLO once and first. A watch shows the service until it says
 * something else. The radio tells the phone of an advert when it is new and
 * then once a second; it connects when the phone hears it the next time after
 * CONNECT. A link begins with UP and ROOM, ends with
 * DOWN; what room was given ends with it. A PDU without room, and whatever is
 * not in this table, ends the connection.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/bearer.h"

#define BATON_AIR_VERSION 2
#define BATON_AIR_PDU_MAX 509
#define BATON_AIR_MESSAGE_MAX (1 + BATON_AIR_PDU_MAX)

enum baton_air_type {
	BATON_AIR_HELLO = 1,
	BATON_AIR_SORRY = 2,
	BATON_AIR_UP = 3,
	BATON_AIR_DOWN = 4,
	BATON_AIR_PDU = 5,
	BATON_AIR_MTU = 6,
	BATON_AIR_ROOM = 7,
	BATON_AIR_PACE = 8,
	BATON_AIR_SHOW = 9,
	BATON_AIR_HEARD = 10,
	BATON_AIR_CONNECT = 11,
};

enum baton_air_sorry {
	BATON_AIR_WELCOME = 0, /* never sent */
	BATON_AIR_SORRY_VERSION = 1,
	BATON_AIR_SORRY_TAKEN = 2,
};

/* One message; which fields mean something depends on the type. */
struct baton_air_message {
	enum baton_air_type type;
	uint8_t version; /* HELLO */
	uint8_t role; /* HELLO */
	uint8_t value; /* SORRY, DOWN, ROOM, PACE, SHOW, HEARD, CONNECT */
	uint16_t mtu; /* UP, MTU */
	uint16_t ll_len; /* UP */
	uint32_t interval_us; /* UP */
	const uint8_t *pdu; /* PDU; not copied */
	size_t pdu_len;
	/* UP, SHOW, HEARD, CONNECT: a private advert, or NULL; not copied */
	const uint8_t *advert;
};

/* Write a message into dst and give its length. */
size_t baton_air_encode(const struct baton_air_message *message,
			uint8_t dst[BATON_AIR_MESSAGE_MAX]);

/* Take one apart; false if it is none. A DOWN without a body has value 0. */
bool baton_air_decode(struct baton_air_message *message, const uint8_t *bytes,
		      size_t len);

/* Encode and send on a non-blocking socket; -1 with errno. */
int baton_air_send(int fd, const struct baton_air_message *message);

/*
 * Receive one: 1 and *message, whose PDU lies in bytes; 0 if nothing is
 * waiting; -1 at the end of the connection, or if what came is no message.
 */
int baton_air_receive(int fd, struct baton_air_message *message,
		      uint8_t bytes[BATON_AIR_MESSAGE_MAX + 1]);

#endif
