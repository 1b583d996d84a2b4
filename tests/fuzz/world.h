/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

/*
 * Two bonded engines, what is on its way between them, two applications that
 * send, and a log against which everything that arrives is checked. There is
 * one world; every call aborts when something is not right.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/pair.h"

#define WORLD_QUEUE 32

enum world_start {
	WORLD_SECURED,
	WORLD_LINK, /* a link is up, nothing was said on it */
	WORLD_PAIRING, /* so it is, and two people want another bond */
};

extern struct pair *world;

/* PDUs on their way to an end, oldest first. */
struct world_queue {
	struct pair_pdu pdu[WORLD_QUEUE];
	size_t len;
};

extern struct world_queue world_queue[2];

/* As new; kind 1: engines of little memory, 2: that compress. */
void world_start(enum world_start start, unsigned int kind);

void world_up(void);
void world_down(void);

/* A PDU of len bytes, up to 509, arrives at an end. */
void world_arrive(enum baton_role to, const uint8_t *bytes, size_t len);

/* The oldest PDU to an end arrives; the end gives one PDU to its bearer. */
void world_deliver(enum baton_role to);
void world_pump(enum baton_role from);

/* All PDUs arrive, the answers are on their way; true if there were any. */
bool world_turn(void);
void world_pass(uint64_t ms);

/* Another MTU: what is under way was made for the last, and is lost. */
void world_set_mtu(uint16_t mtu);

/* One of the streams that applications use. */
struct baton_stream_id world_stream(uint8_t byte);

/* What applications do; what is not possible now is left out. */
void world_send(enum baton_role from, struct baton_stream_id to, size_t len);
void world_begin(enum baton_role from, struct baton_stream_id to, size_t total);
void world_write(enum baton_role from, struct baton_stream_id to, size_t most);
void world_cancel(enum baton_role from, struct baton_stream_id to);
void world_refuse(enum baton_role to, struct baton_stream_id from);

/*
 * An end writes records of its own from here on, so what comes of it is not
 * held against the log; and it has rebooted: its lies are forgotten.
 */
void world_lie(enum baton_role liar);
void world_repent(void);

/* The streams of an end are within their limits. */
void world_check(enum baton_role role);

/*
 * Nobody disturbs any more: with one new link at most, everything begun
 * arrives, and a short message goes each way.
 */
void world_finish(void);

#endif
