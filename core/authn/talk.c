/* SPDX-License-Identifier: ISC */
/*
 * From the broker's states to decisions about people.
 */
#include "core/authn/talk.h"

#include <string.h>

#include "core/authn/attempt.h"
#include "core/authn/flow.h"
#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/str.h"
#include "core/port/broker.h"
#include "core/port/gate.h"
#include "core/port/people.h"

#define HOST_TAG_SIZE 4 /* bytes of the host's digest that stand before an id */

/* The conversation is bound to browser and realm, and to the browser's mark: by that it is said who
 * was charged, and who gets it back. */
static void
bind(struct tx *tx, const uint8_t *browser, const char *known, uint8_t binding[BROKER_BINDING_SIZE])
{
	const char *text = arena_printf(tx->arena, "%s\n%s", tx->realm->issuer, known ? known : "");

	hash_hmac_sha256(browser, BROWSER_SIZE, text, strlen(text), binding);
}

/* A conversation lives on one host: its id says on which. */
static void
host_tag(const struct tx *tx, uint8_t tag[HOST_TAG_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(tx->provider->host, strlen(tx->provider->host), digest);
	memcpy(tag, digest, HOST_TAG_SIZE);
}

static const char *
id_text(struct tx *tx, const uint8_t id[BROKER_ID_SIZE])
{
	uint8_t whole[HOST_TAG_SIZE + BROKER_ID_SIZE];

	host_tag(tx, whole);
	memcpy(whole + HOST_TAG_SIZE, id, BROKER_ID_SIZE);
	return b64url_encode(tx->arena, whole, sizeof(whole));
}

/* 0, or -1 when the text is no id of this host. */
static int
id_read(struct tx *tx, const char *text, uint8_t id[BROKER_ID_SIZE])
{
	uint8_t tag[HOST_TAG_SIZE];
	const uint8_t *bytes;
	size_t size;

	if (!text || strlen(text) > TALK_ID_MAX)
		return -1;
	bytes = b64url_decode(tx->arena, text, strlen(text), &size);
	if (!bytes || size != HOST_TAG_SIZE + BROKER_ID_SIZE)
		return -1;
	host_tag(tx, tag);
	if (memcmp(bytes, tag, HOST_TAG_SIZE) != 0) {
		tx_log(tx, LOG_LEVEL_INFO, "conversation_elsewhere", "remedy",
		       "let a browser stay on one host while it signs in");
		return -1;
	}
	memcpy(id, bytes + HOST_TAG_SIZE, BROKER_ID_SIZE);
	return 0;
}

static const struct source *
source_of_service(const struct realm *realm, const char *service)
{
	for (size_t i = 0; service && i < realm->sources_count; i++)
		if (realm->sources[i].kind == SOURCE_SERVICE &&
		    str_equal(realm->sources[i].service, service))
			return &realm->sources[i];
	return NULL;
}

/* The attempt as it was charged when it began. */
static int
attempt_again(struct tx *tx, const char *username, const char *known, struct attempt *attempt)
{
	struct account *account = arena_alloc(tx->arena, sizeof(*account));
	enum store_verdict found =
		account_find_name(tx->store, tx->arena, tx->realm->id, username, account);

	if (found == STORE_DOWN)
		return -1;
	attempt_make(tx, username, found == STORE_OK ? account : NULL, known, attempt);
	return 0;
}

static enum talk_status
welcome(struct tx *tx, struct talk *talk)
{
	struct person person;
	const char *why;

	if (!talk->source)
		return TALK_UNAVAILABLE;
	if (people_of_broker(tx, talk->source, &talk->state.person, &person, &why) != 0) {
		tx_log(tx, LOG_LEVEL_ERROR, "person_unusable", "source", talk->source->name, "why",
		       why);
		return TALK_UNAVAILABLE;
	}
	switch (people_admit(tx, talk->source, &person, &talk->account, &why)) {
	case PEOPLE_WELCOME:
		return TALK_RIGHT;
	case PEOPLE_REFUSED:
		tx_log(tx, LOG_LEVEL_WARN, "person_refused", "source", talk->source->name, "why",
		       why);
		return TALK_DENIED;
	case PEOPLE_DOWN:
		break;
	}
	return TALK_DOWN;
}

/* Only what proves nothing and is the person's own fault stays charged. */
static enum talk_status
judge(struct tx *tx, const struct attempt *attempt, struct talk *talk)
{
	static const enum talk_status statuses[BROKER_VERDICTS] = {
		[BROKER_UNAVAILABLE] = TALK_UNAVAILABLE, [BROKER_EXPIRED] = TALK_EXPIRED,
		[BROKER_DENIED] = TALK_DENIED,           [BROKER_CHANGE] = TALK_CHANGE,
		[BROKER_FAILED] = TALK_UNAVAILABLE,
	};
	const struct broker_state *state = &talk->state;

	if (state->verdict == BROKER_WRONG) {
		attempt_wrong(tx, attempt, state->why);
		return TALK_WRONG;
	}
	attempt_refund(tx, attempt);
	if (state->verdict == BROKER_RIGHT)
		return welcome(tx, talk);
	tx_log(tx, LOG_LEVEL_WARN, "signin_not_possible", "service", state->service, "why",
	       state->why);
	return statuses[state->verdict];
}

static enum talk_status
settle(struct tx *tx, const char *known, struct talk *talk)
{
	struct attempt attempt;

	switch (talk->state.status) {
	case BROKER_RUNNING:
		talk->id = id_text(tx, talk->state.id);
		return TALK_WAIT;
	case BROKER_PROMPT:
		talk->id = id_text(tx, talk->state.id);
		talk->source = source_of_service(tx->realm, talk->state.service);
		return TALK_PROMPT;
	case BROKER_DONE:
		talk->source = source_of_service(tx->realm, talk->state.service);
		if (attempt_again(tx, talk->state.username, known, &attempt) != 0)
			return TALK_DOWN;
		return judge(tx, &attempt, talk);
	case BROKER_BUSY:
		return TALK_BUSY;
	case BROKER_GONE:
	case BROKER_STATUSES:
		break;
	}
	return TALK_GONE;
}

/* Most services answer while a request can wait for them, but only so many workers may: beyond that
 * people see the page that waits. */
static int
exchange(struct tx *tx, struct broker_request *request, struct broker_state *state)
{
	const struct broker *broker = tx->provider->broker;
	bool waits = request->wait_ms > 0 && gate_enter(tx->provider->gate);
	int result;

	if (!waits)
		request->wait_ms = 0;
	result = broker->converse(broker->context, tx->arena, request, state);
	if (waits)
		gate_leave(tx->provider->gate);
	return result;
}

static enum talk_status
ask(struct tx *tx, struct broker_request *request, const char *known, struct talk *talk)
{
	*talk = (struct talk){0};
	if (exchange(tx, request, &talk->state) != 0) {
		tx_log(tx, LOG_LEVEL_ERROR, "broker_down", "remedy",
		       "see whether ostiary-pamd runs and broker_socket is its socket");
		return TALK_UNAVAILABLE;
	}
	tx_read_clock(tx);
	return settle(tx, known, talk);
}

enum talk_status
talk_begin(struct tx *tx, const struct talk_start *start, const char *known, struct talk *talk)
{
	const char **services = arena_array(tx->arena, start->count, sizeof(*services));
	struct broker_request request = {
		.kind = BROKER_START,
		.wait_ms = BROKER_WAIT_MS,
		.services = {services, start->count},
		.username = start->username,
		.address = tx->address ? tx->address : "",
		.password = start->password,
		.keep = start->keep,
	};

	for (size_t i = 0; i < start->count; i++)
		services[i] = start->source[i]->service;
	bind(tx, start->browser, known, request.binding);
	return ask(tx, &request, known, talk);
}

static int
resume(struct tx *tx, const char *id, const uint8_t *browser, const char *known,
       struct broker_request *request)
{
	if (id_read(tx, id, request->id) != 0)
		return -1;
	bind(tx, browser, known, request->binding);
	return 0;
}

enum talk_status
talk_look(struct tx *tx, const char *id, const uint8_t *browser, const char *known,
	  struct talk *talk)
{
	struct broker_request request = {.kind = BROKER_POLL}; /* the page comes again by itself */

	return resume(tx, id, browser, known, &request) == 0 ? ask(tx, &request, known, talk)
							     : TALK_GONE;
}

enum talk_status
talk_answer(struct tx *tx, const char *id, const uint8_t *browser, uint32_t sequence,
	    const struct broker_texts *answers, const char *known, struct talk *talk)
{
	struct broker_request request = {
		.kind = BROKER_RESPOND,
		.wait_ms = BROKER_WAIT_MS,
		.sequence = sequence,
		.answers = *answers,
	};

	return resume(tx, id, browser, known, &request) == 0 ? ask(tx, &request, known, talk)
							     : TALK_GONE;
}

void
talk_cancel(struct tx *tx, const char *id, const uint8_t *browser, const char *known)
{
	const struct broker *broker = tx->provider->broker;
	struct broker_request request = {.kind = BROKER_CANCEL};
	struct broker_state state;

	if (resume(tx, id, browser, known, &request) == 0 &&
	    broker->converse(broker->context, tx->arena, &request, &state) != 0)
		tx_log(tx, LOG_LEVEL_WARN, "broker_down", "what", "a cancelled sign-in goes on");
}
