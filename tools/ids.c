/* SPDX-License-Identifier: MIT */
#include "tools/ids.h"

#include <string.h>

#include "tools/hex.h"

#define WORD_MIN 4 /* shorter ones are words */

GArray *baton_ids_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct baton_id));
}

static const struct baton_id *at(const GArray *ids, guint i)
{
	return &g_array_index(ids, struct baton_id, i);
}

void baton_ids_add(GArray *ids, const struct baton_id *id)
{
	baton_ids_remove(ids, id);
	g_array_append_vals(ids, id, 1);
}

bool baton_ids_remove(GArray *ids, const struct baton_id *id)
{
	guint i;

	for (i = 0; i < ids->len; i++) {
		if (at(ids, i)->peer != id->peer ||
		    memcmp(at(ids, i)->bytes, id->bytes, sizeof(id->bytes)))
			continue;
		g_array_remove_index(ids, i);
		return true;
	}
	return false;
}

void baton_ids_forget(GArray *ids, uint8_t peer)
{
	guint i = ids->len;

	while (i-- > 0)
		if (at(ids, i)->peer == peer)
			g_array_remove_index(ids, i);
}

GArray *baton_ids_of(const GArray *ids, uint8_t peer)
{
	GArray *of = baton_ids_new();
	guint i;

	for (i = 0; i < ids->len; i++)
		if (at(ids, i)->peer == peer)
			g_array_append_vals(of, at(ids, i), 1);
	return of;
}

bool baton_ids_find(const GArray *ids, const char *word, struct baton_id *id)
{
	guint i, found = 0;

	if (*word && strlen(word) < WORD_MIN)
		return false;
	for (i = 0; i < ids->len; i++) {
		g_autofree char *name =
			baton_hex(at(ids, i)->bytes, BATON_ACTIVITY_ID_LEN);

		if (*word && !g_str_has_prefix(name, word))
			continue;
		*id = *at(ids, i);
		found++;
	}
	return found == 1;
}
