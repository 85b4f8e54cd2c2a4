/* SPDX-License-Identifier: ISC */
/*
 * POST /device_authorization (RFC 8628 3.1, 3.2): what a device is to show, and what it polls with.
 * verification_uri_complete is also there as a picture: the member qr_uri names it.
 */
#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/oauth/device.h"

void
handle_device_authorization(struct call *call)
{
	struct tx *tx = &call->tx;
	struct authz *authz = arena_alloc(tx->arena, sizeof(*authz));
	struct json_object *document = json_new_object(tx->arena);
	struct device_answer answer;

	if (call_client(call, true, &authz->client) != 0 ||
	    authz_read(tx, &call->form, AUTHZ_AT_DEVICE, authz) != 0 ||
	    device_begin(tx, authz, call->request->user_agent, &answer) != 0)
		return;
	json_add_text(document, "device_code", answer.device_code);
	json_add_text(document, "user_code", answer.user_code);
	json_add_text(document, "verification_uri", page_url(call, "/device"));
	json_add_text(document, "verification_uri_complete",
		      arena_printf(tx->arena, "%s?user_code=%s", page_url(call, "/device"),
				   answer.user_code));
	json_add_text(document, "qr_uri",
		      arena_printf(tx->arena, "%s?user_code=%s", page_url(call, "/device/qr"),
				   answer.user_code));
	json_add_int(document, "expires_in", answer.expires_in);
	json_add_int(document, "interval", DEVICE_POLL_INTERVAL);
	response_json(call->response, 200, document);
}
