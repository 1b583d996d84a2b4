/* SPDX-License-Identifier: MIT */
#ifndef BATON_PORT_LINUX_PLACE_H
#define BATON_PORT_LINUX_PLACE_H

/*
 * A directory that one user may enter and one process at a time holds, for
 * what must be kept. Nothing of it is installed.
 */

/*
 * Make dir (mode 0700, with its parents) where it is not there, and hold it.
 * Gives its descriptor, whose closing lets go of it. -1: errno; EPERM is a
 * directory of another user or open to others, EBUSY one that is held.
 */
int baton_place_hold(const char *dir);

/*
 * See to it that the file name in the directory is there (mode 0600, empty if
 * it is new) and is this user's alone. 0, or -1: errno; EPERM as above,
 * EBADMSG for what is no plain file.
 */
int baton_place_file(int dir_fd, const char *name);

#endif
