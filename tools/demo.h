/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_DEMO_H
#define BATON_TOOLS_DEMO_H

/* `baton demo [FILE]`: a whole hand-over in one process and virtual time. */
int baton_demo_main(int argc, char **argv);

#endif
