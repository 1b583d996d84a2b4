/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_KEYLOG_H
#define BATON_TOOLS_KEYLOG_H

#include "session/session.h"

/*
 * Record keys, as they come, into the file that the environment variable
 * BATON_KEYLOG names: for `baton dissect`, and for nothing else. Whoever has
 * the file reads everything that was said.
 *
 * Only in a build with -Dkeylog=enabled, or of Meson's type debug. In every
 * other there is no such code: these are empty.
 */
struct baton_keylog {
	uint8_t seen[2][BATON_CLASSES][BATON_CRYPTO_KEY_LEN];
};

#ifdef BATON_WITH_KEYLOG
/* After every call of the engine: write the keys that are new. */
void baton_keylog_look(struct baton_keylog *keylog,
		       const struct baton_session *session);
#else
static inline void baton_keylog_look(struct baton_keylog *keylog,
				     const struct baton_session *session)
{
	(void)keylog;
	(void)session;
}
#endif

#endif
