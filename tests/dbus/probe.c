/* SPDX-License-Identifier: MIT */
/*
 * Drives both bearers without the core: a phone that sends numbered PDUs in a
 * burst, has them counted, has as many sent back, drops the link and does it
 * again; and the watch that it needs.
 *
 *   probe watch ADAPTER [fast]
 *   probe phone ADAPTER LINKS COUNT [fast]
 *
 * The phone prints a line for each link, and exits 0 after LINKS good ones.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gatt/central.h"
#include "gatt/peripheral.h"
#include "tests/vm/foreign/value.h"

/* The first byte of a PDU. */
enum {
	HELLO = 'H', /* phone: are you there */
	READY = 'h', /* watch: yes */
	DATA = 'D', /* number (4 B), then that number again and again */
	END = 'E', /* that was all: how many */
	ACK = 'A', /* number (4 B): received up to here */
	COUNTED = 'C', /* received, wrong (4 B each) */
	WANT = 'W', /* send me so many (4 B) of this size (2 B) */
};

#define WINDOW 96u

struct probe {
	struct baton_bearer *bearer;
	GMainLoop *loop;
	bool is_watch;
	bool ready; /* HELLO was answered */
	uint16_t mtu;
	uint32_t links;
	uint32_t links_wanted;
	uint32_t count_wanted;
	uint32_t count; /* to send on this link, 0 for not yet */
	uint32_t sent;
	uint32_t acked;
	bool end_sent;
	uint16_t size;
	uint32_t received;
	uint32_t wrong;
	struct value_count foreign; /* numbered values of tests/vm/foreign */
	uint8_t pending[16]; /* one short PDU that found no room */
	size_t pending_len;
	gint64 began_us;
	gint64 half_us;
	gint64 search_us;
	int bad_links;
	int downs;
};

static uint32_t load(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static void store(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/* A short PDU; the last one that found no room is kept. */
static void send_short(struct probe *p, const uint8_t *pdu, size_t len)
{
	enum baton_err err = p->bearer->ops->tx(p->bearer, pdu, len);

	if (err == BATON_ERR_AGAIN) {
		memcpy(p->pending, pdu, len);
		p->pending_len = len;
	}
}

static void data_fill(uint8_t *pdu, size_t len, uint32_t number)
{
	pdu[0] = DATA;
	store(pdu + 1, number);
	for (size_t i = 5; i < len; i++)
		pdu[i] = (uint8_t)(number + i);
}

static bool data_good(const uint8_t *pdu, size_t len, uint32_t number)
{
	uint8_t good[BATON_GATT_VALUE_MAX];

	data_fill(good, len, number);
	return len >= 5 && !memcmp(pdu, good, len);
}

static void pump(struct probe *p)
{
	uint8_t pdu[BATON_GATT_VALUE_MAX];

	if (p->pending_len) {
		if (p->bearer->ops->tx(p->bearer, p->pending, p->pending_len))
			return;
		p->pending_len = 0;
	}
	while (p->sent < p->count && p->sent - p->acked < WINDOW) {
		data_fill(pdu, p->size, p->sent);
		if (p->bearer->ops->tx(p->bearer, pdu, p->size))
			return;
		p->sent++;
	}
	if (p->count && p->sent == p->count && !p->end_sent) {
		pdu[0] = END;
		store(pdu + 1, p->count);
		if (!p->bearer->ops->tx(p->bearer, pdu, 5))
			p->end_sent = true;
	}
}

static void on_up(void *user, const struct baton_bearer_link *link)
{
	const uint8_t hello = HELLO;
	struct probe *p = user;

	p->ready = false;
	p->count = p->sent = p->acked = p->received = p->wrong = 0;
	p->end_sent = false;
	p->pending_len = 0;
	p->mtu = link->mtu;
	p->size = (uint16_t)MIN(link->mtu - 3, BATON_GATT_VALUE_MAX);
	p->began_us = g_get_monotonic_time();
	printf("up mtu %u\n", link->mtu);
	if (!p->is_watch)
		send_short(p, &hello, 1);
}

static void on_mtu(void *user, uint16_t mtu)
{
	(void)user;
	printf("mtu %u\n", mtu);
}

static void received(struct probe *p, const uint8_t *pdu, size_t len)
{
	uint8_t ack[5] = {ACK};

	if (!data_good(pdu, len, p->received)) {
		p->wrong++;
		if (p->wrong < 4)
			printf("wrong: got %u len %zu, wanted %u\n",
			       len >= 5 ? load(pdu + 1) : 0, len, p->received);
	}
	p->received++;
	if (p->received % (WINDOW / 3) == 0) {
		store(ack + 1, p->received);
		send_short(p, ack, sizeof(ack));
	}
}

static void counted_send(struct probe *p)
{
	uint8_t pdu[9] = {COUNTED};

	store(pdu + 1, p->received);
	store(pdu + 5, p->wrong);
	send_short(p, pdu, sizeof(pdu));
	p->received = p->wrong = 0;
}

static void phone_link_done(struct probe *p, uint32_t wanted)
{
	gint64 now = g_get_monotonic_time();
	double up_s = (double)(p->half_us - p->began_us) / 1e6;
	double down_s = (double)(now - p->half_us) / 1e6;
	bool good = p->received == wanted && !p->wrong;

	p->bad_links += !good;
	p->links++;
	printf("link %u %s: search %.2f s, up %u in %.2f s (%.0f/s), "
	       "down %u of %u, %u wrong, in %.2f s (%.0f/s)\n",
	       p->links, good ? "good" : "BAD",
	       (double)(p->began_us - p->search_us) / 1e6, p->count, up_s,
	       p->count / up_s, p->received, wanted, p->wrong, down_s,
	       wanted / down_s);
	p->search_us = now;
	if (p->links == p->links_wanted)
		g_main_loop_quit(p->loop);
	else
		p->bearer->ops->drop(p->bearer);
}

static void phone_rx(struct probe *p, const uint8_t *pdu, size_t len)
{
	uint8_t want[7] = {WANT};

	if (pdu[0] == READY) {
		p->ready = true;
		p->began_us = g_get_monotonic_time();
		p->count = p->count_wanted;
	} else if (pdu[0] == COUNTED && len == 9) {
		if (load(pdu + 1) != p->count || load(pdu + 5)) {
			printf("watch counted %u of %u, %u wrong\n",
			       load(pdu + 1), p->count, load(pdu + 5));
			p->bad_links++;
		}
		p->half_us = g_get_monotonic_time();
		store(want + 1, p->count);
		want[5] = (uint8_t)(p->size >> 8);
		want[6] = (uint8_t)p->size;
		send_short(p, want, sizeof(want));
	} else if (pdu[0] == END && len == 5) {
		phone_link_done(p, load(pdu + 1));
	}
}

static void on_rx(void *user, const uint8_t *pdu, size_t len)
{
	const uint8_t ready = READY;
	struct probe *p = user;

	if (pdu[0] == 0)
		value_take(&p->foreign, pdu, len);
	else if (pdu[0] == DATA)
		received(p, pdu, len);
	else if (pdu[0] == ACK && len == 5)
		p->acked = load(pdu + 1);
	else if (!p->is_watch)
		phone_rx(p, pdu, len);
	else if (pdu[0] == HELLO)
		send_short(p, &ready, 1);
	else if (pdu[0] == END && len == 5)
		counted_send(p);
	else if (pdu[0] == WANT && len == 7) {
		p->count = load(pdu + 1);
		p->size = MIN((uint16_t)(pdu[5] << 8 | pdu[6]), p->size);
	}
	pump(p);
}

static void on_writable(void *user)
{
	pump(user);
}

static void on_down(void *user, enum baton_bearer_reason reason)
{
	static const char *const names[] = {"local", "remote", "lost", "stack"};
	struct probe *p = user;

	p->downs++;
	p->count = p->pending_len = 0;
	printf("down %s\n", names[reason]);
	if (p->foreign.received)
		printf("foreign: %u received, %u wrong, %u out of order\n",
		       p->foreign.received, p->foreign.wrong,
		       p->foreign.out_of_order);
	p->foreign = (struct value_count){0};
}

static void on_failed(void *user, const char *text)
{
	struct probe *p = user;

	printf("failed: %s\n", text);
	p->bad_links = 99;
	g_main_loop_quit(p->loop);
}

static void on_note(void *user, const char *text)
{
	(void)user;
	printf("%.2f note: %s\n", (double)g_get_monotonic_time() / 1e6, text);
}

static const struct baton_bearer_events events = {
	.up = on_up,
	.mtu = on_mtu,
	.rx = on_rx,
	.writable = on_writable,
	.down = on_down,
	.failed = on_failed,
	.note = on_note,
};

int main(int argc, char **argv)
{
	struct probe p = {.loop = g_main_loop_new(NULL, FALSE)};
	struct baton_gatt_options options = {0};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3)
		return 2;
	p.is_watch = !strcmp(argv[1], "watch");
	options.adapter = argv[2];
	options.fast_writes = !strcmp(argv[argc - 1], "fast");
	p.search_us = g_get_monotonic_time();
	if (!p.is_watch && argc >= 5) {
		p.links_wanted = (uint32_t)atoi(argv[3]);
		p.count_wanted = (uint32_t)atoi(argv[4]);
	}
	p.bearer = p.is_watch ? baton_gatt_peripheral_new(&options, &events, &p)
			      : baton_gatt_central_new(&options, &events, &p);
	g_main_loop_run(p.loop);
	p.bearer->ops->close(p.bearer);
	g_main_loop_unref(p.loop);
	printf("end: %u links, %d bad\n", p.links, p.bad_links);
	return p.bad_links ? 1 : 0;
}
