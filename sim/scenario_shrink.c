/* SPDX-License-Identifier: MIT */
#include "sim/scenario_shrink.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario_keys.h"

struct shrink {
	struct baton_scenario_text *text;
	struct baton_scenario_result wanted;
	uint64_t seed;
	unsigned int runs;
	bool changed;
};

/* The same but for numbers: "byte 17 of doc" is "byte 3 of doc". */
static bool alike(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static bool fails_alike(struct shrink *shrink,
			const struct baton_scenario_text *text)
{
	struct baton_scenario_result result;
	struct baton_scenario_error error;

	shrink->runs++;
	if (!baton_scenario_play(text, shrink->seed, NULL, &result, &error))
		return false;
	return !result.passed && result.line == shrink->wanted.line &&
	       alike(result.claim, shrink->wanted.claim);
}

/* Keep the candidate if it fails alike, else free it. */
static bool keep(struct shrink *shrink, struct baton_scenario_text *candidate)
{
	if (shrink->runs >= BATON_SCENARIO_SHRINK_RUNS ||
	    !fails_alike(shrink, candidate)) {
		baton_scenario_text_free(candidate);
		return false;
	}
	baton_scenario_text_free(shrink->text);
	*shrink->text = *candidate;
	shrink->changed = true;
	return true;
}

/* Take lines out: by halves, quarters, ... one by one. */
static void fewer_lines(struct shrink *shrink)
{
	struct baton_scenario_text candidate;
	size_t at, len;

	for (len = shrink->text->count / 2; len > 0; len /= 2)
		for (at = 0; at < shrink->text->count;) {
			baton_scenario_text_copy(&candidate, shrink->text, at,
						 at + len);
			if (!keep(shrink, &candidate))
				at += len;
		}
}

/* The text with another word in place of one. */
static bool try_word(struct shrink *shrink, size_t line, size_t at,
		     const char *word)
{
	struct baton_scenario_text candidate;
	struct baton_scenario_words words;
	char out[BATON_SCENARIO_LINE_CAP];
	size_t i, n = 0;

	baton_scenario_split(shrink->text->lines[line].text, &words);
	for (i = 0; i < words.count && n < sizeof(out); i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
				      i ? " " : "",
				      i == at ? word : words.word[i]);
	baton_scenario_text_copy(&candidate, shrink->text, 0, 0);
	snprintf(candidate.lines[line].text, sizeof(candidate.lines[0].text),
		 "%s", out);
	return keep(shrink, &candidate);
}

/* Halve the number of a word ("5s", "size=1MiB") as long as it fails. */
static void halve(struct shrink *shrink, size_t line, size_t at,
		  const char *word)
{
	const char *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : word;
	enum baton_scenario_unit unit;
	char number[64], out[128];
	int64_t n;

	if (!baton_scenario_number(value, &n, &unit))
		return;
	for (n /= 2; n > 0; n /= 2) {
		baton_scenario_print(number, sizeof(number), n, unit);
		snprintf(out, sizeof(out), "%.*s%s", (int)(value - word), word,
			 number);
		if (!try_word(shrink, line, at, out))
			return;
	}
}

static void calm_word(struct shrink *shrink, size_t line, size_t at)
{
	struct baton_scenario_words words;
	char key[64], out[128];
	const char *equals, *calm;

	baton_scenario_split(shrink->text->lines[line].text, &words);
	if (at >= words.count)
		return;
	equals = strchr(words.word[at], '=');
	if (equals && equals - words.word[at] < (long)sizeof(key)) {
		snprintf(key, sizeof(key), "%.*s",
			 (int)(equals - words.word[at]), words.word[at]);
		calm = baton_scenario_calm(key);
		snprintf(out, sizeof(out), "%s=%s", key, calm);
		if (!strcmp(out, words.word[at]) ||
		    (*calm && try_word(shrink, line, at, out)))
			return;
	}
	halve(shrink, line, at, words.word[at]);
}

/* Claims stay as they are. */
static bool is_claim(const char *line)
{
	return !strncmp(line, "always ", 7) || !strncmp(line, "within ", 7) ||
	       !strncmp(line, "finally ", 8);
}

static void calmer_words(struct shrink *shrink)
{
	size_t line, at;

	for (line = 0; line < shrink->text->count; line++)
		for (at = 1; at < BATON_SCENARIO_WORDS &&
			     !is_claim(shrink->text->lines[line].text);
		     at++)
			calm_word(shrink, line, at);
}

bool baton_scenario_shrink(struct baton_scenario_text *small,
			   const struct baton_scenario_text *text,
			   uint64_t seed, struct baton_scenario_error *error)
{
	struct shrink shrink = {.text = small, .seed = seed};

	memset(small, 0, sizeof(*small));
	if (!baton_scenario_play(text, seed, NULL, &shrink.wanted, error))
		return false;
	if (shrink.wanted.passed)
		return baton_scenario_wrong(error, 0,
					    "it does not fail with this seed");
	if (!baton_scenario_resolve(small, text, seed, error))
		return false;
	do {
		shrink.changed = false;
		fewer_lines(&shrink);
		calmer_words(&shrink);
	} while (shrink.changed && shrink.runs < BATON_SCENARIO_SHRINK_RUNS);
	return true;
}
