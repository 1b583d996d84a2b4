/* SPDX-License-Identifier: MIT */
#include <json-glib/json-glib.h>

#include "sim/prng.h"
#include "tools/sample.h"

#define POINTS 60
#define SECONDS_PER_POINT 10
#define STREAM 0x5a3

static void add_int(JsonBuilder *json, const char *name, gint64 value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_int_value(json, value);
}

static void add_string(JsonBuilder *json, const char *name, const char *value)
{
	json_builder_set_member_name(json, name);
	json_builder_add_string_value(json, value);
}

/* A runner who goes north-east, a little faster and slower. */
static void add_track(JsonBuilder *json, struct baton_prng *prng)
{
	gint64 lat_e7 = 525163000;
	gint64 lon_e7 = 133777000;
	gint64 metres = 0;
	gint64 heart = 96;
	int i;

	json_builder_set_member_name(json, "track");
	json_builder_begin_array(json);
	for (i = 0; i < POINTS; i++) {
		gint64 step = 26 + (gint64)baton_prng_below(prng, 9);

		metres += step;
		lat_e7 += step * 64 + (gint64)baton_prng_below(prng, 40);
		lon_e7 += step * 104 - (gint64)baton_prng_below(prng, 60);
		heart += (gint64)baton_prng_below(prng, 5) - (heart > 150);
		json_builder_begin_object(json);
		add_int(json, "t", (gint64)i * SECONDS_PER_POINT);
		add_int(json, "lat", lat_e7);
		add_int(json, "lon", lon_e7);
		add_int(json, "m", metres);
		add_int(json, "hr", MIN(heart, 182));
		add_int(json, "spm", 158 + baton_prng_below(prng, 14));
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
}

char *baton_sample_new(uint64_t seed)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	struct baton_prng prng;

	baton_prng_init(&prng, seed, STREAM);
	json_builder_begin_object(json);
	add_string(json, "activity", "workout.run");
	add_int(json, "version", 17);
	add_string(json, "state", "running");
	add_int(json, "elapsed_s", POINTS * SECONDS_PER_POINT);
	add_string(json, "screen", "pace");
	add_string(json, "goal", "5 km below 30 min");
	add_track(json, &prng);
	json_builder_end_object(json);
	root = json_builder_get_root(json);
	json_generator_set_root(generator, root);
	return json_generator_to_data(generator, NULL);
}
