/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/*
 * What two devices keep of what is over: nothing. Two endpoints with the store of
 * Linux hand over a state, an item, a value and a file, end each of them in every
 * way there is, and then the database, its journal and their memory are searched:
 * for what was handed over, and for the values, as sealed, that held it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "port/linux/store.h"
#include "tests/port/disk.h"
#include "tests/port/fault_vfs.h"
#include "tests/support/duo.h"
#include "tests/support/folder.h"

#define NOTES 0
#define LEASE_MS 60000
#define PIECE 16 /* bytes that nothing else has by chance */
#define SECRET_LEN 96
#define SEALED_MAX (BATON_STORE_VALUE_MAX + 64)
#define WRITTEN 512
#define OK(call) assert_int_equal(call, BATON_OK)

static const uint8_t id[BATON_ACTIVITY_ID_LEN] = {1, 2, 3};
static const uint8_t file_id[BATON_FILE_ID_LEN] = "a file";

/* A value that was stored: as the endpoint gave it, and as it was on disk. */
struct written {
	enum baton_role role;
	char key[BATON_STORE_KEY_MAX];
	uint8_t given[BATON_STORE_VALUE_MAX], sealed[SEALED_MAX];
	size_t given_len, sealed_len;
	bool gone; /* deleted or replaced */
};

static struct duo *duo;
static char dir[2][FOLDER_MAX + 4];
static struct baton_store *store[2];
static struct written written[WRITTEN];
static size_t writes;
static uint8_t secret[SECRET_LEN];
static unsigned int told[2][BATON_HANDOFF_TOKEN + 1];
static unsigned int file_told[2][BATON_FILE_STORE_FAILED + 1];
static unsigned int items, contexts, revoked[2];
static uint32_t item_number;

/* ---- What is on the disk ---- */

/* Zeros and the like are everywhere. */
static bool is_plain(const uint8_t *piece)
{
	size_t i, same = 0;

	for (i = 1; i < PIECE; i++)
		same += piece[i] == piece[i - 1];
	return same >= PIECE / 2;
}

static bool has_piece(const void *bytes, size_t size, const uint8_t *what,
		      size_t len)
{
	size_t i;

	for (i = 0; i + PIECE <= len; i += PIECE)
		if (!is_plain(what + i) && memmem(bytes, size, what + i, PIECE))
			return true;
	return false;
}

/* Whether a piece is in the database of a device, or beside it. */
static bool is_on_disk(int role, const uint8_t *what, size_t len)
{
	static const char *const names[] = {"store.db", "store.db-journal",
					    "store.db-wal", "store.db-shm"};
	bool found = false;
	char path[96], *bytes;
	size_t i, size;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir[role], names[i]);
		bytes = disk_read(path, &size);
		found |= has_piece(bytes, size, what, len);
		free(bytes);
	}
	return found;
}

static bool is_in_memory(int role, const uint8_t *what, size_t len)
{
	const struct duo_end *end = &duo->end[role];

	return has_piece(&end->endpoint, sizeof(end->endpoint), what, len) ||
	       has_piece(end->memory, end->endpoint.memory_len, what, len);
}

static size_t read_sealed(int role, const char *key, uint8_t *out)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/store.db", dir[role]);
	return disk_sealed(path, key, out, SEALED_MAX);
}

static void on_store(struct duo *d, enum baton_role role,
		     const struct baton_store_op *op)
{
	const struct baton_store_write *write;
	struct written *w;
	size_t i, j;

	(void)d;
	OK(baton_store_apply(store[role], op));
	for (i = 0; i < op->count; i++) {
		write = &op->write[i];
		for (j = 0; j < writes; j++)
			if (written[j].role == role &&
			    strcmp(written[j].key, write->key) == 0)
				written[j].gone = true;
		if (write->kind == BATON_STORE_DELETE)
			continue;
		assert_true(writes < WRITTEN);
		w = &written[writes++];
		memset(w, 0, sizeof(*w));
		w->role = role;
		strcpy(w->key, write->key);
		memcpy(w->given, write->value, write->value_len);
		w->given_len = write->value_len;
		w->sealed_len = read_sealed(role, w->key, w->sealed);
		assert_true(w->sealed_len > 0);
	}
}

/* What is stored now is found, or the search would show nothing. */
static void look(bool is_over)
{
	size_t live = 0, gone = 0, i;
	const struct written *w;
	int role;

	for (role = 0; role < 2; role++) {
		assert_false(is_on_disk(role, secret, sizeof(secret)));
		if (is_over)
			assert_false(
				is_in_memory(role, secret, sizeof(secret)));
	}
	for (i = 0; i < writes; i++) {
		w = &written[i];
		/* As the endpoint sealed it, the store seals it once more. */
		if (is_on_disk(w->role, w->given, w->given_len))
			fail_msg("%s is on the disk of %d as it was given",
				 w->key, (int)w->role);
		if (!w->gone) {
			live++;
			assert_true(
				is_on_disk(w->role, w->sealed, w->sealed_len));
			continue;
		}
		gone++;
		if (is_on_disk(w->role, w->sealed, w->sealed_len))
			fail_msg("what was stored as %s is on the disk of %d",
				 w->key, (int)w->role);
		/* Of others parts stay: an id, a role. */
		if (strncmp(w->key, "app/", 4) == 0 &&
		    is_in_memory((int)w->role, w->given, w->given_len))
			fail_msg("what was stored as %s is in the memory of %d",
				 w->key, (int)w->role);
	}
	assert_true(is_over ? gone > 0 : live > 0);
}

/* ---- Two devices ---- */

static uint64_t clock_of(int role)
{
	return duo_clock(duo, (enum baton_role)role);
}

static struct baton_handoff *handoff(int role)
{
	return baton_endpoint_handoff(&duo->end[role].endpoint, 0);
}

static struct baton_files *files(int role)
{
	return baton_endpoint_files(&duo->end[role].endpoint, 0, NOTES);
}

static void take_delivery(enum baton_role role,
			  const struct baton_delivery_event *event)
{
	if (event->type == BATON_DELIVERY_QUEUE &&
	    event->u.queue.type == BATON_QUEUE_ITEM) {
		assert_memory_equal(event->u.queue.bytes, secret,
				    event->u.queue.len);
		item_number = event->u.queue.number;
		items++;
	}
	if (event->type == BATON_DELIVERY_CONTEXT && role == BATON_PHONE)
		contexts++;
}

static void on_event(struct duo *d, enum baton_role role,
		     const struct baton_endpoint_event *event)
{
	(void)d;
	switch (event->type) {
	case BATON_ENDPOINT_HANDOFF:
		told[role][event->u.handoff.type]++;
		break;
	case BATON_ENDPOINT_DELIVERY:
		take_delivery(role, &event->u.delivery);
		break;
	case BATON_ENDPOINT_FILE:
		file_told[role][event->u.file.type]++;
		break;
	case BATON_ENDPOINT_REVOKED:
		revoked[role]++;
		break;
	case BATON_ENDPOINT_SESSION:
	case BATON_ENDPOINT_LIFECYCLE:
	case BATON_ENDPOINT_STREAM:
		break;
	}
}

static int setup(void **state)
{
	const char *root = folder_make();
	size_t i;
	int role;

	(void)state;
	memset(&fault, 0, sizeof(fault));
	fault.no_sync = true; /* what is on the disk is the same */
	for (role = 0; role < 2; role++) {
		snprintf(dir[role], sizeof(dir[role]), "%s/%d", root, role);
		if (baton_store_open(&store[role], dir[role]))
			return -1;
	}
	memset(told, 0, sizeof(told));
	memset(file_told, 0, sizeof(file_told));
	memset(revoked, 0, sizeof(revoked));
	writes = 0;
	items = 0;
	contexts = 0;
	duo = calloc(1, sizeof(*duo));
	duo_init(duo, 1);
	duo->on_event = on_event;
	duo->on_store = on_store;
	for (i = 0; i < sizeof(secret); i++)
		secret[i] = (uint8_t)duo_random(duo);
	return duo_bond(duo) ? 0 : -1;
}

static int teardown(void **state)
{
	int role;

	(void)state;
	duo_free(duo);
	free(duo);
	for (role = 0; role < 2; role++)
		baton_store_close(store[role]);
	return 0;
}

static void wait_ms(uint64_t ms)
{
	(void)duo_run(duo, NULL, ms);
}

/* Here it is, in memory and stored. */
static void is_here(int role)
{
	assert_true(is_in_memory(role, secret, sizeof(secret)));
	look(false);
}

static void revoke_bond(void)
{
	OK(baton_endpoint_revoke(&duo->end[BATON_WATCH].endpoint, 0,
				 clock_of(BATON_WATCH)));
	wait_ms(5000);
	assert_int_equal(revoked[BATON_WATCH], 1);
	assert_int_equal(revoked[BATON_PHONE], 1);
}

/* ---- A state ---- */

static void begin_state(int role)
{
	OK(baton_handoff_begin(handoff(role), NOTES, id, secret, sizeof(secret),
			       clock_of(role)));
	wait_ms(1000);
	is_here(role);
}

static void offer_state(int from)
{
	OK(baton_handoff_offer(handoff(from), NOTES, id,
			       from == BATON_PHONE ? LEASE_MS : 0, 1, NULL, 0,
			       clock_of(from)));
	wait_ms(1000);
	assert_int_equal(told[1 - from][BATON_HANDOFF_OFFERED], 1);
}

static void hand_over_state(int from)
{
	offer_state(from);
	OK(baton_handoff_accept(handoff(1 - from), NOTES, id, 1,
				clock_of(1 - from)));
	wait_ms(1000);
	assert_int_equal(told[from][BATON_HANDOFF_FREEZE], 1);
	OK(baton_handoff_state(handoff(from), NOTES, id, secret, sizeof(secret),
			       clock_of(from)));
	wait_ms(1000);
	assert_int_equal(told[1 - from][BATON_HANDOFF_ADOPTED], 1);
	is_here(1 - from);
}

static void finish_state(int role)
{
	OK(baton_handoff_finish(handoff(role), NOTES, id, clock_of(role)));
	wait_ms(5000);
	assert_int_equal(told[role][BATON_HANDOFF_FINISHED], 1);
}

static void a_state_that_was_given_is_gone_from_the_giver(void **state)
{
	(void)state;
	begin_state(BATON_WATCH);
	hand_over_state(BATON_WATCH);
	assert_false(is_in_memory(BATON_WATCH, secret, sizeof(secret)));
	/* What the phone has is the phone's. */
	look(false);
	finish_state(BATON_PHONE);
	look(true);
}

static void a_state_whose_lease_is_over_is_gone_from_the_watch(void **state)
{
	(void)state;
	begin_state(BATON_PHONE);
	hand_over_state(BATON_PHONE);
	duo_down(duo);
	wait_ms(2 * LEASE_MS);
	assert_int_equal(told[BATON_WATCH][BATON_HANDOFF_LEASE_OVER], 1);
	assert_false(is_in_memory(BATON_WATCH, secret, sizeof(secret)));
	look(false);
	finish_state(BATON_PHONE);
	look(true);
}

static void a_state_that_was_cancelled_is_gone_from_the_other(void **state)
{
	(void)state;
	begin_state(BATON_PHONE);
	offer_state(BATON_PHONE);
	OK(baton_handoff_accept(handoff(BATON_WATCH), NOTES, id, 1,
				clock_of(BATON_WATCH)));
	while (told[BATON_PHONE][BATON_HANDOFF_FREEZE] == 0)
		wait_ms(1);
	OK(baton_handoff_state(handoff(BATON_PHONE), NOTES, id, secret,
			       sizeof(secret), clock_of(BATON_PHONE)));
	(void)duo_turn(duo);
	(void)!baton_handoff_cancel(handoff(BATON_PHONE), NOTES, id,
				    clock_of(BATON_PHONE));
	/* Whoever has it in the end ends it. */
	wait_ms(2 * LEASE_MS);
	look(false);
	finish_state(BATON_PHONE);
	look(true);
}

static void a_state_of_a_revoked_bond_is_gone_from_both(void **state)
{
	(void)state;
	begin_state(BATON_PHONE);
	hand_over_state(BATON_PHONE);
	revoke_bond();
	look(true);
}

/* ---- An item ---- */

static void put_item(void)
{
	uint32_t number;

	OK(baton_queue_put(
		baton_endpoint_queue(&duo->end[BATON_WATCH].endpoint, 0, NOTES),
		secret, sizeof(secret), &number, clock_of(BATON_WATCH)));
}

static void an_item_that_was_dealt_with_is_gone_from_both(void **state)
{
	(void)state;
	duo_down(duo);
	put_item();
	wait_ms(1000);
	is_here(BATON_WATCH);
	duo_up(duo);
	wait_ms(5000);
	assert_int_equal(items, 1);
	is_here(BATON_PHONE);
	OK(baton_queue_done(
		baton_endpoint_queue(&duo->end[BATON_PHONE].endpoint, 0, NOTES),
		item_number, clock_of(BATON_PHONE)));
	wait_ms(5000);
	look(true);
}

static void an_item_of_a_revoked_bond_is_gone_from_both(void **state)
{
	(void)state;
	put_item();
	wait_ms(5000);
	is_here(BATON_PHONE);
	revoke_bond();
	look(true);
}

/* ---- A value ---- */

static void set_context(const uint8_t *bytes, size_t len)
{
	OK(baton_context_set(baton_endpoint_context(
				     &duo->end[BATON_WATCH].endpoint, 0, NOTES),
			     bytes, len, clock_of(BATON_WATCH)));
	wait_ms(5000);
}

static void a_value_that_was_replaced_is_gone_from_both(void **state)
{
	(void)state;
	set_context(secret, sizeof(secret));
	assert_true(contexts > 0);
	is_here(BATON_WATCH);
	is_here(BATON_PHONE);
	set_context((const uint8_t *)"another", 7);
	look(true);
}

static void a_value_of_a_revoked_bond_is_gone_from_both(void **state)
{
	(void)state;
	set_context(secret, sizeof(secret));
	is_here(BATON_PHONE);
	revoke_bond();
	look(true);
}

/* ---- A file: what it is called, here and there ---- */

static void offer_file(void)
{
	OK(baton_files_send(files(BATON_WATCH), file_id, 0, secret,
			    sizeof(secret), secret, BATON_FILE_LOCAL_MAX));
	wait_ms(1000);
	assert_int_equal(file_told[BATON_PHONE][BATON_FILE_OFFERED], 1);
	is_here(BATON_WATCH);
}

static void end_file(enum baton_file_event_type how)
{
	wait_ms(1000);
	assert_int_equal(file_told[BATON_WATCH][how], 1);
	OK(baton_files_done(files(BATON_WATCH), file_id, true));
	wait_ms(5000);
}

static void take_file(void)
{
	OK(baton_files_accept(files(BATON_PHONE), file_id, 0));
	wait_ms(1000);
	assert_int_equal(file_told[BATON_PHONE][BATON_FILE_COMPLETE], 1);
	is_here(BATON_PHONE);
}

static void a_file_that_was_delivered_is_gone_from_both(void **state)
{
	(void)state;
	offer_file();
	take_file();
	OK(baton_files_done(files(BATON_PHONE), file_id, false));
	end_file(BATON_FILE_DELIVERED);
	look(true);
}

static void a_file_that_was_refused_is_gone_from_both(void **state)
{
	(void)state;
	offer_file();
	OK(baton_files_refuse(files(BATON_PHONE), file_id,
			      BATON_REASON_PERSON));
	end_file(BATON_FILE_FAILED);
	look(true);
}

static void a_file_that_was_cancelled_is_gone_from_both(void **state)
{
	(void)state;
	offer_file();
	OK(baton_files_cancel(files(BATON_WATCH), file_id,
			      BATON_REASON_PERSON));
	wait_ms(1000);
	assert_int_equal(file_told[BATON_PHONE][BATON_FILE_CANCELLED], 1);
	OK(baton_files_done(files(BATON_PHONE), file_id, false));
	end_file(BATON_FILE_FAILED);
	look(true);
}

static void a_file_of_a_revoked_bond_is_gone_from_both(void **state)
{
	(void)state;
	offer_file();
	take_file();
	revoke_bond();
	look(true);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_state_that_was_given_is_gone_from_the_giver),
		T(a_state_whose_lease_is_over_is_gone_from_the_watch),
		T(a_state_that_was_cancelled_is_gone_from_the_other),
		T(a_state_of_a_revoked_bond_is_gone_from_both),
		T(an_item_that_was_dealt_with_is_gone_from_both),
		T(an_item_of_a_revoked_bond_is_gone_from_both),
		T(a_value_that_was_replaced_is_gone_from_both),
		T(a_value_of_a_revoked_bond_is_gone_from_both),
		T(a_file_that_was_delivered_is_gone_from_both),
		T(a_file_that_was_refused_is_gone_from_both),
		T(a_file_that_was_cancelled_is_gone_from_both),
		T(a_file_of_a_revoked_bond_is_gone_from_both),
	};

	fault_install();
	return cmocka_run_group_tests_name("erasure", tests, NULL, NULL);
}
