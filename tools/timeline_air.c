/* SPDX-License-Identifier: MIT */

/* The lane in the middle: packets, adverts, events, ends of links. */

#include "tools/timeline_columns.h"

#define LL_LONGEST 251.0
#define LABEL_GAP 8.0

/* A watch that sleeps through an event (latency) has lost nothing. */
static bool is_lost(const struct timeline_panel *panel,
		    const struct timeline_packet *packet)
{
	bool sleeps = panel->timeline->config.latency &&
		      packet->from == BATON_SIM_PHONE &&
		      packet->kind == TIMELINE_EMPTY &&
		      packet->air == BATON_SIM_AIR_MISSED;

	return packet->air != BATON_SIM_AIR_OK && !sleeps;
}

static void add_packet(const struct timeline_panel *panel,
		       struct timeline_column *columns,
		       const struct timeline_packet *packet)
{
	double us = (double)(panel->axis.to_us - panel->axis.from_us) /
		    panel->axis.width;
	double from =
		((double)packet->at_us - (double)panel->axis.from_us) / us;
	double to = from + packet->air_us / us;
	unsigned int sort =
		is_lost(panel, packet) ? TIMELINE_LOST : packet->kind;
	size_t i;

	for (i = (size_t)MAX(from, 0); i < baton_timeline_column_count(panel);
	     i++) {
		if ((double)i > to)
			break;
		columns[i].sum[sort] +=
			MAX(MIN(to, (double)i + 1) - MAX(from, (double)i), 0);
	}
}

static void draw_air_far(const struct timeline_panel *panel, int side)
{
	size_t count = baton_timeline_column_count(panel);
	struct timeline_column *columns = g_new0(struct timeline_column, count);
	guint i;

	for (i = 0; i < panel->timeline->packets->len; i++) {
		const struct timeline_packet *packet = &g_array_index(
			panel->timeline->packets, struct timeline_packet, i);

		if (packet->from == side &&
		    timeline_panel_shows(panel, packet->at_us,
					 packet->at_us + packet->air_us))
			add_packet(panel, columns, packet);
	}
	baton_timeline_columns_draw(panel, columns, count, panel->air_y,
				    side == BATON_SIM_WATCH ? -1 : 1,
				    TIMELINE_AIR_H - 2);
	g_free(columns);
}

static const char *air_word(const struct timeline_packet *packet)
{
	switch (packet->air) {
	case BATON_SIM_AIR_CRC:
		return ", broken on the air";
	case BATON_SIM_AIR_MISSED:
		return ", not received";
	default:
		return "";
	}
}

static void draw_packet(const struct timeline_panel *panel,
			const struct timeline_packet *packet, GString *empty)
{
	double x = baton_svg_x(&panel->axis, packet->at_us);
	double end_x =
		baton_svg_x(&panel->axis, packet->at_us + packet->air_us);
	double width = MAX(end_x - x, 0.8);
	double height = 5 + (TIMELINE_AIR_H - 9) * packet->len / LL_LONGEST;
	double y = packet->from == BATON_SIM_WATCH ? panel->air_y - height
						   : panel->air_y;
	bool lost = is_lost(panel, packet);
	g_autofree char *tip = NULL;

	if (packet->kind == TIMELINE_EMPTY && !lost) {
		baton_svg_path_rect(empty, x, y, width, height);
		return;
	}
	tip = g_strdup_printf("%s, %u B, %u \302\265s, event %u%s%s",
			      baton_timeline_kind_name(packet->kind),
			      packet->len, packet->air_us, packet->event,
			      packet->again ? ", sent again" : "",
			      air_word(packet));
	baton_svg_rect(panel->out, x, y, width, height,
		       lost ? "bad" : baton_timeline_kind_class(packet->kind),
		       tip);
}

/* A band behind the packets of each connection event. */
static void draw_events(const struct timeline_panel *panel)
{
	const GArray *packets = panel->timeline->packets;
	double top = panel->air_y - TIMELINE_AIR_H;
	double bottom = panel->air_y + TIMELINE_AIR_H;
	GString *path = g_string_new(NULL);
	GString *anchors = g_string_new(NULL);
	const struct timeline_packet *first = NULL, *last = NULL;
	guint i;

	for (i = 0; i <= packets->len; i++) {
		const struct timeline_packet *p =
			&g_array_index(packets, struct timeline_packet, i);

		if (i < packets->len && first && p->event == first->event &&
		    p->at_us < first->at_us +
				       panel->timeline->config.interval_us) {
			last = p;
			continue;
		}
		if (first && timeline_panel_shows(panel, first->at_us,
						  last->at_us + last->air_us)) {
			double x = baton_svg_x(&panel->axis, first->at_us) - 1;
			double end_x = baton_svg_x(&panel->axis,
						   last->at_us + last->air_us);

			baton_svg_path_rect(path, x, top, end_x + 1 - x,
					    bottom - top);
			baton_svg_path_rect(anchors, x, top - 5, 1, 5);
			baton_svg_path_rect(anchors, x, bottom, 1, 5);
		}
		first = i < packets->len ? p : NULL;
		last = first;
	}
	baton_svg_path(panel->out, path, "band");
	baton_svg_path(panel->out, anchors, "m");
	g_string_free(path, TRUE);
	g_string_free(anchors, TRUE);
}

static void draw_air_close(const struct timeline_panel *panel)
{
	const GArray *packets = panel->timeline->packets;
	GString *empty = g_string_new(NULL);
	guint i;

	draw_events(panel);
	for (i = 0; i < packets->len; i++) {
		const struct timeline_packet *packet =
			&g_array_index(packets, struct timeline_packet, i);

		if (timeline_panel_shows(panel, packet->at_us,
					 packet->at_us + packet->air_us))
			draw_packet(panel, packet, empty);
	}
	baton_svg_path(panel->out, empty, "k0");
	g_string_free(empty, TRUE);
}

static void draw_adverts(const struct timeline_panel *panel)
{
	const GArray *marks = panel->timeline->marks;
	GString *path = g_string_new(NULL);
	double last_x = -10;
	guint i;

	for (i = 0; i < marks->len; i++) {
		const struct timeline_mark *mark =
			&g_array_index(marks, struct timeline_mark, i);
		double x = baton_svg_x(&panel->axis, mark->at_us);

		if (!timeline_panel_shows(panel, mark->at_us, mark->at_us))
			continue;
		if (mark->kind == TIMELINE_MARK_ADVERT && x - last_x >= 1.5) {
			baton_svg_path_rect(path, x, panel->air_y - 18,
					    panel->close ? 3 : 1, 18);
			last_x = x;
		}
		if (mark->kind == TIMELINE_MARK_CONNECT)
			baton_svg_dot(panel->out, x, panel->air_y, 4, "adv",
				      "the phone connects");
	}
	baton_svg_path(panel->out, path, "adv");
	g_string_free(path, TRUE);
}

static const char *reason_name(uint8_t reason)
{
	switch (reason) {
	case BATON_HCI_SUPERVISION_TIMEOUT:
		return "supervision timeout";
	case BATON_HCI_REMOTE_USER:
		return "ended by the other";
	case BATON_HCI_REMOTE_LOW_RESOURCES:
		return "other is low on resources";
	case BATON_HCI_REMOTE_POWER_OFF:
		return "other powers off";
	case BATON_HCI_LOCAL_HOST:
		return "ended here";
	case BATON_HCI_LL_RESPONSE_TIMEOUT:
		return "no LL response";
	case BATON_HCI_MIC_FAILURE:
		return "MIC failure";
	case BATON_HCI_FAILED_TO_ESTABLISH:
		return "failed to establish";
	default:
		return "ended";
	}
}

/* Each side learns of the end of a link by itself. */
static void draw_ends(const struct timeline_panel *panel)
{
	const GArray *marks = panel->timeline->marks;
	double free_x[BATON_SIM_SIDES] = {0};
	char text[64];
	guint i;

	for (i = 0; i < marks->len; i++) {
		const struct timeline_mark *mark =
			&g_array_index(marks, struct timeline_mark, i);
		bool watch = mark->side == BATON_SIM_WATCH;
		double x = baton_svg_x(&panel->axis, mark->at_us);
		double top = watch ? panel->state_y[0] : panel->air_y;
		double bottom = watch ? panel->air_y
				      : panel->state_y[1] + TIMELINE_STATE_H;
		double width;

		/* Without a reason the power went: the state shows it. */
		if (mark->kind != TIMELINE_MARK_DOWN || !mark->reason ||
		    !timeline_panel_shows(panel, mark->at_us, mark->at_us))
			continue;
		g_snprintf(text, sizeof(text), "0x%02x %s", mark->reason,
			   reason_name(mark->reason));
		baton_svg_line(panel->out, x, top, x, bottom, "badl", text);
		width = baton_svg_text_width(text);
		if (x < free_x[mark->side] ||
		    x + width + 4 > panel->axis.x + panel->axis.width)
			continue;
		baton_svg_text(panel->out, x + 4,
			       watch ? panel->air_y - TIMELINE_AIR_H + 2
				     : panel->air_y + TIMELINE_AIR_H - 2,
			       "bad halo", text);
		free_x[mark->side] = x + width + LABEL_GAP;
	}
}

void baton_timeline_air_draw(const struct timeline_panel *panel)
{
	double x = panel->axis.x;

	if (panel->close) {
		draw_air_close(panel);
	} else {
		draw_air_far(panel, BATON_SIM_WATCH);
		draw_air_far(panel, BATON_SIM_PHONE);
	}
	baton_svg_line(panel->out, x, panel->air_y, x + panel->axis.width,
		       panel->air_y, "base", NULL);
	draw_adverts(panel);
	draw_ends(panel);
}
