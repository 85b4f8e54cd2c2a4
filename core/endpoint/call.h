/* SPDX-License-Identifier: ISC */
/*
 * One request on its way through an endpoint, and the table of routes: what each path accepts and
 * promises, as columns.
 */
#ifndef OSTIARY_ENDPOINT_CALL_H
#define OSTIARY_ENDPOINT_CALL_H

#include "core/base/form.h"
#include "core/http/locale.h"
#include "core/http/pages.h"
#include "core/http/request.h"
#include "core/http/response.h"
#include "core/port/provider.h"

struct authz;
struct call;

enum route_kind {
	ROUTE_PAGE, /* for people: failures are pages */
	ROUTE_API,  /* for programs: failures are JSON */
};

enum route_cors {
	CORS_NONE,
	CORS_ANY,    /* public documents: any origin may read */
	CORS_CLIENT, /* the origins of the client that the request turns out to be of */
};

enum route_cache {
	CACHE_NEVER,
	CACHE_SHORT, /* five minutes, with an ETag */
	CACHE_LONG,  /* a year: the URL changes with the content */
};

enum route_rate {
	RATE_NONE,     /* unlimited, or limited by the handler: rate_client() */
	RATE_STRANGER, /* nobody authenticates here: the network is charged before the handler */
	RATE_CLIENT,   /* clients authenticate here, by call_client(), and are charged there */
};

#define METHOD(method) (1U << (method))
#define METHODS_GET    (METHOD(HTTP_GET) | METHOD(HTTP_HEAD))
#define METHODS_POST   METHOD(HTTP_POST)

struct route {
	const char *path; /* behind the issuer; "/static/" matches what begins so */
	unsigned methods; /* METHOD() bits; OPTIONS is answered where cors is not NONE */
	enum route_kind kind;
	enum route_cors cors;
	enum route_cache cache;
	enum route_rate rate;
	const char *member; /* of the metadata document; NULL: not told there */
	void (*handle)(struct call *call);
};

/* All routes; ended by a NULL path. */
extern const struct route routes_table[];

/* The route of a path, or NULL. */
const struct route *route_find(const char *rest);

/* The route that a whole path probably leads to, where no realm is known: decides only whether a
 * failure is a page or JSON. NULL when none ends it. */
const struct route *route_guess(const char *path);

/* The names of the methods that the call's route takes, with commas between. */
const char *route_methods(const struct call *call);

struct call {
	struct tx tx;
	const struct http_request *request;
	struct http_response *response;
	const struct route *route; /* NULL until it is found */
	const char *rest;          /* the path behind the issuer */
	struct form query;
	struct form form; /* of a form body; empty when there is none */
	const struct locale *locale;
	const struct authz *authz; /* where failures may go once it has a reply_to; NULL */
	const char *bearer_scope;  /* of an endpoint that takes bearer tokens: what it asks for;
				      NULL: another */
	const char *form_action;   /* an origin or scheme that the page's form may lead to; NULL */
};

/*
 * Answers one request. The response is whole when this returns; response->after is then to be
 * called once it is sent.
 */
void app_handle(const struct provider *provider, struct arena *arena,
		const struct http_request *request, struct http_response *response);

/* Answers with 503 and the private reason, without looking at anything. */
void app_refuse(const struct provider *provider, struct arena *arena,
		const struct http_request *request, struct http_response *response,
		const char *reason);

/* ---- handlers, one file each ---- */
void handle_authorize(struct call *call);
void handle_signin(struct call *call);
void handle_signin_answer(struct call *call);
void handle_signin_wait(struct call *call);
void handle_consent(struct call *call);
void handle_select(struct call *call);
void handle_token(struct call *call);
void handle_par(struct call *call);
void handle_device_authorization(struct call *call);
void handle_device(struct call *call);
void handle_device_qr(struct call *call);
void handle_userinfo(struct call *call);
void handle_introspect(struct call *call);
void handle_revoke(struct call *call);
void handle_register(struct call *call);
void handle_registered(struct call *call);
void handle_jwks(struct call *call);
void handle_metadata(struct call *call);
void handle_logout(struct call *call);
void handle_signout(struct call *call);
void handle_health(struct call *call);
void handle_static(struct call *call);
void handle_logo(struct call *call);

/* ---- failure.c ---- */

/* Answers with the failure in call->tx, in the way of the route, and records it. */
void failure_send(struct call *call);

/* ---- rate.c: 0, or -1 with too_many_requests and when to come back ---- */

/* Charges the request to the network that it came from. */
int rate_network(struct call *call) __attribute__((warn_unused_result));

/* The same in two steps: 0, or the seconds to wait, and nothing is recorded; and the refusal of who
 * has to. The latter is always -1. */
int64_t rate_network_charge(const struct call *call) __attribute__((warn_unused_result));
int rate_network_refuse(struct call *call, int64_t wait);

/* Charges the request to the client that has authenticated itself, and to the network when that
 * proved nothing. Every endpoint that clients authenticate at calls it. */
struct client;
int rate_client(struct call *call, const struct client *client) __attribute__((warn_unused_result));

/* Charges a request whose client authentication failed to its network. Always -1. */
int rate_unproven(struct call *call) __attribute__((warn_unused_result));

/* ---- token.c ---- */

/*
 * Reads the form of a request and authenticates the client that sends it; lets its origin read the
 * answer where the route says so. public_may: clients without a secret too. 0, or -1 with the
 * failure.
 */
struct client;
int call_client(struct call *call, bool public_may, const struct client **client)
	__attribute__((warn_unused_result));

/* ---- cors.c ---- */

/* Answers a preflight. */
void cors_preflight(struct call *call);

/* Lets the request's origin read the answer when client (NULL: no client) has registered it. */
void cors_allow_client(struct call *call, const struct client *client);

/* ---- page.c ---- */

/* Values that every page has. The texts' placeholders are replaced; client may be NULL. */
struct json_object *page_values(struct call *call, const struct client *client);

/* Renders a template with the headers of a page. */
void page_send(struct call *call, int status, const char *name, struct json_object *values);

/* "base" of the realm: "" or "/sub/path". */
const char *page_base(const struct call *call);

/* An absolute URL of one of our paths. */
char *page_url(const struct call *call, const char *path);

/* The account as pages show it. */
struct account;
void page_add_account(struct json_object *values, struct arena *arena,
		      const struct account *account);

/* ---- logo.c ---- */

/* Where pages show the client's logo from: our own address; NULL when it has none. */
const char *logo_url(struct call *call, const struct client *client);

/* ---- conditional documents ---- */

/* Sends text with an ETag, or 304. */
void document_send(struct call *call, const char *type, const char *text, size_t size,
		   const char *tag);

/* Parses the body as a form: 0, or -1 with the failure. */
int call_read_form(struct call *call) __attribute__((warn_unused_result));

#endif
