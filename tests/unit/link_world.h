/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_LINK_WORLD_H
#define TESTS_UNIT_LINK_WORLD_H

/* Two links and the PDUs between them, for the tests of a link. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "transport/link.h"
#include "transport/timing.h"

static const struct baton_link_config large = BATON_LINK_CONFIG_LARGE;
static const uint8_t windows[BATON_CLASSES] = {16, 32, 64};

struct side {
	struct baton_link link;
	uint8_t *memory;
	unsigned int records[BATON_CLASSES]; /* that came whole */
};

static struct side sides[2];
static struct side *const a = &sides[0];
static struct side *const b = &sides[1];
static uint32_t now_ms;
static uint8_t pdu[BATON_PDU_MAX];
static size_t pdu_len;

static inline void open_links(uint16_t mtu)
{
	const struct baton_link_facts facts = {.mtu = mtu};
	int i;

	now_ms = 5000;
	for (i = 0; i < 2; i++) {
		baton_link_start(&sides[i].link, &facts, now_ms);
		baton_link_set_peer(&sides[i].link, large.pdu_max, windows);
		baton_link_open(&sides[i].link);
		memset(sides[i].records, 0, sizeof(sides[i].records));
	}
}

static inline void set_mtu(struct side *side, uint16_t mtu)
{
	const struct baton_link_facts facts = {.mtu = mtu};

	baton_link_change(&side->link, &facts);
}

static inline int setup(void **state)
{
	size_t len = baton_link_memory_len(&large);
	int i;

	(void)state;
	assert_int_equal(baton_link_check(&large), BATON_OK);
	for (i = 0; i < 2; i++) {
		sides[i].memory = test_malloc(len);
		memset(&sides[i].link, 0, sizeof(sides[i].link));
		assert_ptr_equal(baton_link_init(&sides[i].link, &large,
						 sides[i].memory),
				 sides[i].memory + len);
	}
	open_links(247);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	test_free(a->memory);
	test_free(b->memory);
	return 0;
}

/* A record of len bytes of plaintext, not sealed: the link does not look. */
static inline void push(struct side *side, uint8_t class_id, uint16_t len)
{
	uint8_t record[BATON_RECEIVER_RECORD_LEN(4096)];
	uint16_t i;

	baton_store_be16(record, (uint16_t)(len + 16));
	for (i = 0; i < len + 16; i++)
		record[2 + i] = (uint8_t)(i ^ len);
	assert_true(baton_link_has_room(&side->link, class_id, len + 18u));
	baton_link_push(&side->link, class_id, record, len + 18u);
}

static inline void take_records(struct side *side)
{
	uint8_t *record;
	size_t len, i;
	uint8_t c;

	for (c = 0; c < BATON_CLASSES; c++)
		while (baton_link_record(&side->link, c, &record, &len) ==
		       BATON_OK) {
			for (i = 2; i < len; i++)
				assert_int_equal(
					record[i],
					(uint8_t)((i - 2) ^ (len - 18)));
			baton_link_release(&side->link, c);
			side->records[c]++;
		}
}

static inline enum baton_err rx(struct side *side, const uint8_t *bytes,
				size_t len)
{
	bool flight;

	return baton_link_rx(&side->link, bytes, len, now_ms, &flight);
}

/* The next PDU of a side into pdu. */
static inline size_t tx(struct side *side)
{
	pdu_len = baton_link_tx(&side->link, pdu, sizeof(pdu), now_ms);
	return pdu_len;
}

/* Everything either has to say now, but no timers; how many PDUs. */
static inline int exchange(void)
{
	int i, n = 0;
	bool busy;

	do {
		busy = false;
		for (i = 0; i < 2; i++)
			while (tx(&sides[i]) > 0) {
				assert_int_equal(rx(&sides[!i], pdu, pdu_len),
						 BATON_OK);
				take_records(&sides[!i]);
				busy = true;
				n++;
			}
	} while (busy);
	return n;
}

/* Timers run until neither has one; how many PDUs that took. */
static inline int settle(void)
{
	int i, n = exchange();
	uint64_t due;

	for (;;) {
		due = baton_link_earlier(baton_link_deadline(&a->link),
					 baton_link_deadline(&b->link));
		if (due == BATON_LINK_NEVER)
			return n;
		if (due > now_ms)
			now_ms = due;
		for (i = 0; i < 2; i++)
			assert_int_equal(
				baton_link_tick(&sides[i].link, now_ms),
				BATON_OK);
		n += exchange();
	}
}

static inline uint64_t resent(void)
{
	return a->link.stats.tx_resent + b->link.stats.tx_resent;
}

#endif
