/* SPDX-License-Identifier: MIT */
#include "tests/support/shelf.h"

#include <string.h>

/* Where the parts are in a place of any room. */
struct place {
	SHELF_PLACE(1);
};

static char *find(struct shelf shelf, const char *key)
{
	char *place = shelf.places;
	size_t i;

	for (i = 0; i < shelf.count; i++, place += shelf.size)
		if (strcmp(place + offsetof(struct place, key), key) == 0)
			return place;
	return NULL;
}

static bool put(struct shelf shelf, const struct baton_store_write *write)
{
	char *place = find(shelf, write->key);

	if (!place)
		place = find(shelf, "");
	if (!place || write->value_len == 0 || write->value_len > shelf.room)
		return false;
	memset(place, 0, shelf.size);
	strcpy(place + offsetof(struct place, key), write->key);
	memcpy(place + offsetof(struct place, len), &write->value_len,
	       sizeof(write->value_len));
	memcpy(place + offsetof(struct place, bytes), write->value,
	       write->value_len);
	return true;
}

void *shelf_find(struct shelf shelf, const char *key)
{
	return find(shelf, key);
}

bool shelf_apply(struct shelf shelf, const struct baton_store_op *op)
{
	const struct baton_store_write *write;
	char *place;
	size_t len;

	for (write = op->write; write < op->write + op->count; write++) {
		len = strlen(write->key);
		if (len == 0 || len >= BATON_STORE_KEY_MAX)
			return false;
		if (write->kind == BATON_STORE_PUT) {
			if (!put(shelf, write))
				return false;
			continue;
		}
		place = find(shelf, write->key);
		if (place)
			memset(place, 0, shelf.size);
	}
	return true;
}
