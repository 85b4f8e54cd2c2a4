/* SPDX-License-Identifier: ISC */
/*
 * The endpoint reference: routes, their parameters, grants, ways of client authentication, response
 * modes and errors, as Markdown.
 */
#include "ctl/reference_endpoints.h"

#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/endpoint/call.h"
#include "core/endpoint/reference.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/grant/grant.h"

static const char *const method_names[] = {
	[HTTP_GET] = "GET",
	[HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",
	[HTTP_DELETE] = "DELETE",
};

static void
add_methods(struct buf *out, unsigned methods)
{
	const char *comma = "";

	for (size_t i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++) {
		if (!method_names[i] || !(methods & METHOD(i)))
			continue;
		buf_printf(out, "%s%s", comma, method_names[i]);
		comma = ", ";
	}
}

static const char *
cors_text(enum route_cors cors)
{
	switch (cors) {
	case CORS_NONE:
		return "no";
	case CORS_ANY:
		return "any origin";
	case CORS_CLIENT:
		return "the client's `origins`";
	}
	bug("unknown CORS rule");
}

static void
add_overview(struct buf *out, const struct endpoint_reference *rows, size_t count)
{
	buf_add_text(out,
		     "| path | methods | discovery | scripts of other origins | specification |\n"
		     "|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		const struct route *route = route_find(rows[i].path);

		if (!route)
			bug("the reference describes an endpoint that is not there");
		buf_printf(out, "| [`%s`](#%s) | ", rows[i].path, rows[i].path + 1);
		add_methods(out, route->methods);
		buf_printf(out, " | %s%s%s | %s | %s |\n", route->member ? "`" : "",
			   route->member ? route->member : "", route->member ? "`" : "",
			   cors_text(route->cors), rows[i].specification);
	}
}

static void
add_parameters(struct buf *out, const struct endpoint_parameter *one)
{
	buf_add_text(out, "\n| parameter | when | meaning |\n|---|---|---|\n");
	for (; one->name; one++)
		buf_printf(out, "| `%s` | %s | %s |\n", one->name, one->when, one->help);
}

static void
add_endpoint(struct buf *out, const struct endpoint_reference *row)
{
	buf_printf(out, "\n### <a id=\"%s\"></a>`%s`\n\n%s\n", row->path + 1, row->path, row->help);
	if (row->parameters)
		add_parameters(out, row->parameters);
}

static void
add_grants(struct buf *out)
{
	size_t count;
	const struct grant_row *rows = grants_table(&count);

	buf_add_text(out, "\n## Grant types\n\n");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "* `%s`\n", rows[i].name);
}

static void
add_client_auth(struct buf *out)
{
	size_t count;
	const struct client_auth_row *rows = client_auth_table(&count);

	buf_add_text(out, "\n## Client authentication\n\n"
			  "One of these, the one registered as `token_endpoint_auth_method`:\n\n");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "* `%s`\n", rows[i].name);
	add_parameters(out, client_auth_parameters);
}

static void
add_errors(struct buf *out)
{
	buf_add_text(out, "\n## Errors\n\n"
			  "Answered as JSON with `error`, `error_description` and a request id, or "
			  "sent to the redirect URI where the\ntable says so. `ostiary explain ID` "
			  "tells the administrator why.\n\n"
			  "| `error` | status | by redirect |\n|---|---:|---|\n");
	for (int i = OAUTH_NONE + 1; i < OAUTH_ERROR_COUNT; i++) {
		const struct oauth_error_row *row = oauth_error_row((enum oauth_error)i);

		buf_printf(out, "| `%s` | %d | %s |\n", row->name, row->status,
			   row->redirect ? "yes" : "no");
	}
}

void
reference_endpoints(struct buf *out)
{
	size_t count;
	const struct endpoint_reference *rows = endpoint_reference_table(&count);

	buf_add_text(out, "# Endpoints\n\n"
			  "Made by `make docs` from the tables that the program itself works by. "
			  "Paths stand behind the issuer.\n\n");
	add_overview(out, rows, count);
	buf_add_text(out,
		     "\n## Parameters\n\n"
		     "No parameter may be sent twice but `resource` and `audience`. A parameter "
		     "without a value counts as not\nsent. Endpoints that clients authenticate at "
		     "also take the parameters of the method "
		     "([below](#client-authentication)).\n");
	for (size_t i = 0; i < count; i++)
		add_endpoint(out, &rows[i]);
	add_grants(out);
	add_client_auth(out);
	add_errors(out);
}
