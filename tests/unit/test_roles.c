/* SPDX-License-Identifier: MIT */

/* A core with the code of one role, or one way to pair, refuses the rest. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>

#include "session/session.h"

static uint8_t memory[1 << 18];
static struct baton_session session;

/* What an engine of that role comes to in a core. */
static enum baton_err made(const char *core, enum baton_role role,
			   const struct baton_method *typed)
{
	static const uint8_t seed[32] = {1};
	const struct baton_session_config config = {
		.role = role,
		.typed = typed,
		.message_max = BATON_MESSAGE_MAX,
		.link = BATON_LINK_CONFIG_SMALL,
	};
	void *handle = dlopen(core, RTLD_NOW | RTLD_LOCAL);
	enum baton_err (*init)(struct baton_session *,
			       const struct baton_session_config *, void *,
			       size_t, const uint8_t *);

	assert_non_null(handle);
	*(void **)&init = dlsym(handle, "baton_session_init");
	return init(&session, &config, memory, sizeof(memory), seed);
}

static void a_core_makes_engines_of_its_role_alone(void **state)
{
	(void)state;
	assert_int_equal(made(WATCH_CORE, BATON_WATCH, NULL), BATON_OK);
	assert_int_equal(made(WATCH_CORE, BATON_PHONE, NULL), BATON_ERR_ARG);
	assert_int_equal(made(PHONE_CORE, BATON_PHONE, NULL), BATON_OK);
	assert_int_equal(made(PHONE_CORE, BATON_WATCH, NULL), BATON_ERR_ARG);
}

static void a_core_that_only_compares_refuses_other_methods(void **state)
{
	const struct baton_method *some = (const void *)memory;

	(void)state;
	assert_int_equal(made(WATCH_CORE, BATON_WATCH, some), BATON_OK);
	assert_int_equal(made(COMPARE_CORE, BATON_WATCH, NULL), BATON_OK);
	assert_int_equal(made(COMPARE_CORE, BATON_WATCH, some), BATON_ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_core_makes_engines_of_its_role_alone),
		cmocka_unit_test(
			a_core_that_only_compares_refuses_other_methods),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
