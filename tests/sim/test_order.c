/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/order.h"

static struct baton_sim_order order;
static uint64_t sent;

static int setup(void **state)
{
	(void)state;
	baton_sim_order_start(&order);
	sent = 0;
	return 0;
}

/* A unit in the short form comes, as the controller had it at that place. */
static void unit_comes(uint64_t place, uint8_t number)
{
	const uint8_t pdu[] = {number & 0x7f, 1, 2, 3};

	baton_sim_order_take(&order, place, pdu, sizeof(pdu));
}

static void units_come(unsigned int count)
{
	while (count-- > 0) {
		sent++;
		unit_comes(sent, (uint8_t)sent);
	}
}

static void a_repeated_unit_is_overtaken_by_those_sent_after_it(void **state)
{
	(void)state;
	units_come(40);
	/* Unit 3 again is on the air, and 20 others come first. */
	sent++;
	units_come(20);
	unit_comes(41, 3);
	assert_int_equal(order.overtaken, 20);
	/* One that is overtaken less changes nothing. */
	unit_comes(50, 3);
	assert_int_equal(order.overtaken, 20);
	baton_sim_order_start(&order);
	assert_int_equal(order.overtaken, 0);
}

static void units_in_order_overtake_none(void **state)
{
	(void)state;
	units_come(1000);
	assert_int_equal(order.overtaken, 0);
	sent++;
	unit_comes(sent, 100);
	assert_int_equal(order.overtaken, 0);
}

/* It may be overtaken by anything. */
static void a_first_copy_does_not_count(void **state)
{
	(void)state;
	units_come(10);
	sent = 11;
	units_come(30);
	unit_comes(11, 11);
	assert_int_equal(order.overtaken, 0);
}

static void other_forms_and_classes_do_not_count(void **state)
{
	const uint8_t in_long_form[] = {0xa0, 3, 9, 9};
	const uint8_t message[] = {0x90, 3, 9, 9};

	(void)state;
	units_come(40);
	sent++;
	units_come(20);
	baton_sim_order_take(&order, 41, in_long_form, sizeof(in_long_form));
	baton_sim_order_take(&order, 41, message, sizeof(message));
	assert_int_equal(order.overtaken, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_repeated_unit_is_overtaken_by_those_sent_after_it),
		T(units_in_order_overtake_none),
		T(a_first_copy_does_not_count),
		T(other_forms_and_classes_do_not_count),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
