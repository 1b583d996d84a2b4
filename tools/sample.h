/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_SAMPLE_H
#define BATON_TOOLS_SAMPLE_H

#include <stdint.h>

/*
 * The state of an activity as a watch may have it in the middle of a run:
 * some kilobytes of JSON, the same for the same seed. The caller frees it
 * with g_free().
 */
char *baton_sample_new(uint64_t seed);

#endif
