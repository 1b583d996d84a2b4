/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_CONTROL_H
#define BATON_TOOLS_CONTROL_H

#include <glib.h>
#include <json-glib/json-glib.h>

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
 * Ask the program that has the store in dir, and wait for its answer, which is
 * to be unreferenced. request is taken. NULL without an error: there is no
 * such program. Errors: what it refused with; BATON_EXIT_OUTPUT: it ended, or
 * said nothing within a minute.
 */
JsonObject *baton_control_ask(const char *dir, JsonObject *request,
			      GError **error);

#endif
