/* SPDX-License-Identifier: ISC */
/*
 * The endpoints as the manual describes them. Pages' own forms (/signin, /consent …) are no
 * interface and are not here.
 */
#include "core/endpoint/reference.h"

#define END {NULL, NULL, NULL}

/* clang-format off */
static const struct endpoint_parameter authorize[] = {
	{"client_id", "required", "The client."},
	{"redirect_uri", "unless one is registered", "Where the answer goes; exactly as registered."},
	{"response_type", "required", "`code`."},
	{"scope", "optional", "What is asked for, with blanks between. Unknown scopes are ignored; `openid` asks for an ID token."},
	{"state", "optional", "Comes back unchanged, at most 2048 bytes."},
	{"code_challenge", "required by default", "BASE64URL(SHA256(code_verifier)) (RFC 7636 4.2)."},
	{"code_challenge_method", "with code_challenge", "`S256`."},
	{"nonce", "optional", "Comes back in the ID token, at most 512 bytes."},
	{"response_mode", "optional", "`query` (default) or `form_post`."},
	{"prompt", "optional", "`none`, or of `login`, `consent`, `select_account` any."},
	{"max_age", "optional", "Seconds after which the person has to sign in again."},
	{"id_token_hint", "optional", "An ID token of the person that is expected, also an expired one."},
	{"login_hint", "optional", "A user name for the sign-in page."},
	{"ui_locales", "optional", "Languages of the pages, best first."},
	{"claims", "optional", "Single claims (OpenID Connect Core 5.5)."},
	END,
};

static const struct endpoint_parameter token[] = {
	{"grant_type", "required", "One of the grant types below; the client must be registered for it."},
	{"code", "authorization_code", "The code; good once, for 60 seconds."},
	{"redirect_uri", "authorization_code", "That of the authorization request; may be left out where PKCE was used."},
	{"code_verifier", "authorization_code", "What `code_challenge` was made of."},
	{"refresh_token", "refresh_token", "The newest one; the answer holds its successor."},
	{"scope", "optional", "A part of what was granted."},
	END,
};

static const struct endpoint_parameter bearer[] = {
	{"access_token", "unless in the Authorization header", "In a form body alone, never in the query."},
	END,
};

static const struct endpoint_parameter one_token[] = {
	{"token", "required", "The token."},
	{"token_type_hint", "optional", "Is not needed: tokens say what they are."},
	END,
};

static const struct endpoint_parameter logout[] = {
	{"id_token_hint", "optional", "An ID token of the session, also an expired one; without it the person is asked."},
	{"client_id", "optional", "The client, where no hint is sent."},
	{"post_logout_redirect_uri", "optional", "Where the browser goes then; exactly as registered."},
	{"state", "optional", "Comes back unchanged."},
	{"ui_locales", "optional", "Languages of the page."},
	END,
};

const struct endpoint_parameter client_auth_parameters[] = {
	{"client_id", "unless in Basic credentials", "The client."},
	{"client_secret", "client_secret_post", "One of the client's secrets."},
	END,
};

static const struct endpoint_reference rows[] = {
	{"/.well-known/openid-configuration", "OpenID Connect Discovery 1.0 4",
	 "Everything a client has to know, derived from the same tables as this page.", NULL},
	{"/.well-known/oauth-authorization-server", "RFC 8414 3",
	 "The same document. For an issuer with a path it also stands at the host's root with the "
	 "path behind it.", NULL},
	{"/authorize", "RFC 6749 4.1.1, RFC 9207, OpenID Connect Core 3.1.2",
	 "Signs the person in where needed and sends the browser back with a code. GET or POST.",
	 authorize},
	{"/token", "RFC 6749 3.2", "Turns a grant into tokens.", token},
	{"/userinfo", "OpenID Connect Core 5.3",
	 "The claims that the access token's scopes release.", bearer},
	{"/introspect", "RFC 7662",
	 "Whether a token is good now, for its own client and for resource servers.", one_token},
	{"/revoke", "RFC 7009",
	 "Ends a token: a refresh token with everything that its grant gave, an access token alone. "
	 "Unknown tokens get the same answer.", one_token},
	{"/jwks", "RFC 7517 5", "The public keys that tokens are signed with.", NULL},
	{"/logout", "OpenID Connect RP-Initiated Logout 1.0", "Ends the browser's session.", logout},
	{"/health", "", "200 when the database answers, else 503.", NULL},
};
/* clang-format on */

const struct endpoint_reference *
endpoint_reference_table(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
