/* SPDX-License-Identifier: MIT */

/*
 * One device with two bonds, whose files go in turn: a phone with two watches,
 * a watch with two phones (ENDPOINT.md). It has one link at a time; a file of
 * the bond that has none waits.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/endpoint.h"
#include "tests/support/pair.h"
#include "tests/support/shelf.h"

#define HUB 0 /* the device with two bonds; the others are 1 and 2 */
#define DEVICES 3
#define QUEUE 64
#define VALUES 48
#define VALUE_LEN 1024
#define FILES 6
#define LEN 100000
#define PIECE 700

#define OK(call) assert_int_equal(call, BATON_OK)

static const struct baton_endpoint_application application = {
	.application = {.id = "notes",
			.files_out = 2,
			.files_in = 2,
			.file_max = 1 << 20,
			.files_max = 1 << 21,
			.rate = 1000,
			.burst = 100},
};

struct value {
	SHELF_PLACE(VALUE_LEN);
};

static struct device {
	struct baton_endpoint endpoint;
	void *memory;
	uint8_t pdu[QUEUE][BATON_PDU_MAX]; /* on their way to it */
	size_t pdu_len[QUEUE], head, count;
	struct value stored[VALUES];
	enum baton_role role;
	bool compare, closed;
	unsigned int revoked; /* by peer: bit n is peer n */
} device[DEVICES];

/* A file, and what is on the disk of its receiver. */
static struct file {
	uint8_t id[BATON_FILE_ID_LEN];
	size_t from, to;
	uint64_t written;
	bool wrong; /* a byte, or whose it was */
	unsigned int complete, delivered, cancelled, failed, resumed;
	bool complete_due, delivered_due;
} file[FILES];

static size_t files;
static uint8_t peer[DEVICES]; /* its number at the hub */
static size_t linked; /* whom the hub has a link with; HUB: nobody */
static uint64_t now_ms;

static uint8_t byte_of(const struct file *f, uint64_t at)
{
	return (uint8_t)(pair_pattern(at) + (f - file) * 17);
}

static size_t spoke_of(const struct file *f)
{
	return f->from == HUB ? f->to : f->from;
}

/* The machine of a file at either device. */
static struct baton_files *machine(const struct file *f, size_t at)
{
	return baton_endpoint_files(&device[at].endpoint,
				    at == HUB ? peer[spoke_of(f)] : 0, 0);
}

static struct file *send_file(size_t from, size_t to, const char *id)
{
	struct file *f = &file[files++];

	memset(f, 0, sizeof(*f));
	strncpy((char *)f->id, id, sizeof(f->id));
	f->from = from;
	f->to = to;
	OK(baton_files_send(machine(f, from), f->id, LEN, (const uint8_t *)id,
			    strlen(id), NULL, 0));
	return f;
}

/* The file that a device is told of; ids are those of one bond. */
static struct file *find(size_t at, const struct baton_endpoint_event *event)
{
	const uint8_t *id = event->u.file.id;
	struct file *f;

	for (f = file; f < file + files; f++)
		if ((event->u.file.outgoing ? f->from : f->to) == at &&
		    event->peer == (at == HUB ? peer[spoke_of(f)] : 0) &&
		    !memcmp(f->id, id, sizeof(f->id)))
			return f;
	fail_msg("device %zu is told of a file of another's", at);
	return NULL;
}

static void supply(struct file *f, uint64_t at)
{
	uint8_t bytes[PIECE];
	enum baton_err err = BATON_OK;
	size_t n, i, taken = 1;

	while (!err && taken > 0 && at < LEN) {
		n = LEN - at < PIECE ? (size_t)(LEN - at) : PIECE;
		for (i = 0; i < n; i++)
			bytes[i] = byte_of(f, at + i);
		err = baton_files_write(machine(f, f->from), f->id, bytes, n,
					&taken, now_ms);
		at += taken;
	}
	assert_true(!err || err == BATON_ERR_AGAIN);
}

static void take_data(struct file *f, const struct baton_file_event *event)
{
	size_t i;

	f->wrong |= event->offset != f->written;
	for (i = 0; i < event->len; i++)
		f->wrong |= event->bytes[i] != byte_of(f, f->written + i);
	f->written += event->len;
	OK(baton_files_kept(machine(f, f->to), f->id, f->written));
}

static void take_file(size_t at, const struct baton_endpoint_event *event)
{
	struct file *f = find(at, event);

	switch (event->u.file.type) {
	case BATON_FILE_SUPPLY:
		supply(f, event->u.file.offset);
		break;
	case BATON_FILE_OFFERED:
		OK(baton_files_accept(machine(f, at), f->id, 0));
		break;
	case BATON_FILE_DATA:
		take_data(f, &event->u.file);
		break;
	case BATON_FILE_COMPLETE:
		f->complete++;
		f->complete_due = true;
		break;
	case BATON_FILE_DELIVERED:
		f->delivered++;
		f->delivered_due = true;
		break;
	case BATON_FILE_CANCELLED:
		f->cancelled++;
		break;
	case BATON_FILE_FAILED:
		f->failed++;
		break;
	case BATON_FILE_PENDING:
	case BATON_FILE_STORED:
	case BATON_FILE_PROGRESS:
		break;
	case BATON_FILE_RESUMED:
		f->resumed++;
		f->wrong |= event->u.file.offset > f->written;
		f->written = event->u.file.offset;
		OK(baton_files_accept(machine(f, at), f->id, f->written));
		break;
	case BATON_FILE_STORE_FAILED:
		fail();
	}
}

static void take(size_t at, const struct baton_endpoint_event *event)
{
	struct device *d = &device[at];

	if (event->type == BATON_ENDPOINT_FILE)
		take_file(at, event);
	if (event->type == BATON_ENDPOINT_REVOKED)
		d->revoked |= 1u << event->peer;
	if (event->type != BATON_ENDPOINT_SESSION)
		return;
	d->compare |= event->u.session.type == BATON_EVENT_COMPARE;
	d->closed |= event->u.session.type == BATON_EVENT_LINK_CLOSE;
}

static bool store(struct device *d)
{
	struct baton_store_op op;

	if (!baton_endpoint_next_store_op(&d->endpoint, &op))
		return false;
	assert_true(shelf_apply(SHELF(d->stored), &op));
	baton_endpoint_stored(&d->endpoint, op.id, BATON_OK, now_ms);
	return true;
}

/* The device at the other end of its link. */
static struct device *other(size_t at)
{
	return &device[at == HUB ? linked : HUB];
}

static bool carry(size_t at)
{
	struct device *d = &device[at], *to = other(at);
	size_t slot = (to->head + to->count) % QUEUE;

	if (d->count > 0) {
		(void)baton_endpoint_rx(&d->endpoint, d->pdu[d->head],
					d->pdu_len[d->head], now_ms);
		d->head = (d->head + 1) % QUEUE;
		d->count--;
		return true;
	}
	if (to->count == QUEUE)
		return false;
	to->pdu_len[slot] = baton_endpoint_tx(&d->endpoint, to->pdu[slot],
					      BATON_PDU_MAX, now_ms);
	to->count += to->pdu_len[slot] > 0;
	return to->pdu_len[slot] > 0;
}

static void act(void)
{
	struct file *f;

	for (f = file; f < file + files; f++) {
		if (f->complete_due &&
		    !baton_files_done(machine(f, f->to), f->id, false))
			f->complete_due = false;
		if (f->delivered_due &&
		    !baton_files_done(machine(f, f->from), f->id, true))
			f->delivered_due = false;
	}
}

static bool turn(void)
{
	struct baton_endpoint_event event;
	bool busy = false;
	size_t i;

	for (i = 0; i < DEVICES; i++) {
		while (baton_endpoint_next_event(&device[i].endpoint, &event,
						 now_ms)) {
			take(i, &event);
			busy = true;
		}
		busy |= store(&device[i]);
		if (linked != HUB && (i == HUB || i == linked))
			busy |= carry(i);
	}
	act();
	return busy;
}

/* Turns and time, until done says so (then true) or limit_ms have passed. */
static bool run(bool (*done)(void), uint64_t limit_ms)
{
	uint64_t end_ms = now_ms + limit_ms;
	size_t i;

	while (now_ms < end_ms) {
		while (turn())
			if (done && done())
				return true;
		now_ms++;
		for (i = 0; i < DEVICES; i++)
			baton_endpoint_tick(&device[i].endpoint, now_ms);
	}
	return done && done();
}

static void down(void)
{
	size_t i;

	for (i = 0; i < DEVICES; i++) {
		device[i].count = 0;
		if (linked != HUB && (i == HUB || i == linked))
			baton_endpoint_link_down(&device[i].endpoint, now_ms);
	}
	linked = HUB;
	(void)run(NULL, 10);
}

static void up(size_t spoke)
{
	struct baton_link_facts facts = {.mtu = 247};
	struct device *ends[] = {&device[HUB], &device[spoke]};
	size_t i;

	if (linked != HUB)
		down();
	linked = spoke;
	for (i = 0; i < 2; i++) {
		ends[i]->closed = ends[i]->compare = false;
		OK(baton_endpoint_link_up(
			&ends[i]->endpoint, &facts,
			ends[i]->role == BATON_PHONE ? 1700000000 : 0, now_ms));
	}
}

static bool is_active(void)
{
	const struct device *ends[] = {&device[HUB], &device[linked]};
	size_t i;

	for (i = 0; i < 2; i++)
		if (baton_endpoint_state(
			    &ends[i]->endpoint,
			    baton_endpoint_peer(&ends[i]->endpoint)) !=
		    BATON_LIFECYCLE_ACTIVE)
			return false;
	return true;
}

/* A phone says which of its watches it wants; a watch takes who comes. */
static void meet(size_t spoke)
{
	struct baton_endpoint *hub = &device[HUB].endpoint;
	uint8_t bond[BATON_BOND_ID_LEN];

	OK(baton_endpoint_bond(hub, peer[spoke], bond));
	OK(baton_session_bond_select(baton_endpoint_session(hub), bond));
	up(spoke);
	assert_true(run(is_active, 30000));
	assert_int_equal(baton_endpoint_peer(hub), peer[spoke]);
}

static bool both_compare(void)
{
	return device[HUB].compare && device[linked].compare;
}

static void pair_with(size_t spoke)
{
	struct baton_session *end[] = {
		baton_endpoint_session(&device[HUB].endpoint),
		baton_endpoint_session(&device[spoke].endpoint)};
	size_t i;

	for (i = 0; i < 2; i++)
		OK(baton_session_pairing_open(end[i], now_ms));
	up(spoke);
	assert_true(run(both_compare, 30000));
	for (i = 0; i < 2; i++)
		OK(baton_session_confirm(end[i], true, now_ms));
	assert_true(run(is_active, 30000));
	peer[spoke] = baton_endpoint_peer(&device[HUB].endpoint);
	down();
}

static void start(struct device *d, uint8_t seed_byte)
{
	struct baton_link_config link = BATON_LINK_CONFIG_LARGE;
	struct baton_endpoint_config config = {
		.session = {.role = d->role,
			    .message_max = 1 << 20,
			    .link = link},
		.device = {.type = d->role == BATON_WATCH ? 1 : 2},
		.application = &application,
		.applications = 1,
		.peers = 2,
		.activities = 1,
	};
	size_t len = baton_endpoint_memory_len(&config);
	uint8_t seed[32] = {seed_byte};

	d->memory = malloc(len);
	assert_non_null(d->memory);
	OK(baton_endpoint_init(&d->endpoint, &config, d->memory, len, seed));
}

/* It loses its memory and comes back with what it stored, bonds first. */
static void restart(size_t at)
{
	struct device *d = &device[at];
	const struct value *value;
	bool bonds;
	int i;

	down();
	baton_endpoint_wipe(&d->endpoint);
	free(d->memory);
	start(d, (uint8_t)(10 + at));
	for (i = 0; i < 2; i++)
		for (value = d->stored; value < d->stored + VALUES; value++) {
			bonds = !strncmp(value->key, "bond/", 5);
			if (value->len > 0 && bonds == (i == 0))
				OK(baton_endpoint_load(&d->endpoint, value->key,
						       value->bytes, value->len,
						       now_ms));
		}
}

/* A hub of this role with a bond with each of the others. */
static void begin(enum baton_role role)
{
	size_t i;

	memset(device, 0, sizeof(device));
	files = 0;
	linked = HUB;
	now_ms = 1000;
	for (i = 0; i < DEVICES; i++) {
		device[i].role = i == HUB	       ? role
				 : role == BATON_WATCH ? BATON_PHONE
						       : BATON_WATCH;
		start(&device[i], (uint8_t)(1 + i));
	}
	pair_with(1);
	pair_with(2);
	assert_int_not_equal(peer[1], peer[2]);
}

static void end(void)
{
	size_t i;

	for (i = 0; i < DEVICES; i++) {
		baton_endpoint_wipe(&device[i].endpoint);
		free(device[i].memory);
	}
}

static size_t values(size_t at, const char *prefix)
{
	const struct value *value = device[at].stored;
	size_t n = 0;

	for (; value < device[at].stored + VALUES; value++)
		n += value->len > 0 &&
		     !strncmp(value->key, prefix, strlen(prefix));
	return n;
}

static const struct file *awaited;
static uint64_t wanted;

static bool has_come(void)
{
	return awaited->written >= wanted;
}

static void run_until(const struct file *f, uint64_t bytes)
{
	awaited = f;
	wanted = bytes;
	assert_true(run(has_come, 20000));
}

static bool is_over(void)
{
	return awaited->delivered && !awaited->delivered_due &&
	       !awaited->complete_due;
}

static void run_to_the_end(const struct file *f)
{
	awaited = f;
	assert_true(run(is_over, 20000));
}

static void assert_whole(const struct file *f)
{
	assert_false(f->wrong);
	assert_int_equal(f->written, LEN);
	assert_int_equal(f->complete, 1);
	assert_int_equal(f->delivered, 1);
	assert_int_equal(f->failed + f->cancelled, 0);
}

static const enum baton_role roles[] = {BATON_WATCH, BATON_PHONE};

static void files_of_two_bonds_go_on_in_turn(void **state)
{
	struct file *to[DEVICES], *from[DEVICES];
	size_t r, spoke;
	uint64_t part;

	(void)state;
	for (r = 0; r < 2; r++) {
		begin(roles[r]);
		for (spoke = 1; spoke < DEVICES; spoke++) {
			to[spoke] = send_file(HUB, spoke, "here");
			/* What one calls its file the other may, too. */
			from[spoke] = send_file(spoke, HUB, "back");
		}
		for (part = LEN / 4; part < LEN; part += LEN / 4)
			for (spoke = 1; spoke < DEVICES; spoke++) {
				meet(spoke);
				run_until(to[spoke], part);
				run_until(from[spoke], part);
			}
		for (spoke = 1; spoke < DEVICES; spoke++) {
			meet(spoke);
			run_to_the_end(to[spoke]);
			run_to_the_end(from[spoke]);
			(void)run(NULL, 1000);
			assert_whole(to[spoke]);
			assert_whole(from[spoke]);
			assert_int_equal(values(spoke, "app/"), 0);
		}
		assert_int_equal(values(HUB, "app/"), 0);
		end();
	}
}

/* What is stored of one bond is not taken for what is of the other. */
static void a_start_finds_the_files_of_both_bonds(void **state)
{
	struct file *to[DEVICES], *from[DEVICES];
	size_t r, spoke;

	(void)state;
	for (r = 0; r < 2; r++) {
		begin(roles[r]);
		for (spoke = 1; spoke < DEVICES; spoke++) {
			to[spoke] = send_file(HUB, spoke, "here");
			from[spoke] = send_file(spoke, HUB, "back");
			meet(spoke);
			run_until(to[spoke], LEN / 4);
			run_until(from[spoke], LEN / spoke / 4);
		}
		restart(HUB);
		for (spoke = 1; spoke < DEVICES; spoke++) {
			meet(spoke);
			run_to_the_end(to[spoke]);
			run_to_the_end(from[spoke]);
			assert_whole(to[spoke]);
			assert_whole(from[spoke]);
			assert_int_equal(to[spoke]->resumed, 0);
			assert_int_equal(from[spoke]->resumed, 1);
			(void)run(NULL, 1000);
		}
		assert_int_equal(values(HUB, "app/"), 0);
		end();
	}
}

/*
 * The files of both bonds are half way, and the other's are going on, when the
 * first bond is revoked at the hub: or the one on the link, and the other's go
 * on later.
 */
static void revoke(enum baton_role role, size_t revoked, size_t stays)
{
	struct file *gone, *gone_back, *kept, *kept_back;
	uint64_t written, written_back;

	begin(role);
	gone = send_file(HUB, revoked, "gone");
	gone_back = send_file(revoked, HUB, "back");
	kept = send_file(HUB, stays, "gone");
	kept_back = send_file(stays, HUB, "back");
	meet(1);
	run_until(revoked == 1 ? gone : kept, LEN / 2);
	meet(2);
	run_until(revoked == 2 ? gone : kept, LEN / 2);
	written = gone->written;
	written_back = gone_back->written;
	OK(baton_endpoint_revoke(&device[HUB].endpoint, peer[revoked], now_ms));
	assert_null(machine(gone, HUB));
	assert_non_null(machine(kept, HUB));
	(void)run(NULL, 1500);
	assert_int_equal(device[HUB].revoked, 1u << peer[revoked]);
	if (linked != stays || device[HUB].closed || device[stays].closed)
		meet(stays);
	run_to_the_end(kept);
	run_to_the_end(kept_back);
	(void)run(NULL, 1000);
	assert_whole(kept);
	assert_whole(kept_back);
	/* Nothing is left of the other, nor of what is over. */
	assert_int_equal(gone->written, written);
	assert_int_equal(gone_back->written, written_back);
	assert_int_equal(gone->delivered + gone_back->delivered, 0);
	assert_int_equal(device[HUB].revoked, 1u << peer[revoked]);
	assert_int_equal(device[stays].revoked, 0);
	assert_int_equal(values(HUB, "app/"), 0);
	assert_int_equal(values(HUB, "bond/"), 1);
	end();
}

static void revoking_one_bond_leaves_the_files_of_the_other(void **state)
{
	size_t r;

	(void)state;
	for (r = 0; r < 2; r++) {
		/* The link is the other's, and goes on. */
		revoke(roles[r], 1, 2);
		/* It is that of the bond that goes. */
		revoke(roles[r], 2, 1);
	}
}

/* Its place has nothing of who had it before. */
static void who_pairs_anew_has_none_of_the_old_files(void **state)
{
	struct file *old, *going, *anew;
	struct baton_file_info info;
	size_t r;

	(void)state;
	for (r = 0; r < 2; r++) {
		begin(roles[r]);
		old = send_file(HUB, 1, "same");
		going = send_file(HUB, 2, "same");
		meet(1);
		run_until(old, LEN / 2);
		OK(baton_endpoint_revoke(&device[HUB].endpoint, peer[1],
					 now_ms));
		(void)run(NULL, 2000);
		assert_int_equal(device[1].revoked, 1);
		meet(2);
		run_until(going, LEN / 2);
		down();
		old->id[0] = 0; /* of nobody any more */
		pair_with(1);
		assert_int_equal(baton_files_info(machine(old, HUB), 0, &info),
				 BATON_ERR_NOT_FOUND);
		anew = send_file(HUB, 1, "same");
		meet(1);
		run_to_the_end(anew);
		assert_whole(anew);
		meet(2);
		run_to_the_end(going);
		assert_whole(going);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_two_bonds_go_on_in_turn),
		cmocka_unit_test(a_start_finds_the_files_of_both_bonds),
		cmocka_unit_test(
			revoking_one_bond_leaves_the_files_of_the_other),
		cmocka_unit_test(who_pairs_anew_has_none_of_the_old_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
