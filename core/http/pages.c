/* SPDX-License-Identifier: ISC */
/*
 * Loading the folder of pages.
 */
#include "core/http/pages.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/http/page_file.h"

#define VERSION_SIZE 6 /* bytes of the digest that tell two releases apart */

static const struct {
	const char *suffix;
	const char *type;
} types[] = {
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
};

#define TYPES_COUNT (sizeof(types) / sizeof(types[0]))

static void
load_type(struct arena *arena, const char *folder, size_t type, struct static_file *files,
	  size_t *count, struct buf *errors)
{
	struct strlist names;

	if (page_file_list(arena, folder, types[type].suffix, &names, errors) != 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		struct static_file *file = &files[*count];

		file->name = arena_printf(arena, "%s%s", names.item[i], types[type].suffix);
		file->type = types[type].type;
		file->data = page_file_read(arena, arena_printf(arena, "%s/%s", folder, file->name),
					    &file->size, errors);
		if (file->data)
			(*count)++;
	}
}

static const char *
version_of(struct arena *arena, const struct static_file *files, size_t count)
{
	uint8_t digests[TYPES_COUNT * PAGE_FILES_MAX][SHA256_SIZE];
	uint8_t digest[SHA256_SIZE];

	for (size_t i = 0; i < count; i++)
		hash_sha256(files[i].data, files[i].size, digests[i]);
	hash_sha256(digests, count * SHA256_SIZE, digest);
	return b64url_encode(arena, digest, VERSION_SIZE);
}

const struct pages *
pages_load(struct arena *arena, const char *folder, struct buf *errors)
{
	struct pages *pages = arena_alloc(arena, sizeof(*pages));
	struct static_file *files =
		arena_array(arena, TYPES_COUNT * PAGE_FILES_MAX, sizeof(*files));
	size_t errors_before = errors->size;

	pages->templates =
		template_set_load(arena, arena_printf(arena, "%s/templates", folder), errors);
	pages->locales = locale_set_load(arena, arena_printf(arena, "%s/locales", folder), errors);
	for (size_t i = 0; i < TYPES_COUNT; i++)
		load_type(arena, arena_printf(arena, "%s/static", folder), i, files,
			  &pages->files_count, errors);
	if (!pages->templates || !pages->locales || errors->size != errors_before)
		return NULL;
	pages->files = files;
	pages->version = version_of(arena, files, pages->files_count);
	return pages;
}

const struct static_file *
pages_file(const struct pages *pages, const char *name)
{
	for (size_t i = 0; i < pages->files_count; i++)
		if (strcmp(pages->files[i].name, name) == 0)
			return &pages->files[i];
	return NULL;
}
