/* SPDX-License-Identifier: MIT */

/* Files and byte streams between two whole devices (ENDPOINT.md). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/courier.h"

#define NOTES 0
#define MAPS 1

static struct duo *duo;
static struct courier *courier;

#define OK(call) assert_int_equal(call, BATON_OK)

static void on_event(struct duo *d, enum baton_role role,
		     const struct baton_endpoint_event *event)
{
	(void)d;
	/* All of class BULK is the endpoint's. */
	if (event->type == BATON_ENDPOINT_SESSION)
		assert_int_not_equal(event->u.session.stream.class_id,
				     BATON_CLASS_BULK);
	if (event->type == BATON_ENDPOINT_REVOKED)
		courier_revoked(courier, role);
	(void)courier_event(courier, role, event);
}

static void on_start(struct duo *d, enum baton_role role)
{
	(void)d;
	courier_start(courier, role);
}

static int setup(void **state)
{
	(void)state;
	duo = calloc(1, sizeof(*duo));
	courier = calloc(1, sizeof(*courier));
	duo_init(duo, 1);
	courier_init(courier, duo);
	duo->on_event = on_event;
	duo->on_start = on_start;
	return duo_bond(duo) ? 0 : 1;
}

static int teardown(void **state)
{
	(void)state;
	duo_free(duo);
	free(duo);
	free(courier);
	return 0;
}

static bool is_done(struct duo *d)
{
	(void)d;
	courier_act(courier);
	return courier_is_done(courier);
}

/* Files of both directions and applications arrive whole. */
static void a_file_goes_to_the_other_device(void **state)
{
	static const struct {
		enum baton_role from;
		uint8_t app;
		uint64_t total;
	} files[] = {
		{BATON_PHONE, NOTES, 200000},
		{BATON_WATCH, NOTES, 100000},
		{BATON_PHONE, MAPS, 1},
		{BATON_WATCH, MAPS, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_non_null(courier_send(courier, files[i].from,
					     files[i].app, files[i].total));
	assert_true(duo_run(duo, is_done, 10000));
	assert_true(courier_is_right(courier));
	for (i = 0; i < courier->files; i++) {
		assert_int_equal(courier->file[i].renamed, 1);
		assert_true(courier->file[i].ended_well);
	}
	assert_int_equal(courier->received[BATON_WATCH][NOTES], 200000);
	assert_int_equal(courier->received[BATON_PHONE][NOTES], 100000);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_goes_to_the_other_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
