/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "port/linux/seed.h"
#include "session/care.h"
#include "tools/fail.h"
#include "tools/herald.h"
#include "tools/keylog.h"
#include "tools/runner.h"

/* Without a PDU for so long, and no timer within the next, it is quiet. */
#define QUIET_MS 150
#define SOON_MS 5000

struct baton_runner {
	const struct baton_runner_events *events;
	void *user;
	struct baton_endpoint *endpoint;
	void *memory;
	struct baton_store *store;
	struct baton_trace *trace;
	struct baton_bearer *bearer;
	struct baton_care care; /* of the present link */
	int timer_fd; /* the engine's deadline, on the endpoint's clock */
	guint timer;
	uint64_t armed_ms; /* what it is set to; UINT64_MAX: it is not */
	guint idle; /* a kick */
	uint64_t busy_ms; /* when the last PDU went or came */
	bool up;
	bool closing; /* the engine has done with this link */
	bool pumping;
	size_t held_len; /* a PDU that the bearer had no room for */
	uint8_t held[BATON_PDU_MAX];
	struct baton_herald herald;
	struct baton_keylog keylog;
};

uint64_t baton_runner_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void trace_pdu(struct baton_runner *runner, bool sent,
		      const uint8_t *pdu, size_t len)
{
	runner->busy_ms = baton_runner_now_ms();
	if (runner->trace)
		baton_trace_pdu(runner->trace, 0, (uint64_t)g_get_real_time(),
				sent, pdu, len);
}

static void fail(struct baton_runner *runner, enum baton_exit code,
		 const char *text)
{
	g_autoptr(GError) error = NULL;

	baton_fail_set(&error, code, "%s", text);
	if (runner->events->failed)
		runner->events->failed(runner->user, error);
}

static void run_store_op(struct baton_runner *runner,
			 const struct baton_store_op *op)
{
	enum baton_err err = baton_store_apply(runner->store, op);

	if (err) {
		g_autofree char *text = g_strdup_printf(
			"cannot write to the store: %s, or name another with "
			"--store",
			err == BATON_ERR_STORE ? baton_store_problem(errno)
					       : baton_err_text(err));

		fail(runner, BATON_EXIT_OUTPUT, text);
	}
	baton_endpoint_stored(runner->endpoint, op->id, err,
			      baton_runner_now_ms());
}

static void run_event(struct baton_runner *runner,
		      const struct baton_endpoint_event *event)
{
	if (runner->events->event)
		runner->events->event(runner->user, event,
				      baton_runner_now_ms());
	if (event->type == BATON_ENDPOINT_SESSION &&
	    event->u.session.type == BATON_EVENT_LINK_CLOSE && runner->up) {
		runner->closing = true;
		runner->bearer->ops->drop(runner->bearer);
	}
}

/* Send what is there and fits; true if something went. */
static bool run_tx(struct baton_runner *runner)
{
	struct baton_bearer *bearer = runner->bearer;
	bool sent = false;

	while (runner->up) {
		enum baton_err err;

		if (!runner->held_len)
			runner->held_len = baton_endpoint_tx(
				runner->endpoint, runner->held,
				sizeof(runner->held), baton_runner_now_ms());
		if (!runner->held_len)
			break;
		err = bearer->ops->tx(bearer, runner->held, runner->held_len);
		if (err == BATON_ERR_AGAIN)
			break;
		/* What the bearer cannot take at all counts as lost. */
		if (!err)
			trace_pdu(runner, true, runner->held, runner->held_len);
		runner->held_len = 0;
		sent = true;
	}
	return sent;
}

/* What the link should be like, to the bearer: it does what it can. */
static void run_care(struct baton_runner *runner)
{
	struct baton_care_advice advice;

	if (!runner->up ||
	    !baton_care_next(&runner->care, baton_runner_session(runner),
			     baton_runner_now_ms(), &advice))
		return;
	runner->bearer->ops->pace(runner->bearer, advice.pace == BATON_CARE_FAST
							  ? BATON_BEARER_FAST
							  : BATON_BEARER_IDLE);
}

/* The kernel tells at once after a sleep what was due in it. */
static void arm(struct baton_runner *runner, uint64_t deadline_ms)
{
	struct itimerspec at = {.it_interval = {0}};

	if (deadline_ms == runner->armed_ms)
		return;
	runner->armed_ms = deadline_ms;
	/* All zero would be no deadline. */
	if (deadline_ms != UINT64_MAX) {
		at.it_value.tv_sec = (time_t)(deadline_ms / 1000);
		at.it_value.tv_nsec = (long)(deadline_ms % 1000) * 1000000 + 1;
	}
	timerfd_settime(runner->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void set_timer(struct baton_runner *runner)
{
	uint64_t deadline_ms = baton_endpoint_deadline(runner->endpoint);

	if (runner->up)
		deadline_ms =
			MIN(deadline_ms, baton_care_deadline(&runner->care));
	else
		deadline_ms = MIN(
			deadline_ms,
			baton_herald_deadline(&runner->herald,
					      baton_runner_session(runner)));
	arm(runner, deadline_ms);
}

/* Take everything the engine has to say; callbacks may make it say more. */
static void pump(struct baton_runner *runner)
{
	struct baton_store_op op;
	struct baton_endpoint_event event;
	bool more = true;

	if (runner->pumping)
		return;
	runner->pumping = true;
	while (more) {
		more = false;
		while (baton_endpoint_next_store_op(runner->endpoint, &op)) {
			run_store_op(runner, &op);
			more = true;
		}
		baton_keylog_look(&runner->keylog,
				  baton_runner_session(runner));
		while (baton_endpoint_next_event(runner->endpoint, &event,
						 baton_runner_now_ms())) {
			run_event(runner, &event);
			more = true;
		}
		if (run_tx(runner))
			more = true;
	}
	runner->pumping = false;
	run_care(runner);
	if (runner->bearer && !runner->up)
		baton_herald_look(&runner->herald, baton_runner_session(runner),
				  runner->bearer, baton_runner_now_ms());
	set_timer(runner);
}

static gboolean on_timer(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_runner *runner = data;
	uint64_t times;

	(void)condition;
	if (read(fd, &times, sizeof(times)) != sizeof(times))
		return G_SOURCE_CONTINUE;
	runner->armed_ms = UINT64_MAX;
	baton_endpoint_tick(runner->endpoint, baton_runner_now_ms());
	pump(runner);
	return G_SOURCE_CONTINUE;
}

static gboolean on_kick(gpointer data)
{
	struct baton_runner *runner = data;

	runner->idle = 0;
	pump(runner);
	return G_SOURCE_REMOVE;
}

void baton_runner_kick(struct baton_runner *runner)
{
	if (!runner->idle)
		runner->idle = g_idle_add(on_kick, runner);
}

void baton_runner_settle(struct baton_runner *runner)
{
	pump(runner);
}

static void on_up(void *user, const struct baton_bearer_link *link)
{
	struct baton_runner *runner = user;
	struct baton_link_facts facts = {
		.mtu = link->mtu,
		.ll_len = link->ll_len,
		.interval_us = link->interval_us,
	};
	uint8_t nonce[BATON_BOND_NONCE_LEN];

	if (baton_herald_up(&runner->herald, baton_runner_session(runner),
			    link->advert, nonce))
		facts.advert = nonce;
	runner->up = true;
	runner->closing = false;
	runner->held_len = 0;
	runner->busy_ms = baton_runner_now_ms();
	if (baton_endpoint_link_up(runner->endpoint, &facts,
				   (uint64_t)g_get_real_time() / 1000000,
				   baton_runner_now_ms())) {
		runner->closing = true;
		runner->bearer->ops->drop(runner->bearer);
		return;
	}
	if (runner->trace)
		baton_trace_up(runner->trace, 0, (uint64_t)g_get_real_time(),
			       link->interval_us);
	baton_care_start(&runner->care, baton_runner_session(runner),
			 baton_runner_now_ms());
	if (runner->events->link)
		runner->events->link(runner->user, link);
	pump(runner);
}

static bool on_heard(void *user, const uint8_t advert[BATON_BEARER_ADVERT_LEN])
{
	struct baton_runner *runner = user;

	return baton_herald_wants(&runner->herald, baton_runner_session(runner),
				  advert);
}

static void on_mtu(void *user, uint16_t mtu)
{
	struct baton_runner *runner = user;

	baton_session_link_mtu(baton_runner_session(runner), mtu);
	pump(runner);
}

static void on_rx(void *user, const uint8_t *pdu, size_t len)
{
	struct baton_runner *runner = user;
	enum baton_err err;

	if (runner->closing || !runner->up)
		return;
	trace_pdu(runner, false, pdu, len);
	err = baton_endpoint_rx(runner->endpoint, pdu, len,
				baton_runner_now_ms());
	if (err)
		g_debug("PDU: %s", baton_err_text(err));
	pump(runner);
}

static void on_writable(void *user)
{
	pump(user);
}

static void on_down(void *user, enum baton_bearer_reason reason)
{
	struct baton_runner *runner = user;

	(void)reason;
	runner->up = false;
	runner->closing = false;
	runner->held_len = 0;
	baton_endpoint_link_down(runner->endpoint, baton_runner_now_ms());
	if (runner->trace)
		baton_trace_down(runner->trace, 0, (uint64_t)g_get_real_time());
	if (runner->events->link)
		runner->events->link(runner->user, NULL);
	pump(runner);
}

static void on_failed(void *user, const char *text)
{
	fail(user, BATON_EXIT_RADIO, text);
}

static void on_note(void *user, const char *text)
{
	struct baton_runner *runner = user;

	if (runner->events->note)
		runner->events->note(runner->user, text);
}

const struct baton_bearer_events baton_runner_bearer_events = {
	.up = on_up,
	.heard = on_heard,
	.mtu = on_mtu,
	.rx = on_rx,
	.writable = on_writable,
	.down = on_down,
	.failed = on_failed,
	.note = on_note,
};

static enum baton_err load(void *user, const char *key, const uint8_t *value,
			   size_t len)
{
	struct baton_runner *runner = user;
	enum baton_err err = baton_endpoint_load(runner->endpoint, key, value,
						 len, baton_runner_now_ms());

	/* A bond that cannot be read is a mistake; without the rest it is one
	 * that reconnects, and asks a person anew. */
	if (err == BATON_ERR_ARG && g_str_has_prefix(key, "bond/"))
		return err;
	if (err && err != BATON_ERR_NOT_FOUND)
		g_debug("%s: %s", key, baton_err_text(err));
	return BATON_OK;
}

/* Bonds come first. */
static enum baton_err load_all(struct baton_runner *runner)
{
	static const char *const prefixes[] = {"bond/", "tick/", "pair/",
					       "sess/", "own/",	 "app/"};
	enum baton_err err = BATON_OK;
	size_t i;

	for (i = 0; runner->store && i < G_N_ELEMENTS(prefixes) && !err; i++)
		err = baton_store_each(runner->store, prefixes[i], load,
				       runner);
	return err;
}

static gboolean boot(struct baton_runner *runner,
		     const struct baton_endpoint_config *config, GError **error)
{
	size_t memory_len = baton_endpoint_memory_len(config);
	uint8_t seed[32];
	enum baton_err err = baton_seed_get(seed);

	runner->memory = g_malloc0(memory_len);
	runner->endpoint = g_malloc0(sizeof(*runner->endpoint));
	if (!err)
		err = baton_endpoint_init(runner->endpoint, config,
					  runner->memory, memory_len, seed);
	explicit_bzero(seed, sizeof(seed));
	if (err) {
		baton_fail_set(error, BATON_EXIT_INTERNAL,
			       "the engine does not start: %s",
			       baton_err_text(err));
		g_clear_pointer(&runner->endpoint, g_free);
		return FALSE;
	}
	err = load_all(runner);
	if (err == BATON_ERR_STORE) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot read the store: %s, or name another "
			       "with --store",
			       baton_store_problem(errno));
		return FALSE;
	}
	if (err) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "the store is that of the other device, or is "
			       "damaged; name another with --store");
		return FALSE;
	}
	return TRUE;
}

static gboolean make_timer(struct baton_runner *runner, GError **error)
{
	runner->armed_ms = UINT64_MAX;
	runner->timer_fd =
		timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (runner->timer_fd < 0) {
		baton_fail_set(error, BATON_EXIT_INTERNAL,
			       "there is no timer: %s", g_strerror(errno));
		return FALSE;
	}
	runner->timer =
		g_unix_fd_add(runner->timer_fd, G_IO_IN, on_timer, runner);
	return TRUE;
}

struct baton_runner *
baton_runner_new(const struct baton_endpoint_config *config,
		 struct baton_store *store, struct baton_trace *trace,
		 const struct baton_runner_events *events, void *user,
		 GError **error)
{
	struct baton_runner *runner = g_new0(struct baton_runner, 1);

	runner->events = events;
	runner->user = user;
	runner->store = store;
	runner->trace = trace;
	if (make_timer(runner, error) && boot(runner, config, error))
		return runner;
	baton_runner_free(runner);
	return NULL;
}

void baton_runner_set_bearer(struct baton_runner *runner,
			     struct baton_bearer *bearer)
{
	runner->bearer = bearer;
	baton_runner_kick(runner);
}

void baton_runner_choose(struct baton_runner *runner,
			 const uint8_t id[BATON_BOND_ID_LEN])
{
	if (baton_session_bond_select(baton_runner_session(runner), id))
		g_debug("the engine does not know that bond");
	baton_lookout_choose(&runner->herald.phone, id);
}

void baton_runner_free(struct baton_runner *runner)
{
	if (!runner)
		return;
	if (runner->bearer)
		runner->bearer->ops->close(runner->bearer);
	g_clear_handle_id(&runner->timer, g_source_remove);
	if (runner->timer_fd >= 0)
		close(runner->timer_fd);
	g_clear_handle_id(&runner->idle, g_source_remove);
	if (runner->endpoint)
		baton_endpoint_wipe(runner->endpoint);
	g_free(runner->endpoint);
	g_free(runner->memory);
	g_free(runner);
}

struct baton_endpoint *baton_runner_endpoint(struct baton_runner *runner)
{
	return runner->endpoint;
}

struct baton_session *baton_runner_session(struct baton_runner *runner)
{
	return baton_endpoint_session(runner->endpoint);
}

bool baton_runner_is_up(const struct baton_runner *runner)
{
	return runner->up;
}

bool baton_runner_is_quiet(const struct baton_runner *runner)
{
	uint64_t now_ms = baton_runner_now_ms();

	return !runner->held_len && now_ms - runner->busy_ms >= QUIET_MS &&
	       baton_endpoint_deadline(runner->endpoint) >= now_ms + SOON_MS;
}
