/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "session/typed.h"
#include "tools/bonds.h"
#include "tools/command.h"
#include "tools/fail.h"

#define FORMAT 1
#define NAME_AT 9 /* behind the format and the time */
#define ID_LEN 16 /* hexadecimal digits */
#define WHICH_MIN 4

struct bond {
	char id[ID_LEN + 1];
	char name[BATON_BOND_NAME_MAX + 1];
	gint64 made_s; /* since 1970; 0: not known */
};

struct list {
	struct baton_store *store;
	enum baton_role role; /* whose store it is */
	GArray *bonds; /* struct bond */
	unsigned int tries;
};

static void name_key(const char *id, char out[BATON_STORE_KEY_MAX])
{
	g_snprintf(out, BATON_STORE_KEY_MAX, "name/%s", id);
}

static enum baton_err put_name(struct baton_store *store, const char *id,
			       gint64 made_s, const char *name)
{
	uint8_t value[NAME_AT + BATON_BOND_NAME_MAX];
	char key[BATON_STORE_KEY_MAX];
	size_t len = strlen(name);

	value[0] = FORMAT;
	baton_store_be64(value + 1, (uint64_t)made_s);
	memcpy(value + NAME_AT, name, len);
	name_key(id, key);
	return baton_store_put(store, key, value, NAME_AT + len);
}

enum baton_err baton_bonds_note(struct baton_store *store,
				const uint8_t id[BATON_BOND_ID_LEN],
				enum baton_role own)
{
	char key[BATON_BOND_KEY_LEN];

	baton_bond_key("name/", id, key);
	return put_name(store, key + 5, g_get_real_time() / G_USEC_PER_SEC,
			own == BATON_WATCH ? "phone" : "watch");
}

static void read_name(struct list *list, struct bond *bond)
{
	uint8_t value[NAME_AT + BATON_BOND_NAME_MAX];
	char key[BATON_STORE_KEY_MAX];
	size_t len;

	name_key(bond->id, key);
	if (baton_store_get(list->store, key, value, sizeof(value), &len) ||
	    len < NAME_AT || value[0] != FORMAT)
		return;
	bond->made_s = (gint64)baton_load_be64(value + 1);
	memcpy(bond->name, value + NAME_AT, len - NAME_AT);
	bond->name[len - NAME_AT] = '\0';
}

static enum baton_err add_bond(void *user, const char *key,
			       const uint8_t *value, size_t len)
{
	struct list *list = user;
	struct bond bond = {.id = ""};

	if (len < 2 || strlen(key) != 5 + ID_LEN)
		return BATON_OK;
	/* Which role it is stands in the bond; nothing else of it is used. */
	list->role = value[1] ? BATON_PHONE : BATON_WATCH;
	g_strlcpy(bond.id, key + 5, sizeof(bond.id));
	g_array_append_val(list->bonds, bond);
	return BATON_OK;
}

static enum baton_err add_tries(void *user, const char *key,
				const uint8_t *value, size_t len)
{
	struct list *list = user;

	(void)key;
	list->tries = len == 2 ? value[1] : BATON_TYPED_TRIES;
	return BATON_OK;
}

static gboolean store_fail(enum baton_err err, const char *dir, GError **error)
{
	baton_fail_set(error, BATON_EXIT_OUTPUT, "cannot use the store %s: %s",
		       dir,
		       err == BATON_ERR_STORE ? baton_store_problem(errno)
					      : baton_err_text(err));
	return FALSE;
}

static enum baton_err list_fill(struct list *list, struct baton_store *store)
{
	enum baton_err err;
	guint i;

	list->store = store;
	list->bonds = g_array_new(FALSE, TRUE, sizeof(struct bond));
	err = baton_store_each(store, "bond/", add_bond, list);
	if (!err)
		err = baton_store_each(store, "pair/", add_tries, list);
	for (i = 0; i < list->bonds->len; i++)
		read_name(list, &g_array_index(list->bonds, struct bond, i));
	return err;
}

static gboolean list_open(struct list *list, const char *dir, GError **error)
{
	struct baton_store *store = NULL;
	enum baton_err err;

	err = baton_store_open(&store, dir);
	if (!err)
		err = list_fill(list, store);
	return err ? store_fail(err, dir, error) : TRUE;
}

static void list_close(struct list *list)
{
	if (list->bonds)
		g_array_unref(list->bonds);
	baton_store_close(list->store);
}

static char *made_text(const struct bond *bond)
{
	g_autoptr(GDateTime) made = NULL;

	if (bond->made_s)
		made = g_date_time_new_from_unix_local(bond->made_s);
	return made ? g_date_time_format(made, "%Y-%m-%d %H:%M")
		    : g_strdup("-");
}

static void print_text(const struct list *list, const char *dir)
{
	guint i;

	if (!list->bonds->len)
		printf("no bonds in %s\n", dir);
	for (i = 0; i < list->bonds->len; i++) {
		const struct bond *bond =
			&g_array_index(list->bonds, struct bond, i);
		g_autofree char *made = made_text(bond);

		printf("%.8s  %s  %s\n", bond->id, made,
		       *bond->name ? bond->name : "-");
	}
	if (list->tries)
		printf("typed codes without a bond: %u of %u\n", list->tries,
		       BATON_TYPED_TRIES);
}

static void print_json(const struct list *list)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL;
	guint i;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "bonds");
	json_builder_begin_array(builder);
	for (i = 0; i < list->bonds->len; i++) {
		const struct bond *bond =
			&g_array_index(list->bonds, struct bond, i);

		json_builder_begin_object(builder);
		json_builder_set_member_name(builder, "id");
		json_builder_add_string_value(builder, bond->id);
		json_builder_set_member_name(builder, "name");
		json_builder_add_string_value(builder, bond->name);
		json_builder_set_member_name(builder, "made_s");
		json_builder_add_int_value(builder, bond->made_s);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_set_member_name(builder, "tries");
	json_builder_add_int_value(builder, list->tries);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	json_generator_set_pretty(generator, TRUE);
	json_generator_set_root(generator, root);
	text = json_generator_to_data(generator, NULL);
	puts(text);
}

/* By the beginning of its id, or by its whole name. */
static const struct bond *find(const struct list *list, const char *which,
			       GError **error)
{
	const struct bond *found = NULL;
	guint i;

	for (i = 0; i < list->bonds->len; i++) {
		const struct bond *bond =
			&g_array_index(list->bonds, struct bond, i);
		bool by_id = strlen(which) >= WHICH_MIN &&
			     g_str_has_prefix(bond->id, which);

		if (!by_id && strcmp(bond->name, which) != 0)
			continue;
		if (found) {
			baton_fail_set(error, BATON_EXIT_USAGE,
				       "%s is more than one bond; name it by "
				       "its id (baton bonds)",
				       which);
			return NULL;
		}
		found = bond;
	}
	if (!found)
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "no bond is called %s; baton bonds lists them",
			       which);
	return found;
}

gboolean baton_bonds_find(struct baton_store *store, const char *which,
			  uint8_t id[BATON_BOND_ID_LEN], GError **error)
{
	struct list list = {.bonds = NULL};
	const struct bond *bond = NULL;
	enum baton_err err = list_fill(&list, store);
	int i;

	if (err)
		store_fail(err, "", error);
	else
		bond = find(&list, which, error);
	for (i = 0; bond && i < BATON_BOND_ID_LEN; i++)
		id[i] = (uint8_t)(g_ascii_xdigit_value(bond->id[2 * i]) << 4 |
				  g_ascii_xdigit_value(bond->id[2 * i + 1]));
	g_array_unref(list.bonds);
	return bond != NULL;
}

static gboolean check_name(const char *name, GError **error)
{
	const char *c;

	if (!*name || strlen(name) > BATON_BOND_NAME_MAX ||
	    !g_utf8_validate(name, -1, NULL))
		goto bad;
	for (c = name; *c; c = g_utf8_next_char(c))
		if (!g_unichar_isprint(g_utf8_get_char(c)))
			goto bad;
	return TRUE;
bad:
	baton_fail_set(error, BATON_EXIT_USAGE,
		       "a name has 1 to %u bytes and no control characters",
		       BATON_BOND_NAME_MAX);
	return FALSE;
}

static gboolean rename_bond(struct list *list, const char *dir,
			    const char *which, const char *name, GError **error)
{
	const struct bond *bond = find(list, which, error);
	enum baton_err err;

	if (!bond || !check_name(name, error))
		return FALSE;
	err = put_name(list->store, bond->id, bond->made_s, name);
	return err ? store_fail(err, dir, error) : TRUE;
}

/* All that belongs to it, in one step. */
static gboolean revoke_bond(struct list *list, const char *dir,
			    const char *which, GError **error)
{
	static const char *const prefixes[] = {"bond/", "tick/", "name/"};
	char keys[G_N_ELEMENTS(prefixes)][BATON_STORE_KEY_MAX];
	const struct bond *bond = find(list, which, error);
	struct baton_store_op op = {.count = G_N_ELEMENTS(prefixes)};
	enum baton_err err;
	size_t i;

	if (!bond)
		return FALSE;
	for (i = 0; i < op.count; i++) {
		g_snprintf(keys[i], sizeof(keys[i]), "%s%s", prefixes[i],
			   bond->id);
		op.write[i].kind = BATON_STORE_DELETE;
		op.write[i].key = keys[i];
	}
	err = baton_store_apply(list->store, &op);
	if (err)
		return store_fail(err, dir, error);
	printf("revoked %.8s; the other device is told so when it comes, and "
	       "can be revoked there too\n",
	       bond->id);
	return TRUE;
}

static gboolean forgive(struct list *list, const char *dir, GError **error)
{
	enum baton_err err = baton_store_delete(list->store, "pair/tries");

	return err ? store_fail(err, dir, error) : TRUE;
}

static gboolean run(struct list *list, const char *dir, bool json, int argc,
		    char **argv, GError **error)
{
	if (argc == 1 && json)
		print_json(list);
	else if (argc == 1)
		print_text(list, dir);
	else if (argc == 4 && !strcmp(argv[1], "rename"))
		return rename_bond(list, dir, argv[2], argv[3], error);
	else if (argc == 3 && !strcmp(argv[1], "revoke"))
		return revoke_bond(list, dir, argv[2], error);
	else if (argc == 2 && !strcmp(argv[1], "forgive"))
		return forgive(list, dir, error);
	else
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "bonds takes rename WHICH NAME, revoke WHICH, "
			       "forgive or nothing; see baton bonds --help");
	return *error == NULL;
}

static const char summary[] =
	"Lists the bonds of a device: the beginning of the id, when it was "
	"made, and\nits name. Nothing of it is secret.\n"
	"\n"
	"Commands:\n"
	"  rename WHICH NAME   call a bond NAME\n"
	"  revoke WHICH        forget it: its keys are deleted\n"
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
	return g_build_filename(g_get_user_state_dir(), "baton", role, NULL);
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
	struct list list = {.bonds = NULL};
	GError *error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (baton_command_parse(context, &argc, &argv, &error))
		dir = store_dir(store, role, &error);
	g_option_context_free(context);
	if (dir && g_access(dir, F_OK)) {
		if (argc == 1 && json)
			puts("{\"bonds\": [], \"tries\": 0}");
		else if (argc == 1)
			printf("no bonds in %s\n", dir);
		else
			baton_fail_set(&error, BATON_EXIT_USAGE,
				       "there is no store %s", dir);
	} else if (dir && list_open(&list, dir, &error)) {
		run(&list, dir, json, argc, argv, &error);
	}
	list_close(&list);
	return error ? baton_fail_end(error) : BATON_EXIT_OK;
}
