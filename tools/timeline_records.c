/* SPDX-License-Identifier: MIT */

/* The lanes of records: from the first byte sent to the last one received. */

#include "tools/timeline_panel.h"

static const char *name_of(unsigned int class_id)
{
	return baton_timeline_kind_name(TIMELINE_CONTROL + class_id);
}

static const char *class_of(unsigned int class_id)
{
	return baton_timeline_kind_class(TIMELINE_CONTROL + class_id);
}

static uint64_t record_end(const struct timeline_panel *panel,
			   const struct timeline_record *record)
{
	const GArray *marks = panel->timeline->marks;
	const struct timeline_mark *mark;
	guint i;

	if (record->rx_us)
		return record->rx_us;
	for (i = 0; i < marks->len; i++) {
		mark = &g_array_index(marks, struct timeline_mark, i);
		if (mark->kind == TIMELINE_MARK_DOWN &&
		    mark->at_us >= record->tx_us)
			return mark->at_us;
	}
	return panel->timeline->end_us;
}

void baton_timeline_records_find(struct timeline_panel *panel)
{
	guint i;

	for (i = 0; i < panel->timeline->records->len; i++) {
		const struct timeline_record *record = &g_array_index(
			panel->timeline->records, struct timeline_record, i);

		if (timeline_panel_shows(panel, record->tx_us,
					 record_end(panel, record)))
			panel->has_class[record->from][record->class_id] = true;
	}
}

double baton_timeline_records_height(const struct timeline_panel *panel,
				     int side)
{
	double height = 0;
	int i;

	for (i = 0; i < BATON_CLASSES; i++)
		height += panel->has_class[side][i] ? TIMELINE_RECORD_H : 0;
	return height > 0 ? height + TIMELINE_GAP : 0;
}

static void draw_record(const struct timeline_panel *panel,
			const struct timeline_record *record, double y)
{
	uint64_t end_us = record_end(panel, record);
	double x = baton_svg_x(&panel->axis, record->tx_us);
	double width = MAX(baton_svg_x(&panel->axis, end_us) - x, 1.5);
	const char *class = record->rx_us ? class_of(record->class_id) : "bad";
	g_autofree char *soft = g_strdup_printf("%s soft", class);
	g_autofree char *time = baton_svg_time(end_us - record->tx_us);
	g_autofree char *tip = g_strdup_printf(
		"%s record, %u B, %s %s", name_of(record->class_id),
		record->len,
		record->rx_us ? "arrived after" : "lost with the link after",
		time);

	baton_svg_rect(panel->out, x, y, width, TIMELINE_RECORD_H - 1.5, soft,
		       tip);
	baton_svg_rect(panel->out, x, y, 1.5, TIMELINE_RECORD_H - 1.5, class,
		       NULL);
}

/* Where they cannot be told apart, when there were any. */
static void draw_records_far(const struct timeline_panel *panel, int side,
			     int class_id, double y, bool lost)
{
	const GArray *records = panel->timeline->records;
	GString *path = g_string_new(NULL);
	double from = -1, to = -1;
	guint i;

	for (i = 0; i < records->len; i++) {
		const struct timeline_record *record =
			&g_array_index(records, struct timeline_record, i);
		double x = baton_svg_x(&panel->axis, record->tx_us);
		uint64_t end_us = record_end(panel, record);

		if (record->from != side || record->class_id != class_id ||
		    (record->rx_us == 0) != lost ||
		    !timeline_panel_shows(panel, record->tx_us, end_us))
			continue;
		if (x > to + 0.5) {
			if (to >= 0)
				baton_svg_path_rect(path, from, y, to - from,
						    TIMELINE_RECORD_H - 1.5);
			from = x;
		}
		to = MAX(to, MAX(baton_svg_x(&panel->axis, end_us), x + 1));
	}
	if (to >= 0)
		baton_svg_path_rect(path, from, y, to - from,
				    TIMELINE_RECORD_H - 1.5);
	baton_svg_path(panel->out, path, lost ? "bad" : class_of(class_id));
	g_string_free(path, TRUE);
}

void baton_timeline_records_draw(const struct timeline_panel *panel, int side)
{
	const GArray *records = panel->timeline->records;
	double y = panel->records_y[side];
	int class_id;
	guint i;

	for (class_id = 0; class_id < BATON_CLASSES; class_id++) {
		if (!panel->has_class[side][class_id])
			continue;
		if (!panel->close) {
			draw_records_far(panel, side, class_id, y, false);
			draw_records_far(panel, side, class_id, y, true);
		}
		for (i = 0; i < records->len && panel->close; i++) {
			const struct timeline_record *record = &g_array_index(
				records, struct timeline_record, i);

			if (record->from == side &&
			    record->class_id == class_id &&
			    timeline_panel_shows(panel, record->tx_us,
						 record_end(panel, record)))
				draw_record(panel, record, y);
		}
		y += TIMELINE_RECORD_H;
	}
}
