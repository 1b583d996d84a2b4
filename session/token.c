/* SPDX-License-Identifier: MIT */
#include "session/token.h"

#include <string.h>

#include "base/bytes.h"
#include "crypto/hkdf.h"

#define FORMAT 1
#define SIGNED_LEN 31 /* what the tag is over */
#define TAG_LEN 16
#define WINDOW 64 /* numbers below the highest that may still come */
#define BY_PHONE 0x80 /* in the first byte of an id */

#define REVOKE_FRAME 0x2b
#define USED_FRAME 0x2c

void baton_tokens_init(struct baton_tokens *tokens, enum baton_role role)
{
	memset(tokens, 0, sizeof(*tokens));
	tokens->role = role;
}

void baton_tokens_wipe(struct baton_tokens *tokens)
{
	baton_crypto_wipe(tokens, sizeof(*tokens));
}

void baton_tokens_unlink(struct baton_tokens *tokens)
{
	baton_crypto_wipe(tokens->key, sizeof(tokens->key));
	baton_crypto_wipe(tokens->place, sizeof(tokens->place));
	tokens->linked = false;
	/*
	 * Those issued go on: a session that was suspended may have the same link
	 * again, with the same key, and tokens of before still on their way.
	 */
	tokens->taken = 0;
	tokens->taken_before = 0;
}

void baton_tokens_link(struct baton_tokens *tokens, const uint8_t channel[32],
		       uint64_t now_ms)
{
	baton_tokens_unlink(tokens);
	baton_kdf(tokens->key, channel, "token");
	tokens->linked = true;
	tokens->now_ms = now_ms;
}

static bool is_live(const struct baton_token_place *place)
{
	return place->state == BATON_TOKEN_LIVE;
}

/* A clock that runs backwards measures nothing: what is live is over. */
static void keep_time(struct baton_tokens *tokens, uint64_t now_ms)
{
	struct baton_token_place *place;
	int i;

	for (i = 0; i < BATON_TOKENS; i++) {
		place = &tokens->place[i];
		if (is_live(place) &&
		    (now_ms < tokens->now_ms || now_ms >= place->until_ms))
			place->state = BATON_TOKEN_EXPIRED;
	}
	tokens->now_ms = now_ms;
}

static struct baton_token_place *find(struct baton_tokens *tokens,
				      const uint8_t *id)
{
	int i;

	for (i = 0; i < BATON_TOKENS; i++)
		if (tokens->place[i].state != BATON_TOKEN_NONE &&
		    memcmp(tokens->place[i].token.id, id, BATON_TOKEN_ID_LEN) ==
			    0)
			return &tokens->place[i];
	return NULL;
}

/* A place without a token, else of the one whose time ends first. */
static struct baton_token_place *make_room(struct baton_tokens *tokens)
{
	struct baton_token_place *room = NULL, *place;
	int i;

	for (i = 0; i < BATON_TOKENS; i++) {
		place = &tokens->place[i];
		if (place->state == BATON_TOKEN_NONE)
			return place;
		/* One that is over is refused whether it is known or not. */
		if (is_live(place))
			continue;
		/* But its peer must have been told of it. */
		if (place->owes)
			continue;
		if (!room || place->until_ms < room->until_ms)
			room = place;
	}
	return room;
}

static void put(const struct baton_tokens *tokens, uint8_t *p,
		const struct baton_token *token)
{
	uint8_t tag[BATON_CRYPTO_HASH_LEN];

	p[0] = FORMAT;
	memcpy(p + 1, token->id, 8);
	memcpy(p + 9, token->audience, 8);
	memcpy(p + 17, token->activity, 8);
	baton_store_be16(p + BATON_TOKEN_OPERATIONS_AT, token->operations);
	baton_store_be32(p + 27, token->life_ms);
	baton_hmac(tag, tokens->key, sizeof(tokens->key), p, SIGNED_LEN);
	memcpy(p + SIGNED_LEN, tag, TAG_LEN);
}

static uint8_t by_peer(const struct baton_tokens *tokens)
{
	return tokens->role == BATON_PHONE ? 0 : BY_PHONE;
}

/* Read a token and check that the peer made it, for this link. */
static bool get(const struct baton_tokens *tokens, const uint8_t *p, size_t len,
		struct baton_token *token)
{
	uint8_t again[BATON_TOKEN_LEN];

	if (!tokens->linked || len != BATON_TOKEN_LEN)
		return false;
	memcpy(token->id, p + 1, 8);
	memcpy(token->audience, p + 9, 8);
	memcpy(token->activity, p + 17, 8);
	token->operations = baton_load_be16(p + BATON_TOKEN_OPERATIONS_AT);
	token->life_ms = baton_load_be32(p + 27);
	put(tokens, again, token);
	return baton_crypto_equal(again, p, BATON_TOKEN_LEN) &&
	       (token->id[0] & BY_PHONE) == by_peer(tokens);
}

static bool is_life(uint32_t life_ms)
{
	return life_ms > 0 && life_ms <= BATON_TOKEN_LIFE_MAX_MS;
}

static void keep(struct baton_tokens *tokens, struct baton_token_place *place,
		 const struct baton_token *token, bool mine)
{
	memset(place, 0, sizeof(*place));
	place->token = *token;
	place->until_ms = tokens->now_ms + token->life_ms;
	place->state = BATON_TOKEN_LIVE;
	place->mine = mine;
}

enum baton_err baton_tokens_issue(struct baton_tokens *tokens,
				  struct baton_token *token,
				  uint8_t bytes[BATON_TOKEN_LEN],
				  uint64_t now_ms)
{
	struct baton_token_place *place;

	if (!is_life(token->life_ms))
		return BATON_ERR_ARG;
	keep_time(tokens, now_ms);
	if (!tokens->linked)
		return BATON_ERR_STATE;
	place = make_room(tokens);
	if (!place)
		return BATON_ERR_AGAIN;
	baton_store_be64(token->id, ++tokens->issued);
	token->id[0] = (uint8_t)(by_peer(tokens) ^ BY_PHONE);
	put(tokens, bytes, token);
	keep(tokens, place, token, true);
	return BATON_OK;
}

/*
 * A number that was here is never taken again. Those of several offers are
 * given out before the first of them goes, and need not go in that order.
 */
static bool was_taken(const struct baton_tokens *tokens, uint64_t number)
{
	uint64_t below = tokens->taken - number;

	if (number > tokens->taken)
		return false;
	return below == 0 || below > WINDOW ||
	       (tokens->taken_before >> (below - 1) & 1);
}

static void mark_taken(struct baton_tokens *tokens, uint64_t number)
{
	uint64_t above = number - tokens->taken;

	if (number < tokens->taken) {
		tokens->taken_before |= UINT64_C(1)
					<< (tokens->taken - number - 1);
		return;
	}
	tokens->taken_before =
		above < WINDOW ? tokens->taken_before << above : 0;
	if (above <= WINDOW)
		tokens->taken_before |= UINT64_C(1) << (above - 1);
	tokens->taken = number;
}

enum baton_err baton_tokens_take(struct baton_tokens *tokens,
				 const uint8_t *bytes, size_t len,
				 uint64_t now_ms)
{
	struct baton_token_place *place;
	struct baton_token token;
	uint64_t number;

	keep_time(tokens, now_ms);
	if (!get(tokens, bytes, len, &token))
		return BATON_ERR_PEER_AUTH;
	if (!is_life(token.life_ms))
		return BATON_ERR_PEER_FORMAT;
	number = baton_load_be64(token.id) << 1 >> 1;
	if (was_taken(tokens, number))
		return BATON_ERR_PEER_STATE;
	place = make_room(tokens);
	if (!place)
		return BATON_ERR_PEER_LIMIT;
	mark_taken(tokens, number);
	keep(tokens, place, &token, false);
	return BATON_OK;
}

static enum baton_token_verdict judge(const struct baton_token_place *place,
				      const uint8_t *audience,
				      const uint8_t *activity,
				      uint16_t operations)
{
	const struct baton_token *token = &place->token;

	if (memcmp(token->audience, audience, BATON_TOKEN_AUDIENCE_LEN) != 0)
		return BATON_TOKEN_AUDIENCE;
	switch ((enum baton_token_state)place->state) {
	case BATON_TOKEN_LIVE:
		break;
	case BATON_TOKEN_USED:
		return BATON_TOKEN_TWICE;
	case BATON_TOKEN_REVOKED:
		return BATON_TOKEN_WITHDRAWN;
	case BATON_TOKEN_EXPIRED:
		return BATON_TOKEN_LATE;
	case BATON_TOKEN_NONE:
		return BATON_TOKEN_UNKNOWN;
	}
	if (memcmp(token->activity, activity, BATON_ACTIVITY_ID_LEN) != 0 ||
	    operations & ~token->operations)
		return BATON_TOKEN_SCOPE;
	return BATON_TOKEN_GRANTED;
}

static void tell(struct baton_tokens *tokens, enum baton_token_verdict verdict,
		 const uint8_t *id, const uint8_t *audience)
{
	memset(&tokens->event, 0, sizeof(tokens->event));
	tokens->event.verdict = verdict;
	memcpy(tokens->event.id, id, BATON_TOKEN_ID_LEN);
	memcpy(tokens->event.audience, audience, BATON_TOKEN_AUDIENCE_LEN);
	tokens->tells = true;
}

enum baton_token_verdict
baton_tokens_use(struct baton_tokens *tokens, const uint8_t *bytes, size_t len,
		 const uint8_t audience[BATON_TOKEN_AUDIENCE_LEN],
		 const uint8_t activity[BATON_ACTIVITY_ID_LEN],
		 uint16_t operations, uint64_t now_ms)
{
	enum baton_token_verdict verdict = BATON_TOKEN_UNKNOWN;
	struct baton_token_place *place = NULL;
	struct baton_token token = {0};

	keep_time(tokens, now_ms);
	if (get(tokens, bytes, len, &token))
		place = find(tokens, token.id);
	else
		memset(&token, 0, sizeof(token));
	if (place)
		verdict = judge(place, audience, activity, operations);
	if (verdict == BATON_TOKEN_GRANTED) {
		place->state = BATON_TOKEN_USED;
		place->owes = true;
	} else {
		tokens->refused++;
		tell(tokens, verdict, token.id, audience);
	}
	return verdict;
}

enum baton_token_state
baton_tokens_introspect(const struct baton_tokens *tokens,
			const uint8_t id[BATON_TOKEN_ID_LEN],
			struct baton_token *token, uint64_t now_ms)
{
	const struct baton_token_place *place;
	int i;

	if (tokens->role != BATON_PHONE)
		return BATON_TOKEN_NONE;
	for (i = 0; i < BATON_TOKENS; i++) {
		place = &tokens->place[i];
		if (place->state == BATON_TOKEN_NONE ||
		    memcmp(place->token.id, id, BATON_TOKEN_ID_LEN) != 0)
			continue;
		if (token)
			*token = place->token;
		if (is_live(place) &&
		    (now_ms < tokens->now_ms || now_ms >= place->until_ms))
			return BATON_TOKEN_EXPIRED;
		return (enum baton_token_state)place->state;
	}
	return BATON_TOKEN_NONE;
}

enum baton_err baton_tokens_revoke(struct baton_tokens *tokens,
				   const uint8_t id[BATON_TOKEN_ID_LEN],
				   uint64_t now_ms)
{
	struct baton_token_place *place;

	if (tokens->role != BATON_PHONE)
		return BATON_ERR_STATE;
	keep_time(tokens, now_ms);
	place = find(tokens, id);
	if (!place)
		return BATON_ERR_NOT_FOUND;
	if (!is_live(place))
		return BATON_ERR_STATE;
	place->state = BATON_TOKEN_REVOKED;
	place->owes = place->mine;
	return BATON_OK;
}

void baton_tokens_end(struct baton_tokens *tokens,
		      const uint8_t activity[BATON_ACTIVITY_ID_LEN], bool mine)
{
	struct baton_token_place *place = tokens->place;

	for (; place < tokens->place + BATON_TOKENS; place++)
		if (is_live(place) && place->mine == mine &&
		    memcmp(place->token.activity, activity,
			   BATON_ACTIVITY_ID_LEN) == 0)
			place->state = BATON_TOKEN_EXPIRED;
}

enum baton_err baton_tokens_rx(struct baton_tokens *tokens, uint8_t code,
			       const uint8_t *body, size_t len, uint64_t now_ms)
{
	struct baton_token_place *place;

	keep_time(tokens, now_ms);
	if ((code != REVOKE_FRAME && code != USED_FRAME) ||
	    len != BATON_TOKEN_ID_LEN)
		return BATON_ERR_PEER_FORMAT;
	place = find(tokens, body);
	if (!place)
		return BATON_ERR_PEER_UNKNOWN;
	if (code == REVOKE_FRAME) {
		/* Only the phone revokes. */
		if (tokens->role != BATON_WATCH || place->mine)
			return BATON_ERR_PEER_STATE;
		if (is_live(place))
			place->state = BATON_TOKEN_REVOKED;
		return BATON_OK;
	}
	if (!place->mine || place->state == BATON_TOKEN_USED)
		return BATON_ERR_PEER_STATE;
	place->state = BATON_TOKEN_USED;
	tell(tokens, BATON_TOKEN_GRANTED, place->token.id,
	     place->token.audience);
	return BATON_OK;
}

bool baton_tokens_tx(struct baton_tokens *tokens, uint8_t *code, uint8_t *body,
		     size_t *len)
{
	struct baton_token_place *place;
	int i;

	for (i = 0; i < BATON_TOKENS; i++) {
		place = &tokens->place[i];
		if (!place->owes)
			continue;
		place->owes = false;
		*code = place->mine ? REVOKE_FRAME : USED_FRAME;
		memcpy(body, place->token.id, BATON_TOKEN_ID_LEN);
		*len = BATON_TOKEN_ID_LEN;
		return true;
	}
	return false;
}

bool baton_tokens_next_event(struct baton_tokens *tokens,
			     struct baton_token_event *event)
{
	if (!tokens->tells)
		return false;
	tokens->tells = false;
	*event = tokens->event;
	return true;
}
