/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "tests/interop/noise_vectors.h"

static char complaint[512];

__attribute__((format(printf, 1, 2))) static const char *
complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(complaint, sizeof(complaint), format, args);
	va_end(args);
	return complaint;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool bytes_from_hex(struct vector_bytes *bytes, const char *hex)
{
	size_t len = strlen(hex), i;
	int high, low;

	if (len % 2 || len / 2 > sizeof(bytes->data))
		return false;
	for (i = 0; i < len / 2; i++) {
		high = hex_digit(hex[2 * i]);
		low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes->data[i] = (uint8_t)(high << 4 | low);
	}
	bytes->len = len / 2;
	bytes->given = true;
	return true;
}

/* cacophony: {"vectors": [{"protocol_name": ..., "messages": [...]}]} */

static bool json_bytes(struct vector_bytes *bytes, const json_t *value)
{
	return !value || (json_is_string(value) &&
			  bytes_from_hex(bytes, json_string_value(value)));
}

static const char *json_vector(struct vector *v, const json_t *object)
{
	const char *name =
		json_string_value(json_object_get(object, "protocol_name"));
	const json_t *messages = json_object_get(object, "messages");
	const json_t *psks = json_object_get(object, "init_psks");
	const struct {
		const char *key;
		struct vector_bytes *bytes;
	} fields[] = {
		{"init_prologue", &v->prologue},
		{"init_static", &v->sides[0].s},
		{"init_ephemeral", &v->sides[0].e},
		{"init_remote_static", &v->sides[0].rs},
		{"resp_static", &v->sides[1].s},
		{"resp_ephemeral", &v->sides[1].e},
		{"resp_remote_static", &v->sides[1].rs},
		{"handshake_hash", &v->h},
	};
	const json_t *message;
	size_t i;

	memset(v, 0, sizeof(*v));
	if (!name || strlen(name) >= sizeof(v->name))
		return "has no usable protocol_name";
	strcpy(v->name, name);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!json_bytes(fields[i].bytes,
				json_object_get(object, fields[i].key)))
			return fields[i].key;
	if (!json_bytes(&v->psk, json_array_get(psks, 0)))
		return "init_psks";
	v->n_messages = json_array_size(messages);
	if (v->n_messages > VECTOR_MESSAGES_MAX)
		return "has too many messages";
	for (i = 0; i < v->n_messages; i++) {
		message = json_array_get(messages, i);
		if (!json_bytes(&v->messages[i].payload,
				json_object_get(message, "payload")) ||
		    !json_bytes(&v->messages[i].ciphertext,
				json_object_get(message, "ciphertext")))
			return "messages";
	}
	return NULL;
}

static const char *load_json(const char *path, FILE *file,
			     void (*each)(const struct vector *vector))
{
	static struct vector v;
	const json_t *list;
	const char *text = NULL;
	json_error_t error;
	json_t *root;
	size_t i;

	root = json_loadf(file, 0, &error);
	if (!root)
		return complain("%s: line %d: %s", path, error.line,
				error.text);
	list = json_object_get(root, "vectors");
	if (!json_is_array(list))
		text = complain("%s: has no list \"vectors\"", path);
	for (i = 0; !text && i < json_array_size(list); i++) {
		text = json_vector(&v, json_array_get(list, i));
		if (text)
			text = complain("%s: vector %zu: %s", path, i, text);
		else
			each(&v);
	}
	json_decref(root);
	return text;
}

/* flynn: lines of key=value, an empty line between vectors */

static const char *line_message(struct vector *v, const char *key,
				const char *value)
{
	struct vector_bytes *bytes;
	unsigned int index;
	char what[16];

	if (sscanf(key, "msg_%u_%15s", &index, what) != 2 ||
	    index >= VECTOR_MESSAGES_MAX)
		return "unknown key";
	if (!strcmp(what, "payload"))
		bytes = &v->messages[index].payload;
	else if (!strcmp(what, "ciphertext"))
		bytes = &v->messages[index].ciphertext;
	else
		return "unknown key";
	if (!bytes_from_hex(bytes, value))
		return "not hexadecimal";
	if (index >= v->n_messages)
		v->n_messages = index + 1;
	return NULL;
}

static const char *line_field(struct vector *v, const char *key,
			      const char *value)
{
	const struct {
		const char *key;
		struct vector_bytes *bytes;
	} fields[] = {
		{"prologue", &v->prologue},
		{"preshared_key", &v->psk},
		{"init_static", &v->sides[0].s},
		{"gen_init_ephemeral", &v->sides[0].e},
		{"resp_static", &v->sides[1].s},
		{"gen_resp_ephemeral", &v->sides[1].e},
	};
	size_t i;

	if (!strcmp(key, "handshake")) {
		if (strlen(value) >= sizeof(v->name))
			return "name too long";
		strcpy(v->name, value);
		return NULL;
	}
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(key, fields[i].key))
			return bytes_from_hex(fields[i].bytes, value)
				       ? NULL
				       : "not hexadecimal";
	return line_message(v, key, value);
}

static const char *load_lines(const char *path, FILE *file,
			      void (*each)(const struct vector *vector))
{
	static const struct vector empty = {.initiator_goes_on = true};
	static struct vector v;
	static char line[2 * VECTOR_BYTES_MAX + 64];
	unsigned int number = 0;
	const char *text;
	char *value;

	v = empty;
	while (fgets(line, sizeof(line), file)) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		if (!*line) {
			if (*v.name)
				each(&v);
			v = empty;
			continue;
		}
		value = strchr(line, '=');
		if (!value)
			return complain("%s: line %u: is not key=value", path,
					number);
		*value++ = '\0';
		text = line_field(&v, line, value);
		if (text)
			return complain("%s: line %u: %s", path, number, text);
	}
	if (*v.name)
		each(&v);
	return NULL;
}

const char *vectors_load(const char *path,
			 void (*each)(const struct vector *vector))
{
	FILE *file = fopen(path, "r");
	const char *text;
	int first;

	if (!file)
		return complain("%s: cannot be opened", path);
	first = getc(file);
	ungetc(first, file);
	if (first == '{')
		text = load_json(path, file, each);
	else
		text = load_lines(path, file, each);
	fclose(file);
	return text;
}
