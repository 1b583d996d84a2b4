/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_SIM_PAIR_H
#define BATON_TESTS_SIM_PAIR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "baton/sim.h"

#define MS UINT64_C(1000)
#define SECOND UINT64_C(1000000)
#define PAIR_LOG 4096

/* Two raw sources in one world, and what was traced. */
struct pair {
	struct baton_sim_config cfg;
	struct baton_sim *sim;
	struct baton_sim_source watch;
	struct baton_sim_source phone;
	struct baton_sim_trace log[PAIR_LOG]; /* without the data */
	size_t log_len;
	uint64_t hash;
};

static inline void pair_trace(void *user, const struct baton_sim_trace *rec)
{
	struct pair *p = user;

	p->hash = baton_sim_trace_hash(p->hash, rec);
	if (p->log_len < PAIR_LOG) {
		p->log[p->log_len] = *rec;
		p->log[p->log_len++].data = NULL;
	}
}

/* The defaults, with no set-up: the stacks are up at time 0. */
static inline void pair_init(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	p->hash = BATON_SIM_TRACE_HASH_INIT;
	baton_sim_config_init(&p->cfg);
	p->cfg.gatt = BATON_SIM_GATT_READY;
	p->watch.value_len = 244;
	p->phone.value_len = 244;
}

static inline void pair_open(struct pair *p)
{
	const char *text = baton_sim_config_check(&p->cfg);

	if (text)
		fail_msg("%s", text);
	assert_int_equal(baton_sim_create(&p->sim, &p->cfg), BATON_OK);
	baton_sim_attach(p->sim, BATON_SIM_WATCH, &baton_sim_source_ops,
			 &p->watch);
	baton_sim_attach(p->sim, BATON_SIM_PHONE, &baton_sim_source_ops,
			 &p->phone);
	baton_sim_set_trace(p->sim, pair_trace, p, true);
}

static inline void pair_close(struct pair *p)
{
	baton_sim_destroy(p->sim);
	p->sim = NULL;
}

/* A test's own pair, with the defaults; it opens it, it is closed for it. */
static inline int pair_setup(void **state)
{
	static struct pair pair;

	pair_init(&pair);
	*state = &pair;
	return 0;
}

static inline int pair_teardown(void **state)
{
	pair_close(*state);
	return 0;
}

#define PAIR_TEST(f) \
	cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)

/* The n-th trace record of a kind, NULL if there are fewer. */
static inline const struct baton_sim_trace *pair_find(const struct pair *p,
						      enum baton_sim_what what,
						      enum baton_sim_side side,
						      size_t n)
{
	size_t i;

	for (i = 0; i < p->log_len; i++) {
		if (p->log[i].what != what || p->log[i].side != side)
			continue;
		if (n-- == 0)
			return &p->log[i];
	}
	return NULL;
}

/* Packets of one side in one connection event: all, or with payload. */
static inline uint32_t pair_packets(const struct pair *p,
				    enum baton_sim_side side, uint16_t event,
				    bool empty_too)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < p->log_len; i++) {
		if (p->log[i].what == BATON_SIM_LL && p->log[i].side == side &&
		    p->log[i].event == event && (empty_too || p->log[i].len))
			n++;
	}
	return n;
}

#endif
