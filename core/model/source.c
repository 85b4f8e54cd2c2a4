/* SPDX-License-Identifier: ISC */
/*
 * What a source's row may hold. Options are a table: reading, writing, the manual and the command
 * line go through its rows.
 */
#include "core/model/source.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/uri.h"
#include "core/model/realm.h"
#include "core/model/session.h"

#define AT(member) offsetof(struct source, member)
#define OWN        (1U << SOURCE_OWN)
#define TABLE      (1U << SOURCE_TABLE)
#define SERVICE    (1U << SOURCE_SERVICE)
#define ANY        (OWN | TABLE | SERVICE)

#define OPTION_TEXT_MAX 1024
#define EMAIL_NAME      "%u@"
#define LABEL_MAX       63 /* RFC 1035 2.3.4 */
#define IDENTIFIER_MAX  64

static const char *const kinds[] = {
	[SOURCE_OWN] = "local",
	[SOURCE_TABLE] = "table",
	[SOURCE_SERVICE] = "service",
};

#define KINDS_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* clang-format off */
static const struct source_option options[] = {
	{"service", SERVICE, false, AT(service), "",
	 "The name of the service in the configuration of ostiary-pamd."},
	{"view", TABLE, false, AT(view), "",
	 "The view that people are read from, as DATABASE.VIEW."},
	{"amr", ANY, false, AT(amr), "pwd",
	 "How somebody who signs in was authenticated (RFC 8176 2), with blanks between, as in "
	 "\"pwd otp\"."},
	{"acr", ANY, false, AT(acr), ACR_PASSWORD,
	 "What a sign-in is worth: the authentication context class of ID tokens."},
	{"email", SERVICE, false, AT(email), "",
	 "A rule for e-mail addresses of people for whom the service tells none, as in "
	 "%u@example.org; such addresses are not verified."},
	{"password_url", TABLE | SERVICE, false, AT(password_url), "",
	 "Where people change a password that has expired, where the service cannot do it."},
	{"password_first", SERVICE, true, AT(password_first), "true",
	 "Whether the sign-in page asks for a password beside the name, which answers the first "
	 "question of the service; false where that asks for something else."},
};
/* clang-format on */

#define OPTIONS_COUNT (sizeof(options) / sizeof(options[0]))

const struct source_option *
source_options(size_t *count)
{
	*count = OPTIONS_COUNT;
	return options;
}

const char *
source_kind_name(enum source_kind kind)
{
	return kinds[kind];
}

const char *
source_option_text(struct arena *arena, const struct source_option *option)
{
	struct buf text;
	const char *before = " For sources of kind ";

	buf_init(&text, arena, OPTION_TEXT_MAX);
	buf_add_text(&text, option->help);
	for (size_t i = 0; i < KINDS_COUNT && option->kinds != ANY; i++) {
		if (!(option->kinds & (1U << i)))
			continue;
		buf_printf(&text, "%s%s", before, kinds[i]);
		before = " or ";
	}
	if (option->kinds != ANY)
		buf_add_char(&text, '.');
	if (*option->fallback)
		buf_printf(&text, " Default: %s.", option->fallback);
	return text.data;
}

int
source_kind_find(const char *name, enum source_kind *kind)
{
	for (size_t i = 0; i < KINDS_COUNT; i++) {
		if (str_equal(kinds[i], name)) {
			*kind = (enum source_kind)i;
			return 0;
		}
	}
	return -1;
}

/* A name as the command line and the broker's configuration have them. */
static bool
is_name(const char *text, const char *also)
{
	size_t size = strlen(text);

	if (size == 0 || size > SOURCE_NAME_MAX || text[0] < 'a' || text[0] > 'z')
		return false;
	for (; *text; text++)
		if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') &&
		    !strchr(also, *text))
			return false;
	return true;
}

/* ASCII letters and digits, and one more. */
static bool
is_made_of(const char *text, size_t size, char also)
{
	for (size_t i = 0; i < size; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= 'A' && text[i] <= 'Z') &&
		    !(text[i] >= '0' && text[i] <= '9') && text[i] != also)
			return false;
	return true;
}

/* One name of the database server: what needs no thought where it is quoted. */
static bool
is_identifier(const char *text, size_t size)
{
	return size > 0 && size <= IDENTIFIER_MAX && is_made_of(text, size, '_');
}

/* ---- what a value must be: NULL, or what would be right ---- */

static const char *
service_mistake(struct arena *arena, const char *value)
{
	(void)arena;
	return is_name(value, "-_") ? NULL : "1 to 32 of a-z 0-9 - _, a letter first";
}

static const char *
view_mistake(struct arena *arena, const char *value)
{
	const char *dot = strchr(value, '.');

	(void)arena;
	if (dot && is_identifier(value, (size_t)(dot - value)) &&
	    is_identifier(dot + 1, strlen(dot + 1)))
		return NULL;
	return "DATABASE.VIEW, each of 1 to 64 of A-Z a-z 0-9 _";
}

static const char *
amr_mistake(struct arena *arena, const char *value)
{
	struct strlist methods;

	if (strlen(value) > AMR_MAX || !str_printable(value) || strpbrk(value, "\"\\") ||
	    strlist_split(arena, value, ' ', FACTS_MAX, &methods) != 0 || methods.count == 0)
		return "1 to 8 words of printable ASCII without quotes and backslashes, a blank "
		       "between, at most 64 bytes";
	return NULL;
}

static const char *
acr_mistake(struct arena *arena, const char *value)
{
	(void)arena;
	if (str_empty(value) || strlen(value) > ACR_MAX || !str_printable(value) ||
	    strchr(value, ' '))
		return "a URI or a word without blanks, at most 128 bytes";
	return NULL;
}

/* RFC 1123 2.1: letters, digits, and hyphens within. */
static bool
is_label(const char *text, size_t size)
{
	return size > 0 && size <= LABEL_MAX && text[0] != '-' && text[size - 1] != '-' &&
	       is_made_of(text, size, '-');
}

/* Of fewer than 253 bytes in all, since an option holds no more (SOURCE_TEXT_MAX). */
static bool
is_domain(const char *text)
{
	for (;;) {
		size_t size = strcspn(text, ".");

		if (!is_label(text, size))
			return false;
		if (text[size] == '\0')
			return true;
		text += size + 1;
	}
}

static const char *
email_mistake(struct arena *arena, const char *value)
{
	(void)arena;
	if (str_empty(value) ||
	    (str_starts(value, EMAIL_NAME) && is_domain(value + strlen(EMAIL_NAME))))
		return NULL;
	return EMAIL_NAME " and a domain, or nothing";
}

static const char *
url_mistake(struct arena *arena, const char *value)
{
	struct uri uri;

	if (str_empty(value) || (uri_parse(arena, value, &uri) == 0 && uri.host &&
				 (str_equal(uri.scheme, "https") || str_equal(uri.scheme, "http"))))
		return NULL;
	return "an https or http URL, or nothing";
}

static const struct {
	const char *name;
	const char *(*mistake)(struct arena *arena, const char *value);
} rules[] = {
	{"service", service_mistake}, {"view", view_mistake},   {"amr", amr_mistake},
	{"acr", acr_mistake},         {"email", email_mistake}, {"password_url", url_mistake},
};

static const struct source_option *
option_find(const char *name)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++)
		if (str_equal(options[i].name, name))
			return &options[i];
	return NULL;
}

static int
set_bool(struct source *source, const struct source_option *option, const char *value)
{
	bool *member = (bool *)((char *)source + option->offset);

	if (!str_equal(value, "true") && !str_equal(value, "false"))
		return -1;
	*member = str_equal(value, "true");
	return 0;
}

static const char *
value_mistake(struct arena *arena, const char *name, const char *value)
{
	if (strlen(value) > SOURCE_TEXT_MAX || !utf8_valid(value, strlen(value)))
		return "at most 255 bytes of UTF-8";
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (str_equal(rules[i].name, name))
			return rules[i].mistake(arena, value);
	return NULL;
}

int
source_set(struct arena *arena, struct source *source, const char *name, const char *value,
	   const char **why)
{
	const struct source_option *option = option_find(name);
	const char *mistake;

	if (!option || !(option->kinds & (1U << source->kind))) {
		*why = arena_printf(arena, "a source of kind %s has no option %.64s",
				    kinds[source->kind], name);
		return -1;
	}
	if (option->is_bool) {
		*why = arena_printf(arena, "%s: true or false", name);
		return set_bool(source, option, value);
	}
	mistake = value_mistake(arena, name, value);
	if (mistake) {
		*why = arena_printf(arena, "%s: %s", name, mistake);
		return -1;
	}
	*(const char **)((char *)source + option->offset) = arena_strdup(arena, value);
	return 0;
}

static void
set_fallbacks(struct source *source)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		char *member = (char *)source + options[i].offset;

		if (options[i].is_bool)
			*(bool *)member = str_equal(options[i].fallback, "true");
		else
			*(const char **)member = options[i].fallback;
	}
}

/* What an option must have been given for. */
static const char *
missing(const struct source *source)
{
	if (source->kind == SOURCE_SERVICE && str_empty(source->service))
		return "service is missing: its name in the configuration of ostiary-pamd";
	if (source->kind == SOURCE_TABLE && str_empty(source->view))
		return "view is missing: DATABASE.VIEW";
	return NULL;
}

static int
read_options(struct arena *arena, const char *text, struct source *source, const char **why)
{
	struct json_object *document = json_parse_object(arena, text, strlen(text), why);

	if (!document)
		return -1;
	json_object_object_foreach(document, name, value)
	{
		const char *written = json_text_or_null(document, name);

		(void)value;
		if (!written) {
			*why = arena_printf(arena, "%.64s: a text", name);
			return -1;
		}
		if (source_set(arena, source, name, written, why) != 0)
			return -1;
	}
	*why = missing(source);
	return *why ? -1 : 0;
}

int
source_read(struct arena *arena, const struct source_row *row, struct source *source,
	    const char **why)
{
	*source = (struct source){
		.name = arena_strdup(arena, row->name),
		.position = row->position,
	};
	set_fallbacks(source);
	if (!is_name(row->name, "-")) {
		*why = "its name: 1 to 32 of a-z 0-9 -, a letter first";
		return -1;
	}
	if (source_kind_find(row->kind, &source->kind) != 0) {
		*why = "its kind: local, table or service";
		return -1;
	}
	if ((source->kind == SOURCE_OWN) != str_equal(row->name, SOURCE_LOCAL)) {
		*why = "the realm's own accounts, of kind local, are named local, and no others";
		return -1;
	}
	return read_options(arena, row->options, source, why);
}

const struct source *
source_own(void)
{
	static const struct source own = {
		.name = SOURCE_LOCAL,
		.kind = SOURCE_OWN,
		.service = "",
		.view = "",
		.amr = "pwd",
		.acr = ACR_PASSWORD,
		.email = "",
		.password_url = "",
		.password_first = true,
	};

	return &own;
}

const struct source *
realm_source(const struct realm *realm, const char *name)
{
	for (size_t i = 0; i < realm->sources_count; i++)
		if (str_equal(realm->sources[i].name, name))
			return &realm->sources[i];
	return NULL;
}
