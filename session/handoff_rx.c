/* SPDX-License-Identifier: MIT */

/* What the peer and the ownership machine say (session/OWNERSHIP.md 6). */

#include <string.h>

#include "base/bytes.h"
#include "session/handoff_internal.h"

#define OFFER_FRAME (BATON_FRAME_CODE_FIRST + OWN_OFFER)
#define RELEASE_FRAME (BATON_FRAME_CODE_FIRST + OWN_RELEASE)
#define INFO_HEAD (BATON_APPLICATION_ID_LEN + BATON_TOKEN_LEN)

static uint8_t find_application(const struct baton_handoff *handoff,
				const uint8_t *id)
{
	uint8_t i;

	for (i = 0; i < BATON_HANDOFF_APPLICATIONS; i++)
		if (handoff->application[i].keys &&
		    !handoff->application[i].gone &&
		    memcmp(handoff->application[i].id, id,
			   BATON_APPLICATION_ID_LEN) == 0)
			break;
	return i;
}

/* The offer is over, or becomes an activity. */
static void end_offer(struct baton_handoff *handoff,
		      struct baton_handoff_place *place)
{
	baton_tokens_end(&handoff->tokens, place->id, false);
	place->asked = false;
	place->released = false;
	place->has_token = false;
	place->granted = false;
	place->accepted = false;
	place->owes_need = false;
	place->release_len = 0;
	handoff_untell(place, BATON_HANDOFF_OFFERED);
	baton_crypto_wipe(place->token, sizeof(place->token));
}

static void refuse(struct baton_handoff *handoff, const uint8_t *id,
		   uint8_t reason)
{
	struct baton_activity *activity = own_find(&handoff->own, id);

	baton_tokens_end(&handoff->tokens, id, false);
	if (activity)
		own_turn_away(&handoff->own, activity, reason);
}

/* A token is here: the application may be asked. */
static void ask(struct baton_handoff_place *place)
{
	place->has_token = true;
	place->operations =
		baton_load_be16(place->token + BATON_TOKEN_OPERATIONS_AT);
	place->asked = true;
	handoff_untell(place, BATON_HANDOFF_WITHDRAWN);
	handoff_tell(place, BATON_HANDOFF_OFFERED);
}

/* An offer without its token has been let go before: TOKEN follows. */
static void take_released(struct baton_handoff *handoff,
			  const struct baton_ownership_event *event)
{
	struct baton_handoff_place *place = handoff_find(handoff, event->id);

	if (!place)
		place = handoff_place(handoff, event->id);
	if (!place) {
		/* It is repeated: there may be one then. */
		own_find(&handoff->own, event->id)->offered = 0;
		return;
	}
	place->released = true;
	place->lease_ms = 0;
	place->info_len = 0;
	if (place->has_token)
		ask(place);
}

static void take_offered(struct baton_handoff *handoff,
			 const struct baton_ownership_event *event)
{
	struct baton_handoff_place *place = handoff_find(handoff, event->id);
	const uint8_t *info = event->info;
	uint8_t application;
	bool same;

	if (event->released) {
		take_released(handoff, event);
		return;
	}
	application = event->info_len < INFO_HEAD
			      ? BATON_HANDOFF_APPLICATIONS
			      : find_application(handoff, info);
	if (application == BATON_HANDOFF_APPLICATIONS ||
	    (place && place->known && place->application != application) ||
	    baton_tokens_take(&handoff->tokens, info + BATON_APPLICATION_ID_LEN,
			      BATON_TOKEN_LEN, handoff->now_ms)) {
		refuse(handoff, event->id, BATON_REASON_NOT_ALLOWED);
		return;
	}
	if (!place && handoff_has_room(handoff, application))
		place = handoff_place(handoff, event->id);
	if (!place) {
		refuse(handoff, event->id, BATON_REASON_NO_ROOM);
		return;
	}
	same = place->asked && place->lease_ms == event->lease_ms &&
	       memcmp(place->token + BATON_TOKEN_OPERATIONS_AT,
		      info + BATON_APPLICATION_ID_LEN +
			      BATON_TOKEN_OPERATIONS_AT,
		      2) == 0 &&
	       place->info_len == event->info_len - INFO_HEAD &&
	       memcmp(place->info, info + INFO_HEAD, place->info_len) == 0;
	place->application = application;
	place->known = true;
	place->released = false;
	place->granted = false;
	place->lease_ms = event->lease_ms;
	place->info_len = (uint8_t)(event->info_len - INFO_HEAD);
	memcpy(place->info, info + INFO_HEAD, place->info_len);
	memcpy(place->token, info + BATON_APPLICATION_ID_LEN, BATON_TOKEN_LEN);
	/* A new link has another token for the same question. */
	if (same)
		place->has_token = true;
	else
		ask(place);
}

static void take_adopted(struct baton_handoff *handoff,
			 struct baton_handoff_place *place,
			 const struct baton_ownership_event *event)
{
	struct baton_handoff_slot *coming = handoff_coming(place);

	if (event->version && coming->state == BATON_SLOT_KEPT &&
	    coming->version == event->version) {
		handoff_erase(handoff_held(place));
		place->at = 1 - place->at;
	}
	end_offer(handoff, place);
	baton_tokens_end(&handoff->tokens, place->id, true);
	place->sending = false;
	place->news = 0;
	handoff_tell(place, BATON_HANDOFF_ADOPTED);
}

static void take_wanted(struct baton_handoff *handoff,
			struct baton_handoff_place *place,
			const struct baton_ownership_event *event)
{
	const struct baton_handoff_slot *coming = handoff_coming(place);

	if (coming->state == BATON_SLOT_EMPTY ||
	    coming->state == BATON_SLOT_SPENT ||
	    coming->state == BATON_SLOT_COMING ||
	    coming->version != event->version)
		place->owes_need = true;
	place->wanted_version = event->version;
	place->keeps_release = true;
	handoff_state_is_here(handoff, place);
}

/* It is not mine any more, or not to be the peer's. */
static void let_go(struct baton_handoff *handoff,
		   struct baton_handoff_place *place,
		   enum baton_handoff_event_type type)
{
	baton_tokens_end(&handoff->tokens, place->id, true);
	place->sending = false;
	place->freezing = false;
	place->wants_state = false;
	place->saving = false;
	/* What the peer offers since, or did, is another matter. */
	place->news &=
		1u << BATON_HANDOFF_OFFERED | 1u << BATON_HANDOFF_WITHDRAWN;
	handoff_tell(place, type);
}

/* The phone, which has it since, may be offering it again. */
static void lease_over(struct baton_handoff *handoff,
		       struct baton_handoff_place *place)
{
	const struct baton_activity *activity =
		own_find(&handoff->own, place->id);

	if (!activity || !activity->offered)
		handoff_withdraw(handoff, place, false);
	let_go(handoff, place, BATON_HANDOFF_LEASE_OVER);
	handoff_erase(handoff_held(place));
}

void handoff_withdraw(struct baton_handoff *handoff,
		      struct baton_handoff_place *place, bool tells)
{
	bool untold = place->news >> BATON_HANDOFF_OFFERED & 1;
	bool known = place->asked || place->accepted;

	end_offer(handoff, place);
	handoff_erase(handoff_coming(place));
	handoff_try(baton_ownership_state(&handoff->own, place->id, 0,
					  handoff->now_ms));
	if (tells && known && !untold)
		handoff_tell(place, BATON_HANDOFF_WITHDRAWN);
}

static void take_event(struct baton_handoff *handoff,
		       struct baton_handoff_place *place,
		       const struct baton_ownership_event *event)
{
	switch (event->type) {
	case BATON_OWNERSHIP_OFFERED:
		break;
	case BATON_OWNERSHIP_ADOPTED:
		take_adopted(handoff, place, event);
		break;
	case BATON_OWNERSHIP_FREEZE:
		place->wants_state = true;
		place->freeze_version = event->version;
		handoff_untell(place, BATON_HANDOFF_KEPT);
		handoff_tell(place, BATON_HANDOFF_FREEZE);
		break;
	case BATON_OWNERSHIP_STATE:
		place->sending = handoff_held(place)->version == event->version;
		place->sent = 0;
		/* A phone that lost its memory has to ask again. */
		place->owes_token = handoff->role == BATON_WATCH &&
				    place->sending && !place->freezing;
		break;
	case BATON_OWNERSHIP_GIVEN:
		let_go(handoff, place, BATON_HANDOFF_GIVEN);
		if (handoff->role == BATON_WATCH)
			handoff_erase(handoff_held(place));
		break;
	case BATON_OWNERSHIP_KEPT:
		let_go(handoff, place, BATON_HANDOFF_KEPT);
		place->reason = event->reason;
		break;
	case BATON_OWNERSHIP_LEASE_OVER:
		lease_over(handoff, place);
		break;
	case BATON_OWNERSHIP_TAKEN_BACK:
		handoff_withdraw(handoff, place, true);
		let_go(handoff, place, BATON_HANDOFF_TAKEN_BACK);
		break;
	case BATON_OWNERSHIP_RENEWED:
		handoff_tell(place, BATON_HANDOFF_RENEWED);
		break;
	case BATON_OWNERSHIP_WITHDRAWN:
		handoff_withdraw(handoff, place, true);
		break;
	case BATON_OWNERSHIP_WANTED:
		take_wanted(handoff, place, event);
		break;
	case BATON_OWNERSHIP_STORE_FAILED:
		handoff_tell(place, BATON_HANDOFF_STORE_FAILED);
		break;
	}
}

void handoff_take_events(struct baton_handoff *handoff)
{
	struct baton_ownership_event event;
	struct baton_handoff_place *place;
	const struct baton_activity *activity;
	size_t i;

	while (baton_ownership_next_event(&handoff->own, &event)) {
		if (event.type == BATON_OWNERSHIP_OFFERED) {
			take_offered(handoff, &event);
			continue;
		}
		place = handoff_find(handoff, event.id);
		if (place)
			take_event(handoff, place, &event);
	}
	/* What was displaced, or ended without a word. */
	for (i = 0; i < handoff->count; i++) {
		place = &handoff->place[i];
		if (!place->used || (!place->asked && !place->accepted))
			continue;
		activity = own_find(&handoff->own, place->id);
		if (!activity || (!activity->offered && !activity->writing))
			handoff_withdraw(handoff, place, true);
	}
}

void handoff_state_is_here(struct baton_handoff *handoff,
			   struct baton_handoff_place *place)
{
	const struct baton_handoff_slot *coming = handoff_coming(place);
	uint8_t release[sizeof(place->release)];
	size_t len = place->release_len;

	if (coming->state != BATON_SLOT_KEPT)
		return;
	handoff_try(baton_ownership_state(&handoff->own, place->id,
					  coming->version, handoff->now_ms));
	if (len == 0 || !handoff->up)
		return;
	/* As if it had been repeated, without the wait. */
	memcpy(release, place->release, len);
	place->release_len = 0;
	(void)baton_ownership_rx(&handoff->own, RELEASE_FRAME, release, len,
				 handoff->now_ms);
}

/* What there is no place for waits outside, and displaces nothing. */
static bool has_no_place(const struct baton_handoff *handoff, uint8_t code,
			 const uint8_t *body, size_t len)
{
	size_t i;

	if (code != OFFER_FRAME || len < BATON_ACTIVITY_ID_LEN ||
	    own_find(&handoff->own, body) || handoff_find(handoff, body))
		return false;
	for (i = 0; i < handoff->count && handoff->place[i].used; i++)
		;
	return i == handoff->count;
}

enum baton_err baton_handoff_rx_frame(struct baton_handoff *handoff,
				      uint8_t code, const uint8_t *body,
				      size_t len, uint64_t now_ms)
{
	struct baton_handoff_place *place;
	enum baton_err err;

	handoff_clock(handoff, now_ms);
	if (handoff->erasing)
		return BATON_ERR_PEER_STATE;
	if (code > BATON_FRAME_CODE_FIRST + OWN_MARK)
		return baton_tokens_rx(&handoff->tokens, code, body, len,
				       now_ms);
	if (has_no_place(handoff, code, body, len))
		return BATON_ERR_PEER_LIMIT;
	err = baton_ownership_rx(&handoff->own, code, body, len, now_ms);
	handoff_settle(handoff);
	if (code != RELEASE_FRAME || len < BATON_ACTIVITY_ID_LEN)
		return err;
	place = handoff_find(handoff, body);
	if (!err && place && place->keeps_release &&
	    len <= sizeof(place->release)) {
		memcpy(place->release, body, len);
		place->release_len = (uint8_t)len;
	}
	if (place)
		place->keeps_release = false;
	return err;
}

static enum baton_err rx_state(struct baton_handoff *handoff,
			       struct baton_handoff_place *place,
			       const uint8_t *body, size_t len)
{
	struct baton_handoff_slot *slot = handoff_coming(place);
	uint64_t version;
	size_t total, offset;

	if (len < STATE_HEAD)
		return BATON_ERR_PEER_LENGTH;
	version = baton_load_be64(body + 8);
	total = baton_load_be16(body + 16);
	offset = baton_load_be16(body + 18);
	len -= STATE_HEAD;
	if (version == 0 || offset + len > total || (len == 0 && total > 0))
		return BATON_ERR_PEER_FORMAT;
	if (!place->accepted)
		return BATON_ERR_PEER_STATE;
	if (total > BATON_STATE_MAX) {
		refuse(handoff, place->id, BATON_REASON_TOO_LARGE);
		handoff_withdraw(handoff, place, true);
		return BATON_ERR_PEER_LIMIT;
	}
	if (slot->version != version || slot->len != total) {
		own_clock(&handoff->own, handoff->now_ms);
		/* Each is written: what is dropped here will be asked for. */
		if (slot->state != BATON_SLOT_EMPTY &&
		    !own_may_write(&handoff->own))
			return BATON_ERR_PEER_LIMIT;
		handoff_erase(slot);
		slot->state = BATON_SLOT_COMING;
		slot->version = version;
		slot->len = (uint16_t)total;
	}
	slot->until_ms = handoff->now_ms + BATON_STATE_LIFE_MS;
	if (slot->state != BATON_SLOT_COMING)
		return BATON_OK;
	if (offset == 0)
		slot->have = 0;
	if (offset != slot->have)
		return BATON_ERR_PEER_STATE;
	memcpy(slot->bytes + BATON_STATE_HEADER + offset, body + STATE_HEAD,
	       len);
	slot->have = (uint16_t)(offset + len);
	if (slot->have == slot->len)
		slot->state = BATON_SLOT_FRESH;
	return BATON_OK;
}

/* For what was let go on another link, and has to be asked again. */
static enum baton_err rx_token(struct baton_handoff *handoff,
			       struct baton_handoff_place *place,
			       uint8_t application, const uint8_t *body,
			       size_t len)
{
	enum baton_err err;

	if (len != BATON_ACTIVITY_ID_LEN + BATON_TOKEN_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (!place->known && !handoff_has_room(handoff, application))
		return BATON_ERR_PEER_LIMIT;
	err = baton_tokens_take(&handoff->tokens, body + BATON_ACTIVITY_ID_LEN,
				BATON_TOKEN_LEN, handoff->now_ms);
	if (err)
		return err;
	place->application = application;
	place->known = true;
	place->has_token = true;
	memcpy(place->token, body + BATON_ACTIVITY_ID_LEN, BATON_TOKEN_LEN);
	if (place->released && !place->accepted)
		ask(place);
	return BATON_OK;
}

static enum baton_err rx_need(const struct baton_handoff *handoff,
			      struct baton_handoff_place *place,
			      const uint8_t *body, size_t len)
{
	const struct baton_handoff_slot *slot = handoff_held(place);
	size_t offset;

	if (len != STATE_HEAD - 2)
		return BATON_ERR_PEER_LENGTH;
	offset = baton_load_be16(body + 16);
	/* Only what was let go for it. */
	if (baton_ownership_hold(&handoff->own, place->id) !=
		    BATON_HOLD_RELEASED ||
	    slot->version != baton_load_be64(body + 8) || offset > slot->len)
		return BATON_ERR_PEER_STATE;
	if (!place->sending) {
		place->sending = true;
		place->sent = offset < slot->len ? offset : 0;
	}
	return BATON_OK;
}

enum baton_err baton_handoff_rx(struct baton_handoff *handoff,
				uint8_t application, uint8_t op,
				const uint8_t *body, size_t len,
				uint64_t now_ms)
{
	enum baton_err err = BATON_ERR_PEER_FORMAT;
	struct baton_handoff_place *place;

	handoff_clock(handoff, now_ms);
	if (handoff->erasing || application >= BATON_HANDOFF_APPLICATIONS ||
	    !handoff->application[application].keys)
		return BATON_ERR_PEER_UNKNOWN;
	if (len < BATON_ACTIVITY_ID_LEN)
		return BATON_ERR_PEER_LENGTH;
	place = handoff_find(handoff, body);
	/* Of another application: as if it were not there. */
	if (!place || (place->known && place->application != application))
		return BATON_ERR_PEER_UNKNOWN;
	if (op == HANDOFF_STATE)
		err = rx_state(handoff, place, body, len);
	else if (op == HANDOFF_TOKEN)
		err = rx_token(handoff, place, application, body, len);
	else if (op == HANDOFF_NEED)
		err = rx_need(handoff, place, body, len);
	handoff_settle(handoff);
	return err;
}

enum baton_err handoff_issue(struct baton_handoff *handoff,
			     struct baton_handoff_place *place,
			     uint8_t bytes[BATON_TOKEN_LEN])
{
	struct baton_token token = {
		.operations = place->my_operations,
		.life_ms = BATON_OFFER_TIMEOUT_MS,
	};

	memcpy(token.audience, handoff->application[place->application].id,
	       BATON_TOKEN_AUDIENCE_LEN);
	memcpy(token.activity, place->id, BATON_ACTIVITY_ID_LEN);
	return baton_tokens_issue(&handoff->tokens, &token, bytes,
				  handoff->now_ms);
}

static bool put_part(struct baton_handoff_place *place, uint8_t *body,
		     size_t cap, size_t *len)
{
	const struct baton_handoff_slot *slot = handoff_held(place);
	size_t n = slot->len - place->sent;

	if (slot->state != BATON_SLOT_KEPT) {
		place->sending = false;
		return false;
	}
	if (n > cap - STATE_HEAD)
		n = cap - STATE_HEAD;
	memcpy(body, place->id, BATON_ACTIVITY_ID_LEN);
	baton_store_be64(body + 8, slot->version);
	baton_store_be16(body + 16, slot->len);
	baton_store_be16(body + 18, (uint16_t)place->sent);
	memcpy(body + STATE_HEAD,
	       slot->bytes + BATON_STATE_HEADER + place->sent, n);
	place->sent += n;
	place->sending = place->sent < slot->len;
	*len = STATE_HEAD + n;
	return true;
}

static bool put(struct baton_handoff *handoff,
		struct baton_handoff_place *place, uint8_t *op, uint8_t *body,
		size_t cap, size_t *len)
{
	const struct baton_handoff_slot *coming = handoff_coming(place);

	if (place->owes_token) {
		place->owes_token = false;
		memcpy(body, place->id, BATON_ACTIVITY_ID_LEN);
		*op = HANDOFF_TOKEN;
		*len = BATON_ACTIVITY_ID_LEN + BATON_TOKEN_LEN;
		if (!handoff_issue(handoff, place,
				   body + BATON_ACTIVITY_ID_LEN))
			return true;
	}
	if (place->owes_need) {
		place->owes_need = false;
		*op = HANDOFF_NEED;
		*len = STATE_HEAD - 2;
		memcpy(body, place->id, BATON_ACTIVITY_ID_LEN);
		baton_store_be64(body + 8, place->wanted_version);
		baton_store_be16(body + 16,
				 coming->version == place->wanted_version &&
						 coming->state ==
							 BATON_SLOT_COMING
					 ? coming->have
					 : 0);
		return true;
	}
	*op = HANDOFF_STATE;
	return place->sending && put_part(place, body, cap, len);
}

bool baton_handoff_tx(struct baton_handoff *handoff, uint8_t *application,
		      uint8_t *op, uint8_t *body, size_t cap, size_t *len,
		      uint64_t now_ms)
{
	struct baton_handoff_place *place;
	size_t i, at;

	handoff_clock(handoff, now_ms);
	handoff_settle(handoff);
	if (!handoff->up)
		return false;
	for (i = 0; i < handoff->count; i++) {
		at = (handoff->tx_turn + i) % handoff->count;
		place = &handoff->place[at];
		if (!place->used || !place->known ||
		    !handoff->application[place->application].open ||
		    !put(handoff, place, op, body, cap, len))
			continue;
		handoff->tx_turn = (uint8_t)((at + 1) % handoff->count);
		*application = place->application;
		return true;
	}
	return false;
}

bool baton_handoff_tx_frame(struct baton_handoff *handoff, uint8_t *code,
			    uint8_t *body, size_t *len, uint64_t now_ms)
{
	handoff_clock(handoff, now_ms);
	handoff_settle(handoff);
	if (!handoff->up)
		return false;
	return baton_ownership_tx(&handoff->own, code, body, len, now_ms) ||
	       baton_tokens_tx(&handoff->tokens, code, body, len);
}
