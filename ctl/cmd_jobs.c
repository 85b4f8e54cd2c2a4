/* SPDX-License-Identifier: ISC */
/*
 * ostiary jobs: the deferred work, once from cron or in a loop as a service. In the loop SIGTERM,
 * SIGINT and SIGHUP are blocked but while waiting, so a run is never cut in the middle of a
 * transaction and the end comes at once when nothing is being done.
 */
#include <inttypes.h>
#include <signal.h>
#include <time.h>

#include "core/base/str.h"
#include "core/manage/manage_job.h"
#include "ctl/commands.h"
#include "sql/db.h"

#define LOOP_SECONDS  60
#define RUN_ARENA_MAX ((size_t)256 * 1024 * 1024)

static const struct cli_option options[] = {
	{"--once", NULL, "One run; for cron."},
	{"--loop", NULL, "A run each minute until SIGTERM; for a service."},
};

/* One run in an arena of its own: the loop runs for months. */
static enum cli_exit
run_once(struct cli *cli, struct arena *arena, struct buf *report, struct buf *why,
	 struct manage_jobs_done *done)
{
	struct tx tx;

	buf_init(report, arena, CLI_OUTPUT_MAX);
	buf_init(why, arena, CLI_OUTPUT_MAX);
	tx_begin(&tx, &cli->provider, arena);
	tx.actor = "system";
	tx.about = "jobs";
	return cli_verdict(manage_jobs_run(&tx, done, report, why));
}

static enum cli_exit
once(struct cli *cli)
{
	struct manage_jobs_done done = {0};
	struct buf report, why;
	enum cli_exit code = run_once(cli, cli->arena, &report, &why, &done);

	buf_add_text(&cli->why, why.data);
	cli_say(cli, "%s%" PRId64 " rows that were over are gone\n", report.data, done.purged);
	json_add(cli->doc, "report", cli_lines(cli, report.data));
	json_add_int(cli->doc, "purged", done.purged);
	return code;
}

/* True when the loop shall end. */
static bool
wait_for_end(const sigset_t *signals)
{
	const struct timespec pause = {.tv_sec = LOOP_SECONDS};

	return sigtimedwait(signals, NULL, &pause) > 0;
}

static void
report_run(struct cli *cli, const struct manage_jobs_done *done, const struct buf *report,
	   const struct buf *why)
{
	struct buf out;

	if (!report->size && !why->size && !done->purged)
		return;
	buf_init(&out, report->arena, CLI_OUTPUT_MAX);
	cli->out = out;
	cli_say(cli, "%s%s", report->data, why->data);
	if (done->purged)
		cli_say(cli, "%" PRId64 " rows that were over are gone\n", done->purged);
	cli_flush(cli);
}

static enum cli_exit
loop(struct cli *cli)
{
	sigset_t signals;

	if (cli->json)
		return cli_fail(cli, CLI_USAGE, "jobs --loop has no end to print a document at");
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return cli_fail(cli, CLI_FAILED, "signals cannot be blocked");
	for (;;) {
		struct arena *arena = arena_new(RUN_ARENA_MAX);
		struct manage_jobs_done done = {0};
		struct buf report, why;

		/* a run that fails is told and tried again: the database comes back */
		(void)run_once(cli, arena, &report, &why, &done);
		report_run(cli, &done, &report, &why);
		buf_init(&cli->out, cli->arena, CLI_OUTPUT_MAX);
		arena_free(arena);
		if (wait_for_end(&signals))
			return CLI_OK;
	}
}

static enum cli_exit
run(struct cli *cli)
{
	bool loops = cli_flag(cli, "--loop");

	if (loops == cli_flag(cli, "--once"))
		return cli_fail(cli, CLI_USAGE, "jobs: --once or --loop");
	return loops ? loop(cli) : once(cli);
}

static const struct cli_command commands[] = {
	{.name = "jobs",
	 .arguments = "",
	 .help = "Does the deferred work: deletes what is over, makes, promotes and archives keys.",
	 OPTIONS(options),
	 .needs = NEED_CONF | NEED_MASTER,
	 .run = run},
};

const struct cli_group group_jobs = {"jobs", "the deferred work", ROWS(commands)};
