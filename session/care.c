/* SPDX-License-Identifier: MIT */
#include "session/care.h"

#include <string.h>

#include "transport/timing.h"

#define BULK_LEN 2048 /* bytes that wait, or moved within a window */
#define WINDOW_MS 1000
#define QUIET_MS 5000 /* before the link may sleep */
#define GRACE_MS 3000 /* for the phone to ask first */
#define AGAIN_MS 5000 /* for what was asked for to come */
#define TRIES 3

static const struct baton_care_advice advices[] = {
	[BATON_CARE_FAST] = {.pace = BATON_CARE_FAST,
			     .phy = BATON_LINK_PHY_2M,
			     .ll_len = 251,
			     .interval_min_us = 15000,
			     .interval_max_us = 30000,
			     .latency = 0,
			     .timeout_ms = 4000},
	[BATON_CARE_IDLE] = {.pace = BATON_CARE_IDLE,
			     .interval_min_us = 180000,
			     .interval_max_us = 210000,
			     .latency = 4,
			     .timeout_ms = 6000},
};

/* Bytes sent and received so far, modulo 2^32. */
static uint32_t moved_bytes(const struct baton_session *session)
{
	const struct baton_link_stats *stats = &session->link.stats;

	return (uint32_t)(stats->tx_bytes + stats->rx_bytes);
}

void baton_care_start(struct baton_care *care,
		      const struct baton_session *session, uint64_t now_ms)
{
	memset(care, 0, sizeof(*care));
	care->seen = moved_bytes(session);
	care->bytes = care->seen;
	care->quiet_ms = now_ms;
	care->window_ms = now_ms;
}

static void want(struct baton_care *care, enum baton_care_pace pace,
		 uint64_t now_ms)
{
	if (care->wanted == pace)
		return;
	care->wanted = (uint8_t)pace;
	care->wanted_ms = now_ms;
	care->tries = 0;
}

/* What goes on: bulk, nothing, or something between. */
static void look(struct baton_care *care, const struct baton_session *session,
		 uint64_t now_ms)
{
	const struct baton_link *link = &session->link;
	uint32_t waits = link->classes[BATON_CLASS_MESSAGE].sender.held +
			 link->classes[BATON_CLASS_BULK].sender.held;
	uint32_t moved = moved_bytes(session);

	if (now_ms - care->window_ms >= WINDOW_MS) {
		care->window_ms = now_ms;
		care->bytes = care->seen;
	}
	if (waits > 0 || moved != care->seen)
		care->quiet_ms = now_ms;
	care->seen = moved;
	if (waits >= BULK_LEN || moved - care->bytes >= BULK_LEN)
		want(care, BATON_CARE_FAST, now_ms);
	else if (now_ms - care->quiet_ms >= QUIET_MS)
		want(care, BATON_CARE_IDLE, now_ms);
}

/* The link is known to be so. */
static bool is_so(const struct baton_link_facts *facts,
		  const struct baton_care_advice *advice)
{
	return facts->interval_us >= advice->interval_min_us &&
	       facts->interval_us <= advice->interval_max_us &&
	       (!advice->phy || facts->phy == advice->phy) &&
	       (!advice->ll_len || facts->ll_len >= advice->ll_len);
}

/* When what is wanted is to be asked for, if it has not come by then. */
static uint64_t ask_due(const struct baton_care *care, bool phone)
{
	if (care->wanted == BATON_CARE_NONE || care->tries >= TRIES)
		return BATON_NEVER;
	if (care->tries > 0)
		return care->asked_ms + AGAIN_MS;
	return care->wanted_ms + (phone ? 0 : GRACE_MS);
}

bool baton_care_next(struct baton_care *care,
		     const struct baton_session *session, uint64_t now_ms,
		     struct baton_care_advice *advice)
{
	const struct baton_care_advice *wanted;

	if (session->state != BATON_SESSION_SECURED) {
		care->quiet_ms = now_ms;
		return false;
	}
	look(care, session, now_ms);
	if (ask_due(care, session->role == BATON_PHONE) > now_ms)
		return false;
	wanted = &advices[care->wanted];
	if (is_so(&session->link.facts, wanted)) {
		care->tries = TRIES;
		return false;
	}
	care->asked_ms = now_ms;
	care->tries++;
	*advice = *wanted;
	return true;
}

uint64_t baton_care_deadline(const struct baton_care *care)
{
	uint64_t due = ask_due(care, false);

	if (care->wanted == BATON_CARE_IDLE)
		return due;
	return baton_earlier(due, care->quiet_ms + QUIET_MS);
}
