/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the template compiler and renderer: the bytes up to the first NUL are a template, what
 * follows are its values as JSON. What is rendered from text values must hold no markup but the
 * template's own.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/http/template.h"

#define INPUT_MAX 16384
#define ARENA_CAP (64 * 1024 * 1024)
#define OUT_MAX   65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *split = memchr(data, '\0', size);
	size_t template_size = split ? (size_t)(split - data) : size;
	const char *values = split ? (const char *)split + 1 : "{}";
	size_t values_size = split ? size - template_size - 1 : 2;
	struct template_set *set;
	struct arena *arena;
	struct buf errors, out;

	if (size > INPUT_MAX)
		return 0;
	arena = arena_new(ARENA_CAP);
	buf_init(&errors, arena, 1024 * 1024);
	buf_init(&out, arena, OUT_MAX);
	set = template_set_new(arena);
	if (template_set_add(set, "t", "t", (const char *)data, template_size, &errors) == 0 &&
	    template_set_link(set, &errors) <= 0) {
		struct json_object *object = json_parse(arena, values, values_size, NULL);
		enum template_verdict verdict = template_render(set, "t", object, &out);

		if (verdict == TEMPLATE_OK && !memchr(data, '<', template_size) && out.size > 0 &&
		    memchr(out.data, '<', out.size))
			__builtin_trap();
	} else if (errors.size == 0) {
		__builtin_trap();
	}
	arena_free(arena);
	return 0;
}
