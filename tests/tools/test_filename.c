/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tools/filename.h"

static const struct {
	const char *sent;
	const char *clean; /* NULL: refused */
} names[] = {
	{"workout.json", "workout.json"},
	{"Lauf am Fluß.gpx", "Lauf am Fluß.gpx"},
	{"../../etc/passwd", "_._.._etc_passwd"},
	{"/etc/passwd", "_etc_passwd"},
	{"a\\b", "a_b"},
	{".bashrc", "_bashrc"},
	{"..", "_."},
	{".", "_"},
	{"-rf", "_rf"},
	{"a\nb\033[2Jc", "a_b_[2Jc"},
	{"\xe2\x80\xae"
	 "gpj.exe",
	 "_gpj.exe"}, /* right-to-left override */
	{"\xff\xfe", NULL},
	{"\xc0\xaf", NULL}, /* '/' in too many bytes */
	{"", NULL},
};

static void names_from_peers_are_made_safe(void **state)
{
	char clean[BATON_FILENAME_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		const uint8_t *sent = (const uint8_t *)names[i].sent;
		bool good = baton_filename_clean(clean, sent,
						 strlen(names[i].sent));

		assert_int_equal(good, names[i].clean != NULL);
		if (good)
			assert_string_equal(clean, names[i].clean);
	}
}

static void a_zero_byte_does_not_end_a_name(void **state)
{
	char clean[BATON_FILENAME_MAX + 1];

	(void)state;
	assert_false(
		baton_filename_clean(clean, (const uint8_t *)"a\0.txt", 6));
}

static void a_long_name_keeps_its_extension(void **state)
{
	char clean[BATON_FILENAME_MAX + 1];
	uint8_t name[255];

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name + 251, ".gpx", 4);
	assert_true(baton_filename_clean(clean, name, sizeof(name)));
	assert_int_equal(strlen(clean), BATON_FILENAME_MAX);
	assert_string_equal(clean + BATON_FILENAME_MAX - 4, ".gpx");
}

static void a_long_name_is_cut_between_characters(void **state)
{
	char clean[BATON_FILENAME_MAX + 1];
	uint8_t name[255];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(name); i += 3)
		memcpy(name + i, "\xe2\x82\xac", 3); /* the euro sign */
	assert_true(baton_filename_clean(clean, name, sizeof(name)));
	assert_int_equal(strlen(clean), BATON_FILENAME_MAX / 3 * 3);
	assert_true(g_utf8_validate(clean, -1, NULL));
}

static void numbers_go_before_the_extension(void **state)
{
	static const struct {
		const char *name;
		unsigned int number;
		const char *numbered;
	} cases[] = {
		{"a.txt", 0, "a.txt"},	       {"a.txt", 1, "a (1).txt"},
		{"a", 12, "a (12)"},	       {"a.b.c", 2, "a.b (2).c"},
		{"_hidden", 1, "_hidden (1)"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *numbered =
			baton_filename_numbered(cases[i].name, cases[i].number);

		assert_string_equal(numbered, cases[i].numbered);
		g_free(numbered);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_from_peers_are_made_safe),
		cmocka_unit_test(a_zero_byte_does_not_end_a_name),
		cmocka_unit_test(a_long_name_keeps_its_extension),
		cmocka_unit_test(a_long_name_is_cut_between_characters),
		cmocka_unit_test(numbers_go_before_the_extension),
	};

	return cmocka_run_group_tests_name("filename", tests, NULL, NULL);
}
