/* SPDX-License-Identifier: MIT */

/* Activities, what is stored of them, and what may be forgotten (OWNERSHIP.md 5). */

#include <string.h>

#include "base/bytes.h"
#include "session/ownership_internal.h"

#define FORMAT 1
#define VALUE_LEN 54
#define FLOOR_LEN 9
#define PREFIX_LEN 21 /* "own/", the bond, '/' */

struct baton_activity *own_find(const struct baton_ownership *own,
				const uint8_t *id)
{
	size_t i;

	for (i = 0; i < own->count; i++)
		if (own->activity[i].used &&
		    memcmp(own->activity[i].id, id, BATON_ACTIVITY_ID_LEN) == 0)
			return &own->activity[i];
	return NULL;
}

/* Accepted, and lately: what was released for it may be on its way. */
static bool is_promised(const struct baton_ownership *own,
			const struct baton_activity *activity)
{
	return activity->accepted &&
	       own->now_ms - activity->accepted_at_ms < PROMISE_MS;
}

/* Nothing durable is known of it: what is offered is offered again. */
static bool is_passing(const struct baton_activity *activity)
{
	return !activity->stored && !activity->writing;
}

/*
 * All that is left of it is its highest epoch, which the floor can take over:
 * nobody waits for a CONFIRM any more.
 */
static bool is_past(const struct baton_activity *activity)
{
	return activity->kept.hold == BATON_HOLD_NONE && activity->stored &&
	       !activity->writing &&
	       (activity->kept.adopted == 0 || activity->closed);
}

/* What would have to be said again if its place were used for another. */
enum said {
	NOTHING,
	OFFERED,
	ACCEPTED,
};

static enum said said(const struct baton_activity *activity)
{
	if (activity->accepted)
		return ACCEPTED;
	return activity->offered ? OFFERED : NOTHING;
}

/* A place of which nothing is lost if it is used for another. */
static struct baton_activity *passing_place(struct baton_ownership *own,
					    enum said most)
{
	struct baton_activity *activity;
	size_t i;

	/* Not the same one each time: one of them may be waited for. */
	own->turn++;
	for (i = 0; i < own->count; i++) {
		activity = &own->activity[(own->turn + i) % own->count];
		if (is_passing(activity) && !is_promised(own, activity) &&
		    said(activity) <= most)
			return activity;
	}
	return NULL;
}

/* The floor takes over the past with the lowest epoch. */
static struct baton_activity *past_place(struct baton_ownership *own,
					 bool accepted)
{
	struct baton_activity *past = NULL;
	size_t i;

	/* One at a time: its deletion goes with the next write. */
	if (own->evicts || own->asked)
		return NULL;
	for (i = 0; i < own->count; i++)
		if (is_past(&own->activity[i]) &&
		    !is_promised(own, &own->activity[i]) &&
		    (accepted || !own->activity[i].accepted) &&
		    (!past || own->activity[i].kept.seen < past->kept.seen))
			past = &own->activity[i];
	if (!past)
		return NULL;
	own->floor = own_max(own->floor, past->kept.seen);
	own->floor_moves = true;
	own->evicts = true;
	memcpy(own->evicted, past->id, BATON_ACTIVITY_ID_LEN);
	return past;
}

/* An acceptance is a promise of the moment: it is asked for again. */
static struct baton_activity *make_room(struct baton_ownership *own)
{
	struct baton_activity *place = passing_place(own, NOTHING);

	if (!place)
		place = past_place(own, false);
	if (!place)
		place = passing_place(own, OFFERED);
	if (!place)
		place = past_place(own, true);
	return place ? place : passing_place(own, ACCEPTED);
}

struct baton_activity *own_place(struct baton_ownership *own, const uint8_t *id)
{
	struct baton_activity *activity = own_find(own, id);

	if (activity)
		return activity;
	activity = make_room(own);
	if (!activity)
		return NULL;
	memset(activity, 0, sizeof(*activity));
	memcpy(activity->id, id, BATON_ACTIVITY_ID_LEN);
	activity->used = true;
	activity->kept.seen = own->floor;
	if (own->evicts &&
	    memcmp(own->evicted, id, BATON_ACTIVITY_ID_LEN) == 0) {
		own->evicts = false;
		activity->stored = true;
	}
	return activity;
}

void own_commit(struct baton_activity *activity, enum own_after after)
{
	activity->after = (uint8_t)after;
	activity->writing = true;
}

static void put_hex(char *p, const uint8_t *bytes)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	for (i = 0; i < 8; i++) {
		p[2 * i] = digits[bytes[i] >> 4];
		p[2 * i + 1] = digits[bytes[i] & 15];
	}
}

static bool get_hex(const char *p, uint8_t *bytes)
{
	uint8_t digit;
	int i;

	memset(bytes, 0, 8);
	for (i = 0; i < 16; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digit = (uint8_t)(p[i] - '0');
		else if (p[i] >= 'a' && p[i] <= 'f')
			digit = (uint8_t)(p[i] - 'a' + 10);
		else
			return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | digit);
	}
	return true;
}

/* "own/<bond>/<activity>"; of the floor: "own/<bond>/floor". */
void own_key(const struct baton_ownership *own, char *key, const uint8_t *id)
{
	memcpy(key, "own/", 4);
	put_hex(key + 4, own->bond);
	key[PREFIX_LEN - 1] = '/';
	if (id) {
		put_hex(key + PREFIX_LEN, id);
		key[PREFIX_LEN + 16] = '\0';
	} else {
		memcpy(key + PREFIX_LEN, "floor", sizeof("floor"));
	}
}

static void put_value(uint8_t *p, const struct baton_activity_kept *kept)
{
	p[0] = FORMAT;
	p[1] = (uint8_t)(kept->hold | kept->was << 4);
	baton_store_be32(p + 2, kept->lease_ms);
	baton_store_be64(p + 6, kept->seen);
	baton_store_be64(p + 14, kept->adopted);
	baton_store_be64(p + 22, kept->epoch);
	baton_store_be64(p + 30, kept->lease_epoch);
	baton_store_be64(p + 38, kept->version);
	baton_store_be64(p + 46, kept->nonce);
}

static bool get_value(const uint8_t *p, size_t len,
		      struct baton_activity_kept *kept)
{
	if (len != VALUE_LEN || p[0] != FORMAT)
		return false;
	kept->hold = p[1] & 15;
	kept->was = p[1] >> 4;
	kept->lease_ms = baton_load_be32(p + 2);
	kept->seen = baton_load_be64(p + 6);
	kept->adopted = baton_load_be64(p + 14);
	kept->epoch = baton_load_be64(p + 22);
	kept->lease_epoch = baton_load_be64(p + 30);
	kept->version = baton_load_be64(p + 38);
	kept->nonce = baton_load_be64(p + 46);
	return kept->hold <= BATON_HOLD_RELEASED &&
	       kept->was <= BATON_HOLD_LEASED;
}

/* The key is that of the floor, or an activity's, whose id comes out. */
static enum baton_err read_key(const struct baton_ownership *own,
			       const char *key, uint8_t *id, bool *floor)
{
	char wanted[BATON_ACTIVITY_KEY_LEN];
	size_t i;

	own_key(own, wanted, NULL);
	for (i = 0; i < PREFIX_LEN; i++)
		if (key[i] != wanted[i])
			return BATON_ERR_NOT_FOUND;
	for (i = PREFIX_LEN; key[i] && key[i] == wanted[i]; i++)
		;
	*floor = !key[i] && !wanted[i];
	if (*floor)
		return BATON_OK;
	for (i = 0; i < 16 && key[PREFIX_LEN + i]; i++)
		;
	return i == 16 && !key[PREFIX_LEN + 16] && get_hex(key + PREFIX_LEN, id)
		       ? BATON_OK
		       : BATON_ERR_ARG;
}

enum baton_err baton_ownership_load(struct baton_ownership *own,
				    const char *key, const uint8_t *value,
				    size_t len, uint64_t now_ms)
{
	struct baton_activity_kept kept = {0};
	struct baton_activity *activity;
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	enum baton_err err;
	bool floor;

	err = read_key(own, key, id, &floor);
	if (err)
		return err;
	if (floor) {
		if (len != FLOOR_LEN || value[0] != FORMAT)
			return BATON_ERR_ARG;
		own->floor = own_max(own->floor, baton_load_be64(value + 1));
		return BATON_OK;
	}
	if (!get_value(value, len, &kept))
		return BATON_ERR_ARG;
	if (own_find(own, id))
		return BATON_ERR_ARG;
	activity = own_place(own, id);
	if (!activity)
		return BATON_ERR_SPACE;
	activity->kept = kept;
	activity->stored = true;
	own->now_ms = now_ms;
	own_reboot(own, activity, now_ms);
	return BATON_OK;
}

static struct baton_store_write *add(struct baton_store_op *op,
				     struct baton_ownership *own,
				     enum baton_store_kind kind,
				     const uint8_t *id)
{
	struct baton_store_write *write = &op->write[op->count];
	char *key = own->key[op->count];

	own_key(own, key, id);
	memset(write, 0, sizeof(*write));
	write->kind = kind;
	write->key = key;
	write->value = own->value[op->count];
	op->count++;
	return write;
}

bool baton_ownership_next_store_op(struct baton_ownership *own,
				   struct baton_store_op *op)
{
	struct baton_store_write *write;
	size_t i;

	if (own->asked || baton_store_rests(own->retry_at_ms, own->now_ms))
		return false;
	for (i = 0; i < own->count && !own->activity[i].writing; i++)
		;
	if (i == own->count && !own->evicts && !own->floor_moves)
		return false;
	own->asked = true;
	own->asked_at = i;
	op->count = 0;
	if (own->evicts)
		(void)add(op, own, BATON_STORE_DELETE, own->evicted);
	if (own->floor_moves) {
		own->value[op->count][0] = FORMAT;
		baton_store_be64(own->value[op->count] + 1, own->floor);
		add(op, own, BATON_STORE_PUT, NULL)->value_len = FLOOR_LEN;
	}
	if (i < own->count) {
		put_value(own->value[op->count], &own->activity[i].next);
		write = add(op, own, BATON_STORE_PUT, own->activity[i].id);
		write->value_len = VALUE_LEN;
	}
	op->id = ++own->store_id;
	return true;
}

void baton_ownership_stored(struct baton_ownership *own, uint32_t id,
			    enum baton_err err, uint64_t now_ms)
{
	struct baton_activity *activity = NULL;

	own_clock(own, now_ms);
	if (!own->asked || id != own->store_id)
		return;
	own->asked = false;
	if (own->asked_at < own->count)
		activity = &own->activity[own->asked_at];
	if (err) {
		own->retry_at_ms = now_ms + BATON_STORE_RETRY_MS;
		if (activity)
			own_tell(activity, BATON_OWNERSHIP_STORE_FAILED);
		return;
	}
	own->evicts = false;
	own->floor_moves = false;
	if (!activity)
		return;
	activity->kept = activity->next;
	activity->stored = true;
	activity->writing = false;
	own_settle(own, activity);
}
