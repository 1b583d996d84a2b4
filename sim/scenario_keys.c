/* SPDX-License-Identifier: MIT */
#include "sim/scenario_keys.h"

#include <stdio.h>
#include <string.h>

#define KEY_CAP 32

struct key {
	const char *name;
	enum baton_scenario_unit unit;
	size_t offset;
	size_t width;
	int64_t min, max;
	const char *words; /* WORD: "a b c", stored as 0, 1, 2 */
};

#define FIELD(type, field) offsetof(type, field), sizeof(((type *)0)->field)

#define CONFIG(field) FIELD(struct baton_sim_config, field)
#define DEVICE(field) FIELD(struct baton_scenario_device, field)
#define ERRORS(field) FIELD(struct baton_sim_errors, field)
#define ARGS(field) FIELD(struct baton_scenario_args, field)

#define TIME BATON_SCENARIO_TIME
#define SIZE BATON_SCENARIO_SIZE
#define SHARE BATON_SCENARIO_SHARE
#define PLAIN BATON_SCENARIO_PLAIN
#define WORD BATON_SCENARIO_WORD
#define HOUR INT64_C(3600000000)
#define ALL INT64_C(1000000)

static const struct key link_keys[] = {
	{"bearer", WORD, CONFIG(bearer), 0, 0, "gatt coc"},
	{"start", WORD, CONFIG(start), 0, 0, "advertising connected"},
	{"gatt", WORD, CONFIG(gatt), 0, 0, "ready cached discover"},
	{"reconnect", WORD, CONFIG(reconnect), 0, 0, "no yes"},
	{"phy", WORD, CONFIG(phy), 0, 0, "1M 2M coded-S2 coded-S8"},
	{"encrypted", WORD, CONFIG(encrypted), 0, 0, "no yes"},
	{"ll-len", PLAIN, CONFIG(ll_len), 27, 251, NULL},
	{"mtu", PLAIN, CONFIG(mtu), 23, 517, NULL},
	{"coc-sdu", PLAIN, CONFIG(coc_sdu), 23, 65535, NULL},
	{"coc-mps", PLAIN, CONFIG(coc_mps), 23, 65533, NULL},
	{"coc-credits", PLAIN, CONFIG(coc_credits), 1, 65535, NULL},
	{"interval", TIME, CONFIG(interval_us), 7500, 4000000, NULL},
	{"procedures", WORD, CONFIG(procedures), 0, 0, "no yes"},
	{"start-interval", TIME, CONFIG(start_interval_us), 0, 4000000, NULL},
	{"latency", PLAIN, CONFIG(latency), 0, 499, NULL},
	{"timeout", TIME, CONFIG(timeout_us), 0, 32000000, NULL},
	{"event-pdus", PLAIN, CONFIG(event_pdus), 0, 1000, NULL},
	{"adv-interval", TIME, CONFIG(adv_interval_us), 20000, 10240000, NULL},
	{"scan-interval", TIME, CONFIG(scan_interval_us), 2500, 10240000, NULL},
	{"scan-window", TIME, CONFIG(scan_window_us), 2500, 10240000, NULL},
	{NULL, PLAIN, 0, 0, 0, 0, NULL},
};

static const struct key device_keys[] = {
	{"host", WORD, DEVICE(node.host), 0, 0, "quick slow bluez"},
	{"turnaround", TIME, DEVICE(node.turnaround_us), 0, HOUR, NULL},
	{"pull", TIME, DEVICE(node.pull_us), 0, HOUR, NULL},
	{"hold", PLAIN, DEVICE(node.hold), 1, 16, NULL},
	{"drop-up", SHARE, DEVICE(node.up_drop_ppm), 0, ALL, NULL},
	{"dup-up", SHARE, DEVICE(node.up_dup_ppm), 0, ALL, NULL},
	{"late-up", SHARE, DEVICE(node.up_late_ppm), 0, ALL, NULL},
	{"late-up-by", TIME, DEVICE(node.up_late_us), 0, HOUR, NULL},
	{"delay-up", TIME, DEVICE(node.up_delay_us), 0, HOUR, NULL},
	{"jitter-up", TIME, DEVICE(node.up_jitter_us), 0, HOUR, NULL},
	{"queue-up", PLAIN, DEVICE(node.up_queue), 0, 1000000, NULL},
	{"drop-down", SHARE, DEVICE(node.down_drop_ppm), 0, ALL, NULL},
	{"cut", PLAIN, DEVICE(node.cut_len), 0, 512, NULL},
	{"bluez-p10", TIME, DEVICE(node.bluez_us[0]), 0, HOUR, NULL},
	{"bluez-p50", TIME, DEVICE(node.bluez_us[1]), 0, HOUR, NULL},
	{"bluez-p90", TIME, DEVICE(node.bluez_us[2]), 0, HOUR, NULL},
	{"bluez-p99", TIME, DEVICE(node.bluez_us[3]), 0, HOUR, NULL},
	{"bluez-bare", WORD, DEVICE(node.bluez_bare), 0, 0, "no yes"},
	{"bluez-other", TIME, DEVICE(node.bluez_other_us), 0, HOUR, NULL},
	{"clock", SHARE, DEVICE(node.clock_ppm), -100000, 100000, NULL},
	{"sca", SHARE, DEVICE(node.sca_ppm), 0, 500, NULL},
	{"memory", WORD, DEVICE(memory), 0, 0, "large small"},
	{"adverts", WORD, DEVICE(private_adverts), 0, 0, "open private"},
	{"store", TIME, DEVICE(store_us), 0, HOUR, NULL},
	{NULL, PLAIN, 0, 0, 0, 0, NULL},
};

static const struct key air_keys[] = {
	{"per", SHARE, ERRORS(good_per_ppm), 0, ALL, NULL},
	{"burst", SHARE, ERRORS(bad_per_ppm), 0, ALL, NULL},
	{"to-bad", SHARE, ERRORS(to_bad_ppm), 0, ALL, NULL},
	{"to-good", SHARE, ERRORS(to_good_ppm), 0, ALL, NULL},
	{"missed", SHARE, ERRORS(missed_ppm), 0, ALL, NULL},
	{NULL, PLAIN, 0, 0, 0, 0, NULL},
};

static const struct key args_keys[] = {
	{"for", TIME, ARGS(for_us), 0, HOUR, NULL},
	{"after", TIME, ARGS(after_us), 0, HOUR, NULL},
	{"by", TIME, ARGS(by_us), 0, HOUR, NULL},
	{"size", SIZE, ARGS(size), 0, 64 << 20, NULL},
	{"nth", PLAIN, ARGS(nth), 1, 1000000, NULL},
	{"count", PLAIN, ARGS(count), 1, 1000000, NULL},
	{"bits", PLAIN, ARGS(bits), 1, 4072, NULL},
	{"len", PLAIN, ARGS(len), 1, 509, NULL},
	{"writes", PLAIN, ARGS(writes), 1, 8, NULL},
	{"mtu", PLAIN, ARGS(mtu), 23, 517, NULL},
	{"phy", WORD, ARGS(phy), 0, 0, "1M 2M coded-S2 coded-S8"},
	{"ll-len", PLAIN, ARGS(ll_len), 27, 251, NULL},
	{"interval", TIME, ARGS(interval_us), 7500, 4000000, NULL},
	{"latency", PLAIN, ARGS(latency), 0, 499, NULL},
	{"timeout", TIME, ARGS(timeout_us), 0, 32000000, NULL},
	{"by-device", WORD, ARGS(device), 0, 0, "watch phone"},
	{"reason", PLAIN, ARGS(reason), 1, 255, NULL},
	{"class", WORD, ARGS(class_id), 0, 0, "- message bulk"},
	{"stream", PLAIN, ARGS(stream), 0, 3, NULL},
	{"wall", TIME, ARGS(wall_us), -1000 * HOUR, 1000 * HOUR, NULL},
	{"clock", WORD, ARGS(clock_stops), 0, 0, "runs stops"},
	{"write", WORD, ARGS(outcome), 0, 0, "lost torn done unsynced"},
	{"device", WORD, ARGS(device), 0, 0, "watch phone"},
	{"to", WORD, ARGS(device), 0, 0, "watch phone"},
	{"as", WORD, ARGS(name), 0, 0, NULL},
	{NULL, PLAIN, 0, 0, 0, 0, NULL},
};

static const struct key *const tables[] = {
	[BATON_SCENARIO_KEYS_LINK] = link_keys,
	[BATON_SCENARIO_KEYS_DEVICE] = device_keys,
	[BATON_SCENARIO_KEYS_AIR] = air_keys,
	[BATON_SCENARIO_KEYS_ARGS] = args_keys,
};

/* True if name is one of the words of list, which has blanks between. */
static bool listed(const char *list, const char *name, size_t *index)
{
	size_t len = strlen(name);
	size_t i = 0;

	while (*list) {
		if (!strncmp(list, name, len) &&
		    (list[len] == ' ' || !list[len])) {
			*index = i;
			return true;
		}
		list += strcspn(list, " ");
		list += strspn(list, " ");
		i++;
	}
	return false;
}

static void store(const struct key *key, void *base, int64_t value)
{
	unsigned char *at = (unsigned char *)base + key->offset;
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch (key->width) {
	case sizeof(u8):
		memcpy(at, &u8, sizeof(u8));
		break;
	case sizeof(u16):
		memcpy(at, &u16, sizeof(u16));
		break;
	case sizeof(u32):
		memcpy(at, &u32, sizeof(u32));
		break;
	default:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

static unsigned int common(const char *a, const char *b)
{
	unsigned int n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The known key that begins most like name, for the message. */
static const char *nearest(const struct key *key, const char *name,
			   const char *allowed)
{
	const char *best = NULL;
	unsigned int most = 0;
	size_t i;

	for (; key->name; key++) {
		if (allowed && !listed(allowed, key->name, &i))
			continue;
		if (!best || common(key->name, name) > most) {
			best = key->name;
			most = common(key->name, name);
		}
	}
	return best;
}

static bool set_word(const struct key *key, void *base, const char *value,
		     unsigned int line, struct baton_scenario_error *error)
{
	size_t i;

	if (!key->words) {
		if (!*value || strlen(value) >= key->width)
			return baton_scenario_wrong(
				error, line,
				"%s takes a name of 1 to %zu bytes", key->name,
				key->width - 1);
		snprintf((char *)base + key->offset, key->width, "%s", value);
		return true;
	}
	if (!listed(key->words, value, &i))
		return baton_scenario_wrong(error, line,
					    "%s is not %.40s; it is one of: %s",
					    key->name, value, key->words);
	store(key, base, (int64_t)i);
	return true;
}

static bool set_key(const struct key *key, void *base, const char *value,
		    unsigned int line, struct baton_scenario_error *error)
{
	enum baton_scenario_unit unit;
	char low[32], high[32];
	int64_t n;

	if (key->unit == WORD)
		return set_word(key, base, value, line, error);
	baton_scenario_print(low, sizeof(low), key->min, key->unit);
	baton_scenario_print(high, sizeof(high), key->max, key->unit);
	if (!baton_scenario_number(value, &n, &unit) ||
	    (unit != key->unit && !(n == 0 && unit == PLAIN)) || n < key->min ||
	    n > key->max)
		return baton_scenario_wrong(error, line,
					    "%s is %.40s; it takes %s to %s",
					    key->name, value, low, high);
	/* An interval is a multiple of 1.25 ms; a drawn one becomes one. */
	if (!strcmp(key->name, "interval") ||
	    !strcmp(key->name, "start-interval"))
		n -= n % 1250;
	store(key, base, n);
	return true;
}

bool baton_scenario_set(enum baton_scenario_keys keys, void *base,
			const char *word, const char *allowed,
			unsigned int line, struct baton_scenario_error *error)
{
	const char *equals = strchr(word, '=');
	const struct key *key;
	char name[KEY_CAP];
	size_t i;

	if (!equals || equals == word || (size_t)(equals - word) >= KEY_CAP)
		return baton_scenario_wrong(
			error, line, "%.40s is no setting; write key=value",
			word);
	memcpy(name, word, (size_t)(equals - word));
	name[equals - word] = '\0';
	if (allowed && !*allowed)
		return baton_scenario_wrong(
			error, line, "this takes no settings, not %s", name);
	for (key = tables[keys]; key->name; key++)
		if (!strcmp(key->name, name) &&
		    (!allowed || listed(allowed, name, &i)))
			return set_key(key, base, equals + 1, line, error);
	return baton_scenario_wrong(error, line,
				    "there is no setting %s here; is it %s?",
				    name, nearest(tables[keys], name, allowed));
}

const char *baton_scenario_calm(const char *key)
{
	static const char *const calm[][2] = {
		{"host", "quick"},	{"turnaround", "1ms"},
		{"pull", "0s"},		{"hold", "2"},
		{"drop-up", "0%"},	{"dup-up", "0%"},
		{"late-up", "0%"},	{"late-up-by", "0s"},
		{"delay-up", "0s"},	{"jitter-up", "0s"},
		{"queue-up", "0"},	{"drop-down", "0%"},
		{"cut", "0"},		{"clock", "0%"},
		{"memory", "large"},	{"store", "0s"},
		{"per", "0%"},		{"burst", "0%"},
		{"to-bad", "0%"},	{"to-good", "0%"},
		{"missed", "0%"},	{"latency", "0"},
		{"mtu", "247"},		{"ll-len", "251"},
		{"interval", "30ms"},	{"phy", "2M"},
		{"event-pdus", "0"},	{"gatt", "ready"},
		{"start", "connected"}, {"encrypted", "no"},
		{"procedures", "no"},	{"start-interval", "0"},
		{"bearer", "gatt"},	{"size", "4B"},
		{"for", "0s"},		{"after", "0s"},
		{"stream", "0"},	{"reason", "0x13"},
		{"nth", "1"},		{"count", "1"},
	};
	size_t i;

	for (i = 0; i < sizeof(calm) / sizeof(calm[0]); i++)
		if (!strcmp(calm[i][0], key))
			return calm[i][1];
	return "";
}
