/* SPDX-License-Identifier: ISC */
/*
 * Certificates in the forms of web servers, and what is compared on them.
 */
#include "core/jose/cert.h"

#include "core/base/b64.h"
#include "core/base/buf.h"
#include "tests/core/jose/certs.h"
#include "tests/core/jose/support.h"

static struct arena *arena;
static struct jwk key;

static int
begin(void **state)
{
	(void)state;
	arena = arena_new((size_t)16 << 20);
	key = jwk_generate(arena, JWS_ES256, 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

#define cert_test(function) cmocka_unit_test_setup_teardown(function, begin, end)

static char *
plain_pem(void)
{
	return cert_make(arena,
			 &(struct cert_wish){.subject = {{"CN", "client", 0, false}}, .key = &key});
}

/* ---- forms ---- */

static void
forms(void **state)
{
	const char *pem = plain_pem();
	const struct {
		const char *name, *text;
	} cases[] = {
		{"as it is", pem},
		{"CRLF", cert_with_newlines(arena, pem, "\r\n")},
		{"tabs behind newlines", cert_with_newlines(arena, pem, "\n\t")},
		{"tabs", cert_with_newlines(arena, pem, "\t")},
		{"blanks", cert_with_newlines(arena, pem, " ")},
		{"nothing", cert_with_newlines(arena, pem, "")},
		{"escaped", cert_escaped(arena, pem)},
		{"escaped newlines in lower case", cert_with_newlines(arena, pem, "%0a")},
		{"blanks around", arena_printf(arena, "\n  %s \t\n", pem)},
	};
	struct cert first, cert;
	const char *why = NULL;
	uint8_t digest[SHA256_SIZE];

	(void)state;
	assert_int_equal(cert_read(arena, pem, &first, &why), 0);
	hash_sha256(first.der, first.size, digest);
	assert_memory_equal(first.sha256, digest, sizeof(digest));
	assert_non_null(cert_parse(arena, &first));
	check_text(cert_thumbprint(arena, &first), b64url_encode(arena, digest, sizeof(digest)),
		   "thumbprint");
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cert_read(arena, cases[i].text, &cert, &why) != 0)
			fail_msg("%s: %s", cases[i].name, why);
		check(cert.size == first.size && memcmp(cert.der, first.der, cert.size) == 0,
		      cases[i].name);
	}
}

static void
refused_forms(void **state)
{
	const char *pem = plain_pem();
	const char *body = strchr(pem, '\n') + 1;
	const char *half = arena_copy(arena, pem, strlen(pem) / 2);
	char *long_text = arena_alloc(arena, CERT_TEXT_MAX + 2);
	const struct {
		const char *name, *text;
	} cases[] = {
		{"empty", ""},
		{"nothing but blanks", "  \n"},
		{"no end", half},
		{"no beginning", body},
		{"two", arena_printf(arena, "%s%s", pem, pem)},
		{"something behind", arena_printf(arena, "%sx", pem)},
		{"something before", arena_printf(arena, "x%s", pem)},
		{"another kind", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
		{"no base64", "-----BEGIN CERTIFICATE-----\nA*AA\n-----END CERTIFICATE-----"},
		{"nothing between", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"},
		{"bad escape", arena_printf(arena, "%%zz%s", pem)},
		{"half an escape", arena_printf(arena, "%s%%0", pem)},
		{"escape at the end", arena_printf(arena, "%s%%", pem)},
		{"NUL", arena_printf(arena, "%%00%s", pem)},
		{"escaped twice", cert_with_newlines(arena, pem, "%250A")},
		{"too long", long_text},
	};
	struct cert cert;

	(void)state;
	memset(long_text, ' ', CERT_TEXT_MAX + 1);
	memcpy(long_text, pem, strlen(pem));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why = NULL;

		check(cert_read(arena, cases[i].text, &cert, &why) == -1, cases[i].name);
		check(why != NULL, cases[i].name);
	}
	long_text[CERT_TEXT_MAX] = '\0';
	const char *why = NULL;
	check(cert_read(arena, long_text, &cert, &why) == 0, "longest");
}

static void
bytes_that_are_no_certificate(void **state)
{
	struct cert cert;
	const char *why;

	(void)state;
	assert_int_equal(cert_read(arena, plain_pem(), &cert, &why), 0);
	uint8_t *longer = arena_alloc(arena, cert.size + 1);

	memcpy(longer, cert.der, cert.size);
	check(!cert_parse(arena, &(struct cert){.der = longer, .size = cert.size + 1}),
	      "a byte behind");
	check(!cert_parse(arena, &(struct cert){.der = longer, .size = cert.size - 1}),
	      "a byte missing");
	check(!cert_parse(arena, &(struct cert){.der = (const uint8_t *)"x", .size = 1}), "junk");
}

/* ---- subjects ---- */

static const X509 *
with_subject(const struct cert_part *parts, size_t count)
{
	struct cert_wish wish = {.key = &key};
	struct cert cert;
	const char *why;

	memcpy(wish.subject, parts, count * sizeof(*parts));
	assert_int_equal(cert_read(arena, cert_make(arena, &wish), &cert, &why), 0);
	return cert_parse(arena, &cert);
}

static void
subjects(void **state)
{
	static const struct cert_part usual[] = {{"C", "DE", V_ASN1_PRINTABLESTRING, false},
						 {"O", "Lab, Inc.", 0, false},
						 {"OU", "Clients", V_ASN1_PRINTABLESTRING, false},
						 {"CN", "client one", 0, false}};
	static const struct cert_part several[] = {
		{"O", "Lab", 0, false}, {"CN", "client", 0, false}, {"UID", "7", 0, true}};
	static const struct cert_part odd[] = {
		{"DC", "example", V_ASN1_IA5STRING, false},
		{"emailAddress", "a@b.example", V_ASN1_IA5STRING, false},
		{"CN", "z\xc3\xa4 #+\"x\\", 0, false}};
	const X509 *a = with_subject(usual, COUNT(usual)),
		   *b = with_subject(several, COUNT(several)), *c = with_subject(odd, COUNT(odd));
	const struct {
		const char *name;
		const X509 *x509;
		const char *text;
		bool same;
	} cases[] = {
		{"as RFC 4514 writes it", a, "CN=client one,OU=Clients,O=Lab\\, Inc.,C=DE", true},
		{"escaped by number", a, "CN=client one,OU=Clients,O=Lab\\2c Inc.,C=DE", true},
		{"escaped in upper case", a, "CN=client one,OU=Clients,O=Lab\\2C Inc.,C=DE", true},
		{"blanks around", a, "CN = client one, OU = Clients, O = Lab\\, Inc., C = DE",
		 true},
		{"types in lower case", a, "cn=client one,ou=Clients,o=Lab\\, Inc.,c=DE", true},
		{"types by number", a, "2.5.4.3=client one,2.5.4.11=Clients,O=Lab\\, Inc.,C=DE",
		 true},
		{"types by long name", a, "commonName=client one,OU=Clients,O=Lab\\, Inc.,C=DE",
		 true},
		{"case of values (RFC 5280 7.1)", a, "CN=Client ONE,OU=clients,O=lab\\, inc.,C=de",
		 true},
		{"the other way round", a, "C=DE,O=Lab\\, Inc.,OU=Clients,CN=client one", false},
		{"a part missing", a, "CN=client one,OU=Clients,O=Lab\\, Inc.", false},
		{"a part more", a, "CN=client one,OU=Clients,O=Lab\\, Inc.,C=DE,DC=x", false},
		{"another value", a, "CN=client two,OU=Clients,O=Lab\\, Inc.,C=DE", false},
		{"a value that goes on", a, "CN=client one x,OU=Clients,O=Lab\\, Inc.,C=DE", false},
		{"another type", a, "OU=client one,OU=Clients,O=Lab\\, Inc.,C=DE", false},
		{"two in one", a, "CN=client one+OU=Clients,O=Lab\\, Inc.,C=DE", false},
		{"one attribute that looks like two", a, "CN=client one\\,OU\\=Clients,O=Lab",
		 false},
		{"a set", b, "CN=client+UID=7,O=Lab", true},
		{"a set in another order", b, "UID=7+CN=client,O=Lab", true},
		{"a set apart", b, "CN=client,UID=7,O=Lab", false},
		{"all that is special", c,
		 "CN=z\\c3\\a4 #\\+\\\"x\\\\,emailAddress=a@b.example,DC=example", true},
		{"UTF-8 as it is", c, "CN=z\xc3\xa4 \\#\\+\\\"x\\\\,E=a@b.example,DC=example",
		 true},
		{"a trailing blank that is escaped", c, "CN=z\xc3\xa4 \\ ,DC=example", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		X509_NAME *name = cert_name_parse(arena, cases[i].text);

		check(name != NULL, cases[i].name);
		check(cert_subject_is(cases[i].x509, name) == cases[i].same, cases[i].name);
	}
}

static void
refused_subjects(void **state)
{
	char *long_text = arena_alloc(arena, CERT_DN_MAX + 8);
	struct buf many;
	static const struct {
		const char *name, *text;
	} cases[] = {
		{"empty", ""},
		{"a blank", " "},
		{"no value", "CN="},
		{"blank value", "CN=  "},
		{"no type", "=x"},
		{"no equals sign", "CN"},
		{"unknown type", "XYZ=x"},
		{"hexadecimal", "CN=#0c0161"},
		{"a comma at the end", "CN=x,"},
		{"a plus at the end", "CN=x+"},
		{"a comma first", ",CN=x"},
		{"slashes", "/CN=x/O=y"},
		{"semicolon", "CN=x;O=y"},
		{"quotes", "CN=\"x\""},
		{"an angle", "CN=<x>"},
		{"escape at the end", "CN=x\\"},
		{"half an escape", "CN=x\\a"},
		{"bad escape", "CN=x\\zz"},
		{"NUL", "CN=x\\00"},
		{"bad UTF-8", "CN=\xff\xff"},
		{"a country of three letters", "C=DEU"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(cert_name_parse(arena, cases[i].text) == NULL, cases[i].name);
	memset(long_text, 'x', CERT_DN_MAX + 1);
	memcpy(long_text, "CN=", 3);
	check(cert_name_parse(arena, long_text) == NULL, "too long");
	buf_init(&many, arena, CERT_DN_MAX);
	for (int i = 0; i < CERT_RDNS_MAX; i++)
		buf_printf(&many, "%sOU=%d", i ? "," : "", i);
	check(cert_name_parse(arena, many.data) != NULL, "most parts");
	buf_add_text(&many, ",OU=x");
	check(cert_name_parse(arena, many.data) == NULL, "a part too many");
}

/* ---- alternative names and keys ---- */

static void
alternative_names(void **state)
{
	struct cert_wish wish = {
		.subject = {{"CN", "cn.example", 0, false}},
		.names = "DNS:a.example,DNS:*.w.example,URI:https://u.example/x,IP:192.0.2.1,"
			 "IP:2001:db8::1,email:m@e.example",
		.key = &key,
	};
	static const struct {
		enum cert_san type;
		const char *value;
		bool there;
	} cases[] = {
		{CERT_SAN_DNS, "a.example", true},
		{CERT_SAN_DNS, "A.example", false},
		{CERT_SAN_DNS, "b.a.example", false},
		{CERT_SAN_DNS, "example", false},
		{CERT_SAN_DNS, "x.w.example", false},
		{CERT_SAN_DNS, "*.w.example", true},
		{CERT_SAN_DNS, "cn.example", false},
		{CERT_SAN_DNS, "m@e.example", false},
		{CERT_SAN_DNS, "", false},
		{CERT_SAN_URI, "https://u.example/x", true},
		{CERT_SAN_URI, "https://u.example/", false},
		{CERT_SAN_URI, "a.example", false},
		{CERT_SAN_IP, "192.0.2.1", true},
		{CERT_SAN_IP, "192.0.2.2", false},
		{CERT_SAN_IP, "2001:db8::1", true},
		{CERT_SAN_IP, "2001:0DB8:0::1", true},
		{CERT_SAN_IP, "2001:db8::2", false},
		{CERT_SAN_IP, "not an address", false},
		{CERT_SAN_EMAIL, "m@e.example", true},
		{CERT_SAN_EMAIL, "M@e.example", false},
		{CERT_SAN_EMAIL, "a.example", false},
	};
	struct cert cert;
	const char *why;
	const X509 *x509;

	(void)state;
	assert_int_equal(cert_read(arena, cert_make(arena, &wish), &cert, &why), 0);
	x509 = cert_parse(arena, &cert);
	for (size_t i = 0; i < COUNT(cases); i++)
		check(cert_san_is(x509, cases[i].type, cases[i].value) == cases[i].there,
		      cases[i].value);
	assert_int_equal(cert_read(arena, plain_pem(), &cert, &why), 0);
	check(!cert_san_is(cert_parse(arena, &cert), CERT_SAN_DNS, "client"), "none at all");
}

static void
mistakes_of_names(void **state)
{
	(void)state;
	check(!cert_san_mistake(CERT_SAN_DNS, "a.example"), "DNS");
	check(cert_san_mistake(CERT_SAN_DNS, "") != NULL, "empty");
	check(cert_san_mistake(CERT_SAN_DNS, "a b") != NULL, "blank");
	check(cert_san_mistake(CERT_SAN_EMAIL, "\xc3\xa4@x") != NULL, "not ASCII");
	check(!cert_san_mistake(CERT_SAN_IP, "::1"), "IPv6");
	check(cert_san_mistake(CERT_SAN_IP, "192.0.2.0/24") != NULL, "a network");
}

static void
keys(void **state)
{
	struct jwk others[] = {jwk_generate(arena, JWS_ES256, 0), jwk_generate(arena, JWS_EDDSA, 0),
			       jwk_from_bytes(arena, "0123456789abcdef", 16),
			       jwk_public_half(&key)};
	struct jwk rsa = jwk_generate(arena, JWS_RS256, 0);
	const struct jwk_set without = {others, 3, 0}, with = {others, 4, 0}, none = {others, 0, 0};
	struct cert cert;
	const char *why;
	const X509 *x509;

	(void)state;
	assert_int_equal(cert_read(arena, plain_pem(), &cert, &why), 0);
	x509 = cert_parse(arena, &cert);
	check(cert_key_in(x509, &with), "the fourth");
	check(!cert_key_in(x509, &without), "others");
	check(!cert_key_in(x509, &none), "none");
	assert_int_equal(
		cert_read(arena,
			  cert_make(arena, &(struct cert_wish){.subject = {{"CN", "r", 0, false}},
							       .key = &rsa}),
			  &cert, &why),
		0);
	x509 = cert_parse(arena, &cert);
	check(!cert_key_in(x509, &with), "RSA among others");
	check(cert_key_in(x509, &(struct jwk_set){&rsa, 1, 0}), "RSA");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cert_test(forms),
		cert_test(refused_forms),
		cert_test(bytes_that_are_no_certificate),
		cert_test(subjects),
		cert_test(refused_subjects),
		cert_test(alternative_names),
		cert_test(mistakes_of_names),
		cert_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
