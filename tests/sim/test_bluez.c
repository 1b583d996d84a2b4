/* SPDX-License-Identifier: MIT */

/* The host of kind BLUEZ: what was measured, and what gatt/ makes of it. */

#include "pair.h"

#define VALUES 4096

/* A stack that sends what it is told to, and keeps what comes in. */
struct end {
	struct baton_sim *sim;
	enum baton_sim_side side;
	uint8_t first_byte; /* of its values: the number, from here on */
	size_t len;
	uint32_t to_send;
	bool echoes;

	uint32_t sent, got, ups;
	uint32_t owed; /* echoes */
	uint8_t byte[VALUES]; /* the first of each that came */
	uint16_t got_len[VALUES];
	uint64_t got_us[VALUES];
	uint64_t sent_us[VALUES];
	uint16_t mtu;
};

static struct baton_sim_config cfg;
static struct baton_sim *sim;
static struct end watch, phone;

static void on_up(void *user, uint64_t now_us,
		  const struct baton_sim_link *link)
{
	struct end *end = user;

	(void)now_us;
	end->ups++;
	end->mtu = link->mtu;
}

static void on_rx(void *user, uint64_t now_us, const uint8_t *pdu, size_t len)
{
	struct end *end = user;

	if (end->got == VALUES)
		return;
	end->byte[end->got] = pdu[0];
	end->got_len[end->got] = (uint16_t)len;
	end->got_us[end->got++] = now_us;
	end->owed += end->echoes;
}

static size_t on_tx(void *user, uint64_t now_us, uint8_t *dst, size_t cap)
{
	struct end *end = user;
	size_t len = end->len < cap ? end->len : cap;

	if (end->owed)
		end->owed--;
	else if (end->sent >= end->to_send)
		return 0;
	if (end->sent < VALUES)
		end->sent_us[end->sent] = now_us;
	memset(dst, end->first_byte + (int)end->sent++, len);
	return len;
}

static const struct baton_sim_stack_ops ops = {
	.link_up = on_up,
	.rx = on_rx,
	.tx = on_tx,
};

static int setup(void **state)
{
	(void)state;
	baton_sim_config_init(&cfg);
	cfg.interval_us = 7500;
	cfg.mtu = 247;
	cfg.node[BATON_SIM_WATCH].host = BATON_SIM_HOST_BLUEZ;
	cfg.node[BATON_SIM_PHONE].host = BATON_SIM_HOST_BLUEZ;
	memset(&watch, 0, sizeof(watch));
	memset(&phone, 0, sizeof(phone));
	watch.len = phone.len = 100;
	watch.side = BATON_SIM_WATCH;
	phone.side = BATON_SIM_PHONE;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	baton_sim_destroy(sim);
	sim = NULL;
	return 0;
}

static void bare(enum baton_sim_side side)
{
	cfg.node[side].bluez_bare = true;
}

static void open_world(void)
{
	const char *text = baton_sim_config_check(&cfg);

	if (text)
		fail_msg("%s", text);
	assert_int_equal(baton_sim_create(&sim, &cfg), BATON_OK);
	watch.sim = phone.sim = sim;
	baton_sim_attach(sim, BATON_SIM_WATCH, &ops, &watch);
	baton_sim_attach(sim, BATON_SIM_PHONE, &ops, &phone);
}

/* The socket of writes takes its time, as in the guest. */
static void slow_to_ask(void)
{
	int i;

	for (i = 0; i < 4; i++)
		cfg.node[BATON_SIM_WATCH].bluez_us[i] = 60 * MS;
}

/* Measured: of twelve, twelve arrived, all of them the last. */
static void a_first_burst_arrives_as_copies_of_the_last(void **state)
{
	uint32_t i;

	(void)state;
	bare(BATON_SIM_WATCH);
	bare(BATON_SIM_PHONE);
	slow_to_ask();
	phone.to_send = 12;
	open_world();
	baton_sim_run_until(sim, SECOND);
	assert_int_equal(watch.got, 12);
	for (i = 0; i < 12; i++)
		assert_int_equal(watch.byte[i], 11);
	/* The socket is there now. */
	phone.to_send = 100;
	baton_sim_kick(sim, BATON_SIM_PHONE);
	baton_sim_run_until(sim, 2 * SECOND);
	assert_int_equal(watch.got, 100);
	for (i = 12; i < 100; i++)
		assert_int_equal(watch.byte[i], i);
}

/* Each has its own length still. */
static void what_is_overwritten_keeps_its_length(void **state)
{
	(void)state;
	bare(BATON_SIM_WATCH);
	bare(BATON_SIM_PHONE);
	slow_to_ask();
	phone.to_send = 1;
	phone.len = 50;
	open_world();
	while (phone.sent < 1)
		assert_true(baton_sim_step(sim));
	phone.len = 20;
	phone.to_send = 2;
	baton_sim_kick(sim, BATON_SIM_PHONE);
	baton_sim_run_until(sim, SECOND);
	assert_int_equal(watch.got, 2);
	assert_int_equal(watch.got_len[0], 50);
	assert_int_equal(watch.got_len[1], 20);
	assert_int_equal(watch.byte[0], 1);
}

/* One alone, answered, and then the burst: gatt/'s discipline. */
static void a_phone_of_ours_is_not_corrupted(void **state)
{
	uint32_t i;

	(void)state;
	bare(BATON_SIM_WATCH);
	phone.to_send = 3000;
	open_world();
	baton_sim_run_until(sim, 20 * SECOND);
	assert_int_equal(watch.got, 3000);
	for (i = 0; i < 3000; i++)
		assert_int_equal(watch.byte[i], i & 0xff);
}

/* A foreign phone bursts, and the watch of ours has no socket for it. */
static void a_watch_of_ours_takes_a_foreign_burst(void **state)
{
	uint32_t i;

	(void)state;
	bare(BATON_SIM_PHONE);
	phone.to_send = 50;
	open_world();
	baton_sim_run_until(sim, 2 * SECOND);
	assert_int_equal(watch.got, 50);
	for (i = 0; i < 50; i++)
		assert_int_equal(watch.byte[i], i);
}

static void the_first_write_brings_a_watch_of_ours_up(void **state)
{
	(void)state;
	watch.to_send = 1;
	open_world();
	baton_sim_run_until(sim, 3 * SECOND);
	assert_int_equal(phone.ups, 1);
	assert_int_equal(watch.ups, 0);
	assert_int_equal(phone.got, 0);
	phone.to_send = 1;
	baton_sim_kick(sim, BATON_SIM_PHONE);
	baton_sim_run_until(sim, 4 * SECOND);
	assert_int_equal(watch.ups, 1);
	assert_int_equal(phone.got, 1);
}

static void a_write_that_is_never_answered_ends_the_link(void **state)
{
	(void)state;
	cfg.reconnect = false;
	phone.to_send = 5;
	open_world();
	baton_sim_stall(sim, BATON_SIM_WATCH, 60 * SECOND);
	baton_sim_run_until(sim, 29 * SECOND);
	assert_true(baton_sim_connected(sim));
	assert_int_equal(phone.sent, 1);
	baton_sim_run_until(sim, 31 * SECOND);
	assert_false(baton_sim_connected(sim));
}

static const struct {
	const char *name;
	uint16_t mtu;
	bool watch_sends, ours;
	size_t len;
	uint32_t got;
	uint16_t got_len;
} sizes[] = {
	{"a write of 510", 517, false, false, 510, 1, 510},
	{"a write of 511 vanishes", 517, false, false, 511, 0, 0},
	{"a notification of 512", 517, true, false, 600, 1, 512},
	{"a notification of MTU - 3 is cut", 247, true, false, 244, 1, 242},
	{"at MTU 23 eighteen arrive", 23, true, false, 20, 1, 18},
	{"ours at 517", 517, false, true, 600, 1, 509},
	{"ours at 247, up", 247, true, true, 600, 1, 242},
	{"ours at 247, down", 247, false, true, 600, 1, 244},
};

static void sizes_are_capped_in_spite_of_the_mtu(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		setup(state);
		cfg.mtu = sizes[i].mtu;
		cfg.node[BATON_SIM_WATCH].bluez_bare = !sizes[i].ours;
		cfg.node[BATON_SIM_PHONE].bluez_bare = !sizes[i].ours;
		watch.len = phone.len = sizes[i].len;
		/* The first write only brings the watch up. */
		phone.to_send = sizes[i].watch_sends ? sizes[i].ours : 1;
		watch.to_send = sizes[i].watch_sends;
		open_world();
		baton_sim_run_until(sim, 2 * SECOND);
		const struct end *to = sizes[i].watch_sends ? &phone : &watch;
		if (to->got != sizes[i].got ||
		    (to->got && to->got_len[0] != sizes[i].got_len))
			fail_msg("%s: %u, %u bytes", sizes[i].name, to->got,
				 to->got_len[0]);
		teardown(state);
	}
	open_world();
}

static void a_watch_of_ours_tells_a_smaller_mtu(void **state)
{
	(void)state;
	phone.to_send = 1;
	open_world();
	baton_sim_run_until(sim, SECOND);
	assert_int_equal(phone.mtu, 247);
	assert_int_equal(watch.mtu, 245);
}

/* Measured: 278 of 2000 at 182 bytes, 167 at 244, with a sleeping reader. */
static void a_sleeping_reader_gets_a_socketful(void **state)
{
	static const struct {
		size_t len;
		uint32_t got;
	} reader[] = {{20, 278}, {182, 278}, {242, 167}};
	size_t i;

	for (i = 0; i < 3; i++) {
		setup(state);
		bare(BATON_SIM_WATCH);
		watch.len = reader[i].len;
		open_world();
		baton_sim_run_until(sim, SECOND);
		baton_sim_stall(sim, BATON_SIM_PHONE, 30 * SECOND);
		watch.to_send = 2000;
		baton_sim_kick(sim, BATON_SIM_WATCH);
		baton_sim_run_until(sim, 29 * SECOND);
		/* Nothing pushes back: the sender is done. */
		assert_int_equal(watch.sent, 2000);
		assert_int_equal(phone.got, 0);
		baton_sim_run_until(sim, 32 * SECOND);
		assert_int_equal(phone.got, reader[i].got);
		teardown(state);
	}
	open_world();
}

/* Calls, not a socket: bluetoothd waits for each answer. */
static void a_watch_of_ours_that_sleeps_loses_nothing(void **state)
{
	(void)state;
	phone.to_send = 1;
	open_world();
	baton_sim_run_until(sim, SECOND);
	baton_sim_stall(sim, BATON_SIM_WATCH, 20 * SECOND);
	phone.to_send = 2000;
	baton_sim_kick(sim, BATON_SIM_PHONE);
	baton_sim_run_until(sim, 25 * SECOND);
	assert_int_equal(watch.got, 2000);
}

/* What a bare watch has not read of the old link it reads on the new one. */
static void a_bare_watch_reads_values_of_the_old_link(void **state)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		setup(state);
		cfg.node[BATON_SIM_WATCH].bluez_bare = !ours;
		phone.to_send = 1;
		open_world();
		baton_sim_run_until(sim, SECOND);
		baton_sim_stall(sim, BATON_SIM_WATCH, 14 * SECOND);
		phone.to_send = 5;
		baton_sim_kick(sim, BATON_SIM_PHONE);
		baton_sim_run_until(sim, SECOND + 500 * MS);
		baton_sim_disconnect(sim, BATON_SIM_PHONE,
				     BATON_HCI_SUPERVISION_TIMEOUT);
		baton_sim_run_until(sim, 20 * SECOND);
		assert_int_equal(watch.ups, ours ? 1 : 2);
		assert_int_equal(watch.got, ours ? 1 : 5);
		teardown(state);
	}
	open_world();
}

/* bluetoothd has taken them all; what the air has not seen is gone. */
static void what_is_queued_goes_with_the_link(void **state)
{
	uint32_t before;

	(void)state;
	bare(BATON_SIM_WATCH);
	bare(BATON_SIM_PHONE);
	watch.to_send = 2000;
	open_world();
	baton_sim_run_until(sim, SECOND);
	assert_int_equal(watch.sent, 2000);
	before = phone.got;
	assert_in_range(before, 100, 1900);
	baton_sim_disconnect(sim, BATON_SIM_WATCH,
			     BATON_HCI_SUPERVISION_TIMEOUT);
	baton_sim_run_until(sim, 20 * SECOND);
	assert_int_equal(phone.ups, 2);
	watch.to_send++;
	baton_sim_kick(sim, BATON_SIM_WATCH);
	baton_sim_run_until(sim, 40 * SECOND);
	/* What had come by then is on its way to the program. */
	assert_true(phone.got < before + 200);
}

static void values_of_other_centrals_appear(void **state)
{
	static const struct {
		bool bare_watch;
		bool at_watch;
	} seen[] = {{false, false}, {true, true}};
	size_t i;

	for (i = 0; i < 2; i++) {
		setup(state);
		cfg.node[BATON_SIM_WATCH].bluez_bare = seen[i].bare_watch;
		cfg.node[BATON_SIM_WATCH].bluez_other_us = 100 * MS;
		cfg.node[BATON_SIM_PHONE].bluez_other_us = 100 * MS;
		phone.to_send = 1;
		open_world();
		baton_sim_run_until(sim, 10 * SECOND);
		assert_in_range(phone.got, 70, 130);
		if (seen[i].at_watch)
			assert_in_range(watch.got, 70, 130);
		else
			assert_int_equal(watch.got, 1);
		teardown(state);
	}
	open_world();
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * One value at a time there and back. A round is the phone's turnaround and
 * the watch's, so both percentiles are looked at by taking one side out:
 * its four numbers are made zero.
 */
static void turnarounds_are_as_measured(void **state)
{
	static const int at[] = {10, 50, 90, 99};
	uint64_t us[2000], want;
	uint32_t i;
	int side;

	for (side = 0; side < 2; side++) {
		setup(state);
		cfg.interval_us = 7500;
		/* The quick host answers in the same event. */
		cfg.node[!side].host = BATON_SIM_HOST_QUICK;
		cfg.node[!side].turnaround_us = 0;
		bare(BATON_SIM_WATCH);
		bare(BATON_SIM_PHONE);
		cfg.bearer = BATON_SIM_COC; /* no batches, no first write */
		phone.to_send = side == BATON_SIM_WATCH;
		watch.to_send = side == BATON_SIM_PHONE;
		watch.echoes = phone.echoes = true;
		open_world();
		baton_sim_run_until(sim, 200 * SECOND);
		const struct end *end = side ? &phone : &watch;
		const struct end *quick = side ? &watch : &phone;
		assert_true(end->got > 2000);
		for (i = 0; i < 2000; i++)
			us[i] = end->got_us[i] - quick->sent_us[i];
		qsort(us, 2000, sizeof(us[0]), ascending);
		for (i = 0; i < 4; i++) {
			want = cfg.node[side].bluez_us[i];
			if (side == BATON_SIM_WATCH)
				want -= 10 * MS; /* the timer */
			/* And up to an interval until the next event. */
			if (us[20 * at[i] - 1] < want ||
			    us[20 * at[i] - 1] > want + 7500 + want / 5)
				fail_msg("side %d, %d %%: %llu, not %llu", side,
					 at[i],
					 (unsigned long long)us[20 * at[i] - 1],
					 (unsigned long long)want);
		}
		teardown(state);
	}
	open_world();
}

/* BlueZ to BlueZ a notification waits 10 ms for others. */
static void a_notification_waits_for_the_timer(void **state)
{
	int kind;
	uint64_t us;

	for (kind = 0; kind < 2; kind++) {
		setup(state);
		bare(BATON_SIM_WATCH);
		bare(BATON_SIM_PHONE);
		cfg.node[BATON_SIM_PHONE].host =
			kind ? BATON_SIM_HOST_BLUEZ : BATON_SIM_HOST_QUICK;
		memset(cfg.node[BATON_SIM_PHONE].bluez_us, 0,
		       sizeof(cfg.node[0].bluez_us));
		cfg.node[BATON_SIM_PHONE].turnaround_us = 0;
		open_world();
		baton_sim_run_until(sim, SECOND);
		watch.to_send = 1;
		baton_sim_kick(sim, BATON_SIM_WATCH);
		baton_sim_run_until(sim, 2 * SECOND);
		assert_int_equal(phone.got, 1);
		us = phone.got_us[0] - watch.sent_us[0];
		if (kind)
			assert_in_range(us, 10 * MS, 18 * MS);
		else
			assert_in_range(us, 0, 8 * MS);
		teardown(state);
	}
	open_world();
}

static void a_disconnect_waits_two_seconds(void **state)
{
	(void)state;
	cfg.reconnect = false;
	open_world();
	baton_sim_run_until(sim, SECOND);
	baton_sim_disconnect(sim, BATON_SIM_PHONE, BATON_HCI_REMOTE_USER);
	baton_sim_run_until(sim, 2900 * MS);
	assert_true(baton_sim_connected(sim));
	baton_sim_run_until(sim, 3100 * MS);
	assert_false(baton_sim_connected(sim));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_first_burst_arrives_as_copies_of_the_last),
		T(what_is_overwritten_keeps_its_length),
		T(a_phone_of_ours_is_not_corrupted),
		T(a_watch_of_ours_takes_a_foreign_burst),
		T(the_first_write_brings_a_watch_of_ours_up),
		T(a_write_that_is_never_answered_ends_the_link),
		T(sizes_are_capped_in_spite_of_the_mtu),
		T(a_watch_of_ours_tells_a_smaller_mtu),
		T(a_sleeping_reader_gets_a_socketful),
		T(a_watch_of_ours_that_sleeps_loses_nothing),
		T(a_bare_watch_reads_values_of_the_old_link),
		T(what_is_queued_goes_with_the_link),
		T(values_of_other_centrals_appear),
		T(turnarounds_are_as_measured),
		T(a_notification_waits_for_the_timer),
		T(a_disconnect_waits_two_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
