/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TRACE_H
#define BATON_TOOLS_TRACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "session/config.h"

/*
 * Every PDU of a host, as pcapng that Wireshark shows as ATT notifications
 * (from the watch) and write commands (from the phone). A comment says what
 * is in it for the link: class, sequence number, acknowledgement. The handles
 * are made up; the sizes are those of the bearer's PDUs.
 */
struct baton_trace;

/* NULL and BATON_EXIT_OUTPUT: the file cannot be made. */
struct baton_trace *baton_trace_new(const char *path, GError **error);

/* Add a host that plays role; they are numbered from 0. Before anything else. */
void baton_trace_host(struct baton_trace *trace, enum baton_role role);

/* A link of that host began (interval 0: not known), or ended. */
void baton_trace_up(struct baton_trace *trace, unsigned int host,
		    uint64_t at_us, uint32_t interval_us);
void baton_trace_down(struct baton_trace *trace, unsigned int host,
		      uint64_t at_us);

/* A PDU that the host sent, or received. */
void baton_trace_pdu(struct baton_trace *trace, unsigned int host,
		     uint64_t at_us, bool sent, const uint8_t *pdu, size_t len);

/* What the link sees in a PDU, without any key; to be g_free()d. */
char *baton_trace_describe(bool from_watch, const uint8_t *pdu, size_t len);

/* Close and free. NULL is allowed. BATON_EXIT_OUTPUT: something is missing. */
gboolean baton_trace_close(struct baton_trace *trace, GError **error);

#endif
