/* SPDX-License-Identifier: ISC */
/*
 * The bare loops of the measurements: libfcgi, the statements that the worker sends, the signatures
 * that it makes, and nothing else: no protocol, no checks, no JSON. What is left between a bare
 * loop and the real thing is what Ostiary costs. Rows are those that the real thing has written;
 * columns come from sql/, so the statements stay the same.
 *
 *   /introspect        one of a thousand opaque tokens with its grant
 *   /userinfo          a verified signature; a grant
 *   /refresh           a grant, its rotation (one commit); access and ID token signed
 *   /authorize /token  session, consent, grant inserted (one commit); grant, code used (one
 * commit); access and ID token signed
 *
 *   /own               an access token signed
 *   /assertion         a verified signature; one row that was not there (one commit); a token
 * signed
 *
 * Environment: BARE_SOCKET, BARE_DATABASE, BARE_REALM (its number).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>
#include <mysql.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "core/base/num.h"
#include "sql/grant_rows.h"

#define TOKENS      1000
#define GRANTS      8
#define OUT_COLUMNS 64
#define OUT_BYTES   1024
#define IN_MAX      24
#define SIGNED_SIZE 420 /* bytes of a token's first two parts */

enum query {
	TOKEN_IDS,
	GRANT_IDS,
	SESSION_ID,
	TOKEN,
	GRANT,
	ROTATE,
	CONSUME,
	SESSION,
	CONSENT,
	INSERT,
	SEEN,
	QUERIES
};

static const char *const texts[QUERIES] = {
	[TOKEN_IDS] = "SELECT t.id FROM access_token AS t JOIN auth_grant AS g ON g.id = t.grant_id"
		      " WHERE t.expires_at > ? ORDER BY t.id DESC LIMIT 1000",
	[GRANT_IDS] =
		"SELECT id, account_id, client_id FROM auth_grant WHERE refresh_generation > 0"
		" AND expires_at > ? ORDER BY id DESC LIMIT 8",
	[SESSION_ID] = "SELECT id FROM session WHERE expires_at > ? ORDER BY id DESC LIMIT 1",
	[TOKEN] = "SELECT t.id, t.hash, t.grant_id, t.realm_id, t.scope, t.issued_at, t.expires_at,"
		  " t.revoked_at, t.client_id, t.audience, t.extra, " GRANT_STATE_COLUMNS
		  " FROM access_token AS t"
		  " JOIN auth_grant AS g ON g.id = t.grant_id AND g.realm_id = "
		  "t.realm_id" GRANT_STATE_JOINS " WHERE t.id = ? AND t.realm_id = ?",
	[GRANT] = "SELECT " GRANT_STATE_COLUMNS " FROM auth_grant AS g" GRANT_STATE_JOINS
		  " WHERE g.id = ? AND g.realm_id = ?",
	[ROTATE] = "UPDATE auth_grant SET refresh_generation = refresh_generation + 1,"
		   " refresh_rotated_at = ? WHERE id = ? AND refresh_generation > 0"
		   " AND revoked_at = 0",
	[CONSUME] = "UPDATE auth_grant SET code_consumed_at = ?, refresh_generation = 1,"
		    " refresh_rotated_at = ?, expires_at = ? WHERE id = ?"
		    " AND code_consumed_at = 0 AND revoked_at = 0",
	[SESSION] =
		"SELECT s.id, s.realm_id, s.account_id, s.secret_hash, s.auth_epoch,"
		" s.created_at, s.activated_at, s.last_seen_at, s.expires_at, s.ended_at,"
		" s.address, s.user_agent, IFNULL(f.factor, -1), f.proven_at, f.flow_id,"
		" " ACCOUNT_COLUMNS " FROM session AS s JOIN account AS a ON a.id = s.account_id"
		" LEFT JOIN session_fact AS f ON f.session_id = s.id"
		" WHERE s.id = ? AND s.realm_id = ? ORDER BY f.factor LIMIT ?",
	[CONSENT] = "SELECT scope FROM consent WHERE realm_id = ? AND account_id = ?"
		    " AND client_id = ?",
	[INSERT] = "INSERT INTO auth_grant (id, realm_id, client_id, account_id, session_id,"
		   " offline, auth_epoch, scope, claims, nonce, acr, amr, auth_time, created_at,"
		   " expires_at, revoked_at, code_hash, code_expires_at, code_consumed_at,"
		   " redirect_uri, redirect_uri_sent, code_challenge, refresh_generation,"
		   " refresh_rotated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		   " ?, 0, ?, ?, ?, 0, 0)",
	[SEEN] = "INSERT INTO replay (hash, expires_at) VALUES (?, ?)",
};

struct cell {
	char bytes[OUT_BYTES];
	unsigned long size;
	my_bool null, cut;
};

struct bare {
	MYSQL *mysql;
	MYSQL_STMT *stmt[QUERIES];
	struct cell row[OUT_COLUMNS];
	int64_t realm;
	struct cell token[TOKENS];
	size_t tokens;
	struct cell grant[GRANTS], account, client, session;
	size_t grants;
	EVP_PKEY *key;
	unsigned char signature[128];
	size_t signature_size;
	unsigned turn;
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bare: %s: %s\n", what, why);
	exit(1);
}

/* One parameter: bytes, or with data NULL a number; all else is NULL. */
struct param {
	const void *data;
	unsigned long size;
	long long number;
};

#define BYTES(cell)                                                                                \
	{                                                                                          \
		(cell).bytes, (cell).size, 0                                                       \
	}
#define NUMBER(value)                                                                              \
	{                                                                                          \
		NULL, 0, (long long)(value)                                                        \
	}
#define NOTHING                                                                                    \
	{                                                                                          \
		"", 0, -1                                                                          \
	}

static void
run(struct bare *bare, enum query query, const struct param *params)
{
	MYSQL_STMT *stmt = bare->stmt[query];
	MYSQL_BIND in[IN_MAX];
	unsigned long count = mysql_stmt_param_count(stmt);

	memset(in, 0, sizeof(in));
	for (unsigned long i = 0; i < count; i++) {
		in[i].buffer_type = params[i].data ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONGLONG;
		in[i].buffer = params[i].data ? (void *)(uintptr_t)params[i].data
					      : (void *)(uintptr_t)&params[i].number;
		in[i].buffer_length = params[i].size;
		if (params[i].data && params[i].number < 0)
			in[i].buffer_type = MYSQL_TYPE_NULL;
	}
	if ((count > 0 && mysql_stmt_bind_param(stmt, in)) || mysql_stmt_execute(stmt))
		die(texts[query], mysql_stmt_error(stmt));
	if (mysql_stmt_field_count(stmt) > 0 && mysql_stmt_store_result(stmt))
		die(texts[query], mysql_stmt_error(stmt));
}

/* The next row into bare->row: 1, or 0 at the end. */
static int
fetch(struct bare *bare, enum query query)
{
	MYSQL_BIND out[OUT_COLUMNS];

	memset(out, 0, sizeof(out));
	for (unsigned i = 0; i < mysql_stmt_field_count(bare->stmt[query]); i++) {
		out[i].buffer_type = MYSQL_TYPE_STRING;
		out[i].buffer = bare->row[i].bytes;
		out[i].buffer_length = OUT_BYTES;
		out[i].length = &bare->row[i].size;
		out[i].is_null = &bare->row[i].null;
		out[i].error = &bare->row[i].cut;
	}
	if (mysql_stmt_bind_result(bare->stmt[query], out))
		die(texts[query], mysql_stmt_error(bare->stmt[query]));
	int end = mysql_stmt_fetch(bare->stmt[query]);

	return end == 0 || end == MYSQL_DATA_TRUNCATED;
}

static void
read_one(struct bare *bare, enum query query, const struct param *params)
{
	run(bare, query, params);
	if (!fetch(bare, query))
		die(texts[query], "no row");
	mysql_stmt_free_result(bare->stmt[query]);
}

static void
connect_and_load(struct bare *bare)
{
	static const char settings[] = "SET SESSION tx_isolation = 'READ-COMMITTED'";
	const struct param now[] = {NUMBER(time(NULL))};

	bare->mysql = mysql_init(NULL);
	mysql_options(bare->mysql, MYSQL_INIT_COMMAND, settings);
	if (!mysql_real_connect(bare->mysql, NULL, "ostiary", NULL, getenv("BARE_DATABASE"), 0,
				getenv("BARE_SOCKET"), 0))
		die("connect", mysql_error(bare->mysql));
	for (unsigned i = 0; i < QUERIES; i++) {
		bare->stmt[i] = mysql_stmt_init(bare->mysql);
		if (mysql_stmt_prepare(bare->stmt[i], texts[i], strlen(texts[i])))
			die(texts[i], mysql_stmt_error(bare->stmt[i]));
		if (mysql_stmt_field_count(bare->stmt[i]) > OUT_COLUMNS)
			die(texts[i], "has more columns than OUT_COLUMNS");
	}
	run(bare, TOKEN_IDS, now);
	while (bare->tokens < TOKENS && fetch(bare, TOKEN_IDS))
		bare->token[bare->tokens++] = bare->row[0];
	run(bare, GRANT_IDS, now);
	while (bare->grants < GRANTS && fetch(bare, GRANT_IDS)) {
		bare->grant[bare->grants++] = bare->row[0];
		bare->account = bare->row[1];
		bare->client = bare->row[2];
	}
	read_one(bare, SESSION_ID, now);
	bare->session = bare->row[0];
	if (bare->tokens == 0 || bare->grants < GRANTS)
		die("start", "no tokens or grants are there to work with");
	if (num_parse_int64(getenv("BARE_REALM"), 0, UINT32_MAX, &bare->realm) != 0)
		die("start", "BARE_REALM is not a number");
}

static size_t
sign(struct bare *bare, unsigned char *signature)
{
	static const unsigned char parts[SIGNED_SIZE] = {0};
	size_t size = sizeof(bare->signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, bare->key) != 1 ||
	    EVP_DigestSign(context, signature, &size, parts, sizeof(parts)) != 1)
		die("sign", "OpenSSL refuses");
	EVP_MD_CTX_free(context);
	return size;
}

static void
verify(struct bare *bare)
{
	static const unsigned char parts[SIGNED_SIZE] = {0};
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, bare->key) != 1 ||
	    EVP_DigestVerify(context, bare->signature, bare->signature_size, parts,
			     sizeof(parts)) != 1)
		die("verify", "OpenSSL refuses");
	EVP_MD_CTX_free(context);
}

/* What a token answer weighs: two signed tokens and a refresh token with the given text. */
static void
reply_tokens(struct bare *bare, FCGX_Stream *out, const char *refresh)
{
	unsigned char signature[128], text[256];
	char reply[4096];
	int size = snprintf(reply, sizeof(reply),
			    "Status: 200 OK\r\nContent-Type: application/json\r\n"
			    "Cache-Control: no-store\r\n\r\n{\"refresh_token\":\"%s\"",
			    refresh);

	for (unsigned i = 0; i < 2; i++) {
		EVP_EncodeBlock(text, signature, (int)sign(bare, signature));
		size += snprintf(reply + size, sizeof(reply) - (size_t)size, ",\"t%u\":\"%0*d.%s\"",
				 i, SIGNED_SIZE, 0, (const char *)text);
	}
	size += snprintf(reply + size, sizeof(reply) - (size_t)size, "}");
	FCGX_PutStr(reply, size, out);
}

/* What a token answer of a client for itself weighs. */
static void
reply_token(struct bare *bare, FCGX_Stream *out)
{
	unsigned char signature[128], text[256];
	char reply[2048];

	EVP_EncodeBlock(text, signature, (int)sign(bare, signature));
	int size = snprintf(reply, sizeof(reply),
			    "Status: 200 OK\r\nContent-Type: application/json\r\n"
			    "Cache-Control: no-store\r\n\r\n{\"access_token\":\"%0*d.%s\","
			    "\"token_type\":\"Bearer\",\"expires_in\":3600,"
			    "\"scope\":\"profile email\"}",
			    SIGNED_SIZE, 0, (const char *)text);
	FCGX_PutStr(reply, size, out);
}

static void
reply_claims(FCGX_Stream *out)
{
	static const char reply[] =
		"Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: "
		"no-store\r\n\r\n"
		"{\"active\":true,\"scope\":\"openid profile email\",\"client_id\":\"bench\","
		"\"username\":\"alice\",\"token_type\":\"Bearer\",\"exp\":1800000000,"
		"\"iat\":1800000000,\"sub\":\"00000000000000000000000000000000\","
		"\"aud\":\"bench\",\"iss\":\"http://localhost:20000\",\"acr\":\"pwd\"}";

	FCGX_PutStr(reply, sizeof(reply) - 1, out);
}

static void
introspect(struct bare *bare, const char *body, FCGX_Stream *out)
{
	(void)body;
	const struct cell *id = &bare->token[bare->turn++ % bare->tokens];
	const struct param params[] = {NOTHING, BYTES(*id), NUMBER(bare->realm)};

	read_one(bare, TOKEN, params);
	reply_claims(out);
}

static void
userinfo(struct bare *bare, const char *body, FCGX_Stream *out)
{
	(void)body;
	const char jti[32] = {0};
	const struct cell *id = &bare->grant[bare->turn++ % bare->grants];
	const struct param params[] = {{jti, sizeof(jti), 0}, BYTES(*id), NUMBER(bare->realm)};

	verify(bare);
	read_one(bare, GRANT, params);
	reply_claims(out);
}

/* The value of a form field of the fixed forms that bench.py sends. */
static void
field(const char *body, const char *name, char *value, size_t size)
{
	const char *from = strstr(body, name);

	from = from ? from + strlen(name) : "0";
	snprintf(value, size, "%.*s", (int)strcspn(from, "&"), from);
}

static void
refresh(struct bare *bare, const char *body, FCGX_Stream *out)
{
	char text[64];

	field(body, "refresh_token=", text, sizeof(text));
	const struct cell *id = &bare->grant[(unsigned char)text[0] % bare->grants];
	const struct param find[] = {NOTHING, BYTES(*id), NUMBER(bare->realm)};
	const struct param rotate[] = {NUMBER(time(NULL)), BYTES(*id)};

	read_one(bare, GRANT, find);
	run(bare, ROTATE, rotate);
	reply_tokens(bare, out, text);
}

static void
authorize(struct bare *bare, const char *body, FCGX_Stream *out)
{
	(void)body;
	static const char nonce[43] = {0}, challenge[43] = {0},
			  uri[] = "http://127.0.0.1:20001/callback";
	unsigned char id[16], hash[32];
	char hex[33], reply[512];
	long long now = time(NULL);
	const struct param session[] = {BYTES(bare->session), NUMBER(bare->realm), NUMBER(9)};
	const struct param consent[] = {NUMBER(bare->realm), BYTES(bare->account),
					BYTES(bare->client)};
	const struct param insert[] = {
		{id, sizeof(id), 0},
		NUMBER(bare->realm),
		BYTES(bare->client),
		BYTES(bare->account),
		BYTES(bare->session),
		NUMBER(0),
		NUMBER(0),
		{"openid profile email", 20, 0},
		NOTHING,
		{nonce, sizeof(nonce), 0},
		NOTHING,
		{"pwd", 3, 0},
		NUMBER(now),
		NUMBER(now),
		NUMBER(now + 600),
		NUMBER(0),
		{hash, sizeof(hash), 0},
		NUMBER(now + 60),
		{uri, sizeof(uri) - 1, 0},
		NUMBER(1),
		{challenge, sizeof(challenge), 0},
	};

	run(bare, SESSION, session);
	if (!fetch(bare, SESSION))
		die("session", "no row");
	mysql_stmt_free_result(bare->stmt[SESSION]);
	run(bare, CONSENT, consent);
	fetch(bare, CONSENT);
	mysql_stmt_free_result(bare->stmt[CONSENT]);
	RAND_bytes(id, sizeof(id));
	memset(hash, 0, sizeof(hash));
	for (unsigned i = 0; i < 6; i++) /* time-ordered, as ours are */
		id[i] = (unsigned char)((now * 1000) >> (40 - 8 * i));
	run(bare, INSERT, insert);
	for (unsigned i = 0; i < sizeof(id); i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", id[i]);
	int size = snprintf(reply, sizeof(reply),
			    "Status: 302 Found\r\nCache-Control: no-store\r\n"
			    "Location: %s?code=%s&state=0000000000\r\n\r\n",
			    uri, hex);
	FCGX_PutStr(reply, size, out);
}

static unsigned
digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

static void
token(struct bare *bare, const char *body, FCGX_Stream *out)
{
	char text[64];
	unsigned char id[16] = {0};
	long long now = time(NULL);

	field(body, "code=", text, sizeof(text));
	for (unsigned i = 0; i < sizeof(id) && text[2 * i] && text[2 * i + 1]; i++) {
		id[i] = (unsigned char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	}
	const struct param find[] = {NOTHING, {id, sizeof(id), 0}, NUMBER(bare->realm)};
	const struct param consume[] = {
		NUMBER(now), NUMBER(now), NUMBER(now + 86400), {id, sizeof(id), 0}};

	read_one(bare, GRANT, find);
	run(bare, CONSUME, consume);
	reply_tokens(bare, out, text);
}

static void
own(struct bare *bare, const char *body, FCGX_Stream *out)
{
	(void)body;
	reply_token(bare, out);
}

static void
assertion(struct bare *bare, const char *body, FCGX_Stream *out)
{
	(void)body;
	unsigned char hash[32];
	const struct param seen[] = {{hash, sizeof(hash), 0}, NUMBER(time(NULL) + 600)};

	verify(bare);
	RAND_bytes(hash, sizeof(hash));
	run(bare, SEEN, seen);
	reply_token(bare, out);
}

static const struct {
	const char *path;
	void (*answer)(struct bare *bare, const char *body, FCGX_Stream *out);
} loops[] = {
	{"/bare/introspect", introspect}, {"/bare/userinfo", userinfo}, {"/bare/refresh", refresh},
	{"/bare/authorize", authorize},   {"/bare/token", token},       {"/bare/own", own},
	{"/bare/assertion", assertion},
};

int
main(void)
{
	static struct bare bare;
	FCGX_Request request;

	connect_and_load(&bare);
	bare.key = EVP_EC_gen("P-256");
	bare.signature_size = sign(&bare, bare.signature);
	bare.turn = (unsigned)getpid() * 125;
	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		char body[8192];
		const char *uri = FCGX_GetParam("REQUEST_URI", request.envp);
		int size = FCGX_GetStr(body, sizeof(body) - 1, request.in);

		body[size > 0 ? size : 0] = 0;
		request.keepConnection = 0;
		for (unsigned i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
			if (uri && !strncmp(uri, loops[i].path, strlen(loops[i].path)))
				loops[i].answer(&bare, body, request.out);
		}
	}
	return 0;
}
