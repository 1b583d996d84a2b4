/* SPDX-License-Identifier: MIT */
#ifndef BATON_TESTS_PORT_FAULT_VFS_H
#define BATON_TESTS_PORT_FAULT_VFS_H

#include <stdbool.h>

/*
 * SQLite's way to the disk, with a count of everything that changes it. From
 * one change on they fail, or the process is gone at once.
 */
struct fault {
	unsigned int changes; /* writes, truncations and syncs so far */
	unsigned int unsynced; /* writes and truncations since the last sync */
	unsigned int fail_at; /* full from that change on; 0: never */
	bool sync_fails; /* then syncs fail too, as on a broken disk */
	unsigned int die_at; /* _exit() before that change; 0: never */
	bool no_sync; /* fsync() that does nothing; it still counts */
};

extern struct fault fault;

/* Use it for every database that is opened from now on. */
void fault_install(void);

#endif
