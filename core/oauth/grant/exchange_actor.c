/* SPDX-License-Identifier: ISC */
/*
 * Who acts for the subject (RFC 8693 4.1, 4.4). Delegation names the actor in the new token, in
 * front of those who acted before; impersonation names nobody new. With an actor token it is
 * always delegation; without one it is impersonation where the client is registered for that, else
 * the client itself is the actor.
 */
#include <string.h>

#include "core/base/b64.h"
#include "core/base/json.h"
#include "core/oauth/grant/exchange.h"

#define MODE_DELEGATION    "delegation"
#define MODE_IMPERSONATION "impersonation"

/* Who acts: the actor token's subject, or the calling client itself. */
struct actor {
	const char *iss; /* NULL: ours */
	const char *sub;
	const char *client_id; /* when it is a client of ours; NULL */
};

static struct actor
actor_of(const struct exchange *exchange)
{
	const struct party *party = &exchange->actor;
	const char *caller = exchange->call->client->client_id;

	if (!exchange->has_actor)
		return (struct actor){.sub = caller, .client_id = caller};
	return (struct actor){
		.iss = party->iss,
		.sub = party->sub,
		.client_id = party->client_is_subject ? party->sub : NULL,
	};
}

static int
refuse(const struct exchange *exchange, const char *text, const char *why)
{
	return fail(exchange->call->tx, OAUTH_INVALID_REQUEST, text, "%s", why);
}

static int
choose_mode(struct exchange *exchange)
{
	const struct strlist *modes = &exchange->call->client->exchange_modes;

	exchange->delegation = exchange->has_actor || !strlist_has(modes, MODE_IMPERSONATION);
	if (!exchange->delegation || strlist_has(modes, MODE_DELEGATION))
		return 0;
	return refuse(exchange, "this client may not act for others in this way",
		      "exchange_modes of the client lack " MODE_DELEGATION);
}

/* ---- may_act ---- */

/* A member of may_act that we can compare. What else may stand there cannot be proven. */
static bool
member_fits(const struct exchange *exchange, const struct actor *actor, const char *name,
	    const char *value)
{
	const struct tx *tx = exchange->call->tx;

	if (str_equal(name, "sub"))
		return str_equal(value, actor->sub);
	if (str_equal(name, "iss"))
		return str_equal(value, actor->iss ? actor->iss : tx->realm->issuer);
	if (str_equal(name, "client_id"))
		return str_equal(value, exchange->call->client->client_id);
	return false;
}

/* Without iss a name is one of the issuer that wrote it; another issuer also knows our clients by
 * theirs. */
static bool
speaks_of(const struct exchange *exchange, const struct actor *actor)
{
	return !actor->iss || str_equal(actor->iss, exchange->subject.iss);
}

static bool
may_act(const struct exchange *exchange, const struct actor *actor)
{
	struct json_object *allowed = exchange->subject.may_act;

	if (json_object_object_length(allowed) == 0)
		return false;
	if (!json_object_object_get_ex(allowed, "iss", NULL) && !speaks_of(exchange, actor))
		return false;
	json_object_object_foreach(allowed, name, value)
	{
		if (!json_object_is_type(value, json_type_string) ||
		    !member_fits(exchange, actor, name, json_object_get_string(value)))
			return false;
	}
	return true;
}

static int
check_may_act(const struct exchange *exchange, const struct actor *actor)
{
	struct tx *tx = exchange->call->tx;

	if (!exchange->subject.may_act || may_act(exchange, actor))
		return 0;
	return fail(tx, OAUTH_INVALID_REQUEST,
		    "the subject token says that another party may act for its subject",
		    "may_act is %.300s; the actor is %.200s of %.200s",
		    json_write(tx->arena, exchange->subject.may_act, NULL), actor->sub,
		    actor->iss ? actor->iss : "this realm");
}

/* ---- act ---- */

/* One who acted before. What another issuer wrote without iss is a name of its own. */
static struct json_object *
former_actor(const struct exchange *exchange, const struct json_object *act)
{
	struct json_object *copy = json_new_object(exchange->call->tx->arena);
	const char *sub = json_text_or_null(act, "sub"), *iss = json_text_or_null(act, "iss");

	if (str_empty(sub) || strlen(sub) > SUB_MAX || (iss && strlen(iss) > SUB_MAX))
		return NULL;
	json_add_text(copy, "iss", iss ? iss : exchange->subject.iss);
	json_add_text(copy, "sub", sub);
	json_add_text(copy, "client_id",
		      exchange->subject.iss ? NULL : json_text_or_null(act, "client_id"));
	return copy;
}

/* Those who acted before, the latest first: a copy that holds what is known of them and no more. */
static int
former_actors(const struct exchange *exchange, struct json_object **out, size_t *depth)
{
	struct json_object *act = exchange->subject.act, *last = NULL;

	*out = NULL;
	for (*depth = 0; act; ++*depth) {
		struct json_object *copy = former_actor(exchange, act);

		if (!copy)
			return refuse(exchange, "act of the subject token cannot be read",
				      "an act without sub, or with one that is too long");
		if (*depth >= EXCHANGE_ACTORS_MAX)
			return refuse(exchange, "too many parties have acted for the subject",
				      "more than 8 nested act");
		if (last)
			json_add(last, "act", copy);
		else
			*out = copy;
		last = copy;
		if (json_get_object(act, "act", &act) != JSON_FOUND)
			act = NULL;
	}
	return 0;
}

static struct json_object *
act_of(const struct exchange *exchange, const struct actor *actor, struct json_object *former)
{
	struct json_object *act = json_new_object(exchange->call->tx->arena);

	json_add_text(act, "iss", actor->iss);
	json_add_text(act, "sub", actor->sub);
	json_add_text(act, "client_id", actor->client_id);
	json_add(act, "act", former);
	return act;
}

/* Nobody acts for itself. */
static bool
is_subject(const struct exchange *exchange, const struct actor *actor)
{
	return str_equal(actor->iss, exchange->subject.iss) &&
	       str_equal(actor->sub, exchange->subject.sub) &&
	       exchange->subject.client_is_subject == (actor->client_id != NULL);
}

/* Naming the subject as its own actor would be impersonation under another name. */
static int
check_self(const struct exchange *exchange)
{
	const struct strlist *modes = &exchange->call->client->exchange_modes;

	if (!exchange->has_actor || strlist_has(modes, MODE_IMPERSONATION))
		return 0;
	return refuse(exchange, "the actor token is of the subject itself; leave actor_token out",
		      "exchange_modes of the client lack " MODE_IMPERSONATION);
}

/* Whoever acted last and acts again is named once. */
static bool
is_newest(const struct actor *actor, const struct json_object *former)
{
	return former && str_equal(actor->iss, json_text_or_null(former, "iss")) &&
	       str_equal(actor->sub, json_text_or_null(former, "sub")) &&
	       str_equal(actor->client_id, json_text_or_null(former, "client_id"));
}

/* For the record, which names people by id. */
static const char *
actor_text(const struct exchange *exchange, const struct actor *actor)
{
	struct tx *tx = exchange->call->tx;

	if (!exchange->delegation)
		return "none";
	if (actor->iss)
		return arena_printf(tx->arena, "somebody of %s", actor->iss);
	return actor->client_id ? arena_printf(tx->arena, "client %s", actor->client_id)
				: arena_printf(tx->arena, "account %s",
					       tx_hex(tx, exchange->actor.state.grant.account_id));
}

int
exchange_choose_actor(struct exchange *exchange)
{
	struct actor actor = actor_of(exchange);
	struct json_object *former;
	size_t depth;

	if (exchange->actor.act)
		return refuse(exchange, "the actor token itself is one that somebody acts with",
			      "act in the actor token");
	if (choose_mode(exchange) != 0 || check_may_act(exchange, &actor) != 0 ||
	    former_actors(exchange, &former, &depth) != 0)
		return -1;
	exchange->actor_text = actor_text(exchange, &actor);
	exchange->act = former;
	if (is_subject(exchange, &actor))
		return check_self(exchange);
	if (!exchange->delegation || is_newest(&actor, former))
		return 0;
	if (depth >= EXCHANGE_ACTORS_MAX)
		return refuse(exchange, "too many parties have acted for the subject",
			      "8 nested act already");
	exchange->act = act_of(exchange, &actor, former);
	return 0;
}
