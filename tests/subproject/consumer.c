/* SPDX-License-Identifier: MIT */
/* A program of somebody else that uses Baton through its public headers. */
#include <stdio.h>

#include <baton/base.h>

int main(void)
{
	puts(baton_err_text(BATON_OK));
	return 0;
}
