/* SPDX-License-Identifier: MIT */
#include "sim/alloc.h"

#include <stdio.h>
#include <stdlib.h>

void *baton_sim_realloc(void *ptr, size_t size)
{
	ptr = realloc(ptr, size);
	if (!ptr)
		baton_sim_die("out of memory");
	return ptr;
}

void baton_sim_die(const char *text)
{
	fprintf(stderr, "simulator: %s\n", text);
	abort();
}
