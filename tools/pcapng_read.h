/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PCAPNG_READ_H
#define BATON_TOOLS_PCAPNG_READ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Reads what tools/pcapng.h writes, and what Wireshark makes of it. */

struct baton_packet {
	uint32_t interface;
	const char *name; /* of the interface, printable; may be empty */
	uint64_t at_us;
	const uint8_t *bytes; /* of the file that was given */
	size_t len;
};

/*
 * Tell every packet of a whole file, in its order. BATON_EXIT_INPUT: not
 * pcapng, damaged, or with another byte order or link type; what stands
 * before that has been told.
 */
gboolean baton_pcapng_each(const uint8_t *bytes, size_t len,
			   void (*packet)(void *user,
					  const struct baton_packet *packet),
			   void *user, GError **error);

#endif
