/* SPDX-License-Identifier: MIT */
#include "gatt/doctor.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#define BLUEZ "org.bluez"
#define CALL_MS 3000

struct baton_doctor {
	GPtrArray *checks; /* of struct baton_doctor_check */
	struct baton_doctor_places places;
	GDBusConnection *bus; /* NULL: no bus */
	GKeyFile *conf; /* main.conf; empty if there is none */
	int bluez; /* version, 566 for 5.66; 0: not known */
};

static const char *const verdict_names[] = {"ok", "warn", "fail"};

static void check_free(gpointer data)
{
	struct baton_doctor_check *check = data;

	g_free(check->name);
	g_free(check->finding);
	g_free(check->advice);
	g_free(check);
}

/* Takes finding over; advice is NULL or copied. */
static void add(struct baton_doctor *doctor, const char *name,
		enum baton_doctor_verdict verdict, char *finding,
		const char *advice)
{
	struct baton_doctor_check *check = g_new0(struct baton_doctor_check, 1);

	check->name = g_strdup(name);
	check->verdict = verdict;
	check->finding = finding;
	check->advice = g_strdup(advice);
	g_ptr_array_add(doctor->checks, check);
}

static char *conf_get(struct baton_doctor *doctor, const char *group,
		      const char *key)
{
	char *value = g_key_file_get_value(doctor->conf, group, key, NULL);

	return value ? g_strstrip(value) : NULL;
}

static bool one_channel(struct baton_doctor *doctor)
{
	char *channels = conf_get(doctor, "GATT", "Channels");
	bool one = !g_strcmp0(channels, "1");

	g_free(channels);
	return one;
}

static void check_kernel(struct baton_doctor *doctor)
{
	struct utsname name;
	const char *release = doctor->places.kernel;
	int major = 0, minor = 0;

	if (!release) {
		uname(&name);
		release = name.release;
	}
	sscanf(release, "%d.%d", &major, &minor);
	if (major == 6 && minor == 1 && !one_channel(doctor))
		add(doctor, "kernel", BATON_DOCTOR_WARN,
		    g_strdup_printf("Linux %s crashes in hci_chan_del where "
				    "devices bond over several ATT channels",
				    release),
		    "put 'Channels = 1' under [GATT] in main.conf (see "
		    "'channels' below), or take another kernel");
	else if (major < 5)
		add(doctor, "kernel", BATON_DOCTOR_WARN,
		    g_strdup_printf("Linux %s, older than what was tested",
				    release),
		    "use Linux 5.10 or newer");
	else
		add(doctor, "kernel", BATON_DOCTOR_OK,
		    g_strdup_printf("Linux %s", release), NULL);
}

static char *read_line(const char *folder, const char *name)
{
	char *path = g_build_filename(folder, name, NULL);
	char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL))
		g_strstrip(text);
	g_free(path);
	return text;
}

/* Adds to the counts what one /sys/class/rfkill entry says. */
static void rfkill_count(const char *folder, int *soft, int *hard,
			 int *unblocked)
{
	char *type = read_line(folder, "type");
	char *soft_text = read_line(folder, "soft");
	char *hard_text = read_line(folder, "hard");

	if (!g_strcmp0(type, "bluetooth")) {
		bool is_soft = !g_strcmp0(soft_text, "1");
		bool is_hard = !g_strcmp0(hard_text, "1");

		*soft += is_soft;
		*hard += is_hard;
		*unblocked += !is_soft && !is_hard;
	}
	g_free(type);
	g_free(soft_text);
	g_free(hard_text);
}

static void check_rfkill(struct baton_doctor *doctor)
{
	char *folder =
		g_build_filename(doctor->places.sys, "class/rfkill", NULL);
	GDir *dir = g_dir_open(folder, 0, NULL);
	int soft = 0, hard = 0, unblocked = 0;
	enum baton_doctor_verdict blocked;
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		char *entry = g_build_filename(folder, name, NULL);

		rfkill_count(entry, &soft, &hard, &unblocked);
		g_free(entry);
	}
	if (dir)
		g_dir_close(dir);
	g_free(folder);
	/* Another radio may serve. */
	blocked = unblocked ? BATON_DOCTOR_WARN : BATON_DOCTOR_FAIL;
	if (hard)
		add(doctor, "rfkill", blocked,
		    g_strdup("a switch on the machine turns Bluetooth off"),
		    "turn on the wireless switch or key of the machine");
	else if (soft)
		add(doctor, "rfkill", blocked,
		    g_strdup("Bluetooth is blocked by software"),
		    "run 'rfkill unblock bluetooth'");
	else
		add(doctor, "rfkill", BATON_DOCTOR_OK,
		    g_strdup(unblocked ? "not blocked"
				       : "nothing that could block"),
		    NULL);
}

static void check_bus(struct baton_doctor *doctor)
{
	GError *error = NULL;
	char *address =
		g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);

	if (address)
		doctor->bus = g_dbus_connection_new_for_address_sync(
			address,
			G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
				G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
			NULL, NULL, &error);
	g_free(address);
	if (doctor->bus)
		add(doctor, "bus", BATON_DOCTOR_OK,
		    g_strdup("the D-Bus system bus answers"), NULL);
	else
		add(doctor, "bus", BATON_DOCTOR_FAIL,
		    g_strdup("no D-Bus system bus"),
		    "install 'dbus' and run 'systemctl start dbus'");
	g_clear_error(&error);
}

/* A string, or NULL, that a program prints; one line. */
static char *program_line(const char *program)
{
	const char *argv[] = {program, "--version", NULL};
	char *out = NULL;
	int status = 0;

	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL,
			  NULL, NULL, &out, NULL, &status, NULL) ||
	    !g_spawn_check_wait_status(status, NULL))
		g_clear_pointer(&out, g_free);
	return out ? g_strstrip(out) : NULL;
}

/* The version on disk: bluetoothd does not tell its own over D-Bus. */
static void bluez_version(struct baton_doctor *doctor)
{
	static const char *const places[] = {
		"/usr/libexec/bluetooth/bluetoothd",
		"/usr/lib/bluetooth/bluetoothd",
		"/usr/sbin/bluetoothd",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(places) && !doctor->bluez; i++) {
		char *line = program_line(places[i]);
		int major, minor;

		if (line && sscanf(line, "%d.%d", &major, &minor) == 2)
			doctor->bluez = major * 100 + minor;
		g_free(line);
	}
}

static GVariant *call(struct baton_doctor *doctor, const char *name,
		      const char *path, const char *interface,
		      const char *method, GVariant *arguments, GError **error)
{
	return g_dbus_connection_call_sync(
		doctor->bus, name, path, interface, method, arguments, NULL,
		G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_MS, NULL, error);
}

static bool bluez_runs(struct baton_doctor *doctor)
{
	GVariant *answer;
	gboolean owned = FALSE;

	if (!doctor->bus)
		return false;
	answer = call(doctor, "org.freedesktop.DBus", "/org/freedesktop/DBus",
		      "org.freedesktop.DBus", "NameHasOwner",
		      g_variant_new("(s)", BLUEZ), NULL);
	if (answer) {
		g_variant_get(answer, "(b)", &owned);
		g_variant_unref(answer);
	}
	return owned;
}

static bool check_bluetoothd(struct baton_doctor *doctor)
{
	int version;
	char *text;

	bluez_version(doctor);
	version = doctor->bluez;
	if (!bluez_runs(doctor)) {
		add(doctor, "bluetoothd", BATON_DOCTOR_FAIL,
		    g_strdup(version ? "installed, but not running"
				     : "not running, and not installed"),
		    version ? "run 'systemctl start bluetooth'"
			    : "install 'bluez', then run 'systemctl start "
			      "bluetooth'");
		return false;
	}
	if (!version) {
		add(doctor, "bluetoothd", BATON_DOCTOR_WARN,
		    g_strdup("runs, of a version that was not found out"),
		    "compare 'bluetoothctl --version' with 5.66, which is "
		    "tested");
		return true;
	}
	text = g_strdup_printf("BlueZ %d.%d", version / 100, version % 100);
	if (version < 548)
		add(doctor, "bluetoothd", BATON_DOCTOR_FAIL,
		    g_strconcat(text, " lacks AcquireNotify", NULL),
		    "update to BlueZ 5.66 or newer");
	else if (version < 566)
		add(doctor, "bluetoothd", BATON_DOCTOR_WARN,
		    g_strconcat(text, " is older than what was tested", NULL),
		    "update to BlueZ 5.66 or newer");
	else if (version < 569)
		add(doctor, "bluetoothd", BATON_DOCTOR_OK,
		    g_strconcat(text,
				" (loses writes over 510 bytes, corrupts a "
				"first burst: Baton avoids both)",
				NULL),
		    NULL);
	else
		add(doctor, "bluetoothd", BATON_DOCTOR_OK,
		    g_strconcat(text,
				" (corrupts a first burst: Baton avoids it)",
				NULL),
		    NULL);
	g_free(text);
	return true;
}

/* An adapter, and whether it is on? */
static bool is_adapter(GVariant *interfaces, gboolean *powered)
{
	GVariant *adapter = g_variant_lookup_value(
		interfaces, BLUEZ ".Adapter1", G_VARIANT_TYPE_VARDICT);

	*powered = FALSE;
	if (!adapter)
		return false;
	g_variant_lookup(adapter, "Powered", "b", powered);
	g_variant_unref(adapter);
	return true;
}

/* Is there one that serves, whatever the others do? */
static bool one_is_on(GVariant *objects)
{
	gboolean on = FALSE;
	GVariant *interfaces;
	GVariantIter iter;

	g_variant_iter_init(&iter, objects);
	while (!on && g_variant_iter_next(&iter, "{&o@a{sa{sv}}}", NULL,
					  &interfaces)) {
		is_adapter(interfaces, &on);
		g_variant_unref(interfaces);
	}
	return on;
}

/* What the adapter at a path lacks; off: how bad it is that it is off. */
static void check_adapter(struct baton_doctor *doctor, const char *path,
			  GVariant *interfaces, enum baton_doctor_verdict off)
{
	const char *name = strrchr(path, '/') + 1;
	guchar free_adverts = 0;
	GVariant *adverts;
	gboolean powered;

	if (!is_adapter(interfaces, &powered))
		return;
	add(doctor, "adapter", powered ? BATON_DOCTOR_OK : off,
	    g_strdup_printf("%s is %s", name, powered ? "on" : "off"),
	    powered ? NULL : "run 'bluetoothctl power on'");
	adverts = g_variant_lookup_value(interfaces,
					 BLUEZ ".LEAdvertisingManager1",
					 G_VARIANT_TYPE_VARDICT);
	if (adverts) {
		g_variant_lookup(adverts, "SupportedInstances", "y",
				 &free_adverts);
		g_variant_unref(adverts);
	}
	if (!adverts)
		add(doctor, "advertising", BATON_DOCTOR_WARN,
		    g_strdup_printf("%s cannot advertise", name),
		    "use it for the phone's role, or take another adapter");
	else if (!free_adverts)
		add(doctor, "advertising", BATON_DOCTOR_WARN,
		    g_strdup_printf("%s has no advert left", name),
		    "stop the programs that advertise, a running watch too");
	else
		add(doctor, "advertising", BATON_DOCTOR_OK,
		    g_strdup_printf("%s can advertise", name), NULL);
}

static void check_adapters(struct baton_doctor *doctor)
{
	GError *error = NULL;
	GVariant *answer =
		call(doctor, BLUEZ, "/", "org.freedesktop.DBus.ObjectManager",
		     "GetManagedObjects", NULL, &error);
	guint before = doctor->checks->len;
	enum baton_doctor_verdict off;
	GVariant *interfaces;
	GVariant *objects;
	GVariantIter iter;
	const char *path;

	if (!answer) {
		g_dbus_error_strip_remote_error(error);
		add(doctor, "access", BATON_DOCTOR_FAIL,
		    g_strdup_printf("bluetoothd does not answer this user (%s)",
				    error->message),
		    "add the user to the group 'bluetooth' and log in anew; "
		    "if it hangs, run 'systemctl restart bluetooth'");
		g_error_free(error);
		return;
	}
	add(doctor, "access", BATON_DOCTOR_OK,
	    g_strdup("this user may talk to bluetoothd"), NULL);
	before++;
	objects = g_variant_get_child_value(answer, 0);
	off = one_is_on(objects) ? BATON_DOCTOR_WARN : BATON_DOCTOR_FAIL;
	g_variant_iter_init(&iter, objects);
	while (g_variant_iter_next(&iter, "{&o@a{sa{sv}}}", &path,
				   &interfaces)) {
		check_adapter(doctor, path, interfaces, off);
		g_variant_unref(interfaces);
	}
	g_variant_unref(objects);
	g_variant_unref(answer);
	if (doctor->checks->len == before)
		add(doctor, "adapter", BATON_DOCTOR_FAIL,
		    g_strdup("no Bluetooth adapter"),
		    "plug one in; see 'dmesg' if it is there already");
}

/* One value of main.conf that should be "wanted". */
static void check_value(struct baton_doctor *doctor, const char *name,
			const char *group, const char *key, const char *wanted,
			const char *trouble)
{
	char *value = conf_get(doctor, group, key);
	char *advice;

	if (value && !g_ascii_strcasecmp(value, wanted)) {
		add(doctor, name, BATON_DOCTOR_OK,
		    g_strdup_printf("%s = %s", key, value), NULL);
		g_free(value);
		return;
	}
	advice = g_strdup_printf("put '%s = %s' under [%s] in %s/main.conf, "
				 "then run 'systemctl restart bluetooth'",
				 key, wanted, group, doctor->places.etc);
	add(doctor, name, BATON_DOCTOR_WARN,
	    g_strdup_printf("%s is %s: %s", key, value ? value : "not set",
			    trouble),
	    advice);
	g_free(advice);
	g_free(value);
}

static void check_conf(struct baton_doctor *doctor)
{
	check_value(doctor, "controller-mode", "General", "ControllerMode",
		    "le", "peers may try BR/EDR, where there is nothing");
	check_value(doctor, "channels", "GATT", "Channels", "1",
		    "several ATT channels reorder PDUs, and crashed Linux 6.1");
	check_value(doctor, "reverse-discovery", "General",
		    "ReverseServiceDiscovery", "false",
		    "Android phones show a pairing pop-up");
	check_value(doctor, "privacy", "General", "Privacy", "device",
		    "the address never changes, and can be followed");
}

/* Without the file every value is the default. */
static void conf_load(struct baton_doctor *doctor)
{
	char *path = g_build_filename(doctor->places.etc, "main.conf", NULL);

	doctor->conf = g_key_file_new();
	g_key_file_load_from_file(doctor->conf, path, G_KEY_FILE_NONE, NULL);
	g_free(path);
}

void baton_doctor_add(struct baton_doctor *doctor, const char *name,
		      enum baton_doctor_verdict verdict, const char *finding,
		      const char *advice)
{
	add(doctor, name, verdict, g_strdup(finding), advice);
}

struct baton_doctor *baton_doctor_new(const struct baton_doctor_places *places)
{
	struct baton_doctor *doctor = g_new0(struct baton_doctor, 1);

	doctor->checks = g_ptr_array_new_with_free_func(check_free);
	if (places)
		doctor->places = *places;
	if (!doctor->places.etc)
		doctor->places.etc = "/etc/bluetooth";
	if (!doctor->places.sys)
		doctor->places.sys = "/sys";
	conf_load(doctor);
	check_kernel(doctor);
	check_rfkill(doctor);
	check_bus(doctor);
	if (check_bluetoothd(doctor))
		check_adapters(doctor);
	check_conf(doctor);
	if (doctor->bus) {
		g_dbus_connection_close_sync(doctor->bus, NULL, NULL);
		g_clear_object(&doctor->bus);
	}
	return doctor;
}

size_t baton_doctor_count(const struct baton_doctor *doctor)
{
	return doctor->checks->len;
}

const struct baton_doctor_check *
baton_doctor_check(const struct baton_doctor *doctor, size_t i)
{
	return i < doctor->checks->len ? g_ptr_array_index(doctor->checks, i)
				       : NULL;
}

enum baton_doctor_verdict
baton_doctor_verdict(const struct baton_doctor *doctor)
{
	enum baton_doctor_verdict worst = BATON_DOCTOR_OK;

	for (size_t i = 0; i < baton_doctor_count(doctor); i++)
		worst = MAX(worst, baton_doctor_check(doctor, i)->verdict);
	return worst;
}

void baton_doctor_print(const struct baton_doctor *doctor, FILE *out)
{
	for (size_t i = 0; i < baton_doctor_count(doctor); i++) {
		const struct baton_doctor_check *check =
			baton_doctor_check(doctor, i);

		fprintf(out, "%-4s  %-17s  %s\n", verdict_names[check->verdict],
			check->name, check->finding);
		if (check->advice)
			fprintf(out, "%25s%s\n", "-> ", check->advice);
	}
}

static void json_check(JsonBuilder *json,
		       const struct baton_doctor_check *check)
{
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "name");
	json_builder_add_string_value(json, check->name);
	json_builder_set_member_name(json, "verdict");
	json_builder_add_string_value(json, verdict_names[check->verdict]);
	json_builder_set_member_name(json, "finding");
	json_builder_add_string_value(json, check->finding);
	json_builder_set_member_name(json, "advice");
	if (check->advice)
		json_builder_add_string_value(json, check->advice);
	else
		json_builder_add_null_value(json);
	json_builder_end_object(json);
}

void baton_doctor_print_json(const struct baton_doctor *doctor, FILE *out)
{
	JsonBuilder *json = json_builder_new();
	JsonNode *root;
	char *text;

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "verdict");
	json_builder_add_string_value(
		json, verdict_names[baton_doctor_verdict(doctor)]);
	json_builder_set_member_name(json, "checks");
	json_builder_begin_array(json);
	for (size_t i = 0; i < baton_doctor_count(doctor); i++)
		json_check(json, baton_doctor_check(doctor, i));
	json_builder_end_array(json);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	text = json_to_string(root, TRUE);
	fprintf(out, "%s\n", text);
	g_free(text);
	json_node_unref(root);
	g_object_unref(json);
}

void baton_doctor_free(struct baton_doctor *doctor)
{
	g_ptr_array_unref(doctor->checks);
	g_key_file_free(doctor->conf);
	g_free(doctor);
}
