/* SPDX-License-Identifier: ISC */
/*
 * /device (RFC 8628 3.3): somebody types the code that a device shows, signs in where needed, and
 * is asked: always, whatever was allowed before, as whoever sends people codes counts on habit
 * (5.4). A link that holds the code only fills the field in. GET looks at nothing that is stored;
 * each attempt is charged before a code is looked up, and refunded when one was right.
 */
#include <string.h>

#include "core/authn/throttle.h"
#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/endpoint/consent_list.h"
#include "core/endpoint/interaction.h"
#include "core/http/qr.h"
#include "core/oauth/device.h"

#define AGENT_SHOWN_MAX 120 /* characters: enough to know a device by, too few to tell a story */

/* ---- the page that asks for the code ---- */

/* Why it is shown again. */
struct code_page {
	const char *code; /* letters that stand in the field; NULL */
	bool from_link;
	bool wrong;
	int64_t wait; /* seconds; 0: none */
};

static void
show_code(struct interaction *interaction, const struct code_page *page)
{
	struct call *call = interaction->call;
	struct arena *arena = call->tx.arena;
	struct json_object *values = interaction_values(interaction, "/device");
	int status = 200;

	if (!values)
		return;
	if (page->code)
		json_add_text(values, "user_code", user_code_show(arena, page->code));
	json_add_bool(values, "from_link", page->from_link);
	if (page->wrong) {
		json_add_bool(values, "wrong", true);
		status = 403;
	}
	if (page->wait) {
		const char *seconds = arena_printf(arena, "%lld", (long long)page->wait);

		json_add_bool(values, "throttled", true);
		json_add(values, "t",
			 locale_json_format(arena, call->locale, "seconds", seconds, "realm",
					    call->tx.realm->display_name, NULL));
		response_header_set(call->response, "Retry-After", seconds);
		status = 429;
	}
	page_send(call, status, "device", values);
}

static void
begin(struct interaction *interaction, const char *code)
{
	struct tx *tx = &interaction->call->tx;

	flow_make(tx, interaction->browser.value,
		  arena_printf(tx->arena, "user_code=%s", code ? code : ""), &interaction->flow);
}

static void
get_page(struct interaction *interaction)
{
	struct call *call = interaction->call;
	struct tx *tx = &call->tx;
	struct code_page page = {
		.code = user_code_normalise(tx->arena, form_get(&call->query, "user_code")),
	};

	if (!interaction->browser.has_value && form_get(&call->query, INTERACTION_RESTARTED)) {
		tx->failure.page = "cookies";
		(void)fail(tx, OAUTH_INVALID_REQUEST, "the browser does not keep cookies", NULL);
		return;
	}
	page.from_link = page.code != NULL;
	begin(interaction, page.code);
	show_code(interaction, &page);
}

static void
charge_keys(const struct interaction *interaction, struct throttle_keys *keys)
{
	const struct tx *tx = &interaction->call->tx;
	const struct conf *conf = tx->provider->conf;

	throttle_keys_code(keys, interaction->browser.value, tx->address ? tx->address : "",
			   (uint32_t)conf->throttle_account_limit,
			   (uint32_t)conf->throttle_network_limit);
}

/* The request of the code, or the page again. */
static int
look_up(struct interaction *interaction, struct code_page *page, struct device_request *request)
{
	struct tx *tx = &interaction->call->tx;
	struct throttle_keys keys;
	enum store_verdict verdict;

	page->wrong = !page->code;
	if (page->wrong)
		return -1;
	charge_keys(interaction, &keys);
	page->wait = throttle_charge(tx->provider->throttle, &keys, tx->now);
	if (page->wait) {
		tx_log(tx, LOG_LEVEL_WARN, "device_code_throttled", "wait",
		       arena_printf(tx->arena, "%lld", (long long)page->wait));
		return -1;
	}
	verdict = device_waiting(tx, page->code, request);
	if (verdict != STORE_NONE)
		throttle_refund(tx->provider->throttle, &keys, tx->now);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	page->wrong = verdict != STORE_OK;
	if (page->wrong)
		tx_log(tx, LOG_LEVEL_WARN, "device_code_wrong", "detail", "no device waits there");
	return page->wrong ? -1 : 0;
}

static void
post_page(struct interaction *interaction)
{
	struct call *call = interaction->call;
	struct tx *tx = &call->tx;
	struct device_request *request = arena_alloc(tx->arena, sizeof(*request));
	struct code_page page = {
		.code = user_code_normalise(tx->arena, form_get(&call->form, "user_code")),
	};

	if (interaction_open(interaction, form_get(&call->form, "flow")) != 0)
		return;
	if (interaction->errand != &errand_device) {
		tx->failure.page = "flow_expired";
		(void)fail(tx, OAUTH_INVALID_REQUEST, "this page is no longer valid", NULL);
		return;
	}
	if (look_up(interaction, &page, request) != 0) {
		if (tx->failure.error == OAUTH_NONE)
			show_code(interaction, &page);
		return;
	}
	begin(interaction, page.code);
	interaction->device = request;
	if (device_read(tx, request, &interaction->authz) == 0)
		interaction_go(interaction);
}

void
handle_device(struct call *call)
{
	struct interaction *interaction = arena_alloc(call->tx.arena, sizeof(*interaction));
	bool post = call->request->method == HTTP_POST;

	interaction->call = call;
	interaction->errand = &errand_device;
	if ((post && call_read_form(call) != 0) || browser_read(call, &interaction->browser) != 0)
		return;
	if (post)
		post_page(interaction);
	else
		get_page(interaction);
}

/* ---- the picture of a link ---- */

/* Any code that could be one has a picture: whether a device waits there is not looked at. */
void
handle_device_qr(struct call *call)
{
	struct tx *tx = &call->tx;
	const char *code = user_code_normalise(tx->arena, form_get(&call->query, "user_code"));
	const char *svg = NULL;

	if (code)
		svg = qr_svg(tx->arena,
			     arena_printf(tx->arena, "%s?user_code=%s", page_url(call, "/device"),
					  user_code_show(tx->arena, code)));
	if (!svg) {
		(void)fail(tx, OAUTH_NOT_FOUND, "there is nothing at this address",
			   "user_code is missing or is none");
		return;
	}
	response_header_set(call->response, "Content-Type", "image/svg+xml");
	response_header_set(call->response, "Content-Security-Policy",
			    "default-src 'none'; frame-ancestors 'none'");
	response_header_set(call->response, "Cross-Origin-Resource-Policy", "cross-origin");
	buf_add_text(&call->response->body, svg);
}

/* ---- the errand ---- */

static int
refuse_late(struct tx *tx)
{
	tx->failure.page = "device_gone";
	return fail(tx, OAUTH_INVALID_REQUEST, "no device waits under this code any more",
		    "it was allowed or denied before, or has expired");
}

static const char *
query(const struct interaction *interaction)
{
	struct arena *arena = interaction->call->tx.arena;
	const char *code = user_code_normalise(arena, form_get(&interaction->request, "user_code"));

	return code ? arena_printf(arena, "user_code=%s", user_code_show(arena, code)) : "";
}

static int
read_again(struct interaction *interaction)
{
	struct tx *tx = &interaction->call->tx;
	struct device_request *request = arena_alloc(tx->arena, sizeof(*request));

	switch (device_waiting(tx, form_get(&interaction->request, "user_code"), request)) {
	case STORE_OK:
		interaction->device = request;
		return device_read(tx, request, &interaction->authz);
	case STORE_DOWN:
		return fail_down(tx);
	case STORE_NONE:
	case STORE_CONFLICT:
		break;
	}
	return refuse_late(tx);
}

static int
needs_consent(struct interaction *interaction, bool *needed)
{
	*needed = !interaction->consented;
	return 0;
}

/* What the page says of the device. */
static struct json_object *
device_values(const struct interaction *interaction)
{
	const struct call *call = interaction->call;
	struct arena *arena = call->tx.arena;
	const struct device_request *device = interaction->device;
	struct json_object *values = json_new_object(arena);
	enum device_distance distance = device_distance(device->address, call->tx.address);
	int64_t minutes = (call->tx.now - device->created_at) / 60;

	json_add_text(values, "user_code", user_code_show(arena, device->user_code));
	json_add_text(values, "address", device->address);
	json_add_bool(values, "near", distance == DEVICE_NEAR);
	json_add_bool(values, "far", distance == DEVICE_FAR);
	json_add_text(values, "agent", str_visible(arena, device->user_agent, AGENT_SHOWN_MAX));
	json_add_text(values, "asked",
		      minutes > 0
			      ? locale_format(arena, call->locale, "device_minutes", "minutes",
					      arena_printf(arena, "%lld", (long long)minutes), NULL)
			      : locale_text(call->locale, "device_now"));
	return values;
}

static void
ask(struct interaction *interaction)
{
	static const struct strlist nothing;
	struct call *call = interaction->call;
	const struct authz *authz = &interaction->authz;
	struct json_object *values = interaction_values(interaction, "/consent");

	if (!values)
		return;
	page_add_account(values, call->tx.arena, &interaction->browser.account);
	consent_list_add(call, values, &authz->consent, &nothing);
	json_add_bool(values, "offline", strlist_has(&authz->scopes, "offline_access"));
	json_add(values, "device", device_values(interaction));
	page_send(call, 200, "device_confirm", values);
}

/* The last page. outcome: "allowed", "denied", or "left" when nobody decided. */
static void
show_end(struct interaction *interaction, const char *outcome)
{
	struct call *call = interaction->call;
	struct json_object *values = page_values(call, interaction->authz.client);

	json_add_bool(values, outcome, true);
	page_send(call, 200, "device_done", values);
}

static void
decided(struct interaction *interaction, enum store_verdict verdict, const char *outcome)
{
	if (verdict == STORE_OK)
		show_end(interaction, outcome);
	else if (verdict == STORE_NONE)
		(void)refuse_late(&interaction->call->tx);
	else
		(void)fail_down(&interaction->call->tx);
}

static void
complete(struct interaction *interaction)
{
	const struct authz_subject subject = {
		.session = &interaction->browser.session,
		.account = &interaction->browser.account,
	};

	decided(interaction,
		device_approve(&interaction->call->tx, &interaction->authz, &subject,
			       interaction->device),
		"allowed");
}

/* Who is not signed in decides nothing: the code runs out by itself. */
static void
cancel(struct interaction *interaction)
{
	const struct authz_subject subject = {
		.session = &interaction->browser.session,
		.account = &interaction->browser.account,
	};

	if (!interaction->browser.signed_in) {
		show_end(interaction, "left");
		return;
	}
	decided(interaction, device_deny(&interaction->call->tx, &subject, interaction->device),
		"denied");
}

const struct errand errand_device = {
	.path = "/device",
	.query = query,
	.read = read_again,
	.needs_consent = needs_consent,
	.ask = ask,
	.complete = complete,
	.cancel = cancel,
};
