/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_H
#define BATON_SIM_H

/* The simulator: two devices, one radio, virtual time, one seed. */
#include "sim/phy.h"
#include "sim/prng.h"
#include "sim/sim.h"
#include "sim/source.h"

#endif
