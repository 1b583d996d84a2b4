/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_AIR_H
#define BATON_TOOLS_AIR_H

/* `baton air PATH`: the simulated radio as a process, in real time. */
int baton_air_main(int argc, char **argv);

#endif
