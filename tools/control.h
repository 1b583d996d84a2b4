/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_CONTROL_H
#define BATON_TOOLS_CONTROL_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "port/linux/store.h"

/*
 * The program that has a store takes requests of other programs of the same
 * user, on the UNIX socket `control` in the store's directory (mode 0600). A
 * connection is for one request: a JSON object in a line, with the member
 * "command"; the answer is one too, with "error" and "exit" where it failed.
 * docs/PROGRAM.md has the commands. No secret travels here: nothing of it is
 * wiped.
 */
#define BATON_CONTROL_NAME "control"
#define BATON_CONTROL_REQUEST_MAX 4096 /* bytes of a line */
#define BATON_CONTROL_CLIENTS 8 /* at a time */

struct baton_control;
struct baton_control_request;

/*
 * A command: answer it with _answer() or _refuse(), now or later, exactly
 * once. The request lives until then, or until _free() of the control.
 */
typedef void (*baton_control_fn)(void *user,
				 struct baton_control_request *request);

/*
 * Listen in dir, on the default main context. The caller has the store there,
 * so that a socket which is there already is nobody's. BATON_EXIT_OUTPUT.
 */
struct baton_control *baton_control_new(const char *dir, GError **error);

/* The socket is removed; what was not answered never is. NULL is allowed. */
void baton_control_free(struct baton_control *control);

/* Take a command from now on; name and user are used, not copied. */
void baton_control_add(struct baton_control *control, const char *name,
		       baton_control_fn fn, void *user);

/* A member of a request that is a string, or NULL; it lives as long as that. */
const char *baton_control_text(const struct baton_control_request *request,
			       const char *member);

/* Done. answer, which is taken, may be NULL: nothing is to be said. */
void baton_control_answer(struct baton_control_request *request,
			  JsonObject *answer);

/* Not done, and why: error, which is taken, with an exit code (fail.h). */
void baton_control_refuse(struct baton_control_request *request, GError *error);

/*
 * Have the store in dir for oneself: what baton_store_open() does, but who is
 * about to leave it is waited for, 3 s. NULL: BATON_EXIT_OUTPUT.
 */
struct baton_store *baton_control_store(const char *dir, GError **error);

/*
 * Ask the program that has the store in dir, and wait for its answer, which is
 * to be unreferenced. request is taken.
 *
 * NULL without an error: no program runs, and it was not asked; so it is with one
 * that ends before it takes the request. Where store is not NULL, *store is that
 * store then, opened, the caller's to do it on and to close; it stays NULL where
 * there is no dir, and none is made.
 *
 * NULL with an error: what the program refused with; BATON_EXIT_USAGE, the request
 * is too long, or not UTF-8; BATON_EXIT_TIMEOUT, it took
 * the request, and then ended or said nothing for a minute, so that nobody knows
 * whether it was done; BATON_EXIT_OUTPUT, the store cannot be used, or is held
 * for 3 s by a program that takes no requests.
 */
JsonObject *baton_control_ask(const char *dir, JsonObject *request,
			      struct baton_store **store, GError **error);

#endif
