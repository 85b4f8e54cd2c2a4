/* SPDX-License-Identifier: ISC */
/*
 * The pages that are shipped: all of them load and render in every language, with everything and
 * with nothing; no text is missing or left over; and none has what our content security policy
 * forbids or what would undo the escaping (inline script and style, unquoted values).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/http/locale.h"
#include "core/http/page_file.h"
#include "core/http/template.h"

#define ARENA_CAP (64 * 1024 * 1024)
#define PAGE_MAX  65536
#define TEMPLATES "pages/templates"
#define LOCALES   "pages/locales"

/* Keys that no template names: locale_error() and the scope list of the consent page ask for them.
 */
static const char *const keys_of_code[] = {
	"scope_openid",
	"scope_profile",
	"scope_email",
	"scope_address",
	"scope_phone",
	"scope_offline_access",
	"error_unknown_client",
	"error_redirect_uri_mismatch",
	"error_redirect_uri_missing",
	"error_request_malformed",
	"error_flow_expired",
	"error_cookies",
	"error_wrong_credentials",
	"error_not_found",
	"error_method_not_allowed",
	"error_body_too_large",
	"error_internal",
	"error_too_many_requests",
	"error_logout_hint_invalid",
	"error_access_denied",
	"error_device_gone",
	"device_now",
	"password_current",
	"password_new",
	"password_again",
	"error_signin_unavailable",
	"error_signin_busy",
	"error_signin_expired",
	"error_signin_denied",
	"error_signin_change",
	"error_signin_gone",
	"device_minutes",
};

/* Shown on a page of its own, so with title and hint; the others stand within the sign-in page. */
static const char *const errors_with_page[] = {
	"unknown_client",
	"redirect_uri_mismatch",
	"redirect_uri_missing",
	"request_malformed",
	"flow_expired",
	"unavailable",
	"not_found",
	"method_not_allowed",
	"body_too_large",
	"internal",
	"logout_hint_invalid",
	"access_denied",
	"cookies",
	"too_many_requests",
	"device_gone",
	"signin_unavailable",
	"signin_busy",
	"signin_expired",
	"signin_denied",
	"signin_change",
	"signin_gone",
};

static const struct page {
	const char *name;
	const char *must_have; /* in the rich rendering */
	bool has_flow;
} pages[] = {
	{"signin", "autocomplete=\"current-password\"", true},
	{"consent", "<strong class=\"tag\">", true},
	{"select_account", "value=\"other\"", true},
	{"signout", "value=\"stay\"", true},
	{"signed_in", "<span class=\"who-user\">ada</span>", false},
	{"signed_out", "href=\"https://shop.example/?a=1&amp;b=2\"", false},
	{"error", "<code>01JD&lt;X&gt;</code>", false},
	{"unavailable", "href=\"/id/again\"", false},
	{"form_post", "name=\"state\" value=\"&quot;&gt;&lt;script&gt;\"", false},
	{"continue", "form method=\"get\"", false},
	{"device", "value=\"BCDF-&lt;\" autocomplete=\"off\"", true},
	{"device_confirm", "<q>TV&lt;1&gt;</q>", true},
	{"device_done", "sign-done", false},
	{"prompt", "<label for=\"answer_1\">Code &lt;6&gt;:</label>", true},
	{"wait", "role=\"status\"", false},
	{"signin_refused", "href=\"https://pw.example/?a&amp;b\"", true},
};

static const char rich[] =
	"{\"lang\":\"en\",\"dir\":\"ltr\",\"base\":\"/id\",\"asset_version\":\"1\","
	"\"realm\":{\"display_name\":\"Realm & Co\",\"logo\":\"/id/logo/realm\","
	"\"style_uri\":\"/id/style/realm\"},"
	"\"client\":{\"name\":\"<b>Shop</b>\",\"logo_uri\":\"/id/logo/1\","
	"\"policy_uri\":\"https://shop.example/p?a=1&b=2\",\"tos_uri\":\"https://shop.example/t\"},"
	"\"account\":{\"username\":\"ada\",\"name\":\"Ada \\\"L\\\"\"},"
	"\"username\":\"ada\",\"error\":{\"title\":\"T\",\"text\":\"E\",\"hint\":\"H\","
	"\"code\":\"C\"},\"throttled\":true,\"flow\":\"v1.abc\",\"action\":\"/id/signin\","
	"\"scopes\":[{\"name\":\"openid\",\"description\":\"D\"},{\"name\":\"x:y\",\"new\":true}],"
	"\"has_scopes\":true,\"resources\":[{\"name\":\"<API>\",\"identifier\":\"urn:a&b\","
	"\"scopes\":[{\"name\":\"r&w\",\"new\":false}],\"bare\":false,\"new\":true},"
	"{\"name\":\"urn:b\",\"scopes\":[],\"bare\":true,\"new\":false}],"
	"\"offline\":true,\"return_host\":\"shop.example\",\"method\":\"get\","
	"\"back\":{\"uri\":\"https://shop.example/?a=1&b=2\"},\"retry_uri\":\"/id/again\","
	"\"user_code\":\"BCDF-<\",\"wrong\":true,\"allowed\":true,\"device\":{"
	"\"user_code\":\"BCDF-<\",\"asked\":\"now\",\"address\":\"192.0.2.1\","
	"\"near\":true,\"agent\":\"TV<1>\"},"
	"\"conversation\":\"AbC\",\"sequence\":\"2\",\"new_password\":true,"
	"\"password_url\":\"https://pw.example/?a&b\",\"prompts\":["
	"{\"text\":\"Old <one>\",\"message\":true},{\"text\":\"Bad\",\"error\":true},"
	"{\"text\":\"Code <6>:\",\"field\":{\"name\":\"answer_1\",\"type\":\"password\","
	"\"autocomplete\":\"one-time-code\",\"first\":true}}],"
	"\"request_id\":\"01JD<X>\",\"fields\":[{\"name\":\"state\",\"value\":\"\\\"><script>\"}]}";

struct fixture {
	struct arena *arena;
	struct buf errors;
	const struct template_set *templates;
	const struct locale_set *locales;
	struct strlist names; /* of all templates, partials too */
	const char **sources; /* their texts */
};

static const char *
read_source(struct fixture *f, const char *name)
{
	const char *path = arena_printf(f->arena, "%s/%s.html", TEMPLATES, name);
	size_t size;
	const char *text = page_file_read(f->arena, path, &size, &f->errors);

	if (!text)
		fail_msg("%s", f->errors.data);
	return text;
}

static int
load(void **state)
{
	static struct fixture f;

	f.arena = arena_new(ARENA_CAP);
	buf_init(&f.errors, f.arena, 16384);
	f.templates = template_set_load(f.arena, TEMPLATES, &f.errors);
	f.locales = locale_set_load(f.arena, LOCALES, &f.errors);
	if (!f.templates || !f.locales ||
	    page_file_list(f.arena, TEMPLATES, ".html", &f.names, &f.errors) < 0)
		fail_msg("%s", f.errors.data);
	f.sources = arena_array(f.arena, f.names.count, sizeof(*f.sources));
	for (size_t i = 0; i < f.names.count; i++)
		f.sources[i] = read_source(&f, f.names.item[i]);
	*state = &f;
	return 0;
}

static int
unload(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	return 0;
}

static struct json_object *
rich_values(struct fixture *f, const struct locale *locale)
{
	const char *why = NULL;
	struct json_object *values = json_parse(f->arena, rich, strlen(rich), &why);

	if (!values)
		fail_msg("values: %s", why);
	json_add(values, "t",
		 locale_json_format(f->arena, locale, "client", "<b>Shop</b>", "realm",
				    "Realm & Co", "host", "shop.example", "seconds", "30", NULL));
	return values;
}

static const char *
render(struct fixture *f, const char *name, struct json_object *values)
{
	struct buf out;

	buf_init(&out, f->arena, PAGE_MAX);
	if (template_render(f->templates, name, values, &out) != TEMPLATE_OK)
		fail_msg("%s: not rendered", name);
	return out.data;
}

static void
check_rich(struct fixture *f, const struct page *page, const struct locale *locale)
{
	struct json_object *values = rich_values(f, locale);
	const char *html = render(f, page->name, values);

	if (strchr(html, '{') || strchr(html, '}'))
		fail_msg("%s (%s): a placeholder is left: %s", page->name, locale->tag,
			 strchr(html, '{'));
	if (strstr(html, "<b>Shop") || strstr(html, "\"><script>"))
		fail_msg("%s (%s): a value is not escaped", page->name, locale->tag);
	if (!strstr(html, page->must_have))
		fail_msg("%s (%s): lacks %s", page->name, locale->tag, page->must_have);
	if (!strstr(html, "<link rel=\"stylesheet\" href=\"/id/static/style.css?v=1\">"))
		fail_msg("%s: does not use base and asset_version", page->name);
	if (!str_starts(html, "<!doctype html>\n<html lang=\"en\" dir=\"ltr\">") ||
	    !str_ends(html, "</body>\n</html>\n"))
		fail_msg("%s: is not one document", page->name);
	if (page->has_flow != (strstr(html, "<form method=\"post\" action=\"/id/signin\">\n"
					    "  <input type=\"hidden\" name=\"flow\" "
					    "value=\"v1.abc\">\n") != NULL))
		fail_msg("%s: flow", page->name);
}

static void
test_render_rich(void **state)
{
	struct fixture *f = *state;
	struct strlist tags = locale_tags(f->arena, f->locales);

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		for (size_t j = 0; j < tags.count; j++)
			check_rich(f, &pages[i], locale_pick(f->locales, tags.item[j], NULL));
}

/* Without values nothing is left of what is optional, and no text has an open placeholder. */
static void
test_render_empty(void **state)
{
	struct fixture *f = *state;
	struct json_object *values = json_new_object(f->arena);

	for (size_t i = 0; i < f->names.count; i++)
		render(f, f->names.item[i], values);
	json_add(values, "t", locale_json(locale_pick(f->locales, NULL, NULL)));
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const char *html = render(f, pages[i].name, values);

		if (strstr(html, "{client}") && strcmp(pages[i].name, "consent") != 0 &&
		    strcmp(pages[i].name, "device_confirm") != 0)
			fail_msg("%s: speaks of a client when there is none", pages[i].name);
		if (strstr(html, "role=\"alert\"") || strstr(html, "aria-invalid"))
			fail_msg("%s: an error when there is none", pages[i].name);
		if (strstr(html, "<img class=\"client-logo\"") || strstr(html, "href=\"\""))
			fail_msg("%s: an empty link or picture", pages[i].name);
	}
}

static bool
key_is_of_code(struct fixture *f, const char *key)
{
	for (size_t i = 0; i < sizeof(keys_of_code) / sizeof(keys_of_code[0]); i++)
		if (strcmp(keys_of_code[i], key) == 0)
			return true;
	for (size_t i = 0; i < sizeof(errors_with_page) / sizeof(errors_with_page[0]); i++) {
		const char *stem = arena_printf(f->arena, "error_%s_", errors_with_page[i]);

		if (str_equal(key, arena_printf(f->arena, "%stitle", stem)) ||
		    str_equal(key, arena_printf(f->arena, "%shint", stem)))
			return true;
	}
	return false;
}

static bool
key_is_in_template(struct fixture *f, const char *key)
{
	const char *tag = arena_printf(f->arena, "{{t.%s}}", key);

	for (size_t i = 0; i < f->names.count; i++)
		if (strstr(f->sources[i], tag))
			return true;
	return false;
}

static void
test_keys_used_exist(void **state)
{
	struct fixture *f = *state;
	const struct locale *locale = locale_pick(f->locales, NULL, NULL);
	size_t found = 0;

	for (size_t i = 0; i < f->names.count; i++) {
		const char *at = f->sources[i];

		while ((at = strstr(at, "{{t."))) {
			size_t size = strcspn(at + 4, "}");
			char *key = arena_copy(f->arena, at + 4, size);

			if (!locale_find(locale, key))
				fail_msg("%s: no text for t.%s", f->names.item[i], key);
			at += size;
			found++;
		}
	}
	assert_true(found > 40);
}

static void
test_keys_are_used(void **state)
{
	struct fixture *f = *state;
	struct json_object *texts = locale_json(locale_pick(f->locales, NULL, NULL));

	json_object_object_foreach(texts, key, text)
	{
		(void)text;
		if (!key_is_in_template(f, key) && !key_is_of_code(f, key))
			fail_msg("nobody uses %s", key);
	}
}

static void
test_keys_of_code_exist(void **state)
{
	struct fixture *f = *state;
	const struct locale *locale = locale_pick(f->locales, NULL, NULL);

	for (size_t i = 0; i < sizeof(keys_of_code) / sizeof(keys_of_code[0]); i++)
		if (!locale_find(locale, keys_of_code[i]))
			fail_msg("no text for %s", keys_of_code[i]);
	for (size_t i = 0; i < sizeof(errors_with_page) / sizeof(errors_with_page[0]); i++) {
		struct json_object *error =
			locale_error(f->arena, locale, errors_with_page[i], NULL);

		if (str_equal(json_text_or_null(error, "title"),
			      locale_text(locale, "error_title")))
			fail_msg("%s: no title", errors_with_page[i]);
		if (!json_text_or_null(error, "hint"))
			fail_msg("%s: no hint", errors_with_page[i]);
	}
}

/* A value as an attribute without quotes would end at its first blank. */
static bool
has_bare_value(const char *text)
{
	for (const char *at = strstr(text, "={{"); at; at = strstr(at + 1, "={{"))
		if (at - text < 2 || strncmp(at - 2, "?v", 2) != 0)
			return true;
	return false;
}

static void
test_sources_are_safe(void **state)
{
	/* what the policy forbids */
	static const char *const forbidden[] = {" style=", "<style",      "<script>", " on",
						"<base",   "javascript:", "http://",  "<iframe"};
	struct fixture *f = *state;

	for (size_t i = 0; i < f->names.count; i++) {
		const char *text = f->sources[i];
		const char *body = strstr(text, "}}\n");

		if (!str_starts(text, "{{!") || !body)
			fail_msg("%s: its values are not told at the top", f->names.item[i]);
		if (has_bare_value(body))
			fail_msg("%s: a value without quotes", f->names.item[i]);
		for (size_t j = 0; j < sizeof(forbidden) / sizeof(forbidden[0]); j++)
			if (strstr(body, forbidden[j]))
				fail_msg("%s: has %s", f->names.item[i], forbidden[j]);
	}
}

/* Whoever adds a page adds it to the table above. */
static void
test_all_pages_are_tested(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->names.count; i++) {
		bool partial = strstr(f->sources[i], "{{>head}}") == NULL;
		bool listed = false;

		for (size_t j = 0; j < sizeof(pages) / sizeof(pages[0]); j++)
			listed = listed || strcmp(pages[j].name, f->names.item[i]) == 0;
		if (partial == listed)
			fail_msg("%s: is not in the table of pages", f->names.item[i]);
	}
}

static const struct variant {
	const char *name;
	const char *page;
	const char *values;
	const char *has;
	const char *has_not;
} variants[] = {
	{"a first visit", "signin", "{}", " required autofocus>", "value=\"other\""},
	{"no client, nothing to cancel", "signin", "{}", "value=\"signin\"", "value=\"cancel\""},
	{"a client can be cancelled", "signin", "{\"client\":{\"name\":\"x\"}}",
	 "value=\"cancel\" formnovalidate", "alert"},
	{"name known", "signin", "{\"username\":\"ada\"}",
	 "autocomplete=\"current-password\" required autofocus>",
	 "spellcheck=\"false\" required autofocus"},
	{"again", "signin", "{\"reauth\":true,\"account\":{\"username\":\"ada\"}}",
	 "value=\"ada\" autocomplete=\"username\" readonly", "id=\"username\""},
	{"wrong", "signin", "{\"error\":{\"text\":\"no\"}}",
	 "required autofocus aria-invalid=\"true\" aria-describedby=\"error\">", "notice-wait"},
	{"throttled", "signin", "{\"throttled\":true}", "notice-wait\" role=\"alert\"",
	 "aria-invalid"},
	{"a name alone", "signin", "{\"name_only\":true}", "id=\"username\"", "id=\"password\""},
	{"a password that may come later", "signin", "{\"password_optional\":true}",
	 "autocomplete=\"current-password\">", "current-password\" required"},
	{"nothing but a message", "prompt", "{\"prompts\":[{\"text\":\"Hi\",\"message\":true}]}",
	 "<p class=\"notice\" role=\"status\">Hi</p>", "answer_"},
	{"a second question", "prompt",
	 "{\"prompts\":[{\"text\":\"x\",\"field\":{\"name\":\"answer_2\",\"type\":\"text\"}}]}",
	 "name=\"answer_2\" type=\"text\"", "autofocus"},
	{"no place to change it", "signin_refused", "{}", "value=\"other\"", "class=\"button\""},
	{"a scope without description", "consent",
	 "{\"has_scopes\":true,\"scopes\":[{\"name\":\"a:b\"}]}", "<code>a:b</code>",
	 "class=\"tag\""},
	{"no scope of the realm", "consent",
	 "{\"has_scopes\":false,\"scopes\":[],\"resources\":[{\"name\":\"<API>\",\"bare\":true}]}",
	 "<strong>&lt;API&gt;</strong>", "id=\"scopes\""},
	{"a service with scopes", "consent",
	 "{\"t\":{\"consent_resource_bare\":\"BARE\"},\"resources\":[{\"name\":\"x\",\"bare\":"
	 "false,"
	 "\"scopes\":[{\"name\":\"r&w\"}]}]}",
	 "<code>r&amp;w</code>", "BARE"},
	{"a service without", "consent",
	 "{\"t\":{\"consent_resource_bare\":\"BARE\"},\"resources\":[{\"name\":\"x\","
	 "\"identifier\":\"urn:&\",\"bare\":true,\"scopes\":[]}]}",
	 "<small>urn:&amp;</small>", "<code>"},
	{"not offline", "consent", "{}", "value=\"deny\"", "class=\"note\""},
	{"no logo of the realm", "signed_out", "{}", "brand-mark", "brand-logo"},
	{"a code to be typed", "device", "{}", " required autofocus>", "aria-invalid"},
	{"a code that is there", "device",
	 "{\"user_code\":\"B\",\"from_link\":true,\"t\":{\"device_compare\":\"COMPARE\"}}",
	 "COMPARE", "autofocus"},
	{"a wrong code", "device", "{\"wrong\":true}", "role=\"alert\" id=\"error\"",
	 "notice-wait"},
	{"too many codes", "device", "{\"throttled\":true}", "notice-wait\" role=\"alert\"",
	 "aria-invalid"},
	{"a device far away", "device_confirm",
	 "{\"t\":{\"device_far\":\"FAR\",\"device_near\":\"NEAR\"},\"device\":{\"address\":"
	 "\"x\",\"far\":true}}",
	 "x (FAR)", "NEAR"},
	{"a device somewhere", "device_confirm",
	 "{\"t\":{\"device_far\":\"FAR\",\"device_near\":\"NEAR\"},\"device\":{\"address\":"
	 "\"x\"}}",
	 "<dd>x</dd>", "NEAR"},
	{"denied", "device_done", "{\"denied\":true,\"t\":{\"device_denied_title\":\"NO\"}}",
	 "<h1>NO</h1>", "sign-done"},
	{"nobody decided", "device_done", "{\"left\":true,\"t\":{\"device_left_title\":\"LEFT\"}}",
	 "<h1>LEFT</h1>", "sign-error"},
	{"long request", "continue", "{\"method\":\"post\",\"action\":\"/a\"}",
	 "<form method=\"post\" action=\"/a\">", "name=\"flow\""},
	{"an error without title", "error", "{\"t\":{\"error_title\":\"Oh\"}}", "<h1>Oh</h1>",
	 "<dl"},
};

static void
test_variants(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		const struct variant *v = &variants[i];
		struct json_object *values =
			json_parse(f->arena, v->values, strlen(v->values), NULL);
		const char *html = render(f, v->page, values);

		if (!strstr(html, v->has))
			fail_msg("%s: lacks %s", v->name, v->has);
		if (strstr(html, v->has_not))
			fail_msg("%s: has %s", v->name, v->has_not);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_render_rich),
		cmocka_unit_test(test_render_empty),
		cmocka_unit_test(test_keys_used_exist),
		cmocka_unit_test(test_keys_are_used),
		cmocka_unit_test(test_keys_of_code_exist),
		cmocka_unit_test(test_sources_are_safe),
		cmocka_unit_test(test_all_pages_are_tested),
		cmocka_unit_test(test_variants),
	};

	return cmocka_run_group_tests_name("pages", tests, load, unload);
}
