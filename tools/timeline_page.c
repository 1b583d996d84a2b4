/* SPDX-License-Identifier: MIT */

/* The whole picture: what is where, legend, file. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/fail.h"
#include "tools/timeline_panel.h"

#define WIDTH 1240.0
#define LEFT 124.0
#define RIGHT 28.0
#define TOP 78.0
#define AXIS_H 26.0
#define MAGNIFIER_H 30.0 /* between both panels */
#define LEGEND_H 84.0
#define LENS_EVENTS 8 /* what is shown large, in connection intervals */
#define LENS_LEAST_US 100000
#define LENS_MOST_US 600000
#define LENS_BEFORE_US 5000 /* shown before what it is about */

/* What to show large: where the first thing is handed over. */
static struct baton_timeline_span
choose_lens(const struct baton_timeline *timeline)
{
	uint64_t len_us =
		CLAMP((uint64_t)LENS_EVENTS * timeline->config.interval_us,
		      LENS_LEAST_US, LENS_MOST_US);
	struct baton_timeline_span span = {0};
	uint64_t sent_us = UINT64_MAX;
	guint i;

	if (timeline->messages->len)
		sent_us = g_array_index(timeline->messages,
					struct timeline_message, 0)
				  .sent_us;
	/* Data that goes after it was handed over, else the handshake. */
	for (i = 0; i < timeline->pdus->len; i++) {
		const struct timeline_pdu *pdu =
			&g_array_index(timeline->pdus, struct timeline_pdu, i);

		if (!i ||
		    (pdu->tx_us >= sent_us && pdu->kind > TIMELINE_CONTROL)) {
			span.from_us = pdu->tx_us;
			if (i)
				break;
		}
	}
	span.from_us -= MIN(span.from_us, LENS_BEFORE_US);
	span.to_us = MIN(span.from_us + len_us, timeline->end_us);
	span.from_us = span.to_us - MIN(span.to_us, len_us);
	return span;
}

static void put_swatch(GString *out, double *x, double y, const char *class,
		       const char *text)
{
	baton_svg_rect(out, *x, y - 9, 12, 11, class, NULL);
	baton_svg_text(out, *x + 17, y, "m", text);
	*x += 17 + baton_svg_text_width(text) + 16;
}

static void put_legend(GString *out, double y)
{
	const char *scale =
		"Where packets are drawn one by one, a packet is as wide as it "
		"is long and as high as its payload; elsewhere the height is "
		"the share of the time that the radio sends.";

	double x = LEFT;
	unsigned int kind;

	for (kind = TIMELINE_KINDS; kind--;)
		put_swatch(out, &x, y, baton_timeline_kind_class(kind),
			   baton_timeline_kind_name(kind));
	put_swatch(out, &x, y, "adv", "advert");
	put_swatch(out, &x, y, "bad", "lost");
	y += 22;
	x = LEFT;
	put_swatch(out, &x, y, "band", "connection event");
	baton_svg_cross(out, x + 6, y - 4, 4, NULL);
	baton_svg_text(out, x + 17, y, "m", "PDU lost in a host");
	x += 17 + baton_svg_text_width("PDU lost in a host") + 16;
	baton_svg_dot(out, x + 6, y - 4, 2.5, "bad", NULL);
	baton_svg_text(out, x + 17, y, "m", "sent again");
	x += 17 + baton_svg_text_width("sent again") + 16;
	baton_svg_dot(out, x + 6, y - 4, 4, "adv", NULL);
	baton_svg_text(out, x + 17, y, "m", "connects");
	x += 17 + baton_svg_text_width("connects") + 16;
	baton_svg_dot(out, x + 6, y - 4, 3, "t", NULL);
	baton_svg_text(out, x + 17, y, "m", "write to storage");
	x += 17 + baton_svg_text_width("write to storage") + 16;
	put_swatch(out, &x, y, "k5 soft", "how much of a message is taken");
	baton_svg_text(out, LEFT, y + 22, "m", scale);
}

/* The radio, and what came of it. */
static char *subtitle(const struct baton_timeline *timeline)
{
	const struct baton_sim_config *config = &timeline->config;
	g_autofree char *interval = baton_svg_time(config->interval_us);
	g_autofree char *end = baton_svg_time(timeline->end_us);
	unsigned int delivered = 0;
	guint i;

	for (i = 0; i < timeline->messages->len; i++)
		delivered += g_array_index(timeline->messages,
					   struct timeline_message, i)
				     .outcome == BATON_TIMELINE_DELIVERED;
	return g_strdup_printf(
		"%s, connection interval %s, MTU %u; %s of simulated time, %u "
		"%s, %u of %u messages delivered",
		baton_phy_name(config->phy), interval, config->mtu, end,
		timeline->links, timeline->links == 1 ? "link" : "links",
		delivered, timeline->messages->len);
}

/* Where the lower panel is in the upper one. */
static void put_magnifier(GString *out, const struct timeline_panel *upper,
			  const struct baton_timeline_span *lens, double top)
{
	double x1 = baton_svg_x(&upper->axis, lens->from_us);
	double x2 = baton_svg_x(&upper->axis, lens->to_us);
	double y = upper->bottom + AXIS_H - 2;

	x2 = MAX(x2, x1 + 2);
	baton_svg_rect(out, x1, upper->top, x2 - x1, y - upper->top,
		       "lens pale", NULL);
	baton_svg_line(out, x1, upper->top, x1, y, "edge", NULL);
	baton_svg_line(out, x2, upper->top, x2, y, "edge", NULL);
	baton_svg_line(out, x1, y, LEFT, top, "edge", NULL);
	baton_svg_line(out, x2, y, WIDTH - RIGHT, top, "edge", NULL);
}

static struct baton_svg_axis axis_of(uint64_t from_us, uint64_t to_us)
{
	struct baton_svg_axis axis = {
		.from_us = from_us,
		.to_us = MAX(to_us, from_us + 1),
		.x = LEFT,
		.width = WIDTH - LEFT - RIGHT,
	};

	return axis;
}

/* lens NULL: choose, unless all is seen in one panel. */
static char *draw(const struct baton_timeline *timeline, const char *title,
		  const struct baton_timeline_span *lens)
{
	struct timeline_panel panel;
	struct baton_timeline_span chosen;
	GString *body = g_string_new(NULL);
	GString *out = g_string_new(NULL);
	g_autofree char *below = subtitle(timeline);
	struct baton_svg_axis axis;
	double y = TOP;

	baton_svg_text(body, 24, 36, "h t", title);
	baton_svg_text(body, 24, 58, "s m", below);
	axis = axis_of(0, timeline->end_us);
	baton_timeline_panel_init(&panel, timeline, body, &axis, y);
	baton_timeline_panel_draw(&panel);
	if (lens || !panel.close) {
		chosen = lens ? *lens : choose_lens(timeline);
		y = panel.bottom + AXIS_H + MAGNIFIER_H;
		put_magnifier(body, &panel, &chosen, y);
		baton_timeline_panel_clear(&panel);
		axis = axis_of(chosen.from_us, chosen.to_us);
		baton_timeline_panel_init(&panel, timeline, body, &axis, y);
		baton_timeline_panel_draw(&panel);
	}
	y = panel.bottom + AXIS_H;
	baton_timeline_panel_clear(&panel);
	put_legend(body, y + 24);
	baton_svg_begin(out, WIDTH, y + LEGEND_H, title);
	g_string_append_len(out, body->str, (gssize)body->len);
	baton_svg_end(out);
	g_string_free(body, TRUE);
	return g_string_free(out, FALSE);
}

static gboolean write_file(const char *path, const char *text, GError **error)
{
	FILE *file = fopen(path, "we");
	bool good;

	if (file) {
		good = fputs(text, file) >= 0;
		good = !fclose(file) && good;
		if (good)
			return TRUE;
	}
	baton_fail_set(error, BATON_EXIT_OUTPUT,
		       "cannot write the timeline %s: %s; name another file",
		       path, g_strerror(errno));
	return FALSE;
}

gboolean baton_timeline_save(const struct baton_timeline *timeline,
			     const char *path, const char *title,
			     const struct baton_timeline_span *span,
			     GError **error)
{
	struct baton_timeline_span lens;
	g_autofree char *text = NULL;
	g_autofree char *end = NULL;

	if (span) {
		lens = *span;
		if (!lens.to_us || lens.to_us > timeline->end_us)
			lens.to_us = timeline->end_us;
		if (lens.from_us >= lens.to_us) {
			end = baton_svg_time(timeline->end_us);
			baton_fail_set(error, BATON_EXIT_USAGE,
				       "nothing of the span is in the run, "
				       "which ends after %s",
				       end);
			return FALSE;
		}
	}
	text = draw(timeline, title, span ? &lens : NULL);
	return write_file(path, text, error);
}
