/* SPDX-License-Identifier: ISC */
/*
 * Cross-origin reading (Fetch standard): public documents for everyone, the rest for the registered
 * origins of the client at hand. A preflight cannot know the client, and allowing one gives nothing
 * away: the answer itself is what is guarded.
 */
#include "core/base/str.h"
#include "core/endpoint/call.h"
#include "core/model/client.h"

void
cors_preflight(struct call *call)
{
	struct http_response *response = call->response;

	response->status = 204;
	if (!call->request->origin || !call->request->access_control_method)
		return;
	if (call->route->cors == CORS_CLIENT && str_printable(call->request->origin))
		response_header_set(response, "Access-Control-Allow-Origin", call->request->origin);
	response_header_set(response, "Access-Control-Allow-Methods", route_methods(call));
	/* what is for everybody may be asked for with any header: some clients send their own */
	response_header_set(response, "Access-Control-Allow-Headers",
			    call->route->cors == CORS_ANY ? "Authorization, Content-Type, *"
							  : "Authorization, Content-Type");
	response_header_set(response, "Access-Control-Max-Age", "7200");
}

void
cors_allow_client(struct call *call, const struct client *client)
{
	const char *origin = call->request->origin;

	if (!origin || !client || !strlist_has(&client->origins, origin))
		return;
	response_header_set(call->response, "Access-Control-Allow-Origin", origin);
	response_header_set(call->response, "Access-Control-Expose-Headers", "WWW-Authenticate");
}
