/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tools/desk.h"
#include "tools/hex.h"

#define DESK BATON_DESK

/* The bond that a phone wants a link with, or a watch had the last one with. */
static bool is_meant(const struct baton_endpoint *endpoint,
		     const uint8_t id[BATON_BOND_ID_LEN])
{
	const struct baton_session *session = &endpoint->session;
	uint8_t meant[BATON_BOND_ID_LEN];
	uint8_t at = endpoint->config.session.role == BATON_PHONE
			     ? session->bond_wanted
			     : session->bond_at;

	return !baton_session_bond_id(session, at, meant) &&
	       !memcmp(meant, id, sizeof(meant));
}

uint8_t baton_desk_peer(struct baton_endpoint *endpoint)
{
	uint8_t id[BATON_BOND_ID_LEN];
	uint8_t peer = baton_endpoint_peer(endpoint);
	uint8_t i;

	if (peer != BATON_ENDPOINT_NOBODY)
		return peer;
	for (i = 0; i < BATON_BONDS; i++) {
		if (baton_endpoint_bond(endpoint, i, id))
			continue;
		if (is_meant(endpoint, id))
			return i;
		if (peer == BATON_ENDPOINT_NOBODY)
			peer = i;
	}
	return peer;
}

uint8_t baton_desk_find(const struct baton_endpoint *endpoint,
			const uint8_t bond[BATON_BOND_ID_LEN])
{
	uint8_t id[BATON_BOND_ID_LEN];
	uint8_t i;

	for (i = 0; i < BATON_BONDS; i++)
		if (!baton_endpoint_bond(endpoint, i, id) &&
		    !memcmp(id, bond, sizeof(id)))
			return i;
	return BATON_ENDPOINT_NOBODY;
}

/* What a terminal obeys, or what makes a line look like another one. */
static bool is_harmful(gunichar c)
{
	return g_unichar_iscntrl(c) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

char *baton_desk_text(const uint8_t *bytes, size_t len)
{
	GString *text = g_string_new(NULL);
	const char *p = (const char *)bytes;
	const char *end = p;

	(void)g_utf8_validate(p, (gssize)len, &end);
	for (; p < end; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		g_string_append_unichar(text, is_harmful(c) ? '?' : c);
	}
	return g_string_free(text, FALSE);
}

static const char *const states[] = {
	[BATON_LIFECYCLE_UNPAIRED] = "unpaired",
	[BATON_LIFECYCLE_PAIRING] = "pairing",
	[BATON_LIFECYCLE_BONDED] = "bonded",
	[BATON_LIFECYCLE_CONNECTING] = "connecting",
	[BATON_LIFECYCLE_SECURED] = "secured",
	[BATON_LIFECYCLE_ACTIVE] = "active",
	[BATON_LIFECYCLE_SUSPENDED] = "suspended",
	[BATON_LIFECYCLE_CLOSING] = "closing",
	[BATON_LIFECYCLE_REVOKED] = "revoked",
};

static const char *const holds[] = {
	[BATON_HOLD_NONE] = "none",	    [BATON_HOLD_OWNED] = "owned",
	[BATON_HOLD_LEASED] = "leased",	    [BATON_HOLD_LENT] = "lent",
	[BATON_HOLD_RELEASED] = "released",
};

static JsonObject *activity(const struct baton_handoff *handoff,
			    const uint8_t id[BATON_ACTIVITY_ID_LEN])
{
	uint64_t now_ms = baton_runner_now_ms();
	JsonObject *out = json_object_new();
	g_autofree char *name = baton_hex(id, BATON_ACTIVITY_ID_LEN);
	size_t len = 0;
	const uint8_t *state = baton_handoff_read(handoff, DESK, id, &len);
	uint64_t left_ms =
		baton_handoff_lease_left_ms(handoff, DESK, id, now_ms);

	json_object_set_string_member(out, "id", name);
	json_object_set_string_member(
		out, "hold", holds[baton_handoff_hold(handoff, DESK, id)]);
	json_object_set_boolean_member(
		out, "may_act",
		baton_handoff_may_act(handoff, DESK, id, now_ms));
	if (left_ms && left_ms != UINT64_MAX)
		json_object_set_int_member(out, "lease_left_ms",
					   (gint64)left_ms);
	if (state) {
		g_autofree char *text = baton_desk_text(state, len);

		json_object_set_string_member(out, "state", text);
	}
	return out;
}

static void add_activities(JsonObject *out, const struct baton_handoff *handoff)
{
	JsonArray *list = json_array_new();
	uint8_t id[BATON_ACTIVITY_ID_LEN];
	size_t i;

	for (i = 0; !baton_handoff_activity(handoff, DESK, i, id); i++)
		json_array_add_object_element(list, activity(handoff, id));
	json_object_set_array_member(out, "activities", list);
}

static const char *const sending[] = {
	[BATON_FILE_OUT_OFFERED] = "sending",
	[BATON_FILE_OUT_CANCELLED] = "cancelled",
	[BATON_FILE_OUT_DELIVERED] = "delivered",
	[BATON_FILE_OUT_FAILED] = "failed",
	[BATON_FILE_OUT_DONE] = "done",
};

static const char *const receiving[] = {
	[BATON_FILE_IN_ASKED] = "offered",
	[BATON_FILE_IN_RECEIVING] = "receiving",
	[BATON_FILE_IN_COMPLETE] = "complete",
	[BATON_FILE_IN_TAKEN] = "received",
	[BATON_FILE_IN_REFUSED] = "refused",
	[BATON_FILE_IN_ABORTED] = "given up",
	[BATON_FILE_IN_DONE] = "done",
};

/* For whom a file waits; NULL: for nobody, its bytes go. */
static const char *waits_for(struct baton_endpoint *endpoint, uint8_t peer,
			     const struct baton_file_info *info)
{
	bool over = info->outgoing
			    ? info->state >= BATON_FILE_OUT_DELIVERED
			    : info->state == BATON_FILE_IN_ASKED ||
				      info->state == BATON_FILE_IN_COMPLETE ||
				      info->state >= BATON_FILE_IN_ABORTED;

	if (over)
		return "this device";
	if (baton_endpoint_peer(endpoint) != peer)
		return "a link";
	if (baton_endpoint_state(endpoint, peer) != BATON_LIFECYCLE_ACTIVE)
		return "the session";
	if (info->going)
		return NULL;
	return !info->outgoing && info->state == BATON_FILE_IN_RECEIVING
		       ? "this device"
		       : "the other device";
}

static void add_files(JsonObject *out, struct baton_endpoint *endpoint,
		      uint8_t peer)
{
	const struct baton_files *files =
		baton_endpoint_files(endpoint, peer, DESK);
	JsonArray *list = json_array_new();
	struct baton_file_info info;
	size_t i;

	for (i = 0; !baton_files_info(files, i, &info); i++) {
		g_autofree char *id = baton_hex(info.id, sizeof(info.id));
		g_autofree char *name =
			baton_desk_text(info.meta, info.meta_len);
		const char *whom = waits_for(endpoint, peer, &info);
		JsonObject *file = json_object_new();

		json_object_set_string_member(file, "id", id);
		json_object_set_string_member(file, "name", name);
		json_object_set_string_member(file, "state",
					      info.outgoing
						      ? sending[info.state]
						      : receiving[info.state]);
		/* What is known to be durable over there, or is here. */
		json_object_set_int_member(file, "kept", (gint64)info.kept);
		json_object_set_int_member(file, "offset", (gint64)info.offset);
		json_object_set_int_member(file, "bytes", (gint64)info.total);
		if (whom)
			json_object_set_string_member(file, "waits_for", whom);
		json_array_add_object_element(list, file);
	}
	json_object_set_array_member(out, "files", list);
}

static void add_queue(JsonObject *out, struct baton_endpoint *endpoint,
		      uint8_t peer)
{
	const struct baton_queue *queue =
		baton_endpoint_queue(endpoint, peer, DESK);

	if (!queue)
		return;
	json_object_set_int_member(out, "queue_out",
				   (gint64)baton_queue_outstanding(queue));
	json_object_set_int_member(out, "queue_in",
				   (gint64)baton_queue_waiting(queue));
}

static void add_context(JsonObject *out, struct baton_endpoint *endpoint,
			uint8_t peer)
{
	const struct baton_context *context =
		baton_endpoint_context(endpoint, peer, DESK);
	const uint8_t *value;
	uint64_t version;
	size_t len;

	value = context ? baton_context_get(context, &version, &len) : NULL;
	if (value) {
		g_autofree char *text = baton_desk_text(value, len);

		json_object_set_string_member(out, "context", text);
	}
}

/* Which one it is, and how it stands; false: there is no such peer. */
static bool add_peer(JsonObject *out, struct baton_endpoint *endpoint,
		     uint8_t peer)
{
	uint8_t bond[BATON_BOND_ID_LEN];
	g_autofree char *name = NULL;

	json_object_set_string_member(
		out, "state", states[baton_endpoint_state(endpoint, peer)]);
	if (baton_endpoint_bond(endpoint, peer, bond))
		return false;
	name = baton_hex(bond, sizeof(bond));
	json_object_set_string_member(out, "bond", name);
	return true;
}

JsonObject *baton_desk_status(struct baton_endpoint *endpoint)
{
	uint8_t peer = baton_desk_peer(endpoint);
	JsonObject *out = json_object_new();
	struct baton_lifecycle *life = baton_endpoint_lifecycle(endpoint, peer);
	const struct baton_handoff *handoff =
		baton_endpoint_handoff(endpoint, peer);

	if (!add_peer(out, endpoint, peer))
		return out;
	if (life)
		json_object_set_int_member(
			out, "life_left_s",
			baton_lifecycle_left_s(life, baton_runner_now_ms()));
	if (handoff)
		add_activities(out, handoff);
	add_queue(out, endpoint, peer);
	add_context(out, endpoint, peer);
	add_files(out, endpoint, peer);
	return out;
}

JsonObject *baton_desk_queue(struct baton_endpoint *endpoint)
{
	JsonObject *out = json_object_new();
	JsonArray *list = json_array_new();
	uint8_t bond[BATON_BOND_ID_LEN];
	uint8_t peer;

	for (peer = 0; peer < BATON_BONDS; peer++) {
		JsonObject *one;

		if (baton_endpoint_bond(endpoint, peer, bond))
			continue;
		one = json_object_new();
		add_peer(one, endpoint, peer);
		add_queue(one, endpoint, peer);
		add_files(one, endpoint, peer);
		json_array_add_object_element(list, one);
	}
	json_object_set_array_member(out, "peers", list);
	return out;
}

static void add_activity_line(JsonArray *list, guint at, JsonNode *node,
			      void *user)
{
	JsonObject *a = json_node_get_object(node);

	(void)list;
	(void)at;
	g_string_append_printf(
		user, "\n%s %s%s%s", json_object_get_string_member(a, "id"),
		json_object_get_string_member(a, "hold"),
		json_object_has_member(a, "state") ? " " : "",
		json_object_get_string_member_with_default(a, "state", ""));
}

static void add_file_line(JsonArray *list, guint at, JsonNode *node, void *user)
{
	JsonObject *f = json_node_get_object(node);
	const char *whom = json_object_get_string_member_with_default(
		f, "waits_for", NULL);

	(void)list;
	(void)at;
	g_string_append_printf(user,
			       "\n%s %s %s, %" G_GINT64_FORMAT
			       " of %" G_GINT64_FORMAT " bytes%s%s",
			       json_object_get_string_member(f, "id"),
			       json_object_get_string_member(f, "state"),
			       json_object_get_string_member(f, "name"),
			       json_object_get_int_member(f, "offset"),
			       json_object_get_int_member(f, "bytes"),
			       whom ? ", waits for " : "", whom ? whom : "");
}

static void add_queue_text(GString *text, JsonObject *from)
{
	if (json_object_has_member(from, "queue_out"))
		g_string_append_printf(
			text,
			", queue: %" G_GINT64_FORMAT " to go, %" G_GINT64_FORMAT
			" here",
			json_object_get_int_member(from, "queue_out"),
			json_object_get_int_member(from, "queue_in"));
}

static void add_files_text(GString *text, JsonObject *from)
{
	if (json_object_has_member(from, "files"))
		json_array_foreach_element(
			json_object_get_array_member(from, "files"),
			add_file_line, text);
}

char *baton_desk_status_text(JsonObject *status)
{
	GString *text = g_string_new(NULL);

	g_string_append(text, json_object_get_string_member(status, "state"));
	if (json_object_has_member(status, "life_left_s"))
		g_string_append_printf(
			text, ", %" G_GINT64_FORMAT " s left",
			json_object_get_int_member(status, "life_left_s"));
	add_queue_text(text, status);
	if (json_object_has_member(status, "context"))
		g_string_append_printf(
			text, "\ncontext %s",
			json_object_get_string_member(status, "context"));
	if (json_object_has_member(status, "activities"))
		json_array_foreach_element(
			json_object_get_array_member(status, "activities"),
			add_activity_line, text);
	add_files_text(text, status);
	return g_string_free(text, FALSE);
}

char *baton_desk_queue_text(JsonObject *queue)
{
	JsonArray *peers = json_object_get_array_member(queue, "peers");
	GString *text = g_string_new(NULL);
	guint i;

	for (i = 0; i < json_array_get_length(peers); i++) {
		JsonObject *peer = json_array_get_object_element(peers, i);

		g_string_append_printf(
			text, "%s%.8s %s", i ? "\n" : "",
			json_object_get_string_member(peer, "bond"),
			json_object_get_string_member(peer, "state"));
		add_queue_text(text, peer);
		add_files_text(text, peer);
	}
	if (!i)
		g_string_append(text, "unpaired");
	return g_string_free(text, FALSE);
}
