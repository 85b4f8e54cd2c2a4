/* SPDX-License-Identifier: ISC */
/*
 * The one file that renders failures: to the client by redirect where that is proven safe, as JSON
 * to programs, as a page to people. Every failure leaves a log line and a record that `ostiary
 * explain` finds by the request id.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/base/shared.h"
#include "core/endpoint/call.h"
#include "core/endpoint/reply.h"
#include "core/oauth/authz/authz.h"

static const char *
about(const struct call *call)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",     [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",     [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
		[HTTP_OTHER] = "OTHER",
	};

	return arena_printf(call->tx.arena, "%s %.200s", names[call->request->method],
			    call->request->path ? call->request->path : "(unacceptable path)");
}

/* What a stranger sent must not add lines to a record. */
static const char *
one_line(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text ? text : "-");

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return copy;
}

static void
record(struct call *call, const struct oauth_error_row *row)
{
	struct tx *tx = &call->tx;
	const struct failure *failure = &tx->failure;
	enum log_level level = row->status >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;
	const char *what = about(call);

	if (tx->failure.error == OAUTH_NOT_FOUND || row->redirect)
		level = row->status >= 500 ? level : LOG_LEVEL_DEBUG;
	tx_log(tx, level, "request_failed", "about", what, "error", row->name, "text",
	       failure->text, "detail", failure->detail);
	if (tx->provider->ring)
		ring_write(
			tx->provider->ring,
			arena_printf(tx->arena,
				     "%s\ntime=%lld\nrequest=%s\nrealm=%s\nclient=%s\naddress=%s\n"
				     "error=%s\nstatus=%d\ntext=%s\ndetail=%s\n",
				     tx_request_id(tx), (long long)tx->now, what,
				     tx->realm ? tx->realm->name : "-",
				     tx->client_id ? tx->client_id : "-",
				     one_line(tx->arena, tx->address), row->name, row->status,
				     failure->text, one_line(tx->arena, failure->detail)));
}

/* RFC 6750 3.1: what a token that does not reach far enough would need. */
static const char *
bearer_scope(const struct call *call)
{
	if (!call->bearer_scope || call->tx.failure.error != OAUTH_INSUFFICIENT_SCOPE)
		return "";
	return arena_printf(call->tx.arena, ", scope=\"%s\"", call->bearer_scope);
}

static void
add_challenge(struct call *call, const struct oauth_error_row *row)
{
	struct tx *tx = &call->tx;
	const char *realm = tx->realm ? tx->realm->name : "ostiary";

	if (tx->failure.error == OAUTH_INVALID_CLIENT)
		response_header_set(
			call->response, "WWW-Authenticate",
			arena_printf(tx->arena, "Basic realm=\"%s\", charset=\"UTF-8\"", realm));
	if (row->bearer && tx->failure.nothing_sent)
		response_header_set(call->response, "WWW-Authenticate",
				    arena_printf(tx->arena, "Bearer realm=\"%s\"", realm));
	else if (row->bearer || (call->bearer_scope && row->status < 500))
		response_header_set(
			call->response, "WWW-Authenticate",
			arena_printf(
				tx->arena,
				"Bearer realm=\"%s\", error=\"%s\", error_description=\"%s\"%s",
				realm, row->name, tx->failure.text, bearer_scope(call)));
}

static void
send_json(struct call *call, const struct oauth_error_row *row)
{
	struct json_object *document = json_new_object(call->tx.arena);

	json_add_text(document, "error", row->name);
	json_add_text(document, "error_description", call->tx.failure.text);
	json_add_text(document, "request_id", tx_request_id(&call->tx));
	add_challenge(call, row);
	response_header_set(call->response, "Cache-Control", "no-store");
	response_header_set(call->response, "X-Content-Type-Options", "nosniff");
	response_json(call->response,
		      call->tx.failure.status ? call->tx.failure.status : row->status, document);
}

static void
send_page(struct call *call, const struct oauth_error_row *row)
{
	struct tx *tx = &call->tx;
	const char *key = tx->failure.page ? tx->failure.page : row->page;
	struct json_object *values = page_values(call, NULL);
	struct json_object *error = locale_error(
		tx->arena, call->locale, key, "seconds",
		arena_printf(tx->arena, "%lld", (long long)tx->failure.retry_after), NULL);

	json_add_text(error, "code", row->name);
	json_add(values, "error", error);
	json_add_text(values, "request_id", tx_request_id(tx));
	if (call->request->method == HTTP_GET && call->request->path)
		json_add_text(values, "retry_uri",
			      arena_printf(tx->arena, "%s%s%s", call->request->path,
					   *call->request->query ? "?" : "", call->request->query));
	page_send(call, row->status, row->status == 503 ? "unavailable" : "error", values);
}

/* Only what is proven, and a passing trouble not at all: the person has lost nothing and can ask
 * again. A program that asked with prompt=none has nobody to show a page to. */
static bool
goes_to_client(const struct call *call, const struct oauth_error_row *row)
{
	const struct authz *authz = call->authz;

	if (!authz || !authz->reply_to || !row->redirect)
		return false;
	return row->status != 503 || (authz->prompt & PROMPT_NONE);
}

void
failure_send(struct call *call)
{
	struct tx *tx = &call->tx;
	const struct oauth_error_row *row = oauth_error_row(tx->failure.error);

	record(call, row);
	response_header_set(call->response, "X-Request-Id", tx_request_id(tx));
	if (goes_to_client(call, row)) {
		const struct reply reply = reply_failure(tx, call->authz);

		reply_send(call, call->authz, &reply);
		return;
	}
	if (tx->failure.retry_after)
		response_header_set(
			call->response, "Retry-After",
			arena_printf(tx->arena, "%lld", (long long)tx->failure.retry_after));
	if (call->route && call->route->kind == ROUTE_API)
		send_json(call, row);
	else
		send_page(call, row);
}
