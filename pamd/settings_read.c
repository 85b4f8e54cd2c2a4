/* SPDX-License-Identifier: ISC */
/*
 * Reads the settings. inih decides the grammar and is fed one line at a time, since as Debian
 * builds it it tells neither lines nor sections and cuts long ones. A line that begins with a blank
 * goes on with the value before it, so that filters longer than inih's lines can be written.
 */
#include "pamd/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "core/port/broker_wire.h"
#include "pamd/backends.h"

#define OPTIONS_MAX 64
#define FILE_MAX    65536
#define SECRET_MAX  4096

/* inih holds a line, its end ("\r\n") and a NUL in INI_MAX_LINE bytes. */
#define LINE_MAX_BYTES (INI_MAX_LINE - 3)

/* Section and option that are put around each line to learn whether it began a section. Lines with
 * control characters are refused before, so no file can hold it. */
#define PROBE "\x01"

#define SERVICE_PREFIX "service "
#define NAME_BYTES     "abcdefghijklmnopqrstuvwxyz0123456789-_"

/* One option as it was written, over all its lines. */
struct given {
	const char *name; /* NULL: none is open */
	struct buf value;
	int line;
};

struct section {
	unsigned place; /* 0: unknown; of a service 0 until kind is known */
	struct service *service;
	bool refused;           /* was told to be wrong: its options are passed over */
	int given[OPTIONS_MAX]; /* the line at which each row was given; 0: not */
};

struct reader {
	struct arena *arena;
	struct settings *settings;
	struct service *services; /* settings->service while they are written */
	struct buf *why;
	struct section section;
	bool has_broker;
	bool kind_refused[SETTINGS_SERVICES_MAX]; /* was told already */
	struct given open;
	int line;
	size_t mistakes;
};

static void __attribute__((format(printf, 3, 4)))
mistake(struct reader *reader, int line, const char *format, ...)
{
	va_list args;
	const char *text;

	va_start(args, format);
	text = arena_vprintf(reader->arena, format, args);
	va_end(args);
	if (line > 0)
		buf_printf(reader->why, "%s:%d: %s\n", reader->settings->path, line, text);
	else
		buf_printf(reader->why, "%s: %s\n", reader->settings->path, text);
	reader->mistakes++;
}

/* ---- values ---- */

static const char *
text_remedy(struct arena *arena, const struct option *option, const char *text)
{
	size_t size = strlen(text);

	if (size == 0 && option->min == 0)
		return NULL;
	if (option->type == OPTION_PATH && text[0] != '/')
		return "write an absolute path, beginning with /";
	if (size < (size_t)option->min)
		return "it must not be empty";
	if (size > (size_t)option->max)
		return arena_printf(arena, "write at most %" PRId64 " bytes", option->max);
	if (!utf8_valid(text, size) || strchr(text, '\t'))
		return "write printable text in UTF-8";
	return NULL;
}

/* Sets the option's member, or says what would be right. */
static const char *
set_option(struct arena *arena, const struct option *option, const char *text, void *to)
{
	void *member = (char *)to + option->offset;
	const char *remedy;

	switch (option->type) {
	case OPTION_TEXT:
	case OPTION_PATH:
		remedy = text_remedy(arena, option, text);
		if (!remedy)
			*(const char **)member = arena_strdup(arena, text);
		return remedy;
	case OPTION_INT:
		if (num_parse_int64(text, option->min, option->max, member) == 0)
			return NULL;
		return arena_printf(arena, "write a number from %" PRId64 " to %" PRId64,
				    option->min, option->max);
	case OPTION_BOOL:
		*(bool *)member = str_equal(text, "yes");
		return str_equal(text, "yes") || str_equal(text, "no") ? NULL : "write yes or no";
	}
	bug("option of an unknown type");
}

static void
set_defaults(struct arena *arena, unsigned places, void *to)
{
	size_t count;
	const struct option *table = settings_table(&count);

	if (count > OPTIONS_MAX)
		bug("a section has no line for each option");
	for (size_t i = 0; i < count; i++) {
		if (table[i].places & places && set_option(arena, &table[i], table[i].fallback, to))
			bug("the default of an option is refused by its own row");
	}
}

/* ---- sections ---- */

/* As `ostiary source` takes it, or a service could be there that no realm can name. */
static bool
is_service_name(const char *name)
{
	return name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= BROKER_SERVICE_MAX &&
	       !name[strspn(name, NAME_BYTES)];
}

static void
enter_service(struct reader *reader, const char *name)
{
	struct settings *settings = reader->settings;
	struct service *service = &reader->services[settings->services];

	reader->section.refused = true;
	if (!is_service_name(name))
		mistake(reader, reader->line,
			"[service %s] has a bad name; write at most %d of a-z, 0-9, - and _, a "
			"letter first",
			name, BROKER_SERVICE_MAX);
	else if (settings_service(settings, name))
		mistake(reader, reader->line, "[service %s] is there already; keep one", name);
	else if (settings->services == SETTINGS_SERVICES_MAX)
		mistake(reader, reader->line, "there may be %d services, no more",
			SETTINGS_SERVICES_MAX);
	else
		reader->section.refused = false;
	if (reader->section.refused)
		return;
	*service = (struct service){.name = arena_strdup(reader->arena, name)};
	set_defaults(reader->arena, IN_PAM | IN_LDAP, service);
	reader->section.service = service;
	settings->services++;
}

static void
enter_section(struct reader *reader, const char *name)
{
	reader->section = (struct section){0};
	if (str_starts(name, SERVICE_PREFIX)) {
		enter_service(reader, name + strlen(SERVICE_PREFIX));
		return;
	}
	if (str_equal(name, "broker") && !reader->has_broker) {
		reader->section.place = IN_BROKER;
		reader->has_broker = true;
		return;
	}
	reader->section.refused = true;
	mistake(reader, reader->line,
		str_equal(name, "broker")
			? "[%s] is there already; keep one"
			: "unknown section [%s]; there are [broker] and [service NAME]",
		name);
}

/* What a service must have, told when the file is over. */
static void
check_services(struct reader *reader)
{
	struct settings *settings = reader->settings;

	if (settings->services == 0)
		mistake(reader, 0, "there is no [service NAME]; nobody could sign in");
	for (size_t i = 0; i < settings->services; i++) {
		const struct service *service = &settings->service[i];
		const char *remedy;

		if (!service->backend && reader->kind_refused[i])
			continue;
		if (!service->backend) {
			mistake(reader, 0, "[service %s] has no kind; write kind = %s",
				service->name, backends_names(reader->arena));
			continue;
		}
		remedy = backends_mistake(reader->arena, service);
		if (remedy)
			mistake(reader, 0, "[service %s]: %s", service->name, remedy);
	}
}

/* ---- options ---- */

static void
take_kind(struct reader *reader, const struct given *given)
{
	struct section *section = &reader->section;

	if (section->service->backend) {
		mistake(reader, given->line, "kind was given already; keep one");
		return;
	}
	section->service->backend = backends_find(given->value.data, &section->place);
	if (section->service->backend)
		return;
	section->refused = true;
	reader->kind_refused[section->service - reader->services] = true;
	mistake(reader, given->line, "kind has a bad value; write %s",
		backends_names(reader->arena));
}

static void
take_option(struct reader *reader, const struct given *given)
{
	struct section *section = &reader->section;
	size_t count, i = 0;
	const struct option *table = settings_table(&count);
	const char *remedy;

	while (i < count && !(str_equal(table[i].name, given->name) &&
			      table[i].places & (section->place ? section->place : IN_BROKER)))
		i++;
	if (section->service && !section->place) {
		mistake(reader, given->line, "%s stands before kind; write kind first",
			given->name);
		return;
	}
	if (i == count) {
		mistake(reader, given->line,
			"%s is no option of %s; `ostiary-pamd --reference` lists all there are",
			given->name, section->service ? "a service of this kind" : "[broker]");
		return;
	}
	if (section->given[i] != 0) {
		mistake(reader, given->line, "%s was given in line %d already; keep one",
			given->name, section->given[i]);
		return;
	}
	section->given[i] = given->line;
	remedy = set_option(reader->arena, &table[i], given->value.data,
			    section->service ? (void *)section->service : reader->settings);
	if (remedy)
		mistake(reader, given->line, "%s has a bad value; %s", given->name, remedy);
}

/* An option is over when another line begins that does not go on with it. */
static void
close_option(struct reader *reader)
{
	const struct given given = reader->open;

	reader->open.name = NULL;
	if (!given.name || reader->section.refused)
		return;
	if (buf_failed(&given.value))
		mistake(reader, given.line, "%s has a bad value; write at most %d bytes",
			given.name, SETTINGS_TEXT_MAX);
	else if (reader->section.service && str_equal(given.name, "kind"))
		take_kind(reader, &given);
	else if (reader->section.place || reader->section.service)
		take_option(reader, &given);
	else
		mistake(reader, given.line, "%s stands in no section", given.name);
}

/* ---- lines ---- */

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

static bool
has_control(const char *line)
{
	for (const char *c = line; *c; c++) {
		bool is_end = *c == '\r' && c[1] == '\0';

		if (((unsigned char)*c < 0x20 && *c != '\t' && !is_end) || *c == 0x7f)
			return true;
	}
	return false;
}

/* What inih makes of the line; one that goes on is given a name to be one. */
static int
parse_line(struct reader *reader, const char *line, bool goes_on, struct parsed_line *parsed)
{
	const char *text = arena_printf(reader->arena, "[" PROBE "]\n%s%s\n" PROBE "=\n",
					goes_on ? "x=" : "", line + strspn(line, " \t"));

	*parsed = (struct parsed_line){.arena = reader->arena, .section = PROBE};
	return ini_parse_string(text, take_parsed, parsed);
}

static void
read_line(struct reader *reader, const char *line)
{
	bool indented = line[0] == ' ' || line[0] == '\t';
	bool blank = !line[strspn(line, " \t\r")];
	bool goes_on = indented && !blank && reader->open.name;
	struct parsed_line parsed;

	if (strlen(line) > LINE_MAX_BYTES || has_control(line)) {
		mistake(reader, reader->line,
			"a line of more than %d bytes or with a control character; go on in a line "
			"that begins with a blank",
			LINE_MAX_BYTES);
		return;
	}
	if (!goes_on)
		close_option(reader);
	if (parse_line(reader, line, goes_on, &parsed) != 0) {
		mistake(reader, reader->line,
			"neither a [section] nor an option; write name = value, or # in front of a "
			"comment");
		return;
	}
	if (!str_equal(parsed.section, PROBE)) {
		enter_section(reader, parsed.section);
		return;
	}
	if (!parsed.name)
		return;
	if (goes_on) {
		buf_add_char(&reader->open.value, ' ');
	} else {
		buf_init(&reader->open.value, reader->arena, SETTINGS_TEXT_MAX);
		reader->open.name = parsed.name;
		reader->open.line = reader->line;
	}
	buf_add_text(&reader->open.value, parsed.value);
}

static void
read_lines(struct reader *reader, char *text)
{
	while (text && *text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		reader->line++;
		read_line(reader, text);
		text = end;
	}
	close_option(reader);
}

/* ---- files ---- */

/* The bytes of a regular file of at most max bytes, or NULL with *why. Where secret, others may
 * have no rights. */
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
		*why = strerrordesc_np(errno);
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
		*why = "it cannot be read, is too long or has a NUL byte";
		bytes = NULL;
	}
out:
	(void)close(fd);
	return bytes;
}

const char *
settings_read_secret(struct arena *arena, const char *path, const char **why)
{
	const char *reason = NULL;
	char *text = read_file(arena, path, SECRET_MAX, true, &reason);
	size_t size;

	if (!text) {
		*why = arena_printf(arena, "%s: %s", path, reason);
		return NULL;
	}
	size = strcspn(text, "\r\n");
	if (size == 0)
		reason = "its first line is empty";
	else if (text[size + strspn(text + size, "\r\n")])
		reason = "it has more than one line";
	if (reason) {
		*why = arena_printf(arena, "%s: %s", path, reason);
		return NULL;
	}
	text[size] = '\0';
	return text;
}

int
settings_load(struct arena *arena, const char *path, struct settings *settings, struct buf *why)
{
	struct reader reader = {.arena = arena, .settings = settings, .why = why};
	const char *reason = NULL;
	char *text;

	*settings = (struct settings){.path = arena_strdup(arena, path)};
	set_defaults(arena, IN_BROKER, settings);
	reader.services = arena_array(arena, SETTINGS_SERVICES_MAX, sizeof(*reader.services));
	settings->service = reader.services;
	text = read_file(arena, path, FILE_MAX, false, &reason);
	if (!text) {
		settings->allow_users = "";
		mistake(&reader, 0, "%s; `ostiary-pamd --reference` writes a file to begin with",
			reason);
		return -1;
	}
	read_lines(&reader, text);
	if (!str_equal(settings->log_target, "syslog") &&
	    !str_equal(settings->log_target, "stderr"))
		mistake(&reader, 0, "log_target has a bad value; write syslog or stderr");
	check_services(&reader);
	return reader.mistakes == 0 ? 0 : -1;
}
