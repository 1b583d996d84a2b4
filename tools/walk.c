/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/large.h"
#include "tools/prompt.h"
#include "tools/walk.h"

#define PAIR_TRIES 3 /* links, where nobody said no */
#define PEOPLE_S 120 /* session/SPEC.md 1.4 */
#define SCAN_LEN 512

struct baton_walk {
	const struct baton_role_options *options;
	const struct baton_walk_events *events;
	void *user;
	struct baton_runner *runner;
	struct baton_prompt *prompt;
	unsigned int failures;
	bool open;
	bool typed; /* a code was shown or asked for */
	uint8_t secret[BATON_OOB_SECRET_LEN];
};

static bool is_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

static const char *peer_name(const struct baton_walk *walk)
{
	return walk->options->role == BATON_WATCH ? "phone" : "watch";
}

static bool is_qr(const struct baton_walk *walk)
{
	return walk->options->method == BATON_METHOD_QR_SHOW ||
	       walk->options->method == BATON_METHOD_QR_SCAN;
}

void baton_walk_configure(const struct baton_role_options *options,
			  struct baton_session_config *config)
{
	config->out_of_band = &baton_out_of_band;
	config->typed = &baton_typed;
	switch (options->method) {
	case BATON_METHOD_ANY:
		config->pairing =
			BATON_PAIR_COMPARE | BATON_PAIR_SHOW | BATON_PAIR_TYPE;
		break;
	case BATON_METHOD_COMPARE:
		config->pairing = BATON_PAIR_COMPARE;
		break;
	case BATON_METHOD_CODE:
		config->pairing = BATON_PAIR_SHOW | BATON_PAIR_TYPE;
		break;
	case BATON_METHOD_QR_SHOW:
	case BATON_METHOD_QR_SCAN:
		config->pairing = BATON_PAIR_OUT_OF_BAND;
		break;
	}
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
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	explicit_bzero(walk->secret, sizeof(walk->secret));
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

/* One character from stdin within the time; false: no more. */
static bool read_char(char *c, gint64 until_us)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	gint64 left_ms = (until_us - g_get_monotonic_time()) / 1000;

	return left_ms > 0 && poll(&fd, 1, (int)left_ms) == 1 &&
	       read(STDIN_FILENO, c, 1) == 1;
}

/* The text may come in several lines; it is complete when it makes sense. */
static bool read_secret(struct baton_walk *walk)
{
	gint64 until_us =
		g_get_monotonic_time() + (gint64)PEOPLE_S * G_USEC_PER_SEC;
	char text[SCAN_LEN] = "";
	size_t len = 0, letters = 0;
	bool good = false;
	char c;

	while (!good && read_char(&c, until_us)) {
		if (len + 1 < sizeof(text))
			text[len++] = c;
		text[len] = '\0';
		letters += g_ascii_isalnum(c) || c == ':';
		if (c != '\n')
			continue;
		good = !baton_oob_parse(text, walk->secret);
		if (good || letters < BATON_OOB_TEXT_LEN - 8)
			continue;
		say(walk, is_terminal()
				  ? "That is not it: a letter is wrong. Once "
				    "more, from the beginning:"
				  : "wrong");
		len = letters = 0;
	}
	explicit_bzero(text, sizeof(text));
	return good;
}

gboolean baton_walk_prepare(struct baton_walk *walk, GError **error)
{
	if (walk->options->method != BATON_METHOD_QR_SCAN)
		return TRUE;
	if (is_terminal())
		say(walk,
		    "The %s shows a QR code. Scan it and\n"
		    "paste what it says, or type the letters\n"
		    "that stand below it, then Enter. You\n"
		    "have two minutes.",
		    peer_name(walk));
	else
		say(walk, "scan");
	if (read_secret(walk))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_REFUSED,
		       "not paired: no QR code was scanned; pair both again, "
		       "and scan the new one");
	return FALSE;
}

static void show_secret(struct baton_walk *walk)
{
	char text[BATON_OOB_TEXT_LEN];
	bool drawn;
	int i;

	baton_oob_text(walk->secret, text);
	if (!is_terminal()) {
		say(walk, "secret %s", text);
		goto out;
	}
	say(walk, "Scan this with the %s:", peer_name(walk));
	drawn = baton_large_qr(stdout, text);
	if (drawn)
		say(walk, "or type this on it:");
	else
		say(walk, "Type this on the %s:", peer_name(walk));
	for (i = 0; i < 7; i += 2)
		say(walk, " %.8s %.8s", text + 7 + 8 * i,
		    i == 6 ? "" : text + 15 + 8 * i);
	say(walk, "It serves once, within two minutes.\n"
		  "Show it to nobody else.");
out:
	explicit_bzero(text, sizeof(text));
}

gboolean baton_walk_open(struct baton_walk *walk, struct baton_runner *runner,
			 GError **error)
{
	struct baton_session *session = baton_runner_session(runner);
	uint64_t now_ms = baton_runner_now_ms();
	enum baton_err err;

	walk->runner = runner;
	if (!is_qr(walk))
		err = baton_session_pairing_open(session, now_ms);
	else if (walk->options->method == BATON_METHOD_QR_SCAN)
		err = baton_session_secret_take(session, walk->secret, now_ms);
	else
		err = baton_session_secret_make(session, walk->secret, now_ms);
	if (err) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "%u devices are paired, and more do not fit; "
			       "forget one with baton bonds revoke",
			       BATON_BONDS);
		return FALSE;
	}
	walk->open = true;
	if (walk->options->method == BATON_METHOD_QR_SHOW)
		show_secret(walk);
	explicit_bzero(walk->secret, sizeof(walk->secret));
	baton_runner_kick(runner);
	return TRUE;
}

static void answer(struct baton_walk *walk, bool yes)
{
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

static void take_compare(struct baton_walk *walk, uint32_t code)
{
	g_autofree char *digits =
		g_strdup_printf("%03u %03u", code / 1000, code % 1000);
	gint64 yes_if = walk->options->yes_if;

	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (yes_if >= 0 || !is_terminal())
		say(walk, "code %06u", code);
	if (yes_if >= 0) {
		if ((gint64)code != yes_if)
			fprintf(stderr, "baton: the code is not the one of "
					"--yes-if; not paired\n");
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
		fputs("Yes within two minutes? [y/N] ", stdout);
		fflush(stdout);
	}
	walk->prompt = baton_prompt_new(on_answer, walk);
}

static void take_show(struct baton_walk *walk, const uint8_t *digits)
{
	char text[BATON_TYPED_TEXT_LEN];
	g_autofree char *groups = NULL;

	walk->typed = true;
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

static void ask_code(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
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
		ask_code("Six digits are no code. If the other one\n"
			 "asks whether two numbers are the same,\n"
			 "say no there: somebody may be between.\n"
			 "All seven digits: ");
	} else if (err == BATON_ERR_ARG) {
		ask_code("That is not it: seven digits, and they\n"
			 "must fit each other. Again: ");
	} else if (err) {
		fail(walk, BATON_EXIT_TIMEOUT,
		     "not paired: the code came too late; pair both again");
	} else {
		g_clear_pointer(&walk->prompt, baton_prompt_free);
		if (is_terminal())
			say(walk, "Trying it.");
		baton_runner_kick(walk->runner);
	}
}

static void take_ask(struct baton_walk *walk)
{
	walk->typed = true;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (!is_terminal()) {
		say(walk, "type");
	} else {
		say(walk,
		    "The %s shows a code of seven digits.\n"
		    "Type it here within two minutes.",
		    peer_name(walk));
		ask_code("Code: ");
	}
	walk->prompt = baton_prompt_new(on_code, walk);
}

static void fail_refused(struct baton_walk *walk)
{
	if (is_qr(walk))
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: the %s does not pair by QR code now; pair "
		     "both again, both by QR code",
		     peer_name(walk));
	else
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: a person said no, or the %s is not pairing, "
		     "or not this way; pair both again",
		     peer_name(walk));
}

static void take_failed(struct baton_walk *walk, enum baton_err err)
{
	GError *error = NULL;

	if (!walk->open)
		return;
	g_clear_pointer(&walk->prompt, baton_prompt_free);
	if (err == BATON_ERR_VERSION)
		return; /* LINK_CLOSE says it with the versions */
	if (err == BATON_ERR_REFUSED) {
		fail_refused(walk);
	} else if (err == BATON_ERR_TIMEOUT) {
		fail(walk, BATON_EXIT_TIMEOUT,
		     is_qr(walk)
			     ? "not paired in time; pair both again: "
			       "one shows the QR code and the other scans it"
			     : "not paired in time; pair both again");
	} else if (err == BATON_ERR_EXHAUSTED &&
		   walk->options->method != BATON_METHOD_COMPARE) {
		fail(walk, BATON_EXIT_REFUSED,
		     "not paired: %u codes in a row were not followed by a "
		     "bond; pair another way (--method compare or qr), or let "
		     "both try again with baton bonds forgive",
		     BATON_TYPED_TRIES);
	} else if (err == BATON_ERR_STORE) {
		fail(walk, BATON_EXIT_OUTPUT,
		     "not paired: the store cannot be written; make room or "
		     "name another with --store, and pair both again");
	} else if (walk->typed) {
		fail(walk, BATON_EXIT_PEER,
		     "not paired: the code was another one, or the link was "
		     "lost; pair both again, with the new code");
	} else if (is_qr(walk)) {
		fail(walk, BATON_EXIT_PEER,
		     "not paired: %s; pair both again, with a new QR code",
		     baton_err_text(err));
	} else if (++walk->failures == PAIR_TRIES) {
		fail(walk, BATON_EXIT_PEER, "not paired: %s; pair both again",
		     baton_err_text(err));
	} else if (!baton_walk_open(walk, walk->runner, &error)) {
		fail(walk, (enum baton_exit)error->code, "%s", error->message);
		g_error_free(error);
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
	} else if (event->type == BATON_EVENT_PAIRED) {
		stop(walk);
		say(walk, "paired");
	} else if (event->type == BATON_EVENT_PAIR_FAILED) {
		take_failed(walk, event->u.closed.err);
	}
}

bool baton_walk_is_open(const struct baton_walk *walk)
{
	return walk->open;
}
