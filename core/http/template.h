/* SPDX-License-Identifier: ISC */
/*
 * Pages from logic-less templates: the core of the mustache language, compiled at start into lists
 * of operations that are const from then on. A template cannot write a value unescaped: {{{x}}},
 * {{&x}} and set delimiters are errors at load, so what a value holds can never become markup.
 *
 *   {{x}}  {{x.y}}  {{.}}      a value, HTML-escaped; nothing when it is absent, null or composed
 *   {{#x}} … {{/x}}            once for a value, once for each item of an array
 *   {{^x}} … {{/x}}            when x is absent, null, false, "" or an empty array
 *   {{>x}}                     the template x in its place, indented as the tag when on its own
 * line
 *   {{! … }}                   a comment
 *
 * Attribute values are quoted by the one who writes the template: the escaping holds in element
 * content and quoted attributes only.
 */
#ifndef OSTIARY_HTTP_TEMPLATE_H
#define OSTIARY_HTTP_TEMPLATE_H

#include <stddef.h>

#include "core/base/json.h"

struct arena;
struct buf;
struct template_set;

#define TEMPLATE_NEST_MAX  16 /* sections within sections in one template */
#define TEMPLATE_DEPTH_MAX 48 /* sections and partials within each other when rendered */
#define TEMPLATE_NAME_MAX  64 /* bytes of one name with its dots */
#define TEMPLATE_PARTS_MAX 8  /* parts of a dotted name */
#define TEMPLATE_TAG_MAX   8192

enum template_verdict {
	TEMPLATE_OK,
	TEMPLATE_UNKNOWN,  /* the set has no template of that name */
	TEMPLATE_TOO_DEEP, /* TEMPLATE_DEPTH_MAX: a partial that includes itself without end */
	TEMPLATE_TOO_LONG, /* out reached its maximum */
};

/*
 * Compiles every *.html of folder; a template's name is its file name without ".html". NULL with
 * every error as "file:line: what" lines in errors. Owned by the arena.
 */
const struct template_set *template_set_load(struct arena *arena, const char *folder,
					     struct buf *errors)
	__attribute__((warn_unused_result));

/* The same in steps, for templates that are not files: new, any number of adds, one link. */
struct template_set *template_set_new(struct arena *arena)
	__attribute__((returns_nonnull, warn_unused_result));

/* Compiles one template. file is what errors name. 0, or -1 when it has errors. */
int template_set_add(struct template_set *set, const char *name, const char *file, const char *text,
		     size_t size, struct buf *errors) __attribute__((warn_unused_result));

/*
 * Finds the partials. 0, or -1 with a line for every partial that is not there; the set can be
 * rendered all the same and has nothing in their place.
 */
int template_set_link(struct template_set *set, struct buf *errors)
	__attribute__((warn_unused_result));

/*
 * Writes template name with values (any JSON value, usually an object; not changed) to out. On
 * anything but TEMPLATE_OK out holds a part of the page and must not be sent.
 */
enum template_verdict template_render(const struct template_set *set, const char *name,
				      struct json_object *values, struct buf *out)
	__attribute__((warn_unused_result));

#endif
