/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_DISSECT_H
#define BATON_TOOLS_DISSECT_H

/*
 * `baton dissect TRACE [--keylog FILE]`: what a trace of a host holds, as
 * text: links, PDUs, records, and with the keys what is in them.
 */
int baton_dissect_main(int argc, char **argv);

#endif
