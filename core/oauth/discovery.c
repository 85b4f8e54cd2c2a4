/* SPDX-License-Identifier: ISC */
/*
 * Making the metadata document from the tables.
 */
#include "core/oauth/discovery.h"

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/model/profile.h"
#include "core/model/resource.h"
#include "core/model/source.h"
#include "core/oauth/claims.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/grant/grant.h"

#define SCOPES_LISTED_MAX 1000 /* a server need not list all (RFC 8414 2) */

/* Constant lists: each entry is what the code of that name does. */
static const struct {
	const char *member;
	const char *const values[8];
} lists[] = {
	{"response_types_supported", {"code"}},
	{"response_modes_supported", {"query", "form_post"}},
	{"subject_types_supported", {"public"}},
	{"code_challenge_methods_supported", {"S256"}},
	{"prompt_values_supported", {"none", "login", "consent", "select_account"}},
	{"claim_types_supported", {"normal"}},
};

static const struct {
	const char *member;
	bool value;
} flags[] = {
	{"authorization_response_iss_parameter_supported", true}, /* RFC 9207 3 */
	{"claims_parameter_supported", true},
	{"request_parameter_supported", false},
	{"request_uri_parameter_supported", false}, /* its default is true */
};

static void
add_lists(struct json_object *document, struct arena *arena)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct strlist list = {0};

		for (size_t j = 0; lists[i].values[j]; j++)
			list = strlist_with(arena, &list, lists[i].values[j]);
		json_add_list(document, lists[i].member, &list);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		json_add_bool(document, flags[i].member, flags[i].value);
}

static void
add_acr_values(struct json_object *document, struct arena *arena, const struct realm *realm)
{
	struct strlist list = {0};

	for (size_t i = 0; i < realm->sources_count; i++)
		list = strlist_with(arena, &list, realm->sources[i].acr);
	json_add_list(document, "acr_values_supported", &list);
}

static void
add_grants(struct json_object *document, struct arena *arena)
{
	size_t count;
	const struct grant_row *rows = grants_table(&count);
	struct strlist list = {0};

	for (size_t i = 0; i < count; i++)
		list = strlist_with(arena, &list, rows[i].name);
	json_add_list(document, "grant_types_supported", &list);
}

static void
add_auth_methods(struct json_object *document, struct arena *arena, const struct realm *realm)
{
	size_t count;
	const struct client_auth_row *rows = client_auth_table(&count);
	struct strlist all = {0}, proving = {0};

	for (size_t i = 0; i < count; i++) {
		if (!client_auth_works(&rows[i], realm))
			continue;
		all = strlist_with(arena, &all, rows[i].name);
		if (!rows[i].is_public)
			proving = strlist_with(arena, &proving, rows[i].name);
	}
	json_add_list(document, "token_endpoint_auth_methods_supported", &all);
	json_add_list(document, "revocation_endpoint_auth_methods_supported", &all);
	json_add_list(document, "introspection_endpoint_auth_methods_supported", &proving);
}

static void
add_assertion_algs(struct json_object *document, struct arena *arena)
{
	static const char *const members[] = {
		"token_endpoint_auth_signing_alg_values_supported",
		"revocation_endpoint_auth_signing_alg_values_supported",
		"introspection_endpoint_auth_signing_alg_values_supported",
	};
	size_t count;
	const struct client_auth_row *rows = client_auth_table(&count);
	struct jws_alg_set algs = {0};
	struct strlist names;

	for (size_t i = 0; i < count; i++)
		algs.bits |= rows[i].algs.bits;
	names = jws_alg_set_names(arena, algs);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_add_list(document, members[i], &names);
}

/* RFC 8705 5: the endpoints that clients authenticate at, where they are asked for certificates. */
static void
add_aliases(struct json_object *document, struct arena *arena, const struct realm *realm,
	    const struct discovery_endpoint *endpoints)
{
	const char *base = realm->settings.mtls_endpoint_base;
	struct json_object *aliases = json_new_object(arena);

	if (str_empty(base))
		return;
	for (; endpoints->member; endpoints++)
		if (endpoints->for_clients)
			json_add_text(aliases, endpoints->member,
				      arena_printf(arena, "%s%s", base, endpoints->path));
	json_add(document, "mtls_endpoint_aliases", aliases);
}

struct scope_rows {
	const struct scope *scope;
	size_t count;
};

static void
list_scopes(struct strlist *list, struct scope_rows scopes)
{
	for (size_t i = 0; i < scopes.count && list->count < SCOPES_LISTED_MAX; i++)
		if (!strlist_has(list, scopes.scope[i].name))
			list->item[list->count++] = scopes.scope[i].name;
}

/* Those of the realm and of its resource servers. */
static void
add_scopes(struct json_object *document, struct arena *arena, const struct realm *realm)
{
	struct strlist list = {.item = arena_array(arena, SCOPES_LISTED_MAX, sizeof(char *))};
	size_t count;
	const struct scope *standard = scopes_standard(&count);

	list_scopes(&list, (struct scope_rows){standard, count});
	list_scopes(&list, (struct scope_rows){realm->scopes, realm->scopes_count});
	for (size_t i = 0; i < realm->resources_count; i++)
		list_scopes(&list, (struct scope_rows){realm->resources[i].scopes,
						       realm->resources[i].scopes_count});
	json_add_list(document, "scopes_supported", &list);
}

static void
add_claims(struct json_object *document, struct arena *arena)
{
	static const char *const ours[] = {"iss",       "sub",   "aud", "exp", "iat",
					   "auth_time", "nonce", "acr", "amr", "sid"};
	size_t count;
	const struct claim *claims = claims_table(&count);
	struct strlist list = {0};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		list = strlist_with(arena, &list, ours[i]);
	for (size_t i = 0; i < count; i++)
		list = strlist_with(arena, &list, claims[i].name);
	json_add_list(document, "claims_supported", &list);
}

char *
discovery_document(struct arena *arena, const struct realm_live *live,
		   const struct discovery_endpoint *endpoints, const struct strlist *locales)
{
	struct json_object *document = json_new_object(arena);
	struct strlist algs = jws_alg_set_names(arena, keyring_algs(live->ring));

	json_add_text(document, "issuer", live->realm.issuer);
	for (const struct discovery_endpoint *one = endpoints; one->member; one++)
		json_add_text(document, one->member,
			      arena_printf(arena, "%s%s", live->realm.issuer, one->path));
	add_aliases(document, arena, &live->realm, endpoints);
	add_lists(document, arena);
	add_grants(document, arena);
	add_acr_values(document, arena, &live->realm);
	add_auth_methods(document, arena, &live->realm);
	add_assertion_algs(document, arena);
	add_scopes(document, arena, &live->realm);
	add_claims(document, arena);
	json_add_bool(document, "require_pushed_authorization_requests",
		      live->realm.settings.require_pushed ||
			      (live->realm.profile && live->realm.profile->par));
	json_add_bool(document, "client_id_metadata_document_supported",
		      live->realm.settings.client_id_metadata_document != 0);
	json_add_list(document, "ui_locales_supported", locales);
	json_add_list(document, "id_token_signing_alg_values_supported", &algs);
	json_add_list(document, "introspection_signing_alg_values_supported",
		      &algs); /* RFC 9701 7 */
	return json_write(arena, document, NULL);
}
