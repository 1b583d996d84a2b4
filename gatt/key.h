/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_KEY_H
#define BATON_GATT_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What opens the bulk characteristic; public. SPEC.md, "Bulk". */
#define BATON_GATT_KEY_LEN 16

static const uint8_t baton_gatt_key[BATON_GATT_KEY_LEN] = {
	0x20, 0x1f, 0x3d, 0xfb, 0xa2, 0x19, 0xa8, 0x76,
	0x1a, 0xa3, 0x71, 0x0b, 0xcf, 0xfc, 0x7c, 0x35,
};

#endif
