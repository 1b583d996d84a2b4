/* SPDX-License-Identifier: MIT */

/* States, in memory and in the store (session/OWNERSHIP.md 6). */

#include <string.h>

#include "base/bytes.h"
#include "session/handoff_internal.h"

#define NAME_LEN 18 /* "s0" or "s1", the activity */

/* What a stored state is, in its first byte. */
#define IS_HELD 1
#define IS_COMING 2

void handoff_erase(struct baton_handoff_slot *slot)
{
	if (slot->state == BATON_SLOT_EMPTY || slot->state == BATON_SLOT_SPENT)
		return;
	baton_crypto_wipe(slot->bytes, sizeof(slot->bytes));
	slot->version = 0;
	slot->len = 0;
	slot->have = 0;
	slot->changed = false;
	slot->state = slot->stored ? BATON_SLOT_SPENT : BATON_SLOT_EMPTY;
}

void handoff_put(struct baton_handoff_slot *slot, const uint8_t *state,
		 size_t len, uint64_t version)
{
	if (slot->len > len)
		baton_crypto_wipe(slot->bytes + BATON_STATE_HEADER + len,
				  slot->len - len);
	if (len > 0)
		memmove(slot->bytes + BATON_STATE_HEADER, state, len);
	slot->len = (uint16_t)len;
	slot->have = (uint16_t)len;
	slot->version = version;
	if (slot->state == BATON_SLOT_WRITING)
		slot->changed = true;
	else
		slot->state = BATON_SLOT_FRESH;
}

static void put_name(char name[BATON_NAME_MAX], const uint8_t *id, int at)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	name[0] = 's';
	name[1] = (char)('0' + at);
	for (i = 0; i < BATON_ACTIVITY_ID_LEN; i++) {
		name[2 + 2 * i] = digits[id[i] >> 4];
		name[3 + 2 * i] = digits[id[i] & 15];
	}
	name[NAME_LEN] = '\0';
}

static bool get_name(const char *name, uint8_t *id, int *at)
{
	int i, digit;

	if (name[0] != 's' || (name[1] != '0' && name[1] != '1'))
		return false;
	*at = name[1] - '0';
	for (i = 0; i < 2 * BATON_ACTIVITY_ID_LEN; i++) {
		if (name[2 + i] >= '0' && name[2 + i] <= '9')
			digit = name[2 + i] - '0';
		else if (name[2 + i] >= 'a' && name[2 + i] <= 'f')
			digit = name[2 + i] - 'a' + 10;
		else
			return false;
		id[i / 2] = (uint8_t)(id[i / 2] << 4 | digit);
	}
	return name[NAME_LEN] == '\0';
}

static enum baton_err load_state(struct baton_handoff *handoff,
				 uint8_t application, const char *name,
				 const uint8_t *value, size_t len,
				 uint64_t now_ms)
{
	struct baton_handoff_place *place;
	struct baton_handoff_slot *slot;
	uint8_t id[BATON_ACTIVITY_ID_LEN] = {0};
	size_t plain_len;
	int at;

	if (!get_name(name, id, &at))
		return BATON_ERR_NOT_FOUND;
	if (len < BATON_SEAL_LEN + BATON_STATE_HEADER)
		return BATON_ERR_ARG;
	if (len > sizeof(handoff->value))
		return BATON_ERR_SPACE;
	place = handoff_find(handoff, id);
	if (place && (place->application != application ||
		      place->slot[at].state != BATON_SLOT_EMPTY))
		return BATON_ERR_ARG;
	if (!place)
		place = handoff_place(handoff, id);
	if (!place)
		return BATON_ERR_SPACE;
	place->application = application;
	place->known = true;
	slot = &place->slot[at];
	if (baton_application_open(handoff->application[application].keys, name,
				   value, len, slot->bytes, &plain_len) ||
	    (slot->bytes[0] != IS_HELD && slot->bytes[0] != IS_COMING)) {
		baton_crypto_wipe(slot->bytes, sizeof(slot->bytes));
		return BATON_ERR_ARG;
	}
	slot->version = baton_load_be64(slot->bytes + 1);
	slot->len = (uint16_t)(plain_len - BATON_STATE_HEADER);
	slot->have = slot->len;
	slot->state = BATON_SLOT_KEPT;
	slot->stored = true;
	slot->until_ms = now_ms + BATON_STATE_LIFE_MS;
	return BATON_OK;
}

enum baton_err baton_handoff_load(struct baton_handoff *handoff,
				  const char *key, const uint8_t *value,
				  size_t len, uint64_t now_ms)
{
	const struct baton_application_keys *keys;
	enum baton_err err;
	const char *name;
	uint8_t i;

	err = baton_ownership_load(&handoff->own, key, value, len, now_ms);
	if (err != BATON_ERR_NOT_FOUND)
		return err;
	handoff->now_ms = now_ms;
	for (i = 0; i < BATON_HANDOFF_APPLICATIONS; i++) {
		keys = handoff->application[i].keys;
		name = keys ? baton_application_name(keys, key) : NULL;
		if (name)
			return load_state(handoff, i, name, value, len, now_ms);
	}
	return BATON_ERR_NOT_FOUND;
}

/* Which of both slots is what is held; 2: none. */
static uint8_t which_is_held(const struct baton_handoff *handoff,
			     const struct baton_handoff_place *place)
{
	enum baton_hold hold = baton_ownership_hold(&handoff->own, place->id);
	uint64_t version = baton_ownership_version(&handoff->own, place->id);
	bool acts = hold == BATON_HOLD_OWNED || hold == BATON_HOLD_LEASED;
	const struct baton_handoff_slot *slot;
	uint8_t i;

	/* Adopted before the power went: what came is what is held. */
	for (i = 0; i < 2; i++) {
		slot = &place->slot[i];
		if (acts && slot->state == BATON_SLOT_KEPT &&
		    slot->bytes[0] == IS_COMING && slot->version == version)
			return i;
	}
	for (i = 0; i < 2; i++) {
		slot = &place->slot[i];
		if (hold != BATON_HOLD_NONE && slot->state == BATON_SLOT_KEPT &&
		    slot->bytes[0] == IS_HELD)
			return i;
	}
	return 2;
}

/* What was held is erased if it is not any more; what came may yet be. */
static void start(struct baton_handoff *handoff,
		  struct baton_handoff_place *place)
{
	uint8_t held = which_is_held(handoff, place);
	uint8_t i;

	for (i = 0; i < 2; i++)
		if (i != held && place->slot[i].state == BATON_SLOT_KEPT &&
		    (place->slot[i].bytes[0] == IS_HELD))
			handoff_erase(&place->slot[i]);
	if (held < 2)
		place->at = held;
	else
		place->at = place->slot[0].state == BATON_SLOT_KEPT;
	if (held < 2) {
		place->my_operations =
			baton_load_be16(handoff_held(place)->bytes + 9);
		handoff_tell(place, BATON_HANDOFF_RESTORED);
	}
	handoff_state_is_here(handoff, place);
}

void handoff_start(struct baton_handoff *handoff)
{
	size_t i;

	if (handoff->started)
		return;
	handoff->started = true;
	for (i = 0; i < handoff->count; i++)
		if (handoff->place[i].used)
			start(handoff, &handoff->place[i]);
}

static bool is_due(const struct baton_handoff_slot *slot)
{
	return slot->state == BATON_SLOT_FRESH ||
	       slot->state == BATON_SLOT_SPENT;
}

bool handoff_has_due(const struct baton_handoff *handoff)
{
	size_t i;

	for (i = 0; i < handoff->count; i++)
		if (handoff->place[i].used &&
		    (is_due(&handoff->place[i].slot[0]) ||
		     is_due(&handoff->place[i].slot[1])))
			return true;
	return false;
}

static void add_write(struct baton_handoff *handoff, struct baton_store_op *op,
		      struct baton_handoff_place *place, int at)
{
	struct baton_handoff_slot *slot = &place->slot[at];
	struct baton_store_write *write = &op->write[op->count];
	const struct baton_application_keys *keys =
		handoff->application[place->application].keys;
	char name[BATON_NAME_MAX];

	put_name(name, place->id, at);
	baton_application_store_key(keys, name, handoff->key[op->count]);
	memset(write, 0, sizeof(*write));
	write->key = handoff->key[op->count];
	write->kind = BATON_STORE_DELETE;
	if (slot->state == BATON_SLOT_FRESH) {
		slot->bytes[0] = at == place->at ? IS_HELD : IS_COMING;
		baton_store_be64(slot->bytes + 1, slot->version);
		baton_store_be16(slot->bytes + 9, place->my_operations);
		if (baton_application_seal(
			    keys, &handoff->drbg, name, slot->bytes,
			    (size_t)BATON_STATE_HEADER + slot->len,
			    handoff->value))
			return;
		slot->state = BATON_SLOT_WRITING;
		slot->stored = true;
		place->asked_puts |= (uint8_t)(1u << at);
		write->kind = BATON_STORE_PUT;
		write->value = handoff->value;
		write->value_len =
			(size_t)BATON_STATE_HEADER + slot->len + BATON_SEAL_LEN;
	} else {
		place->asked_deletes |= (uint8_t)(1u << at);
	}
	op->count++;
}

/* Both slots of an activity in one operation: one value, or none, changes. */
static bool next_state_op(struct baton_handoff *handoff,
			  struct baton_store_op *op)
{
	struct baton_handoff_place *place;
	size_t i;
	int at, puts;

	for (i = 0; i < handoff->count; i++) {
		place = &handoff->place[i];
		if (!place->used ||
		    (!is_due(&place->slot[0]) && !is_due(&place->slot[1])))
			continue;
		handoff->asked_at = i;
		op->count = 0;
		puts = 0;
		for (at = 0; at < 2; at++) {
			if (!is_due(&place->slot[at]) ||
			    (puts && place->slot[at].state == BATON_SLOT_FRESH))
				continue;
			puts += place->slot[at].state == BATON_SLOT_FRESH;
			add_write(handoff, op, place, at);
		}
		return op->count > 0;
	}
	return false;
}

void baton_handoff_erase(struct baton_handoff *handoff, uint64_t now_ms)
{
	struct baton_handoff_place *place;
	size_t i;
	int at;

	handoff_clock(handoff, now_ms);
	baton_ownership_link(&handoff->own, false, now_ms);
	baton_tokens_unlink(&handoff->tokens);
	handoff->up = false;
	handoff->erasing = true;
	handoff->retry_at_ms = 0;
	for (i = 0; i < handoff->count; i++) {
		place = &handoff->place[i];
		place->news = 0;
		for (at = 0; at < 2; at++)
			baton_crypto_wipe(place->slot[at].bytes,
					  sizeof(place->slot[at].bytes));
	}
}

/* The at-th key that may be in the store; false: none. */
static bool key_at(const struct baton_handoff *handoff, size_t at, char *key)
{
	const struct baton_ownership *own = &handoff->own;
	const struct baton_handoff_place *place;
	char name[BATON_NAME_MAX];

	if (at < 2) {
		own_key(own, key, at == 0 ? NULL : own->evicted);
		return at == 0 || own->evicts;
	}
	at -= 2;
	if (at < own->count) {
		own_key(own, key, own->activity[at].id);
		return own->activity[at].used;
	}
	at -= own->count;
	place = &handoff->place[at / 2];
	if (!place->used || !place->known || !place->slot[at % 2].stored)
		return false;
	put_name(name, place->id, (int)(at % 2));
	baton_application_store_key(
		handoff->application[place->application].keys, name, key);
	return true;
}

static bool next_erasure(struct baton_handoff *handoff,
			 struct baton_store_op *op)
{
	size_t end = 2 + handoff->own.count + 2 * handoff->count;
	size_t at = handoff->erase_at;

	if (handoff->asked || handoff->erased ||
	    baton_store_rests(handoff->retry_at_ms, handoff->now_ms))
		return false;
	op->count = 0;
	for (; at < end && op->count < BATON_STORE_WRITES_MAX; at++) {
		if (!key_at(handoff, at, handoff->key[op->count]))
			continue;
		memset(&op->write[op->count], 0, sizeof(op->write[0]));
		op->write[op->count].kind = BATON_STORE_DELETE;
		op->write[op->count].key = handoff->key[op->count];
		op->count++;
	}
	handoff->erase_next = at;
	if (op->count == 0) {
		handoff->erased = true;
		handoff->tells_erased = true;
		return false;
	}
	handoff->asked = true;
	handoff->asked_own = false;
	op->id = ++handoff->store_id;
	return true;
}

bool baton_handoff_next_store_op(struct baton_handoff *handoff,
				 struct baton_store_op *op)
{
	bool own;

	if (handoff->erasing)
		return next_erasure(handoff, op);
	handoff_settle(handoff);
	if (handoff->asked)
		return false;
	handoff->own_turn = !handoff->own_turn;
	own = handoff->own_turn &&
	      baton_ownership_next_store_op(&handoff->own, op);
	if (!own && (baton_store_rests(handoff->retry_at_ms, handoff->now_ms) ||
		     !next_state_op(handoff, op))) {
		own = baton_ownership_next_store_op(&handoff->own, op);
		if (!own)
			return false;
	}
	handoff->asked = true;
	handoff->asked_own = own;
	handoff->own_id = op->id;
	op->id = ++handoff->store_id;
	return true;
}

static void state_stored(struct baton_handoff *handoff, enum baton_err err)
{
	struct baton_handoff_place *place = &handoff->place[handoff->asked_at];
	struct baton_handoff_slot *slot;
	int at;

	for (at = 0; at < 2; at++) {
		slot = &place->slot[at];
		/* What was erased meanwhile has still to be deleted. */
		if (place->asked_puts >> at & 1 &&
		    slot->state == BATON_SLOT_WRITING) {
			slot->state = err || slot->changed ? BATON_SLOT_FRESH
							   : BATON_SLOT_KEPT;
			slot->changed = false;
		}
		if (place->asked_deletes >> at & 1 && !err) {
			slot->stored = false;
			if (slot->state == BATON_SLOT_SPENT)
				slot->state = BATON_SLOT_EMPTY;
		}
	}
	place->asked_puts = 0;
	place->asked_deletes = 0;
	if (err) {
		handoff->retry_at_ms = handoff->now_ms + BATON_STORE_RETRY_MS;
		handoff_tell(place, BATON_HANDOFF_STORE_FAILED);
	}
}

void baton_handoff_stored(struct baton_handoff *handoff, uint32_t id,
			  enum baton_err err, uint64_t now_ms)
{
	if (!handoff->asked || id != handoff->store_id)
		return;
	handoff->asked = false;
	handoff_clock(handoff, now_ms);
	baton_crypto_wipe(handoff->value, sizeof(handoff->value));
	if (handoff->erasing) {
		/* What was out before counts for nothing: it is deleted. */
		if (err)
			handoff->retry_at_ms = now_ms + BATON_STORE_RETRY_MS;
		else
			handoff->erase_at = handoff->erase_next;
		handoff->erase_next = handoff->erase_at;
		return;
	}
	if (handoff->asked_own)
		baton_ownership_stored(&handoff->own, handoff->own_id, err,
				       now_ms);
	else
		state_stored(handoff, err);
	handoff_settle(handoff);
}
