/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_SIM_COMMAND_H
#define BATON_TOOLS_SIM_COMMAND_H

/* `baton sim`: scenarios. */
int baton_sim_main(int argc, char **argv);

#endif
