/* SPDX-License-Identifier: ISC */
/*
 * What tests of devices have in common.
 */
#include "tests/flow/device.h"

#include "core/base/str.h"

/* "tv": a public client of devices. */
int
device_fresh(void **state)
{
	world_fresh(state);
	world_client("main", "tv",
		     "{\"client_name\":\"TV & Co\",\"token_endpoint_auth_method\":\"none\","
		     "\"origins\":[\"https://tv.example\"],\"grant_types\":["
		     "\"" GRANT_TYPE_DEVICE_CODE "\",\"refresh_token\"]}",
		     NULL);
	return 0;
}

struct answer
device_begin_with(const char *form)
{
	const struct ask ask = {
		.target = "/device_authorization",
		.body = form,
		.address = DEVICE_ADDRESS,
	};

	return request_send(&ask);
}

struct answer
device_ask(const char *scope)
{
	struct answer answer = device_begin_with(
		params("client_id", "tv", "scope", scope ? scope : "openid", NULL));

	check_status(answer, 200, "begin");
	return answer;
}

struct answer
device_poll_as(const char *client_id, const struct answer *device)
{
	return token_post(NULL,
			  params("grant_type", GRANT_TYPE_DEVICE_CODE, "device_code",
				 member(device, "device_code"), "client_id", client_id, NULL));
}

struct answer
device_polls(const struct answer *device)
{
	return device_poll_as("tv", device);
}

struct answer
device_enter(struct agent *agent, const char *code)
{
	struct answer answer = agent_get(agent, "/device");

	check_status(answer, 200, "page");
	return agent_post(agent, "/device",
			  params("flow", page_field(&answer, "flow"), "user_code", code, NULL));
}

struct answer
device_question(struct agent *agent, const struct answer *device)
{
	struct answer answer = device_enter(agent, member(device, "user_code"));

	if (str_equal(page_kind(&answer), "signin"))
		answer = sign_in(agent, &answer, "alice", USER_PASSWORD);
	check_text(page_kind(&answer), "consent", "question");
	return answer;
}

void
device_allow(struct agent *agent, const struct answer *device)
{
	struct answer answer = device_question(agent, device);

	answer = press(agent, &answer, "allow");
	check_status(answer, 200, "allow");
	check_has(answer.body, "The device is signed in", "allow");
}
