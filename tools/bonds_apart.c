/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "tools/bonds_apart.h"
#include "tools/desk.h"
#include "tools/filing.h"

struct apart {
	const uint8_t *id;
	struct baton_runner *runner;
	struct baton_filing *filing;
	bool over;
	GError *error;
};

static void on_event(void *user, const struct baton_endpoint_event *event,
		     uint64_t now_ms)
{
	struct apart *apart = user;

	if (event->type != BATON_ENDPOINT_REVOKED ||
	    memcmp(event->bond, apart->id, BATON_BOND_ID_LEN) != 0)
		return;
	(void)now_ms;
	(void)baton_filing_revoked(apart->filing, event->bond);
	apart->over = true;
}

static void on_failed(void *user, const GError *error)
{
	struct apart *apart = user;

	if (!apart->error)
		apart->error = g_error_copy(error);
	apart->over = true;
}

/* A store does not say whose it is, but opens for one role only. */
static struct baton_runner *load(struct baton_store *store, struct apart *apart)
{
	static const struct baton_runner_events events = {
		.event = on_event,
		.failed = on_failed,
	};
	static const enum baton_role roles[] = {BATON_WATCH, BATON_PHONE};
	struct baton_endpoint_application application;
	struct baton_endpoint_config config;
	struct baton_runner *runner = NULL;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(roles) && !runner; i++) {
		baton_desk_configure(&config, &application, roles[i],
				     BATON_FILE_MAX);
		runner = baton_runner_new(&config, store, NULL, &events, apart,
					  NULL);
	}
	return runner;
}

static void forget(struct apart *apart)
{
	struct baton_endpoint *endpoint = baton_runner_endpoint(apart->runner);

	if (baton_endpoint_revoke(endpoint,
				  baton_desk_find(endpoint, apart->id),
				  baton_runner_now_ms()))
		return;
	baton_runner_kick(apart->runner);
	while (!apart->over)
		g_main_context_iteration(NULL, TRUE);
}

gboolean baton_bonds_revoke_apart(struct baton_store *store,
				  const uint8_t id[BATON_BOND_ID_LEN],
				  GError **error)
{
	static const struct baton_filing_events none;
	const struct baton_role_options options = {.job = BATON_JOB_STAY};
	struct apart apart = {.id = id};

	apart.runner = load(store, &apart);
	if (apart.runner)
		apart.filing = baton_filing_new(&options, store, apart.runner,
						&none, NULL, &apart.error);
	if (apart.filing)
		forget(&apart);
	baton_filing_free(apart.filing);
	baton_runner_free(apart.runner);
	if (!apart.error)
		return baton_bonds_delete(store, id, error);
	g_propagate_error(error, apart.error);
	return FALSE;
}
