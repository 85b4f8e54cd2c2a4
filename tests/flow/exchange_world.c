/* SPDX-License-Identifier: ISC */
/*
 * The clients, the resource servers and the first token.
 */
#include "tests/flow/exchange_world.h"

#include "core/base/str.h"

static struct agent alice;

struct answer web_set;
const char *web_token;

void
add_service(const char *client_id, const char *more)
{
	world_client("main", client_id,
		     arena_printf(world.arena,
				  "{\"grant_types\":[\"client_credentials\",\"" EXCHANGE_TYPE
				  "\"],\"scope\":\"openid read audit\"%s}",
				  more),
		     WEB_SECRET);
}

struct answer
sign_in_for(const char *resource, const char *scope)
{
	const char *request = params_with(request_of("web"), "scope", scope);

	if (resource)
		request = params_with(request, "resource", resource);
	return redeem("web",
		      walk_code(&alice, arena_printf(world.arena, "/authorize?%s", request)));
}

int
exchange_begin(void **state)
{
	int result = world_fresh(state);

	alice = (struct agent){0};
	world_resource(API, "{\"read\":{\"\":\"Read\"},\"write\":{\"\":\"Write\"}}", "{}", NULL);
	world_resource(BACK, "{\"read\":{\"\":\"Read\"},\"audit\":{\"\":\"Audit\"}}", "{}",
		       "back-end");
	world_resource(DARK, "{\"read\":{\"\":\"Read\"}}", "{\"access_token_format\":\"opaque\"}",
		       NULL);
	world_client("main", "web",
		     WEB_CLIENT(",\"exchange_clients\":[\"svc\",\"deep\",\"imp\",\"both\"]"),
		     WEB_SECRET);
	add_service("svc", ",\"resources\":[\"" BACK "\",\"" DARK "\"],"
			   "\"exchange_clients\":[\"deep\"]");
	add_service("deep", ",\"resources\":[\"" BACK "\"]");
	add_service("imp", ",\"resources\":[\"" BACK "\"],\"exchange_modes\":[\"impersonation\"]");
	add_service("both", ",\"resources\":[\"" BACK "\"],"
			    "\"exchange_modes\":[\"delegation\",\"impersonation\"]");
	add_service("odd", ",\"resources\":[\"" BACK "\"]");
	web_set = sign_in_for(API, "openid read write offline_access");
	check_status(web_set, 200, "the subject's tokens");
	web_token = member(&web_set, "access_token");
	return result;
}

const char *
form_of_web(void)
{
	return exchange_form(TYPE_ACCESS, web_token);
}

const char *
exchanged(const char *client_id, const char *form)
{
	struct answer answer = exchange_as(client_id, form);

	check_status(answer, 200, client_id);
	return member(&answer, "access_token");
}
