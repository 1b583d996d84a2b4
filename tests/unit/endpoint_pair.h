/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_ENDPOINT_PAIR_H
#define TESTS_UNIT_ENDPOINT_PAIR_H

/* What tests of files and byte streams between two endpoints begin with. */

#include "tests/unit/endpoint_fixture.h"

static unsigned int revoked[2];
static uint64_t wanted; /* bytes at the receiver of the first file */

static inline void on_event(struct duo *d, enum baton_role role,
			    const struct baton_endpoint_event *event)
{
	(void)d;
	/* All of class BULK is the endpoint's. */
	if (event->type == BATON_ENDPOINT_SESSION)
		assert_int_not_equal(event->u.session.stream.class_id,
				     BATON_CLASS_BULK);
	if (event->type == BATON_ENDPOINT_REVOKED) {
		revoked[role]++;
		courier_revoked(courier, role);
	}
	(void)courier_event(courier, role, event);
}

static inline void on_start(struct duo *d, enum baton_role role)
{
	(void)d;
	courier_start(courier, role);
}

static inline int setup_seed(uint64_t seed)
{
	memset(revoked, 0, sizeof(revoked));
	return make_duo(seed, on_event, on_start);
}

static inline int setup(void **state)
{
	(void)state;
	return setup_seed(1);
}

static inline bool is_done(struct duo *d)
{
	(void)d;
	courier_act(courier);
	return courier_is_done(courier);
}

/* Time in which links come back. */
static inline void live_ms(uint64_t ms)
{
	uint64_t end_ms = duo->now_ms + ms;

	while (duo->now_ms < end_ms) {
		duo_up(duo);
		(void)duo_run(duo, never, 500);
	}
}

static inline bool has_come(struct duo *d)
{
	struct courier_file *file = &courier->file[0];

	(void)d;
	return courier->received[!file->from][file->app] >= wanted;
}

static inline void run_until(uint64_t bytes)
{
	wanted = bytes;
	assert_true(duo_run(duo, has_come, 10000));
}

static inline void run_to_the_end(void)
{
	duo_up(duo);
	assert_true(duo_run(duo, is_done, 20000));
	assert_true(courier_is_right(courier));
}

/* How many values applications have whose names begin like this. */
static inline size_t values(enum baton_role role, const char *name)
{
	const struct duo_value *value = duo->end[role].stored;
	size_t n = 0;
	int i;

	for (i = 0; i < DUO_VALUES; i++, value++)
		n += value->len > 0 && !strncmp(value->key, "app/", 4) &&
		     !strncmp(strrchr(value->key, '/') + 1, name, strlen(name));
	return n;
}

#endif
