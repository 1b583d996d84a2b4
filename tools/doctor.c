/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/doctor.h"
#include "tools/fail.h"

#ifdef BATON_WITH_GATT
#include <errno.h>

#include "gatt/doctor.h"
#include "port/linux/store.h"

static const char *const sealed[] = {
	[BATON_SEAL_TPM] = "by this machine's TPM",
	[BATON_SEAL_CREDENTIAL] = "with the systemd credential baton-store",
	[BATON_SEAL_FILE] = "with a key that lies beside it",
};

/* How the bonds of a role are kept, where they usually are. */
static void examine_store(struct baton_doctor *doctor, const char *name,
			  const char *role)
{
	g_autofree char *dir =
		g_build_filename(g_get_user_state_dir(), "baton", role, NULL);
	enum baton_seal_method method;
	enum baton_err err = baton_store_look(dir, &method);
	const char *advice = NULL;
	g_autofree char *finding = NULL;

	if (err == BATON_ERR_STORE) {
		finding = g_strdup_printf("%s does not open", dir);
		baton_doctor_add(doctor, name, BATON_DOCTOR_WARN, finding,
				 baton_store_problem(errno));
		return;
	}
	finding = g_strdup_printf(
		"%s, %s%s", dir, err ? "none yet, would be sealed " : "sealed ",
		sealed[method]);
	if (method == BATON_SEAL_FILE)
		advice = "who copies it can open it; a TPM (access to "
			 "/dev/tpmrm0) or a credential of systemd is better, "
			 "for a new store";
	baton_doctor_add(doctor, name,
			 advice ? BATON_DOCTOR_WARN : BATON_DOCTOR_OK, finding,
			 advice);
}

static int examine(gboolean json)
{
	struct baton_doctor *doctor = baton_doctor_new(NULL);
	bool failed = baton_doctor_verdict(doctor) == BATON_DOCTOR_FAIL;

	examine_store(doctor, "store-watch", "watch");
	examine_store(doctor, "store-phone", "phone");
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
		"Looks at what this machine brings for Bluetooth and for "
		"keeping secrets, and says what to do.\nExit code 69 if Baton cannot work over BlueZ "
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
