/* SPDX-License-Identifier: ISC */
/*
 * How the web server lets requests in and answers out, for what servers are most often set up
 * wrongly: the addresses outside the mount, the header Authorization, sizes, cookies, plain http.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/base/uri.h"
#include "core/model/client.h"
#include "ctl/doctor.h"

#define ABOUT      "web server"
#define BODY_SIZE  65536 /* what an endpoint takes */
#define LINE_SIZE  12000 /* a request with claims and several languages */
#define STATE_SIZE 1500  /* each becomes three bytes of the redirect */
#define PRINTS_IT  "`ostiary vhost` prints what is needed"

struct mount {
	struct doctor *doctor;
	const struct realm *realm;
	struct uri issuer;
	const char *origin;
	size_t wrong;
};

static void
complain(struct mount *mount, enum finding finding, const char *text)
{
	mount->wrong++;
	doctor_find(mount->doctor, finding, ABOUT, "realm %s: %s", mount->realm->name, text);
}

/* RFC 8414 3 and 5 put the well-known part between host and path. */
static void
check_well_known(struct mount *mount)
{
	static const char *const kinds[] = {"oauth-authorization-server", "openid-configuration"};
	struct arena *arena = mount->doctor->cli->arena;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *url = arena_printf(arena, "%s/.well-known/%s%s", mount->origin,
					       kinds[i], mount->issuer.path);
		const char *why = NULL;
		const char *text = doctor_fetch(mount->doctor, url, &why);
		struct json_object *object =
			text ? json_parse_object(arena, text, strlen(text), &why) : NULL;

		if (object && str_equal(json_text_or_null(object, "issuer"), mount->realm->issuer))
			continue;
		complain(mount, FINDING_ERROR,
			 arena_printf(arena,
				      "%s does not lead to Ostiary: %s; this address lies outside "
				      "the mount and needs an entry of its own: " PRINTS_IT,
				      url, why ? why : "another issuer answers"));
	}
}

/* A token that is none is named in the challenge; a request without one is not (RFC 6750 3). */
static void
check_authorization(struct mount *mount)
{
	struct arena *arena = mount->doctor->cli->arena;
	const struct doctor_ask ask = {
		.url = arena_printf(arena, "%s/userinfo", mount->realm->issuer),
		.header = "Authorization: Bearer a-question-of-doctor",
	};
	struct doctor_answer answer;
	const char *challenge;

	if (doctor_ask(mount->doctor, &ask, &answer) != 0 || answer.status >= 500)
		return;
	challenge = doctor_header(arena, &answer, "WWW-Authenticate", 0);
	if (!challenge || !strstr(challenge, "invalid_token"))
		complain(mount, FINDING_ERROR,
			 "the header Authorization is lost on its way: Apache needs CGIPassAuth "
			 "On; " PRINTS_IT);
}

static const char *
repeat(struct arena *arena, char c, size_t count)
{
	struct buf out;

	buf_init(&out, arena, count + 1);
	while (count-- > 0)
		buf_add_char(&out, c);
	return out.data;
}

static void
check_sizes(struct mount *mount)
{
	struct arena *arena = mount->doctor->cli->arena;
	const char *issuer = mount->realm->issuer;
	const struct doctor_ask body = {
		.url = arena_printf(arena, "%s/token", issuer),
		.body = repeat(arena, 'x', BODY_SIZE),
	};
	const struct doctor_ask line = {
		.url = arena_printf(arena, "%s/.well-known/openid-configuration?%s", issuer,
				    repeat(arena, 'x', LINE_SIZE)),
	};
	struct doctor_answer answer;

	if (doctor_ask(mount->doctor, &body, &answer) != 0 || answer.status == 413 ||
	    answer.status >= 500)
		complain(mount, FINDING_ERROR,
			 "a body of 64 KiB does not come through: nginx client_max_body_size, "
			 "mod_fcgid FcgidMaxRequestLen, lighttpd "
			 "server.max-request-size; " PRINTS_IT);
	if (doctor_ask(mount->doctor, &line, &answer) != 0 || answer.status != 200)
		complain(mount, FINDING_WARNING,
			 "a request line of 12 KB does not come through: nginx "
			 "large_client_header_buffers, Apache LimitRequestLine, lighttpd "
			 "server.max-request-field-size; " PRINTS_IT);
}

/* ---- what needs a client ---- */

static const struct client *
any_client(struct mount *mount)
{
	struct tx *tx = &mount->doctor->cli->tx;
	const struct realm *realm = mount->realm;
	struct client_row *rows = NULL;
	size_t count = 0;

	if (client_list(tx->store, tx->arena, realm->id, NULL, 200, &rows, &count) == STORE_DOWN)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const struct client *client;

		if (client_find(tx->store, tx->arena, realm->id, &realm->settings,
				rows[i].client_id, -1, &client) == STORE_OK &&
		    client->enabled && client->redirect_uris.count > 0 &&
		    !client->require_pushed_authorization_requests)
			return client;
	}
	return NULL;
}

static int
ask_authorize(struct mount *mount, const struct client *client, bool silently,
	      struct doctor_answer *answer)
{
	struct arena *arena = mount->doctor->cli->arena;
	struct doctor_ask ask = {0};
	struct buf url;
	char separator = '?';

	buf_init(&url, arena, URI_MAX * 8);
	buf_printf(&url, "%s/authorize", mount->realm->issuer);
	uri_add_parameter(&url, &separator, "client_id", client->client_id);
	uri_add_parameter(&url, &separator, "redirect_uri", client->redirect_uris.item[0]);
	uri_add_parameter(&url, &separator, "response_type", "code");
	uri_add_parameter(&url, &separator, "scope", "openid");
	uri_add_parameter(&url, &separator, "code_challenge", repeat(arena, 'A', 43));
	uri_add_parameter(&url, &separator, "code_challenge_method", "S256");
	if (silently) {
		uri_add_parameter(&url, &separator, "prompt", "none");
		uri_add_parameter(&url, &separator, "state", repeat(arena, '<', STATE_SIZE));
	}
	ask.url = url.data;
	return doctor_ask(mount->doctor, &ask, answer);
}

/* Nobody is signed in here, so the answer is a redirect with all of the state in it. */
static void
check_large_header(struct mount *mount, const struct client *client)
{
	struct doctor_answer answer;

	if (ask_authorize(mount, client, true, &answer) == 0 && answer.status < 500)
		return;
	complain(mount, FINDING_ERROR,
		 "a redirect of 5 KB does not come through: nginx fastcgi_buffer_size 16k and "
		 "fastcgi_buffers 8 16k; " PRINTS_IT);
}

static void
check_cookie(struct mount *mount, const struct client *client)
{
	struct arena *arena = mount->doctor->cli->arena;
	const char *path = *mount->issuer.path ? mount->issuer.path : "/";
	const char *prefix = *mount->issuer.path ? "__Secure-" : "__Host-";
	bool secure = str_equal(mount->issuer.scheme, "https");
	struct doctor_answer answer;
	const char *cookie, *name;

	if (ask_authorize(mount, client, false, &answer) != 0 || answer.status != 200)
		return;
	cookie = doctor_header(arena, &answer, "Set-Cookie", 0);
	name = arena_printf(arena, "%sostiary-browser-%s=", secure ? prefix : "",
			    mount->realm->name);
	if (cookie && str_starts(cookie, name) && strstr(cookie, "HttpOnly") &&
	    (!secure || strstr(cookie, "; Secure")) &&
	    strstr(arena_printf(arena, "%s;", cookie), arena_printf(arena, "; Path=%s;", path)))
		return;
	complain(mount, FINDING_ERROR,
		 arena_printf(arena,
			      "the cookie %.*s does not arrive as it was sent, for the path %s: "
			      "does the web server change or hide Set-Cookie?",
			      (int)strlen(name) - 1, name, path));
}

/* ---- http ---- */

static void
check_plain(struct mount *mount)
{
	struct arena *arena = mount->doctor->cli->arena;
	const struct uri *issuer = &mount->issuer;
	struct doctor_answer answer;
	struct doctor_ask ask = {0};

	if (!str_equal(issuer->scheme, "https"))
		return;
	ask.url = arena_printf(arena, "http%s/.well-known/openid-configuration",
			       mount->realm->issuer + strlen("https"));
	if (doctor_ask(mount->doctor, &ask, &answer) != 0 || answer.status != 200 ||
	    !strstr(answer.body, mount->realm->issuer))
		return;
	complain(mount, FINDING_WARNING,
		 arena_printf(arena,
			      "%s is answered without TLS: redirect http to https there, so that "
			      "no password and no token goes that way",
			      ask.url));
}

void
doctor_mount(struct doctor *doctor, const struct realm *realm)
{
	struct mount mount = {.doctor = doctor, .realm = realm};
	const struct client *client;

	if (uri_parse(doctor->cli->arena, realm->issuer, &mount.issuer) != 0)
		return;
	mount.origin = uri_origin(doctor->cli->arena, &mount.issuer);
	check_well_known(&mount);
	check_authorization(&mount);
	check_sizes(&mount);
	check_plain(&mount);
	client = any_client(&mount);
	if (client) {
		check_large_header(&mount, client);
		check_cookie(&mount, client);
	}
	if (mount.wrong == 0)
		doctor_find(doctor, FINDING_OK, ABOUT,
			    "realm %s: addresses, headers%s and sizes come through", realm->name,
			    client ? ", cookies" : "");
}
