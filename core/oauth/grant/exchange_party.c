/* SPDX-License-Identifier: ISC */
/*
 * The tokens of token exchange (RFC 8693 2.1, 3): what each type is worth, and whether the caller
 * may use it. One table has a row for each type.
 */
#include <string.h>

#include "core/base/b64.h"
#include "core/base/json.h"
#include "core/oauth/foreign.h"
#include "core/oauth/grant/exchange.h"
#include "core/oauth/grant/linked.h"
#include "core/oauth/token/inspect.h"

const struct party_role role_subject = {
	.token = "subject_token",
	.type = "subject_token_type",
	.bad = "the subject token is unknown, expired, revoked, or of another type",
	.not_yours = "the subject token is not for this client",
	.bad_type = "subject_token_type must be urn:ietf:params:oauth:token-type:access_token, "
		    "refresh_token, id_token or jwt",
};
const struct party_role role_actor = {
	.token = "actor_token",
	.type = "actor_token_type",
	.bad = "the actor token is unknown, expired, revoked, or of another type",
	.not_yours = "the actor token is not for this client",
	.bad_type = "actor_token_type must be urn:ietf:params:oauth:token-type:access_token, "
		    "id_token or jwt",
	.is_actor = true,
};

struct reading {
	struct tx *tx;
	const struct client *caller;
	const struct party_role *role;
	const char *token;
	struct party *party;
};

static int
refuse(const struct reading *reading, const char *why)
{
	return fail(reading->tx, OAUTH_INVALID_REQUEST, reading->role->bad, "%s: %s",
		    reading->role->token, why);
}

static struct strlist
issuer_alone(const struct reading *reading)
{
	struct strlist list = {0};

	return strlist_with(reading->tx->arena, &list, reading->tx->realm->issuer);
}

/* ---- tokens of ours ---- */

/* What the account says holds for tokens too that do not repeat it. */
static void
take_state(const struct reading *reading)
{
	struct party *party = reading->party;

	party->sub = party->state.account.sub;
	party->client_is_subject = !grant_has_account(&party->state.grant);
	if (!party->may_act)
		party->may_act = may_act_of_account(reading->tx->arena, &party->state);
}

/* A JWT that a client got for itself has no grant; what comes of it needs one to end with. */
static void
give_grant(const struct reading *reading)
{
	static const uint8_t none[ID_SIZE];
	struct party *party = reading->party;
	struct grant *grant = &party->state.grant;

	if (memcmp(grant->id, none, ID_SIZE) != 0)
		return;
	client_grant_state(reading->tx, party->client_id, &party->state);
	tx_id(reading->tx, grant->id);
	grant->expires_at = party->expires_at;
	party->new_grant = true;
}

static int
inspect(const struct reading *reading, struct inspected **out)
{
	struct inspected *inspected = arena_alloc(reading->tx->arena, sizeof(*inspected));
	struct party *party = reading->party;

	*out = inspected;
	if (token_inspect(reading->tx, reading->token, inspected) != 0)
		return -1;
	if (!inspected->live)
		return refuse(reading, inspected->why_not);
	party->state = inspected->state;
	party->client_id = inspected->client_id;
	party->scopes = inspected->scopes;
	party->expires_at = inspected->expires_at;
	party->act = inspected->act;
	party->may_act = inspected->may_act;
	take_state(reading);
	return 0;
}

static int
read_own_access(const struct reading *reading)
{
	struct party *party = reading->party;
	struct inspected *inspected;

	party->kind = "access token";
	if (inspect(reading, &inspected) != 0)
		return -1;
	if (inspected->kind == TOKEN_KIND_REFRESH)
		return refuse(reading, "it is a refresh token");
	party->audience = party->reach = party->usual = inspected->audience;
	give_grant(reading);
	return 0;
}

/* Only its own client has a refresh token, and only while it could still refresh with it. */
static int
read_refresh(const struct reading *reading)
{
	struct party *party = reading->party;
	const struct grant *grant = &party->state.grant;
	const struct settings *settings = &reading->caller->settings;
	struct inspected *inspected;
	struct strlist named;

	party->kind = "refresh token";
	if (inspect(reading, &inspected) != 0)
		return -1;
	if (inspected->kind != TOKEN_KIND_REFRESH)
		return refuse(reading, "it is no refresh token");
	if (strcmp(party->client_id, reading->caller->client_id) != 0)
		return refuse(reading, "a refresh token of another client");
	if (reading->tx->now - grant->refresh_rotated_at >= settings->refresh_token_idle)
		return refuse(reading, "refresh_token_idle has passed since its last use");
	if (strlist_split(reading->tx->arena, grant->resources, ' ', RESOURCES_MAX, &named) != 0)
		return refuse(reading, "the resources of its grant cannot be read");
	party->reach = target_reach(reading->tx, reading->caller, TARGET_FOR_PERSON, &named,
				    &party->scopes);
	party->usual = named.count ? named : issuer_alone(reading);
	return 0;
}

static int
verify_id_token(const struct reading *reading, struct jwt *jwt)
{
	struct tx *tx = reading->tx;
	const struct jwt_rules rules = {
		.algs = tx->live->token_algs,
		.now = tx->now,
		.need = JWT_NEED_SUB | JWT_NEED_AUD | JWT_NEED_EXP,
		.typ = "JWT",
		.iss = tx->realm->issuer,
	};
	enum jwt_verdict verdict = jwt_verify_own(tx->arena, reading->token, tx->live->ring,
						  KEY_FOR_TOKENS, &rules, jwt);

	return verdict == JWT_OK ? 0 : refuse(reading, jwt_verdict_text(verdict));
}

/* It says neither of which grant it is nor what that allowed: a grant that fits stands for it, so
 * it is worth nothing once that has ended. */
static int
find_grant(const struct reading *reading, const struct jwt *jwt)
{
	struct tx *tx = reading->tx;
	struct party *party = reading->party;
	const char *sid = json_text_or_null(jwt->claims, "sid");
	struct grant_of_session wanted = {
		.realm_id = tx->realm->id,
		.sub = jwt->sub,
		.client_id = jwt->aud.item[0],
		.nonce = json_text_or_null(jwt->claims, "nonce"),
	};
	enum store_verdict verdict;
	enum grant_verdict good;

	if (json_get_int(jwt->claims, "auth_time", &wanted.auth_time) != JSON_FOUND || !sid ||
	    strlen(sid) != (size_t)2 * ID_SIZE || hex_decode_exact(sid, wanted.session_id, ID_SIZE))
		return refuse(reading, "it has no sid and auth_time, as ID tokens do");
	verdict = grant_find_of_session(tx->store, tx->arena, &wanted, &party->state);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse(reading, "the grant that it came of has ended");
	good = grant_check(&party->state, tx->realm->epoch, tx->realm->settings.session_idle,
			   tx->now);
	return good == GRANT_LIVE ? 0 : refuse(reading, grant_verdict_text(good));
}

/* An ID token tells who somebody is, and allows nothing but to be told that. */
static int
read_own_id(const struct reading *reading)
{
	struct arena *arena = reading->tx->arena;
	struct party *party = reading->party;
	struct jwt jwt;

	party->kind = "ID token";
	if (verify_id_token(reading, &jwt) != 0 || find_grant(reading, &jwt) != 0)
		return -1;
	if (json_get_object(jwt.claims, "may_act", &party->may_act) != JSON_FOUND)
		party->may_act = NULL;
	take_state(reading);
	party->client_id = jwt.aud.item[0];
	party->audience = jwt.aud;
	party->scopes = strlist_with(arena, &party->scopes, "openid");
	party->reach = party->usual = issuer_alone(reading);
	party->expires_at = jwt.exp;
	return 0;
}

/* ---- tokens of others ---- */

/* What another issuer allows is called by its own names: the caller's registration says what of
 * ours that may be, and where the token has a scope, both must. */
static int
foreign_scopes(const struct reading *reading, const struct jwt *jwt)
{
	struct arena *arena = reading->tx->arena;
	const char *text;
	struct strlist told;

	reading->party->scopes = reading->caller->scopes;
	switch (json_get_text(jwt->claims, "scope", &text)) {
	case JSON_ABSENT:
		return 0;
	case JSON_WRONG_TYPE:
		return refuse(reading, "its scope is no text");
	case JSON_FOUND:
		break;
	}
	if (strlen(text) > SCOPE_MAX || strlist_split(arena, text, ' ', SCOPES_MAX, &told) != 0)
		return refuse(reading, "its scope is too long");
	reading->party->scopes = strlist_intersect(arena, &reading->caller->scopes, &told);
	return 0;
}

static int
foreign_actors(const struct reading *reading, const struct jwt *jwt)
{
	struct party *party = reading->party;

	if (json_get_object(jwt->claims, "act", &party->act) == JSON_WRONG_TYPE ||
	    json_get_object(jwt->claims, "may_act", &party->may_act) == JSON_WRONG_TYPE)
		return refuse(reading, "act and may_act are objects");
	return 0;
}

static int
read_foreign(const struct reading *reading)
{
	struct tx *tx = reading->tx;
	struct party *party = reading->party;
	const struct foreign_rules rules = {
		.purpose = ISSUER_SUBJECT_TOKEN,
		.error = OAUTH_INVALID_REQUEST,
		.untrusted = OAUTH_INVALID_REQUEST,
		.client_id = reading->caller->client_id,
	};
	struct foreign foreign;

	party->kind = "token of another issuer";
	if (foreign_verify(tx, reading->token, &rules, &foreign) != 0)
		return -1;
	party->iss = foreign.issuer.issuer;
	party->sub = foreign.jwt.sub;
	party->audience = foreign.jwt.aud;
	party->expires_at = foreign.jwt.exp;
	if (party->expires_at <= tx->now)
		return refuse(reading, "the token has expired");
	if (str_empty(party->sub) || strlen(party->sub) > SUB_MAX)
		return refuse(reading, "its sub is empty or too long");
	if (foreign_scopes(reading, &foreign.jwt) != 0 ||
	    foreign_actors(reading, &foreign.jwt) != 0)
		return -1;
	party->reach = party->usual = issuer_alone(reading);
	if (reading->role->is_actor)
		return 0; /* an actor needs to be nobody here: it is named as its issuer names it */
	party->new_grant = true;
	if (linked_state(tx, reading->caller, &foreign, OAUTH_INVALID_REQUEST, &party->state) != 0)
		return -1;
	party->state.grant.expires_at = party->expires_at;
	return 0;
}

/* ---- types ---- */

static int
read_access(const struct reading *reading)
{
	return foreign_looks_so(reading->tx, reading->token) ? read_foreign(reading)
							     : read_own_access(reading);
}

static int
read_id(const struct reading *reading)
{
	return foreign_looks_so(reading->tx, reading->token) ? read_foreign(reading)
							     : read_own_id(reading);
}

static int
read_jwt(const struct reading *reading)
{
	struct jwt jwt;

	if (jwt_read_unverified(reading->tx->arena, reading->token, &jwt) != JWT_OK)
		return refuse(reading, "it is no JWT");
	if (foreign_looks_so(reading->tx, reading->token))
		return read_foreign(reading);
	return str_equal(jwt.jws.typ, "at+jwt") ? read_own_access(reading) : read_own_id(reading);
}

static const struct {
	const char *name;
	int (*read)(const struct reading *reading);
} types[] = {
	{TOKEN_TYPE_ACCESS, read_access},
	{TOKEN_TYPE_REFRESH, read_refresh},
	{TOKEN_TYPE_ID, read_id},
	{TOKEN_TYPE_JWT, read_jwt},
};

/* ---- whether the caller may use it ---- */

/* The client whose token it is may let others exchange its tokens. */
static int
ask_policy(const struct reading *reading)
{
	struct tx *tx = reading->tx;
	const char *caller = reading->caller->client_id, *owner = reading->party->client_id;
	const struct client *client;
	enum store_verdict verdict =
		client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings, owner,
			    realms_generation(tx->provider->realms), &client);

	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict == STORE_OK && strlist_has(&client->exchange_clients, caller))
		return 0;
	return fail(tx, OAUTH_INVALID_REQUEST, reading->role->not_yours,
		    "%s was issued to %s: its aud (%.300s) does not name %s, and exchange_clients "
		    "of %s lack it",
		    reading->role->token, owner,
		    strlist_join(tx->arena, &reading->party->audience, ' '), caller, owner);
}

/* An ID token of another issuer that names us as its client was made to sign somebody in, and not
 * to be exchanged: what aud says is no administrator's word. */
static int
ask_issuers(const struct reading *reading)
{
	const struct party *party = reading->party;

	if (strlist_has(&reading->caller->exchange_issuers, party->iss))
		return 0;
	return fail(reading->tx, OAUTH_INVALID_REQUEST, reading->role->not_yours,
		    "%s: exchange_issuers of %s lack %s", reading->role->token,
		    reading->caller->client_id, party->iss);
}

static int
check_caller(const struct reading *reading)
{
	const struct party *party = reading->party;
	const char *caller = reading->caller->client_id;

	if (party->iss)
		return ask_issuers(reading);
	if (str_equal(party->client_id, caller) || strlist_has(&party->audience, caller))
		return 0;
	return ask_policy(reading);
}

int
party_read(struct exchange *exchange, const struct party_role *role, struct party *party)
{
	struct token_call *call = exchange->call;
	const char *type = form_get(call->form, role->type);
	const struct reading reading = {
		.tx = call->tx,
		.caller = call->client,
		.role = role,
		.token = form_get(call->form, role->token),
		.party = party,
	};

	*party = (struct party){0};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!str_equal(types[i].name, type))
			continue;
		return types[i].read(&reading) != 0 ? -1 : check_caller(&reading);
	}
	return fail(call->tx, OAUTH_INVALID_REQUEST, role->bad_type, "sent %.100s",
		    type ? type : "nothing");
}
