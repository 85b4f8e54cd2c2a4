/* SPDX-License-Identifier: ISC */
/*
 * Subjects written as text (RFC 4514 3), into the form in which certificates are compared.
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/jose/cert.h"

#define TYPE_MAX 64 /* bytes of an attribute type */

/* What RFC 4514 3 and custom call types where OpenSSL has another name for it. Case does not
 * matter. */
static const struct {
	const char *name, *openssl;
} type_names[] = {
	{"CN", "CN"}, {"L", "L"},     {"ST", "ST"},          {"S", "ST"},          {"O", "O"},
	{"OU", "OU"}, {"C", "C"},     {"DC", "DC"},          {"STREET", "street"}, {"UID", "UID"},
	{"SN", "SN"}, {"T", "title"}, {"E", "emailAddress"},
};

/* One attribute: a type, and a value without its escapes. */
struct attribute {
	ASN1_OBJECT *type;
	const unsigned char *value;
	size_t size;
	bool joined; /* by "+" with the one before */
};

struct reader {
	struct arena *arena;
	const char *at;
	struct attribute *attribute; /* CERT_RDNS_MAX */
	size_t count;
};

static void
free_object(void *object)
{
	ASN1_OBJECT_free(object);
}

static void
free_name(void *name)
{
	X509_NAME_free(name);
}

static ASN1_OBJECT *
type_find(struct arena *arena, const char *text, size_t size)
{
	const char *name = arena_copy(arena, text, size);
	ASN1_OBJECT *object;

	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (str_equal_nocase(type_names[i].name, name))
			name = type_names[i].openssl;
	object = OBJ_txt2obj(name, 0);
	ERR_clear_error();
	arena_defer(arena, free_object, object);
	return object;
}

static int
read_type(struct reader *reader, struct attribute *attribute)
{
	size_t size;

	reader->at += strspn(reader->at, " ");
	size = strcspn(reader->at, " =,+;\\\"#<>");
	if (size == 0 || size > TYPE_MAX)
		return -1;
	attribute->type = type_find(reader->arena, reader->at, size);
	reader->at += size;
	reader->at += strspn(reader->at, " ");
	if (!attribute->type || *reader->at != '=')
		return -1;
	reader->at++;
	reader->at += strspn(reader->at, " ");
	return 0;
}

/* What a backslash stands before: a special character, or two hexadecimal digits. */
static int
read_escape(struct reader *reader, unsigned char *c)
{
	static const char special[] = " \"#+,;<=>\\";
	const char *text = reader->at;

	if (text[0] && strchr(special, text[0])) {
		*c = (unsigned char)text[0];
		reader->at += 1;
		return 0;
	}
	if (!text[0] || !text[1] ||
	    hex_decode_exact(str_lower(reader->arena, arena_copy(reader->arena, text, 2)), c, 1) !=
		    0 ||
	    *c == '\0')
		return -1;
	reader->at += 2;
	return 0;
}

/* Up to the next separator; blanks at its end belong to it only when they are escaped. */
static int
read_value(struct reader *reader, struct attribute *attribute)
{
	unsigned char *value = arena_alloc(reader->arena, strlen(reader->at) + 1);
	size_t size = 0, kept = 0;

	if (*reader->at == '#')
		return -1;
	while (*reader->at && !strchr(",+", *reader->at)) {
		char c = *reader->at++;

		if (strchr("\";<>", c))
			return -1;
		value[size] = (unsigned char)c;
		if (c == '\\' && read_escape(reader, &value[size]) != 0)
			return -1;
		size++;
		if (c != ' ')
			kept = size;
	}
	attribute->value = value;
	attribute->size = kept;
	return kept > 0 ? 0 : -1;
}

static int
read_all(struct reader *reader)
{
	bool joined = false;

	for (;;) {
		struct attribute *attribute = &reader->attribute[reader->count];

		if (reader->count == CERT_RDNS_MAX || read_type(reader, attribute) != 0 ||
		    read_value(reader, attribute) != 0)
			return -1;
		attribute->joined = joined;
		reader->count++;
		if (*reader->at == '\0')
			return 0;
		joined = *reader->at++ == '+';
	}
}

static int
add(X509_NAME *name, const struct attribute *attribute, bool joins)
{
	return X509_NAME_add_entry_by_OBJ(name, attribute->type, MBSTRING_UTF8, attribute->value,
					  (int)attribute->size, -1, joins ? -1 : 0) == 1
		       ? 0
		       : -1;
}

/* The text begins with the last set of a name (RFC 4514 2.1). */
static int
fill(X509_NAME *name, const struct reader *reader)
{
	size_t end = reader->count;

	while (end > 0) {
		size_t begin = end - 1;

		while (reader->attribute[begin].joined)
			begin--;
		for (size_t i = begin; i < end; i++)
			if (add(name, &reader->attribute[i], i > begin) != 0)
				return -1;
		end = begin;
	}
	return 0;
}

X509_NAME *
cert_name_parse(struct arena *arena, const char *text)
{
	struct reader reader = {
		.arena = arena,
		.at = text,
		.attribute = arena_array(arena, CERT_RDNS_MAX, sizeof(*reader.attribute)),
	};
	X509_NAME *name;

	if (strnlen(text, CERT_DN_MAX + 1) > CERT_DN_MAX || read_all(&reader) != 0)
		return NULL;
	name = X509_NAME_new();
	arena_defer(arena, free_name, name);
	if (!name || fill(name, &reader) != 0)
		name = NULL;
	ERR_clear_error();
	return name;
}
