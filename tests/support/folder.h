/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#define FOLDER_MAX 64 /* of its path, the closing 0 included */

/*
 * Make a folder for a test. It is there until the program ends, by an assertion
 * that fails or otherwise, and then it is removed with all that is in it.
 * The path is valid until then.
 */
const char *folder_make(void);

#endif
