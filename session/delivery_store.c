/* SPDX-License-Identifier: MIT */

/* What applications store, sealed; and how it is erased (DELIVERY.md 3, 4). */

#include <string.h>

#include "base/bytes.h"
#include "session/delivery_internal.h"

/* Which machine knows the name of a value. */
static enum baton_err load_value(struct baton_channel *channel,
				 const char *name, const uint8_t *value,
				 size_t len)
{
	const struct delivery_machine *machine;
	enum baton_err err = BATON_ERR_NOT_FOUND;
	unsigned int m;

	for (m = 0; err == BATON_ERR_NOT_FOUND && m < BATON_MACHINES; m++) {
		machine = delivery_machine(channel, m);
		if (machine && machine->load)
			err = machine->load(channel, name, value, len);
	}
	return err;
}

enum baton_err baton_delivery_load(struct baton_delivery *delivery,
				   const char *key, const uint8_t *value,
				   size_t len)
{
	struct baton_channel *channel;
	uint8_t *plain = delivery->value[0];
	const char *name = NULL;
	enum baton_err err;
	size_t plain_len;
	uint8_t i;

	for (i = 0; i < delivery->registered; i++) {
		channel = delivery_channel(delivery, i);
		name = channel ? baton_application_name(&channel->keys, key)
			       : NULL;
		if (name)
			break;
	}
	if (!name)
		return BATON_ERR_NOT_FOUND;
	if (delivery->asked)
		return BATON_ERR_STATE;
	/* Others of the application's may be longer: they are the caller's. */
	if (len > sizeof(delivery->value[0]))
		return BATON_ERR_NOT_FOUND;
	err = baton_application_open(&channel->keys, name, value, len, plain,
				     &plain_len);
	if (err)
		return err;
	err = load_value(channel, name, plain, plain_len);
	baton_crypto_wipe(plain, plain_len);
	return err;
}

/* The writes of a machine, under the store's keys and sealed. */
static enum baton_err seal(struct baton_delivery *delivery,
			   struct baton_channel *channel,
			   struct baton_store_op *op)
{
	struct baton_store_write *write;
	const char *name;
	enum baton_err err;
	size_t i;

	for (i = 0; i < op->count; i++) {
		write = &op->write[i];
		name = write->key;
		baton_application_store_key(&channel->keys, name,
					    delivery->key[i]);
		write->key = delivery->key[i];
		if (write->kind == BATON_STORE_DELETE)
			continue;
		if (write->value_len > BATON_DELIVERY_VALUE_MAX)
			return BATON_ERR_TOO_LARGE;
		err = baton_application_seal(
			&channel->keys, &delivery->drbg, name, write->value,
			write->value_len, delivery->value[i]);
		if (err)
			return err;
		write->value = delivery->value[i];
		write->value_len += BATON_SEAL_LEN;
	}
	return BATON_OK;
}

/* The next names that an application is to forget; false: no more. */
static bool erase_op(struct baton_delivery *delivery,
		     const struct baton_channel *channel,
		     struct baton_store_op *op)
{
	const struct delivery_machine *machine;
	char name[BATON_NAME_MAX];
	size_t at = delivery->erased;
	unsigned int m;

	op->count = 0;
	for (m = delivery->erase_machine; m < BATON_MACHINES; m++, at = 0) {
		machine = delivery_machine(channel, m);
		if (!machine || !machine->name)
			continue;
		for (; op->count < BATON_STORE_WRITES_MAX &&
		       machine->name(channel, at, name);
		     at++) {
			memset(&op->write[op->count], 0, sizeof(op->write[0]));
			op->write[op->count].kind = BATON_STORE_DELETE;
			baton_application_store_key(&channel->keys, name,
						    delivery->key[op->count]);
			op->write[op->count].key = delivery->key[op->count];
			op->count++;
		}
		if (op->count == BATON_STORE_WRITES_MAX)
			break;
	}
	delivery->next_erased = at;
	delivery->next_erase_machine = (uint8_t)m;
	return op->count > 0;
}

static void end_erasure(struct baton_delivery *delivery)
{
	delivery->erased = 0;
	delivery->erase_machine = 0;
	delivery_wipe_channel(&delivery->channel[delivery->erase_channel]);
	delivery->news[delivery->erase_channel] |= NEWS_ERASED;
}

static bool ask_to_erase(struct baton_delivery *delivery,
			 struct baton_store_op *op)
{
	uint8_t n, i;

	if (baton_store_rests(delivery->retry_at_ms, delivery->now_ms))
		return false;
	/* One after the other: the place in its names is one application's. */
	for (n = 0; n < delivery->registered; n++) {
		i = (uint8_t)((delivery->erase_channel + n) %
			      delivery->registered);
		if (!delivery->channel[i].erasing)
			continue;
		delivery->erase_channel = i;
		if (erase_op(delivery, &delivery->channel[i], op)) {
			delivery->erases = true;
			return true;
		}
		end_erasure(delivery); /* It has nothing (more). */
	}
	return false;
}

static bool ask_machine(struct baton_delivery *delivery, uint8_t at,
			struct baton_store_op *op)
{
	uint8_t handle = at / BATON_MACHINES, m = at % BATON_MACHINES;
	struct baton_channel *channel = delivery_channel(delivery, handle);
	const struct delivery_machine *machine;

	machine = channel ? delivery_machine(channel, m) : NULL;
	if (!machine || !machine->next_store_op ||
	    !machine->next_store_op(channel, op))
		return false;
	delivery->asked_channel = handle;
	delivery->asked_machine = m;
	delivery->asked_id = op->id;
	if (seal(delivery, channel, op)) {
		machine->stored(channel, op->id, BATON_ERR_STORE,
				delivery->now_ms);
		return false;
	}
	return true;
}

bool baton_delivery_next_store_op(struct baton_delivery *delivery,
				  struct baton_store_op *op)
{
	uint8_t i, at, all = (uint8_t)(delivery->registered * BATON_MACHINES);

	if (delivery->asked)
		return false;
	delivery->erases = false;
	delivery->asked = ask_to_erase(delivery, op);
	for (i = 0; !delivery->asked && i < all; i++) {
		at = (uint8_t)((delivery->store_turn + i) % all);
		delivery->asked = ask_machine(delivery, at, op);
		if (delivery->asked)
			delivery->store_turn = (uint8_t)(at + 1);
	}
	if (delivery->asked)
		op->id = ++delivery->store_id;
	return delivery->asked;
}

static void erasure_stored(struct baton_delivery *delivery, enum baton_err err)
{
	if (err) {
		delivery->retry_at_ms = delivery->now_ms + BATON_STORE_RETRY_MS;
		return;
	}
	delivery->retry_at_ms = 0;
	delivery->erased = delivery->next_erased;
	delivery->erase_machine = delivery->next_erase_machine;
	if (delivery->erase_machine == BATON_MACHINES)
		end_erasure(delivery);
}

void baton_delivery_stored(struct baton_delivery *delivery, uint32_t id,
			   enum baton_err err, uint64_t now_ms)
{
	struct baton_channel *channel;

	delivery->now_ms = now_ms;
	if (!delivery->asked || id != delivery->store_id)
		return;
	delivery->asked = false;
	baton_crypto_wipe(delivery->value, sizeof(delivery->value));
	if (delivery->erases) {
		erasure_stored(delivery, err);
		return;
	}
	channel = &delivery->channel[delivery->asked_channel];
	delivery_machines[delivery->asked_machine].stored(
		channel, delivery->asked_id, err, now_ms);
}

enum baton_err baton_delivery_erase(struct baton_delivery *delivery,
				    uint8_t handle, uint64_t now_ms)
{
	struct baton_channel *channel = delivery_channel(delivery, handle);

	if (!channel)
		return BATON_ERR_NOT_FOUND;
	delivery->now_ms = now_ms;
	delivery_set_open(delivery, handle, false);
	/* What is on its way to the store is deleted after it. */
	channel->erasing = true;
	delivery->news[handle] &= NEWS_SHUT;
	return BATON_OK;
}
