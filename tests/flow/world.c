/* SPDX-License-Identifier: ISC */
/*
 * Making the world once for a program, and cleaning it between tests.
 */
#include "tests/flow/world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/authn/password.h"
#include "core/authn/throttle.h"
#include "core/base/shared.h"
#include "core/base/str.h"
#include "core/http/pages.h"
#include "core/manage/manage_client.h"
#include "core/manage/manage_key.h"
#include "core/manage/manage_realm.h"
#include "core/model/resource.h"
#include "core/port/key_sets.h"
#include "core/port/rate.h"
#include "core/seal/seal.h"
#include "tests/lib/fake_net.h"

#define WORLD_MEMORY ((size_t)256 << 20)
#define LINES_MAX    4000

struct world world;

static struct {
	struct arena *arena; /* of the program */
	char *line[LINES_MAX];
	size_t lines;
	const char *hash;
	char folder[64];
} own;

static int64_t
now_ms(void *context)
{
	return ((struct world *)context)->now_ms;
}

static void
fill(void *context, void *data, size_t size)
{
	((struct world *)context)->random_calls++;
	rand_fill(&rand_system, data, size);
}

static void
keep_line(void *context, const char *text)
{
	(void)context;
	if (own.lines < LINES_MAX)
		own.line[own.lines++] = strdup(text);
}

static void
drop_lines(void)
{
	while (own.lines)
		free(own.line[--own.lines]);
}

size_t
world_log_count(const char *piece)
{
	size_t count = 0;

	for (size_t i = 0; i < own.lines; i++)
		count += strstr(own.line[i], piece) != NULL;
	return count;
}

const char *
world_log_find(const char *piece)
{
	for (size_t i = own.lines; i-- > 0;)
		if (strstr(own.line[i], piece))
			return own.line[i];
	return NULL;
}

void
world_move(int64_t seconds)
{
	world.now_ms += seconds * 1000;
}

int64_t
world_now(void)
{
	return world.now_ms / 1000;
}

void
world_tx(struct tx *tx, const char *realm)
{
	const struct realm_live *live;

	realms_forget(world.provider.realms);
	assert_int_equal(realms_refresh(world.provider.realms, world.now_ms), STORE_OK);
	tx_begin(tx, &world.provider, world.arena);
	live = realm ? realms_by_name(world.provider.realms, realm) : NULL;
	if (realm && !live)
		fail_msg("no realm %s", realm);
	if (live)
		tx_enter(tx, live);
}

static void
must(enum manage_verdict verdict, const struct buf *why)
{
	if (verdict != MANAGE_OK)
		fail_msg("the world cannot be made: %s", why->data);
}

/* Keys of algorithms that a new realm has none of. */
static void
add_keys(const char *realm)
{
	static const char *const algs[] = {"PS256", "EdDSA"};
	struct manage_keys keys = {0};
	struct tx tx;

	world_tx(&tx, realm);
	for (size_t i = 0; i < COUNT(algs); i++)
		keys.row[keys.count++] = manage_key_make(&tx, tx.realm, algs[i], "active");
	assert_int_equal(manage_key_store(&tx, &keys), STORE_OK);
	assert_int_equal(generation_bump(tx.store), STORE_OK);
}

static void
add_realm(const char *name, const char *issuer, const char *vhost)
{
	const struct manage_realm_new realm = {.name = name, .issuer = issuer, .vhost = vhost};
	struct tx tx;
	struct buf why;

	world_tx(&tx, NULL);
	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	must(manage_realm_add(&tx, &realm, &why), &why);
	add_keys(name);
}

static void
add_realms(void)
{
	add_realm("main", MAIN_ISSUER, NULL);
	add_realm("sub", SUB_ISSUER, NULL);
	add_realm("dev", DEV_ISSUER, NULL);
	add_realm("virt", VIRT_ISSUER, "v");
}

static void
open_provider(void)
{
	struct buf why;
	uint8_t key[SEAL_KEY_SIZE];

	world.random = (struct rand_source){fill, &world};
	world.clock = (struct clock){now_ms, &world};
	world.conf = (struct conf){.throttle_account_limit = 5,
				   .throttle_network_limit = 50,
				   .allow_http_loopback = true};
	buf_init(&why, own.arena, MANAGE_WHY_MAX);
	world.provider = (struct provider){
		.conf = &world.conf,
		.clock = &world.clock,
		.random = &world.random,
		.log = log_to_function(keep_line, NULL),
		.host = "testhost",
		.pages = pages_load(own.arena, "pages", &why),
		.throttle = calloc(1, throttle_size()),
		.fetcher = &fake_net,
		.key_sets = key_sets_new(),
		.rate = calloc(1, rate_size()),
		.ring = ring_open(arena_printf(own.arena, "%s/failures", own.folder)),
	};
	if (!world.provider.pages || !world.provider.throttle || !world.provider.rate ||
	    !world.provider.ring)
		fail_msg("no provider: %s", why.data);
	rand_fill(&rand_system, key, sizeof(key));
	world.provider.master = seal_master_new(own.arena, key);
}

void
world_own_connection(void)
{
	world.provider.store = private_db_store(world.provider.log);
	world.provider.realms =
		realms_new(world.provider.store, world.provider.master, world.provider.log);
}

_Noreturn void
world_child_exit(int status)
{
	const char words[] = {'e', 'x', 'i', 't', ' ', (char)('0' + status), '\0'};

	execl("/bin/sh", "sh", "-c", words, NULL);
	_exit(127);
}

static void
drop_connection(void)
{
	realms_free(world.provider.realms);
	store_close(world.provider.store);
}

int
world_open(void **state)
{
	(void)state;
	own.arena = arena_new(WORLD_MEMORY);
	world.arena = own.arena;
	world.now_ms = WORLD_NOW * 1000;
	snprintf(own.folder, sizeof(own.folder), "/tmp/ostiary-flow.XXXXXX");
	if (!mkdtemp(own.folder))
		fail_msg("no folder");
	world.folder = own.folder;
	open_provider();
	world_own_connection();
	private_db_clear();
	add_realms();
	own.hash = password_hash(own.arena, &rand_system, USER_PASSWORD);
	return 0;
}

int
world_close(void **state)
{
	(void)state;
	drop_connection();
	ring_close(world.provider.ring);
	key_sets_free(world.provider.key_sets);
	free(world.provider.throttle);
	free(world.provider.rate);
	log_close(world.provider.log);
	drop_lines();
	unlink(arena_printf(own.arena, "%s/failures", own.folder));
	rmdir(own.folder);
	arena_free(own.arena);
	return 0;
}

/* Everything but realms and keys. */
static void
empty_tables(void)
{
	static const char *const tables[] = {
		"client",       "client_secret",  "account",         "session",
		"session_fact", "completed_flow", "auth_grant",      "access_token",
		"revoked_jti",  "consent",        "pushed_request",  "device_request",
		"audit",        "fetched",        "resource_server", "trusted_issuer",
		"account_link", "replay",         "signin_source",
	};

	for (size_t i = 0; i < COUNT(tables); i++)
		private_db_number("DELETE FROM %s", tables[i]);
	private_db_number("UPDATE generation SET value = value + 1");
}

static void
add_clients(void)
{
	world_client("main", "web",
		     "{\"redirect_uris\":[\"" WEB_REDIRECT "\"],\"first_party\":true,"
		     "\"client_name\":\"Web & Co\",\"grant_types\":[\"authorization_code\","
		     "\"refresh_token\"],\"post_logout_redirect_uris\":["
		     "\"https://app.example/bye\",\"https://app.example/bye?x=1\"]}",
		     WEB_SECRET);
	world_client("main", "spa",
		     "{\"redirect_uris\":[\"" SPA_REDIRECT "\"],"
		     "\"token_endpoint_auth_method\":\"none\",\"first_party\":true,"
		     "\"origins\":[\"https://spa.example\"],"
		     "\"grant_types\":[\"authorization_code\",\"refresh_token\"]}",
		     NULL);
	world_client("main", "app",
		     "{\"redirect_uris\":[\"" APP_REDIRECT "\",\"http://[::1]/cb\","
		     "\"com.example.app:/cb\"],\"application_type\":\"native\","
		     "\"token_endpoint_auth_method\":\"none\","
		     "\"grant_types\":[\"authorization_code\",\"refresh_token\"]}",
		     NULL);
	world_client("main", "ask",
		     "{\"redirect_uris\":[\"" ASK_REDIRECT "\"],"
		     "\"token_endpoint_auth_method\":\"client_secret_post\","
		     "\"grant_types\":[\"authorization_code\",\"refresh_token\"]}",
		     WEB_SECRET);
}

int
world_fresh(void **state)
{
	(void)state;
	world.arena = arena_new(WORLD_MEMORY);
	world.now_ms = WORLD_NOW * 1000;
	world.answered = NULL;
	drop_lines();
	fake_net_clear();
	memset(world.provider.throttle, 0, throttle_size());
	memset(world.provider.rate, 0, rate_size());
	empty_tables();
	realms_forget(world.provider.realms);
	add_clients();
	world_user("main", "alice", NULL,
		   "{\"name\":\"Alice Example\",\"email\":\"alice@example.org\","
		   "\"email_verified\":true,\"address\":{\"country\":\"DE\"},"
		   "\"phone_number\":\"\",\"groups\":[\"staff\"]}");
	world_user("main", "bob", NULL, NULL);
	return 0;
}

int
world_spent(void **state)
{
	(void)state;
	arena_free(world.arena);
	world.arena = own.arena;
	return 0;
}

/* The command line refuses what is wrong; so do tests. */
static void
check_metadata(const struct tx *tx, const char *metadata)
{
	struct client client;
	struct json_object *document;
	struct buf why;
	const char *text = "";

	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	document = json_parse_object(world.arena, metadata, strlen(metadata), &text);
	if (!document)
		fail_msg("%s: %s", text, metadata);
	client_default(&client, &tx->realm->settings);
	if (client_from_json(world.arena, document, &client, &why) != 0)
		fail_msg("%s: %s", why.data, metadata);
}

void
world_client(const char *realm, const char *client_id, const char *metadata, const char *secret)
{
	struct client_row row = {.client_id = client_id,
				 .metadata = metadata,
				 .enabled = true,
				 .version = 1,
				 .created_at = WORLD_NOW};
	struct tx tx;

	world_tx(&tx, realm);
	check_metadata(&tx, metadata);
	row.realm_id = tx.realm->id;
	(void)client_remove(tx.store, row.realm_id, client_id);
	assert_int_equal(client_insert(tx.store, &row), STORE_OK);
	if (secret)
		world_client_secret(realm, client_id, secret, 0);
	realms_forget(world.provider.realms);
}

void
world_client_secret(const char *realm, const char *client_id, const char *secret,
		    int64_t expires_at)
{
	struct client_secret row = {.created_at = WORLD_NOW, .expires_at = expires_at};
	struct tx tx;

	world_tx(&tx, realm);
	tx_id(&tx, row.id);
	hash_sha256(secret, strlen(secret), row.hash);
	assert_int_equal(client_secret_insert(tx.store, tx.realm->id, client_id, &row), STORE_OK);
	realms_forget(world.provider.realms);
}

void
world_client_off(const char *client_id)
{
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	must(manage_client_enable(&tx, client_id, false, &why), &why);
	realms_forget(world.provider.realms);
}

void
world_resource(const char *identifier, const char *scopes, const char *settings,
	       const char *introspection_clients)
{
	struct resource_row row = {.identifier = identifier,
				   .display_name = "Service & Co",
				   .scopes = scopes,
				   .settings = settings,
				   .introspection_clients = introspection_clients};
	struct resource resource;
	const char *why = NULL;
	struct tx tx;

	world_tx(&tx, "main");
	row.realm_id = tx.realm->id;
	if (resource_read(world.arena, &row, &resource, &why) != 0)
		fail_msg("%s: %s", identifier, why);
	assert_int_equal(resource_put(tx.store, &row), STORE_OK);
	realms_forget(world.provider.realms);
}

void
world_user(const char *realm, const char *username, const char *hash, const char *claims)
{
	struct account account = {.username = username,
				  .password = hash ? hash : own.hash,
				  .created_at = WORLD_NOW,
				  .updated_at = WORLD_NOW};
	struct tx tx;

	world_tx(&tx, realm);
	if (hash && hash[0] == '\0')
		account.password = NULL;
	account.realm_id = tx.realm->id;
	tx_id(&tx, account.id);
	account.sub = tx_hex(&tx, account.id);
	account.claims = json_parse_object(world.arena, claims ? claims : "{}",
					   strlen(claims ? claims : "{}"), NULL);
	assert_int_equal(account_insert(tx.store, &account), STORE_OK);
}

void
world_account(const char *username, struct account *account)
{
	struct tx tx;

	world_tx(&tx, "main");
	assert_int_equal(account_find_name(tx.store, tx.arena, tx.realm->id, username, account),
			 STORE_OK);
}

void
world_realm_set(const char *name, const char *value)
{
	const struct manage_pair pair = {name, value};
	struct buf why;
	struct tx tx;

	world_tx(&tx, "main");
	buf_init(&why, world.arena, MANAGE_WHY_MAX);
	must(manage_realm_set(&tx, &pair, 1, &why), &why);
	realms_forget(world.provider.realms);
}
