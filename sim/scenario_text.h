/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_SCENARIO_TEXT_H
#define BATON_SIM_SCENARIO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The text of a scenario (docs/SCENARIOS.md): lines of words, and values
 * that a seed makes fixed.
 */

#define BATON_SCENARIO_LINES 500 /* a file may have */
#define BATON_SCENARIO_LINE_LEN 200 /* bytes a line may have */
#define BATON_SCENARIO_WORDS 24 /* words a line may have */
#define BATON_SCENARIO_LINE_CAP 480 /* as resolved */

struct baton_scenario_line {
	char text[BATON_SCENARIO_LINE_CAP]; /* words with one blank between */
	unsigned int number; /* in the file, from 1 */
};

struct baton_scenario_text {
	struct baton_scenario_line *lines; /* statements only */
	size_t count;
};

/* What is wrong, where, and what is allowed. */
struct baton_scenario_error {
	unsigned int line; /* 0: not about a line */
	char text[160];
};

struct baton_scenario_words {
	char buf[BATON_SCENARIO_LINE_CAP];
	char *word[BATON_SCENARIO_WORDS];
	size_t count;
};

enum baton_scenario_unit {
	BATON_SCENARIO_PLAIN,
	BATON_SCENARIO_TIME, /* microseconds */
	BATON_SCENARIO_SIZE, /* bytes */
	BATON_SCENARIO_SHARE, /* parts per million */
	BATON_SCENARIO_WORD, /* of a list, as its index */
};

/* False, and *error says why. Afterwards text is the caller's to free. */
bool baton_scenario_load(struct baton_scenario_text *text, const char *bytes,
			 size_t len, struct baton_scenario_error *error);
void baton_scenario_text_free(struct baton_scenario_text *text);

/*
 * Make *fixed of *text: every range, choice and repetition as the seed has
 * it. Each line draws by itself, so that taking one out moves no other.
 */
bool baton_scenario_resolve(struct baton_scenario_text *fixed,
			    const struct baton_scenario_text *text,
			    uint64_t seed, struct baton_scenario_error *error);

/* Append a line; the text is cut to what a line holds. */
void baton_scenario_text_add(struct baton_scenario_text *text, const char *line,
			     unsigned int number);

/* Copy all lines but [from, to). */
void baton_scenario_text_copy(struct baton_scenario_text *copy,
			      const struct baton_scenario_text *text,
			      size_t from, size_t to);

/* Cut a line into words, at most BATON_SCENARIO_WORDS. */
void baton_scenario_split(const char *line, struct baton_scenario_words *words);

/* A number with a unit, all of text; false if it is none. */
bool baton_scenario_number(const char *text, int64_t *number,
			   enum baton_scenario_unit *unit);

/* Print it so that it reads back as the same. */
void baton_scenario_print(char *dst, size_t cap, int64_t number,
			  enum baton_scenario_unit unit);

/* Fill *error; false, so that a parser may return it. */
bool baton_scenario_wrong(struct baton_scenario_error *error, unsigned int line,
			  const char *format, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 3, 4)))
#endif
	;

#endif
