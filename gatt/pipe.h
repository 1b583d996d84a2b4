/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_PIPE_H
#define BATON_GATT_PIPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One end of a SEQPACKET socket whose other end bluetoothd holds: each packet
 * is one ATT value. A callback may free the pipe, or what user points to.
 */

struct baton_pipe;

struct baton_pipe_events {
	/* A packet of 1 to BATON_GATT_VALUE_MAX bytes; others are dropped. */
	void (*rx)(void *user, const uint8_t *data, size_t len);
	/* There is room, after BATON_ERR_AGAIN, or in a new pair. */
	void (*room)(void *user);
	/* The other end is closed; nothing more comes. */
	void (*hup)(void *user);
};

/* Takes fd over, and makes it non-blocking. */
struct baton_pipe *
baton_pipe_new(int fd, const struct baton_pipe_events *events, void *user);

/*
 * Makes a pair and keeps one end; the other, for bluetoothd, is left in
 * *theirs and belongs to the caller. NULL: no file descriptors left.
 */
struct baton_pipe *baton_pipe_pair(int *theirs,
				   const struct baton_pipe_events *events,
				   void *user);

/*
 * BATON_ERR_AGAIN: no room, room() follows. BATON_ERR_CLOSED: the other end
 * is closed.
 */
enum baton_err baton_pipe_send(struct baton_pipe *pipe, const uint8_t *data,
			       size_t len);

/* Closes the end we hold; NULL is allowed. */
void baton_pipe_free(struct baton_pipe *pipe);

#endif
