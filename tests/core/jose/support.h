/* SPDX-License-Identifier: ISC */
/*
 * What the tests of keys and signatures share: JSON from text, keys from text with one member
 * changed, and the folder of published vectors.
 */
#ifndef OSTIARY_TEST_JOSE_SUPPORT_H
#define OSTIARY_TEST_JOSE_SUPPORT_H

#include <stdio.h>

#include "tests/core/base/check.h"

#include "core/base/json.h"
#include "core/jose/jwk.h"
#include "tests/core/jose/keys.h"

static inline struct json_object *
object_of(struct arena *arena, const char *text)
{
	const char *why = "";
	struct json_object *object = json_parse_object(arena, text, strlen(text), &why);

	if (object == NULL)
		fail_msg("test data is not JSON (%s): %.80s", why, text);
	return object;
}

/* The object of text with a member replaced by a JSON value, or removed when that is NULL. */
static inline struct json_object *
object_with(struct arena *arena, const char *text, const char *member, const char *value)
{
	struct json_object *object = object_of(arena, text);

	if (member == NULL)
		return object;
	json_object_object_del(object, member);
	if (value != NULL)
		json_object_object_add(object, member, json_tokener_parse(value));
	return object;
}

static inline struct jwk
key_of(struct arena *arena, const char *text)
{
	struct jwk key = {0};
	enum jwk_verdict verdict = jwk_parse(arena, object_of(arena, text), JWK_ACCEPT_ANY, &key);

	if (verdict != JWK_OK)
		fail_msg("test key: %s: %.80s", jwk_verdict_text(verdict), text);
	return key;
}

static inline void
drop_json(void *object)
{
	json_object_put(object);
}

/* A vector file, or NULL when the folder is absent. These files exceed what json_parse() takes. */
static inline struct json_object *
vectors(struct arena *arena, const char *name)
{
	const char *folder = getenv("OSTIARY_VECTORS");
	char *path = arena_printf(arena, "%s/%s", folder ? folder : "../shared/vectors", name);
	struct json_object *file = json_object_from_file(path);

	if (file == NULL)
		print_message("left out: no vectors: %s\n", name);
	else
		arena_defer(arena, drop_json, file);
	return file;
}

/* The member at a path of names; the test fails when there is none. */
static inline struct json_object *
at(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, name, &value))
		fail_msg("vector without \"%s\"", name);
	return value;
}

static inline const char *
text_at(struct json_object *object, const char *name)
{
	return json_object_get_string(at(object, name));
}

#endif
