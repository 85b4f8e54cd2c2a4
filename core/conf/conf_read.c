/* SPDX-License-Identifier: ISC */
/*
 * Reads the configuration file. inih decides the grammar, one line at a time: as Debian builds it,
 * it tells handlers neither the line nor the start of a section, goes on after its first mistake
 * without naming the others, and cuts long lines. Fed with single lines it does none of that harm,
 * and every mistake of a file is told at once.
 */
#include "core/conf/conf_read.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/log.h"
#include "core/base/num.h"
#include "core/base/str.h"

#define CONF_FILE_MAX 65536 /* bytes */

/* inih holds a line, its end ("\r\n") and a NUL in INI_MAX_LINE bytes. */
#define CONF_LINE_MAX (INI_MAX_LINE - 3)

#define SECRET_MAX 4096

/* Section and option that are put around each line to learn whether it began a section. Lines with
 * control characters are refused before, so no file can hold it. */
#define PROBE "\x01"

struct word {
	const char *text;
	int64_t value;
};

static const struct word truths[] = {
	{"yes", true}, {"true", true},   {"on", true},
	{"no", false}, {"false", false}, {"off", false},
};
static const struct word levels[] = {
	{"error", LOG_LEVEL_ERROR},
	{"warn", LOG_LEVEL_WARN},
	{"info", LOG_LEVEL_INFO},
	{"debug", LOG_LEVEL_DEBUG},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void
conf_mistake(struct conf_reader *reader, int line, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = arena_vprintf(reader->arena, format, args);
	va_end(args);
	if (line > 0)
		buf_printf(reader->why, "%s:%d: %s\n", reader->conf->path, line, text);
	else
		buf_printf(reader->why, "%s: %s\n", reader->conf->path, text);
	reader->mistakes++;
}

size_t
conf_row(const char *name)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (str_equal(table[i].name, name))
			return i;
	}
	bug("a rule names an option that is not there");
}

static int
find_word(const struct word *words, size_t count, const char *text, int64_t *value)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(words[i].text, text)) {
			*value = words[i].value;
			return 0;
		}
	}
	return -1;
}

/* What a text or path must be instead, or NULL when it is right. */
static const char *
text_remedy(struct arena *arena, const struct conf_option *option, const char *text)
{
	size_t size = strlen(text);

	if (size == 0 && option->min == 0)
		return NULL;
	if (option->type == CONF_PATH && text[0] != '/')
		return "write an absolute path, beginning with /";
	if (size < (size_t)option->min)
		return "it must not be empty";
	if (size > (size_t)option->max)
		return arena_printf(arena, "write at most %" PRId64 " bytes", option->max);
	if (!utf8_valid(text, size) || strchr(text, '\t') != NULL)
		return "write printable text in UTF-8";
	return NULL;
}

/* Sets the option's member, or says what would be right. */
static const char *
set_option(struct arena *arena, const struct conf_option *option, const char *text,
	   struct conf *conf)
{
	void *member = (char *)conf + option->offset;
	const char *remedy;
	int64_t number = 0;

	switch (option->type) {
	case CONF_TEXT:
	case CONF_PATH:
		remedy = text_remedy(arena, option, text);
		if (remedy == NULL)
			*(const char **)member = arena_strdup(arena, text);
		return remedy;
	case CONF_INT:
		if (num_parse_int64(text, option->min, option->max, member) == 0)
			return NULL;
		return arena_printf(arena, "write a number from %" PRId64 " to %" PRId64,
				    option->min, option->max);
	case CONF_BOOL:
		if (find_word(truths, COUNT(truths), text, &number) != 0)
			return "write yes or no";
		*(bool *)member = number != 0;
		return NULL;
	case CONF_LEVEL:
		if (find_word(levels, COUNT(levels), text, member) != 0)
			return "write error, warn, info or debug";
		return NULL;
	}
	bug("option of an unknown type");
}

static void
set_defaults(struct arena *arena, struct conf *conf)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (set_option(arena, &table[i], table[i].fallback, conf) != NULL)
			bug("the default of an option is refused by its own row");
	}
}

/* The sections of the table as people read them. */
static const char *
sections_text(struct arena *arena)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);
	const char *text = arena_printf(arena, "[%s]", table[0].section);

	for (size_t i = 1; i < count; i++) {
		if (!str_equal(table[i].section, table[i - 1].section))
			text = arena_printf(arena, "%s [%s]", text, table[i].section);
	}
	return text;
}

static void
enter_section(struct conf_reader *reader, const char *section)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);

	reader->section = arena_strdup(reader->arena, section);
	reader->section_known = false;
	for (size_t i = 0; i < count; i++) {
		if (str_equal(table[i].section, section))
			reader->section_known = true;
	}
	if (!reader->section_known)
		conf_mistake(reader, reader->line, "unknown section [%s]; there are %s", section,
			     sections_text(reader->arena));
}

/* An option that stands under another section is what people get wrong most often. */
static void
refuse_unknown(struct conf_reader *reader, const char *name)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (!str_equal(table[i].name, name))
			continue;
		conf_mistake(reader, reader->line,
			     "%s is not an option of this place; put it under [%s]", name,
			     table[i].section);
		return;
	}
	conf_mistake(reader, reader->line,
		     "unknown option %s; `ostiary config reference` lists all there are", name);
}

static void
take_option(struct conf_reader *reader, const char *name, const char *value)
{
	size_t count;
	const struct conf_option *table = conf_table(&count);
	const char *remedy;
	size_t i = 0;

	while (i < count &&
	       !(str_equal(table[i].section, reader->section) && str_equal(table[i].name, name)))
		i++;
	if (i == count) {
		refuse_unknown(reader, name);
		return;
	}
	if (reader->given[i] != 0) {
		conf_mistake(reader, reader->line, "%s was given in line %d already; keep one",
			     name, reader->given[i]);
		return;
	}
	reader->given[i] = reader->line;
	remedy = set_option(reader->arena, &table[i], value, reader->conf);
	if (remedy == NULL)
		return;
	reader->refused[i] = true;
	conf_mistake(reader, reader->line, "%s has a bad value; %s", name, remedy);
}

/* What inih made of one line. */
struct parsed_line {
	struct arena *arena;
	const char *name, *value; /* NULL: no option */
	const char *section;      /* in force behind the line */
};

/* The option of the line comes first, the probe behind it. */
static int
take_parsed(void *user, const char *section, const char *name, const char *value)
{
	struct parsed_line *parsed = user;

	if (str_equal(name, PROBE)) {
		parsed->section = arena_strdup(parsed->arena, section);
		return 1;
	}
	parsed->name = arena_strdup(parsed->arena, name);
	parsed->value = arena_strdup(parsed->arena, value);
	return 1;
}

/* What inih must not see, or NULL. */
static const char *
line_mistake(struct arena *arena, const char *line)
{
	if (strlen(line) > CONF_LINE_MAX)
		return arena_printf(arena,
				    "a line of more than %d bytes; shorten it (a long path by a "
				    "symbolic link)",
				    CONF_LINE_MAX);
	for (const char *c = line; *c != '\0'; c++) {
		bool is_end = *c == '\r' && c[1] == '\0';

		if (((unsigned char)*c < 0x20 && *c != '\t' && !is_end) || *c == 0x7f)
			return "a control character; take it out";
	}
	return NULL;
}

static void
read_line(struct conf_reader *reader, const char *line)
{
	struct parsed_line parsed = {.arena = reader->arena, .section = PROBE};
	const char *mistake = line_mistake(reader->arena, line);
	const char *text;

	if (mistake != NULL) {
		conf_mistake(reader, reader->line, "%s", mistake);
		return;
	}
	text = arena_printf(reader->arena, "[" PROBE "]\n%s\n" PROBE "=\n", line);
	if (ini_parse_string(text, take_parsed, &parsed) != 0) {
		conf_mistake(
			reader, reader->line,
			"neither a [section] nor an option; write name = value, or # in front of a "
			"comment");
		return;
	}
	if (!str_equal(parsed.section, PROBE)) {
		enter_section(reader, parsed.section);
		return;
	}
	/* Options of a section that is unknown were told with the section. */
	if (parsed.name != NULL && (reader->section_known || reader->section == NULL))
		take_option(reader, parsed.name, parsed.value);
}

static void
read_lines(struct conf_reader *reader, char *text)
{
	if (str_starts(text, "\xef\xbb\xbf"))
		text += 3;
	while (text != NULL && *text != '\0') {
		char *end = strchr(text, '\n');

		if (end != NULL)
			*end++ = '\0';
		reader->line++;
		read_line(reader, text);
		text = end;
	}
}

/*
 * The bytes of a regular file of at most max bytes, or NULL with *why. Where secret, nobody but the
 * owner and the group may have rights.
 */
static char *
read_file(struct arena *arena, const char *path, size_t max, bool secret, const char **why)
{
	/* not blocking: a FIFO in its place must not hold us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *bytes = NULL;
	struct stat info;
	size_t size = 0;
	ssize_t got = 0;

	if (fd < 0) {
		*why = arena_printf(arena, "%s", strerrordesc_np(errno));
		return NULL;
	}
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		*why = "it is not a regular file";
		goto out;
	}
	if (secret && (info.st_mode & 007) != 0) {
		*why = "others may read it; run chmod o-rwx on it";
		goto out;
	}
	bytes = arena_alloc(arena, max + 2);
	while (size <= max && (got = read(fd, bytes + size, max + 1 - size)) > 0)
		size += (size_t)got;
	if (got < 0 || size > max || strlen(bytes) != size) {
		*why = got < 0      ? "it cannot be read"
		       : size > max ? arena_printf(arena, "it has more than %zu bytes", max)
				    : "it has a NUL byte";
		bytes = NULL;
	}
out:
	(void)close(fd);
	return bytes;
}

int
conf_load(struct arena *arena, const char *path, struct conf *conf, struct buf *why)
{
	struct conf_reader reader = {.arena = arena, .conf = conf, .why = why};
	const char *reason = NULL;
	char *text;

	*conf = (struct conf){.path = arena_strdup(arena, path)};
	set_defaults(arena, conf);
	text = read_file(arena, path, CONF_FILE_MAX, false, &reason);
	if (text == NULL) {
		conf_mistake(&reader, 0,
			     "%s; `ostiary config reference` writes a file to begin with", reason);
		return -1;
	}
	read_lines(&reader, text);
	conf_rules(&reader);
	return reader.mistakes == 0 ? 0 : -1;
}

const char *
conf_read_secret(struct arena *arena, const char *path, const char **why)
{
	const char *reason = NULL;
	char *text = read_file(arena, path, SECRET_MAX, true, &reason);
	size_t size;

	if (text == NULL) {
		*why = arena_printf(arena, "%s: %s", path, reason);
		return NULL;
	}
	size = strcspn(text, "\r\n");
	if (size == 0) {
		*why = arena_printf(arena, "%s: its first line is empty", path);
		return NULL;
	}
	if (text[size + strspn(text + size, "\r\n")] != '\0') {
		*why = arena_printf(arena, "%s: it has more than one line", path);
		return NULL;
	}
	text[size] = '\0';
	return text;
}
