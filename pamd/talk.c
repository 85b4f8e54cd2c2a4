/* SPDX-License-Identifier: ISC */
/*
 * Conversations: requests of workers on one side, what children say on the other, and time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/deadline.h"
#include "core/base/log.h"
#include "pamd/server_parts.h"

static const struct broker_state gone = {.status = BROKER_GONE};
static const struct broker_state busy = {.status = BROKER_BUSY};

/* ---- telling ---- */

/* What is told while the child works, and while a failure is held back. */
static struct broker_state
running_state(const struct dialog *dialog)
{
	struct broker_state state = {
		.status = BROKER_RUNNING,
		.username = dialog->username,
		.service = dialog->state.service,
		.keep = dialog->keep,
	};

	memcpy(state.id, dialog->id, sizeof(state.id));
	return state;
}

static void
hang_up(struct server *server, struct dialog *dialog)
{
	if (dialog->fd >= 0)
		close(dialog->fd);
	dialog->fd = -1;
	children_kill_at(server->children, dialog->child, deadline_now_ms() + SERVER_LAST_MS);
}

/* It is over for everybody; those who wait are told so. */
static void
end(struct server *server, struct dialog *dialog)
{
	hang_up(server, dialog);
	children_kill(server->children, dialog->child);
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		if (server->client[i].dialog == dialog)
			(void)client_tell_state(server, &server->client[i], &gone);
	}
	if (dialog_move(dialog, EVENT_END))
		dialog_clear(dialog);
}

void
talk_tell_running(struct server *server, struct client *client)
{
	const struct broker_state running = running_state(client->dialog);

	(void)client_tell_state(server, client, &running);
}

/* Tells one client what there is, or lets it wait. */
static void
tell(struct server *server, struct dialog *dialog, struct client *client)
{
	client->dialog = dialog;
	switch (dialog->status) {
	case CONVERSATION_WORKING:
	case CONVERSATION_HELD:
		if (client->until_ms <= deadline_now_ms())
			talk_tell_running(server, client);
		return;
	case CONVERSATION_ASKING:
		(void)client_tell_state(server, client, &dialog->state);
		return;
	case CONVERSATION_ENDED:
		if (client_tell_state(server, client, &dialog->state))
			end(server, dialog);
		return;
	case CONVERSATION_FREE:
	case CONVERSATION_STATUSES:
		break;
	}
	(void)client_tell_state(server, client, &gone);
}

static void
tell_all(struct server *server, struct dialog *dialog)
{
	for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
		if (server->client[i].dialog == dialog)
			tell(server, dialog, &server->client[i]);
	}
}

/* ---- what the child says ---- */

static void
log_end(struct server *server, const struct dialog *dialog)
{
	static const char *const verdicts[BROKER_VERDICTS] = {
		[BROKER_RIGHT] = "right",
		[BROKER_WRONG] = "wrong",
		[BROKER_UNAVAILABLE] = "unavailable",
		[BROKER_EXPIRED] = "expired",
		[BROKER_DENIED] = "denied",
		[BROKER_CHANGE] = "change",
		[BROKER_FAILED] = "failed",
	};
	enum broker_verdict verdict = dialog->state.verdict;
	bool ours = verdict == BROKER_UNAVAILABLE || verdict == BROKER_FAILED;

	/* a name that nobody proved to have may be a password in the wrong field */
	log_event(server->log, ours ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "conversation_ended",
		  "verdict", verdicts[verdict], "service", dialog->state.service, "user",
		  dialog->proven ? dialog->username : NULL, "address", dialog->address, "why",
		  dialog->state.why, NULL);
}

/* How it ended is known: told at once, or at its time. */
static void
settle(struct server *server, struct dialog *dialog)
{
	int64_t now = deadline_now_ms();

	hang_up(server, dialog);
	log_end(server, dialog);
	if (dialog->until_ms > now)
		return;
	dialogs_release(server->dialogs, dialog, now);
	tell_all(server, dialog);
}

static void
stop(struct server *server, struct dialog *dialog, enum broker_verdict verdict, const char *why)
{
	children_kill(server->children, dialog->child);
	dialogs_fail(server->dialogs, dialog, verdict, why, deadline_now_ms());
	settle(server, dialog);
}

static void
fail(struct server *server, struct dialog *dialog, const char *why)
{
	stop(server, dialog, BROKER_FAILED, why);
}

/* Whether what is told fits a packet, with what the worker keeps. */
static bool
fits(struct server *server, const struct dialog *dialog)
{
	size_t size = broker_write_state(server->out, &dialog->state);

	explicit_bzero(server->out, sizeof(server->out));
	return size > 0;
}

static void
take_outcome(struct server *server, struct dialog *dialog, const struct broker_state *said,
	     uint32_t delay_us)
{
	if (!dialogs_take_outcome(server->dialogs, dialog, said, delay_us, deadline_now_ms())) {
		fail(server, dialog, "its process ends what it began to ask");
		return;
	}
	if (!fits(server, dialog)) {
		dialog->state.verdict = BROKER_FAILED;
		dialog->state.prompts_count = 0;
		dialog->state.person = (struct broker_person){0};
		dialog->state.why = "what is known about the person does not fit a packet";
	}
	settle(server, dialog);
}

static void
take_page(struct server *server, struct dialog *dialog, const struct broker_state *said)
{
	/* a failure of ours would give back what the guesses were charged */
	if (dialog->status == CONVERSATION_WORKING && dialog_asks_too_often(dialog, said))
		stop(server, dialog, BROKER_WRONG, "its modules ask too often");
	else if (!dialogs_take_page(server->dialogs, dialog, said, deadline_now_ms()))
		fail(server, dialog, "its process asks out of turn");
	else if (!fits(server, dialog))
		fail(server, dialog, "its page does not fit a packet");
	else
		tell_all(server, dialog);
}

static uint32_t
read_delay(const uint8_t *packet)
{
	return (uint32_t)packet[0] << 24 | (uint32_t)packet[1] << 16 | (uint32_t)packet[2] << 8 |
	       packet[3];
}

void
talk_ready(struct server *server, struct dialog *dialog)
{
	struct broker_state said;
	ssize_t got;

	if (dialog->fd < 0)
		return;
	got = recv(dialog->fd, server->in, sizeof(server->in), MSG_TRUNC);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		fail(server, dialog, "its process broke off");
	else if (got < WORK_HEAD || (size_t)got > sizeof(server->in) ||
		 broker_read_state(dialog->page, server->in + WORK_HEAD, (size_t)got - WORK_HEAD,
				   &said) != 0)
		fail(server, dialog, "its process says what nobody understands");
	else if (said.status == BROKER_PROMPT)
		take_page(server, dialog, &said);
	else if (said.status == BROKER_DONE)
		take_outcome(server, dialog, &said, read_delay(server->in));
	else
		fail(server, dialog, "its process says what it may not");
	explicit_bzero(server->in, sizeof(server->in));
}

/* ---- what workers want ---- */

static void
start(struct server *server, const struct received *received)
{
	struct dialog *gives_way;
	struct dialog *dialog = dialogs_place(server->dialogs, &received->request, &gives_way);
	pid_t child = 0;
	int fd;

	if (gives_way) {
		log_event(server->log, LOG_LEVEL_WARN, "conversation_gave_way", "address",
			  gives_way->address, NULL);
		end(server, gives_way);
	}
	fd = dialog ? server_start_child(server, work_converse, received, &child) : -1;
	if (fd < 0) {
		log_event(server->log, LOG_LEVEL_WARN, "too_many_conversations", "address",
			  received->request.address, NULL);
		(void)client_tell_state(server, received->client, &busy);
		return;
	}
	dialogs_begin(server->dialogs, dialog, &received->request, deadline_now_ms());
	dialog->child = child;
	dialog->fd = fd;
	tell(server, dialog, received->client);
}

static void
respond(struct server *server, struct dialog *dialog, const struct received *received)
{
	const struct broker_request *request = &received->request;

	if (dialog->status != CONVERSATION_ASKING || request->sequence != dialog->sequence) {
		(void)client_tell_state(server, received->client, &gone);
		return;
	}
	/* an answer to another page than this does not use it up */
	if (request->answers.count == dialog->prompts && dialog_move(dialog, EVENT_ANSWER)) {
		dialog->answered++;
		dialogs_step(server->dialogs, dialog, deadline_now_ms());
		if (send(dialog->fd, received->packet, received->size,
			 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			fail(server, dialog, "its process takes no answer");
	}
	tell(server, dialog, received->client);
}

void
talk_request(struct server *server, const struct received *received)
{
	const struct broker_request *request = &received->request;
	struct dialog *dialog;

	if (request->kind == BROKER_START) {
		start(server, received);
		return;
	}
	dialog = dialogs_find(server->dialogs, request);
	if (!dialog) {
		(void)client_tell_state(server, received->client, &gone);
	} else if (request->kind == BROKER_RESPOND) {
		respond(server, dialog, received);
	} else if (request->kind == BROKER_POLL) {
		tell(server, dialog, received->client);
	} else {
		end(server, dialog);
		(void)client_tell_state(server, received->client, &gone);
	}
}

/* ---- time ---- */

static void
time_is_over(struct server *server, struct dialog *dialog, int64_t now)
{
	switch (dialog->status) {
	case CONVERSATION_WORKING:
		fail(server, dialog, "it took too long");
		return;
	case CONVERSATION_HELD:
		dialogs_release(server->dialogs, dialog, now);
		tell_all(server, dialog);
		return;
	case CONVERSATION_ASKING:
	case CONVERSATION_ENDED:
		end(server, dialog);
		return;
	case CONVERSATION_FREE:
	case CONVERSATION_STATUSES:
		return;
	}
}

int64_t
talk_tick(struct server *server, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < dialogs_max(server->dialogs); i++) {
		struct dialog *dialog = dialogs_at(server->dialogs, i);

		if (dialog->status != CONVERSATION_FREE && dialog->until_ms <= now)
			time_is_over(server, dialog, now);
		if (dialog->status != CONVERSATION_FREE && dialog->until_ms < next)
			next = dialog->until_ms;
	}
	return next;
}
