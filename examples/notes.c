/* SPDX-License-Identifier: MIT */

/*
 * notes: a note that is being typed goes from one device to the other.
 *
 *	notes watch|phone BEARER STORE
 *
 * Each line that is typed is added to the note; an empty one hands it over, and
 * the typing goes on there. Pair first, with the same stores:
 * baton watch|phone --bearer BEARER --store STORE pair.
 */

#include <stdio.h>
#include <string.h>

#include "port/linux/seed.h"
#include "tools/bearers.h"
#include "tools/control.h"
#include "tools/fail.h"
#include "tools/prompt.h"
#include "tools/runner.h"

#define NOTES 0 /* handle: the first and only application */
#define WRITE 1 /* the one operation there is */
#define PLACES 9 /* a note beside the 8 that baton itself may have here */

static const struct baton_endpoint_application application = {
	.application.id = "\x7a\x11\x0e\xc4\x93\x5b\x26", /* any 8 bytes */
	.application.rate = 100,
	.application.burst = 16,
	.activities = 1,
};

static struct baton_runner *runner;
static char note[BATON_STATE_MAX];
static size_t note_len;
static uint8_t id[BATON_ACTIVITY_ID_LEN];
static uint32_t lease_ms; /* a phone lends for so long */

static struct baton_handoff *handoff(void)
{
	return baton_endpoint_handoff(baton_runner_endpoint(runner), 0);
}

static void must(enum baton_err err)
{
	if (err)
		printf("not now: %s\n", baton_err_text(err));
}

/* The first line begins the note. */
static void add_line(const char *line, uint64_t now_ms)
{
	bool begins = note_len == 0;
	size_t len = strlen(line);

	if (note_len + len + 1 > sizeof(note) ||
	    (!begins && !baton_handoff_may_act(handoff(), NOTES, id, now_ms))) {
		puts("the note is full, or not here");
		return;
	}
	memcpy(note + note_len, line, len);
	note_len += len;
	note[note_len++] = '\n';
	must((begins ? baton_handoff_begin : baton_handoff_save)(
		handoff(), NOTES, id, (const uint8_t *)note, note_len, now_ms));
}

static void hand_over(uint64_t now_ms)
{
	must(baton_handoff_offer(handoff(), NOTES, id, lease_ms, WRITE, NULL, 0,
				 now_ms));
}

static void on_line(void *loop, const char *line)
{
	if (!line)
		g_main_loop_quit(loop);
	else if (*line)
		add_line(line, baton_runner_now_ms());
	else
		hand_over(baton_runner_now_ms());
	baton_runner_kick(runner);
}

static void take(const struct baton_handoff_event *event)
{
	memcpy(id, event->id, sizeof(id));
	memcpy(note, event->bytes, event->len);
	note_len = event->len;
	printf("the note is here:\n%.*s", (int)note_len, note);
}

static void on_event(void *user, const struct baton_endpoint_event *event,
		     uint64_t now_ms)
{
	const struct baton_handoff_event *told = &event->u.handoff;

	(void)user;
	if (event->type != BATON_ENDPOINT_HANDOFF)
		return;
	if (told->type == BATON_HANDOFF_OFFERED)
		must(baton_handoff_accept(handoff(), NOTES, told->id, WRITE,
					  now_ms));
	if (told->type == BATON_HANDOFF_FREEZE)
		must(baton_handoff_state(handoff(), NOTES, told->id,
					 (const uint8_t *)note, note_len,
					 now_ms));
	if (told->type == BATON_HANDOFF_GIVEN)
		puts("the note is there");
	if (told->bytes && told->type != BATON_HANDOFF_OFFERED)
		take(told);
}

int main(int argc, char **argv)
{
	static const struct baton_runner_events events = {.event = on_event};
	struct baton_endpoint_config config = {
		.session.link = BATON_LINK_CONFIG_LARGE,
		.device.version = BATON_RUNNER_DEVICE_VERSION,
		.application = &application,
		.applications = 1,
		.peers = BATON_BONDS,
		.activities = PLACES,
	};
	uint8_t seed[32];
	struct baton_store *store;
	struct baton_bearer *bearer;
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	GError *error = NULL;

	if (argc != 4 || baton_seed_get(seed)) {
		fputs("usage: notes watch|phone BEARER STORE\n", stderr);
		return BATON_EXIT_USAGE;
	}
	store = baton_control_store(argv[3], &error);
	if (!store)
		return baton_fail_end(error);
	setvbuf(stdout, NULL, _IOLBF, 0);
	memcpy(id, seed, sizeof(id));
	config.session.role = argv[1][0] == 'w' ? BATON_WATCH : BATON_PHONE;
	lease_ms = config.session.role == BATON_PHONE ? 3600000 : 0;
	runner = baton_runner_new(&config, store, NULL, &events, NULL, &error);
	if (!runner)
		return baton_fail_end(error);
	bearer = baton_bearer_open(argv[2], config.session.role, NULL,
				   &baton_runner_bearer_events, runner, &error);
	if (!bearer)
		return baton_fail_end(error);
	baton_runner_set_bearer(runner, bearer);
	(void)baton_prompt_new(on_line, loop);
	g_main_loop_run(loop);
	baton_runner_free(runner);
	baton_store_close(store);
	return BATON_EXIT_OK;
}
