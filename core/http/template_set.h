/* SPDX-License-Identifier: ISC */
/*
 * What template.c (the compiler) writes and template_render.c reads. Nobody else includes this.
 */
#ifndef OSTIARY_HTTP_TEMPLATE_SET_H
#define OSTIARY_HTTP_TEMPLATE_SET_H

#include <stddef.h>

enum template_op_kind {
	TEMPLATE_TEXT,     /* text as it stands in the file */
	TEMPLATE_VALUE,    /* path, escaped */
	TEMPLATE_SECTION,  /* the ops up to end, for each path */
	TEMPLATE_INVERTED, /* the ops up to end, when path is nothing */
	TEMPLATE_PARTIAL,  /* target */
};

/* A dotted name in its parts; no parts is the implicit iterator. */
struct template_path {
	const char **part;
	size_t count;
};

struct template_op {
	enum template_op_kind kind;
	int line;
	const char
		*text; /* TEXT: the bytes; PARTIAL: the indentation, NULL when it stands inline */
	size_t size;   /* of text */
	struct template_path path;
	const char *name;              /* as written: for sections and partials */
	size_t end;                    /* index of the first op behind the section */
	const struct template *target; /* PARTIAL: NULL when there is none of that name */
};

struct template
{
	const char *name;
	const char *file;
	struct template_op *op;
	size_t count;
	size_t capacity;
};

struct template_set {
	struct arena *arena;
	struct template *template;
	size_t count;
};

/* The template of that name, or NULL. */
const struct template *template_set_find(const struct template_set *set, const char *name);

#endif
