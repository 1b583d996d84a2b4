/* SPDX-License-Identifier: MIT */

/* The figures of the project, measured: see docs/BENCH.md. */

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/figure.h"
#include "tests/bench/grid.h"

#define EXIT_BAD_USE 64

struct options {
	struct bench_effort effort;
	const char *only;
	const char *grid;
	const char *heatmap;
	bool json;
};

static const char help[] =
	"usage: baton-bench [--json] [--quick] [--only KEY]\n"
	"       baton-bench [--quick] [--grid FILE.csv] [--heatmap FILE.svg]\n"
	"\n"
	"  --json           every figure under its key, for machines\n"
	"  --quick          less of everything: a smoke test, not a figure\n"
	"  --only KEY       this figure only\n"
	"  --grid FILE      every cell of the grid, as CSV\n"
	"  --heatmap FILE   the same as a picture\n";

static int usage(const char *wrong, const char *what)
{
	fprintf(stderr, "baton-bench: %s%s; see baton-bench --help\n", wrong,
		what);
	return EXIT_BAD_USE;
}

static bool wanted(const struct options *options,
		   const struct bench_figure *figure)
{
	return !options->only || strcmp(options->only, figure->key) == 0;
}

static bool has_target(const struct bench_figure *figure)
{
	return figure->sense != BENCH_NO_TARGET;
}

static json_t *to_json(const struct bench_figure *figure,
		       const struct bench_value *value)
{
	json_t *entry = json_object();

	json_object_set_new(entry, "value",
			    value->known ? json_real(value->value)
					 : json_null());
	json_object_set_new(entry, "limit",
			    value->has_limit ? json_real(value->limit)
					     : json_null());
	json_object_set_new(entry, "target",
			    has_target(figure) ? json_real(figure->target)
					       : json_null());
	if (figure->raised > 0) {
		json_object_set_new(entry, "raised", json_real(figure->raised));
		json_object_set_new(
			entry, "raised_met",
			value->known ? json_boolean(bench_figure_raised_met(
					       figure, value))
				     : json_null());
	}
	json_object_set_new(
		entry, "met",
		value->known && has_target(figure)
			? json_boolean(bench_figure_met(figure, value))
			: json_null());
	json_object_set_new(entry, "unit", json_string(figure->unit));
	json_object_set_new(entry, "better",
			    json_string(figure->sense == BENCH_AT_LEAST
						? "higher"
						: "lower"));
	json_object_set_new(entry, "peer",
			    figure->peer ? json_string(figure->peer)
					 : json_null());
	json_object_set_new(entry, "what", json_string(figure->text));
	json_object_set_new(entry, "note", json_string(value->note));
	return entry;
}

static void print_number(int width, int decimals, bool known, double number)
{
	if (known)
		printf(" %*.*f", width, decimals, number);
	else
		printf(" %*s", width, "-");
}

/* Met, or by how much it is missed: in its unit, and of the target. */
static void print_verdict(const struct bench_figure *figure,
			  const struct bench_value *value)
{
	double off = value->value - figure->target;

	if (!value->known)
		printf("  not measured");
	else if (!has_target(figure))
		printf("  no target");
	else if (bench_figure_met(figure, value))
		printf("  met");
	else if (figure->target > 0)
		printf("  MISSED by %.*f (%.1f %%)", figure->decimals,
		       off < 0 ? -off : off,
		       100 * (off < 0 ? -off : off) / figure->target);
	else
		printf("  MISSED by %.*f", figure->decimals,
		       off < 0 ? -off : off);
	if (figure->raised > 0 && value->known)
		printf("; raised to %.*f: %s", figure->decimals, figure->raised,
		       bench_figure_raised_met(figure, value) ? "met"
							      : "MISSED");
}

static void print_row(const struct bench_figure *figure,
		      const struct bench_value *value)
{
	printf("%-29s", figure->key);
	print_number(9, figure->decimals, value->known, value->value);
	print_number(9, figure->decimals, value->has_limit, value->limit);
	printf(" %s", figure->sense == BENCH_AT_LEAST  ? ">="
		      : figure->sense == BENCH_AT_MOST ? "<="
						       : "  ");
	print_number(7, figure->decimals, has_target(figure), figure->target);
	printf("  %-6s  %-22s", figure->unit,
	       figure->peer ? figure->peer : "-");
	print_verdict(figure, value);
	printf("\n    %s\n", figure->text);
	if (value->note[0])
		printf("    %s\n", value->note);
	fflush(stdout);
}

static int run_figures(const struct options *options)
{
	json_t *root = json_object();
	struct bench_value value;
	bool good = true;
	size_t i;

	if (!options->json)
		printf("%-29s %9s %9s    %7s  %-6s  %-22s\n", "figure",
		       "measured", "limit", "target", "unit", "best peer");
	for (i = 0; i < bench_figures_len; i++) {
		const struct bench_figure *figure = &bench_figures[i];

		if (!wanted(options, figure))
			continue;
		memset(&value, 0, sizeof(value));
		if (!figure->measure(&options->effort, &value)) {
			value.known = false;
			snprintf(value.note, sizeof(value.note),
				 "the measurement failed");
			good = false;
		}
		if (options->json)
			json_object_set_new(root, figure->key,
					    to_json(figure, &value));
		else
			print_row(figure, &value);
	}
	if (options->json && (json_dumpf(root, stdout,
					 JSON_INDENT(2) | JSON_PRESERVE_ORDER |
						 JSON_REAL_PRECISION(6)) ||
			      puts("") < 0))
		good = false;
	json_decref(root);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_grid(const struct options *options)
{
	struct bench_grid_row *rows = calloc(BENCH_GRID_LEN, sizeof(*rows));
	const char *failed = NULL;

	if (!rows)
		abort();
	if (!bench_grid_run(rows, options->effort.quick ? BENCH_MIB / 16
							: BENCH_MIB)) {
		free(rows);
		return EXIT_FAILURE;
	}
	if (options->grid && !bench_grid_csv(rows, options->grid))
		failed = options->grid;
	else if (options->heatmap &&
		 !bench_grid_heatmap(rows, options->heatmap))
		failed = options->heatmap;
	if (failed)
		fprintf(stderr, "baton-bench: cannot write %s: %s\n", failed,
			strerror(errno));
	free(rows);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const char **option_with_value(struct options *options, const char *arg)
{
	if (strcmp(arg, "--only") == 0)
		return &options->only;
	if (strcmp(arg, "--grid") == 0)
		return &options->grid;
	if (strcmp(arg, "--heatmap") == 0)
		return &options->heatmap;
	return NULL;
}

static bool known_key(const char *key)
{
	size_t i;

	for (i = 0; i < bench_figures_len; i++)
		if (strcmp(bench_figures[i].key, key) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	const char **target;
	int i;

	for (i = 1; i < argc; i++) {
		target = option_with_value(&options, argv[i]);
		if (target) {
			if (++i == argc)
				return usage("no value behind ", argv[i - 1]);
			*target = argv[i];
		} else if (strcmp(argv[i], "--json") == 0) {
			options.json = true;
		} else if (strcmp(argv[i], "--quick") == 0) {
			options.effort.quick = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		} else {
			return usage("no such option: ", argv[i]);
		}
	}
	if (options.only && !known_key(options.only))
		return usage("no such figure: ", options.only);
	if ((options.grid || options.heatmap) && (options.only || options.json))
		return usage("the grid goes by itself, without --json and "
			     "--only",
			     "");
	if (sodium_init() < 0) {
		fprintf(stderr, "baton-bench: libsodium does not work here\n");
		return EXIT_FAILURE;
	}
	if (options.grid || options.heatmap)
		return run_grid(&options);
	return run_figures(&options);
}
