/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_LARGE_H
#define BATON_TOOLS_LARGE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * What people read off one device and take to another, drawn large on a
 * terminal. Neither is wider than 39 columns.
 */

/* Digits, and spaces between groups of them. */
void baton_large_digits(FILE *out, const char *text);

/*
 * A QR code of capital letters, digits and colons. False if it cannot be
 * drawn: no libqrencode, no UTF-8, or a terminal that is too narrow; then
 * nothing was written.
 */
bool baton_large_qr(FILE *out, const char *text);

#endif
