/* SPDX-License-Identifier: ISC */
/*
 * All that pages are made of, loaded once at start: templates, catalogues and the static files with
 * their types and ETags.
 */
#ifndef OSTIARY_HTTP_PAGES_H
#define OSTIARY_HTTP_PAGES_H

#include "core/http/locale.h"
#include "core/http/template.h"

struct static_file {
	const char *name; /* "style.css" */
	const char *type; /* Content-Type */
	const char *data;
	size_t size;
};

struct pages {
	const struct template_set *templates;
	const struct locale_set *locales;
	const struct static_file *files;
	size_t files_count;
	const char *version; /* changes when a static file changes; also their ETag's text */
};

/* Loads folder/templates, folder/locales and folder/static. NULL with every error as a line in
 * errors. */
const struct pages *pages_load(struct arena *arena, const char *folder, struct buf *errors)
	__attribute__((warn_unused_result));

const struct static_file *pages_file(const struct pages *pages, const char *name);

#endif
