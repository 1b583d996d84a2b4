/* SPDX-License-Identifier: MIT */

/* Files: what the two applications do, and what comes of it. */

#include "tests/unit/file_world.h"

static void nothing_is_offered_before_it_is_durable(void **state)
{
	struct baton_store_op write;

	(void)state;
	OK(baton_files_send(&a.files, one, 10, NULL, 0, NULL, 0));
	assert_false(told(&a, BATON_FILE_STORED));
	assert_false(envelope(&a, &b));
	assert_true(baton_files_next_store_op(&a.files, &write));
	assert_false(envelope(&a, &b));
	baton_files_stored(&a.files, write.id, BATON_OK, now_ms);
	assert_true(told(&a, BATON_FILE_STORED));
	assert_true(envelope(&a, &b));
}

static void an_offer_tells_how_long_it_is_and_what_it_is(void **state)
{
	(void)state;
	offer(one, 700);
	assert_true(told(&b, BATON_FILE_OFFERED));
	assert_memory_equal(event.id, one, sizeof(one));
	assert_false(event.outgoing);
	assert_int_equal(event.total, 700);
	assert_int_equal(event.meta_len, 4);
	assert_memory_equal(event.meta, "name", 4);
	assert_int_equal(event.local_len, 0);
}

static void an_offer_is_asked_once_on_a_link_and_again_on_the_next(void **state)
{
	(void)state;
	offer(one, 10);
	assert_true(told(&b, BATON_FILE_OFFERED));
	/* Both still have it: who asked is not asked again. */
	link_all(false);
	link_all(true);
	run();
	assert_false(told(&b, BATON_FILE_OFFERED));
	/* The question is not stored. */
	reboot(&b);
	run();
	assert_true(told(&b, BATON_FILE_OFFERED));
}

static void a_refusal_says_why(void **state)
{
	(void)state;
	offer(one, 10);
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_refuse(&b.files, one, BATON_REASON_PERSON));
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
	assert_true(event.by_peer);
	assert_int_equal(event.reason, BATON_REASON_PERSON);
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_true(nothing_is_left());
}

static void a_file_that_is_too_large_is_refused_unasked(void **state)
{
	(void)state;
	offer(one, EACH_MAX + 1);
	assert_false(baton_files_next_event(&b.files, &event));
	assert_int_equal(values(&b), 0);
	assert_true(told(&a, BATON_FILE_FAILED));
	assert_true(event.by_peer);
	assert_int_equal(event.reason, BATON_REASON_TOO_LARGE);
}

static void a_file_without_a_place_comes_when_there_is_one(void **state)
{
	static const uint8_t id[4][BATON_FILE_ID_LEN] = {"A", "B", "C", "D"};
	size_t i;

	(void)state;
	for (i = 0; i < PLACES; i++) {
		offer(id[i], 10);
		assert_true(told(&b, BATON_FILE_OFFERED));
	}
	OK(baton_files_cancel(&a.files, id[0], 1));
	while (store(&a))
		;
	/* Cancelled, b has not said GONE, and a place of a's is still used. */
	run();
	assert_true(told(&b, BATON_FILE_CANCELLED));
	assert_true(told(&a, BATON_FILE_FAILED));
	OK(baton_files_done(&a.files, id[0], true));
	run();
	offer(id[3], 10);
	assert_false(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_done(&b.files, id[0], false));
	run();
	assert_true(told(&b, BATON_FILE_OFFERED));
	assert_memory_equal(event.id, id[3], sizeof(id[3]));
}

static void bytes_above_the_sum_wait_until_others_are_here(void **state)
{
	(void)state;
	accept(one, EACH_MAX);
	offer(two, ALL_MAX - EACH_MAX);
	assert_true(told(&b, BATON_FILE_OFFERED));
	offer(more, 1);
	assert_false(told(&b, BATON_FILE_OFFERED));
	give(one, EACH_MAX);
	OK(baton_files_kept(&b.files, one, EACH_MAX));
	run();
	assert_true(told(&b, BATON_FILE_COMPLETE));
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_DELIVERED));
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_true(told(&b, BATON_FILE_OFFERED));
	assert_memory_equal(event.id, more, sizeof(more));
}

static void bytes_count_until_it_is_durable_that_they_do_not_come(void **state)
{
	(void)state;
	accept(one, EACH_MAX);
	OK(baton_files_refuse(&b.files, one, BATON_REASON_PERSON));
	OK(baton_files_send(&a.files, two, EACH_MAX, NULL, 0, NULL, 0));
	while (store(&a) || envelope(&a, &b))
		;
	assert_false(told(&b, BATON_FILE_OFFERED));
	/* It never was stored: the file is coming again. */
	reboot(&b);
	assert_true(told(&b, BATON_FILE_RESUMED));
	OK(baton_files_refuse(&b.files, one, BATON_REASON_PERSON));
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_true(told(&b, BATON_FILE_OFFERED));
	assert_memory_equal(event.id, two, sizeof(two));
}

static void an_empty_file_is_complete_when_it_is_accepted(void **state)
{
	(void)state;
	offer(one, 0);
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_accept(&b.files, one, 0));
	run();
	assert_true(told(&b, BATON_FILE_COMPLETE));
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_DELIVERED));
}

static void a_file_is_delivered_once_and_then_forgotten(void **state)
{
	(void)state;
	complete(one, 100);
	assert_false(told(&a, BATON_FILE_DELIVERED));
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_DELIVERED));
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_false(baton_files_next_event(&a.files, &event));
	assert_false(baton_files_next_event(&b.files, &event));
	assert_true(nothing_is_left());
}

static void the_sender_hears_of_what_is_durable_alone(void **state)
{
	(void)state;
	accept(one, 100);
	give(one, 60);
	run();
	assert_false(told(&a, BATON_FILE_PROGRESS));
	OK(baton_files_kept(&b.files, one, 50));
	while (envelope(&b, &a))
		;
	assert_false(told(&a, BATON_FILE_PROGRESS));
	run();
	assert_true(told(&a, BATON_FILE_PROGRESS));
	assert_int_equal(event.offset, 50);
}

static void a_resume_goes_on_from_what_was_kept_or_less(void **state)
{
	(void)state;
	accept(one, 100);
	give(one, 60);
	OK(baton_files_kept(&b.files, one, 50));
	run();
	reboot(&b);
	run();
	assert_false(a.out[0].going); /* the application has not said */
	assert_true(told(&b, BATON_FILE_RESUMED));
	assert_int_equal(event.offset, 50);
	assert_int_equal(baton_files_accept(&b.files, one, 51), BATON_ERR_ARG);
	OK(baton_files_accept(&b.files, one, 40));
	run();
	assert_true(a.out[0].going);
	assert_int_equal(a.out[0].at, 40);
	give(one, 60);
	OK(baton_files_kept(&b.files, one, 100));
	run();
	assert_true(told(&b, BATON_FILE_COMPLETE));
}

static void a_start_of_the_sender_goes_on_where_the_receiver_is(void **state)
{
	(void)state;
	accept(one, 100);
	give(one, 60);
	reboot(&a);
	run();
	assert_true(told(&a, BATON_FILE_PENDING));
	assert_int_equal(event.local_len, 4);
	assert_memory_equal(event.local, "path", 4);
	assert_int_equal(a.out[0].at, 60);
}

static void a_cancel_ends_it_at_both_sides(void **state)
{
	(void)state;
	accept(one, 100);
	give(one, 60);
	OK(baton_files_cancel(&a.files, one, BATON_REASON_PERSON));
	assert_int_equal(baton_files_cancel(&a.files, one, 1), BATON_ERR_STATE);
	run();
	assert_true(told(&b, BATON_FILE_CANCELLED));
	assert_int_equal(event.reason, BATON_REASON_PERSON);
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
	assert_false(event.by_peer);
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_true(nothing_is_left());
}

static void a_cancel_is_answered_by_an_application_that_is_quick(void **state)
{
	(void)state;
	accept(one, 100);
	OK(baton_files_cancel(&a.files, one, BATON_REASON_PERSON));
	while (store(&a) || envelope(&a, &b))
		;
	/* Durable, told and done before an envelope goes out. */
	while (store(&b))
		;
	assert_true(told(&b, BATON_FILE_CANCELLED));
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
}

static void
a_delivery_is_forgotten_by_an_application_that_is_quick(void **state)
{
	(void)state;
	complete(one, 100);
	OK(baton_files_done(&b.files, one, false));
	while (store(&b) || envelope(&b, &a))
		;
	/* Durable, told and done before FORGET goes out. */
	while (store(&a))
		;
	assert_true(told(&a, BATON_FILE_DELIVERED));
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_true(nothing_is_left());
}

static void a_cancel_of_what_nobody_was_asked_is_not_told(void **state)
{
	(void)state;
	OK(baton_files_send(&a.files, one, 10, NULL, 0, NULL, 0));
	run();
	OK(baton_files_cancel(&a.files, one, BATON_REASON_PERSON));
	run();
	assert_false(baton_files_next_event(&b.files, &event));
	assert_true(told(&a, BATON_FILE_FAILED));
}

static void a_cancel_that_comes_too_late_is_a_delivery(void **state)
{
	(void)state;
	complete(one, 100);
	OK(baton_files_cancel(&a.files, one, BATON_REASON_PERSON));
	run();
	assert_false(told(&b, BATON_FILE_CANCELLED));
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_DELIVERED));
}

static void a_receiver_may_refuse_until_it_is_done(void **state)
{
	(void)state;
	complete(one, 100);
	OK(baton_files_refuse(&b.files, one, BATON_REASON_NO_ROOM));
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
	assert_int_equal(event.reason, BATON_REASON_NO_ROOM);
	complete(two, 100);
	OK(baton_files_done(&b.files, two, false));
	assert_int_equal(baton_files_refuse(&b.files, two, 1), BATON_ERR_STATE);
}

static void a_pause_holds_the_sender_and_its_end_lets_it_go_on(void **state)
{
	(void)state;
	accept(one, 100);
	give(one, 30);
	OK(baton_files_pause(&b.files, one, true));
	run();
	assert_false(a.out[0].going);
	OK(baton_files_pause(&b.files, one, false));
	run();
	assert_true(a.out[0].going);
	assert_int_equal(a.out[0].at, 30);
}

static void what_callers_get_wrong_changes_nothing(void **state)
{
	static const uint8_t meta[BATON_FILE_META_MAX + 1];
	static const struct baton_file_limits limits = {1, 1};
	struct side before;

	(void)state;
	assert_int_equal(baton_files_init(&a.files, &bulk, &member, a.out, 0,
					  a.in, 1, &limits),
			 BATON_ERR_ARG);
	assert_int_equal(baton_files_init(&a.files, &bulk, &member, a.out, 1,
					  a.in, 65, &limits),
			 BATON_ERR_ARG);
	before = a;
	assert_int_equal(
		baton_files_send(&a.files, one, 1, meta, sizeof(meta), NULL, 0),
		BATON_ERR_ARG);
	assert_int_equal(baton_files_send(&a.files, one, 1, NULL, 0, meta,
					  BATON_FILE_LOCAL_MAX + 1),
			 BATON_ERR_ARG);
	assert_int_equal(
		baton_files_send(&a.files, one, UINT64_MAX, NULL, 0, NULL, 0),
		BATON_ERR_TOO_LARGE);
	assert_int_equal(baton_files_cancel(&a.files, one, 1),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_accept(&a.files, one, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_refuse(&a.files, one, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_kept(&a.files, one, 0),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_pause(&a.files, one, true),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_done(&a.files, one, true),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(baton_files_done(&a.files, one, false),
			 BATON_ERR_NOT_FOUND);
	SAME(before, a);
}

static void what_comes_too_early_or_twice_changes_nothing(void **state)
{
	size_t taken;

	(void)state;
	offer(one, 100);
	assert_int_equal(baton_files_send(&a.files, one, 1, NULL, 0, NULL, 0),
			 BATON_ERR_STATE);
	assert_int_equal(
		baton_files_write(&a.files, one, body, 1, &taken, now_ms),
		BATON_ERR_STATE);
	assert_true(told(&b, BATON_FILE_OFFERED));
	assert_int_equal(baton_files_accept(&b.files, one, 1), BATON_ERR_ARG);
	assert_int_equal(baton_files_kept(&b.files, one, 0), BATON_ERR_STATE);
	OK(baton_files_accept(&b.files, one, 0));
	assert_int_equal(baton_files_accept(&b.files, one, 0), BATON_ERR_STATE);
	run();
	assert_int_equal(
		baton_files_write(&a.files, one, body, 101, &taken, now_ms),
		BATON_ERR_TOO_LARGE);
	give(one, 60);
	assert_int_equal(baton_files_kept(&b.files, one, 61), BATON_ERR_ARG);
	OK(baton_files_kept(&b.files, one, 50));
	assert_int_equal(baton_files_kept(&b.files, one, 49), BATON_ERR_ARG);
	assert_int_equal(baton_files_done(&b.files, one, false),
			 BATON_ERR_STATE);
	assert_int_equal(baton_files_done(&a.files, one, true),
			 BATON_ERR_STATE);
	give(one, 40);
	OK(baton_files_kept(&b.files, one, 100));
	/* Not durable, and not told. */
	assert_int_equal(baton_files_done(&b.files, one, false),
			 BATON_ERR_STATE);
	run();
	assert_int_equal(baton_files_done(&b.files, one, false),
			 BATON_ERR_STATE);
}

static void what_is_known_of_a_file_is_said(void **state)
{
	struct baton_file_info info;

	(void)state;
	accept(one, 100);
	give(one, 60);
	OK(baton_files_kept(&b.files, one, 50));
	run();
	OK(baton_files_info(&a.files, 0, &info));
	assert_true(info.outgoing);
	assert_int_equal(info.state, BATON_FILE_OUT_OFFERED);
	assert_int_equal(info.kept, 50);
	OK(baton_files_info(&b.files, 0, &info));
	assert_false(info.outgoing);
	assert_int_equal(info.state, BATON_FILE_IN_RECEIVING);
	assert_int_equal(info.offset, 60);
	assert_int_equal(info.kept, 50);
	assert_int_equal(baton_files_info(&b.files, 1, &info),
			 BATON_ERR_NOT_FOUND);
}

static void bytes_go(bool going)
{
	struct baton_file_info info;

	OK(baton_files_info(&a.files, 0, &info));
	assert_int_equal(info.going, going);
	OK(baton_files_info(&b.files, 0, &info));
	assert_int_equal(info.going, going);
}

static void it_is_said_whether_bytes_go(void **state)
{
	(void)state;
	offer(one, 100);
	bytes_go(false);
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_accept(&b.files, one, 0));
	run();
	bytes_go(true);
	OK(baton_files_pause(&b.files, one, true));
	run();
	bytes_go(false);
	OK(baton_files_pause(&b.files, one, false));
	run();
	bytes_go(true);
	link_all(false);
	bytes_go(false);
	link_all(true);
	run();
	bytes_go(true);
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_offered_before_it_is_durable),
		T(an_offer_tells_how_long_it_is_and_what_it_is),
		T(an_offer_is_asked_once_on_a_link_and_again_on_the_next),
		T(a_refusal_says_why),
		T(a_file_that_is_too_large_is_refused_unasked),
		T(a_file_without_a_place_comes_when_there_is_one),
		T(bytes_above_the_sum_wait_until_others_are_here),
		T(bytes_count_until_it_is_durable_that_they_do_not_come),
		T(an_empty_file_is_complete_when_it_is_accepted),
		T(a_file_is_delivered_once_and_then_forgotten),
		T(the_sender_hears_of_what_is_durable_alone),
		T(a_resume_goes_on_from_what_was_kept_or_less),
		T(a_start_of_the_sender_goes_on_where_the_receiver_is),
		T(a_cancel_ends_it_at_both_sides),
		T(a_cancel_is_answered_by_an_application_that_is_quick),
		T(a_delivery_is_forgotten_by_an_application_that_is_quick),
		T(a_cancel_of_what_nobody_was_asked_is_not_told),
		T(a_cancel_that_comes_too_late_is_a_delivery),
		T(a_receiver_may_refuse_until_it_is_done),
		T(a_pause_holds_the_sender_and_its_end_lets_it_go_on),
		T(what_callers_get_wrong_changes_nothing),
		T(what_comes_too_early_or_twice_changes_nothing),
		T(what_is_known_of_a_file_is_said),
		T(it_is_said_whether_bytes_go),
	};

	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
