/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_TIMELINE_SVG_H
#define BATON_TOOLS_TIMELINE_SVG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * SVG text, appended to a GString. Coordinates are pixels, printed with one
 * decimal. Colours are classes, light or dark as the reader prefers; without
 * CSS variables, which not every viewer knows.
 */

/* Everything up to the first shape. */
void baton_svg_begin(GString *out, double width, double height,
		     const char *title);
void baton_svg_end(GString *out);

/* class may hold several, separated by blanks; text is escaped. */
void baton_svg_text(GString *out, double x, double y, const char *class,
		    const char *text);
/* tip, which a pointer shows, may be NULL. */
void baton_svg_rect(GString *out, double x, double y, double width,
		    double height, const char *class, const char *tip);
void baton_svg_line(GString *out, double x1, double y1, double x2, double y2,
		    const char *class, const char *tip);
/* A cross of this radius. */
void baton_svg_cross(GString *out, double x, double y, double radius,
		     const char *tip);
void baton_svg_dot(GString *out, double x, double y, double radius,
		   const char *class, const char *tip);

/* Many rectangles of one class as one path; NULL ends it. */
void baton_svg_path_rect(GString *path, double x, double y, double width,
			 double height);
void baton_svg_path(GString *out, const GString *path, const char *class);

/* Width of a text of the small size, at most; for what fits. */
double baton_svg_text_width(const char *text);

/* A time axis: from x, width pixels for from_us to to_us. */
struct baton_svg_axis {
	uint64_t from_us;
	uint64_t to_us;
	double x;
	double width;
};

double baton_svg_x(const struct baton_svg_axis *axis, uint64_t at_us);
/* Lines from top to bottom, and what they are below. */
void baton_svg_axis(GString *out, const struct baton_svg_axis *axis, double top,
		    double bottom);
/* A length of time as people write it: "250 us", "1.5 ms", "12 s". */
char *baton_svg_time(uint64_t us);
char *baton_svg_size(uint64_t bytes);

#endif
