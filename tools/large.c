/* SPDX-License-Identifier: MIT */
#include <langinfo.h>
#include <string.h>

#ifdef HAVE_QRENCODE
#include <qrencode.h>
#endif

#include "tools/fold.h"
#include "tools/large.h"

#define HEIGHT 5
#define QUIET 4 /* light modules around a QR code */
#define INDENT 1

static const char *const font[10][HEIGHT] = {
	{" ## ", "#  #", "#  #", "#  #", " ## "},
	{" #  ", "##  ", " #  ", " #  ", "### "},
	{"### ", "   #", " ## ", "#   ", "####"},
	{"### ", "   #", " ## ", "   #", "### "},
	{"#  #", "#  #", "####", "   #", "   #"},
	{"####", "#   ", "### ", "   #", "### "},
	{" ## ", "#   ", "### ", "#  #", " ## "},
	{"####", "   #", "  # ", " #  ", " #  "},
	{" ## ", "#  #", " ## ", "#  #", " ## "},
	{" ## ", "#  #", " ###", "   #", " ## "},
};

static bool has_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

void baton_large_digits(FILE *out, const char *text)
{
	const char *dot = has_utf8() ? "\u2588" : "#";
	const char *c, *p;
	int row;

	for (row = 0; row < HEIGHT; row++) {
		fprintf(out, "%*s", INDENT, "");
		for (c = text; *c; c++) {
			if (*c < '0' || *c > '9') {
				fputc(' ', out);
				continue;
			}
			for (p = font[*c - '0'][row]; *p; p++)
				fputs(*p == '#' ? dot : " ", out);
			fputc(' ', out);
		}
		fputc('\n', out);
	}
}

#ifdef HAVE_QRENCODE

static bool is_light(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return true;
	return !(code->data[y * code->width + x] & 1);
}

/* Two modules above each other are one character, light ones are drawn. */
static void draw(FILE *out, const QRcode *code)
{
	static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
	int end = code->width + QUIET;
	int x, y;

	for (y = -QUIET; y < end; y += 2) {
		/* Bright white on black, whatever the terminal has. */
		fprintf(out, "%*s\033[97;40m", INDENT, "");
		for (x = -QUIET; x < end; x++)
			fputs(blocks[2 * is_light(code, x, y) +
				     (y + 1 < end && is_light(code, x, y + 1))],
			      out);
		fputs("\033[0m\n", out);
	}
}

bool baton_large_qr(FILE *out, const char *text)
{
	QRcode *code;
	int columns = (int)baton_fold_columns(out);
	bool fits;

	if (!has_utf8())
		return false;
	code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 0);
	if (!code)
		return false;
	fits = code->width + 2 * QUIET + INDENT <= columns;
	if (fits)
		draw(out, code);
	/* It is as secret as the text. */
	explicit_bzero(code->data, (size_t)(code->width * code->width));
	QRcode_free(code);
	return fits;
}

#else

bool baton_large_qr(FILE *out, const char *text)
{
	(void)out;
	(void)text;
	return false;
}

#endif
