/* SPDX-License-Identifier: MIT */
#include "tools/timeline_columns.h"

static const char *sort_class(unsigned int sort)
{
	return sort == TIMELINE_LOST ? "bad" : baton_timeline_kind_class(sort);
}

/* So that it is seen that there was something. */
static double least(unsigned int sort)
{
	return sort == TIMELINE_EMPTY ? 1 : 4;
}

static double halves(double h)
{
	return (double)(int)(2 * h + 0.5) / 2;
}

void baton_timeline_columns_draw(const struct timeline_panel *panel,
				 const struct timeline_column *columns,
				 size_t count, double base_y, double up,
				 double height)
{
	unsigned int sort, below;
	size_t i, from;

	for (sort = 0; sort < TIMELINE_SORTS; sort++) {
		GString *path = g_string_new(NULL);
		double last_y = 0, last_h = 0;

		for (i = 0, from = 0; i <= count; i++) {
			double y = 0, h = 0;

			for (below = 0; i < count && below <= sort; below++) {
				y += h;
				h = columns[i].sum[below] * height;
				if (h > 0)
					h = MAX(halves(h), least(below));
				h = MIN(h, height - MIN(y, height));
			}
			if (h == last_h && (y == last_y || h <= 0))
				continue;
			if (last_h > 0)
				baton_svg_path_rect(
					path, panel->axis.x + (double)from,
					up < 0 ? base_y - last_y - last_h
					       : base_y + last_y,
					(double)(i - from), last_h);
			from = i;
			last_y = y;
			last_h = h;
		}
		baton_svg_path(panel->out, path, sort_class(sort));
		g_string_free(path, TRUE);
	}
}

size_t baton_timeline_column_count(const struct timeline_panel *panel)
{
	return (size_t)panel->axis.width;
}
