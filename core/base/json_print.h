/* SPDX-License-Identifier: ISC */
/*
 * Writing JSON into a buffer: a value of json-c, or an object member by member without making one,
 * which answers in a hurry do. Texts are UTF-8; slashes are not escaped.
 */
#ifndef OSTIARY_BASE_JSON_PRINT_H
#define OSTIARY_BASE_JSON_PRINT_H

#include <json.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/str.h"

/* The value as plain compact text. */
void json_print(struct buf *out, struct json_object *value);

/* An object that is being written. */
struct json_members {
	struct buf *out;
	const char *before; /* private: what stands before the next name */
};

void json_open(struct json_members *members, struct buf *out);
void json_close(struct json_members *members);

/* Names are written as they are: identifiers without anything to escape, each once. A text or value
 * of NULL and an empty list are left out. */
void json_put_text(struct json_members *members, const char *name, const char *text);
void json_put_int(struct json_members *members, const char *name, int64_t value);
void json_put_bool(struct json_members *members, const char *name, bool value);
void json_put_list(struct json_members *members, const char *name, const struct strlist *list);
void json_put(struct json_members *members, const char *name, struct json_object *value);

#endif
