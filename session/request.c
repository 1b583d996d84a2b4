/* SPDX-License-Identifier: MIT */
#include "session/request.h"

#include <string.h>

#include "base/bytes.h"

#define OP_ASK 0
#define OP_ANSWER 1
#define OP_REFUSE 2
#define OP_CANCEL 3

#define NUMBER_LEN 4
#define REFUSE_LEN 6

size_t baton_requests_memory_len(uint16_t max, uint8_t count)
{
	return 2 * (size_t)count * max;
}

enum baton_err baton_requests_init(struct baton_requests *requests,
				   uint16_t max, uint8_t count, void *memory,
				   size_t memory_len)
{
	uint8_t *p = memory;
	uint8_t i;

	if (max == 0 || count == 0 || count > BATON_REQUESTS_MAX ||
	    memory_len < baton_requests_memory_len(max, count))
		return BATON_ERR_ARG;
	memset(requests, 0, sizeof(*requests));
	memset(memory, 0, baton_requests_memory_len(max, count));
	requests->memory = memory;
	requests->max = max;
	requests->count = count;
	for (i = 0; i < count; i++) {
		requests->out[i].body = p;
		requests->in[i].body = p + max;
		p += 2 * (size_t)max;
	}
	return BATON_OK;
}

void baton_requests_wipe(struct baton_requests *requests)
{
	if (requests->memory)
		baton_crypto_wipe(requests->memory,
				  baton_requests_memory_len(requests->max,
							    requests->count));
	baton_crypto_wipe(requests, sizeof(*requests));
}

/* The place is nobody's; what was in it is gone. */
static void set_free(struct baton_request_place *place)
{
	uint8_t *body = place->body;

	baton_crypto_wipe(body, place->len);
	memset(place, 0, sizeof(*place));
	place->body = body;
}

static struct baton_request_place *find(struct baton_request_place *places,
					uint8_t count, uint32_t number)
{
	uint8_t i;

	for (i = 0; i < count; i++)
		if (places[i].state != BATON_REQUEST_FREE &&
		    places[i].number == number)
			return &places[i];
	return NULL;
}

static struct baton_request_place *
free_place(struct baton_request_place *places, uint8_t count)
{
	uint8_t i;

	for (i = 0; i < count; i++)
		if (places[i].state == BATON_REQUEST_FREE)
			return &places[i];
	return NULL;
}

/* What was told has been looked at. */
static void free_told(struct baton_requests *requests)
{
	uint8_t i;

	for (i = 0; i < requests->count; i++)
		if (requests->out[i].state == BATON_REQUEST_TOLD)
			set_free(&requests->out[i]);
}

static void put_body(struct baton_request_place *place, const uint8_t *body,
		     size_t len)
{
	if (len < place->len)
		baton_crypto_wipe(place->body + len, place->len - len);
	if (len > 0)
		memcpy(place->body, body, len);
	place->len = (uint16_t)len;
}

static void fail(struct baton_request_place *place,
		 enum baton_request_failure failure, uint8_t reason)
{
	place->state = BATON_REQUEST_OVER;
	place->failure = (uint8_t)failure;
	place->reason = reason;
	put_body(place, NULL, 0);
}

/* What the application was told of it is taken back; else it never was. */
static void withdraw(struct baton_request_place *place)
{
	if (place->state == BATON_REQUEST_WAITS)
		place->state = BATON_REQUEST_LEFT;
	else if (place->state != BATON_REQUEST_LEFT)
		set_free(place);
}

/* Those whose time is over. */
static void keep_time(struct baton_requests *requests, uint64_t now_ms)
{
	struct baton_request_place *place;
	uint8_t i;

	requests->now_ms = now_ms;
	for (i = 0; i < requests->count; i++) {
		place = &requests->out[i];
		if (now_ms >= place->until_ms &&
		    (place->state == BATON_REQUEST_NEW ||
		     place->state == BATON_REQUEST_WAITS)) {
			place->cancels = place->state == BATON_REQUEST_WAITS;
			fail(place, BATON_REQUEST_TIMEOUT, 0);
		}
		place = &requests->in[i];
		if (place->state != BATON_REQUEST_FREE &&
		    now_ms >= place->until_ms)
			withdraw(place);
	}
}

enum baton_err baton_requests_ask(struct baton_requests *requests,
				  const uint8_t *body, size_t len,
				  uint32_t timeout_ms, uint32_t *number,
				  uint64_t now_ms)
{
	struct baton_request_place *place;

	if (!requests)
		return BATON_ERR_NOT_FOUND;
	if (timeout_ms == 0 || timeout_ms > BATON_REQUEST_TIMEOUT_MAX_MS)
		return BATON_ERR_ARG;
	if (len > requests->max)
		return BATON_ERR_TOO_LARGE;
	keep_time(requests, now_ms);
	if (!requests->up)
		return BATON_ERR_STATE;
	if (requests->room == 0)
		return BATON_ERR_NOT_FOUND;
	if (len + BATON_REQUEST_HEADER > requests->room)
		return BATON_ERR_TOO_LARGE;
	if (requests->number == UINT32_MAX)
		return BATON_ERR_EXHAUSTED;
	free_told(requests);
	place = free_place(requests->out, requests->count);
	if (!place)
		return BATON_ERR_AGAIN;
	put_body(place, body, len);
	place->state = BATON_REQUEST_NEW;
	place->number = ++requests->number;
	place->until_ms = now_ms + timeout_ms;
	*number = place->number;
	return BATON_OK;
}

enum baton_err baton_requests_cancel(struct baton_requests *requests,
				     uint32_t number, uint64_t now_ms)
{
	struct baton_request_place *place;

	if (!requests)
		return BATON_ERR_NOT_FOUND;
	keep_time(requests, now_ms);
	place = find(requests->out, requests->count, number);
	if (!place || (place->state != BATON_REQUEST_NEW &&
		       place->state != BATON_REQUEST_WAITS))
		return BATON_ERR_NOT_FOUND;
	if (place->state == BATON_REQUEST_NEW) {
		set_free(place);
		return BATON_OK;
	}
	fail(place, BATON_REQUEST_TIMEOUT, 0);
	place->cancels = true;
	place->silent = true;
	return BATON_OK;
}

/* One that the application has been told of and may answer. */
static struct baton_request_place *waiting(struct baton_requests *requests,
					   uint32_t number, uint64_t now_ms)
{
	struct baton_request_place *place;

	keep_time(requests, now_ms);
	place = find(requests->in, requests->count, number);
	return place && place->state == BATON_REQUEST_WAITS ? place : NULL;
}

enum baton_err baton_requests_answer(struct baton_requests *requests,
				     uint32_t number, const uint8_t *body,
				     size_t len, uint64_t now_ms)
{
	struct baton_request_place *place;

	if (!requests)
		return BATON_ERR_NOT_FOUND;
	if (len > requests->max)
		return BATON_ERR_TOO_LARGE;
	place = waiting(requests, number, now_ms);
	if (!place)
		return BATON_ERR_NOT_FOUND;
	if (len + BATON_REQUEST_HEADER > requests->room)
		return BATON_ERR_TOO_LARGE;
	put_body(place, body, len);
	place->state = BATON_REQUEST_OVER;
	return BATON_OK;
}

enum baton_err baton_requests_refuse(struct baton_requests *requests,
				     uint32_t number, uint8_t reason,
				     uint64_t now_ms)
{
	struct baton_request_place *place;

	if (!requests)
		return BATON_ERR_NOT_FOUND;
	place = waiting(requests, number, now_ms);
	if (!place)
		return BATON_ERR_NOT_FOUND;
	fail(place, BATON_REQUEST_REFUSED, reason);
	return BATON_OK;
}

void baton_requests_link(struct baton_requests *requests, bool up, size_t room,
			 uint64_t now_ms)
{
	struct baton_request_place *place;
	uint8_t i;

	keep_time(requests, now_ms);
	requests->up = up;
	requests->room = up ? room : 0;
	requests->heard = 0;
	requests->unread_count = 0;
	for (i = 0; i < requests->count; i++) {
		place = &requests->out[i];
		place->cancels = false;
		if (place->state == BATON_REQUEST_NEW ||
		    place->state == BATON_REQUEST_WAITS)
			fail(place, BATON_REQUEST_LINK, 0);
		if (place->silent)
			set_free(place);
		withdraw(&requests->in[i]);
	}
}

static void refuse_unread(struct baton_requests *requests, uint32_t number,
			  enum baton_request_failure why)
{
	/* Whoever asks on and on runs into its own time. */
	if (requests->unread_count == BATON_REQUESTS_MAX)
		return;
	requests->unread[requests->unread_count] = number;
	requests->unread_why[requests->unread_count++] = (uint8_t)why;
}

static enum baton_err rx_ask(struct baton_requests *requests, uint32_t number,
			     const uint8_t *body, size_t len)
{
	struct baton_request_place *place;
	uint32_t timeout_ms;

	if (len < BATON_REQUEST_HEADER)
		return BATON_ERR_PEER_LENGTH;
	timeout_ms = baton_load_be32(body + NUMBER_LEN);
	if (timeout_ms == 0 || timeout_ms > BATON_REQUEST_TIMEOUT_MAX_MS)
		return BATON_ERR_PEER_FORMAT;
	if (number <= requests->heard)
		return BATON_ERR_PEER_SEQ;
	requests->heard = number;
	if (len - BATON_REQUEST_HEADER > requests->max) {
		refuse_unread(requests, number, BATON_REQUEST_TOO_LARGE);
		return BATON_ERR_PEER_LIMIT;
	}
	/* One of an older link that is still to be told may have the number. */
	place = find(requests->in, requests->count, number)
			? NULL
			: free_place(requests->in, requests->count);
	if (!place) {
		refuse_unread(requests, number, BATON_REQUEST_BUSY);
		return BATON_OK;
	}
	put_body(place, body + BATON_REQUEST_HEADER,
		 len - BATON_REQUEST_HEADER);
	place->state = BATON_REQUEST_NEW;
	place->number = number;
	place->until_ms = requests->now_ms + timeout_ms;
	return BATON_OK;
}

/* What ends one of mine. */
static enum baton_err rx_end(struct baton_requests *requests, uint8_t op,
			     uint32_t number, const uint8_t *body, size_t len)
{
	struct baton_request_place *place;

	if (op == OP_REFUSE && len != REFUSE_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (op == OP_REFUSE && (body[NUMBER_LEN] < BATON_REQUEST_BUSY ||
				body[NUMBER_LEN] > BATON_REQUEST_REFUSED))
		return BATON_ERR_PEER_FORMAT;
	place = find(requests->out, requests->count, number);
	/* One that ended here meanwhile is no fault of the peer's. */
	if (!place || place->state != BATON_REQUEST_WAITS)
		return number == 0 || number > requests->number
			       ? BATON_ERR_PEER_STATE
			       : BATON_OK;
	if (op == OP_REFUSE) {
		fail(place, (enum baton_request_failure)body[NUMBER_LEN],
		     body[NUMBER_LEN + 1]);
	} else if (len - NUMBER_LEN > requests->max) {
		fail(place, BATON_REQUEST_TOO_LARGE, 0);
		return BATON_ERR_PEER_LIMIT;
	} else {
		put_body(place, body + NUMBER_LEN, len - NUMBER_LEN);
		place->state = BATON_REQUEST_OVER;
	}
	return BATON_OK;
}

enum baton_err baton_requests_rx(struct baton_requests *requests, uint8_t op,
				 const uint8_t *body, size_t len,
				 uint64_t now_ms)
{
	struct baton_request_place *place;
	uint32_t number;

	keep_time(requests, now_ms);
	if (!requests->up)
		return BATON_ERR_PEER_STATE;
	if (op > OP_CANCEL)
		return BATON_ERR_PEER_FORMAT;
	if (len < NUMBER_LEN)
		return BATON_ERR_PEER_LENGTH;
	number = baton_load_be32(body);
	if (op == OP_ASK)
		return rx_ask(requests, number, body, len);
	if (op != OP_CANCEL)
		return rx_end(requests, op, number, body, len);
	if (len != NUMBER_LEN)
		return BATON_ERR_PEER_LENGTH;
	if (number == 0 || number > requests->heard)
		return BATON_ERR_PEER_STATE;
	place = find(requests->in, requests->count, number);
	if (place)
		withdraw(place);
	return BATON_OK;
}

static size_t put_refuse(uint8_t *p, uint32_t number, uint8_t failure,
			 uint8_t reason)
{
	baton_store_be32(p, number);
	p[NUMBER_LEN] = failure;
	p[NUMBER_LEN + 1] = reason;
	return REFUSE_LEN;
}

/* Ends: CANCEL of mine, ANSWER or REFUSE of the peer's. */
static bool tx_end(struct baton_requests *requests, uint8_t *op, uint8_t *body,
		   size_t *len)
{
	struct baton_request_place *place;
	uint8_t i;

	for (i = 0; i < requests->count; i++) {
		place = &requests->out[i];
		if (place->cancels) {
			*op = OP_CANCEL;
			*len = NUMBER_LEN;
			baton_store_be32(body, place->number);
			place->cancels = false;
			if (place->silent)
				set_free(place);
			return true;
		}
		place = &requests->in[i];
		if (place->state != BATON_REQUEST_OVER)
			continue;
		*op = place->failure ? OP_REFUSE : OP_ANSWER;
		*len = NUMBER_LEN + (size_t)place->len;
		baton_store_be32(body, place->number);
		if (place->failure)
			*len = put_refuse(body, place->number, place->failure,
					  place->reason);
		else
			memcpy(body + NUMBER_LEN, place->body, place->len);
		set_free(place);
		return true;
	}
	return false;
}

bool baton_requests_tx(struct baton_requests *requests, uint8_t *op,
		       uint8_t *body, size_t cap, size_t *len, uint64_t now_ms)
{
	struct baton_request_place *place, *next = NULL;
	uint8_t i;

	keep_time(requests, now_ms);
	if (!requests->up || requests->room == 0 || cap < requests->room)
		return false;
	if (requests->unread_count > 0) {
		*op = OP_REFUSE;
		*len = put_refuse(body, requests->unread[0],
				  requests->unread_why[0], 0);
		requests->unread_count--;
		memmove(requests->unread, requests->unread + 1,
			requests->unread_count * sizeof(requests->unread[0]));
		memmove(requests->unread_why, requests->unread_why + 1,
			requests->unread_count);
		return true;
	}
	if (tx_end(requests, op, body, len))
		return true;
	/* Numbers rise on the wire. */
	for (i = 0; i < requests->count; i++) {
		place = &requests->out[i];
		if (place->state == BATON_REQUEST_NEW &&
		    (!next || place->number < next->number))
			next = place;
	}
	if (!next)
		return false;
	*op = OP_ASK;
	*len = BATON_REQUEST_HEADER + (size_t)next->len;
	baton_store_be32(body, next->number);
	baton_store_be32(body + NUMBER_LEN,
			 (uint32_t)(next->until_ms - now_ms));
	memcpy(body + BATON_REQUEST_HEADER, next->body, next->len);
	next->state = BATON_REQUEST_WAITS;
	return true;
}

uint64_t baton_requests_deadline(const struct baton_requests *requests)
{
	const struct baton_request_place *place;
	uint64_t deadline = UINT64_MAX;
	uint8_t i;

	for (i = 0; i < requests->count; i++) {
		place = &requests->out[i];
		if ((place->state == BATON_REQUEST_NEW ||
		     place->state == BATON_REQUEST_WAITS) &&
		    place->until_ms < deadline)
			deadline = place->until_ms;
		place = &requests->in[i];
		if (place->state != BATON_REQUEST_FREE &&
		    place->state != BATON_REQUEST_LEFT &&
		    place->until_ms < deadline)
			deadline = place->until_ms;
	}
	return deadline;
}

void baton_requests_tick(struct baton_requests *requests, uint64_t now_ms)
{
	keep_time(requests, now_ms);
}

static bool tell_mine(struct baton_request_place *place,
		      struct baton_request_event *event)
{
	if (place->state != BATON_REQUEST_OVER || place->silent)
		return false;
	event->type =
		place->failure ? BATON_REQUEST_FAILED : BATON_REQUEST_ANSWERED;
	event->number = place->number;
	event->failure = (enum baton_request_failure)place->failure;
	event->reason = place->reason;
	event->body = place->body;
	event->len = place->len;
	if (place->cancels)
		place->silent = true;
	else
		place->state = BATON_REQUEST_TOLD;
	return true;
}

static bool tell_theirs(struct baton_request_place *place, uint64_t now_ms,
			struct baton_request_event *event)
{
	event->number = place->number;
	if (place->state == BATON_REQUEST_LEFT) {
		event->type = BATON_REQUEST_GONE;
		set_free(place);
		return true;
	}
	if (place->state != BATON_REQUEST_NEW)
		return false;
	event->type = BATON_REQUEST_ASKED;
	event->left_ms = place->until_ms - now_ms;
	event->body = place->body;
	event->len = place->len;
	place->state = BATON_REQUEST_WAITS;
	return true;
}

bool baton_requests_next_event(struct baton_requests *requests,
			       struct baton_request_event *event)
{
	struct baton_request_place *place, *next = NULL;
	uint8_t i;

	memset(event, 0, sizeof(*event));
	free_told(requests);
	for (i = 0; i < requests->count; i++)
		if (tell_mine(&requests->out[i], event))
			return true;
	/* In the order in which they were asked. */
	for (i = 0; i < requests->count; i++) {
		place = &requests->in[i];
		if ((place->state == BATON_REQUEST_NEW ||
		     place->state == BATON_REQUEST_LEFT) &&
		    (!next || place->number < next->number))
			next = place;
	}
	return next && tell_theirs(next, requests->now_ms, event);
}
