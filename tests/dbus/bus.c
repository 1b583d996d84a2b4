/* SPDX-License-Identifier: MIT */

/* The bus of the mock, the loop, and the ends of its sockets. */

#include "tests/dbus/mock.h"

#include <poll.h>
#include <sys/socket.h>

static GTestDBus *test_bus;

static gboolean tick_over(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

void mock_iterate(void)
{
	/* With a tick, so that a condition that nobody signals is seen. */
	guint tick = g_timeout_add(5, tick_over, NULL);

	g_main_context_iteration(NULL, TRUE);
	g_source_remove(tick);
}

void mock_wait(unsigned int ms)
{
	gint64 end = g_get_monotonic_time() + ms * 1000;

	while (g_get_monotonic_time() < end)
		mock_iterate();
}

void mock_bus_start(const char *services)
{
	test_bus = g_test_dbus_new(G_TEST_DBUS_NONE);
	if (services)
		g_test_dbus_add_service_dir(test_bus, services);
	g_test_dbus_up(test_bus);
	g_setenv("DBUS_SYSTEM_BUS_ADDRESS",
		 g_test_dbus_get_bus_address(test_bus), TRUE);
}

void mock_bus_stop(void)
{
	g_test_dbus_stop(test_bus);
	g_clear_object(&test_bus);
}

char *mock_packet(int fd)
{
	char data[600];
	ssize_t len = fd < 0 ? -1 : recv(fd, data, sizeof(data), MSG_DONTWAIT);

	return len > 0 ? g_strndup(data, (gsize)len) : NULL;
}

bool mock_fd_is_hup(int fd)
{
	struct pollfd poll_fd = {.fd = fd};

	return poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLHUP);
}

unsigned int mock_fds(void)
{
	GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned int count = 0;

	while (g_dir_read_name(dir))
		count++;
	g_dir_close(dir);
	return count;
}
