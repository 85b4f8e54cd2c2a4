/* SPDX-License-Identifier: ISC */
/*
 * The options of libcurl, and what becomes of its callbacks. libcurl looks names up in threads of
 * its own; one that hangs is left behind, because waiting for it would hold all others up.
 */
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/str.h"
#include "fetch/address.h"
#include "fetch/cache_control.h"

#define USER_AGENT     "Ostiary"
#define POLL_COUNT_MAX 512

struct transfers {
	CURLM *multi;
	const struct transfer_rules *rules;
};

struct transfer {
	struct transfers *set;
	CURL *easy;
	struct curl_slist *headers;
	struct arena *arena;
	void *owner;
	struct buf body;
	size_t header_bytes;
	int64_t max_age;
	size_t opened;       /* sockets */
	const char *refused; /* why an address was not connected to */
	CURLcode result;
	char error[CURL_ERROR_SIZE];
};

/* libcurl's setters have the type of their value at run time only. */
#define SET(easy, option, value)                                                                   \
	do {                                                                                       \
		if (curl_easy_setopt((easy), (option), (value)) != CURLE_OK)                       \
			bug("libcurl does not know " #option);                                     \
	} while (0)

static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	const char *why =
		address_refused(transfer->set->rules->addresses, &address->addr, address->addrlen);

	(void)purpose;
	if (why) {
		transfer->refused = why;
		return CURL_SOCKET_BAD;
	}
	transfer->opened++;
	return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		      address->protocol);
}

static size_t
take_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	buf_add(&transfer->body, data, size * count);
	return buf_failed(&transfer->body) ? 0 : size * count;
}

static size_t
take_header(char *data, size_t size, size_t count, void *context)
{
	static const char name[] = "cache-control:";
	struct transfer *transfer = context;
	size_t bytes = size * count;
	size_t skip = sizeof(name) - 1;
	size_t end = bytes;

	transfer->header_bytes += bytes;
	if (transfer->header_bytes > TRANSFER_HEADERS_MAX)
		return 0;
	while (end > 0 && (data[end - 1] == '\n' || data[end - 1] == '\r'))
		end--;
	/* of several answers (100 Continue comes first) the last one counts */
	if (end >= 5 && memcmp(data, "HTTP/", 5) == 0)
		transfer->max_age = -1;
	else if (end >= skip && strncasecmp(data, name, skip) == 0)
		transfer->max_age = cache_control_stricter(
			transfer->max_age, cache_control_max_age(data + skip, end - skip));
	return bytes;
}

static void
set_limits(CURL *easy, const struct transfer_rules *rules, const struct fetch_wire_request *request)
{
	SET(easy, CURLOPT_TIMEOUT_MS, rules->timeout_ms);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, rules->timeout_ms);
	SET(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PROTOCOLS_STR, "https");
	SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_PROXY, ""); /* and none from the environment */
	SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_NOPROGRESS, 1L);
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
	SET(easy, CURLOPT_FRESH_CONNECT, 1L); /* each connection passes the filter */
	SET(easy, CURLOPT_FORBID_REUSE, 1L);
}

static void
set_tls(CURL *easy, const struct transfer_rules *rules)
{
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* the system's authorities stay: they are looked up in their folder */
	if (!str_empty(rules->ca_file))
		SET(easy, CURLOPT_CAINFO, rules->ca_file);
}

static void
set_callbacks(CURL *easy, struct transfer *transfer)
{
	SET(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(easy, CURLOPT_OPENSOCKETDATA, transfer);
	SET(easy, CURLOPT_WRITEFUNCTION, take_body);
	SET(easy, CURLOPT_WRITEDATA, transfer);
	SET(easy, CURLOPT_HEADERFUNCTION, take_header);
	SET(easy, CURLOPT_HEADERDATA, transfer);
	SET(easy, CURLOPT_ERRORBUFFER, transfer->error);
	SET(easy, CURLOPT_PRIVATE, transfer);
}

struct transfers *
transfers_new(const struct transfer_rules *rules)
{
	struct transfers *transfers = calloc(1, sizeof(*transfers));

	if (!transfers)
		bug("out of memory");
	transfers->rules = rules;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		transfers->multi = curl_multi_init();
	if (transfers->multi)
		return transfers;
	free(transfers);
	return NULL;
}

void
transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	curl_multi_cleanup(transfers->multi);
	curl_global_cleanup();
	free(transfers);
}

struct transfer *
transfer_begin(struct transfers *transfers, struct arena *arena,
	       const struct fetch_wire_request *request, void *owner)
{
	struct transfer *transfer = arena_alloc(arena, sizeof(*transfer));
	CURL *easy = curl_easy_init();

	if (!easy)
		bug("out of memory");
	*transfer = (struct transfer){
		.set = transfers,
		.easy = easy,
		.arena = arena,
		.owner = owner,
		.max_age = -1,
		.result = CURLE_FAILED_INIT,
	};
	buf_init(&transfer->body, arena, request->max);
	set_limits(easy, transfers->rules, request);
	set_tls(easy, transfers->rules);
	set_callbacks(easy, transfer);
	SET(easy, CURLOPT_USERAGENT, USER_AGENT);
	SET(easy, CURLOPT_URL, request->url);
	if (!str_empty(request->accept)) {
		transfer->headers =
			curl_slist_append(NULL, arena_printf(arena, "Accept: %s", request->accept));
		SET(easy, CURLOPT_HTTPHEADER, transfer->headers);
	}
	if (curl_multi_add_handle(transfers->multi, easy) != CURLM_OK)
		bug("a transfer cannot be begun");
	return transfer;
}

void
transfer_end(struct transfer *transfer)
{
	(void)curl_multi_remove_handle(transfer->set->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
}

void
transfers_wait(struct transfers *transfers, struct pollfd *others, size_t count, int ms)
{
	struct curl_waitfd fds[POLL_COUNT_MAX];

	if (count > POLL_COUNT_MAX)
		bug("more descriptors than are watched");
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct curl_waitfd){
			.fd = others[i].fd,
			.events = (short)((others[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
					  (others[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
		};
	if (curl_multi_poll(transfers->multi, fds, (unsigned)count, ms, NULL) != CURLM_OK)
		bug("waiting for transfers failed");
	for (size_t i = 0; i < count; i++)
		others[i].revents = (short)((fds[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
					    (fds[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

void *
transfers_next(struct transfers *transfers)
{
	struct transfer *transfer = NULL;
	CURLMsg *message;
	int left;

	if (curl_multi_perform(transfers->multi, &left) != CURLM_OK)
		bug("transfers cannot go on");
	do {
		message = curl_multi_info_read(transfers->multi, &left);
	} while (message && message->msg != CURLMSG_DONE);
	if (!message)
		return NULL;

	CURLcode result = message->data.result;

	if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK)
		bug("a transfer of nobody");
	transfer->result = result;
	return transfer->owner;
}

/* Foreign text as it may stand in logs. */
static const char *
clean(struct arena *arena, const char *text, size_t max)
{
	char *copy = arena_printf(arena, "%.*s", (int)max, text);

	for (char *c = copy; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
	return copy;
}

static const char *
why_failed(struct transfer *transfer)
{
	if (buf_failed(&transfer->body) || transfer->result == CURLE_FILESIZE_EXCEEDED)
		return "its answer is too long";
	if (transfer->header_bytes > TRANSFER_HEADERS_MAX)
		return "its header is too long";
	if (transfer->result == CURLE_OPERATION_TIMEDOUT)
		return "it took too long (see fetch_timeout)";
	return transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(transfer->result);
}

static const char *
content_type(struct transfer *transfer)
{
	const char *type = NULL;

	if (curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || !type ||
	    strlen(type) > FETCH_TYPE_MAX || !str_printable(type))
		return NULL;
	return arena_strdup(transfer->arena, type);
}

void
transfer_answer(struct transfer *transfer, struct fetch_wire_answer *answer, const char **body)
{
	long status = 0;

	*answer = (struct fetch_wire_answer){.verdict = FETCH_WIRE_FAILED, .max_age = -1};
	*body = NULL;
	if (transfer->result != CURLE_OK) {
		bool refused = transfer->refused && transfer->opened == 0;

		if (refused)
			answer->verdict = FETCH_WIRE_REFUSED;
		answer->why =
			clean(transfer->arena, refused ? transfer->refused : why_failed(transfer),
			      FETCH_WHY_MAX);
		return;
	}
	if (curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		bug("an answer without status");
	answer->verdict = FETCH_WIRE_OK;
	answer->status = (uint32_t)status;
	answer->size = (uint32_t)transfer->body.size;
	answer->max_age = transfer->max_age;
	answer->type = content_type(transfer);
	*body = transfer->body.data;
}
