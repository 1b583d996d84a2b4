/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* Stores sealed by a TPM, which is swtpm here. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

#include "tests/port/sealed.h"

static char name[64];
static pid_t swtpm;
static uint16_t port;

static bool listens(uint16_t at)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons(at),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool yes = !connect(fd, (struct sockaddr *)&addr, sizeof(addr));

	close(fd);
	return yes;
}

static uint16_t free_port(void)
{
	uint16_t at = (uint16_t)(20000 + getpid() % 20000 / 2 * 2);

	while (listens(at) || listens((uint16_t)(at + 1)))
		at = (uint16_t)(at + 2);
	return at;
}

static void stop_tpm(void)
{
	if (!swtpm)
		return;
	kill(swtpm, SIGTERM);
	waitpid(swtpm, NULL, 0);
	swtpm = 0;
}

/* The TPM whose state is of that name: made, or switched on again. */
static void start_tpm(const char *state)
{
	char server[40], control[40], tpmstate[80];
	int i;

	stop_tpm();
	strcpy(tpmstate, sealed_path(state));
	mkdir(tpmstate, 0700);
	port = free_port();
	snprintf(server, sizeof(server), "type=tcp,port=%u", port);
	snprintf(control, sizeof(control), "type=tcp,port=%u", port + 1);
	memmove(tpmstate + 4, tpmstate, strlen(tpmstate) + 1);
	memcpy(tpmstate, "dir=", 4);
	swtpm = fork();
	if (!swtpm) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate",
		       tpmstate, "--server", server, "--ctrl", control,
		       "--flags", "not-need-init,startup-clear", NULL);
		_exit(127);
	}
	snprintf(name, sizeof(name), "swtpm:host=127.0.0.1,port=%u", port);
	setenv("BATON_TPM", name, 1);
	for (i = 0; i < 500 && !listens((uint16_t)(port + 1)); i++)
		usleep(10000);
}

static int setup(void **state)
{
	if (sealed_setup(state))
		return -1;
	start_tpm("a");
	return 0;
}

static int teardown(void **state)
{
	stop_tpm();
	return sealed_teardown(state);
}

/* What the owner of the TPM does to it. */
static void with_tpm(TSS2_RC (*act)(ESYS_CONTEXT *esys))
{
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;

	assert_int_equal(Tss2_TctiLdr_Initialize(name, &tcti), 0);
	assert_int_equal(Esys_Initialize(&esys, tcti, NULL), 0);
	assert_int_equal(act(esys), 0);
	Esys_Finalize(&esys);
	Tss2_TctiLdr_Finalize(&tcti);
}

static TSS2_RC act_clear(ESYS_CONTEXT *esys)
{
	return Esys_Clear(esys, ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD,
			  ESYS_TR_NONE, ESYS_TR_NONE);
}

/* No try at all is allowed: locked out until this is undone. */
static TSS2_RC act_lock_out(ESYS_CONTEXT *esys)
{
	return Esys_DictionaryAttackParameters(esys, ESYS_TR_RH_LOCKOUT,
					       ESYS_TR_PASSWORD, ESYS_TR_NONE,
					       ESYS_TR_NONE, 0, 100000, 100000);
}

static TSS2_RC act_set_owner(ESYS_CONTEXT *esys)
{
	const TPM2B_AUTH password = {.size = 4, .buffer = "pass"};

	return Esys_HierarchyChangeAuth(esys, ESYS_TR_RH_OWNER,
					ESYS_TR_PASSWORD, ESYS_TR_NONE,
					ESYS_TR_NONE, &password);
}

static TSS2_RC act_shut_owner(ESYS_CONTEXT *esys)
{
	return Esys_HierarchyControl(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
				     ESYS_TR_NONE, ESYS_TR_NONE,
				     ESYS_TR_RH_OWNER, TPM2_NO);
}

static void a_tpm_is_the_first_choice(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	assert_int_equal(sealed_looked(), BATON_SEAL_TPM);
	/* Nothing beside the database that would open it. */
	assert_int_equal(access(sealed_path("store/store.key"), F_OK), -1);
	sealed_opens();
}

static void it_opens_after_a_reboot(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	start_tpm("a");
	sealed_opens();
}

static void without_its_tpm_a_copy_opens_nothing(void **state)
{
	enum baton_seal_method method;
	char command[500];

	(void)state;
	sealed_make(BATON_SEAL_BEST);
	stop_tpm();
	assert_int_equal(baton_store_look(sealed.dir, &method),
			 BATON_ERR_STORE);
	assert_int_equal(method, BATON_SEAL_TPM);
	assert_int_equal(errno, ENODEV);
	snprintf(command, sizeof(command),
		 "cp -a '%s' '%s.copy' && rm -rf '%s' && mv '%s.copy' '%s'",
		 sealed.dir, sealed.dir, sealed.dir, sealed.dir, sealed.dir);
	assert_int_equal(system(command), 0);
	sealed_shut(ENODEV);
	unsetenv("BATON_TPM");
	sealed_shut(ENODEV);
}

static void another_tpm_does_not_open_it_and_spoils_nothing(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	start_tpm("b");
	sealed_shut(EKEYREJECTED);
	start_tpm("a");
	sealed_opens();
}

static void a_cleared_tpm_does_not_open_it(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	with_tpm(act_clear);
	sealed_shut(EKEYREJECTED);
}

/* The key has no password, so that nobody can shut us out by guessing one. */
static void a_lockout_does_not_keep_it_shut(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	with_tpm(act_lock_out);
	sealed_opens();
}

static void an_owner_with_a_password_is_told(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	with_tpm(act_set_owner);
	sealed_shut(EKEYREVOKED);
}

static void an_owner_who_shuts_the_tpm_is_told(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_BEST);
	with_tpm(act_shut_owner);
	sealed_shut(EKEYREVOKED);
	/* Until the next start. */
	start_tpm("a");
	sealed_opens();
}

static void a_tpm_that_cannot_does_not_stop_a_new_store(void **state)
{
	(void)state;
	with_tpm(act_set_owner);
	sealed_make(BATON_SEAL_BEST);
	assert_int_equal(sealed_looked(), BATON_SEAL_FILE);
	sealed_opens();
}

#define TPM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TPM_TEST(a_tpm_is_the_first_choice),
		TPM_TEST(it_opens_after_a_reboot),
		TPM_TEST(without_its_tpm_a_copy_opens_nothing),
		TPM_TEST(another_tpm_does_not_open_it_and_spoils_nothing),
		TPM_TEST(a_cleared_tpm_does_not_open_it),
		TPM_TEST(a_lockout_does_not_keep_it_shut),
		TPM_TEST(an_owner_with_a_password_is_told),
		TPM_TEST(an_owner_who_shuts_the_tpm_is_told),
		TPM_TEST(a_tpm_that_cannot_does_not_stop_a_new_store),
	};

	if (system("swtpm --version >/dev/null 2>&1")) {
		puts("1..0 # SKIP swtpm is not installed");
		return 0;
	}
	return cmocka_run_group_tests_name("seal tpm", tests, NULL, NULL);
}
