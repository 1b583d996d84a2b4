/* SPDX-License-Identifier: MIT */
#ifndef BATON_GATT_DOCTOR_H
#define BATON_GATT_DOCTOR_H

#include <stddef.h>
#include <stdio.h>

/* Looks at what this machine brings for Bluetooth; changes nothing. */

enum baton_doctor_verdict {
	BATON_DOCTOR_OK,
	BATON_DOCTOR_WARN, /* works, with the fault that is named */
	BATON_DOCTOR_FAIL, /* Baton cannot work over BlueZ like this */
};

struct baton_doctor_check {
	char *name; /* one word, stays the same between versions */
	enum baton_doctor_verdict verdict;
	char *finding; /* what was seen, one line */
	char *advice; /* what to do, one line; NULL where nothing is to do */
};

struct baton_doctor;

/* Where to look, for tests; a NULL member is the usual place. */
struct baton_doctor_places {
	const char *etc; /* "/etc/bluetooth" */
	const char *sys; /* "/sys" */
	const char *kernel; /* the release, as uname -r prints it */
};

/*
 * Makes every check; takes up to some seconds where D-Bus does not answer.
 *
 * @places  NULL, or where to look
 *
 * The caller frees the answer with baton_doctor_free(). Never NULL.
 */
struct baton_doctor *baton_doctor_new(const struct baton_doctor_places *places);

/* Adds what the caller has checked himself; the texts are copied. */
void baton_doctor_add(struct baton_doctor *doctor, const char *name,
		      enum baton_doctor_verdict verdict, const char *finding,
		      const char *advice);

/* The number of checks. */
size_t baton_doctor_count(const struct baton_doctor *doctor);

/* Check i, or NULL beyond the last; belongs to the doctor. */
const struct baton_doctor_check *
baton_doctor_check(const struct baton_doctor *doctor, size_t i);

/* The worst verdict of all checks. */
enum baton_doctor_verdict
baton_doctor_verdict(const struct baton_doctor *doctor);

/* Prints the checks for a person, one or two lines each. */
void baton_doctor_print(const struct baton_doctor *doctor, FILE *out);

/*
 * Prints {"verdict": "ok", "checks": [{"name", "verdict", "finding",
 * "advice"}]}; verdicts are "ok", "warn" and "fail", advice may be null.
 */
void baton_doctor_print_json(const struct baton_doctor *doctor, FILE *out);

void baton_doctor_free(struct baton_doctor *doctor);

#endif
