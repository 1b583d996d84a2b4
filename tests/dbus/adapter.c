/* SPDX-License-Identifier: MIT */

/* What becomes of the mock's adapters, and the adverts they show or hear. */

#include "tests/dbus/mock.h"

#define HCI0 "/org/bluez/hci0"

static void set_powered(struct mock *mock, gboolean on)
{
	GDBusInterface *adapter = g_dbus_object_manager_get_interface(
		G_DBUS_OBJECT_MANAGER(mock->objects), HCI0,
		"org.bluez.Adapter1");

	g_object_set(adapter, "powered", on, NULL);
	g_object_unref(adapter);
}

void mock_off(struct mock *mock)
{
	set_powered(mock, FALSE);
}

void mock_on(struct mock *mock)
{
	set_powered(mock, TRUE);
}

void mock_unplug(struct mock *mock)
{
	mock->advertising = false;
	g_dbus_object_manager_server_unexport(mock->objects, HCI0);
}

/* BlueZ tells how strong a device is while it scans, and no longer. */
void mock_watch_heard(struct mock *mock, bool yes)
{
	const char *gone[] = {"RSSI", NULL};
	const char *nothing[] = {NULL};
	GVariantBuilder changed;

	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	if (yes)
		g_variant_builder_add(&changed, "{sv}", "RSSI",
				      g_variant_new_int16(-60));
	g_dbus_connection_emit_signal(
		mock->bus, NULL, MOCK_WATCH, "org.freedesktop.DBus.Properties",
		"PropertiesChanged",
		g_variant_new("(sa{sv}^as)", "org.bluez.Device1", &changed,
			      yes ? nothing : gone),
		NULL);
}

static void on_properties(GObject *source, GAsyncResult *result, gpointer data)
{
	GVariant **answer = data;

	*answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source),
						result, NULL);
	g_assert_nonnull(*answer);
}

GVariant *mock_advert(struct mock *mock)
{
	GVariant *answer = NULL;
	GVariant *properties;

	g_dbus_connection_call(
		mock->bus, mock->app, "/baton/advert",
		"org.freedesktop.DBus.Properties", "GetAll",
		g_variant_new("(s)", "org.bluez.LEAdvertisement1"), NULL,
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_properties, &answer);
	while (!answer)
		mock_iterate();
	properties = g_variant_get_child_value(answer, 0);
	g_variant_unref(answer);
	return properties;
}
