/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_WRAPPED_H
#define TESTS_SUPPORT_WRAPPED_H

/* Declares both ends of a function that is linked with --wrap=function. */
#define WRAPPED(function)                       \
	__typeof__(function) __real_##function; \
	__typeof__(function) __wrap_##function

#endif
