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

bool baton_sim_store_begin(struct baton_sim_store *store,
			   const struct baton_store_op *op, uint64_t now_us)
{
	struct baton_sim_write *write = &store->write;

	if (strlen(op->key) >= BATON_SIM_STORE_KEY ||
	    op->value_len > BATON_SIM_STORE_VALUE ||
	    (op->kind == BATON_STORE_PUT && !find(&store->now, op->key) &&
	     !find(&store->now, "")))
		return false;
	memset(write, 0, sizeof(*write));
	strcpy(write->value.key, op->key);
	if (op->kind == BATON_STORE_PUT) {
		memcpy(write->value.bytes, op->value, op->value_len);
		write->value.len = op->value_len;
	}
	write->id = op->id;
	write->at_us = now_us + store->delay_us;
	write->waits = true;
	store->writes++;
	return true;
}

void baton_sim_store_commit(struct baton_sim_store *store)
{
	struct baton_sim_write *write = &store->write;
	struct baton_sim_value *value = find(&store->now, write->value.key);

	store->past[store->commits++ % BATON_SIM_STORE_PAST] = store->now;
	if (!value)
		value = find(&store->now, "");
	*value = write->value;
	if (!write->value.len)
		memset(value, 0, sizeof(*value));
	write->waits = false;
}

void baton_sim_store_cut(struct baton_sim_store *store, uint8_t outcome)
{
	store->write.waits = false;
	switch ((enum baton_scenario_outcome)outcome) {
	case BATON_SCENARIO_WRITE_LOST:
		break;
	case BATON_SCENARIO_WRITE_TORN:
		store->write.value.len /= 2;
		baton_sim_store_commit(store);
		break;
	case BATON_SCENARIO_WRITE_DONE:
		baton_sim_store_commit(store);
		break;
	}
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
