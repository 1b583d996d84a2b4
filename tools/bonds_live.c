/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "tools/bonds_live.h"
#include "tools/desk.h"
#include "tools/fail.h"

struct revoke {
	uint8_t id[BATON_BOND_ID_LEN];
	bool linked;
	struct baton_control_request *request;
};

struct baton_bonds_live {
	struct baton_store *store;
	struct baton_runner *runner;
	GArray *revokes; /* struct revoke: not durable yet */
};

static void end(struct baton_control_request *request, JsonObject *answer,
		GError *error)
{
	if (error)
		baton_control_refuse(request, error);
	else
		baton_control_answer(request, answer);
}

static void on_list(void *user, struct baton_control_request *request)
{
	struct baton_bonds_live *live = user;
	GError *error = NULL;
	JsonObject *list = baton_bonds_list(live->store, &error);

	end(request, list, error);
}

/* A member that must be there; NULL: the request was refused. */
static const char *need(struct baton_control_request *request,
			const char *member)
{
	const char *text = baton_control_text(request, member);
	GError *error = NULL;

	if (text)
		return text;
	baton_fail_set(&error, BATON_EXIT_USAGE, "the request has no %s",
		       member);
	baton_control_refuse(request, error);
	return NULL;
}

static void on_rename(void *user, struct baton_control_request *request)
{
	struct baton_bonds_live *live = user;
	const char *which = need(request, "which");
	const char *name = which ? need(request, "name") : NULL;
	GError *error = NULL;

	if (!name)
		return;
	baton_bonds_rename(live->store, which, name, &error);
	end(request, NULL, error);
}

static void on_revoke(void *user, struct baton_control_request *request)
{
	struct baton_bonds_live *live = user;
	struct baton_endpoint *endpoint = baton_runner_endpoint(live->runner);
	const char *which = need(request, "which");
	struct revoke revoke = {.request = request};
	GError *error = NULL;

	if (!which)
		return;
	if (!baton_bonds_find(live->store, which, revoke.id, &error)) {
		baton_control_refuse(request, error);
		return;
	}
	revoke.linked = baton_session_bond_is_linked(
		baton_endpoint_session(endpoint), revoke.id);
	if (baton_endpoint_revoke(endpoint,
				  baton_desk_find(endpoint, revoke.id),
				  baton_runner_now_ms())) {
		baton_fail_set(&error, BATON_EXIT_TIMEOUT,
			       "it is being revoked already, or others are; "
			       "try again");
		baton_control_refuse(request, error);
		return;
	}
	g_array_append_val(live->revokes, revoke);
	baton_runner_kick(live->runner);
}

static void on_forgive(void *user, struct baton_control_request *request)
{
	struct baton_bonds_live *live = user;
	GError *error = NULL;

	/* The store first: what the engine asks of it is the same once more. */
	if (baton_bonds_forgive(live->store, &error)) {
		baton_session_code_forgive(baton_runner_session(live->runner));
		baton_runner_kick(live->runner);
	}
	end(request, NULL, error);
}

static void tell(const struct revoke *revoke, enum baton_err err)
{
	char id[BATON_BONDS_SHORT_LEN];
	GError *error = NULL;
	JsonObject *answer;

	if (err) {
		baton_fail_set(&error, BATON_EXIT_OUTPUT,
			       "the store could not delete the bond, which is "
			       "back when the program is started anew; revoke "
			       "it again then");
		baton_control_refuse(revoke->request, error);
		return;
	}
	baton_bonds_short(revoke->id, id);
	answer = json_object_new();
	json_object_set_string_member(answer, "id", id);
	json_object_set_boolean_member(answer, "linked", revoke->linked);
	baton_control_answer(revoke->request, answer);
}

void baton_bonds_live_revoked(struct baton_bonds_live *live,
			      const struct baton_endpoint_event *event)
{
	enum baton_err err = event->err;
	guint i = 0;

	if (!err)
		err = baton_bonds_drop(live->store, event->bond);
	while (i < live->revokes->len) {
		struct revoke *revoke =
			&g_array_index(live->revokes, struct revoke, i);

		if (memcmp(revoke->id, event->bond, BATON_BOND_ID_LEN)) {
			i++;
			continue;
		}
		tell(revoke, err);
		g_array_remove_index(live->revokes, i);
	}
}

void baton_bonds_live_failed(struct baton_bonds_live *live)
{
	guint i;

	for (i = 0; i < live->revokes->len; i++)
		tell(&g_array_index(live->revokes, struct revoke, i),
		     BATON_ERR_STORE);
	g_array_set_size(live->revokes, 0);
}

struct baton_bonds_live *baton_bonds_live_new(struct baton_control *control,
					      struct baton_store *store,
					      struct baton_runner *runner)
{
	struct baton_bonds_live *live = g_new0(struct baton_bonds_live, 1);

	live->store = store;
	live->runner = runner;
	live->revokes = g_array_new(FALSE, FALSE, sizeof(struct revoke));
	baton_control_add(control, "bonds", on_list, live);
	baton_control_add(control, "bonds rename", on_rename, live);
	baton_control_add(control, "bonds revoke", on_revoke, live);
	baton_control_add(control, "bonds forgive", on_forgive, live);
	return live;
}

void baton_bonds_live_free(struct baton_bonds_live *live)
{
	if (!live)
		return;
	g_array_unref(live->revokes);
	g_free(live);
}
