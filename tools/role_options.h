/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_ROLE_OPTIONS_H
#define BATON_TOOLS_ROLE_OPTIONS_H

#include <glib.h>

#include "session/config.h"

/* What a role is there for; it ends when that is done. */
enum baton_job {
	BATON_JOB_STAY, /* take files until interrupted, or --count */
	BATON_JOB_PAIR,
	BATON_JOB_SEND,
	BATON_JOB_PIPE, /* stdin and stdout, until both sides ended */
	BATON_JOB_TELL, /* the program that runs with the same store */
};

/* The command line of `baton watch` and `baton phone`, checked. */
struct baton_role_options {
	enum baton_role role;
	enum baton_job job;
	char **files; /* to send; NULL-terminated */
	char *line; /* to tell; NULL: send files */
	char **lines; /* --do; NULL-terminated, or NULL */
	char *bearer;
	char *peer; /* NULL: any */
	char *store;
	char *receive; /* NULL: take nothing */
	char *trace; /* NULL: none */
	char *bond; /* connect to the peer of this bond; NULL: the last one */
	uint8_t pairing; /* what may be done here to pair, BATON_PAIR_* */
	gboolean pair; /* open the pairing window */
	gboolean plain; /* compress nothing */
	gboolean verbose;
	gint64 yes_if; /* confirm this code, no other; -1: ask */
	guint64 limit; /* longest file taken, bytes */
	guint64 count; /* files to take; 0: no end */
	guint64 timeout_s; /* 0: none */
	guint64 lease_s; /* of what a phone offers */
	gboolean accept; /* what is offered */
	gboolean json; /* what is told */
};

/*
 * Parse; argv[0] is "watch" or "phone". --help prints and exits. The caller
 * clears *options, also after an error.
 */
gboolean baton_role_options_parse(struct baton_role_options *options,
				  enum baton_role role, int argc, char **argv,
				  GError **error);
void baton_role_options_clear(struct baton_role_options *options);

/* Where the store of a role is unless it is named; to be freed. */
char *baton_role_store(enum baton_role role);

#endif
