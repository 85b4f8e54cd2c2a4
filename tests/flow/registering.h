/* SPDX-License-Identifier: ISC */
/*
 * An open realm and programs that register themselves. Included by one file of a test program.
 */
#ifndef OSTIARY_TESTS_REGISTERING_H
#define OSTIARY_TESTS_REGISTERING_H

#include "core/base/str.h"
#include "tests/flow/others.h"

#define REDIRECT   "https://notes.example/cb"
#define URIS       "\"redirect_uris\":[\"" REDIRECT "\"]"
#define BODY(more) "{" URIS more "}"

static inline int
registering_begin(void **state)
{
	world_fresh(state);
	world_realm_set("registration", "open");
	return 0;
}

static inline int
registering_end(void **state)
{
	world_realm_set("registration", "closed");
	world_realm_set("registration_limit", "1000");
	world_realm_set("registration_scopes", "openid profile email offline_access");
	return world_spent(state);
}

/* A request to the registration endpoint; token and body may be NULL. */
static inline struct answer
send(const char *method, const char *target, const char *token, const char *body)
{
	const struct ask ask = {
		.method = method,
		.target = target,
		.body = body,
		.content_type = body ? "application/json" : NULL,
		.authorization = token ? arena_printf(world.arena, "Bearer %s", token) : NULL,
	};

	return request_send(&ask);
}

static inline struct answer
register_with(const char *token, const char *body)
{
	return send("POST", "/register", token, body);
}

/* Where a client that was made looks at itself. */
static inline const char *
self(const struct answer *made)
{
	return arena_printf(world.arena, "/register/%s", member(made, "client_id"));
}

/* A member of any type as JSON; NULL. */
static inline const char *
list_of(const struct answer *answer, const char *name)
{
	struct json_object *value = NULL;

	if (!answer->json || !json_object_object_get_ex(answer->json, name, &value))
		return NULL;
	return json_write(world.arena, value, NULL);
}

#define registration_test(function)                                                                \
	cmocka_unit_test_setup_teardown(function, registering_begin, registering_end)

#endif
