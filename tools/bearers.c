/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tools/bearer_air.h"
#include "tools/bearers.h"
#include "tools/fail.h"

#ifdef BATON_WITH_GATT
#include "gatt/central.h"
#include "gatt/peripheral.h"
#endif

/* "hci" and a number. */
static gboolean is_adapter(const char *name)
{
	return g_str_has_prefix(name, "hci") &&
	       g_ascii_string_to_unsigned(name + 3, 10, 0, 65535, NULL, NULL);
}

static gboolean is_bluez(const char *spec)
{
	return !strcmp(spec, "bluez") ||
	       (g_str_has_prefix(spec, "bluez:") && is_adapter(spec + 6));
}

gboolean baton_bearer_check(const char *spec, GError **error)
{
	if (g_str_has_prefix(spec, "sim:") && spec[4])
		return TRUE;
	if (!is_bluez(spec)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "unknown bearer %s; use sim:PATH, bluez or "
			       "bluez:hciN",
			       spec);
		return FALSE;
	}
#ifdef BATON_WITH_GATT
	return TRUE;
#else
	baton_fail_set(error, BATON_EXIT_RADIO,
		       "this build has no Bluetooth; build it with "
		       "-Dgatt=enabled");
	return FALSE;
#endif
}

#ifdef BATON_WITH_GATT
static struct baton_bearer *open_bluez(const char *spec, enum baton_role role,
				       const char *peer,
				       const struct baton_bearer_events *events,
				       void *user)
{
	struct baton_gatt_options options = {
		.adapter = strlen(spec) > 6 ? spec + 6 : NULL,
		.peer = peer,
	};

	if (role == BATON_WATCH)
		return baton_gatt_peripheral_new(&options, events, user);
	return baton_gatt_central_new(&options, events, user);
}
#endif

struct baton_bearer *baton_bearer_open(const char *spec, enum baton_role role,
				       const char *peer,
				       const struct baton_bearer_events *events,
				       void *user, GError **error)
{
	if (!baton_bearer_check(spec, error))
		return NULL;
#ifdef BATON_WITH_GATT
	if (is_bluez(spec))
		return open_bluez(spec, role, peer, events, user);
#else
	(void)peer;
#endif
	return baton_bearer_air_new(spec + 4, role, events, user, error);
}
