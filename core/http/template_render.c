/* SPDX-License-Identifier: ISC */
/*
 * Runs the operations of a template over JSON values: which value a name means (the innermost
 * object that has its first part), when a section counts as nothing, and how a partial that stands
 * alone on its line is indented. Every value goes through buf_add_html(): there is no other writer
 * here.
 */
#include <inttypes.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/http/template.h"
#include "core/http/template_set.h"

/* The indentation of the partials in progress, innermost first; they live on the C stack. */
struct indent {
	const struct indent *outer;
	const char *text;
	size_t size;
};

struct render {
	struct buf *out;
	struct json_object *context[TEMPLATE_DEPTH_MAX + 1];
	size_t contexts;
	int depth;
	const struct indent *indent;
	bool line_start; /* the next thing written is the first of a line of the template */
	enum template_verdict verdict;
};

static void run(struct render *r, const struct template *t, size_t from, size_t to);

static void
write_indent(struct buf *out, const struct indent *indent)
{
	if (!indent)
		return;
	write_indent(out, indent->outer);
	buf_add(out, indent->text, indent->size);
}

static void
begin_line(struct render *r)
{
	if (r->line_start)
		write_indent(r->out, r->indent);
	r->line_start = false;
}

static void
write_text(struct render *r, const char *text, size_t size)
{
	while (size > 0) {
		const char *newline = memchr(text, '\n', size);
		size_t line = newline ? (size_t)(newline - text) + 1 : size;

		begin_line(r);
		buf_add(r->out, text, line);
		r->line_start = newline != NULL;
		text += line;
		size -= line;
	}
}

/* Finds key in the innermost object that has it. False when none has. */
static bool
find_first(const struct render *r, const char *key, struct json_object **value)
{
	for (size_t i = r->contexts; i > 0; i--) {
		struct json_object *context = r->context[i - 1];

		if (json_object_is_type(context, json_type_object) &&
		    json_object_object_get_ex(context, key, value))
			return true;
	}
	return false;
}

/* The value that path means; NULL for none and for null, which look the same on a page. */
static struct json_object *
lookup(const struct render *r, const struct template_path *path)
{
	struct json_object *value = NULL;

	if (path->count == 0)
		return r->context[r->contexts - 1];
	if (!find_first(r, path->part[0], &value))
		return NULL;
	for (size_t i = 1; i < path->count; i++)
		if (!json_object_is_type(value, json_type_object) ||
		    !json_object_object_get_ex(value, path->part[i], &value))
			return NULL;
	return value;
}

static void
write_value(struct render *r, struct json_object *value)
{
	begin_line(r);
	switch (json_object_get_type(value)) {
	case json_type_string:
		buf_add_html(r->out, json_object_get_string(value),
			     (size_t)json_object_get_string_len(value));
		return;
	case json_type_int:
		buf_printf(r->out, "%" PRId64, json_object_get_int64(value));
		return;
	case json_type_double:
	case json_type_boolean:
		buf_add_text(r->out, json_object_get_string(value));
		return;
	case json_type_null:
	case json_type_object:
	case json_type_array:
		return;
	}
}

static bool
is_nothing(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return true;
	case json_type_boolean:
		return !json_object_get_boolean(value);
	case json_type_string:
		return json_object_get_string_len(value) == 0;
	case json_type_array:
		return json_object_array_length(value) == 0;
	case json_type_int:
	case json_type_double:
	case json_type_object:
		return false;
	}
	return true;
}

/* The body of a section with value as the innermost context. */
static void
run_with(struct render *r, const struct template *t, size_t section, struct json_object *value)
{
	if (r->contexts > TEMPLATE_DEPTH_MAX) {
		r->verdict = TEMPLATE_TOO_DEEP;
		return;
	}
	r->context[r->contexts++] = value;
	run(r, t, section + 1, t->op[section].end);
	r->contexts--;
}

static void
run_section(struct render *r, const struct template *t, size_t section)
{
	const struct template_op *op = &t->op[section];
	struct json_object *value = lookup(r, &op->path);
	bool nothing = is_nothing(value);

	if (nothing != (op->kind == TEMPLATE_INVERTED))
		return;
	/* a plain yes says nothing that a name could mean */
	if (nothing || json_object_is_type(value, json_type_boolean)) {
		run(r, t, section + 1, op->end);
		return;
	}
	if (!json_object_is_type(value, json_type_array)) {
		run_with(r, t, section, value);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(value) && r->verdict == TEMPLATE_OK; i++)
		run_with(r, t, section, json_object_array_get_idx(value, i));
}

/*
 * A partial on a line of its own has each of its lines indented as the tag; one that stands inline
 * has none, because only the line it stands in belongs to the template around it.
 */
static void
run_partial(struct render *r, const struct template_op *op)
{
	const struct indent *outer = r->indent;
	const struct indent indent = {outer, op->text, op->size};

	if (!op->target)
		return;
	if (!op->text)
		begin_line(r);
	r->indent = op->text ? &indent : NULL;
	r->line_start = op->text != NULL;
	run(r, op->target, 0, op->target->count);
	r->indent = outer;
	r->line_start = op->text != NULL;
}

/* Runs one op and returns the index of the next. */
static size_t
step(struct render *r, const struct template *t, size_t at)
{
	const struct template_op *op = &t->op[at];

	switch (op->kind) {
	case TEMPLATE_TEXT:
		write_text(r, op->text, op->size);
		return at + 1;
	case TEMPLATE_VALUE:
		write_value(r, lookup(r, &op->path));
		return at + 1;
	case TEMPLATE_SECTION:
	case TEMPLATE_INVERTED:
		run_section(r, t, at);
		return op->end;
	case TEMPLATE_PARTIAL:
		run_partial(r, op);
		return at + 1;
	}
	return at + 1;
}

/* The verdict is looked at after every op, so a set that includes itself twice ends at once. */
static void
run(struct render *r, const struct template *t, size_t from, size_t to)
{
	if (r->depth == TEMPLATE_DEPTH_MAX) {
		r->verdict = TEMPLATE_TOO_DEEP;
		return;
	}
	r->depth++;
	while (from < to && r->verdict == TEMPLATE_OK) {
		from = step(r, t, from);
		if (buf_failed(r->out))
			r->verdict = TEMPLATE_TOO_LONG;
	}
	r->depth--;
}

enum template_verdict
template_render(const struct template_set *set, const char *name, struct json_object *values,
		struct buf *out)
{
	const struct template *template = template_set_find(set, name);
	struct render r = {.out = out, .line_start = true, .verdict = TEMPLATE_OK};

	if (!template)
		return TEMPLATE_UNKNOWN;
	r.context[r.contexts++] = values;
	run(&r, template, 0, template->count);
	return r.verdict;
}
