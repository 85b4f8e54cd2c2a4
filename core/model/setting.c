/* SPDX-License-Identifier: ISC */
/*
 * The settings of a realm: their names, ranges, defaults and texts, one row each. Reading, writing
 * and the defaults go through the rows, so a setting that is not in the table does not exist.
 */
#include "core/model/setting.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/base/str.h"
#include "core/base/uri.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

static const char *const token_formats[] = {
	[TOKEN_JWT] = "jwt",
	[TOKEN_OPAQUE] = "opaque",
	NULL,
};
static const char *const truths[] = {"false", "true", NULL};
static const char *const registrations[] = {
	[REGISTRATION_CLOSED] = "closed",
	[REGISTRATION_TOKEN] = "token",
	[REGISTRATION_OPEN] = "open",
	NULL,
};
static const char *const profiles[] = {"oidc", "oauth21", NULL};
static const char *const algorithms[] = {"RS256", "PS256", "ES256", "EdDSA", NULL};

#define AT(member) offsetof(struct settings, member)

/* clang-format off */
static const struct setting settings[] = {
	{"access_token_lifetime", SETTING_DURATION, AT(access_token_lifetime),
	 MINUTE, DAY, "1h", NULL, true,
	 "How long an access token is good."},
	{"access_token_format", SETTING_CHOICE_NUMBER, AT(access_token_format),
	 0, 0, "jwt", token_formats, true,
	 "Whether access tokens are signed JWTs or opaque references that only introspection "
	 "reads."},
	{"access_token_alg", SETTING_CHOICE_TEXT, AT(access_token_alg),
	 0, 0, "ES256", algorithms, true,
	 "The algorithm that signs JWT access tokens."},
	{"id_token_signed_response_alg", SETTING_CHOICE_TEXT, AT(id_token_alg),
	 0, 0, "RS256", algorithms, true,
	 "The algorithm that signs ID tokens; every client of OpenID Connect knows RS256."},
	{"id_token_lifetime", SETTING_DURATION, AT(id_token_lifetime),
	 MINUTE, DAY, "1h", NULL, true,
	 "How long an ID token is good."},
	{"code_lifetime", SETTING_DURATION, AT(code_lifetime),
	 10, 10 * MINUTE, "1m", NULL, true,
	 "How long an authorization code may wait for its exchange."},
	{"refresh_token_lifetime", SETTING_DURATION, AT(refresh_token_lifetime),
	 MINUTE, 3650LL * DAY, "90d", NULL, true,
	 "How long after the authorization refresh tokens are good, however often they are used."},
	{"refresh_token_idle", SETTING_DURATION, AT(refresh_token_idle),
	 MINUTE, 3650LL * DAY, "30d", NULL, true,
	 "How long a refresh token stays good without being used."},
	{"refresh_token_grace", SETTING_DURATION, AT(refresh_token_grace),
	 0, 5 * MINUTE, "30s", NULL, true,
	 "How long the refresh token before the current one is still answered with the same "
	 "successor."},
	{"session_lifetime", SETTING_DURATION, AT(session_lifetime),
	 MINUTE, 400LL * DAY, "7d", NULL, false,
	 "How long after signing in a person has to sign in again."},
	{"session_idle", SETTING_DURATION, AT(session_idle),
	 MINUTE, 400LL * DAY, "12h", NULL, false,
	 "How long a sign-in lasts without being used."},
	{"flow_lifetime", SETTING_DURATION, AT(flow_lifetime),
	 MINUTE, DAY, "1h", NULL, false,
	 "How long a sign-in page stays good while somebody looks for a password."},
	{"key_rotation", SETTING_DURATION, AT(key_rotation),
	 0, 3650LL * DAY, "90d", NULL, false,
	 "The age at which a signing key is replaced; 0s: only by hand."},
	{"audit_retention", SETTING_DURATION, AT(audit_retention),
	 DAY, 3650LL * DAY, "400d", NULL, false,
	 "How long records of what happened are kept."},
	{"client_rate", SETTING_NUMBER, AT(client_rate),
	 0, 6000000, "60000", NULL, true,
	 "How many requests a minute are taken of a client where it authenticates itself; a minute's "
	 "worth may come at once; 0: no limit."},
	{"par_lifetime", SETTING_DURATION, AT(par_lifetime),
	 5, 10 * MINUTE, "1m", NULL, true,
	 "How long a browser may take to come with a pushed authorization request (RFC 9126)."},
	{"require_pushed_authorization_requests", SETTING_CHOICE_NUMBER, AT(require_pushed),
	 0, 0, "false", truths, false,
	 "Whether every client must push its authorization requests; else only those that are "
	 "registered so."},
	{"device_code_lifetime", SETTING_DURATION, AT(device_code_lifetime),
	 MINUTE, HOUR, "10m", NULL, true,
	 "How long a device waits for somebody to enter its code (RFC 8628)."},
	{"mtls_endpoint_base", SETTING_URL, AT(mtls_endpoint_base),
	 0, 0, "", NULL, false,
	 "Where the web server asks for client certificates, as the issuer under a second name, such "
	 "as https://mtls.example.org; discovery then lists mtls_endpoint_aliases (RFC 8705 5)."},
	{"registration", SETTING_CHOICE_NUMBER, AT(registration),
	 0, 0, "closed", registrations, false,
	 "Who may register clients by RFC 7591: nobody, whoever has an initial access token, or "
	 "anybody."},
	{"registration_scopes", SETTING_WORDS, AT(registration_scopes),
	 0, 1024, "openid profile email offline_access", NULL, false,
	 "The scopes that clients which register themselves may have."},
	{"registration_profile", SETTING_CHOICE_TEXT, AT(registration_profile),
	 0, 0, "oauth21", profiles, false,
	 "The policy profile of clients that register themselves; the stricter of this and the "
	 "realm's counts."},
	{"registration_limit", SETTING_NUMBER, AT(registration_limit),
	 0, 1000000, "1000", NULL, false,
	 "How many clients that registered themselves there may be, and how many that are known by "
	 "the URL of their metadata."},
	{"registration_unused", SETTING_DURATION, AT(registration_unused),
	 0, 3650LL * DAY, "30d", NULL, false,
	 "How long such a client stays that nobody has let in; 0s: for ever."},
	{"client_id_metadata_document", SETTING_CHOICE_NUMBER, AT(client_id_metadata_document),
	 0, 0, "false", truths, false,
	 "Whether the https URL of a client's metadata is a client_id too, without registration."},
};
/* clang-format on */

#define SETTINGS_COUNT (sizeof(settings) / sizeof(settings[0]))

const struct setting *
settings_table(size_t *count)
{
	*count = SETTINGS_COUNT;
	return settings;
}

const struct setting *
setting_find(const char *name)
{
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		if (str_equal(settings[i].name, name))
			return &settings[i];
	}
	return NULL;
}

static void *
field_of(struct settings *values, const struct setting *setting)
{
	return (char *)values + setting->offset;
}

static const void *
const_field_of(const struct settings *values, const struct setting *setting)
{
	return (const char *)values + setting->offset;
}

static int
choice_index(const struct setting *setting, const char *text)
{
	for (int i = 0; setting->choices[i] != NULL; i++) {
		if (str_equal(setting->choices[i], text))
			return i;
	}
	return -1;
}

/* As they would be asked for: names of scopes, each once. */
static int
set_words(struct arena *arena, const char *text, int64_t max, const char **words)
{
	if (!text || strlen(text) > (size_t)max || !str_printable(text))
		return -1;
	*words = arena ? arena_strdup(arena, text) : text;
	return 0;
}

static int
set_url(struct arena *arena, const char *text, const char **word)
{
	struct uri uri;

	if (!text)
		return -1;
	if (text[0] == '\0') {
		*word = "";
		return 0;
	}
	if (uri_parse(arena, text, &uri) != 0 || !str_equal(uri.scheme, "https") || uri.userinfo ||
	    uri.query || uri.fragment || str_ends(text, "/"))
		return -1;
	*word = arena_strdup(arena, text);
	return 0;
}

/* Reads text into the setting's member; -1 leaves it as it was. */
static int
set_value(struct arena *arena, const struct setting *setting, const char *text,
	  struct settings *values)
{
	int64_t *number = field_of(values, setting);
	const char **word = field_of(values, setting);
	int index;

	switch (setting->type) {
	case SETTING_DURATION:
		return num_parse_duration(text, setting->min, setting->max, number);
	case SETTING_NUMBER:
		return num_parse_int64(text, setting->min, setting->max, number);
	case SETTING_CHOICE_NUMBER:
		index = choice_index(setting, text);
		if (index < 0)
			return -1;
		*number = index;
		return 0;
	case SETTING_CHOICE_TEXT:
		index = choice_index(setting, text);
		if (index < 0)
			return -1;
		*word = setting->choices[index];
		return 0;
	case SETTING_URL:
		return set_url(arena, text, word);
	case SETTING_WORDS:
		return set_words(arena, text, setting->max, word);
	}
	bug("setting of an unknown type");
}

void
settings_default(struct settings *values)
{
	*values = (struct settings){0};
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		if (set_value(NULL, &settings[i], settings[i].fallback, values) != 0)
			bug("the default of a setting is refused by its own row");
	}
}

/* The greatest unit that gives a whole number, as people write durations. */
static const char *
duration_text(struct arena *arena, int64_t seconds)
{
	static const struct {
		int64_t size;
		char letter;
	} units[] = {{DAY, 'd'}, {HOUR, 'h'}, {MINUTE, 'm'}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds != 0 && seconds % units[i].size == 0)
			return arena_printf(arena, "%lld%c", (long long)(seconds / units[i].size),
					    units[i].letter);
	}
	return arena_printf(arena, "%llds", (long long)seconds);
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

int
setting_parse(struct arena *arena, const struct setting *setting, const char *text,
	      struct settings *values, const char **why)
{
	if (set_value(arena, setting, text, values) == 0)
		return 0;
	switch (setting->type) {
	case SETTING_DURATION:
		*why = arena_printf(arena,
				    "%s: write a duration from %s to %s with a unit s, m, h or d",
				    setting->name, duration_text(arena, setting->min),
				    duration_text(arena, setting->max));
		break;
	case SETTING_NUMBER:
		*why = arena_printf(arena, "%s: write a number from %lld to %lld", setting->name,
				    (long long)setting->min, (long long)setting->max);
		break;
	case SETTING_CHOICE_NUMBER:
	case SETTING_CHOICE_TEXT:
		*why = arena_printf(arena, "%s: write %s", setting->name,
				    choices_text(arena, setting->choices));
		break;
	case SETTING_URL:
		*why = arena_printf(arena,
				    "%s: write an https URL without query and without a slash at "
				    "the end, or nothing",
				    setting->name);
		break;
	case SETTING_WORDS:
		*why = arena_printf(arena,
				    "%s: write names with blanks between, at most %lld bytes",
				    setting->name, (long long)setting->max);
		break;
	}
	return -1;
}

const char *
setting_format(struct arena *arena, const struct setting *setting, const struct settings *values)
{
	const int64_t *number = const_field_of(values, setting);
	const char *const *word = const_field_of(values, setting);

	switch (setting->type) {
	case SETTING_DURATION:
		return duration_text(arena, *number);
	case SETTING_NUMBER:
		return arena_printf(arena, "%lld", (long long)*number);
	case SETTING_CHOICE_NUMBER:
		return setting->choices[*number];
	case SETTING_CHOICE_TEXT:
	case SETTING_URL:
	case SETTING_WORDS:
		return *word;
	}
	bug("setting of an unknown type");
}

static int
apply_member(struct arena *arena, const char *name, struct json_object *value, bool for_client,
	     struct settings *values, const char **why)
{
	const struct setting *setting = setting_find(name);
	const char *text = NULL;

	if (setting == NULL) {
		*why = arena_printf(arena, "%.64s: there is no such setting",
				    str_printable(name) ? name : "(unprintable)");
		return -1;
	}
	if (for_client && !setting->client_may) {
		*why = arena_printf(arena, "%s: only a realm has this setting", name);
		return -1;
	}
	if (json_object_is_type(value, json_type_string))
		text = json_object_get_string(value);
	return setting_parse(arena, setting, text, values, why);
}

int
settings_apply(struct arena *arena, struct json_object *document, bool for_client,
	       struct settings *values, const char **why)
{
	struct settings changed = *values;
	struct json_object_iterator member, end;

	if (!json_object_is_type(document, json_type_object)) {
		*why = "settings: write an object of names and texts";
		return -1;
	}
	end = json_object_iter_end(document);
	for (member = json_object_iter_begin(document); !json_object_iter_equal(&member, &end);
	     json_object_iter_next(&member)) {
		if (apply_member(arena, json_object_iter_peek_name(&member),
				 json_object_iter_peek_value(&member), for_client, &changed,
				 why) != 0)
			return -1;
	}
	*values = changed;
	return 0;
}
