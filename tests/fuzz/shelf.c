/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/shelf.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

void shelf_write(struct shelf_value *shelf, size_t count,
		 const struct baton_store_write *write)
{
	struct shelf_value *at, *room = NULL;
	size_t i;

	FUZZ_CHECK(strlen(write->key) < sizeof(at->key));
	FUZZ_CHECK(write->value_len <= sizeof(at->bytes));
	for (i = 0; i < count; i++) {
		at = &shelf[i];
		if (at->len == 0)
			room = at;
		else if (strcmp(at->key, write->key) == 0)
			break;
	}
	at = i < count ? at : room;
	FUZZ_CHECK(at);
	memset(at, 0, sizeof(*at));
	if (write->kind == BATON_STORE_DELETE)
		return;
	strcpy(at->key, write->key);
	memcpy(at->bytes, write->value, write->value_len);
	at->len = write->value_len;
}

void shelf_load(const struct shelf_value *shelf, size_t count,
		struct baton_delivery *delivery)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (shelf[i].len > 0)
			FUZZ_CHECK(!baton_delivery_load(delivery, shelf[i].key,
							shelf[i].bytes,
							shelf[i].len));
}
