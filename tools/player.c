/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/bonds.h"
#include "tools/bonds_live.h"
#include "tools/desk.h"
#include "tools/fail.h"
#include "tools/filing.h"
#include "tools/conduit.h"
#include "tools/progress.h"
#include "tools/prompt.h"
#include "tools/player.h"
#include "tools/role_options.h"
#include "tools/runner.h"
#include "tools/walk.h"

#define LEAVE_POLL_MS 50
#define LEAVE_MAX_MS 10000
#define PAIR_TIMEOUT_S 130
#define COMPARE_POLL_S 1
/* Links in a row that ended before both sides knew each other. */
#define TRIES 5

struct baton_player {
	const struct baton_role_options *options;
	GMainLoop *loop;
	struct baton_runner *runner;
	struct baton_store *store;
	struct baton_filing *filing;
	struct baton_conduit *conduit; /* NULL: another job */
	struct baton_walk *walk;
	struct baton_bonds_live *bonds;
	struct baton_desk *desk;
	struct baton_prompt *prompt; /* commands */
	struct baton_progress progress;
	uint8_t chosen[BATON_BOND_ID_LEN]; /* --bond */
	GError *error; /* why it ends, if not because it is done */
	bool broken; /* the bearer or the store cannot go on */
	guint64 links; /* that came up */
	unsigned int failures; /* links that failed in a row */
	bool secured;
	bool scripted; /* --do was done */
	bool deaf; /* stdin was opened once */
	guint timer; /* --timeout */
	guint leaving; /* looks whether the peer has heard all */
	uint64_t leaving_ms;
};

static const char *peer_name(const struct baton_player *player)
{
	return player->options->role == BATON_WATCH ? "phone" : "watch";
}

static void say(struct baton_player *player, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

static void say(struct baton_player *player, const char *format, ...)
{
	/* What a pipe brings has stdout for itself. */
	FILE *to = player->options->job == BATON_JOB_PIPE ? stderr : stdout;
	va_list args;

	baton_progress_clear(&player->progress);
	va_start(args, format);
	vfprintf(to, format, args);
	va_end(args);
	fputc('\n', to);
	fflush(to);
}

/* Who came to pair has read "paired", and is done with the link. */
static void say_state(struct baton_player *player, const char *text)
{
	if (player->options->job != BATON_JOB_PAIR || !isatty(STDOUT_FILENO))
		say(player, "%s", text);
}

static void warn(struct baton_player *player, const char *text)
{
	baton_progress_clear(&player->progress);
	baton_fail_print(text);
}

static gboolean on_leave_poll(gpointer data)
{
	struct baton_player *player = data;
	uint64_t gone_ms = baton_runner_now_ms() - player->leaving_ms;

	if (!baton_runner_is_up(player->runner) ||
	    baton_runner_is_quiet(player->runner) || gone_ms > LEAVE_MAX_MS)
		g_main_loop_quit(player->loop);
	return G_SOURCE_CONTINUE;
}

/* Done: leave when the peer has heard all that it must hear. */
static void leave(struct baton_player *player)
{
	if (player->leaving)
		return;
	/* Whatever had to be done in time is. */
	g_clear_handle_id(&player->timer, g_source_remove);
	player->leaving_ms = baton_runner_now_ms();
	player->leaving = g_timeout_add(LEAVE_POLL_MS, on_leave_poll, player);
}

/* End with an error, taken; at once, or when the peer has heard of it. */
static void end(struct baton_player *player, GError *error, bool at_once)
{
	if (!player->error)
		player->error = error;
	else
		g_error_free(error);
	if (at_once)
		g_main_loop_quit(player->loop);
	else
		leave(player);
}

static void end_with(struct baton_player *player, enum baton_exit code,
		     const char *format, ...) G_GNUC_PRINTF(3, 4);

static void end_with(struct baton_player *player, enum baton_exit code,
		     const char *format, ...)
{
	va_list args;
	char *text;
	GError *error = NULL;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	baton_fail_set(&error, code, "%s", text);
	g_free(text);
	end(player, error, true);
}

/*
 * End a `send` that is not done: its files are given up, and the peer is told
 * if it is there.
 */
static void end_giving_up(struct baton_player *player, enum baton_exit code,
			  const char *text)
{
	GError *error = NULL;

	baton_fail_set(&error, code, "%s", text);
	baton_filing_give_up(player->filing);
	if (player->conduit)
		baton_conduit_reset(player->conduit);
	end(player, error, false);
}

static void on_walk_say(void *user, const char *text)
{
	say(user, "%s", text);
}

static void on_walk_failed(void *user, enum baton_exit code, const char *text)
{
	end_with(user, code, "%s", text);
}

static const struct baton_walk_events walk_events = {
	.say = on_walk_say,
	.failed = on_walk_failed,
};

static void take_paired(struct baton_player *player,
			const uint8_t id[BATON_BOND_ID_LEN])
{
	/* A bond without a name is as good. */
	(void)!baton_bonds_note(player->store, id, player->options->role);
	if (player->options->job == BATON_JOB_PAIR)
		leave(player);
}

/*
 * Here or over there a person said that the bond is to be no more. One that
 * was for this bond has nothing left to do; it ends when the peer has heard.
 */
static void take_revoked(struct baton_player *player,
			 const struct baton_endpoint_event *event)
{
	const uint8_t *id = event->bond;
	bool lost = baton_filing_revoked(player->filing, id);
	char text[BATON_BONDS_SHORT_LEN];
	GError *error = NULL;

	if (player->conduit)
		lost |= baton_conduit_revoked(player->conduit, event->peer);
	baton_bonds_live_revoked(player->bonds, event);
	baton_bonds_short(id, text);
	say(player, "revoked %s", text);
	if (!lost &&
	    (baton_walk_is_open(player->walk) ||
	     (baton_session_bond_count(baton_runner_session(player->runner)) &&
	      !(player->options->bond &&
		!memcmp(player->chosen, id, BATON_BOND_ID_LEN)))))
		return;
	baton_fail_set(&error, BATON_EXIT_REFUSED,
		       "the bond with the %s was revoked; pair both again",
		       peer_name(player));
	end(player, error, false);
}

static void take_other_version(struct baton_player *player,
			       const struct baton_event *event)
{
	g_autofree char *text = g_strdup_printf(
		"the %s speaks version %u, this program %u; update the older "
		"of them",
		peer_name(player), event->u.closed.peer_version[0],
		BATON_VERSION_MAX);

	/* Anybody may come to a watch, and show what a phone goes to. */
	if (!baton_walk_is_open(player->walk) ||
	    (player->options->job == BATON_JOB_STAY && !player->options->count))
		warn(player, text);
	else
		end_with(player, BATON_EXIT_VERSION, "%s", text);
}

/*
 * Why a link came to nothing is a hint, which a stranger gives as well
 * (session/SPEC.md 1.3): it ends nothing.
 */
static void take_close(struct baton_player *player,
		       const struct baton_event *event)
{
	enum baton_err err = event->u.closed.err;
	g_autofree char *text = NULL;

	if (player->options->verbose)
		warn(player, baton_err_text(err));
	if (err == BATON_ERR_VERSION) {
		take_other_version(player, event);
		return;
	}
	/* Of a watch's phone this says nothing. */
	if (player->options->role == BATON_WATCH ||
	    (err != BATON_ERR_NO_BOND && err != BATON_ERR_REFUSED &&
	     err != BATON_ERR_AUTH && err != BATON_ERR_PROTOCOL))
		return;
	if (++player->failures != TRIES || baton_walk_is_open(player->walk))
		return;
	text = g_strdup_printf("%s; if it is your watch, pair both again",
			       baton_err_text(err));
	warn(player, text);
}

static void take_secured(struct baton_player *player)
{
	player->failures = 0;
	player->secured = true;
	say_state(player, "connected");
}

static void on_filing_say(void *user, const char *text)
{
	say(user, "%s", text);
}

static void on_filing_warn(void *user, const char *text)
{
	warn(user, text);
}

static void on_filing_progress(void *user, const char *name, uint64_t done,
			       uint64_t total)
{
	struct baton_player *player = user;

	baton_progress_show(&player->progress, name, done, total);
}

static void on_done(void *user)
{
	leave(user);
}

static void on_job_failed(void *user, GError *error)
{
	end(user, error, false);
}

static const struct baton_filing_events filing_events = {
	.say = on_filing_say,
	.warn = on_filing_warn,
	.progress = on_filing_progress,
	.done = on_done,
	.failed = on_job_failed,
};

static const struct baton_conduit_events conduit_events = {
	.done = on_done,
	.failed = on_job_failed,
};

static void on_desk_say(void *user, const char *text)
{
	say_state(user, text);
}

/* A command was typed, or comes of a script. */
static void do_line(struct baton_player *player, const char *line)
{
	GError *error = NULL;
	g_autofree char *text = NULL;

	if (!*line)
		return;
	text = baton_desk_run(player->desk, line, &error);
	if (text)
		say(player, "%s", text);
	else
		warn(player, error->message);
	g_clear_error(&error);
}

static void on_line(void *user, const char *line)
{
	struct baton_player *player = user;

	if (line)
		do_line(player, line);
	else
		g_clear_pointer(&player->prompt, baton_prompt_free);
}

/* Who stays takes commands, once a pairing has no use for stdin any more. */
static void look_at_stdin(struct baton_player *player)
{
	if (player->options->job == BATON_JOB_STAY && !player->prompt &&
	    !baton_walk_is_open(player->walk) && !player->deaf) {
		player->deaf = true;
		player->prompt = baton_prompt_new(on_line, player);
	}
}

static void on_session_event(struct baton_player *player,
			     const struct baton_event *event)
{
	baton_walk_event(player->walk, event);
	if (event->type == BATON_EVENT_PAIRED)
		take_paired(player, event->u.bond.id);
	else if (event->type == BATON_EVENT_LINK_CLOSE)
		take_close(player, event);
	else if (event->type == BATON_EVENT_SECURED)
		take_secured(player);
	/* Nothing of this kind is expected. */
	if (event->type == BATON_EVENT_BEGIN &&
	    baton_session_refuse(baton_runner_session(player->runner),
				 event->stream, BATON_REASON_NOT_ALLOWED))
		g_debug("nothing was in progress");
	look_at_stdin(player);
}

static void run_script(struct baton_player *player)
{
	char *const *line = player->options->lines;

	if (player->scripted)
		return;
	player->scripted = true;
	for (; line && *line; line++)
		do_line(player, *line);
}

static void on_event(void *user, const struct baton_endpoint_event *event,
		     uint64_t now_ms)
{
	struct baton_player *player = user;

	if (event->type == BATON_ENDPOINT_SESSION)
		on_session_event(player, &event->u.session);
	else if (event->type == BATON_ENDPOINT_REVOKED)
		take_revoked(player, event);
	baton_filing_event(player->filing, event, now_ms);
	if (player->conduit)
		baton_conduit_event(player->conduit, event);
	baton_desk_event(player->desk, event);
	if (event->type == BATON_ENDPOINT_DELIVERY &&
	    event->u.delivery.type == BATON_DELIVERY_OPEN)
		run_script(player);
}

static void on_link(void *user, const struct baton_bearer_link *link)
{
	struct baton_player *player = user;

	if (!link) {
		baton_progress_clear(&player->progress);
		baton_filing_down(player->filing);
		if (player->secured)
			say_state(player, "disconnected");
		player->secured = false;
		return;
	}
	player->links++;
	if (player->options->verbose)
		say(player, "link: MTU %u, interval %u us", link->mtu,
		    link->interval_us);
}

static void on_failed(void *user, const GError *error)
{
	struct baton_player *player = user;

	player->broken = true;
	if (error->code == BATON_EXIT_OUTPUT)
		baton_bonds_live_failed(player->bonds);
	end(player, g_error_copy(error), true);
}

static void on_note(void *user, const char *text)
{
	struct baton_player *player = user;

	if (player->options->verbose)
		warn(player, text);
}

const struct baton_runner_events baton_player_events = {
	.event = on_event,
	.link = on_link,
	.failed = on_failed,
	.note = on_note,
};

static char *timeout_text(const struct baton_player *player)
{
	if (baton_walk_is_open(player->walk) &&
	    baton_walk_has_met(player->walk))
		return g_strdup("not paired in time; pair both again");
	if (player->options->job == BATON_JOB_PAIR)
		return g_strdup_printf(
			"not paired in time; is the %s there, in reach, and "
			"pairing too? Begin on both within two minutes",
			peer_name(player));
	return g_strdup_printf(
		"not done in time; is the %s there, and in reach?",
		peer_name(player));
}

static gboolean on_timeout(gpointer data)
{
	struct baton_player *player = data;
	g_autofree char *text = NULL;

	player->timer = 0;
	/* Their two minutes began with the numbers, not with the program. */
	if (!player->options->timeout_s && baton_walk_compares(player->walk)) {
		player->timer = g_timeout_add_seconds(COMPARE_POLL_S,
						      on_timeout, player);
		return G_SOURCE_REMOVE;
	}
	text = timeout_text(player);
	end_giving_up(player, BATON_EXIT_TIMEOUT, text);
	return G_SOURCE_REMOVE;
}

void baton_player_interrupt(struct baton_player *player)
{
	if (player->leaving ||
	    (player->options->job == BATON_JOB_STAY && !player->options->count))
		g_main_loop_quit(player->loop);
	else
		end_giving_up(player, BATON_EXIT_INTERRUPTED,
			      "interrupted before it was done");
}

char *baton_player_do(struct baton_player *player, const char *line,
		      GError **error)
{
	char *text = baton_desk_run(player->desk, line, error);

	if (!text)
		return NULL;
	/* Who is answered may rely on it: it is durable. */
	baton_runner_settle(player->runner);
	if (!player->broken)
		return text;
	g_free(text);
	g_propagate_error(error, g_error_copy(player->error));
	return NULL;
}

struct baton_endpoint *baton_player_endpoint(struct baton_player *player)
{
	return baton_runner_endpoint(player->runner);
}

struct baton_player *baton_player_new(const struct baton_role_options *options,
				      struct baton_store *store,
				      GMainLoop *loop)
{
	struct baton_player *player = g_new0(struct baton_player, 1);

	player->options = options;
	player->loop = loop;
	player->store = store;
	player->walk = baton_walk_new(options, &walk_events, player);
	return player;
}

static gboolean select_bond(struct baton_player *player, GError **error)
{
	if (!baton_bonds_find(player->store, player->options->bond,
			      player->chosen, error))
		return FALSE;
	baton_runner_choose(player->runner, player->chosen);
	return TRUE;
}

gboolean baton_player_start(struct baton_player *player,
			    struct baton_runner *runner,
			    struct baton_control *control, GError **error)
{
	const struct baton_role_options *options = player->options;
	const struct baton_desk_options desk = {
		.accept = options->accept,
		.lease_s = (guint32)options->lease_s,
		.items = options->receive,
		.pipes = options->job == BATON_JOB_PIPE,
	};
	guint64 timeout_s = options->timeout_s;

	player->runner = runner;
	player->bonds = baton_bonds_live_new(control, player->store, runner);
	player->filing = baton_filing_new(options, player->store, runner,
					  &filing_events, player, error);
	if (!player->filing)
		return FALSE;
	if (options->job == BATON_JOB_PIPE)
		player->conduit =
			baton_conduit_new(runner, &conduit_events, player);
	player->desk = baton_desk_new(&desk, runner, player->filing,
				      on_desk_say, player);
	if (options->bond && !select_bond(player, error))
		return FALSE;
	if (options->pair && !baton_walk_open(player->walk, runner, error))
		return FALSE;
	look_at_stdin(player);
	if (!timeout_s && options->job == BATON_JOB_PAIR)
		timeout_s = PAIR_TIMEOUT_S;
	if (timeout_s)
		player->timer = g_timeout_add_seconds((guint)timeout_s,
						      on_timeout, player);
	return TRUE;
}

/* All that the engine put on its links, and took from them. */
static void say_traffic(struct baton_player *player)
{
	struct baton_session_stats stats;

	baton_session_stats(baton_runner_session(player->runner), &stats);
	say(player,
	    "traffic: %" G_GUINT64_FORMAT " links, sent %" G_GUINT64_FORMAT
	    " bytes in %u PDUs (%u resent), of these %" G_GUINT64_FORMAT
	    " bytes of bulk records, received %" G_GUINT64_FORMAT
	    " bytes in %u PDUs (%u dropped)",
	    player->links, stats.link.tx_bytes, stats.link.tx_pdus,
	    stats.link.tx_resent, stats.link.tx_bulk_bytes, stats.link.rx_bytes,
	    stats.link.rx_pdus, stats.link.rx_dropped);
}

GError *baton_player_free(struct baton_player *player)
{
	GError *error = player->error;

	baton_progress_clear(&player->progress);
	if (player->options->verbose && player->runner)
		say_traffic(player);
	g_clear_handle_id(&player->timer, g_source_remove);
	g_clear_handle_id(&player->leaving, g_source_remove);
	baton_prompt_free(player->prompt);
	baton_desk_free(player->desk);
	baton_walk_free(player->walk);
	baton_bonds_live_free(player->bonds);
	baton_conduit_free(player->conduit);
	baton_filing_free(player->filing);
	g_free(player);
	return error;
}
