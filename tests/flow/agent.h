/* SPDX-License-Identifier: ISC */
/*
 * A small browser in process, and the bare requests of programs. Requests go the way of a worker:
 * CGI variables are read, answered by app_handle() and written as CGI text, which is taken apart
 * again. A browser keeps cookies by name and path as real ones do; it follows nothing by itself.
 */
#ifndef OSTIARY_TESTS_AGENT_H
#define OSTIARY_TESTS_AGENT_H

#include "tests/flow/world.h"

#define AGENT_COOKIES_MAX 16

struct agent {
	struct {
		const char *name, *value, *path;
	} cookie[AGENT_COOKIES_MAX];
	size_t cookies;
	bool refuses_cookies;
	const char *address;  /* NULL: 192.0.2.1 */
	const char *language; /* Accept-Language; NULL: none */
};

/* One request; absent members are NULL. */
struct ask {
	const char *method; /* NULL: GET, or POST with a body */
	const char *target; /* "/authorize?…" */
	const char *body, *content_type;
	const char *authorization, *cookie, *origin, *address, *language, *none_match, *vhost,
		*cors_method;
	const char *more[6]; /* further CGI variables */
};

struct answer {
	int status;
	struct form headers; /* names as they were sent */
	const char *body;
	const char *text;         /* the whole */
	struct json_object *json; /* NULL when it is none */
};

struct answer request_send(const struct ask *ask);

struct answer agent_get(struct agent *agent, const char *target);
struct answer agent_post(struct agent *agent, const char *target, const char *body);

/* The cookie's value; NULL. */
const char *agent_cookie(const struct agent *agent, const char *name);

/* The header's value; NULL. */
const char *header(const struct answer *answer, const char *name);

/* A member of a JSON answer as text; NULL. */
const char *member(const struct answer *answer, const char *name);

/* A parameter of the query of the Location; NULL. */
const char *location_param(const struct answer *answer, const char *name);

/* The page's form. */
const char *page_action(const struct answer *answer);
const char *page_field(const struct answer *answer, const char *name);

/* Which page it is, by its form: "signin", "consent" …, "" when there is none. */
const char *page_kind(const struct answer *answer);

/* "name=value&…" of pairs of texts that end with NULL; a NULL value leaves the pair out. */
const char *params(const char *name, ...) __attribute__((sentinel));

/* Text with a parameter set to another value, or with NULL taken away. */
const char *params_with(const char *text, const char *name, const char *value);

/* Location without scheme and host, as the browser would ask for it next. */
const char *next_target(const struct answer *answer);

/* ---- the protocol's usual ways ---- */

#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636 appendix B */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/* The parameters of a good request of a client of realm "main", scope "openid". */
const char *request_of(const char *client_id);

/* "/authorize?" and the parameters with one of them changed. */
const char *authorize(const char *client_id, const char *name, const char *value);

/* Posts the page's form with the action; for the sign-in page with these credentials. */
struct answer press(struct agent *agent, const struct answer *page, const char *action);
struct answer sign_in(struct agent *agent, const struct answer *page, const char *username,
		      const char *password);

/* The whole: until the answer to the client is there; signs "alice" in and allows what is asked. */
struct answer walk(struct agent *agent, const char *target);
/* The code of it. */
const char *walk_code(struct agent *agent, const char *target);

/* POST /token as "web", or as another with the authentication in the form. */
struct answer token_post(const char *authorization, const char *form);
const char *basic(const char *client_id, const char *secret);
struct answer redeem(const char *client_id, const char *code);
struct answer refresh(const char *client_id, const char *token);
/* The form of a redemption. */
const char *redemption(const char *client_id, const char *code);

/* A sign-in's whole token answer; scope NULL: "openid". */
struct answer tokens(struct agent *agent, const char *client_id, const char *scope);

struct answer userinfo(const char *token);
struct answer introspect(const char *token);
/* "active" of introspection by "web". */
bool is_active(const char *token);

#define check_status(answer, wanted, name)                                                         \
	do {                                                                                       \
		if ((answer).status != (wanted))                                                   \
			fail_msg("case \"%s\": status %d, wanted %d: %.1500s", (name),             \
				 (answer).status, (wanted), (answer).text);                        \
	} while (0)

#define check_has(text, piece, name)                                                               \
	do {                                                                                       \
		if (!(text) || !strstr((text), (piece)))                                           \
			fail_msg("case \"%s\": \"%s\" is not in: %.1500s", (name), (piece),        \
				 (text) ? (text) : "(null)");                                      \
	} while (0)

/* A JSON error. */
void check_error(const struct answer *answer, int status, const char *error, const char *name);

/* An error that goes to the client by redirect: its error and state, and our iss. */
void check_redirected(const struct answer *answer, const char *to, const char *error,
		      const char *name);

#endif
