/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_DBUS_LOG_H
#define BATON_TESTS_DBUS_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "port/bearer.h"
#include "tests/dbus/mock.h"

/* A bearer under test, and what it told. */
struct log {
	struct baton_bearer *bearer;
	unsigned int ups;
	unsigned int downs;
	unsigned int writables;
	unsigned int mtus;
	enum baton_bearer_reason reason; /* of the last down */
	uint16_t mtu;
	GPtrArray *got; /* of char *: what came, as text */
	char *failed;
	uint8_t advert[BATON_BEARER_ADVERT_LEN]; /* of the last up */
	bool by_advert; /* it came with one */
	const uint8_t *known; /* the advert that is connected to */
	unsigned int heard;
	bool close_on_up; /* the callback closes the bearer */
	const char *close_on_note; /* so does this one */
	bool drop_on_rx;
};

void log_init(struct log *log);
void log_end(struct log *log); /* closes the bearer, too */
const char *log_got(const struct log *log, size_t i); /* or "" */
enum baton_err log_send(struct log *log, const char *text);
extern const struct baton_bearer_events log_events;

#endif
