/* SPDX-License-Identifier: MIT */
#ifndef BATON_SIM_ALLOC_H
#define BATON_SIM_ALLOC_H

#include <stddef.h>

/* As realloc(), but ends the process with a message if there is no memory. */
void *baton_sim_realloc(void *ptr, size_t size);

/* Ends the process: text says what the caller of the simulator did wrong. */
_Noreturn void baton_sim_die(const char *text);

#endif
