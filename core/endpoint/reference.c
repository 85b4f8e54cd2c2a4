/* SPDX-License-Identifier: ISC */
/*
 * The endpoints as the manual describes them. Pages' own forms (/signin, /consent …) are no
 * interface and are not here.
 */
#include "core/endpoint/reference.h"

#define END                                                                                        \
	{                                                                                          \
		NULL, NULL, NULL                                                                   \
	}

/* clang-format off */
static const struct endpoint_parameter authorize[] = {
	{"client_id", "required", "The client."},
	{"redirect_uri", "unless one is registered", "Where the answer goes; exactly as registered."},
	{"response_type", "required", "`code`."},
	{"scope", "optional",
	 "What is asked for, with blanks between. Unknown scopes are ignored; `openid` asks for "
	 "an ID token."},
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
	{"resource", "optional, repeated", "Resource servers that the access is for (RFC 8707)."},
	{"request_uri", "in place of all but client_id", "What `/par` answered."},
	END,
};

/* as /authorize, sent by the client itself */
static const struct endpoint_parameter par[] = {
	{"response_type", "required",
	 "And every other parameter of `/authorize` but `request_uri`; mistakes are answered here."},
	END,
};

static const struct endpoint_parameter device_authorization[] = {
	{"scope", "optional", "What is asked for, with blanks between."},
	{"resource", "optional, repeated", "Resource servers that the access is for."},
	END,
};

static const struct endpoint_parameter device[] = {
	{"user_code", "optional",
	 "The code that the device shows; people type it, or follow `verification_uri_complete`."},
	END,
};

static const struct endpoint_parameter device_qr[] = {
	{"user_code", "required", "The code to show; what it is of is not looked at."},
	END,
};

static const struct endpoint_parameter logo[] = {
	{"client_id", "required", "The client."},
	END,
};

static const struct endpoint_parameter token[] = {
	{"grant_type", "required", "One of the grant types below; the client must be registered for it."},
	{"code", "authorization_code", "The code; good once, for 60 seconds."},
	{"redirect_uri", "authorization_code",
	 "That of the authorization request; may be left out where PKCE was used."},
	{"code_verifier", "authorization_code", "What `code_challenge` was made of."},
	{"refresh_token", "refresh_token", "The newest one; the answer holds its successor."},
	{"device_code", "device_code", "What `/device_authorization` answered."},
	{"subject_token", "token-exchange", "Whom the new token is about."},
	{"subject_token_type", "token-exchange",
	 "`urn:ietf:params:oauth:token-type:` and `access_token`, `refresh_token`, `id_token` or "
	 "`jwt`."},
	{"actor_token", "token-exchange, optional", "Who acts, where it is not the client itself."},
	{"actor_token_type", "with actor_token", "As `subject_token_type`."},
	{"requested_token_type", "token-exchange, optional", "`…:access_token` (default) or `…:jwt`."},
	{"audience", "token-exchange, optional, repeated", "As `resource`."},
	{"assertion", "jwt-bearer", "A JWT of a trusted issuer, good once."},
	{"scope", "optional", "A part of what was granted, or of what the client may have."},
	{"resource", "optional, repeated", "Which resource servers the token is for (RFC 8707); one is usual."},
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
	{"id_token_hint", "optional",
	 "An ID token of the session, also an expired one; without it the person is asked."},
	{"client_id", "optional", "The client, where no hint is sent."},
	{"post_logout_redirect_uri", "optional", "Where the browser goes then; exactly as registered."},
	{"state", "optional", "Comes back unchanged."},
	{"ui_locales", "optional", "Languages of the page."},
	END,
};

const struct endpoint_parameter client_auth_parameters[] = {
	{"client_id", "unless in Basic credentials", "The client."},
	{"client_secret", "client_secret_post", "One of the client's secrets."},
	{"client_assertion", "client_secret_jwt, private_key_jwt",
	 "A JWT whose `iss` and `sub` are the client and `aud` the issuer, with `exp` within an "
	 "hour and a `jti`; good once."},
	{"client_assertion_type", "with client_assertion", "`urn:ietf:params:oauth:client-assertion-type:jwt-bearer`."},
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
	{"/par", "RFC 9126 2",
	 "Takes an authorization request from the client itself; the answer's `request_uri` "
	 "stands for it, once.", par},
	{"/device_authorization", "RFC 8628 3.1",
	 "Gives a device its pair of codes. `qr_uri` of the answer is a picture of "
	 "`verification_uri_complete`.", device_authorization},
	{"/device", "RFC 8628 3.3", "The page on which a person lets a device in.", device},
	{"/device/qr", "", "An SVG picture of `verification_uri_complete` for devices to show.", device_qr},
	{"/userinfo", "OpenID Connect Core 5.3",
	 "The claims that the access token's scopes release.", bearer},
	{"/introspect", "RFC 7662",
	 "Whether a token is good now, for its own client and for resource servers.", one_token},
	{"/revoke", "RFC 7009",
	 "Ends a token: a refresh token with everything that its grant gave, an access token alone. "
	 "Unknown tokens get the same answer.", one_token},
	{"/jwks", "RFC 7517 5", "The public keys that tokens are signed with.", NULL},
	{"/logout", "OpenID Connect RP-Initiated Logout 1.0", "Ends the browser's session.", logout},
	{"/register", "RFC 7591, OpenID Connect Dynamic Client Registration 1.0",
	 "Registers a client from a JSON document ([its members](metadata.md)), where the realm's "
	 "`registration` allows it ([settings](settings.md)): with an initial access token as bearer "
	 "token, or without. The answer (201) repeats all that was registered.", NULL},
	{"/register/", "RFC 7592",
	 "The client's own row, at its `registration_client_uri`, with its "
	 "`registration_access_token` as bearer token: GET shows it, PUT replaces it (and the token), "
	 "DELETE removes it (204).", NULL},
	{"/logo", "", "A client's logo as it was fetched from its `logo_uri`: PNG, JPEG or WebP of at most 64 KiB.",
	 logo},
	{"/health", "", "200 when the database answers, else 503.", NULL},
};
/* clang-format on */

const struct endpoint_reference *
endpoint_reference_table(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
