/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_WRITER_H
#define BATON_GATT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "gatt/bluez-dbus.h"

/*
 * How the central writes to one characteristic: the first value as a request
 * and nothing else until it is answered, then commands through a socket, or
 * by D-Bus calls where there is none. A callback may free the writer.
 */

struct baton_writer;

struct baton_writer_events {
	/* The first value was answered; comes once. */
	void (*answered)(void *user);
	/* There is room again, after BATON_ERR_AGAIN. */
	void (*room)(void *user);
	/* The first value was refused; why is one line. */
	void (*refused)(void *user, const char *why);
};

/* Takes a reference to chrc. */
struct baton_writer *baton_writer_new(BatonBluezGattCharacteristic1 *chrc,
				      const struct baton_writer_events *events,
				      void *user);

/* BATON_ERR_AGAIN: no room or no answer yet; room() follows. */
enum baton_err baton_writer_send(struct baton_writer *writer,
				 const uint8_t *data, size_t len);

/* NULL is allowed. */
void baton_writer_free(struct baton_writer *writer);

#endif
