/* SPDX-License-Identifier: ISC */
/*
 * Listing and reading of page files at start. A file that is too long is an error, never a part of
 * a page; names are sorted so that error lists come in the same order on every host.
 */
#include "core/http/page_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/buf.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Appends the entry's name without suffix; -1 when the list is full. */
static int
take_name(struct arena *arena, const char *entry, const char *suffix, struct strlist *names)
{
	if (entry[0] == '.' || !str_ends(entry, suffix))
		return 0;
	if (names->count == PAGE_FILES_MAX)
		return -1;
	names->item[names->count++] = arena_copy(arena, entry, strlen(entry) - strlen(suffix));
	return 0;
}

int
page_file_list(struct arena *arena, const char *folder, const char *suffix, struct strlist *names,
	       struct buf *errors)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int result = 0;

	names->item = arena_array(arena, PAGE_FILES_MAX, sizeof(*names->item));
	names->count = 0;
	if (!dir) {
		buf_printf(errors, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	while (result == 0 && (entry = readdir(dir)))
		result = take_name(arena, entry->d_name, suffix, names);
	closedir(dir);
	if (result < 0)
		buf_printf(errors, "%s: more than %d files\n", folder, PAGE_FILES_MAX);
	qsort(names->item, names->count, sizeof(*names->item), compare_names);
	return result;
}

char *
page_file_read(struct arena *arena, const char *path, size_t *size, struct buf *errors)
{
	FILE *file = fopen(path, "re");
	const char *why = NULL;
	struct stat status;
	size_t room;
	char *text;

	if (!file || fstat(fileno(file), &status) != 0) {
		buf_printf(errors, "%s: %s\n", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	/* as much as there is: every worker keeps all of them */
	room = status.st_size > PAGE_FILE_MAX ? PAGE_FILE_MAX : (size_t)status.st_size;
	text = arena_alloc(arena, room + 2);
	*size = fread(text, 1, room + 1, file);
	if (ferror(file))
		why = "cannot be read";
	else if (*size > room)
		why = "is longer than a page file may be";
	fclose(file);
	if (why) {
		buf_printf(errors, "%s: %s\n", path, why);
		return NULL;
	}
	text[*size] = '\0';
	return text;
}
