/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_DESK_H
#define BATON_TOOLS_DESK_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "tools/runner.h"

/*
 * The application of the program `baton`: what a person says with commands
 * (docs/PROGRAM.md, "Commands"), and what becomes of it, in lines. It has
 * activities whose state is a line of text, a queue and a context.
 */
struct baton_desk;
struct baton_filing;

#define BATON_DESK 0 /* handle of the application */

struct baton_desk_options {
	bool accept; /* what the peer offers, without asking */
	guint32 lease_s; /* of what a phone offers */
	const char *items; /* a directory: each item becomes a file; or NULL */
	bool pipes; /* byte streams are not refused here */
};

/*
 * An endpoint with this application, of handle 0, and all else at its default.
 * application: where it is written; it outlives the configuration. file_max:
 * bytes of a file that is taken.
 */
void baton_desk_configure(struct baton_endpoint_config *config,
			  struct baton_endpoint_application *application,
			  enum baton_role role, uint64_t file_max);

/*
 * say gets a line for the person or the script. runner and filing outlive the
 * desk.
 */
struct baton_desk *baton_desk_new(const struct baton_desk_options *options,
				  struct baton_runner *runner,
				  struct baton_filing *filing,
				  void (*say)(void *user, const char *text),
				  void *user);
void baton_desk_free(struct baton_desk *desk);

/* Every event of the endpoint. */
void baton_desk_event(struct baton_desk *desk,
		      const struct baton_endpoint_event *event);

/*
 * Carry out a line that was typed; the answer is a line to be freed, or NULL
 * with error. BATON_EXIT_USAGE: no such command; BATON_EXIT_REFUSED: not
 * possible now.
 */
char *baton_desk_run(struct baton_desk *desk, const char *line, GError **error);

/* True where the first word is a command of the desk. */
bool baton_desk_knows(const char *word);

/* desk_status.c: what there is with the peer, for machines and for people. */
JsonObject *baton_desk_status(struct baton_endpoint *endpoint);
char *baton_desk_status_text(JsonObject *status);

/* The same of what is not through yet, with every peer: items and files. */
JsonObject *baton_desk_queue(struct baton_endpoint *endpoint);
char *baton_desk_queue_text(JsonObject *queue);

/*
 * The peer on the link, else that of the last link, or that a phone was told to
 * connect to, else the first there is; BATON_ENDPOINT_NOBODY.
 */
uint8_t baton_desk_peer(struct baton_endpoint *endpoint);

/* The peer of a bond; BATON_ENDPOINT_NOBODY. */
uint8_t baton_desk_find(const struct baton_endpoint *endpoint,
			const uint8_t bond[BATON_BOND_ID_LEN]);

/*
 * Bytes of an application as a line of text may show them, up to the first that
 * is not UTF-8; to be freed.
 */
char *baton_desk_text(const uint8_t *bytes, size_t len);

#endif
