/* SPDX-License-Identifier: MIT */
#include "sim/device_store.h"

#include <string.h>

#include "sim/scenario.h"

static struct baton_sim_value *find(struct baton_sim_values *values,
				    const char *key)
{
	size_t i;

	for (i = 0; i < BATON_SIM_STORE_KEYS; i++)
		if (!strcmp(values->value[i].key, key))
			return &values->value[i];
	return NULL;
}

static size_t room(const struct baton_sim_values *values)
{
	size_t i, count = 0;

	for (i = 0; i < BATON_SIM_STORE_KEYS; i++)
		count += !values->value[i].key[0];
	return count;
}

bool baton_sim_store_begin(struct baton_sim_store *store,
			   const struct baton_store_op *op, uint64_t now_us)
{
	struct baton_sim_write *write = &store->write;
	const struct baton_store_write *from;
	size_t i;

	if (op->count > room(&store->now))
		return false;
	memset(write, 0, sizeof(*write));
	for (i = 0; i < op->count; i++) {
		from = &op->write[i];
		if (strlen(from->key) >= BATON_SIM_STORE_KEY ||
		    from->value_len > BATON_SIM_STORE_VALUE)
			return false;
		strcpy(write->value[i].key, from->key);
		if (from->kind == BATON_STORE_DELETE)
			continue;
		memcpy(write->value[i].bytes, from->value, from->value_len);
		write->value[i].len = from->value_len;
	}
	write->count = op->count;
	write->id = op->id;
	write->at_us = now_us + store->delay_us;
	write->waits = true;
	store->writes++;
	return true;
}

void baton_sim_store_commit(struct baton_sim_store *store)
{
	struct baton_sim_write *write = &store->write;
	struct baton_sim_value *value;
	size_t i;

	store->past[store->commits++ % BATON_SIM_STORE_PAST] = store->now;
	for (i = 0; i < write->count; i++) {
		value = find(&store->now, write->value[i].key);
		if (!value)
			value = find(&store->now, "");
		*value = write->value[i];
		if (!value->len)
			memset(value, 0, sizeof(*value));
	}
	write->waits = false;
}

void baton_sim_store_cut(struct baton_sim_store *store, uint8_t outcome)
{
	store->write.waits = false;
	switch ((enum baton_scenario_outcome)outcome) {
	case BATON_SCENARIO_WRITE_LOST:
		break;
	case BATON_SCENARIO_WRITE_TORN:
		/* A poor medium: a value is not written as a whole. */
		store->write.value[0].len /= 2;
		store->write.count = 1;
		baton_sim_store_commit(store);
		break;
	case BATON_SCENARIO_WRITE_DONE:
		baton_sim_store_commit(store);
		break;
	case BATON_SCENARIO_WRITE_UNSYNCED:
		baton_sim_store_rollback(store, store->cut_writes);
		break;
	}
}

void baton_sim_store_copy(struct baton_sim_store *store)
{
	store->copy = store->now;
}

void baton_sim_store_swap(struct baton_sim_store *store)
{
	struct baton_sim_values now = store->now;

	store->now = store->copy;
	store->copy = now;
	/* The writes of the other one are not this one's to take back. */
	store->commits = 0;
}

void baton_sim_store_rollback(struct baton_sim_store *store, uint64_t writes)
{
	if (writes > store->commits)
		writes = store->commits;
	if (writes > BATON_SIM_STORE_PAST)
		writes = BATON_SIM_STORE_PAST;
	if (!writes)
		return;
	store->commits -= writes;
	store->now = store->past[store->commits % BATON_SIM_STORE_PAST];
}
