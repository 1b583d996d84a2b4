/* SPDX-License-Identifier: MIT */

/* Decisions of applications, and what follows (session/OWNERSHIP.md 6). */

#include "session/handoff.h"

#include <string.h>

#include "session/handoff_internal.h"

enum baton_err baton_handoff_init(struct baton_handoff *handoff,
				  enum baton_role role,
				  const uint8_t bond[BATON_BOND_ID_LEN],
				  struct baton_activity *activity,
				  struct baton_handoff_place *place,
				  size_t count,
				  const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	uint8_t own_seed[BATON_DRBG_SEED_LEN];
	enum baton_err err;

	memset(handoff, 0, sizeof(*handoff));
	baton_drbg_init(&handoff->drbg, seed);
	baton_drbg_bytes(&handoff->drbg, own_seed, sizeof(own_seed));
	err = baton_ownership_init(&handoff->own, role, bond, activity, count,
				   own_seed);
	baton_crypto_wipe(own_seed, sizeof(own_seed));
	if (err)
		return err;
	memset(place, 0, count * sizeof(*place));
	baton_tokens_init(&handoff->tokens, role);
	handoff->role = role;
	handoff->place = place;
	handoff->count = count;
	return BATON_OK;
}

void baton_handoff_wipe(struct baton_handoff *handoff)
{
	baton_ownership_wipe(&handoff->own);
	baton_tokens_wipe(&handoff->tokens);
	baton_crypto_wipe(handoff->place,
			  handoff->count * sizeof(*handoff->place));
	baton_crypto_wipe(handoff, sizeof(*handoff));
}

enum baton_err
baton_handoff_register(struct baton_handoff *handoff, uint8_t application,
		       const uint8_t id[BATON_APPLICATION_ID_LEN],
		       const struct baton_application_keys *keys,
		       uint8_t activities)
{
	struct baton_handoff_application *a;

	if (application >= BATON_HANDOFF_APPLICATIONS || activities == 0 ||
	    activities > handoff->count)
		return BATON_ERR_ARG;
	a = &handoff->application[application];
	if (a->keys)
		return BATON_ERR_ARG;
	a->id = id;
	a->keys = keys;
	a->activities = activities;
	return BATON_OK;
}

struct baton_handoff_place *handoff_find(const struct baton_handoff *handoff,
					 const uint8_t *id)
{
	size_t i;

	for (i = 0; i < handoff->count; i++)
		if (handoff->place[i].used &&
		    memcmp(handoff->place[i].id, id, BATON_ACTIVITY_ID_LEN) ==
			    0)
			return &handoff->place[i];
	return NULL;
}

struct baton_handoff_place *handoff_place(struct baton_handoff *handoff,
					  const uint8_t *id)
{
	struct baton_handoff_place *place;
	size_t i;

	for (i = 0; i < handoff->count && handoff->place[i].used; i++)
		;
	if (i == handoff->count)
		return NULL;
	place = &handoff->place[i];
	memset(place, 0, sizeof(*place));
	memcpy(place->id, id, BATON_ACTIVITY_ID_LEN);
	place->used = true;
	return place;
}

bool handoff_has_room(const struct baton_handoff *handoff, uint8_t application)
{
	size_t i, n = 0;

	for (i = 0; i < handoff->count; i++)
		n += handoff->place[i].used && handoff->place[i].known &&
		     handoff->place[i].application == application;
	return n < handoff->application[application].activities;
}

void handoff_clock(struct baton_handoff *handoff, uint64_t now_ms)
{
	size_t i;
	int at;

	handoff_start(handoff);
	if (now_ms < handoff->now_ms) {
		/* It measures nothing any more: it begins anew. */
		for (i = 0; i < handoff->count; i++)
			for (at = 0; at < 2; at++)
				handoff->place[i].slot[at].until_ms =
					now_ms + BATON_STATE_LIFE_MS;
	}
	handoff->now_ms = now_ms;
}

/* Its state is durable: it may be let go, and sent. */
static void release(struct baton_handoff *handoff,
		    struct baton_handoff_place *place)
{
	const struct baton_handoff_slot *slot = handoff_held(place);
	enum baton_err err;

	if (slot->state != BATON_SLOT_KEPT ||
	    slot->version != place->freeze_version)
		return;
	err = baton_ownership_release(&handoff->own, place->id,
				      handoff->now_ms);
	if (err == BATON_ERR_AGAIN)
		return;
	place->freezing = false;
	place->sending = !err;
	place->sent = 0;
}

static void begin(struct baton_handoff *handoff,
		  struct baton_handoff_place *place)
{
	enum baton_err err;

	if (handoff_held(place)->state != BATON_SLOT_KEPT)
		return;
	err = baton_ownership_begin(&handoff->own, place->id, handoff->now_ms);
	/* A place of the past is given up one at a time: until then, again. */
	if (!err)
		place->beginning = false;
}

static bool is_over(const struct baton_handoff *handoff,
		    const struct baton_handoff_place *place)
{
	const struct baton_activity *activity =
		own_find(&handoff->own, place->id);

	return !activity ||
	       (activity->kept.hold == BATON_HOLD_NONE && !activity->writing &&
		!activity->offered && !activity->accepted);
}

static void settle(struct baton_handoff *handoff,
		   struct baton_handoff_place *place)
{
	struct baton_handoff_slot *held = handoff_held(place);
	const struct baton_activity *activity;

	if (place->beginning)
		begin(handoff, place);
	if (place->freezing)
		release(handoff, place);
	handoff_state_is_here(handoff, place);
	activity = own_find(&handoff->own, place->id);
	if (place->finishing && (!activity || !activity->writing)) {
		place->finishing = false;
		handoff_erase(held);
		place->finished = true;
	}
	if (place->finished && held->state == BATON_SLOT_EMPTY) {
		place->finished = false;
		handoff_tell(place, BATON_HANDOFF_FINISHED);
	}
	if (place->saving && held->state == BATON_SLOT_KEPT) {
		place->saving = false;
		handoff_tell(place, BATON_HANDOFF_SAVED);
	}
	if (place->slot[0].state == BATON_SLOT_EMPTY &&
	    place->slot[1].state == BATON_SLOT_EMPTY && !place->news &&
	    is_over(handoff, place))
		baton_crypto_wipe(place, sizeof(*place));
}

void handoff_settle(struct baton_handoff *handoff)
{
	size_t i;

	handoff_start(handoff);
	if (handoff->erasing)
		return;
	handoff_take_events(handoff);
	for (i = 0; i < handoff->count; i++)
		if (handoff->place[i].used)
			settle(handoff, &handoff->place[i]);
	handoff_take_events(handoff);
}

/* The activity of this application about which something is decided. */
static enum baton_err decide(struct baton_handoff *handoff, uint8_t application,
			     const uint8_t *id, uint64_t now_ms,
			     struct baton_handoff_place **place)
{
	if (!handoff)
		return BATON_ERR_NOT_FOUND;
	handoff_clock(handoff, now_ms);
	handoff_settle(handoff);
	*place = handoff_find(handoff, id);
	if (handoff->erasing || !*place || !(*place)->known ||
	    (*place)->application != application)
		return BATON_ERR_NOT_FOUND;
	return (*place)->beginning ? BATON_ERR_AGAIN : BATON_OK;
}

enum baton_err baton_handoff_begin(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   const uint8_t *state, size_t len,
				   uint64_t now_ms)
{
	struct baton_handoff_place *place;

	if (!handoff)
		return BATON_ERR_NOT_FOUND;
	handoff_clock(handoff, now_ms);
	if (handoff->erasing || application >= BATON_HANDOFF_APPLICATIONS ||
	    !handoff->application[application].keys)
		return BATON_ERR_NOT_FOUND;
	if (len > BATON_STATE_MAX)
		return BATON_ERR_TOO_LARGE;
	handoff_settle(handoff);
	if (handoff_find(handoff, id) || own_find(&handoff->own, id))
		return BATON_ERR_STATE;
	place = handoff_has_room(handoff, application)
			? handoff_place(handoff, id)
			: NULL;
	if (!place)
		return BATON_ERR_SPACE;
	place->application = application;
	place->known = true;
	place->beginning = true;
	handoff_put(handoff_held(place), state, len, 0);
	return BATON_OK;
}

enum baton_err baton_handoff_save(struct baton_handoff *handoff,
				  uint8_t application,
				  const uint8_t id[BATON_ACTIVITY_ID_LEN],
				  const uint8_t *state, size_t len,
				  uint64_t now_ms)
{
	const struct baton_activity *activity;
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	if (err)
		return err;
	if (len > BATON_STATE_MAX)
		return BATON_ERR_TOO_LARGE;
	activity = own_find(&handoff->own, id);
	if (!activity || (activity->kept.hold != BATON_HOLD_OWNED &&
			  activity->kept.hold != BATON_HOLD_LEASED))
		return BATON_ERR_STATE;
	if (activity->writing)
		return BATON_ERR_AGAIN;
	/* What was frozen is what goes over. */
	if (activity->attempt == BATON_ATTEMPT_FROZEN)
		return BATON_ERR_STATE;
	handoff_put(handoff_held(place), state, len, 0);
	place->saving = true;
	return BATON_OK;
}

static void put_info(const struct baton_handoff *handoff,
		     const struct baton_handoff_place *place,
		     const uint8_t *token, uint8_t *info, size_t *len)
{
	memcpy(info, handoff->application[place->application].id,
	       BATON_APPLICATION_ID_LEN);
	memcpy(info + BATON_APPLICATION_ID_LEN, token, BATON_TOKEN_LEN);
	*len = BATON_APPLICATION_ID_LEN + BATON_TOKEN_LEN;
	memcpy(info + *len, place->my_info, place->my_info_len);
	*len += place->my_info_len;
}

/* A token for the offer of this activity: new on every link. */
static enum baton_err give_token(struct baton_handoff *handoff,
				 struct baton_handoff_place *place)
{
	uint8_t token[BATON_TOKEN_LEN], info[BATON_OFFER_INFO_MAX];
	enum baton_err err;
	size_t len;

	err = handoff_issue(handoff, place, token);
	if (err)
		return err;
	put_info(handoff, place, token, info, &len);
	return baton_ownership_info(&handoff->own, place->id, info, len);
}

/* An offer that never went out: as if it had not been made. */
static void take_offer_back(struct baton_handoff *handoff,
			    const struct baton_handoff_place *place)
{
	struct baton_activity *activity = own_find(&handoff->own, place->id);

	own_stop_trying(activity);
}

enum baton_err baton_handoff_offer(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   uint32_t lease_ms, uint16_t operations,
				   const uint8_t *info, size_t info_len,
				   uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	if (operations == 0 || info_len > BATON_HANDOFF_INFO_MAX)
		return BATON_ERR_ARG;
	err = decide(handoff, application, id, now_ms, &place);
	if (err)
		return err;
	if (!handoff->up || !handoff->application[application].open)
		return BATON_ERR_STATE;
	err = baton_ownership_offer(&handoff->own, id, lease_ms, NULL, 0,
				    now_ms);
	if (err)
		return err;
	place->my_operations = operations;
	place->my_info_len = (uint8_t)info_len;
	if (info_len > 0)
		memcpy(place->my_info, info, info_len);
	err = give_token(handoff, place);
	if (err)
		take_offer_back(handoff, place);
	return err;
}

enum baton_err baton_handoff_accept(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint16_t operations, uint64_t now_ms)
{
	const struct baton_activity *activity;
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	if (err)
		return err;
	activity = own_find(&handoff->own, id);
	if (activity && activity->writing)
		return BATON_ERR_AGAIN;
	if (!activity || !activity->offered || !place->asked ||
	    activity->kept.hold == BATON_HOLD_OWNED ||
	    own_acts(&handoff->own, activity, now_ms))
		return BATON_ERR_STATE;
	if (!place->granted) {
		if (!place->has_token)
			return BATON_ERR_STATE;
		if (baton_tokens_use(&handoff->tokens, place->token,
				     BATON_TOKEN_LEN,
				     handoff->application[application].id, id,
				     operations, now_ms) != BATON_TOKEN_GRANTED)
			return BATON_ERR_STATE;
		place->granted = true;
	}
	err = baton_ownership_accept(&handoff->own, id, now_ms);
	if (err)
		return err;
	place->accepted = true;
	place->asked = false;
	return BATON_OK;
}

enum baton_err baton_handoff_refuse(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint8_t reason, uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	if (!err)
		err = baton_ownership_refuse(&handoff->own, id, reason, now_ms);
	if (!err)
		handoff_withdraw(handoff, place, false);
	return err;
}

enum baton_err baton_handoff_state(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   const uint8_t *state, size_t len,
				   uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	if (err)
		return err;
	if (len > BATON_STATE_MAX)
		return BATON_ERR_TOO_LARGE;
	if (!place->wants_state)
		return BATON_ERR_STATE;
	place->wants_state = false;
	place->freezing = true;
	handoff_put(handoff_held(place), state, len, place->freeze_version);
	return BATON_OK;
}

enum baton_err baton_handoff_cancel(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	if (!err)
		err = baton_ownership_cancel(&handoff->own, id, now_ms);
	if (!err &&
	    baton_ownership_hold(&handoff->own, id) != BATON_HOLD_RELEASED) {
		baton_tokens_end(&handoff->tokens, id, true);
		place->wants_state = false;
		place->freezing = false;
		place->sending = false;
		handoff_untell(place, BATON_HANDOFF_FREEZE);
	}
	return err;
}

enum baton_err baton_handoff_renew(struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN],
				   uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	return err ? err : baton_ownership_renew(&handoff->own, id, now_ms);
}

enum baton_err baton_handoff_finish(struct baton_handoff *handoff,
				    uint8_t application,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	err = decide(handoff, application, id, now_ms, &place);
	if (!err)
		err = baton_ownership_finish(&handoff->own, id, now_ms);
	if (err)
		return err;
	baton_tokens_end(&handoff->tokens, id, true);
	place->news = 0;
	place->wants_state = false;
	place->freezing = false;
	place->saving = false;
	place->finishing = true;
	return BATON_OK;
}

static const struct baton_handoff_place *
look(const struct baton_handoff *handoff, uint8_t application,
     const uint8_t *id)
{
	const struct baton_handoff_place *place =
		handoff ? handoff_find(handoff, id) : NULL;

	return place && !handoff->erasing && place->known &&
			       place->application == application
		       ? place
		       : NULL;
}

bool baton_handoff_may_act(const struct baton_handoff *handoff,
			   uint8_t application,
			   const uint8_t id[BATON_ACTIVITY_ID_LEN],
			   uint64_t now_ms)
{
	return look(handoff, application, id) &&
	       baton_ownership_may_act(&handoff->own, id, now_ms);
}

uint64_t baton_handoff_lease_left_ms(const struct baton_handoff *handoff,
				     uint8_t application,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms)
{
	return look(handoff, application, id)
		       ? baton_ownership_lease_left_ms(&handoff->own, id,
						       now_ms)
		       : 0;
}

enum baton_hold baton_handoff_hold(const struct baton_handoff *handoff,
				   uint8_t application,
				   const uint8_t id[BATON_ACTIVITY_ID_LEN])
{
	return look(handoff, application, id)
		       ? baton_ownership_hold(&handoff->own, id)
		       : BATON_HOLD_NONE;
}

enum baton_err baton_handoff_activity(const struct baton_handoff *handoff,
				      uint8_t application, size_t index,
				      uint8_t id[BATON_ACTIVITY_ID_LEN])
{
	const struct baton_handoff_place *place;
	size_t i;

	for (i = 0; handoff && i < handoff->count; i++) {
		place = &handoff->place[i];
		if (!place->used || !place->known ||
		    place->application != application || index-- > 0)
			continue;
		memcpy(id, place->id, BATON_ACTIVITY_ID_LEN);
		return BATON_OK;
	}
	return BATON_ERR_NOT_FOUND;
}

static const uint8_t *held_bytes(const struct baton_handoff_place *place,
				 size_t *len)
{
	const struct baton_handoff_slot *slot = &place->slot[place->at];

	if (slot->state != BATON_SLOT_FRESH &&
	    slot->state != BATON_SLOT_WRITING && slot->state != BATON_SLOT_KEPT)
		return NULL;
	*len = slot->len;
	return slot->bytes + BATON_STATE_HEADER;
}

const uint8_t *baton_handoff_read(const struct baton_handoff *handoff,
				  uint8_t application,
				  const uint8_t id[BATON_ACTIVITY_ID_LEN],
				  size_t *len)
{
	const struct baton_handoff_place *place =
		look(handoff, application, id);

	if (!place ||
	    baton_ownership_hold(&handoff->own, id) == BATON_HOLD_NONE)
		return NULL;
	return held_bytes(place, len);
}

void baton_handoff_link(struct baton_handoff *handoff, bool up,
			const uint8_t key[32], uint64_t now_ms)
{
	struct baton_handoff_place *place;
	const struct baton_activity *activity;
	size_t i;

	handoff_clock(handoff, now_ms);
	if (handoff->erasing)
		return;
	handoff->up = up;
	if (up)
		baton_tokens_link(&handoff->tokens, key, now_ms);
	else
		baton_tokens_unlink(&handoff->tokens);
	for (i = 0; i < BATON_HANDOFF_APPLICATIONS; i++)
		handoff->application[i].open = false;
	for (i = 0; i < handoff->count; i++) {
		place = &handoff->place[i];
		place->has_token = false;
		place->sending = false;
		place->owes_token = false;
		place->owes_need = false;
		place->release_len = 0;
	}
	baton_ownership_link(&handoff->own, up, now_ms);
	for (i = 0; up && i < handoff->count; i++) {
		place = &handoff->place[i];
		activity =
			place->used ? own_find(&handoff->own, place->id) : NULL;
		if (activity && activity->attempt == BATON_ATTEMPT_OFFERED &&
		    give_token(handoff, place))
			handoff_try(baton_ownership_cancel(&handoff->own,
							   place->id, now_ms));
	}
	handoff_settle(handoff);
}

void baton_handoff_open(struct baton_handoff *handoff, uint8_t application,
			bool open, uint64_t now_ms)
{
	handoff_clock(handoff, now_ms);
	if (application < BATON_HANDOFF_APPLICATIONS)
		handoff->application[application].open = open;
}

void baton_handoff_gone(struct baton_handoff *handoff, uint8_t application)
{
	if (application < BATON_HANDOFF_APPLICATIONS)
		handoff->application[application].gone = true;
}

static bool expires(const struct baton_handoff_slot *slot)
{
	return slot->state == BATON_SLOT_COMING ||
	       slot->state == BATON_SLOT_FRESH ||
	       slot->state == BATON_SLOT_WRITING ||
	       slot->state == BATON_SLOT_KEPT;
}

uint64_t baton_handoff_deadline(const struct baton_handoff *handoff)
{
	uint64_t deadline = baton_ownership_deadline(&handoff->own);
	const struct baton_handoff_place *place;
	const struct baton_handoff_slot *slot;
	uint64_t retry_ms = baton_store_retry(
		handoff->asked, handoff->retry_at_ms, handoff->now_ms);
	size_t i;

	/* Looking for the next write may find that there is none: that is told. */
	if (handoff->tells_erased)
		return handoff->now_ms;
	if (handoff->erasing)
		return handoff->erased ? UINT64_MAX : retry_ms;
	if (retry_ms < deadline && handoff_has_due(handoff))
		deadline = retry_ms;
	for (i = 0; i < handoff->count; i++) {
		place = &handoff->place[i];
		slot = &place->slot[1 - place->at];
		if (place->used && expires(slot) && slot->until_ms < deadline)
			deadline = slot->until_ms;
	}
	return deadline;
}

void baton_handoff_tick(struct baton_handoff *handoff, uint64_t now_ms)
{
	struct baton_handoff_place *place;
	struct baton_handoff_slot *slot;
	size_t i;

	handoff_clock(handoff, now_ms);
	if (handoff->erasing)
		return;
	baton_ownership_tick(&handoff->own, now_ms);
	handoff_take_events(handoff);
	for (i = 0; i < handoff->count; i++) {
		place = &handoff->place[i];
		slot = handoff_coming(place);
		if (!place->used || !expires(slot) || now_ms < slot->until_ms)
			continue;
		/* It can come again, if it is released after all. */
		handoff_erase(slot);
		handoff_try(baton_ownership_state(&handoff->own, place->id, 0,
						  now_ms));
	}
	handoff_settle(handoff);
}

static void fill(struct baton_handoff *handoff,
		 struct baton_handoff_place *place,
		 struct baton_handoff_event *event)
{
	event->application = place->application;
	memcpy(event->id, place->id, BATON_ACTIVITY_ID_LEN);
	event->hold = baton_ownership_hold(&handoff->own, place->id);
	event->reason = place->reason;
	if (event->type == BATON_HANDOFF_OFFERED) {
		event->lease_ms = place->lease_ms;
		event->operations = place->operations;
		event->bytes = place->info;
		event->len = place->info_len;
	} else if (event->type == BATON_HANDOFF_ADOPTED ||
		   event->type == BATON_HANDOFF_RESTORED ||
		   event->type == BATON_HANDOFF_TAKEN_BACK) {
		event->bytes = held_bytes(place, &event->len);
	}
}

static bool next_token_event(struct baton_handoff *handoff,
			     struct baton_handoff_event *event)
{
	uint8_t i;

	if (!baton_tokens_next_event(&handoff->tokens, &event->token))
		return false;
	event->type = BATON_HANDOFF_TOKEN;
	event->application = UINT8_MAX;
	for (i = 0; i < BATON_HANDOFF_APPLICATIONS; i++)
		if (handoff->application[i].keys &&
		    memcmp(handoff->application[i].id, event->token.audience,
			   BATON_TOKEN_AUDIENCE_LEN) == 0)
			event->application = i;
	return true;
}

bool baton_handoff_next_event(struct baton_handoff *handoff,
			      struct baton_handoff_event *event)
{
	enum baton_handoff_event_type type;
	struct baton_handoff_place *place;
	bool told;
	size_t i;

	handoff_settle(handoff);
	memset(event, 0, sizeof(*event));
	event->type = BATON_HANDOFF_ERASED;
	event->application = UINT8_MAX;
	if (handoff->erasing) {
		told = handoff->tells_erased;
		handoff->tells_erased = false;
		return told;
	}
	if (next_token_event(handoff, event))
		return true;
	for (i = 0; i < handoff->count; i++)
		if (handoff->place[i].used && handoff->place[i].news)
			break;
	if (i == handoff->count)
		return false;
	place = &handoff->place[i];
	for (type = BATON_HANDOFF_ADOPTED; !(place->news & 1u << type);)
		type++;
	handoff_untell(place, type);
	event->type = type;
	fill(handoff, place, event);
	return true;
}
