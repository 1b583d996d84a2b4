/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_FILING_H
#define BATON_TOOLS_FILING_H

#include <glib.h>
#include <stdbool.h>

#include "tools/role_options.h"
#include "tools/runner.h"

/*
 * What `baton watch` and `baton phone` do with files: an outbox and an inbox for
 * the application of the program, what is said about them in lines
 * (docs/PROGRAM.md), and the commands for them.
 */
struct baton_filing;

struct baton_filing_events {
	void (*say)(void *user, const char *text);
	void (*warn)(void *user, const char *text);
	/* Of the file that is on its way. */
	void (*progress)(void *user, const char *name, uint64_t done,
			 uint64_t total);
	/* All files of `send`, or of --count, are through. */
	void (*done)(void *user);
	/* They will not be; error is the callee's. */
	void (*failed)(void *user, GError *error);
};

/* options, store, runner and events outlive it. Errors: as with the boxes. */
struct baton_filing *baton_filing_new(const struct baton_role_options *options,
				      struct baton_store *store,
				      struct baton_runner *runner,
				      const struct baton_filing_events *events,
				      void *user, GError **error);
void baton_filing_free(struct baton_filing *filing);

/* Every event of the endpoint but REVOKED. */
void baton_filing_event(struct baton_filing *filing,
			const struct baton_endpoint_event *event,
			uint64_t now_ms);

/*
 * A bond is no more, and what is about it goes; true: something of it was
 * waited for, and nothing is told any more.
 */
bool baton_filing_revoked(struct baton_filing *filing,
			  const uint8_t bond[BATON_BOND_ID_LEN]);

/* The link is gone. */
void baton_filing_down(struct baton_filing *filing);

/* What `send` has begun is given up, and the peer will hear of it. */
void baton_filing_give_up(struct baton_filing *filing);

/* Commands: the answer is a line to be freed, or NULL with error. */
char *baton_filing_send(struct baton_filing *filing, const char *path,
			GError **error);
/* which: a name, or the beginning of an id; empty: the only file there is. */
char *baton_filing_cancel(struct baton_filing *filing, const char *which,
			  GError **error);

#endif
