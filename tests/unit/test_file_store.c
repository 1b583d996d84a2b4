/* SPDX-License-Identifier: MIT */

/* Files: what is stored of them, and what a power cut leaves. */

#include "tests/unit/file_world.h"

static void what_is_told_after_a_start_follows_from_what_is_stored(void **state)
{
	static const struct {
		const char *name;
		uint8_t state;
		int told; /* -1: nothing */
	} rows[] = {
		{"fo0000000000000001", BATON_FILE_OUT_OFFERED,
		 BATON_FILE_PENDING},
		{"fo0000000000000001", BATON_FILE_OUT_CANCELLED, -1},
		{"fo0000000000000001", BATON_FILE_OUT_DELIVERED,
		 BATON_FILE_DELIVERED},
		{"fo0000000000000001", BATON_FILE_OUT_FAILED,
		 BATON_FILE_FAILED},
		{"fi0000000000000001", BATON_FILE_IN_RECEIVING,
		 BATON_FILE_RESUMED},
		{"fi0000000000000001", BATON_FILE_IN_COMPLETE,
		 BATON_FILE_COMPLETE},
		{"fi0000000000000001", BATON_FILE_IN_TAKEN, -1},
		{"fi0000000000000001", BATON_FILE_IN_REFUSED, -1},
		{"fi0000000000000001", BATON_FILE_IN_ABORTED,
		 BATON_FILE_CANCELLED},
	};
	uint8_t value[21] = {1};
	size_t i;

	(void)state;
	value[10] = 9; /* total */
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		init(&a);
		value[1] = rows[i].state;
		value[2] = 0x80 | BATON_REASON_PERSON;
		OK(baton_files_load(&a.files, rows[i].name, value,
				    sizeof(value)));
		assert_int_equal(baton_files_next_event(&a.files, &event),
				 rows[i].told >= 0);
		if (rows[i].told < 0)
			continue;
		assert_int_equal(event.type, rows[i].told);
		assert_int_equal(event.id[7], 1);
		assert_int_equal(event.total, 9);
		if (event.type == BATON_FILE_FAILED) {
			assert_true(event.by_peer);
			assert_int_equal(event.reason, BATON_REASON_PERSON);
		}
	}
}

static void what_was_stored_is_loaded_as_it_was(void **state)
{
	struct value before;

	(void)state;
	accept(one, 100);
	give(one, 60);
	OK(baton_files_kept(&b.files, one, 60));
	run();
	before = b.stored[0];
	reboot(&b);
	assert_true(told(&b, BATON_FILE_RESUMED));
	assert_int_equal(event.offset, 60);
	assert_memory_equal(event.meta, "name", 4);
	OK(baton_files_accept(&b.files, one, 60));
	run();
	give(one, 1);
	OK(baton_files_kept(&b.files, one, 60));
	run();
	assert_memory_equal(&before, &b.stored[0], sizeof(before));
}

static void values_of_every_length_are_loaded_or_leave_nothing(void **state)
{
	uint8_t value[BATON_FILE_VALUE_MAX + 2];
	struct baton_file_info info;
	char name[] = "fo0000000000000001";
	size_t n;
	int side;

	(void)state;
	memset(value, 0, sizeof(value));
	value[0] = 1;
	value[1] = BATON_FILE_OUT_CANCELLED;
	value[19] = 3; /* of meta; behind it that of local, 0 */
	for (side = 0; side < 2; side++) {
		name[1] = side ? 'i' : 'o';
		for (n = 0; n <= sizeof(value); n++) {
			init(&a);
			assert_int_equal(
				baton_files_load(&a.files, name, value, n),
				n == 24 ? BATON_OK : BATON_ERR_ARG);
			assert_int_equal(baton_files_info(&a.files, 0, &info),
					 n == 24 ? BATON_OK
						 : BATON_ERR_NOT_FOUND);
		}
	}
}

static void values_that_cannot_be_are_not_loaded(void **state)
{
	static const struct {
		char side;
		uint8_t at, byte;
	} wrong[] = {
		{'o', 0, 0},
		{'o', 0, 2},
		{'o', 1, BATON_FILE_OUT_NONE},
		{'o', 1, BATON_FILE_OUT_DONE},
		{'o', 1, 255},
		{'o', 3, 1}, /* total */
		{'o', 19, 1},
		{'o', 20, 1},
		{'i', 1, BATON_FILE_IN_NONE},
		{'i', 1, BATON_FILE_IN_ASKED},
		{'i', 1, BATON_FILE_IN_DONE},
		{'i', 3, 1},
		{'i', 18, 10}, /* kept more than there is */
		{'i', 19, 1},
		{'i', 20, 1}, /* a receiver has no local */
	};
	char name[] = "fo0000000000000001";
	struct baton_file_info info;
	uint8_t value[21];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		init(&a);
		memset(value, 0, sizeof(value));
		value[0] = 1;
		value[1] = 2;
		value[10] = 9;
		value[wrong[i].at] = wrong[i].byte;
		name[1] = wrong[i].side;
		assert_int_equal(
			baton_files_load(&a.files, name, value, sizeof(value)),
			BATON_ERR_ARG);
		assert_int_equal(baton_files_info(&a.files, 0, &info),
				 BATON_ERR_NOT_FOUND);
	}
}

static void names_that_cannot_be_are_not_loaded(void **state)
{
	static const struct {
		const char *name;
		enum baton_err err;
	} wrong[] = {
		{"", BATON_ERR_NOT_FOUND},
		{"f", BATON_ERR_NOT_FOUND},
		{"qo", BATON_ERR_NOT_FOUND},
		{"fx0000000000000001", BATON_ERR_NOT_FOUND},
		{"fo", BATON_ERR_ARG},
		{"fo000000000000000", BATON_ERR_ARG},
		{"fo00000000000000011", BATON_ERR_ARG},
		{"fo000000000000000G", BATON_ERR_ARG},
		{"fo000000000000000A", BATON_ERR_ARG},
	};
	uint8_t value[21] = {1, 1};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(baton_files_load(&a.files, wrong[i].name,
						  value, sizeof(value)),
				 wrong[i].err);
}

static void more_than_there_are_places_is_said(void **state)
{
	char name[] = "fo0000000000000001";
	uint8_t value[21] = {1, 2};
	int side, i;

	(void)state;
	for (side = 0; side < 2; side++) {
		name[1] = side ? 'i' : 'o';
		for (i = 0; i <= PLACES; i++) {
			name[17] = (char)('1' + i);
			assert_int_equal(baton_files_load(&a.files, name, value,
							  sizeof(value)),
					 i < PLACES ? BATON_OK
						    : BATON_ERR_SPACE);
			if (i == 0)
				assert_int_equal(
					baton_files_load(&a.files, name, value,
							 sizeof(value)),
					BATON_ERR_ARG);
		}
	}
}

static void a_write_that_failed_is_asked_for_again_in_a_second(void **state)
{
	struct baton_store_op write;

	(void)state;
	OK(baton_files_send(&a.files, one, 10, NULL, 0, NULL, 0));
	assert_true(baton_files_next_store_op(&a.files, &write));
	/* One at a time. */
	assert_false(baton_files_next_store_op(&a.files, &write));
	/* An answer to another one means nothing. */
	baton_files_stored(&a.files, write.id + 1, BATON_OK, now_ms);
	assert_false(told(&a, BATON_FILE_STORED));
	baton_files_stored(&a.files, write.id, BATON_ERR_STORE, now_ms);
	assert_true(told(&a, BATON_FILE_STORE_FAILED));
	assert_false(baton_files_next_store_op(&a.files, &write));
	assert_int_equal(baton_files_deadline(&a.files), now_ms + 1000);
	assert_false(envelope(&a, &b));
	now_ms += 999;
	baton_files_tick(&a.files, now_ms);
	assert_false(baton_files_next_store_op(&a.files, &write));
	now_ms += 1;
	baton_files_tick(&a.files, now_ms);
	assert_true(baton_files_next_store_op(&a.files, &write));
	baton_files_stored(&a.files, write.id, BATON_ERR_STORE, now_ms);
	assert_true(told(&a, BATON_FILE_STORE_FAILED));
	/* Though the clock was set back. */
	now_ms = 1;
	baton_files_tick(&a.files, now_ms);
	run();
	assert_true(told(&a, BATON_FILE_STORED));
	assert_true(told(&b, BATON_FILE_OFFERED));
}

static void what_is_decided_during_a_write_is_written_after_it(void **state)
{
	struct baton_store_op write;

	(void)state;
	offer(one, 100);
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_accept(&b.files, one, 0));
	assert_true(baton_files_next_store_op(&b.files, &write));
	OK(baton_files_refuse(&b.files, one, BATON_REASON_PERSON));
	baton_files_stored(&b.files, write.id, BATON_OK, now_ms);
	/* Neither GO nor REFUSED: what is durable is not what is so. */
	assert_false(envelope(&b, &a));
	run();
	assert_true(told(&a, BATON_FILE_FAILED));
}

/* Every value of both, by name, as an eraser asks for it. */
static void all_that_is_stored_can_be_named(void **state)
{
	char name[BATON_FILE_NAME_LEN];
	struct value *value;
	size_t at;

	(void)state;
	accept(one, 10);
	accept(two, 10);
	OK(baton_files_send(&b.files, more, 10, NULL, 0, NULL, 0));
	while (store(&b))
		;
	assert_int_equal(values(&b), 3);
	for (at = 0; baton_files_name(&b.files, at, name); at++) {
		value = shelf_find(SHELF(b.stored), name);
		assert_non_null(value);
		memset(value, 0, sizeof(*value));
	}
	assert_int_equal(at, 3);
	assert_int_equal(values(&b), 0);
}

static bool holds(const void *memory, size_t memory_len, const char *text)
{
	const uint8_t *p = memory;
	size_t i, n = strlen(text);

	for (i = 0; i + n <= memory_len; i++)
		if (memcmp(p + i, text, n) == 0)
			return true;
	return false;
}

static void nothing_of_a_file_that_is_over_is_kept(void **state)
{
	static const char secret[] = "a name that says too much";

	(void)state;
	OK(baton_files_send(&a.files, one, 0, (const uint8_t *)secret,
			    strlen(secret), (const uint8_t *)secret,
			    strlen(secret)));
	run();
	assert_true(told(&b, BATON_FILE_OFFERED));
	OK(baton_files_accept(&b.files, one, 0));
	run();
	assert_true(told(&b, BATON_FILE_COMPLETE));
	OK(baton_files_done(&b.files, one, false));
	run();
	assert_true(told(&a, BATON_FILE_DELIVERED));
	assert_true(holds(&a, sizeof(a), secret));
	OK(baton_files_done(&a.files, one, true));
	run();
	assert_true(nothing_is_left());
	assert_false(holds(&a, sizeof(a), secret));
	assert_false(holds(&b, sizeof(b), secret));
	baton_files_wipe(&a.files);
	assert_int_equal(a.files.out_count, 0);
}

#define T(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_told_after_a_start_follows_from_what_is_stored),
		T(what_was_stored_is_loaded_as_it_was),
		T(values_of_every_length_are_loaded_or_leave_nothing),
		T(values_that_cannot_be_are_not_loaded),
		T(names_that_cannot_be_are_not_loaded),
		T(more_than_there_are_places_is_said),
		T(a_write_that_failed_is_asked_for_again_in_a_second),
		T(what_is_decided_during_a_write_is_written_after_it),
		T(all_that_is_stored_can_be_named),
		T(nothing_of_a_file_that_is_over_is_kept),
	};

	return cmocka_run_group_tests_name("files stored", tests, NULL, NULL);
}
