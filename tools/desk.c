/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/linux/seed.h"
#include "tools/desk.h"
#include "tools/fail.h"
#include "tools/filing.h"
#include "tools/hex.h"
#include "tools/ids.h"
#include "tools/items.h"

#define DESK BATON_DESK
#define OPERATIONS 1 /* take it over: there is nothing finer here */

/* A request of a phone: give an activity back; its id follows. */
#define ASK_BACK 1
#define ASK_BACK_MS 10000

static const struct baton_endpoint_application desk_application = {
	.application =
		{
			.id = {'b', 'a', 't', 'o', 'n', 0, 0, 1},
			.message_max = 400,
			.requests = 4,
			.context_max = BATON_ITEM_MAX,
			.item_max = BATON_ITEM_MAX,
			.outbox = 256,
			.inbox = 64,
			.files_out = 16,
			.files_in = 16,
			.files_max = BATON_FILE_MAX,
			.streams = 1,
			.stream_ring = 16384,
			.rate = 1000,
			.burst = 64,
		},
	.activities = 8,
};

void baton_desk_configure(struct baton_endpoint_config *config,
			  struct baton_endpoint_application *application,
			  enum baton_role role, uint64_t file_max)
{
	const struct baton_link_config link = BATON_LINK_CONFIG_LARGE;

	memset(config, 0, sizeof(*config));
	config->session.role = role;
	/* Files go in slices, and nothing else is long. */
	config->session.message_max = BATON_BULK_SLICE;
	config->session.link = link;
	config->device.version = BATON_RUNNER_DEVICE_VERSION;
	*application = desk_application;
	application->application.file_max = file_max;
	config->application = application;
	config->applications = 1;
	config->peers = BATON_BONDS;
	config->activities = application->activities;
}

struct baton_desk {
	struct baton_desk_options options;
	struct baton_runner *runner;
	struct baton_filing *filing;
	struct baton_items *items;
	void (*say)(void *user, const char *text);
	void *user;
	GArray *offered; /* ids that a peer offers */
	GArray *to_offer; /* ids to be offered once they are mine */
	GArray *wanted; /* ids that a phone asked back: their offer is accepted */
};

static void say(struct baton_desk *desk, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

static void say(struct baton_desk *desk, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	desk->say(desk->user, text);
}

struct baton_desk *baton_desk_new(const struct baton_desk_options *options,
				  struct baton_runner *runner,
				  struct baton_filing *filing,
				  void (*say_fn)(void *user, const char *text),
				  void *user)
{
	struct baton_desk *desk = g_new0(struct baton_desk, 1);

	desk->options = *options;
	desk->runner = runner;
	desk->filing = filing;
	desk->say = say_fn;
	desk->user = user;
	desk->items = baton_items_new(options->items, runner, say_fn, user);
	desk->offered = baton_ids_new();
	desk->to_offer = baton_ids_new();
	desk->wanted = baton_ids_new();
	return desk;
}

void baton_desk_free(struct baton_desk *desk)
{
	if (!desk)
		return;
	g_array_unref(desk->offered);
	g_array_unref(desk->to_offer);
	g_array_unref(desk->wanted);
	baton_items_free(desk->items);
	g_free(desk);
}

static struct baton_endpoint *endpoint(struct baton_desk *desk)
{
	return baton_runner_endpoint(desk->runner);
}

static struct baton_handoff *handoff(struct baton_desk *desk)
{
	return baton_endpoint_handoff(endpoint(desk),
				      baton_desk_peer(endpoint(desk)));
}

static bool is_phone(struct baton_desk *desk)
{
	return endpoint(desk)->config.session.role == BATON_PHONE;
}

static bool failed(enum baton_err err, const char *what, GError **error)
{
	if (!err)
		return false;
	if (err == BATON_ERR_NOT_FOUND)
		baton_fail_set(error, BATON_EXIT_REFUSED,
			       "%s: there is no such thing, or more than one; "
			       "see status",
			       what);
	else if (err == BATON_ERR_SPACE)
		baton_fail_set(error, BATON_EXIT_REFUSED,
			       "%s: there are as many as there may be; see "
			       "status",
			       what);
	else if (err == BATON_ERR_STATE)
		baton_fail_set(error, BATON_EXIT_REFUSED,
			       "%s: not possible now; see status", what);
	else
		baton_fail_set(error, BATON_EXIT_REFUSED, "%s: %s", what,
			       baton_err_text(err));
	return true;
}

static char *done(struct baton_desk *desk, const char *text)
{
	baton_runner_kick(desk->runner);
	return g_strdup(text);
}

static enum baton_err offer(struct baton_desk *desk, const uint8_t *id)
{
	guint32 lease_ms = is_phone(desk) ? desk->options.lease_s * 1000 : 0;

	return baton_handoff_offer(handoff(desk), DESK, id, lease_ms,
				   OPERATIONS, NULL, 0, baton_runner_now_ms());
}

static bool find_activity(struct baton_desk *desk, const char *word,
			  struct baton_id *id)
{
	g_autoptr(GArray) ids = baton_ids_new();
	struct baton_id one = {.peer = baton_desk_peer(endpoint(desk))};

	while (!baton_handoff_activity(handoff(desk), DESK, ids->len,
				       one.bytes))
		g_array_append_val(ids, one);
	return baton_ids_find(ids, word, id);
}

/* Other peers come again with what they offer. */
static bool find_offered(struct baton_desk *desk, const char *word,
			 struct baton_id *id)
{
	g_autoptr(GArray) ids =
		baton_ids_of(desk->offered, baton_desk_peer(endpoint(desk)));

	return baton_ids_find(ids, word, id);
}

static char *run_offer(struct baton_desk *desk, const char *rest,
		       GError **error)
{
	struct baton_id id;
	uint8_t seed[32];

	if (find_activity(desk, rest, &id))
		return failed(offer(desk, id.bytes), "offer", error)
			       ? NULL
			       : done(desk, "offering");
	if (!*rest) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "offer what? name an activity (status lists "
			       "them), or give the text of a new one");
		return NULL;
	}
	if (failed(baton_seed_get(seed), "offer", error))
		return NULL;
	memcpy(id.bytes, seed, sizeof(id.bytes));
	id.peer = baton_desk_peer(endpoint(desk));
	if (failed(baton_handoff_begin(handoff(desk), DESK, id.bytes,
				       (const uint8_t *)rest, strlen(rest),
				       baton_runner_now_ms()),
		   "offer", error))
		return NULL;
	baton_ids_add(desk->to_offer, &id);
	return done(desk, "beginning");
}

static struct baton_requests *requests(struct baton_desk *desk)
{
	return baton_endpoint_requests(endpoint(desk),
				       baton_desk_peer(endpoint(desk)), DESK);
}

/*
 * The phone lent it, and wants it back before the lease is over: the watch is
 * asked, and its program obeys. A watch that cannot be asked keeps it until the
 * lease is over.
 */
static enum baton_err ask_back(struct baton_desk *desk,
			       const struct baton_id *id)
{
	uint8_t body[1 + BATON_ACTIVITY_ID_LEN] = {ASK_BACK};
	uint32_t number;
	enum baton_err err;

	if (baton_handoff_hold(handoff(desk), DESK, id->bytes) !=
	    BATON_HOLD_LENT)
		return BATON_ERR_STATE;
	memcpy(body + 1, id->bytes, BATON_ACTIVITY_ID_LEN);
	err = baton_requests_ask(requests(desk), body, sizeof(body),
				 ASK_BACK_MS, &number, baton_runner_now_ms());
	if (!err)
		baton_ids_add(desk->wanted, id);
	return err;
}

static char *run_return(struct baton_desk *desk, const char *rest,
			GError **error)
{
	struct baton_id id;
	enum baton_err err =
		find_activity(desk, rest, &id) ? BATON_OK : BATON_ERR_NOT_FOUND;

	if (!err)
		err = is_phone(desk) ? ask_back(desk, &id)
				     : offer(desk, id.bytes);
	if (failed(err, "return", error))
		return NULL;
	return done(desk, is_phone(desk) ? "asked for" : "offering");
}

static enum baton_err accept(struct baton_desk *desk, const struct baton_id *id)
{
	enum baton_err err =
		baton_handoff_accept(handoff(desk), DESK, id->bytes, OPERATIONS,
				     baton_runner_now_ms());

	if (!err)
		baton_ids_remove(desk->offered, id);
	return err;
}

static char *run_accept(struct baton_desk *desk, const char *rest,
			GError **error)
{
	struct baton_id id;
	bool found = find_offered(desk, rest, &id);

	if (failed(found ? accept(desk, &id) : BATON_ERR_NOT_FOUND, "accept",
		   error))
		return NULL;
	return done(desk, "accepted");
}

static char *run_refuse(struct baton_desk *desk, const char *rest,
			GError **error)
{
	struct baton_id id;
	bool found = find_offered(desk, rest, &id);

	if (!found)
		return baton_filing_cancel(desk->filing, rest, error);
	if (failed(found ? baton_handoff_refuse(handoff(desk), DESK, id.bytes,
						BATON_REASON_PERSON,
						baton_runner_now_ms())
			 : BATON_ERR_NOT_FOUND,
		   "refuse", error))
		return NULL;
	baton_ids_remove(desk->offered, &id);
	return done(desk, "refused");
}

/* What takes one of one's own activities. */
static char *
with_activity(struct baton_desk *desk, const char *rest, const char *what,
	      enum baton_err (*call)(struct baton_handoff *handoff,
				     uint8_t application,
				     const uint8_t id[BATON_ACTIVITY_ID_LEN],
				     uint64_t now_ms),
	      GError **error)
{
	struct baton_id id;

	if (failed(find_activity(desk, rest, &id)
			   ? call(handoff(desk), DESK, id.bytes,
				  baton_runner_now_ms())
			   : BATON_ERR_NOT_FOUND,
		   what, error))
		return NULL;
	return done(desk, "asked");
}

static char *run_cancel(struct baton_desk *desk, const char *rest,
			GError **error)
{
	struct baton_id id;

	if (!find_activity(desk, rest, &id))
		return baton_filing_cancel(desk->filing, rest, error);
	return with_activity(desk, rest, "cancel", baton_handoff_cancel, error);
}

static char *run_finish(struct baton_desk *desk, const char *rest,
			GError **error)
{
	return with_activity(desk, rest, "finish", baton_handoff_finish, error);
}

/* What is decided about the session. */
static char *with_session(struct baton_desk *desk, const char *what,
			  enum baton_err (*call)(struct baton_lifecycle *life,
						 uint64_t now_ms),
			  GError **error)
{
	struct baton_lifecycle *life = baton_endpoint_lifecycle(
		endpoint(desk), baton_desk_peer(endpoint(desk)));

	if (failed(life ? call(life, baton_runner_now_ms())
			: BATON_ERR_NOT_FOUND,
		   what, error))
		return NULL;
	return done(desk, "done");
}

static char *run_suspend(struct baton_desk *desk, const char *rest,
			 GError **error)
{
	(void)rest;
	return with_session(desk, "suspend", baton_lifecycle_suspend, error);
}

static char *run_resume(struct baton_desk *desk, const char *rest,
			GError **error)
{
	(void)rest;
	return with_session(desk, "resume", baton_lifecycle_resume, error);
}

static char *run_end(struct baton_desk *desk, const char *rest, GError **error)
{
	(void)rest;
	return with_session(desk, "end", baton_lifecycle_end, error);
}

static enum baton_err approve(struct baton_lifecycle *life, uint64_t now_ms)
{
	return baton_lifecycle_approve(life, BATON_LIFE_DEFAULT_S, now_ms);
}

static char *run_approve(struct baton_desk *desk, const char *rest,
			 GError **error)
{
	(void)rest;
	return with_session(desk, "approve", approve, error);
}

static char *run_revoke(struct baton_desk *desk, const char *rest,
			GError **error)
{
	(void)rest;
	if (failed(baton_endpoint_revoke(endpoint(desk),
					 baton_desk_peer(endpoint(desk)),
					 baton_runner_now_ms()),
		   "revoke", error))
		return NULL;
	return done(desk, "revoking");
}

static char *run_queue(struct baton_desk *desk, const char *rest,
		       GError **error)
{
	uint32_t number;

	if (!*rest) {
		g_autoptr(JsonObject) queue = baton_desk_queue(endpoint(desk));

		return baton_desk_queue_text(queue);
	}
	if (failed(baton_queue_put(
			   baton_endpoint_queue(endpoint(desk),
						baton_desk_peer(endpoint(desk)),
						DESK),
			   (const uint8_t *)rest, strlen(rest), &number,
			   baton_runner_now_ms()),
		   "queue", error))
		return NULL;
	baton_runner_kick(desk->runner);
	return g_strdup_printf("put %u %s", number, rest);
}

static char *run_send(struct baton_desk *desk, const char *rest, GError **error)
{
	return baton_filing_send(desk->filing, rest, error);
}

static char *run_context(struct baton_desk *desk, const char *rest,
			 GError **error)
{
	if (failed(baton_context_set(baton_endpoint_context(
					     endpoint(desk),
					     baton_desk_peer(endpoint(desk)),
					     DESK),
				     (const uint8_t *)rest, strlen(rest),
				     baton_runner_now_ms()),
		   "context", error))
		return NULL;
	return done(desk, "set");
}

static char *run_status(struct baton_desk *desk, const char *rest,
			GError **error)
{
	g_autoptr(JsonObject) status = baton_desk_status(endpoint(desk));

	(void)rest;
	(void)error;
	return baton_desk_status_text(status);
}

static const struct {
	const char *name;
	char *(*run)(struct baton_desk *desk, const char *rest, GError **error);
} commands[] = {
	{"offer", run_offer},	  {"accept", run_accept},
	{"refuse", run_refuse},	  {"return", run_return},
	{"cancel", run_cancel},	  {"finish", run_finish},
	{"suspend", run_suspend}, {"resume", run_resume},
	{"end", run_end},	  {"approve", run_approve},
	{"revoke", run_revoke},	  {"status", run_status},
	{"queue", run_queue},	  {"context", run_context},
	{"send", run_send},
};

static size_t find_command(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strlen(commands[i].name) == len &&
		    !strncmp(commands[i].name, word, len))
			break;
	return i;
}

bool baton_desk_knows(const char *word)
{
	return find_command(word, strlen(word)) < G_N_ELEMENTS(commands);
}

char *baton_desk_run(struct baton_desk *desk, const char *line, GError **error)
{
	size_t len = strcspn(line, " ");
	size_t i = find_command(line, len);

	if (i == G_N_ELEMENTS(commands)) {
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "no such command: %.*s; there are offer, "
			       "accept, refuse, return, cancel, finish, queue, "
			       "send, context, status, suspend, resume, end, "
			       "approve, revoke",
			       (int)len, line);
		return NULL;
	}
	return commands[i].run(desk, line + len + strspn(line + len, " "),
			       error);
}

static const char *const reasons[] = {
	[BATON_LIFECYCLE_PERSON] = "a person ended it",
	[BATON_LIFECYCLE_LIFE] = "its time is over",
	[BATON_LIFECYCLE_CHANGED] = "another device or version",
	[BATON_LIFECYCLE_RESTORED] = "a store was put back",
	[BATON_LIFECYCLE_TIME] = "the phone's clock is wrong",
};

static void take_lifecycle(struct baton_desk *desk, uint8_t peer,
			   const struct baton_lifecycle_event *event)
{
	uint64_t now_s = (uint64_t)g_get_real_time() / 1000000;

	switch (event->type) {
	case BATON_LIFECYCLE_EVENT_ACTIVE:
		say(desk, "active");
		break;
	case BATON_LIFECYCLE_EVENT_SUSPENDED:
		say(desk, "suspended %s",
		    event->by_peer ? "over there" : "here");
		break;
	case BATON_LIFECYCLE_EVENT_ENDED:
		say(desk, "session over: %s", reasons[event->reason]);
		break;
	case BATON_LIFECYCLE_EVENT_AUTHENTICATE:
		say(desk,
		    is_phone(desk) ? "approve? %s" : "waits for approval: %s",
		    reasons[event->reason]);
		break;
	case BATON_LIFECYCLE_EVENT_ASKED:
		say(desk, "resume? the watch asks for it");
		break;
	case BATON_LIFECYCLE_EVENT_EXPIRES:
		if (baton_lifecycle_renew(
			    baton_endpoint_lifecycle(endpoint(desk), peer),
			    BATON_LIFE_DEFAULT_S, now_s, baton_runner_now_ms()))
			say(desk, "session not renewed");
		break;
	case BATON_LIFECYCLE_EVENT_STORE_FAILED:
	case BATON_LIFECYCLE_EVENT_REVOKE:
	case BATON_LIFECYCLE_EVENT_REVOKED:
		break;
	}
}

/* The peer has accepted: its state, as it is here. */
static void give_state(struct baton_desk *desk, const uint8_t *id)
{
	size_t len = 0;
	const uint8_t *state =
		baton_handoff_read(handoff(desk), DESK, id, &len);
	g_autofree uint8_t *copy = g_memdup2(state, state ? len : 0);

	if (baton_handoff_state(handoff(desk), DESK, id, copy, len,
				baton_runner_now_ms()))
		say(desk, "state not given");
}

/* What was begun to be offered, as soon as both are there for it. */
static void offer_begun(struct baton_desk *desk)
{
	guint i = desk->to_offer->len;

	while (i-- > 0)
		if (!offer(desk,
			   g_array_index(desk->to_offer, struct baton_id, i)
				   .bytes))
			g_array_remove_index(desk->to_offer, i);
}

static void take_handoff(struct baton_desk *desk, uint8_t peer,
			 const struct baton_handoff_event *event)
{
	static const char *const words[] = {
		[BATON_HANDOFF_ADOPTED] = "adopted",
		[BATON_HANDOFF_RESTORED] = "holds",
		[BATON_HANDOFF_TAKEN_BACK] = "taken-back",
		[BATON_HANDOFF_OFFERED] = "offered",
		[BATON_HANDOFF_WITHDRAWN] = "withdrawn",
		[BATON_HANDOFF_GIVEN] = "given",
		[BATON_HANDOFF_KEPT] = "kept",
		[BATON_HANDOFF_LEASE_OVER] = "lease-over",
		[BATON_HANDOFF_FINISHED] = "finished",
		[BATON_HANDOFF_TOKEN] = NULL,
	};
	g_autofree char *name = baton_hex(event->id, BATON_ACTIVITY_ID_LEN);
	g_autofree char *text = baton_desk_text(event->bytes, event->len);
	struct baton_id id;

	memcpy(id.bytes, event->id, sizeof(id.bytes));
	id.peer = peer;
	if (event->type == BATON_HANDOFF_FREEZE)
		give_state(desk, id.bytes);
	if (event->type == BATON_HANDOFF_WITHDRAWN)
		baton_ids_remove(desk->offered, &id);
	if (event->type == BATON_HANDOFF_FINISHED)
		baton_ids_remove(desk->to_offer, &id);
	/* It is here without the watch: what that offers later is asked about. */
	if (event->type == BATON_HANDOFF_TAKEN_BACK)
		baton_ids_remove(desk->wanted, &id);
	if (event->type < G_N_ELEMENTS(words) && words[event->type])
		say(desk, "%s %s%s%s", words[event->type], name,
		    *text ? " " : "", text);
	if (event->type == BATON_HANDOFF_ADOPTED)
		offer_begun(desk);
	if (event->type != BATON_HANDOFF_OFFERED)
		return;
	baton_ids_add(desk->offered, &id);
	if ((baton_ids_remove(desk->wanted, &id) || desk->options.accept) &&
	    accept(desk, &id))
		say(desk, "not accepted %s", name);
}

static void take_queue(struct baton_desk *desk, uint8_t peer,
		       const struct baton_queue_event *event)
{
	struct baton_queue *queue =
		baton_endpoint_queue(endpoint(desk), peer, DESK);

	switch (event->type) {
	case BATON_QUEUE_KEPT:
		say(desk, "queued %u", event->number);
		break;
	case BATON_QUEUE_TAKEN:
		say(desk, "taken %u", event->number);
		break;
	case BATON_QUEUE_ITEM:
		baton_items_take(desk->items, peer, event);
		break;
	case BATON_QUEUE_NEW_LINE:
	case BATON_QUEUE_MISSING:
		say(desk, "queue begun anew: a store was put back");
		break;
	case BATON_QUEUE_TOO_LARGE:
		say(desk, "item %u is dropped: too large for the peer",
		    event->number);
		if (baton_queue_drop(queue, event->number,
				     baton_runner_now_ms()))
			g_debug("an item was dropped before");
		break;
	case BATON_QUEUE_GONE:
	case BATON_QUEUE_STORE_FAILED:
		break;
	}
}

/* The phone, which is the authority, asks for what it lent. */
static void take_asked(struct baton_desk *desk,
		       const struct baton_request_event *event)
{
	uint64_t now_ms = baton_runner_now_ms();
	g_autofree char *name = NULL;
	struct baton_id id;
	enum baton_err err = BATON_ERR_ARG;

	if (event->len == 1 + sizeof(id.bytes) && event->body[0] == ASK_BACK &&
	    !is_phone(desk)) {
		memcpy(id.bytes, event->body + 1, sizeof(id.bytes));
		name = baton_hex(id.bytes, BATON_ACTIVITY_ID_LEN);
		err = offer(desk, id.bytes);
	}
	if (!err)
		say(desk, "asked-back %s", name);
	if (err)
		err = baton_requests_refuse(requests(desk), event->number, 0,
					    now_ms);
	else
		err = baton_requests_answer(requests(desk), event->number, NULL,
					    0, now_ms);
	if (err)
		g_debug("nobody waits for the answer");
}

static void take_request(struct baton_desk *desk, uint8_t peer,
			 const struct baton_request_event *event)
{
	if (event->type == BATON_REQUEST_ASKED)
		take_asked(desk, event);
	if (event->type != BATON_REQUEST_FAILED)
		return;
	baton_ids_forget(desk->wanted, peer);
	say(desk, "not given back: the watch %s",
	    event->failure == BATON_REQUEST_REFUSED ? "refused it"
						    : "did not answer");
}

static void take_delivery(struct baton_desk *desk, uint8_t peer,
			  const struct baton_delivery_event *event)
{
	g_autofree char *text = NULL;

	if (event->type == BATON_DELIVERY_OPEN)
		offer_begun(desk);
	if (event->type == BATON_DELIVERY_REQUEST)
		take_request(desk, peer, &event->u.request);
	if (event->type == BATON_DELIVERY_QUEUE)
		take_queue(desk, peer, &event->u.queue);
	if (event->type != BATON_DELIVERY_CONTEXT)
		return;
	if (event->u.context.type == BATON_CONTEXT_TAKEN)
		say(desk, "context taken");
	if (event->u.context.type == BATON_CONTEXT_TOO_LARGE)
		say(desk, "context too large for the peer");
	if (event->u.context.type != BATON_CONTEXT_CHANGED)
		return;
	text = baton_desk_text(event->u.context.bytes, event->u.context.len);
	say(desk, "context %s", text);
}

/* Only `pipe` has a use for them. */
static void take_stream(struct baton_desk *desk, uint8_t peer,
			const struct baton_bytestream_event *event)
{
	struct baton_bytestreams *streams =
		baton_endpoint_streams(endpoint(desk), peer, DESK);

	if (event->type == BATON_BYTESTREAM_OFFERED && !desk->options.pipes &&
	    baton_bytestreams_reset(streams, event->id,
				    BATON_REASON_NOT_ALLOWED))
		g_debug("it has ended already");
}

void baton_desk_event(struct baton_desk *desk,
		      const struct baton_endpoint_event *event)
{
	switch (event->type) {
	case BATON_ENDPOINT_LIFECYCLE:
		take_lifecycle(desk, event->peer, &event->u.lifecycle);
		break;
	case BATON_ENDPOINT_HANDOFF:
		take_handoff(desk, event->peer, &event->u.handoff);
		break;
	case BATON_ENDPOINT_DELIVERY:
		take_delivery(desk, event->peer, &event->u.delivery);
		break;
	case BATON_ENDPOINT_STREAM:
		take_stream(desk, event->peer, &event->u.stream);
		break;
	case BATON_ENDPOINT_REVOKED:
		baton_items_forget(desk->items, event->peer);
		baton_ids_forget(desk->offered, event->peer);
		baton_ids_forget(desk->to_offer, event->peer);
		baton_ids_forget(desk->wanted, event->peer);
		break;
	case BATON_ENDPOINT_SESSION:
	case BATON_ENDPOINT_FILE:
		break;
	}
}
