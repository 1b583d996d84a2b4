/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_FAIL_H
#define BATON_TOOLS_FAIL_H

#include <glib.h>

/* What the program answers to its caller; `baton help` has the same table. */
enum baton_exit {
	BATON_EXIT_OK = 0,
	BATON_EXIT_USAGE = 64, /* wrong command line */
	BATON_EXIT_PEER = 65, /* the peer broke the protocol, or gave up */
	BATON_EXIT_INPUT = 66, /* a file to send is missing or unreadable */
	BATON_EXIT_RADIO = 69, /* no Bluetooth, no simulated radio */
	BATON_EXIT_INTERNAL = 70, /* a bug */
	BATON_EXIT_OUTPUT = 73, /* cannot write, here or at the receiver */
	BATON_EXIT_TIMEOUT = 75, /* not done in time; trying again may help */
	BATON_EXIT_VERSION = 76, /* the peer speaks another version */
	BATON_EXIT_REFUSED = 77, /* not paired, or a person said no */
	BATON_EXIT_INTERRUPTED = 130, /* by a signal, before it was done */
};

/*
 * Errors travel as GError of this domain; the code is an enum baton_exit, the
 * message one line: what is wrong; what to do.
 */
#define BATON_FAIL (baton_fail_quark())
GQuark baton_fail_quark(void);

void baton_fail_set(GError **error, enum baton_exit code, const char *format,
		    ...) G_GNUC_PRINTF(3, 4);

/* Print "baton: <text>" on stderr, folded where that is a terminal. */
void baton_fail_print(const char *text);

/* Print the message so, free the error, give its exit code. */
int baton_fail_end(GError *error);

#endif
