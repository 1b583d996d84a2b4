/* SPDX-License-Identifier: MIT */

/* Frames and events of the ownership machine (session/OWNERSHIP.md 3). */

#include <string.h>

#include "base/bytes.h"
#include "session/ownership_internal.h"

static void confirm(struct baton_activity *activity, uint64_t epoch)
{
	activity->confirm_epoch = epoch;
	own_owe(activity, OWN_CONFIRM);
}

static void refuse_again(struct baton_activity *activity, uint64_t epoch)
{
	activity->refuse_epoch = epoch;
	own_owe(activity, OWN_REFUSED);
}

/*
 * Rule 3 writes for every refusal: a peer that goes on asking for new ones
 * must not wear the store out. What is dropped here is repeated.
 */
bool own_may_write(struct baton_ownership *own)
{
	uint64_t ready_ms = own->refusing_ms;

	if (ready_ms < own->now_ms)
		ready_ms = own->now_ms;
	if (ready_ms - own->now_ms > (REFUSALS - 1) * REFUSAL_MS)
		return false;
	own->refusing_ms = ready_ms + REFUSAL_MS;
	return true;
}

static enum baton_err refuse_new(struct baton_ownership *own,
				 struct baton_activity *activity,
				 uint64_t epoch, uint8_t reason)
{
	if (!own_may_write(own))
		return BATON_ERR_PEER_LIMIT;
	own_tell(activity, BATON_OWNERSHIP_WITHDRAWN);
	own_refuse(activity, epoch, reason);
	return BATON_OK;
}

void own_turn_away(struct baton_ownership *own, struct baton_activity *activity,
		   uint8_t reason)
{
	if (activity->writing || !activity->offered)
		return;
	if (own_may_write(own)) {
		own_refuse(activity, activity->offered, reason);
		return;
	}
	activity->offered = 0;
	activity->accepted = 0;
}

static bool is_lent(const struct baton_activity *activity, uint64_t epoch)
{
	return (activity->kept.hold == BATON_HOLD_LENT ||
		activity->kept.hold == BATON_HOLD_RELEASED) &&
	       activity->kept.epoch == epoch;
}

static void keep_info(struct baton_activity *activity,
		      const struct own_message *message)
{
	activity->info_len = (uint8_t)message->info_len;
	memcpy(activity->info, message->info, message->info_len);
}

static enum baton_err offered_again(struct baton_activity *activity,
				    const struct own_message *message)
{
	if (activity->attempt == BATON_ATTEMPT_IDLE &&
	    !activity->released_offer &&
	    (activity->info_len != message->info_len ||
	     memcmp(activity->info, message->info, message->info_len) != 0)) {
		keep_info(activity, message);
		own_tell(activity, BATON_OWNERSHIP_OFFERED);
	}
	return BATON_OK;
}

static enum baton_err take_offer(struct baton_ownership *own,
				 struct baton_activity *activity,
				 const struct own_message *message)
{
	bool lease = own->role == BATON_WATCH;

	if (lease ? message->lease_ms < BATON_LEASE_MIN_MS ||
			    message->lease_ms > BATON_LEASE_MAX_MS
		  : message->lease_ms != 0)
		return BATON_ERR_PEER_FORMAT;
	/* Late, of what was adopted since: REFUSED would give it back. */
	if (message->epoch <= activity->kept.adopted) {
		confirm(activity, message->epoch);
		return BATON_OK;
	}
	/* A lease from me that I have taken back, and perhaps finished. */
	if (!lease && message->other && !is_lent(activity, message->other)) {
		activity->gone_epoch = message->other;
		own_owe(activity, OWN_GONE);
		return BATON_OK;
	}
	if (activity->kept.hold == BATON_HOLD_OWNED)
		return BATON_ERR_PEER_STATE;
	if (message->epoch <= activity->kept.seen) {
		refuse_again(activity, message->epoch);
		return BATON_OK;
	}
	if (own_acts(own, activity, own->now_ms))
		return BATON_ERR_PEER_STATE;
	if (activity->accepted == message->epoch &&
	    (!lease || (own_nonce_runs(activity, own->now_ms) &&
			activity->offered_lease_ms == message->lease_ms))) {
		own_owe(activity, OWN_ACCEPT);
		return BATON_OK;
	}
	if (lease && activity->renewing)
		return BATON_ERR_PEER_STATE;
	activity->offered_end_ms = own->now_ms + BATON_OFFER_TIMEOUT_MS;
	if (activity->offered == message->epoch && !activity->accepted &&
	    activity->offered_lease_ms == message->lease_ms)
		return offered_again(activity, message);
	activity->accepted = 0;
	activity->nonce = 0;
	activity->offered = message->epoch;
	activity->offered_lease_ms = (uint32_t)message->lease_ms;
	activity->released_offer = false;
	if (activity->attempt == BATON_ATTEMPT_IDLE)
		keep_info(activity, message);
	own_tell(activity, BATON_OWNERSHIP_OFFERED);
	return BATON_OK;
}

static enum baton_err take_accept(struct baton_ownership *own,
				  struct baton_activity *activity,
				  const struct own_message *message)
{
	bool mine = (activity->attempt != BATON_ATTEMPT_IDLE &&
		     activity->try_epoch == message->epoch) ||
		    (activity->kept.hold == BATON_HOLD_RELEASED &&
		     activity->kept.epoch == message->epoch);

	/* The peer has not heard that it is over. */
	if (!mine) {
		activity->cancel_epoch = message->epoch;
		own_owe(activity, OWN_CANCEL);
		return BATON_OK;
	}
	if (activity->attempt != BATON_ATTEMPT_OFFERED ||
	    activity->try_epoch != message->epoch ||
	    activity->try_lease_ms != message->lease_ms)
		return BATON_ERR_PEER_STATE;
	/* Names this very state. */
	activity->try_version = own_fresh(own);
	activity->attempt = BATON_ATTEMPT_FROZEN;
	activity->owed &= (uint16_t) ~(1u << OWN_OFFER);
	activity->try_nonce = message->nonce;
	own_tell(activity, BATON_OWNERSHIP_FREEZE);
	return BATON_OK;
}

/* Rule 2: durably, and only with that very state in my hands. */
static void adopt(struct baton_ownership *own, struct baton_activity *activity,
		  const struct own_message *message)
{
	struct baton_activity_kept *next = &activity->next;

	if (BATON_RULE(2_STATE) && activity->got != message->version) {
		activity->wanted = message->version;
		own_tell(activity, BATON_OWNERSHIP_WANTED);
		return;
	}
	/* Rule 5: a RELEASED of mine was adopted: a higher release tells. */
	memset(next, 0, sizeof(*next));
	next->seen = message->epoch;
	next->adopted = message->epoch;
	if (own->role == BATON_WATCH) {
		next->hold = BATON_HOLD_LEASED;
		next->epoch = message->epoch;
		next->lease_ms = activity->offered_lease_ms;
	} else {
		next->hold = BATON_HOLD_OWNED;
	}
	next->version = message->version;
	own_stop_trying(activity);
	activity->offered = 0;
	activity->accepted = 0;
	activity->closed = false;
	activity->recalling = false;
	own_commit(activity, AFTER_ADOPT);
	if (!BATON_RULE(ADOPT))
		confirm(activity, message->epoch);
}

static enum baton_err take_release(struct baton_ownership *own,
				   struct baton_activity *activity,
				   const struct own_message *message)
{
	uint64_t epoch = message->epoch;

	/* Rule 3: what was adopted is confirmed, what was not is refused. */
	if (epoch <= activity->kept.adopted) {
		confirm(activity, epoch);
		return BATON_OK;
	}
	if (epoch <= activity->kept.seen) {
		refuse_again(activity, epoch);
		return BATON_OK;
	}
	if (own->role == BATON_WATCH) {
		/* Rule 6: without its nonce still running it refuses. */
		if (activity->nonce != message->nonce || activity->renewing ||
		    !own_nonce_runs(activity, own->now_ms))
			return refuse_new(own, activity, epoch,
					  BATON_REASON_NONE);
		adopt(own, activity, message);
		return BATON_OK;
	}
	if (activity->accepted == epoch) {
		adopt(own, activity, message);
		return BATON_OK;
	}
	if (activity->kept.hold == BATON_HOLD_OWNED)
		return refuse_new(own, activity, epoch,
				  BATON_REASON_NOT_ALLOWED);
	/* Accepted before a reboot, or never: the person is asked again. */
	if (activity->offered == epoch && activity->released_offer)
		return BATON_OK;
	activity->offered = epoch;
	activity->released_offer = true;
	activity->info_len = 0;
	own_tell(activity, BATON_OWNERSHIP_OFFERED);
	return BATON_OK;
}

static enum baton_err take_confirm(struct baton_ownership *own,
				   struct baton_activity *activity,
				   const struct own_message *message)
{
	struct baton_activity_kept *next = &activity->next;
	uint64_t adopted, seen;

	if (activity->kept.hold != BATON_HOLD_RELEASED ||
	    activity->kept.epoch != message->epoch)
		return BATON_ERR_PEER_STATE;
	*next = activity->kept;
	activity->recalling = false;
	if (own->role == BATON_PHONE && BATON_RULE(8_COPY)) {
		/* Rule 8: the lender keeps its copy. */
		next->hold = BATON_HOLD_LENT;
	} else {
		adopted = next->adopted;
		seen = next->seen;
		memset(next, 0, sizeof(*next));
		next->adopted = adopted;
		next->seen = seen;
	}
	own_commit(activity, AFTER_GIVEN);
	return BATON_OK;
}

static enum baton_err take_refused(struct baton_activity *activity,
				   const struct own_message *message)
{
	struct baton_activity_kept *next = &activity->next;
	bool released = activity->kept.hold == BATON_HOLD_RELEASED &&
			activity->kept.epoch == message->epoch;

	if (!released && (activity->attempt == BATON_ATTEMPT_IDLE ||
			  activity->try_epoch != message->epoch))
		return BATON_ERR_PEER_STATE;
	*next = activity->kept;
	next->seen = own_max(next->seen, message->other);
	if (released) {
		/* Rule 4: what was there, not more. */
		next->hold = BATON_RULE(4_LEASE) ? activity->kept.was
						 : BATON_HOLD_OWNED;
		next->epoch = activity->kept.lease_epoch;
		next->was = 0;
		next->lease_epoch = 0;
		next->version = 0;
		next->nonce = 0;
		activity->recalling = false;
	}
	own_stop_trying(activity);
	activity->kept_reason = message->reason;
	own_commit(activity, AFTER_KEPT);
	return BATON_OK;
}

static enum baton_err take_cancel(struct baton_activity *activity,
				  const struct own_message *message)
{
	if (activity->offered != message->epoch)
		return BATON_ERR_PEER_STATE;
	own_withdraw(activity);
	return BATON_OK;
}

static enum baton_err take_recall(struct baton_ownership *own,
				  struct baton_activity *activity,
				  const struct own_message *message)
{
	if (message->epoch <= activity->kept.adopted)
		confirm(activity, message->epoch);
	else if (message->epoch <= activity->kept.seen)
		refuse_again(activity, message->epoch);
	else
		return refuse_new(own, activity, message->epoch,
				  BATON_REASON_NONE);
	return BATON_OK;
}

/* Rule 7: the phone restarts its wait before it answers. */
static enum baton_err take_renew(struct baton_ownership *own,
				 struct baton_activity *activity,
				 const struct own_message *message)
{
	switch ((enum baton_hold)activity->kept.hold) {
	case BATON_HOLD_NONE:
	case BATON_HOLD_OWNED:
		activity->gone_epoch = message->epoch;
		own_owe(activity, OWN_GONE);
		return BATON_OK;
	case BATON_HOLD_LENT:
	case BATON_HOLD_RELEASED:
		if (own->role != BATON_PHONE ||
		    activity->kept.epoch != message->epoch)
			break;
		if (BATON_RULE(7_WAIT))
			own_start_wait(activity, activity->kept.lease_ms,
				       own->now_ms);
		activity->renewed_nonce = message->nonce;
		own_owe(activity, OWN_RENEWED);
		return BATON_OK;
	case BATON_HOLD_LEASED:
		break;
	}
	return BATON_ERR_PEER_STATE;
}

static enum baton_err take_renewed(struct baton_ownership *own,
				   struct baton_activity *activity,
				   const struct own_message *message)
{
	const struct baton_activity_kept *kept = &activity->kept;
	bool mine = (kept->hold == BATON_HOLD_LEASED &&
		     kept->epoch == message->epoch) ||
		    (kept->hold == BATON_HOLD_RELEASED &&
		     kept->was == BATON_HOLD_LEASED &&
		     kept->lease_epoch == message->epoch);

	if (!mine || !activity->renewing || activity->nonce != message->nonce ||
	    !own_nonce_runs(activity, own->now_ms))
		return BATON_ERR_PEER_STATE;
	own_start_lease(activity, own->now_ms, BATON_RULE(7_NONCE));
	activity->renewing = false;
	own_tell(activity, BATON_OWNERSHIP_RENEWED);
	return BATON_OK;
}

/* The phone has it: what I hold by that lease is over. */
static enum baton_err take_gone(struct baton_ownership *own,
				struct baton_activity *activity,
				const struct own_message *message)
{
	if (own->role != BATON_WATCH ||
	    activity->kept.hold != BATON_HOLD_LEASED ||
	    activity->kept.epoch != message->epoch)
		return BATON_ERR_PEER_STATE;
	activity->running = false;
	activity->lease_end_ms = own->now_ms;
	baton_ownership_tick(own, own->now_ms);
	return BATON_OK;
}

static bool names(const uint8_t *ids, size_t len, const uint8_t *id)
{
	for (; len > 0; ids += BATON_ACTIVITY_ID_LEN) {
		if (memcmp(ids, id, BATON_ACTIVITY_ID_LEN) == 0)
			return true;
		len -= BATON_ACTIVITY_ID_LEN;
	}
	return false;
}

/* The peer waits for a CONFIRM of these, and of no other (OWNERSHIP.md 5). */
static enum baton_err take_mark(struct baton_ownership *own,
				const struct own_message *message)
{
	struct baton_activity *activity = own->activity;

	for (; activity < own->activity + own->count; activity++)
		if (!names(message->info, message->info_len, activity->id))
			activity->closed = true;
	return BATON_OK;
}

static enum baton_err take(struct baton_ownership *own, enum own_frame type,
			   struct baton_activity *activity,
			   const struct own_message *message)
{
	switch (type) {
	case OWN_OFFER:
		return take_offer(own, activity, message);
	case OWN_ACCEPT:
		return take_accept(own, activity, message);
	case OWN_RELEASE:
		return take_release(own, activity, message);
	case OWN_CONFIRM:
		return take_confirm(own, activity, message);
	case OWN_REFUSED:
		return take_refused(activity, message);
	case OWN_CANCEL:
		return take_cancel(activity, message);
	case OWN_RECALL:
		return take_recall(own, activity, message);
	case OWN_RENEW:
		return take_renew(own, activity, message);
	case OWN_RENEWED:
		return take_renewed(own, activity, message);
	case OWN_GONE:
		return take_gone(own, activity, message);
	case OWN_MARK:
		break;
	}
	return BATON_ERR_PEER_FORMAT;
}

/* An activity that is not known may be offered, or let go, or was forgotten. */
static bool is_new(enum own_frame type)
{
	return type == OWN_OFFER || type == OWN_ACCEPT || type == OWN_RELEASE ||
	       type == OWN_RECALL;
}

enum baton_err baton_ownership_rx(struct baton_ownership *own, uint8_t code,
				  const uint8_t *body, size_t len,
				  uint64_t now_ms)
{
	struct baton_activity *activity;
	struct own_message message;
	enum own_frame type;
	enum baton_err err;

	own_clock(own, now_ms);
	if (code < BATON_FRAME_CODE_FIRST ||
	    code > BATON_FRAME_CODE_FIRST + OWN_MARK)
		return BATON_ERR_PEER_FORMAT;
	type = (enum own_frame)(code - BATON_FRAME_CODE_FIRST);
	err = own_frame_get(body, len, type, &message);
	if (err)
		return err;
	if (type == OWN_MARK)
		return take_mark(own, &message);
	activity = own_find(own, message.id);
	if (!activity && is_new(type))
		activity = own_place(own, message.id);
	if (!activity)
		return is_new(type) ? BATON_ERR_PEER_LIMIT
				    : BATON_ERR_PEER_UNKNOWN;
	if (message.epoch > activity->kept.seen &&
	    message.epoch - activity->kept.seen > EPOCH_JUMP)
		return BATON_ERR_PEER_LIMIT;
	if (message.other > activity->kept.seen &&
	    message.other - activity->kept.seen > EPOCH_JUMP)
		return BATON_ERR_PEER_LIMIT;
	/* It will be repeated; but CANCEL is not, and is about no write. */
	if (activity->writing && type != OWN_CANCEL)
		return BATON_ERR_PEER_STATE;
	return take(own, type, activity, &message);
}

static bool owes(const struct baton_activity *activity, enum own_frame frame)
{
	return activity->owed >> frame & 1;
}

static bool take_owed(struct baton_activity *activity, enum own_frame frame)
{
	uint16_t bit = (uint16_t)(1u << frame);
	bool owed = activity->owed & bit;

	activity->owed &= (uint16_t)~bit;
	return owed;
}

static void fill(const struct baton_activity *activity, enum own_frame type,
		 struct own_message *message)
{
	const struct baton_activity_kept *kept = &activity->kept;

	memset(message, 0, sizeof(*message));
	memcpy(message->id, activity->id, BATON_ACTIVITY_ID_LEN);
	switch (type) {
	case OWN_OFFER:
		message->epoch = activity->try_epoch;
		message->other =
			kept->hold == BATON_HOLD_LEASED ? kept->epoch : 0;
		message->lease_ms = activity->try_lease_ms;
		message->info = activity->info;
		message->info_len = activity->info_len;
		break;
	case OWN_ACCEPT:
		message->epoch = activity->accepted;
		message->lease_ms = activity->offered_lease_ms;
		message->nonce = activity->nonce;
		break;
	case OWN_RELEASE:
		if (activity->writing && activity->after == AFTER_RELEASE)
			kept = &activity->next;
		message->epoch = kept->epoch;
		message->version = kept->version;
		message->nonce = kept->nonce;
		break;
	case OWN_CONFIRM:
		message->epoch = activity->confirm_epoch;
		break;
	case OWN_REFUSED:
		message->epoch = activity->refuse_epoch;
		message->other = kept->seen;
		message->reason = activity->reason;
		break;
	case OWN_CANCEL:
		message->epoch = activity->cancel_epoch;
		break;
	case OWN_RECALL:
		message->epoch = kept->epoch;
		break;
	case OWN_RENEW:
		message->epoch = kept->epoch;
		message->nonce = activity->nonce;
		break;
	case OWN_RENEWED:
		message->epoch = kept->epoch;
		message->nonce = activity->renewed_nonce;
		break;
	case OWN_GONE:
		message->epoch = activity->gone_epoch;
		break;
	case OWN_MARK:
		break;
	}
}

/* What was owed may have been overtaken by what came since. */
static bool still_true(const struct baton_activity *activity,
		       enum own_frame type)
{
	switch (type) {
	case OWN_OFFER:
		return activity->attempt == BATON_ATTEMPT_OFFERED;
	case OWN_ACCEPT:
		return activity->accepted != 0;
	case OWN_RELEASE:
		return activity->kept.hold == BATON_HOLD_RELEASED ||
		       !BATON_RULE(RELEASE);
	case OWN_RECALL:
		return activity->kept.hold == BATON_HOLD_RELEASED;
	case OWN_RENEW:
		return activity->renewing &&
		       activity->kept.hold == BATON_HOLD_LEASED;
	case OWN_RENEWED:
		return activity->kept.hold == BATON_HOLD_LENT ||
		       activity->kept.hold == BATON_HOLD_RELEASED;
	case OWN_CONFIRM:
	case OWN_REFUSED:
	case OWN_CANCEL:
	case OWN_GONE:
	case OWN_MARK:
		break;
	}
	return true;
}

/* Names what waits for a CONFIRM; says nothing if it does not fit. */
static bool put_mark(struct baton_ownership *own, uint8_t *code, uint8_t *body,
		     size_t *len)
{
	const struct baton_activity *activity = own->activity;

	if (!own->owes_mark)
		return false;
	own->owes_mark = false;
	*code = BATON_FRAME_CODE_FIRST + OWN_MARK;
	*len = 0;
	for (; activity < own->activity + own->count; activity++) {
		if (activity->kept.hold != BATON_HOLD_RELEASED)
			continue;
		if (*len + BATON_ACTIVITY_ID_LEN > BATON_FRAME_BODY_MAX)
			return false;
		memcpy(body + *len, activity->id, BATON_ACTIVITY_ID_LEN);
		*len += BATON_ACTIVITY_ID_LEN;
	}
	return true;
}

bool baton_ownership_tx(struct baton_ownership *own, uint8_t *code,
			uint8_t *body, size_t *len, uint64_t now_ms)
{
	struct baton_activity *activity;
	struct own_message message;
	enum own_frame type;
	size_t i;

	own_clock(own, now_ms);
	if (!own->up)
		return false;
	for (i = 0; i < own->count; i++) {
		activity = &own->activity[i];
		for (type = OWN_OFFER; activity->owed && type < OWN_MARK;
		     type++) {
			/* Of the attempt before, whose epoch this one has. */
			if (type == OWN_OFFER && owes(activity, OWN_CANCEL))
				type = OWN_CANCEL;
			if (!take_owed(activity, type) ||
			    !still_true(activity, type))
				continue;
			fill(activity, type, &message);
			*code = (uint8_t)(BATON_FRAME_CODE_FIRST + type);
			*len = own_frame_put(body, type, &message);
			return true;
		}
	}
	return put_mark(own, code, body, len);
}

bool baton_ownership_next_event(struct baton_ownership *own,
				struct baton_ownership_event *event)
{
	enum baton_ownership_event_type type;
	struct baton_activity *activity;
	size_t i;

	for (i = 0; i < own->count && !own->activity[i].news; i++)
		;
	if (i == own->count)
		return false;
	activity = &own->activity[i];
	for (type = BATON_OWNERSHIP_ADOPTED; !(activity->news & 1u << type);)
		type++;
	activity->news &= (uint16_t) ~(1u << type);
	memset(event, 0, sizeof(*event));
	event->type = type;
	memcpy(event->id, activity->id, BATON_ACTIVITY_ID_LEN);
	event->version = activity->attempt == BATON_ATTEMPT_FROZEN
				 ? activity->try_version
				 : activity->kept.version;
	if (type == BATON_OWNERSHIP_WANTED)
		event->version = activity->wanted;
	event->reason = activity->kept_reason;
	if (type == BATON_OWNERSHIP_OFFERED) {
		event->lease_ms = activity->offered_lease_ms;
		event->released = activity->released_offer;
		event->info = activity->info;
		event->info_len = activity->info_len;
	}
	return true;
}
