/* SPDX-License-Identifier: ISC */
/*
 * The steps that check an authorization request, in order: who asks, where the answer goes (the
 * gate), what is asked. Texts of failures say what to send instead.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/num.h"
#include "core/model/source.h"
#include "core/oauth/authz/authz.h"
#include "core/oauth/authz/redirect.h"
#include "core/oauth/authz/steps.h"
#include "core/oauth/claims.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/client_lookup.h"
#include "core/oauth/consent.h"
#include "core/oauth/hint.h"
#include "core/oauth/parameters.h"
#include "core/oauth/pkce.h"
#include "core/oauth/target.h"

static int
find_client(struct tx *tx, struct authz *authz)
{
	const char *client_id = form_get(authz->form, "client_id");
	enum store_verdict verdict;

	if (str_empty(client_id)) {
		tx->failure.page = "unknown_client";
		return fail(tx, OAUTH_INVALID_REQUEST, "client_id is missing", NULL);
	}
	if (form_count(authz->form, "client_id") > 1)
		return fail(tx, OAUTH_INVALID_REQUEST, "client_id may be sent once only", NULL);
	verdict = client_lookup(tx, client_id, &authz->client);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK || !authz->client->enabled) {
		tx->failure.page = "unknown_client";
		return fail(tx, OAUTH_INVALID_REQUEST, "no client has this client_id",
			    "client_id %.255s %s", client_id_shown(client_id),
			    verdict == STORE_OK ? "is disabled"
			    : tx->client_why    ? tx->client_why
						: "is not registered in this realm");
	}
	return 0;
}

/* Where clients authenticate they have done so before the steps begin. */
static int
step_client(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "client_id");

	if (!authz->client && find_client(tx, authz) != 0)
		return -1;
	if (sent && strcmp(sent, authz->client->client_id) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "client_id is not that of the client that authenticated", NULL);
	tx->client_id = authz->client->client_id;
	authz->profile =
		profile_strictest(tx->realm->profile, profile_find(authz->client->profile));
	return 0;
}

static int
step_device_grant(struct tx *tx, struct authz *authz)
{
	if (strlist_has(&authz->client->grant_types, GRANT_TYPE_DEVICE_CODE))
		return 0;
	return fail(tx, OAUTH_UNAUTHORIZED_CLIENT, "this client may not ask for devices",
		    "grant_types of the client lack " GRANT_TYPE_DEVICE_CODE);
}

static int
step_redirect_uri(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "redirect_uri");
	const struct strlist *registered = &authz->client->redirect_uris;

	if (form_count(authz->form, "redirect_uri") > 1)
		return fail(tx, OAUTH_INVALID_REQUEST, "redirect_uri may be sent once only", NULL);
	if (!sent) {
		tx->failure.page = "redirect_uri_missing";
		if (registered->count != 1)
			return fail(tx, OAUTH_INVALID_REQUEST,
				    "redirect_uri is missing; send one that is registered for this "
				    "client",
				    "the client has %zu redirect URIs, so it must say which",
				    registered->count);
		tx->failure.page = NULL;
		authz->redirect_uri = registered->item[0];
	} else if (redirect_uri_registered(tx->arena, authz->client, sent)) {
		authz->redirect_uri = sent;
		authz->redirect_uri_sent = true;
	} else {
		tx->failure.page = "redirect_uri_mismatch";
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "redirect_uri is not registered for this client",
			    "sent %.500s; registered: %s", sent,
			    strlist_join(tx->arena, registered, ' '));
	}
	authz->redirect_is_local = redirect_uri_is_local(tx->arena, authz->redirect_uri);
	authz->reply_to = authz->redirect_uri;
	authz->state = form_get(authz->form, "state");
	return 0;
}

static const struct {
	const char *name;
	enum response_mode mode;
} modes[] = {
	{"query", RESPONSE_QUERY},
	{"form_post", RESPONSE_FORM_POST},
};

static int
step_response_mode(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "response_mode");

	if (!sent)
		return 0;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, sent) == 0) {
			authz->mode = modes[i].mode;
			return 0;
		}
	}
	return fail(tx, OAUTH_INVALID_REQUEST, "response_mode must be query or form_post",
		    "sent %.64s", sent);
}

/* RFC 6749 3.1: parameters must not be sent more than once. */
static int
step_duplicates(struct tx *tx, struct authz *authz)
{
	if (form_count(authz->form, "state") > 1)
		authz->state = NULL;
	if (parameters_check(tx, authz->form) != 0)
		return -1;
	if (authz->state && strlen(authz->state) > STATE_MAX) {
		authz->state = NULL;
		return fail(tx, OAUTH_INVALID_REQUEST, "state is longer than 2048 bytes", NULL);
	}
	return 0;
}

static int
step_request_object(struct tx *tx, struct authz *authz)
{
	if (form_get(authz->form, "request"))
		return fail(tx, OAUTH_REQUEST_NOT_SUPPORTED,
			    "request objects are not supported; send the parameters themselves",
			    NULL);
	if (form_get(authz->form, "request_uri"))
		return fail(tx, OAUTH_REQUEST_URI_NOT_SUPPORTED,
			    "request_uri is not supported; send the parameters themselves", NULL);
	if (form_get(authz->form, "registration"))
		return fail(tx, OAUTH_REGISTRATION_NOT_SUPPORTED,
			    "the registration parameter is not supported", NULL);
	return 0;
}

static int
step_response_type(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "response_type");

	if (str_empty(sent))
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "response_type is missing; send response_type=code", NULL);
	if (strcmp(sent, "code") != 0)
		return fail(tx, OAUTH_UNSUPPORTED_RESPONSE_TYPE,
			    "this response_type is not supported; send response_type=code",
			    "sent %.64s", sent);
	if (!strlist_has(&authz->client->response_types, "code") ||
	    !strlist_has(&authz->client->grant_types, "authorization_code"))
		return fail(tx, OAUTH_UNAUTHORIZED_CLIENT,
			    "this client may not use response_type=code",
			    "grant_types of the client lack authorization_code");
	return 0;
}

static int
step_resource(struct tx *tx, struct authz *authz)
{
	return target_asked(tx, authz->client, TARGET_FOR_PERSON, authz->form, &authz->resources);
}

/* Unknown scopes are ignored (OpenID Connect Core 3.1.2.1); known ones must be allowed to the
 * client. */
static int
step_scope(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "scope");
	struct strlist asked, reach;

	if (sent && strlen(sent) > SCOPE_MAX)
		return fail(tx, OAUTH_INVALID_SCOPE, "scope is longer than 1024 bytes", NULL);
	if (strlist_split(tx->arena, sent, ' ', SCOPES_ASKED_MAX, &asked) != 0)
		return fail(tx, OAUTH_INVALID_SCOPE, "scope names too many scopes", NULL);
	authz->scopes = (struct strlist){0};
	reach = target_reach(tx, authz->client, TARGET_FOR_PERSON, &authz->resources, &asked);
	for (size_t i = 0; i < asked.count; i++) {
		const char *name = asked.item[i];

		if (!target_knows_scope(tx->realm, &reach, name))
			continue;
		/* without a refresh token there is nothing to keep (OpenID Connect Core 11) */
		if (strcmp(name, "offline_access") == 0 &&
		    !strlist_has(&authz->client->grant_types, "refresh_token"))
			continue;
		if (authz->client->scopes.count && !strlist_has(&authz->client->scopes, name))
			continue;
		authz->scopes = strlist_with(tx->arena, &authz->scopes, name);
	}
	authz->openid = strlist_has(&authz->scopes, "openid");
	authz->consent = authz->scopes;
	return 0;
}

static int
step_pkce(struct tx *tx, struct authz *authz)
{
	const char *challenge = form_get(authz->form, "code_challenge");
	const char *method = form_get(authz->form, "code_challenge_method");
	bool required = authz->profile.pkce == PKCE_ALWAYS || client_is_public(authz->client);

	if (!challenge && form_get(authz->form, "code_challenge_algo"))
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "code_challenge_algo is not a parameter; send code_challenge and "
			    "code_challenge_method=S256",
			    NULL);
	if (!challenge && (method || required))
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "code_challenge is missing; send code_challenge and "
			    "code_challenge_method=S256",
			    "PKCE is required: profile %s, %s client", authz->profile.name,
			    client_is_public(authz->client) ? "public" : "confidential");
	if (!challenge)
		return 0;
	if (!method)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "code_challenge_method is missing, which would mean plain; send "
			    "code_challenge_method=S256",
			    "%s",
			    form_get(authz->form, "code_challenge_algo")
				    ? "the request has code_challenge_algo instead"
				    : "only code_challenge was sent");
	if (strcmp(method, "S256") != 0)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "this code_challenge_method is not supported; send "
			    "code_challenge_method=S256",
			    "sent %.64s", method);
	if (!pkce_challenge_valid(challenge))
		return fail(
			tx, OAUTH_INVALID_REQUEST,
			"code_challenge must be the base64url SHA-256 digest of the verifier, 43 "
			"characters without padding",
			"sent %zu bytes", strlen(challenge));
	authz->code_challenge = challenge;
	return 0;
}

static int
step_nonce(struct tx *tx, struct authz *authz)
{
	authz->nonce = form_get(authz->form, "nonce");
	if (authz->nonce && strlen(authz->nonce) > NONCE_MAX)
		return fail(tx, OAUTH_INVALID_REQUEST, "nonce is longer than 512 bytes", NULL);
	return 0;
}

static const struct {
	const char *name;
	unsigned bit;
} prompts[] = {
	{"none", PROMPT_NONE},
	{"login", PROMPT_LOGIN},
	{"consent", PROMPT_CONSENT},
	{"select_account", PROMPT_SELECT_ACCOUNT},
};

static unsigned
prompt_bit(const char *name)
{
	for (size_t i = 0; i < sizeof(prompts) / sizeof(prompts[0]); i++)
		if (strcmp(prompts[i].name, name) == 0)
			return prompts[i].bit;
	return 0;
}

static int
step_prompt(struct tx *tx, struct authz *authz)
{
	struct strlist values;

	if (strlist_split(tx->arena, form_get(authz->form, "prompt"), ' ', 8, &values) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST, "prompt has too many values", NULL);
	for (size_t i = 0; i < values.count; i++) {
		unsigned bit = prompt_bit(values.item[i]);

		if (!bit)
			return fail(tx, OAUTH_INVALID_REQUEST,
				    "prompt may hold none, login, consent and select_account",
				    "sent %.64s", values.item[i]);
		authz->prompt |= bit;
	}
	if ((authz->prompt & PROMPT_NONE) && authz->prompt != PROMPT_NONE)
		return fail(tx, OAUTH_INVALID_REQUEST, "prompt=none cannot be combined with others",
			    NULL);
	return 0;
}

static int
step_max_age(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "max_age");

	authz->max_age = authz->client->default_max_age;
	if (!str_empty(sent) && num_parse_int64(sent, 0, INT32_MAX, &authz->max_age) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST, "max_age must be a number of seconds", NULL);
	return 0;
}

/* Hints never cause an error by their content (OpenID Connect Core 3.1.2.1), but an id_token_hint
 * that we did not sign is one. */
static int
step_hints(struct tx *tx, struct authz *authz)
{
	const char *token = form_get(authz->form, "id_token_hint");
	const char *login = form_get(authz->form, "login_hint");
	const char *locales = form_get(authz->form, "ui_locales");
	struct id_token_hint hint;

	if (login && strlen(login) <= LOGIN_HINT_MAX)
		authz->login_hint = login;
	if (locales && strlen(locales) <= UI_LOCALES_MAX)
		authz->ui_locales = locales;
	if (str_empty(token))
		return 0;
	if (id_token_hint_read(tx, token, &hint) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "id_token_hint is not an ID token of this issuer", NULL);
	authz->hint_sub = hint.sub;
	return 0;
}

/* Whether any source of people proves what is essential. */
static bool
acr_is_possible(struct tx *tx, const char *claims)
{
	for (size_t i = 0; i < tx->realm->sources_count; i++)
		if (claims_acr_met(tx->arena, claims, tx->realm->sources[i].acr))
			return true;
	return false;
}

/* OpenID Connect Core 5.5: what is asked for by name must be allowed like what is asked for by
 * scope. */
static int
step_claims(struct tx *tx, struct authz *authz)
{
	const char *sent = form_get(authz->form, "claims");
	const char *why = NULL;
	const char *sub;

	if (!sent)
		return 0;
	if (strlen(sent) > CLAIMS_PARAMETER_MAX)
		return fail(tx, OAUTH_INVALID_REQUEST, "claims is longer than 4096 bytes", NULL);
	if (claims_parameter_check(tx->arena, sent, &why) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "claims must be a JSON object with the members userinfo and id_token",
			    "%s", why);
	if (!acr_is_possible(tx, sent))
		return fail(tx, OAUTH_UNMET_AUTHENTICATION_REQUIREMENTS,
			    "the essential acr that was asked for cannot be met",
			    "claims.id_token.acr is essential, and no sign-in source of the realm "
			    "has such a value");
	sub = claims_requested_sub(tx->arena, sent);
	if (sub && authz->hint_sub && strcmp(sub, authz->hint_sub) != 0)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "claims and id_token_hint name different people", NULL);
	if (sub)
		authz->hint_sub = sub;
	authz->claims = claims_parameter_filter(tx->arena, sent, tx->realm, &authz->client->scopes,
						&authz->consent);
	return 0;
}

/* Scopes of the same name at two resources are two things to allow. */
static int
step_consent(struct tx *tx, struct authz *authz)
{
	struct strlist reach = target_reach(tx, authz->client, TARGET_FOR_PERSON, &authz->resources,
					    &authz->scopes);

	authz->consent = consent_items(tx->arena, tx->realm, &reach, &authz->consent);
	return 0;
}

#define A AUTHZ_AT_AUTHORIZE
#define P AUTHZ_AT_PAR
#define D AUTHZ_AT_DEVICE
#define R AUTHZ_AT_RESUME

/* clang-format off */
static const struct authz_step steps[] = {
	{"client",         step_client,         A | P | D | R},
	{"device_grant",   step_device_grant,           D    },
	{"pushing",        step_pushing,            P        },
	{"pushed",         step_pushed,         A            }, /* the request is the pushed one from here */
	{"pushed_before",  step_pushed_before,              R},
	{"redirect_uri",   step_redirect_uri,   A | P     | R}, /* the gate: later failures go to the client */
	{"response_mode",  step_response_mode,  A | P     | R},
	{"duplicates",     step_duplicates,     A | P        },
	{"pushed_fresh",   step_pushed_fresh,   A            },
	{"must_push",      step_must_push,      A         | R},
	{"request_object", step_request_object, A | P        },
	{"response_type",  step_response_type,  A | P     | R},
	{"resource",       step_resource,       A | P | D | R},
	{"scope",          step_scope,          A | P | D | R},
	{"pkce",           step_pkce,           A | P     | R},
	{"nonce",          step_nonce,          A | P     | R},
	{"prompt",         step_prompt,         A | P     | R},
	{"max_age",        step_max_age,        A | P     | R},
	{"hints",          step_hints,          A | P     | R},
	{"claims",         step_claims,         A | P     | R},
	{"consent",        step_consent,        A | P | D | R},
};
/* clang-format on */

#undef A
#undef P
#undef D
#undef R

const struct authz_step *
authz_steps(size_t *count)
{
	*count = sizeof(steps) / sizeof(steps[0]);
	return steps;
}

int
authz_read(struct tx *tx, const struct form *form, enum authz_place place, struct authz *authz)
{
	bool authenticated = place == AUTHZ_AT_PAR || place == AUTHZ_AT_DEVICE;

	*authz = (struct authz){
		.form = form,
		.client = authenticated ? authz->client : NULL,
		.max_age = -1,
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if ((steps[i].places & place) && steps[i].check(tx, authz) != 0)
			return -1;
	return 0;
}
