/* SPDX-License-Identifier: MIT */

/* An application's files and byte streams, where it has such (FILES.md). */

#include <string.h>

#include "base/bytes.h"
#include "session/bulk.h"
#include "session/delivery_internal.h"

#define RING_MAX (UINT32_C(1) << 24)

static bool has_files(const struct baton_application *app)
{
	return app->files_out > 0 || app->files_in > 0;
}

bool delivery_has_bulk(const struct baton_application *app)
{
	return has_files(app) || app->streams > 0;
}

bool delivery_bulk_fits(const struct baton_application *app)
{
	if (has_files(app) && (app->files_out < 1 || app->files_in < 1 ||
			       app->files_out > BATON_FILE_PLACES_MAX ||
			       app->files_in > BATON_FILE_PLACES_MAX))
		return false;
	return app->streams == 0 ||
	       (app->streams <= BATON_BYTESTREAM_PLACES_MAX &&
		app->stream_ring >= BATON_BYTESTREAM_RING_MIN &&
		app->stream_ring <= RING_MAX);
}

static size_t out_len(const struct baton_application *app)
{
	return baton_aligned(app->files_out * sizeof(struct baton_file_out));
}

static size_t in_len(const struct baton_application *app)
{
	return baton_aligned(app->files_in * sizeof(struct baton_file_in));
}

static size_t places_len(const struct baton_application *app)
{
	return baton_aligned(app->streams * sizeof(struct baton_bytestream));
}

static size_t files_len(const struct baton_application *app)
{
	if (!has_files(app))
		return 0;
	return baton_aligned(sizeof(struct baton_files)) + out_len(app) +
	       in_len(app);
}

static size_t streams_len(const struct baton_application *app)
{
	if (app->streams == 0)
		return 0;
	return baton_aligned(sizeof(struct baton_bytestreams)) +
	       places_len(app) +
	       baton_aligned(BATON_BYTESTREAM_MEMORY((size_t)app->streams,
						     app->stream_ring));
}

size_t delivery_bulk_len(const struct baton_application *application)
{
	return files_len(application) + streams_len(application);
}

static enum baton_err make_files(struct baton_delivery *delivery,
				 struct baton_channel *channel,
				 struct baton_bulk_member *member,
				 uint8_t *memory)
{
	const struct baton_application *app = &channel->application;
	const struct baton_file_limits limits = {app->file_max, app->files_max};
	struct baton_file_out *out;
	struct baton_file_in *in;

	channel->files = (struct baton_files *)(void *)memory;
	memory += baton_aligned(sizeof(*channel->files));
	out = (struct baton_file_out *)(void *)memory;
	in = (struct baton_file_in *)(void *)(memory + out_len(app));
	member->files = channel->files;
	return baton_files_init(channel->files, delivery->bulk, member, out,
				app->files_out, in, app->files_in, &limits);
}

static enum baton_err make_streams(struct baton_delivery *delivery,
				   struct baton_channel *channel,
				   struct baton_bulk_member *member,
				   uint8_t *memory)
{
	const struct baton_application *app = &channel->application;
	struct baton_bytestream *places;

	channel->streams = (struct baton_bytestreams *)(void *)memory;
	memory += baton_aligned(sizeof(*channel->streams));
	places = (struct baton_bytestream *)(void *)memory;
	memory += places_len(app);
	member->streams = channel->streams;
	return baton_bytestreams_init(channel->streams, delivery->bulk, member,
				      places, app->streams, memory,
				      app->stream_ring);
}

enum baton_err delivery_bulk_make(struct baton_delivery *delivery,
				  struct baton_channel *channel,
				  uint8_t *memory)
{
	const struct baton_application *app = &channel->application;
	struct baton_bulk_member *member;
	enum baton_err err = BATON_OK;

	if (!delivery_has_bulk(app))
		return BATON_OK;
	if (!delivery->bulk)
		return BATON_ERR_ARG;
	member = &delivery->member[channel - delivery->channel];
	memset(member, 0, sizeof(*member));
	if (has_files(app))
		err = make_files(delivery, channel, member, memory);
	memory += files_len(app);
	if (!err && app->streams > 0)
		err = make_streams(delivery, channel, member, memory);
	return err;
}
