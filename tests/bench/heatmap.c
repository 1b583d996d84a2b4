/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "tests/bench/grid.h"

/*
 * Eight panels, one for each host, PHY and data length: intervals to the
 * right, MTUs downward, in each cell the share of raw flow in percent.
 */
#define CELL_W 50
#define CELL_H 30
#define PANEL_W (BENCH_INTERVALS * CELL_W)
#define PANEL_H (BENCH_MTUS * CELL_H)
#define GAP_X 26
#define GAP_Y 96
#define LEFT 92
#define TOP 136
#define WIDTH (LEFT + 4 * PANEL_W + 3 * GAP_X + 24)
#define HEIGHT (TOP + 2 * PANEL_H + GAP_Y + 104)
#define STEPS 7

/* Lower bounds of the colours, in share; the best first. */
static const double bounds[STEPS] = {0.985, 0.97, 0.95, 0.90, 0.75, 0.50, 0};
static const char *const labels[STEPS] = {
	"98.5 and more", "97", "95", "90", "75", "50", "less"};

/* Without CSS variables, which not every viewer knows. */
static const char style[] =
	"<style>\n"
	"text{font:13px system-ui,'DejaVu Sans',sans-serif}\n"
	".h{font-size:19px;font-weight:600}\n"
	".p{font-weight:600}\n"
	".c{text-anchor:middle}\n"
	".e{text-anchor:end}\n";

/* Cells and what is written in them, by step. */
struct colours {
	const char *bg, *ink, *soft;
	const char *cell[STEPS], *text[STEPS];
};

static const struct colours light = {
	"#fff",
	"#1b2430",
	"#5b6673",
	{"#0b5d6b", "#23808d", "#58a6ad", "#a5d0d1", "#f3dfa6", "#eeb062",
	 "#cf6a3d"},
	{"#fff", "#fff", "#08262b", "#12282c", "#3a2c05", "#3a2505", "#fff"},
};

static const struct colours dark = {
	"#12171d",
	"#e6ebf0",
	"#97a3b0",
	{"#7fe0e6", "#52bac4", "#33919c", "#1f5f69", "#5c4a1c", "#95641f",
	 "#d27744"},
	{"#062428", "#062428", "#fff", "#e6f6f7", "#fbecc4", "#fff", "#1c0d04"},
};

static int step(double share)
{
	int i;

	for (i = 0; i < STEPS - 1 && share < bounds[i]; i++)
		;
	return i;
}

static void put_text(FILE *file, double x, double y, const char *class,
		     const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x,
		y, class, text);
}

static void put_legend(FILE *file)
{
	double x = LEFT;
	double y = HEIGHT - 34;
	char class[4];
	int i;

	put_text(file, LEFT, y - 16, "m", "% of raw flow, from");
	for (i = STEPS - 1; i >= 0; i--) {
		snprintf(class, sizeof(class), "k%d", i);
		fprintf(file,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"26\" "
			"height=\"16\" rx=\"3\" class=\"%s\"/>\n",
			x, y - 4, class);
		put_text(file, x + 32, y + 9, "m", labels[i]);
		x += i ? 76 : 0;
	}
}

static void put_panel(FILE *file, const struct bench_grid_row *rows, double x,
		      double y, bool names)
{
	char text[64];
	int i, m, k;

	snprintf(text, sizeof(text), "%s, data length %u",
		 rows->cell.phy == BATON_PHY_2M ? "2M" : "1M",
		 (unsigned int)rows->cell.ll_len);
	put_text(file, x, y - 10, "p", text);
	for (m = 0; m < BENCH_MTUS; m++) {
		if (names) {
			snprintf(text, sizeof(text), "MTU %u",
				 (unsigned int)bench_mtus[m]);
			put_text(file, x - 10, y + m * CELL_H + 20, "e", text);
		}
		for (i = 0; i < BENCH_INTERVALS; i++) {
			const struct bench_grid_row *row =
				&rows[m * BENCH_INTERVALS + i];

			k = step(row->share);
			fprintf(file,
				"<g><title>%.0f of %.0f kbit/s</title><rect "
				"x=\"%.1f\" y=\"%.1f\" width=\"%d\" "
				"height=\"%d\" rx=\"3\" class=\"k%d\"/>"
				"<text x=\"%.1f\" y=\"%.1f\" class=\"c "
				"t%d\">%.1f</text></g>\n",
				row->bps / 1000, row->raw_bps / 1000,
				x + i * CELL_W, y + m * CELL_H, CELL_W - 2,
				CELL_H - 2, k,
				x + i * CELL_W + CELL_W / 2.0 - 1,
				y + m * CELL_H + 19, k, 100 * row->share);
		}
	}
	for (i = 0; i < BENCH_INTERVALS; i++) {
		snprintf(text, sizeof(text), "%g",
			 bench_intervals_us[i] / 1000.0);
		put_text(file, x + i * CELL_W + CELL_W / 2.0 - 1,
			 y + PANEL_H + 16, "c m", text);
	}
}

static void put_colours(FILE *file, const struct colours *colours)
{
	int k;

	fprintf(file, ".b{fill:%s}text{fill:%s}text.m{fill:%s}\n", colours->bg,
		colours->ink, colours->soft);
	for (k = 0; k < STEPS; k++)
		fprintf(file, ".k%d{fill:%s}text.t%d{fill:%s}\n", k,
			colours->cell[k], k, colours->text[k]);
}

static void put_classes(FILE *file)
{
	fputs(style, file);
	put_colours(file, &light);
	fputs("@media(prefers-color-scheme:dark){\n", file);
	put_colours(file, &dark);
	fputs("}\n</style>\n", file);
}

bool bench_grid_heatmap(const struct bench_grid_row rows[BENCH_GRID_LEN],
			const char *path)
{
	const int panel_len = BENCH_INTERVALS * BENCH_MTUS;
	FILE *file = fopen(path, "w");
	int host, i;
	double y;

	if (!file)
		return false;
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	put_classes(file);
	fprintf(file, "<rect width=\"100%%\" height=\"100%%\" class=\"b\"/>\n");
	put_text(file, 24, 38, "h",
		 "Secured goodput, percent of what a bare sender gets through");
	put_text(file, 24, 60, "m",
		 "watch to phone, link encrypted, no event limit; simulated");
	for (host = 0; host < BENCH_HOSTS; host++) {
		y = TOP + host * (PANEL_H + GAP_Y);
		put_text(file, LEFT, y - 32, "h",
			 host ? "slow host" : "quick host");
		for (i = 0; i < 4; i++)
			put_panel(file, rows + (host * 4 + i) * panel_len,
				  LEFT + i * (PANEL_W + GAP_X), y, i == 0);
	}
	put_text(file, LEFT + 2 * PANEL_W + 1.5 * GAP_X,
		 TOP + 2 * PANEL_H + GAP_Y + 38, "c",
		 "connection interval, ms");
	put_legend(file);
	fputs("</svg>\n", file);
	if (ferror(file)) {
		fclose(file);
		return false;
	}
	return fclose(file) == 0;
}
