/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TIMELINE_PANEL_H
#define BATON_TOOLS_TIMELINE_PANEL_H

#include "tools/timeline_model.h"
#include "tools/timeline_svg.h"

/* One part of the time of a timeline, as lanes: the watch above, the air in
 * the middle, the phone below. */

#define TIMELINE_ROWS 4 /* of messages that overlap, for a device */

struct timeline_panel {
	const struct baton_timeline *timeline;
	GString *out;
	struct baton_svg_axis axis;
	bool close; /* packets are drawn one by one */
	bool has_class[BATON_SIM_SIDES][BATON_CLASSES];
	GArray *row; /* int by message; -1: not in view */
	int rows[BATON_SIM_SIDES];
	bool labelled; /* every message; else where it has room itself */
	double top, bottom;
	double state_y[BATON_SIM_SIDES], messages_y[BATON_SIM_SIDES];
	double records_y[BATON_SIM_SIDES], pdus_y[BATON_SIM_SIDES];
	double air_y; /* the middle */
};

/* Find out what is to be shown, and where: bottom is known afterwards. */
void baton_timeline_panel_init(struct timeline_panel *panel,
			       const struct baton_timeline *timeline,
			       GString *out, const struct baton_svg_axis *axis,
			       double top);
void baton_timeline_panel_draw(const struct timeline_panel *panel);
void baton_timeline_panel_clear(struct timeline_panel *panel);

/* Records: which there are in view, the height of their lane, the lane. */
void baton_timeline_records_find(struct timeline_panel *panel);
double baton_timeline_records_height(const struct timeline_panel *panel,
				     int side);
void baton_timeline_records_draw(const struct timeline_panel *panel, int side);

/* The middle lanes. */
void baton_timeline_air_draw(const struct timeline_panel *panel);
void baton_timeline_pdus_draw(const struct timeline_panel *panel);

/* What the kinds are called, and the class in which they are drawn. */
const char *baton_timeline_kind_name(unsigned int kind);
const char *baton_timeline_kind_class(unsigned int kind);

#define TIMELINE_GAP 6.0 /* between lanes */
#define TIMELINE_STATE_H 17.0
#define TIMELINE_MESSAGE_H 20.0
#define TIMELINE_RECORD_H 8.0
#define TIMELINE_PDU_H 14.0
#define TIMELINE_AIR_H 42.0

/* Is any of from..to in view? */
static inline bool timeline_panel_shows(const struct timeline_panel *panel,
					uint64_t from_us, uint64_t to_us)
{
	return from_us <= panel->axis.to_us && to_us >= panel->axis.from_us;
}

#endif
