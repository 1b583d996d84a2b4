/* SPDX-License-Identifier: MIT */
#include "tools/timeline_svg.h"

#include <string.h>

#define LABELS 10 /* on an axis, about */
#define CHARACTER 6.3 /* width of the small size, pixels */

/*
 * Class, property, light, dark. k0 to k6 are enum timeline_kind, i0 to i4
 * enum timeline_is.
 */
static const struct {
	const char *class;
	const char *property;
	const char *light;
	const char *dark;
} colours[] = {
	{"bg", "fill", "#ffffff", "#11161c"},
	{"card", "fill", "#f6f8fa", "#171e26"},
	{"band", "fill", "#e4eaf1", "#26313d"},
	{"lens", "fill", "#f0b400", "#ffd257"},
	{"grid", "stroke", "#dbe1e8", "#2a343f"},
	{"base", "stroke", "#aab4bf", "#4a5764"},
	{"edge", "stroke", "#c99700", "#e3b93f"},
	{"t", "fill", "#1b2430", "#e6ebf0"},
	{"m", "fill", "#5b6673", "#97a3b0"},
	{"bad", "fill", "#d3222f", "#ff6b74"},
	{"badl", "stroke", "#d3222f", "#ff6b74"},
	{"k0", "fill", "#b4bec9", "#4b5764"},
	{"k1", "fill", "#7c8794", "#8c98a5"},
	{"k2", "fill", "#0f909d", "#4ccfda"},
	{"k3", "fill", "#dd8a0a", "#f5b04a"},
	{"k4", "fill", "#8a3fc7", "#bd8ff5"},
	{"k5", "fill", "#15935f", "#43cc92"},
	{"k6", "fill", "#1f6fd6", "#62abff"},
	{"adv", "fill", "#c0409a", "#ef8acb"},
	{"l2", "stroke", "#0f909d", "#4ccfda"},
	{"l3", "stroke", "#dd8a0a", "#f5b04a"},
	{"l4", "stroke", "#8a3fc7", "#bd8ff5"},
	{"l5", "stroke", "#15935f", "#43cc92"},
	{"l6", "stroke", "#1f6fd6", "#62abff"},
	{"i0", "fill", "#3c4550", "#6a7683"},
	{"i1", "fill", "#e3e8ee", "#28323d"},
	{"i2", "fill", "#f6e0b4", "#5a4720"},
	{"i3", "fill", "#f2bd62", "#94681c"},
	{"i4", "fill", "#bfe6d0", "#1d5a3f"},
	{"halo", "stroke", "#f6f8fa", "#171e26"},
	{"on", "fill", "#ffffff", "#11161c"},
};

static void add_colours(GString *out, bool dark)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(colours); i++)
		g_string_append_printf(out, ".%s{%s:%s}", colours[i].class,
				       colours[i].property,
				       dark ? colours[i].dark
					    : colours[i].light);
}

static void add_escaped(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *escaped = g_markup_escape_text(valid, -1);

	g_string_append(out, escaped);
}

void baton_svg_begin(GString *out, double width, double height,
		     const char *title)
{
	g_string_append_printf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
		"%.0f %.0f\" width=\"%.0f\" height=\"%.0f\">\n<title>",
		width, height, width, height);
	add_escaped(out, title);
	g_string_append(out,
			"</title>\n<style>\n"
			"text{font:11px system-ui,'DejaVu Sans',sans-serif}\n"
			".h{font-size:19px;font-weight:600}\n"
			".s{font-size:13px}\n"
			".b{font-weight:600}\n"
			".c{text-anchor:middle}\n"
			".e{text-anchor:end}\n"
			"line,.o{fill:none;stroke-width:1}\n"
			".w{stroke-width:2}\n"
			".thin{stroke-opacity:.45}\n"
			".soft{fill-opacity:.45}\n"
			".pale{fill-opacity:.14}\n"
			".halo{stroke-width:4;paint-order:stroke}\n");
	add_colours(out, false);
	g_string_append(out, "\n@media(prefers-color-scheme:dark){\n");
	add_colours(out, true);
	g_string_append(out, "\n}\n</style>\n");
	baton_svg_rect(out, 0, 0, width, height, "bg", NULL);
}

void baton_svg_end(GString *out)
{
	g_string_append(out, "</svg>\n");
}

void baton_svg_text(GString *out, double x, double y, const char *class,
		    const char *text)
{
	g_string_append_printf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">",
			       x, y, class);
	add_escaped(out, text);
	g_string_append(out, "</text>\n");
}

static void end_shape(GString *out, const char *name, const char *tip)
{
	if (!tip) {
		g_string_append(out, "/>\n");
		return;
	}
	g_string_append(out, "><title>");
	add_escaped(out, tip);
	g_string_append_printf(out, "</title></%s>\n", name);
}

void baton_svg_rect(GString *out, double x, double y, double width,
		    double height, const char *class, const char *tip)
{
	g_string_append_printf(out,
			       "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			       "height=\"%.1f\" class=\"%s\"",
			       x, y, width, height, class);
	end_shape(out, "rect", tip);
}

void baton_svg_line(GString *out, double x1, double y1, double x2, double y2,
		    const char *class, const char *tip)
{
	g_string_append_printf(out,
			       "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
			       "y2=\"%.1f\" class=\"%s\"",
			       x1, y1, x2, y2, class);
	end_shape(out, "line", tip);
}

void baton_svg_cross(GString *out, double x, double y, double radius,
		     const char *tip)
{
	g_string_append_printf(out,
			       "<path d=\"M%.1f %.1fl%.1f %.1fm0 -%.1fl-%.1f "
			       "%.1f\" class=\"o w badl\"",
			       x - radius, y - radius, 2 * radius, 2 * radius,
			       2 * radius, 2 * radius, 2 * radius);
	end_shape(out, "path", tip);
}

void baton_svg_dot(GString *out, double x, double y, double radius,
		   const char *class, const char *tip)
{
	g_string_append_printf(
		out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"",
		x, y, radius, class);
	end_shape(out, "circle", tip);
}

void baton_svg_path_rect(GString *path, double x, double y, double width,
			 double height)
{
	g_string_append_printf(path, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x, y, width,
			       height, width);
}

void baton_svg_path(GString *out, const GString *path, const char *class)
{
	if (path->len)
		g_string_append_printf(out, "<path d=\"%s\" class=\"%s\"/>\n",
				       path->str, class);
}

double baton_svg_text_width(const char *text)
{
	return CHARACTER * (double)g_utf8_strlen(text, -1);
}

double baton_svg_x(const struct baton_svg_axis *axis, uint64_t at_us)
{
	double us;

	if (at_us <= axis->from_us)
		return axis->x;
	if (at_us >= axis->to_us)
		return axis->x + axis->width;
	us = (double)(at_us - axis->from_us);
	return axis->x +
	       us * axis->width / (double)(axis->to_us - axis->from_us);
}

/* 1, 2 or 5 times a power of ten, not below least; minutes beyond 60 s. */
static uint64_t nice_step(uint64_t least)
{
	static const uint64_t minutes[] = {1, 2, 5, 10, 30, 60};
	uint64_t step = 1;
	size_t i;

	while (step <= least / 10)
		step *= 10;
	if (step < least)
		step *= step * 2 >= least ? 2 : step * 5 >= least ? 5 : 10;
	if (step < 50000000)
		return step;
	for (i = 0; i < G_N_ELEMENTS(minutes); i++)
		if (minutes[i] * 60000000 >= least)
			return minutes[i] * 60000000;
	return step;
}

struct unit {
	const char *name;
	double us;
	int decimals;
};

static struct unit axis_unit(uint64_t step, uint64_t to_us)
{
	struct unit unit = {"s", 1e6, 0};
	uint64_t part;

	if (step >= 60000000)
		return (struct unit){"min", 60e6, 0};
	if (to_us <= 2000000)
		unit = (struct unit){"ms", 1e3, 0};
	for (part = (uint64_t)unit.us; step % part; part /= 10)
		unit.decimals++;
	return unit;
}

void baton_svg_axis(GString *out, const struct baton_svg_axis *axis, double top,
		    double bottom)
{
	uint64_t step = nice_step((axis->to_us - axis->from_us) / LABELS);
	struct unit unit = axis_unit(step, axis->to_us);
	uint64_t at_us = (axis->from_us + step - 1) / step * step;
	char text[40];
	double x;

	for (; at_us <= axis->to_us; at_us += step) {
		x = baton_svg_x(axis, at_us);
		baton_svg_line(out, x, top, x, bottom + 4, "grid", NULL);
		g_snprintf(text, sizeof(text), "%.*f %s", unit.decimals,
			   (double)at_us / unit.us, unit.name);
		baton_svg_text(out, x, bottom + 17, "c m", text);
	}
}

char *baton_svg_time(uint64_t us)
{
	if (us < 1000)
		return g_strdup_printf("%" G_GUINT64_FORMAT " \302\265s", us);
	if (us < 1000000)
		return g_strdup_printf("%.4g ms", (double)us / 1e3);
	return g_strdup_printf("%.4g s", (double)us / 1e6);
}

char *baton_svg_size(uint64_t bytes)
{
	if (bytes < 4096)
		return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);
	if (bytes < 1024 * 1024)
		return g_strdup_printf("%.4g KiB", (double)bytes / 1024);
	return g_strdup_printf("%.4g MiB", (double)bytes / (1024 * 1024));
}
