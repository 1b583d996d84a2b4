/* SPDX-License-Identifier: MIT */

/*
 * Runs a fuzz target over every file of its corpus, as an ordinary test: TAP,
 * one case a file. A target that is not content aborts.
 */

#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX 65536

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *bytes;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	bytes = malloc(INPUT_MAX);
	if (!file || !bytes)
		return 1;
	len = fread(bytes, 1, INPUT_MAX, file);
	fclose(file);
	/* As long as it is, so that a sanitizer sees what reads past it. */
	bytes = realloc(bytes, len ? len : 1);
	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count, i, failed, all = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 64;
	}
	count = scandir(argv[1], &entries, is_file, alphasort);
	if (count <= 0) {
		fprintf(stderr, "%s: no corpus there\n", argv[1]);
		return 1;
	}
	printf("1..%d\n", count);
	for (i = 0; i < count; i++) {
		failed = replay(argv[1], entries[i]->d_name);
		printf("%sok %d - %s\n", failed ? "not " : "", i + 1,
		       entries[i]->d_name);
		fflush(stdout);
		all |= failed;
		free(entries[i]);
	}
	free(entries);
	return all;
}
