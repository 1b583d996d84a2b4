/* SPDX-License-Identifier: MIT */
#include "sim/host_bluez.h"

#include <string.h>

#include "base/bytes.h"
#include "sim/att.h"
#include "sim/world.h"

/* bluetoothd 5.66: one notification, as one of several (opcode 0x23). */
#define MULTIPLE_LEN 5U /* opcode, handle, length */
#define MULTIPLE_VALUE_LEN 4U /* handle, length: of each one more */
#define BATCH_US 10000U /* it waits for others for so long */

#define WRITE_MAX 510U /* a longer write vanishes */
#define OUR_MAX 509U /* what gatt/ sends at most */
#define WHOLE_MTU 514U /* from here on a multiple value of OUR_MAX fits */
#define ATT_TIMEOUT_US UINT64_C(30000000) /* Core Vol 3 Part F, 3.3.3 */
#define DISCONNECT_US 2000000U /* until a Disconnect is carried out */

/*
 * A SEQPACKET socket holds 212992 bytes as Linux counts them. Measured: 278
 * messages of 182 bytes, 167 of 244 and more; the step between is that of
 * the kernel's allocator.
 */
#define SOCKET_CAP 212992U
#define SMALL_LEN 192U
#define SMALL_COST 768U
#define LARGE_COST 1280U

/* bluetoothd has no bound; what reaches this one is no world to look at. */
#define DOWN_MAX 4096U

static const uint32_t percentile_ppm[] = {100000, 500000, 900000, 990000};
#define PERCENTILES (sizeof(percentile_ppm) / sizeof(percentile_ppm[0]))

static void unblocked(void *ctx, uint64_t arg);

static bool is_watch(const struct baton_sim_host *host)
{
	return host->side == BATON_SIM_WATCH;
}

static bool is_ours(const struct baton_sim_host *host)
{
	return !host->cfg.bluez_bare;
}

/* The peer takes several notifications in one PDU, as BlueZ does. */
static bool sends_multiple(const struct baton_sim_host *host)
{
	return is_watch(host) && host->sim->node[BATON_SIM_PHONE].host.bluez.on;
}

static void push(struct baton_sim_values_list *list, struct baton_sim_sdu *sdu)
{
	sdu->next = NULL;
	if (list->last)
		list->last->next = sdu;
	else
		list->first = sdu;
	list->last = sdu;
	list->len++;
}

static struct baton_sim_sdu *pop(struct baton_sim_values_list *list)
{
	struct baton_sim_sdu *sdu = list->first;

	list->first = sdu->next;
	if (!list->first)
		list->last = NULL;
	list->len--;
	return sdu;
}

static void empty(struct baton_sim_host *host,
		  struct baton_sim_values_list *list)
{
	while (list->len)
		baton_sim_sdu_put(&host->sim->pool, pop(list));
}

bool baton_sim_bluez_is(const struct baton_sim_host *host)
{
	return host->bluez.on && host->sim->cfg.bearer == BATON_SIM_GATT;
}

void baton_sim_bluez_connected(struct baton_sim_host *host)
{
	struct baton_sim_bluez *bluez = &host->bluez;

	bluez->on = host->cfg.host == BATON_SIM_HOST_BLUEZ;
	bluez->ready = false;
	bluez->heard = false;
	bluez->write = is_watch(host) || !is_ours(host) ? BATON_SIM_BLUEZ_FREE
							: BATON_SIM_BLUEZ_ALONE;
}

void baton_sim_bluez_disconnected(struct baton_sim_host *host)
{
	struct baton_sim_bluez *bluez = &host->bluez;

	empty(host, &bluez->down);
	bluez->batched = 0;
	bluez->batch++;
	bluez->unread = 0;
	bluez->ready = false;
}

void baton_sim_bluez_off(struct baton_sim_host *host)
{
	baton_sim_bluez_disconnected(host);
	empty(host, &host->bluez.old);
	host->bluez.socket = BATON_SIM_BLUEZ_UNASKED;
}

size_t baton_sim_bluez_pdu_max(const struct baton_sim_host *host, size_t max)
{
	if (!baton_sim_bluez_is(host) || !is_ours(host))
		return max;
	if (is_watch(host) && max > (size_t)host->mtu - MULTIPLE_LEN)
		max = (size_t)host->mtu - MULTIPLE_LEN;
	return max < OUR_MAX ? max : OUR_MAX;
}

uint16_t baton_sim_bluez_mtu(const struct baton_sim_host *host)
{
	if (!baton_sim_bluez_is(host) || !is_ours(host) || !is_watch(host) ||
	    host->mtu >= WHOLE_MTU)
		return host->mtu;
	return (uint16_t)(host->mtu - (MULTIPLE_LEN - BATON_SIM_ATT_LEN));
}

uint64_t baton_sim_bluez_disconnect_us(const struct baton_sim_host *host)
{
	return host->bluez.on ? DISCONNECT_US : 0;
}

/* gatt/peripheral.c: the link is up with the first write, not before. */
bool baton_sim_bluez_up(struct baton_sim_host *host)
{
	if (!baton_sim_bluez_is(host) || !is_ours(host) || !is_watch(host))
		return true;
	host->bluez.ready = true;
	return host->bluez.heard;
}

bool baton_sim_bluez_hears(struct baton_sim_host *host)
{
	if (!host->bluez.ready || host->up)
		return false;
	host->bluez.heard = true;
	return true;
}

/* What other centrals write, or are notified of, on the characteristic. */
static void other_central(void *ctx, uint64_t link)
{
	struct baton_sim_host *host = ctx;
	struct baton_sim *sim = host->sim;
	struct baton_prng *rand =
		baton_sim_rand(sim, host->side, BATON_SIM_RAND_BLUEZ_OTHER);
	uint8_t bytes[BATON_SIM_VALUE_MAX];
	size_t len;

	if (link != host->link || !host->cfg.bluez_other_us)
		return;
	if (host->up) {
		len = 1 + baton_prng_below(rand, host->mtu - 3U);
		if (len > sizeof(bytes))
			len = sizeof(bytes);
		baton_prng_fill(rand, bytes, len);
		baton_sim_host_inject(host, sim->now, bytes, len);
	}
	baton_sim_queue_push(
		&sim->queue,
		sim->now + 1 +
			baton_prng_below(
				rand, 2 * (uint64_t)host->cfg.bluez_other_us),
		BATON_SIM_RANK_HOST, other_central, host, link);
}

void baton_sim_bluez_after_up(struct baton_sim_host *host)
{
	struct baton_sim_values_list *old = &host->bluez.old;

	if (!baton_sim_bluez_is(host))
		return;
	while (old->len)
		baton_sim_host_show(host, pop(old), host->sim->now);
	/* A watch of ours knows whose write it is; a notification has no
	 * address. */
	if (host->cfg.bluez_other_us && (!is_watch(host) || !is_ours(host)))
		other_central(host, host->link);
}

bool baton_sim_bluez_takes(const struct baton_sim_host *host)
{
	return host->bluez.write != BATON_SIM_BLUEZ_ASKED &&
	       host->bluez.down.len < DOWN_MAX;
}

void baton_sim_bluez_feed(struct baton_sim_host *host)
{
	struct baton_sim_bluez *bluez = &host->bluez;
	struct baton_sim *sim = host->sim;
	struct baton_sim_sdu *sdu;

	while (bluez->down.len > bluez->batched &&
	       host->held < host->cfg.hold) {
		sdu = pop(&bluez->down);
		host->held++;
		sim->node[host->side].stats.l2cap_tx_bytes += sdu->len;
		baton_sim_ll_send(sim, host->side, sdu);
	}
}

static void batch_over(void *ctx, uint64_t batch)
{
	struct baton_sim_host *host = ctx;

	if (batch != host->bluez.batch)
		return;
	host->bluez.batch++;
	host->bluez.batched = 0;
	baton_sim_bluez_feed(host);
}

/* The newest value waits for more of them, or for the timer. */
static void batch(struct baton_sim_host *host, size_t len)
{
	struct baton_sim_bluez *bluez = &host->bluez;
	const uint32_t room = host->mtu - 1U;

	if (bluez->batched &&
	    room - bluez->batch_len < MULTIPLE_VALUE_LEN + len) {
		bluez->batch++;
		bluez->batched = 0;
	}
	if (!bluez->batched) {
		bluez->batch_len = 0;
		baton_sim_queue_push(
			&host->sim->queue, host->sim->now + BATCH_US,
			BATON_SIM_RANK_HOST, batch_over, host, bluez->batch);
	}
	bluez->batched++;
	bluez->batch_len += (uint32_t)(MULTIPLE_VALUE_LEN + len);
}

/* A request that is not answered ends the link. */
static void unanswered(void *ctx, uint64_t link)
{
	struct baton_sim_host *host = ctx;

	if (link == host->link && host->bluez.write == BATON_SIM_BLUEZ_ASKED)
		baton_sim_ll_disconnect(host->sim, host->side,
					BATON_HCI_REMOTE_USER);
}

static void frame_notification(struct baton_sim_host *host,
			       struct baton_sim_sdu *sdu, size_t len)
{
	uint8_t *p = sdu->data + BATON_SIM_L2CAP_LEN;
	uint16_t handle;

	baton_sim_sdu_frame_value(sdu, BATON_ATT_NOTIFY,
				  BATON_SIM_HANDLE_NOTIFY, len);
	if (!sends_multiple(host))
		return;
	if (len > (size_t)host->mtu - MULTIPLE_LEN)
		len = (size_t)host->mtu - MULTIPLE_LEN;
	handle = baton_load_le16(p + 1);
	memmove(p + MULTIPLE_LEN, p + BATON_SIM_ATT_LEN, len);
	p[0] = BATON_ATT_NOTIFY_MULTIPLE;
	baton_store_le16(p + 1, handle);
	baton_store_le16(p + 3, (uint16_t)len);
	baton_sim_sdu_frame(sdu, BATON_SIM_CID_ATT, MULTIPLE_LEN + len);
	sdu->value_off = BATON_SIM_L2CAP_LEN + MULTIPLE_LEN;
	sdu->value_len = (uint32_t)len;
}

static void frame_write(struct baton_sim_host *host, struct baton_sim_sdu *sdu,
			size_t len)
{
	struct baton_sim_bluez *bluez = &host->bluez;

	if (bluez->write != BATON_SIM_BLUEZ_ALONE) {
		baton_sim_sdu_frame_value(sdu, BATON_ATT_WRITE_CMD,
					  BATON_SIM_HANDLE_WRITE, len);
		return;
	}
	bluez->write = BATON_SIM_BLUEZ_ASKED;
	baton_sim_sdu_frame_value(sdu, BATON_ATT_WRITE_REQ,
				  BATON_SIM_HANDLE_WRITE, len);
	baton_sim_queue_push(&host->sim->queue, host->sim->now + ATT_TIMEOUT_US,
			     BATON_SIM_RANK_HOST, unanswered, host, host->link);
}

void baton_sim_bluez_send(struct baton_sim_host *host,
			  struct baton_sim_sdu *sdu, size_t len)
{
	if (is_watch(host)) {
		frame_notification(host, sdu, len);
	} else if (len > WRITE_MAX) {
		sdu->value_off = BATON_SIM_L2CAP_LEN + BATON_SIM_ATT_LEN;
		sdu->value_len = (uint32_t)len;
		baton_sim_host_lose(host, sdu);
		return;
	} else {
		frame_write(host, sdu, len);
	}
	push(&host->bluez.down, sdu);
	if (sends_multiple(host))
		batch(host, sdu->value_len);
	baton_sim_bluez_feed(host);
}

void baton_sim_bluez_answered(struct baton_sim_host *host)
{
	if (host->bluez.write != BATON_SIM_BLUEZ_ASKED)
		return;
	host->bluez.write = BATON_SIM_BLUEZ_FREE;
	baton_sim_host_serve(host);
}

uint64_t baton_sim_bluez_turnaround_us(struct baton_sim_host *host)
{
	const uint32_t *us = host->cfg.bluez_us;
	const uint32_t u = baton_prng_below(
		baton_sim_rand(host->sim, host->side, BATON_SIM_RAND_BLUEZ),
		1000000);
	uint64_t drawn = us[0];
	size_t i;

	for (i = 1; i < PERCENTILES && u > percentile_ppm[i - 1]; i++) {
		const uint32_t width =
			percentile_ppm[i] - percentile_ppm[i - 1];
		const uint32_t in = u - percentile_ppm[i - 1];

		drawn = us[i];
		if (in < width)
			drawn = us[i - 1] +
				(uint64_t)(us[i] - us[i - 1]) * in / width;
	}
	/* Measured with the timer of the answer, which is modelled apart. */
	if (is_watch(host))
		drawn -= drawn < BATCH_US ? drawn : BATCH_US;
	return drawn;
}

/* The bearer of a bare watch, or that of any phone, reads a socket. */
static bool reads_socket(const struct baton_sim_host *host)
{
	return !is_watch(host) || !is_ours(host);
}

static bool asks_for_socket(struct baton_sim_host *host)
{
	struct baton_sim_bluez *bluez = &host->bluez;

	if (!baton_sim_bluez_is(host) || !is_watch(host) || is_ours(host))
		return false;
	if (bluez->socket == BATON_SIM_BLUEZ_ASKING &&
	    host->sim->now >= bluez->open_us)
		bluez->socket = BATON_SIM_BLUEZ_OPEN;
	return bluez->socket != BATON_SIM_BLUEZ_OPEN;
}

void baton_sim_bluez_overwrite(struct baton_sim_host *host,
			       const struct baton_sim_sdu *sdu)
{
	size_t len = sdu->len - BATON_SIM_L2CAP_LEN;

	if (!asks_for_socket(host))
		return;
	if (len > sizeof(host->bluez.buffer))
		len = sizeof(host->bluez.buffer);
	memcpy(host->bluez.buffer, sdu->data + BATON_SIM_L2CAP_LEN, len);
}

struct baton_sim_sdu *baton_sim_bluez_receive(struct baton_sim_host *host,
					      struct baton_sim_sdu *sdu,
					      uint64_t *at_us)
{
	struct baton_sim_bluez *bluez = &host->bluez;
	struct baton_sim_sdu *copy;

	if (!asks_for_socket(host))
		return sdu;
	baton_sim_bluez_overwrite(host, sdu);
	if (bluez->socket == BATON_SIM_BLUEZ_UNASKED) {
		bluez->socket = BATON_SIM_BLUEZ_ASKING;
		bluez->open_us = *at_us;
	}
	*at_us = bluez->open_us;
	copy = baton_sim_host_make(host, sdu->data + sdu->value_off,
				   sdu->value_len);
	copy->data[BATON_SIM_L2CAP_LEN] = sdu->data[BATON_SIM_L2CAP_LEN];
	copy->uncopied = true;
	copy->place = sdu->place;
	baton_sim_sdu_put(&host->sim->pool, sdu);
	return copy;
}

void baton_sim_bluez_show(struct baton_sim_host *host,
			  struct baton_sim_sdu *sdu)
{
	if (sdu->uncopied)
		memcpy(sdu->data + sdu->value_off,
		       host->bluez.buffer + BATON_SIM_ATT_LEN, sdu->value_len);
	sdu->uncopied = false;
}

static uint32_t cost(const struct baton_sim_sdu *sdu)
{
	return sdu->value_len <= SMALL_LEN ? SMALL_COST : LARGE_COST;
}

static void wait(struct baton_sim_host *host, struct baton_sim_sdu *sdu)
{
	baton_sim_queue_push(
		&host->sim->queue, baton_sim_host_blocked_until(host),
		BATON_SIM_RANK_HOST, unblocked, host, (uintptr_t)sdu);
}

void baton_sim_bluez_unread(struct baton_sim_host *host,
			    struct baton_sim_sdu *sdu)
{
	if (reads_socket(host)) {
		if (host->bluez.unread >= SOCKET_CAP) {
			host->pending--;
			baton_sim_host_lose(host, sdu);
			return;
		}
		host->bluez.unread += cost(sdu);
	}
	wait(host, sdu);
}

static void unblocked(void *ctx, uint64_t arg)
{
	struct baton_sim_host *host = ctx;
	struct baton_sim_sdu *sdu = (struct baton_sim_sdu *)(uintptr_t)arg;

	if (sdu->link == host->link &&
	    host->sim->now < baton_sim_host_blocked_until(host)) {
		wait(host, sdu);
		return;
	}
	if (sdu->link == host->link && reads_socket(host))
		host->bluez.unread -= cost(sdu);
	baton_sim_host_visible(host, sdu);
}

bool baton_sim_bluez_keeps(struct baton_sim_host *host,
			   struct baton_sim_sdu *sdu)
{
	struct baton_sim_sdu *copy;

	if (!baton_sim_bluez_is(host) || !is_watch(host) || is_ours(host) ||
	    !host->powered || sdu->kind != BATON_SIM_VALUE)
		return false;
	baton_sim_bluez_show(host, sdu);
	copy = baton_sim_host_make(host, sdu->data + sdu->value_off,
				   sdu->value_len);
	if (host->up)
		baton_sim_host_show(host, copy, host->sim->now);
	else
		push(&host->bluez.old, copy);
	return true;
}

bool baton_sim_bluez_holds(const struct baton_sim_item *item)
{
	return item->fire == unblocked;
}
