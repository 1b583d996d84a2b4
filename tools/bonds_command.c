/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "session/typed.h"
#include "tools/bonds.h"
#include "tools/bonds_apart.h"
#include "tools/bonds_command.h"
#include "tools/command.h"
#include "tools/control.h"
#include "tools/fail.h"
#include "tools/fold.h"
#include "tools/role_options.h"

/* One request, as it goes to a program that runs (bonds_live.h). */
struct order {
	const char *command;
	const char *which, *name; /* NULL: not part of it */
};

static gboolean parse_order(struct order *order, int argc, char **argv,
			    GError **error)
{
	if (argc == 1) {
		order->command = "bonds";
	} else if (argc == 4 && !strcmp(argv[1], "rename")) {
		order->command = "bonds rename";
		order->which = argv[2];
		order->name = argv[3];
	} else if (argc == 3 && !strcmp(argv[1], "revoke")) {
		order->command = "bonds revoke";
		order->which = argv[2];
	} else if (argc == 2 && !strcmp(argv[1], "forgive")) {
		order->command = "bonds forgive";
	} else {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "bonds takes rename WHICH NAME, revoke WHICH, "
			       "forgive or nothing; see baton bonds --help");
		return FALSE;
	}
	return TRUE;
}

static bool is_list(const struct order *order)
{
	return !strcmp(order->command, "bonds");
}

static JsonObject *ask(const struct order *order, const char *dir,
		       struct baton_store **store, GError **error)
{
	JsonObject *request = json_object_new();

	json_object_set_string_member(request, "command", order->command);
	if (order->which)
		json_object_set_string_member(request, "which", order->which);
	if (order->name)
		json_object_set_string_member(request, "name", order->name);
	return baton_control_ask(dir, request, store, error);
}

static JsonObject *revoke_bond(struct baton_store *store, const char *which,
			       GError **error)
{
	uint8_t id[BATON_BOND_ID_LEN];
	char text[BATON_BONDS_SHORT_LEN];
	JsonObject *answer;

	if (!baton_bonds_find(store, which, id, error) ||
	    !baton_bonds_revoke_apart(store, id, error))
		return NULL;
	baton_bonds_short(id, text);
	answer = json_object_new();
	json_object_set_string_member(answer, "id", text);
	json_object_set_boolean_member(answer, "linked", FALSE);
	return answer;
}

/* The same, on a store that no program has. */
static JsonObject *carry_out(const struct order *order,
			     struct baton_store *store, GError **error)
{
	gboolean done;

	if (is_list(order))
		return baton_bonds_list(store, error);
	if (!strcmp(order->command, "bonds revoke"))
		return revoke_bond(store, order->which, error);
	if (order->name)
		done = baton_bonds_rename(store, order->which, order->name,
					  error);
	else
		done = baton_bonds_forgive(store, error);
	return done ? json_object_new() : NULL;
}

static char *made_text(gint64 made_s)
{
	g_autoptr(GDateTime) made = NULL;

	if (made_s)
		made = g_date_time_new_from_unix_local(made_s);
	return made ? g_date_time_format(made, "%Y-%m-%d %H:%M")
		    : g_strdup("-");
}

static void print_list(JsonObject *answer, const char *dir)
{
	JsonArray *bonds = json_object_get_array_member(answer, "bonds");
	gint64 tries = json_object_get_int_member(answer, "tries");
	guint i;

	if (!json_array_get_length(bonds)) {
		g_autofree char *text = g_strconcat("no bonds in ", dir, NULL);

		baton_fold_print(stdout, text);
	}
	for (i = 0; i < json_array_get_length(bonds); i++) {
		JsonObject *bond = json_array_get_object_element(bonds, i);
		const char *name = json_object_get_string_member(bond, "name");
		g_autofree char *made =
			made_text(json_object_get_int_member(bond, "made_s"));

		printf("%.8s  %s  %s\n",
		       json_object_get_string_member(bond, "id"), made,
		       *name ? name : "-");
	}
	if (tries)
		printf("typed codes without a bond: %d of %u\n", (int)tries,
		       BATON_TYPED_TRIES);
}

static void print_json(JsonObject *answer)
{
	g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_set_object(root, answer);
	text = json_to_string(root, TRUE);
	puts(text);
}

static void print_revoked(JsonObject *answer)
{
	g_autofree char *text = g_strdup_printf(
		"revoked %s; the other device %s",
		json_object_get_string_member(answer, "id"),
		json_object_get_boolean_member(answer, "linked")
			? "is connected and is told now"
			: "is told when it comes, and can be revoked there "
			  "too");

	baton_fold_print(stdout, text);
}

static void print(const struct order *order, JsonObject *answer,
		  const char *dir, bool json)
{
	if (is_list(order) && json)
		print_json(answer);
	else if (is_list(order))
		print_list(answer, dir);
	else if (!strcmp(order->command, "bonds revoke"))
		print_revoked(answer);
}

/* There is nothing in a place that is not there, and it is not made. */
static JsonObject *nothing(const struct order *order, const char *dir,
			   GError **error)
{
	JsonObject *answer;

	if (!is_list(order)) {
		baton_fail_set(error, BATON_EXIT_USAGE, "there is no store %s",
			       dir);
		return NULL;
	}
	answer = json_object_new();
	json_object_set_array_member(answer, "bonds", json_array_new());
	json_object_set_int_member(answer, "tries", 0);
	return answer;
}

static gboolean run(const struct order *order, const char *dir, bool json,
		    GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	struct baton_store *store = NULL;
	GError *why = NULL;

	answer = ask(order, dir, &store, &why);
	if (!answer && !why)
		answer = store ? carry_out(order, store, &why)
			       : nothing(order, dir, &why);
	baton_store_close(store);
	if (why)
		g_propagate_error(error, why);
	if (answer)
		print(order, answer, dir, json);
	return answer != NULL;
}

static const char summary[] =
	"Lists the bonds of a device: the beginning of the id, when it was "
	"made, and\nits name. Nothing of it is secret.\n"
	"\n"
	"Commands:\n"
	"  rename WHICH NAME   call a bond NAME\n"
	"  revoke WHICH        forget it: its keys are deleted, a link ends\n"
	"  forgive             let typed codes be tried again\n"
	"\n"
	"WHICH is a name, or at least four digits of an id.";

static char *store_dir(const char *store, const char *role, GError **error)
{
	if (store)
		return g_strdup(store);
	if (!role ||
	    (strcmp(role, "watch") != 0 && strcmp(role, "phone") != 0)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "whose bonds? give --role watch, --role phone, "
			       "or --store DIR");
		return NULL;
	}
	return baton_role_store(!strcmp(role, "watch") ? BATON_WATCH
						       : BATON_PHONE);
}

int baton_bonds_main(int argc, char **argv)
{
	GOptionContext *context = baton_command_context(
		"bonds", "[rename WHICH NAME | revoke WHICH | forgive]",
		summary);
	g_autofree char *store = NULL, *role = NULL, *dir = NULL;
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{"store", 's', 0, G_OPTION_ARG_FILENAME, &store,
		 "where the bonds are", "DIR"},
		{"role", 0, 0, G_OPTION_ARG_STRING, &role,
		 "the store of this machine's watch or phone", "ROLE"},
		{"json", 'j', 0, G_OPTION_ARG_NONE, &json, "list as JSON",
		 NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	struct order order = {.command = NULL};
	GError *error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (baton_command_parse(context, &argc, &argv, &error))
		dir = store_dir(store, role, &error);
	g_option_context_free(context);
	if (dir && parse_order(&order, argc, argv, &error))
		run(&order, dir, json, &error);
	return error ? baton_fail_end(error) : BATON_EXIT_OK;
}
