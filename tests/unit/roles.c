/* SPDX-License-Identifier: MIT */

/*
 * Every call of session.h, passed on to the build of the core for the role of
 * its engine: so the tests of the engine run with a watch that has no code of
 * a phone, and a phone that has none of a watch. WATCH_CORE and PHONE_CORE are
 * the modules, each a world of its own; WATCH_METHODS is 0 where the watch can
 * compare alone.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "session/session.h"

/* The tests name them; each core has its own. */
const struct baton_method {
	char unused;
} baton_out_of_band, baton_typed;

static void *core_of(enum baton_role role, const char *name)
{
	static void *core[2];
	void *symbol;

	if (!core[role])
		core[role] =
			dlopen(role == BATON_PHONE ? PHONE_CORE : WATCH_CORE,
			       RTLD_NOW | RTLD_LOCAL);
	symbol = core[role] ? dlsym(core[role], name) : NULL;
	if (!symbol) {
		fprintf(stderr, "roles: %s\n", dlerror());
		abort();
	}
	return symbol;
}

#define FORWARD(type, name, role, params, args)                         \
	type baton_session_##name params                                \
	{                                                               \
		type(*f) params;                                        \
                                                                        \
		*(void **)&f = core_of((role), "baton_session_" #name); \
		return f args;                                          \
	}

#define S struct baton_session *s
#define C const struct baton_session *s
#define ROLE s->config.role
#define ERR enum baton_err
#define AT struct baton_stream_id at
#define ID const uint8_t id[BATON_BOND_ID_LEN]
#define NOW uint64_t now_ms

FORWARD(size_t, memory_len, config->role,
	(const struct baton_session_config *config), (config))

enum baton_err baton_session_init(struct baton_session *session,
				  const struct baton_session_config *config,
				  void *memory, size_t memory_len,
				  const uint8_t seed[32])
{
	struct baton_session_config own = *config;
	enum baton_err (*f)(struct baton_session *,
			    const struct baton_session_config *, void *, size_t,
			    const uint8_t *);

	if (own.role != BATON_WATCH && own.role != BATON_PHONE)
		return BATON_ERR_ARG;
	/* It would refuse what it cannot do. */
	if (!WATCH_METHODS && own.role == BATON_WATCH)
		own.out_of_band = own.typed = NULL;
	if (own.out_of_band)
		own.out_of_band = core_of(own.role, "baton_out_of_band");
	if (own.typed)
		own.typed = core_of(own.role, "baton_typed");
	*(void **)&f = core_of(own.role, "baton_session_init");
	return f(session, &own, memory, memory_len, seed);
}

FORWARD(void, wipe, ROLE, (S), (s))
FORWARD(ERR, load, ROLE, (S, const char *key, const uint8_t *value, size_t len),
	(s, key, value, len))
FORWARD(size_t, bond_count, ROLE, (C), (s))
FORWARD(ERR, bond_id, ROLE, (C, size_t i, uint8_t id[BATON_BOND_ID_LEN]),
	(s, i, id))
FORWARD(ERR, bond_select, ROLE, (S, ID), (s, id))
FORWARD(ERR, bond_revoke, ROLE, (S, ID, NOW), (s, id, now_ms))
FORWARD(ERR, pairing_open, ROLE, (S, NOW), (s, now_ms))
FORWARD(void, pairing_close, ROLE, (S), (s))
FORWARD(ERR, secret_make, ROLE, (S, uint8_t secret[BATON_OOB_SECRET_LEN], NOW),
	(s, secret, now_ms))
FORWARD(ERR, secret_take, ROLE,
	(S, const uint8_t secret[BATON_OOB_SECRET_LEN], NOW),
	(s, secret, now_ms))
FORWARD(ERR, code, ROLE, (S, const char *text, NOW), (s, text, now_ms))
FORWARD(void, code_forgive, ROLE, (S), (s))
FORWARD(ERR, confirm, ROLE, (S, bool yes, NOW), (s, yes, now_ms))
FORWARD(ERR, link_up, ROLE, (S, const struct baton_link_facts *facts, NOW),
	(s, facts, now_ms))
FORWARD(void, link_mtu, ROLE, (S, uint16_t mtu), (s, mtu))
FORWARD(void, link_changed, ROLE, (S, const struct baton_link_facts *facts),
	(s, facts))
FORWARD(void, link_down, ROLE, (S, NOW), (s, now_ms))
FORWARD(ERR, rx, ROLE, (S, const uint8_t *pdu, size_t len, NOW),
	(s, pdu, len, now_ms))
FORWARD(size_t, tx, ROLE, (S, uint8_t *dst, size_t cap, NOW),
	(s, dst, cap, now_ms))
FORWARD(uint64_t, deadline, ROLE, (C), (s))
FORWARD(void, tick, ROLE, (S, NOW), (s, now_ms))
FORWARD(bool, next_event, ROLE, (S, struct baton_event *event, NOW),
	(s, event, now_ms))
FORWARD(bool, next_control, ROLE, (S, struct baton_event *event), (s, event))
FORWARD(bool, next_store_op, ROLE, (S, struct baton_store_op *op), (s, op))
FORWARD(void, stored, ROLE, (S, uint32_t id, enum baton_err err, NOW),
	(s, id, err, now_ms))
FORWARD(ERR, send, ROLE,
	(S, AT, const uint8_t *message, size_t len, unsigned int flags, NOW),
	(s, at, message, len, flags, now_ms))
FORWARD(ERR, begin, ROLE,
	(S, AT, uint32_t total, const uint8_t *meta, size_t meta_len,
	 unsigned int flags),
	(s, at, total, meta, meta_len, flags))
FORWARD(uint32_t, number, ROLE, (C, AT), (s, at))
FORWARD(ERR, write, ROLE,
	(S, AT, const uint8_t *bytes, size_t len, size_t *taken, NOW),
	(s, at, bytes, len, taken, now_ms))
FORWARD(ERR, cancel, ROLE, (S, AT, uint8_t reason), (s, at, reason))
FORWARD(ERR, refuse, ROLE, (S, AT, uint8_t reason), (s, at, reason))
FORWARD(ERR, channel, ROLE, (C, uint8_t channel[32]), (s, channel))
FORWARD(ERR, bond_export, ROLE,
	(C, ID, const char *label, const uint8_t *ctx, size_t ctx_len,
	 uint8_t out[BATON_CRYPTO_KEY_LEN]),
	(s, id, label, ctx, ctx_len, out))
FORWARD(ERR, frame, ROLE, (S, uint8_t code, const uint8_t *body, size_t len),
	(s, code, body, len))
FORWARD(void, stats, ROLE, (C, struct baton_session_stats *stats), (s, stats))

/* A test types what a device shows. */
void baton_typed_text(const uint8_t digits[BATON_TYPED_DIGITS],
		      char text[BATON_TYPED_TEXT_LEN])
{
	void (*f)(const uint8_t *, char *);

	*(void **)&f = core_of(BATON_PHONE, "baton_typed_text");
	f(digits, text);
}
