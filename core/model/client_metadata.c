/* SPDX-License-Identifier: ISC */
/*
 * Client metadata (RFC 7591 2, OpenID Connect Dynamic Client Registration 1.0 2) as one table:
 * reading, checking and writing go row by row. Members that no row names are refused, since a
 * misspelt one would otherwise be a wish that nobody hears.
 */
#include "core/model/client_metadata.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/model/realm.h"

#define NAME_MAX_BYTES 255
#define MAX_AGE_MAX    315360000 /* ten years of seconds */
#define SHOWN_NAME     "%.64s"

static const char *const auth_methods[] = {
	[CLIENT_AUTH_NONE] = "none",
	[CLIENT_AUTH_SECRET_BASIC] = "client_secret_basic",
	[CLIENT_AUTH_SECRET_POST] = "client_secret_post",
	NULL,
};
static const char *const application_types[] = {
	[APPLICATION_WEB] = "web",
	[APPLICATION_NATIVE] = "native",
	NULL,
};
static const char *const introspections[] = {
	[INTROSPECT_OWN] = "own",
	[INTROSPECT_ALL] = "all",
	NULL,
};
static const char *const grant_types[] = {"authorization_code", "refresh_token", NULL};
static const char *const response_types[] = {"code", NULL};

#define AT(member) offsetof(struct client, member)

/* clang-format off */
static const struct metadata_field fields[] = {
	{"application_type", META_CHOICE, AT(application_type), 0, application_types, NULL,
	 "web, or native for programs on a person's own device; first, as it decides what redirects may be."},
	{"token_endpoint_auth_method", META_CHOICE, AT(token_endpoint_auth_method), 0, auth_methods, NULL,
	 "How the client proves itself; none makes it a public client."},
	{"client_name", META_TEXT, AT(client_name), NAME_MAX_BYTES, NULL, NULL,
	 "The name that people see when they sign in."},
	{"client_uri", META_URI, AT(client_uri), URI_MAX, NULL, client_page_mistake,
	 "A page about the client."},
	{"logo_uri", META_URI, AT(logo_uri), URI_MAX, NULL, client_page_mistake,
	 "The client's logo."},
	{"policy_uri", META_URI, AT(policy_uri), URI_MAX, NULL, client_page_mistake,
	 "What the client does with what it learns about people."},
	{"tos_uri", META_URI, AT(tos_uri), URI_MAX, NULL, client_page_mistake,
	 "The client's terms of service."},
	{"redirect_uris", META_URI_LIST, AT(redirect_uris), CLIENT_URIS_MAX, NULL, client_redirect_mistake,
	 "Where codes may be sent; compared exactly, but for the port of loopback ones of native clients."},
	{"post_logout_redirect_uris", META_URI_LIST, AT(post_logout_redirect_uris), CLIENT_URIS_MAX, NULL,
	 client_redirect_mistake,
	 "Where a browser may be sent after signing out."},
	{"origins", META_URI_LIST, AT(origins), CLIENT_URIS_MAX, NULL, client_origin_mistake,
	 "Origins whose scripts may call the token, userinfo and revocation endpoints (CORS)."},
	{"grant_types", META_CHOICE_LIST, AT(grant_types), CLIENT_URIS_MAX, grant_types, NULL,
	 "What the client may exchange for tokens."},
	{"response_types", META_CHOICE_LIST, AT(response_types), CLIENT_URIS_MAX, response_types, NULL,
	 "What the client may ask the authorization endpoint for."},
	{"scope", META_SCOPE, AT(scopes), SCOPES_MAX, NULL, client_scope_mistake,
	 "The scopes it may ask for, with blanks between; without it every scope of the realm."},
	{"contacts", META_LIST, AT(contacts), CLIENT_URIS_MAX, NULL, NULL,
	 "How to reach the people responsible, as a rule e-mail addresses."},
	{"profile", META_TEXT, AT(profile), NAME_MAX_BYTES, NULL, client_profile_mistake,
	 "The policy profile; the stricter of this and the realm's counts."},
	{"first_party", META_BOOL, AT(first_party), 0, NULL, NULL,
	 "The client belongs to the realm's owner: people are not asked for consent."},
	{"require_auth_time", META_BOOL, AT(require_auth_time), 0, NULL, NULL,
	 "ID tokens always tell when the person signed in."},
	{"default_max_age", META_INT, AT(default_max_age), MAX_AGE_MAX, NULL, NULL,
	 "Seconds after which a person has to sign in again where the request does not say."},
	{"introspection", META_CHOICE, AT(introspection), 0, introspections, NULL,
	 "Whose tokens it may look at: its own, or all of the realm (for resource servers)."},
	{"settings", META_SETTINGS, AT(settings), 0, NULL, NULL,
	 "Settings of the realm that are different for this client."},
};
/* clang-format on */

#define FIELDS_COUNT (sizeof(fields) / sizeof(fields[0]))

struct reader {
	struct arena *arena;
	struct json_object *document;
	struct client *client;
	struct buf *why;
	size_t mistakes;
};

const struct metadata_field *
client_metadata_table(size_t *count)
{
	*count = FIELDS_COUNT;
	return fields;
}

const struct metadata_field *
client_metadata_field(const char *name)
{
	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		if (str_equal(fields[i].name, name))
			return &fields[i];
	}
	return NULL;
}

static void *
member_of(struct client *client, const struct metadata_field *field)
{
	return (char *)client + field->offset;
}

static const void *
const_member_of(const struct client *client, const struct metadata_field *field)
{
	return (const char *)client + field->offset;
}

static void
refuse(struct reader *reader, const struct metadata_field *field, const char *what)
{
	buf_printf(reader->why, "%s: %s\n", field->name, what);
	reader->mistakes++;
}

static const char *
choices_text(struct arena *arena, const char *const *choices)
{
	const char *text = choices[0];

	for (size_t i = 1; choices[i] != NULL; i++)
		text = arena_printf(arena, "%s%s%s", text, choices[i + 1] == NULL ? " or " : ", ",
				    choices[i]);
	return text;
}

static int
choice_index(const struct metadata_field *field, const char *text)
{
	for (int i = 0; field->choices[i] != NULL; i++) {
		if (str_equal(field->choices[i], text))
			return i;
	}
	return -1;
}

/* What is wrong with one text, or NULL. Lengths of list items are those of URIs. */
static const char *
text_mistake(struct reader *reader, const struct metadata_field *field, const char *text,
	     int64_t max)
{
	if (text[0] == '\0')
		return "it is empty";
	if (strlen(text) > (size_t)max)
		return arena_printf(reader->arena, "more than %lld bytes", (long long)max);
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "a control character is not allowed";
	}
	if (field->choices != NULL && choice_index(field, text) < 0)
		return arena_printf(reader->arena, "write %s",
				    choices_text(reader->arena, field->choices));
	return field->check == NULL ? NULL : field->check(reader->arena, reader->client, text);
}

static void
read_text(struct reader *reader, const struct metadata_field *field)
{
	const char **member = member_of(reader->client, field);
	const char *text = NULL;
	const char *mistake;
	enum json_verdict verdict = json_get_text(reader->document, field->name, &text);

	if (verdict == JSON_ABSENT)
		return;
	mistake = verdict == JSON_FOUND ? text_mistake(reader, field, text, field->max)
					: "write text";
	if (mistake != NULL) {
		refuse(reader, field, mistake);
		return;
	}
	*member = arena_strdup(reader->arena, text);
}

static void
read_choice(struct reader *reader, const struct metadata_field *field)
{
	int64_t *member = member_of(reader->client, field);
	const char *text = NULL;
	enum json_verdict verdict = json_get_text(reader->document, field->name, &text);
	int index;

	if (verdict == JSON_ABSENT)
		return;
	index = verdict == JSON_FOUND ? choice_index(field, text) : -1;
	if (index < 0) {
		refuse(reader, field,
		       arena_printf(reader->arena, "write %s",
				    choices_text(reader->arena, field->choices)));
		return;
	}
	*member = index;
}

static void
read_bool(struct reader *reader, const struct metadata_field *field)
{
	bool *member = member_of(reader->client, field);

	if (json_get_bool(reader->document, field->name, member) == JSON_WRONG_TYPE)
		refuse(reader, field, "write true or false");
}

static void
read_int(struct reader *reader, const struct metadata_field *field)
{
	int64_t *member = member_of(reader->client, field);
	int64_t value = 0;
	enum json_verdict verdict = json_get_int(reader->document, field->name, &value);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE || value < 0 || value > field->max) {
		refuse(reader, field,
		       arena_printf(reader->arena, "write a whole number from 0 to %lld",
				    (long long)field->max));
		return;
	}
	*member = value;
}

/* Checks each item and copies the list; what is refused is told with its place. */
static void
take_list(struct reader *reader, const struct metadata_field *field, const struct strlist *items)
{
	struct strlist *member = member_of(reader->client, field);
	struct strlist taken = {arena_array(reader->arena, items->count, sizeof(char *)), 0};

	for (size_t i = 0; i < items->count; i++) {
		const char *mistake = text_mistake(reader, field, items->item[i], URI_MAX);

		if (mistake == NULL && strlist_has(&taken, items->item[i]))
			mistake = "given twice";
		if (mistake == NULL) {
			taken.item[taken.count++] = arena_strdup(reader->arena, items->item[i]);
			continue;
		}
		buf_printf(reader->why, "%s[%zu]: %s\n", field->name, i, mistake);
		reader->mistakes++;
	}
	*member = taken;
}

static void
read_list(struct reader *reader, const struct metadata_field *field)
{
	struct json_object *array = NULL;
	struct strlist items = {NULL, 0};
	enum json_verdict verdict = json_get_array(reader->document, field->name, &array);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_FOUND && json_object_array_length(array) > (size_t)field->max) {
		refuse(reader, field,
		       arena_printf(reader->arena, "more than %lld items", (long long)field->max));
		return;
	}
	if (json_get_list(reader->arena, reader->document, field->name, (size_t)field->max,
			  &items) != JSON_FOUND) {
		refuse(reader, field, "write a list of texts");
		return;
	}
	take_list(reader, field, &items);
}

static void
read_scope(struct reader *reader, const struct metadata_field *field)
{
	const char *text = NULL;
	struct strlist items = {NULL, 0};
	enum json_verdict verdict = json_get_text(reader->document, field->name, &text);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE) {
		refuse(reader, field, "write one text with blanks between the scopes (RFC 7591 2)");
		return;
	}
	if (strlist_split(reader->arena, text, ' ', (size_t)field->max, &items) != 0) {
		refuse(reader, field,
		       arena_printf(reader->arena, "more than %lld items", (long long)field->max));
		return;
	}
	take_list(reader, field, &items);
}

static void
read_settings(struct reader *reader, const struct metadata_field *field)
{
	struct json_object *document = NULL;
	const char *why = NULL;
	size_t count;
	const struct setting *table = settings_table(&count);
	enum json_verdict verdict = json_get_object(reader->document, field->name, &document);

	if (verdict == JSON_ABSENT)
		return;
	if (verdict == JSON_WRONG_TYPE) {
		refuse(reader, field, "write an object of names and texts");
		return;
	}
	if (settings_apply(reader->arena, document, true, member_of(reader->client, field), &why) !=
	    0) {
		refuse(reader, field, why);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (json_object_object_get_ex(document, table[i].name, NULL))
			reader->client->own_settings |= UINT64_C(1) << i;
	}
}

static void
read_field(struct reader *reader, const struct metadata_field *field)
{
	switch (field->type) {
	case META_TEXT:
	case META_URI:
		read_text(reader, field);
		return;
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
		read_list(reader, field);
		return;
	case META_SCOPE:
		read_scope(reader, field);
		return;
	case META_CHOICE:
		read_choice(reader, field);
		return;
	case META_BOOL:
		read_bool(reader, field);
		return;
	case META_INT:
		read_int(reader, field);
		return;
	case META_SETTINGS:
		read_settings(reader, field);
		return;
	}
	bug("metadata field of an unknown type");
}

static void
refuse_unknown(struct reader *reader)
{
	struct json_object_iterator member = json_object_iter_begin(reader->document);
	struct json_object_iterator end = json_object_iter_end(reader->document);

	for (; !json_object_iter_equal(&member, &end); json_object_iter_next(&member)) {
		const char *name = json_object_iter_peek_name(&member);

		if (client_metadata_field(name) != NULL)
			continue;
		buf_printf(reader->why, SHOWN_NAME ": there is no such member\n",
			   str_printable(name) ? name : "(unprintable)");
		reader->mistakes++;
	}
}

/* RFC 7591 2.1: without authorization_code there is nothing to ask the authorization endpoint for,
 * so the default is none. */
static void
fit_response_types(struct reader *reader)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(reader->document, "response_types", &value) && value != NULL)
		return;
	if (!strlist_has(&reader->client->grant_types, "authorization_code"))
		reader->client->response_types.count = 0;
}

int
client_from_json(struct arena *arena, struct json_object *metadata, struct client *client,
		 struct buf *why)
{
	struct reader reader = {arena, metadata, client, why, 0};
	size_t size;

	if (!json_object_is_type(metadata, json_type_object)) {
		buf_add_text(why, "client metadata: write an object (RFC 7591 3.1)\n");
		return -1;
	}
	refuse_unknown(&reader);
	for (size_t i = 0; i < FIELDS_COUNT; i++)
		read_field(&reader, &fields[i]);
	fit_response_types(&reader);
	(void)json_write(arena, metadata, &size);
	if (size > CLIENT_METADATA_MAX) {
		buf_printf(why, "client metadata: %zu bytes are more than %d\n", size,
			   CLIENT_METADATA_MAX);
		reader.mistakes++;
	}
	/* Rules between members are told only where each member is right by itself. */
	if (reader.mistakes == 0)
		reader.mistakes += client_rules_check(arena, client, why);
	return reader.mistakes == 0 ? 0 : -1;
}

static bool
lists_equal(const struct strlist *a, const struct strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!str_equal(a->item[i], b->item[i]))
			return false;
	}
	return true;
}

/* Whether a member is as client_default() sets it; settings are told by own_settings instead. */
static bool
is_default(const struct metadata_field *field, const void *member, const void *fallback)
{
	switch (field->type) {
	case META_TEXT:
	case META_URI:
		return str_equal(*(const char *const *)member, *(const char *const *)fallback);
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
	case META_SCOPE:
		return lists_equal(member, fallback);
	case META_CHOICE:
	case META_INT:
		return *(const int64_t *)member == *(const int64_t *)fallback;
	case META_BOOL:
		return *(const bool *)member == *(const bool *)fallback;
	case META_SETTINGS:
		return false;
	}
	bug("metadata field of an unknown type");
}

static void
write_list(struct arena *arena, struct json_object *document, const char *name,
	   const struct strlist *list)
{
	struct json_object *array = json_new_array(arena);

	for (size_t i = 0; i < list->count; i++)
		json_push_text(array, list->item[i]);
	json_add(document, name, array);
}

static void
write_settings(struct arena *arena, struct json_object *document, const char *name,
	       const struct client *client, bool all)
{
	struct json_object *object = json_new_object(arena);
	size_t count;
	const struct setting *table = settings_table(&count);

	for (size_t i = 0; i < count; i++) {
		bool own = (client->own_settings >> i & 1) != 0;

		if (own || (all && table[i].client_may))
			json_add_text(object, table[i].name,
				      setting_format(arena, &table[i], &client->settings));
	}
	if (json_object_object_length(object) > 0)
		json_add(document, name, object);
}

static void
write_field(struct arena *arena, struct json_object *document, const struct metadata_field *field,
	    const struct client *client, bool all)
{
	const void *member = const_member_of(client, field);
	const int64_t *number = member;

	switch (field->type) {
	case META_TEXT:
	case META_URI:
		json_add_text(document, field->name, *(const char *const *)member);
		return;
	case META_LIST:
	case META_URI_LIST:
	case META_CHOICE_LIST:
		write_list(arena, document, field->name, member);
		return;
	case META_SCOPE:
		if (((const struct strlist *)member)->count > 0)
			json_add_text(document, field->name, strlist_join(arena, member, ' '));
		return;
	case META_CHOICE:
		json_add_text(document, field->name, field->choices[*number]);
		return;
	case META_BOOL:
		json_add_bool(document, field->name, *(const bool *)member);
		return;
	case META_INT:
		if (*number >= 0)
			json_add_int(document, field->name, *number);
		return;
	case META_SETTINGS:
		write_settings(arena, document, field->name, client, all);
		return;
	}
	bug("metadata field of an unknown type");
}

struct json_object *
client_to_json(struct arena *arena, const struct client *client, bool all)
{
	struct json_object *document = json_new_object(arena);
	struct client fallback = {0};

	client_default(&fallback, &client->settings);
	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		const struct metadata_field *field = &fields[i];

		if (all || !is_default(field, const_member_of(client, field),
				       const_member_of(&fallback, field)))
			write_field(arena, document, field, client, all);
	}
	return document;
}
