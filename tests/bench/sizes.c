/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/figure.h"

/* The sizes that tests/ci/sizes.py read from a cross build, as JSON. */
#define SIZES "BATON_M4_SIZES"

/* The number at keys, one below the other; false with the reason in note. */
static bool number(struct bench_value *value, const char *outer,
		   const char *inner)
{
	const char *path = getenv(SIZES);
	json_error_t error;
	json_t *root, *at;

	if (!path) {
		snprintf(value->note, sizeof(value->note),
			 "needs a cross build: ./run bench makes it and names "
			 "it in " SIZES);
		return false;
	}
	root = json_load_file(path, 0, &error);
	if (!root) {
		snprintf(value->note, sizeof(value->note), "%.80s: %.80s", path,
			 error.text);
		return false;
	}
	at = json_object_get(root, outer);
	if (inner)
		at = json_object_get(at, inner);
	value->known = json_is_integer(at);
	if (value->known)
		value->value = (double)json_integer_value(at);
	else
		snprintf(value->note, sizeof(value->note),
			 "not measured yet: %.80s has no %s%s%s", path, outer,
			 inner ? "." : "", inner ? inner : "");
	json_decref(root);
	return value->known;
}

bool bench_m4_core(const struct bench_effort *effort, struct bench_value *value)
{
	(void)effort;
	if (number(value, "flash", NULL))
		snprintf(
			value->note, sizeof(value->note),
			"the engine, comparison; without primitives and codec");
	return true;
}

bool bench_m4_watch(const struct bench_effort *effort,
		    struct bench_value *value)
{
	(void)effort;
	if (number(value, "watch_flash", NULL))
		snprintf(value->note, sizeof(value->note),
			 "roles=watch methods=compare codec=false: with "
			 "tickets, rotation and revocation");
	return true;
}

bool bench_m4_all(const struct bench_effort *effort, struct bench_value *value)
{
	(void)effort;
	if (number(value, "all_flash", NULL))
		snprintf(value->note, sizeof(value->note),
			 "roles=both methods=all codec=false, and what "
			 "machines above the engine call");
	return true;
}

bool bench_m4_total(const struct bench_effort *effort,
		    struct bench_value *value)
{
	(void)effort;
	if (number(value, "total_flash", NULL))
		snprintf(value->note, sizeof(value->note),
			 "with primitives of BearSSL and mem*, without codec");
	return true;
}

bool bench_m4_link_ram(const struct bench_effort *effort,
		       struct bench_value *value)
{
	(void)effort;
	if (number(value, "link_ram", NULL))
		snprintf(value->note, sizeof(value->note),
			 "struct baton_session without its bonds, which are "
			 "per peer");
	return true;
}
