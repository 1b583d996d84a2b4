/* SPDX-License-Identifier: MIT */

/* Links by a ticket: session/SPEC.md 1 and 3.5. */

#include "tests/unit/pair_world.h"

static struct pair_end *watch, *phone;
static const struct baton_stream_id stream = {BATON_CLASS_MESSAGE, 1};
static const uint8_t message[200] = "early";

static int setup(void **state)
{
	(void)setup_pair(state);
	watch = &world->end[BATON_WATCH];
	phone = &world->end[BATON_PHONE];
	return 0;
}

static void anew(void)
{
	pair_free(world);
	pair_init(world, 2);
}

/* Both know each other, with a ticket, and the link is gone. */
static void know(bool adverts)
{
	assert_true(pair_bond(world));
	while (pair_turn(world))
		;
	pair_down(world);
	world->adverts = adverts;
}

static enum baton_err send_early(void)
{
	return baton_session_send(&phone->session, stream, message,
				  sizeof(message), 0, world->now_ms);
}

static bool delivered(struct pair *pair)
{
	return pair->end[BATON_PHONE].delivered > 0;
}

static bool settled(struct pair *pair)
{
	(void)pair;
	return false;
}

/* The kind by which the next link comes about. */
static uint8_t kind_taken(void)
{
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 20000));
	while (pair_turn(world))
		;
	pair_down(world);
	return world->kind;
}

/* One turn after another, until the watch's application has a message. */
static void until_taken(unsigned int messages)
{
	int i;

	for (i = 0; i < 100 && watch->messages < messages; i++)
		pair_turn(world);
	assert_int_equal(watch->messages, messages);
}

static void a_message_goes_in_the_first_flight(void **state)
{
	int adverts;

	(void)state;
	for (adverts = 0; adverts < 2; adverts++) {
		know(adverts);
		assert_int_equal(send_early(), BATON_OK);
		pair_up(world);
		assert_true(pair_run(world, delivered, 10000));
		assert_int_equal(watch->messages, 1);
		assert_true(pair_run(world, pair_secured, 10000));
		pair_run(world, settled, 60000);
		assert_int_equal(watch->messages, 1);
		assert_int_equal(phone->lost_end, 0);
		anew();
	}
}

static void the_kind_follows_from_what_both_know(void **state)
{
	int adverts;

	(void)state;
	for (adverts = 0; adverts < 2; adverts++) {
		know(adverts);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		pair_reboot(world, BATON_PHONE);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME_SYNC);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		/* The phone cannot know, and falls back on the same link. */
		pair_reboot(world, BATON_WATCH);
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
		anew();
	}
}

static struct pair_value *ticket(struct pair_end *end)
{
	size_t i;

	for (i = 0; i < PAIR_VALUES; i++)
		if (!strncmp(end->stored[i].key, "tick/", 5))
			return &end->stored[i];
	fail();
	return NULL;
}

static void without_a_ticket_they_reconnect(void **state)
{
	int role;

	(void)state;
	know(true);
	for (role = 0; role < 2; role++) {
		memset(ticket(&world->end[role]), 0, sizeof(struct pair_value));
		pair_reboot(world, (enum baton_role)role);
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	}
}

/*
 * The watch has taken the message, and its answer is lost: the phone has the
 * ticket still, the watch does not. The message counts once.
 */
static void a_ticket_brings_its_message_once(void **state)
{
	(void)state;
	know(true);
	assert_int_equal(send_early(), BATON_OK);
	pair_up(world);
	until_taken(1);
	phone->queue_len = 0;
	pair_down(world);
	assert_int_equal(phone->delivered, 0);
	/* Nobody knows whether it was taken: so nothing goes early now. */
	assert_int_equal(send_early(), BATON_ERR_STATE);
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(watch->messages, 1);
	assert_int_equal(phone->delivered, 1);
	assert_int_equal(phone->lost_end, 0);
	assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
}

static void what_never_arrived_is_lost(void **state)
{
	(void)state;
	know(true);
	assert_int_equal(send_early(), BATON_OK);
	pair_up(world);
	pair_down(world);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME_SYNC);
	assert_int_equal(watch->messages, 0);
	assert_int_equal(phone->lost_end, 1);
	assert_int_equal(send_early(), BATON_OK);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	assert_int_equal(watch->messages, 1);
	assert_int_equal(phone->delivered, 1);
}

/* What comes early waits for the store, not the store for the answer. */
static struct pair_value unused; /* the watch's ticket, as it was */

static bool message_came(struct pair *pair)
{
	(void)pair;
	if (memcmp(&unused, ticket(watch), sizeof(unused)) == 0)
		assert_false(watch->secured || watch->messages > 0);
	return watch->messages > 0;
}

static void nothing_is_told_before_the_ticket_is_used_up(void **state)
{
	(void)state;
	know(true);
	unused = *ticket(watch);
	assert_int_equal(send_early(), BATON_OK);
	watch->store_stalls = true;
	pair_up(world);
	assert_false(pair_run(world, message_came, 1000));
	assert_memory_equal(&unused, ticket(watch), sizeof(unused));
	watch->store_stalls = false;
	assert_true(pair_run(world, message_came, 3000));
	assert_memory_not_equal(&unused, ticket(watch), sizeof(unused));
}

/* The watch is ahead of the phone, which waits for its store still. */
static void what_the_watch_says_meanwhile_is_taken(void **state)
{
	(void)state;
	know(true);
	assert_int_equal(send_early(), BATON_OK);
	phone->store_stalls = true;
	watch->deaf = true;
	pair_up(world);
	pair_run(world, settled, 1000);
	assert_int_equal(watch->session.state, BATON_SESSION_SECURED);
	watch->deaf = false;
	pair_run(world, settled, 3000);
	assert_int_equal(watch->messages, 1);
	assert_int_equal(phone->session.state, BATON_SESSION_SYNCING);
	phone->store_stalls = false;
	pair_run(world, settled, 3000);
	assert_int_equal(phone->session.state, BATON_SESSION_SECURED);
	assert_int_equal(phone->delivered, 1);
}

/* To use it would show one that a power cut takes back. */
static void a_ticket_that_is_not_durable_is_not_used(void **state)
{
	(void)state;
	know(true);
	phone->store_stalls = true;
	pair_up(world);
	pair_run(world, settled, 1000);
	assert_int_equal(world->kind, BATON_KIND_RESUME);
	pair_down(world);
	pair_up(world);
	pair_run(world, settled, 1000);
	assert_int_equal(world->kind, BATON_KIND_RECONNECT);
	pair_down(world);
	pair_reboot(world, BATON_PHONE);
	phone->store_stalls = false;
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
}

/* A watch is secured before its answer has gone out: machines wait for that. */
static void frames_wait_for_the_answer(void **state)
{
	uint8_t channel[32];

	(void)state;
	know(true);
	watch->store_stalls = true;
	pair_up(world);
	pair_run(world, settled, 1000);
	assert_int_equal(watch->session.state, BATON_SESSION_RESUMING);
	assert_int_equal(baton_session_frame(&watch->session, 0x20, NULL, 0),
			 BATON_ERR_AGAIN);
	assert_int_equal(baton_session_channel(&watch->session, channel),
			 BATON_ERR_AGAIN);
	watch->store_stalls = false;
	assert_true(pair_run(world, pair_secured, 10000));
	assert_int_equal(baton_session_channel(&watch->session, channel),
			 BATON_OK);
	assert_int_equal(baton_session_frame(&watch->session, 0x20, NULL, 0),
			 BATON_OK);
	pair_run(world, settled, 1000);
	assert_int_equal(phone->frames, 1);
}

static bool closed(struct pair *pair)
{
	return pair->end[BATON_WATCH].closed;
}

static void a_ticket_that_cannot_be_used_up_brings_nothing(void **state)
{
	(void)state;
	know(true);
	assert_int_equal(send_early(), BATON_OK);
	watch->store_fails = true;
	pair_up(world);
	assert_true(pair_run(world, closed, 60000));
	assert_int_equal(watch->close_err, BATON_ERR_STORE);
	assert_int_equal(watch->messages, 0);
	watch->store_fails = false;
	pair_down(world);
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(phone->lost_end, 1);
}

static bool phone_closed(struct pair *pair)
{
	return pair->end[BATON_PHONE].closed;
}

/* It shows the watch nothing that a power cut could take back. */
static void a_phone_that_cannot_keep_its_ticket_says_nothing_more(void **state)
{
	int reboots;

	(void)state;
	for (reboots = 0; reboots < 2; reboots++) {
		know(true);
		phone->store_fails = true;
		pair_up(world);
		assert_true(pair_run(world, phone_closed, 60000));
		assert_int_equal(phone->close_err, BATON_ERR_STORE);
		pair_down(world);
		if (reboots)
			pair_reboot(world, BATON_PHONE);
		phone->store_fails = true;
		/* Without a store there are no tickets, but links. */
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		phone->store_fails = false;
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		pair_reboot(world, BATON_PHONE);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME_SYNC);
		assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
		anew();
	}
}

static void a_deaf_application_gets_its_answer_sent(void **state)
{
	(void)state;
	know(true);
	assert_int_equal(send_early(), BATON_OK);
	watch->deaf = true;
	pair_up(world);
	pair_run(world, settled, 5000);
	assert_int_equal(phone->session.state, BATON_SESSION_SECURED);
	assert_int_equal(watch->session.state, BATON_SESSION_SECURED);
	assert_int_equal(phone->delivered, 0);
	watch->deaf = false;
	assert_true(pair_run(world, delivered, 10000));
	assert_int_equal(watch->messages, 1);
}

static void a_stale_advert_costs_a_round_trip(void **state)
{
	(void)state;
	know(true);
	assert_int_equal(send_early(), BATON_OK);
	world->stale = true;
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(phone->lost_end, 1);
	world->stale = false;
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
}

/* Where the way is longer than the phone waits, all goes out twice. */
static void a_first_flight_that_came_twice_falls_back(void **state)
{
	int adverts;

	(void)state;
	for (adverts = 0; adverts < 2; adverts++) {
		know(adverts);
		pair_reboot(world, BATON_WATCH);
		world->dup_ppm = 1000000;
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		assert_false(phone->closed || watch->closed);
		anew();
	}
}

/* They paired twice; adverts may bring them together by either bond. */
static void two_bonds_of_two_devices_share_one_numbering(void **state)
{
	uint8_t first[BATON_BOND_ID_LEN];

	(void)state;
	know(false);
	assert_int_equal(baton_session_bond_id(&phone->session, 0, first), 0);
	know(false);
	assert_int_equal(baton_session_bond_count(&phone->session), 2);
	assert_int_equal(baton_session_bond_select(&phone->session, first), 0);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));

	/* It is taken, and nobody hears of it. */
	assert_int_equal(send_early(), BATON_OK);
	world->lose[BATON_PHONE] = 1000;
	while (pair_turn(world))
		;
	assert_int_equal(watch->messages, 1);
	pair_down(world);
	world->lose[BATON_PHONE] = 0;
	assert_int_equal(baton_session_bond_id(&phone->session, 1, first), 0);
	assert_int_equal(baton_session_bond_select(&phone->session, first), 0);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	while (pair_turn(world))
		;
	assert_int_equal(phone->lost_end, phone->lost_from);
	assert_int_equal(phone->delivered, 1);
}

/* Another phone takes the place of the one that was there. */
static void change_phones(struct pair *other)
{
	struct pair_end *there = &other->end[BATON_PHONE];
	struct pair_end *kept = test_malloc(sizeof(*kept));

	*kept = *phone;
	*phone = *there;
	*there = *kept;
	test_free(kept);
}

/* What one phone has sent says nothing to the other, and counts for nothing. */
static void another_phones_numbers_are_not_its_own(void **state)
{
	struct pair *other = test_malloc(sizeof(*other));
	int i;

	(void)state;
	pair_init(other, 3);
	know(false);
	assert_int_equal(send_early(), BATON_OK);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	change_phones(other);
	know(false);
	for (i = 0; i < 3; i++) {
		assert_int_equal(send_early(), BATON_OK);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	}
	assert_int_equal(watch->messages, 4);
	change_phones(other);
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(send_early(), BATON_OK);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	assert_int_equal(watch->messages, 5);
	assert_int_equal(phone->lost_end, phone->lost_from);
	pair_free(other);
	test_free(other);
}

/* The application sleeps, and the peer loses its memory meanwhile. */
static void what_was_delivered_is_told_in_its_own_numbering(void **state)
{
	(void)state;
	know(false);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 5000));
	phone->deaf = true;
	assert_int_equal(send_early(), BATON_OK);
	while (pair_turn(world))
		;
	assert_int_equal(watch->messages, 1);
	pair_run(world, settled, 5000);
	pair_reboot(world, BATON_WATCH);
	pair_up(world);
	pair_run(world, settled, 5000);
	assert_int_equal(phone->delivered, 0);
	phone->deaf = false;
	assert_true(pair_run(world, delivered, 5000));
	assert_int_equal(phone->lost_end, 0);
}

static void a_half_sent_message_goes_on(void **state)
{
	const uint64_t total = 200000;

	(void)state;
	know(true);
	pair_up(world);
	assert_true(pair_run(world, pair_secured, 10000));
	pair_send(world, BATON_WATCH, total);
	while (phone->got_bytes < total / 2)
		pair_turn(world);
	pair_down(world);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME_SYNC);
	assert_true(phone->got_bytes > total / 2);
	pair_up(world);
	while (!phone->ended)
		pair_run(world, settled, 10);
	assert_int_equal(phone->begun, 1);
	assert_int_equal(phone->ended, 1);
	assert_int_equal(phone->got_bytes, total);
	assert_true(phone->got_hash == pair_pattern_hash(total));
}

static void a_chain_of_tickets_ends(void **state)
{
	int i, resumed = 0;

	(void)state;
	know(true);
	for (i = 0; i < 100; i++)
		resumed += kind_taken() == BATON_KIND_RESUME;
	assert_int_equal(resumed, 100 - 100 / (BATON_TICKET_AGE_MAX + 1));
	world->now_ms += BATON_TICKET_LIFE_MS;
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
}

/* Each side in turn gets back a store that it had two links ago. */
static void a_rolled_back_store_is_told_and_survived(void **state)
{
	struct pair_value old[PAIR_VALUES];
	int role;

	(void)state;
	for (role = 0; role < 2; role++) {
		know(true);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		memcpy(old, world->end[role].stored, sizeof(old));
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		memcpy(world->end[role].stored, old, sizeof(old));
		pair_reboot(world, (enum baton_role)role);
		assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
		assert_int_equal(watch->rolled_back, 1);
		assert_int_equal(phone->rolled_back, 1);
		assert_int_equal(kind_taken(), BATON_KIND_RESUME);
		assert_int_equal(watch->rolled_back, 1);
		anew();
	}
}

/* A lost answer or write looks like a rollback of one step; it is none. */
static void a_lost_step_is_no_rollback(void **state)
{
	(void)state;
	know(true);
	pair_up(world);
	while (watch->session.state != BATON_SESSION_SECURED)
		pair_turn(world);
	phone->queue_len = 0;
	pair_down(world);
	pair_reboot(world, BATON_PHONE);
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
}

/*
 * Nobody but the phone shows what ticket it has: neither the record of a
 * stranger nor the lost answer before it looks like a rollback.
 */
static void a_forged_record_shows_no_ticket(void **state)
{
	/* DATA, CONTROL, unit 0: a record of 17 bytes. */
	static const uint8_t forged[2 + BATON_RECORD_HEADER_LEN + 17] = {
		0x80, 0, 0, 17};
	const struct baton_ticket *ticket = &watch->session.bonds[0].ticket;

	(void)state;
	know(true);
	pair_up(world);
	while (watch->session.state != BATON_SESSION_SECURED)
		pair_turn(world);
	phone->queue_len = 0;
	assert_int_equal(baton_session_rx(&watch->session, forged,
					  sizeof(forged), world->now_ms),
			 BATON_ERR_AUTH);
	assert_int_equal(ticket->proven, ticket->generation - 1);
	pair_down(world);
	assert_int_equal(kind_taken(), BATON_KIND_RECONNECT);
	assert_int_equal(watch->rolled_back + phone->rolled_back, 0);
}

/* A bonded liar names the last number there is: it must not come to 0. */
static void a_generation_never_wraps(void **state)
{
	struct baton_ticket *ticket = &phone->session.bonds[0].ticket;
	uint32_t before;

	(void)state;
	know(true);
	before = ticket->generation;
	ticket->usable = false;
	watch->session.bonds[0].ticket.generation = UINT32_MAX;
	watch->session.bonds[0].ticket.kept = UINT32_MAX;
	pair_up(world);
	assert_false(pair_run(world, pair_secured, 20000));
	assert_int_equal(phone->close_err, BATON_ERR_EXHAUSTED);
	assert_int_equal(ticket->generation, before);
}

/* 600 bytes would be padded to 1024, more than a flight holds beside. */
static void padding_stays_within_the_first_flight(void **state)
{
	static const uint8_t bytes[600];

	(void)state;
	know(true);
	assert_int_equal(baton_session_send(&phone->session, stream, bytes,
					    sizeof(bytes), BATON_SEND_PADDED,
					    world->now_ms),
			 BATON_OK);
	assert_true(phone->session.outgoing.batch[stream.class_id].len <= 900);
	assert_int_equal(baton_session_send(&phone->session, stream, bytes,
					    sizeof(bytes), BATON_SEND_PADDED,
					    world->now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	assert_int_equal(watch->messages, 1);
}

/* A phone that does not heed what the watch takes. */
static void the_first_flight_brings_no_more_than_a_record(void **state)
{
	static const uint8_t long_one[BATON_RECORD_MIN + 1];

	(void)state;
	watch->session.config.link.record_max = BATON_RECORD_MIN;
	know(true);
	phone->session.outgoing.batch[BATON_CLASS_MESSAGE].cap = 1000;
	assert_int_equal(baton_session_send(&phone->session, stream, long_one,
					    sizeof(long_one), 0, world->now_ms),
			 BATON_OK);
	pair_up(world);
	assert_true(pair_run(world, closed, 10000));
	assert_int_equal(world->kind, BATON_KIND_RESUME);
	assert_int_equal(watch->close_err, BATON_ERR_PROTOCOL);
	assert_int_equal(watch->messages, 0);
}

/* Another watch takes the place of the one that was there. */
static void change_watches(struct pair *other)
{
	struct pair_end *kept = test_malloc(sizeof(*kept));

	*kept = *watch;
	*watch = other->end[BATON_WATCH];
	other->end[BATON_WATCH] = *kept;
	test_free(kept);
}

/* That other one takes longer records, and its link comes to nothing. */
static void the_limits_of_another_watch_are_its_own(void **state)
{
	static const uint8_t bytes[800];
	struct pair *other = test_malloc(sizeof(*other));
	uint8_t id[2][BATON_BOND_ID_LEN];
	int i;

	(void)state;
	pair_init(other, 3);
	know(true);
	change_watches(other);
	watch->session.config.link.record_max = BATON_RECORD_MIN;
	know(true);
	for (i = 0; i < 2; i++)
		assert_int_equal(
			baton_session_bond_id(&phone->session, i, id[i]), 0);
	change_watches(other);
	assert_int_equal(baton_session_bond_select(&phone->session, id[0]), 0);
	pair_up(world);
	pair_down(world);
	change_watches(other);
	assert_int_equal(baton_session_bond_select(&phone->session, id[1]), 0);
	assert_int_equal(baton_session_send(&phone->session, stream, bytes,
					    sizeof(bytes), 0, world->now_ms),
			 BATON_ERR_STATE);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME_SYNC);
	assert_int_equal(send_early(), BATON_OK);
	assert_int_equal(kind_taken(), BATON_KIND_RESUME);
	assert_int_equal(watch->messages, 1);
	pair_free(other);
	test_free(other);
}

static void lost_pdus_change_nothing(void **state)
{
	unsigned int sent = 0;
	int i;

	(void)state;
	know(true);
	world->drop_ppm = 100000;
	for (i = 0; i < 200; i++) {
		sent += send_early() == BATON_OK;
		phone->lost_end = 0;
		phone->lost_from = 0;
		pair_up(world);
		pair_run(world, settled, 20000);
		pair_down(world);
		sent -= (unsigned int)(phone->lost_end - phone->lost_from);
	}
	world->drop_ppm = 0;
	(void)kind_taken();
	sent -= (unsigned int)(phone->lost_end - phone->lost_from);
	assert_true(sent > 100);
	assert_int_equal(watch->messages, sent);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown_pair)
	const struct CMUnitTest tests[] = {
		T(a_message_goes_in_the_first_flight),
		T(the_kind_follows_from_what_both_know),
		T(without_a_ticket_they_reconnect),
		T(a_ticket_brings_its_message_once),
		T(what_never_arrived_is_lost),
		T(nothing_is_told_before_the_ticket_is_used_up),
		T(what_the_watch_says_meanwhile_is_taken),
		T(a_ticket_that_is_not_durable_is_not_used),
		T(frames_wait_for_the_answer),
		T(a_ticket_that_cannot_be_used_up_brings_nothing),
		T(a_phone_that_cannot_keep_its_ticket_says_nothing_more),
		T(a_deaf_application_gets_its_answer_sent),
		T(a_stale_advert_costs_a_round_trip),
		T(a_first_flight_that_came_twice_falls_back),
		T(two_bonds_of_two_devices_share_one_numbering),
		T(another_phones_numbers_are_not_its_own),
		T(what_was_delivered_is_told_in_its_own_numbering),
		T(a_half_sent_message_goes_on),
		T(a_chain_of_tickets_ends),
		T(a_rolled_back_store_is_told_and_survived),
		T(a_lost_step_is_no_rollback),
		T(a_forged_record_shows_no_ticket),
		T(a_generation_never_wraps),
		T(padding_stays_within_the_first_flight),
		T(the_first_flight_brings_no_more_than_a_record),
		T(the_limits_of_another_watch_are_its_own),
		T(lost_pdus_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
