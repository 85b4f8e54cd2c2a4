/* SPDX-License-Identifier: ISC */
/*
 * The files that pages are made of, read once at start: which ones a folder holds, and the whole of
 * one. Templates and catalogues are loaded through this; no request touches a file.
 */
#ifndef OSTIARY_HTTP_PAGE_FILE_H
#define OSTIARY_HTTP_PAGE_FILE_H

#include <stddef.h>

#include "core/base/str.h"

struct arena;
struct buf;

#define PAGE_FILES_MAX 64    /* files of one kind in a folder */
#define PAGE_FILE_MAX  65536 /* bytes of one file */

/*
 * The names of the files in folder that end in suffix, without it, sorted. Hidden files are passed
 * over. 0, or -1 with a line in errors when the folder cannot be read or holds more than
 * PAGE_FILES_MAX of them.
 */
int page_file_list(struct arena *arena, const char *folder, const char *suffix,
		   struct strlist *names, struct buf *errors) __attribute__((warn_unused_result));

/*
 * The bytes of a file in the arena (a NUL follows them) and *size. NULL with a line in errors when
 * it cannot be read or has more than PAGE_FILE_MAX bytes.
 */
char *page_file_read(struct arena *arena, const char *path, size_t *size, struct buf *errors)
	__attribute__((warn_unused_result));

#endif
