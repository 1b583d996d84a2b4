/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "tools/filename.h"

/* An extension longer than this is a part of the name. */
#define EXTENSION_MAX 16

static bool is_harmful(gunichar c, bool first)
{
	if (c == '/' || c == '\\')
		return true;
	if (first && (c == '.' || c == '-'))
		return true;
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_UNASSIGNED:
		return true;
	default:
		return false;
	}
}

/* Where the extension begins, dot included; the end if there is none. */
static const char *extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || strlen(dot) > EXTENSION_MAX)
		return name + strlen(name);
	return dot;
}

/* Cut a name to the limit, at a character, before its extension. */
static void cut(GString *name)
{
	g_autofree char *tail = g_strdup(extension(name->str));
	const char *end;

	if (name->len <= BATON_FILENAME_MAX)
		return;
	end = name->str + BATON_FILENAME_MAX - strlen(tail);
	end = g_utf8_find_prev_char(name->str, end + 1);
	g_string_truncate(name, (gsize)(end - name->str));
	g_string_append(name, tail);
}

bool baton_filename_clean(char dst[BATON_FILENAME_MAX + 1], const uint8_t *name,
			  size_t len)
{
	g_autoptr(GString) clean = NULL;
	const char *end = (const char *)name + len;
	const char *p;

	if (!len || !g_utf8_validate((const char *)name, (gssize)len, NULL))
		return false;
	clean = g_string_sized_new(len);
	for (p = (const char *)name; p < end; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (is_harmful(c, p == (const char *)name))
			c = '_';
		g_string_append_unichar(clean, c);
	}
	cut(clean);
	memcpy(dst, clean->str, clean->len + 1);
	return true;
}

char *baton_filename_numbered(const char *name, unsigned int number)
{
	const char *tail = extension(name);

	if (!number)
		return g_strdup(name);
	return g_strdup_printf("%.*s (%u)%s", (int)(tail - name), name, number,
			       tail);
}
