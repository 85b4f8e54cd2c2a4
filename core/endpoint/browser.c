/* SPDX-License-Identifier: ISC */
/*
 * Cookies: "__Host-" on a host name of our own, "__Secure-" with the mount as path where other
 * applications share the host, neither on plain-http loopback, where browsers would drop them.
 */
#include "core/endpoint/browser.h"

#include <string.h>

#include "core/authn/known.h"
#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/endpoint/call.h"
#include "core/port/people.h"

static const char *
cookie_name(const struct call *call, const char *what)
{
	const struct realm_live *live = call->tx.live;
	const char *prefix = "";

	if (live->secure)
		prefix = live->path[0] == '\0' ? "__Host-" : "__Secure-";
	return arena_printf(call->tx.arena, "%sostiary-%s-%s", prefix, what, live->realm.name);
}

static void
set_cookie(struct call *call, const char *what, const char *value, int64_t max_age)
{
	const struct realm_live *live = call->tx.live;
	const struct http_cookie cookie = {
		.name = cookie_name(call, what),
		.value = value,
		.path = live->path[0] == '\0' ? "/" : live->path,
		.secure = live->secure,
		.max_age = max_age,
	};

	response_cookie(call->response, &cookie);
}

static const char *
get_cookie(struct call *call, const char *what)
{
	return http_cookie(call->tx.arena, call->request, cookie_name(call, what));
}

static int
read_session(struct call *call, struct browser *browser)
{
	struct tx *tx = &call->tx;
	const char *text = get_cookie(call, "session");
	struct handle handle;
	enum store_verdict verdict;

	if (handle_parse(HANDLE_SESSION, text, &handle) != 0)
		return 0;
	verdict = session_find(tx->store, tx->arena, tx->realm->id, handle.id, handle.hash,
			       &browser->session, &browser->account);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	browser->signed_in =
		verdict == STORE_OK &&
		session_check(&browser->session, &browser->account, tx->realm->epoch,
			      tx->realm->settings.session_idle, tx->now) == SESSION_LIVE &&
		people_check(tx, &browser->account) == 0;
	if (browser->signed_in &&
	    session_seen_due(browser->session.last_seen_at, tx->realm->settings.session_idle,
			     tx->now) &&
	    session_touch(tx->store, browser->session.id, tx->now) == STORE_DOWN)
		return fail_down(tx);
	return 0;
}

int
browser_read(struct call *call, struct browser *browser)
{
	const char *value = get_cookie(call, "browser");

	*browser = (struct browser){0};
	browser->has_value = value && b64url_decode_exact(value, strlen(value), browser->value,
							  sizeof(browser->value)) == 0;
	return read_session(call, browser);
}

void
browser_renew(struct call *call, struct browser *browser)
{
	rand_fill(call->tx.provider->random, browser->value, sizeof(browser->value));
	browser->has_value = true;
	set_cookie(call, "browser",
		   b64url_encode(call->tx.arena, browser->value, sizeof(browser->value)), 0);
}

void
browser_ensure(struct call *call, struct browser *browser)
{
	if (!browser->has_value)
		browser_renew(call, browser);
}

void
browser_sign_in(struct call *call, struct browser *browser, const struct account *account,
		const struct signin_result *result)
{
	struct tx *tx = &call->tx;

	set_cookie(call, "session", handle_text(tx->arena, HANDLE_SESSION, &result->handle), 0);
	set_cookie(call, "known", known_make(tx, account), KNOWN_LIFETIME);
	browser_renew(call, browser);
	browser->signed_in = true;
	browser->session = result->session;
	browser->account = *account;
}

void
browser_sign_out(struct call *call, struct browser *browser)
{
	set_cookie(call, "session", "", 0);
	browser_renew(call, browser);
	browser->signed_in = false;
}

const char *
browser_known(struct call *call)
{
	return get_cookie(call, "known");
}
