/* SPDX-License-Identifier: ISC */
/*
 * Published vectors: the examples of RFC 7520, RFC 7797 and RFC 8037, and the attacks that Project
 * Wycheproof collected on signatures, keys and ECDSA.  Where we are stricter than a vector, the row
 * is named here with the reason and must be refused.
 */
#include "core/base/b64.h"
#include "core/base/str.h"
#include "core/jose/jws.h"
#include "tests/core/jose/support.h"

static const struct jws_alg_set all = {.bits = UINT32_MAX};

struct tally {
	size_t accepted;
	size_t refused;
	size_t stricter;
	size_t left_out;
};

static void
report(const char *file, const struct tally *tally, const char *why_left_out)
{
	print_message("%s: %zu accepted, %zu refused, %zu refused because we are stricter, "
		      "%zu left out%s\n",
		      file, tally->accepted, tally->refused, tally->stricter, tally->left_out,
		      tally->left_out > 0 ? why_left_out : "");
}

/* The key of a vector; the parser is given what stands in the file. */
static enum jwk_verdict
parse(struct arena *arena, struct json_object *object, struct jwk *key)
{
	return jwk_parse(arena, object, JWK_ACCEPT_ANY, key);
}

static void
test_cookbook_keys(void **state)
{
	static const struct {
		const char *file;
		enum jwk_verdict verdict;
		bool is_private;
	} files[] = {
		{"jwk_3_1.ec_public_key.json", JWK_OK, false},
		{"jwk_3_2.ec_private_key.json", JWK_OK, true},
		{"jwk_3_3.rsa_public_key.json", JWK_OK, false},
		{"jwk_3_4.rsa_private_key.json", JWK_OK, true},
		{"jwk_3_5.symmetric_key_mac_computation.json", JWK_OK, true},
		{"jwk_3_6.symmetric_key_encryption.json", JWK_UNSUPPORTED, true},
	};

	for (size_t i = 0; i < COUNT(files); i++) {
		struct jwk key = {0};
		struct json_object *file =
			vectors(*state, arena_printf(*state, "jose-cookbook/%s", files[i].file));

		if (file == NULL)
			skip();
		check(parse(*state, file, &key) == files[i].verdict, files[i].file);
		if (files[i].verdict == JWK_OK)
			check(key.is_private == files[i].is_private, files[i].file);
		check((jwk_parse(*state, file, JWK_ACCEPT_PUBLIC, &key) == JWK_LEAKED) ==
			      files[i].is_private,
		      files[i].file);
	}
}

/* Verifies the compact form, and where the algorithm has one result makes the same message. */
static void
test_cookbook_messages(void **state)
{
	static const char *const files[] = {
		"jws_4_1.rsa_v15_signature.json", "jws_4_2.rsa-pss_signature.json",
		"jws_4_3.ecdsa_signature.json", "jws_4_4.hmac-sha2_integrity_protection.json",
		"curve25519_jws.json"};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct json_object *file =
			vectors(arena, arena_printf(arena, "jose-cookbook/%s", files[i]));
		struct json_object *input;
		struct jwk key;
		struct jws jws;
		const char *text;
		const char *payload;

		if (file == NULL)
			skip();
		input = at(file, "input");
		text = text_at(at(file, "output"), "compact");
		payload = text_at(input, "payload");
		check(parse(arena, at(input, "key"), &key) == JWK_OK, files[i]);
		check(jws_verify(arena, text, strlen(text), &key, all, &jws) == JWS_OK, files[i]);
		check_text((const char *)jws.payload, payload, files[i]);
		check_text(jws_alg_name(jws.alg), text_at(input, "alg"), files[i]);
		if (json_object_object_get(file, "reproducible") == NULL)
			continue;
		check_text(jws_sign(arena, jws_signer_new(arena, &key, jws.alg, key.kid),
				    &(struct jws_header){0}, payload, strlen(payload)),
			   text, files[i]);
	}
}

/* Unencoded payloads are refused whichever way the message is put together. */
static void
test_unencoded(void **state)
{
	static const char *const files[] = {"rfc7797_4.2.hmac-sha2_b64_false.json",
					    "rfc7797_hmac-sha2_b64_false.json"};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct json_object *file =
			vectors(arena, arena_printf(arena, "jose-cookbook/%s", files[i]));
		struct json_object *flat;
		struct jwk key;
		struct jws jws;
		const char *payload;
		const char *encoded;
		char *text;

		if (file == NULL)
			skip();
		flat = at(at(file, "output"), "json_flat");
		check(parse(arena, at(at(file, "input"), "key"), &key) == JWK_OK, files[i]);
		payload = text_at(flat, "payload");
		encoded = b64url_encode(arena, payload, strlen(payload));
		text = arena_printf(arena, "%s.%s.%s", text_at(flat, "protected"), payload,
				    text_at(flat, "signature"));
		check(jws_verify(arena, text, strlen(text), &key, all, &jws) == JWS_CRIT, files[i]);
		text = arena_printf(arena, "%s.%s.%s", text_at(flat, "protected"), encoded,
				    text_at(flat, "signature"));
		check(jws_verify(arena, text, strlen(text), &key, all, &jws) == JWS_CRIT, files[i]);
	}
}

/* Valid by the file, refused here. */
static const struct {
	int64_t id;
	const char *reason;
} stricter[] = {
	{346, "message PS384, key bound to PS256"},
	{347, "key bound to ES521, which is no algorithm"},
	{350, "message PS384, key bound to PS256"},
	{351, "key bound to ES521, which is no algorithm"},
	{372, "a character that is not base64url in the header"},
	{373, "a character that is not base64url in the payload"},
};

static bool
is_stricter(int64_t id)
{
	for (size_t i = 0; i < COUNT(stricter); i++) {
		if (stricter[i].id == id)
			return true;
	}
	return false;
}

/* Compares one row with what happened. */
static void
judge(const char *file, struct json_object *row, bool exceptions, bool accepted,
      struct tally *tally)
{
	int64_t id = json_object_get_int64(at(row, "tcId"));
	bool wanted = str_equal(text_at(row, "result"), "valid");

	if (exceptions && is_stricter(id)) {
		if (accepted)
			fail_msg("case \"%s %lld\": accepted", file, (long long)id);
		tally->stricter++;
		return;
	}
	if (accepted != wanted)
		fail_msg("case \"%s %lld (%s)\": %s", file, (long long)id, text_at(row, "comment"),
			 accepted ? "accepted" : "refused");
	if (accepted)
		tally->accepted++;
	else
		tally->refused++;
}

/* True when the message verifies with the group's key or key set. */
static bool
accepts(struct arena *arena, struct json_object *keys, const char *text)
{
	struct jwk key;
	struct jwk_set set;
	struct jws jws;

	if (json_object_object_get_ex(keys, "keys", NULL))
		return jwk_set_parse(arena, keys, JWK_ACCEPT_ANY, &set) == JWK_OK &&
		       jws_verify_set(arena, text, strlen(text), &set, all, &jws) == JWS_OK;
	return parse(arena, keys, &key) == JWK_OK &&
	       jws_verify(arena, text, strlen(text), &key, all, &jws) == JWS_OK;
}

/* Two rows that should carry padding have lost it and are the text of a valid row of their group.
 */
static bool
repeats_valid(struct json_object *rows, struct json_object *row)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *other = json_object_array_get_idx(rows, i);

		if (other != row && str_equal(text_at(other, "result"), "valid") &&
		    str_equal(text_at(row, "result"), "invalid") &&
		    str_equal(text_at(other, "jws"), text_at(row, "jws")))
			return true;
	}
	return false;
}

static void
run_messages(struct arena *arena, const char *name, bool exceptions)
{
	struct json_object *file = vectors(arena, arena_printf(arena, "wycheproof/%s", name));
	struct json_object *groups;
	struct tally tally = {0};

	if (file == NULL)
		skip();
	groups = at(file, "testGroups");
	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		struct json_object *rows = at(group, "tests");
		struct json_object *keys = json_object_object_get(group, "public");

		if (keys == NULL)
			keys = at(group, "private");
		for (size_t k = 0; k < json_object_array_length(rows); k++) {
			struct json_object *row = json_object_array_get_idx(rows, k);

			if (!json_object_object_get_ex(row, "jws", NULL) ||
			    repeats_valid(rows, row)) {
				tally.left_out++;
				continue;
			}
			judge(name, row, exceptions, accepts(arena, keys, text_at(row, "jws")),
			      &tally);
		}
	}
	if (tally.accepted == 0 || tally.refused == 0)
		fail_msg("case \"%s\": nothing was run", name);
	report(name, &tally, " (encryption, or called invalid though the text of a valid row)");
}

static void
test_wycheproof_signatures(void **state)
{
	run_messages(*state, "json_web_signature_test.json", true);
}

static void
test_wycheproof_keys(void **state)
{
	run_messages(*state, "json_web_key_test.json", false);
}

static void
test_wycheproof_both(void **state)
{
	run_messages(*state, "json_web_crypto_test.json", false);
}

/* A JWK of "04" X Y in hexadecimal. */
static struct json_object *
jwk_of_point(struct arena *arena, const char *hex, const char *curve)
{
	size_t half = (strlen(hex) - 2) / 4;
	uint8_t point[1 + 2 * 66];
	struct json_object *object = json_new_object(arena);

	check(half <= 66 && hex_decode_exact(hex, point, 1 + 2 * half) == 0, "point");
	json_add_text(object, "kty", "EC");
	json_add_text(object, "crv", curve);
	json_add_text(object, "x", b64url_encode(arena, point + 1, half));
	json_add_text(object, "y", b64url_encode(arena, point + 1 + half, half));
	return object;
}

/* These vectors sign bare bytes, so the parsed form of a message is filled in directly. */
static void
run_ecdsa(struct arena *arena, const char *name, enum jws_alg alg)
{
	struct json_object *file = vectors(arena, arena_printf(arena, "wycheproof/%s", name));
	struct json_object *groups;
	struct tally tally = {0};

	if (file == NULL)
		skip();
	groups = at(file, "testGroups");
	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		struct json_object *rows = at(group, "tests");
		struct jwk key;

		check(parse(arena,
			    jwk_of_point(arena, text_at(at(group, "publicKey"), "uncompressed"),
					 jwa_row(alg)->curve),
			    &key) == JWK_OK,
		      name);
		for (size_t k = 0; k < json_object_array_length(rows); k++) {
			struct json_object *row = json_object_array_get_idx(rows, k);
			const char *message = text_at(row, "msg");
			const char *signature = text_at(row, "sig");
			uint8_t *bytes = arena_alloc(arena, strlen(message) / 2 + 1);
			uint8_t *raw = arena_alloc(arena, strlen(signature) / 2 + 1);
			struct jws jws = {.alg = alg,
					  .input = (const char *)bytes,
					  .input_size = strlen(message) / 2,
					  .signature = raw,
					  .signature_size = strlen(signature) / 2};

			check(hex_decode_exact(message, bytes, jws.input_size) == 0, "msg");
			check(hex_decode_exact(signature, raw, jws.signature_size) == 0, "sig");
			judge(name, row, false,
			      jws_check(&jws, &key, JWS_ALG_SET_ONE(alg)) == JWS_OK, &tally);
		}
	}
	if (tally.accepted == 0 || tally.refused == 0)
		fail_msg("case \"%s\": nothing was run", name);
	report(name, &tally, "");
}

static void
test_wycheproof_p256(void **state)
{
	run_ecdsa(*state, "ecdsa_secp256r1_sha256_p1363_test.json", JWS_ES256);
}

static void
test_wycheproof_p384(void **state)
{
	run_ecdsa(*state, "ecdsa_secp384r1_sha384_p1363_test.json", JWS_ES384);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_cookbook_keys),   arena_test(test_cookbook_messages),
		arena_test(test_unencoded),       arena_test(test_wycheproof_signatures),
		arena_test(test_wycheproof_keys), arena_test(test_wycheproof_both),
		arena_test(test_wycheproof_p256), arena_test(test_wycheproof_p384),
	};

	return cmocka_run_group_tests_name("jose/vectors", tests, NULL, NULL);
}
