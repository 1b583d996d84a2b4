/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_PART_H
#define BATON_TOOLS_PART_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A file that is being written beside its place: ".name.part". */
struct baton_part;

/*
 * Begin a file of total bytes (UINT64_MAX: not known) that shall get the
 * clean name `name` in the directory dir_fd, which outlives the part. Room
 * for it is reserved where the file system can. What an earlier run left of
 * a file of that name is used up. NULL, errno: ENOSPC, ...
 */
struct baton_part *baton_part_new(int dir_fd, const char *name, uint64_t total);

/*
 * The same for a file that may outlive this process: it is called temp,
 * durably, until it has its name. fresh: it begins, whatever is there; else it
 * goes on behind its first offset bytes. NULL, errno: ENOENT, they are not
 * there; EBUSY, another process writes it; ENOSPC, ...
 */
struct baton_part *baton_part_open(int dir_fd, const char *temp, uint64_t total,
				   uint64_t offset, bool fresh);

/* Append; -1, errno: ENOSPC, EFBIG, ... */
int baton_part_write(struct baton_part *part, const void *bytes, size_t len);

/* What was written is durable from here on; -1, errno. */
int baton_part_sync(struct baton_part *part);

/*
 * Give what is complete this name, durably; -1, errno: EEXIST, ..., it has not
 * got it.
 */
int baton_part_name(struct baton_part *part, const char *name);

/*
 * It is complete: make it durable and give it its name, or the first
 * numbered one that is not taken. The name is the caller's to g_free().
 * NULL, errno: the part stays to be dropped.
 */
char *baton_part_finish(struct baton_part *part);

/* Free it; what was not finished is removed. NULL is allowed. */
void baton_part_free(struct baton_part *part);

/* Free it; what was not finished stays for the next _open(). */
void baton_part_leave(struct baton_part *part);

#endif
