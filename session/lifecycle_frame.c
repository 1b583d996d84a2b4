/* SPDX-License-Identifier: MIT */

/* The frames of the session of a bond (session/LIFECYCLE.md 3). */

#include <string.h>

#include "base/bytes.h"
#include "crypto/hkdf.h"
#include "session/lifecycle_internal.h"

#define CODE(frame) (BATON_URGENT_CODE_FIRST + (frame))
#define CONTEXT_CODE CODE(0)
#define OPEN_CODE CODE(1)
#define GO_CODE CODE(2)
#define SUSPEND_CODE CODE(3)
#define ASK_CODE CODE(4)
#define END_CODE CODE(5)

#define DEVICE_LEN (5 + BATON_LIFECYCLE_BUILD_LEN)
#define WALL_LEN 8
#define ANSWER 255 /* in place of a reason */
#define TURNS_LOST 1000 /* by a phone whose power went, at most */

/* OPEN and GO. */
struct session_body {
	uint8_t id[BATON_LIFECYCLE_ID_LEN];
	uint32_t turn;
	uint32_t left_s;
	uint64_t opened_s;
	uint8_t context[BATON_LIFECYCLE_CONTEXT_LEN];
};

static void put_device(const struct baton_lifecycle *life, uint8_t *p)
{
	p[0] = life->own.type;
	baton_store_be32(p + 1, life->own.version);
	memcpy(p + 5, life->own.build, BATON_LIFECYCLE_BUILD_LEN);
}

static size_t put_session(const struct baton_lifecycle *life, uint8_t *p,
			  uint64_t now_ms)
{
	memcpy(p, life->kept.id, BATON_LIFECYCLE_ID_LEN);
	baton_store_be32(p + 8, life->kept.turn);
	baton_store_be32(p + 12, baton_lifecycle_left_s(life, now_ms));
	baton_store_be64(p + 16, life->kept.opened_s);
	memcpy(p + 24, life->kept.context, BATON_LIFECYCLE_CONTEXT_LEN);
	return SESSION_BODY_LEN;
}

static size_t put(const struct baton_lifecycle *life, enum life_frame frame,
		  uint8_t *code, uint8_t *p, uint64_t now_ms)
{
	memcpy(p, life->kept.id, BATON_LIFECYCLE_ID_LEN);
	switch (frame) {
	case LIFE_CONTEXT:
		*code = CONTEXT_CODE;
		put_device(life, p);
		if (life->role == BATON_WATCH)
			return DEVICE_LEN;
		baton_store_be64(p + DEVICE_LEN, life->wall_s);
		return DEVICE_LEN + WALL_LEN;
	case LIFE_ANSWER:
		*code = END_CODE;
		memcpy(p, life->answer, BATON_LIFECYCLE_ID_LEN);
		p[8] = ANSWER;
		return 9;
	case LIFE_END:
		*code = END_CODE;
		p[8] = life->kept.reason;
		return 9;
	case LIFE_SUSPEND:
		*code = SUSPEND_CODE;
		baton_store_be32(p + 8, life->kept.turn);
		return 12;
	case LIFE_OPEN:
		*code = OPEN_CODE;
		return put_session(life, p, now_ms);
	case LIFE_GO:
		*code = GO_CODE;
		return put_session(life, p, now_ms);
	case LIFE_ASK:
		*code = ASK_CODE;
		break;
	}
	return BATON_LIFECYCLE_ID_LEN;
}

bool baton_lifecycle_tx(struct baton_lifecycle *life, uint8_t *code,
			uint8_t *body, size_t *len, uint64_t now_ms)
{
	unsigned int frame;

	for (frame = LIFE_CONTEXT; frame <= LIFE_ASK; frame++) {
		if (!(life->owed & 1u << frame))
			continue;
		/* What gives waits until it is durable. */
		if ((frame == LIFE_OPEN || frame == LIFE_GO) &&
		    !life_is_clean(life))
			continue;
		life->owed &= (uint8_t) ~(1u << frame);
		*len = put(life, (enum life_frame)frame, code, body, now_ms);
		return true;
	}
	return false;
}

/* The phone has both contexts: does what there is still hold? */
static enum baton_err judge_context(struct baton_lifecycle *life)
{
	switch ((enum baton_lifecycle_hold)life->kept.hold) {
	case BATON_LIFECYCLE_NEW:
		life_open(life, BATON_LIFE_DEFAULT_S);
		return BATON_OK;
	case BATON_LIFECYCLE_OPENING:
	case BATON_LIFECYCLE_LIVE:
		if (memcmp(life->context, life->kept.context,
			   sizeof(life->context)) != 0)
			life_end(life, BATON_LIFECYCLE_CHANGED);
		break;
	case BATON_LIFECYCLE_OVER:
		life_tell(life, BATON_LIFECYCLE_EVENT_AUTHENTICATE);
		break;
	case BATON_LIFECYCLE_ENDING:
		break;
	}
	return BATON_OK;
}

static enum baton_err take_context(struct baton_lifecycle *life,
				   const uint8_t *p, size_t len)
{
	static const uint8_t zeros[BATON_CRYPTO_KEY_LEN];
	bool phone = life->role == BATON_PHONE;
	uint8_t both[2 * DEVICE_LEN];
	uint8_t out[BATON_CRYPTO_KEY_LEN];

	if (len != DEVICE_LEN + (phone ? 0 : WALL_LEN))
		return BATON_ERR_PEER_FORMAT;
	if (life->known)
		return BATON_ERR_PEER_STATE;
	put_device(life, both + (phone ? 0 : DEVICE_LEN));
	memcpy(both + (phone ? DEVICE_LEN : 0), p, DEVICE_LEN);
	baton_kdf_of(out, zeros, "context", both, sizeof(both));
	memcpy(life->context, out, sizeof(life->context));
	life->known = true;
	if (phone)
		return judge_context(life);
	if (life->kept.hold == BATON_LIFECYCLE_OVER)
		life_tell(life, BATON_LIFECYCLE_EVENT_AUTHENTICATE);
	return BATON_OK;
}

static bool is_ours(const struct baton_lifecycle *life, const uint8_t *id)
{
	return memcmp(id, life->kept.id, BATON_LIFECYCLE_ID_LEN) == 0;
}

/* The watch takes a new session. */
static enum baton_err adopt(struct baton_lifecycle *life,
			    const struct session_body *body)
{
	struct baton_lifecycle_kept kept = {
		.hold = BATON_LIFECYCLE_LIVE,
		.turn = body->turn,
		.life_s = body->left_s,
		.opened_s = body->opened_s,
	};

	memcpy(kept.id, body->id, sizeof(kept.id));
	memcpy(kept.context, body->context, sizeof(kept.context));
	life->kept = kept;
	life->owed &= 1u << LIFE_CONTEXT | 1u << LIFE_ANSWER;
	life->tell &= (uint16_t) ~(1u << BATON_LIFECYCLE_EVENT_AUTHENTICATE);
	life->active = false;
	life->agreed = true;
	life->dirty = true;
	life_start(life, body->left_s);
	return BATON_OK;
}

/* The phone goes on with a session that the watch has. */
static enum baton_err go_on(struct baton_lifecycle *life,
			    const struct session_body *body)
{
	struct baton_lifecycle_kept *kept = &life->kept;

	/* A phone that was cut off before its suspend was durable learns it. */
	if (body->turn < kept->turn && !kept->suspended)
		return BATON_ERR_PEER_STATE;
	if (body->turn > kept->turn) {
		kept->turn = body->turn;
		kept->suspended = 0;
		life->dirty = true;
		life_begin_anew(life);
	}
	if (body->left_s > kept->left_s) {
		kept->life_s = body->left_s;
		life->dirty = true;
	}
	life_start(life, body->left_s);
	if (kept->suspended)
		life_owe(life, LIFE_SUSPEND);
	else
		life->agreed = true;
	return BATON_OK;
}

static enum baton_err watch_takes(struct baton_lifecycle *life, bool open,
				  const struct session_body *body)
{
	bool ours = is_ours(life, body->id);

	/* What is over does not begin again; END says so, if it is to be. */
	if (ours && life->kept.hold == BATON_LIFECYCLE_ENDING)
		return BATON_OK;
	if (ours ? !life_has_session(life) : !open) {
		memcpy(life->answer, body->id, sizeof(life->answer));
		life_owe(life, LIFE_ANSWER);
		return BATON_OK;
	}
	if (memcmp(body->context, life->context, sizeof(body->context)) != 0)
		return BATON_ERR_PEER_AUTH;
	return ours ? go_on(life, body) : adopt(life, body);
}

static enum baton_err phone_takes(struct baton_lifecycle *life,
				  const struct session_body *body)
{
	struct baton_lifecycle_kept *kept = &life->kept;

	if (!life_has_session(life) || kept->suspended ||
	    !is_ours(life, body->id) || body->turn != kept->turn ||
	    memcmp(body->context, kept->context, sizeof(body->context)) != 0)
		return BATON_ERR_PEER_STATE;
	life->agreed = true;
	if (kept->hold == BATON_LIFECYCLE_OPENING) {
		kept->hold = BATON_LIFECYCLE_LIVE;
		life->dirty = true;
	}
	return BATON_OK;
}

static enum baton_err take_session(struct baton_lifecycle *life, bool open,
				   const uint8_t *p, size_t len)
{
	struct session_body body;

	if (len != SESSION_BODY_LEN)
		return BATON_ERR_PEER_FORMAT;
	if (!life->known || (open && life->role == BATON_PHONE))
		return BATON_ERR_PEER_STATE;
	memcpy(body.id, p, sizeof(body.id));
	body.turn = baton_load_be32(p + 8);
	body.left_s = baton_load_be32(p + 12);
	body.opened_s = baton_load_be64(p + 16);
	memcpy(body.context, p + 24, sizeof(body.context));
	if (body.left_s > BATON_LIFE_MAX_S)
		return BATON_ERR_PEER_FORMAT;
	return life->role == BATON_PHONE ? phone_takes(life, &body)
					 : watch_takes(life, open, &body);
}

/*
 * A phone makes the turns: it may have lost those of a moment, not many, and
 * hears of them when it says GO, not when it is suspended.
 */
static bool may_be_forgotten(const struct baton_lifecycle *life, uint32_t turn)
{
	return !life->kept.suspended && turn - life->kept.turn <= TURNS_LOST;
}

static enum baton_err take_suspend(struct baton_lifecycle *life,
				   const uint8_t *p, size_t len)
{
	bool phone = life->role == BATON_PHONE;
	uint32_t turn;

	if (len != BATON_LIFECYCLE_ID_LEN + 4)
		return BATON_ERR_PEER_FORMAT;
	turn = baton_load_be32(p + BATON_LIFECYCLE_ID_LEN);
	if (!life_has_session(life) || !is_ours(life, p) ||
	    turn < life->kept.turn)
		return BATON_ERR_PEER_STATE;
	if (turn > life->kept.turn) {
		if (phone && !may_be_forgotten(life, turn))
			return BATON_ERR_PEER_STATE;
		life->kept.turn = turn;
		life->dirty = true;
	}
	life_suspend(life, phone ? BATON_LIFECYCLE_BY_WATCH
				 : BATON_LIFECYCLE_BY_PHONE);
	return BATON_OK;
}

static enum baton_err take_ask(struct baton_lifecycle *life, const uint8_t *p,
			       size_t len)
{
	if (len != BATON_LIFECYCLE_ID_LEN)
		return BATON_ERR_PEER_FORMAT;
	if (life->role != BATON_PHONE || !life->kept.suspended ||
	    !is_ours(life, p))
		return BATON_ERR_PEER_STATE;
	life_tell(life, BATON_LIFECYCLE_EVENT_ASKED);
	return BATON_OK;
}

static enum baton_err take_end(struct baton_lifecycle *life, const uint8_t *p,
			       size_t len)
{
	enum baton_lifecycle_reason reason = BATON_LIFECYCLE_RESTORED;
	bool ours, answer;

	if (len != BATON_LIFECYCLE_ID_LEN + 1)
		return BATON_ERR_PEER_FORMAT;
	answer = p[BATON_LIFECYCLE_ID_LEN] == ANSWER;
	if (!answer && p[BATON_LIFECYCLE_ID_LEN] > BATON_LIFECYCLE_TIME)
		return BATON_ERR_PEER_FORMAT;
	if (!answer) {
		reason = (enum baton_lifecycle_reason)p[BATON_LIFECYCLE_ID_LEN];
		memcpy(life->answer, p, sizeof(life->answer));
		life_owe(life, LIFE_ANSWER);
	}
	ours = is_ours(life, p);
	if (ours && life_has_session(life))
		life_over(life, reason, false);
	else if (ours && life->kept.hold == BATON_LIFECYCLE_ENDING)
		life_over(life, (enum baton_lifecycle_reason)life->kept.reason,
			  true);
	else if (answer)
		return BATON_ERR_PEER_STATE;
	return BATON_OK;
}

enum baton_err baton_lifecycle_rx(struct baton_lifecycle *life, uint8_t code,
				  const uint8_t *body, size_t len,
				  uint64_t now_ms)
{
	enum baton_err err = BATON_ERR_PEER_FORMAT;

	life_clock(life, now_ms);
	if (life->link != LINK_SECURED || !life->bonded || life->revoked)
		return BATON_ERR_PEER_STATE;
	if (code == CONTEXT_CODE)
		err = take_context(life, body, len);
	else if (code == OPEN_CODE || code == GO_CODE)
		err = take_session(life, code == OPEN_CODE, body, len);
	else if (code == SUSPEND_CODE)
		err = take_suspend(life, body, len);
	else if (code == ASK_CODE)
		err = take_ask(life, body, len);
	else if (code == END_CODE)
		err = take_end(life, body, len);
	life_settle(life);
	return err;
}
