/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/desk.h"
#include "tools/items.h"

#define RETRY_MS 1000

struct item {
	uint8_t peer;
	uint32_t number;
	GBytes *bytes;
};

struct baton_items {
	char *dir; /* NULL: no files */
	struct baton_runner *runner;
	void (*say)(void *user, const char *text);
	void *user;
	GPtrArray *waiting; /* struct item, in the order in which they came */
	guint timer;
};

static void free_item(gpointer data)
{
	struct item *item = data;

	g_bytes_unref(item->bytes);
	g_free(item);
}

struct baton_items *baton_items_new(const char *dir,
				    struct baton_runner *runner,
				    void (*say)(void *user, const char *text),
				    void *user)
{
	struct baton_items *items = g_new0(struct baton_items, 1);

	items->dir = g_strdup(dir);
	items->runner = runner;
	items->say = say;
	items->user = user;
	items->waiting = g_ptr_array_new_with_free_func(free_item);
	return items;
}

void baton_items_free(struct baton_items *items)
{
	if (!items)
		return;
	if (items->timer)
		g_source_remove(items->timer);
	g_ptr_array_unref(items->waiting);
	g_free(items->dir);
	g_free(items);
}

/* Never NULL, not of an empty one either. */
static const char *bytes_of(const struct item *item, gsize *len)
{
	const char *bytes = g_bytes_get_data(item->bytes, len);

	return bytes ? bytes : "";
}

/*
 * Under another name until it is whole: who looks for items finds no half ones.
 * What a program that was killed left of one goes when that is told again.
 */
static bool write_item(const char *dir, const char *name, const char *bytes,
		       gsize len)
{
	g_autofree char *hidden = g_strconcat(".", name, NULL);
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good;
	int fd;

	if (dir_fd < 0)
		return false;
	(void)!unlinkat(dir_fd, hidden, 0);
	fd = openat(dir_fd, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	good = fd >= 0 && write(fd, bytes, len) == (ssize_t)len && !fsync(fd) &&
	       !renameat(dir_fd, hidden, dir_fd, name) &&
	       (!fsync(dir_fd) || errno == EINVAL);
	if (fd >= 0)
		close(fd);
	if (!good)
		(void)!unlinkat(dir_fd, hidden, 0);
	close(dir_fd);
	return good;
}

/*
 * Each has a file of its number: twice is once. Every bond counts from 1, so
 * its name says which one, to nobody who does not know the bond.
 */
static bool keep(const struct baton_items *items, const struct item *item)
{
	uint8_t bond[BATON_BOND_ID_LEN];
	g_autofree char *sum = NULL;
	g_autofree char *name = NULL;
	gsize len;
	const char *bytes = bytes_of(item, &len);

	if (!items->dir)
		return true;
	if (baton_endpoint_bond(baton_runner_endpoint(items->runner),
				item->peer, bond))
		return false;
	sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bond,
					  sizeof(bond));
	name = g_strdup_printf("item-%.8s-%u", sum, item->number);
	return write_item(items->dir, name, bytes, len);
}

/* It has its file: say it, and let the queue forget it. */
static void give(const struct baton_items *items, const struct item *item)
{
	gsize len;
	const char *bytes = bytes_of(item, &len);
	g_autofree char *text = baton_desk_text((const uint8_t *)bytes, len);
	g_autofree char *line =
		g_strdup_printf("item %u %s", item->number, text);

	items->say(items->user, line);
	if (baton_queue_done(
		    baton_endpoint_queue(baton_runner_endpoint(items->runner),
					 item->peer, BATON_DESK),
		    item->number, baton_runner_now_ms()))
		g_debug("an item was done before");
}

/* Those that wait, until one of them cannot be written either. */
static gboolean on_retry(gpointer data)
{
	struct baton_items *items = data;

	while (items->waiting->len > 0 &&
	       keep(items, items->waiting->pdata[0])) {
		give(items, items->waiting->pdata[0]);
		g_ptr_array_remove_index(items->waiting, 0);
	}
	baton_runner_kick(items->runner);
	if (items->waiting->len > 0)
		return G_SOURCE_CONTINUE;
	items->timer = 0;
	return G_SOURCE_REMOVE;
}

void baton_items_take(struct baton_items *items, uint8_t peer,
		      const struct baton_queue_event *event)
{
	struct item *item = g_new0(struct item, 1);
	g_autofree char *line = NULL;

	item->peer = peer;
	item->number = event->number;
	item->bytes = g_bytes_new(event->bytes, event->len);
	if (items->waiting->len == 0 && keep(items, item)) {
		give(items, item);
		free_item(item);
		return;
	}
	g_ptr_array_add(items->waiting, item);
	if (items->timer)
		return;
	line = g_strdup_printf("item %u cannot be written", item->number);
	items->say(items->user, line);
	items->timer = g_timeout_add(RETRY_MS, on_retry, items);
}

void baton_items_forget(struct baton_items *items, uint8_t peer)
{
	guint i;

	for (i = items->waiting->len; i-- > 0;) {
		const struct item *item = items->waiting->pdata[i];

		if (item->peer == peer)
			g_ptr_array_remove_index(items->waiting, i);
	}
}
