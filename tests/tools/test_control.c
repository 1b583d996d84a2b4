/* SPDX-License-Identifier: MIT */
#include <glib/gstdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/folder.h"
#include "tools/control.h"
#include "tools/fail.h"

#define SOON_US 300000
#define ANSWERS_FD 3

/* The program with the store; its client asks from another process. */
struct bench {
	char *dir;
	struct baton_control *control;
	struct baton_control_request *waiting;
};

static void on_echo(void *user, struct baton_control_request *request)
{
	JsonObject *answer = json_object_new();
	const char *text = baton_control_text(request, "text");

	(void)user;
	json_object_set_string_member(answer, "text", text ? text : "none");
	baton_control_answer(request, answer);
}

static void on_later(void *user, struct baton_control_request *request)
{
	struct bench *bench = user;

	bench->waiting = request;
}

static void on_no(void *user, struct baton_control_request *request)
{
	GError *error = NULL;

	(void)user;
	baton_fail_set(&error, BATON_EXIT_REFUSED, "no; go away");
	baton_control_refuse(request, error);
}

static int setup(void **state)
{
	struct bench *bench = g_new0(struct bench, 1);

	/* Longer than a socket's path may be. */
	bench->dir = g_strdup_printf("%s/%0120d", folder_make(), 0);
	assert_int_equal(g_mkdir(bench->dir, 0700), 0);
	bench->control = baton_control_new(bench->dir, NULL);
	assert_non_null(bench->control);
	baton_control_add(bench->control, "echo", on_echo, bench);
	baton_control_add(bench->control, "later", on_later, bench);
	baton_control_add(bench->control, "no", on_no, bench);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;
	g_autofree char *root = g_path_get_dirname(bench->dir);

	baton_control_free(bench->control);
	g_rmdir(bench->dir); /* nothing is left in it */
	if (g_rmdir(root))
		return -1;
	g_free(bench->dir);
	g_free(bench);
	return 0;
}

static JsonObject *request(const char *command, const char *text)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "command", command);
	if (text)
		json_object_set_string_member(object, "text", text);
	return object;
}

/* In a process of its own: the "text" of the answer, or what is wrong. */
static pid_t ask_or_have(const struct bench *bench, const char *command,
			 const char *text, int *answers, bool have)
{
	struct baton_store *store = NULL;
	GError *error = NULL;
	JsonObject *answer;
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid) {
		close(pipes[1]);
		*answers = pipes[0];
		return pid;
	}
	/* A program of its own has nothing of the other's. */
	dup2(pipes[1], ANSWERS_FD);
	closefrom(ANSWERS_FD + 1);
	answer = baton_control_ask(bench->dir, request(command, text),
				   have ? &store : NULL, &error);
	if (answer)
		dprintf(ANSWERS_FD, "%s",
			json_object_get_string_member_with_default(
				answer, "text", "done"));
	else
		dprintf(ANSWERS_FD, "%d %s", error ? error->code : -1,
			error	? error->message
			: store ? "the store"
				: "nobody");
	_exit(0);
}

static pid_t ask(const struct bench *bench, const char *command,
		 const char *text, int *answers)
{
	return ask_or_have(bench, command, text, answers, false);
}

static void expect(pid_t pid, int answers, const char *wanted)
{
	GPollFD poll = {.fd = answers, .events = G_IO_IN};
	char text[300] = "";

	while (g_poll(&poll, 1, 5) == 0)
		g_main_context_iteration(NULL, FALSE);
	assert_true(read(answers, text, sizeof(text) - 1) > 0);
	assert_true(g_str_has_prefix(text, wanted));
	close(answers);
	waitpid(pid, NULL, 0);
}

static void what_is_asked_is_answered(void **state)
{
	int answers;
	pid_t pid = ask(*state, "echo", "two\nlines", &answers);

	expect(pid, answers, "two\nlines");
}

/* Who asks is told, and not that the store is in use. */
static void what_would_not_be_read_is_not_asked(void **state)
{
	g_autofree char *text = g_strnfill(BATON_CONTROL_REQUEST_MAX, 'x');
	int answers;
	pid_t pid = ask(*state, "echo", text, &answers);

	expect(pid, answers, "64 a command to a program that runs has at most");
	/* {"command":"echo","text":"..."} and the end of the line. */
	text[BATON_CONTROL_REQUEST_MAX - 29] = '\0';
	pid = ask(*state, "echo", text, &answers);
	expect(pid, answers, "xxx");
	pid = ask(*state, "echo", "\xff", &answers);
	expect(pid, answers, "64 a command to a program that runs is UTF-8");
}

static void an_answer_may_come_later(void **state)
{
	struct bench *bench = *state;
	int answers, others;
	pid_t pid = ask(bench, "later", NULL, &answers), other;

	while (!bench->waiting)
		g_main_context_iteration(NULL, TRUE);
	other = ask(bench, "echo", "meanwhile", &others);
	expect(other, others, "meanwhile");
	baton_control_answer(bench->waiting, NULL);
	expect(pid, answers, "done");
}

static void an_answer_to_who_left_harms_nothing(void **state)
{
	struct bench *bench = *state;
	int answers;
	pid_t pid = ask(bench, "later", NULL, &answers);

	while (!bench->waiting)
		g_main_context_iteration(NULL, TRUE);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(answers);
	baton_control_answer(bench->waiting, NULL);
	pid = ask(bench, "echo", "still here", &answers);
	expect(pid, answers, "still here");
}

static void a_refusal_brings_its_exit_code(void **state)
{
	int answers;
	pid_t pid = ask(*state, "no", NULL, &answers);

	expect(pid, answers, "77 no; go away");
	pid = ask(*state, "fly", NULL, &answers);
	expect(pid, answers, "64 the running program has no command fly");
}

static int stranger(const struct bench *bench)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(chdir(bench->dir), 0);
	strcpy(at.sun_path, BATON_CONTROL_NAME);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(chdir("/"), 0);
	return fd;
}

static void nonsense_ends_the_connection(void **state)
{
	static char too_long[BATON_CONTROL_REQUEST_MAX];
	const char *const lines[] = {"\n", "[1]\n", "{\"command\"\n", too_long};
	size_t i;
	char c;

	memset(too_long, ' ', sizeof(too_long) - 1);
	for (i = 0; i < G_N_ELEMENTS(lines); i++) {
		int fd = stranger(*state);

		assert_true(write(fd, lines[i], strlen(lines[i])) > 0);
		if (lines[i] == too_long)
			assert_int_equal(write(fd, "  ", 2), 2);
		while (recv(fd, &c, 1, MSG_DONTWAIT) < 0)
			g_main_context_iteration(NULL, FALSE);
		assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), 0);
		close(fd);
	}
}

static void who_says_nothing_keeps_nobody_out(void **state)
{
	int idle[2 * BATON_CONTROL_CLIENTS], answers;
	size_t i;
	pid_t pid;

	for (i = 0; i < G_N_ELEMENTS(idle); i++) {
		idle[i] = stranger(*state);
		while (g_main_context_iteration(NULL, FALSE))
			;
	}
	pid = ask(*state, "echo", "heard", &answers);
	expect(pid, answers, "heard");
	for (i = 0; i < G_N_ELEMENTS(idle); i++)
		close(idle[i]);
}

static void the_socket_is_for_its_owner_only(void **state)
{
	struct bench *bench = *state;
	g_autofree char *path =
		g_build_filename(bench->dir, BATON_CONTROL_NAME, NULL);
	GStatBuf st;

	assert_int_equal(g_stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* Even where the directory and the socket have been opened to all. */
static void another_user_is_not_heard(void **state)
{
	struct bench *bench = *state;
	g_autofree char *root = g_path_get_dirname(bench->dir);
	g_autofree char *path =
		g_build_filename(bench->dir, BATON_CONTROL_NAME, NULL);
	int status;
	pid_t pid;

	if (geteuid()) {
		print_message("who is not root cannot be another user\n");
		return;
	}
	assert_int_equal(g_chmod(root, 0755), 0);
	assert_int_equal(g_chmod(bench->dir, 0755), 0);
	assert_int_equal(g_chmod(path, 0666), 0);
	pid = fork();
	if (!pid) {
		char c;
		int fd;

		signal(SIGPIPE, SIG_IGN);
		if (setuid(65534))
			_exit(1);
		fd = stranger(bench);
		dprintf(fd, "{\"command\": \"echo\"}\n");
		_exit(read(fd, &c, 1) == 1 ? 1 : 0);
	}
	while (!waitpid(pid, &status, WNOHANG))
		g_main_context_iteration(NULL, FALSE);
	assert_int_equal(status, 0);
}

static void end_program(struct bench *bench)
{
	baton_control_free(bench->control);
	bench->control = NULL;
}

static void without_a_program_nobody_answers(void **state)
{
	struct bench *bench = *state;
	int answers;
	pid_t pid;

	end_program(bench);
	pid = ask(bench, "echo", NULL, &answers);
	expect(pid, answers, "-1 nobody");
}

/* Before it accepted the client, and before it read what that asked. */
static void what_a_program_that_ends_has_not_read_was_not_asked(void **state)
{
	struct bench *bench = *state;
	int answers;
	pid_t pid = ask(bench, "echo", NULL, &answers);

	g_usleep(SOON_US);
	end_program(bench);
	expect(pid, answers, "-1 nobody");

	bench->control = baton_control_new(bench->dir, NULL);
	pid = ask(bench, "echo", NULL, &answers);
	g_usleep(SOON_US);
	g_main_context_iteration(NULL, FALSE);
	end_program(bench);
	expect(pid, answers, "-1 nobody");
}

static void what_it_has_read_and_not_answered_may_have_been_done(void **state)
{
	struct bench *bench = *state;
	int answers;
	pid_t pid = ask(bench, "later", NULL, &answers);

	while (!bench->waiting)
		g_main_context_iteration(NULL, TRUE);
	end_program(bench);
	expect(pid, answers, "75 the program that uses ");
}

static void remove_files(const struct bench *bench)
{
	GDir *dir = g_dir_open(bench->dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path =
			g_build_filename(bench->dir, name, NULL);

		g_unlink(path);
	}
	g_dir_close(dir);
}

/* It has closed its socket, and has the store for a moment more. */
static void the_store_of_a_program_that_ends_is_waited_for(void **state)
{
	struct bench *bench = *state;
	struct baton_store *store;
	int answers;
	pid_t pid;

	assert_int_equal(baton_store_open(&store, bench->dir), BATON_OK);
	pid = ask_or_have(bench, "echo", NULL, &answers, true);
	g_usleep(SOON_US);
	end_program(bench);
	g_usleep(SOON_US);
	baton_store_close(store);
	expect(pid, answers, "-1 the store");
	remove_files(bench);
}

static void a_program_that_starts_waits_for_one_that_ends(void **state)
{
	struct bench *bench = *state;
	struct baton_store *store;
	pid_t pid;

	assert_int_equal(baton_store_open(&store, bench->dir), BATON_OK);
	pid = fork();
	if (!pid) {
		g_usleep(SOON_US);
		_exit(0);
	}
	/* The other process has it still. */
	baton_store_close(store);
	store = baton_control_store(bench->dir, NULL);
	assert_non_null(store);
	baton_store_close(store);
	waitpid(pid, NULL, 0);
	remove_files(bench);
}

static void a_store_that_nobody_leaves_is_not_waited_for_forever(void **state)
{
	struct bench *bench = *state;
	struct baton_store *store;
	GError *error = NULL;
	int answers;
	pid_t pid;

	assert_int_equal(baton_store_open(&store, bench->dir), BATON_OK);
	end_program(bench);
	pid = ask_or_have(bench, "echo", NULL, &answers, true);
	assert_null(baton_control_store(bench->dir, &error));
	assert_int_equal(error->code, BATON_EXIT_OUTPUT);
	assert_non_null(strstr(error->message, "another baton uses"));
	g_error_free(error);
	expect(pid, answers, "73 cannot use the store ");
	baton_store_close(store);
	remove_files(bench);
}

static void a_store_that_is_not_there_is_not_made(void **state)
{
	struct bench *bench = *state;
	struct bench missing = {
		.dir = g_build_filename(bench->dir, "missing", NULL)};
	int answers;
	pid_t pid = ask_or_have(&missing, "echo", NULL, &answers, true);

	expect(pid, answers, "-1 nobody");
	assert_false(g_file_test(missing.dir, G_FILE_TEST_EXISTS));
	g_free(missing.dir);
}

static void a_store_that_cannot_be_looked_at_is_an_error(void **state)
{
	struct bench *bench = *state;
	/* The socket is no directory. */
	struct bench hidden = {.dir = g_build_filename(bench->dir,
						       BATON_CONTROL_NAME, "in",
						       NULL)};
	int answers;
	pid_t pid = ask_or_have(&hidden, "echo", NULL, &answers, true);

	expect(pid, answers, "73 cannot use the store ");
	g_free(hidden.dir);
}

static void a_socket_that_was_left_behind_is_replaced(void **state)
{
	struct bench *bench = *state;
	struct baton_control *left = bench->control;
	int answers;
	pid_t pid;

	bench->control = baton_control_new(bench->dir, NULL);
	assert_non_null(bench->control);
	baton_control_add(bench->control, "echo", on_echo, bench);
	pid = ask(bench, "echo", "new", &answers);
	expect(pid, answers, "new");
	baton_control_free(left);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_asked_is_answered),
		TEST(what_would_not_be_read_is_not_asked),
		TEST(an_answer_may_come_later),
		TEST(an_answer_to_who_left_harms_nothing),
		TEST(a_refusal_brings_its_exit_code),
		TEST(nonsense_ends_the_connection),
		TEST(who_says_nothing_keeps_nobody_out),
		TEST(the_socket_is_for_its_owner_only),
		TEST(another_user_is_not_heard),
		TEST(without_a_program_nobody_answers),
		TEST(what_a_program_that_ends_has_not_read_was_not_asked),
		TEST(what_it_has_read_and_not_answered_may_have_been_done),
		TEST(the_store_of_a_program_that_ends_is_waited_for),
		TEST(a_program_that_starts_waits_for_one_that_ends),
		TEST(a_store_that_nobody_leaves_is_not_waited_for_forever),
		TEST(a_store_that_is_not_there_is_not_made),
		TEST(a_store_that_cannot_be_looked_at_is_an_error),
		TEST(a_socket_that_was_left_behind_is_replaced),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
