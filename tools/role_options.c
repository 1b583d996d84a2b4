/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tools/command.h"
#include "tools/desk.h"
#include "tools/fail.h"
#include "session/session.h"
#include "tools/role_options.h"
#include "tools/world.h"

#define LIMIT_DEFAULT (G_GUINT64_CONSTANT(1) << 30)
#define SECONDS_MAX 1000000
#define LEASE_DEFAULT_S 3600

/* Options that need a look before they are numbers. */
struct raw {
	char *yes_if;
	char *limit;
	char *count;
	char *timeout;
	char *lease;
	char *method;
};

static const char summary[] =
	"Without a command: stays, and takes files with --receive, until it "
	"is\ninterrupted.\n"
	"\n"
	"Commands:\n"
	"  pair            pair with the other device, then end\n"
	"  send FILE...    hand over files, then end\n"
	"  pipe            stdin to the other's stdout, both ways, then end\n"
	"  offer, accept, refuse, return, cancel, finish, queue, context,\n"
	"  status, suspend, resume, end, approve, revoke\n"
	"                  said to the program that runs with the same store\n"
	"  queue           without a text: what waits, items and files\n"
	"\n"
	"A device pairs once; the bond is kept in the store. Exit codes: baton "
	"help.";

static void add_options(GOptionContext *context, struct baton_role_options *o,
			struct raw *raw)
{
	const GOptionEntry entries[] = {
		{"bearer", 'b', 0, G_OPTION_ARG_STRING, &o->bearer,
		 "sim:PATH, bluez or bluez:hciN", "BEARER"},
		{"store", 's', 0, G_OPTION_ARG_FILENAME, &o->store,
		 "where the bonds are (in ~/.local/state)", "DIR"},
		{"receive", 'r', 0, G_OPTION_ARG_FILENAME, &o->receive,
		 "take files into DIR", "DIR"},
		{"count", 'n', 0, G_OPTION_ARG_STRING, &raw->count,
		 "end after so many files were taken", "N"},
		{"limit", 0, 0, G_OPTION_ARG_STRING, &raw->limit,
		 "take no file longer than this (1 GiB)", "BYTES"},
		{"pair", 'p', 0, G_OPTION_ARG_NONE, &o->pair,
		 "pair first, whatever the command", NULL},
		{"method", 'm', 0, G_OPTION_ARG_STRING, &raw->method,
		 "pair by compare, code or qr (what both can)", "METHOD"},
		{"bond", 0, 0, G_OPTION_ARG_STRING, &o->bond,
		 "connect to this one of several (baton bonds)", "WHICH"},
		{"yes-if", 0, 0, G_OPTION_ARG_STRING, &raw->yes_if,
		 "confirm this code and no other, without asking", "CODE"},
		{"timeout", 't', 0, G_OPTION_ARG_STRING, &raw->timeout,
		 "give up when it is not done by then", "SECONDS"},
		{"do", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->lines,
		 "do this once both are active; may be repeated", "COMMAND"},
		{"accept", 0, 0, G_OPTION_ARG_NONE, &o->accept,
		 "accept what the other device offers", NULL},
		{"lease", 0, 0, G_OPTION_ARG_STRING, &raw->lease,
		 "phone: lend what is offered for so long (3600)", "SECONDS"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &o->json,
		 "status, queue: as JSON", NULL},
		{"peer", 0, 0, G_OPTION_ARG_STRING, &o->peer,
		 "phone, bluez: connect to this address only", "ADDRESS"},
		{"trace", 0, 0, G_OPTION_ARG_FILENAME, &o->trace,
		 "write every PDU to FILE, for Wireshark", "FILE"},
		{"no-compression", 0, 0, G_OPTION_ARG_NONE, &o->plain,
		 "compress nothing, here and over there", NULL},
		{"verbose", 'v', 0, G_OPTION_ARG_NONE, &o->verbose,
		 "say more about the radio", NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};

	g_option_context_add_main_entries(context, entries, NULL);
}

/* Both directions, or one where a person wants it so. */
static const struct {
	const char *name;
	uint8_t can;
} methods[] = {
	{"compare", BATON_PAIR_COMPARE},
	{"code", BATON_PAIR_SHOW | BATON_PAIR_TYPE},
	{"code-show", BATON_PAIR_SHOW},
	{"code-type", BATON_PAIR_TYPE},
	{"qr", BATON_PAIR_OUT_OF_BAND},
	{"qr-show", BATON_PAIR_SECRET_SHOW},
	{"qr-scan", BATON_PAIR_SECRET_TAKE},
};

static gboolean parse_method(struct baton_role_options *o,
			     const struct raw *raw, GError **error)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(methods); i++)
		if (!raw->method || !strcmp(raw->method, methods[i].name))
			o->pairing |= methods[i].can;
	if (o->pairing)
		return TRUE;
	baton_fail_set(error, BATON_EXIT_USAGE,
		       "--method takes compare, code or qr, or of one side "
		       "code-show, code-type, qr-show or qr-scan, not %s",
		       raw->method);
	return FALSE;
}

static gboolean parse_numbers(struct baton_role_options *o,
			      const struct raw *raw, GError **error)
{
	guint64 code = 0;

	o->limit = LIMIT_DEFAULT;
	o->yes_if = -1;
	if (raw->limit && !baton_world_number(raw->limit, "limit", 0,
					      BATON_FILE_MAX, &o->limit, error))
		return FALSE;
	if (raw->count && !baton_world_number(raw->count, "count", 1, G_MAXINT,
					      &o->count, error))
		return FALSE;
	if (raw->timeout &&
	    !baton_world_number(raw->timeout, "timeout", 1, SECONDS_MAX,
				&o->timeout_s, error))
		return FALSE;
	o->lease_s = LEASE_DEFAULT_S;
	if (raw->lease &&
	    !baton_world_number(raw->lease, "lease", 1,
				BATON_LEASE_MAX_MS / 1000, &o->lease_s, error))
		return FALSE;
	if (!raw->yes_if)
		return TRUE;
	if (strlen(raw->yes_if) != 6 ||
	    !baton_world_number(raw->yes_if, "yes-if", 0, 999999, &code,
				NULL)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--yes-if takes the six digits of a code, not "
			       "%s",
			       raw->yes_if);
		return FALSE;
	}
	o->yes_if = (gint64)code;
	return TRUE;
}

static gboolean parse_job(struct baton_role_options *o, int argc, char **argv,
			  GError **error)
{
	if (argc < 2)
		return TRUE;
	if (!strcmp(argv[1], "pair") && argc == 2) {
		o->job = BATON_JOB_PAIR;
		o->pair = TRUE;
		return TRUE;
	}
	if (!strcmp(argv[1], "pipe") && argc == 2) {
		o->job = BATON_JOB_PIPE;
		return TRUE;
	}
	if (!strcmp(argv[1], "pair") || !strcmp(argv[1], "pipe")) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "%s takes no arguments; see %s --help", argv[1],
			       g_get_prgname());
		return FALSE;
	}
	if (baton_desk_knows(argv[1]) && strcmp(argv[1], "send")) {
		o->job = BATON_JOB_TELL;
		o->line = g_strjoinv(" ", argv + 1);
		return TRUE;
	}
	if (strcmp(argv[1], "send")) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "no such command: %s; see %s --help", argv[1],
			       g_get_prgname());
		return FALSE;
	}
	if (argc < 3) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "send takes files; see %s --help",
			       g_get_prgname());
		return FALSE;
	}
	/* Without a radio of its own: what runs has one. */
	o->job = o->bearer ? BATON_JOB_SEND : BATON_JOB_TELL;
	o->files = g_strdupv(argv + 2);
	return TRUE;
}

char *baton_role_store(enum baton_role role)
{
	return g_build_filename(g_get_user_state_dir(), "baton",
				role == BATON_WATCH ? "watch" : "phone", NULL);
}

static gboolean check(struct baton_role_options *o, GError **error)
{
	if (!o->bearer && o->job != BATON_JOB_TELL) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "which radio? give --bearer sim:PATH or bluez");
		return FALSE;
	}
	if (o->yes_if >= 0 && !(o->pairing & BATON_PAIR_COMPARE)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--yes-if is for comparing; a code to be typed "
			       "or scanned is given on stdin");
		return FALSE;
	}
	if (o->count && (!o->receive || o->job != BATON_JOB_STAY)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "--count goes with --receive DIR and no "
			       "command");
		return FALSE;
	}
	if (!o->store)
		o->store = baton_role_store(o->role);
	return TRUE;
}

gboolean baton_role_options_parse(struct baton_role_options *options,
				  enum baton_role role, int argc, char **argv,
				  GError **error)
{
	bool watch = role == BATON_WATCH;
	GOptionContext *context = baton_command_context(
		watch ? "watch" : "phone",
		"[pair | send FILE... | pipe | COMMAND]", summary);
	struct raw raw = {0};
	gboolean good;

	memset(options, 0, sizeof(*options));
	options->role = role;
	add_options(context, options, &raw);
	good = baton_command_parse(context, &argc, &argv, error) &&
	       parse_numbers(options, &raw, error) &&
	       parse_method(options, &raw, error) &&
	       parse_job(options, argc, argv, error) && check(options, error);
	g_option_context_free(context);
	g_free(raw.yes_if);
	g_free(raw.limit);
	g_free(raw.count);
	g_free(raw.timeout);
	g_free(raw.method);
	g_free(raw.lease);
	return good;
}

void baton_role_options_clear(struct baton_role_options *options)
{
	g_strfreev(options->files);
	g_strfreev(options->lines);
	g_free(options->line);
	g_free(options->bearer);
	g_free(options->bond);
	g_free(options->peer);
	g_free(options->store);
	g_free(options->receive);
	g_free(options->trace);
}
