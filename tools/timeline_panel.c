/* SPDX-License-Identifier: MIT */

/* What is where, and the lanes of what people know: states, messages. */

#include "tools/timeline_panel.h"

#include <string.h>

#define CLOSE_PACKETS 700 /* at most, that can be told apart */
#define CLOSE_PX_PER_MS 1.0 /* at least: a long packet is a pixel wide */
#define AIR_GAP_CLOSE 34.0 /* for the lines from the PDUs to the air */
#define AIR_GAP_FAR 9.0
#define LABEL_GAP 8.0 /* between things of a row */
#define TEXT_AT 6.0 /* from the start of a message */
#define SLIM 3.0 /* a message is at least so wide */

static const char *const kind_names[TIMELINE_KINDS] = {
	"empty packet", "set-up", "acknowledgement", "handshake", "control",
	"message",	"bulk",
};
static const char *const kind_classes[TIMELINE_KINDS] = {
	"k0", "k1", "k2", "k3", "k4", "k5", "k6",
};
static const char *const state_classes[TIMELINE_IS_COUNT] = {
	"i0", "i1", "i2", "i3", "i4",
};

const char *baton_timeline_kind_name(unsigned int kind)
{
	return kind_names[kind];
}

const char *baton_timeline_kind_class(unsigned int kind)
{
	return kind_classes[kind];
}

static const struct timeline_message *
message_at(const struct timeline_panel *panel, guint i)
{
	return &g_array_index(panel->timeline->messages,
			      struct timeline_message, i);
}

static uint64_t message_end(const struct timeline_panel *panel,
			    const struct timeline_message *message)
{
	return message->end_us ? message->end_us : panel->timeline->end_us;
}

/* What is written beside a message. */
static char *message_label(const struct timeline_message *message)
{
	g_autofree char *size = baton_svg_size(message->size);

	return g_strdup_printf("%s, %s%s", message->name, size,
			       message->outcome == BATON_TIMELINE_FAILED
				       ? ", not delivered"
				       : "");
}

/* False: some overlap, with their labels or without. */
static bool place_messages(struct timeline_panel *panel, bool labelled)
{
	double free_x[BATON_SIM_SIDES][TIMELINE_ROWS] = {{0}};
	bool fits = true;
	guint i;

	panel->labelled = labelled;
	g_array_set_size(panel->row, 0);
	memset(panel->rows, 0, sizeof(panel->rows));
	for (i = 0; i < panel->timeline->messages->len; i++) {
		const struct timeline_message *m = message_at(panel, i);
		uint64_t end_us = message_end(panel, m);
		double x = baton_svg_x(&panel->axis, m->sent_us);
		double end_x = baton_svg_x(&panel->axis, end_us);
		g_autofree char *label = message_label(m);
		double width = baton_svg_text_width(label) + TEXT_AT;
		int row = 0;

		if (!timeline_panel_shows(panel, m->sent_us, end_us)) {
			row = -1;
			g_array_append_val(panel->row, row);
			continue;
		}
		while (row < TIMELINE_ROWS - 1 && free_x[m->from][row] > x)
			row++;
		fits = fits && free_x[m->from][row] <= x;
		end_x = MAX(end_x, x + SLIM);
		if (labelled)
			end_x = MAX(end_x, x + width) + LABEL_GAP;
		free_x[m->from][row] = end_x;
		panel->rows[m->from] = MAX(panel->rows[m->from], row + 1);
		g_array_append_val(panel->row, row);
	}
	return fits;
}

static bool is_close(const struct timeline_panel *panel)
{
	double ms = (double)(panel->axis.to_us - panel->axis.from_us) / 1e3;
	guint count = 0;
	guint i;

	for (i = 0; i < panel->timeline->packets->len; i++) {
		const struct timeline_packet *packet = &g_array_index(
			panel->timeline->packets, struct timeline_packet, i);

		count += timeline_panel_shows(panel, packet->at_us,
					      packet->at_us);
	}
	return count <= CLOSE_PACKETS &&
	       panel->axis.width / ms >= CLOSE_PX_PER_MS;
}

static double messages_height(const struct timeline_panel *panel, int side)
{
	return panel->rows[side]
		       ? panel->rows[side] * TIMELINE_MESSAGE_H + TIMELINE_GAP
		       : 0;
}

void baton_timeline_panel_init(struct timeline_panel *panel,
			       const struct baton_timeline *timeline,
			       GString *out, const struct baton_svg_axis *axis,
			       double top)
{
	double y = top + TIMELINE_GAP;
	double gap;

	memset(panel, 0, sizeof(*panel));
	panel->timeline = timeline;
	panel->out = out;
	panel->axis = *axis;
	panel->top = top;
	panel->row = g_array_new(FALSE, FALSE, sizeof(int));
	if (!place_messages(panel, true))
		place_messages(panel, false);
	baton_timeline_records_find(panel);
	panel->close = is_close(panel);
	gap = panel->close ? AIR_GAP_CLOSE : AIR_GAP_FAR;
	panel->state_y[BATON_SIM_WATCH] = y;
	y += TIMELINE_STATE_H + TIMELINE_GAP;
	panel->messages_y[BATON_SIM_WATCH] = y;
	y += messages_height(panel, BATON_SIM_WATCH);
	panel->records_y[BATON_SIM_WATCH] = y;
	y += baton_timeline_records_height(panel, BATON_SIM_WATCH);
	panel->pdus_y[BATON_SIM_WATCH] = y;
	y += TIMELINE_PDU_H + gap + TIMELINE_AIR_H;
	panel->air_y = y;
	y += TIMELINE_AIR_H + gap;
	panel->pdus_y[BATON_SIM_PHONE] = y;
	y += TIMELINE_PDU_H + TIMELINE_GAP;
	panel->records_y[BATON_SIM_PHONE] = y;
	y += baton_timeline_records_height(panel, BATON_SIM_PHONE);
	panel->messages_y[BATON_SIM_PHONE] = y;
	y += messages_height(panel, BATON_SIM_PHONE);
	panel->state_y[BATON_SIM_PHONE] = y;
	panel->bottom = y + TIMELINE_STATE_H + TIMELINE_GAP;
}

void baton_timeline_panel_clear(struct timeline_panel *panel)
{
	g_array_unref(panel->row);
}

/* The longest of a few words that fits, or none. */
static void put_state_text(const struct timeline_panel *panel, double x,
			   double width, double y, uint8_t state)
{
	static const char *const words[TIMELINE_IS_COUNT][2] = {
		{"no power", "off"},
		{"looking for the other", "looking"},
		{"linked, not yet secure", "linked"},
		{"people compare the codes", "comparing"},
		{"secure", "secure"},
	};
	int i;

	for (i = 0; i < 2; i++)
		if (baton_svg_text_width(words[state][i]) + 8 <= width) {
			baton_svg_text(panel->out, x + 5, y + 12.5,
				       state == TIMELINE_IS_OFF ? "on" : "t",
				       words[state][i]);
			return;
		}
}

static void draw_states(const struct timeline_panel *panel, int side)
{
	const GArray *states = panel->timeline->states[side];
	double y = panel->state_y[side];
	guint i;

	for (i = 0; i < states->len; i++) {
		const struct timeline_state *s =
			&g_array_index(states, struct timeline_state, i);
		uint64_t end_us = i + 1 < states->len ? s[1].at_us
						      : panel->timeline->end_us;
		double x = baton_svg_x(&panel->axis, s->at_us);
		double width = baton_svg_x(&panel->axis, end_us) - x;

		if (!timeline_panel_shows(panel, s->at_us, end_us) ||
		    width < 0.05)
			continue;
		baton_svg_rect(panel->out, x, y, width, TIMELINE_STATE_H,
			       state_classes[s->state], NULL);
		put_state_text(panel, x, width, y, s->state);
	}
}

/* How much of it the other application has, as a filled curve. */
static void draw_progress(const struct timeline_panel *panel,
			  const struct timeline_message *message, double y,
			  double height)
{
	double full = (double)MAX(message->size, 1);
	double bottom = y + height;
	double last_x = -1;
	double at_y = bottom;
	GString *out = panel->out;
	guint i;

	if (!message->points->len)
		return;
	g_string_append_printf(out, "<path d=\"M%.1f %.1f",
			       baton_svg_x(&panel->axis, message->sent_us),
			       bottom);
	for (i = 0; i < message->points->len; i++) {
		const struct timeline_point *point = &g_array_index(
			message->points, struct timeline_point, i);
		double x = baton_svg_x(&panel->axis, point->at_us);

		if (x - last_x < 0.8 && i + 1 < message->points->len)
			continue;
		g_string_append_printf(out, "H%.1fV%.1f", x,
				       bottom - height * (double)point->bytes /
							full);
		at_y = bottom - height * (double)point->bytes / full;
		last_x = x;
	}
	g_string_append_printf(
		out, "L%.1f %.1fV%.1fz\" class=\"k5 soft\"/>\n",
		baton_svg_x(&panel->axis, message_end(panel, message)), at_y,
		bottom);
}

static void draw_message(const struct timeline_panel *panel,
			 const struct timeline_message *message, int row)
{
	bool failed = message->outcome == BATON_TIMELINE_FAILED;
	uint64_t end_us = message_end(panel, message);
	double height = TIMELINE_MESSAGE_H - 3;
	double y = panel->messages_y[message->from] + row * TIMELINE_MESSAGE_H;
	double x = baton_svg_x(&panel->axis, message->sent_us);
	double width = MAX(baton_svg_x(&panel->axis, end_us) - x, SLIM);
	g_autofree char *label = message_label(message);
	double text_width = baton_svg_text_width(label);
	double label_x;
	g_autofree char *time = baton_svg_time(end_us - message->sent_us);
	g_autofree char *tip = g_strdup_printf(
		"%s, %s after %s", label,
		message->outcome == BATON_TIMELINE_DELIVERED ? "delivered"
		: failed				     ? "given up"
			 : "still under way",
		time);

	baton_svg_rect(panel->out, x, y, width, height,
		       failed ? "bad pale" : "k5 pale", tip);
	draw_progress(panel, message, y, height);
	if (message->sent_us >= panel->axis.from_us)
		baton_svg_rect(panel->out, x, y, 2, height,
			       failed ? "bad" : "k5", NULL);
	if (message->end_us && end_us <= panel->axis.to_us)
		baton_svg_rect(panel->out, x + width - 2, y, 2, height,
			       failed ? "bad" : "k5", NULL);
	label_x = MAX(x, panel->axis.x) + TEXT_AT;
	if (!panel->labelled && label_x + text_width > x + width)
		return;
	if (label_x + text_width <= panel->axis.x + panel->axis.width)
		baton_svg_text(panel->out, label_x, y + 12.5,
			       failed ? "bad" : "t", label);
	else
		baton_svg_text(panel->out, x - 4, y + 12.5,
			       failed ? "e bad" : "e t", label);
}

static void draw_messages(const struct timeline_panel *panel)
{
	guint i;

	for (i = 0; i < panel->row->len; i++)
		if (g_array_index(panel->row, int, i) >= 0)
			draw_message(panel, message_at(panel, i),
				     g_array_index(panel->row, int, i));
}

static void draw_names(const struct timeline_panel *panel)
{
	static const char *const names[BATON_SIM_SIDES] = {"watch", "phone"};
	double x = panel->axis.x - 12;
	int side;

	for (side = 0; side < BATON_SIM_SIDES; side++) {
		baton_svg_text(panel->out, x, panel->state_y[side] + 12.5,
			       "e t b s", names[side]);
		if (panel->rows[side])
			baton_svg_text(panel->out, x,
				       panel->messages_y[side] + 12.5, "e m",
				       "messages");
		if (baton_timeline_records_height(panel, side) > 0)
			baton_svg_text(panel->out, x,
				       panel->records_y[side] + 8, "e m",
				       "records");
		baton_svg_text(panel->out, x, panel->pdus_y[side] + 11, "e m",
			       "PDUs");
	}
	baton_svg_text(panel->out, x, panel->air_y - 16, "e m",
		       "watch to phone");
	baton_svg_text(panel->out, x, panel->air_y + 4, "e t b s",
		       "on the air");
	baton_svg_text(panel->out, x, panel->air_y + 23, "e m",
		       "phone to watch");
}

void baton_timeline_panel_draw(const struct timeline_panel *panel)
{
	int side;

	baton_svg_rect(panel->out, panel->axis.x, panel->top, panel->axis.width,
		       panel->bottom - panel->top, "card", NULL);
	baton_svg_axis(panel->out, &panel->axis, panel->top, panel->bottom);
	draw_names(panel);
	for (side = 0; side < BATON_SIM_SIDES; side++) {
		draw_states(panel, side);
		baton_timeline_records_draw(panel, side);
	}
	draw_messages(panel);
	baton_timeline_air_draw(panel);
	baton_timeline_pdus_draw(panel);
}
