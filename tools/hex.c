/* SPDX-License-Identifier: MIT */
#include "tools/hex.h"

#include <glib.h>
#include <string.h>

char *baton_hex(const uint8_t *bytes, size_t len)
{
	GString *text = g_string_sized_new(2 * len);
	size_t i;

	for (i = 0; i < len; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

bool baton_hex_read(const char *text, uint8_t *bytes, size_t len)
{
	int high, low;
	size_t i;

	if (strlen(text) != 2 * len)
		return false;
	for (i = 0; i < len; i++) {
		high = g_ascii_xdigit_value(text[2 * i]);
		low = g_ascii_xdigit_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
