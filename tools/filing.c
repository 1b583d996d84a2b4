/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tools/desk.h"
#include "tools/fail.h"
#include "tools/filing.h"
#include "tools/hex.h"
#include "tools/inbox.h"
#include "tools/outbox.h"
#include "tools/packing.h"

#define WHICH_MIN 4 /* digits of an id */

/* A file of this run: what `send` waits for, and what compression saved. */
struct sent {
	uint8_t id[BATON_FILE_ID_LEN];
	uint8_t bond[BATON_BOND_ID_LEN];
	bool wanted; /* the job is not done without it */
	char *path; /* of `send`, which an earlier run began; or NULL */
	bool started, ended; /* bytes of it went; those of the next did */
	struct baton_packing begin, end;
};

struct baton_filing {
	const struct baton_role_options *options;
	struct baton_runner *runner;
	const struct baton_filing_events *events;
	void *user;
	struct baton_outbox *outbox;
	struct baton_inbox *inbox;
	GArray *sent; /* struct sent */
	char **left; /* of `send`: not begun yet; NULL: all are */
	guint64 received;
	bool over; /* done() or failed() was told */
};

static struct baton_endpoint *endpoint(const struct baton_filing *filing)
{
	return baton_runner_endpoint(filing->runner);
}

static struct baton_files *files_of(void *user,
				    const uint8_t bond[BATON_BOND_ID_LEN])
{
	struct baton_endpoint *of = endpoint(user);

	return baton_endpoint_files(of, baton_desk_find(of, bond), BATON_DESK);
}

static void say(struct baton_filing *filing, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

static void say(struct baton_filing *filing, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	filing->events->say(filing->user, text);
}

static struct sent *find_sent(struct baton_filing *filing, const uint8_t *id)
{
	guint i;

	for (i = 0; i < filing->sent->len; i++) {
		struct sent *sent =
			&g_array_index(filing->sent, struct sent, i);

		if (!memcmp(sent->id, id, sizeof(sent->id)))
			return sent;
	}
	return NULL;
}

static struct sent *add_sent(struct baton_filing *filing, const uint8_t *id,
			     const uint8_t *bond)
{
	struct sent *sent = find_sent(filing, id);
	struct sent one = {.wanted = false};

	if (sent)
		return sent;
	memcpy(one.id, id, sizeof(one.id));
	memcpy(one.bond, bond, sizeof(one.bond));
	g_array_append_val(filing->sent, one);
	return find_sent(filing, id);
}

static void clear_sent(gpointer data)
{
	struct sent *sent = data;

	g_free(sent->path);
}

static void remove_sent(struct baton_filing *filing, const struct sent *sent)
{
	g_array_remove_index(
		filing->sent,
		(guint)(sent - (struct sent *)(void *)filing->sent->data));
}

static void end_job(struct baton_filing *filing, GError *error)
{
	if (filing->over) {
		g_clear_error(&error);
		return;
	}
	filing->over = true;
	if (error)
		filing->events->failed(filing->user, error);
	else
		filing->events->done(filing->user);
}

/* `send` ends when all of its files have arrived. */
static void look_for_end(struct baton_filing *filing)
{
	guint i;

	if (filing->options->job != BATON_JOB_SEND || *filing->left)
		return;
	for (i = 0; i < filing->sent->len; i++)
		if (g_array_index(filing->sent, struct sent, i).wanted)
			return;
	end_job(filing, NULL);
}

/* What an earlier run began is not sent twice. */
static void adopt(struct baton_filing *filing)
{
	char **from = filing->left;
	char **to = filing->left;

	for (; *from; from++) {
		const struct baton_note *note =
			baton_outbox_find(filing->outbox, NULL, *from);
		struct sent *sent;

		if (!note) {
			*to++ = *from;
			continue;
		}
		sent = add_sent(filing, note->id, note->bond);
		sent->wanted = true;
		g_free(sent->path);
		sent->path = *from;
	}
	*to = NULL;
}

/* What it began for another device than this one is to go to this one, too. */
static void want_anew(struct baton_filing *filing, const uint8_t *bond)
{
	GPtrArray *left = g_ptr_array_new();
	char **path;
	guint i;

	for (i = 0; i < filing->sent->len; i++) {
		struct sent *sent =
			&g_array_index(filing->sent, struct sent, i);

		if (!sent->path ||
		    !memcmp(sent->bond, bond, sizeof(sent->bond)))
			continue;
		sent->wanted = false;
		g_ptr_array_add(left, g_steal_pointer(&sent->path));
	}
	for (path = filing->left; *path; path++)
		g_ptr_array_add(left, *path);
	g_ptr_array_add(left, NULL);
	g_free(filing->left);
	filing->left = (char **)g_ptr_array_free(left, FALSE);
}

/* Begin with as many of `send` as there are places for. */
static void send_left(struct baton_filing *filing)
{
	uint8_t bond[BATON_BOND_ID_LEN];
	uint8_t peer = baton_endpoint_peer(endpoint(filing));
	const struct baton_note *note;
	GError *error = NULL;
	size_t done = 0, left;

	if (filing->over || baton_endpoint_bond(endpoint(filing), peer, bond))
		return;
	want_anew(filing, bond);
	left = g_strv_length(filing->left);
	for (; filing->left[done]; done++) {
		note = baton_outbox_send(filing->outbox, bond,
					 filing->left[done], &error);
		if (!note)
			break;
		add_sent(filing, note->id, bond)->wanted = true;
		g_free(filing->left[done]);
	}
	memmove(filing->left, filing->left + done,
		(left - done + 1) * sizeof(*filing->left));
	baton_runner_kick(filing->runner);
	/* A place is free when one of these has arrived. */
	if (error && error->code == BATON_EXIT_TIMEOUT)
		g_clear_error(&error);
	if (!error)
		return;
	baton_filing_give_up(filing);
	end_job(filing, error);
}

struct baton_filing *baton_filing_new(const struct baton_role_options *options,
				      struct baton_store *store,
				      struct baton_runner *runner,
				      const struct baton_filing_events *events,
				      void *user, GError **error)
{
	struct baton_filing *filing = g_new0(struct baton_filing, 1);

	filing->options = options;
	filing->runner = runner;
	filing->events = events;
	filing->user = user;
	filing->sent = g_array_new(FALSE, FALSE, sizeof(struct sent));
	g_array_set_clear_func(filing->sent, clear_sent);
	filing->left = options->job == BATON_JOB_SEND
			       ? g_strdupv(options->files)
			       : g_new0(char *, 1);
	filing->outbox = baton_outbox_new(store, files_of, filing, error);
	if (filing->outbox)
		filing->inbox = baton_inbox_new(options->receive, store,
						files_of, filing, error);
	if (filing->inbox) {
		adopt(filing);
		return filing;
	}
	baton_filing_free(filing);
	return NULL;
}

void baton_filing_free(struct baton_filing *filing)
{
	if (!filing)
		return;
	baton_outbox_free(filing->outbox);
	baton_inbox_free(filing->inbox);
	g_array_unref(filing->sent);
	g_strfreev(filing->left);
	g_free(filing);
}

void baton_filing_give_up(struct baton_filing *filing)
{
	guint i;

	for (i = 0; i < filing->sent->len; i++) {
		struct sent *sent =
			&g_array_index(filing->sent, struct sent, i);

		if (sent->wanted)
			(void)baton_outbox_cancel(filing->outbox, sent->id);
	}
	baton_runner_kick(filing->runner);
}

/* ---- What goes out ---- */

/* Bytes of a file go: those of the one before have gone. */
static void mark_packing(struct baton_filing *filing, const uint8_t *id,
			 const uint8_t *bond)
{
	struct sent *sent = add_sent(filing, id, bond);
	struct baton_packing now = baton_packing_now();
	guint i;

	if (!sent->started)
		sent->begin = now;
	sent->started = true;
	for (i = 0; i < filing->sent->len; i++) {
		struct sent *other =
			&g_array_index(filing->sent, struct sent, i);

		if (other == sent || !other->started || other->ended)
			continue;
		other->ended = true;
		other->end = now;
	}
}

static void say_delivered(struct baton_filing *filing,
			  const struct baton_note *note)
{
	const struct sent *sent = add_sent(filing, note->id, note->bond);
	struct baton_packing end =
		sent->ended ? sent->end : baton_packing_now();
	double saved_pct =
		sent->started ? baton_packing_saved_pct(&sent->begin, &end) : 0;
	g_autofree char *saved =
		saved_pct > 0 ? g_strdup_printf(", %.0f %% saved", saved_pct)
			      : NULL;

	say(filing, "delivered %s, %" G_GUINT64_FORMAT " bytes%s", note->name,
	    note->total, saved ? saved : "");
}

static void take_failed(struct baton_filing *filing,
			const struct baton_note *note)
{
	const struct sent *sent = add_sent(filing, note->id, note->bond);
	bool wanted = sent->wanted;
	GError *error = g_error_copy(note->error);

	remove_sent(filing, sent);
	baton_outbox_done(filing->outbox, note);
	if (wanted) {
		baton_filing_give_up(filing);
		end_job(filing, error);
		return;
	}
	filing->events->warn(filing->user, error->message);
	g_error_free(error);
}

static void take_outgoing(struct baton_filing *filing, const uint8_t *bond,
			  const struct baton_file_event *event, uint64_t now_ms)
{
	const struct baton_note *note;

	if (event->type == BATON_FILE_SUPPLY)
		mark_packing(filing, event->id, bond);
	switch (baton_outbox_event(filing->outbox, bond, event, &note,
				   now_ms)) {
	case BATON_OUTBOX_NOTHING:
		break;
	case BATON_OUTBOX_BEGUN:
		say(filing, "sending %s, %" G_GUINT64_FORMAT " bytes",
		    note->name, note->total);
		break;
	case BATON_OUTBOX_MORE:
		filing->events->progress(filing->user, note->name,
					 event->offset, note->total);
		break;
	case BATON_OUTBOX_DELIVERED:
		say_delivered(filing, note);
		remove_sent(filing, add_sent(filing, note->id, note->bond));
		baton_outbox_done(filing->outbox, note);
		send_left(filing);
		look_for_end(filing);
		break;
	case BATON_OUTBOX_FAILED:
		take_failed(filing, note);
		break;
	}
	baton_runner_kick(filing->runner);
}

/* ---- What comes ---- */

static void say_receiving(struct baton_filing *filing,
			  const struct baton_inbox_file *file)
{
	g_autofree char *from =
		file->begun ? g_strdup_printf(", from %" G_GUINT64_FORMAT,
					      file->begun)
			    : NULL;

	say(filing, "receiving %s, %" G_GUINT64_FORMAT " bytes%s", file->name,
	    file->total, from ? from : "");
}

static void take_incoming(struct baton_filing *filing, const uint8_t *bond,
			  const struct baton_file_event *event)
{
	struct baton_inbox_file file;

	switch (baton_inbox_event(filing->inbox, bond, event, &file)) {
	case BATON_INBOX_NOTHING:
		break;
	case BATON_INBOX_BEGUN:
		say_receiving(filing, &file);
		break;
	case BATON_INBOX_MORE:
		filing->events->progress(filing->user, file.name, file.taken,
					 file.total);
		break;
	case BATON_INBOX_DONE:
		say(filing, "received %s, %" G_GUINT64_FORMAT " bytes",
		    file.path, file.total);
		baton_inbox_done(filing->inbox, file.id);
		if (++filing->received == filing->options->count)
			end_job(filing, NULL);
		break;
	case BATON_INBOX_ABORTED:
		filing->events->warn(filing->user,
				     "the sender gave the file up");
		break;
	case BATON_INBOX_REFUSED:
		if (filing->options->count)
			end_job(filing, g_error_copy(file.error));
		else
			filing->events->warn(filing->user, file.error->message);
		break;
	}
	baton_runner_kick(filing->runner);
}

static bool wants(const struct baton_filing *filing, const uint8_t *bond)
{
	const struct sent *sent;
	guint i;

	for (i = 0; i < filing->sent->len; i++) {
		sent = &g_array_index(filing->sent, struct sent, i);
		if (sent->wanted &&
		    !memcmp(sent->bond, bond, sizeof(sent->bond)))
			return true;
	}
	return false;
}

static void take_unknown(struct baton_filing *filing, const uint8_t *bond)
{
	GError *error = NULL;

	/* What goes to another device arrives there all the same. */
	if (!*filing->left && !wants(filing, bond))
		return;
	baton_fail_set(&error, BATON_EXIT_REFUSED,
		       "the other device runs a program that takes no files");
	baton_filing_give_up(filing);
	end_job(filing, error);
}

bool baton_filing_revoked(struct baton_filing *filing,
			  const uint8_t bond[BATON_BOND_ID_LEN])
{
	guint i = filing->sent->len;
	bool wanted = false;

	baton_outbox_forget(filing->outbox, bond);
	baton_inbox_forget(filing->inbox, bond);
	while (i-- > 0) {
		const struct sent *sent =
			&g_array_index(filing->sent, struct sent, i);

		if (memcmp(sent->bond, bond, sizeof(sent->bond)) != 0)
			continue;
		wanted |= sent->wanted;
		remove_sent(filing, sent);
	}
	filing->over |= wanted;
	return wanted;
}

void baton_filing_event(struct baton_filing *filing,
			const struct baton_endpoint_event *event,
			uint64_t now_ms)
{
	if (event->type == BATON_ENDPOINT_FILE &&
	    event->u.file.type != BATON_FILE_STORE_FAILED) {
		if (event->u.file.outgoing)
			take_outgoing(filing, event->bond, &event->u.file,
				      now_ms);
		else
			take_incoming(filing, event->bond, &event->u.file);
	} else if (event->type == BATON_ENDPOINT_DELIVERY) {
		if (event->u.delivery.type == BATON_DELIVERY_SHUT)
			baton_filing_down(filing);
		if (event->u.delivery.type == BATON_DELIVERY_UNKNOWN)
			take_unknown(filing, event->bond);
	} else if (event->type == BATON_ENDPOINT_LIFECYCLE) {
		if (event->u.lifecycle.type == BATON_LIFECYCLE_EVENT_ACTIVE)
			baton_outbox_open(filing->outbox, event->bond);
	} else if (event->type == BATON_ENDPOINT_SESSION &&
		   event->u.session.type == BATON_EVENT_SECURED) {
		send_left(filing);
	}
}

void baton_filing_down(struct baton_filing *filing)
{
	baton_inbox_sync(filing->inbox);
	baton_runner_kick(filing->runner);
}

/* ---- Commands ---- */

char *baton_filing_send(struct baton_filing *filing, const char *path,
			GError **error)
{
	uint8_t bond[BATON_BOND_ID_LEN];
	const struct baton_note *note;

	if (!*path) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "send what? give a file");
		return NULL;
	}
	if (baton_endpoint_bond(endpoint(filing),
				baton_desk_peer(endpoint(filing)), bond)) {
		baton_fail_set(error, BATON_EXIT_REFUSED,
			       "send: there is nobody; pair first");
		return NULL;
	}
	note = baton_outbox_send(filing->outbox, bond, path, error);
	baton_runner_kick(filing->runner);
	return note ? g_strdup_printf("to send %s", note->name) : NULL;
}

/* It is under way, and it is the one that is meant. */
static bool is_meant(const struct baton_file_info *info, const char *which)
{
	g_autofree char *id = baton_hex(info->id, sizeof(info->id));

	if (info->outgoing ? info->state != BATON_FILE_OUT_OFFERED
			   : info->state != BATON_FILE_IN_RECEIVING)
		return false;
	return !*which ||
	       (strlen(which) == info->meta_len &&
		!memcmp(which, info->meta, info->meta_len)) ||
	       (strlen(which) >= WHICH_MIN && g_str_has_prefix(id, which));
}

char *baton_filing_cancel(struct baton_filing *filing, const char *which,
			  GError **error)
{
	struct baton_files *files = baton_endpoint_files(
		endpoint(filing), baton_desk_peer(endpoint(filing)),
		BATON_DESK);
	struct baton_file_info info;
	struct baton_file_info meant;
	enum baton_err err = BATON_ERR_NOT_FOUND;
	size_t count = 0;
	size_t i;

	for (i = 0; !baton_files_info(files, i, &info); i++)
		if (is_meant(&info, which)) {
			meant = info;
			count++;
		}
	if (count == 1)
		err = meant.outgoing
			      ? baton_outbox_cancel(filing->outbox, meant.id)
			      : baton_inbox_refuse(filing->inbox, meant.id);
	if (err) {
		baton_fail_set(error, BATON_EXIT_REFUSED,
			       "cancel: there is no such thing, or more than "
			       "one; see status");
		return NULL;
	}
	baton_runner_kick(filing->runner);
	return g_strdup("given up");
}
