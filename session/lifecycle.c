/* SPDX-License-Identifier: MIT */

/*
 * Decisions, time and what is stored of the session of a bond
 * (session/LIFECYCLE.md).
 */

#include <string.h>

#include "base/bytes.h"
#include "crypto/hkdf.h"
#include "session/lifecycle_internal.h"

#define FORMAT 1
#define COUNT_MS 3600000 /* a phone writes so often what is left */
#define WRITES 8 /* of a watch at once */
#define WRITE_MS 1000 /* then one in so long */
#define DAY_S 86400

static uint8_t own_bit(const struct baton_lifecycle *life)
{
	return life->role == BATON_PHONE ? BATON_LIFECYCLE_BY_PHONE
					 : BATON_LIFECYCLE_BY_WATCH;
}

void baton_lifecycle_init(struct baton_lifecycle *life, enum baton_role role,
			  const struct baton_lifecycle_device *own,
			  const uint8_t seed[BATON_DRBG_SEED_LEN])
{
	memset(life, 0, sizeof(*life));
	life->role = role;
	life->own = *own;
	baton_drbg_init(&life->drbg, seed);
}

void baton_lifecycle_wipe(struct baton_lifecycle *life)
{
	baton_crypto_wipe(life, sizeof(*life));
}

static enum baton_lifecycle_state state_of(const struct baton_lifecycle *life)
{
	if (life->revoked)
		return BATON_LIFECYCLE_REVOKED;
	if (!life->bonded)
		return life->pairing ? BATON_LIFECYCLE_PAIRING
				     : BATON_LIFECYCLE_UNPAIRED;
	if (life->kept.hold == BATON_LIFECYCLE_ENDING)
		return BATON_LIFECYCLE_CLOSING;
	if (life->kept.suspended)
		return BATON_LIFECYCLE_SUSPENDED;
	switch ((enum life_link)life->link) {
	case LINK_NONE:
		return BATON_LIFECYCLE_BONDED;
	case LINK_CONNECTING:
		return BATON_LIFECYCLE_CONNECTING;
	case LINK_SECURED:
		break;
	}
	return life->active ? BATON_LIFECYCLE_ACTIVE : BATON_LIFECYCLE_SECURED;
}

void life_settle(struct baton_lifecycle *life)
{
	/* A phone says GO when it is clean, and has been answered since. */
	bool clean = life->role == BATON_PHONE || life_is_clean(life);

	if (life->agreed && !life->active && clean) {
		life->active = true;
		life_tell(life, BATON_LIFECYCLE_EVENT_ACTIVE);
		if (life->role == BATON_WATCH)
			life_owe(life, LIFE_GO);
	}
	life->state = state_of(life);
}

/* Whatever was agreed on this link is so no more. */
static void disagree(struct baton_lifecycle *life)
{
	life->agreed = false;
	life->active = false;
	life->tell &= (uint16_t) ~(1u << BATON_LIFECYCLE_EVENT_ACTIVE);
	life->owed &= 1u << LIFE_CONTEXT | 1u << LIFE_ANSWER;
}

void life_clock(struct baton_lifecycle *life, uint64_t now_ms)
{
	uint64_t back = life->now_ms > now_ms ? life->now_ms - now_ms : 0;

	life->life_end_ms -= back < life->life_end_ms ? back : 0;
	life->count_at_ms -= back < life->count_at_ms ? back : 0;
	life->paid_ms -= back < life->paid_ms ? back : 0;
	life->now_ms = now_ms;
}

void life_start(struct baton_lifecycle *life, uint32_t left_s)
{
	life->life_end_ms = life->now_ms + (uint64_t)left_s * 1000;
	life->count_at_ms = life->now_ms + COUNT_MS;
	life->kept.left_s = left_s;
}

void life_end(struct baton_lifecycle *life, enum baton_lifecycle_reason reason)
{
	disagree(life);
	life->kept.hold = BATON_LIFECYCLE_ENDING;
	life->kept.reason = (uint8_t)reason;
	life->kept.suspended = 0;
	life->dirty = true;
	life->by_peer = false;
	life_tell(life, BATON_LIFECYCLE_EVENT_ENDED);
	if (life->link == LINK_SECURED)
		life_owe(life, LIFE_END);
}

void life_over(struct baton_lifecycle *life, enum baton_lifecycle_reason reason,
	       bool told)
{
	disagree(life);
	life->kept.hold = BATON_LIFECYCLE_OVER;
	life->kept.reason = (uint8_t)reason;
	life->kept.suspended = 0;
	life->dirty = true;
	if (!told) {
		life->by_peer = true;
		life_tell(life, BATON_LIFECYCLE_EVENT_ENDED);
	}
	if (life->known)
		life_tell(life, BATON_LIFECYCLE_EVENT_AUTHENTICATE);
}

void life_suspend(struct baton_lifecycle *life, uint8_t by)
{
	bool was = life->kept.suspended;

	if (life->kept.suspended & by)
		return;
	disagree(life);
	life->kept.suspended |= by;
	life->dirty = true;
	if (was)
		return;
	life->by_peer = by != own_bit(life);
	life_tell(life, BATON_LIFECYCLE_EVENT_SUSPENDED);
}

void life_begin_anew(struct baton_lifecycle *life)
{
	if (!life->active)
		return;
	disagree(life);
	life->by_peer = true;
	life_tell(life, BATON_LIFECYCLE_EVENT_SUSPENDED);
}

void life_open(struct baton_lifecycle *life, uint32_t life_s)
{
	struct baton_lifecycle_kept kept = {
		.hold = BATON_LIFECYCLE_OPENING,
		.life_s = life_s,
		.opened_s = life->wall_s,
		.until_s = life->wall_s ? life->wall_s + life_s : 0,
	};

	baton_drbg_bytes(&life->drbg, kept.id, sizeof(kept.id));
	memcpy(kept.context, life->context, sizeof(kept.context));
	disagree(life);
	life->kept = kept;
	life->warned = false;
	life->dirty = true;
	life->tell &= (uint16_t) ~(1u << BATON_LIFECYCLE_EVENT_AUTHENTICATE);
	life_start(life, life_s);
	life_owe(life, LIFE_OPEN);
}

void life_owe_session(struct baton_lifecycle *life)
{
	if (life->link != LINK_SECURED)
		return;
	if (life->kept.suspended)
		life_owe(life, LIFE_SUSPEND);
	else
		life_owe(life, life->kept.hold == BATON_LIFECYCLE_OPENING
				       ? LIFE_OPEN
				       : LIFE_GO);
}

void baton_lifecycle_pairing(struct baton_lifecycle *life, bool open)
{
	life->pairing = open;
	life_settle(life);
}

enum baton_err baton_lifecycle_bond(struct baton_lifecycle *life,
				    const uint8_t bond[BATON_BOND_ID_LEN])
{
	if (life->bonded)
		return BATON_ERR_STATE;
	memcpy(life->bond, bond, BATON_BOND_ID_LEN);
	life->bonded = true;
	life->pairing = false;
	life_settle(life);
	return BATON_OK;
}

void baton_lifecycle_connecting(struct baton_lifecycle *life)
{
	if (life->link == LINK_NONE)
		life->link = LINK_CONNECTING;
	life_settle(life);
}

/* By wall time, which only the phone has. */
static void judge_time(struct baton_lifecycle *life)
{
	const struct baton_lifecycle_kept *kept = &life->kept;

	if (!life->wall_s)
		return;
	if (life->wall_s + DAY_S <= kept->opened_s)
		life_end(life, BATON_LIFECYCLE_TIME);
	else if (kept->until_s && life->wall_s >= kept->until_s)
		life_end(life, BATON_LIFECYCLE_LIFE);
}

void baton_lifecycle_link(struct baton_lifecycle *life, bool up,
			  uint64_t wall_s, uint64_t now_ms)
{
	life_clock(life, now_ms);
	disagree(life);
	life->owed = 0;
	life->known = false;
	life->link = up ? LINK_SECURED : LINK_NONE;
	life->tell &= (uint16_t) ~(1u << BATON_LIFECYCLE_EVENT_AUTHENTICATE |
				   1u << BATON_LIFECYCLE_EVENT_ASKED);
	life_settle(life);
	if (!up || !life->bonded || life->revoked)
		return;
	life_owe(life, LIFE_CONTEXT);
	if (life->role == BATON_PHONE) {
		life->wall_s = wall_s;
		if (life_has_session(life))
			judge_time(life);
		if (life_has_session(life))
			life_owe_session(life);
	}
	if (life->kept.hold == BATON_LIFECYCLE_ENDING)
		life_owe(life, LIFE_END);
	life_settle(life);
}

void baton_lifecycle_rolled_back(struct baton_lifecycle *life, uint64_t now_ms)
{
	life_clock(life, now_ms);
	if (life->role != BATON_PHONE || life->link != LINK_SECURED ||
	    life->revoked)
		return;
	if (life_has_session(life))
		life_end(life, BATON_LIFECYCLE_RESTORED);
	else if (life->kept.hold == BATON_LIFECYCLE_NEW)
		life_over(life, BATON_LIFECYCLE_RESTORED, true);
	life_settle(life);
}

enum baton_err baton_lifecycle_approve(struct baton_lifecycle *life,
				       uint32_t life_s, uint64_t now_ms)
{
	if (life_s < 1 || life_s > BATON_LIFE_MAX_S)
		return BATON_ERR_ARG;
	if (life->role != BATON_PHONE || !life->known || life->revoked ||
	    life->kept.hold != BATON_LIFECYCLE_OVER)
		return BATON_ERR_STATE;
	life_clock(life, now_ms);
	life_open(life, life_s);
	life_settle(life);
	return BATON_OK;
}

enum baton_err baton_lifecycle_suspend(struct baton_lifecycle *life,
				       uint64_t now_ms)
{
	if (!life_has_session(life) || life->kept.suspended || life->revoked)
		return BATON_ERR_STATE;
	life_clock(life, now_ms);
	life_suspend(life, own_bit(life));
	if (life->link == LINK_SECURED)
		life_owe(life, LIFE_SUSPEND);
	life_settle(life);
	return BATON_OK;
}

enum baton_err baton_lifecycle_resume(struct baton_lifecycle *life,
				      uint64_t now_ms)
{
	if (life->state != BATON_LIFECYCLE_SUSPENDED)
		return BATON_ERR_STATE;
	if (life->role == BATON_WATCH) {
		if (life->link != LINK_SECURED)
			return BATON_ERR_STATE;
		life_owe(life, LIFE_ASK);
		return BATON_OK;
	}
	if (life->kept.turn == UINT32_MAX)
		return BATON_ERR_STATE;
	life_clock(life, now_ms);
	disagree(life);
	life->kept.turn++;
	life->kept.suspended = 0;
	life->dirty = true;
	life->tell &= (uint16_t) ~(1u << BATON_LIFECYCLE_EVENT_ASKED);
	life_owe_session(life);
	life_settle(life);
	return BATON_OK;
}

enum baton_err baton_lifecycle_end(struct baton_lifecycle *life,
				   uint64_t now_ms)
{
	if (!life_has_session(life) || life->revoked)
		return BATON_ERR_STATE;
	life_clock(life, now_ms);
	life_end(life, BATON_LIFECYCLE_PERSON);
	life_settle(life);
	return BATON_OK;
}

enum baton_err baton_lifecycle_renew(struct baton_lifecycle *life,
				     uint32_t life_s, uint64_t wall_s,
				     uint64_t now_ms)
{
	if (life_s < 1 || life_s > BATON_LIFE_MAX_S)
		return BATON_ERR_ARG;
	if (life->role != BATON_PHONE || !life_has_session(life) ||
	    life->revoked)
		return BATON_ERR_STATE;
	life_clock(life, now_ms);
	life->kept.life_s = life_s;
	life->kept.until_s = wall_s ? wall_s + life_s : 0;
	life->warned = false;
	life->dirty = true;
	life->tell &= (uint16_t) ~(1u << BATON_LIFECYCLE_EVENT_EXPIRES);
	life_start(life, life_s);
	life_owe_session(life);
	return BATON_OK;
}

enum baton_err baton_lifecycle_revoke(struct baton_lifecycle *life,
				      uint64_t now_ms)
{
	if (!life->bonded || life->revoked)
		return BATON_ERR_STATE;
	life_clock(life, now_ms);
	disagree(life);
	baton_crypto_wipe(&life->kept, sizeof(life->kept));
	life->owed = 0;
	life->revoked = true;
	life->retry_at_ms = 0;
	life->dirty = true;
	life->tell = 0;
	life_tell(life, BATON_LIFECYCLE_EVENT_REVOKE);
	life_settle(life);
	return BATON_OK;
}

enum baton_err baton_lifecycle_key(const struct baton_lifecycle *life,
				   const uint8_t channel[32], uint8_t out[32])
{
	uint8_t bound[BATON_LIFECYCLE_ID_LEN + 8 + BATON_LIFECYCLE_CONTEXT_LEN];

	if (life->state != BATON_LIFECYCLE_ACTIVE)
		return BATON_ERR_STATE;
	memcpy(bound, life->kept.id, BATON_LIFECYCLE_ID_LEN);
	baton_store_be64(bound + BATON_LIFECYCLE_ID_LEN, life->kept.opened_s);
	memcpy(bound + BATON_LIFECYCLE_ID_LEN + 8, life->kept.context,
	       BATON_LIFECYCLE_CONTEXT_LEN);
	baton_kdf_of(out, channel, "session", bound, sizeof(bound));
	return BATON_OK;
}

uint32_t baton_lifecycle_left_s(const struct baton_lifecycle *life,
				uint64_t now_ms)
{
	if (!life_has_session(life) || now_ms >= life->life_end_ms)
		return 0;
	return (uint32_t)((life->life_end_ms - now_ms) / 1000);
}

static uint64_t warn_at_ms(const struct baton_lifecycle *life)
{
	uint64_t last_ms = (uint64_t)life->kept.life_s * 1000 / 8;

	return life->life_end_ms - (last_ms < life->life_end_ms ? last_ms : 0);
}

uint64_t baton_lifecycle_deadline(const struct baton_lifecycle *life)
{
	uint64_t due = UINT64_MAX;

	if (life->dirty)
		due = baton_store_retry(life->asked, life->retry_at_ms,
					life->now_ms);
	if (!life_has_session(life))
		return due;
	if (life->life_end_ms < due)
		due = life->life_end_ms;
	if (life->role != BATON_PHONE)
		return due;
	if (!life->warned && warn_at_ms(life) < due)
		due = warn_at_ms(life);
	return life->count_at_ms < due ? life->count_at_ms : due;
}

void baton_lifecycle_tick(struct baton_lifecycle *life, uint64_t now_ms)
{
	life_clock(life, now_ms);
	if (!life_has_session(life))
		return;
	if (now_ms >= life->life_end_ms) {
		life_end(life, BATON_LIFECYCLE_LIFE);
		life_settle(life);
		return;
	}
	if (life->role != BATON_PHONE)
		return;
	if (!life->warned && now_ms >= warn_at_ms(life)) {
		life->warned = true;
		life_tell(life, BATON_LIFECYCLE_EVENT_EXPIRES);
	}
	if (now_ms >= life->count_at_ms) {
		life->count_at_ms = now_ms + COUNT_MS;
		life->dirty = true;
	}
}

bool baton_lifecycle_next_event(struct baton_lifecycle *life,
				struct baton_lifecycle_event *event)
{
	unsigned int at = 0;

	if (!life->tell)
		return false;
	while (!(life->tell >> at & 1))
		at++;
	life->tell = (uint16_t)(life->tell & (life->tell - 1u));
	event->type = (enum baton_lifecycle_event_type)at;
	event->reason = (enum baton_lifecycle_reason)life->kept.reason;
	event->by_peer = life->by_peer;
	return true;
}

static void encode(struct baton_lifecycle *life)
{
	struct baton_lifecycle_kept *kept = &life->kept;
	uint8_t *p = life->value;

	if (life->role == BATON_PHONE && life_has_session(life))
		kept->left_s = baton_lifecycle_left_s(life, life->now_ms);
	p[0] = FORMAT;
	p[1] = kept->hold;
	p[2] = kept->suspended;
	p[3] = kept->reason;
	memcpy(p + 4, kept->id, BATON_LIFECYCLE_ID_LEN);
	baton_store_be32(p + 12, kept->turn);
	baton_store_be32(p + 16, kept->life_s);
	baton_store_be32(p + 20, kept->left_s);
	baton_store_be64(p + 24, kept->opened_s);
	baton_store_be64(p + 32, kept->until_s);
	memcpy(p + 40, kept->context, BATON_LIFECYCLE_CONTEXT_LEN);
}

static bool decode(struct baton_lifecycle_kept *kept, const uint8_t *p,
		   size_t len)
{
	if (len != BATON_LIFECYCLE_LEN || p[0] != FORMAT || p[1] < 1 ||
	    p[1] > BATON_LIFECYCLE_OVER || p[2] > 3 ||
	    p[3] > BATON_LIFECYCLE_TIME)
		return false;
	kept->hold = p[1];
	kept->suspended = p[1] <= BATON_LIFECYCLE_LIVE ? p[2] : 0;
	kept->reason = p[3];
	memcpy(kept->id, p + 4, BATON_LIFECYCLE_ID_LEN);
	kept->turn = baton_load_be32(p + 12);
	kept->life_s = baton_load_be32(p + 16);
	kept->left_s = baton_load_be32(p + 20);
	kept->opened_s = baton_load_be64(p + 24);
	kept->until_s = baton_load_be64(p + 32);
	memcpy(kept->context, p + 40, BATON_LIFECYCLE_CONTEXT_LEN);
	return true;
}

enum baton_err baton_lifecycle_load(struct baton_lifecycle *life,
				    const char *key, const uint8_t *value,
				    size_t len, uint64_t now_ms)
{
	char own[BATON_BOND_KEY_LEN];
	size_t i;

	baton_bond_key("sess/", life->bond, own);
	for (i = 0; i < sizeof(own); i++)
		if (!life->bonded || key[i] != own[i])
			return BATON_ERR_NOT_FOUND;
	life->now_ms = now_ms;
	if (!decode(&life->kept, value, len)) {
		memset(&life->kept, 0, sizeof(life->kept));
		life_over(life, BATON_LIFECYCLE_RESTORED, true);
		life_settle(life);
		return BATON_ERR_ARG;
	}
	life_start(life, life->kept.left_s);
	life_settle(life);
	return BATON_OK;
}

bool baton_lifecycle_next_store_op(struct baton_lifecycle *life,
				   struct baton_store_op *op)
{
	struct baton_store_write *write = &op->write[0];

	if (!life->dirty || life->asked ||
	    baton_store_rests(life->retry_at_ms, life->now_ms))
		return false;
	life->dirty = false;
	life->asked = true;
	baton_bond_key("sess/", life->bond, life->key);
	op->id = ++life->store_id;
	op->count = 1;
	memset(write, 0, sizeof(*write));
	write->key = life->key;
	if (life->revoked) {
		write->kind = BATON_STORE_DELETE;
		return true;
	}
	encode(life);
	write->kind = BATON_STORE_PUT;
	write->value = life->value;
	write->value_len = sizeof(life->value);
	return true;
}

/* A phone must not wear the store of its watch out. */
static void pay(struct baton_lifecycle *life)
{
	if (life->paid_ms < life->now_ms)
		life->paid_ms = life->now_ms;
	life->paid_ms += WRITE_MS;
	if (life->paid_ms - life->now_ms >= WRITES * WRITE_MS)
		life->retry_at_ms = life->paid_ms - (WRITES - 1) * WRITE_MS;
}

void baton_lifecycle_stored(struct baton_lifecycle *life, uint32_t id,
			    enum baton_err err, uint64_t now_ms)
{
	life_clock(life, now_ms);
	if (!life->asked || id != life->store_id)
		return;
	life->asked = false;
	if (life->role == BATON_WATCH && !life->revoked)
		pay(life);
	if (err) {
		life->dirty = true;
		life->retry_at_ms = now_ms + BATON_STORE_RETRY_MS;
		life_tell(life, BATON_LIFECYCLE_EVENT_STORE_FAILED);
	} else if (life->revoked && !life->dirty) {
		life_tell(life, BATON_LIFECYCLE_EVENT_REVOKED);
	}
	life_settle(life);
}
