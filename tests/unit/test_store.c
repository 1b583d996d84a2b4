/* SPDX-License-Identifier: MIT */

/* Which bonds make room for another one: session/SPEC.md 3. */

#include "session/ticket.h"
#include "tests/unit/pair_world.h"

/* All places are taken by bonds without a ticket; one has it, of generation. */
static void all_places_taken(struct baton_session *session, uint32_t generation)
{
	uint8_t kept[BATON_TICKET_LEN];
	const struct baton_ticket ticket = {.generation = generation};
	struct baton_bond bond = {.keys.s_priv = {1}};
	char key[BATON_BOND_KEY_LEN];
	uint8_t i;

	baton_crypto_x25519_base(bond.keys.rs, bond.keys.s_priv);
	for (i = 0; i < BATON_BONDS; i++) {
		bond.id[0] = i;
		assert_int_equal(pair_load_bond(session, &bond), BATON_OK);
	}
	bond.id[0] = 3;
	baton_bond_key("tick/", bond.id, key);
	baton_ticket_encode(&ticket, kept);
	assert_int_equal(baton_session_load(session, key, kept, sizeof(kept)),
			 BATON_OK);
}

/* A ticket that was lost says nothing of what its bond was good for. */
static void only_a_bond_that_never_served_makes_room(void **state)
{
	struct baton_session *watch = &world->end[BATON_WATCH].session;
	struct baton_session *phone = &world->end[BATON_PHONE].session;

	(void)state;
	all_places_taken(watch, 1);
	assert_int_equal(baton_session_pairing_open(watch, world->now_ms),
			 BATON_ERR_SPACE);
	all_places_taken(phone, 0);
	assert_int_equal(baton_session_pairing_open(phone, world->now_ms),
			 BATON_OK);
}

/* The power goes before the first link: it is known as such afterwards. */
static void a_new_bond_is_kept_as_one_that_has_not_served(void **state)
{
	struct pair_end *phone = &world->end[BATON_PHONE];

	(void)state;
	phone->cut_at = 2;
	(void)pair_bond(world);
	assert_true(phone->dead);
	pair_down(world);
	pair_reboot(world, BATON_PHONE);
	assert_int_equal(baton_session_bond_count(&phone->session), 1);
	assert_true(phone->session.bonds[0].ticket.unserved);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
	assert_false(phone->session.bonds[0].ticket.unserved);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup_pair, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(only_a_bond_that_never_served_makes_room),
		T(a_new_bond_is_kept_as_one_that_has_not_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
