/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TIMELINE_COLUMNS_H
#define BATON_TOOLS_TIMELINE_COLUMNS_H

#include "tools/timeline_panel.h"

/* What is denser than pixels, as one column for each pixel of a lane. */

#define TIMELINE_LOST TIMELINE_KINDS
#define TIMELINE_SORTS (TIMELINE_KINDS + 1)

/* Shares of the height, by enum timeline_kind or TIMELINE_LOST. */
struct timeline_column {
	double sum[TIMELINE_SORTS];
};

size_t baton_timeline_column_count(const struct timeline_panel *panel);

/*
 * As bars that grow from base_y; up is -1 or 1, a sum of 1 is height. What
 * is there is seen, however little it is.
 */
void baton_timeline_columns_draw(const struct timeline_panel *panel,
				 const struct timeline_column *columns,
				 size_t count, double base_y, double up,
				 double height);

#endif
