/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/control.h"
#include "tools/fail.h"

#define ANSWER_MAX (1 << 20) /* bytes of a line */
#define ANSWER_S 60
/* Who ends leaves its store soon, as who only looks into it does. */
#define LEAVE_TURNS 60
#define LEAVE_TURN_US 50000

/* A client, and what it asked. */
struct baton_control_request {
	struct baton_control *control;
	int fd;
	guint watch; /* until the line is complete */
	JsonObject *asked;
	size_t len;
	char line[BATON_CONTROL_REQUEST_MAX + 1];
};

struct command {
	const char *name;
	baton_control_fn fn;
	void *user;
};

struct baton_control {
	int dir; /* of the store */
	int fd;
	guint watch;
	GArray *commands; /* struct command */
	GPtrArray *clients; /* struct baton_control_request, oldest first */
};

/* A path to the socket that is never too long, whatever the store's is. */
static struct sockaddr_un address(int dir)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	g_snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/%s", dir,
		   BATON_CONTROL_NAME);
	return at;
}

/* It is a program of this user that is at the other end. */
static bool is_own(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       peer.uid == geteuid();
}

static char *to_line(JsonObject *object)
{
	g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;

	json_node_set_object(root, object);
	text = json_to_string(root, FALSE);
	return g_strconcat(text, "\n", NULL);
}

static JsonObject *from_line(const char *text)
{
	g_autoptr(JsonNode) root = json_from_string(text, NULL);

	if (!root || !JSON_NODE_HOLDS_OBJECT(root))
		return NULL;
	return json_object_ref(json_node_get_object(root));
}

static const char *text_of(JsonObject *object, const char *member)
{
	JsonNode *node = json_object_get_member(object, member);

	if (!node || json_node_get_value_type(node) != G_TYPE_STRING)
		return NULL;
	return json_node_get_string(node);
}

const char *baton_control_text(const struct baton_control_request *request,
			       const char *member)
{
	return text_of(request->asked, member);
}

static void free_client(void *data)
{
	struct baton_control_request *client = data;

	g_clear_handle_id(&client->watch, g_source_remove);
	close(client->fd);
	g_clear_pointer(&client->asked, json_object_unref);
	g_free(client);
}

void baton_control_answer(struct baton_control_request *request,
			  JsonObject *answer)
{
	g_autoptr(JsonObject) said = answer ? answer : json_object_new();
	g_autofree char *line = to_line(said);

	/* Who does not read what it asked for, or left, is not waited for. */
	if (send(request->fd, line, strlen(line),
		 MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)strlen(line))
		g_debug("an answer found nobody");
	g_ptr_array_remove(request->control->clients, request);
}

void baton_control_refuse(struct baton_control_request *request, GError *error)
{
	JsonObject *answer = json_object_new();

	json_object_set_string_member(answer, "error", error->message);
	json_object_set_int_member(answer, "exit", error->code);
	g_error_free(error);
	baton_control_answer(request, answer);
}

static void run(struct baton_control_request *request)
{
	struct baton_control *control = request->control;
	const char *name = baton_control_text(request, "command");
	GError *error = NULL;
	guint i;

	for (i = 0; name && i < control->commands->len; i++) {
		const struct command *command =
			&g_array_index(control->commands, struct command, i);

		if (strcmp(command->name, name) != 0)
			continue;
		command->fn(command->user, request);
		return;
	}
	baton_fail_set(&error, BATON_EXIT_USAGE,
		       "the running program has no command %s",
		       name ? name : "without a name");
	baton_control_refuse(request, error);
}

static gboolean on_client(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_control_request *client = data;
	ssize_t got = recv(fd, client->line + client->len,
			   BATON_CONTROL_REQUEST_MAX - client->len, 0);
	char *end;

	(void)condition;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (got > 0)
		client->len += (size_t)got;
	end = memchr(client->line, '\n', client->len);
	if (!end && got > 0 && client->len < BATON_CONTROL_REQUEST_MAX)
		return G_SOURCE_CONTINUE;
	client->watch = 0;
	if (end) {
		*end = '\0';
		client->asked = from_line(client->line);
	}
	if (client->asked)
		run(client);
	else
		g_ptr_array_remove(client->control->clients, client);
	return G_SOURCE_REMOVE;
}

/* Who came first and has not asked yet makes room; false: nobody. */
static bool make_room(struct baton_control *control)
{
	guint i;

	if (control->clients->len < BATON_CONTROL_CLIENTS)
		return true;
	for (i = 0; i < control->clients->len; i++) {
		struct baton_control_request *client =
			g_ptr_array_index(control->clients, i);

		if (client->asked)
			continue;
		g_ptr_array_remove_index(control->clients, i);
		return true;
	}
	return false;
}

static gboolean on_connection(gint fd, GIOCondition condition, gpointer data)
{
	struct baton_control *control = data;
	struct baton_control_request *client;
	int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)condition;
	if (got < 0)
		return G_SOURCE_CONTINUE;
	if (!is_own(got) || !make_room(control)) {
		close(got);
		return G_SOURCE_CONTINUE;
	}
	client = g_new0(struct baton_control_request, 1);
	client->control = control;
	client->fd = got;
	client->watch =
		g_unix_fd_add(got, G_IO_IN | G_IO_HUP, on_client, client);
	g_ptr_array_add(control->clients, client);
	return G_SOURCE_CONTINUE;
}

static int listen_in(int dir)
{
	struct sockaddr_un at = address(dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (unlinkat(dir, BATON_CONTROL_NAME, 0) && errno != ENOENT)
		goto fail;
	/* Nobody else comes through the directory in between. */
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
	    fchmodat(dir, BATON_CONTROL_NAME, 0600, 0) ||
	    listen(fd, BATON_CONTROL_CLIENTS))
		goto fail;
	return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

struct baton_control *baton_control_new(const char *dir, GError **error)
{
	struct baton_control *control = g_new0(struct baton_control, 1);

	control->commands = g_array_new(FALSE, FALSE, sizeof(struct command));
	control->clients = g_ptr_array_new_with_free_func(free_client);
	control->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	control->fd = control->dir < 0 ? -1 : listen_in(control->dir);
	if (control->fd < 0) {
		baton_fail_set(error, BATON_EXIT_OUTPUT,
			       "cannot make the socket %s in %s: %s; name "
			       "another place with --store",
			       BATON_CONTROL_NAME, dir, g_strerror(errno));
		baton_control_free(control);
		return NULL;
	}
	control->watch =
		g_unix_fd_add(control->fd, G_IO_IN, on_connection, control);
	return control;
}

void baton_control_free(struct baton_control *control)
{
	if (!control)
		return;
	g_clear_handle_id(&control->watch, g_source_remove);
	g_ptr_array_unref(control->clients);
	g_array_unref(control->commands);
	if (control->fd >= 0) {
		unlinkat(control->dir, BATON_CONTROL_NAME, 0);
		close(control->fd);
	}
	if (control->dir >= 0)
		close(control->dir);
	g_free(control);
}

void baton_control_add(struct baton_control *control, const char *name,
		       baton_control_fn fn, void *user)
{
	const struct command command = {.name = name, .fn = fn, .user = user};

	g_array_append_val(control->commands, command);
}

/* The program's end of the socket; -1: there is no such program. */
static int reach(const char *dir)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	struct sockaddr_un at;
	int place = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (place < 0)
		return -1;
	at = address(place);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
				   sizeof(patience)) ||
			connect(fd, (const struct sockaddr *)&at, sizeof(at)) ||
			!is_own(fd))) {
		close(fd);
		fd = -1;
	}
	close(place);
	return fd;
}

/* What becomes of a request. */
enum reply {
	ANSWERED,
	NOT_READ, /* the program ended before it took it */
	NOT_TOLD, /* it took it, and ended or says nothing */
};

/*
 * An end that is closed before it was accepted, or with bytes unread, is a reset
 * to the other one.
 */
static enum reply exchange(int fd, const char *line, JsonObject **answer)
{
	g_autoptr(GString) got = g_string_new(NULL);
	char piece[4096];
	ssize_t len = 0;

	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return NOT_READ;
	while (got->len < ANSWER_MAX &&
	       (len = recv(fd, piece, sizeof(piece), 0)) > 0)
		g_string_append_len(got, piece, len);
	if (!got->len && len < 0 && errno == ECONNRESET)
		return NOT_READ;
	if (got->len && got->str[got->len - 1] == '\n')
		*answer = from_line(got->str);
	return *answer ? ANSWERED : NOT_TOLD;
}

/* The program would not read any other line, and could not say so. */
static bool is_line(const char *line, GError **error)
{
	if (!g_utf8_validate(line, -1, NULL))
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "a command to a program that runs is UTF-8; "
			       "write it so, and rename a file that is not");
	else if (strlen(line) > BATON_CONTROL_REQUEST_MAX)
		baton_fail_set(error, BATON_EXIT_USAGE,
			       "a command to a program that runs has at most "
			       "%u bytes; shorten it",
			       BATON_CONTROL_REQUEST_MAX);
	else
		return true;
	return false;
}

/* The answer, taken, unless it is a refusal. */
static JsonObject *check(JsonObject *answer, GError **error)
{
	const char *refused = text_of(answer, "error");

	if (!refused)
		return answer;
	baton_fail_set(error,
		       (enum baton_exit)json_object_get_int_member_with_default(
			       answer, "exit", BATON_EXIT_INTERNAL),
		       "%s", refused);
	json_object_unref(answer);
	return NULL;
}

/* Wait for who has it; false: no longer, or it is not that. */
static bool wait_turn(unsigned int *turns)
{
	if (errno != EBUSY || (*turns)++ == LEAVE_TURNS)
		return false;
	g_usleep(LEAVE_TURN_US);
	return true;
}

static void fail_store(GError **error, const char *dir, enum baton_err err)
{
	baton_fail_set(error, BATON_EXIT_OUTPUT,
		       "cannot use the store %s: %s, or name another with "
		       "--store",
		       dir,
		       err == BATON_ERR_STORE ? baton_store_problem(errno)
					      : baton_err_text(err));
}

struct baton_store *baton_control_store(const char *dir, GError **error)
{
	struct baton_store *store = NULL;
	unsigned int turns = 0;
	enum baton_err err;

	do
		err = baton_store_open(&store, dir);
	while (err == BATON_ERR_STORE && wait_turn(&turns));
	if (!err)
		return store;
	fail_store(error, dir, err);
	return NULL;
}

/* Not one that somebody may not see. */
static bool is_missing(const char *dir)
{
	return access(dir, F_OK) && errno == ENOENT;
}

JsonObject *baton_control_ask(const char *dir, JsonObject *request,
			      struct baton_store **store, GError **error)
{
	g_autoptr(JsonObject) asked = request;
	g_autofree char *line = to_line(asked);
	enum baton_err err = BATON_ERR_STORE;
	JsonObject *answer = NULL;
	unsigned int turns = 0;
	enum reply reply;
	int fd;

	if (!is_line(line, error))
		return NULL;
	do {
		fd = reach(dir);
		if (fd < 0 && (!store || is_missing(dir)))
			return NULL;
		if (fd < 0) {
			err = baton_store_open(store, dir);
			if (!err)
				return NULL;
			continue;
		}
		reply = exchange(fd, line, &answer);
		close(fd);
		if (reply == ANSWERED)
			return check(answer, error);
		if (reply == NOT_TOLD) {
			baton_fail_set(error, BATON_EXIT_TIMEOUT,
				       "the program that uses %s was asked, "
				       "and ended or did not answer; see "
				       "whether it did it, and ask again",
				       dir);
			return NULL;
		}
		errno = EBUSY;
	} while (err == BATON_ERR_STORE && wait_turn(&turns));
	fail_store(error, dir, err);
	return NULL;
}
