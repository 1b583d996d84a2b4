/* SPDX-License-Identifier: MIT */

/* What a person does with the bonds of an engine (session/SPEC.md 7). */

#include "tests/unit/pair_world.h"

static bool is_linked(const struct pair_end *end, size_t index)
{
	uint8_t id[BATON_BOND_ID_LEN];

	assert_int_equal(baton_session_bond_id(&end->session, index, id), 0);
	return baton_session_bond_is_linked(&end->session, id);
}

static void a_bond_is_linked_while_its_link_lasts(void **state)
{
	int i;

	(void)state;
	assert_true(pair_bond(world));
	for (i = 0; i < 2; i++)
		assert_true(is_linked(&world->end[i], 0));
	pair_down(world);
	for (i = 0; i < 2; i++)
		assert_false(is_linked(&world->end[i], 0));
	assert_true(pair_link(world));
	for (i = 0; i < 2; i++)
		assert_true(is_linked(&world->end[i], 0));
}

static void of_two_bonds_only_that_of_the_link_is_linked(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];

	(void)state;
	assert_true(pair_bond(world));
	pair_down(world);
	/* The phone has forgotten all, and pairs as another one would. */
	memset(world->end[BATON_PHONE].stored, 0,
	       sizeof(world->end[BATON_PHONE].stored));
	pair_reboot(world, BATON_PHONE);
	assert_true(pair_bond(world));
	assert_int_equal(baton_session_bond_count(&watch->session), 2);
	assert_false(is_linked(watch, 0));
	assert_true(is_linked(watch, 1));
}

static void a_bond_that_is_not_there_is_not_linked(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	uint8_t id[BATON_BOND_ID_LEN] = {0};

	(void)state;
	assert_false(baton_session_bond_is_linked(watch, id));
	assert_true(pair_bond(world));
	assert_int_equal(baton_session_bond_id(watch, 0, id), 0);
	id[0] ^= 1;
	assert_false(baton_session_bond_is_linked(watch, id));
	id[0] ^= 1;
	assert_int_equal(baton_session_bond_revoke(watch, id, world->now_ms),
			 0);
	assert_false(baton_session_bond_is_linked(watch, id));
}

static bool both_told_revoked(struct pair *pair)
{
	return pair->end[0].revoked && pair->end[1].revoked &&
	       pair->end[0].closed && pair->end[1].closed;
}

static void assert_forgotten(const struct pair_end *end)
{
	assert_int_equal(pair_bonds(end), 0);
	assert_int_equal(baton_session_bond_count(&end->session), 0);
}

static void a_revoked_bond_is_gone_on_both_sides(void **state)
{
	uint8_t id[BATON_BOND_ID_LEN];
	int by;

	(void)state;
	for (by = 0; by < 2; by++) {
		struct baton_session *session = &world->end[by].session;

		assert_true(pair_bond(world));
		assert_int_equal(baton_session_bond_id(session, 0, id), 0);
		assert_int_equal(
			baton_session_bond_revoke(session, id, world->now_ms),
			0);
		assert_int_equal(baton_session_bond_count(session), 0);
		assert_true(pair_run(world, both_told_revoked, 60000));
		assert_forgotten(&world->end[0]);
		assert_forgotten(&world->end[1]);
		assert_int_equal(world->end[!by].close_err, BATON_ERR_NO_BOND);
		assert_int_equal(
			baton_session_bond_revoke(session, id, world->now_ms),
			BATON_ERR_NOT_FOUND);
		pair_free(world);
		pair_init(world, 2);
	}
}

static void a_bond_revoked_away_from_its_peer_is_not_known(void **state)
{
	struct pair_end *watch = &world->end[BATON_WATCH];
	uint8_t id[BATON_BOND_ID_LEN];

	(void)state;
	assert_true(pair_bond(world));
	pair_down(world);
	assert_int_equal(baton_session_bond_id(&watch->session, 0, id), 0);
	assert_int_equal(
		baton_session_bond_revoke(&watch->session, id, world->now_ms),
		0);
	while (!watch->revoked)
		pair_turn(world);
	assert_forgotten(watch);
	pair_up(world);
	assert_true(pair_run(world, pair_closed, 60000));
	assert_int_equal(pair_bonds(&world->end[BATON_PHONE]), 1);
}

static bool watch_has_none(struct pair *pair)
{
	return pair_bonds(&pair->end[BATON_WATCH]) == 0;
}

/* By a person here and by a peer, while the store is slow. */
static void as_many_as_there_are_can_be_revoked_at_once(void **state)
{
	struct baton_session *phone = &world->end[BATON_PHONE].session;
	struct pair_end *watch = &world->end[BATON_WATCH];
	uint8_t id[BATON_BOND_ID_LEN];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		memset(world->end[BATON_PHONE].stored, 0,
		       sizeof(world->end[BATON_PHONE].stored));
		pair_reboot(world, BATON_PHONE);
		assert_true(pair_bond(world));
	}
	watch->store_stalls = true;
	for (i = 0; i < 2; i++) {
		assert_int_equal(baton_session_bond_id(&watch->session, 0, id),
				 0);
		assert_int_equal(baton_session_bond_revoke(&watch->session, id,
							   world->now_ms),
				 0);
	}
	assert_int_equal(baton_session_bond_id(phone, 0, id), 0);
	assert_int_equal(baton_session_bond_revoke(phone, id, world->now_ms),
			 0);
	assert_true(pair_run(world, pair_closed, 5000));
	assert_int_equal(baton_session_bond_count(&watch->session), 0);
	assert_int_equal(pair_bonds(watch), 3);
	watch->store_stalls = false;
	assert_true(pair_run(world, watch_has_none, 5000));
}

/* The phone waits for the write of its next ticket, which is nobody's now. */
static void a_revoke_is_said_though_the_store_is_slow(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct pair_end *watch = &world->end[BATON_WATCH];
	uint8_t id[BATON_BOND_ID_LEN];

	(void)state;
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	phone->store_stalls = true;
	pair_down(world);
	pair_up(world);
	while (pair_turn(world))
		;
	assert_int_equal(phone->session.state, BATON_SESSION_SYNCING);
	assert_int_equal(baton_session_bond_id(&phone->session, 0, id), 0);
	assert_int_equal(
		baton_session_bond_revoke(&phone->session, id, world->now_ms),
		0);
	assert_true(pair_run(world, pair_closed, 5000));
	assert_int_equal(watch->close_err, BATON_ERR_NO_BOND);
	assert_int_equal(baton_session_bond_count(&watch->session), 0);
}

/* It was to be announced; the next one to be made is not that one. */
static void a_bond_revoked_before_its_peer_has_it_leaves_nothing(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct pair_end *watch = &world->end[BATON_WATCH];
	uint8_t id[BATON_BOND_ID_LEN];
	int i;

	(void)state;
	pair_windows(world);
	phone->store_stalls = true;
	pair_up(world);
	while (!phone->compare || !watch->compare)
		pair_turn(world);
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_confirm(&world->end[i].session,
						       true, world->now_ms),
				 0);
	while (!watch->session.bond_durable)
		pair_turn(world);
	assert_int_equal(baton_session_bond_id(&watch->session, 0, id), 0);
	assert_int_equal(
		baton_session_bond_revoke(&watch->session, id, world->now_ms),
		0);
	assert_true(pair_run(world, watch_has_none, 5000));
	pair_down(world);
	phone->store_stalls = false;
	pair_reboot(world, BATON_PHONE);
	assert_true(pair_bond(world));
	assert_true(watch->paired);
	watch->paired = false;
	watch->session.bonds[0].ticket.usable = false;
	assert_true(pair_link(world));
	assert_int_equal(world->kind, BATON_KIND_RECONNECT);
	assert_false(watch->paired);
}

static bool is_written_and_cut(struct pair *pair)
{
	return pair->end[BATON_PHONE].dead &&
	       pair_bonds(&pair->end[BATON_WATCH]) == 2;
}

static uint8_t paired_id[BATON_BOND_ID_LEN];

static bool note_paired(struct pair_end *end, const struct baton_event *event)
{
	(void)end;
	if (event->type == BATON_EVENT_PAIRED)
		memcpy(paired_id, event->u.bond.id, sizeof(paired_id));
	return false;
}

/* The phone is another one, with what that has stored. */
static void become(const struct pair_value stored[PAIR_VALUES])
{
	pair_down(world);
	memcpy(world->end[BATON_PHONE].stored, stored,
	       sizeof(world->end[BATON_PHONE].stored));
	pair_reboot(world, BATON_PHONE);
}

/* What the phone has stored; it comes by the bond then. */
static void keep_but_ticket(struct pair_value kept[PAIR_VALUES])
{
	int i;

	memcpy(kept, world->end[BATON_PHONE].stored,
	       sizeof(world->end[BATON_PHONE].stored));
	for (i = 0; i < PAIR_VALUES; i++)
		if (!strncmp(kept[i].key, "tick/", 5))
			memset(&kept[i], 0, sizeof(kept[i]));
}

static void pair_until_they_compare(void)
{
	pair_windows(world);
	pair_up(world);
	while (!world->end[BATON_PHONE].compare ||
	       !world->end[BATON_WATCH].compare)
		pair_turn(world);
}

/* A pairing was cut off when the watch had written it, and the phone too. */
static void a_bond_is_announced_on_its_own_link(void **state)
{
	static const struct pair_value none[PAIR_VALUES];
	struct pair_value first[PAIR_VALUES], second[PAIR_VALUES];
	struct pair_end *phone = &world->end[BATON_PHONE];
	struct pair_end *watch = &world->end[BATON_WATCH];
	uint8_t id[BATON_BOND_ID_LEN];

	(void)state;
	assert_true(pair_bond(world));
	keep_but_ticket(first);
	become(none);
	phone->cut_at = phone->writes + 1;
	phone->cut_keeps = true;
	pair_until_they_compare();
	assert_int_equal(
		baton_session_confirm(&phone->session, true, world->now_ms), 0);
	assert_int_equal(
		baton_session_confirm(&watch->session, true, world->now_ms), 0);
	assert_true(pair_run(world, is_written_and_cut, 5000));
	memcpy(second, phone->stored, sizeof(second));
	watch->paired = false;
	watch->on_event = note_paired;

	become(first);
	assert_true(pair_link(world));
	assert_false(watch->paired);
	become(second);
	assert_true(pair_link(world));
	assert_true(watch->paired);
	assert_int_equal(baton_session_bond_id(&watch->session, 1, id), 0);
	assert_memory_equal(paired_id, id, sizeof(id));
}

/* A pairing was cut off before the watch had written its bond. */
static void a_bond_that_is_written_late_is_not_that_of_the_link(void **state)
{
	static const struct pair_value none[PAIR_VALUES];
	struct pair_value first[PAIR_VALUES];
	struct pair_end *watch = &world->end[BATON_WATCH];
	int i;

	(void)state;
	assert_true(pair_bond(world));
	keep_but_ticket(first);
	become(none);
	pair_until_they_compare();
	watch->store_stalls = true;
	for (i = 0; i < 2; i++)
		assert_int_equal(baton_session_confirm(&world->end[i].session,
						       true, world->now_ms),
				 0);
	while (!watch->session.storing.new_bond)
		pair_turn(world);

	become(first);
	assert_true(pair_link(world));
	assert_true(is_linked(watch, 0));
	watch->store_stalls = false;
	while (pair_turn(world))
		;
	assert_int_equal(baton_session_bond_count(&watch->session), 2);
	assert_true(is_linked(watch, 0));
	assert_false(is_linked(watch, 1));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(a_bond_is_linked_while_its_link_lasts),
		T(of_two_bonds_only_that_of_the_link_is_linked),
		T(a_bond_that_is_not_there_is_not_linked),
		T(a_revoked_bond_is_gone_on_both_sides),
		T(a_bond_revoked_away_from_its_peer_is_not_known),
		T(a_revoke_is_said_though_the_store_is_slow),
		T(a_bond_revoked_before_its_peer_has_it_leaves_nothing),
		T(a_bond_is_announced_on_its_own_link),
		T(a_bond_that_is_written_late_is_not_that_of_the_link),
		T(as_many_as_there_are_can_be_revoked_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
