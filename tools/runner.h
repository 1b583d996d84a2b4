/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_RUNNER_H
#define BATON_TOOLS_RUNNER_H

#include <glib.h>
#include <stdbool.h>

#include "port/bearer.h"
#include "port/linux/store.h"
#include "session/endpoint.h"
#include "tools/trace.h"

/*
 * Drives one endpoint over one bearer on the default main context: PDUs, time,
 * events and store operations go where they must, until it is freed.
 */
struct baton_runner;

/*
 * For device.version of the configuration: programs of this machine are one
 * device. Another version asks a person at the phone anew (LIFECYCLE.md 1).
 */
#define BATON_RUNNER_DEVICE_VERSION 1

/* Any member may be NULL. Callbacks may call the endpoint, then _kick(). */
struct baton_runner_events {
	void (*event)(void *user, const struct baton_endpoint_event *event,
		      uint64_t now_ms);
	/* The link came up; NULL: it is gone. */
	void (*link)(void *user, const struct baton_bearer_link *link);
	/* The bearer or the store cannot go on. */
	void (*failed)(void *user, const GError *error);
	/* What a log may show. */
	void (*note)(void *user, const char *text);
};

/*
 * Make an endpoint and give it what store has; NULL: nothing, it is looked at
 * and no more. store and trace (which may be NULL) are used, not owned.
 * Errors: the store cannot be read, ...
 */
struct baton_runner *
baton_runner_new(const struct baton_endpoint_config *config,
		 struct baton_store *store, struct baton_trace *trace,
		 const struct baton_runner_events *events, void *user,
		 GError **error);

/* Close the bearer and free all. NULL is allowed. */
void baton_runner_free(struct baton_runner *runner);

/* What a bearer is made with; user is the runner. */
extern const struct baton_bearer_events baton_runner_bearer_events;

/* The bearer, which is the runner's from now on. Before the loop runs. */
void baton_runner_set_bearer(struct baton_runner *runner,
			     struct baton_bearer *bearer);

/* A phone: link with the watch of this bond only. Before the loop runs. */
void baton_runner_choose(struct baton_runner *runner,
			 const uint8_t id[BATON_BOND_ID_LEN]);

struct baton_endpoint *baton_runner_endpoint(struct baton_runner *runner);
struct baton_session *baton_runner_session(struct baton_runner *runner);

/* The endpoint's clock, which runs while the machine sleeps. */
uint64_t baton_runner_now_ms(void);

/* The endpoint was called: take what it has to say, soon. */
void baton_runner_kick(struct baton_runner *runner);

/*
 * The same at once: what the endpoint asked of the store is done when this comes
 * back, or failed() was told. Not to be called in a callback.
 */
void baton_runner_settle(struct baton_runner *runner);

/* True while a link is up. */
bool baton_runner_is_up(const struct baton_runner *runner);

/* True if nothing is on its way or about to be, as far as is known here. */
bool baton_runner_is_quiet(const struct baton_runner *runner);

#endif
