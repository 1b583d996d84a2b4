/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_RADIO_H
#define BATON_TOOLS_RADIO_H

#include <glib.h>

#include "sim/sim.h"
#include "tools/air_wire.h"

/*
 * The simulator paced by the wall clock, its two devices played by processes
 * on sockets. A role that goes away ends its link; the devices find each
 * other again when it is back. Uses the default main context.
 */
struct baton_radio;

struct baton_radio *baton_radio_new(const struct baton_sim_config *config,
				    GError **error);
void baton_radio_free(struct baton_radio *radio);

/*
 * The process at the other end of fd, which has said HELLO, plays a side.
 * WELCOME: fd is the radio's now. Else it stays the caller's.
 */
enum baton_air_sorry baton_radio_seat(struct baton_radio *radio,
				      enum baton_sim_side side, int fd);

#endif
