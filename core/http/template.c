/* SPDX-License-Identifier: ISC */
/*
 * The template compiler: from text to a list of operations, with every error of every file told at
 * once. It decides what the language is (the mustache specification without its delimiters and
 * unescaped modules) and which tags stand alone on their line and therefore take the line with
 * them. Rendering is in template_render.c.
 */
#include "core/http/template.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/str.h"
#include "core/http/page_file.h"
#include "core/http/template_set.h"

#define FIRST_OPS 32

/* One compilation. Positions are byte offsets in text. */
struct compiler {
	struct template_set *set;
	struct template *template;
	struct buf *errors;
	const char *text;
	size_t size;
	size_t at;      /* everything before is compiled */
	size_t counted; /* newlines before are in line */
	int line;
	int failed;
	size_t open[TEMPLATE_NEST_MAX]; /* the sections that are not closed yet */
	size_t nest;
};

/* A tag as it stands in the text: from the first brace to behind the last. */
struct tag {
	char sigil; /* one of # ^ / > ! or 0 for a value */
	size_t start;
	size_t end;
	const char *name; /* trimmed; NULL for comments */
	const char *indent;
	size_t indent_size;
};

static void
complain(struct compiler *c, const char *what, const char *name)
{
	buf_printf(c->errors, "%s:%d: %s%s%s\n", c->template->file, c->line, what, name ? " " : "",
		   name ? name : "");
	c->failed = -1;
}

static void
count_lines(struct compiler *c, size_t to)
{
	for (; c->counted < to; c->counted++)
		c->line += c->text[c->counted] == '\n';
}

static struct template_op *
add_op(struct compiler *c, enum template_op_kind kind)
{
	struct template *t = c->template;
	struct template_op *op;

	if (t->count == t->capacity) {
		size_t capacity = t->capacity ? 2 * t->capacity : FIRST_OPS;

		op = arena_array(c->set->arena, capacity, sizeof(*op));
		if (t->count)
			memcpy(op, t->op, t->count * sizeof(*op));
		t->op = op;
		t->capacity = capacity;
	}
	op = &t->op[t->count++];
	op->kind = kind;
	op->line = c->line;
	return op;
}

static void
add_text(struct compiler *c, size_t from, size_t to)
{
	struct template_op *op;

	if (from == to)
		return;
	op = add_op(c, TEMPLATE_TEXT);
	op->text = c->text + from;
	op->size = to - from;
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* A dotted name has characters between its dots; "." alone is the value at hand. */
static bool
name_valid(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > TEMPLATE_NAME_MAX)
		return false;
	if (str_equal(name, "."))
		return true;
	for (size_t i = 0; i < size; i++)
		if (!is_name_char(name[i]))
			return false;
	return name[0] != '.' && name[size - 1] != '.' && !strstr(name, "..");
}

static int
split_name(struct compiler *c, const char *name, struct template_path *path)
{
	struct strlist parts;

	if (strlist_split(c->set->arena, name, '.', TEMPLATE_PARTS_MAX, &parts) < 0)
		return -1;
	path->part = parts.item;
	path->count = parts.count;
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* White space within a tag. */
static bool
is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

static const char *
trimmed(struct compiler *c, size_t from, size_t to)
{
	while (from < to && is_space(c->text[from]))
		from++;
	while (to > from && is_space(c->text[to - 1]))
		to--;
	return arena_copy(c->set->arena, c->text + from, to - from);
}

/* Where the line ends that at stands in: behind its newline, or at the end; 0 when it is not blank.
 */
static size_t
blank_line_end(const struct compiler *c, size_t at)
{
	while (at < c->size && is_blank(c->text[at]))
		at++;
	if (at == c->size)
		return at;
	if (c->text[at] == '\r' && at + 1 < c->size)
		at++;
	return c->text[at] == '\n' ? at + 1 : 0;
}

/*
 * A tag that is alone on its line takes the blanks before and the newline behind with it. The line
 * has to begin at or after c->at: otherwise another tag stands before this one. *before is where
 * the text in front of the tag ends.
 */
static void
take_line(struct compiler *c, struct tag *tag, size_t *before)
{
	size_t start = tag->start;
	size_t end = blank_line_end(c, tag->end);

	while (start > c->at && is_blank(c->text[start - 1]))
		start--;
	if (end == 0 || (start > 0 && c->text[start - 1] != '\n'))
		return;
	tag->indent = c->text + start;
	tag->indent_size = tag->start - start;
	tag->end = end;
	*before = start;
}

/* Finds what kind of tag stands at tag->start and where it ends. -1 when it has no end. */
static int
read_tag(struct compiler *c, struct tag *tag)
{
	const char *open = c->text + tag->start + 2;
	const char *close = memmem(open, c->size - tag->start - 2, "}}", 2);
	size_t from = tag->start + 2;

	if (!close || close - open > TEMPLATE_TAG_MAX) {
		complain(c, close ? "tag is too long" : "tag is not closed", NULL);
		return -1;
	}
	tag->end = (size_t)(close - c->text) + 2;
	while (from < tag->end - 2 && is_space(c->text[from]))
		from++;
	tag->sigil = strchr("#^/>!&={", c->text[from]) ? c->text[from++] : '\0';
	tag->name = tag->sigil == '!' ? NULL : trimmed(c, from, tag->end - 2);
	if (tag->sigil == '{' && tag->end < c->size && c->text[tag->end] == '}')
		tag->end++;
	return 0;
}

static void
compile_value(struct compiler *c, const struct tag *tag)
{
	struct template_path path;

	if (split_name(c, tag->name, &path) < 0) {
		complain(c, "name has too many parts:", tag->name);
		return;
	}
	add_op(c, TEMPLATE_VALUE)->path = path;
}

static void
compile_section(struct compiler *c, const struct tag *tag)
{
	struct template_path path;
	struct template_op *op;

	if (split_name(c, tag->name, &path) < 0) {
		complain(c, "name has too many parts:", tag->name);
		return;
	}
	if (c->nest == TEMPLATE_NEST_MAX) {
		complain(c, "sections are nested too deep:", tag->name);
		return;
	}
	c->open[c->nest++] = c->template->count;
	op = add_op(c, tag->sigil == '#' ? TEMPLATE_SECTION : TEMPLATE_INVERTED);
	op->path = path;
	op->name = tag->name;
}

static void
compile_close(struct compiler *c, const struct tag *tag)
{
	struct template_op *op;

	if (c->nest == 0) {
		complain(c, "closes a section that is not open:", tag->name);
		return;
	}
	op = &c->template->op[c->open[--c->nest]];
	if (!str_equal(op->name, tag->name))
		complain(c, "closes another section than the one open, which is", op->name);
	op->end = c->template->count;
}

static void
compile_partial(struct compiler *c, const struct tag *tag)
{
	struct template_op *op = add_op(c, TEMPLATE_PARTIAL);

	op->name = tag->name;
	op->text = tag->indent;
	op->size = tag->indent_size;
}

static void
compile_tag(struct compiler *c, const struct tag *tag)
{
	if (tag->sigil == '!')
		return;
	if (tag->sigil == '&' || tag->sigil == '{') {
		complain(c, "unescaped output is not part of the language:", tag->name);
		return;
	}
	if (tag->sigil == '=') {
		complain(c, "delimiters cannot be changed:", tag->name);
		return;
	}
	if (!name_valid(tag->name)) {
		complain(c, "not a name:", tag->name);
		return;
	}
	if (tag->sigil == '#' || tag->sigil == '^')
		compile_section(c, tag);
	else if (tag->sigil == '/')
		compile_close(c, tag);
	else if (tag->sigil == '>')
		compile_partial(c, tag);
	else
		compile_value(c, tag);
}

/* Compiles up to and with the next tag. -1 at the end of the text or where it makes no sense. */
static int
compile_next(struct compiler *c)
{
	const char *open = memmem(c->text + c->at, c->size - c->at, "{{", 2);
	struct tag tag = {.start = c->size};
	size_t before;

	if (!open) {
		add_text(c, c->at, c->size);
		return -1;
	}
	tag.start = (size_t)(open - c->text);
	before = tag.start;
	count_lines(c, tag.start);
	if (read_tag(c, &tag) < 0)
		return -1;
	if (tag.sigil != '\0')
		take_line(c, &tag, &before);
	add_text(c, c->at, before);
	compile_tag(c, &tag);
	c->at = tag.end;
	return 0;
}

static int
compile(struct compiler *c)
{
	while (compile_next(c) == 0)
		;
	while (c->nest > 0) {
		const struct template_op *op = &c->template->op[c->open[--c->nest]];

		c->line = op->line;
		complain(c, "section is not closed:", op->name);
	}
	/* what has errors renders as nothing, also where it is included */
	if (c->failed)
		c->template->count = 0;
	return c->failed;
}

struct template_set *
template_set_new(struct arena *arena)
{
	struct template_set *set = arena_alloc(arena, sizeof(*set));

	set->arena = arena;
	set->template = arena_array(arena, PAGE_FILES_MAX, sizeof(*set->template));
	return set;
}

const struct template *
template_set_find(const struct template_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (str_equal(set->template[i].name, name))
			return &set->template[i];
	return NULL;
}

int
template_set_add(struct template_set *set, const char *name, const char *file, const char *text,
		 size_t size, struct buf *errors)
{
	struct compiler c = {.set = set, .errors = errors, .size = size, .line = 1};

	if (set->count == PAGE_FILES_MAX)
		bug("a template set is full");
	c.template = &set->template[set->count++];
	c.template->name = arena_strdup(set->arena, name);
	c.template->file = arena_strdup(set->arena, file);
	c.text = arena_copy(set->arena, text, size);
	if (!utf8_valid(c.text, size) || memchr(c.text, '\0', size)) {
		complain(&c, "not UTF-8 text", NULL);
		return -1;
	}
	return compile(&c);
}

static int
link_template(const struct template_set *set, struct template *template, struct buf *errors)
{
	int result = 0;

	for (size_t i = 0; i < template->count; i++) {
		struct template_op *op = &template->op[i];

		if (op->kind != TEMPLATE_PARTIAL)
			continue;
		op->target = template_set_find(set, op->name);
		if (op->target)
			continue;
		buf_printf(errors, "%s:%d: no such partial: %s\n", template->file, op->line,
			   op->name);
		result = -1;
	}
	return result;
}

int
template_set_link(struct template_set *set, struct buf *errors)
{
	int result = 0;

	for (size_t i = 0; i < set->count; i++)
		if (link_template(set, &set->template[i], errors) < 0)
			result = -1;
	return result;
}

const struct template_set *
template_set_load(struct arena *arena, const char *folder, struct buf *errors)
{
	struct template_set *set = template_set_new(arena);
	struct strlist names;
	int result = 0;

	if (page_file_list(arena, folder, ".html", &names, errors) < 0)
		return NULL;
	for (size_t i = 0; i < names.count; i++) {
		const char *path = arena_printf(arena, "%s/%s.html", folder, names.item[i]);
		size_t size;
		const char *text = page_file_read(arena, path, &size, errors);

		if (!text || template_set_add(set, names.item[i], path, text, size, errors) < 0)
			result = -1;
	}
	if (template_set_link(set, errors) < 0)
		result = -1;
	return result < 0 ? NULL : set;
}
