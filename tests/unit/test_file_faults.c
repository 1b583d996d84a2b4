/* SPDX-License-Identifier: MIT */

/*
 * Files between two devices whose links go, whose processes die and whose
 * power is cut at any write, while people cancel, refuse and pause. In the end
 * each file is there exactly once, or nowhere, and both sides say the same.
 *
 *   test_file_faults [SEED [RUNS]]
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/ferry.h"

/* Every second world has one, where zlib is there. */
#ifdef WITH_ZLIB
#include "port/linux/codec_zlib.h"
#define CODEC (&baton_codec_zlib)
#else
#define CODEC NULL
#endif

#define SEED 1
#define RUNS 400

static uint64_t seed = SEED;
static unsigned int runs = RUNS;

/* What happened in all runs, so that nobody takes an idle test for a good one. */
static struct {
	unsigned int files, delivered, cancelled, refused, cuts, reboots, links,
		resumed;
	uint64_t supplied, bytes;
} sum;

static void fail_at(uint64_t at, const char *what, const struct ferry_file *f)
{
	fail_msg("%s (file of %" PRIu64 " bytes, kept %" PRIu64
		 ", named %u, sender done %u); repeat it with "
		 "test_file_faults %" PRIu64 " 1",
		 what, f->total, f->synced, f->renamed, f->sender_done, at);
}

static void check_now(const struct ferry *ferry, uint64_t at)
{
	const struct ferry_file *file;
	size_t i;

	for (i = 0; i < ferry->files; i++) {
		file = &ferry->file[i];
		if (file->bad)
			fail_at(at, "a wrong byte", file);
		if (file->renamed > 1)
			fail_at(at, "it came twice", file);
		if (file->delivered > 0 && file->renamed == 0)
			fail_at(at, "DELIVERED of what is not there", file);
		if (file->changed)
			fail_at(at, "DELIVERED and FAILED", file);
		if (file->ahead)
			fail_at(at, "told of more than was kept", file);
		if (file->data_after_end)
			fail_at(at, "bytes came after the end", file);
	}
}

static void check_end(const struct ferry *ferry, uint64_t at)
{
	const struct ferry_file *file;
	size_t i;

	check_now(ferry, at);
	for (i = 0; i < ferry->files; i++) {
		file = &ferry->file[i];
		/* The power may go before a new file is durable. */
		if (file->stored && file->sender_done == 0)
			fail_at(at, "the sender was not told its end", file);
		if (file->ended_well != (file->renamed == 1))
			fail_at(at, "both sides do not say the same", file);
		if (file->part)
			fail_at(at, "a part was left", file);
		sum.delivered += file->ended_well;
		sum.cancelled += !file->ended_well && !file->by_peer;
		sum.refused += !file->ended_well && file->by_peer;
		sum.resumed += file->resumed;
		sum.bytes += file->ended_well ? file->total : 0;
	}
	if (ferry_stored(ferry))
		fail_at(at, "something was left in a store", &ferry->file[0]);
}

static uint64_t some_length(struct ferry *ferry)
{
	switch (ferry_random(ferry) % 6) {
	case 0:
		return ferry_random(ferry) % 3;
	case 1:
	case 2:
		return ferry_random(ferry) % 5000;
	case 3:
	case 4:
		return ferry_random(ferry) % 30000;
	default:
		return ferry_random(ferry) % 200000;
	}
}

/* The application of either side changes its mind about a file. */
static void meddle(struct ferry *ferry)
{
	struct ferry_file *file;

	if (ferry->files == 0)
		return;
	file = &ferry->file[ferry_random(ferry) % ferry->files];
	/* What is complete has a name soon: whoever cancels it is in time. */
	switch (file->complete ? ferry_random(ferry) % 2
			       : ferry_random(ferry) % 8) {
	case 0:
		/* It may be too late; then nothing has changed. */
		if (baton_files_cancel(&ferry_from(ferry, file)->files,
				       file->id, BATON_REASON_PERSON))
			return;
		break;
	case 1:
		if (file->renamed == 0 &&
		    !baton_files_refuse(&ferry_to(ferry, file)->files, file->id,
					BATON_REASON_NO_ROOM)) {
			file->part = false;
			file->synced = 0;
			file->written = 0;
			file->complete = false;
		}
		break;
	default:
		if (!baton_files_pause(&ferry_to(ferry, file)->files, file->id,
				       !file->paused))
			file->paused = !file->paused;
		break;
	}
}

static void disturb(struct ferry *ferry)
{
	enum baton_role role = (enum baton_role)(ferry_random(ferry) % 2);
	struct ferry_node *node = &ferry->node[role];

	switch (ferry_random(ferry) % 12) {
	case 0:
		ferry_down(ferry);
		break;
	case 1:
		ferry_reboot(ferry, role);
		sum.reboots++;
		break;
	case 2:
	case 3:
		if (node->cut_at > node->writes)
			break;
		node->cut_at = node->writes + 1 +
			       (unsigned int)(ferry_random(ferry) % 4);
		node->cut_keeps = ferry_random(ferry) % 2;
		break;
	case 4:
		node->store_fails = !node->store_fails;
		break;
	case 5:
	case 6:
	case 7:
		sum.files +=
			ferry_send(ferry, role,
				   (uint8_t)(ferry_random(ferry) % FERRY_APPS),
				   some_length(ferry)) != NULL;
		break;
	default:
		meddle(ferry);
		break;
	}
}

/* Who is without power starts again, who has no link gets one. */
static void repair(struct ferry *ferry)
{
	int r;

	for (r = 0; r < 2; r++) {
		if (!ferry->node[r].dead)
			continue;
		ferry_reboot(ferry, (enum baton_role)r);
		sum.cuts++;
	}
	if (pair_closed(&ferry->pair))
		ferry_down(ferry);
	if (!ferry->pair.up) {
		ferry_up(ferry);
		sum.links++;
	}
}

static void end_faults(struct ferry *ferry)
{
	size_t i;
	int r;

	ferry->slow_pm = 0;
	for (r = 0; r < 2; r++) {
		ferry->node[r].store_fails = false;
		ferry->node[r].cut_at = 0;
	}
	repair(ferry);
	for (i = 0; i < ferry->files; i++)
		if (ferry->file[i].paused &&
		    !baton_files_pause(&ferry_to(ferry, &ferry->file[i])->files,
				       ferry->file[i].id, false))
			ferry->file[i].paused = false;
}

static void run(struct ferry *ferry, uint64_t at)
{
	unsigned int steps, turns;
	size_t r, i;

	assert_true(ferry_init_codec(ferry, at, at & 1 ? CODEC : NULL));
	ferry->slow_pm = (unsigned int)(ferry_random(ferry) % 400);
	ferry->refuse_pm = (unsigned int)(ferry_random(ferry) % 60);
	ferry->pair.drop_ppm = ferry_random(ferry) % 3 ? 0 : 20000;
	for (steps = 20 + ferry_random(ferry) % 60; steps > 0; steps--) {
		disturb(ferry);
		for (turns = ferry_random(ferry) % 12; turns > 0; turns--) {
			(void)ferry_turn(ferry);
			check_now(ferry, at);
		}
		if (ferry_chance(ferry, 300))
			ferry_run(ferry, 1 + ferry_random(ferry) % 2000);
		check_now(ferry, at);
		if (ferry_chance(ferry, 600))
			repair(ferry);
	}
	ferry->pair.drop_ppm = 0;
	/* A reboot may leave one question, and a link answers the next. */
	for (steps = 0; steps < 3; steps++) {
		end_faults(ferry);
		ferry_run(ferry, 600000);
		repair(ferry);
	}
	check_end(ferry, at);
	for (r = 0; r < 2; r++)
		for (i = 0; i < FERRY_APPS; i++)
			sum.supplied += ferry->node[r].app[i].supplied;
	ferry_free(ferry);
}

static void every_file_arrives_exactly_once_or_nowhere(void **state)
{
	struct ferry *ferry = malloc(sizeof(*ferry));
	uint64_t at;

	(void)state;
	assert_non_null(ferry);
	for (at = seed; at < seed + runs; at++)
		run(ferry, at);
	free(ferry);
	print_message("# %u runs from seed %" PRIu64
		      ": %u files, %u delivered, %u "
		      "cancelled, %u refused, %u resumed after a start; %u "
		      "links, %u power cuts, %u other starts; %" PRIu64
		      " bytes supplied for %" PRIu64 " delivered\n",
		      runs, seed, sum.files, sum.delivered, sum.cancelled,
		      sum.refused, sum.resumed, sum.links, sum.cuts,
		      sum.reboots, sum.supplied, sum.bytes);
	if (runs < 100)
		return;
	assert_true(sum.delivered > runs && sum.cancelled > runs / 10 &&
		    sum.refused > runs / 10 && sum.cuts > runs &&
		    sum.resumed > runs / 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_arrives_exactly_once_or_nowhere),
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		runs = (unsigned int)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests_name("file faults", tests, NULL, NULL);
}
