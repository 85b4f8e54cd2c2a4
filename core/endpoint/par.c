/* SPDX-License-Identifier: ISC */
/*
 * POST /par (RFC 9126): an authorization request, checked while its client can still be told so.
 */
#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/oauth/authz/authz.h"

void
handle_par(struct call *call)
{
	struct tx *tx = &call->tx;
	struct authz *authz = arena_alloc(tx->arena, sizeof(*authz));
	struct json_object *document = json_new_object(tx->arena);
	const char *request_uri;
	int64_t expires_in;

	if (call_client(call, true, &authz->client) != 0 ||
	    authz_read(tx, &call->form, AUTHZ_AT_PAR, authz) != 0 ||
	    authz_push(tx, authz, &request_uri, &expires_in) != 0)
		return;
	json_add_text(document, "request_uri", request_uri);
	json_add_int(document, "expires_in", expires_in);
	response_json(call->response, 201, document);
}
