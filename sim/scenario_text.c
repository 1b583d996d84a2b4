/* SPDX-License-Identifier: MIT */
#include "sim/scenario_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"
#include "sim/prng.h"

#define STREAM 0x5ce0000u /* of draws, above those of the world */
#define REPEATS 64
#define CHOICES 16
#define VALUE_CAP 96

static const struct {
	const char *name;
	int64_t scale;
	enum baton_scenario_unit unit;
} units[] = {
	{"", 1, BATON_SCENARIO_PLAIN},
	{"us", 1, BATON_SCENARIO_TIME},
	{"ms", 1000, BATON_SCENARIO_TIME},
	{"s", 1000000, BATON_SCENARIO_TIME},
	{"m", 60000000, BATON_SCENARIO_TIME},
	{"h", INT64_C(3600000000), BATON_SCENARIO_TIME},
	{"B", 1, BATON_SCENARIO_SIZE},
	{"KiB", 1024, BATON_SCENARIO_SIZE},
	{"MiB", 1048576, BATON_SCENARIO_SIZE},
	{"ppm", 1, BATON_SCENARIO_SHARE},
	{"%", 10000, BATON_SCENARIO_SHARE},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

bool baton_scenario_wrong(struct baton_scenario_error *error, unsigned int line,
			  const char *format, ...)
{
	va_list args;

	error->line = line;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return false;
}

void baton_scenario_text_add(struct baton_scenario_text *text, const char *line,
			     unsigned int number)
{
	struct baton_scenario_line *to;

	text->lines = baton_sim_realloc(
		text->lines, (text->count + 1) * sizeof(*text->lines));
	to = &text->lines[text->count++];
	snprintf(to->text, sizeof(to->text), "%s", line);
	to->number = number;
}

void baton_scenario_text_copy(struct baton_scenario_text *copy,
			      const struct baton_scenario_text *text,
			      size_t from, size_t to)
{
	size_t i;

	memset(copy, 0, sizeof(*copy));
	for (i = 0; i < text->count; i++)
		if (i < from || i >= to)
			baton_scenario_text_add(copy, text->lines[i].text,
						text->lines[i].number);
}

void baton_scenario_text_free(struct baton_scenario_text *text)
{
	free(text->lines);
	memset(text, 0, sizeof(*text));
}

void baton_scenario_split(const char *line, struct baton_scenario_words *words)
{
	char *p = words->buf;

	snprintf(words->buf, sizeof(words->buf), "%s", line);
	words->count = 0;
	while (words->count < BATON_SCENARIO_WORDS) {
		p += strspn(p, " \t");
		if (!*p)
			break;
		words->word[words->count++] = p;
		p += strcspn(p, " \t");
		if (*p)
			*p++ = '\0';
	}
}

/* One line of the file: without its comment, one blank between words. */
static bool load_line(struct baton_scenario_text *text, const char *bytes,
		      size_t len, unsigned int number,
		      struct baton_scenario_error *error)
{
	char line[BATON_SCENARIO_LINE_LEN + 1];
	char out[BATON_SCENARIO_LINE_LEN + 1] = "";
	struct baton_scenario_words words;
	size_t i, n = 0;

	if (len > BATON_SCENARIO_LINE_LEN)
		return baton_scenario_wrong(
			error, number, "the line has %zu bytes, %u are allowed",
			len, BATON_SCENARIO_LINE_LEN);
	memcpy(line, bytes, len);
	line[len] = '\0';
	if (strlen(line) != len)
		return baton_scenario_wrong(error, number,
					    "there is a zero byte; a scenario "
					    "is UTF-8 text");
	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t' &&
		    line[i] != '\r')
			return baton_scenario_wrong(
				error, number,
				"there is a control character; a scenario is "
				"UTF-8 text");
	line[strcspn(line, "#\r")] = '\0';
	baton_scenario_split(line, &words);
	if (words.count == BATON_SCENARIO_WORDS &&
	    strcmp(words.word[0], "about") != 0)
		return baton_scenario_wrong(
			error, number, "there are too many words, %u allowed",
			BATON_SCENARIO_WORDS - 1);
	for (i = 0; i < words.count; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
				      i ? " " : "", words.word[i]);
	if (words.count)
		baton_scenario_text_add(text, out, number);
	return true;
}

bool baton_scenario_load(struct baton_scenario_text *text, const char *bytes,
			 size_t len, struct baton_scenario_error *error)
{
	unsigned int number = 0;
	const char *end;
	size_t n;

	memset(text, 0, sizeof(*text));
	while (len > 0) {
		end = memchr(bytes, '\n', len);
		n = end ? (size_t)(end - bytes) : len;
		if (++number > BATON_SCENARIO_LINES) {
			baton_scenario_text_free(text);
			return baton_scenario_wrong(
				error, number, "there are more than %u lines",
				BATON_SCENARIO_LINES);
		}
		if (!load_line(text, bytes, n, number, error)) {
			baton_scenario_text_free(text);
			return false;
		}
		if (end)
			n++;
		bytes += n;
		len -= n;
	}
	return true;
}

/* Digits, at most 15 so that no unit overflows; NULL if there are none. */
static const char *digits(const char *p, int64_t *n)
{
	const char *start = p;

	*n = 0;
	while (isdigit((unsigned char)*p) && p - start < 15)
		*n = *n * 10 + (*p++ - '0');
	return p == start || isdigit((unsigned char)*p) ? NULL : p;
}

static bool hex_number(const char *p, int64_t *number)
{
	char *end;
	unsigned long long n = strtoull(p, &end, 16);

	*number = (int64_t)n;
	return *end == '\0' && isxdigit((unsigned char)*p) && end - p <= 15;
}

bool baton_scenario_number(const char *text, int64_t *number,
			   enum baton_scenario_unit *unit)
{
	bool negative = *text == '-';
	const char *p = text + negative;
	int64_t fraction = 0, parts = 1;
	const char *dot;
	size_t i;

	*unit = BATON_SCENARIO_PLAIN;
	if (!strncmp(p, "0x", 2))
		return !negative && hex_number(p + 2, number);
	p = digits(p, number);
	if (!p)
		return false;
	if (*p == '.') {
		dot = p;
		p = digits(p + 1, &fraction);
		if (!p || p - dot > 7)
			return false;
		for (i = 1; i < (size_t)(p - dot); i++)
			parts *= 10;
	}
	for (i = 0; i < UNITS; i++) {
		if (strcmp(p, units[i].name) != 0)
			continue;
		if (*number > INT64_C(1) << 50 ||
		    fraction * units[i].scale % parts)
			return false;
		*number = *number * units[i].scale +
			  fraction * units[i].scale / parts;
		if (negative)
			*number = -*number;
		*unit = units[i].unit;
		return true;
	}
	return false;
}

void baton_scenario_print(char *dst, size_t cap, int64_t number,
			  enum baton_scenario_unit unit)
{
	size_t i = UNITS;

	/* The largest unit of which it is a whole number. */
	while (i-- > 0)
		if (units[i].unit == unit && number % units[i].scale == 0 &&
		    (number || units[i].scale == 1))
			break;
	if (i >= UNITS)
		i = 0;
	snprintf(dst, cap, "%lld%s", (long long)(number / units[i].scale),
		 units[i].name);
}

/* "a..b", drawn; anything else is itself. */
static bool draw_range(char *value, struct baton_prng *prng, unsigned int line,
		       struct baton_scenario_error *error)
{
	char *dots = strstr(value, "..");
	enum baton_scenario_unit low_unit, high_unit;
	char copy[VALUE_CAP];
	int64_t low, high;

	if (!dots)
		return true;
	snprintf(copy, sizeof(copy), "%s", value);
	*dots = '\0';
	if (!baton_scenario_number(value, &low, &low_unit) ||
	    !baton_scenario_number(dots + 2, &high, &high_unit))
		return baton_scenario_wrong(
			error, line,
			"%.40s is no range; write two numbers with units, "
			"10ms..2s",
			copy);
	/* 0..30%: the unit of the one is that of the other. */
	if (low == 0 && low_unit == BATON_SCENARIO_PLAIN)
		low_unit = high_unit;
	if (low_unit != high_unit || high < low ||
	    high - low > INT64_C(0xfffffffe))
		return baton_scenario_wrong(
			error, line,
			"the range %.40s has two kinds of units, runs "
			"backwards, or is too wide",
			copy);
	low += baton_prng_below(prng, (uint64_t)(high - low) + 1);
	baton_scenario_print(value, VALUE_CAP, low, low_unit);
	return true;
}

/* A value: one of its alternatives, of which a range is drawn. */
static bool draw(const char *text, char *value, struct baton_prng *prng,
		 unsigned int line, struct baton_scenario_error *error)
{
	const char *choice[CHOICES];
	size_t count = 0;
	const char *p = text;
	size_t i = 0, len;

	do {
		if (count == CHOICES)
			return baton_scenario_wrong(
				error, line, "more than %u alternatives: %.60s",
				CHOICES, text);
		choice[count++] = p;
		p = strchr(p, '|');
	} while (p++);
	if (count > 1)
		i = baton_prng_below(prng, count);
	len = strcspn(choice[i], "|");
	if (len == 0 || len >= VALUE_CAP)
		return baton_scenario_wrong(
			error, line, "an empty or overlong alternative: %.60s",
			text);
	memcpy(value, choice[i], len);
	value[len] = '\0';
	return draw_range(value, prng, line, error);
}

/* Words of a trigger, by its first one. */
static size_t trigger_words(const char *first)
{
	static const struct {
		const char *name;
		size_t words;
	} triggers[] = {
		{"link", 3},   {"pdu", 3},    {"write", 3},
		{"secure", 2}, {"paired", 1},
	};
	size_t i;

	for (i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
		if (!strcmp(triggers[i].name, first))
			return triggers[i].words;
	return 2;
}

/* Where a statement may say how often it is there; 0: nowhere. */
static size_t times_at(const struct baton_scenario_words *words)
{
	if (words->count > 2 && !strcmp(words->word[0], "at"))
		return 2;
	if (words->count > 2 && !strcmp(words->word[0], "when"))
		return 1 + trigger_words(words->word[1]);
	return 0;
}

/*
 * How often the statement is there: "30%" or "0..3x" at words[at], which
 * is then taken out.
 */
static bool draw_times(struct baton_scenario_words *words, size_t at,
		       struct baton_prng *prng, unsigned int line,
		       unsigned int *times, struct baton_scenario_error *error)
{
	enum baton_scenario_unit unit;
	char value[VALUE_CAP];
	int64_t n;
	size_t len;

	*times = 1;
	if (!at || at >= words->count)
		return true;
	len = strlen(words->word[at]);
	if (!isdigit((unsigned char)words->word[at][0]) ||
	    (words->word[at][len - 1] != 'x' &&
	     words->word[at][len - 1] != '%'))
		return true;
	if (words->word[at][len - 1] == 'x')
		words->word[at][len - 1] = '\0';
	if (!draw(words->word[at], value, prng, line, error))
		return false;
	if (!baton_scenario_number(value, &n, &unit) || n < 0 ||
	    (unit == BATON_SCENARIO_PLAIN && n > REPEATS) ||
	    unit == BATON_SCENARIO_TIME || unit == BATON_SCENARIO_SIZE)
		return baton_scenario_wrong(
			error, line,
			"%.40s is no chance (30%%) and no repetition (0..3x)",
			value);
	*times = unit == BATON_SCENARIO_SHARE
			 ? baton_prng_chance(prng, (uint32_t)n)
			 : (unsigned int)n;
	words->count--;
	memmove(&words->word[at], &words->word[at + 1],
		(words->count - at) * sizeof(words->word[0]));
	return true;
}

static bool draw_word(const char *word, char *out, size_t cap,
		      struct baton_prng *prng, unsigned int line,
		      struct baton_scenario_error *error)
{
	const char *equals = strchr(word, '=');
	char value[VALUE_CAP];

	if (!strpbrk(word, "|.")) {
		snprintf(out, cap, "%s", word);
		return true;
	}
	if (!draw(equals ? equals + 1 : word, value, prng, line, error))
		return false;
	snprintf(out, cap, "%.*s%s", equals ? (int)(equals + 1 - word) : 0,
		 word, value);
	return true;
}

static bool resolve_line(struct baton_scenario_text *fixed,
			 const struct baton_scenario_line *line, uint64_t seed,
			 struct baton_scenario_error *error)
{
	struct baton_scenario_words words;
	char out[BATON_SCENARIO_LINE_CAP];
	char word[2 * VALUE_CAP];
	struct baton_prng prng;
	unsigned int times, rep;
	size_t i, n;

	baton_scenario_split(line->text, &words);
	if (!strcmp(words.word[0], "about") ||
	    !strcmp(words.word[0], "xfail")) {
		baton_scenario_text_add(fixed, line->text, line->number);
		return true;
	}
	baton_prng_init(&prng, seed, STREAM + line->number * (REPEATS + 1));
	if (!draw_times(&words, times_at(&words), &prng, line->number, &times,
			error))
		return false;
	for (rep = 1; rep <= times; rep++) {
		baton_prng_init(&prng, seed,
				STREAM + line->number * (REPEATS + 1) + rep);
		for (i = n = 0; i < words.count; i++) {
			if (!draw_word(words.word[i], word, sizeof(word), &prng,
				       line->number, error))
				return false;
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
					      i ? " " : "", word);
			if (n >= sizeof(out))
				return baton_scenario_wrong(
					error, line->number,
					"the line is too long as resolved");
		}
		baton_scenario_text_add(fixed, out, line->number);
	}
	return true;
}

bool baton_scenario_resolve(struct baton_scenario_text *fixed,
			    const struct baton_scenario_text *text,
			    uint64_t seed, struct baton_scenario_error *error)
{
	size_t i;

	memset(fixed, 0, sizeof(*fixed));
	for (i = 0; i < text->count; i++)
		if (!resolve_line(fixed, &text->lines[i], seed, error)) {
			baton_scenario_text_free(fixed);
			return false;
		}
	return true;
}
