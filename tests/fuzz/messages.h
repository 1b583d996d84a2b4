/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_MESSAGES_H
#define TESTS_FUZZ_MESSAGES_H

/*
 * The message layers of two honest sides, what is on its way between them,
 * and a log of every message sent, against which all that arrives is checked.
 * There is one such world; every call aborts when something is not right.
 */

#include <stddef.h>
#include <stdint.h>

/* Both sides anew. */
void messages_start(void);

/* What an application does; what is not possible now is left out. */
void messages_send(uint8_t class_id, uint8_t number, size_t len);
void messages_begin(uint8_t class_id, uint8_t number, uint16_t total);
void messages_write(uint8_t class_id, uint8_t number, size_t len);
void messages_cancel(uint8_t class_id, uint8_t number);
void messages_refuse(uint8_t class_id, uint8_t number);

/* Make a record of what waits in a class; let the oldest one arrive. */
void messages_seal(uint8_t class_id);
void messages_deliver(uint8_t class_id);

/* VERIFIED goes out; the oldest VERIFIED or REFUSE arrives. */
void messages_tell(void);
void messages_hear(void);

/*
 * The link ends with all that is on its way, and the next one begins. forgot:
 * the receiver has lost its memory.
 */
void messages_next_link(int forgot);

/* From here on nothing is lost: everything begun arrives, and one more. */
void messages_finish(void);

#endif
