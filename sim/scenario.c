/* SPDX-License-Identifier: MIT */
#include "sim/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/alloc.h"
#include "sim/config.h"
#include "sim/scenario_keys.h"

#define DEVICE_KEYS_AT_RUN_TIME                                        \
	"host turnaround pull hold drop-up dup-up late-up late-up-by " \
	"delay-up jitter-up queue-up drop-down cut"
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DEVICE_ACTOR BATON_SCENARIO_WATCH /* stands for both in the table */

/* Where a parser is in its line. */
struct place {
	struct baton_scenario *scenario;
	const struct baton_scenario_words *words;
	size_t at;
	unsigned int line;
	struct baton_scenario_error *error;
};

static const struct {
	const char *words; /* one or two, with a blank between */
	enum baton_scenario_actor actor;
	enum baton_scenario_verb verb;
	const char *keys;
} verbs[] = {
	{"send message", DEVICE_ACTOR, BATON_SCENARIO_SEND_MESSAGE,
	 "size as class stream"},
	{"send file", DEVICE_ACTOR, BATON_SCENARIO_SEND_FILE,
	 "size as class stream"},
	{"cancel", DEVICE_ACTOR, BATON_SCENARIO_CANCEL, "as"},
	{"refuse", DEVICE_ACTOR, BATON_SCENARIO_REFUSE_NEXT, ""},
	{"disconnect", DEVICE_ACTOR, BATON_SCENARIO_DISCONNECT, "reason"},
	{"stall", DEVICE_ACTOR, BATON_SCENARIO_STALL, "for"},
	{"pause", DEVICE_ACTOR, BATON_SCENARIO_PAUSE, "for"},
	{"host", DEVICE_ACTOR, BATON_SCENARIO_HOST, NULL},
	{"power off", DEVICE_ACTOR, BATON_SCENARIO_POWER_OFF, ""},
	{"power on", DEVICE_ACTOR, BATON_SCENARIO_POWER_ON, ""},
	{"reboot", DEVICE_ACTOR, BATON_SCENARIO_REBOOT, "after"},
	{"power-cut", DEVICE_ACTOR, BATON_SCENARIO_POWER_CUT,
	 "nth write writes after"},
	{"rollback", DEVICE_ACTOR, BATON_SCENARIO_ROLLBACK, "writes after"},
	{"copy-store", DEVICE_ACTOR, BATON_SCENARIO_COPY_STORE, ""},
	{"swap-store", DEVICE_ACTOR, BATON_SCENARIO_SWAP_STORE, "after"},
	{"sleep", DEVICE_ACTOR, BATON_SCENARIO_SLEEP, "for clock"},
	{"set-clock", DEVICE_ACTOR, BATON_SCENARIO_SET_CLOCK, "wall"},
	{"mtu=", BATON_SCENARIO_LINK, BATON_SCENARIO_MTU, "mtu"},
	{"phy=", BATON_SCENARIO_LINK, BATON_SCENARIO_PHY, "phy by-device"},
	{"ll-len=", BATON_SCENARIO_LINK, BATON_SCENARIO_LENGTH,
	 "ll-len by-device"},
	{"interval=", BATON_SCENARIO_LINK, BATON_SCENARIO_INTERVAL,
	 "interval latency timeout by-device"},
	{"black-out", BATON_SCENARIO_LINK, BATON_SCENARIO_BLACK_OUT, "for"},
	{"watch", BATON_SCENARIO_AIR, BATON_SCENARIO_ERRORS, NULL},
	{"phone", BATON_SCENARIO_AIR, BATON_SCENARIO_ERRORS, NULL},
	{"drop", BATON_SCENARIO_EVE, BATON_SCENARIO_DROP, "to nth count"},
	{"cut", BATON_SCENARIO_EVE, BATON_SCENARIO_CUT, "to nth count len"},
	{"flip", BATON_SCENARIO_EVE, BATON_SCENARIO_FLIP, "to nth count bits"},
	{"repeat", BATON_SCENARIO_EVE, BATON_SCENARIO_REPEAT,
	 "to nth count by"},
	{"delay", BATON_SCENARIO_EVE, BATON_SCENARIO_DELAY, "to nth count by"},
	{"inject", BATON_SCENARIO_EVE, BATON_SCENARIO_INJECT,
	 "to nth count len by"},
	{"relay", BATON_SCENARIO_EVE, BATON_SCENARIO_RELAY, "for by"},
	{"advert-drop", BATON_SCENARIO_EVE, BATON_SCENARIO_ADVERT_DROP,
	 "nth count"},
	{"advert-flip", BATON_SCENARIO_EVE, BATON_SCENARIO_ADVERT_FLIP,
	 "nth count bits"},
	{"advert-repeat", BATON_SCENARIO_EVE, BATON_SCENARIO_ADVERT_REPEAT,
	 "nth count by"},
	{"advert-delay", BATON_SCENARIO_EVE, BATON_SCENARIO_ADVERT_DELAY,
	 "nth count by"},
	{"advert-inject", BATON_SCENARIO_EVE, BATON_SCENARIO_ADVERT_INJECT,
	 "nth count len by"},
	{"confirm", BATON_SCENARIO_PERSON, BATON_SCENARIO_CONFIRM,
	 "device after"},
	{"refuse", BATON_SCENARIO_PERSON, BATON_SCENARIO_REFUSE,
	 "device after"},
	{"walk-away", BATON_SCENARIO_PERSON, BATON_SCENARIO_WALK_AWAY,
	 "device"},
};

static const char *const actors[] = {"watch", "phone", "link",
				     "air",   "eve",   "person"};

static const char *word(const struct place *place)
{
	return place->at < place->words->count ? place->words->word[place->at]
					       : "";
}

static bool next_is(struct place *place, const char *text)
{
	if (strcmp(word(place), text) != 0)
		return false;
	place->at++;
	return true;
}

#define WRONG(place, ...) \
	baton_scenario_wrong((place)->error, (place)->line, __VA_ARGS__)

static bool read_number(struct place *place, enum baton_scenario_unit want,
			const char *what, uint64_t *number)
{
	enum baton_scenario_unit unit;
	int64_t n;

	if (!baton_scenario_number(word(place), &n, &unit) || n < 0 ||
	    (unit != want && !(n == 0 && unit == BATON_SCENARIO_PLAIN)))
		return WRONG(place, "%.40s is no %s", word(place), what);
	*number = (uint64_t)n;
	place->at++;
	return true;
}

static bool read_time(struct place *place, uint64_t *us)
{
	return read_number(place, BATON_SCENARIO_TIME, "time, such as 2.5s",
			   us);
}

static bool read_side(struct place *place, enum baton_sim_side *side)
{
	if (next_is(place, "watch"))
		*side = BATON_SIM_WATCH;
	else if (next_is(place, "phone"))
		*side = BATON_SIM_PHONE;
	else
		return WRONG(place, "%.40s is no device; it is watch or phone",
			     word(place));
	return true;
}

static bool read_name(struct place *place, char *name)
{
	if (!*word(place) || strlen(word(place)) >= BATON_SCENARIO_NAME)
		return WRONG(place, "a name of 1 to %d bytes is missing",
			     BATON_SCENARIO_NAME - 1);
	strcpy(name, word(place));
	place->at++;
	return true;
}

static bool read_settings(struct place *place, enum baton_scenario_keys keys,
			  void *base, const char *allowed)
{
	for (; place->at < place->words->count; place->at++)
		if (!baton_scenario_set(keys, base, word(place), allowed,
					place->line, place->error))
			return false;
	return true;
}

/* The rest of the line as it is, and whether it would be taken. */
static bool keep_settings(struct place *place,
			  struct baton_scenario_action *action)
{
	struct baton_scenario_device device;
	struct baton_sim_errors errors;
	size_t n = 0, i;

	for (i = place->at; i < place->words->count; i++)
		n += (size_t)snprintf(action->settings + n,
				      sizeof(action->settings) - n, "%s%s",
				      i > place->at ? " " : "",
				      place->words->word[i]);
	if (action->verb == BATON_SCENARIO_ERRORS)
		return read_settings(place, BATON_SCENARIO_KEYS_AIR, &errors,
				     NULL);
	return read_settings(place, BATON_SCENARIO_KEYS_DEVICE, &device,
			     DEVICE_KEYS_AT_RUN_TIME);
}

bool baton_scenario_set_device(struct baton_scenario_device *device,
			       const char *settings, unsigned int line,
			       struct baton_scenario_error *error)
{
	struct baton_scenario_words words;
	struct place place = {NULL, &words, 0, line, error};

	baton_scenario_split(settings, &words);
	return read_settings(&place, BATON_SCENARIO_KEYS_DEVICE, device, NULL);
}

bool baton_scenario_set_errors(struct baton_sim_errors *errors,
			       const char *settings, unsigned int line,
			       struct baton_scenario_error *error)
{
	struct baton_scenario_words words;
	struct place place = {NULL, &words, 0, line, error};

	baton_scenario_split(settings, &words);
	return read_settings(&place, BATON_SCENARIO_KEYS_AIR, errors, NULL);
}

static void default_args(struct baton_scenario_action *action)
{
	struct baton_scenario_args *args = &action->args;

	args->size = 100;
	args->for_us = 1000000;
	args->after_us = 1000000;
	args->by_us = 100000;
	args->nth = 1;
	args->count = 1;
	args->bits = 1;
	args->len = 20;
	args->writes = 1;
	args->mtu = 247;
	args->reason = BATON_HCI_REMOTE_USER;
}

static bool read_verb(struct place *place, struct baton_scenario_action *action)
{
	enum baton_scenario_actor actor = action->actor == BATON_SCENARIO_PHONE
						  ? DEVICE_ACTOR
						  : action->actor;
	const char *keys = NULL;
	char two[64];
	size_t i;

	snprintf(two, sizeof(two), "%.30s %.30s", word(place),
		 place->at + 1 < place->words->count
			 ? place->words->word[place->at + 1]
			 : "");
	for (i = 0; i < COUNT(verbs); i++) {
		bool pair = strchr(verbs[i].words, ' ') != NULL;
		size_t len = strlen(verbs[i].words);
		/* "link mtu=23": the setting is the verb. */
		bool setting = verbs[i].words[len - 1] == '=';

		if (verbs[i].actor != actor ||
		    (setting ? strncmp(verbs[i].words, word(place), len)
			     : strcmp(verbs[i].words,
				      pair ? two : word(place))) != 0)
			continue;
		action->verb = verbs[i].verb;
		keys = verbs[i].keys;
		if (action->verb == BATON_SCENARIO_ERRORS)
			action->args.device = !strcmp(word(place), "phone");
		place->at += setting ? 0 : 1u + pair;
		break;
	}
	if (i == COUNT(verbs))
		return WRONG(place,
			     "%s cannot %.40s; see docs/SCENARIOS.md, Actions",
			     actors[action->actor], word(place));
	if (!keys)
		return keep_settings(place, action);
	return read_settings(place, BATON_SCENARIO_KEYS_ARGS, &action->args,
			     keys);
}

static bool check_action(struct place *place,
			 const struct baton_scenario_action *action)
{
	const struct baton_scenario_args *args = &action->args;

	if (action->verb == BATON_SCENARIO_SEND_MESSAGE &&
	    (args->size < 4 || args->size > 400))
		return WRONG(place, "a message has 4 to 400 bytes here; send a "
				    "file for more");
	if (action->verb == BATON_SCENARIO_CANCEL && !args->name[0])
		return WRONG(place, "cancel needs as=NAME");
	if (action->verb == BATON_SCENARIO_INTERVAL && args->timeout_us &&
	    args->timeout_us <=
		    2 * (1 + (uint64_t)args->latency) * args->interval_us)
		return WRONG(place, "timeout is more than 2 x (1 + latency) x "
				    "interval");
	if (action->every_us &&
	    (action->every_us < 1000 || action->trigger != BATON_SCENARIO_AT))
		return WRONG(place, "every takes 1ms and more, and goes with "
				    "at");
	return true;
}

static bool read_action(struct place *place,
			struct baton_scenario_action *action)
{
	size_t i;

	if (next_is(place, "every") && !read_time(place, &action->every_us))
		return false;
	for (i = 0; i < COUNT(actors); i++)
		if (next_is(place, actors[i]))
			break;
	if (i == COUNT(actors))
		return WRONG(place,
			     "%.40s cannot act; who can: watch, phone, link, "
			     "air, eve, person",
			     word(place));
	action->actor = (enum baton_scenario_actor)i;
	default_args(action);
	return read_verb(place, action) && check_action(place, action);
}

static bool read_trigger(struct place *place,
			 struct baton_scenario_action *action)
{
	action->n = 1;
	if (next_is(place, "link")) {
		action->trigger = BATON_SCENARIO_ON_UP;
		if (next_is(place, "down"))
			action->trigger = BATON_SCENARIO_ON_DOWN;
		else if (!next_is(place, "up"))
			return WRONG(place, "link goes up or down, not %.40s",
				     word(place));
	} else if (next_is(place, "pdu")) {
		action->trigger = BATON_SCENARIO_ON_PDU;
	} else if (next_is(place, "write")) {
		action->trigger = BATON_SCENARIO_ON_WRITE;
	} else if (next_is(place, "secure")) {
		action->trigger = BATON_SCENARIO_ON_SECURE;
	} else if (next_is(place, "paired")) {
		action->trigger = BATON_SCENARIO_ON_PAIRED;
		return true;
	} else {
		action->trigger = BATON_SCENARIO_ON_SHARE;
		return read_name(place, action->on) &&
		       read_number(place, BATON_SCENARIO_SHARE, "share, as 40%",
				   &action->n);
	}
	if ((action->trigger == BATON_SCENARIO_ON_PDU ||
	     action->trigger == BATON_SCENARIO_ON_WRITE) &&
	    !read_side(place, &action->side))
		return false;
	return read_number(place, BATON_SCENARIO_PLAIN, "number", &action->n);
}

static bool add_action(struct place *place, bool timed)
{
	struct baton_scenario *scenario = place->scenario;
	struct baton_scenario_action action;

	memset(&action, 0, sizeof(action));
	action.line = place->line;
	if (timed ? !read_time(place, &action.at_us)
		  : !read_trigger(place, &action))
		return false;
	if (!read_action(place, &action))
		return false;
	scenario->actions = baton_sim_realloc(scenario->actions,
					      (scenario->action_count + 1) *
						      sizeof(action));
	scenario->actions[scenario->action_count++] = action;
	return true;
}

static bool read_metric(struct place *place, struct baton_scenario_claim *claim)
{
	static const struct {
		const char *name;
		enum baton_scenario_metric metric;
		enum baton_scenario_unit unit;
		bool sided;
	} metrics[] = {
		{"retransmissions", BATON_SCENARIO_RETRANSMISSIONS,
		 BATON_SCENARIO_PLAIN, false},
		{"links", BATON_SCENARIO_LINKS, BATON_SCENARIO_PLAIN, false},
		{"goodput", BATON_SCENARIO_GOODPUT, BATON_SCENARIO_SIZE, false},
		{"overhead", BATON_SCENARIO_OVERHEAD, BATON_SCENARIO_SHARE,
		 false},
		{"memory", BATON_SCENARIO_MEMORY_WATCH, BATON_SCENARIO_SIZE,
		 true},
		{"charge", BATON_SCENARIO_CHARGE_WATCH, BATON_SCENARIO_PLAIN,
		 true},
	};
	enum baton_sim_side side = BATON_SIM_WATCH;
	size_t i;

	for (i = 0; i < COUNT(metrics); i++)
		if (next_is(place, metrics[i].name))
			break;
	if (i == COUNT(metrics))
		return WRONG(place,
			     "%.40s is no claim; see docs/SCENARIOS.md, Claims",
			     word(place));
	if (metrics[i].sided && !read_side(place, &side))
		return false;
	claim->what = BATON_SCENARIO_METRIC;
	claim->metric = (enum baton_scenario_metric)((int)metrics[i].metric +
						     (int)side);
	claim->relation = word(place)[0];
	if (strlen(word(place)) != 1 || !strchr("<=>", claim->relation))
		return WRONG(place, "%s is compared by <, = or >",
			     metrics[i].name);
	place->at++;
	return read_number(place, metrics[i].unit, "number with its unit",
			   &claim->value);
}

static bool read_delivery(struct place *place,
			  struct baton_scenario_claim *claim)
{
	if (!read_name(place, claim->name))
		return false;
	place->at++; /* "delivered" */
	if (next_is(place, "once"))
		claim->what = BATON_SCENARIO_DELIVERED;
	else if (next_is(place, "or") && next_is(place, "reported"))
		claim->what = BATON_SCENARIO_REPORTED;
	else
		return WRONG(place, "it is delivered once, or delivered or "
				    "reported");
	return true;
}

static bool read_trace(struct place *place, struct baton_scenario_claim *claim)
{
	char *end;

	claim->what = BATON_SCENARIO_TRACE;
	if (!next_is(place, "="))
		return WRONG(place, "write trace = and 16 hex digits");
	claim->value = strtoull(word(place), &end, 16);
	if (strlen(word(place)) != 16 || *end)
		return WRONG(place, "a trace has 16 hex digits, not %.40s",
			     word(place));
	place->at++;
	return true;
}

static bool read_claim(struct place *place, struct baton_scenario_claim *claim)
{
	static const struct {
		const char *name;
		enum baton_scenario_what what;
	} plain[] = {
		{"linked", BATON_SCENARIO_LINKED},
		{"secure", BATON_SCENARIO_SECURE},
		{"bonded", BATON_SCENARIO_BONDED},
		{"unbonded", BATON_SCENARIO_UNBONDED},
	};
	size_t i;

	for (i = 0; i < COUNT(plain); i++)
		if (next_is(place, plain[i].name)) {
			claim->what = plain[i].what;
			return true;
		}
	if (next_is(place, "trace"))
		return read_trace(place, claim);
	if (next_is(place, "no")) {
		claim->what = BATON_SCENARIO_NO_PLAINTEXT;
		return next_is(place, "plaintext") ||
		       WRONG(place, "the claim is no plaintext");
	}
	if (place->at + 1 < place->words->count &&
	    !strcmp(place->words->word[place->at + 1], "delivered"))
		return read_delivery(place, claim);
	return read_metric(place, claim);
}

static bool add_claim(struct place *place, enum baton_scenario_when when)
{
	struct baton_scenario *scenario = place->scenario;
	struct baton_scenario_claim claim;
	size_t n = 0, i;

	memset(&claim, 0, sizeof(claim));
	claim.line = place->line;
	claim.when = when;
	if (when == BATON_SCENARIO_WITHIN && !read_time(place, &claim.by_us))
		return false;
	for (i = place->at; i < place->words->count; i++)
		n += (size_t)snprintf(claim.text + n, sizeof(claim.text) - n,
				      "%s%s", i > place->at ? " " : "",
				      place->words->word[i]);
	if (!read_claim(place, &claim))
		return false;
	if (place->at < place->words->count)
		return WRONG(place,
			     "nothing is expected after the claim, "
			     "yet there is %.40s",
			     word(place));
	scenario->claims = baton_sim_realloc(
		scenario->claims, (scenario->claim_count + 1) * sizeof(claim));
	scenario->claims[scenario->claim_count++] = claim;
	return true;
}

static void read_text(struct place *place, char *dst, size_t cap)
{
	size_t n = 0;

	dst[0] = '\0';
	for (; place->at < place->words->count; place->at++)
		n += (size_t)snprintf(dst + n, n < cap ? cap - n : 0, "%s%s",
				      n ? " " : "", word(place));
}

static bool read_statement(struct place *place)
{
	struct baton_scenario *scenario = place->scenario;
	char about[BATON_SCENARIO_LINE_CAP];

	if (next_is(place, "scenario"))
		return read_name(place, scenario->name);
	if (next_is(place, "about")) {
		read_text(place, about, sizeof(about));
		return true;
	}
	if (next_is(place, "xfail")) {
		read_text(place, scenario->xfail, sizeof(scenario->xfail));
		return scenario->xfail[0] ||
		       WRONG(place, "xfail says why it fails");
	}
	if (next_is(place, "seed")) {
		scenario->has_seed = true;
		return read_number(place, BATON_SCENARIO_PLAIN, "seed",
				   &scenario->seed);
	}
	if (next_is(place, "link"))
		return read_settings(place, BATON_SCENARIO_KEYS_LINK,
				     &scenario->config, NULL);
	if (next_is(place, "watch"))
		return read_settings(place, BATON_SCENARIO_KEYS_DEVICE,
				     &scenario->device[BATON_SIM_WATCH], NULL);
	if (next_is(place, "phone"))
		return read_settings(place, BATON_SCENARIO_KEYS_DEVICE,
				     &scenario->device[BATON_SIM_PHONE], NULL);
	if (next_is(place, "air")) {
		enum baton_sim_side side = BATON_SIM_WATCH;

		return read_side(place, &side) &&
		       read_settings(place, BATON_SCENARIO_KEYS_AIR,
				     &scenario->config.errors[side], NULL);
	}
	if (next_is(place, "at"))
		return add_action(place, true);
	if (next_is(place, "when"))
		return add_action(place, false);
	if (next_is(place, "always"))
		return add_claim(place, BATON_SCENARIO_ALWAYS);
	if (next_is(place, "within"))
		return add_claim(place, BATON_SCENARIO_WITHIN);
	if (next_is(place, "finally"))
		return add_claim(place, BATON_SCENARIO_FINALLY);
	return WRONG(place,
		     "no statement begins with %.40s; see docs/SCENARIOS.md, "
		     "Language",
		     word(place));
}

/* The world as a whole; the simulator says what is wrong with it. */
static bool check(struct baton_scenario *scenario,
		  struct baton_scenario_error *error)
{
	struct baton_sim_config *config = &scenario->config;
	const char *wrong;
	int i;

	if (!scenario->name[0])
		return baton_scenario_wrong(error, 0,
					    "there is no line: scenario NAME");
	for (i = 0; i < BATON_SIM_SIDES; i++)
		config->node[i] = scenario->device[i].node;
	wrong = baton_sim_config_check(config);
	return !wrong || baton_scenario_wrong(error, 0, "%s", wrong);
}

bool baton_scenario_parse(struct baton_scenario *scenario,
			  const struct baton_scenario_text *fixed,
			  struct baton_scenario_error *error)
{
	struct baton_scenario_words words;
	struct place place = {scenario, &words, 0, 0, error};
	size_t i;
	int side;

	memset(scenario, 0, sizeof(*scenario));
	baton_sim_config_init(&scenario->config);
	for (side = 0; side < BATON_SIM_SIDES; side++)
		scenario->device[side].node = scenario->config.node[side];
	for (i = 0; i < fixed->count; i++) {
		baton_scenario_split(fixed->lines[i].text, &words);
		place.at = 0;
		place.line = fixed->lines[i].number;
		if (!read_statement(&place)) {
			baton_scenario_free(scenario);
			return false;
		}
	}
	if (!check(scenario, error)) {
		baton_scenario_free(scenario);
		return false;
	}
	return true;
}

void baton_scenario_free(struct baton_scenario *scenario)
{
	free(scenario->actions);
	free(scenario->claims);
	scenario->actions = NULL;
	scenario->claims = NULL;
	scenario->action_count = 0;
	scenario->claim_count = 0;
}
