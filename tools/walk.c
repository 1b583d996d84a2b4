/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "tools/large.h"
#include "tools/prompt.h"
#include "tools/walk.h"

#define PAIR_TRIES 3 /* links, where nobody said no */
#define SCAN_LEN 512
#define EARLY_MAX 65536 /* bytes of answers that are dropped: a pipe's */

/* What a person was shown or asked for. */
enum way {
	WAY_NONE_YET,
	WAY_COMPARE,
	WAY_CODE,
	WAY_QR,
};

struct baton_walk {
	const struct baton_role_options *options;
	const struct baton_walk_events *events;
	void *user;
	struct baton_runner *runner;
	struct baton_prompt *prompt;
	unsigned int failures;
	bool open;
	bool asking; /* the prompt stands at the end of a line */
	bool compares; /* numbers were shown, and are not void yet */
	enum way way;
	char scanned[SCAN_LEN]; /* so far: it may come in several lines */
};

static bool is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

static const char *peer_name(const struct baton_walk *walk)
{
	return walk->options->role == BATON_WATCH ? "phone" : "watch";
}

/* False for /dev/null, as which what is closed is opened (main.c). */
static bool is_there(int fd)
{
	struct stat st;

	return !fstat(fd, &st) &&
	       !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

/* What a person sees and answers here decides what this device can do. */
static uint8_t able(const struct baton_role_options *options)
{
	bool shows = is_there(STDOUT_FILENO), asks = is_there(STDIN_FILENO);
	uint8_t can = 0;

	if (shows)
		can |= BATON_PAIR_SHOW | BATON_PAIR_SECRET_SHOW;
	if (asks)
		can |= BATON_PAIR_TYPE | BATON_PAIR_SECRET_TAKE;
	if ((shows && asks) || options->yes_if >= 0)
		can |= BATON_PAIR_COMPARE;
	return can & options->pairing;
}

void baton_walk_configure(const struct baton_role_options *options,
			  struct baton_session_config *config)
{
	config->out_of_band = &baton_out_of_band;
	config->typed = &baton_typed;
	config->pairing = able(options);
}

struct baton_walk *baton_walk_new(const struct baton_role_options *options,
				  const struct baton_walk_events *events,
				  void *user)
{
	struct baton_walk *walk = g_new0(struct baton_walk, 1);

	walk->options = options;
	walk->events = events;
	walk->user = user;
	return walk;
}

static void say(const struct baton_walk *walk, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

static void say(const struct baton_walk *walk, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	walk->events->say(walk->user, text);
	explicit_bzero(text, strlen(text));
	g_free(text);
}

static void stop(struct baton_walk *walk)
{
	walk->open = false;
	walk->compares = false;
	/* What is said next does not belong to the question. */
	if (walk->asking && is_terminal())
		putchar('\n');
	fflush(stdout);
	walk->asking = false;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	explicit_bzero(walk->scanned, sizeof(walk->scanned));
}

void baton_walk_free(struct baton_walk *walk)
{
	if (!walk)
		return;
	stop(walk);
	g_free(walk);
}

static void fail(struct baton_walk *walk, enum baton_exit code,
		 const char *format, ...) G_GNUC_PRINTF(3, 4);

static void fail(struct baton_walk *walk, enum baton_exit code,
		 const char *format, ...)
{
	va_list args;
	g_autofree char *text = NULL;

	stop(walk);
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	walk->events->failed(walk->user, code, text);
}

gboolean baton_walk_open(struct baton_walk *walk, struct baton_runner *runner,
			 GError **error)
{
	walk->runner = runner;
	if (!able(walk->options)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "nobody can pair here this way: stdin or stdout "
			       "is closed or /dev/null; run it on a terminal");
		return FALSE;
	}
	if (baton_session_pairing_open(baton_runner_session(runner),
				       baton_runner_now_ms())) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "%u devices are paired, and more do not fit; "
			       "forget one with baton bonds revoke",
			       BATON_BONDS);
		return FALSE;
	}
	if (is_terminal() && !walk->open)
		say(walk, "Looking for the %s; begin there too.",
		    peer_name(walk));
	walk->open = true;
	baton_runner_kick(runner);
	return TRUE;
}

static void ask(struct baton_walk *walk, const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
	walk->asking = true;
}

static void answer(struct baton_walk *walk, bool yes)
{
	walk->asking = false;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (baton_session_confirm(baton_runner_session(walk->runner), yes,
				  baton_runner_now_ms()))
		g_debug("too late to confirm");
	else if (yes && is_terminal())
		say(walk, "Waiting for the %s.", peer_name(walk));
	baton_runner_kick(walk->runner);
}

/* Whatever is not a yes is a no, the end of stdin too. */
static void on_answer(void *user, const char *text)
{
	answer(user, text && (*text == 'y' || *text == 'Y'));
}

/*
 * What was typed before numbers are shown is no answer to them; of a script, what
 * it said of numbers that are void.
 */
static void drop_early_answers(const struct baton_walk *walk)
{
	GPollFD in = {.fd = STDIN_FILENO, .events = G_IO_IN};
	char dropped[256];
	size_t left = EARLY_MAX / sizeof(dropped);

	if (!tcflush(STDIN_FILENO, TCIFLUSH) || !walk->failures)
		return;
	while (left-- > 0 && g_poll(&in, 1, 0) == 1 && in.revents & G_IO_IN &&
	       read(STDIN_FILENO, dropped, sizeof(dropped)) > 0)
		;
}

static void take_compare(struct baton_walk *walk, uint32_t code)
{
	g_autofree char *digits =
		g_strdup_printf("%03u %03u", code / 1000, code % 1000);
	gint64 yes_if = walk->options->yes_if;

	walk->way = WAY_COMPARE;
	walk->compares = true;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	drop_early_answers(walk);
	if (yes_if >= 0 || !is_terminal())
		say(walk, "code %06u", code);
	if (yes_if >= 0) {
		if ((gint64)code != yes_if)
			baton_fail_print("the code is not the one of --yes-if; "
					 "not paired");
		answer(walk, (gint64)code == yes_if);
		return;
	}
	if (is_terminal()) {
		say(walk, "%s", "");
		baton_large_digits(stdout, digits);
		say(walk,
		    "\nDoes the %s show the same number,\n"
		    "%s? Look at all of it. If it is\n"
		    "another one, somebody may be between.",
		    peer_name(walk), digits);
		ask(walk, "Yes within two minutes? [y/N] ");
	}
	walk->prompt = baton_prompt_new(on_answer, walk);
}

static void take_show(struct baton_walk *walk, const uint8_t *digits)
{
	char text[BATON_TYPED_TEXT_LEN];
	g_autofree char *groups = NULL;

	walk->way = WAY_CODE;
	baton_typed_text(digits, text);
	if (!is_terminal()) {
		say(walk, "show %s", text);
		return;
	}
	groups = g_strdup_printf("%.3s %.3s %s", text, text + 3, text + 6);
	say(walk, "\nType this on the %s:\n", peer_name(walk));
	baton_large_digits(stdout, groups);
	say(walk,
	    "\n%s serves once, within two\n"
	    "minutes. Show it to nobody else.",
	    groups);
}

static bool has_six_digits(const char *text)
{
	size_t digits = 0;

	for (; *text; text++)
		if (g_ascii_isdigit(*text))
			digits++;
		else if (*text != ' ' && *text != '-')
			return false;
	return digits == 6;
}

static void on_code(void *user, const char *text)
{
	struct baton_walk *walk = user;
	enum baton_err err;

	if (!text) {
		baton_session_pairing_close(baton_runner_session(walk->runner));
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: no code was typed; pair both again");
		return;
	}
	err = baton_session_code(baton_runner_session(walk->runner), text,
				 baton_runner_now_ms());
	if (err == BATON_ERR_ARG && !is_terminal()) {
		say(walk, "wrong");
	} else if (err == BATON_ERR_ARG && has_six_digits(text)) {
		ask(walk, "Six digits are no code. If the other one\n"
			  "asks whether two numbers are the same,\n"
			  "say no there: somebody may be between.\n"
			  "All seven digits: ");
	} else if (err == BATON_ERR_ARG) {
		ask(walk, "That is not it: seven digits, and they\n"
			  "must fit each other. Again: ");
	} else if (err) {
		fail(walk, BATON_EXIT_TIMEOUT,
		     "not paired: the code came too late; pair both again");
	} else {
		walk->asking = false;
		g_clear_pointer(&walk->prompt, baton_prompt_free);
		if (is_terminal())
			say(walk, "Trying it.");
		baton_runner_kick(walk->runner);
	}
}

static void take_ask(struct baton_walk *walk)
{
	walk->way = WAY_CODE;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (!is_terminal()) {
		say(walk, "type");
	} else {
		say(walk,
		    "The %s shows a code of seven digits.\n"
		    "Type it here within two minutes.",
		    peer_name(walk));
		ask(walk, "Code: ");
	}
	walk->prompt = baton_prompt_new(on_code, walk);
}

static void take_secret(struct baton_walk *walk,
			const uint8_t secret[BATON_OOB_SECRET_LEN])
{
	char text[BATON_OOB_TEXT_LEN];
	bool drawn;
	int i;

	walk->way = WAY_QR;
	baton_oob_text(secret, text);
	if (!is_terminal()) {
		say(walk, "secret %s", text);
		goto out;
	}
	drawn = baton_large_qr(stdout, text);
	say(walk,
	    drawn ? "Scan this with the %s, or type there:"
		  : "Type this on the %s:",
	    peer_name(walk));
	for (i = 0; i < 7; i += 2)
		say(walk, " %.8s %.8s", text + 7 + 8 * i,
		    i == 6 ? "" : text + 15 + 8 * i);
	say(walk, "It serves once, within two minutes.\n"
		  "Show it to nobody else.");
out:
	explicit_bzero(text, sizeof(text));
}

static size_t letters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += g_ascii_isalnum(*text) || *text == ':';
	return n;
}

/* The text may come in several lines; it is complete when it makes sense. */
static void on_scan(void *user, const char *text)
{
	struct baton_walk *walk = user;
	struct baton_session *session = baton_runner_session(walk->runner);
	uint8_t secret[BATON_OOB_SECRET_LEN];

	if (!text) {
		baton_session_pairing_close(session);
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: no QR code was scanned; pair both again");
		return;
	}
	g_strlcat(walk->scanned, text, sizeof(walk->scanned));
	if (!baton_oob_parse(walk->scanned, secret)) {
		g_clear_pointer(&walk->prompt, baton_prompt_free);
		if (baton_session_secret_take(session, secret,
					      baton_runner_now_ms()))
			g_debug("a secret that is not taken");
		else if (is_terminal())
			say(walk, "Trying it.");
		explicit_bzero(secret, sizeof(secret));
		baton_runner_kick(walk->runner);
	} else if (letters(walk->scanned) < BATON_OOB_TEXT_LEN - 8) {
		return;
	} else {
		say(walk, is_terminal()
				  ? "That is not it: a letter is wrong. Once\n"
				    "more, from the beginning:"
				  : "wrong");
	}
	explicit_bzero(walk->scanned, sizeof(walk->scanned));
}

static void take_scan(struct baton_walk *walk)
{
	walk->way = WAY_QR;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (is_terminal())
		say(walk,
		    "The %s shows a QR code. Scan it and\n"
		    "paste what it says, or type the letters\n"
		    "that stand below it, then Enter. You\n"
		    "have two minutes.",
		    peer_name(walk));
	else
		say(walk, "scan");
	walk->prompt = baton_prompt_new(on_scan, walk);
}

static void fail_refused(struct baton_walk *walk)
{
	if (walk->way == WAY_COMPARE)
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: a person said no; if the numbers were not "
		     "the same, go somewhere else and pair both again");
	else if (walk->way != WAY_NONE_YET)
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: the %s has given up, or its two minutes are "
		     "over; pair both again",
		     peer_name(walk));
	else
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: the %s is not pairing, or not this way; pair "
		     "both again, with the same --method on both or without",
		     peer_name(walk));
}

/* The link was lost, and with it the numbers. */
static void look_again(struct baton_walk *walk)
{
	GError *error = NULL;

	if (walk->way == WAY_COMPARE && is_terminal())
		say(walk,
		    "%sThe %s is gone; looking for it.\n"
		    "There will be other numbers.",
		    walk->asking ? "\n" : "", peer_name(walk));
	walk->asking = false;
	if (baton_walk_open(walk, walk->runner, &error))
		return;
	fail(walk, (enum baton_exit)error->code, "%s", error->message);
	g_error_free(error);
}

static void take_failed(struct baton_walk *walk, enum baton_err err)
{
	if (!walk->open)
		return;
	walk->compares = false;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (err == BATON_ERR_VERSION)
		return; /* LINK_CLOSE says it with the versions */
	if (err == BATON_ERR_REFUSED) {
		fail_refused(walk);
	} else if (err == BATON_ERR_TIMEOUT) {
		fail(walk, BATON_EXIT_TIMEOUT,
		     "not paired in time; pair both again");
	} else if (err == BATON_ERR_EXHAUSTED &&
		   walk->options->pairing &
			   (BATON_PAIR_SHOW | BATON_PAIR_TYPE)) {
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: %u codes in a row were not followed by a "
		     "bond; pair another way (--method compare or qr), or let "
		     "both try again with baton bonds forgive",
		     BATON_TYPED_TRIES);
	} else if (err == BATON_ERR_STORE) {
		fail(walk, BATON_EXIT_OUTPUT,
		     "not paired: the store cannot be written; make room or "
		     "name another with --store, and pair both again");
	} else if (walk->way == WAY_CODE) {
		fail(walk, BATON_EXIT_PEER,
		     "not paired: the code was another one, or the link was "
		     "lost; pair both again, with the new code");
	} else if (walk->way == WAY_QR) {
		fail(walk, BATON_EXIT_PEER,
		     "not paired: the QR code was another one, or the link was "
		     "lost; pair both again, with the new QR code");
	} else if (++walk->failures == PAIR_TRIES) {
		fail(walk, BATON_EXIT_PEER, "not paired: %s; pair both again",
		     baton_err_text(err));
	} else {
		look_again(walk);
	}
}

void baton_walk_event(struct baton_walk *walk, const struct baton_event *event)
{
	if (event->type == BATON_EVENT_COMPARE) {
		take_compare(walk, event->u.compare.code);
	} else if (event->type == BATON_EVENT_SHOW_CODE) {
		take_show(walk, event->u.typed.digits);
	} else if (event->type == BATON_EVENT_TYPE_CODE) {
		take_ask(walk);
	} else if (event->type == BATON_EVENT_SHOW_SECRET) {
		take_secret(walk, event->u.secret.bytes);
	} else if (event->type == BATON_EVENT_TAKE_SECRET) {
		take_scan(walk);
	} else if (event->type == BATON_EVENT_PAIRED) {
		stop(walk);
		say(walk, "paired");
	} else if (event->type == BATON_EVENT_PAIR_FAILED) {
		take_failed(walk, event->u.closed.err);
	}
}

bool baton_walk_has_met(const struct baton_walk *walk)
{
	return walk->way != WAY_NONE_YET;
}

bool baton_walk_compares(const struct baton_walk *walk)
{
	return walk->compares;
}

bool baton_walk_is_open(const struct baton_walk *walk)
{
	return walk->open;
}
