/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* Stores sealed by a key file and by a credential, and the seal itself. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "port/linux/seal.h"
#include "port/linux/store.h"

static char root[] = "/tmp/baton-seal-XXXXXX";
static char dir[64], credential[80];
static struct baton_store *store;

static int setup(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	unsetenv("BATON_TPM");
	strcpy(root + sizeof(root) - 7, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(dir, sizeof(dir), "%s/store", root);
	snprintf(credential, sizeof(credential), "%s/baton-store", root);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	baton_store_close(store);
	store = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static void give_credential(const char *text)
{
	write_file(credential, text, 0600);
	setenv("CREDENTIALS_DIRECTORY", root, 1);
}

static void make(enum baton_seal_method method)
{
	assert_int_equal(baton_store_open_sealed(&store, dir, method), 0);
	assert_int_equal(
		baton_store_put(store, "bond/1", (const uint8_t *)"value", 5),
		0);
	baton_store_close(store);
	store = NULL;
}

static void assert_opens(void)
{
	uint8_t value[8];
	size_t len;

	assert_int_equal(baton_store_open(&store, dir), 0);
	assert_int_equal(baton_store_get(store, "bond/1", value, 8, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(value, "value", 5);
	baton_store_close(store);
	store = NULL;
}

static void assert_shut(int wanted)
{
	errno = 0;
	assert_int_equal(baton_store_open(&store, dir), BATON_ERR_STORE);
	assert_int_equal(errno, wanted);
	assert_true(strlen(baton_store_problem(wanted)) > 30);
}

static enum baton_seal_method looked(void)
{
	enum baton_seal_method method = BATON_SEAL_BEST;

	assert_int_equal(baton_store_look(dir, &method), 0);
	return method;
}

static void without_anything_better_the_key_is_in_a_file(void **state)
{
	char path[80], away[80];
	struct stat st;

	(void)state;
	make(BATON_SEAL_BEST);
	assert_int_equal(looked(), BATON_SEAL_FILE);
	snprintf(path, sizeof(path), "%s/store.key", dir);
	snprintf(away, sizeof(away), "%s/away", root);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_opens();
	assert_int_equal(rename(path, away), 0);
	assert_shut(ENOKEY);
	assert_int_equal(rename(away, path), 0);
	assert_opens();
	assert_int_equal(chmod(path, 0640), 0);
	assert_shut(EPERM);
	write_file(path, "another key, of 32 bytes as well", 0600);
	assert_shut(EKEYREJECTED);
	write_file(path, "short", 0600);
	assert_shut(EBADMSG);
}

static void a_credential_is_better_than_a_file(void **state)
{
	(void)state;
	give_credential("a secret of the service, 30 bytes");
	make(BATON_SEAL_BEST);
	assert_int_equal(looked(), BATON_SEAL_CREDENTIAL);
	assert_opens();
	give_credential("another secret of the service....");
	assert_shut(EKEYREJECTED);
	give_credential("too short");
	assert_shut(ENOKEY);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_shut(ENOKEY);
	give_credential("a secret of the service, 30 bytes");
	assert_opens();
}

static void a_store_stays_with_its_method(void **state)
{
	(void)state;
	make(BATON_SEAL_FILE);
	give_credential("a secret of the service, 30 bytes");
	assert_opens();
	assert_int_equal(looked(), BATON_SEAL_FILE);
}

static void what_was_asked_for_is_not_replaced(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(
		baton_store_open_sealed(&store, dir, BATON_SEAL_CREDENTIAL),
		BATON_ERR_STORE);
	assert_int_equal(errno, ENOKEY);
	assert_int_equal(baton_store_open_sealed(&store, dir, BATON_SEAL_TPM),
			 BATON_ERR_STORE);
	assert_int_equal(errno, ENODEV);
	/* And nothing stands in the way of another one. */
	make(BATON_SEAL_FILE);
	assert_opens();
}

static void without_a_store_there_is_nothing_to_see(void **state)
{
	enum baton_seal_method method;

	(void)state;
	assert_int_equal(baton_store_look(dir, &method), BATON_ERR_NOT_FOUND);
	assert_int_equal(method, BATON_SEAL_FILE);
	give_credential("a secret of the service, 30 bytes");
	assert_int_equal(baton_store_look(dir, &method), BATON_ERR_NOT_FOUND);
	assert_int_equal(method, BATON_SEAL_CREDENTIAL);
	assert_int_equal(access(dir, F_OK), -1);
}

static void a_sealed_value_opens_for_its_key_alone(void **state)
{
	struct baton_seal_record record;
	struct baton_seal *seal;
	uint8_t sealed[2][5 + BATON_SEAL_EXTRA_LEN], value[5];
	size_t bit;

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	seal = baton_seal_new(fd, BATON_SEAL_FILE, &record);
	assert_non_null(seal);
	baton_seal_value(seal, "bond/1", (const uint8_t *)"value", 5,
			 sealed[0]);
	baton_seal_value(seal, "bond/1", (const uint8_t *)"value", 5,
			 sealed[1]);
	assert_memory_not_equal(sealed[0], sealed[1], sizeof(sealed[0]));
	assert_true(baton_seal_open(seal, "bond/1", sealed[0],
				    sizeof(sealed[0]), value));
	assert_memory_equal(value, "value", 5);
	assert_false(baton_seal_open(seal, "bond/2", sealed[0],
				     sizeof(sealed[0]), value));
	for (bit = 0; bit < 8 * sizeof(sealed[0]); bit++) {
		sealed[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(baton_seal_open(seal, "bond/1", sealed[0],
					     sizeof(sealed[0]), value));
		sealed[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_false(baton_seal_open(seal, "bond/1", sealed[0],
				     BATON_SEAL_EXTRA_LEN - 1, value));
	baton_seal_free(seal);
	close(fd);
}

#define SEAL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAL_TEST(without_anything_better_the_key_is_in_a_file),
		SEAL_TEST(a_credential_is_better_than_a_file),
		SEAL_TEST(a_store_stays_with_its_method),
		SEAL_TEST(what_was_asked_for_is_not_replaced),
		SEAL_TEST(without_a_store_there_is_nothing_to_see),
		SEAL_TEST(a_sealed_value_opens_for_its_key_alone),
	};

	/* No TPM that this machine may have. */
	if (!access("/dev/tpmrm0", R_OK | W_OK)) {
		puts("1..0 # SKIP this machine has a TPM of its own");
		return 0;
	}
	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
