/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_CONFIG_H
#define BATON_SIM_CONFIG_H

#include "sim/sim.h"

/* As baton_sim_config_check(), of parts that can be set later, too. */
const char *baton_sim_errors_check(const struct baton_sim_errors *e);
const char *baton_sim_node_check(const struct baton_sim_node_config *n);

/* The supervision timeout, its default worked out. */
uint64_t baton_sim_config_timeout_us(const struct baton_sim_config *cfg);

#endif
