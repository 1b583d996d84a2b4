/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/doctor.h"
#include "tools/fail.h"

#ifdef BATON_WITH_GATT
#include "gatt/doctor.h"

static int examine(gboolean json)
{
	struct baton_doctor *doctor = baton_doctor_new(NULL);
	bool failed = baton_doctor_verdict(doctor) == BATON_DOCTOR_FAIL;

	if (json)
		baton_doctor_print_json(doctor, stdout);
	else
		baton_doctor_print(doctor, stdout);
	baton_doctor_free(doctor);
	return failed ? BATON_EXIT_RADIO : BATON_EXIT_OK;
}
#else
static int examine(gboolean json)
{
	GError *error = NULL;

	(void)json;
	baton_fail_set(&error, BATON_EXIT_RADIO,
		       "this build has no Bluetooth; build it with "
		       "-Dgatt=enabled");
	return baton_fail_end(error);
}
#endif

int baton_doctor_main(int argc, char **argv)
{
	gboolean json = FALSE;
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json,
		 "print the checks as JSON", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = baton_command_context(
		"doctor", "",
		"Looks at what this machine brings for Bluetooth, and says "
		"what to do.\nExit code 69 if Baton cannot work over BlueZ "
		"here.");
	GError *error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (baton_command_parse(context, &argc, &argv, &error) && argc > 1)
		baton_fail_set(&error, BATON_EXIT_USAGE,
			       "doctor takes no arguments; see baton doctor "
			       "--help");
	g_option_context_free(context);
	return error ? baton_fail_end(error) : examine(json);
}
