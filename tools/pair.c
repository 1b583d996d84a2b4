/* SPDX-License-Identifier: MIT */
#include <glib/gstdio.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/carrier.h"
#include "tools/fail.h"
#include "tools/inbox.h"
#include "tools/keylog.h"
#include "tools/outbox.h"
#include "tools/pair.h"
#include "tools/progress.h"

/* Without any progress for so long, in simulated time, it is given up. */
#define SLICE_US UINT64_C(10000000)
#define SLICES 30
#define BUFFER 65536

struct baton_pair;

struct device {
	struct baton_pair *pair;
	struct baton_sim_stack *stack;
	struct baton_carrier carrier;
	struct baton_outbox *outbox;
	struct baton_inbox *inbox;
	struct baton_keylog keylog;
	uint32_t code;
	bool compared, paired, secured;
	unsigned int received;
	char *path; /* of what was received last */
	bool delivered; /* what was sent last */
};

struct baton_pair {
	struct baton_sim *sim;
	const struct baton_codec *codec;
	struct device device[BATON_SIM_SIDES];
	struct baton_trace *trace;
	struct baton_timeline *timeline;
	unsigned int sent; /* in the timeline */
	struct baton_progress progress;
	GError *error;
	unsigned int want; /* files the receiver shall have */
	enum baton_sim_side from;
	uint64_t events; /* a sign of life */
};

/* There is one bond. */
static const uint8_t nobody[BATON_BOND_ID_LEN];

static void show_taken(const struct device *device, uint64_t taken)
{
	struct baton_pair *pair = device->pair;

	if (pair->timeline)
		baton_timeline_taken(pair->timeline, pair->sent,
				     baton_sim_now(pair->sim), taken);
}

static void show_fact(const struct device *device,
		      enum baton_timeline_fact fact, bool is_true)
{
	struct baton_pair *pair = device->pair;

	if (pair->timeline)
		baton_timeline_fact(pair->timeline,
				    baton_sim_stack_side(device->stack),
				    baton_sim_now(pair->sim), fact, is_true);
}

static struct baton_files *files_of(void *user,
				    const uint8_t bond[BATON_BOND_ID_LEN])
{
	struct device *device = user;

	(void)bond;
	return &device->carrier.files;
}

static void look_at_outbox(struct device *device,
			   const struct baton_file_event *event)
{
	struct baton_pair *pair = device->pair;
	const struct baton_note *note;
	enum baton_outbox_news news =
		baton_outbox_event(device->outbox, nobody, event, &note,
				   baton_sim_stack_now_ms(device->stack));

	if (news != BATON_OUTBOX_DELIVERED && news != BATON_OUTBOX_FAILED)
		return;
	device->delivered = news == BATON_OUTBOX_DELIVERED;
	if (!device->delivered && !pair->error)
		pair->error = g_error_copy(note->error);
	baton_outbox_done(device->outbox, note);
}

static void look_at_inbox(struct device *device,
			  const struct baton_file_event *event)
{
	struct baton_pair *pair = device->pair;
	struct baton_inbox_file file;

	switch (baton_inbox_event(device->inbox, nobody, event, &file)) {
	case BATON_INBOX_DONE:
		device->received++;
		g_free(device->path);
		device->path = g_strdup(file.path);
		baton_inbox_done(device->inbox, file.id);
		show_taken(device, file.total);
		break;
	case BATON_INBOX_REFUSED:
		if (!pair->error)
			pair->error = g_error_copy(file.error);
		break;
	case BATON_INBOX_MORE:
		show_taken(device, file.taken);
		baton_progress_show(&pair->progress, file.name, file.taken,
				    file.total);
		break;
	case BATON_INBOX_NOTHING:
	case BATON_INBOX_BEGUN:
	case BATON_INBOX_ABORTED:
		break;
	}
}

static void on_file(void *user, const struct baton_file_event *event)
{
	if (event->outgoing)
		look_at_outbox(user, event);
	else
		look_at_inbox(user, event);
}

static void on_event(void *user, struct baton_sim_stack *stack,
		     const struct baton_event *event)
{
	struct baton_pair *pair = user;
	struct device *device = &pair->device[baton_sim_stack_side(stack)];

	pair->events++;
	baton_keylog_look(&device->keylog, baton_sim_stack_session(stack));
	if (event->type == BATON_EVENT_COMPARE) {
		device->code = event->u.compare.code;
		device->compared = true;
		show_fact(device, BATON_TIMELINE_COMPARING, true);
	} else if (event->type == BATON_EVENT_PAIRED) {
		device->paired = true;
		show_fact(device, BATON_TIMELINE_COMPARING, false);
	} else if (event->type == BATON_EVENT_SECURED) {
		device->secured = true;
		show_fact(device, BATON_TIMELINE_SECURED, true);
	} else if (event->type == BATON_EVENT_PAIR_FAILED) {
		baton_fail_set(&pair->error, BATON_EXIT_REFUSED,
			       "the devices did not pair: %s; try other radio "
			       "options",
			       baton_err_text(event->u.closed.err));
	}
	baton_carrier_event(&device->carrier, event,
			    baton_sim_stack_now_ms(stack));
}

static void on_link(void *user, struct baton_sim_stack *stack, bool up)
{
	struct baton_pair *pair = user;
	struct device *device = &pair->device[baton_sim_stack_side(stack)];

	if (!up)
		baton_carrier_down(&device->carrier,
				   baton_sim_stack_now_ms(stack));
}

static bool on_turn(void *user, struct baton_sim_stack *stack)
{
	struct baton_pair *pair = user;
	struct device *device = &pair->device[baton_sim_stack_side(stack)];

	return baton_carrier_pump(&device->carrier,
				  baton_sim_stack_now_ms(stack));
}

static const struct baton_sim_stack_app app = {
	.event = on_event,
	.link = on_link,
	.turn = on_turn,
};

static void on_trace(void *user, const struct baton_sim_trace *record)
{
	struct baton_pair *pair = user;
	unsigned int host = record->side;

	if (pair->timeline)
		baton_timeline_trace(pair->timeline, record);
	if (!pair->trace)
		return;
	if (record->what == BATON_SIM_UP)
		baton_trace_up(pair->trace, host, record->at_us, 0);
	else if (record->what == BATON_SIM_DOWN)
		baton_trace_down(pair->trace, host, record->at_us);
	else if (record->what == BATON_SIM_HOST_TX ||
		 record->what == BATON_SIM_HOST_RX)
		baton_trace_pdu(pair->trace, host, record->at_us,
				record->what == BATON_SIM_HOST_TX, record->data,
				record->len);
}

static bool make_device(struct baton_pair *pair, enum baton_sim_side side,
			uint64_t seed, const char *dir, GError **error)
{
	struct device *device = &pair->device[side];
	struct baton_session_config config = {
		.role = side == BATON_SIM_WATCH ? BATON_WATCH : BATON_PHONE,
		.message_max = BATON_MESSAGE_MAX,
		.link = BATON_LINK_CONFIG_LARGE,
		.codec = pair->codec,
	};

	device->pair = pair;
	if (baton_sim_stack_create(&device->stack, pair->sim, side, &config,
				   seed, &app, pair)) {
		baton_fail_set(error, BATON_EXIT_INTERNAL,
			       "the engine does not start");
		return false;
	}
	baton_carrier_init(&device->carrier,
			   baton_sim_stack_session(device->stack), on_file,
			   device);
	device->outbox = baton_outbox_new(NULL, files_of, device, error);
	baton_outbox_number(device->outbox);
	device->inbox = baton_inbox_new(dir, NULL, files_of, device, error);
	return device->inbox != NULL;
}

struct baton_pair *baton_pair_new(const struct baton_sim_config *config,
				  const struct baton_codec *codec,
				  char *const dir[BATON_SIM_SIDES],
				  struct baton_trace *trace, GError **error)
{
	struct baton_pair *pair = g_new0(struct baton_pair, 1);

	if (baton_sim_create(&pair->sim, config)) {
		baton_fail_set(error, BATON_EXIT_INTERNAL,
			       "the simulator does not start");
		g_free(pair);
		return NULL;
	}
	pair->codec = codec;
	pair->trace = trace;
	if (trace) {
		baton_trace_host(trace, BATON_WATCH);
		baton_trace_host(trace, BATON_PHONE);
		baton_sim_set_trace(pair->sim, on_trace, pair, false);
	}
	if (make_device(pair, BATON_SIM_WATCH, config->seed,
			dir[BATON_SIM_WATCH], error) &&
	    make_device(pair, BATON_SIM_PHONE, config->seed,
			dir[BATON_SIM_PHONE], error))
		return pair;
	baton_pair_free(pair);
	return NULL;
}

void baton_pair_show(struct baton_pair *pair, struct baton_timeline *timeline)
{
	pair->timeline = timeline;
	baton_sim_set_trace(pair->sim, on_trace, pair, true);
}

void baton_pair_free(struct baton_pair *pair)
{
	int i;

	if (!pair)
		return;
	baton_progress_clear(&pair->progress);
	for (i = 0; i < BATON_SIM_SIDES; i++) {
		baton_outbox_free(pair->device[i].outbox);
		baton_inbox_free(pair->device[i].inbox);
		g_free(pair->device[i].path);
		baton_sim_stack_destroy(pair->device[i].stack);
	}
	baton_sim_destroy(pair->sim);
	g_clear_error(&pair->error);
	g_free(pair);
}

struct baton_sim *baton_pair_sim(struct baton_pair *pair)
{
	return pair->sim;
}

/* Run until done(pair), or an error, or nothing goes on any more. */
static gboolean run(struct baton_pair *pair, bool (*done)(void *user),
		    const char *what, GError **error)
{
	unsigned int idle = 0;

	while (idle < SLICES) {
		uint64_t before = pair->events;
		bool is_done =
			baton_sim_run(pair->sim, done, pair,
				      baton_sim_now(pair->sim) + SLICE_US);

		if (pair->error) {
			g_propagate_error(error, g_steal_pointer(&pair->error));
			return FALSE;
		}
		if (is_done)
			return TRUE;
		idle = pair->events == before ? idle + 1 : 0;
	}
	baton_fail_set(error, BATON_EXIT_TIMEOUT,
		       "%s: nothing went on for %u s of simulated time; try "
		       "other radio options",
		       what, (unsigned int)(SLICES * SLICE_US / 1000000));
	return FALSE;
}

static bool both_compared(void *user)
{
	struct baton_pair *pair = user;

	return pair->error ||
	       (pair->device[0].compared && pair->device[1].compared);
}

gboolean baton_pair_compare(struct baton_pair *pair, uint32_t *code,
			    GError **error)
{
	int i;

	for (i = 0; i < BATON_SIM_SIDES; i++) {
		struct device *device = &pair->device[i];

		if (baton_session_pairing_open(
			    baton_sim_stack_session(device->stack),
			    baton_sim_stack_now_ms(device->stack))) {
			baton_fail_set(error, BATON_EXIT_INTERNAL,
				       "a fresh device does not pair");
			return FALSE;
		}
		baton_sim_stack_kick(device->stack);
	}
	if (!run(pair, both_compared, "pairing", error))
		return FALSE;
	*code = pair->device[0].code;
	if (*code == pair->device[1].code)
		return TRUE;
	baton_fail_set(error, BATON_EXIT_PEER,
		       "the devices show different codes: someone is between "
		       "them");
	return FALSE;
}

static bool both_secured(void *user)
{
	struct baton_pair *pair = user;

	return pair->error ||
	       (pair->device[0].paired && pair->device[1].paired &&
		pair->device[0].secured && pair->device[1].secured);
}

gboolean baton_pair_confirm(struct baton_pair *pair, GError **error)
{
	int i;

	for (i = 0; i < BATON_SIM_SIDES; i++) {
		struct device *device = &pair->device[i];

		if (baton_session_confirm(
			    baton_sim_stack_session(device->stack), true,
			    baton_sim_stack_now_ms(device->stack))) {
			baton_fail_set(error, BATON_EXIT_PEER,
				       "the link ended before the codes were "
				       "confirmed; try again");
			return FALSE;
		}
		baton_sim_stack_kick(device->stack);
	}
	return run(pair, both_secured, "pairing", error);
}

static bool delivered(void *user)
{
	struct baton_pair *pair = user;
	struct device *from = &pair->device[pair->from];
	struct device *to = &pair->device[baton_sim_other(pair->from)];

	return pair->error || (from->delivered && to->received == pair->want);
}

/* True if two files hold the same bytes. */
static bool is_same(const char *path_a, const char *path_b)
{
	FILE *a = fopen(path_a, "rbe");
	FILE *b = fopen(path_b, "rbe");
	g_autofree char *bytes_a = g_malloc(BUFFER);
	g_autofree char *bytes_b = g_malloc(BUFFER);
	bool same = a && b;

	while (same) {
		size_t len_a = fread(bytes_a, 1, BUFFER, a);
		size_t len_b = fread(bytes_b, 1, BUFFER, b);

		same = len_a == len_b && !ferror(a) && !ferror(b) &&
		       !memcmp(bytes_a, bytes_b, len_a);
		if (!len_a)
			break;
	}
	if (a)
		fclose(a);
	if (b)
		fclose(b);
	return same;
}

static void show_begin(struct baton_pair *pair, enum baton_sim_side from,
		       const char *path)
{
	g_autofree char *name = g_filename_display_basename(path);
	GStatBuf st;

	if (pair->timeline)
		pair->sent = baton_timeline_send(
			pair->timeline, from, baton_sim_now(pair->sim), name,
			g_stat(path, &st) ? 0 : (uint64_t)st.st_size);
}

static void show_end(struct baton_pair *pair, bool delivered_it)
{
	if (pair->timeline)
		baton_timeline_end(pair->timeline, pair->sent,
				   baton_sim_now(pair->sim),
				   delivered_it ? BATON_TIMELINE_DELIVERED
						: BATON_TIMELINE_FAILED);
}

gboolean baton_pair_send(struct baton_pair *pair, enum baton_sim_side from,
			 const char *path, char **received, GError **error)
{
	struct device *sender = &pair->device[from];
	struct device *receiver = &pair->device[baton_sim_other(from)];

	pair->from = from;
	pair->want = receiver->received + 1;
	sender->delivered = false;
	if (!baton_outbox_send(sender->outbox, nobody, path, error))
		return FALSE;
	show_begin(pair, from, path);
	baton_carrier_pump(&sender->carrier,
			   baton_sim_stack_now_ms(sender->stack));
	baton_sim_stack_kick(sender->stack);
	if (!run(pair, delivered, "the hand-over", error)) {
		show_end(pair, false);
		return FALSE;
	}
	baton_progress_clear(&pair->progress);
	show_end(pair, true);
	*received = g_strdup(receiver->path);
	if (is_same(path, *received))
		return TRUE;
	baton_fail_set(error, BATON_EXIT_INTERNAL,
		       "%s is not what was sent; please report this",
		       *received);
	return FALSE;
}
