/* SPDX-License-Identifier: MIT */

/*
 * Decisions and time: what the application wants, what leases do by
 * themselves, and what follows a durable write (session/OWNERSHIP.md).
 */

#include <string.h>

#include "base/bytes.h"
#include "session/ownership_internal.h"

enum baton_err baton_ownership_init(struct baton_ownership *own,
				    enum baton_role role,
				    const uint8_t bond[BATON_BOND_ID_LEN],
				    struct baton_activity *activity,
				    size_t count,
				    const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	if (count < 1 || count > 255)
		return BATON_ERR_ARG;
	memset(own, 0, sizeof(*own));
	memset(activity, 0, count * sizeof(*activity));
	own->activity = activity;
	own->count = count;
	own->role = role;
	memcpy(own->bond, bond, BATON_BOND_ID_LEN);
	baton_drbg_init(&own->drbg, seed);
	return BATON_OK;
}

void baton_ownership_wipe(struct baton_ownership *own)
{
	baton_crypto_wipe(own->activity, own->count * sizeof(*own->activity));
	baton_crypto_wipe(own, sizeof(*own));
}

uint64_t own_fresh(struct baton_ownership *own)
{
	uint8_t bytes[8];

	baton_drbg_bytes(&own->drbg, bytes, sizeof(bytes));
	return baton_load_be64(bytes) | 1;
}

bool own_nonce_runs(const struct baton_activity *activity, uint64_t now_ms)
{
	return activity->nonce &&
	       now_ms - activity->nonce_at_ms < activity->offered_lease_ms;
}

bool own_acts(const struct baton_ownership *own,
	      const struct baton_activity *activity, uint64_t now_ms)
{
	if (activity->attempt == BATON_ATTEMPT_FROZEN || now_ms < own->now_ms)
		return false;
	/* It is being let go. */
	if (activity->writing && activity->next.hold != activity->kept.hold)
		return false;
	switch ((enum baton_hold)activity->kept.hold) {
	case BATON_HOLD_OWNED:
		return true;
	case BATON_HOLD_LEASED:
		return activity->running && now_ms < activity->lease_end_ms;
	case BATON_HOLD_NONE:
	case BATON_HOLD_LENT:
	case BATON_HOLD_RELEASED:
		break;
	}
	return false;
}

/* Rules 6 and 7: the lease runs from the moment the nonce was made. */
void own_start_lease(struct baton_activity *activity, uint64_t now_ms,
		     bool from_nonce)
{
	activity->lease_end_ms = (from_nonce ? activity->nonce_at_ms : now_ms) +
				 activity->offered_lease_ms;
	activity->running = true;
	activity->nonce = 0;
}

/* Rule 6: the lease and the drift margin, by the phone's own clock. */
void own_start_wait(struct baton_activity *activity, uint32_t lease_ms,
		    uint64_t now_ms)
{
	activity->wait_end_ms =
		now_ms + (BATON_RULE(6_MARGIN)
				  ? BATON_LEASE_WAIT_MS((uint64_t)lease_ms)
				  : lease_ms);
}

void own_stop_trying(struct baton_activity *activity)
{
	activity->attempt = BATON_ATTEMPT_IDLE;
	activity->owed &= (uint16_t) ~(1u << OWN_OFFER);
}

static bool is_held_by_lease(const struct baton_activity *activity)
{
	return activity->kept.hold == BATON_HOLD_LEASED ||
	       (activity->kept.hold == BATON_HOLD_RELEASED &&
		activity->kept.was == BATON_HOLD_LEASED);
}

static bool may_take_back(const struct baton_ownership *own,
			  const struct baton_activity *activity)
{
	return own->role == BATON_PHONE &&
	       (activity->kept.hold == BATON_HOLD_LENT ||
		activity->kept.hold == BATON_HOLD_RELEASED);
}

/*
 * The memory of time is gone. Rule 7: the lease has ended; from now on it only
 * counts down to the erasing. Rule 6: the phone waits the whole time anew.
 */
void own_reboot(const struct baton_ownership *own,
		struct baton_activity *activity, uint64_t now_ms)
{
	activity->nonce = 0;
	activity->renewing = false;
	activity->repeat_at_ms = now_ms;
	activity->offer_end_ms = now_ms + BATON_OFFER_TIMEOUT_MS;
	activity->offered_end_ms = activity->offer_end_ms;
	if (is_held_by_lease(activity)) {
		activity->running = !BATON_RULE(7_REBOOT);
		activity->lease_end_ms = now_ms + activity->kept.lease_ms;
	}
	if (may_take_back(own, activity)) {
		if (BATON_RULE(6_REBOOT))
			own_start_wait(activity, activity->kept.lease_ms,
				       now_ms);
		else
			activity->wait_end_ms = now_ms;
	}
}

/* A clock that runs backwards has forgotten what it had measured. */
void own_clock(struct baton_ownership *own, uint64_t now_ms)
{
	size_t i;

	if (now_ms < own->now_ms && BATON_RULE(6_CLOCK)) {
		for (i = 0; i < own->count; i++)
			own_reboot(own, &own->activity[i], now_ms);
		own->refusing_ms = 0;
	}
	own->now_ms = now_ms;
}

/* Rule 3: a refusal is written durably, raising the epoch, then sent. */
void own_refuse(struct baton_activity *activity, uint64_t epoch, uint8_t reason)
{
	activity->reason = reason;
	activity->refuse_epoch = epoch;
	if (activity->offered <= epoch) {
		activity->offered = 0;
		activity->accepted = 0;
		activity->news &= (uint16_t) ~(1u << BATON_OWNERSHIP_OFFERED);
	}
	if (!BATON_RULE(3_DURABLE)) {
		activity->kept.seen = own_max(activity->kept.seen, epoch);
		own_owe(activity, OWN_REFUSED);
		return;
	}
	activity->next = activity->kept;
	activity->next.seen = own_max(activity->kept.seen, epoch);
	own_commit(activity, AFTER_REFUSE);
}

void own_withdraw(struct baton_activity *activity)
{
	activity->offered = 0;
	activity->accepted = 0;
	if (!activity->renewing)
		activity->nonce = 0;
	activity->news &= (uint16_t) ~(1u << BATON_OWNERSHIP_OFFERED);
	own_tell(activity, BATON_OWNERSHIP_WITHDRAWN);
}

/* Rule 1: what is known of epochs stays. */
static void forget(struct baton_activity_kept *kept)
{
	uint64_t adopted = kept->adopted;
	uint64_t seen = kept->seen;

	memset(kept, 0, sizeof(*kept));
	if (BATON_RULE(1_KEPT)) {
		kept->adopted = adopted;
		kept->seen = seen;
	}
}

/* What goes out now goes again soon, if it is not answered. */
static void repeat_from(struct baton_activity *activity, uint64_t now_ms)
{
	activity->repeat_ms = REPEAT_FIRST_MS;
	activity->repeat_at_ms = now_ms + REPEAT_FIRST_MS;
}

/* What was to be done once the write is durable. */
void own_settle(struct baton_ownership *own, struct baton_activity *activity)
{
	switch ((enum own_after)activity->after) {
	case AFTER_BEGIN:
		own_tell(activity, BATON_OWNERSHIP_ADOPTED);
		break;
	case AFTER_RELEASE:
		own_owe(activity, OWN_RELEASE);
		repeat_from(activity, own->now_ms);
		break;
	case AFTER_ADOPT:
		activity->confirm_epoch = activity->kept.epoch;
		if (own->role == BATON_PHONE)
			activity->confirm_epoch = activity->kept.adopted;
		else if (activity->nonce)
			own_start_lease(activity, own->now_ms,
					BATON_RULE(6_NONCE));
		else
			own_reboot(own, activity, own->now_ms);
		own_owe(activity, OWN_CONFIRM);
		own_tell(activity, BATON_OWNERSHIP_ADOPTED);
		break;
	case AFTER_REFUSE:
		own_owe(activity, OWN_REFUSED);
		break;
	case AFTER_GIVEN:
		activity->closed = true;
		own_tell(activity, BATON_OWNERSHIP_GIVEN);
		break;
	case AFTER_KEPT:
		own_tell(activity, BATON_OWNERSHIP_KEPT);
		break;
	case AFTER_LEASE_OVER:
		activity->running = false;
		own_tell(activity, BATON_OWNERSHIP_LEASE_OVER);
		break;
	case AFTER_TAKE_BACK:
		own_tell(activity, BATON_OWNERSHIP_TAKEN_BACK);
		break;
	case AFTER_FINISH:
		break;
	}
	if (!BATON_RULE(1_KEPT) && activity->kept.hold == BATON_HOLD_NONE)
		forget(&activity->kept);
}

/* The activity about which something may be decided now. */
static enum baton_err decide(struct baton_ownership *own, const uint8_t *id,
			     uint64_t now_ms, struct baton_activity **activity)
{
	own_clock(own, now_ms);
	*activity = own_find(own, id);
	if (!*activity)
		return BATON_ERR_NOT_FOUND;
	return (*activity)->writing ? BATON_ERR_AGAIN : BATON_OK;
}

enum baton_err baton_ownership_begin(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms)
{
	struct baton_activity *activity;

	own_clock(own, now_ms);
	if (own_find(own, id))
		return BATON_ERR_STATE;
	activity = own_place(own, id);
	if (!activity)
		return BATON_ERR_SPACE;
	activity->next = activity->kept;
	activity->next.hold = BATON_HOLD_OWNED;
	own_commit(activity, AFTER_BEGIN);
	return BATON_OK;
}

enum baton_err baton_ownership_offer(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint32_t lease_ms, const uint8_t *info,
				     size_t info_len, uint64_t now_ms)
{
	struct baton_activity *activity;
	enum baton_err err;

	if (info_len > BATON_OFFER_INFO_MAX ||
	    (own->role == BATON_WATCH && lease_ms != 0) ||
	    (own->role == BATON_PHONE &&
	     (lease_ms < BATON_LEASE_MIN_MS || lease_ms > BATON_LEASE_MAX_MS)))
		return BATON_ERR_ARG;
	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (activity->attempt != BATON_ATTEMPT_IDLE ||
	    (activity->kept.hold != BATON_HOLD_OWNED &&
	     activity->kept.hold != BATON_HOLD_LEASED))
		return BATON_ERR_STATE;
	activity->attempt = BATON_ATTEMPT_OFFERED;
	/* Rule 1: every attempt has the next epoch. */
	activity->try_epoch = activity->kept.seen + 1;
	activity->try_lease_ms = lease_ms;
	activity->offer_end_ms = now_ms + BATON_OFFER_TIMEOUT_MS;
	repeat_from(activity, now_ms);
	activity->info_len = (uint8_t)info_len;
	if (info_len > 0)
		memcpy(activity->info, info, info_len);
	own_owe(activity, OWN_OFFER);
	/* The peer may need a place for it. */
	own->owes_mark = true;
	return BATON_OK;
}

enum baton_err baton_ownership_info(struct baton_ownership *own,
				    const uint8_t id[BATON_ACTIVITY_ID_LEN],
				    const uint8_t *info, size_t info_len)
{
	struct baton_activity *activity = own_find(own, id);

	if (info_len > BATON_OFFER_INFO_MAX)
		return BATON_ERR_ARG;
	if (!activity)
		return BATON_ERR_NOT_FOUND;
	if (activity->attempt != BATON_ATTEMPT_OFFERED)
		return BATON_ERR_STATE;
	activity->info_len = (uint8_t)info_len;
	if (info_len > 0)
		memcpy(activity->info, info, info_len);
	return BATON_OK;
}

enum baton_err baton_ownership_accept(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint64_t now_ms)
{
	struct baton_activity *activity;
	enum baton_err err;

	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (!activity->offered || activity->kept.hold == BATON_HOLD_OWNED ||
	    own_acts(own, activity, now_ms))
		return BATON_ERR_STATE;
	if (own->role == BATON_WATCH) {
		/* Rule 6: the lease runs from here. */
		activity->nonce = own_fresh(own);
		activity->nonce_at_ms = now_ms;
		activity->renewing = false;
	}
	/* Who offers owns it: an attempt of mine is void. */
	own_stop_trying(activity);
	activity->accepted = activity->offered;
	activity->accepted_at_ms = now_ms;
	own_owe(activity, OWN_ACCEPT);
	return BATON_OK;
}

enum baton_err baton_ownership_refuse(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint8_t reason, uint64_t now_ms)
{
	struct baton_activity *activity;
	enum baton_err err;

	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (!activity->offered)
		return BATON_ERR_STATE;
	own_refuse(activity, activity->offered, reason);
	return BATON_OK;
}

enum baton_err baton_ownership_release(struct baton_ownership *own,
				       const uint8_t id[BATON_ACTIVITY_ID_LEN],
				       uint64_t now_ms)
{
	struct baton_activity_kept *next;
	struct baton_activity *activity;
	enum baton_err err;

	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (activity->attempt != BATON_ATTEMPT_FROZEN)
		return BATON_ERR_STATE;
	activity->next = activity->kept;
	next = &activity->next;
	next->hold = BATON_HOLD_RELEASED;
	next->was = activity->kept.hold;
	next->lease_epoch = activity->kept.epoch;
	next->epoch = activity->try_epoch;
	next->seen = activity->try_epoch;
	next->version = activity->try_version;
	if (own->role == BATON_PHONE) {
		/* Rule 6: the nonce is bound and the wait begins. */
		next->nonce = activity->try_nonce;
		next->lease_ms = activity->try_lease_ms;
		own_start_wait(activity, next->lease_ms, now_ms);
	}
	own_stop_trying(activity);
	activity->cancel_epoch = 0; /* of an attempt before, of this epoch */
	activity->recalling = false;
	own_commit(activity, AFTER_RELEASE);
	if (!BATON_RULE(RELEASE))
		own_owe(activity, OWN_RELEASE);
	return BATON_OK;
}

enum baton_err baton_ownership_cancel(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint64_t now_ms)
{
	struct baton_activity *activity;
	enum baton_err err;

	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (activity->attempt != BATON_ATTEMPT_IDLE) {
		/* Rule 4: before the release it thaws. */
		activity->cancel_epoch = activity->try_epoch;
		own_owe(activity, OWN_CANCEL);
		own_stop_trying(activity);
		return BATON_OK;
	}
	if (activity->kept.hold != BATON_HOLD_RELEASED)
		return BATON_ERR_STATE;
	/* Rule 4: after it, only REFUSED gives it back. */
	activity->recalling = true;
	own_owe(activity, OWN_RECALL);
	if (!BATON_RULE(4_CANCEL)) {
		activity->next = activity->kept;
		activity->next.hold = activity->kept.was;
		activity->next.epoch = activity->kept.lease_epoch;
		own_commit(activity, AFTER_KEPT);
	}
	return BATON_OK;
}

enum baton_err baton_ownership_renew(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms)
{
	struct baton_activity *activity;
	enum baton_err err;

	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (activity->kept.hold != BATON_HOLD_LEASED ||
	    activity->attempt != BATON_ATTEMPT_IDLE)
		return BATON_ERR_STATE;
	/* Rule 7: renewal is a fresh nonce. */
	activity->nonce = own_fresh(own);
	activity->nonce_at_ms = now_ms;
	activity->offered_lease_ms = activity->kept.lease_ms;
	activity->accepted = 0;
	activity->renewing = true;
	repeat_from(activity, now_ms);
	own_owe(activity, OWN_RENEW);
	return BATON_OK;
}

enum baton_err baton_ownership_finish(struct baton_ownership *own,
				      const uint8_t id[BATON_ACTIVITY_ID_LEN],
				      uint64_t now_ms)
{
	struct baton_activity *activity;
	enum baton_err err;

	err = decide(own, id, now_ms, &activity);
	if (err)
		return err;
	if (activity->kept.hold != BATON_HOLD_OWNED)
		return BATON_ERR_STATE;
	if (activity->attempt != BATON_ATTEMPT_IDLE) {
		activity->cancel_epoch = activity->try_epoch;
		own_owe(activity, OWN_CANCEL);
		own_stop_trying(activity);
	}
	/* One of before it was mine: whoever owns it is offered nothing. */
	activity->offered = 0;
	activity->accepted = 0;
	activity->next = activity->kept;
	forget(&activity->next);
	own_commit(activity, AFTER_FINISH);
	return BATON_OK;
}

enum baton_err baton_ownership_state(struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t version, uint64_t now_ms)
{
	struct baton_activity *activity;

	own_clock(own, now_ms);
	activity = own_find(own, id);
	if (!activity)
		return BATON_ERR_NOT_FOUND;
	activity->got = version;
	return BATON_OK;
}

bool baton_ownership_may_act(const struct baton_ownership *own,
			     const uint8_t id[BATON_ACTIVITY_ID_LEN],
			     uint64_t now_ms)
{
	const struct baton_activity *activity = own_find(own, id);

	return activity && own_acts(own, activity, now_ms);
}

uint64_t baton_ownership_lease_left_ms(const struct baton_ownership *own,
				       const uint8_t id[BATON_ACTIVITY_ID_LEN],
				       uint64_t now_ms)
{
	const struct baton_activity *activity = own_find(own, id);

	if (!activity || !own_acts(own, activity, now_ms))
		return 0;
	return activity->kept.hold == BATON_HOLD_LEASED
		       ? activity->lease_end_ms - now_ms
		       : UINT64_MAX;
}

enum baton_hold baton_ownership_hold(const struct baton_ownership *own,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN])
{
	const struct baton_activity *activity = own_find(own, id);

	return activity ? (enum baton_hold)activity->kept.hold
			: BATON_HOLD_NONE;
}

uint64_t baton_ownership_version(const struct baton_ownership *own,
				 const uint8_t id[BATON_ACTIVITY_ID_LEN])
{
	const struct baton_activity *activity = own_find(own, id);

	return activity ? activity->kept.version : 0;
}

/* The lease has surely run out, without the activity having come back. */
static void take_back(struct baton_activity *activity)
{
	struct baton_activity_kept *next = &activity->next;

	*next = activity->kept;
	next->hold = BATON_HOLD_OWNED;
	next->epoch = 0;
	next->nonce = 0;
	next->version = 0;
	next->was = 0;
	next->lease_epoch = 0;
	/* Rule 8: a return on its way has the epoch that is skipped. */
	if (BATON_RULE(8_SKIP))
		next->seen++;
	activity->recalling = false;
	own_commit(activity, AFTER_TAKE_BACK);
}

/* The watch erases by itself what it holds no longer. */
static void lease_over(struct baton_activity *activity)
{
	own_stop_trying(activity);
	activity->renewing = false;
	activity->next = activity->kept;
	forget(&activity->next);
	own_commit(activity, AFTER_LEASE_OVER);
}

/* Nobody repeats it: it ended without a word that arrived. */
static bool fades(const struct baton_activity *activity)
{
	return activity->offered && !activity->accepted &&
	       !activity->released_offer;
}

static bool repeats(const struct baton_activity *activity)
{
	return activity->attempt == BATON_ATTEMPT_OFFERED ||
	       activity->kept.hold == BATON_HOLD_RELEASED || activity->renewing;
}

static void repeat(struct baton_activity *activity)
{
	if (activity->attempt == BATON_ATTEMPT_OFFERED)
		own_owe(activity, OWN_OFFER);
	else if (activity->kept.hold == BATON_HOLD_RELEASED)
		own_owe(activity,
			activity->recalling ? OWN_RECALL : OWN_RELEASE);
	else
		own_owe(activity, OWN_RENEW);
}

static void tick(struct baton_ownership *own, struct baton_activity *activity)
{
	uint64_t now_ms = own->now_ms;

	if (activity->writing)
		return;
	if (activity->renewing && !own_nonce_runs(activity, now_ms))
		activity->renewing = false;
	if (is_held_by_lease(activity) && own->role == BATON_WATCH &&
	    now_ms >= activity->lease_end_ms) {
		lease_over(activity);
		return;
	}
	if (may_take_back(own, activity) && now_ms >= activity->wait_end_ms) {
		take_back(activity);
		return;
	}
	if (fades(activity) && now_ms >= activity->offered_end_ms)
		own_withdraw(activity);
	if (activity->attempt == BATON_ATTEMPT_OFFERED &&
	    now_ms >= activity->offer_end_ms) {
		own_stop_trying(activity);
		activity->cancel_epoch = activity->try_epoch;
		own_owe(activity, OWN_CANCEL);
		activity->kept_reason = BATON_REASON_NONE;
		own_tell(activity, BATON_OWNERSHIP_KEPT);
	}
	if (!own->up || !repeats(activity) || now_ms < activity->repeat_at_ms)
		return;
	activity->repeat_ms *= 2;
	if (activity->repeat_ms > REPEAT_MAX_MS)
		activity->repeat_ms = REPEAT_MAX_MS;
	activity->repeat_at_ms = now_ms + activity->repeat_ms;
	repeat(activity);
}

void baton_ownership_tick(struct baton_ownership *own, uint64_t now_ms)
{
	size_t i;

	own_clock(own, now_ms);
	for (i = 0; i < own->count; i++)
		if (own->activity[i].used)
			tick(own, &own->activity[i]);
}

static void sooner(uint64_t *deadline, uint64_t at)
{
	if (at < *deadline)
		*deadline = at;
}

uint64_t baton_ownership_deadline(const struct baton_ownership *own)
{
	const struct baton_activity *activity;
	uint64_t deadline = UINT64_MAX;
	uint64_t retry_ms =
		baton_store_retry(own->asked, own->retry_at_ms, own->now_ms);
	size_t i;

	if (own->evicts || own->floor_moves)
		sooner(&deadline, retry_ms);
	for (i = 0; i < own->count; i++) {
		activity = &own->activity[i];
		if (!activity->used)
			continue;
		if (activity->writing) {
			sooner(&deadline, retry_ms);
			continue;
		}
		if (own->role == BATON_WATCH && is_held_by_lease(activity))
			sooner(&deadline, activity->lease_end_ms);
		if (may_take_back(own, activity))
			sooner(&deadline, activity->wait_end_ms);
		if (activity->attempt == BATON_ATTEMPT_OFFERED)
			sooner(&deadline, activity->offer_end_ms);
		if (fades(activity))
			sooner(&deadline, activity->offered_end_ms);
		if (own->up && repeats(activity))
			sooner(&deadline, activity->repeat_at_ms);
	}
	return deadline;
}

/* What became of an offer may have been lost with the link before. */
static void say_again(const struct baton_ownership *own,
		      struct baton_activity *activity)
{
	if (activity->attempt == BATON_ATTEMPT_IDLE &&
	    activity->cancel_epoch > activity->kept.seen)
		own_owe(activity, OWN_CANCEL);
	if (!activity->accepted)
		return;
	if (own->role == BATON_PHONE || own_nonce_runs(activity, own->now_ms))
		own_owe(activity, OWN_ACCEPT);
	else
		own_withdraw(activity);
}

void baton_ownership_link(struct baton_ownership *own, bool up, uint64_t now_ms)
{
	struct baton_activity *activity;
	size_t i;

	own_clock(own, now_ms);
	own->up = up;
	own->owes_mark = up;
	for (i = 0; i < own->count; i++) {
		activity = &own->activity[i];
		activity->owed = 0;
		if (!up || !activity->used)
			continue;
		say_again(own, activity);
		if (activity->attempt == BATON_ATTEMPT_FROZEN ||
		    activity->kept.hold == BATON_HOLD_RELEASED)
			own_tell(activity, BATON_OWNERSHIP_STATE);
		if (!repeats(activity))
			continue;
		repeat_from(activity, now_ms);
		repeat(activity);
	}
}
