/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_BONDS_COMMAND_H
#define BATON_TOOLS_BONDS_COMMAND_H

/*
 * `baton bonds`: list, rename, revoke, forgive. Through the program that has
 * the store, where one runs.
 */
int baton_bonds_main(int argc, char **argv);

#endif
