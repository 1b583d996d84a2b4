/* SPDX-License-Identifier: MIT */

/* The lanes beside the air: PDUs on their way from stack to stack. */

#include "tools/timeline_columns.h"

static void draw_pdus_far(const struct timeline_panel *panel, int side)
{
	size_t count = baton_timeline_column_count(panel);
	struct timeline_column *columns = g_new0(struct timeline_column, count);
	double most = 1, all;
	unsigned int sort;
	size_t i;
	guint n;

	for (n = 0; n < panel->timeline->pdus->len; n++) {
		const struct timeline_pdu *pdu = &g_array_index(
			panel->timeline->pdus, struct timeline_pdu, n);

		if (pdu->from != side ||
		    !timeline_panel_shows(panel, pdu->tx_us, pdu->tx_us))
			continue;
		i = (size_t)(baton_svg_x(&panel->axis, pdu->tx_us) -
			     panel->axis.x);
		columns[MIN(i, count - 1)]
			.sum[pdu->lost ? TIMELINE_LOST : pdu->kind]++;
	}
	for (i = 0; i < count; i++) {
		all = 0;
		for (sort = 0; sort < TIMELINE_SORTS; sort++)
			all += columns[i].sum[sort];
		most = MAX(most, all);
	}
	for (i = 0; i < count; i++)
		for (sort = 0; sort < TIMELINE_SORTS; sort++)
			columns[i].sum[sort] /= most;
	baton_timeline_columns_draw(
		panel, columns, count,
		panel->pdus_y[side] +
			(side == BATON_SIM_WATCH ? TIMELINE_PDU_H : 0),
		side == BATON_SIM_WATCH ? -1 : 1, TIMELINE_PDU_H);
	g_free(columns);
}

static char *pdu_tip(const struct timeline_pdu *pdu)
{
	GString *tip = g_string_new(baton_timeline_kind_name(pdu->kind));

	g_string_append_printf(tip, " PDU, %u B", pdu->len);
	if (pdu->unit != TIMELINE_NONE)
		g_string_append_printf(tip, ", unit %u", pdu->unit);
	if (pdu->again)
		g_string_append(tip, ", sent again");
	if (pdu->doubled)
		g_string_append(tip, ", came twice");
	if (pdu->changed)
		g_string_append(tip, ", came shorter than it went");
	if (pdu->rx_us) {
		g_autofree char *time = baton_svg_time(pdu->rx_us - pdu->tx_us);

		g_string_append_printf(tip, ", there after %s", time);
	} else {
		g_string_append(tip, pdu->lost ? ", lost in a host"
					       : ", never there");
	}
	return g_string_free(tip, FALSE);
}

static bool sees(const struct timeline_panel *panel, uint64_t at_us)
{
	return timeline_panel_shows(panel, at_us, at_us);
}

/* From stack to stack, by way of the air. */
static void draw_pdu(const struct timeline_panel *panel,
		     const struct timeline_pdu *pdu)
{
	static const char *const lines[TIMELINE_KINDS] = {
		"", "", "thin l2", "thin l3", "thin l4", "thin l5", "thin l6",
	};
	bool watch = pdu->from == BATON_SIM_WATCH;
	double from_y = panel->pdus_y[pdu->from] + (watch ? TIMELINE_PDU_H : 0);
	double to_y = panel->pdus_y[!pdu->from] + (watch ? 0 : TIMELINE_PDU_H);
	double near_y =
		panel->air_y + (watch ? -TIMELINE_AIR_H : TIMELINE_AIR_H);
	double far_y =
		panel->air_y + (watch ? TIMELINE_AIR_H : -TIMELINE_AIR_H);
	double x = baton_svg_x(&panel->axis, pdu->tx_us);
	g_autofree char *tip = pdu_tip(pdu);

	if (sees(panel, pdu->tx_us))
		baton_svg_rect(panel->out, x, panel->pdus_y[pdu->from],
			       pdu->again ? 3 : 2, TIMELINE_PDU_H,
			       baton_timeline_kind_class(pdu->kind), tip);
	if (pdu->again && sees(panel, pdu->tx_us))
		baton_svg_dot(panel->out, x + 1.5,
			      panel->pdus_y[pdu->from] +
				      (watch ? -3 : TIMELINE_PDU_H + 3),
			      2.5, "bad", NULL);
	if (pdu->lost && !pdu->air_us)
		baton_svg_cross(panel->out, x, (from_y + near_y) / 2, 4, tip);
	if (!pdu->air_us)
		return;
	if (sees(panel, pdu->tx_us) && sees(panel, pdu->air_us))
		baton_svg_line(panel->out, x, from_y,
			       baton_svg_x(&panel->axis, pdu->air_us), near_y,
			       lines[pdu->kind], NULL);
	x = baton_svg_x(&panel->axis, pdu->lost ? pdu->lost_us : pdu->rx_us);
	if (pdu->lost && sees(panel, pdu->lost_us))
		baton_svg_cross(panel->out, x, (far_y + to_y) / 2, 4, tip);
	if (pdu->lost || !pdu->rx_us || !sees(panel, pdu->rx_us))
		return;
	if (sees(panel, pdu->air_end_us))
		baton_svg_line(panel->out,
			       baton_svg_x(&panel->axis, pdu->air_end_us),
			       far_y, x, to_y, lines[pdu->kind], NULL);
	baton_svg_dot(panel->out, x, to_y, 2,
		      baton_timeline_kind_class(pdu->kind), NULL);
}

static void draw_pdus_close(const struct timeline_panel *panel)
{
	guint i;

	for (i = 0; i < panel->timeline->pdus->len; i++) {
		const struct timeline_pdu *pdu = &g_array_index(
			panel->timeline->pdus, struct timeline_pdu, i);

		if (timeline_panel_shows(panel, pdu->tx_us,
					 MAX(pdu->tx_us, pdu->rx_us)))
			draw_pdu(panel, pdu);
	}
}

static void draw_strange(const struct timeline_panel *panel)
{
	const GArray *marks = panel->timeline->marks;
	guint i;

	for (i = 0; i < marks->len; i++) {
		const struct timeline_mark *mark =
			&g_array_index(marks, struct timeline_mark, i);
		double x = baton_svg_x(&panel->axis, mark->at_us);

		if (!timeline_panel_shows(panel, mark->at_us, mark->at_us))
			continue;
		if (mark->kind == TIMELINE_MARK_STRANGE)
			baton_svg_cross(panel->out, x,
					panel->pdus_y[mark->side] +
						TIMELINE_PDU_H / 2,
					3, "a PDU that the other never gave");
		if (mark->kind == TIMELINE_MARK_WRITE)
			baton_svg_dot(panel->out, x,
				      panel->state_y[mark->side] +
					      (mark->side == BATON_SIM_WATCH
						       ? TIMELINE_STATE_H
						       : 0),
				      3, "t", "a write to storage");
	}
}

void baton_timeline_pdus_draw(const struct timeline_panel *panel)
{
	if (panel->close) {
		draw_pdus_close(panel);
	} else {
		draw_pdus_far(panel, BATON_SIM_WATCH);
		draw_pdus_far(panel, BATON_SIM_PHONE);
	}
	draw_strange(panel);
}
