/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* Stores sealed by a key file and by a credential, and the seal itself. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/port/sealed.h"

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
	write_file(sealed_path("baton-store"), text, 0600);
	setenv("CREDENTIALS_DIRECTORY", sealed.root, 1);
}

static void without_anything_better_the_key_is_in_a_file(void **state)
{
	char path[80], away[80];
	struct stat st;

	(void)state;
	sealed_make(BATON_SEAL_BEST);
	assert_int_equal(sealed_looked(), BATON_SEAL_FILE);
	strcpy(path, sealed_path("store/store.key"));
	strcpy(away, sealed_path("away"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 32);
	sealed_opens();
	assert_int_equal(rename(path, away), 0);
	sealed_shut(ENOKEY);
	assert_int_equal(rename(away, path), 0);
	sealed_opens();
	assert_int_equal(chmod(path, 0640), 0);
	sealed_shut(EPERM);
	write_file(path, "another key, of 32 bytes as well", 0600);
	sealed_shut(EKEYREJECTED);
	write_file(path, "short", 0600);
	sealed_shut(EBADMSG);
}

static void a_credential_is_better_than_a_file(void **state)
{
	(void)state;
	give_credential("a secret of the service, 30 bytes");
	sealed_make(BATON_SEAL_BEST);
	assert_int_equal(sealed_looked(), BATON_SEAL_CREDENTIAL);
	sealed_opens();
	give_credential("another secret of the service....");
	sealed_shut(EKEYREJECTED);
	give_credential("too short");
	sealed_shut(ENOKEY);
	unsetenv("CREDENTIALS_DIRECTORY");
	sealed_shut(ENOKEY);
	give_credential("a secret of the service, 30 bytes");
	sealed_opens();
}

static void a_store_stays_with_its_method(void **state)
{
	(void)state;
	sealed_make(BATON_SEAL_FILE);
	give_credential("a secret of the service, 30 bytes");
	sealed_opens();
	assert_int_equal(sealed_looked(), BATON_SEAL_FILE);
}

static void what_was_asked_for_is_not_replaced(void **state)
{
	struct baton_store *store;

	(void)state;
	errno = 0;
	assert_int_equal(baton_store_open_sealed(&store, sealed.dir,
						 BATON_SEAL_CREDENTIAL),
			 BATON_ERR_STORE);
	assert_int_equal(errno, ENOKEY);
	assert_int_equal(
		baton_store_open_sealed(&store, sealed.dir, BATON_SEAL_TPM),
		BATON_ERR_STORE);
	assert_int_equal(errno, ENODEV);
	/* And nothing stands in the way of another one. */
	sealed_make(BATON_SEAL_FILE);
	sealed_opens();
}

static void without_a_store_there_is_nothing_to_see(void **state)
{
	enum baton_seal_method method;

	(void)state;
	assert_int_equal(baton_store_look(sealed.dir, &method),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(method, BATON_SEAL_FILE);
	give_credential("a secret of the service, 30 bytes");
	assert_int_equal(baton_store_look(sealed.dir, &method),
			 BATON_ERR_NOT_FOUND);
	assert_int_equal(method, BATON_SEAL_CREDENTIAL);
	assert_int_equal(access(sealed.dir, F_OK), -1);
}

static void a_sealed_value_opens_for_its_key_alone(void **state)
{
	struct baton_seal_record record;
	struct baton_seal *seal;
	uint8_t box[2][5 + BATON_SEAL_EXTRA_LEN], value[5];
	size_t bit;

	(void)state;
	assert_int_equal(mkdir(sealed.dir, 0700), 0);
	int fd = open(sealed.dir, O_RDONLY | O_DIRECTORY);

	seal = baton_seal_new(fd, BATON_SEAL_FILE, &record);
	assert_non_null(seal);
	baton_seal_value(seal, "bond/1", (const uint8_t *)"value", 5, box[0]);
	baton_seal_value(seal, "bond/1", (const uint8_t *)"value", 5, box[1]);
	assert_memory_not_equal(box[0], box[1], sizeof(box[0]));
	assert_true(
		baton_seal_open(seal, "bond/1", box[0], sizeof(box[0]), value));
	assert_memory_equal(value, "value", 5);
	assert_false(
		baton_seal_open(seal, "bond/2", box[0], sizeof(box[0]), value));
	for (bit = 0; bit < 8 * sizeof(box[0]); bit++) {
		box[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(baton_seal_open(seal, "bond/1", box[0],
					     sizeof(box[0]), value));
		box[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_false(baton_seal_open(seal, "bond/1", box[0],
				     BATON_SEAL_EXTRA_LEN - 1, value));
	baton_seal_free(seal);
	close(fd);
}

#define SEAL_TEST(f) \
	cmocka_unit_test_setup_teardown(f, sealed_setup, sealed_teardown)

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
