/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_DEVICE_H
#define BATON_TOOLS_DEVICE_H

/* `baton watch` and `baton phone`: one device of a pair, over any bearer. */
int baton_watch_main(int argc, char **argv);
int baton_phone_main(int argc, char **argv);

/*
 * `baton pair watch|phone`: the same as `baton watch|phone ... pair`; `status`
 * and `queue` likewise.
 */
int baton_pair_main(int argc, char **argv);
int baton_report_main(int argc, char **argv);

#endif
