/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "session/typed.h"
#include "tools/bonds.h"
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

	(void)value;
	(void)len;
	if (strlen(key) != 5 + ID_LEN)
		return BATON_OK;
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

static gboolean store_fail(enum baton_err err, GError **error)
{
	baton_fail_set(error, BATON_EXIT_OUTPUT, "cannot use the store: %s",
		       err == BATON_ERR_STORE ? baton_store_problem(errno)
					      : baton_err_text(err));
	return FALSE;
}

/* To be cleared, also after an error. */
static gboolean list_fill(struct list *list, struct baton_store *store,
			  GError **error)
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
	return err ? store_fail(err, error) : TRUE;
}

static void list_clear(struct list *list)
{
	g_array_unref(list->bonds);
}

JsonObject *baton_bonds_list(struct baton_store *store, GError **error)
{
	struct list list = {.bonds = NULL};
	JsonObject *object = NULL;
	JsonArray *array;
	guint i;

	if (!list_fill(&list, store, error))
		goto out;
	array = json_array_new();
	for (i = 0; i < list.bonds->len; i++) {
		const struct bond *bond =
			&g_array_index(list.bonds, struct bond, i);
		JsonObject *member = json_object_new();

		json_object_set_string_member(member, "id", bond->id);
		json_object_set_string_member(member, "name", bond->name);
		json_object_set_int_member(member, "made_s", bond->made_s);
		json_array_add_object_element(array, member);
	}
	object = json_object_new();
	json_object_set_array_member(object, "bonds", array);
	json_object_set_int_member(object, "tries", list.tries);
out:
	list_clear(&list);
	return object;
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

		/* One without a name has none to be found by. */
		if (!by_id && (!*which || strcmp(bond->name, which) != 0))
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
	int i;

	if (list_fill(&list, store, error))
		bond = find(&list, which, error);
	for (i = 0; bond && i < BATON_BOND_ID_LEN; i++)
		id[i] = (uint8_t)(g_ascii_xdigit_value(bond->id[2 * i]) << 4 |
				  g_ascii_xdigit_value(bond->id[2 * i + 1]));
	list_clear(&list);
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

gboolean baton_bonds_rename(struct baton_store *store, const char *which,
			    const char *name, GError **error)
{
	struct list list = {.bonds = NULL};
	const struct bond *bond = NULL;
	enum baton_err err = BATON_OK;

	if (list_fill(&list, store, error))
		bond = find(&list, which, error);
	if (bond && !check_name(name, error))
		bond = NULL;
	if (bond)
		err = put_name(store, bond->id, bond->made_s, name);
	list_clear(&list);
	return err ? store_fail(err, error) : bond != NULL;
}

void baton_bonds_short(const uint8_t id[BATON_BOND_ID_LEN],
		       char text[BATON_BONDS_SHORT_LEN])
{
	g_snprintf(text, BATON_BONDS_SHORT_LEN, "%02x%02x%02x%02x", id[0],
		   id[1], id[2], id[3]);
}

enum baton_err baton_bonds_drop(struct baton_store *store,
				const uint8_t id[BATON_BOND_ID_LEN])
{
	char key[BATON_BOND_KEY_LEN];

	baton_bond_key("name/", id, key);
	return baton_store_delete(store, key);
}

gboolean baton_bonds_delete(struct baton_store *store,
			    const uint8_t id[BATON_BOND_ID_LEN], GError **error)
{
	static const char *const prefixes[] = {"bond/", "tick/", "name/"};
	char keys[G_N_ELEMENTS(prefixes)][BATON_BOND_KEY_LEN];
	struct baton_store_op op = {.count = G_N_ELEMENTS(prefixes)};
	enum baton_err err;
	size_t i;

	for (i = 0; i < op.count; i++) {
		baton_bond_key(prefixes[i], id, keys[i]);
		op.write[i].kind = BATON_STORE_DELETE;
		op.write[i].key = keys[i];
	}
	err = baton_store_apply(store, &op);
	return err ? store_fail(err, error) : TRUE;
}

gboolean baton_bonds_forgive(struct baton_store *store, GError **error)
{
	enum baton_err err = baton_store_delete(store, "pair/tries");

	return err ? store_fail(err, error) : TRUE;
}
