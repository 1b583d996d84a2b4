/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "gatt/central.h"
#include "gatt/doctor.h"
#include "gatt/peripheral.h"
#include "tests/dbus/log.h"
#include "tests/support/folder.h"

/* Both roles, with what is not there: one clear line each. */
static void assert_failed(const struct baton_gatt_options *options,
			  const char *text)
{
	for (int role = 0; role < 2; role++) {
		struct log log;

		log_init(&log);
		log.bearer = role ? baton_gatt_central_new(options, &log_events,
							   &log)
				  : baton_gatt_peripheral_new(
					    options, &log_events, &log);
		assert_null(log.failed);
		MOCK_UNTIL(log.failed);
		if (!strstr(log.failed, text))
			print_error("%s\n", log.failed);
		assert_non_null(strstr(log.failed, text));
		assert_null(strchr(log.failed, '\n'));
		assert_int_equal(log_send(&log, "x"), BATON_ERR_CLOSED);
		log_end(&log);
	}
}

static void without_a_bus_it_says_so(void **state)
{
	char *address = g_strdup(g_getenv("DBUS_SYSTEM_BUS_ADDRESS"));

	(void)state;
	g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
	assert_failed(NULL, "no D-Bus system bus");
	g_setenv("DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
	g_free(address);
}

static void without_bluetoothd_it_says_so(void **state)
{
	(void)state;
	assert_failed(NULL, "bluetoothd is not running");
}

static void without_an_adapter_it_says_so(void **state)
{
	struct mock_options options = {.no_adapter = true};
	struct mock *mock = mock_new(&options);

	(void)state;
	assert_failed(NULL, "no Bluetooth adapter on this machine");
	mock_free(mock);
}

static void a_wrong_adapter_is_named_with_those_there(void **state)
{
	struct baton_gatt_options options = {.adapter = "hci7"};
	struct mock *mock = mock_new(NULL);

	(void)state;
	assert_failed(&options, "no Bluetooth adapter 'hci7' here: name one of "
				"hci");
	mock_free(mock);
}

static void an_adapter_that_stays_off_is_told(void **state)
{
	struct mock_options options = {.unpowered = true};
	struct mock *mock = mock_new(&options);

	(void)state;
	assert_failed(NULL, "the Bluetooth adapter is off");
	mock_free(mock);
}

static void where_the_first_adapter_stays_off_another_serves(void **state)
{
	struct mock_options options = {.blocked = true};
	struct mock *mock = mock_new(&options);
	struct log log;

	(void)state;
	log_init(&log);
	log.bearer = baton_gatt_peripheral_new(NULL, &log_events, &log);
	MOCK_UNTIL(mock->advertising || log.failed);
	assert_null(log.failed);
	log_end(&log);
	mock_free(mock);
}

static void closing_before_the_loop_runs_is_fine(void **state)
{
	struct log log;

	(void)state;
	log_init(&log);
	log.bearer = baton_gatt_peripheral_new(NULL, &log_events, &log);
	log_end(&log);
	log_init(&log);
	log.bearer = baton_gatt_central_new(NULL, &log_events, &log);
	log_end(&log);
}

/* A bus that can start bluetoothd: a program that only says it was asked. */
static const char *folder_of_services(char **asked)
{
	const char *folder = folder_make();
	char *path = g_build_filename(folder, "org.bluez.service", NULL);
	char *text;

	*asked = g_build_filename(folder, "asked", NULL);
	text = g_strdup_printf("[D-BUS Service]\nName=org.bluez\n"
			       "Exec=/bin/mkdir %s\n",
			       *asked);
	g_file_set_contents(path, text, -1, NULL);
	g_free(text);
	g_free(path);
	return folder;
}

static bool there_is(const char *path)
{
	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* It crashes, or, in good order, its adapter is off before. */
static void lose_bluetoothd(struct log *log, bool in_order)
{
	struct mock *mock = mock_new(NULL);

	log_init(log);
	log->bearer = baton_gatt_peripheral_new(NULL, &log_events, log);
	MOCK_UNTIL(mock->advertising);
	if (in_order) {
		mock_off(mock);
		mock_wait(100);
	}
	mock_free(mock);
}

static void a_bluetoothd_that_crashed_is_asked_for(void **state)
{
	struct log log;
	char *asked;
	const char *folder = folder_of_services(&asked);

	(void)state;
	mock_bus_stop();
	mock_bus_start(folder);
	lose_bluetoothd(&log, true);
	mock_wait(2000);
	assert_false(there_is(asked));
	log_end(&log);
	lose_bluetoothd(&log, false);
	MOCK_UNTIL(there_is(asked));
	assert_null(log.failed);
	log_end(&log);
	mock_bus_stop();
	mock_bus_start(NULL);
	g_free(asked);
}

static const struct baton_doctor_check *check(struct baton_doctor *doctor,
					      const char *name)
{
	for (size_t i = 0; i < baton_doctor_count(doctor); i++) {
		if (!strcmp(baton_doctor_check(doctor, i)->name, name))
			return baton_doctor_check(doctor, i);
	}
	fail_msg("no check '%s'", name);
	return NULL;
}

/* A folder with one file. */
static const char *folder_with(const char *name, const char *text)
{
	const char *folder = folder_make();
	char *path = g_build_filename(folder, name, NULL);
	char *parent = g_path_get_dirname(path);

	g_mkdir_with_parents(parent, 0700);
	g_file_set_contents(path, text, -1, NULL);
	g_free(parent);
	g_free(path);
	return folder;
}

static void the_doctor_finds_what_is_wrong(void **state)
{
	const char *etc =
		folder_with("main.conf", "[General]\nControllerMode=dual\n"
					 "Privacy = device\n"
					 "[GATT]\nChannels=1\n");
	struct baton_doctor_places places = {
		.etc = etc, .sys = "/nonexistent", .kernel = "4.9.1"};
	struct baton_doctor *doctor = baton_doctor_new(&places);

	(void)state;
	assert_int_equal(check(doctor, "kernel")->verdict, BATON_DOCTOR_WARN);
	assert_int_equal(check(doctor, "rfkill")->verdict, BATON_DOCTOR_OK);
	assert_int_equal(check(doctor, "bus")->verdict, BATON_DOCTOR_OK);
	assert_int_equal(check(doctor, "bluetoothd")->verdict,
			 BATON_DOCTOR_FAIL);
	assert_int_equal(check(doctor, "controller-mode")->verdict,
			 BATON_DOCTOR_WARN);
	assert_int_equal(check(doctor, "channels")->verdict, BATON_DOCTOR_OK);
	assert_int_equal(check(doctor, "privacy")->verdict, BATON_DOCTOR_OK);
	assert_int_equal(check(doctor, "reverse-discovery")->verdict,
			 BATON_DOCTOR_WARN);
	assert_int_equal(baton_doctor_verdict(doctor), BATON_DOCTOR_FAIL);
	for (size_t i = 0; i < baton_doctor_count(doctor); i++)
		assert_int_equal(!baton_doctor_check(doctor, i)->advice,
				 baton_doctor_check(doctor, i)->verdict ==
					 BATON_DOCTOR_OK);
	baton_doctor_free(doctor);
}

static void the_doctor_knows_the_kernel_that_crashes(void **state)
{
	static const struct {
		const char *kernel, *conf;
		enum baton_doctor_verdict verdict;
	} table[] = {
		{"6.1.0-56-amd64", "[GATT]\n", BATON_DOCTOR_WARN},
		{"6.1.0-56-amd64", "[GATT]\nChannels = 3\n", BATON_DOCTOR_WARN},
		{"6.1.0-56-amd64", "[GATT]\nChannels = 1\n", BATON_DOCTOR_OK},
		{"6.12.9", "[GATT]\n", BATON_DOCTOR_OK},
		{"5.10.0", "[GATT]\n", BATON_DOCTOR_OK},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		const char *etc = folder_with("main.conf", table[i].conf);
		struct baton_doctor_places places = {.etc = etc,
						     .kernel = table[i].kernel};
		struct baton_doctor *doctor = baton_doctor_new(&places);

		assert_int_equal(check(doctor, "kernel")->verdict,
				 table[i].verdict);
		baton_doctor_free(doctor);
	}
}

/* Beside a mock that answers in this thread. */
static gpointer examine(gpointer places)
{
	return baton_doctor_new(places);
}

static struct baton_doctor *examine_beside(const struct mock_options *options,
					   struct baton_doctor_places *places)
{
	struct mock *mock = mock_new(options);
	GThread *thread = g_thread_new("doctor", examine, places);
	struct baton_doctor *doctor;

	mock_wait(1000);
	doctor = g_thread_join(thread);
	mock_free(mock);
	return doctor;
}

/* Two that the machine can block, and the soft and the hard block of each. */
static const char *folder_of_radios(const char *const blocks[4])
{
	static const char *const names[] = {"rfkill0/soft", "rfkill0/hard",
					    "rfkill1/soft", "rfkill1/hard",
					    "rfkill0/type", "rfkill1/type"};
	const char *sys = folder_make();

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path =
			g_build_filename(sys, "class/rfkill", names[i], NULL);
		char *parent = g_path_get_dirname(path);

		g_mkdir_with_parents(parent, 0700);
		g_file_set_contents(path, i < 4 ? blocks[i] : "bluetooth\n", -1,
				    NULL);
		g_free(parent);
		g_free(path);
	}
	return sys;
}

static enum baton_doctor_verdict worst(struct baton_doctor *doctor,
				       const char *name)
{
	enum baton_doctor_verdict worst = BATON_DOCTOR_OK;

	for (size_t i = 0; i < baton_doctor_count(doctor); i++) {
		if (!strcmp(baton_doctor_check(doctor, i)->name, name))
			worst = MAX(worst,
				    baton_doctor_check(doctor, i)->verdict);
	}
	return worst;
}

/* The bearer takes one that is on. */
static void the_doctor_minds_no_adapter_beside_one_that_serves(void **state)
{
	static const struct {
		bool blocked, unpowered;
		const char *blocks[4];
		enum baton_doctor_verdict rfkill, adapter, all;
	} table[] = {
		{false,
		 false,
		 {"0\n", "0\n", "0\n", "0\n"},
		 BATON_DOCTOR_OK,
		 BATON_DOCTOR_OK,
		 BATON_DOCTOR_WARN},
		{true,
		 false,
		 {"0\n", "1\n", "0\n", "0\n"},
		 BATON_DOCTOR_WARN,
		 BATON_DOCTOR_WARN,
		 BATON_DOCTOR_WARN},
		{false,
		 true,
		 {"0\n", "1\n", "1\n", "0\n"},
		 BATON_DOCTOR_FAIL,
		 BATON_DOCTOR_FAIL,
		 BATON_DOCTOR_FAIL},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		struct mock_options options = {.blocked = table[i].blocked,
					       .unpowered = table[i].unpowered};
		struct baton_doctor_places places = {
			.etc = "/nonexistent",
			.sys = folder_of_radios(table[i].blocks),
			.kernel = "6.12.9"};
		struct baton_doctor *doctor = examine_beside(&options, &places);

		assert_int_equal(worst(doctor, "rfkill"), table[i].rfkill);
		assert_int_equal(worst(doctor, "adapter"), table[i].adapter);
		assert_int_equal(baton_doctor_verdict(doctor), table[i].all);
		baton_doctor_free(doctor);
	}
}

static void the_doctor_sees_a_blocked_radio(void **state)
{
	const char *sys =
		folder_with("class/rfkill/rfkill0/type", "bluetooth\n");
	char *soft = g_build_filename(sys, "class/rfkill/rfkill0/soft", NULL);
	struct baton_doctor_places places = {.sys = sys};
	struct baton_doctor *doctor;

	(void)state;
	g_file_set_contents(soft, "1\n", -1, NULL);
	doctor = baton_doctor_new(&places);
	assert_int_equal(check(doctor, "rfkill")->verdict, BATON_DOCTOR_FAIL);
	assert_non_null(strstr(check(doctor, "rfkill")->advice, "rfkill"));
	baton_doctor_free(doctor);
	g_free(soft);
}

/* What it finds of us in memory is looked at under AddressSanitizer. */
static void closing_at_any_moment_is_fine(void **state)
{
	struct mock *mock = mock_new(NULL);
	struct log log;

	(void)state;
	for (unsigned int i = 0; i < 60; i++) {
		log_init(&log);
		log.bearer = baton_gatt_peripheral_new(NULL, &log_events, &log);
		for (unsigned int j = 0; j < i; j++)
			mock_iterate();
		log_end(&log);
	}
	mock_free(mock);
}

static void bluetoothd_may_go_at_any_moment(void **state)
{
	struct mock *mock = mock_new(NULL);
	struct log log;

	(void)state;
	log_init(&log);
	log.bearer = baton_gatt_peripheral_new(NULL, &log_events, &log);
	MOCK_UNTIL(mock->advertising);
	for (unsigned int i = 0; i < 60; i++) {
		mock_free(mock);
		for (unsigned int j = 0; j < i % 7; j++)
			mock_iterate();
		mock = mock_new(NULL);
		for (unsigned int j = 0; j < i; j++)
			mock_iterate();
	}
	MOCK_UNTIL(mock->advertising);
	assert_null(log.failed);
	log_end(&log);
	mock_free(mock);
}

/* It has the name, and answers nothing that is asked of it. */
static void a_bluetoothd_that_refuses_later_is_asked_again(void **state)
{
	struct mock *mock = mock_new(NULL);
	GDBusConnection *mute;
	struct log log;
	guint name;

	(void)state;
	log_init(&log);
	log.bearer = baton_gatt_peripheral_new(NULL, &log_events, &log);
	MOCK_UNTIL(mock->advertising);
	mock_free(mock);
	mute = g_dbus_connection_new_for_address_sync(
		g_getenv("DBUS_SYSTEM_BUS_ADDRESS"),
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, NULL, NULL);
	name = g_bus_own_name_on_connection(mute, "org.bluez",
					    G_BUS_NAME_OWNER_FLAGS_NONE, NULL,
					    NULL, NULL, NULL);
	mock_wait(300);
	assert_null(log.failed);
	g_bus_unown_name(name);
	g_dbus_connection_close_sync(mute, NULL, NULL);
	g_object_unref(mute);
	mock = mock_new(NULL);
	MOCK_UNTIL(mock->advertising);
	log_end(&log);
	mock_free(mock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_bus_it_says_so),
		cmocka_unit_test(without_bluetoothd_it_says_so),
		cmocka_unit_test(without_an_adapter_it_says_so),
		cmocka_unit_test(a_wrong_adapter_is_named_with_those_there),
		cmocka_unit_test(an_adapter_that_stays_off_is_told),
		cmocka_unit_test(
			where_the_first_adapter_stays_off_another_serves),
		cmocka_unit_test(closing_before_the_loop_runs_is_fine),
		cmocka_unit_test(closing_at_any_moment_is_fine),
		cmocka_unit_test(bluetoothd_may_go_at_any_moment),
		cmocka_unit_test(
			a_bluetoothd_that_refuses_later_is_asked_again),
		cmocka_unit_test(a_bluetoothd_that_crashed_is_asked_for),
		cmocka_unit_test(the_doctor_finds_what_is_wrong),
		cmocka_unit_test(the_doctor_knows_the_kernel_that_crashes),
		cmocka_unit_test(
			the_doctor_minds_no_adapter_beside_one_that_serves),
		cmocka_unit_test(the_doctor_sees_a_blocked_radio),
	};
	int failed;

	mock_bus_start(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	mock_bus_stop();
	return failed;
}
