/* SPDX-License-Identifier: ISC */
/*
 * The worker: boots, confines itself, answers one request after the other, tidies up a little now
 * and then. It never forks and may be killed at any time without losing anything that was answered.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/conf/conf.h"
#include "core/endpoint/call.h"
#include "core/model/audit.h"
#include "core/port/confine.h"
#include "fcgi/adapter.h"
#include "fcgi/boot.h"
#include "sql/db.h"

#define REQUEST_MEMORY  (8 * 1024 * 1024) /* far above what the input limits allow */
#define PURGE_EVERY     500               /* answers between two small purges */
#define PURGE_ROWS      50                /* of each kind */
#define CLOCK_CHECK_MS  60000
#define CLOCK_WARN_MS   2000
#define CLOCK_REFUSE_MS 30000
#define KEEP_FREE       (4 * 1024 * 1024) /* bytes on top of the heap that are not given back */
#define GROW_BY         (256 * 1024)
#define WHY_MAX         65536

static volatile sig_atomic_t reopen_asked;
static struct log *refusal_log; /* set once, before there can be a refusal */

struct worker {
	const struct provider *provider;
	struct arena *arena;
	int64_t clock_checked_ms;
	bool clock_wrong; /* this host and the database disagree by more than CLOCK_REFUSE_MS */
	unsigned answers;
};

static void
on_stop(int signal_number)
{
	(void)signal_number;
	adapter_stop();
}

static void
on_reopen(int signal_number)
{
	(void)signal_number;
	reopen_asked = 1;
}

static void
install_signals(void)
{
	const struct {
		int number;
		void (*handler)(int);
	} handlers[] = {
		{SIGTERM, on_stop},  {SIGINT, on_stop},  {SIGUSR1, on_stop},
		{SIGHUP, on_reopen}, {SIGPIPE, SIG_IGN},
	};

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		struct sigaction action = {.sa_handler = handlers[i].handler};

		sigaction(handlers[i].number, &action, NULL);
	}
}

static void
on_refused(int signal_number, siginfo_t *info, void *context)
{
	(void)signal_number;
	(void)context;
	confine_refused(refusal_log, info);
}

/* Keys and passwords pass through this process, and so do the texts of strangers. */
static int
give_up_calls(const struct provider *provider, struct buf *why)
{
	const struct conf *conf = provider->conf;
	const char *reason = NULL;
	unsigned needs = 0;

	if (!conf->confine)
		return 0;
	if (str_empty(conf->db_socket))
		needs |= CONFINE_NETWORK;
	if (str_empty(conf->fetch_socket))
		needs |= CONFINE_SPAWNS | CONFINE_NETWORK;
	if (conf->log_target[0] == '/')
		needs |= CONFINE_LOG_FILE;
	refusal_log = provider->log;
	if (confine_calls(needs, on_refused, &reason) == 0)
		return 0;
	buf_printf(why, "system calls cannot be given up: %s; \"confine = no\" goes without\n",
		   reason);
	return -1;
}

/*
 * Each request frees some blocks of 8 KB, libfcgi's, and every such free would sweep all small ones
 * together: about 3 % of an introspection. Without fast bins there is nothing to sweep; the top is
 * kept for the next request.
 */
static void
tune_malloc(void)
{
	(void)mallopt(M_MXFAST, 0);
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_FREE);
	(void)mallopt(M_TOP_PAD, GROW_BY);
}

static void
check_clock(struct worker *worker)
{
	const struct provider *provider = worker->provider;
	int64_t now_ms = provider->clock->now_ms(provider->clock->context);
	int64_t skew_ms;

	if (worker->clock_checked_ms && now_ms >= worker->clock_checked_ms &&
	    now_ms - worker->clock_checked_ms < CLOCK_CHECK_MS)
		return;
	if (store_clock_skew(provider->store, now_ms, &skew_ms) != STORE_OK)
		return;
	worker->clock_checked_ms = now_ms;
	if (skew_ms < 0)
		skew_ms = -skew_ms;
	worker->clock_wrong = skew_ms >= CLOCK_REFUSE_MS;
	if (skew_ms >= CLOCK_WARN_MS) {
		char text[32];

		(void)snprintf(text, sizeof(text), "%lld", (long long)skew_ms);
		log_event(provider->log, worker->clock_wrong ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
			  "clock_differs", "milliseconds", text, "remedy",
			  "keep this host and the database host on NTP", NULL);
	}
}

static void
tidy(struct worker *worker)
{
	const struct provider *provider = worker->provider;
	int64_t removed;

	if (reopen_asked) {
		reopen_asked = 0;
		log_reopen(provider->log);
	}
	if (++worker->answers % PURGE_EVERY == 0)
		(void)purge(provider->store,
			    provider->clock->now_ms(provider->clock->context) / 1000, PURGE_ROWS,
			    &removed);
}

static void
answer(struct worker *worker, const struct http_request *request)
{
	struct http_response response;
	struct buf reply;

	check_clock(worker);
	response_init(&response, worker->arena);
	if (worker->clock_wrong)
		app_refuse(worker->provider, worker->arena, request, &response,
			   "the clocks of this host and the database differ by 30 s or more");
	else
		app_handle(worker->provider, worker->arena, request, &response);
	buf_init(&reply, worker->arena, HTTP_RESPONSE_MAX * 2);
	if (response_write(&response, &reply) != 0)
		buf_init(&reply, worker->arena, HTTP_RESPONSE_MAX);
	adapter_reply(&reply);
	if (response.after)
		response.after(response.after_context);
}

static void
serve(struct worker *worker)
{
	struct http_request request;

	for (;;) {
		switch (adapter_next(worker->arena, &request)) {
		case ADAPTER_REQUEST:
			answer(worker, &request);
			break;
		case ADAPTER_BAD:
		case ADAPTER_INTERRUPT:
			break;
		case ADAPTER_END:
			return;
		}
		arena_reset(worker->arena);
		tidy(worker);
	}
}

static int
complain(const struct buf *why)
{
	struct log *log = log_open("syslog", "ostiary.fcgi", LOG_LEVEL_ERROR);

	/* spawn-fcgi closes standard error, so the system's log hears it too */
	(void)fprintf(stderr, "%s", why->data);
	if (log) {
		log_event(log, LOG_LEVEL_ERROR, "cannot_start", "why", why->data, NULL);
		log_close(log);
	}
	return 1;
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new(REQUEST_MEMORY);
	struct worker worker = {.arena = arena};
	struct boot *boot;
	struct buf why;

	tune_malloc();
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	confine_process();
	install_signals();
	buf_init(&why, arena, WHY_MAX);
	boot = boot_open(argc > 1 ? argv[1] : conf_path(), BOOT_PAGES | BOOT_SHARED | BOOT_MASTER,
			 "ostiary.fcgi", &why);
	if (!boot)
		return complain(&why);
	if (adapter_open() != 0) {
		buf_add_text(&why,
			     "standard input is not a listening FastCGI socket: start this program "
			     "with spawn-fcgi or a web server\n");
		boot_close(boot);
		return complain(&why);
	}
	worker.provider = boot_provider(boot);
	if (give_up_calls(worker.provider, &why) != 0) {
		boot_close(boot);
		return complain(&why);
	}
	/* what there is now is served even if the database goes away before the first request */
	if (realms_refresh(worker.provider->realms,
			   worker.provider->clock->now_ms(worker.provider->clock->context)) !=
	    STORE_OK)
		log_event(worker.provider->log, LOG_LEVEL_WARN, "started_without_realms", "why",
			  store_error(worker.provider->store), NULL);
	serve(&worker);
	boot_close(boot);
	arena_free(arena);
	return 0;
}
