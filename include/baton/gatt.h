/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_H
#define BATON_GATT_H

/* The bearer over BlueZ, for Linux hosts: GATT in both roles. Needs GLib. */
#include "gatt/central.h"
#include "gatt/doctor.h"
#include "gatt/options.h"
#include "gatt/peripheral.h"
#include "port/bearer.h"

#endif
